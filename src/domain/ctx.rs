//! Who is calling, and the one context that every operation gets: transaction, caller, time, randomness.
//! How a token is judged is here too; what a caller reaches is in `reach`.

use super::audit::Noted;
use super::idempotency::Repeat;
use super::{Error, Result, sessions};
use crate::model::events::Via;
use crate::model::id::Id;
use crate::model::organizations::Organization;
use crate::model::persons::Person;
use crate::model::projects::Project;
use crate::model::scopes::Scopes;
use crate::model::secrets::HashedSecret;
use crate::model::time::{Span, Time};
use crate::model::tokens::{HashedToken, Token};
use crate::model::users::User;
use crate::store::database::Connection;
use crate::store::sessions::SessionRow;
use crate::store::tokens::{self, JudgedRow};
use crate::store::{condition, users};

/// How long the door stays open through which a rotation may be asked for again.
pub const RETRY_DOOR: Span = Span::seconds(600);

/// A source of random bytes from the operating system's generator.
pub type Random<'a> = &'a (dyn Fn(&mut [u8]) + Sync);

/// What time it is by our own clock, and whether the database's own counts instead, where it has one: all nodes go by that.
#[derive(Debug, Clone, Copy)]
pub struct Ours {
    /// The time.
    pub now: Time,
    /// Whether it counts even so: a test has set it by hand.
    pub counts: bool,
}

impl Ours {
    /// The time that counts, where the database tells this one.
    pub(super) fn or(self, told: Option<Time>) -> Time {
        told.filter(|_| !self.counts).unwrap_or(self.now)
    }

    /// As [`Ours::or`] where no query has judged anybody, so that the database has to be asked.
    fn or_ask(self, db: &mut Connection) -> Result<Time> {
        if self.counts || !db.is_postgres() { Ok(self.now) } else { Ok(self.or(condition::told(db)?)) }
    }
}

/// Who says to be calling, before it has been judged.
#[derive(Debug, Clone)]
pub enum Who {
    /// Nobody who could be named.
    Anonymous,
    /// A command on the machine itself, which may do everything.
    Command,
    /// Somebody who has signed in; whether the user still may come in is judged here as for a token.
    User(Id<User>),
    /// A browser's session; whether it holds is judged here.
    Session(HashedSecret),
    /// As [`Who::Session`], where anybody may come: one that does not hold is nobody's.
    Visitor(HashedSecret),
    /// A token, about the project or the organization that the request names.
    Token {
        /// Its digest.
        token: HashedToken,
        /// What the request is about.
        about: About,
        /// Whether the request asks for a rotation that it may have asked for before.
        rotation: Rotation,
    },
}

/// What a request names, so that the one query can judge it all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum About {
    /// Neither.
    #[default]
    Nothing,
    /// A project.
    Project(Id<Project>),
    /// An organization.
    Organization(Id<Organization>),
}

/// Whether a request asks for a rotation.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Rotation {
    /// It does not, or gives no key by which it could be known again.
    #[default]
    None,
    /// It does; the digest of its key.
    WithKey([u8; 32]),
}

/// Who is calling, judged.
#[derive(Debug)]
pub enum Caller {
    /// Nobody who could be named.
    Anonymous,
    /// A command.
    Command,
    /// A signed-in person.
    User(Id<User>),
    /// A token, with all that the one query said.
    Token(Box<JudgedRow>),
}

/// What every operation gets.
pub struct Ctx<'a> {
    /// The transaction.
    pub db: &'a mut Connection,
    /// Who is calling.
    pub caller: Caller,
    /// Through which door.
    pub via: Via,
    /// When the operation began: by the database's clock on PostgreSQL, so that all nodes agree.
    pub now: Time,
    /// From which address the request comes.
    pub from: Option<std::net::IpAddr>,
    /// What the audit log is to say.
    pub(super) noted: Vec<Noted>,
    /// The `Idempotency-Key` of the request, until the rights have been judged.
    pub(super) repeat: Option<Repeat>,
    /// The organizations as far as which a personal token has come.
    reached: Vec<Id<Organization>>,
    session: Option<Box<SessionRow>>,
    random: Random<'a>,
    pool: [u8; 64],
    left: usize,
    sequence: u16,
}

impl<'a> Ctx<'a> {
    /// Judges who is calling and opens the context. `Unauthenticated` for a token that is unknown, `StoppedToken` for one that is worth nothing any more.
    pub fn open(db: &'a mut Connection, who: &Who, via: Via, ours: Ours, random: Random<'a>) -> Result<Self> {
        let mut session = None;
        let (caller, now) = match who {
            Who::Session(digest) => {
                let (row, now) = sessions::judge(db, digest, ours)?;
                (Caller::User(session.insert(Box::new(row)).user_id), now)
            }
            Who::Anonymous => (Caller::Anonymous, ours.or_ask(db)?),
            Who::Command => (Caller::Command, ours.or_ask(db)?),
            Who::User(user) if users::is_enabled(db, *user)? => (Caller::User(*user), ours.or_ask(db)?),
            Who::User(_) => return Err(Error::Unauthenticated),
            Who::Visitor(digest) => match sessions::judge(db, digest, ours) {
                Ok((row, now)) => (Caller::User(session.insert(Box::new(row)).user_id), now),
                Err(Error::Unauthenticated) => (Caller::Anonymous, ours.or_ask(db)?),
                Err(error) => return Err(error),
            },
            Who::Token { token, about, rotation } => judge(db, token, *about, *rotation, ours)?,
        };
        Ok(Self {
            db,
            caller,
            via,
            now,
            from: None,
            noted: Vec::new(),
            repeat: None,
            reached: Vec::new(),
            session,
            random,
            pool: [0; 64],
            left: 0,
            sequence: 0,
        })
    }

    /// A new id; ids of one context are in the order in which they were made.
    pub fn new_id<T>(&mut self) -> Id<T> {
        if self.left == 0 {
            (self.random)(&mut self.pool);
            self.left = 8;
        }
        self.left -= 1;
        self.sequence = self.sequence.wrapping_add(1);
        let mut random = [0; 8];
        random.copy_from_slice(&self.pool[self.left * 8..self.left * 8 + 8]);
        Id::new(self.now, self.sequence, random)
    }

    /// Random bytes for secrets.
    pub fn random<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        (self.random)(&mut bytes);
        bytes
    }

    /// Runs part of an operation so that its failure leaves the rest of the transaction standing.
    pub(super) fn savepoint<T>(&mut self, work: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        self.db.open_savepoint()?;
        let said = self.noted.len();
        let outcome = work(self);
        if outcome.is_err() {
            self.noted.truncate(said);
        }
        let ended = self.db.close_savepoint(outcome.is_ok());
        outcome.and_then(|answer| ended.map(|()| answer).map_err(Error::from))
    }

    /// The person who acts; a command is nobody.
    pub fn person(&self) -> Option<Id<Person>> {
        match &self.caller {
            Caller::User(user) => Some(user.cast()),
            Caller::Token(judged) => Some(judged.user_id.map_or_else(|| judged.id.cast(), Id::cast)),
            Caller::Anonymous | Caller::Command => None,
        }
    }

    /// The user who acts, or for whom a personal token does.
    pub fn user(&self) -> Option<Id<User>> {
        match &self.caller {
            Caller::User(user) => Some(*user),
            Caller::Token(judged) => judged.user_id,
            Caller::Anonymous | Caller::Command => None,
        }
    }

    /// Whether the policy of an organization lets the caller in; it is about tokens alone.
    pub(super) fn is_within(&self, policy: Option<Span>) -> bool {
        self.token().is_none_or(|judged| judged.is_within(policy))
    }

    /// The session that calls.
    pub fn session(&self) -> Option<&SessionRow> {
        self.session.as_deref()
    }

    /// The token that calls.
    pub fn token(&self) -> Option<&JudgedRow> {
        match &self.caller {
            Caller::Token(judged) => Some(judged),
            Caller::Anonymous | Caller::Command | Caller::User(_) => None,
        }
    }

    /// The chain of the token that calls.
    pub(super) fn chain(&self) -> Option<Id<Token>> {
        self.token().map(JudgedRow::chain)
    }

    /// Notes that a personal token has come as far as this organization: its admins see that of it, and no other use.
    pub(super) fn note_reach(&mut self, organization: Id<Organization>) {
        if self.token().is_some_and(JudgedRow::is_personal) && !self.reached.contains(&organization) {
            self.reached.push(organization);
        }
    }

    /// The organizations as far as which the calling personal token has come.
    pub fn reached(&self) -> &[Id<Organization>] {
        &self.reached
    }

    /// Whether e-mail addresses are hidden from the caller: a project token goes to external services.
    pub fn hides_emails(&self) -> bool {
        self.token().is_some_and(|judged| judged.own_project_id.is_some())
    }

    /// Whether this request is the first of a successor whose predecessor could still be told it again: then `tokens::note_first_use` is due.
    pub fn is_first_use(&self) -> bool {
        self.token().is_some_and(|judged| !judged.used && judged.predecessor_id.is_some() && self.now.since(judged.created_at) < RETRY_DOOR)
    }
}

/// Whether the policy of an organization lets in a token that was made for this length of life.
pub(super) fn is_within(life: Option<Span>, policy: Option<Span>) -> bool {
    policy.is_none_or(|longest| life.is_some_and(|life| life <= longest))
}

impl JudgedRow {
    /// Whether it belongs to a user.
    pub const fn is_personal(&self) -> bool {
        self.user_id.is_some()
    }

    /// Whether the policy of an organization lets a token of this length of life in.
    pub fn is_within(&self, policy: Option<Span>) -> bool {
        is_within(self.life, policy)
    }

    /// Whether it can do nothing but file tickets.
    pub fn is_report_only(&self) -> bool {
        self.scopes == Scopes::REPORT_ONLY
    }

    /// What limits and kept answers are counted for: a project token with its successors.
    pub const fn chain(&self) -> Id<Token> {
        self.chain_id
    }
}

/// Every way of losing a right that lies with the token itself, its user or its project. The rest is judged where the right is used.
fn judge(db: &mut Connection, token: &HashedToken, about: About, rotation: Rotation, ours: Ours) -> Result<(Caller, Time)> {
    let (project, organization) = match about {
        About::Nothing => (None, None),
        About::Project(id) => (Some(id), None),
        About::Organization(id) => (None, Some(id)),
    };
    let judged = tokens::judged(db, token, project, organization)?.ok_or(Error::Unauthenticated)?;
    let now = ours.or(judged.told_at);
    let expired = judged.expires_at.is_some_and(|end| end <= now);
    let project_lost = judged.own_project_id.is_some()
        && (judged.project_archived_at.is_some() || judged.project_deleted_at.is_some() || !judged.is_within(judged.max_token_life));
    if judged.revoked_at.is_some() || expired || judged.user_disabled_at.is_some() || project_lost {
        return Err(Error::StoppedToken(judged.id));
    }
    let stopped = tokens::has_stopped(judged.rotated_at, judged.stops_at, now);
    if stopped && !is_retry(&judged, rotation, now) {
        return Err(Error::StoppedToken(judged.id));
    }
    Ok((Caller::Token(Box::new(judged)), now))
}

/// Whether a rotated token asks for its rotation again, with the same key and in time. Whether the successor has been used or revoked is
/// judged by `tokens::rotate`, which reads it.
fn is_retry(judged: &JudgedRow, rotation: Rotation, now: Time) -> bool {
    let in_time = judged.rotated_at.is_some_and(|at| now.is_within(RETRY_DOOR, at));
    let same_key = match (rotation, judged.retry_key_digest) {
        (Rotation::WithKey(sent), Some(kept)) => bool::from(subtle::ConstantTimeEq::ct_eq(&sent[..], &kept[..])),
        _ => false,
    };
    in_time && same_key
}
