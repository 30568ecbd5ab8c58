//! Users: who can sign in and have personal tokens.
//! Their name and address as others see them are in `persons`.

use super::database::{Connection, Result, row, sql};
use super::persons::{self, PersonRow};
use crate::model::id::Id;
use crate::model::persons::PersonKind;
use crate::model::sessions::Theme;
use crate::model::time::Time;
use crate::model::users::{Email, User};

row! {
    /// A user, without the password.
    #[derive(Debug, Clone)]
    pub struct UserRow {
        /// Who.
        pub id: Id<User>,
        /// The name that is shown.
        pub name: String,
        /// The address as it was typed.
        pub email: String,
        /// When the user was shut out, if so.
        pub disabled_at: Option<Time>,
        /// When the user was made.
        pub created_at: Time,
    }
}

/// The user with this address; of two the one whose address was compared by its case alone when it was taken.
pub fn by_email(db: &mut Connection, email: &Email) -> Result<Option<UserRow>> {
    db.query_opt(sql!(UserRow:
        "SELECT u.id, p.name, coalesce(p.email, ''), u.disabled_at, u.created_at FROM users u JOIN persons p ON p.id = u.id
         WHERE u.email_key IN (?1, ?2) ORDER BY CASE WHEN u.email_key = ?1 THEN 0 ELSE 1 END LIMIT 1",
        str = email.plain(), str = email.key()
    ))
}

/// Whether there is such a user and nobody has shut them out.
pub fn is_enabled(db: &mut Connection, id: Id<User>) -> Result<bool> {
    let row = db.query_opt(sql!((Id<User>,): "SELECT id FROM users WHERE id = ?1 AND disabled_at IS NULL", Id<User> = id))?;
    Ok(row.is_some())
}

/// All users, by address.
pub fn all(db: &mut Connection) -> Result<Vec<UserRow>> {
    db.query(sql!(UserRow:
        "SELECT u.id, p.name, coalesce(p.email, ''), u.disabled_at, u.created_at FROM users u JOIN persons p ON p.id = u.id ORDER BY u.email_key"
    ))
}

/// Keeps a new user. `Unique` when the address is taken.
pub fn insert(db: &mut Connection, id: Id<User>, name: &str, email: &Email, password_hash: Option<&str>, now: Time) -> Result<()> {
    let person = PersonRow { id: id.cast(), kind: PersonKind::User, name: name.to_owned(), email: Some(email.as_str().to_owned()) };
    persons::insert(db, &person)?;
    db.execute(sql!(
        "INSERT INTO users (id, email_key, password_hash, created_at) VALUES (?1, ?2, ?3, ?4)",
        Id<User> = id, str = email.key(), Option<&str> = password_hash, Time = now
    ))?;
    Ok(())
}

/// Shuts the user out from `at` on, or lets them in again.
pub fn set_disabled(db: &mut Connection, id: Id<User>, at: Option<Time>) -> Result<()> {
    db.execute(sql!("UPDATE users SET disabled_at = ?2 WHERE id = ?1", Id<User> = id, Option<Time> = at))?;
    Ok(())
}

/// Sets the hash of the user's password.
pub fn set_password(db: &mut Connection, id: Id<User>, hash: &str) -> Result<()> {
    db.execute(sql!("UPDATE users SET password_hash = ?2 WHERE id = ?1", Id<User> = id, str = hash))?;
    Ok(())
}

row! {
    /// What somebody who signs in has to match.
    #[derive(Debug, Clone)]
    pub struct Credentials {
        /// Who.
        pub id: Id<User>,
        /// What the password must hash to; `None` is nothing at all.
        pub password_hash: Option<String>,
        /// When the user was shut out.
        pub disabled_at: Option<Time>,
    }
}

/// What whoever signs in with this address has to match.
pub fn credentials(db: &mut Connection, email: &Email) -> Result<Option<Credentials>> {
    db.query_opt(sql!(Credentials:
        "SELECT id, password_hash, disabled_at FROM users
         WHERE email_key IN (?1, ?2) ORDER BY CASE WHEN email_key = ?1 THEN 0 ELSE 1 END LIMIT 1",
        str = email.plain(), str = email.key()
    ))
}

/// What this user has to match.
pub fn credentials_of(db: &mut Connection, id: Id<User>) -> Result<Option<Credentials>> {
    db.query_opt(sql!(Credentials: "SELECT id, password_hash, disabled_at FROM users WHERE id = ?1", Id<User> = id))
}

/// Makes all others who change the user wait until this transaction ends.
pub fn lock(db: &mut Connection, id: Id<User>) -> Result<()> {
    db.query_opt(sql!((Id<User>,):
        "SELECT id FROM users WHERE id = ?1";
        pg "SELECT id FROM users WHERE id = ?1 FOR NO KEY UPDATE",
        Id<User> = id
    ))?;
    Ok(())
}

/// Sets what the user is called and how pages look to them.
pub fn set_profile(db: &mut Connection, id: Id<User>, name: &str, theme: Theme) -> Result<()> {
    db.execute(sql!("UPDATE persons SET name = ?2 WHERE id = ?1", Id<User> = id, str = name))?;
    db.execute(sql!("UPDATE users SET theme = ?2 WHERE id = ?1", Id<User> = id, Theme = theme))?;
    Ok(())
}

/// Sets the user's address. `Unique` when it is taken.
pub fn set_email(db: &mut Connection, id: Id<User>, email: &Email) -> Result<()> {
    db.execute(sql!("UPDATE users SET email_key = ?2 WHERE id = ?1", Id<User> = id, str = email.key()))?;
    db.execute(sql!("UPDATE persons SET email = ?2 WHERE id = ?1", Id<User> = id, str = email.as_str()))?;
    Ok(())
}
