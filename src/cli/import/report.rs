//! What comes out of another tracker's file: reports that are ready to become tickets, and rows that are not.
//! How a row becomes a report is the business of its neighbours; nothing here knows a file format.

use crate::model::tickets::{Priority, Status};
use crate::model::time::Time;

/// One report of another tracker, whose texts already fit a ticket.
///
/// All texts are trimmed and free of NUL. `given`, `when` and `then` have at least 10 and at most 10,000 characters,
/// `title` has 1 to 200; `notes` and comments may be longer than the API allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The line of the file (from 1) on which the row starts; in JSON the number of the element (from 1).
    pub line: u64,
    /// The report's name in its old tracker: `HADOOP-17930`, or `13404344`.
    pub external_key: String,
    /// One line that says what is wrong.
    pub title: String,
    /// The circumstances.
    pub given: String,
    /// What was done.
    pub when: String,
    /// What happened, and what should have.
    pub then: String,
    /// All that has no place of its own.
    pub notes: Option<String>,
    /// Where it stands.
    pub status: Status,
    /// How soon it wants attention.
    pub priority: Priority,
    /// Who reported it, as far as the file says: a name in its old tracker.
    pub reporter: Option<String>,
    /// When it was first reported.
    pub created_at: Time,
    /// When it last changed, as far as the file says; never before `created_at`.
    pub updated_at: Time,
    /// What people said about it, in the file's order.
    pub comments: Vec<ImportedComment>,
    /// Which parts its description had under headings of their own.
    pub parts: Parts,
}

/// A remark from another tracker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportedComment {
    /// The author's name there, where the file has one.
    pub author: Option<String>,
    /// What was said; not blank.
    pub content: String,
    /// When it was said.
    pub created_at: Time,
}

/// The parts that a description had under headings of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Parts {
    /// How to see it.
    pub steps: bool,
    /// What happened.
    pub actual: bool,
    /// What should have happened.
    pub expected: bool,
}

/// A row that cannot be imported.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}{}: {problem}", key.as_ref().map(|key| format!(" ({key})")).unwrap_or_default())]
pub struct BadRow {
    /// The line of the file (from 1) on which the row starts; in JSON the number of the element (from 1).
    pub line: u64,
    /// The report's name in its old tracker, where that much can be read.
    pub key: Option<String>,
    /// What is wrong, so that a person can put it right.
    pub problem: String,
}

/// What a file says about one report, before it is fitted to a ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RawReport {
    pub(super) line: u64,
    pub(super) key: String,
    pub(super) title: String,
    pub(super) description: String,
    pub(super) status: String,
    pub(super) priority: String,
    pub(super) reporter: Option<String>,
    pub(super) created: Time,
    pub(super) updated: Option<Time>,
    /// The versions it concerns; they stand among `notes` as well.
    pub(super) affects: Vec<String>,
    /// Names and values without a place of their own, in the file's order.
    pub(super) notes: Vec<(String, String)>,
    pub(super) comments: Vec<ImportedComment>,
}
