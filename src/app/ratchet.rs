//! The time as SQLite's operations are told it: the machine's, but never behind the newest moment that was told before, by any process.
//! What time the machine has is `clock`'s affair; on PostgreSQL the database tells the time, and none of this is used.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;

use tokio::sync::Mutex;

use crate::model::time::{Span, Time};
use crate::store::clock as store;
use crate::store::database::{self, Connection, Database};

/// So far ahead of the present the database lets the time be told: one small write for this long, instead of one for each moment told. A process
/// that is killed leaves the clock at most this far ahead; one that ends by itself leaves it where it was.
const AHEAD: Span = Span::seconds(10);

/// With less than this left, more is asked for while requests go on.
const EARLY: Span = Span::seconds(5);

/// With less than this left a request waits for it: its moments may be told this much later, since all that it asks of the database ends by then.
const LEAST: Span = Span::seconds(2);

/// So long it waits. A disk that is full, or another's lock, must not keep anybody from reading: then the clock runs on in memory alone.
const PATIENCE: Duration = Duration::from_millis(100);

/// See above.
#[derive(Debug, Default)]
pub struct Ratchet {
    /// The newest moment that was told, in microseconds.
    told: AtomicI64,
    /// Up to which moment the database lets it be told.
    kept: AtomicI64,
    /// Who asks for more is alone.
    asking: Mutex<()>,
    /// Whether the database did not take it the last time.
    fails: AtomicBool,
}

impl Ratchet {
    /// Takes the time up where this database was told it last.
    pub async fn load(&self, database: &Database, machine: Time) -> database::Result<()> {
        // By the connection that writes, since none that reads is open yet, and a start is to be short.
        let found: Time = database.write(store::kept_until).await?;
        self.told.fetch_max(found.micros(), Ordering::AcqRel);
        self.kept.fetch_max(found.micros(), Ordering::AcqRel);
        let ahead = found.since(machine).whole_seconds();
        if ahead > AHEAD.whole_seconds() {
            tracing::warn!(
                seconds = ahead,
                "the machine's clock is behind what this database was told: rights go by the later time; `bugtome doctor` says what to do"
            );
        }
        Ok(())
    }

    /// What time it is, where the machine says `machine`: that, or the smallest step beyond what was told before.
    pub fn tell(&self, machine: Time) -> Time {
        let step = |told: i64| Some(if machine.micros() > told { machine.micros() } else { told.saturating_add(1) });
        let before = self.told.fetch_update(Ordering::AcqRel, Ordering::Acquire, step).unwrap_or_default();
        Time::from_micros(step(before).unwrap_or_default())
    }

    /// How far what is told is ahead of the machine's time; nothing where it is the machine's.
    pub fn ahead_of(&self, machine: Time) -> Span {
        Time::from_micros(self.told.load(Ordering::Acquire)).since(machine).max(Span::ZERO)
    }

    fn left(&self, machine: Time) -> Span {
        let next = machine.micros().max(self.told.load(Ordering::Acquire));
        Time::from_micros(self.kept.load(Ordering::Acquire)).since(Time::from_micros(next))
    }

    /// Whether [`Ratchet::keep`] has anything to do before a request that begins now.
    pub fn is_due(&self, machine: Time) -> bool {
        self.left(machine) < EARLY
    }

    /// Sees that the moments of a request that begins now are kept, where [`Ratchet::is_due`] says so.
    pub async fn keep(self: &Arc<Self>, database: &Database, machine: Time) {
        let left = self.left(machine);
        // Its own time, and none of the request's.
        let (this, database) = (Arc::clone(self), database.for_one_request());
        // On a task of its own, so that a caller who goes away, or has waited enough, does not stop it.
        let asked = async move {
            let Ok(_alone) = (if left >= LEAST { this.asking.try_lock() } else { Ok(this.asking.lock().await) }) else { return };
            if this.left(machine) < EARLY {
                let until = Time::from_micros(machine.micros().max(this.told.load(Ordering::Acquire))).plus(AHEAD);
                let outcome = database.write(move |db| store::keep_until(db, until)).await;
                this.note(outcome, until);
            }
        };
        let asked = tokio::spawn(asked);
        if left < LEAST {
            let _ = tokio::time::timeout(PATIENCE, asked).await;
        }
    }

    fn note(&self, outcome: database::Result<Time>, until: Time) {
        match outcome {
            Ok(kept) => {
                // Another server over the same file has told more than this one knows of.
                if kept > until {
                    self.told.fetch_max(kept.minus(AHEAD).micros(), Ordering::AcqRel);
                }
                self.kept.fetch_max(kept.micros(), Ordering::AcqRel);
                self.fails.store(false, Ordering::Release);
            }
            Err(error) => {
                self.kept.fetch_max(until.micros(), Ordering::AcqRel);
                if !self.fails.swap(true, Ordering::AcqRel) {
                    tracing::warn!(%error, "the database does not keep the time: until it does, a clock that is set back before a restart could bring expired tokens back");
                }
            }
        }
    }

    /// Leaves the clock where it has been told, and not where it might have been.
    pub fn settle(&self, db: &mut Connection) -> database::Result<()> {
        let (kept, told) = (self.kept.load(Ordering::Acquire), self.told.load(Ordering::Acquire));
        if kept == 0 { Ok(()) } else { store::settle(db, Time::from_micros(kept), Time::from_micros(told)) }
    }
}

/// What time it is for a command, which works beside a server or alone: the machine's, unless the clock has been told far beyond it.
pub fn for_command(db: &mut Connection, machine: Time) -> database::Result<Time> {
    let kept = store::kept_until(db)?;
    let now = machine.max(kept.minus(AHEAD));
    if now > kept {
        store::keep_until(db, now)?;
    }
    Ok(now)
}

/// How far the clock is ahead of the machine's, where the database lets it be told until `kept`: what a server may not have told yet left out.
pub fn ahead(kept: Time, machine: Time) -> Span {
    kept.minus(AHEAD).since(machine).max(Span::ZERO)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_is_the_machines_and_never_goes_back() {
        let ratchet = Ratchet::default();
        let at = Time::from_micros;
        assert_eq!(ratchet.tell(at(100)), at(100));
        assert_eq!(ratchet.tell(at(250)), at(250));
        assert_eq!(ratchet.tell(at(40)), at(251), "a clock that was set back: the smallest step");
        assert_eq!(ratchet.tell(at(40)), at(252));
        assert_eq!(ratchet.ahead_of(at(40)), Span::from_micros(212));
        assert_eq!(ratchet.tell(at(1_000)), at(1_000));
        assert_eq!(ratchet.ahead_of(at(2_000)), Span::ZERO);
    }
}
