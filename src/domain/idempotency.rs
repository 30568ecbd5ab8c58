//! Requests with an `Idempotency-Key`: the first answer is kept in the operation's own transaction, a repeat gets it and does nothing.
//! A repeat is answered only after its rights have been judged, which is why `reach` asks here and no operation does.

use sha2::{Digest, Sha256};

use super::ctx::Caller;
use super::{Ctx, Error, Result};
use crate::model::problems::{Problem, Problems};
use crate::model::time::Span;
use crate::store::{database, idempotency as store};

/// How long answers are kept.
pub const KEPT_FOR: Span = Span::days(1);

/// A request that may be a repeat: digests of its key with method and path, and of its body.
#[derive(Debug, Clone, Copy)]
pub struct Repeat {
    request: [u8; 32],
    body: [u8; 32],
}

impl Repeat {
    /// The request that the key names.
    pub fn new(method: &str, path: &str, key: &str, body: &[u8]) -> Self {
        let request = Sha256::new_with_prefix(method).chain_update([0]).chain_update(path).chain_update([0]).chain_update(key);
        Self { request: request.finalize().into(), body: Sha256::digest(body).into() }
    }
}

/// An answer as it was given and is given again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// The status.
    pub status: u16,
    /// Headers of the operation itself.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// How an operation ended that leaves its mark: both are committed.
#[derive(Debug)]
pub enum Done<T> {
    /// It did what it should.
    Answered(T),
    /// It was refused, nothing was done, and the refusal has been kept.
    Refused(Problems),
}

/// Runs an operation that may be a repeat. Kept are what it answers and, by `refused`, what is invalid; all else leaves nothing behind.
pub fn run<T>(
    ctx: &mut Ctx<'_>,
    repeat: Option<Repeat>,
    work: impl FnOnce(&mut Ctx<'_>) -> Result<T>,
    answered: impl FnOnce(&T) -> Kept,
    refused: impl FnOnce(&Problems) -> Kept,
) -> Result<Done<T>> {
    let (Some(repeat), Some(caller)) = (repeat, caller_id(ctx)) else { return work(ctx).map(Done::Answered) };
    ctx.repeat = Some(repeat);
    let outcome = ctx.savepoint(work);
    // Until the rights have been judged the request has no place in which to keep anything.
    let judged = ctx.repeat.take().is_none();
    match outcome {
        Ok(answer) => {
            if judged {
                keep(ctx, caller, &repeat, &answered(&answer))?;
            }
            Ok(Done::Answered(answer))
        }
        Err(Error::Invalid(problems)) if judged && reserve(ctx, caller, &repeat)? => {
            keep(ctx, caller, &repeat, &refused(&problems))?;
            Ok(Done::Refused(problems))
        }
        Err(error) => Err(error),
    }
}

/// As [`run`] for a form: what is refused leaves nothing behind, so that it can be sent again.
pub fn run_once<T>(
    ctx: &mut Ctx<'_>,
    repeat: Repeat,
    work: impl FnOnce(&mut Ctx<'_>) -> Result<T>,
    answered: impl FnOnce(&T) -> Kept,
) -> Result<T> {
    let Some(caller) = caller_id(ctx) else { return work(ctx) };
    ctx.repeat = Some(repeat);
    let answer = work(ctx)?;
    if ctx.repeat.take().is_none() {
        keep(ctx, caller, &repeat, &answered(&answer))?;
    }
    Ok(answer)
}

/// Takes the request's place, or ends the operation with the answer that was given before.
pub(super) fn once(ctx: &mut Ctx<'_>) -> Result<()> {
    let Some(repeat) = ctx.repeat.take() else { return Ok(()) };
    let Some(caller) = caller_id(ctx) else { return Ok(()) };
    if reserve(ctx, caller, &repeat)? {
        return Ok(());
    }
    let kept = store::kept(ctx.db, caller, &repeat.request)?.ok_or(Error::Conflict(RUNNING))?;
    if kept.body != repeat.body {
        return Err(Error::invalid("idempotency_key", Problem::Taken));
    }
    let (Some(status), Some(body)) = (kept.status, kept.answer) else { return Err(Error::Conflict(RUNNING)) };
    let headers = kept.headers.unwrap_or_default();
    let headers =
        headers.lines().filter_map(|line| line.split_once(": ")).map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let status = u16::try_from(status).map_err(|_| Error::Internal(format!("kept status {status}")))?;
    Err(Error::Repeated(Box::new(Kept { status, headers, body })))
}

/// Takes the place of a form that may be sent twice and whose answer cannot be given twice; the answer is whether it was free.
pub(super) fn first(ctx: &mut Ctx<'_>, form: &str, once: &str) -> Result<bool> {
    let Some(caller) = caller_id(ctx) else { return Ok(true) };
    let repeat = Repeat::new("form", form, once, &[]);
    reserve(ctx, caller, &repeat)
}

const RUNNING: &str = "A request with this Idempotency-Key is still running";

fn reserve(ctx: &mut Ctx<'_>, caller: uuid::Uuid, repeat: &Repeat) -> Result<bool> {
    match store::reserve(ctx.db, caller, &repeat.request, &repeat.body, ctx.now, ctx.now.minus(KEPT_FOR)) {
        Err(database::Error::Busy) => Err(Error::Conflict(RUNNING)),
        outcome => Ok(outcome?),
    }
}

fn keep(ctx: &mut Ctx<'_>, caller: uuid::Uuid, repeat: &Repeat, kept: &Kept) -> Result<()> {
    let mut headers = String::new();
    for (name, value) in &kept.headers {
        headers.extend([name, ": ", value, "\n"]);
    }
    store::keep(ctx.db, caller, &repeat.request, i64::from(kept.status), &headers, &kept.body)?;
    Ok(())
}

/// The same caller: the user, or the project token with its successors.
fn caller_id(ctx: &Ctx<'_>) -> Option<uuid::Uuid> {
    match &ctx.caller {
        Caller::Token(judged) => Some(judged.user_id.map_or_else(|| judged.chain().uuid(), crate::model::id::Id::uuid)),
        Caller::User(user) => Some(user.uuid()),
        Caller::Anonymous | Caller::Command => None,
    }
}
