//! First answers to requests with an `Idempotency-Key`, kept for 24 hours.
//! When they are given again is `domain::idempotency`' affair.

use super::database::{Connection, Result, row, sql};
use crate::model::time::Time;

row! {
    /// What is kept of a request.
    #[derive(Debug, Clone)]
    pub struct KeptRow {
        /// Digest of the body.
        pub body: [u8; 32],
        /// The answer's status; `None` while the first is running.
        pub status: Option<i64>,
        /// The answer's own headers, a line each.
        pub headers: Option<String>,
        /// The answer's body.
        pub answer: Option<Vec<u8>>,
    }
}

/// Takes the request's place, unless somebody has it; the answer is whether it was free. One older than `expired` is free.
///
/// On PostgreSQL this waits up to 1.5 s, within the deadline, for a first request that is still running; then it is `Busy`.
/// SQLite has one writer, so that a first request never runs meanwhile.
pub fn reserve(db: &mut Connection, caller: uuid::Uuid, request: &[u8; 32], body: &[u8; 32], now: Time, expired: Time) -> Result<bool> {
    if db.is_postgres() {
        db.execute(sql!("DELETE FROM idempotency WHERE 1 = 0"; pg "SET LOCAL lock_timeout = '1500ms'"))?;
    }
    db.execute(sql!(
        "DELETE FROM idempotency WHERE caller_id = ?1 AND request = ?2 AND created_at <= ?3",
        uuid::Uuid = caller,
        [u8; 32] = request,
        Time = expired
    ))?;
    let rows = db.execute(sql!(
        "INSERT INTO idempotency (caller_id, request, body, created_at) VALUES (?1, ?2, ?3, ?4) ON CONFLICT (caller_id, request) DO NOTHING",
        uuid::Uuid = caller, [u8; 32] = request, [u8; 32] = body, Time = now
    ))?;
    Ok(rows == 1)
}

/// What is kept of the request.
pub fn kept(db: &mut Connection, caller: uuid::Uuid, request: &[u8; 32]) -> Result<Option<KeptRow>> {
    db.query_opt(sql!(KeptRow:
        "SELECT body, status, headers, answer FROM idempotency WHERE caller_id = ?1 AND request = ?2",
        uuid::Uuid = caller, [u8; 32] = request
    ))
}

/// Keeps the answer in the request's place.
pub fn keep(db: &mut Connection, caller: uuid::Uuid, request: &[u8; 32], status: i64, headers: &str, answer: &[u8]) -> Result<()> {
    db.execute(sql!(
        "UPDATE idempotency SET status = ?3, headers = ?4, answer = ?5 WHERE caller_id = ?1 AND request = ?2",
        uuid::Uuid = caller,
        [u8; 32] = request,
        i64 = status,
        str = headers,
        [u8] = answer
    ))?;
    Ok(())
}

/// Forgets some answers that are older than `before`; the answer is how many.
pub fn forget(db: &mut Connection, before: Time, limit: i64) -> Result<u64> {
    db.execute(sql!(
        "DELETE FROM idempotency WHERE (caller_id, request) IN
            (SELECT caller_id, request FROM idempotency WHERE created_at <= ?1 LIMIT ?2)",
        Time = before,
        i64 = limit
    ))
}
