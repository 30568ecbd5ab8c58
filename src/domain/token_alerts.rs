//! What the owners of tokens have to look at: a rotation by the token itself, tries with a token that had stopped, a token found after it had
//! stopped. Each stays in settings until somebody dismisses it; what becomes of the tokens is in `token_settings`.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

use super::permissions::Capability;
use super::token_settings::{self, MOST_SHOWN, Place, State};
use super::{Ctx, Error, Result};
use crate::model::id::Id;
use crate::model::problems::Problem;
use crate::model::time::Time;
use crate::model::tokens::{AlertKind, Token};
use crate::store::database::Connection;
use crate::store::token_alerts::{self as store, AlertRow, Happened};
use crate::store::token_lists;
use crate::store::tokens::TokenRow;

/// So many alerts are shown at once, tokens that were found first; those behind them come up as these are dismissed.
pub const MOST_ALERTS: i64 = 50;

/// What somebody has to look at.
#[derive(Debug)]
pub struct Alert {
    /// The token that it is about.
    pub token: TokenRow,
    /// What happened to it.
    pub happened: Happened,
    /// Those of its chain that work, the newest first; the token itself among them, if it does.
    pub working: Vec<TokenRow>,
}

/// Raises an alert about what the calling request did.
pub(super) fn raise(ctx: &mut Ctx<'_>, token: Id<Token>, kind: AlertKind) -> Result<()> {
    let from = ctx.from.map(|from| from.to_string());
    let happened = Happened { kind, count: 1, first_at: ctx.now, last_at: ctx.now, last_from: from };
    Ok(store::raise(ctx.db, token, &happened)?)
}

/// Tries with a token that had stopped.
#[derive(Debug, Clone)]
pub struct Tried {
    /// Which.
    pub token: Id<Token>,
    /// How often.
    pub count: i64,
    /// When for the first time.
    pub first_at: Time,
    /// When for the last time.
    pub last_at: Time,
    /// From which address that came.
    pub from: Option<String>,
}

/// Writes down tries that were kept in memory.
pub fn record_tries(db: &mut Connection, tries: &[Tried]) -> Result<()> {
    for tried in tries {
        let Tried { token, count, first_at, last_at, ref from } = *tried;
        store::raise(db, token, &Happened { kind: AlertKind::Tried, count, first_at, last_at, last_from: from.clone() })?;
    }
    Ok(())
}

/// What there is to look at in a place.
#[derive(Debug)]
pub struct Alerts {
    /// At most [`MOST_ALERTS`], by kind, of each the latest first.
    pub shown: Vec<Alert>,
    /// All chains of which a token was found after it had stopped.
    pub found: HashSet<Id<Token>>,
}

/// The alerts of the place.
pub fn list(ctx: &mut Ctx<'_>, place: Place) -> Result<Alerts> {
    let (rows, found) = match place {
        Place::Account => {
            ctx.allow(Capability::ManageOwnTokens)?;
            let user = ctx.user().ok_or(Error::Forbidden)?;
            (store::of_user(ctx.db, user, MOST_ALERTS)?, store::found_of_user(ctx.db, user)?)
        }
        Place::Project(project) => {
            let reach = ctx.project(Capability::ManageProjectTokens, project)?;
            (store::of_project(ctx.db, reach.id, MOST_ALERTS)?, store::found_of_project(ctx.db, reach.id)?)
        }
    };
    let mut chains: HashMap<Id<Token>, Vec<TokenRow>> = HashMap::new();
    let mut alerts = Vec::with_capacity(rows.len());
    for AlertRow { token, happened } in rows {
        let working = match chains.entry(token.chain_id) {
            Entry::Occupied(known) => known.get().clone(),
            Entry::Vacant(unknown) => {
                let mut chain = token_lists::of_chain(ctx.db, token.chain_id, ctx.now, MOST_SHOWN)?;
                chain.retain(|row| State::of(row, ctx.now).works());
                unknown.insert(chain).clone()
            }
        };
        alerts.push(Alert { token, happened, working });
    }
    Ok(Alerts { shown: alerts, found: found.into_iter().collect() })
}

/// What somebody looked at: which alert, until when, and how often it had happened by then.
#[derive(Debug, Clone, Copy)]
pub struct Seen {
    /// Which.
    pub kind: AlertKind,
    /// When it had happened last.
    pub last: Time,
    /// How often.
    pub count: i64,
}

/// Dismisses an alert as it was when somebody looked at it; one to which something has been added since stays. `None` is what cannot be read:
/// whoever has no say here hears that first.
pub fn dismiss(ctx: &mut Ctx<'_>, place: Place, token: Id<Token>, seen: Option<Seen>) -> Result<()> {
    let token = token_settings::find(ctx, place, token)?;
    let Seen { kind, last, count } = seen.ok_or_else(|| Error::invalid("kind", Problem::NotIncluded))?;
    store::dismiss(ctx.db, token.id, kind, last, count)?;
    Ok(())
}
