//! Members as JSON.
//! Only personal tokens come here, so that addresses are always shown.

use serde::Serialize;

use crate::model::id::Id;
use crate::model::roles::Role;
use crate::model::users::User;
use crate::store::members::MemberRow;

/// A member of an organization.
#[derive(Debug, Serialize)]
pub struct Member<'a> {
    id: Id<User>,
    name: &'a str,
    email: &'a str,
    role: Role,
}

impl<'a> Member<'a> {
    /// The shape of a row.
    pub fn new(row: &'a MemberRow) -> Self {
        Self { id: row.id, name: &row.name, email: &row.email, role: row.role }
    }
}

/// The members of an organization.
#[derive(Debug, Serialize)]
pub struct Members<'a> {
    /// The page.
    pub members: Vec<Member<'a>>,
}
