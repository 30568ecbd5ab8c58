//! How a member, an invitation and a member's token are shown.
//! Which of them there are, and what the reader may do with them, is the domain's affair.

use crate::domain::invitations;
use crate::domain::member_tokens::MemberToken;
use crate::domain::members::{Listed, may_give};
use crate::model::id::Id;
use crate::model::roles::Role;
use crate::model::time::Span;
use crate::model::users::User;
use crate::store::invitations::InvitationRow;
use crate::store::tokens::TokenRow;
use crate::web::frame::Frame;
use crate::web::initials::initials;
use crate::web::parts::label;
use crate::web::times::Stamp;
use crate::web::tokens::view::{Access, Life, kind, life};

/// A role in a list of choices.
pub(in crate::web) struct RoleChoice {
    /// The contract's word.
    pub(in crate::web) word: &'static str,
    /// As it is shown.
    pub(in crate::web) label: String,
    /// Whether it is the one that is chosen.
    pub(in crate::web) selected: bool,
}

/// The roles as choices, the highest first.
pub(super) fn role_choices(roles: &[Role], chosen: Option<Role>) -> Vec<RoleChoice> {
    let choice = |role: &Role| RoleChoice { word: role.word(), label: label(role.word()), selected: Some(*role) == chosen };
    roles.iter().rev().map(choice).collect()
}

/// A member.
#[expect(clippy::struct_excessive_bools, reason = "each decides on something of its own that is shown")]
pub(in crate::web) struct Person {
    pub(in crate::web) id: Id<User>,
    pub(in crate::web) name: String,
    pub(in crate::web) email: String,
    pub(in crate::web) initials: String,
    pub(in crate::web) mine: bool,
    pub(in crate::web) role: String,
    pub(in crate::web) roles: Vec<RoleChoice>,
    pub(in crate::web) last_owner: bool,
    pub(in crate::web) disabled: bool,
    pub(in crate::web) last_seen: Option<Stamp>,
    /// How many of their tokens reach the organization, where the reader sees those.
    pub(in crate::web) tokens: Option<i64>,
    pub(in crate::web) removable: bool,
    pub(in crate::web) leavable: bool,
    pub(in crate::web) resettable: bool,
}

impl Person {
    pub(super) fn of(listed: Listed, caller: Option<Id<User>>, frame: &Frame) -> Self {
        let seen = listed.seen;
        Self {
            mine: caller == Some(listed.member.id),
            initials: initials(&listed.member.name),
            role: label(listed.member.role.word()),
            // Where no other role may be given there is nothing to choose.
            roles: if listed.roles.len() > 1 { role_choices(&listed.roles, Some(listed.member.role)) } else { Vec::new() },
            last_owner: listed.last_owner,
            disabled: seen.as_ref().is_some_and(|row| row.disabled_at.is_some()),
            last_seen: seen.as_ref().and_then(|row| row.last_seen_at).map(|at| frame.stamp(at)),
            tokens: seen.map(|row| row.tokens).filter(|_| listed.tokens_seen),
            removable: listed.removable,
            leavable: listed.leavable,
            resettable: listed.resettable,
            id: listed.member.id,
            name: listed.member.name,
            email: listed.member.email,
        }
    }
}

/// An invitation that nobody has used yet.
pub(in crate::web) struct Invitation {
    pub(in crate::web) id: String,
    pub(in crate::web) email: Option<String>,
    pub(in crate::web) role: String,
    pub(in crate::web) maker: String,
    pub(in crate::web) made: Stamp,
    pub(in crate::web) days: i64,
    pub(in crate::web) left: String,
    pub(in crate::web) withdrawable: bool,
}

impl Invitation {
    pub(super) fn of(row: InvitationRow, caller: Option<Id<User>>, own: Role, frame: &Frame) -> Self {
        let (days, left) = left(row.created_at.plus(invitations::HOLDS).since(frame.now));
        let by_caller = row.created_by.is_some() && row.created_by == caller.map(Id::cast);
        Self {
            id: row.id.to_string(),
            role: label(row.role.word()),
            maker: if by_caller { "you".to_owned() } else { row.maker.unwrap_or_else(|| "the server’s command line".to_owned()) },
            made: frame.stamp(row.created_at),
            days,
            left,
            withdrawable: may_give(own, row.role),
            email: row.email,
        }
    }
}

/// What is left of a life: whole days for the bar, and in words.
fn left(span: Span) -> (i64, String) {
    let seconds = span.whole_seconds().max(0);
    let days = seconds / 86_400;
    let (count, unit) = if days > 0 {
        (days, "day")
    } else if seconds >= 3_600 {
        (seconds / 3_600, "hour")
    } else {
        (seconds / 60, "minute")
    };
    (days, format!("{count} {unit}{} left", if count == 1 { "" } else { "s" }))
}

/// A member's token.
pub(in crate::web) struct Token {
    pub(in crate::web) id: String,
    pub(in crate::web) name: String,
    pub(in crate::web) prefix: &'static str,
    pub(in crate::web) last_four: String,
    pub(in crate::web) owner: String,
    pub(in crate::web) project: Option<String>,
    pub(in crate::web) access: Access,
    pub(in crate::web) used: Option<(Stamp, String)>,
    pub(in crate::web) life: Life,
    /// When it was made.
    pub(in crate::web) made: Stamp,
    /// When it stops, where it has its successor.
    pub(in crate::web) stops: Option<Stamp>,
    pub(in crate::web) kept_out: bool,
    /// That it is shut out.
    pub(in crate::web) shut_out: Option<ShutOut>,
}

/// That a token is shut out of the organization.
pub(in crate::web) struct ShutOut {
    pub(in crate::web) at: Stamp,
    pub(in crate::web) by: Option<String>,
    pub(in crate::web) why: Option<String>,
}

impl Token {
    pub(super) fn of(listed: &MemberToken, frame: &Frame) -> Self {
        let shut_out = listed.shut_out.clone().map(|out| ShutOut { at: frame.stamp(out.at), by: out.by, why: out.why });
        Self { kept_out: listed.kept_out, shut_out, ..Self::of_row(&listed.token, frame) }
    }

    pub(super) fn of_row(row: &TokenRow, frame: &Frame) -> Self {
        let used = row.last_used_at.map(|at| (frame.stamp(at), row.last_used_from.clone().unwrap_or_default()));
        Self {
            id: row.id.to_string(),
            name: row.name.clone(),
            prefix: kind(row).prefix(),
            last_four: row.last_four.clone(),
            owner: row.user_name.clone().unwrap_or_default(),
            project: row.project_name.clone(),
            access: Access::of(row.scopes),
            used,
            life: life(row, frame),
            made: frame.stamp(row.created_at),
            stops: row.stops_at.map(|at| frame.stamp(at)),
            kept_out: false,
            shut_out: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_is_told_in_the_largest_unit() {
        for (span, told) in [
            (Span::days(4), (4, "4 days left")),
            (Span::days(1), (1, "1 day left")),
            (Span::seconds(86_399), (0, "23 hours left")),
            (Span::seconds(60), (0, "1 minute left")),
            (Span::seconds(-5), (0, "0 minutes left")),
        ] {
            assert_eq!(left(span), (told.0, told.1.to_owned()));
        }
    }
}
