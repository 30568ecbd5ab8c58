//! Tickets from another tracker: brought in batch by batch, each key once, with their old times, authors and comments.
//! Reading other trackers' files is `cli::import`'s affair; limits of length hold for those who write now, not for what was written there.

use std::collections::{HashMap, HashSet};

use super::events::{self, Changes};
use super::permissions::Capability;
use super::reach::{ProjectReach, TicketReach};
use super::{Ctx, Result};
use crate::model::events::EventKind;
use crate::model::id::Id;
use crate::model::persons::Person;
use crate::model::projects::Project;
use crate::model::text::name_from_elsewhere;
use crate::model::tickets::{Priority, Status};
use crate::model::time::Time;
use crate::store::comments::{self, NewComment};
use crate::store::projects::StatusCounts;
use crate::store::tickets::{self, NewTicket, Texts};
use crate::store::{persons, projects};

/// A report of another tracker, whose texts are trimmed, not blank and free of NUL.
#[derive(Debug, Clone)]
pub struct Report<'a> {
    /// Its name in its old tracker.
    pub external_key: &'a str,
    /// What it says.
    pub texts: Texts<'a>,
    /// How far it has come.
    pub status: Status,
    /// How urgent it is.
    pub priority: Priority,
    /// Who reported it, as far as the file says.
    pub reporter: Option<&'a str>,
    /// When it was reported.
    pub created_at: Time,
    /// When it last changed.
    pub updated_at: Time,
    /// What was said about it.
    pub remarks: Vec<Remark<'a>>,
}

/// A comment of another tracker.
#[derive(Debug, Clone)]
pub struct Remark<'a> {
    /// Who said it, as far as the file says.
    pub author: Option<&'a str>,
    /// What was said.
    pub content: &'a str,
    /// When it was said.
    pub created_at: Time,
}

/// What became of a batch.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Taken {
    /// Reports that are tickets now.
    pub tickets: u64,
    /// Their comments.
    pub comments: u64,
    /// Reports whose key the project had already, if only on a deleted ticket.
    pub already_there: u64,
}

/// Makes tickets of the reports whose external key the project does not have yet. The keys of a batch differ.
pub fn import(ctx: &mut Ctx<'_>, project: Id<Project>, reports: &[Report<'_>]) -> Result<Taken> {
    let project = ctx.project(Capability::ImportTickets, project)?;
    // Another import of the same file waits here, and then finds what this one brought in. The numbers' row is the first lock and not the
    // last as elsewhere: a batch is short, and nobody can wait for its tickets before it ends.
    projects::lock_numbers(ctx.db, project.id)?;
    let known = known(ctx, &project, reports)?;
    let new: Vec<&Report<'_>> = reports.iter().filter(|report| !known.contains(report.external_key)).collect();
    let mut taken = Taken { already_there: count(reports.len() - new.len()), ..Taken::default() };
    if new.is_empty() {
        return Ok(taken);
    }
    let counts = new.iter().fold(StatusCounts::default(), |counts, report| counts.and(report.status, 1));
    let last = projects::take_numbers(ctx.db, project.id, &counts)?;
    let mut people = People::default();
    for (number, report) in (last - counts.total() + 1..).zip(new) {
        file(ctx, &project, number, report, &mut people)?;
        taken.tickets += 1;
        taken.comments += count(report.remarks.len());
    }
    Ok(taken)
}

/// What [`import`] would do with the reports. Changes nothing.
pub fn foresee(ctx: &mut Ctx<'_>, project: Id<Project>, reports: &[Report<'_>]) -> Result<Taken> {
    let project = ctx.project(Capability::ImportTickets, project)?;
    let known = known(ctx, &project, reports)?;
    let mut taken = Taken::default();
    for report in reports {
        if known.contains(report.external_key) {
            taken.already_there += 1;
        } else {
            taken.tickets += 1;
            taken.comments += count(report.remarks.len());
        }
    }
    Ok(taken)
}

fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

fn known(ctx: &mut Ctx<'_>, project: &ProjectReach, reports: &[Report<'_>]) -> Result<HashSet<String>> {
    let keys: Vec<&str> = reports.iter().map(|report| report.external_key).collect();
    Ok(tickets::known_external_keys(ctx.db, project.organization, project.id, &keys)?.into_iter().collect())
}

/// The persons of a batch by name, so that each is looked up once.
#[derive(Default)]
struct People<'a>(HashMap<&'a str, Id<Person>>);

impl<'a> People<'a> {
    /// The imported person of that name; no name is nobody.
    fn named(&mut self, ctx: &mut Ctx<'_>, project: &ProjectReach, name: Option<&'a str>) -> Result<Option<Id<Person>>> {
        let Some(name) = name.map(str::trim).filter(|name| !name.is_empty()) else { return Ok(None) };
        if let Some(id) = self.0.get(name) {
            return Ok(Some(*id));
        }
        let fresh = ctx.new_id();
        let Some(fit) = name_from_elsewhere(name) else { return Ok(None) };
        let id = persons::imported(ctx.db, project.organization, &fit, fresh)?;
        self.0.insert(name, id);
        Ok(Some(id))
    }
}

fn file<'a>(ctx: &mut Ctx<'_>, project: &ProjectReach, number: i64, report: &Report<'a>, people: &mut People<'a>) -> Result<()> {
    let reporter = people.named(ctx, project, report.reporter)?;
    let id = ctx.new_id();
    let new = NewTicket {
        id,
        organization: project.organization,
        project: project.id,
        serial: project.serial,
        code: &project.code,
        number,
        status: report.status,
        priority: report.priority,
        reporter,
        assignee: None,
        comments: i64::try_from(report.remarks.len()).unwrap_or(i64::MAX),
        created_at: report.created_at,
        updated_at: report.updated_at,
        external_key: Some(report.external_key),
        texts: report.texts,
    };
    tickets::insert(ctx.db, &new)?;
    for remark in &report.remarks {
        let author = people.named(ctx, project, remark.author)?;
        let new = NewComment {
            id: ctx.new_id(),
            organization: project.organization,
            project: project.id,
            serial: project.serial,
            ticket: id,
            author,
            created_at: remark.created_at,
            content: remark.content,
        };
        comments::insert(ctx.db, &new)?;
    }
    let reach =
        TicketReach { id, project: project.id, organization: project.organization, archived_at: project.archived_at, role: project.role };
    events::record_of(ctx, &reach, EventKind::TicketCreated, &Changes::None, reporter, report.created_at)
}
