//! Projects: made, read, changed, archived and deleted.
//! Their tokens are in `tokens`, their tickets in `tickets`.

use super::audit::{Act, Noted};
use super::error::refuse;
use super::permissions::Capability;
use super::reach::ProjectReach;
use super::returns::{self, OnReturn, Returned};
use super::{Caller, Ctx, Error, Result, sessions};
use crate::model::draft::{Field, Text};
use crate::model::id::Id;
use crate::model::organizations::{Organization, Slug};
use crate::model::pages::Page;
use crate::model::problems::{Problem, Problems};
use crate::model::projects::{Code, Project};
use crate::model::text::{Description, Name};
use crate::model::tokens::RevokedHow;
use crate::store::database::Error as StoreError;
use crate::store::projects::{self as store, NewProject, ProjectDetails, ProjectRow};
use crate::store::tokens::TokenRow;
use crate::store::{organizations, token_lists, tokens};

/// What somebody sent as a project, or as a change of one.
#[derive(Debug, Clone, Default)]
pub struct Draft {
    /// The name that is shown.
    pub name: Field<Text>,
    /// What its tickets' codes begin with.
    pub code: Field<Text>,
    /// What it is about.
    pub description: Field<Text>,
    /// Whether it is to be archived.
    pub archived: Field<bool>,
}

/// A page of the organization's projects, by name, and how many there are in all.
pub fn list(ctx: &mut Ctx<'_>, organization: Id<Organization>, page: Page) -> Result<(Vec<ProjectDetails>, i64)> {
    let reach = ctx.organization(Capability::ReadOrganizations, organization)?;
    Ok((store::of_organization(ctx.db, reach.id, page)?, store::count(ctx.db, reach.id)?))
}

/// The project.
pub fn get(ctx: &mut Ctx<'_>, id: Id<Project>) -> Result<ProjectDetails> {
    let reach = ctx.project(Capability::ReadProject, id)?;
    reread(ctx, reach.id)
}

fn reread(ctx: &mut Ctx<'_>, id: Id<Project>) -> Result<ProjectDetails> {
    store::details(ctx.db, id)?.ok_or_else(|| Error::Internal(format!("project {id} is gone within its transaction")))
}

/// What the settings of a project show beside it.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The project.
    pub project: ProjectDetails,
    /// Its organization's name.
    pub organization: String,
    /// Whether a ticket bears the code, so that it cannot be changed any more.
    pub code_is_fixed: bool,
    /// How many living tokens it has.
    pub tokens: i64,
    /// Whether the caller may delete it.
    pub deletable: bool,
}

/// The project for whoever may change its settings.
pub fn settings(ctx: &mut Ctx<'_>, id: Id<Project>) -> Result<Settings> {
    let reach = ctx.project(Capability::EditProject, id)?;
    let organization = organizations::by_id(ctx.db, reach.organization)?.ok_or(Error::Unreachable)?;
    Ok(Settings {
        project: reread(ctx, reach.id)?,
        organization: organization.name,
        code_is_fixed: store::last_number(ctx.db, reach.id)? > 0,
        tokens: tokens::living_of_project(ctx.db, reach.id, ctx.now)?,
        deletable: Capability::DeleteProject.is_for(reach.role),
    })
}

/// Makes a project in the organization.
pub fn create(ctx: &mut Ctx<'_>, organization: Id<Organization>, draft: &Draft) -> Result<ProjectDetails> {
    let reach = ctx.organization(Capability::CreateProjects, organization)?;
    let mut problems = Problems::new();
    let name = problems.take("name", Name::parse(&draft.name));
    let code = problems.take("code", Code::parse(&draft.code));
    let description = problems.take("description", Description::parse(&draft.description));
    if let Some(code) = &code
        && store::by_code(ctx.db, reach.id, code)?.is_some()
    {
        problems.add("code", Problem::Taken);
    }
    refuse(problems)?;
    let (Some(name), Some(code), Some(description)) = (name, code, description) else {
        return Err(Error::Internal("a draft without problems is missing".to_owned()));
    };
    let id = ctx.new_id();
    let slug = free_slug(ctx, reach.id, id, name.as_str(), &code)?;
    let new = NewProject { id, organization: reach.id, name: name.as_str(), code: &code, slug: &slug, description: description.as_deref() };
    store::insert(ctx.db, &new, ctx.now).map_err(taken)?;
    reread(ctx, id)
}

/// Two made the same at once: the database says so, and only the code can have been given twice by people.
fn taken(error: StoreError) -> Error {
    match error {
        StoreError::Unique(_) => Error::invalid("code", Problem::Taken),
        error => error.into(),
    }
}

/// The slug that the name makes; where another project has it, the code with it.
fn free_slug(ctx: &mut Ctx<'_>, organization: Id<Organization>, id: Id<Project>, name: &str, code: &Code) -> Result<String> {
    let code = code.as_str().to_ascii_lowercase();
    let slug = Slug::from_name(name, &code).as_str().to_owned();
    if !store::slug_taken(ctx.db, organization, &slug, id)? {
        return Ok(slug);
    }
    let with_code = Slug::from_name(&format!("{code} {name}"), &code).as_str().to_owned();
    if !store::slug_taken(ctx.db, organization, &with_code, id)? {
        return Ok(with_code);
    }
    Ok(Slug::from_name(&format!("{code} {}", id.uuid().simple()), &code).as_str().to_owned())
}

/// Changes what the draft carries.
pub fn edit(ctx: &mut Ctx<'_>, id: Id<Project>, draft: &Draft) -> Result<ProjectDetails> {
    let reach = ctx.project(Capability::EditProject, id)?;
    store::lock(ctx.db, id)?;
    // Read behind the lock: another change may have been faster, or a first ticket, or the project's end.
    let old = store::details(ctx.db, id)?.ok_or(Error::Unreachable)?;
    // Archiving is for people and their tokens: a project token that leaked must not be able to shut out all others.
    let archives = matches!(draft.archived, Field::Value(wanted) if wanted != old.archived_at.is_some());
    if archives && ctx.token().is_some_and(|token| !token.is_personal()) {
        return Err(Error::Forbidden);
    }
    let mut problems = Problems::new();
    let name = if draft.name.is_present() {
        problems.take("name", Name::parse(&draft.name)).map(Name::into_string)
    } else {
        Some(old.name.clone())
    };
    let description = if draft.description.is_present() {
        problems.take("description", Description::parse(&draft.description)).map(|text| text.as_deref().map(ToOwned::to_owned))
    } else {
        Some(old.description.clone())
    };
    let code = if draft.code.is_present() { changed_code(ctx, &old, draft, &mut problems)? } else { Code::from_text(&old.code) };
    if draft.archived == Field::Null {
        problems.add("archived", Problem::Blank);
    }
    refuse(problems)?;
    let (Some(name), Some(description), Some(code)) = (name, description, code) else {
        return Err(Error::Internal("a draft without problems is missing".to_owned()));
    };
    if archives {
        sessions::require_fresh(ctx)?;
    }
    let slug = if name == old.name { old.slug } else { free_slug(ctx, reach.organization, id, &name, &code)? };
    store::update(ctx.db, id, &name, code.as_str(), &slug, description.as_deref()).map_err(taken)?;
    match draft.archived {
        Field::Value(true) if old.archived_at.is_none() => {
            store::set_archived(ctx.db, id, Some(ctx.now))?;
            ctx.note(noted(Act::ProjectArchived, &reach));
        }
        Field::Value(false) if old.archived_at.is_some() => {
            store::set_archived(ctx.db, id, None)?;
            ctx.note(noted(Act::ProjectUnarchived, &reach));
        }
        _ => {}
    }
    reread(ctx, id)
}

/// The project's living tokens, newest first, for whoever may open it again.
pub fn living_tokens(ctx: &mut Ctx<'_>, id: Id<Project>) -> Result<Vec<TokenRow>> {
    let reach = ctx.project(Capability::ManageProjectTokens, id)?;
    Ok(token_lists::living_of_project(ctx.db, reach.id, ctx.now)?)
}

/// Opens an archived project again; its living tokens work again, or are revoked where that is wanted.
pub fn unarchive(ctx: &mut Ctx<'_>, id: Id<Project>, tokens: OnReturn) -> Result<(ProjectDetails, Returned)> {
    ctx.project(Capability::ManageProjectTokens, id)?;
    let project = edit(ctx, id, &Draft { archived: Field::Value(false), ..Draft::default() })?;
    let how = if matches!(ctx.caller, Caller::Command) { RevokedHow::Command } else { RevokedHow::Admin };
    let returned = returns::of_project(ctx, id, tokens, how)?;
    Ok((project, returned))
}

/// A code is fixed once a ticket bears it, deleted ones included.
fn changed_code(ctx: &mut Ctx<'_>, old: &ProjectDetails, draft: &Draft, problems: &mut Problems) -> Result<Option<Code>> {
    let Some(code) = problems.take("code", Code::parse(&draft.code)) else { return Ok(None) };
    if code.as_str() == old.code {
        return Ok(Some(code));
    }
    if store::last_number(ctx.db, old.id)? > 0 {
        problems.add("code", Problem::CannotChange);
    } else if store::by_code(ctx.db, old.organization_id, &code)?.is_some() {
        problems.add("code", Problem::Taken);
    }
    Ok(Some(code))
}

/// Deletes the project: from now on nobody reaches it, and its rows are purged soon.
pub fn delete(ctx: &mut Ctx<'_>, id: Id<Project>) -> Result<()> {
    let reach = ctx.project(Capability::DeleteProject, id)?;
    sessions::require_fresh(ctx)?;
    store::set_deleted(ctx.db, reach.id, ctx.now)?;
    ctx.note(noted(Act::ProjectDeleted, &reach));
    Ok(())
}

fn noted(act: Act, reach: &ProjectReach) -> Noted {
    Noted { organization: Some(reach.organization), project: Some(reach.id), ..Noted::of(act) }
}

/// The project for whoever may delete it, with what goes with it.
pub fn deletable(ctx: &mut Ctx<'_>, id: Id<Project>) -> Result<Settings> {
    ctx.project(Capability::DeleteProject, id)?;
    settings(ctx, id)
}

/// Deletes the project if whoever wants it has typed its code.
pub fn delete_named(ctx: &mut Ctx<'_>, id: Id<Project>, typed: &str) -> Result<()> {
    let reach = ctx.project(Capability::DeleteProject, id)?;
    if !typed.trim().eq_ignore_ascii_case(&reach.code) {
        return Err(Error::invalid("code", Problem::Wrong));
    }
    delete(ctx, id)
}

/// The live project that a command names by slug and code; `NotFound` when there is none.
pub fn by_name(ctx: &mut Ctx<'_>, organization: Id<Organization>, code: &Code) -> Result<ProjectRow> {
    ctx.organization(Capability::CreateProjects, organization)?;
    store::by_code(ctx.db, organization, code)?.ok_or(Error::NotFound)
}
