//! Who belongs to which organization, and as what.
//! Organizations themselves are in `organizations`.

use super::database::{Connection, Result, row, sql};
use super::member_tokens::not_shut_out;
use super::tokens::living;
use crate::model::id::Id;
use crate::model::organizations::Organization;
use crate::model::pages::Page;
use crate::model::roles::Role;
use crate::model::time::Time;
use crate::model::users::User;

row! {
    /// A member of an organization.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct MemberRow {
        /// Who.
        pub id: Id<User>,
        /// The name that is shown.
        pub name: String,
        /// The address as it was typed.
        pub email: String,
        /// The member's role.
        pub role: Role,
    }
}

row! {
    /// A member as those see them who look after the organization.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct SeenRow {
        /// Who.
        pub id: Id<User>,
        /// When a browser of theirs was last here.
        pub last_seen_at: Option<Time>,
        /// When they were shut out, if so.
        pub disabled_at: Option<Time>,
        /// Their living personal tokens that reach the organization.
        pub tokens: i64,
        /// Their organizations of which the reader is no owner.
        pub beyond: i64,
    }
}

/// What those who look after the organization see of a page of its members, in the order of [`of_organization`]; `reader` is who looks.
pub fn seen(db: &mut Connection, organization: Id<Organization>, reader: Option<Id<User>>, page: Page, now: Time) -> Result<Vec<SeenRow>> {
    db.query(sql!(SeenRow: concat!(
        "SELECT m.user_id, (SELECT max(s.last_seen_at) FROM sessions s WHERE s.user_id = m.user_id), u.disabled_at,
                (SELECT count(*) FROM tokens t WHERE t.user_id = m.user_id AND ", living!("t", "?5"), "
                    AND (o.max_token_life IS NULL OR t.life <= o.max_token_life) AND ", not_shut_out!("o.id", "t.chain_id"), "),
                (SELECT count(*) FROM members b WHERE b.user_id = m.user_id AND NOT EXISTS (SELECT 1 FROM members r
                    WHERE r.organization_id = b.organization_id AND r.user_id = ?2 AND r.role = ?6))
         FROM members m JOIN organizations o ON o.id = m.organization_id JOIN persons p ON p.id = m.user_id JOIN users u ON u.id = m.user_id
         WHERE m.organization_id = ?1 ORDER BY p.name, p.id LIMIT ?3 OFFSET ?4"),
        Id<Organization> = organization, Option<Id<User>> = reader, i64 = page.size, i64 = page.offset(), Time = now, Role = Role::Owner
    ))
}

/// The member.
pub fn by_id(db: &mut Connection, organization: Id<Organization>, user: Id<User>) -> Result<Option<MemberRow>> {
    db.query_opt(sql!(MemberRow:
        "SELECT m.user_id, p.name, coalesce(p.email, ''), m.role FROM members m JOIN persons p ON p.id = m.user_id
         WHERE m.organization_id = ?1 AND m.user_id = ?2",
        Id<Organization> = organization, Id<User> = user
    ))
}

/// A page of the organization's members, by name.
pub fn of_organization(db: &mut Connection, organization: Id<Organization>, page: Page) -> Result<Vec<MemberRow>> {
    db.query(sql!(MemberRow:
        "SELECT m.user_id, p.name, coalesce(p.email, ''), m.role FROM members m JOIN persons p ON p.id = m.user_id
         WHERE m.organization_id = ?1 ORDER BY p.name, p.id LIMIT ?2 OFFSET ?3",
        Id<Organization> = organization, i64 = page.size, i64 = page.offset()
    ))
}

/// How many members the organization has.
pub fn count(db: &mut Connection, organization: Id<Organization>) -> Result<i64> {
    let (count,) =
        db.query_one(sql!((i64,): "SELECT count(*) FROM members WHERE organization_id = ?1", Id<Organization> = organization))?;
    Ok(count)
}

/// The user's role in the organization.
pub fn role(db: &mut Connection, organization: Id<Organization>, user: Id<User>) -> Result<Option<Role>> {
    let row = db.query_opt(sql!((Role,):
        "SELECT role FROM members WHERE organization_id = ?1 AND user_id = ?2",
        Id<Organization> = organization, Id<User> = user
    ))?;
    Ok(row.map(|(role,)| role))
}

/// How many owners the organization has.
pub fn owners(db: &mut Connection, organization: Id<Organization>) -> Result<i64> {
    let (count,) = db.query_one(sql!((i64,):
        "SELECT count(*) FROM members WHERE organization_id = ?1 AND role = ?2",
        Id<Organization> = organization, Role = Role::Owner
    ))?;
    Ok(count)
}

/// Makes the user a member. `Unique` when they are one already.
pub fn insert(db: &mut Connection, organization: Id<Organization>, user: Id<User>, role: Role, now: Time) -> Result<()> {
    db.execute(sql!(
        "INSERT INTO members (organization_id, user_id, role, created_at) VALUES (?1, ?2, ?3, ?4)",
        Id<Organization> = organization, Id<User> = user, Role = role, Time = now
    ))?;
    Ok(())
}

/// Gives the member another role.
pub fn set_role(db: &mut Connection, organization: Id<Organization>, user: Id<User>, role: Role) -> Result<()> {
    db.execute(sql!(
        "UPDATE members SET role = ?3 WHERE organization_id = ?1 AND user_id = ?2",
        Id<Organization> = organization, Id<User> = user, Role = role
    ))?;
    Ok(())
}

/// Ends the membership.
pub fn delete(db: &mut Connection, organization: Id<Organization>, user: Id<User>) -> Result<()> {
    db.execute(sql!(
        "DELETE FROM members WHERE organization_id = ?1 AND user_id = ?2",
        Id<Organization> = organization, Id<User> = user
    ))?;
    Ok(())
}
