//! Comments as JSON.
//! Lists of them are bare arrays.

use serde::Serialize;

use super::Reader;
use super::persons::Person;
use crate::model::id::Id;
use crate::model::tickets::Comment as Noun;
use crate::model::time::Time;
use crate::store::comments::CommentRow;

/// A comment.
#[derive(Debug, Serialize)]
pub struct Comment<'a> {
    id: Id<Noun>,
    content: &'a str,
    author: Option<Person<'a>>,
    created_at: Time,
    updated_at: Time,
}

impl<'a> Comment<'a> {
    /// The shape of a row.
    pub fn new(reader: Reader<'_>, row: &'a CommentRow) -> Self {
        let author = Person::new(reader, row.author_id, row.author_kind, row.author_name.as_deref(), row.author_email.as_deref());
        Self { id: row.id, content: &row.content, author, created_at: row.created_at, updated_at: row.updated_at }
    }
}
