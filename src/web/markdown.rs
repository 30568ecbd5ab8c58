//! Markdown that people wrote, as markup that is safe to show: the one place where text becomes `Markup`.
//! What it says is stored as it was typed; nothing here is kept.

mod clean;
mod code;
mod line;
mod write;

#[cfg(test)]
mod tests;

use std::fmt;

use comrak::{Arena, Options};

pub use line::line;

/// HTML that may stand in a page as it is. Only this module makes it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Markup(String);

impl fmt::Display for Markup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Where links of our own lead.
#[derive(Clone, Copy)]
pub struct Links<'a> {
    /// The address of a ticket's page, below `/workspace/`, by a code such as `WEB-42`; none if the code is no ticket's.
    pub ticket: &'a dyn Fn(&str) -> Option<String>,
}

/// Parsing takes at most this many times 256 steps (comrak's lines, inlines and nodes). What is within a text's limits and not made to hurt
/// takes a tenth.
const MOST_CHECKS: usize = 4_000;

/// Tables are padded to their widest row, so that a small text could ask for millions of cells.
const MOST_CELLS: usize = 20_000;

/// A text with Markdown as HTML: `CommonMark` with tables, task lists, strikethrough and bare addresses.
/// Raw HTML is shown as the text that it is, images are linked to, headings begin at the third level.
pub fn html(text: &str, links: &Links<'_>) -> Markup {
    let arena = Arena::new();
    let checks = std::cell::Cell::new(0);
    let is_too_much = || {
        checks.set(checks.get() + 1);
        checks.get() > MOST_CHECKS
    };
    let written = match comrak::try_parse_document(&arena, text, &options(text), &is_too_much) {
        Ok(document) => write::document(document, links),
        Err(_) => write::plain(text),
    };
    Markup(clean::clean(&written))
}

fn options(text: &str) -> Options<'static> {
    let columns = text.lines().map(|line| line.bytes().filter(|byte| *byte == b'|').count() + 1).max().unwrap_or(0);
    let mut options = Options::default();
    options.extension.table = columns.saturating_mul(text.lines().count()) <= MOST_CELLS;
    options.extension.strikethrough = true;
    options.extension.autolink = true;
    options.extension.tasklist = true;
    options
}
