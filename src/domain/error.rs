//! What can go wrong, said without any face's words for it.
//! Each face has exactly one mapping from here to its own language.

use super::idempotency::Kept;
use crate::model::id::Id;
use crate::model::problems::{Problem, Problems};
use crate::model::scopes::Scope;
use crate::model::tokens::Token;
use crate::store::database;

/// Why something was not done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No token, or none that is worth anything.
    #[error("the caller is unknown")]
    Unauthenticated,
    /// A token that works no more: revoked, replaced, expired, its user shut out, its project archived. To the caller the same as an unknown one.
    #[error("the token has stopped")]
    StoppedToken(Id<Token>),
    /// The token was made for other things; the scope that it lacks, where one could be named.
    #[error("the token lacks a scope")]
    MissingScope(Option<Scope>),
    /// The caller is known and reaches the thing, but may not do this.
    #[error("the caller may not do this")]
    Forbidden,
    /// An organization or project that the caller cannot reach, whether it exists or not.
    #[error("the caller does not reach it")]
    Unreachable,
    /// A ticket, comment or the like that does not exist for the caller.
    #[error("there is no such thing")]
    NotFound,
    /// The request cannot be understood: syntax, or the wrong type. The sentence says where.
    #[error("malformed: {0}")]
    Malformed(String),
    /// A body beyond what is taken.
    #[error("the body is too large")]
    TooLarge,
    /// A body that is not of the type that is taken.
    #[error("the body is of another type")]
    UnsupportedMediaType,
    /// Understood, and wrong.
    #[error("invalid: {0}")]
    Invalid(Problems),
    /// A form that did not come from a page of ours, or came too late.
    #[error("the form is not one of ours")]
    Forged,
    /// The password has to be given again first.
    #[error("the password is needed again")]
    PasswordNeeded,
    /// It does not fit what is the case by now.
    #[error("conflict: {0}")]
    Conflict(&'static str),
    /// Somebody else was faster.
    #[error("changed meanwhile")]
    Stale,
    /// Too many requests; seconds until there may be more.
    #[error("too many requests")]
    RateLimited(i64),
    /// The caller has as much under way as it may: requests that run, or bytes that it has not taken.
    #[error("too much is under way for the caller")]
    TooMuchAtOnce,
    /// The request was answered before under the same key: give that answer.
    #[error("answered before")]
    Repeated(Box<Kept>),
    /// The store.
    #[error(transparent)]
    Store(database::Error),
    /// Something that cannot be. For the log only.
    #[error("{0}")]
    Internal(String),
}

/// What a domain function answers.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// One field, one problem.
    pub fn invalid(field: &'static str, problem: Problem) -> Self {
        Self::Invalid(Problems::one(field, problem))
    }
}

impl From<database::Error> for Error {
    fn from(error: database::Error) -> Self {
        match error {
            database::Error::NoRoom => Self::TooMuchAtOnce,
            error => Self::Store(error),
        }
    }
}

impl database::Failure for Error {
    fn database(&self) -> Option<&database::Error> {
        match self {
            Self::Store(error) => Some(error),
            _ => None,
        }
    }
}

/// The problems that were found, if any.
pub(super) fn refuse(problems: Problems) -> Result<()> {
    if problems.is_empty() { Ok(()) } else { Err(Error::Invalid(problems)) }
}
