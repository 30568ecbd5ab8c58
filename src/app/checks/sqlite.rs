//! What a SQLite database must be like: whole, durable, its owner's alone, on a disk that keeps it.
//! That each commit waits for the disk is set by `store::database` on every connection that writes, and not looked at here.

use std::path::Path;
use std::time::Duration;

use super::database::{ask, schema};
use super::{Finding, files};
use crate::app::clock::Clock;
use crate::app::{machine, ratchet};
use crate::model::time::{Span, Time};
use crate::store::condition;
use crate::store::database::{self, DatabaseUrl, keeps_a_log};

/// So many seconds may the clocks be apart.
const APART: i64 = 5;

/// How long the whole file may be read through.
const READING: Duration = Duration::from_secs(10);

pub(super) fn check(path: &Path, url: &DatabaseUrl, clock: &Clock) -> Vec<Finding> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut findings = vec![files::folder(folder)];
    if folder.is_dir() {
        findings.extend(files::disk(folder));
    }
    let there = match path.try_exists() {
        Ok(there) => there,
        Err(error) => {
            let found = format!("{} cannot be looked at: {error}", path.display());
            findings.push(Finding::fail("database", found, "correct database_url, or who may enter the folder that it leads to"));
            return findings;
        }
    };
    if !there {
        let advice = "`bugtome serve` makes it; if there should be one, correct database_url";
        findings.push(Finding::warn("database", format!("there is none yet at {}", path.display()), advice));
        return findings;
    }
    findings.extend(owned(path));
    findings.extend(written_in_the_future(path, clock.now()));
    if let Some(answer) = ask(url, clock, &mut findings) {
        findings.extend(schema(&answer));
        findings.extend(answer.kept_until.map(|kept| told(kept, clock.now())));
        findings.push(durable(path));
        findings.push(whole(url));
    }
    findings
}

/// The file and its companions, of which SQLite reads what others write.
fn owned(path: &Path) -> Vec<Finding> {
    let mut findings = Vec::new();
    for ending in ["", "-wal", "-shm"] {
        let mut name = path.as_os_str().to_owned();
        name.push(ending);
        let file = Path::new(&name);
        // The companions are there only while somebody has it open.
        if !ending.is_empty() && !file.exists() {
            continue;
        }
        findings.push(files::secret("permissions", file, "all tickets and the digests of tokens"));
        if file.exists() && !machine::may_write(file) {
            let found = format!("{} cannot be written", file.display());
            findings.push(Finding::fail("permissions", found, "give it to the user that bugtome runs as, and chmod 600"));
        }
    }
    findings
}

/// A clock that was set back shows here.
fn written_in_the_future(path: &Path, now: Time) -> Option<Finding> {
    let changed = std::fs::metadata(path).ok()?.modified().ok()?.duration_since(std::time::SystemTime::UNIX_EPOCH).ok()?;
    let changed = Time::from_micros(i64::try_from(changed.as_micros()).ok()?);
    (changed > now.plus(Span::seconds(60))).then(|| {
        let found = format!("the database was last written at {changed}, which is to come: the clock has been set back");
        Finding::warn("clock", found, "see that the clock is right, and have it kept by NTP (timedatectl set-ntp true)")
    })
}

/// Rights go by a time that never goes back, so that what has ended stays ended whatever becomes of the machine's clock.
fn told(kept: Time, now: Time) -> Finding {
    const WHAT: &str = "database clock";
    let ahead = ratchet::ahead(kept, now).whole_seconds();
    if ahead < APART {
        return Finding::ok(WHAT, "rights go by the machine's time");
    }
    let found =
        format!("it is {ahead} s ahead of the machine's, and rights go by it: tokens end that much too early, and changes are dated so");
    let advice =
        "set the machine's clock if that is wrong; if it is right, and ran ahead before: stop the server, `bugtome admin clock reset`";
    Finding::warn(WHAT, found, advice)
}

fn durable(path: &Path) -> Finding {
    const WHAT: &str = "durability";
    match keeps_a_log(path) {
        Ok(true) => Finding::ok(WHAT, "it keeps a log (WAL), and each commit waits for the disk"),
        Ok(false) => Finding::warn(WHAT, "it does not keep a log (WAL): other programs have changed that", "`bugtome serve` sets it right"),
        Err(error) => Finding::fail(WHAT, format!("{} cannot be read: {error}", path.display()), "restore it from a backup"),
    }
}

/// Reads the file through, as far as there is time.
fn whole(url: &DatabaseUrl) -> Finding {
    const WHAT: &str = "integrity";
    match database::look(url, READING, condition::damage) {
        Ok(None) => Finding::ok(WHAT, "the whole file has been read, and nothing is damaged"),
        Ok(Some(damage)) => Finding::fail(WHAT, format!("damaged: {damage}"), "stop the server and restore a backup: docs/backup.md"),
        Err(database::Error::Deadline) => {
            Finding::ok(WHAT, format!("nothing is damaged in what could be read within {} s; a backup reads it all", READING.as_secs()))
        }
        Err(error) => Finding::fail(WHAT, error.to_string(), "stop the server and restore a backup: docs/backup.md"),
    }
}
