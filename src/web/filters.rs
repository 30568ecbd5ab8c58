//! What the address of a list of tickets asks for, and the addresses that ask for something else.
//! Unknown words are passed over; what is found is `domain::ticket_lists`' affair.

use std::fmt::Write;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::domain::ticket_lists::{AssigneeFilter, Position, Query};
use crate::http::pages::Visit;
use crate::model::id::Id;
use crate::model::organizations::Organization;
use crate::model::pages::{Cursor, Page, Sort, SortKey};
use crate::model::projects::Project;
use crate::model::tickets::{Priority, Status};

/// Rows a page: as many as a small screen shows at once.
pub(super) const ROWS: i64 = 20;

/// The most pages by number that an address may name.
const LAST_PAGE: i64 = 1_000_000_000;

/// The order in which a list is read first.
pub(super) const SORT: Sort = Sort { key: SortKey::UpdatedAt, descending: true };

/// The orders that are offered.
pub(super) const SORTS: [(Sort, &str); 4] = [
    (SORT, "Last changed"),
    (Sort::NEWEST, "Newest"),
    (Sort { key: SortKey::CreatedAt, descending: false }, "Oldest"),
    (Sort { key: SortKey::Priority, descending: true }, "Highest priority"),
];

/// Where in the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// A page by its number.
    Page(i64),
    /// After a ticket, where the number of the page is too large to count the rows before it.
    After(Cursor),
}

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Filters {
    /// One of these statuses, all where it is empty; `None` is those that still wait for somebody.
    pub(super) status: Option<Vec<Status>>,
    /// One of these priorities; empty is any.
    pub(super) priority: Vec<Priority>,
    /// Whose task.
    pub(super) assignee: Option<AssigneeFilter>,
    /// Only this organization's.
    pub(super) organization: Option<Id<Organization>>,
    /// Words to find.
    pub(super) text: Option<String>,
    /// In which order.
    pub(super) sort: Sort,
    /// Where in the list.
    pub(super) place: Place,
}

impl Default for Filters {
    fn default() -> Self {
        let (priority, sort, place) = (Vec::new(), SORT, Place::Page(1));
        Self { status: None, priority, assignee: None, organization: None, text: None, sort, place }
    }
}

impl Filters {
    /// What the address of this visit asks for.
    pub(super) fn of(visit: &Visit) -> Self {
        Self::read(|name| visit.query(name))
    }

    fn read(parameter: impl Fn(&str) -> Option<String>) -> Self {
        let sort = parameter("sort").and_then(|word| Sort::from_word(&word)).unwrap_or(SORT);
        // A cursor goes on in the order in which it was reached.
        let after = parameter("after").and_then(|text| Cursor::parse(&text)).filter(|cursor| cursor.sort == sort).map(Place::After);
        let number = || parameter("page").and_then(|text| text.parse().ok()).filter(|number| (1..=LAST_PAGE).contains(number));
        Self {
            status: parameter("status").and_then(|text| status(&text)),
            priority: parameter("priority").map_or_else(Vec::new, |text| words(&text, Priority::from_word)),
            assignee: parameter("assignee").and_then(|text| assignee(&text)),
            organization: parameter("organization").and_then(|text| text.parse().ok()),
            text: parameter("q"),
            sort,
            place: after.unwrap_or_else(|| Place::Page(number().unwrap_or(1))),
        }
    }

    /// The statuses that are let through; empty is all.
    pub(super) fn statuses(&self) -> Vec<Status> {
        let waiting = || Status::ALL.iter().copied().filter(|status| status.is_open()).collect();
        self.status.clone().unwrap_or_else(waiting)
    }

    /// Whether anything but the status narrows the list.
    pub(super) const fn is_narrowed(&self) -> bool {
        !self.priority.is_empty() || self.assignee.is_some() || self.organization.is_some() || self.text.is_some()
    }

    /// The same list changed, from its beginning.
    pub(super) fn but(&self, change: impl FnOnce(&mut Self)) -> Self {
        let mut other = Self { place: Place::Page(1), ..self.clone() };
        change(&mut other);
        other
    }

    /// What the domain is asked.
    pub(super) fn query(&self, project: Option<Id<Project>>) -> Query {
        let position = match self.place {
            Place::Page(number) => Position::Page(Page { number, size: ROWS }),
            Place::After(cursor) => Position::After(cursor, ROWS),
        };
        Query {
            organization: self.organization,
            project,
            status: self.statuses(),
            priority: self.priority.clone(),
            assignee: self.assignee,
            text: self.text.clone(),
            sort: self.sort,
            ..Query::all(position)
        }
    }

    /// The address under `path` that asks for this.
    pub(super) fn link(&self, path: &str) -> String {
        let mut link = path.to_owned();
        let mut separator = '?';
        let mut add = |name: &str, value: &str| {
            // Writing to a String cannot fail.
            let _ = write!(link, "{separator}{name}={}", utf8_percent_encode(value, NON_ALPHANUMERIC));
            separator = '&';
        };
        match &self.status {
            None => {}
            Some(all) if all.is_empty() => add("status", "all"),
            Some(some) => add("status", &joined(some.iter().map(|status| status.word()))),
        }
        if !self.priority.is_empty() {
            add("priority", &joined(self.priority.iter().map(|priority| priority.word())));
        }
        match self.assignee {
            None => {}
            Some(AssigneeFilter::Me) => add("assignee", "me"),
            Some(AssigneeFilter::Nobody) => add("assignee", "none"),
            Some(AssigneeFilter::Person(id)) => add("assignee", &id.to_string()),
        }
        if let Some(id) = self.organization {
            add("organization", &id.to_string());
        }
        if let Some(text) = &self.text {
            add("q", text);
        }
        if self.sort != SORT {
            add("sort", self.sort.word());
        }
        match self.place {
            Place::Page(1) => {}
            Place::Page(number) => add("page", &number.to_string()),
            Place::After(cursor) => add("after", &cursor.encode()),
        }
        link
    }
}

fn joined<'a>(words: impl Iterator<Item = &'a str>) -> String {
    words.collect::<Vec<_>>().join(",")
}

/// The words of a list with commas that are known, each once.
fn words<T: PartialEq>(text: &str, known: impl Fn(&str) -> Option<T>) -> Vec<T> {
    let mut found = Vec::new();
    for word in text.split(',').filter_map(known) {
        if !found.contains(&word) {
            found.push(word);
        }
    }
    found
}

fn status(text: &str) -> Option<Vec<Status>> {
    if text == "all" {
        return Some(Vec::new());
    }
    Some(words(text, Status::from_word)).filter(|some| !some.is_empty())
}

/// `me`, `none` or somebody's id.
pub(super) fn assignee(text: &str) -> Option<AssigneeFilter> {
    match text {
        "me" => Some(AssigneeFilter::Me),
        "none" => Some(AssigneeFilter::Nobody),
        id => id.parse().ok().map(AssigneeFilter::Person),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    /// What an address asks for; blank values are none, as in a visit.
    fn read(query: &str) -> Filters {
        let decode = |text: &str| percent_encoding::percent_decode_str(text).decode_utf8().unwrap().into_owned();
        let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        let parameters: HashMap<_, _> = pairs.map(|(name, value)| (name, decode(value))).filter(|(_, value)| !value.is_empty()).collect();
        Filters::read(|name| parameters.get(name).cloned())
    }

    #[test]
    fn an_address_leads_back_to_itself() {
        for query in [
            "",
            "?status=all",
            "?status=open%2Cclosed&priority=critical&assignee=me&q=a%20%26%20b%3D%22%3C&sort=priority&page=3",
            "?assignee=none&organization=0193a3c4%2D0000%2D7000%2D8000%2D00000000000a&sort=%2Dcreated%5Fat",
            "?status=in%5Fprogress&assignee=0193a3c4%2D0000%2D7000%2D8000%2D00000000000a",
            "?after=%2Dupdated%5Fat%2E1700000000000000%2E0193a3c4000070008000000000000000",
        ] {
            assert_eq!(read(query.trim_start_matches('?')).link("/list"), format!("/list{query}"));
        }
    }

    #[test]
    fn what_is_unknown_is_passed_over() {
        for query in [
            "status=done",
            "status=&q=",
            "priority=urgent,%2C",
            "assignee=mia",
            "organization=1",
            "sort=title",
            "page=0",
            "page=-1",
            "page=x",
            "after=x",
        ] {
            assert_eq!(read(query), Filters::default(), "{query}");
        }
        assert_eq!(read("status=open,done,open").status, Some(vec![Status::Open]));
        // A cursor of another order is none.
        let cursor = "after=-created_at.1700000000000000.0193a3c4000070008000000000000000";
        assert_eq!(read(cursor), Filters::default());
        assert!(matches!(read(&format!("sort=-created_at&{cursor}")).place, Place::After(_)));
    }

    #[test]
    fn what_still_waits_comes_first() {
        assert_eq!(Filters::default().statuses(), [Status::Open, Status::InProgress]);
        assert_eq!(read("status=all").statuses(), []);
        let third = read("status=closed&page=3");
        assert_eq!(third.but(|filters| filters.text = Some("x".to_owned())).link(""), "?status=closed&q=x");
    }
}
