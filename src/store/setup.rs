//! The code of the first run.
//! What it opens is `domain::setup`'s affair.

use super::database::{Connection, Result, sql};
use crate::model::id::Id;
use crate::model::secrets::HashedSecret;
use crate::model::users::User;

/// Whether there is any user.
pub fn has_users(db: &mut Connection) -> Result<bool> {
    let row = db.query_opt(sql!((Id<User>,): "SELECT id FROM users LIMIT 1"))?;
    Ok(row.is_some())
}

/// Keeps the code's digest, in the place of an earlier one.
pub fn set_code(db: &mut Connection, digest: &HashedSecret) -> Result<()> {
    db.execute(sql!(
        "INSERT INTO setup (name, digest, tries) VALUES ('code', ?1, 0)
         ON CONFLICT (name) DO UPDATE SET digest = excluded.digest, tries = excluded.tries",
        HashedSecret = digest
    ))?;
    Ok(())
}

/// The code's digest, while there is one.
pub fn code(db: &mut Connection) -> Result<Option<HashedSecret>> {
    let row = db.query_opt(sql!((HashedSecret,): "SELECT digest FROM setup WHERE name = 'code'"))?;
    Ok(row.map(|(digest,)| digest))
}

/// As [`code`]. The row stays locked until the transaction ends, so that two who make the first user wait for each other.
pub fn lock_code(db: &mut Connection) -> Result<Option<HashedSecret>> {
    // Nodes of an earlier release count wrong codes there.
    let row = db.query_opt(sql!((HashedSecret,): "UPDATE setup SET tries = 0 WHERE name = 'code' RETURNING digest"))?;
    Ok(row.map(|(digest,)| digest))
}

/// Takes the code away.
pub fn delete_code(db: &mut Connection) -> Result<()> {
    db.execute(sql!("DELETE FROM setup"))?;
    Ok(())
}
