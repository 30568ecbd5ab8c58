//! Roles: how much a member may do in an organization.
//! Which capability wants which role is the domain's permission table.

use super::tickets::words;
use std::fmt;

words! {
    /// A member's role; a later one may do all that an earlier one may.
    Role {
        /// Reads and searches.
        Viewer = "viewer",
        /// Files, edits and comments.
        Member = "member",
        /// Looks after projects, tokens and members.
        Admin = "admin",
        /// Answers for the organization.
        Owner = "owner",
    }
}
