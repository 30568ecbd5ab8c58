//! The clock, memory and open files.
//! Disks are looked at by `files`, the database's own clock by `postgres`.

use super::Finding;
use crate::app::clock::Clock;
use crate::app::machine;
use crate::model::time::Time;

/// Before this nobody could have this program.
const EARLIEST: &str = "2026-01-01T00:00:00Z";
/// Nobody runs it that long without an upgrade.
const LATEST: &str = "2100-01-01T00:00:00Z";

/// As many clients as are let in at a time (`http::listen`), and what the program itself keeps open.
const FILES: u64 = 1024 + 128;
/// SQLite's caches stay under 64 MB (`store::database`), two passwords being hashed take 19 MiB each, and requests want some too.
const MEMORY: u64 = 192 << 20;

pub(super) fn check(clock: &Clock) -> Vec<Finding> {
    let mut findings = vec![self::clock(clock.now())];
    if let Some(limit) = machine::open_files_limit() {
        findings.push(open_files(limit));
    }
    if let Some(available) = machine::memory_available() {
        findings.push(memory(available));
    }
    findings
}

fn clock(now: Time) -> Finding {
    let within = EARLIEST.parse().is_ok_and(|earliest: Time| now > earliest) && LATEST.parse().is_ok_and(|latest: Time| now < latest);
    if within {
        return Finding::ok("clock", format!("it is {now}"));
    }
    let found = format!("it says {now}, which cannot be: tokens would end at the wrong time");
    Finding::fail("clock", found, "set it, and have it kept by NTP (timedatectl set-ntp true)")
}

fn open_files(limit: u64) -> Finding {
    if limit >= FILES {
        return Finding::ok("open files", format!("{limit} are allowed"));
    }
    let found = format!("{limit} are allowed to a process started here, and {FILES} may be needed: new connections would have to wait");
    Finding::warn("open files", found, "LimitNOFILE=8192 in the systemd unit (ours has it), or ulimit -n 8192")
}

fn memory(available: u64) -> Finding {
    let found = format!("{} MB can be had", available >> 20);
    if available >= MEMORY {
        return Finding::ok("memory", found);
    }
    Finding::warn("memory", found, "give the machine or the container more: 512 MB are plenty")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::checks::Level;

    #[test]
    fn a_clock_that_cannot_be_right_is_a_failure() {
        let level = |now: &str| clock(now.parse().unwrap()).level;
        assert_eq!(level("1970-01-01T00:01:00Z"), Level::Fail);
        assert_eq!(level("2024-06-01T00:00:00Z"), Level::Fail);
        assert_eq!(level("2027-06-01T00:00:00Z"), Level::Ok);
        assert_eq!(level("2106-02-07T06:28:15Z"), Level::Fail);
    }

    #[test]
    fn little_is_warned_about() {
        assert_eq!((open_files(1024).level, open_files(8192).level), (Level::Warn, Level::Ok));
        assert_eq!((memory(100 << 20).level, memory(1 << 30).level), (Level::Warn, Level::Ok));
    }
}
