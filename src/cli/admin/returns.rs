//! `--tokens keep|revoke` of the commands that bring a person or a project back, and what they say of the living tokens.
//! What is done with the tokens is `domain::returns`' affair.

use clap::ValueEnum;
use serde::Serialize;

use crate::domain::returns::{OnReturn, Returned};
use crate::model::id::Id;
use crate::model::tokens::{Token, TokenKind};
use crate::model::visible::visible;
use crate::store::tokens::TokenRow;

/// What becomes of living tokens.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum Tokens {
    /// They work on
    Keep,
    /// They are revoked; of a member they are shut out of the organization
    Revoke,
}

impl From<Tokens> for OnReturn {
    fn from(tokens: Tokens) -> Self {
        match tokens {
            Tokens::Keep => Self::Keep,
            Tokens::Revoke => Self::Revoke,
        }
    }
}

/// What became of the tokens, for JSON: those that were living, and whether they are `kept`, `revoked` or `shut_out`.
#[derive(Serialize)]
pub(super) struct Shown {
    tokens: Vec<One>,
    tokens_are: &'static str,
}

/// A token, for JSON.
#[derive(Serialize)]
pub(super) struct One {
    id: Id<Token>,
    kind: &'static str,
    name: String,
    last_four: String,
}

impl One {
    /// This token.
    pub(super) fn of(token: &TokenRow) -> Self {
        Self {
            id: token.id,
            kind: if token.project_id.is_some() { "project" } else { "personal" },
            name: token.name.clone(),
            last_four: token.last_four.clone(),
        }
    }
}

/// A token, for people: by which it is revoked, what can be seen of it, and its name.
pub(super) fn line(token: &TokenRow) -> String {
    let kind = if token.project_id.is_some() { TokenKind::Project } else { TokenKind::Personal };
    format!("{}  {}…{}  {}", token.id, kind.prefix(), token.last_four, visible(&token.name))
}

impl Shown {
    /// `revoked` is the word for what was done with those that are not kept.
    pub(super) fn of(returned: &Returned, revoked: &'static str) -> Self {
        let tokens_are = if returned.done == OnReturn::Keep { "kept" } else { revoked };
        Self { tokens: returned.living.iter().map(One::of).collect(), tokens_are }
    }
}

/// What became of the tokens, for people: a line for each, and nothing where there were none.
pub(super) fn said(returned: &Returned, kept: &str, revoked: &str) -> String {
    if returned.living.is_empty() {
        return String::new();
    }
    let mut text = format!("; {}:", if returned.done == OnReturn::Keep { kept } else { revoked });
    for token in &returned.living {
        text.extend(["\n  ", &line(token)]);
    }
    text
}
