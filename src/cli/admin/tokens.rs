//! `bugtome admin token`. A token is printed alone on standard output, once, so that scripts can take it.
//! Lists show no secrets.

use std::io::Read;

use clap::{ArgGroup, Subcommand, ValueEnum};
use serde::Serialize;

use super::projects::ProjectName;
use super::{Desk, named, text, users};
use crate::cli::{Failure, Outcome};
use crate::domain::token_settings::State;
use crate::domain::{self, tokens};
use crate::model::id::Id;
use crate::model::scopes::Scopes;
use crate::model::time::{Span, Time};
use crate::model::tokens::{HashedToken, PlainToken, Token};
use crate::model::visible::visible;
use crate::store::tokens::TokenRow;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Make a token and print it, once
    Create(Create),
    /// Revoke a token, and all that it was rotated into; they stop working at once
    Revoke {
        /// Its id, the token itself, or - to read the token from standard input
        token: String,
        /// That token alone: what it was rotated into lives on
        #[arg(long)]
        only: bool,
    },
    /// List all tokens, without secrets, those that work first
    List(Pages),
}

/// Which part of the list.
#[derive(Debug, clap::Args)]
pub(super) struct Pages {
    /// One page of the list, from 1; without it the whole list
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    page: Option<u32>,
    /// Tokens a page
    #[arg(long, default_value_t = 100, requires = "page", value_parser = clap::value_parser!(u32).range(1..))]
    per_page: u32,
}

impl Pages {
    fn of<T>(&self, all: Vec<T>) -> Vec<T> {
        let Some(page) = self.page else { return all };
        let size = usize::try_from(self.per_page).unwrap_or(usize::MAX);
        let before = usize::try_from(page - 1).unwrap_or(usize::MAX).saturating_mul(size);
        all.into_iter().skip(before).take(size).collect()
    }
}

#[derive(Debug, clap::Args)]
#[command(group(ArgGroup::new("whose").required(true).args(["user", "project"])))]
pub(super) struct Create {
    /// A personal token for the user with this e-mail address
    #[arg(long)]
    user: Option<String>,
    /// A project token for SLUG/CODE
    #[arg(long)]
    project: Option<ProjectName>,
    /// What it is called
    #[arg(long)]
    name: String,
    /// What it may be used for, separated by commas
    #[arg(long, conflicts_with = "preset")]
    scopes: Option<String>,
    /// What it may be used for, by name [default: full for a user, report for a project]
    #[arg(long)]
    preset: Option<Preset>,
    /// How long it lives: 90d, 12h, or never
    #[arg(long, default_value = "90d")]
    expires_in: String,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Preset {
    /// Everything that its user or project may
    Full,
    /// Reading only
    Read,
    /// Filing tickets only
    Report,
}

#[derive(Serialize)]
struct Made<'a> {
    id: Id<Token>,
    token: &'a str,
    name: &'a str,
    scopes: Scopes,
    expires_at: Option<Time>,
}

#[derive(Serialize)]
struct Shown {
    id: Id<Token>,
    kind: &'static str,
    name: String,
    last_four: String,
    scopes: Scopes,
    user: Option<String>,
    project: Option<String>,
    state: &'static str,
    created_at: Time,
    expires_at: Option<Time>,
    last_used_at: Option<Time>,
    revoked_at: Option<Time>,
    revoked_how: Option<&'static str>,
}

pub(super) fn run(desk: &Desk, command: &Command) -> Outcome {
    match command {
        Command::Create(args) => create(desk, args),
        Command::Revoke { token, only } => revoke(desk, token, *only),
        Command::List(pages) => {
            let now = desk.app.now();
            let all: Vec<Shown> = pages.of(desk.run(tokens::all)?).into_iter().map(|row| shown(row, now)).collect();
            desk.output.many(&all, ["ID", "TOKEN", "NAME", "OF", "SCOPES", "STATE", "EXPIRES"], |row| {
                let prefix = if row.project.is_some() { "proj_bt1" } else { "pk_bt1" };
                [
                    row.id.to_string(),
                    format!("{prefix}…{}", row.last_four),
                    row.name.clone(),
                    row.user.clone().or_else(|| row.project.clone()).unwrap_or_default(),
                    row.scopes.to_string(),
                    row.state.to_owned(),
                    row.expires_at.map_or_else(|| "never".to_owned(), |end| end.to_string()),
                ]
            })
        }
    }
}

/// Why the token works, or why not.
const fn state(state: State) -> &'static str {
    match state {
        State::Active => "active",
        State::Overlap => "rotated, in its overlap",
        State::Rotated => "rotated",
        State::Expired => "expired",
        State::Revoked => "revoked",
    }
}

fn shown(row: TokenRow, now: Time) -> Shown {
    Shown {
        id: row.id,
        kind: if row.project_id.is_some() { "project" } else { "personal" },
        state: state(State::of(&row, now)),
        name: row.name,
        last_four: row.last_four,
        scopes: row.scopes,
        user: row.user_email,
        project: row.project_code,
        created_at: row.created_at,
        expires_at: row.expires_at,
        last_used_at: row.last_used_at,
        revoked_at: row.revoked_at,
        revoked_how: row.revoked_how.map(crate::model::tokens::RevokedHow::word),
    }
}

fn create(desk: &Desk, args: &Create) -> Outcome {
    let usual = if args.project.is_some() { Scopes::REPORT_ONLY } else { Scopes::FULL };
    let scopes = match (&args.scopes, args.preset) {
        (Some(list), _) => Scopes::parse_list(list)
            .map_err(|word| Failure::Usage(format!("--scopes: {} is no scope; they are {}", visible(word), Scopes::FULL)))?,
        (None, Some(Preset::Full)) => Scopes::FULL,
        (None, Some(Preset::Read)) => Scopes::READ_ONLY,
        (None, Some(Preset::Report)) => Scopes::REPORT_ONLY,
        (None, None) => usual,
    };
    let life: Option<Span> = match args.expires_in.as_str() {
        "never" => None,
        life => Some(life.parse().map_err(|error| Failure::Usage(format!("--expires-in {}: {error}, or never", visible(life))))?),
    };
    let draft = tokens::Draft { name: text(&args.name), scopes, life };
    let made = match (&args.user, &args.project) {
        (Some(user), _) => {
            let email = users::email(user)?;
            let made = desk.run(|ctx| {
                let user = domain::users::by_email(ctx, &email)?;
                tokens::create_personal(ctx, user.id, &draft)
            });
            named(made, || users::no_user(user))?
        }
        (None, Some(project)) => {
            let made = desk.run(|ctx| {
                let row = project.find(ctx)?;
                tokens::create_project(ctx, row.id, &draft)
            });
            named(made, || project.missing())?
        }
        (None, None) => return Err(Failure::Usage("--user or --project says whose token it is".to_owned())),
    };
    let (row, plain) = (&made.token, made.plain.expose());
    desk.output.one(&Made { id: row.id, token: plain, name: &row.name, scopes: row.scopes, expires_at: row.expires_at }, plain)
}

#[derive(Serialize)]
struct Revoked {
    #[serde(flatten)]
    token: Shown,
    /// How many tokens that it was rotated into ended with it.
    successors_revoked: u64,
}

fn revoke(desk: &Desk, which: &str, only: bool) -> Outcome {
    let mut typed = String::new();
    if which == "-" {
        std::io::stdin().lock().read_to_string(&mut typed)?;
    } else {
        which.clone_into(&mut typed);
    }
    let typed = typed.trim();
    let id: Option<Id<Token>> = typed.parse().ok();
    let digest: Option<HashedToken> = PlainToken::parse(typed).map(|token| token.hashed());
    if id.is_none() && digest.is_none() {
        return Err(Failure::Failed("that is neither a token's id nor a token; `bugtome admin token list` shows ids".to_owned()));
    }
    let revoked = desk.run(|ctx| tokens::revoke_by_command(ctx, id, digest.as_ref(), only));
    let (row, successors_revoked) = named(revoked, || "there is no such token; `bugtome admin token list` shows all".to_owned())?;
    let along = match successors_revoked {
        0 => String::new(),
        1 => ", and one that it was rotated into".to_owned(),
        more => format!(", and {more} that it was rotated into"),
    };
    let sentence = format!("token {} ({}) is revoked{along}", row.id, visible(&row.name));
    desk.output.one(&Revoked { token: shown(row, desk.app.now()), successors_revoked }, &sentence)
}
