//! Scopes: what a token was made for, independent of each other, and the presets that name usual sets of them.
//! Which capability wants which scope is the domain's permission table.

use std::fmt;

use super::tickets::words;

words! {
    /// One thing that a token may be used for.
    Scope {
        /// Lists, ticket, comments, events.
        TicketsRead = "tickets:read",
        /// POST of tickets.
        TicketsCreate = "tickets:create",
        /// PATCH, DELETE and restore of tickets.
        TicketsWrite = "tickets:write",
        /// POST, PATCH and DELETE of comments.
        CommentsWrite = "comments:write",
        /// Organizations and projects.
        ProjectsRead = "projects:read",
        /// POST, PATCH and DELETE of projects.
        ProjectsWrite = "projects:write",
        /// Members.
        MembersRead = "members:read",
        /// All of webhooks.
        WebhooksManage = "webhooks:manage",
    }
}

/// A set of scopes, as bits by rank.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scopes(i64);

impl Scopes {
    /// Every scope.
    pub const FULL: Self = Self((1 << Scope::ALL.len()) - 1);
    /// The three that only read.
    pub const READ_ONLY: Self = Self::of(&[Scope::TicketsRead, Scope::ProjectsRead, Scope::MembersRead]);
    /// Only filing tickets.
    pub const REPORT_ONLY: Self = Self::of(&[Scope::TicketsCreate]);

    /// The set of these.
    pub const fn of(scopes: &[Scope]) -> Self {
        let mut bits = 0;
        let mut index = 0;
        while index < scopes.len() {
            bits |= 1 << scopes[index].rank();
            index += 1;
        }
        Self(bits)
    }

    /// Whether the scope is among them.
    pub const fn has(self, scope: Scope) -> bool {
        self.0 & (1 << scope.rank()) != 0
    }

    /// Whether there is none.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Those of the set, in the contract's order.
    pub fn iter(self) -> impl Iterator<Item = Scope> {
        Scope::ALL.iter().copied().filter(move |scope| self.has(*scope))
    }

    /// The bits as they rest in the store.
    pub const fn bits(self) -> i64 {
        self.0
    }

    /// The set that these bits stand for; bits that no scope has are refused.
    pub const fn from_bits(bits: i64) -> Option<Self> {
        if bits & !Self::FULL.0 == 0 { Some(Self(bits)) } else { None }
    }

    /// Reads a comma list such as `tickets:read,projects:read`; the error is the first word that is no scope.
    pub fn parse_list(list: &str) -> Result<Self, String> {
        let mut bits = 0;
        for word in list.split(',').map(str::trim) {
            bits |= 1 << Scope::from_word(word).ok_or_else(|| word.to_owned())?.rank();
        }
        Ok(Self(bits))
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        for scope in self.iter() {
            write!(f, "{separator}{scope}")?;
            separator = ",";
        }
        Ok(())
    }
}

impl serde::Serialize for Scopes {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}
