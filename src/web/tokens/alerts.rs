//! What the owner of tokens has to look at, as the list of tokens shows it.
//! What raises an alert, and when it goes, is in `domain::token_alerts`.

use super::view;
use crate::domain::token_alerts::Alert;
use crate::model::tokens::AlertKind;
use crate::web::frame::Frame;
use crate::web::times::Stamp;

/// An alert in the list.
pub(super) struct AlertView {
    /// The token's id.
    pub(super) token: String,
    /// What the token is called.
    pub(super) name: String,
    /// What it begins with.
    pub(super) prefix: &'static str,
    /// Its last four characters.
    pub(super) last_four: String,
    /// What happened.
    pub(super) kind: AlertKind,
    /// How often, by which it is dismissed.
    pub(super) count: i64,
    /// How often, in words.
    pub(super) times: String,
    /// When for the first time, where that was not the last.
    pub(super) first: Option<Stamp>,
    /// When for the last time.
    pub(super) last: Stamp,
    /// From which address that came.
    pub(super) from: Option<String>,
    /// That moment to the microsecond, by which it is dismissed.
    pub(super) seen: i64,
    /// The last four characters of those that work of its chain.
    pub(super) working: Vec<String>,
}

impl AlertView {
    /// As the reader sees it.
    pub(super) fn of(alert: Alert, frame: &Frame) -> Self {
        let Alert { token, happened, working } = alert;
        Self {
            token: token.id.to_string(),
            prefix: view::kind(&token).prefix(),
            name: token.name,
            last_four: token.last_four,
            kind: happened.kind,
            count: happened.count,
            times: if happened.count == 1 { "once".to_owned() } else { format!("{} times", happened.count) },
            first: (happened.first_at < happened.last_at).then(|| frame.stamp(happened.first_at)),
            last: frame.stamp(happened.last_at),
            from: happened.last_from,
            seen: happened.last_at.micros(),
            working: working.into_iter().map(|token| token.last_four).collect(),
        }
    }
}

impl AlertView {
    /// How urgent it looks: a try that was refused can wait.
    pub(super) const fn tone(&self) -> &'static str {
        match self.kind {
            AlertKind::Tried => "warn",
            AlertKind::Found | AlertKind::Rotated => "risk",
        }
    }
}
