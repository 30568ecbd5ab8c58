//! `bugtome admin project`; a project is named `SLUG/CODE`.
//! Its tokens are in `tokens`.

use clap::Subcommand;
use serde::Serialize;

use super::organizations::no_organization;
use super::returns::{self, Tokens};
use super::{Desk, named, text};
use crate::cli::Outcome;
use crate::domain::{self, Ctx, Result};
use crate::model::draft::Field;
use crate::model::id::Id;
use crate::model::pages::Page;
use crate::model::projects::{Code, Project};
use crate::model::time::Time;
use crate::model::visible::visible;
use crate::store::projects::ProjectRow;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Make a project
    Create {
        /// The organization's slug
        #[arg(long)]
        organization: String,
        /// The name that is shown
        #[arg(long)]
        name: String,
        /// What its tickets' codes begin with: 2 to 10 letters and digits
        #[arg(long)]
        code: String,
    },
    /// Archive a project: it is only read, and its tokens stop working at once
    Archive {
        /// SLUG/CODE
        project: ProjectName,
    },
    /// Open an archived project again; its living tokens work again unless they are revoked, and are listed
    Unarchive {
        /// SLUG/CODE
        project: ProjectName,
        /// What becomes of the project's living tokens
        #[arg(long, value_enum, default_value_t = Tokens::Keep)]
        tokens: Tokens,
    },
    /// Delete a project with all its tickets; this cannot be undone
    Delete {
        /// SLUG/CODE
        project: ProjectName,
    },
    /// List all projects
    List,
}

/// `SLUG/CODE`
#[derive(Debug, Clone)]
pub(in crate::cli) struct ProjectName {
    slug: String,
    code: Code,
}

impl std::str::FromStr for ProjectName {
    type Err = String;

    fn from_str(name: &str) -> std::result::Result<Self, String> {
        let parts = name.split_once('/').and_then(|(slug, code)| Some((slug, Code::from_text(code)?)));
        let (slug, code) = parts.ok_or_else(|| "is not SLUG/CODE, such as acme/WEB".to_owned())?;
        Ok(Self { slug: slug.to_owned(), code })
    }
}

impl std::fmt::Display for ProjectName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", visible(&self.slug), self.code.as_str())
    }
}

impl ProjectName {
    /// The project that it names.
    pub(in crate::cli) fn find(&self, ctx: &mut Ctx<'_>) -> Result<ProjectRow> {
        let organization = domain::organizations::by_slug(ctx, &self.slug)?;
        domain::projects::by_name(ctx, organization.id, &self.code)
    }

    /// What to say where it names none.
    pub(in crate::cli) fn missing(&self) -> String {
        format!("there is no project {self}; `bugtome admin project list` shows all")
    }
}

#[derive(Serialize)]
struct Shown {
    id: Id<Project>,
    organization: String,
    code: String,
    name: String,
    tickets_count: i64,
    archived_at: Option<Time>,
}

pub(super) fn run(desk: &Desk, command: &Command) -> Outcome {
    match command {
        Command::Create { organization, name, code } => create(desk, organization, name, code),
        Command::Archive { project } => archive(desk, project),
        Command::Unarchive { project, tokens } => unarchive(desk, project, *tokens),
        Command::Delete { project } => {
            let deleted = desk.run(|ctx| {
                let row = project.find(ctx)?;
                domain::projects::delete(ctx, row.id)?;
                Ok(row)
            });
            let row = named(deleted, || project.missing())?;
            let shown = Shown::of_row(&project.slug, row);
            desk.output.one(&shown, &format!("project {project} has been deleted"))
        }
        Command::List => {
            let all = desk.run(list)?;
            desk.output.many(&all, ["PROJECT", "NAME", "TICKETS", "STATE"], |row| {
                let state = row.archived_at.map_or_else(String::new, |at| format!("archived {at}"));
                [format!("{}/{}", row.organization, row.code), row.name.clone(), row.tickets_count.to_string(), state]
            })
        }
    }
}

impl Shown {
    fn new(slug: &str, details: crate::store::projects::ProjectDetails) -> Self {
        Self {
            id: details.id,
            organization: slug.to_owned(),
            code: details.code,
            name: details.name,
            tickets_count: details.tickets_count,
            archived_at: details.archived_at,
        }
    }

    fn of_row(slug: &str, row: ProjectRow) -> Self {
        Self { id: row.id, organization: slug.to_owned(), code: row.code, name: row.name, tickets_count: 0, archived_at: row.archived_at }
    }
}

fn create(desk: &Desk, slug: &str, name: &str, code: &str) -> Outcome {
    let draft = domain::projects::Draft { name: text(name), code: text(code), ..domain::projects::Draft::default() };
    let made = desk.run(|ctx| {
        let organization = domain::organizations::by_slug(ctx, slug)?;
        domain::projects::create(ctx, organization.id, &draft)
    });
    let made = Shown::new(slug, named(made, || no_organization(slug))?);
    let sentence = format!("project {}/{} has been made", visible(slug), made.code);
    desk.output.one(&made, &sentence)
}

fn archive(desk: &Desk, project: &ProjectName) -> Outcome {
    let draft = domain::projects::Draft { archived: Field::Value(true), ..domain::projects::Draft::default() };
    let changed = desk.run(|ctx| {
        let row = project.find(ctx)?;
        domain::projects::edit(ctx, row.id, &draft)
    });
    let shown = Shown::new(&project.slug, named(changed, || project.missing())?);
    desk.output.one(&shown, &format!("project {project} has been archived"))
}

#[derive(Serialize)]
struct Opened {
    #[serde(flatten)]
    project: Shown,
    #[serde(flatten)]
    tokens: returns::Shown,
}

fn unarchive(desk: &Desk, project: &ProjectName, tokens: Tokens) -> Outcome {
    let opened = desk.run(|ctx| {
        let row = project.find(ctx)?;
        domain::projects::unarchive(ctx, row.id, tokens.into())
    });
    let (details, returned) = named(opened, || project.missing())?;
    let told = returns::said(&returned, "these tokens of its work again", "these tokens of its are revoked");
    let opened = Opened { project: Shown::new(&project.slug, details), tokens: returns::Shown::of(&returned, "revoked") };
    desk.output.one(&opened, &format!("project {project} is open again{told}"))
}

fn list(ctx: &mut Ctx<'_>) -> Result<Vec<Shown>> {
    let mut all = Vec::new();
    for organization in domain::organizations::all(ctx)? {
        let (rows, _) = domain::projects::list(ctx, organization.id, Page { number: 1, size: i64::MAX })?;
        all.extend(rows.into_iter().map(|details| Shown::new(&organization.slug, details)));
    }
    Ok(all)
}
