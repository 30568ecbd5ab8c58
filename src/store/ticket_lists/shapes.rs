//! The shapes that lists of tickets can take, so that the test which prepares every statement sees every fragment.
//! What they are made of lives in `ticket_lists`.

use super::{Assignee, Filters, Listing, Place, USUAL, counting, merged, single};
use crate::model::id::Id;
use crate::model::pages::{Cursor, Sort};
use crate::model::tickets::{Priority, Status};
use crate::model::time::Time;
use crate::store::database::{Select, family};
use crate::store::search::Question;
use crate::store::tickets::TicketRow;

/// A listing for each order, place and filter, so that the preparing test sees every fragment.
pub(in crate::store) fn shapes() -> Vec<(Listing, usize)> {
    let nil = uuid::Uuid::nil();
    let organization = Id::from_uuid(nil);
    let project = Place::Project { organization, project: Id::from_uuid(nil), serial: 1, number: None };
    let ticket = Place::Project { organization, project: Id::from_uuid(nil), serial: 1, number: Some(1) };
    let time = Some(Time::from_micros(0));
    let full = Filters {
        status: vec![Status::Open, Status::Closed],
        priority: vec![Priority::Low],
        assignee: Some(Assignee::Person(Id::from_uuid(nil))),
        question: Question::new("word"),
        created_after: time,
        created_before: time,
        updated_after: time,
        without: vec![Id::from_uuid(nil)],
    };
    let words = Filters { question: Question::new("word"), ..Filters::default() };
    let nobody = Filters { assignee: Some(Assignee::Nobody), ..Filters::default() };
    let mut shapes = Vec::new();
    for word in ["created_at", "-created_at", "updated_at", "-updated_at", "priority", "-priority"] {
        let sort = Sort::from_word(word).unwrap_or(Sort::NEWEST);
        for filters in [Filters::default(), full.clone(), nobody.clone(), words.clone()] {
            for places in
                [vec![project], vec![ticket], vec![Place::Organization(organization)], vec![Place::Organization(organization), project]]
            {
                for after in [None, Some(Cursor { sort, value: 0, id: Id::from_uuid(nil) })] {
                    for limit in [1, USUAL[0]] {
                        let listing = Listing { places: places.clone(), filters: filters.clone(), sort, after, offset: 0, limit };
                        shapes.push((listing, places.len()));
                    }
                }
            }
        }
    }
    shapes
}

family!("ticket lists", || {
    let select = |(listing, count): &(Listing, usize)| match count {
        1 => single(listing, listing.places[0]),
        _ => merged(listing, &listing.places),
    };
    shapes().iter().map(select).collect::<Vec<Select<TicketRow>>>()
});

family!("ticket counts", || {
    let select = |(listing, _): &(Listing, usize)| counting(listing, &listing.places);
    shapes().iter().map(select).collect::<Vec<Select<(i64,)>>>()
});

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::database::Dialect;

    #[test]
    fn tickets_of_one_number_are_counted_one_by_one() {
        let nil = uuid::Uuid::nil();
        let place = Place::Project { organization: Id::from_uuid(nil), project: Id::from_uuid(nil), serial: 1, number: Some(1) };
        let filters = Filters { question: Question::new("word"), ..Filters::default() };
        let listing = Listing { places: vec![place; 3], filters, sort: Sort::NEWEST, after: None, offset: 0, limit: 1 };
        // Among the rows that say 1 for each ticket nothing may be left out as said before.
        let text = counting(&listing, &listing.places).text(Dialect::Postgres);
        assert_eq!((text.matches("SELECT 1 AS one").count(), text.matches("SELECT DISTINCT").count()), (4, 0), "{text}");
    }

    #[test]
    fn only_a_usual_first_page_without_filters_names_its_limit() {
        let place = Place::Organization(Id::from_uuid(uuid::Uuid::nil()));
        let listing = |filters, offset, limit| Listing { places: vec![place], filters, sort: Sort::NEWEST, after: None, offset, limit };
        let text = |listing: &Listing| single(listing, place).text(Dialect::Postgres);
        let open = Filters { status: vec![Status::Open], ..Filters::default() };
        assert!(text(&listing(Filters::default(), 0, 26)).ends_with(" LIMIT 26"));
        for bound in [listing(Filters::default(), 0, 27), listing(Filters::default(), 25, 26), listing(open, 0, 26)] {
            assert!(text(&bound).contains(" LIMIT $") && text(&bound).contains(" OFFSET $"), "{bound:?}");
        }
    }
}
