//! Everybody who can have done something, by name.
//! What a user or a token is besides is in `users` and `tokens`.

use super::database::{Connection, Result, Select, family, row, sql};
use crate::model::id::Id;
use crate::model::organizations::Organization;
use crate::model::persons::{Person, PersonKind};

row! {
    /// Somebody, as others see them.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct PersonRow {
        /// Who.
        pub id: Id<Person>,
        /// What kind of person.
        pub kind: PersonKind,
        /// The name that is shown.
        pub name: String,
        /// A user's e-mail address.
        pub email: Option<String>,
    }
}

/// The person with this id.
pub fn by_id(db: &mut Connection, id: Id<Person>) -> Result<Option<PersonRow>> {
    db.query_opt(sql!(PersonRow: "SELECT id, kind, name, email FROM persons WHERE id = ?1", Id<Person> = id))
}

/// The first of all. Persons never vanish, so this is the same in each copy of an installation, and in no other one.
pub fn oldest(db: &mut Connection) -> Result<Option<Id<Person>>> {
    let first =
        db.query_opt(sql!((Id<Person>,): "SELECT id FROM persons WHERE id > ?1 ORDER BY id LIMIT 1", uuid::Uuid = uuid::Uuid::nil()))?;
    Ok(first.map(|(id,)| id))
}

fn by_ids_select(ids: &[Id<Person>]) -> Select<PersonRow> {
    let mut select = Select::new("SELECT id, kind, name, email FROM persons WHERE id IN (");
    select.bind_in(ids).push(")");
    select
}

family!("persons by ids", || [1, 2, 4, 8, 16, 32, 64, 128]
    .map(|count| by_ids_select(&vec![Id::from_uuid(uuid::Uuid::nil()); count]))
    .into());

/// The persons with these ids, in no order.
pub fn by_ids(db: &mut Connection, ids: &[Id<Person>]) -> Result<Vec<PersonRow>> {
    if ids.is_empty() { Ok(Vec::new()) } else { db.select(&by_ids_select(ids)) }
}

/// Keeps a user or a project token as a person.
pub fn insert(db: &mut Connection, person: &PersonRow) -> Result<()> {
    db.execute(sql!(
        "INSERT INTO persons (id, kind, name, email) VALUES (?1, ?2, ?3, ?4)",
        Id<Person> = person.id, PersonKind = person.kind, String = person.name, Option<String> = person.email
    ))?;
    Ok(())
}

/// The imported person of that name in the organization; kept under `id` if there was none.
pub fn imported(db: &mut Connection, organization: Id<Organization>, name: &str, id: Id<Person>) -> Result<Id<Person>> {
    db.execute(sql!(
        "INSERT INTO persons (id, kind, name, organization_id) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (organization_id, name) WHERE kind = 2 DO NOTHING",
        Id<Person> = id, PersonKind = PersonKind::Imported, str = name, Id<Organization> = organization
    ))?;
    let (id,) = db.query_one(sql!((Id<Person>,):
        "SELECT id FROM persons WHERE organization_id = ?1 AND name = ?2 AND kind = 2",
        Id<Organization> = organization, str = name
    ))?;
    Ok(id)
}
