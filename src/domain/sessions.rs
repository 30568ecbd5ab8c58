//! Sessions in browsers: how one begins and ends, how long it holds, and when the password has to be given again.
//! Passwords are compared in `app`, outside of any transaction; what an account is besides lies in `accounts`.

use super::audit::{Act, Noted};
use super::ctx::Ours;
use super::permissions::Capability;
use super::{Ctx, Error, Result};
use crate::model::id::Id;
use crate::model::secrets::{HashedSecret, Secret};
use crate::model::sessions::Session;
use crate::model::time::{Span, Time};
use crate::model::users::{Email, User};
use crate::store::database::Connection;
use crate::store::sessions::{self as store, NewSession, SeenSession, SessionRow};
use crate::store::users::{self, Credentials};

/// A session without a request for so long is over (ASVS v5.0.0-7.3.1).
pub const IDLE: Span = Span::days(14);

/// A session is over after so long in any case (ASVS v5.0.0-7.3.2).
pub const LONGEST: Span = Span::days(90);

/// For so long after the password was given it need not be given again.
pub const FRESH: Span = Span::seconds(30 * 60);

/// A browser from which somebody has signed in is known for so long after the last time.
pub const DEVICE: Span = Span::days(365);

/// The most characters of what a browser calls itself that are kept.
const DEVICE_NAME: usize = 300;

/// The session, if it holds.
pub(super) fn judge(db: &mut Connection, digest: &HashedSecret, ours: Ours) -> Result<(SessionRow, Time)> {
    let session = store::judged(db, digest)?.ok_or(Error::Unauthenticated)?;
    let now = ours.or(session.told_at);
    let over = now.since(session.last_seen_at) >= IDLE || now.since(session.created_at) >= LONGEST;
    if over || session.disabled_at.is_some() { Err(Error::Unauthenticated) } else { Ok((session, now)) }
}

/// What whoever signs in with this address has to match, and this browser where they have signed in from it before.
pub fn credentials(ctx: &mut Ctx<'_>, email: &Email, device: Option<HashedSecret>) -> Result<(Option<Credentials>, Option<HashedSecret>)> {
    ctx.allow(Capability::SignIn)?;
    let found = users::credentials(ctx.db, email)?;
    // Asked of nobody too, so that no clock tells whether there is such a user.
    let who = found.as_ref().map_or(Id::from_uuid(uuid::Uuid::nil()), |found| found.id);
    let known = match device {
        Some(device) => store::knows_device(ctx.db, &device, who, ctx.now.minus(DEVICE))?.then_some(device),
        None => None,
    };
    Ok((found.filter(|found| found.disabled_at.is_none()), known))
}

/// The browser in which a session begins.
#[derive(Debug, Clone, Default)]
pub struct Browser {
    /// By what it was known before.
    pub device: Option<Secret>,
    /// The session that it had until now, which ends.
    pub session: Option<HashedSecret>,
    /// What it calls itself.
    pub name: String,
    /// From which address it comes.
    pub from: String,
}

/// What a browser is given when its session begins.
#[derive(Debug)]
pub struct Opened {
    /// The session.
    pub session: Secret,
    /// By what the browser is known from now on.
    pub device: Secret,
}

/// Begins a session for the user, whose password has been found to fit `hash`. `Unauthenticated` when it has been changed meanwhile.
pub fn open(ctx: &mut Ctx<'_>, user: Id<User>, hash: &str, browser: &Browser) -> Result<Opened> {
    ctx.allow(Capability::SignIn)?;
    users::lock(ctx.db, user)?;
    let now = users::credentials_of(ctx.db, user)?.ok_or(Error::Unauthenticated)?;
    if now.disabled_at.is_some() || now.password_hash.as_deref() != Some(hash) {
        return Err(Error::Unauthenticated);
    }
    begin(ctx, user, browser)
}

/// Begins a session for a user who has been let in: by the password, or by having just set one.
pub(super) fn begin(ctx: &mut Ctx<'_>, user: Id<User>, browser: &Browser) -> Result<Opened> {
    if let Some(old) = &browser.session {
        store::delete_by_digest(ctx.db, old)?;
    }
    let session = new_secret(ctx);
    let device = browser.device.clone().unwrap_or_else(|| new_secret(ctx));
    let name: String = browser.name.chars().filter(|c| !c.is_control()).take(DEVICE_NAME).collect();
    let id = ctx.new_id();
    let new = NewSession { id, digest: session.hashed(), user, from: &browser.from, device: &name };
    store::insert(ctx.db, &new, ctx.now)?;
    store::note_device(ctx.db, &device.hashed(), user, ctx.now)?;
    ctx.note(Noted::user(Act::SignedIn, user));
    Ok(Opened { session, device })
}

/// A new secret from the operating system's generator.
pub(super) fn new_secret(ctx: &Ctx<'_>) -> Secret {
    Secret::from_random(&ctx.random())
}

/// Ends the session that calls; without one nothing happens.
pub fn end_current(ctx: &mut Ctx<'_>) -> Result<()> {
    ctx.allow(Capability::SignIn)?;
    if let Some(session) = ctx.session() {
        let (user, id) = (session.user_id, session.id);
        store::delete(ctx.db, user, id)?;
        ctx.note(Noted::user(Act::SignedOut, user));
    }
    Ok(())
}

/// The caller's sessions, the last one seen first.
pub fn own(ctx: &mut Ctx<'_>) -> Result<Vec<SeenSession>> {
    ctx.allow(Capability::ManageOwnAccount)?;
    let user = ctx.user().ok_or(Error::Unauthenticated)?;
    let now = ctx.now;
    let all = store::of_user(ctx.db, user)?;
    Ok(all.into_iter().filter(|session| now.since(session.last_seen_at) < IDLE && now.since(session.created_at) < LONGEST).collect())
}

/// Ends one of the caller's sessions; one that is over already is none.
pub fn end(ctx: &mut Ctx<'_>, id: Id<Session>) -> Result<()> {
    ctx.allow(Capability::ManageOwnAccount)?;
    let user = ctx.user().ok_or(Error::Unauthenticated)?;
    if store::delete(ctx.db, user, id)? == 0 {
        return Err(Error::NotFound);
    }
    ctx.note(Noted { count: Some(1), ..Noted::user(Act::SessionsEnded, user) });
    Ok(())
}

/// Ends all of the caller's sessions but the one that calls; the answer is how many.
pub fn end_others(ctx: &mut Ctx<'_>) -> Result<u64> {
    ctx.allow(Capability::ManageOwnAccount)?;
    let user = ctx.user().ok_or(Error::Unauthenticated)?;
    let own = ctx.session().map(|session| session.id);
    let ended = store::delete_others(ctx.db, user, own)?;
    if ended > 0 {
        ctx.note(Noted { count: Some(ended), ..Noted::user(Act::SessionsEnded, user) });
    }
    Ok(ended)
}

/// What the caller's password has to match.
pub fn own_credentials(ctx: &mut Ctx<'_>) -> Result<Credentials> {
    ctx.allow(Capability::ManageOwnAccount)?;
    let user = ctx.user().ok_or(Error::Unauthenticated)?;
    users::credentials_of(ctx.db, user)?.ok_or(Error::Unauthenticated)
}

/// The password has been given again and was found to fit `hash`: for [`FRESH`] it need not be given once more.
pub fn confirm(ctx: &mut Ctx<'_>, hash: &str) -> Result<()> {
    if own_credentials(ctx)?.password_hash.as_deref() != Some(hash) {
        return Err(Error::Unauthenticated);
    }
    if let Some(session) = ctx.session() {
        let id = session.id;
        let now = ctx.now;
        store::set_authenticated(ctx.db, id, now)?;
    }
    Ok(())
}

/// Whether the password was given so lately that it need not be given again. Commands have none to give.
pub fn is_fresh(ctx: &Ctx<'_>) -> bool {
    ctx.session().is_none_or(|session| ctx.now.is_within(FRESH, session.authenticated_at))
}

/// `PasswordNeeded` unless the password was given lately.
pub fn require_fresh(ctx: &Ctx<'_>) -> Result<()> {
    if is_fresh(ctx) { Ok(()) } else { Err(Error::PasswordNeeded) }
}

/// When and from where a request last came with a session.
#[derive(Debug, Clone)]
pub struct Seen {
    /// Which.
    pub session: Id<Session>,
    /// When.
    pub at: Time,
    /// From which address.
    pub from: String,
}

/// Writes down what was kept in memory.
pub fn record_seen(db: &mut Connection, seen: &[Seen]) -> Result<()> {
    for one in seen {
        store::set_seen(db, one.session, one.at, &one.from)?;
    }
    Ok(())
}
