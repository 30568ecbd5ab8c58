//! Up to which moment this database's time may have been told, so that it never goes back behind it.
//! Who tells the time is `app::ratchet`; PostgreSQL has a clock of its own, and does not use this.

use super::database::{Connection, Result, sql};
use super::tokens::{TokenRow, living, token};
use crate::model::time::Time;

/// The moment up to which the time may have been told.
pub fn kept_until(db: &mut Connection) -> Result<Time> {
    let row = db.query_opt(sql!((Time,): "SELECT kept_until FROM clock WHERE name = 'told'"))?;
    // Whatever stands there, it is a moment that can be written.
    Ok(row.map_or(Time::from_micros(0), |(until,)| until).min(Time::LATEST))
}

/// Lets the time be told up to `until`; the answer is the moment that counts, which may be a later one.
pub fn keep_until(db: &mut Connection, until: Time) -> Result<Time> {
    db.execute(sql!(
        "INSERT INTO clock (name, kept_until) VALUES ('told', ?1)
         ON CONFLICT (name) DO UPDATE SET kept_until = excluded.kept_until WHERE clock.kept_until < excluded.kept_until",
        Time = until
    ))?;
    kept_until(db)
}

/// Says at the end what has really been told, unless somebody else has kept a moment of their own meanwhile.
pub fn settle(db: &mut Connection, kept: Time, told: Time) -> Result<()> {
    db.execute(sql!(
        "UPDATE clock SET kept_until = ?2 WHERE name = 'told' AND (kept_until = ?1 OR kept_until < ?2)",
        Time = kept,
        Time = told
    ))?;
    Ok(())
}

/// Sets the clock to this moment, back as well as forward.
pub fn reset(db: &mut Connection, to: Time) -> Result<()> {
    db.execute(sql!("UPDATE clock SET kept_until = ?1 WHERE name = 'told'", Time = to))?;
    Ok(())
}

/// Closes the doors through which rotations after `moment` could be asked for again.
pub fn forget_retries_after(db: &mut Connection, moment: Time) -> Result<u64> {
    db.execute(sql!("UPDATE tokens SET retry_key_digest = NULL WHERE rotated_at > ?1 AND retry_key_digest IS NOT NULL", Time = moment))
}

/// The tokens that live at `then` and not at `now`, newest first.
pub fn living_then_and_not_now(db: &mut Connection, then: Time, now: Time) -> Result<Vec<TokenRow>> {
    db.query(sql!(TokenRow:
        token!("WHERE ", living!("t", "?1"), " AND NOT (", living!("t", "?2"), ") ORDER BY t.id DESC"),
        Time = then, Time = now
    ))
}
