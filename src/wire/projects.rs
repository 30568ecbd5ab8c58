//! Projects as JSON.
//! The same shape in lists and alone.

use serde::Serialize;

use crate::model::id::Id;
use crate::model::organizations::Organization;
use crate::model::projects::Project as Noun;
use crate::model::time::Time;
use crate::store::projects::ProjectDetails;

/// A project.
#[derive(Debug, Serialize)]
pub struct Project<'a> {
    id: Id<Noun>,
    organization_id: Id<Organization>,
    name: &'a str,
    code: &'a str,
    slug: &'a str,
    description: Option<&'a str>,
    tickets_count: i64,
    open_tickets_count: i64,
    created_at: Time,
    archived_at: Option<Time>,
}

impl<'a> Project<'a> {
    /// The shape of a row.
    pub fn new(row: &'a ProjectDetails) -> Self {
        Self {
            id: row.id,
            organization_id: row.organization_id,
            name: &row.name,
            code: &row.code,
            slug: &row.slug,
            description: row.description.as_deref(),
            tickets_count: row.tickets_count,
            open_tickets_count: row.open_tickets_count,
            created_at: row.created_at,
            archived_at: row.archived_at,
        }
    }
}

/// The projects of an organization.
#[derive(Debug, Serialize)]
pub struct Projects<'a> {
    /// The page.
    pub projects: Vec<Project<'a>>,
}
