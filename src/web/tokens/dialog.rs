//! The boxes over the list of tokens: before one is revoked, before one is rotated, and where the password is needed.
//! What happens then is in `tokens`.

use super::view::{self, Access};
use crate::domain::token_settings::{self, Place};
use crate::domain::{Ctx, Result};
use crate::model::id::Id;
use crate::model::time::Span;
use crate::model::tokens::Token;
use crate::web::frame::Frame;
use crate::web::times::Stamp;

/// A token was used lately if it was within this.
const LATELY: Span = Span::days(7);

/// A box over the list.
#[derive(Clone)]
pub(super) enum Dialog {
    Revoke(Revoking),
    Rotate(Rotating),
    Password(Asking),
}

/// Asks before a token is revoked.
#[derive(Clone)]
pub(super) struct Revoking {
    pub(super) token: String,
    pub(super) name: String,
    pub(super) prefix: &'static str,
    pub(super) last_four: String,
    pub(super) access: String,
    /// Whether the token itself still works.
    pub(super) works: bool,
    pub(super) used: Option<(Stamp, Option<String>)>,
    /// Whether that was within the last week.
    pub(super) in_use: bool,
    /// The last four characters of the others in its chain that still work.
    pub(super) others: Vec<String>,
    pub(super) rotatable: bool,
    pub(super) reason: String,
    pub(super) wrong: Vec<String>,
}

/// Asks how a token is to be rotated.
#[derive(Clone)]
pub(super) struct Rotating {
    pub(super) token: String,
    pub(super) name: String,
    pub(super) prefix: &'static str,
    pub(super) last_four: String,
    pub(super) access: String,
    pub(super) life: Option<String>,
    pub(super) wrong: Vec<String>,
}

/// Asks for the password, with all that was sent before.
#[derive(Clone)]
pub(super) struct Asking {
    pub(super) action: String,
    pub(super) fields: Vec<(&'static str, String)>,
    pub(super) button: &'static str,
    pub(super) given: Option<Stamp>,
    pub(super) wrong: Vec<String>,
}

fn in_words(access: &Access) -> String {
    access.preset.map_or_else(|| access.scopes.join(", "), ToOwned::to_owned)
}

/// What is asked before this token is revoked; nothing where neither it nor another of its chain works.
pub(super) fn revoking(ctx: &mut Ctx<'_>, place: Place, id: Id<Token>, frame: &Frame) -> Result<Option<Revoking>> {
    let (listed, chain) = token_settings::one(ctx, place, id)?;
    let others: Vec<String> = chain.tokens.into_iter().filter(|other| other.state.works()).map(|other| other.token.last_four).collect();
    let (works, token) = (listed.state.works(), listed.token);
    if !works && others.is_empty() {
        return Ok(None);
    }
    Ok(Some(Revoking {
        token: token.id.to_string(),
        prefix: view::kind(&token).prefix(),
        access: in_words(&Access::of(token.scopes)),
        used: token.last_used_at.map(|at| (frame.stamp(at), token.last_used_from)),
        in_use: token.last_used_at.is_some_and(|at| frame.now.since(at) < LATELY),
        rotatable: listed.state == token_settings::State::Active,
        name: token.name,
        last_four: token.last_four,
        works,
        others,
        reason: String::new(),
        wrong: Vec::new(),
    }))
}

/// What is asked before this token is rotated; nothing where it does not work, or has a successor.
pub(super) fn rotating(ctx: &mut Ctx<'_>, place: Place, id: Id<Token>) -> Result<Option<Rotating>> {
    let (listed, _) = token_settings::one(ctx, place, id)?;
    if listed.state != token_settings::State::Active {
        return Ok(None);
    }
    let token = listed.token;
    Ok(Some(Rotating {
        token: token.id.to_string(),
        prefix: view::kind(&token).prefix(),
        access: in_words(&Access::of(token.scopes)),
        life: token.life.map(view::length),
        name: token.name,
        last_four: token.last_four,
        wrong: Vec::new(),
    }))
}
