//! Who belongs to which organization, and as what.
//! Organizations themselves are in `organizations`.

use super::database::{Connection, Result, row, sql};
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
