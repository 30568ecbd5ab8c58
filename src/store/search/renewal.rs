//! The index made anew, part by part, while others go on using it.
//! What a document's words are is `search`'s affair; how far to go at a time, `domain::search`'s.

use super::{TicketDocument, comment_words, delete_ticket, insert_comment, replace_ticket, ticket_words};
use crate::model::id::Id;
use crate::model::organizations::Organization;
use crate::store::database::{Connection, Result, row, sql};
use crate::store::tickets::Texts;

/// How far the making of a new index has come: the organization and the key of the last document. SQLite goes by the key alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    organization: Id<Organization>,
    key: i64,
}

impl Mark {
    /// Before all documents.
    pub const START: Self = Self { organization: Id::from_uuid(uuid::Uuid::nil()), key: i64::MIN };
}

row! {
    struct TicketTexts {
        organization_id: Id<Organization>,
        key: i64,
        code: String,
        number: i64,
        external_key: Option<String>,
        title: String,
        given: String,
        when: String,
        then: String,
        notes: Option<String>,
        deleted: bool,
    }
}

/// Makes the words of the next `limit` tickets anew, of which deleted ones have none; the answer is the last of them, `None` when there were no more.
/// The tickets stay locked until the transaction ends, so that nobody changes them in between.
pub fn renew_tickets(db: &mut Connection, after: Mark, limit: i64) -> Result<Option<Mark>> {
    let rows = db.query(sql!(TicketTexts:
        "SELECT k.organization_id, k.key, p.code, k.number, k.external_key, k.title, k.given_text, k.when_text, k.then_text, k.notes,
                k.deleted_at IS NOT NULL
         FROM tickets k JOIN projects p ON p.id = k.project_id WHERE k.key > ?2 AND ?1 IS NOT NULL ORDER BY k.key LIMIT ?3";
        pg "SELECT k.organization_id, k.key, p.code, k.number, k.external_key, k.title, k.given_text, k.when_text, k.then_text, k.notes,
                   k.deleted_at IS NOT NULL
            FROM tickets k JOIN projects p ON p.id = k.project_id WHERE (k.organization_id, k.key) > (?1, ?2)
            ORDER BY k.organization_id, k.key LIMIT ?3 FOR SHARE OF k",
        Id<Organization> = after.organization, i64 = after.key, i64 = limit
    ))?;
    let last = rows.last().map(|row| Mark { organization: row.organization_id, key: row.key });
    for row in &rows {
        if row.deleted {
            delete_ticket(db, row.key, row.organization_id)?;
            continue;
        }
        let texts = Texts { title: &row.title, given: &row.given, when: &row.when, then: &row.then, notes: row.notes.as_deref() };
        let words = ticket_words(&TicketDocument {
            organization: row.organization_id,
            serial: row.key >> 32,
            code: &row.code,
            number: row.number,
            external_key: row.external_key.as_deref(),
            texts,
        });
        replace_ticket(db, row.key, row.organization_id, &words)?;
    }
    forget_stray_tickets(db, after.key, last.map_or(i64::MAX, |last| last.key))?;
    Ok(last)
}

row! {
    struct CommentText {
        organization_id: Id<Organization>,
        key: i64,
        ticket_key: i64,
        content: String,
    }
}

/// As [`renew_tickets`] for comments. Their tickets stay locked as well, which is where those wait who change comments.
pub fn renew_comments(db: &mut Connection, after: Mark, limit: i64) -> Result<Option<Mark>> {
    let rows = db.query(sql!(CommentText:
        "SELECT c.organization_id, c.key, k.key, c.content FROM comments c JOIN tickets k ON k.id = c.ticket_id
         WHERE c.key > ?2 AND ?1 IS NOT NULL ORDER BY c.key LIMIT ?3";
        pg "SELECT c.organization_id, c.key, k.key, c.content
            FROM comments c JOIN tickets k ON k.id = c.ticket_id AND k.organization_id = c.organization_id
            WHERE (c.organization_id, c.key) > (?1, ?2) ORDER BY c.organization_id, c.key LIMIT ?3 FOR SHARE OF k, c",
        Id<Organization> = after.organization, i64 = after.key, i64 = limit
    ))?;
    let last = rows.last().map(|row| Mark { organization: row.organization_id, key: row.key });
    for row in &rows {
        let words = comment_words(row.organization_id, row.ticket_key >> 32, &row.content);
        forget_comment(db, row.key, row.organization_id)?;
        insert_comment(db, row.key, row.organization_id, &words)?;
    }
    forget_stray_comments(db, after.key, last.map_or(i64::MAX, |last| last.key))?;
    Ok(last)
}

/// Has PostgreSQL look at what the words are now, as it would by itself within minutes: it plans searches by how many documents it believes in.
pub fn look_anew(db: &mut Connection) -> Result<()> {
    db.execute(sql!("DELETE FROM ticket_words WHERE 1 = 0"; pg "ANALYZE tickets, comments, ticket_words, comment_words"))?;
    Ok(())
}

fn forget_comment(db: &mut Connection, key: i64, organization: Id<Organization>) -> Result<()> {
    db.execute(sql!(
        "DELETE FROM comment_words WHERE rowid = ?2 AND ?1 IS NOT NULL";
        pg "DELETE FROM comment_words WHERE organization_id = ?1 AND key = ?2",
        Id<Organization> = organization, i64 = key
    ))?;
    Ok(())
}

/// Forgets words without a ticket, of keys after `after` up to `last`; on PostgreSQL, which holds nobody up meanwhile, all at the end.
fn forget_stray_tickets(db: &mut Connection, after: i64, last: i64) -> Result<()> {
    if db.is_postgres() && last != i64::MAX {
        return Ok(());
    }
    db.execute(sql!(
        "DELETE FROM ticket_words WHERE rowid IN
            (SELECT w.rowid FROM ticket_words w WHERE w.rowid > ?1 AND w.rowid <= ?2
             EXCEPT SELECT key FROM tickets WHERE key > ?1 AND key <= ?2)";
        pg "DELETE FROM ticket_words w WHERE ?1::bigint < ?2::bigint
            AND NOT EXISTS (SELECT 1 FROM tickets k WHERE k.organization_id = w.organization_id AND k.key = w.key)",
        i64 = after, i64 = last
    ))?;
    Ok(())
}

/// As [`forget_stray_tickets`] for comments.
fn forget_stray_comments(db: &mut Connection, after: i64, last: i64) -> Result<()> {
    if db.is_postgres() && last != i64::MAX {
        return Ok(());
    }
    db.execute(sql!(
        "DELETE FROM comment_words WHERE rowid IN
            (SELECT w.rowid FROM comment_words w WHERE w.rowid > ?1 AND w.rowid <= ?2
             EXCEPT SELECT key FROM comments WHERE key > ?1 AND key <= ?2)";
        pg "DELETE FROM comment_words w WHERE ?1::bigint < ?2::bigint
            AND NOT EXISTS (SELECT 1 FROM comments c WHERE c.organization_id = w.organization_id AND c.key = w.key)",
        i64 = after, i64 = last
    ))?;
    Ok(())
}
