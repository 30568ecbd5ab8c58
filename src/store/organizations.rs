//! Organizations and their token policy.
//! Their members are in `members`, their projects in `projects`.

use super::database::{Connection, Result, row, sql};
use super::member_tokens::not_shut_out;
use crate::model::id::Id;
use crate::model::organizations::{Organization, Slug};
use crate::model::roles::Role;
use crate::model::time::{Span, Time};
use crate::model::tokens::Token;
use crate::model::users::User;

row! {
    /// An organization.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct OrganizationRow {
        /// Which.
        pub id: Id<Organization>,
        /// The name that is shown.
        pub name: String,
        /// The name in addresses.
        pub slug: String,
        /// The longest life of a token that reaches it; `None` is no limit.
        pub max_token_life: Option<Span>,
    }
}

row! {
    /// An organization that a user is a member of.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct MembershipRow {
        /// The organization.
        pub id: Id<Organization>,
        /// The name that is shown.
        pub name: String,
        /// The name in addresses.
        pub slug: String,
        /// The longest life of a token that reaches it; `None` is no limit.
        pub max_token_life: Option<Span>,
        /// The user's role there.
        pub role: Role,
    }
}

/// The organization with this id.
pub fn by_id(db: &mut Connection, id: Id<Organization>) -> Result<Option<OrganizationRow>> {
    db.query_opt(sql!(OrganizationRow: "SELECT id, name, slug, max_token_life FROM organizations WHERE id = ?1", Id<Organization> = id))
}

/// The organization with this slug.
pub fn by_slug(db: &mut Connection, slug: &str) -> Result<Option<OrganizationRow>> {
    db.query_opt(sql!(OrganizationRow: "SELECT id, name, slug, max_token_life FROM organizations WHERE slug = ?1", str = slug))
}

/// All organizations, by slug.
pub fn all(db: &mut Connection) -> Result<Vec<OrganizationRow>> {
    db.query(sql!(OrganizationRow: "SELECT id, name, slug, max_token_life FROM organizations ORDER BY slug"))
}

/// The organizations that the user is a member of and out of which this chain of tokens is not shut, by name.
pub fn reached(db: &mut Connection, user: Id<User>, chain: Option<Id<Token>>) -> Result<Vec<MembershipRow>> {
    db.query(sql!(MembershipRow: concat!(
        "SELECT o.id, o.name, o.slug, o.max_token_life, m.role
         FROM members m JOIN organizations o ON o.id = m.organization_id
         WHERE m.user_id = ?1 AND ", not_shut_out!("o.id", "?2"), " ORDER BY o.name, o.id"),
        Id<User> = user, Option<Id<Token>> = chain
    ))
}

/// The organizations that the user is a member of, by name.
pub fn of_user(db: &mut Connection, user: Id<User>) -> Result<Vec<MembershipRow>> {
    db.query(sql!(MembershipRow:
        "SELECT o.id, o.name, o.slug, o.max_token_life, m.role
         FROM members m JOIN organizations o ON o.id = m.organization_id WHERE m.user_id = ?1 ORDER BY o.name, o.id",
        Id<User> = user
    ))
}

/// The organization as the user reaches it, if it exists and the user is a member, and this chain of tokens is not shut out.
pub fn membership(
    db: &mut Connection,
    organization: Id<Organization>,
    user: Id<User>,
    chain: Option<Id<Token>>,
) -> Result<Option<MembershipRow>> {
    db.query_opt(sql!(MembershipRow: concat!(
        "SELECT o.id, o.name, o.slug, o.max_token_life, m.role
         FROM members m JOIN organizations o ON o.id = m.organization_id WHERE m.organization_id = ?1 AND m.user_id = ?2
         AND ", not_shut_out!("o.id", "?3")),
        Id<Organization> = organization, Id<User> = user, Option<Id<Token>> = chain
    ))
}

/// Keeps a new organization. `Unique` when the slug is taken.
pub fn insert(db: &mut Connection, id: Id<Organization>, name: &str, slug: &Slug, now: Time) -> Result<()> {
    db.execute(sql!(
        "INSERT INTO organizations (id, name, slug, created_at) VALUES (?1, ?2, ?3, ?4)",
        Id<Organization> = id, str = name, str = slug.as_str(), Time = now
    ))?;
    Ok(())
}

/// Changes what the organization is called. `Unique` when the slug is taken.
pub fn update(db: &mut Connection, id: Id<Organization>, name: &str, slug: &Slug) -> Result<()> {
    db.execute(sql!(
        "UPDATE organizations SET name = ?2, slug = ?3 WHERE id = ?1",
        Id<Organization> = id, str = name, str = slug.as_str()
    ))?;
    Ok(())
}

/// Sets the longest life of tokens that reach the organization.
pub fn set_policy(db: &mut Connection, id: Id<Organization>, life: Option<Span>) -> Result<()> {
    db.execute(sql!("UPDATE organizations SET max_token_life = ?2 WHERE id = ?1", Id<Organization> = id, Option<Span> = life))?;
    Ok(())
}

/// Makes all others who change the organization's members wait until this transaction ends.
pub fn lock(db: &mut Connection, id: Id<Organization>) -> Result<()> {
    db.execute(sql!("UPDATE organizations SET slug = slug WHERE id = ?1", Id<Organization> = id))?;
    Ok(())
}
