//! Jira's columns, words and comments.
//! How rows are read from CSV is in `table`, how they become tickets in `compose`.

use super::mapping::{Dialect, Place};
use super::report::ImportedComment;
use super::times;
use crate::model::tickets::{Priority, Status};

/// Jira, as its issue navigator exports CSV.
pub(super) const DIALECT: Dialect = Dialect {
    name: "Jira",
    columns: &[
        ("issue key", Place::Key),
        ("key", Place::Key),
        ("issue id", Place::Key),
        ("summary", Place::Title),
        ("description", Place::Description),
        ("status", Place::Status),
        ("priority", Place::Priority),
        ("reporter", Place::Reporter),
        ("created", Place::Created),
        ("updated", Place::Updated),
        ("resolved", Place::Resolved),
        ("resolution date", Place::Resolved),
        ("affects version/s", Place::Affects),
        ("affects versions", Place::Affects),
        ("comment", Place::Comment),
        ("comments", Place::Comment),
    ],
    statuses: &[
        ("open", Status::Open),
        ("reopened", Status::Open),
        ("to do", Status::Open),
        ("new", Status::Open),
        ("backlog", Status::Open),
        ("selected for development", Status::Open),
        ("in progress", Status::InProgress),
        ("in review", Status::InProgress),
        ("patch available", Status::InProgress),
        ("ready to commit", Status::InProgress),
        ("resolved", Status::Resolved),
        ("done", Status::Resolved),
        ("closed", Status::Closed),
    ],
    priorities: &[
        ("blocker", Priority::Critical),
        ("critical", Priority::Critical),
        ("highest", Priority::Critical),
        ("high", Priority::High),
        ("major", Priority::Medium),
        ("medium", Priority::Medium),
        ("minor", Priority::Low),
        ("low", Priority::Low),
        ("trivial", Priority::Low),
        ("lowest", Priority::Low),
    ],
};

/// Reads `date;author;text`; `None` where the cell is anything else, or has no text.
pub(super) fn comment(cell: &str) -> Option<ImportedComment> {
    let mut pieces = cell.splitn(3, ';');
    let created_at = times::read(pieces.next()?)?;
    let author = pieces.next()?.trim();
    let content = pieces.next()?.trim();
    if content.is_empty() {
        return None;
    }
    let author = (!author.is_empty()).then(|| author.to_owned());
    Some(ImportedComment { author, content: content.to_owned(), created_at })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comment_has_date_author_and_text() {
        let found = comment("30/Sep/21 17:20;stevel;Works; I think.\nYes.").unwrap();
        assert_eq!(found.author.as_deref(), Some("stevel"));
        assert_eq!(found.content, "Works; I think.\nYes.");
        assert_eq!(found.created_at.to_string(), "2021-09-30T17:20:00.000000Z");
        assert_eq!(comment("30/Sep/21 17:20;;text").unwrap().author, None);
        for wrong in ["just text", "a;b;c", "30/Sep/21 17:20;stevel", "30/Sep/21 17:20;stevel; "] {
            assert_eq!(comment(wrong), None, "{wrong}");
        }
    }
}
