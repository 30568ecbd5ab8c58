//! Tickets of one project that share words with a text: which words lead to which tickets, and the few columns by which these are told apart.
//! How words become a likeness is `domain::likeness`' affair; how texts become words, that of `search`.

use compact_str::CompactString;

use super::database::{Connection, Result, Select, family, row};
use super::search::{self, Documents, Question, Within};
use crate::model::id::Id;
use crate::model::organizations::Organization;
use crate::model::projects::Project;
use crate::model::tickets::{Status, Ticket};

/// An arm for each word, cut off; SQLite begins with the newest tickets. Up to a power of two the first word fills them up, of which those arms
/// take nothing: PostgreSQL reads no match with an empty word in it.
fn hits_select(organization: Id<Organization>, serial: i64, words: &[String], most: i64) -> Select<(i64, i64)> {
    let mut select = Select::new("");
    for at in 0..words.len().next_power_of_two() {
        if at > 0 {
            select.push(" UNION ALL ");
        }
        let word = words.get(at).or(words.first()).map_or("", String::as_str);
        let limit = if at < words.len() { most } else { 0 };
        select.push("SELECT CAST(").bind(&i64::try_from(at).unwrap_or(i64::MAX)).push(" AS BIGINT) AS word, w.key FROM (");
        select.push_pg("SELECT w.rowid AS key FROM ticket_words w WHERE ", "SELECT w.key FROM ticket_words w WHERE ");
        search::push_match(&mut select, Documents::Tickets, organization, Within::Project(serial), &Question::word(word));
        select.push_pg(" ORDER BY w.rowid DESC LIMIT ", " LIMIT ").bind(&limit).push(") AS w");
    }
    select
}

family!("hits of single words", || {
    let nowhere = Id::from_uuid(uuid::Uuid::nil());
    [1, 2, 4, 8, 16].map(|count| hits_select(nowhere, 1, &vec!["word".to_owned(); count], 1)).into()
});

/// For each of the words, by its place among them, the keys of tickets of the project that have it: so many for each at the most.
pub fn hits(db: &mut Connection, organization: Id<Organization>, serial: i64, words: &[String], most: i64) -> Result<Vec<(i64, i64)>> {
    if words.is_empty() { Ok(Vec::new()) } else { db.select(&hits_select(organization, serial, words, most)) }
}

row! {
    /// A ticket by what it is about.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct LikeRow {
        /// Where its row lies.
        pub key: i64,
        /// Which.
        pub id: Id<Ticket>,
        /// The project's code.
        pub project_code: CompactString,
        /// Its number there.
        pub number: i64,
        /// How far it has come.
        pub status: Status,
        /// What it is about.
        pub title: String,
    }
}

/// The unary `+` keeps SQLite from walking the project for the few keys.
fn by_keys_select(organization: Id<Organization>, project: Id<Project>, keys: &[i64]) -> Select<LikeRow> {
    let mut select = Select::new(
        "SELECT k.key, k.id, p.code, k.number, k.status, k.title FROM tickets k JOIN projects p ON p.id = k.project_id WHERE k.key IN (",
    );
    select.bind_in(keys).push(")");
    select.push_pg(" AND +k.organization_id = ", " AND k.organization_id = ").bind(&organization);
    select.push_pg(" AND +k.project_id = ", " AND k.project_id = ").bind(&project).push(" AND k.deleted_at IS NULL");
    select
}

family!("tickets by keys", || {
    let (organization, project) = (Id::from_uuid(uuid::Uuid::nil()), Id::from_uuid(uuid::Uuid::nil()));
    [1, 2, 4, 8, 16, 32].map(|count| by_keys_select(organization, project, &vec![1; count])).into()
});

/// Those tickets of the project that have these keys and are not deleted, in no order.
pub fn by_keys(db: &mut Connection, organization: Id<Organization>, project: Id<Project>, keys: &[i64]) -> Result<Vec<LikeRow>> {
    if keys.is_empty() { Ok(Vec::new()) } else { db.select(&by_keys_select(organization, project, keys)) }
}
