//! The life of a token: made, shown once, rotated with a safe retry, revoked in each of its ways, its last use.
//! How a token is judged on each request is in `ctx`, what settings show of tokens in `token_settings`.

use sha2::{Digest, Sha256};

use super::audit::{Act, Noted};
use super::ctx::RETRY_DOOR;
use super::permissions::Capability;
use super::token_settings::State;
use super::{Ctx, Error, Result, sessions, token_alerts};
use crate::model::draft::{Field, Text};
use crate::model::id::Id;
use crate::model::persons::Person;
use crate::model::problems::{Problem, Problems};
use crate::model::projects::Project;
use crate::model::scopes::Scopes;
use crate::model::text::{Name, Reason};
use crate::model::time::{Span, Time};
use crate::model::tokens::{AlertKind, HashedToken, PlainToken, RevokedHow, Token, TokenKind};
use crate::model::users::User;
use crate::store::database::Connection;
use crate::store::persons::{self, PersonRow};
use crate::store::tokens::{self as store, Continues, NewToken, Revocation, TokenRow};
use crate::store::{projects, token_lists, users};

/// How long a token lives unless somebody picks another length.
pub const USUAL_LIFE: Span = Span::days(90);

/// How long a chain of rotations lives at the most, where its tokens expire at all.
pub const LONGEST_CHAIN: Span = Span::days(365);

/// The longest overlap of a rotation.
pub const LONGEST_OVERLAP: Span = Span::days(1);

/// How many living tokens a user may have, and a project; a chain of rotations counts once. Who has more from before keeps them.
pub const MOST_LIVING: i64 = 50;

/// What somebody wants a token to be.
#[derive(Debug, Clone)]
pub struct Draft {
    /// What it is to be called.
    pub name: Field<Text>,
    /// What it may be used for.
    pub scopes: Scopes,
    /// How long it is to live; `None` is without end.
    pub life: Option<Span>,
}

impl Draft {
    /// The name, or all that is wrong with the draft.
    pub fn check(&self) -> std::result::Result<Name, Problems> {
        let mut problems = Problems::new();
        let name = problems.take("name", Name::parse(&self.name));
        if self.scopes.is_empty() {
            problems.add("scopes", Problem::Blank);
        }
        name.filter(|_| problems.is_empty()).ok_or(problems)
    }
}

/// A token that has just been made: shown now and never again.
#[derive(Debug)]
pub struct Made {
    /// All that can be seen of it later.
    pub token: TokenRow,
    /// The token itself.
    pub plain: PlainToken,
}

/// Makes a personal token for the user.
pub fn create_personal(ctx: &mut Ctx<'_>, user: Id<User>, draft: &Draft) -> Result<Made> {
    ctx.allow(Capability::ManageOwnTokens)?;
    // Whoever has signed in makes tokens for themselves; a command for anybody.
    if ctx.user().is_some_and(|own| own != user) {
        return Err(Error::Forbidden);
    }
    let plain = random_token(ctx, TokenKind::Personal);
    create(ctx, draft, plain, Some(user), None)
}

/// Makes a token for the project.
pub fn create_project(ctx: &mut Ctx<'_>, project: Id<Project>, draft: &Draft) -> Result<Made> {
    let reach = ctx.project(Capability::ManageProjectTokens, project)?;
    let plain = random_token(ctx, TokenKind::Project);
    create(ctx, draft, plain, None, Some(reach.id))
}

fn create(ctx: &mut Ctx<'_>, draft: &Draft, plain: PlainToken, user: Option<Id<User>>, project: Option<Id<Project>>) -> Result<Made> {
    let name = draft.check().map_err(Error::Invalid)?;
    sessions::require_fresh(ctx)?;
    room_for_one(ctx, user, project)?;
    let id = ctx.new_id();
    let new = NewToken {
        id,
        digest: plain.hashed(),
        user,
        project,
        name: name.as_str(),
        last_four: plain.last_four(),
        scopes: draft.scopes,
        created_by: ctx.person(),
        life: draft.life,
        expires_at: draft.life.map(|life| ctx.now.plus(life)),
        continues: None,
    };
    insert(ctx, &new)?;
    let made = made(ctx, id, plain)?;
    ctx.note(Noted::token(Act::TokenMade, &made.token));
    Ok(made)
}

/// Counted behind the lock of the user or project, so that two who make one at once do not both find room.
fn room_for_one(ctx: &mut Ctx<'_>, user: Option<Id<User>>, project: Option<Id<Project>>) -> Result<()> {
    let living = match (user, project) {
        (Some(user), _) => {
            users::lock(ctx.db, user)?;
            token_lists::living_chains_of_user(ctx.db, user, ctx.now)?
        }
        (None, Some(project)) => {
            projects::lock(ctx.db, project)?;
            token_lists::living_chains_of_project(ctx.db, project, ctx.now)?
        }
        (None, None) => 0,
    };
    if living >= MOST_LIVING { Err(Error::invalid("name", Problem::OneTooMany(living))) } else { Ok(()) }
}

/// A project token is a person too, who may have filed tickets.
fn insert(ctx: &mut Ctx<'_>, new: &NewToken<'_>) -> Result<()> {
    store::insert(ctx.db, new, ctx.now)?;
    if new.project.is_some() {
        let kind = crate::model::persons::PersonKind::ProjectToken;
        persons::insert(ctx.db, &PersonRow { id: new.id.cast(), kind, name: new.name.to_owned(), email: None })?;
    }
    Ok(())
}

fn made(ctx: &mut Ctx<'_>, id: Id<Token>, plain: PlainToken) -> Result<Made> {
    Ok(Made { token: by_id(ctx, id)?, plain })
}

fn by_id(ctx: &mut Ctx<'_>, id: Id<Token>) -> Result<TokenRow> {
    store::by_id(ctx.db, id)?.ok_or_else(|| Error::Internal(format!("token {id} is gone within its transaction")))
}

pub(super) fn random_token(ctx: &Ctx<'_>, kind: TokenKind) -> PlainToken {
    loop {
        if let Some(token) = PlainToken::from_random(kind, &ctx.random()) {
            return token;
        }
    }
}

fn calling(ctx: &Ctx<'_>) -> Result<Id<Token>> {
    ctx.token().map(|judged| judged.id).ok_or(Error::Unauthenticated)
}

/// The token that calls.
pub fn current(ctx: &mut Ctx<'_>) -> Result<TokenRow> {
    ctx.allow(Capability::ReadCurrentToken)?;
    let id = calling(ctx)?;
    by_id(ctx, id)
}

/// An overlap is at most a day.
pub(super) fn check_overlap(overlap: Span, field: &'static str) -> Result<()> {
    if overlap < Span::ZERO || overlap > LONGEST_OVERLAP { Err(Error::invalid(field, Problem::NotIncluded)) } else { Ok(()) }
}

/// Digest of the key under which a rotation may be asked for again.
pub fn rotation_key_digest(key: &str) -> [u8; 32] {
    Sha256::digest(key).into()
}

/// Replaces the token that calls, `plain`, by a successor; the old one stops when the overlap ends.
///
/// The same request with the same key gets the same successor again for [`RETRY_DOOR`], while that is unused and neither is revoked.
/// `Conflict` when the token has been rotated before.
pub fn rotate(ctx: &mut Ctx<'_>, plain: &PlainToken, key: Option<&str>, overlap: Span) -> Result<Made> {
    ctx.allow(Capability::RotateCurrentToken)?;
    let old = {
        let id = calling(ctx)?;
        by_id(ctx, id)?
    };
    check_overlap(overlap, "overlap_seconds")?;
    if old.rotated_at.is_some() {
        return rotate_again(ctx, &old, plain, key, overlap);
    }
    let salt = ctx.random::<16>();
    let successor = match key {
        Some(key) => plain.successor(&salt, key.as_bytes()),
        None => plain.successor(&salt, &ctx.random::<32>()),
    };
    let stops_at = ctx.now.plus(overlap);
    let key_digest = key.map(rotation_key_digest);
    if store::set_rotated(ctx.db, old.id, ctx.now, stops_at, Some(&salt), key_digest)? == 0 {
        // Another was faster; where it was this same request, sent twice at once, it gets the same answer.
        let old = by_id(ctx, old.id)?;
        return rotate_again(ctx, &old, plain, key, overlap);
    }
    // One for the whole chain: whoever rotates over and over hides nothing behind it.
    token_alerts::raise(ctx, old.chain_id, AlertKind::Rotated)?;
    let maker = old.created_by;
    succeed(ctx, &old, successor, maker)
}

/// Makes the successor of a token that has just been marked as rotated: of the same name, scopes and length of life.
pub(super) fn succeed(ctx: &mut Ctx<'_>, old: &TokenRow, successor: PlainToken, maker: Option<Id<Person>>) -> Result<Made> {
    let id = ctx.new_id();
    let new = NewToken {
        id,
        digest: successor.hashed(),
        user: old.user_id,
        project: old.project_id,
        name: &old.name,
        last_four: successor.last_four(),
        scopes: old.scopes,
        created_by: maker,
        life: old.life,
        expires_at: end_of_successor(old, ctx.now),
        continues: Some(Continues { chain: old.chain_id, started_at: old.chain_started_at, predecessor: old.id }),
    };
    insert(ctx, &new)?;
    ctx.note(Noted { successor: Some(id), ..Noted::token(Act::TokenRotated, old) });
    made(ctx, id, successor)
}

/// What is said of a token that has its successor.
pub(super) const ROTATED: &str = "This token has already been rotated";

/// The successor lives as long as the old one was made for, but not beyond a year of the chain or the old one's own end, whichever is later.
fn end_of_successor(old: &TokenRow, now: Time) -> Option<Time> {
    let (life, old_end) = (old.life?, old.expires_at?);
    Some(now.plus(life).min(old.chain_started_at.plus(LONGEST_CHAIN).max(old_end)))
}

/// The door for a retry. What made it the same request has been checked in part when the token was judged; here is all of it, since a token in
/// its overlap comes without having been asked.
fn rotate_again(ctx: &mut Ctx<'_>, old: &TokenRow, plain: &PlainToken, key: Option<&str>, overlap: Span) -> Result<Made> {
    let same_key = key.map(rotation_key_digest).is_some_and(|sent| Some(sent) == old.retry_key_digest);
    let same_overlap = old.rotated_at.zip(old.stops_at).is_some_and(|(at, end)| end.since(at) == overlap);
    let in_time = old.rotated_at.is_some_and(|at| ctx.now.is_within(RETRY_DOOR, at));
    // One without an end was revoked while this waited for it.
    let stopped = old.stops_at.is_none() || store::has_stopped(old.rotated_at, old.stops_at, ctx.now);
    // A stopped token has this one door. Where it is shut, the token is as unknown as any that stopped; in its overlap it is a conflict.
    let shut = if stopped { Error::StoppedToken(old.id) } else { Error::Conflict(ROTATED) };
    let salt: Option<[u8; 16]> = old.retry_salt.as_deref().and_then(|salt| salt.try_into().ok());
    let (true, true, Some(key), Some(salt)) = (same_key, in_time, key, salt) else { return Err(shut) };
    match store::successor_of(ctx.db, old.chain_id, old.id)? {
        Some(successor) if !successor.used && successor.revoked_at.is_none() && successor.rotated_at.is_none() => {
            if !same_overlap {
                return Err(Error::invalid("idempotency_key", Problem::Taken));
            }
            Ok(Made { token: successor, plain: plain.successor(&salt, key.as_bytes()) })
        }
        _ => Err(shut),
    }
}

/// Revokes the token that calls.
pub fn revoke_current(ctx: &mut Ctx<'_>) -> Result<()> {
    ctx.allow(Capability::RevokeCurrentToken)?;
    let id = calling(ctx)?;
    let revocation = Revocation { at: ctx.now, by: ctx.person(), how: RevokedHow::Itself, why: None };
    if store::set_revoked(ctx.db, id, &revocation)? > 0 {
        let token = by_id(ctx, id)?;
        ctx.note(revoked(&token, RevokedHow::Itself, 1));
    }
    Ok(())
}

fn revoked(token: &TokenRow, how: RevokedHow, count: u64) -> Noted {
    Noted { how: Some(how), count: Some(count), ..Noted::token(Act::TokenRevoked, token) }
}

/// Revokes tokens that somebody found. The answer does not say which of them exist.
pub fn revoke_found(ctx: &mut Ctx<'_>, found: &[HashedToken]) -> Result<()> {
    ctx.allow(Capability::RevokeFoundTokens)?;
    for digest in found {
        if let Some(token) = store::by_digest(ctx.db, digest)? {
            revoke_with_successors(ctx, token.id, RevokedHow::Finder)?;
        }
    }
    Ok(())
}

/// Revokes a token that is in wrong hands, and with it all that it was rotated into: whoever had it while it worked may have rotated it. The answer
/// is how many successors that ended. One that had stopped takes none along, since whoever finds it later could not rotate it any more; the door
/// through which its rotation could be asked for again is closed all the same.
fn revoke_with_successors(ctx: &mut Ctx<'_>, id: Id<Token>, how: RevokedHow) -> Result<u64> {
    let revocation = Revocation { at: ctx.now, by: ctx.person(), how, why: None };
    // Its own row before its successor is looked for: a rotation that this waits for has made one by then, and none is made after this.
    let now_revoked = store::set_revoked(ctx.db, id, &revocation)? > 0;
    let token = by_id(ctx, id)?;
    let before = if now_revoked { TokenRow { revoked_at: None, revoked_how: None, ..token.clone() } } else { token.clone() };
    if !State::of(&before, ctx.now).works() {
        if now_revoked {
            ctx.note(revoked(&token, how, 1));
        }
        return found_stopped(ctx, &before).map(|()| 0);
    }
    let (mut ended, mut last) = (0, id);
    while let Some(successor) = store::successor_of(ctx.db, token.chain_id, last)? {
        ended += store::set_revoked(ctx.db, successor.id, &revocation)?;
        last = successor.id;
    }
    ctx.note(revoked(&token, how, 1 + ended));
    Ok(ended)
}

/// Somebody had a token that had stopped before it was found: whoever had it while it worked may have rotated it, which is for its owner to judge.
/// One that a finder has ended while it worked took its successors along, and is nothing new.
fn found_stopped(ctx: &mut Ctx<'_>, token: &TokenRow) -> Result<()> {
    if token.revoked_how == Some(RevokedHow::Finder) {
        return Ok(());
    }
    ctx.note(Noted::token(Act::StoppedTokenFound, token));
    token_alerts::raise(ctx, token.id, AlertKind::Found)
}

/// How much is revoked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// That token.
    Token,
    /// Every token of its chain: those that it replaced, and its successors.
    Chain,
}

/// Revokes a token, or its chain, after the right to do so has been judged.
pub(super) fn revoke_row(ctx: &mut Ctx<'_>, token: &TokenRow, extent: Extent, how: RevokedHow, why: &Reason) -> Result<TokenRow> {
    let revocation = Revocation { at: ctx.now, by: ctx.person(), how, why: why.as_deref() };
    let count = match extent {
        Extent::Token => store::set_revoked(ctx.db, token.id, &revocation)?,
        Extent::Chain => store::set_chain_revoked(ctx.db, token.chain_id, &revocation)?,
    };
    if count > 0 {
        ctx.note(revoked(token, how, count));
    }
    by_id(ctx, token.id)
}

/// Revokes a token by its id or by itself, for commands, with all that it was rotated into or alone; `NotFound` when there is none. The answer
/// says how many successors ended with it.
pub fn revoke_by_command(ctx: &mut Ctx<'_>, id: Option<Id<Token>>, digest: Option<&HashedToken>, alone: bool) -> Result<(TokenRow, u64)> {
    ctx.allow(Capability::ManageProjectTokens)?;
    let token = match (id, digest) {
        (Some(id), _) => store::by_id(ctx.db, id)?,
        (None, Some(digest)) => store::by_digest(ctx.db, digest)?,
        (None, None) => None,
    };
    let token = token.ok_or(Error::NotFound)?;
    if alone {
        return Ok((revoke_row(ctx, &token, Extent::Token, RevokedHow::Command, &Reason::default())?, 0));
    }
    let ended = revoke_with_successors(ctx, token.id, RevokedHow::Command)?;
    Ok((by_id(ctx, token.id)?, ended))
}

/// All tokens, for commands: those that still work before those that have ended.
pub fn all(ctx: &mut Ctx<'_>) -> Result<Vec<TokenRow>> {
    ctx.allow(Capability::ManageProjectTokens)?;
    let mut all = store::all(ctx.db)?;
    all.sort_by_key(|row| !State::of(row, ctx.now).works());
    Ok(all)
}

/// Closes the door through which the predecessor could be told this token again. Due before the first request is answered.
pub fn note_first_use(db: &mut Connection, id: Id<Token>) -> Result<()> {
    Ok(store::set_used(db, id)?)
}

/// When and from where a token was last used.
#[derive(Debug, Clone)]
pub struct Use {
    /// Which.
    pub token: Id<Token>,
    /// When.
    pub at: Time,
    /// From which address.
    pub from: String,
}

/// Writes down uses that were kept in memory.
pub fn record_uses(db: &mut Connection, uses: &[Use]) -> Result<()> {
    for used in uses {
        store::set_last_used(db, used.token, used.at, &used.from)?;
    }
    Ok(())
}
