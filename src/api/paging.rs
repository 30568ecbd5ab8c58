//! Pages by their number, in parameters and headers.
//! Which rows a page holds is the domain's affair.

use axum::http::HeaderName;

use crate::domain::Result;
use crate::http::answer::Answer;
use crate::http::request::Parameters;
use crate::model::pages::Page;

/// Rows a page unless asked for otherwise, and at the most.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sizes {
    pub(super) usual: i64,
    pub(super) largest: i64,
}

/// Tickets, comments, events.
pub(super) const ROWS: Sizes = Sizes { usual: 25, largest: 100 };

/// Organizations, projects, members.
pub(super) const NAMES: Sizes = Sizes { usual: 1_000, largest: 1_000 };

/// The highest page number: beyond it nothing can lie.
pub(super) const LAST_PAGE: i64 = 1_000_000_000;

/// Reads `page` and `per_page`.
pub(super) fn page(parameters: &mut Parameters, sizes: Sizes) -> Result<Page> {
    let number = parameters.number("page", 1..=LAST_PAGE)?.unwrap_or(1);
    let size = parameters.number("per_page", 1..=sizes.largest)?.unwrap_or(sizes.usual);
    Ok(Page { number, size })
}

/// Lays on the headers that say where a page stands.
pub(super) fn describe(answer: Answer, page: Page, total: i64) -> Answer {
    answer
        .with(HeaderName::from_static("x-total-count"), total)
        .with(HeaderName::from_static("x-total-pages"), page.pages_of(total))
        .with(HeaderName::from_static("x-current-page"), page.number)
}
