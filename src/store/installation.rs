//! What an installation has once, whichever nodes run it: its keys.
//! What they are for is their users' affair.

use super::database::{Connection, Result, sql};

/// The key of this name; `fresh` becomes it where there is none yet.
pub fn key(db: &mut Connection, name: &str, fresh: &[u8; 32]) -> Result<[u8; 32]> {
    // The conflict changes nothing, but lets the row come back, whoever made it.
    let (key,) = db.query_one(sql!(([u8; 32],):
        "INSERT INTO installation_keys (name, value) VALUES (?1, ?2)
         ON CONFLICT (name) DO UPDATE SET name = excluded.name RETURNING value",
        str = name,
        [u8; 32] = fresh
    ))?;
    Ok(key)
}
