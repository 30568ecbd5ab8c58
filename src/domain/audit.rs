//! What the audit log says of an operation: what was done to whose rights, and by whom.
//! Here is what there is to say. That it is said once the operation is committed, and how, is `app::audit`'s affair.

use std::fmt;

use super::{Caller, Ctx};
use crate::model::id::Id;
use crate::model::organizations::Organization;
use crate::model::projects::Project;
use crate::model::roles::Role;
use crate::model::tokens::{RevokedHow, Token};
use crate::model::users::User;
use crate::store::tokens::TokenRow;

crate::model::tickets::words! {
    /// What happened; each by its name in the log, in the order of the documentation.
    Act {
        /// Somebody signed in.
        SignedIn = "signed_in",
        /// Somebody signed out.
        SignedOut = "signed_out",
        /// Somebody ended another of their own sessions, or all of them.
        SessionsEnded = "sessions_ended",
        /// A password was wrong, or there is no such account.
        SignInFailed = "sign_in_failed",
        /// Too many passwords were wrong, so that no more is looked at for a while.
        LockedOut = "locked_out",
        /// A code for the first run was wrong.
        SetupCodeWrong = "setup_code_wrong",
        /// A user was made.
        UserMade = "user_made",
        /// A user was shut out.
        UserDisabled = "user_disabled",
        /// A user was let in again.
        UserEnabled = "user_enabled",
        /// A password was changed by its owner, or set by a link or a command.
        PasswordChanged = "password_changed",
        /// A link was made by which somebody sets a new password.
        ResetLinkMade = "reset_link_made",
        /// An e-mail address was changed.
        AddressChanged = "address_changed",
        /// An organization was made.
        OrganizationMade = "organization_made",
        /// An organization's token policy was set.
        PolicySet = "policy_set",
        /// An invitation was made.
        InvitationMade = "invitation_made",
        /// An invitation was taken back.
        InvitationWithdrawn = "invitation_withdrawn",
        /// Somebody became a member.
        MemberAdded = "member_added",
        /// A member was given another role.
        RoleChanged = "role_changed",
        /// A membership ended.
        MemberRemoved = "member_removed",
        /// A project was archived, and its tokens with it.
        ProjectArchived = "project_archived",
        /// A project was opened again.
        ProjectUnarchived = "project_unarchived",
        /// A project was deleted.
        ProjectDeleted = "project_deleted",
        /// A token was made.
        TokenMade = "token_made",
        /// A token was replaced by a successor.
        TokenRotated = "token_rotated",
        /// A token was revoked, or several at once.
        TokenRevoked = "token_revoked",
        /// A token that had stopped was found by somebody, or named to a command as leaked.
        StoppedTokenFound = "stopped_token_found",
        /// A member's token was shut out of an organization.
        TokenShutOut = "token_shut_out",
        /// A member's token was let in again.
        TokenLetIn = "token_let_in",
        /// A token that has stopped was tried.
        StoppedTokenTried = "stopped_token_tried",
        /// Something was tried that is no token, or none of this server.
        UnknownTokenTried = "unknown_token_tried",
        /// A request was refused for want of a scope, a role or reach.
        Refused = "refused",
        /// A backup was restored.
        Restored = "restored",
        /// The database's clock was set to the machine's time again.
        ClockReset = "clock_reset",
    }
}

impl Act {
    /// Whether whoever has no right at all, or has lost it, can repeat it at will: then the log has one line of it a minute for each token or
    /// address, with a count.
    pub const fn is_repeatable(self) -> bool {
        matches!(
            self,
            Self::SignInFailed
                | Self::LockedOut
                | Self::SetupCodeWrong
                | Self::StoppedTokenFound
                | Self::StoppedTokenTried
                | Self::UnknownTokenTried
                | Self::Refused
        )
    }
}

/// Who did it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Actor {
    /// Nobody who could be named.
    Nobody,
    /// A command on the server.
    Command,
    /// Somebody signed in, or signing in.
    User(Id<User>),
    /// A token.
    Token(Id<Token>),
}

/// What was done, to what: ids only, since names and addresses change and are personal.
#[derive(Debug, Clone, Copy)]
pub struct Noted {
    /// What happened.
    pub act: Act,
    /// The user whose right it is.
    pub user: Option<Id<User>>,
    /// The token.
    pub token: Option<Id<Token>>,
    /// The organization.
    pub organization: Option<Id<Organization>>,
    /// The project.
    pub project: Option<Id<Project>>,
    /// The role that somebody has now.
    pub role: Option<Role>,
    /// In which way a token was revoked.
    pub how: Option<RevokedHow>,
    /// The token that took its place.
    pub successor: Option<Id<Token>>,
    /// How many there were, where there may be several.
    pub count: Option<u64>,
}

/// All that one operation has to say.
#[derive(Debug)]
pub struct Log {
    /// Who.
    pub actor: Actor,
    /// What, in its order.
    pub noted: Vec<Noted>,
}

impl Noted {
    /// That this happened.
    pub const fn of(act: Act) -> Self {
        Self { act, user: None, token: None, organization: None, project: None, role: None, how: None, successor: None, count: None }
    }

    /// That it happened to this user.
    pub const fn user(act: Act, user: Id<User>) -> Self {
        Self { user: Some(user), ..Self::of(act) }
    }

    /// That it happened to this token.
    pub const fn token(act: Act, token: &TokenRow) -> Self {
        Self { token: Some(token.id), user: token.user_id, project: token.project_id, ..Self::of(act) }
    }
}

impl Ctx<'_> {
    /// Has the audit log say this, once the transaction is committed.
    pub(super) fn note(&mut self, noted: Noted) {
        self.noted.push(noted);
    }

    /// What the audit log is to say of this operation, if anything.
    pub fn take_log(&mut self) -> Option<Log> {
        if self.noted.is_empty() {
            return None;
        }
        let actor = match &self.caller {
            Caller::Anonymous => Actor::Nobody,
            Caller::Command => Actor::Command,
            Caller::User(user) => Actor::User(*user),
            Caller::Token(judged) => Actor::Token(judged.id),
        };
        Some(Log { actor, noted: std::mem::take(&mut self.noted) })
    }
}
