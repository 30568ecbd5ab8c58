//! Tokens over REST: the one that calls, and those that somebody found.
//! Making tokens is for signed-in people alone, on pages and by commands.

use axum::http::header::CACHE_CONTROL;

use super::json::Members;
use super::tickets::reader;
use crate::domain::{Error, Result, tokens};
use crate::http::answer::Answer;
use crate::http::client::IDEMPOTENCY_KEY;
use crate::http::mount::Operation;
use crate::http::request::Request;
use crate::model::draft::{Field, Text};
use crate::model::problems::Problem;
use crate::model::time::Span;
use crate::model::tokens::{HashedToken, PlainToken};
use crate::wire::tokens::Token;

/// The most tokens in one call of the finder's revocation.
pub(super) const MOST_FOUND: usize = 100;

/// `GET /api/v1/tokens/current`
pub(super) fn current(request: Request) -> Result<Operation> {
    request.parameters()?.end()?;
    Ok(Operation::new(move |ctx| {
        let row = tokens::current(ctx)?;
        Answer::ok(&Token::new(reader(ctx, &request), &row))
    }))
}

/// `DELETE /api/v1/tokens/current`
#[expect(clippy::unnecessary_wraps, reason = "every parsing function of a route has the one type that the table of routes wants")]
pub(super) fn revoke_current(request: Request) -> Result<Operation> {
    drop(request);
    Ok(Operation::new(|ctx| {
        tokens::revoke_current(ctx)?;
        Ok(Answer::no_content())
    }))
}

/// `POST /api/v1/tokens/current/rotate`
pub(super) fn rotate(request: Request) -> Result<Operation> {
    let seconds = match Members::parse_optional(&request.body)?.integer("overlap_seconds")? {
        Field::Absent => 0,
        Field::Null => return Err(Error::Malformed("overlap_seconds: is not a whole number".to_owned())),
        Field::Value(seconds) => seconds,
    };
    let key = request.header(&IDEMPOTENCY_KEY)?.map(ToOwned::to_owned);
    Ok(Operation::new(move |ctx| {
        let plain = request.token.as_ref().ok_or(Error::Unauthenticated)?;
        let made = tokens::rotate(ctx, plain, key.as_deref(), Span::seconds(seconds))?;
        let answer = Answer::created(&Token::shown_once(reader(ctx, &request), &made.token, &made.plain))?;
        Ok(answer.with(CACHE_CONTROL, axum::http::HeaderValue::from_static("no-store")))
    }))
}

/// `POST /api/v1/tokens/revoke`
pub(super) fn revoke_found(request: Request) -> Result<Operation> {
    let body = Members::parse(&request.body)?;
    let (one, many) = (body.text("token")?, body.texts("tokens")?);
    let found: Vec<&Text> = one.value().into_iter().chain(many.value().into_iter().flatten()).collect();
    let refused = match (&one, &many) {
        (Field::Absent | Field::Null, Field::Absent | Field::Null) => Some(("token", Problem::Blank)),
        _ if many.value().is_some_and(|many| many.len() > MOST_FOUND) => Some(("tokens", Problem::Invalid)),
        _ => None,
    };
    // What is no token at all revokes nothing, and the answer does not tell.
    let read = |text: &Text| match text {
        Text::Sound(text) => PlainToken::parse(text.trim()).map(|token| token.hashed()),
        Text::Unsound => None,
    };
    let digests: Vec<HashedToken> = found.into_iter().filter_map(read).collect();
    Ok(Operation::new(move |ctx| {
        if let Some((field, problem)) = refused {
            return Err(Error::invalid(field, problem));
        }
        tokens::revoke_found(ctx, &digests)?;
        Answer::ok(&serde_json::Map::new())
    }))
}
