//! The ways that lead on from every page: the caller's organizations and projects.
//! What is in them is told by the pages themselves.

use super::permissions::Capability;
use super::{Ctx, Result};
use crate::store::organizations::MembershipRow;
use crate::store::projects::{self, NamedProject};

/// How many projects are named; whoever has more finds them in the workspace.
const MOST: i64 = 30;

/// Where a person can go.
#[derive(Debug, Clone, Default)]
pub struct Places {
    /// All organizations that the caller reaches, by name.
    pub organizations: Vec<MembershipRow>,
    /// Their first projects, by name.
    pub projects: Vec<NamedProject>,
}

/// The caller's places; none for whoever has not signed in.
pub fn of_caller(ctx: &mut Ctx<'_>) -> Result<Places> {
    let Some(session) = ctx.session() else { return Ok(Places::default()) };
    let user = session.user_id;
    let organizations = ctx.organizations(Capability::ReadWorkspace)?;
    Ok(Places { organizations, projects: projects::of_user(ctx.db, user, MOST)? })
}
