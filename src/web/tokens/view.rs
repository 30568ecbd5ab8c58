//! Tokens as their pages show them: a row of the list, what it may be used for, how long it has to live, how it ended.
//! What became of a token is judged in `domain::token_settings`.

use crate::domain::token_settings::{Listed, State};
use crate::model::id::Id;
use crate::model::scopes::{Scope, Scopes};
use crate::model::time::{Span, Time};
use crate::model::tokens::TokenKind;
use crate::model::users::User;
use crate::store::member_tokens::ShutOutOfRow;
use crate::store::tokens::TokenRow;
use crate::web::frame::Frame;
use crate::web::times::Stamp;

/// A row of a list of tokens.
pub(in crate::web) struct Row {
    /// Its id, in addresses and anchors.
    pub(in crate::web) id: String,
    /// What it is called.
    pub(in crate::web) name: String,
    /// What it begins with.
    pub(in crate::web) prefix: &'static str,
    /// Its last four characters.
    pub(in crate::web) last_four: String,
    /// What it may be used for.
    pub(in crate::web) access: Access,
    /// When it was last used, and from which address.
    pub(in crate::web) used: Option<(Stamp, Option<String>)>,
    /// When it was made.
    pub(in crate::web) made: Stamp,
    /// Who made it, where that goes without saying not.
    pub(in crate::web) maker: Option<String>,
    /// How long it has to live.
    pub(in crate::web) life: Life,
    /// When it stops, where a successor has been made and the overlap runs.
    pub(in crate::web) stops: Option<Stamp>,
    /// The token that replaced it, and its last four characters.
    pub(in crate::web) successor: Option<(String, String)>,
    /// How it ended.
    pub(in crate::web) ended: Option<Ended>,
    /// How many other tokens of its chain still work.
    pub(in crate::web) others_work: usize,
    /// The organizations whose policy keeps it out.
    pub(in crate::web) kept_out: Vec<String>,
    /// The organizations out of which it is shut.
    pub(in crate::web) shut_out: Vec<ShutOutOf>,
    /// Whether one that it was rotated from was found after it had stopped.
    pub(in crate::web) found: bool,
}

/// An organization out of which a token is shut.
pub(in crate::web) struct ShutOutOf {
    /// Its name.
    pub(in crate::web) organization: String,
    /// Since when.
    pub(in crate::web) at: Stamp,
    /// By whom, where that is known.
    pub(in crate::web) by: Option<String>,
    /// Why, in that person's words.
    pub(in crate::web) why: Option<String>,
}

/// What a token may be used for: a usual set of scopes by its name, or the scopes.
pub(in crate::web) struct Access {
    /// The name of the set.
    pub(in crate::web) preset: Option<&'static str>,
    /// The scopes, where they have no name together.
    pub(in crate::web) scopes: Vec<&'static str>,
}

/// How long a token has to live.
pub(in crate::web) enum Life {
    /// It never ends by itself.
    Endless,
    /// Until a moment.
    Until {
        /// Such as "9 days left".
        words: String,
        /// Hours left, for the bar.
        left: i64,
        /// Hours in all.
        whole: i64,
        /// Whether that is soon.
        soon: bool,
        /// The moment.
        end: Stamp,
    },
}

/// How a token ended.
pub(in crate::web) struct Ended {
    /// The kind of its label.
    pub(in crate::web) kind: &'static str,
    /// The label's drawing.
    pub(in crate::web) icon: &'static str,
    /// The label.
    pub(in crate::web) word: &'static str,
    /// By whom.
    pub(in crate::web) by: Option<String>,
    /// When.
    pub(in crate::web) at: Stamp,
    /// Why, in that person's words.
    pub(in crate::web) why: Option<String>,
    /// After how long a life, where that was all.
    pub(in crate::web) after: Option<String>,
}

impl Row {
    /// A token as `reader` sees it.
    pub(in crate::web) fn of(listed: Listed, reader: Option<Id<User>>, frame: &Frame) -> Self {
        let Listed { token, state, successor, chain_works, kept_out, shut_out, .. } = listed;
        let of = |row: ShutOutOfRow| ShutOutOf { organization: row.organization, at: frame.stamp(row.at), by: row.by_name, why: row.why };
        let own = token.user_id.is_some() && token.user_id == reader;
        Self {
            id: token.id.to_string(),
            prefix: kind(&token).prefix(),
            access: Access::of(token.scopes),
            used: token.last_used_at.map(|at| (frame.stamp(at), token.last_used_from.clone())),
            made: frame.stamp(token.created_at),
            maker: token.created_by_name.clone().filter(|_| !own),
            life: life(&token, frame),
            stops: token.stops_at.filter(|_| state == State::Overlap).map(|at| frame.stamp(at)),
            successor: successor.map(|(id, last_four)| (id.to_string(), last_four)),
            ended: Ended::of(&token, state, reader, frame),
            others_work: chain_works - usize::from(state.works()),
            kept_out,
            shut_out: shut_out.into_iter().map(of).collect(),
            found: false,
            name: token.name,
            last_four: token.last_four,
        }
    }
}

/// A living token of whoever comes back, as a page asks about it.
#[derive(Clone)]
pub(in crate::web) struct Living {
    /// What it is called.
    pub(in crate::web) name: String,
    /// What it begins with.
    pub(in crate::web) prefix: &'static str,
    /// Its last four characters.
    pub(in crate::web) last_four: String,
}

impl Living {
    /// These tokens.
    pub(in crate::web) fn all(rows: Vec<TokenRow>) -> Vec<Self> {
        rows.into_iter().map(|row| Self { prefix: kind(&row).prefix(), name: row.name, last_four: row.last_four }).collect()
    }
}

/// Whose token it is.
pub(in crate::web) const fn kind(token: &TokenRow) -> TokenKind {
    if token.project_id.is_some() { TokenKind::Project } else { TokenKind::Personal }
}

impl Access {
    /// These scopes.
    pub(in crate::web) fn of(scopes: Scopes) -> Self {
        let preset = match scopes {
            Scopes::FULL => Some("Full access"),
            Scopes::READ_ONLY => Some("Read only"),
            Scopes::REPORT_ONLY => Some("Report only"),
            _ => None,
        };
        Self { scopes: if preset.is_some() { Vec::new() } else { scopes.iter().map(Scope::word).collect() }, preset }
    }
}

/// How long the token has to live.
pub(in crate::web) fn life(token: &TokenRow, frame: &Frame) -> Life {
    let Some(end) = token.expires_at else { return Life::Endless };
    let left = end.since(frame.now);
    Life::Until {
        words: left_words(left),
        left: hours(left).max(0),
        whole: hours(end.since(token.created_at)).max(1),
        soon: left < crate::domain::token_settings::SOON,
        end: frame.stamp(end),
    }
}

const fn hours(span: Span) -> i64 {
    span.micros() / Span::seconds(3_600).micros()
}

fn counted(count: i64, unit: &str) -> String {
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}

fn left_words(left: Span) -> String {
    match hours(left) {
        ..1 => "less than an hour left".to_owned(),
        hours @ 1..24 => format!("{} left", counted(hours, "hour")),
        hours => format!("{} left", counted(hours / 24, "day")),
    }
}

/// A length of life in words.
pub(in crate::web) fn length(span: Span) -> String {
    let seconds = span.whole_seconds();
    match seconds {
        86_400.. => counted(seconds / 86_400, "day"),
        3_600..86_400 => counted(seconds / 3_600, "hour"),
        60..3_600 => counted(seconds / 60, "minute"),
        _ => counted(seconds, "second"),
    }
}

impl Ended {
    fn of(token: &TokenRow, state: State, reader: Option<Id<User>>, frame: &Frame) -> Option<Self> {
        let plain = |icon, word, at: Option<Time>| {
            let at = frame.stamp(at?);
            Some(Self { kind: "", icon, word, by: None, at, why: None, after: None })
        };
        match state {
            State::Active | State::Overlap => None,
            State::Rotated => plain("rotate", "Rotated", token.rotated_at),
            State::Expired => plain("clock", "Expired", token.expires_at).map(|ended| Self { after: token.life.map(length), ..ended }),
            State::Revoked => {
                let (by, why) = (revoked_by(token, reader), token.revoked_why.clone());
                plain("ban", "Revoked", token.revoked_at).map(|ended| Self { kind: "risk", by, why, ..ended })
            }
        }
    }
}

fn revoked_by(token: &TokenRow, reader: Option<Id<User>>) -> Option<String> {
    use crate::model::tokens::RevokedHow as How;
    let you = reader.is_some_and(|reader| token.revoked_by == Some(reader.cast()));
    Some(match token.revoked_how? {
        How::Owner | How::Admin if you => "by you".to_owned(),
        How::Owner | How::Admin => match &token.revoked_by_name {
            Some(name) => format!("by {name}"),
            None => "in settings".to_owned(),
        },
        How::Itself => "by itself, over the API".to_owned(),
        How::Command => "by a command on the server".to_owned(),
        How::Finder => "by a finder".to_owned(),
        How::Restore => "when a backup was restored".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_is_said_in_its_largest_unit() {
        for (left, words) in [
            (Span::days(62), "62 days left"),
            (Span::seconds(86_400 + 86_399), "1 day left"),
            (Span::seconds(86_399), "23 hours left"),
            (Span::seconds(3_600), "1 hour left"),
            (Span::seconds(59), "less than an hour left"),
        ] {
            assert_eq!(left_words(left), words);
        }
        assert_eq!((length(Span::days(7)), length(Span::seconds(3_600))), ("7 days".to_owned(), "1 hour".to_owned()));
    }

    #[test]
    fn usual_sets_of_scopes_have_a_name_and_others_are_told() {
        assert_eq!(Access::of(Scopes::READ_ONLY).preset, Some("Read only"));
        let some = Access::of(Scopes::of(&[Scope::TicketsRead, Scope::CommentsWrite]));
        assert_eq!((some.preset, some.scopes), (None, vec!["tickets:read", "comments:write"]));
    }
}
