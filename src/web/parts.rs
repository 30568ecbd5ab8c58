//! What the macros in `templates/parts.html` need of Rust: labels of the contract's words, and the numbers under a list.
//! It knows no page and asks nothing of the domain.

use super::frame::Crumb;

/// How many pages stand around the current one before the row of numbers is cut.
const AROUND: u64 = 2;

/// A word of the contract as it is shown: `in_progress` is "In progress".
pub(super) fn label(word: impl AsRef<str>) -> String {
    let mut label = String::with_capacity(word.as_ref().len());
    for character in word.as_ref().chars() {
        match character {
            '_' => label.push(' '),
            first if label.is_empty() => label.extend(first.to_uppercase()),
            other => label.push(other),
        }
    }
    label
}

/// The icon of a message's kind (`ok`, `warn`, `risk`).
pub(super) fn drawing(kind: impl AsRef<str>) -> &'static str {
    match kind.as_ref() {
        "ok" => "check",
        "warn" | "risk" => "warn",
        _ => "info",
    }
}

/// How a screen reader takes a message of this kind: at once, or when there is time.
pub(super) fn role(kind: impl AsRef<str>) -> &'static str {
    if kind.as_ref() == "risk" { "alert" } else { "status" }
}

/// How many, with the thousands marked: 1486 is "1,486".
pub(super) fn count(number: impl ToString) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Whether the way to the current page leads through this address.
pub(super) fn leads_through(crumbs: &[Crumb], href: &str) -> bool {
    crumbs.iter().any(|crumb| crumb.href.strip_prefix(href).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
}

/// What stands under a list that has more than one page.
pub(super) struct Pager {
    /// The number of the first row that is shown.
    pub(super) first: String,
    /// The number of the last one.
    pub(super) last: String,
    /// How many there are in all.
    pub(super) total: String,
    /// Where the page before is.
    pub(super) previous: Option<String>,
    /// The first page, the last one, and those around the current one.
    pub(super) links: Vec<PageLink>,
    /// Where the page after is.
    pub(super) next: Option<String>,
}

/// One page's number.
pub(super) struct PageLink {
    /// The number.
    pub(super) number: u64,
    /// Its address.
    pub(super) href: String,
    /// Whether it is the page that is shown.
    pub(super) current: bool,
}

impl Pager {
    /// For page `page` (from 1) of a list of `total` rows, `per_page` each. None where there is one page, or none, or the page lies behind them.
    pub(super) fn of(page: u64, per_page: u64, total: u64, href: impl Fn(u64) -> String) -> Option<Self> {
        let pages = total.div_ceil(per_page.max(1));
        if pages < 2 || page < 1 || page > pages {
            return None;
        }
        let is_shown = |number: &u64| *number == 1 || *number == pages || number.abs_diff(page) <= AROUND;
        let links = (1..=pages).filter(is_shown).map(|number| PageLink { number, href: href(number), current: number == page });
        Some(Self {
            first: count((page - 1) * per_page + 1),
            last: count((page * per_page).min(total)),
            total: count(total),
            previous: (page > 1).then(|| href(page - 1)),
            links: links.collect(),
            next: (page < pages).then(|| href(page + 1)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_of_the_contract_becomes_a_label() {
        assert_eq!(label("in_progress"), "In progress");
        assert_eq!(label("critical"), "Critical");
        assert_eq!(label(""), "");
    }

    #[test]
    fn thousands_are_marked() {
        for (number, text) in [(0, "0"), (999, "999"), (1486, "1,486"), (1_000_000, "1,000,000")] {
            assert_eq!(count(number), text);
        }
    }

    #[test]
    fn the_way_leads_through_a_project_whose_page_is_on_it() {
        let crumbs = ["/workspace", "/workspace/projects/1/tickets"].map(|href| Crumb { label: String::new(), href: href.to_owned() });
        assert!(leads_through(&crumbs, "/workspace/projects/1"));
        assert!(!leads_through(&crumbs, "/workspace/projects/12") && !leads_through(&crumbs, "/workspace/projects/1/t"));
        assert!(!leads_through(&[], "/workspace"));
    }

    #[test]
    fn a_pager_shows_the_ends_and_what_is_around() {
        let pager = Pager::of(6, 20, 1486, |page| format!("?page={page}")).unwrap();
        let numbers: Vec<u64> = pager.links.iter().map(|link| link.number).collect();
        assert_eq!(numbers, [1, 4, 5, 6, 7, 8, 75]);
        assert_eq!((pager.first.as_str(), pager.last.as_str(), pager.total.as_str()), ("101", "120", "1,486"));
        assert_eq!((pager.previous.as_deref(), pager.next.as_deref()), (Some("?page=5"), Some("?page=7")));
        assert!(pager.links.iter().all(|link| link.current == (link.number == 6)));
        let end = Pager::of(2, 20, 21, |page| page.to_string()).unwrap();
        assert_eq!((end.last.as_str(), end.next), ("21", None));
    }

    #[test]
    fn one_page_needs_no_pager() {
        for (page, total) in [(1, 0), (1, 20), (3, 40)] {
            assert!(Pager::of(page, 20, total, |page| page.to_string()).is_none());
        }
    }
}
