//! The one shape of errors, and its twin of RFC 9457 for those who ask for it.
//! Which error becomes which status is the API's one mapping.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::model::problems::Problems;

/// An error.
#[derive(Debug, Serialize)]
pub struct Error<'a> {
    /// The status in words.
    pub error: &'a str,
    /// What happened, for people.
    pub message: &'a str,
    /// What exactly, where there is more to say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub details: Option<Details>,
}

/// The same by RFC 9457 §3.
#[derive(Debug, Serialize)]
pub struct Problem<'a> {
    /// No page describes the kind of problem beyond its status (§4.2.1).
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// The status in words.
    pub title: &'a str,
    /// The status.
    pub status: u16,
    /// What happened, for people.
    pub detail: &'a str,
    /// An extension: what exactly.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub details: Option<Details>,
}

/// What exactly is wrong.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Details {
    /// Each field with its messages.
    Fields(BTreeMap<&'static str, Vec<String>>),
    /// Seconds until there may be more requests.
    RetryAfter {
        /// Seconds.
        retry_after: i64,
    },
}

impl From<&Problems> for Details {
    fn from(problems: &Problems) -> Self {
        Self::Fields(problems.iter().map(|(field, problems)| (field, problems.iter().map(ToString::to_string).collect())).collect())
    }
}
