//! People as JSON.
//! Who may see their addresses is in [`Reader`].

use serde::Serialize;

use super::Reader;
use super::json::Json;
use crate::model::id::Id;
use crate::model::persons::{Person as Noun, PersonKind};
use crate::store::persons::PersonRow;

/// Somebody who did something, or is to do it.
#[derive(Debug, Serialize)]
pub struct Person<'a> {
    /// The user's or the token's; an imported person has none.
    pub id: Option<Id<Noun>>,
    /// The name that is shown.
    pub name: &'a str,
    /// A user's address, where the reader may see it.
    pub email: Option<&'a str>,
    /// `user`, `project_token` or `imported`.
    pub kind: PersonKind,
}

impl<'a> Person<'a> {
    /// From the columns of a join; `None` where there is nobody.
    pub fn new(
        reader: Reader<'_>,
        id: Option<Id<Noun>>,
        kind: Option<PersonKind>,
        name: Option<&'a str>,
        email: Option<&'a str>,
    ) -> Option<Self> {
        let kind = kind?;
        Some(Self { id: id.filter(|_| kind != PersonKind::Imported), name: name?, email: email.filter(|_| !reader.hides_emails), kind })
    }

    /// From a row.
    pub fn of(reader: Reader<'_>, row: &'a PersonRow) -> Option<Self> {
        Self::new(reader, Some(row.id), Some(row.kind), Some(&row.name), row.email.as_deref())
    }
}

/// The same shape for what is written without serde.
pub(super) fn write(
    json: &mut Json,
    reader: Reader<'_>,
    id: Option<Id<Noun>>,
    kind: Option<PersonKind>,
    name: Option<&str>,
    email: Option<&str>,
) {
    let Some(person) = Person::new(reader, id, kind, name, email) else {
        json.raw("null");
        return;
    };
    match person.id {
        Some(id) => json.raw("{\"id\":\"").id(id).raw("\",\"name\":"),
        None => json.raw("{\"id\":null,\"name\":"),
    };
    json.text(person.name).raw(",\"email\":").text_or_null(person.email);
    json.raw(",\"kind\":\"").raw(person.kind.word()).raw("\"}");
}
