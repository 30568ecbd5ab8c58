//! Links by which somebody becomes a member of an organization.
//! How long they hold and who may make them is `domain::invitations`' affair.

use super::database::{Connection, Result, row, sql};
use crate::model::id::Id;
use crate::model::organizations::Organization;
use crate::model::persons::Person;
use crate::model::roles::Role;
use crate::model::secrets::HashedSecret;
use crate::model::sessions::Invitation;
use crate::model::time::Time;

row! {
    /// An invitation that nobody has used yet.
    #[derive(Debug, Clone)]
    pub struct InvitationRow {
        /// Which.
        pub id: Id<Invitation>,
        /// To which organization.
        pub organization_id: Id<Organization>,
        /// The organization's name.
        pub organization_name: String,
        /// For whom it is meant, where somebody said so.
        pub email: Option<String>,
        /// As what.
        pub role: Role,
        /// When it was made.
        pub created_at: Time,
        /// By whom; `None` is a command.
        pub created_by: Option<Id<Person>>,
        /// The maker's name.
        pub maker: Option<String>,
        /// What the maker is in the organization by now.
        pub maker_role: Option<Role>,
    }
}

macro_rules! invitation {
    ($rest:literal) => {
        concat!(
            "SELECT i.id, i.organization_id, o.name, i.email, i.role, i.created_at, i.created_by, p.name, m.role
             FROM invitations i JOIN organizations o ON o.id = i.organization_id
             LEFT JOIN persons p ON p.id = i.created_by
             LEFT JOIN users u ON u.id = i.created_by AND u.disabled_at IS NULL
             LEFT JOIN members m ON m.organization_id = i.organization_id AND m.user_id = u.id ",
            $rest
        )
    };
}

/// The invitation with this digest.
pub fn by_digest(db: &mut Connection, digest: &HashedSecret) -> Result<Option<InvitationRow>> {
    db.query_opt(sql!(InvitationRow: invitation!("WHERE i.digest = ?1"), HashedSecret = digest))
}

/// The invitation with this id.
pub fn by_id(db: &mut Connection, id: Id<Invitation>) -> Result<Option<InvitationRow>> {
    db.query_opt(sql!(InvitationRow: invitation!("WHERE i.id = ?1"), Id<Invitation> = id))
}

/// The organization's invitations made since `since`, newest first.
pub fn of_organization(db: &mut Connection, organization: Id<Organization>, since: Time) -> Result<Vec<InvitationRow>> {
    db.query(sql!(InvitationRow:
        invitation!("WHERE i.organization_id = ?1 AND i.created_at > ?2 ORDER BY i.created_at DESC, i.id DESC LIMIT 200"),
        Id<Organization> = organization, Time = since
    ))
}

/// An invitation, as it is stored.
#[derive(Debug)]
pub struct NewInvitation<'a> {
    /// Which.
    pub id: Id<Invitation>,
    /// Its digest.
    pub digest: HashedSecret,
    /// To which organization.
    pub organization: Id<Organization>,
    /// For whom it is meant.
    pub email: Option<&'a str>,
    /// As what.
    pub role: Role,
    /// By whom; `None` is a command.
    pub created_by: Option<Id<Person>>,
}

/// Keeps an invitation.
pub fn insert(db: &mut Connection, new: &NewInvitation<'_>, now: Time) -> Result<()> {
    db.execute(sql!(
        "INSERT INTO invitations (id, digest, organization_id, email, role, created_at, created_by) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        Id<Invitation> = new.id, HashedSecret = new.digest, Id<Organization> = new.organization, Option<&str> = new.email,
        Role = new.role, Time = now, Option<Id<Person>> = new.created_by
    ))?;
    Ok(())
}

/// Takes the invitation away; 0 when it is gone already, so that of two who use one only the first does.
pub fn delete(db: &mut Connection, id: Id<Invitation>) -> Result<u64> {
    db.execute(sql!("DELETE FROM invitations WHERE id = ?1", Id<Invitation> = id))
}

/// Removes at most `limit` invitations made before `before`; the answer is how many.
pub fn delete_over(db: &mut Connection, before: Time, limit: i64) -> Result<u64> {
    db.execute(sql!(
        "DELETE FROM invitations WHERE id IN (SELECT id FROM invitations WHERE created_at < ?1 ORDER BY created_at LIMIT ?2)",
        Time = before,
        i64 = limit
    ))
}
