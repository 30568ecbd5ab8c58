//! Organizations as JSON.
//! Only those that the caller reaches are ever shown.

use serde::Serialize;

use crate::model::id::Id;
use crate::model::organizations::Organization as Noun;
use crate::store::organizations::MembershipRow;

/// An organization.
#[derive(Debug, Serialize)]
pub struct Organization<'a> {
    id: Id<Noun>,
    name: &'a str,
    slug: &'a str,
}

impl<'a> Organization<'a> {
    /// The shape of a row.
    pub fn new(row: &'a MembershipRow) -> Self {
        Self { id: row.id, name: &row.name, slug: &row.slug }
    }
}

/// The organizations that the caller reaches.
#[derive(Debug, Serialize)]
pub struct Organizations<'a> {
    /// The page.
    pub organizations: Vec<Organization<'a>>,
}
