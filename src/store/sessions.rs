//! Sessions in browsers, the browsers themselves, and links for a new password.
//! How long each of them holds is `domain::sessions`' affair.

use super::database::{Connection, Result, row, sql};
use crate::model::id::Id;
use crate::model::persons::Person;
use crate::model::secrets::HashedSecret;
use crate::model::sessions::{Session, Theme};
use crate::model::time::Time;
use crate::model::users::User;

row! {
    /// A session with its user: all that a page's request is judged by.
    #[derive(Debug, Clone)]
    pub struct SessionRow {
        /// Which.
        pub id: Id<Session>,
        /// Whose.
        pub user_id: Id<User>,
        /// The user's name.
        pub name: String,
        /// The user's address.
        pub email: String,
        /// How pages look to the user.
        pub theme: Theme,
        /// When the user was shut out.
        pub disabled_at: Option<Time>,
        /// When the session began.
        pub created_at: Time,
        /// When the password was last given in it.
        pub authenticated_at: Time,
        /// When a request last came with it, up to a minute late.
        pub last_seen_at: Time,
        /// What time it is by the database's clock; on SQLite there is none but ours.
        pub told_at: Option<Time>,
    }
}

macro_rules! judged {
    ($clock:expr) => {
        concat!(
            "SELECT s.id, s.user_id, p.name, coalesce(p.email, ''), u.theme, u.disabled_at, s.created_at, s.authenticated_at, s.last_seen_at, ",
            $clock,
            " FROM sessions s JOIN users u ON u.id = s.user_id JOIN persons p ON p.id = s.user_id WHERE s.digest = ?1"
        )
    };
}

row! {
    /// A session as its user sees it.
    #[derive(Debug, Clone)]
    pub struct SeenSession {
        /// Which.
        pub id: Id<Session>,
        /// When it began.
        pub created_at: Time,
        /// When a request last came with it, up to a minute late.
        pub last_seen_at: Time,
        /// From which address.
        pub last_seen_from: String,
        /// What the browser called itself.
        pub device: String,
    }
}

/// The session with this digest.
pub fn judged(db: &mut Connection, digest: &HashedSecret) -> Result<Option<SessionRow>> {
    db.query_opt(sql!(SessionRow:
        judged!("CAST(NULL AS INTEGER)");
        pg judged!("CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT)"),
        HashedSecret = digest
    ))
}

/// The user's sessions, the last one seen first.
pub fn of_user(db: &mut Connection, user: Id<User>) -> Result<Vec<SeenSession>> {
    db.query(sql!(SeenSession:
        "SELECT id, created_at, last_seen_at, last_seen_from, device FROM sessions WHERE user_id = ?1 ORDER BY last_seen_at DESC, id DESC",
        Id<User> = user
    ))
}

/// A session that begins.
#[derive(Debug)]
pub struct NewSession<'a> {
    /// Which.
    pub id: Id<Session>,
    /// Its digest.
    pub digest: HashedSecret,
    /// Whose.
    pub user: Id<User>,
    /// From which address.
    pub from: &'a str,
    /// What the browser calls itself.
    pub device: &'a str,
}

/// Begins a session.
pub fn insert(db: &mut Connection, new: &NewSession<'_>, now: Time) -> Result<()> {
    db.execute(sql!(
        "INSERT INTO sessions (digest, id, user_id, created_at, authenticated_at, last_seen_at, last_seen_from, device)
         VALUES (?1, ?2, ?3, ?4, ?4, ?4, ?5, ?6)",
        HashedSecret = new.digest, Id<Session> = new.id, Id<User> = new.user, Time = now, str = new.from, str = new.device
    ))?;
    Ok(())
}

/// Notes that the password has been given again.
pub fn set_authenticated(db: &mut Connection, id: Id<Session>, now: Time) -> Result<()> {
    db.execute(sql!("UPDATE sessions SET authenticated_at = ?2 WHERE id = ?1", Id<Session> = id, Time = now))?;
    Ok(())
}

/// Notes when and from where a request last came with the session; never goes back in time.
pub fn set_seen(db: &mut Connection, id: Id<Session>, at: Time, from: &str) -> Result<()> {
    db.execute(sql!(
        "UPDATE sessions SET last_seen_at = ?2, last_seen_from = ?3 WHERE id = ?1 AND last_seen_at < ?2",
        Id<Session> = id,
        Time = at,
        str = from
    ))?;
    Ok(())
}

/// Ends one session of the user; 0 when there is no such session.
pub fn delete(db: &mut Connection, user: Id<User>, id: Id<Session>) -> Result<u64> {
    db.execute(sql!("DELETE FROM sessions WHERE id = ?1 AND user_id = ?2", Id<Session> = id, Id<User> = user))
}

/// Ends the session with this digest, if there is one.
pub fn delete_by_digest(db: &mut Connection, digest: &HashedSecret) -> Result<()> {
    db.execute(sql!("DELETE FROM sessions WHERE digest = ?1", HashedSecret = digest))?;
    Ok(())
}

/// Ends the user's sessions but this one; the answer is how many.
pub fn delete_others(db: &mut Connection, user: Id<User>, kept: Option<Id<Session>>) -> Result<u64> {
    db.execute(sql!(
        "DELETE FROM sessions WHERE user_id = ?1 AND (?2 IS NULL OR id <> ?2)";
        pg "DELETE FROM sessions WHERE user_id = ?1 AND (?2::uuid IS NULL OR id <> ?2)",
        Id<User> = user, Option<Id<Session>> = kept
    ))
}

/// Forgets the browsers from which the user has signed in.
pub fn forget_devices(db: &mut Connection, user: Id<User>) -> Result<()> {
    db.execute(sql!("DELETE FROM devices WHERE user_id = ?1", Id<User> = user))?;
    Ok(())
}

/// Ends everything that a browser or a link could come in by: all sessions, browsers and links.
pub fn delete_all(db: &mut Connection) -> Result<u64> {
    db.execute(sql!("DELETE FROM devices"))?;
    db.execute(sql!("DELETE FROM reset_links"))?;
    db.execute(sql!("DELETE FROM invitations"))?;
    db.execute(sql!("DELETE FROM setup"))?;
    db.execute(sql!("DELETE FROM sessions"))
}

/// Removes at most `limit` sessions that were last seen at `idle` or before, or began at `begun` or before; the answer is how many.
pub fn delete_over(db: &mut Connection, idle: Time, begun: Time, limit: i64) -> Result<u64> {
    let idle = db.execute(sql!(
        "DELETE FROM sessions WHERE digest IN (SELECT digest FROM sessions WHERE last_seen_at <= ?1 ORDER BY last_seen_at LIMIT ?2)",
        Time = idle,
        i64 = limit
    ))?;
    let old = db.execute(sql!(
        "DELETE FROM sessions WHERE digest IN (SELECT digest FROM sessions WHERE created_at <= ?1 ORDER BY created_at LIMIT ?2)",
        Time = begun,
        i64 = limit
    ))?;
    Ok(idle + old)
}

/// Notes that the user has signed in from this browser.
pub fn note_device(db: &mut Connection, digest: &HashedSecret, user: Id<User>, now: Time) -> Result<()> {
    db.execute(sql!(
        "INSERT INTO devices (digest, user_id, last_used_at) VALUES (?1, ?2, ?3)
         ON CONFLICT (digest, user_id) DO UPDATE SET last_used_at = excluded.last_used_at",
        HashedSecret = digest, Id<User> = user, Time = now
    ))?;
    Ok(())
}

/// Whether the user has signed in from this browser since `since`.
pub fn knows_device(db: &mut Connection, digest: &HashedSecret, user: Id<User>, since: Time) -> Result<bool> {
    let row = db.query_opt(sql!((Id<User>,):
        "SELECT user_id FROM devices WHERE digest = ?1 AND user_id = ?2 AND last_used_at >= ?3",
        HashedSecret = digest, Id<User> = user, Time = since
    ))?;
    Ok(row.is_some())
}

/// Forgets at most `limit` browsers that were last used before `before`; the answer is how many.
pub fn delete_old_devices(db: &mut Connection, before: Time, limit: i64) -> Result<u64> {
    db.execute(sql!(
        "DELETE FROM devices WHERE (digest, user_id) IN (SELECT digest, user_id FROM devices WHERE last_used_at < ?1 ORDER BY last_used_at LIMIT ?2)",
        Time = before,
        i64 = limit
    ))
}

/// Keeps the link by which the user may set a new password, in the place of an earlier one.
pub fn set_reset_link(db: &mut Connection, user: Id<User>, digest: &HashedSecret, by: Option<Id<Person>>, now: Time) -> Result<()> {
    db.execute(sql!(
        "INSERT INTO reset_links (user_id, digest, created_at, created_by) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (user_id) DO UPDATE SET digest = excluded.digest, created_at = excluded.created_at, created_by = excluded.created_by",
        Id<User> = user, HashedSecret = digest, Time = now, Option<Id<Person>> = by
    ))?;
    Ok(())
}

row! {
    /// A link for a new password.
    #[derive(Debug, Clone)]
    pub struct ResetLink {
        /// Whose password.
        pub user_id: Id<User>,
        /// The user's address.
        pub email: String,
        /// When the user was shut out.
        pub disabled_at: Option<Time>,
        /// When it was made.
        pub created_at: Time,
        /// By whom; `None` is a command.
        pub created_by: Option<Id<Person>>,
    }
}

/// The link with this digest.
pub fn reset_link(db: &mut Connection, digest: &HashedSecret) -> Result<Option<ResetLink>> {
    db.query_opt(sql!(ResetLink:
        "SELECT l.user_id, coalesce(p.email, ''), u.disabled_at, l.created_at, l.created_by
         FROM reset_links l JOIN users u ON u.id = l.user_id JOIN persons p ON p.id = l.user_id WHERE l.digest = ?1",
        HashedSecret = digest
    ))
}

/// Takes the user's link away; 0 when there is none with this digest, so that of two who use one only the first does.
pub fn take_reset_link(db: &mut Connection, digest: &HashedSecret) -> Result<u64> {
    db.execute(sql!("DELETE FROM reset_links WHERE digest = ?1", HashedSecret = digest))
}

/// Takes the user's link away, whichever it is.
pub fn delete_reset_link(db: &mut Connection, user: Id<User>) -> Result<()> {
    db.execute(sql!("DELETE FROM reset_links WHERE user_id = ?1", Id<User> = user))?;
    Ok(())
}
