//! Tickets as JSON.
//! The same shape in lists, alone and in webhooks.

use std::fmt;

use serde::{Serialize, Serializer};

use super::Reader;
use super::persons::Person;
use crate::model::id::Id;
use crate::model::organizations::Organization;
use crate::model::projects::Project;
use crate::model::tickets::{Priority, Status, Ticket as Noun};
use crate::model::time::Time;
use crate::store::tickets::TicketRow;

/// A ticket.
#[derive(Debug, Serialize)]
pub struct Ticket<'a> {
    id: Id<Noun>,
    code: Shown<Code<'a>>,
    number: i64,
    title: &'a str,
    given: &'a str,
    when: &'a str,
    then: &'a str,
    notes: Option<&'a str>,
    status: Status,
    priority: Priority,
    organization_id: Id<Organization>,
    project_id: Id<Project>,
    reporter: Option<Person<'a>>,
    assignee: Option<Person<'a>>,
    comments_count: i64,
    external_key: Option<&'a str>,
    url: Shown<Url<'a>>,
    created_at: Time,
    updated_at: Time,
}

impl<'a> Ticket<'a> {
    /// The shape of a row.
    pub fn new(reader: Reader<'a>, row: &'a TicketRow) -> Self {
        Self {
            id: row.id,
            code: Shown(Code { project: &row.project_code, number: row.number }),
            number: row.number,
            title: &row.title,
            given: &row.given,
            when: &row.when,
            then: &row.then,
            notes: row.notes.as_deref(),
            status: row.status,
            priority: row.priority,
            organization_id: row.organization_id,
            project_id: row.project_id,
            reporter: Person::new(reader, row.reporter_id, row.reporter_kind, row.reporter_name.as_deref(), row.reporter_email.as_deref()),
            assignee: Person::new(reader, row.assignee_id, row.assignee_kind, row.assignee_name.as_deref(), row.assignee_email.as_deref()),
            comments_count: row.comments_count,
            external_key: row.external_key.as_deref(),
            url: Shown(Url { base: reader.base_url, project: row.project_id, ticket: row.id }),
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

/// Serialised as it is displayed, without a string in between.
#[derive(Debug)]
struct Shown<T>(T);

impl<T: fmt::Display> Serialize for Shown<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

#[derive(Debug)]
struct Code<'a> {
    project: &'a str,
    number: i64,
}

impl fmt::Display for Code<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.project, self.number)
    }
}

/// The ticket's page.
#[derive(Debug)]
struct Url<'a> {
    base: &'a str,
    project: Id<Project>,
    ticket: Id<Noun>,
}

impl fmt::Display for Url<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/workspace/projects/{}/tickets/{}", self.base, self.project, self.ticket)
    }
}

/// Tickets of an organization, with how many there are.
#[derive(Debug, Serialize)]
pub struct Tickets<'a> {
    /// The page.
    pub tickets: Vec<Ticket<'a>>,
    /// Where it stands.
    pub meta: Meta,
}

/// Where a page stands.
#[derive(Debug, Serialize)]
pub struct Meta {
    /// How many there are in all; left out on pages reached by cursor.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total: Option<i64>,
    /// `false` where there are more than were counted; else left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total_exact: Option<bool>,
    /// The page's number; left out on pages reached by cursor.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub page: Option<i64>,
    /// Rows a page.
    pub per_page: i64,
}
