//! `bugtome admin member`.
//! Users themselves are in `users`.

use clap::Subcommand;
use serde::Serialize;

use super::organizations::no_organization;
use super::returns::{self, Tokens};
use super::{Desk, named, users};
use crate::cli::{Failure, Outcome};
use crate::domain::{self, Ctx, Result};
use crate::model::id::Id;
use crate::model::organizations::Organization;
use crate::model::pages::Page;
use crate::model::roles::Role;
use crate::model::users::{Email, User};
use crate::model::visible::visible;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Make a user a member
    Add {
        #[command(flatten)]
        which: Which,
        /// viewer, member, admin or owner
        #[arg(long, default_value = "member")]
        role: String,
        /// What becomes of the user's living tokens in this organization: revoke shuts them out of it, elsewhere they are the user's own
        #[arg(long, value_enum, default_value_t = Tokens::Keep)]
        tokens: Tokens,
    },
    /// Give a member another role
    SetRole {
        #[command(flatten)]
        which: Which,
        /// viewer, member, admin or owner
        #[arg(long)]
        role: String,
    },
    /// End a membership; the project tokens that the member made live on and are listed
    Remove {
        #[command(flatten)]
        which: Which,
    },
    /// List the members of an organization
    List {
        /// The organization's slug
        #[arg(long)]
        organization: String,
    },
}

/// Which member.
#[derive(Debug, clap::Args)]
pub(super) struct Which {
    /// The organization's slug
    #[arg(long)]
    organization: String,
    /// The user's e-mail address
    #[arg(long)]
    user: String,
}

#[derive(Serialize)]
struct Shown {
    id: Id<User>,
    email: String,
    name: String,
    role: Role,
}

#[derive(Serialize)]
struct Changed<'a> {
    organization: &'a str,
    user: &'a str,
    role: Option<Role>,
    #[serde(skip_serializing_if = "Option::is_none")]
    project_tokens: Option<Vec<Left>>,
}

#[derive(Serialize)]
struct Added<'a> {
    #[serde(flatten)]
    changed: Changed<'a>,
    #[serde(flatten)]
    tokens: returns::Shown,
}

#[derive(Serialize)]
struct Left {
    id: Id<crate::model::tokens::Token>,
    name: String,
    project: Option<String>,
}

pub(super) fn run(desk: &Desk, command: &Command) -> Outcome {
    match command {
        Command::Add { which, role, tokens } => add(desk, which, parse_role(role)?, *tokens),
        Command::SetRole { which, role } => {
            let role = parse_role(role)?;
            change(desk, which, |ctx, organization, user| domain::members::set_role(ctx, organization, user, role))?;
            told(desk, which, Some(role), &format!("{} is {role} of {} now", visible(&which.user), visible(&which.organization)))
        }
        Command::Remove { which } => remove(desk, which),
        Command::List { organization } => list(desk, organization),
    }
}

fn parse_role(word: &str) -> Outcome<Role> {
    Role::from_word(word).ok_or_else(|| Failure::Usage(format!("--role {}: is not viewer, member, admin or owner", visible(word))))
}

fn change<T>(desk: &Desk, which: &Which, act: impl Fn(&mut Ctx<'_>, Id<Organization>, Id<User>) -> Result<T>) -> Outcome<T> {
    let email: Email = users::email(&which.user)?;
    let known = desk.run(|ctx| domain::organizations::by_slug(ctx, &which.organization));
    let organization = named(known, || no_organization(&which.organization))?;
    let user = named(desk.run(|ctx| domain::users::by_email(ctx, &email)), || users::no_user(&which.user))?;
    named(desk.run(|ctx| act(ctx, organization.id, user.id)), || {
        format!("{} is no member of {}", visible(&which.user), visible(&which.organization))
    })
}

fn told(desk: &Desk, which: &Which, role: Option<Role>, sentence: &str) -> Outcome {
    let changed = Changed { organization: &which.organization, user: &which.user, role, project_tokens: None };
    desk.output.one(&changed, sentence)
}

fn add(desk: &Desk, which: &Which, role: Role, tokens: Tokens) -> Outcome {
    let returned =
        change(desk, which, |ctx, organization, user| domain::members::add_with_tokens(ctx, organization, user, role, tokens.into()))?;
    let told = returns::said(&returned, "these tokens of theirs reach it too", "these tokens of theirs are shut out of it");
    let sentence = format!("{} is {role} of {} now{told}", visible(&which.user), visible(&which.organization));
    let changed = Changed { organization: &which.organization, user: &which.user, role: Some(role), project_tokens: None };
    desk.output.one(&Added { changed, tokens: returns::Shown::of(&returned, "shut_out") }, &sentence)
}

fn remove(desk: &Desk, which: &Which) -> Outcome {
    let left = change(desk, which, domain::members::remove)?;
    let mut sentence = format!("{} is no member of {} any more", visible(&which.user), visible(&which.organization));
    if !left.is_empty() {
        sentence.push_str("; project tokens that they made live on, `bugtome admin token revoke ID` ends one:");
    }
    for token in &left {
        let project = token.project_code.as_deref().unwrap_or_default();
        sentence.extend(["\n  ", &token.id.to_string(), "  ", project, "  ", &visible(&token.name)]);
    }
    let tokens = left.into_iter().map(|token| Left { id: token.id, name: token.name, project: token.project_code }).collect();
    let changed = Changed { organization: &which.organization, user: &which.user, role: None, project_tokens: Some(tokens) };
    desk.output.one(&changed, &sentence)
}

fn list(desk: &Desk, slug: &str) -> Outcome {
    let page = Page { number: 1, size: i64::MAX };
    let rows = desk.run(|ctx| {
        let organization = domain::organizations::by_slug(ctx, slug)?;
        domain::members::list(ctx, organization.id, page)
    });
    let (rows, _) = named(rows, || no_organization(slug))?;
    let all: Vec<Shown> = rows.into_iter().map(|row| Shown { id: row.id, email: row.email, name: row.name, role: row.role }).collect();
    desk.output.many(&all, ["EMAIL", "NAME", "ROLE"], |row| [row.email.clone(), row.name.clone(), row.role.to_string()])
}
