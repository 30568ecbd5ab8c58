//! What the last act led to, said on the page that comes after it: a word in the address, a sentence here.
//! Nothing of what somebody typed is said in a notice, so that no address can put words into our mouth.

/// A sentence on top of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Notice {
    /// `ok`, `warn` or `risk`.
    pub(super) kind: &'static str,
    /// The sentence.
    pub(super) text: &'static str,
}

const fn ok(text: &'static str) -> Notice {
    Notice { kind: "ok", text }
}

/// The notice that a word in the address names.
pub(super) fn named(word: &str) -> Option<Notice> {
    Some(match word {
        "saved" => ok("Saved."),
        "signed-out" => ok("You have signed out. This session is worth nothing any more."),
        "password" => ok("Your password has been changed."),
        "password-and-tokens" => ok("Your password has been changed, and your tokens are revoked."),
        "session-ended" => ok("The session has ended."),
        "sessions-ended" => ok("Your other sessions have ended."),
        "joined" => ok("You are a member now."),
        "archived" => ok("The project is archived. Its tickets can be read, and its tokens are refused."),
        "unarchived" => ok("The project is open again, and its tokens work again."),
        "unarchived-without-tokens" => ok("The project is open again. Its tokens are revoked."),
        "project-deleted" => ok("The project is deleted."),
        "role-set" => ok("The role has been changed. It holds from now on."),
        "member-removed" => ok("The member has been removed, and reaches nothing here any more."),
        "member-removed-tokens-left" => Notice {
            kind: "warn",
            text: "The member has been removed. Project tokens that they made live on: revoke them in the settings of their projects.",
        },
        "left" => ok("You have left the organization."),
        "invitation-withdrawn" => ok("The invitation has been withdrawn. Its link is worth nothing any more."),
        "policy-set" => ok("The token policy has been changed. It holds from now on, for tokens made before too."),
        "token-revoked" => ok("The token has been revoked. Every request with it is refused from now on."),
        "chain-revoked" => ok("The token and its whole chain are revoked. Every request with them is refused from now on."),
        "alert-dismissed" => ok("Dismissed. It comes back if it happens again."),
        "token-shut-out" => ok("The token is shut out. It does not reach this organization any more, and its owner sees that."),
        "token-let-in" => ok("The token reaches this organization again."),
        "restored" => ok("The ticket is back, as it was."),
        "theirs-kept" => ok("Nothing of yours was saved. The ticket is as the other left it."),
        "comment-deleted" => ok("The comment has been deleted."),
        "nothing-selected" => Notice { kind: "warn", text: "Nothing was changed: choose tickets, and what they are to become." },
        "selection-refused" => {
            Notice { kind: "risk", text: "Nothing was changed: one of the tickets, or what was chosen for them, is not there any more." }
        }
        _ => return None,
    })
}
