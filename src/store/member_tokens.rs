//! Tokens of an organization's members, seen from the organization: which of them live, what each did here, and which are shut out.
//! A token's own life is in `tokens`; who may shut one out is the domain's affair.

use super::database::{Cells, ColumnType, Connection, Result, Row, beside, row, sql};
use super::tokens::{TokenRow, living, token_columns, token_joins};
use crate::model::id::Id;
use crate::model::organizations::Organization;
use crate::model::pages::Page;
use crate::model::persons::Person;
use crate::model::roles::Role;
use crate::model::time::{Span, Time};
use crate::model::tokens::Token;
use crate::model::users::User;

/// That the chain of tokens is not shut out of the organization; a caller without a token has no chain, and never is.
macro_rules! not_shut_out {
    ($organization:literal, $chain:literal) => {
        concat!("NOT EXISTS (SELECT 1 FROM shut_out_tokens x WHERE x.organization_id = ", $organization, " AND x.chain_id = ", $chain, ")")
    };
}
pub(super) use not_shut_out;

row! {
    /// That a token is shut out of the organization, if it is.
    #[derive(Debug, Clone)]
    pub struct ShutOutRow {
        /// Since when.
        pub at: Option<Time>,
        /// By whom; `None` is a command or a restored backup.
        pub by_name: Option<String>,
        /// Why, in that person's words.
        pub why: Option<String>,
    }
}

/// A member's token as the organization sees it: its last use is the last one that reached the organization.
#[derive(Debug, Clone)]
pub struct MemberTokenRow {
    /// The token.
    pub token: TokenRow,
    /// Whether it is shut out.
    pub shut_out: ShutOutRow,
}

impl Row for MemberTokenRow {
    const COLUMNS: &'static [ColumnType] =
        &beside::<{ TokenRow::COLUMNS.len() + ShutOutRow::COLUMNS.len() }>(TokenRow::COLUMNS, ShutOutRow::COLUMNS);

    fn take(cells: &mut Cells<'_>) -> Result<Self> {
        Ok(Self { token: Row::take(cells)?, shut_out: Row::take(cells)? })
    }
}

/// Tokens `t` of members `m` of the organization `?1`.
macro_rules! of_members {
    ($($rest:expr),+) => {
        concat!(
            "SELECT ", token_columns!("v.last_used_at, v.last_used_from"), ", x.shut_out_at, s.name, x.shut_out_why
             FROM members m JOIN persons n ON n.id = m.user_id JOIN tokens t ON t.user_id = m.user_id ", token_joins!(), "
             LEFT JOIN token_uses v ON v.organization_id = ?1 AND v.token_id = t.id
             LEFT JOIN shut_out_tokens x ON x.organization_id = ?1 AND x.chain_id = t.chain_id
             LEFT JOIN persons s ON s.id = x.shut_out_by
             WHERE m.organization_id = ?1 AND ",
            $($rest),+
        )
    };
}

/// A page of the living tokens of members up to this role: member by member as the list of members has them, by name, and of each the one first
/// that ends first.
pub fn page(db: &mut Connection, organization: Id<Organization>, highest: Role, now: Time, page: Page) -> Result<Vec<MemberTokenRow>> {
    db.query(sql!(MemberTokenRow:
        of_members!("m.role <= ?3 AND ", living!("t", "?2"), " ORDER BY n.name, m.user_id, ", super::tokens::end!("t"), ", t.id LIMIT ?4 OFFSET ?5"),
        Id<Organization> = organization, Time = now, Role = highest, i64 = page.size, i64 = page.offset()
    ))
}

/// How many there are for [`page`], counted to `most` at the most.
pub fn count(db: &mut Connection, organization: Id<Organization>, highest: Role, now: Time, most: i64) -> Result<i64> {
    let (count,) = db.query_one(sql!((i64,):
        concat!(
            "SELECT count(*) FROM (SELECT 1 FROM members m JOIN tokens t ON t.user_id = m.user_id
             WHERE m.organization_id = ?1 AND m.role <= ?3 AND ", living!("t", "?2"), " LIMIT ?4) w"
        ),
        Id<Organization> = organization, Time = now, Role = highest, i64 = most
    ))?;
    Ok(count)
}

/// The token, if it is one of a member up to this role, whether it lives or has ended.
pub fn by_id(db: &mut Connection, organization: Id<Organization>, id: Id<Token>, highest: Role) -> Result<Option<MemberTokenRow>> {
    db.query_opt(sql!(MemberTokenRow:
        of_members!("t.id = ?2 AND m.role <= ?3"),
        Id<Organization> = organization, Id<Token> = id, Role = highest
    ))
}

/// The living tokens of one member, as [`page`] has them.
pub fn of_member(db: &mut Connection, organization: Id<Organization>, user: Id<User>, now: Time) -> Result<Vec<MemberTokenRow>> {
    db.query(sql!(MemberTokenRow:
        of_members!("m.user_id = ?3 AND ", living!("t", "?2"), " ORDER BY ", super::tokens::end!("t"), ", t.id"),
        Id<Organization> = organization, Time = now, Id<User> = user
    ))
}

/// Living tokens of the organization's members that were made for longer than this, by name.
pub fn longer(db: &mut Connection, organization: Id<Organization>, life: Span, now: Time) -> Result<Vec<MemberTokenRow>> {
    db.query(sql!(MemberTokenRow:
        of_members!("(t.life IS NULL OR t.life > ?3) AND ", living!("t", "?2"), " ORDER BY t.name, t.id"),
        Id<Organization> = organization, Time = now, Span = life
    ))
}

/// Keeps the chain out of the organization; 0 when it was shut out before.
pub fn shut_out(
    db: &mut Connection,
    (organization, chain): (Id<Organization>, Id<Token>),
    at: Time,
    by: Option<Id<Person>>,
    why: Option<&str>,
) -> Result<u64> {
    db.execute(sql!(
        "INSERT INTO shut_out_tokens (organization_id, chain_id, shut_out_at, shut_out_by, shut_out_why) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (organization_id, chain_id) DO NOTHING",
        Id<Organization> = organization, Id<Token> = chain, Time = at, Option<Id<Person>> = by, Option<&str> = why
    ))
}

/// Lets the chain reach the organization again; 0 when it was not shut out.
pub fn let_in(db: &mut Connection, organization: Id<Organization>, chain: Id<Token>) -> Result<u64> {
    db.execute(sql!(
        "DELETE FROM shut_out_tokens WHERE organization_id = ?1 AND chain_id = ?2",
        Id<Organization> = organization,
        Id<Token> = chain
    ))
}

row! {
    /// That one of a user's tokens is shut out of an organization to which the user belongs.
    #[derive(Debug, Clone)]
    pub struct ShutOutOfRow {
        /// The first token of its chain.
        pub chain_id: Id<Token>,
        /// The organization's name.
        pub organization: String,
        /// Since when.
        pub at: Time,
        /// By whom; `None` is a command or a restored backup.
        pub by_name: Option<String>,
        /// Why, in that person's words.
        pub why: Option<String>,
    }
}

/// Out of which of the user's organizations the user's tokens are shut, by the organizations' names.
pub fn shut_out_of(db: &mut Connection, user: Id<User>) -> Result<Vec<ShutOutOfRow>> {
    db.query(sql!(ShutOutOfRow:
        "SELECT x.chain_id, o.name, x.shut_out_at, s.name, x.shut_out_why
         FROM members m JOIN shut_out_tokens x ON x.organization_id = m.organization_id JOIN tokens t ON t.id = x.chain_id AND t.user_id = ?1
         JOIN organizations o ON o.id = m.organization_id LEFT JOIN persons s ON s.id = x.shut_out_by
         WHERE m.user_id = ?1 ORDER BY o.name, o.id, x.chain_id",
        Id<User> = user
    ))
}

/// Notes that a request with the token reached the organization; never goes back in time.
pub fn set_used(db: &mut Connection, organization: Id<Organization>, id: Id<Token>, at: Time, from: &str) -> Result<()> {
    db.execute(sql!(
        "INSERT INTO token_uses (organization_id, token_id, last_used_at, last_used_from) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (organization_id, token_id) DO UPDATE SET last_used_at = excluded.last_used_at, last_used_from = excluded.last_used_from
         WHERE token_uses.last_used_at < excluded.last_used_at",
        Id<Organization> = organization, Id<Token> = id, Time = at, str = from
    ))?;
    Ok(())
}
