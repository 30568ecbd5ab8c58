//! What a caller reaches: the doors through which every operation goes, in the order of the contract (scope, existence, role).
//! What each capability needs stands in `permissions`.

use super::idempotency;
use super::permissions::{Capability, Door};
use super::{Caller, Ctx, Error, Result};
use crate::model::id::Id;
use crate::model::organizations::Organization;
use crate::model::projects::Project;
use crate::model::roles::Role;
use crate::model::tickets::Ticket;
use crate::model::time::Time;
use crate::store::organizations::{self, MembershipRow};
use crate::store::tickets::{self, TicketReachRow, TicketRow};
use crate::store::{projects, tokens::JudgedRow};

/// A project that the caller reaches, and as what.
#[derive(Debug, Clone)]
pub struct ProjectReach {
    /// Which.
    pub id: Id<Project>,
    /// The upper half of its tickets' keys.
    pub serial: i64,
    /// Its organization.
    pub organization: Id<Organization>,
    /// What its tickets' codes begin with.
    pub code: String,
    /// When it was archived, if so.
    pub archived_at: Option<Time>,
    /// The caller's role.
    pub role: Role,
}

/// An organization that the caller reaches, and as what.
#[derive(Debug, Clone, Copy)]
pub struct OrganizationReach {
    /// Which.
    pub id: Id<Organization>,
    /// The caller's role.
    pub role: Role,
}

/// A ticket that the caller reaches, and as what.
#[derive(Debug, Clone, Copy)]
pub struct TicketReach {
    /// Which.
    pub id: Id<Ticket>,
    /// In which project.
    pub project: Id<Project>,
    /// Its organization.
    pub organization: Id<Organization>,
    /// When its project was archived, if so.
    pub archived_at: Option<Time>,
    /// The caller's role.
    pub role: Role,
}

impl TicketReach {
    /// Whether the caller's role is enough to do this with it, where what is only read stays so. It opens no door: each operation judges anew.
    pub fn may(&self, capability: Capability) -> bool {
        suffices(capability, self.role, self.archived_at)
    }
}

/// The role, and that an archived project is only read.
fn suffices(capability: Capability, role: Role, archived_at: Option<Time>) -> bool {
    capability.is_for(role) && (archived_at.is_none() || capability.rule().in_archive)
}

impl ProjectReach {
    /// As [`TicketReach::may`].
    pub fn may(&self, capability: Capability) -> bool {
        suffices(capability, self.role, self.archived_at)
    }
}

impl Ctx<'_> {
    /// Whether the caller may come at all: the scope, before anything is looked for.
    pub fn allow(&self, capability: Capability) -> Result<()> {
        let rule = capability.rule();
        match (&self.caller, rule.door) {
            // One that can only file tickets does not renew itself. It wants no other scope for that, so none is named.
            (Caller::Token(judged), Door::AnyToken) if capability == Capability::RotateCurrentToken && judged.is_report_only() => {
                Err(Error::MissingScope(None))
            }
            (Caller::Command, _) | (Caller::Anonymous | Caller::Token(_), Door::Anybody) | (Caller::Token(_), Door::AnyToken) => Ok(()),
            (Caller::Anonymous, _) => Err(Error::Unauthenticated),
            (Caller::Token(_), Door::SignedIn) | (Caller::User(_), Door::AnyToken) => Err(Error::Forbidden),
            // Scopes are what tokens were made for; a person has a role alone.
            (Caller::User(_), _) => Ok(()),
            (Caller::Token(judged), Door::Scoped(scope) | Door::Personal(scope)) => {
                if !judged.scopes.has(scope) {
                    return Err(Error::MissingScope(Some(scope)));
                }
                if matches!(rule.door, Door::Personal(_)) && !judged.is_personal() {
                    return Err(Error::Forbidden);
                }
                Ok(())
            }
        }
    }

    /// The project, if the caller reaches it and may do this in it.
    pub fn project(&mut self, capability: Capability, id: Id<Project>) -> Result<ProjectReach> {
        self.allow(capability)?;
        let reach = self.find_project(id)?.ok_or(Error::Unreachable)?;
        self.note_reach(reach.organization);
        self.may(capability, reach.role, reach.archived_at)?;
        Ok(reach)
    }

    /// The organization, if the caller reaches it and may do this in it.
    pub fn organization(&mut self, capability: Capability, id: Id<Organization>) -> Result<OrganizationReach> {
        self.allow(capability)?;
        let reach = self.find_organization(id)?.ok_or(Error::Unreachable)?;
        self.note_reach(reach.id);
        self.may(capability, reach.role, None)?;
        Ok(reach)
    }

    /// The ticket, if the caller reaches it and may do this with it. One that is deleted does not exist.
    pub fn ticket(&mut self, capability: Capability, id: Id<Ticket>) -> Result<TicketReach> {
        self.ticket_that_is(capability, id, |deleted_at| deleted_at.is_none())
    }

    /// As [`Ctx::ticket`], deleted or not.
    pub fn ticket_in_bin_or_out(&mut self, capability: Capability, id: Id<Ticket>) -> Result<TicketReach> {
        self.ticket_that_is(capability, id, |_| true)
    }

    /// As [`Ctx::ticket`], with the ticket itself.
    pub fn read_ticket(&mut self, capability: Capability, id: Id<Ticket>) -> Result<TicketRow> {
        Ok(self.reach_and_read_ticket(capability, id)?.1)
    }

    /// Both: how the caller reaches the ticket, and the ticket itself.
    pub fn reach_and_read_ticket(&mut self, capability: Capability, id: Id<Ticket>) -> Result<(TicketReach, TicketRow)> {
        self.allow(capability)?;
        let user = self.user();
        let chain = self.chain();
        let row = tickets::reached(self.db, id, user, chain)?.ok_or(Error::NotFound)?;
        let reach = self.reach_ticket(capability, id, &row.reach, |deleted_at| deleted_at.is_none())?;
        Ok((reach, row.ticket))
    }

    fn ticket_that_is(&mut self, capability: Capability, id: Id<Ticket>, there: impl FnOnce(Option<Time>) -> bool) -> Result<TicketReach> {
        self.allow(capability)?;
        let user = self.user();
        let chain = self.chain();
        let row = tickets::reach(self.db, id, user, chain)?.ok_or(Error::NotFound)?;
        self.reach_ticket(capability, id, &row, there)
    }

    /// Existence before role: who may not do this hears no more of a ticket that is gone than of one that never was.
    fn reach_ticket(
        &mut self,
        capability: Capability,
        id: Id<Ticket>,
        row: &TicketReachRow,
        there: impl FnOnce(Option<Time>) -> bool,
    ) -> Result<TicketReach> {
        let role = self.ticket_role(row).ok_or(Error::NotFound)?;
        self.note_reach(row.organization_id);
        if row.project_deleted_at.is_some() || !there(row.deleted_at) {
            return Err(Error::NotFound);
        }
        self.may(capability, role, row.project_archived_at)?;
        Ok(TicketReach { id, project: row.project_id, organization: row.organization_id, archived_at: row.project_archived_at, role })
    }

    /// All organizations that the caller reaches. A project token reaches none.
    pub fn organizations(&mut self, capability: Capability) -> Result<Vec<MembershipRow>> {
        self.allow(capability)?;
        let Some(user) = self.user() else { return Ok(Vec::new()) };
        let needed = capability.rule().role;
        let chain = self.chain();
        let mut all = organizations::reached(self.db, user, chain)?;
        all.retain(|row| self.is_within(row.max_token_life) && row.role >= needed);
        for row in &all {
            self.note_reach(row.id);
        }
        Ok(all)
    }

    /// The role, and that an archived project is only read. After this the rights are judged, so a repeated request gets its answer here.
    fn may(&mut self, capability: Capability, role: Role, archived_at: Option<Time>) -> Result<()> {
        if !suffices(capability, role, archived_at) {
            return Err(Error::Forbidden);
        }
        idempotency::once(self)
    }

    /// The project as the caller reaches it. Without a user there is no membership: a project token is an admin of its own project, a command
    /// an owner everywhere.
    fn find_project(&mut self, id: Id<Project>) -> Result<Option<ProjectReach>> {
        if let Some(judged) = self.token().filter(|judged| judged.project_id == Some(id)) {
            return Ok(judged_project(judged));
        }
        if matches!(self.caller, Caller::Command) {
            let row = projects::by_id(self.db, id)?.filter(|row| row.deleted_at.is_none());
            return Ok(row.map(|row| ProjectReach {
                id: row.id,
                serial: row.serial,
                organization: row.organization_id,
                code: row.code,
                archived_at: row.archived_at,
                role: Role::Owner,
            }));
        }
        let Some(user) = self.user() else { return Ok(None) };
        let chain = self.chain();
        let row = projects::reached(self.db, id, user, chain)?;
        Ok(row.filter(|row| row.deleted_at.is_none() && self.is_within(row.max_token_life)).map(|row| ProjectReach {
            id: row.id,
            serial: row.serial,
            organization: row.organization_id,
            code: row.code,
            archived_at: row.archived_at,
            role: row.role,
        }))
    }

    /// The organization as the caller reaches it. A project token reaches none.
    fn find_organization(&mut self, id: Id<Organization>) -> Result<Option<OrganizationReach>> {
        if matches!(self.caller, Caller::Command) {
            return Ok(Some(OrganizationReach { id, role: Role::Owner }));
        }
        let Some(user) = self.user() else { return Ok(None) };
        if let Some(judged) = self.token().filter(|judged| judged.organization_id == Some(id)) {
            return Ok(judged.role.filter(|_| judged.is_within(judged.max_token_life)).map(|role| OrganizationReach { id, role }));
        }
        let chain = self.chain();
        let row = organizations::membership(self.db, id, user, chain)?.filter(|row| self.is_within(row.max_token_life));
        Ok(row.map(|row| OrganizationReach { id: row.id, role: row.role }))
    }

    fn ticket_role(&self, row: &TicketReachRow) -> Option<Role> {
        match &self.caller {
            Caller::Anonymous => None,
            Caller::Command => Some(Role::Owner),
            Caller::Token(judged) if !judged.is_personal() => (judged.own_project_id == Some(row.project_id)).then_some(Role::Admin),
            Caller::User(_) | Caller::Token(_) => row.role.filter(|_| self.is_within(row.max_token_life)),
        }
    }
}

/// The project that the one query has read along with the token.
fn judged_project(judged: &JudgedRow) -> Option<ProjectReach> {
    let role = if judged.is_personal() { judged.role? } else { Role::Admin };
    if judged.project_deleted_at.is_some() || !judged.is_within(judged.max_token_life) {
        return None;
    }
    Some(ProjectReach {
        id: judged.project_id?,
        serial: judged.project_serial?,
        organization: judged.organization_id?,
        code: judged.project_code.clone()?,
        archived_at: judged.project_archived_at,
        role,
    })
}
