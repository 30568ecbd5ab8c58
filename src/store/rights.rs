//! All that says who may do what in a whole database, read at once, and the few changes that a restore makes by it.
//! Which right counts as lost is `domain::restore`'s affair; each noun's own file has the rest of its SQL.

use super::database::{Connection, Result, row, sql};
use crate::model::id::Id;
use crate::model::organizations::Organization;
use crate::model::projects::Project;
use crate::model::roles::Role;
use crate::model::scopes::Scopes;
use crate::model::time::{Span, Time};
use crate::model::tokens::{HashedToken, Token};
use crate::model::users::User;

row! {
    /// How a token may have ended.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct TokenRight {
        /// Which.
        pub id: Id<Token>,
        /// When it ends by itself.
        pub expires_at: Option<Time>,
        /// Whether a request has ever come with it.
        pub used: bool,
        /// When it was replaced.
        pub rotated_at: Option<Time>,
        /// When, replaced, it stops.
        pub stops_at: Option<Time>,
        /// When it was revoked.
        pub revoked_at: Option<Time>,
        /// Its digest; this and what follows never changes in a token's life.
        pub digest: HashedToken,
        /// What it may be used for.
        pub scopes: Scopes,
        /// Its user, if it is a personal one.
        pub user_id: Option<Id<User>>,
        /// Its project, if it is a project's.
        pub project_id: Option<Id<Project>>,
        /// How long it was made for; `None` is without end.
        pub life: Option<Span>,
        /// The first token of its chain.
        pub chain_id: Id<Token>,
        /// When that one was made.
        pub chain_started_at: Time,
        /// The token that it replaced.
        pub predecessor_id: Option<Id<Token>>,
        /// When it was made.
        pub created_at: Time,
    }
}

impl TokenRight {
    /// Whether it is the same token by all that never changes, and not only by its id.
    pub fn is_same(&self, other: &Self) -> bool {
        let fixed = |one: &Self| {
            let chain = (one.chain_id, one.chain_started_at, one.predecessor_id);
            (one.id, one.digest, one.scopes, one.user_id, one.project_id, one.life, one.created_at, chain)
        };
        fixed(self) == fixed(other)
    }
}

row! {
    /// What lets a user in.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct UserRight {
        /// Who.
        pub id: Id<User>,
        /// When the user was shut out.
        pub disabled_at: Option<Time>,
        /// What the password must hash to.
        pub password_hash: Option<String>,
        /// The address, to which no link goes by itself, but by which others know the user.
        pub email: Option<String>,
    }
}

row! {
    /// A membership.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct MemberRight {
        /// Of which organization.
        pub organization_id: Id<Organization>,
        /// Whose.
        pub user_id: Id<User>,
        /// As what.
        pub role: Role,
    }
}

row! {
    /// A project's state and numbers.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct ProjectRight {
        /// Which.
        pub id: Id<Project>,
        /// When it was archived.
        pub archived_at: Option<Time>,
        /// When it was deleted.
        pub deleted_at: Option<Time>,
        /// Whose it is, for good.
        pub organization_id: Id<Organization>,
        /// The last number that was given in it.
        pub last_number: i64,
    }
}

row! {
    /// An organization's policy.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct OrganizationRight {
        /// Which.
        pub id: Id<Organization>,
        /// The longest life of a token that reaches it.
        pub max_token_life: Option<Span>,
    }
}

row! {
    /// That a token is shut out of an organization.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct ShutOutRight {
        /// Of which organization.
        pub organization_id: Id<Organization>,
        /// The first token of its chain.
        pub chain_id: Id<Token>,
        /// Since when.
        pub shut_out_at: Time,
        /// Why, in the words of whoever did it.
        pub shut_out_why: Option<String>,
    }
}

/// All that says who may do what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rights {
    /// All tokens.
    pub tokens: Vec<TokenRight>,
    /// All users.
    pub users: Vec<UserRight>,
    /// All memberships.
    pub members: Vec<MemberRight>,
    /// All projects, deleted ones too.
    pub projects: Vec<ProjectRight>,
    /// All organizations.
    pub organizations: Vec<OrganizationRight>,
    /// All tokens that are shut out of an organization.
    pub shut_out: Vec<ShutOutRight>,
    /// The last serial that a project was given.
    pub last_serial: i64,
    /// Up to which moment the time may have been told.
    pub kept_until: Time,
}

/// Reads all of it.
pub fn read(db: &mut Connection) -> Result<Rights> {
    let (last_serial,) = db.query_one(sql!((i64,): "SELECT last FROM serials WHERE name = 'project'"))?;
    Ok(Rights {
        tokens: db.query(sql!(TokenRight:
            "SELECT id, expires_at, used, rotated_at, stops_at, revoked_at, digest, scopes, user_id, project_id, life, chain_id,
                    chain_started_at, predecessor_id, created_at
             FROM tokens"
        ))?,
        users: db
            .query(sql!(UserRight: "SELECT u.id, u.disabled_at, u.password_hash, p.email FROM users u JOIN persons p ON p.id = u.id"))?,
        members: db.query(sql!(MemberRight: "SELECT organization_id, user_id, role FROM members"))?,
        projects: db.query(sql!(ProjectRight:
            "SELECT p.id, p.archived_at, p.deleted_at, p.organization_id, c.last_number FROM projects p JOIN project_counters c ON c.project_id = p.id"
        ))?,
        organizations: db.query(sql!(OrganizationRight: "SELECT id, max_token_life FROM organizations"))?,
        shut_out: db.query(sql!(ShutOutRight:
            "SELECT organization_id, chain_id, shut_out_at, shut_out_why FROM shut_out_tokens"
        ))?,
        last_serial,
        kept_until: super::clock::kept_until(db)?,
    })
}

/// Sets how a token ends, and closes the door through which its rotation could be asked for again.
pub fn set_token_end(db: &mut Connection, token: &TokenRight) -> Result<()> {
    db.execute(sql!(
        "UPDATE tokens SET expires_at = ?2, used = ?3, rotated_at = ?4, stops_at = ?5, retry_key_digest = NULL WHERE id = ?1",
        Id<Token> = token.id, Option<Time> = token.expires_at, bool = token.used, Option<Time> = token.rotated_at,
        Option<Time> = token.stops_at
    ))?;
    Ok(())
}

/// Sets what lets a user in.
pub fn set_user(db: &mut Connection, user: &UserRight) -> Result<()> {
    db.execute(sql!(
        "UPDATE users SET disabled_at = ?2, password_hash = ?3 WHERE id = ?1",
        Id<User> = user.id, Option<Time> = user.disabled_at, Option<String> = user.password_hash
    ))?;
    Ok(())
}

/// Sets a project's state and the last number that was given in it.
pub fn set_project(db: &mut Connection, project: &ProjectRight) -> Result<()> {
    db.execute(sql!(
        "UPDATE projects SET archived_at = ?2, deleted_at = ?3 WHERE id = ?1",
        Id<Project> = project.id, Option<Time> = project.archived_at, Option<Time> = project.deleted_at
    ))?;
    db.execute(sql!(
        "UPDATE project_counters SET last_number = ?2 WHERE project_id = ?1",
        Id<Project> = project.id, i64 = project.last_number
    ))?;
    Ok(())
}

/// Sets the last serial that a project was given.
pub fn set_last_serial(db: &mut Connection, last: i64) -> Result<()> {
    db.execute(sql!("UPDATE serials SET last = ?1 WHERE name = 'project'", i64 = last))?;
    Ok(())
}
