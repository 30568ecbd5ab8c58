//! Organizations: made, listed, and their token policy.
//! Who belongs to them is in `members`.

use super::error::refuse;
use super::permissions::Capability;
use super::{Caller, Ctx, Error, Result};
use crate::model::draft::{Field, Text};
use crate::model::id::Id;
use crate::model::organizations::{Organization, Slug};
use crate::model::problems::{Problem, Problems};
use crate::model::roles::Role;
use crate::model::text::Name;
use crate::model::time::Span;
use crate::model::users::User;
use crate::store::database::Error as StoreError;
use crate::store::members;
use crate::store::organizations::{self as store, MembershipRow, OrganizationRow};

/// All organizations that the caller reaches, by name.
pub fn list(ctx: &mut Ctx<'_>) -> Result<Vec<MembershipRow>> {
    ctx.organizations(Capability::ReadOrganizations)
}

/// Makes an organization with its first owner. Only a command may.
pub fn create(ctx: &mut Ctx<'_>, name: &Field<Text>, slug: &Field<Text>, owner: Id<User>) -> Result<OrganizationRow> {
    command_only(ctx)?;
    let mut problems = Problems::new();
    let name = problems.take("name", Name::parse(name));
    let slug = problems.take("slug", Slug::parse(slug));
    if let Some(slug) = &slug
        && store::by_slug(ctx.db, slug.as_str())?.is_some()
    {
        problems.add("slug", Problem::Taken);
    }
    refuse(problems)?;
    let (Some(name), Some(slug)) = (name, slug) else {
        return Err(Error::Internal("a draft without problems is missing".to_owned()));
    };
    let id = ctx.new_id();
    store::insert(ctx.db, id, name.as_str(), &slug, ctx.now).map_err(|error| match error {
        StoreError::Unique(_) => Error::invalid("slug", Problem::Taken),
        error => error.into(),
    })?;
    members::insert(ctx.db, id, owner, Role::Owner, ctx.now)?;
    by_slug(ctx, slug.as_str())
}

/// The organization with this slug, for commands; `NotFound` when there is none.
pub fn by_slug(ctx: &mut Ctx<'_>, slug: &str) -> Result<OrganizationRow> {
    command_only(ctx)?;
    store::by_slug(ctx.db, slug)?.ok_or(Error::NotFound)
}

/// All organizations, for commands.
pub fn all(ctx: &mut Ctx<'_>) -> Result<Vec<OrganizationRow>> {
    command_only(ctx)?;
    Ok(store::all(ctx.db)?)
}

/// Sets the longest life of tokens that reach the organization. It holds at once, also for tokens made before.
pub fn set_policy(ctx: &mut Ctx<'_>, id: Id<Organization>, longest: Option<Span>) -> Result<()> {
    let reach = ctx.organization(Capability::SetTokenPolicy, id)?;
    Ok(store::set_policy(ctx.db, reach.id, longest)?)
}

/// What belongs to the whole installation is for commands alone.
pub(super) fn command_only(ctx: &Ctx<'_>) -> Result<()> {
    if matches!(ctx.caller, Caller::Command) { Ok(()) } else { Err(Error::Forbidden) }
}
