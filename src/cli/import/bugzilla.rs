//! Bugzilla's columns and words.
//! How rows are read from CSV is in `table`, how they become tickets in `compose`.

use super::mapping::{Dialect, Place};
use crate::model::tickets::{Priority, Status};

/// Bugzilla, with the columns of its own bug lists and those of the usual data sets.
pub(super) const DIALECT: Dialect = Dialect {
    name: "Bugzilla",
    columns: &[
        ("issue id", Place::Key),
        ("bug id", Place::Key),
        ("bug_id", Place::Key),
        ("id", Place::Key),
        ("summary", Place::Title),
        ("short_desc", Place::Title),
        ("description", Place::Description),
        ("status", Place::Status),
        ("bug_status", Place::Status),
        ("priority", Place::Priority),
        ("reporter", Place::Reporter),
        ("created", Place::Created),
        ("opened", Place::Created),
        ("opendate", Place::Created),
        ("creation_ts", Place::Created),
        ("updated", Place::Updated),
        ("changed", Place::Updated),
        ("changeddate", Place::Updated),
        ("delta_ts", Place::Updated),
        ("resolved", Place::Resolved),
        ("version", Place::Affects),
    ],
    statuses: &[
        ("unconfirmed", Status::Open),
        ("new", Status::Open),
        ("confirmed", Status::Open),
        ("reopened", Status::Open),
        ("assigned", Status::InProgress),
        ("in_progress", Status::InProgress),
        ("resolved", Status::Resolved),
        ("verified", Status::Closed),
        ("closed", Status::Closed),
    ],
    priorities: &[
        ("p1", Priority::Critical),
        ("p2", Priority::High),
        ("p3", Priority::Medium),
        ("p4", Priority::Low),
        ("p5", Priority::Low),
        ("--", Priority::Medium),
        ("---", Priority::Medium),
        ("highest", Priority::Critical),
        ("high", Priority::High),
        ("normal", Priority::Medium),
        ("low", Priority::Low),
        ("lowest", Priority::Low),
    ],
};
