//! Tokens: the one query that judges a request, and what happens to a token in its life.
//! What the answers mean is `domain::tokens`' affair.

use super::database::{Connection, Result, row, sql};
use super::member_tokens::not_shut_out;
use crate::model::id::Id;
use crate::model::organizations::Organization;
use crate::model::persons::Person;
use crate::model::projects::Project;
use crate::model::roles::Role;
use crate::model::scopes::Scopes;
use crate::model::time::{Span, Time};
use crate::model::tokens::{HashedToken, RevokedHow, Token};
use crate::model::users::User;

row! {
    /// All that decides whether a request may pass: the token, its user, the project and organization it is about, the membership.
    ///
    /// The project is the token's own, or for a personal token the one that the request names; likewise the organization.
    #[derive(Debug, Clone)]
    pub struct JudgedRow {
        /// The token.
        pub id: Id<Token>,
        /// Its user, if it is a personal one.
        pub user_id: Option<Id<User>>,
        /// Its project, if it is a project's.
        pub own_project_id: Option<Id<Project>>,
        /// What it may be used for.
        pub scopes: Scopes,
        /// How long it was made for; `None` is without end.
        pub life: Option<Span>,
        /// When it ends by itself.
        pub expires_at: Option<Time>,
        /// The first token of its chain.
        pub chain_id: Id<Token>,
        /// The token that it replaced.
        pub predecessor_id: Option<Id<Token>>,
        /// When it was made.
        pub created_at: Time,
        /// Whether a request has ever come with it.
        pub used: bool,
        /// When it was replaced.
        pub rotated_at: Option<Time>,
        /// When, replaced, it stops.
        pub stops_at: Option<Time>,
        /// Digest of the key with which its replacement may be asked for again.
        pub retry_key_digest: Option<[u8; 32]>,
        /// When it was revoked.
        pub revoked_at: Option<Time>,
        /// When its user was shut out.
        pub user_disabled_at: Option<Time>,
        /// The project's id.
        pub project_id: Option<Id<Project>>,
        /// The upper half of the project's tickets' keys.
        pub project_serial: Option<i64>,
        /// The project's code.
        pub project_code: Option<String>,
        /// The project's name.
        pub project_name: Option<String>,
        /// When the project was archived.
        pub project_archived_at: Option<Time>,
        /// When the project was deleted.
        pub project_deleted_at: Option<Time>,
        /// The organization's id.
        pub organization_id: Option<Id<Organization>>,
        /// The longest life of tokens that reach the organization.
        pub max_token_life: Option<Span>,
        /// The user's role in the organization; none for a token that is shut out of it.
        pub role: Option<Role>,
        /// What time it is by the database's clock; on SQLite there is none but ours.
        pub told_at: Option<Time>,
    }
}

macro_rules! judged {
    ($clock:expr) => {
        concat!(
            "SELECT t.id, t.user_id, t.project_id, t.scopes, t.life, t.expires_at, t.chain_id, t.predecessor_id, t.created_at, t.used,
                    t.rotated_at, t.stops_at, t.retry_key_digest, t.revoked_at, u.disabled_at,
                    p.id, p.serial, p.code, p.name, p.archived_at, p.deleted_at, o.id, o.max_token_life, m.role, ",
            $clock,
            " FROM tokens t
             LEFT JOIN users u ON u.id = t.user_id
             LEFT JOIN projects p ON p.id = coalesce(t.project_id, ?2)
             LEFT JOIN organizations o ON o.id = coalesce(p.organization_id, ?3)
             LEFT JOIN members m ON m.organization_id = o.id AND m.user_id = t.user_id AND ",
            not_shut_out!("o.id", "t.chain_id"),
            " WHERE t.digest = ?1"
        )
    };
}

/// Judges a token about a project or an organization that the request names, in one read.
pub fn judged(
    db: &mut Connection,
    digest: &HashedToken,
    project: Option<Id<Project>>,
    organization: Option<Id<Organization>>,
) -> Result<Option<JudgedRow>> {
    db.query_opt(sql!(JudgedRow:
        judged!("CAST(NULL AS INTEGER)");
        pg judged!("CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT)"),
        HashedToken = digest, Option<Id<Project>> = project, Option<Id<Organization>> = organization
    ))
}

row! {
    /// A token as those see it who may: everything but its digest.
    #[derive(Debug, Clone)]
    pub struct TokenRow {
        /// Which.
        pub id: Id<Token>,
        /// Its user, if it is a personal one.
        pub user_id: Option<Id<User>>,
        /// The user's name.
        pub user_name: Option<String>,
        /// The user's address.
        pub user_email: Option<String>,
        /// Its project, if it is a project's.
        pub project_id: Option<Id<Project>>,
        /// The project's code.
        pub project_code: Option<String>,
        /// The project's name.
        pub project_name: Option<String>,
        /// The project's organization.
        pub organization_id: Option<Id<Organization>>,
        /// What it is called.
        pub name: String,
        /// Its last four characters.
        pub last_four: String,
        /// What it may be used for.
        pub scopes: Scopes,
        /// When it was made.
        pub created_at: Time,
        /// Who made it; `None` is a command.
        pub created_by: Option<Id<Person>>,
        /// That person's name.
        pub created_by_name: Option<String>,
        /// How long it was made for; `None` is without end.
        pub life: Option<Span>,
        /// When it ends by itself.
        pub expires_at: Option<Time>,
        /// When it was last used, up to a minute late.
        pub last_used_at: Option<Time>,
        /// From which address.
        pub last_used_from: Option<String>,
        /// The first token of its chain.
        pub chain_id: Id<Token>,
        /// When that one was made.
        pub chain_started_at: Time,
        /// The token that it replaced.
        pub predecessor_id: Option<Id<Token>>,
        /// Whether a request has ever come with it.
        pub used: bool,
        /// When it was replaced.
        pub rotated_at: Option<Time>,
        /// When, replaced, it stops.
        pub stops_at: Option<Time>,
        /// What its successor was derived with.
        pub retry_salt: Option<Vec<u8>>,
        /// Digest of the key with which its replacement may be asked for again.
        pub retry_key_digest: Option<[u8; 32]>,
        /// When it was revoked.
        pub revoked_at: Option<Time>,
        /// By whom.
        pub revoked_by: Option<Id<Person>>,
        /// That person's name.
        pub revoked_by_name: Option<String>,
        /// In which way.
        pub revoked_how: Option<RevokedHow>,
        /// Why, in that person's words.
        pub revoked_why: Option<String>,
    }
}

/// The columns of a [`TokenRow`], of `t` (tokens) and [`token_joins`]; `$used` is when and from where it was last used, by whoever asks.
macro_rules! token_columns {
    ($used:literal) => {
        concat!(
            "t.id, t.user_id, u.name, u.email, t.project_id, p.code, p.name, p.organization_id, t.name, t.last_four, t.scopes,
             t.created_at, t.created_by, c.name, t.life, t.expires_at, ",
            $used,
            ", t.chain_id, t.chain_started_at,
             t.predecessor_id, t.used, t.rotated_at, t.stops_at, t.retry_salt, t.retry_key_digest,
             t.revoked_at, t.revoked_by, r.name, t.revoked_how, t.revoked_why"
        )
    };
}
pub(super) use token_columns;

/// The tables of [`token_columns`] beside `t`, joined.
macro_rules! token_joins {
    () => {
        " LEFT JOIN persons u ON u.id = t.user_id LEFT JOIN projects p ON p.id = t.project_id
          LEFT JOIN persons c ON c.id = t.created_by LEFT JOIN persons r ON r.id = t.revoked_by "
    };
}
pub(super) use token_joins;

macro_rules! token {
    ($($rest:expr),+) => {
        concat!(
            "SELECT ", super::tokens::token_columns!("t.last_used_at, t.last_used_from"),
            " FROM tokens t ", super::tokens::token_joins!(), $($rest),+
        )
    };
}
pub(super) use token;

/// When a token that nobody revokes ends; the largest number is never. The indexes of living tokens hold this expression, word for word.
macro_rules! end {
    ($t:literal) => {
        concat!(
            "coalesce(CASE WHEN ",
            $t,
            ".stops_at < ",
            $t,
            ".expires_at THEN ",
            $t,
            ".stops_at ELSE coalesce(",
            $t,
            ".expires_at, ",
            $t,
            ".stops_at) END, 9223372036854775807)"
        )
    };
}
pub(super) use end;

/// That a token still works at `$now`. One whose overlap is 0 does not, whatever the clock says: see [`has_stopped`].
macro_rules! living {
    ($t:literal, $now:literal) => {
        concat!(
            $t,
            ".revoked_at IS NULL AND ",
            super::tokens::end!($t),
            " > ",
            $now,
            " AND (",
            $t,
            ".stops_at IS NULL OR ",
            $t,
            ".stops_at <> ",
            $t,
            ".rotated_at)"
        )
    };
}
pub(super) use living;

/// The token with this id.
pub fn by_id(db: &mut Connection, id: Id<Token>) -> Result<Option<TokenRow>> {
    db.query_opt(sql!(TokenRow: token!("WHERE t.id = ?1"), Id<Token> = id))
}

/// The token with this digest.
pub fn by_digest(db: &mut Connection, digest: &HashedToken) -> Result<Option<TokenRow>> {
    db.query_opt(sql!(TokenRow: token!("WHERE t.digest = ?1"), HashedToken = digest))
}

/// The token that replaced this one.
pub fn successor_of(db: &mut Connection, chain: Id<Token>, id: Id<Token>) -> Result<Option<TokenRow>> {
    db.query_opt(sql!(TokenRow:
        token!("WHERE t.chain_id = ?1 AND t.predecessor_id = ?2"),
        Id<Token> = chain, Id<Token> = id
    ))
}

/// All tokens, oldest first.
pub fn all(db: &mut Connection) -> Result<Vec<TokenRow>> {
    db.query(sql!(TokenRow: token!("ORDER BY t.id")))
}

/// Living project tokens of the organization that were made by the person, newest first.
pub fn living_made_by(db: &mut Connection, organization: Id<Organization>, maker: Id<Person>, now: Time) -> Result<Vec<TokenRow>> {
    db.query(sql!(TokenRow:
        token!("WHERE t.project_id IN (SELECT x.id FROM projects x WHERE x.organization_id = ?1 AND x.deleted_at IS NULL)
                  AND t.created_by = ?2 AND ", living!("t", "?3"), " ORDER BY t.created_at DESC, t.id DESC"),
        Id<Organization> = organization, Id<Person> = maker, Time = now
    ))
}

/// Living tokens of the organization's projects that were made for longer than this, by name.
pub fn longer_of_projects(db: &mut Connection, organization: Id<Organization>, life: Span, now: Time) -> Result<Vec<TokenRow>> {
    db.query(sql!(TokenRow:
        token!("WHERE t.project_id IN (SELECT x.id FROM projects x WHERE x.organization_id = ?1 AND x.deleted_at IS NULL)
                  AND (t.life IS NULL OR t.life > ?2) AND ", living!("t", "?3"), " ORDER BY t.name, t.id"),
        Id<Organization> = organization, Span = life, Time = now
    ))
}

/// How many living tokens the project has.
pub fn living_of_project(db: &mut Connection, project: Id<Project>, now: Time) -> Result<i64> {
    let (count,) = db.query_one(sql!((i64,):
        concat!("SELECT count(*) FROM tokens t WHERE t.project_id = ?1 AND ", living!("t", "?2")),
        Id<Project> = project, Time = now
    ))?;
    Ok(count)
}

/// A new token, as it is stored.
#[derive(Debug)]
pub struct NewToken<'a> {
    /// Which.
    pub id: Id<Token>,
    /// Its digest.
    pub digest: HashedToken,
    /// Its user, if it is a personal one.
    pub user: Option<Id<User>>,
    /// Its project, if it is a project's.
    pub project: Option<Id<Project>>,
    /// What it is called.
    pub name: &'a str,
    /// Its last four characters.
    pub last_four: &'a str,
    /// What it may be used for.
    pub scopes: Scopes,
    /// Who made it; `None` is a command.
    pub created_by: Option<Id<Person>>,
    /// How long it is made for; `None` is without end.
    pub life: Option<Span>,
    /// When it ends by itself.
    pub expires_at: Option<Time>,
    /// The chain and the token that it continues; `None` begins a chain.
    pub continues: Option<Continues>,
}

/// What a successor takes over from the token that it replaces.
#[derive(Debug, Clone, Copy)]
pub struct Continues {
    /// The first token of the chain.
    pub chain: Id<Token>,
    /// When that one was made.
    pub started_at: Time,
    /// The token that is replaced.
    pub predecessor: Id<Token>,
}

/// Keeps a new token.
pub fn insert(db: &mut Connection, new: &NewToken<'_>, now: Time) -> Result<()> {
    let chain = new.continues.map_or(new.id, |continues| continues.chain);
    let started = new.continues.map_or(now, |continues| continues.started_at);
    let predecessor = new.continues.map(|continues| continues.predecessor);
    db.execute(sql!(
        "INSERT INTO tokens (digest, id, user_id, project_id, name, last_four, scopes, created_at, created_by, life, expires_at, chain_id,
                             chain_started_at, predecessor_id, used)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
        HashedToken = new.digest, Id<Token> = new.id, Option<Id<User>> = new.user, Option<Id<Project>> = new.project, str = new.name,
        str = new.last_four, Scopes = new.scopes, Time = now, Option<Id<Person>> = new.created_by, Option<Span> = new.life,
        Option<Time> = new.expires_at, Id<Token> = chain, Time = started, Option<Id<Token>> = predecessor, bool = false
    ))?;
    Ok(())
}

/// Marks the token as replaced; 0 when it had been replaced or revoked before. One that stops at the moment of its replacement has stopped,
/// whatever a clock says: see [`has_stopped`].
pub fn set_rotated(
    db: &mut Connection,
    id: Id<Token>,
    now: Time,
    stops_at: Time,
    salt: Option<&[u8; 16]>,
    key_digest: Option<[u8; 32]>,
) -> Result<u64> {
    db.execute(sql!(
        "UPDATE tokens SET rotated_at = ?2, stops_at = ?3, retry_salt = ?4, retry_key_digest = ?5
         WHERE id = ?1 AND rotated_at IS NULL AND revoked_at IS NULL",
        Id<Token> = id, Time = now, Time = stops_at, Option<[u8; 16]> = salt.copied(), Option<[u8; 32]> = key_digest
    ))
}

/// Whether a replaced token has stopped. An overlap of 0 is a state and not a time: it is kept as an end that is the moment of the replacement
/// itself, and no clock is asked for it.
pub fn has_stopped(rotated_at: Option<Time>, stops_at: Option<Time>, now: Time) -> bool {
    stops_at.is_some_and(|end| rotated_at == Some(end) || end <= now)
}

/// A revocation, as it is stored.
#[derive(Debug, Clone, Copy)]
pub struct Revocation<'a> {
    /// When.
    pub at: Time,
    /// By whom, where that is a person who is known.
    pub by: Option<Id<Person>>,
    /// In which way.
    pub how: RevokedHow,
    /// Why, in that person's words.
    pub why: Option<&'a str>,
}

/// Revokes the token; 0 when it was revoked before.
pub fn set_revoked(db: &mut Connection, id: Id<Token>, new: &Revocation<'_>) -> Result<u64> {
    db.execute(sql!(
        "UPDATE tokens SET revoked_at = ?2, revoked_by = ?3, revoked_how = ?4, revoked_why = ?5 WHERE id = ?1 AND revoked_at IS NULL",
        Id<Token> = id, Time = new.at, Option<Id<Person>> = new.by, RevokedHow = new.how, Option<&str> = new.why
    ))
}

/// Revokes until nothing is left: a rotation that this waited for has made a successor that its own snapshot could not see (READ COMMITTED).
fn to_the_end(mut revoke: impl FnMut() -> Result<u64>) -> Result<u64> {
    let mut all = 0;
    loop {
        match revoke()? {
            0 => return Ok(all),
            some => all += some,
        }
    }
}

/// Revokes every token of the chain; the answer is how many were not revoked before.
pub fn set_chain_revoked(db: &mut Connection, chain: Id<Token>, new: &Revocation<'_>) -> Result<u64> {
    to_the_end(|| {
        db.execute(sql!(
            "UPDATE tokens SET revoked_at = ?2, revoked_by = ?3, revoked_how = ?4, revoked_why = ?5
             WHERE chain_id = ?1 AND revoked_at IS NULL",
            Id<Token> = chain, Time = new.at, Option<Id<Person>> = new.by, RevokedHow = new.how, Option<&str> = new.why
        ))
    })
}

/// Notes that a request has come with the token, which closes its predecessor's door for retries.
pub fn set_used(db: &mut Connection, id: Id<Token>) -> Result<()> {
    db.execute(sql!("UPDATE tokens SET used = ?2 WHERE id = ?1 AND used = ?3", Id<Token> = id, bool = true, bool = false))?;
    Ok(())
}

/// Notes when and from where the token was last used; never goes back in time.
pub fn set_last_used(db: &mut Connection, id: Id<Token>, at: Time, from: &str) -> Result<()> {
    db.execute(sql!(
        "UPDATE tokens SET last_used_at = ?2, last_used_from = ?3, used = ?4 WHERE id = ?1 AND (last_used_at IS NULL OR last_used_at < ?2)",
        Id<Token> = id, Time = at, str = from, bool = true
    ))?;
    Ok(())
}

/// The chain of the project token that is this person, if it is one.
pub fn chain_of_person(db: &mut Connection, person: Id<Person>) -> Result<Option<Id<Token>>> {
    let row = db.query_opt(sql!((Id<Token>,): "SELECT chain_id FROM tokens WHERE id = ?1", Id<Person> = person))?;
    Ok(row.map(|(chain,)| chain))
}

/// Revokes all tokens of the user; the answer is how many were not revoked before.
pub fn set_all_revoked(db: &mut Connection, user: Id<User>, now: Time, by: Option<Id<Person>>, how: RevokedHow) -> Result<u64> {
    to_the_end(|| {
        db.execute(sql!(
            "UPDATE tokens SET revoked_at = ?2, revoked_by = ?3, revoked_how = ?4 WHERE user_id = ?1 AND revoked_at IS NULL",
            Id<User> = user, Time = now, Option<Id<Person>> = by, RevokedHow = how
        ))
    })
}

/// Revokes the user's living tokens; the answer is how many.
pub fn set_living_of_user_revoked(db: &mut Connection, user: Id<User>, new: &Revocation<'_>) -> Result<u64> {
    to_the_end(|| {
        db.execute(sql!(
            concat!(
                "UPDATE tokens AS t SET revoked_at = ?2, revoked_by = ?3, revoked_how = ?4, revoked_why = ?5 WHERE t.user_id = ?1 AND ",
                living!("t", "?2")
            ),
            Id<User> = user, Time = new.at, Option<Id<Person>> = new.by, RevokedHow = new.how, Option<&str> = new.why
        ))
    })
}

/// Revokes the project's living tokens; the answer is how many.
pub fn set_living_of_project_revoked(db: &mut Connection, project: Id<Project>, new: &Revocation<'_>) -> Result<u64> {
    to_the_end(|| {
        db.execute(sql!(
            concat!(
                "UPDATE tokens AS t SET revoked_at = ?2, revoked_by = ?3, revoked_how = ?4, revoked_why = ?5 WHERE t.project_id = ?1 AND ",
                living!("t", "?2")
            ),
            Id<Project> = project, Time = new.at, Option<Id<Person>> = new.by, RevokedHow = new.how, Option<&str> = new.why
        ))
    })
}
