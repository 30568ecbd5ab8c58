//! The database: is it there, is it ours, is it up to date.
//! What only one of the two can be asked is in `sqlite` and `postgres`.

use std::time::{Duration, Instant};

use super::{Finding, postgres, sqlite};
use crate::app::clock::Clock;
use crate::model::time::Time;
use crate::store::condition::{self, Facts};
use crate::store::database::migrations::{self, STEPS};
use crate::store::database::{self, DatabaseUrl, Strange};

/// How long it may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// What the database says of itself.
pub(super) struct Answer {
    pub(super) facts: Facts,
    /// The steps of the schema that are missing; or that it is a newer program's, and what to do.
    pub(super) pending: Result<Vec<&'static str>, String>,
    /// What is in the schema and is not made by the steps.
    pub(super) strange: Vec<Strange>,
    /// Up to which moment a SQLite database's time may have been told.
    pub(super) kept_until: Option<Time>,
    /// How far our clock is ahead of the database's, and by how much that may be wrong, both in microseconds.
    pub(super) ahead: Option<(i64, i64)>,
}

pub(super) fn check(url: &DatabaseUrl, clock: &Clock) -> Vec<Finding> {
    match url {
        DatabaseUrl::Sqlite(path) => sqlite::check(path, url, clock),
        DatabaseUrl::Postgres(_) => postgres::check(url, clock),
    }
}

/// Asks the database about itself; else the finding that it does not answer.
pub(super) fn ask(url: &DatabaseUrl, clock: &Clock, findings: &mut Vec<Finding>) -> Option<Answer> {
    let began = Instant::now();
    let answer = database::look(url, PATIENCE, |db| {
        // The first question of all: where the file is no database, this is what says so.
        let pending = match migrations::pending_in(db) {
            Err(database::Error::Newer(text)) => Err(text),
            pending => Ok(pending?),
        };
        let strange = if pending.is_ok() { database::strange_in(db)? } else { Vec::new() };
        let is_ours = !db.is_postgres() && pending.as_ref().is_ok_and(Vec::is_empty);
        let kept_until = if is_ours { Some(crate::store::clock::kept_until(db)?) } else { None };
        let (before, facts, after) = (clock.now(), condition::facts(db)?, clock.now());
        let ahead = facts.number("now").map(|now| offset(before, Time::from_micros(now), after));
        Ok::<_, database::Error>(Answer { facts, pending, strange, kept_until, ahead })
    });
    match answer {
        Ok(answer) => {
            let version = answer.facts.text("server_version");
            let name = if matches!(url, DatabaseUrl::Sqlite(_)) { "SQLite" } else { "PostgreSQL" };
            findings.push(Finding::ok("database", format!("{name} {version} answers after {} ms", began.elapsed().as_millis())));
            Some(answer)
        }
        Err(error) => {
            findings.push(unusable(&error.to_string()));
            None
        }
    }
}

/// The database's errors say what to do behind the last colon or semicolon.
fn unusable(text: &str) -> Finding {
    let (found, advice) = match text.rfind(": ").max(text.rfind("; ")) {
        Some(at) if text[at..].contains("check") || text[at..].contains("restore") || text[at..].contains("have it") => {
            (&text[..at], &text[at + 2..])
        }
        _ => (text, "correct database_url, or what it names"),
    };
    Finding::fail("database", found, advice)
}

/// How far the first clock is ahead of the other, which was read between its two readings; and by how much that may be wrong.
fn offset(before: Time, between: Time, after: Time) -> (i64, i64) {
    let half = after.since(before).micros() / 2;
    (before.micros() + half - between.micros(), half)
}

/// What is in the schema and should not be, a finding each; else whether it is up to date.
pub(super) fn schema(answer: &Answer) -> Vec<Finding> {
    if answer.strange.is_empty() {
        return vec![steps(&answer.pending)];
    }
    let findings = answer.strange.iter().map(|strange| {
        let found = format!("it is not as bugtome makes it, and what is written could be undone there: it has {}", strange.what);
        let advice = strange.mend.as_ref().map_or_else(
            || "ask who made it, and restore a backup from before: docs/backup.md".to_owned(),
            |line| format!("ask who made it, stop the server, and have the database's own client say: {line}"),
        );
        Finding::fail("schema", found, advice)
    });
    findings.collect()
}

/// Whether the schema is this program's.
fn steps(pending: &Result<Vec<&'static str>, String>) -> Finding {
    const WHAT: &str = "schema";
    match pending {
        Err(text) => {
            let (found, advice) = text.split_once(": ").unwrap_or((text, "run the version that last used it"));
            Finding::fail(WHAT, found, advice)
        }
        Ok(steps) if steps.is_empty() => Finding::ok(WHAT, "up to date"),
        Ok(steps) if steps.len() == STEPS.len() => Finding::ok(WHAT, "there is nothing of bugtome in it yet; `bugtome serve` makes it"),
        Ok(steps) => {
            let found = format!("an older bugtome's; to be applied: {}", steps.join(", "));
            Finding::warn(WHAT, found, "make a backup; then `bugtome serve` brings it up to date")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_are_compared_in_the_middle_of_the_exchange() {
        let time = Time::from_micros;
        assert_eq!(offset(time(1_000), time(2_000), time(3_000)), (0, 1_000));
        assert_eq!(offset(time(10_000_000), time(2_000), time(10_004_000)), (10_000_000, 2_000));
    }

    #[test]
    fn an_errors_advice_is_told_apart() {
        let finding = unusable("PostgreSQL cannot be reached (no: refused): check that it runs");
        assert_eq!(
            (finding.found.as_str(), finding.advice.as_deref()),
            ("PostgreSQL cannot be reached (no: refused)", Some("check that it runs"))
        );
        assert_eq!(unusable("something: else").found, "something: else");
    }
}
