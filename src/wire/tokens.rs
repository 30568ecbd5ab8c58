//! Tokens as JSON: without their secret, except in the one answer that shows it.
//! Digests never come here.

use serde::Serialize;

use super::Reader;
use crate::model::id::Id;
use crate::model::projects::Project;
use crate::model::scopes::Scopes;
use crate::model::time::Time;
use crate::model::tokens::Token as Noun;
use crate::model::users::User;
use crate::store::tokens::TokenRow;

/// The token that calls.
#[derive(Debug, Serialize)]
pub struct Token<'a> {
    id: Id<Noun>,
    kind: &'static str,
    name: &'a str,
    last_four: &'a str,
    scopes: Scopes,
    project: Option<TokenProject<'a>>,
    user: Option<TokenUser<'a>>,
    created_at: Time,
    expires_at: Option<Time>,
    last_used_at: Option<Time>,
    /// The token itself, in the answer that shows it and in no other.
    #[serde(rename = "token", skip_serializing_if = "Option::is_none")]
    plain: Option<&'a str>,
}

/// The project that a token belongs to.
#[derive(Debug, Serialize)]
struct TokenProject<'a> {
    id: Id<Project>,
    name: &'a str,
    code: &'a str,
}

/// The user that a token belongs to.
#[derive(Debug, Serialize)]
struct TokenUser<'a> {
    id: Id<User>,
    name: &'a str,
    email: Option<&'a str>,
}

impl<'a> Token<'a> {
    /// The shape of a row.
    pub fn new(reader: Reader<'_>, row: &'a TokenRow) -> Self {
        let project = match (row.project_id, &row.project_name, &row.project_code) {
            (Some(id), Some(name), Some(code)) => Some(TokenProject { id, name, code }),
            _ => None,
        };
        let user = match (row.user_id, &row.user_name) {
            (Some(id), Some(name)) => Some(TokenUser { id, name, email: row.user_email.as_deref().filter(|_| !reader.hides_emails) }),
            _ => None,
        };
        Self {
            id: row.id,
            kind: if row.project_id.is_some() { "project" } else { "personal" },
            name: &row.name,
            last_four: &row.last_four,
            scopes: row.scopes,
            project,
            user,
            created_at: row.created_at,
            expires_at: row.expires_at,
            last_used_at: row.last_used_at,
            plain: None,
        }
    }

    /// The same with the token itself, for the one answer that shows it.
    pub fn shown_once(reader: Reader<'_>, row: &'a TokenRow, plain: &'a crate::model::tokens::PlainToken) -> Self {
        Self { plain: Some(plain.expose()), ..Self::new(reader, row) }
    }
}
