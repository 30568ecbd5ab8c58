//! `bugtome admin user`.
//! Passwords come from standard input, so that they stay out of the shell's history and the list of processes.

use std::io::Read;

use clap::Subcommand;
use serde::Serialize;

use super::returns::{self, Tokens};
use super::{Desk, named, text};
use crate::app::passwords;
use crate::cli::{Failure, Outcome};
use crate::domain::returns::{OnReturn, Returned};
use crate::domain::{resets, users};
use crate::model::id::Id;
use crate::model::time::Time;
use crate::model::users::{Email, Password, User};
use crate::model::visible::visible;
use crate::store::users::UserRow;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Make a user
    Create {
        /// The e-mail address
        #[arg(long)]
        email: String,
        /// The name that others see
        #[arg(long)]
        name: String,
        /// Read a password from standard input; without one the user cannot sign in yet
        #[arg(long)]
        password_stdin: bool,
    },
    /// Shut a user out: sessions and tokens stop working at once
    Disable(Which),
    /// Let a user in again; living tokens are revoked unless they are kept, and listed
    Enable(Back),
    /// Set a user's password, read from standard input; living tokens are revoked unless they are kept, and listed
    SetPassword(Back),
    /// Print a link by which a user sets a new password: it works once, for an hour
    ResetLink(Which),
    /// List all users
    List,
}

/// Which user.
#[derive(Debug, clap::Args)]
pub(super) struct Which {
    /// The e-mail address
    #[arg(long)]
    email: String,
}

/// Which user comes back.
#[derive(Debug, clap::Args)]
pub(super) struct Back {
    #[command(flatten)]
    which: Which,
    /// What becomes of the user's living tokens [default: revoke]
    #[arg(long, value_enum)]
    tokens: Option<Tokens>,
}

#[derive(Serialize)]
struct Brought {
    #[serde(flatten)]
    user: Shown,
    #[serde(flatten)]
    tokens: returns::Shown,
}

#[derive(Serialize)]
struct Shown {
    id: Id<User>,
    email: String,
    name: String,
    disabled_at: Option<Time>,
    created_at: Time,
}

impl From<UserRow> for Shown {
    fn from(row: UserRow) -> Self {
        Self { id: row.id, email: row.email, name: row.name, disabled_at: row.disabled_at, created_at: row.created_at }
    }
}

pub(super) fn run(desk: &Desk, command: &Command) -> Outcome {
    match command {
        Command::Create { email, name, password_stdin } => create(desk, email, name, *password_stdin),
        Command::Disable(which) => change(desk, which, "has been shut out", users::disable),
        Command::Enable(back) => bring_back(desk, back, "can come in again", |ctx, user, tokens| users::enable(ctx, user.id, tokens)),
        Command::SetPassword(back) => {
            let hash = password_hash(desk)?;
            bring_back(desk, back, "has a new password", |ctx, user, tokens| users::set_password(ctx, user.id, &hash, tokens))
        }
        Command::ResetLink(which) => reset_link(desk, which),
        Command::List => {
            let all: Vec<Shown> = desk.run(users::all)?.into_iter().map(Shown::from).collect();
            desk.output.many(&all, ["EMAIL", "NAME", "STATE"], |user| {
                [user.email.clone(), user.name.clone(), user.disabled_at.map_or_else(String::new, |at| format!("disabled {at}"))]
            })
        }
    }
}

fn create(desk: &Desk, email: &str, name: &str, with_password: bool) -> Outcome {
    let hash = if with_password { Some(password_hash(desk)?) } else { None };
    let user = desk.run(|ctx| users::create(ctx, &text(name), &text(email), hash.as_deref()))?;
    let sentence = format!("user {} has been made", visible(&user.email));
    desk.output.one(&Shown::from(user), &sentence)
}

#[derive(Serialize)]
struct Link {
    email: String,
    url: String,
}

/// Prints the link alone, so that a script can pass it on.
fn reset_link(desk: &Desk, which: &Which) -> Outcome {
    let email = email(&which.email)?;
    let made = desk.run(|ctx| {
        let user = users::by_email(ctx, &email)?;
        Ok((resets::make_by_command(ctx, user.id)?, user.email))
    });
    let (secret, email) = named(made, || no_user(&which.email))?;
    let url = format!("{}/reset/{}", desk.app.base_url(), secret.expose());
    let sentence = url.clone();
    desk.output.one(&Link { email, url }, &sentence)
}

fn change(
    desk: &Desk,
    which: &Which,
    what: &str,
    act: impl Fn(&mut crate::domain::Ctx<'_>, &UserRow) -> crate::domain::Result<()>,
) -> Outcome {
    let email = email(&which.email)?;
    let user = desk.run(|ctx| {
        let user = users::by_email(ctx, &email)?;
        act(ctx, &user)?;
        users::by_email(ctx, &email)
    });
    let user = named(user, || no_user(&which.email))?;
    let sentence = format!("{} {what}", visible(&user.email));
    desk.output.one(&Shown::from(user), &sentence)
}

fn bring_back(
    desk: &Desk,
    back: &Back,
    what: &str,
    act: impl Fn(&mut crate::domain::Ctx<'_>, &UserRow, Option<OnReturn>) -> crate::domain::Result<Returned>,
) -> Outcome {
    let email = email(&back.which.email)?;
    let done = desk.run(|ctx| {
        let user = users::by_email(ctx, &email)?;
        let returned = act(ctx, &user, back.tokens.map(OnReturn::from))?;
        Ok((users::by_email(ctx, &email)?, returned))
    });
    let (user, returned) = named(done, || no_user(&back.which.email))?;
    let tokens = returns::said(&returned, "these tokens work on, `--tokens revoke` ends them", "these tokens are revoked");
    let sentence = format!("{} {what}{tokens}", user.email);
    desk.output.one(&Brought { user: user.into(), tokens: returns::Shown::of(&returned, "revoked") }, &sentence)
}

/// What to say where the address is nobody's.
pub(super) fn no_user(email: &str) -> String {
    format!("there is no user {}", visible(email))
}

/// An address from the command line.
pub(super) fn email(typed: &str) -> Outcome<Email> {
    Email::typed(&text(typed)).map_err(|problem| Failure::Failed(format!("email {problem}")))
}

/// Hashed before any transaction is opened.
fn password_hash(desk: &Desk) -> Outcome<String> {
    let mut typed = String::new();
    std::io::stdin().lock().read_to_string(&mut typed)?;
    let line = typed.strip_suffix('\n').unwrap_or(&typed);
    let line = line.strip_suffix('\r').unwrap_or(line).to_owned();
    let password = Password::parse(line).map_err(|problem| Failure::Failed(format!("password {problem}")))?;
    passwords::hash(&password, desk.app.random()).map_err(Failure::because)
}
