//! A list of tickets with what stands around it: filters as links, pages, and the ways out where nothing matches.
//! What an address asks for is in `filters`, one row in `rows`; the pages are in `ticket_lists` and `search`.

use super::filters::{Filters, Place, ROWS, SORTS};
use super::frame::Frame;
use super::initials::initials;
use super::parts;
use super::rows::Row;
use crate::domain::ticket_lists::{self, AssigneeFilter, Listed, QUICK_OFFSET, Total};
use crate::domain::{Ctx, Result};
use crate::model::id::Id;
use crate::model::pages::{Page, Sort};
use crate::model::projects::Project;
use crate::model::tickets::{Priority, Status};
use crate::store::members::MemberRow;
use crate::store::projects::StatusCounts;

/// The search through all that the reader reaches.
pub(super) const SEARCH: &str = "/workspace/search";

/// The last page that a number leads to; from there on a cursor does, which skips no rows one by one.
const LAST_NUMBERED: i64 = QUICK_OFFSET / ROWS + 1;

/// How many pages are shown on each side of the current one.
const AROUND: i64 = 2;

/// What the list is a list of.
pub(super) struct Scope {
    /// Where its addresses begin.
    pub(super) path: String,
    /// The project's or the organization's name; `None` is all that the reader reaches.
    pub(super) name: Option<String>,
    /// The project.
    pub(super) project: Option<Id<Project>>,
    /// How many tickets of each status there are, where counters know it.
    pub(super) counts: Option<StatusCounts>,
    /// Whose tasks can be asked for by name.
    pub(super) members: Vec<MemberRow>,
}

/// A list for `ticket_lists/list.html`.
pub(super) struct List {
    /// The filter of the status, one link each.
    pub(super) statuses: Vec<Choice>,
    /// The filter of the priority.
    pub(super) priorities: Vec<Choice>,
    /// The filter of the assignee: the reader and nobody.
    pub(super) assignees: Vec<Choice>,
    /// The filter of the assignee: members.
    pub(super) members: Vec<Choice>,
    /// The orders.
    pub(super) sorts: Vec<Choice>,
    /// The order that is shown.
    pub(super) sort: &'static str,
    /// What narrows the list, each with the way to take it back.
    pub(super) chips: Vec<Choice>,
    /// The tickets.
    pub(super) rows: Vec<Row>,
    /// What stands under them.
    pub(super) pager: Option<Pager>,
    /// What stands in their place.
    pub(super) nothing: Option<Nothing>,
}

/// A link that asks for something else.
#[derive(Default)]
pub(super) struct Choice {
    /// Its words.
    pub(super) label: String,
    /// Where it leads.
    pub(super) href: String,
    /// Whether it is what is shown.
    pub(super) current: bool,
    /// The contract's word for an icon; a face's letters for a person; "" is nobody.
    pub(super) sign: String,
    /// Whether the face is the reader's.
    pub(super) mine: bool,
    /// How many tickets it leads to, where that is known.
    pub(super) count: Option<String>,
}

/// The pages.
#[derive(Debug)]
pub(super) struct Pager {
    /// Such as `1–20 of 171`.
    pub(super) said: String,
    /// The page before.
    pub(super) previous: Option<String>,
    /// Pages by number: number, address, whether it is the one that is shown.
    pub(super) links: Vec<(i64, String, bool)>,
    /// The page after.
    pub(super) next: Option<String>,
}

/// What stands in place of tickets where none matches.
pub(super) struct Nothing {
    /// What was asked.
    pub(super) asked: String,
    /// The nearest ways out: words, address, how many tickets there are.
    pub(super) ways: Vec<(String, String, String)>,
    /// The list without filters.
    pub(super) clear: Option<String>,
}

impl List {
    /// The list as the frame's reader sees it.
    pub(super) fn of(ctx: &mut Ctx<'_>, frame: &Frame, scope: &Scope, filters: &Filters, listed: Listed) -> Result<Self> {
        let nothing = if listed.tickets.is_empty() { Some(nothing(ctx, scope, filters)?) } else { None };
        let to = |change: &dyn Fn(&mut Filters)| filters.but(change).link(&scope.path);
        let reader = frame.person.as_ref();
        let person = |label: String, assignee, sign: String, mine| Choice {
            href: to(&|other| other.assignee = Some(assignee)),
            current: filters.assignee == Some(assignee),
            label,
            sign,
            mine,
            count: None,
        };
        let own = reader.map_or_else(String::new, |person| person.initials.clone());
        let others = scope.members.iter().filter(|member| reader.is_none_or(|reader| reader.id != member.id));
        Ok(Self {
            statuses: statuses(scope, filters),
            priorities: Priority::ALL
                .iter()
                .rev()
                .map(|priority| Choice {
                    label: parts::label(priority.word()),
                    href: to(&|other| other.priority = vec![*priority]),
                    current: filters.priority.contains(priority),
                    sign: priority.word().to_owned(),
                    ..Choice::default()
                })
                .collect(),
            assignees: vec![
                person("Me".to_owned(), AssigneeFilter::Me, own, true),
                person("Nobody".to_owned(), AssigneeFilter::Nobody, String::new(), false),
            ],
            members: others
                .map(|member| person(member.name.clone(), AssigneeFilter::Person(member.id.cast()), initials(&member.name), false))
                .collect(),
            sorts: SORTS
                .iter()
                .map(|(sort, label)| Choice {
                    label: (*label).to_owned(),
                    href: to(&|other| other.sort = *sort),
                    current: filters.sort == *sort,
                    ..Choice::default()
                })
                .collect(),
            sort: sort_label(filters.sort),
            chips: chips(scope, filters),
            pager: Pager::of(&scope.path, filters, &listed),
            rows: listed.tickets.into_iter().map(|ticket| Row::of(ticket, frame)).collect(),
            nothing,
        })
    }
}

/// An order that is not offered can stand in an address all the same.
fn sort_label(sort: Sort) -> &'static str {
    let offered = SORTS.iter().find(|(offered, _)| *offered == sort).map(|(_, label)| *label);
    offered.unwrap_or(if sort.word() == "priority" { "Lowest priority" } else { "Longest unchanged" })
}

fn statuses(scope: &Scope, filters: &Filters) -> Vec<Choice> {
    let shown = filters.statuses();
    let one = |status: &Status| Choice {
        label: parts::label(status.word()),
        href: filters.but(|other| other.status = Some(vec![*status])).link(&scope.path),
        current: shown.contains(status),
        sign: status.word().to_owned(),
        count: scope.counts.map(|counts| parts::count(counts.of(*status))),
        ..Choice::default()
    };
    let all = Choice {
        label: "All".to_owned(),
        href: filters.but(|other| other.status = Some(Vec::new())).link(&scope.path),
        current: shown.is_empty(),
        ..Choice::default()
    };
    Status::ALL.iter().map(one).chain([all]).collect()
}

/// Whose task is asked for, in a word or two.
fn assignee_name(scope: &Scope, assignee: AssigneeFilter) -> String {
    match assignee {
        AssigneeFilter::Me => "Mine".to_owned(),
        AssigneeFilter::Nobody => "Nobody’s".to_owned(),
        AssigneeFilter::Person(id) => {
            let member = scope.members.iter().find(|member| member.id.cast() == id);
            member.map_or_else(|| "Somebody’s".to_owned(), |member| member.name.clone())
        }
    }
}

fn chips(scope: &Scope, filters: &Filters) -> Vec<Choice> {
    let chip =
        |label: String, change: &dyn Fn(&mut Filters)| Choice { label, href: filters.but(change).link(&scope.path), ..Choice::default() };
    let mut chips = Vec::new();
    if let (Some(_), Some(name)) = (filters.organization, &scope.name) {
        chips.push(chip(name.clone(), &|other| other.organization = None));
    }
    for priority in &filters.priority {
        chips.push(chip(parts::label(priority.word()), &|other| other.priority.retain(|kept| kept != priority)));
    }
    if let Some(assignee) = filters.assignee {
        chips.push(chip(assignee_name(scope, assignee), &|other| other.assignee = None));
    }
    if let Some(text) = &filters.text {
        chips.push(chip(format!("“{text}”"), &|other| other.text = None));
    }
    chips
}

impl Pager {
    fn of(path: &str, filters: &Filters, listed: &Listed) -> Option<Self> {
        let to = |place| filters.but(|other| other.place = place).link(path);
        let after = || listed.next.map(|cursor| to(Place::After(cursor)));
        let number = match filters.place {
            Place::Page(number) => number,
            Place::After(_) => {
                let links = vec![(1, to(Place::Page(1)), false)];
                return Some(Self { said: format!("{} tickets further on", listed.tickets.len()), previous: None, links, next: after() });
            }
        };
        let total = listed.total.unwrap_or(Total { count: 0, exact: false });
        let page = Page { number, size: ROWS };
        let pages = page.pages_of(total.count);
        if pages < 2 || listed.tickets.is_empty() {
            return None;
        }
        let shown = |other: &i64| *other == 1 || *other == pages || (other - number).abs() <= AROUND;
        let links = (1..=pages.min(LAST_NUMBERED)).filter(shown).map(|other| (other, to(Place::Page(other)), other == number));
        let shown = i64::try_from(listed.tickets.len()).unwrap_or(ROWS);
        let of = if total.exact { "of" } else { "of more than" };
        Some(Self {
            said: format!("{}–{} {of} {}", parts::count(page.offset() + 1), parts::count(page.offset() + shown), parts::count(total.count)),
            previous: (number > 1).then(|| to(Place::Page(number - 1))),
            links: links.collect(),
            next: if number < LAST_NUMBERED { listed.next.map(|_| to(Place::Page(number + 1))) } else { after() },
        })
    }
}

/// `1 ticket`, `2 tickets`.
pub(super) fn tickets(total: Total) -> String {
    let more = if total.exact { "" } else { "more than " };
    let plural = if total.count == 1 { "" } else { "s" };
    format!("{more}{} ticket{plural}", parts::count(total.count))
}

fn listed_words(statuses: &[Status]) -> String {
    let words: Vec<_> = statuses.iter().map(|status| status.word().replace('_', "-")).collect();
    words.join(" or ")
}

fn nothing(ctx: &mut Ctx<'_>, scope: &Scope, filters: &Filters) -> Result<Nothing> {
    let shown = filters.statuses();
    let mut ways = Vec::new();
    let mut way = |ctx: &mut Ctx<'_>, words: String, path: &str, other: Filters, project| -> Result<()> {
        let total = ticket_lists::count(ctx, &other.query(project))?;
        if total.count > 0 {
            ways.push((words, other.link(path), tickets(total)));
        }
        Ok(())
    };
    if !shown.is_empty() {
        let rest: Vec<_> = Status::ALL.iter().copied().filter(|status| !shown.contains(status)).collect();
        let other = filters.but(|other| other.status = Some(rest.clone()));
        if !rest.is_empty() {
            way(ctx, format!("Look among {} ones", listed_words(&rest).replace(" or ", " and ")), &scope.path, other, scope.project)?;
        }
    }
    if scope.name.is_some() {
        let everywhere = filters.but(|other| other.organization = None);
        way(ctx, "Look in every project".to_owned(), SEARCH, everywhere, None)?;
    }
    let clear = filters.is_narrowed() || filters.status.is_some();
    let empty = Filters::default().link(&scope.path);
    Ok(Nothing { asked: asked(scope, filters), ways, clear: clear.then_some(empty) })
}

/// What was asked, as a sentence.
fn asked(scope: &Scope, filters: &Filters) -> String {
    let mut conditions = Vec::new();
    if !filters.priority.is_empty() {
        let words: Vec<_> = filters.priority.iter().map(|priority| priority.word()).collect();
        conditions.push(format!("is {}", words.join(" or ")));
    }
    match filters.assignee {
        None => {}
        Some(AssigneeFilter::Me) => conditions.push("is yours".to_owned()),
        Some(AssigneeFilter::Nobody) => conditions.push("is nobody’s".to_owned()),
        Some(assignee) => conditions.push(format!("is assigned to {}", assignee_name(scope, assignee))),
    }
    if let Some(text) = &filters.text {
        conditions.push(format!("has “{text}”"));
    }
    let status = listed_words(&filters.statuses());
    let status = if status.is_empty() { status } else { format!("{status} ") };
    let name = scope.name.as_ref().map_or_else(|| "your projects".to_owned(), Clone::clone);
    if conditions.is_empty() {
        return format!("There is no {status}ticket in {name}.");
    }
    format!("No {status}ticket of {name} {}.", conditions.join(" and "))
}
