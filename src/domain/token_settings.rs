//! Tokens as settings show and manage them: one's own, a project's, each with what became of it.
//! What making, rotating and revoking do to a token is in `tokens`, how one is judged in `ctx`, what admins see of members' in `member_tokens`.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::collections::hash_map::Entry;

use super::ctx::is_within;
use super::error::refuse;
use super::permissions::Capability;
use super::tokens::{self, Draft, Extent, Made, ROTATED};
use super::{Ctx, Error, Result, idempotency, sessions};
use crate::model::draft::{Field, Text};
use crate::model::id::Id;
use crate::model::organizations::Organization;
use crate::model::pages::Page;
use crate::model::problems::Problems;
use crate::model::projects::Project;
use crate::model::text::Reason;
use crate::model::time::{Span, Time};
use crate::model::tokens::{RevokedHow, Token, TokenKind};
use crate::store::member_tokens::{self, ShutOutOfRow};
use crate::store::token_lists::{Part, Slice};
use crate::store::tokens::{self as store, TokenRow};
use crate::store::{organizations, token_lists};

/// How many tokens of a chain are looked at when one of them is to be revoked. Those that still work come first.
pub const MOST_SHOWN: i64 = 500;

/// So far the tokens of a place are counted.
pub const MOST_COUNTED: i64 = 10_000;

/// Within how much of its end a token is about to end.
pub const SOON: Span = Span::days(14);

const ONCE: &str =
    "This form has made its token already, and a token is shown only once. If you have not copied it, revoke it and make another";
const REVOKED: &str = "This token has been revoked, so nothing can replace it";
const EXPIRED: &str = "This token has expired, so nothing can replace it";

/// Whose tokens are managed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The caller's own.
    Account,
    /// A project's.
    Project(Id<Project>),
}

/// What became of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It works.
    Active,
    /// It has its successor and works until the overlap ends.
    Overlap,
    /// Its successor has taken its place.
    Rotated,
    /// Its time was up.
    Expired,
    /// Somebody revoked it.
    Revoked,
}

impl State {
    /// What has become of the token by now.
    pub fn of(token: &TokenRow, now: Time) -> Self {
        if token.revoked_at.is_some() {
            Self::Revoked
        } else if store::has_stopped(token.rotated_at, token.stops_at, now) {
            Self::Rotated
        } else if token.expires_at.is_some_and(|end| end <= now) {
            Self::Expired
        } else if token.rotated_at.is_some() {
            Self::Overlap
        } else {
            Self::Active
        }
    }

    /// Whether requests with it may pass.
    pub const fn works(self) -> bool {
        matches!(self, Self::Active | Self::Overlap)
    }
}

/// A token in a list.
#[derive(Debug)]
pub struct Listed {
    /// The token.
    pub token: TokenRow,
    /// What became of it.
    pub state: State,
    /// The token that replaced it, and its last four characters.
    pub successor: Option<(Id<Token>, String)>,
    /// How many tokens of its chain there are in the list, itself included.
    pub chain: usize,
    /// How many of those still work.
    pub chain_works: usize,
    /// The organizations whose policy keeps it out.
    pub kept_out: Vec<String>,
    /// The organizations of its user out of which it is shut.
    pub shut_out: Vec<ShutOutOfRow>,
}

impl Listed {
    /// Whether it works and ends within [`SOON`].
    pub fn ends_soon(&self, now: Time) -> bool {
        self.state.works() && self.token.expires_at.is_some_and(|end| end.since(now) < SOON)
    }
}

/// A policy that a token has to keep to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// The organization's name.
    pub organization: String,
    /// The longest life of a token that reaches it.
    pub longest: Span,
}

/// A page of a list of tokens: those that work before those that have ended, of both the newest first, chain by chain.
#[derive(Debug)]
pub struct Listing {
    /// The tokens.
    pub tokens: Vec<Listed>,
    /// How many there are in all, counted to [`MOST_COUNTED`] of those that work and of those that have ended.
    pub total: i64,
    /// The policies that tokens made here have to keep to.
    pub policies: Vec<Policy>,
}

/// A page of all tokens of the place: those that have ended come after those that work, so that they hide none.
pub fn list(ctx: &mut Ctx<'_>, place: Place, page: Page) -> Result<Listing> {
    let policies = policies(ctx, place)?;
    let living = count(ctx, place, Part::Living)?;
    let total = living + count(ctx, place, Part::Ended)?;
    let mut rows = slice(ctx, place, Part::Living, Slice { offset: page.offset(), limit: page.size })?;
    let limit = page.size - i64::try_from(rows.len()).unwrap_or(page.size);
    if limit > 0 {
        let offset = (page.offset() - living).max(0);
        rows.extend(slice(ctx, place, Part::Ended, Slice { offset, limit })?);
    }
    let mut listing = Listing { total, ..listing(rows, policies, ctx.now) };
    note_shut_out(ctx, place, &mut listing)?;
    note_chains(ctx, &mut listing)?;
    Ok(listing)
}

/// The caller's own tokens that work; none for a caller who is no user.
pub fn own_living(ctx: &mut Ctx<'_>) -> Result<Vec<Listed>> {
    let Some(user) = ctx.user() else { return Ok(Vec::new()) };
    ctx.allow(Capability::ManageOwnTokens)?;
    let rows = token_lists::living_of_user(ctx.db, user, ctx.now)?;
    Ok(listing(rows, Vec::new(), ctx.now).tokens)
}

fn count(ctx: &mut Ctx<'_>, place: Place, part: Part) -> Result<i64> {
    match place {
        Place::Account => {
            let user = ctx.user().ok_or(Error::Forbidden)?;
            Ok(token_lists::count_of_user(ctx.db, user, part, ctx.now, MOST_COUNTED)?)
        }
        Place::Project(project) => Ok(token_lists::count_of_project(ctx.db, project, part, ctx.now, MOST_COUNTED)?),
    }
}

fn slice(ctx: &mut Ctx<'_>, place: Place, part: Part, slice: Slice) -> Result<Vec<TokenRow>> {
    match place {
        Place::Account => {
            let user = ctx.user().ok_or(Error::Forbidden)?;
            Ok(token_lists::of_user(ctx.db, user, part, ctx.now, slice)?)
        }
        Place::Project(project) => Ok(token_lists::of_project(ctx.db, project, part, ctx.now, slice)?),
    }
}

/// What a page cannot know of the chains that it shows a part of: their successors, and whether others of them work.
fn note_chains(ctx: &mut Ctx<'_>, listing: &mut Listing) -> Result<()> {
    let mut work: HashMap<Id<Token>, usize> = HashMap::new();
    for listed in &mut listing.tokens {
        let (id, chain) = (listed.token.id, listed.token.chain_id);
        if listed.token.rotated_at.is_some() && listed.successor.is_none() {
            listed.successor = store::successor_of(ctx.db, chain, id)?.map(|next| (next.id, next.last_four));
        }
        // A token that is alone in its chain needs no asking.
        if listed.token.rotated_at.is_some() || listed.token.predecessor_id.is_some() {
            listed.chain_works = match work.entry(chain) {
                Entry::Occupied(known) => *known.get(),
                Entry::Vacant(unknown) => {
                    let rows = token_lists::of_chain(ctx.db, chain, ctx.now, MOST_SHOWN)?;
                    *unknown.insert(rows.iter().filter(|row| State::of(row, ctx.now).works()).count())
                }
            };
        }
    }
    Ok(())
}

/// Whoever has the tokens sees which of them are shut out, and of what.
fn note_shut_out(ctx: &mut Ctx<'_>, place: Place, listing: &mut Listing) -> Result<()> {
    let (Place::Account, Some(user)) = (place, ctx.user()) else { return Ok(()) };
    let all = member_tokens::shut_out_of(ctx.db, user)?;
    for listed in &mut listing.tokens {
        listed.shut_out = all.iter().filter(|row| row.chain_id == listed.token.chain_id).cloned().collect();
    }
    Ok(())
}

/// One token of the place, with the others of its chain. `NotFound` for any token that is elsewhere.
pub fn one(ctx: &mut Ctx<'_>, place: Place, id: Id<Token>) -> Result<(Listed, Listing)> {
    let policies = policies(ctx, place)?;
    let token = find(ctx, place, id)?;
    let mut rows = token_lists::of_chain(ctx.db, token.chain_id, ctx.now, MOST_SHOWN - 1)?;
    if rows.iter().all(|row| row.id != id) {
        rows.push(token);
    }
    let mut chain = listing(rows, policies, ctx.now);
    let at = chain.tokens.iter().position(|other| other.token.id == id);
    let listed = at.map(|at| chain.tokens.remove(at)).ok_or(Error::NotFound)?;
    Ok((listed, chain))
}

/// Makes a token. The same form sent twice, known by `once`, makes one token: the second gets a `Conflict`, since nobody can show it again.
pub fn make(ctx: &mut Ctx<'_>, place: Place, draft: &Draft, once: &str) -> Result<Made> {
    let made = match place {
        Place::Account => {
            let user = ctx.user().ok_or(Error::Forbidden)?;
            tokens::create_personal(ctx, user, draft)?
        }
        Place::Project(project) => tokens::create_project(ctx, project, draft)?,
    };
    // With the error all that was written is undone.
    if once.is_empty() || idempotency::first(ctx, "tokens", once)? { Ok(made) } else { Err(Error::Conflict(ONCE)) }
}

/// Revokes a token of the place, or its whole chain, for a reason that stays in the list.
pub fn revoke(ctx: &mut Ctx<'_>, place: Place, id: Id<Token>, extent: Extent, why: &Field<Text>) -> Result<TokenRow> {
    let token = find(ctx, place, id)?;
    let mut problems = Problems::new();
    let why = problems.take("reason", Reason::parse(why));
    refuse(problems)?;
    let how = if place == Place::Account { RevokedHow::Owner } else { RevokedHow::Admin };
    tokens::revoke_row(ctx, &token, extent, how, &why.unwrap_or_default())
}

/// Replaces a token of the place by a successor, as `tokens::rotate` does; but nobody here holds the old one, so the new one is random and
/// there is no second telling. `Conflict` when the token has a successor or has ended.
pub fn rotate(ctx: &mut Ctx<'_>, place: Place, id: Id<Token>, overlap: Span) -> Result<Made> {
    let old = find(ctx, place, id)?;
    tokens::check_overlap(overlap, "overlap")?;
    match State::of(&old, ctx.now) {
        State::Active => {}
        State::Revoked => return Err(Error::Conflict(REVOKED)),
        State::Expired => return Err(Error::Conflict(EXPIRED)),
        State::Overlap | State::Rotated => return Err(Error::Conflict(ROTATED)),
    }
    sessions::require_fresh(ctx)?;
    let stops_at = ctx.now.plus(overlap);
    if store::set_rotated(ctx.db, old.id, ctx.now, stops_at, None, None)? == 0 {
        return Err(Error::Conflict(ROTATED));
    }
    let kind = if old.project_id.is_some() { TokenKind::Project } else { TokenKind::Personal };
    let (successor, maker) = (tokens::random_token(ctx, kind), ctx.person());
    tokens::succeed(ctx, &old, successor, maker)
}

/// The token, if it belongs to the place and the caller manages that.
pub(super) fn find(ctx: &mut Ctx<'_>, place: Place, id: Id<Token>) -> Result<TokenRow> {
    let token = match place {
        Place::Account => {
            ctx.allow(Capability::ManageOwnTokens)?;
            let user = ctx.user().ok_or(Error::Forbidden)?;
            store::by_id(ctx.db, id)?.filter(|token| token.user_id == Some(user))
        }
        Place::Project(project) => {
            let reach = ctx.project(Capability::ManageProjectTokens, project)?;
            store::by_id(ctx.db, id)?.filter(|token| token.project_id == Some(reach.id))
        }
    };
    token.ok_or(Error::NotFound)
}

/// The policies that tokens of the place have to keep to, after the right to manage them has been judged.
pub fn policies(ctx: &mut Ctx<'_>, place: Place) -> Result<Vec<Policy>> {
    match place {
        Place::Account => {
            ctx.allow(Capability::ManageOwnTokens)?;
            let user = ctx.user().ok_or(Error::Forbidden)?;
            let all = organizations::of_user(ctx.db, user)?;
            Ok(all.into_iter().filter_map(|row| policy(row.name, row.max_token_life)).collect())
        }
        Place::Project(project) => {
            let reach = ctx.project(Capability::ManageProjectTokens, project)?;
            policy_of(ctx, reach.organization)
        }
    }
}

fn policy_of(ctx: &mut Ctx<'_>, organization: Id<Organization>) -> Result<Vec<Policy>> {
    let row = organizations::by_id(ctx.db, organization)?;
    Ok(row.and_then(|row| policy(row.name, row.max_token_life)).into_iter().collect())
}

fn policy(organization: String, longest: Option<Span>) -> Option<Policy> {
    longest.map(|longest| Policy { organization, longest })
}

/// What of `life` the policies keep out, by the organizations' names.
pub fn kept_out(life: Option<Span>, policies: &[Policy]) -> Vec<String> {
    policies.iter().filter(|policy| !is_within(life, Some(policy.longest))).map(|policy| policy.organization.clone()).collect()
}

fn listing(mut rows: Vec<TokenRow>, policies: Vec<Policy>, now: Time) -> Listing {
    let total = i64::try_from(rows.len()).unwrap_or(i64::MAX);
    let mut successors: HashMap<Id<Token>, (Id<Token>, String)> = HashMap::new();
    let mut chains: HashMap<Id<Token>, (Id<Token>, usize, usize)> = HashMap::new();
    for row in &rows {
        if let Some(predecessor) = row.predecessor_id {
            successors.insert(predecessor, (row.id, row.last_four.clone()));
        }
        let (newest, length, works) = chains.entry(row.chain_id).or_insert((row.id, 0, 0));
        *newest = (*newest).max(row.id);
        *length += 1;
        *works += usize::from(State::of(row, now).works());
    }
    // Ids are in the order in which they were made: chains by their newest token, within them the newest first.
    let newest = |row: &TokenRow| chains.get(&row.chain_id).map_or(row.id, |(newest, ..)| *newest);
    rows.sort_by_key(|row| Reverse((newest(row), row.id)));
    let tokens = rows
        .into_iter()
        .map(|token| {
            let (_, chain, chain_works) = chains.get(&token.chain_id).copied().unwrap_or((token.id, 1, 0));
            Listed {
                state: State::of(&token, now),
                successor: successors.remove(&token.id),
                chain,
                chain_works,
                kept_out: kept_out(token.life, &policies),
                shut_out: Vec::new(),
                token,
            }
        })
        .collect();
    Listing { tokens, total, policies }
}
