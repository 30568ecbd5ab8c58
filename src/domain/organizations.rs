//! Organizations: made, listed, renamed, and their token policy.
//! Who belongs to them is in `members`.

use super::audit::{Act, Noted};
use super::error::refuse;
use super::permissions::Capability;
use super::{Caller, Ctx, Error, Result, sessions};
use crate::model::draft::{Field, Text};
use crate::model::id::Id;
use crate::model::organizations::{Organization, Slug};
use crate::model::problems::{Problem, Problems};
use crate::model::roles::Role;
use crate::model::text::Name;
use crate::model::time::Span;
use crate::model::users::User;
use crate::store::database::Error as StoreError;
use crate::store::organizations::{self as store, MembershipRow, OrganizationRow};
use crate::store::tokens::TokenRow;
use crate::store::{member_tokens, members, tokens};

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
    make(ctx, name.as_str(), &slug, owner)?;
    by_slug(ctx, slug.as_str())
}

/// Makes an organization, for whoever has been found to be allowed to.
pub(super) fn make(ctx: &mut Ctx<'_>, name: &str, slug: &Slug, owner: Id<User>) -> Result<Id<Organization>> {
    let id = ctx.new_id();
    store::insert(ctx.db, id, name, slug, ctx.now).map_err(|error| match error {
        StoreError::Unique(_) => Error::invalid("slug", Problem::Taken),
        error => error.into(),
    })?;
    members::insert(ctx.db, id, owner, Role::Owner, ctx.now)?;
    ctx.note(Noted { organization: Some(id), role: Some(Role::Owner), ..Noted::user(Act::OrganizationMade, owner) });
    Ok(id)
}

/// The organization with this slug, for commands; `NotFound` when there is none.
pub fn by_slug(ctx: &mut Ctx<'_>, slug: &str) -> Result<OrganizationRow> {
    command_only(ctx)?;
    store::by_slug(ctx.db, slug)?.ok_or(Error::NotFound)
}

/// The organization, with the caller's role in it.
pub fn get(ctx: &mut Ctx<'_>, id: Id<Organization>) -> Result<MembershipRow> {
    let reach = ctx.organization(Capability::ReadOrganizations, id)?;
    let row = reread(ctx, reach.id)?;
    Ok(MembershipRow { id: row.id, name: row.name, slug: row.slug, max_token_life: row.max_token_life, role: reach.role })
}

fn reread(ctx: &mut Ctx<'_>, id: Id<Organization>) -> Result<OrganizationRow> {
    store::by_id(ctx.db, id)?.ok_or(Error::Unreachable)
}

/// What somebody sent as a change of an organization.
#[derive(Debug, Clone, Default)]
pub struct Draft {
    /// The name that is shown.
    pub name: Field<Text>,
    /// The name in commands.
    pub slug: Field<Text>,
}

/// The organization for whoever may change what it is called.
pub fn editable(ctx: &mut Ctx<'_>, id: Id<Organization>) -> Result<MembershipRow> {
    ctx.organization(Capability::EditOrganization, id)?;
    get(ctx, id)
}

/// Changes what the draft carries.
pub fn edit(ctx: &mut Ctx<'_>, id: Id<Organization>, draft: &Draft) -> Result<OrganizationRow> {
    let reach = ctx.organization(Capability::EditOrganization, id)?;
    store::lock(ctx.db, reach.id)?;
    let old = reread(ctx, reach.id)?;
    let mut problems = Problems::new();
    let old_text = |text: &str| Field::Value(Text::from(text));
    let name = if draft.name.is_present() { draft.name.clone() } else { old_text(&old.name) };
    let slug = if draft.slug.is_present() { draft.slug.clone() } else { old_text(&old.slug) };
    let name = problems.take("name", Name::parse(&name));
    let slug = problems.take("slug", Slug::parse(&slug));
    if let Some(slug) = &slug
        && slug.as_str() != old.slug
        && store::by_slug(ctx.db, slug.as_str())?.is_some()
    {
        problems.add("slug", Problem::Taken);
    }
    refuse(problems)?;
    let (Some(name), Some(slug)) = (name, slug) else {
        return Err(Error::Internal("a draft without problems is missing".to_owned()));
    };
    store::update(ctx.db, reach.id, name.as_str(), &slug).map_err(|error| match error {
        StoreError::Unique(_) => Error::invalid("slug", Problem::Taken),
        error => error.into(),
    })?;
    reread(ctx, reach.id)
}

/// All organizations, for commands.
pub fn all(ctx: &mut Ctx<'_>) -> Result<Vec<OrganizationRow>> {
    command_only(ctx)?;
    Ok(store::all(ctx.db)?)
}

/// Sets the longest life of tokens that reach the organization. It holds at once, also for tokens made before.
pub fn set_policy(ctx: &mut Ctx<'_>, id: Id<Organization>, longest: Option<Span>) -> Result<()> {
    let reach = ctx.organization(Capability::SetTokenPolicy, id)?;
    store::lock(ctx.db, reach.id)?;
    let until_now = reread(ctx, reach.id)?.max_token_life;
    let is_loosened = until_now.is_some_and(|until_now| longest.is_none_or(|longest| longest > until_now));
    if is_loosened {
        sessions::require_fresh(ctx)?;
    }
    store::set_policy(ctx.db, reach.id, longest)?;
    if longest != until_now {
        ctx.note(Noted { organization: Some(reach.id), ..Noted::of(Act::PolicySet) });
    }
    Ok(())
}

/// The living tokens of members and projects that reach the organization now and would not under this policy.
pub fn shut_out_by(ctx: &mut Ctx<'_>, id: Id<Organization>, longest: Option<Span>) -> Result<Vec<TokenRow>> {
    let reach = ctx.organization(Capability::SetTokenPolicy, id)?;
    let Some(life) = longest else { return Ok(Vec::new()) };
    let now_longest = reread(ctx, reach.id)?.max_token_life;
    // What a policy keeps out is not what is shut out already; of members' tokens the uses here are told, and no others.
    let of_members = member_tokens::longer(ctx.db, reach.id, life, ctx.now)?;
    let mut longer: Vec<_> = of_members.into_iter().filter(|row| row.shut_out.at.is_none()).map(|row| row.token).collect();
    longer.extend(tokens::longer_of_projects(ctx.db, reach.id, life, ctx.now)?);
    longer.retain(|token| now_longest.is_none_or(|longest| token.life.is_some_and(|life| life <= longest)));
    Ok(longer)
}

/// What belongs to the whole installation is for commands alone.
pub(super) fn command_only(ctx: &Ctx<'_>) -> Result<()> {
    if matches!(ctx.caller, Caller::Command) { Ok(()) } else { Err(Error::Forbidden) }
}
