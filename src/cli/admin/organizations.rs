//! `bugtome admin organization`.
//! Who belongs to them is in `members`.

use clap::Subcommand;
use serde::Serialize;

use super::users::no_user;
use super::{Desk, named, text, users};
use crate::cli::{Failure, Outcome};
use crate::domain;
use crate::model::id::Id;
use crate::model::organizations::Organization;
use crate::model::time::Span;
use crate::model::visible::visible;
use crate::store::organizations::OrganizationRow;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Make an organization
    Create {
        /// The name that is shown
        #[arg(long)]
        name: String,
        /// The name in addresses: small letters, digits and hyphens
        #[arg(long)]
        slug: String,
        /// The e-mail address of its first owner
        #[arg(long)]
        owner: String,
    },
    /// Set the token policy; it holds at once, also for tokens made before
    SetPolicy {
        /// The organization's slug
        #[arg(long)]
        slug: String,
        /// The longest life of tokens that reach it, such as 90d, or none
        #[arg(long)]
        max_token_life: String,
    },
    /// List all organizations
    List,
}

#[derive(Serialize)]
struct Shown {
    id: Id<Organization>,
    name: String,
    slug: String,
    max_token_life: Option<String>,
}

impl From<OrganizationRow> for Shown {
    fn from(row: OrganizationRow) -> Self {
        Self { id: row.id, name: row.name, slug: row.slug, max_token_life: row.max_token_life.map(|life| life.to_string()) }
    }
}

pub(super) fn run(desk: &Desk, command: &Command) -> Outcome {
    match command {
        Command::Create { name, slug, owner } => {
            let email = users::email(owner)?;
            let made = desk.run(|ctx| {
                let owner = domain::users::by_email(ctx, &email)?;
                domain::organizations::create(ctx, &text(name), &text(slug), owner.id)
            });
            let made = named(made, || no_user(owner))?;
            let sentence = format!("organization {} has been made", visible(&made.slug));
            desk.output.one(&Shown::from(made), &sentence)
        }
        Command::SetPolicy { slug, max_token_life } => set_policy(desk, slug, max_token_life),
        Command::List => {
            let all: Vec<Shown> = desk.run(domain::organizations::all)?.into_iter().map(Shown::from).collect();
            desk.output.many(&all, ["SLUG", "NAME", "LONGEST TOKEN LIFE"], |row| {
                [row.slug.clone(), row.name.clone(), row.max_token_life.clone().unwrap_or_else(|| "any".to_owned())]
            })
        }
    }
}

fn set_policy(desk: &Desk, slug: &str, life: &str) -> Outcome {
    let longest: Option<Span> = match life {
        "none" => None,
        life => Some(life.parse().map_err(|error| Failure::Usage(format!("--max-token-life {}: {error}, or none", visible(life))))?),
    };
    let changed = desk.run(|ctx| {
        let organization = domain::organizations::by_slug(ctx, slug)?;
        domain::organizations::set_policy(ctx, organization.id, longest)?;
        domain::organizations::by_slug(ctx, slug)
    });
    let changed = named(changed, || no_organization(slug))?;
    let slug = visible(slug);
    let sentence = match longest {
        Some(life) => format!("tokens made for longer than {life} do not reach {slug} from now on"),
        None => format!("tokens of any life reach {slug} from now on"),
    };
    desk.output.one(&Shown::from(changed), &sentence)
}

/// What to say where the slug names none.
pub(super) fn no_organization(slug: &str) -> String {
    format!("there is no organization {}; `bugtome admin organization list` shows all", visible(slug))
}
