//! What a PostgreSQL server must be like: durable, writable, of a known version, with room for our connections, and with our time.
//! That it is the primary is asked wherever a connection is made; so is whether a pooler stands in between, which `serve` says in its log.

use std::net::IpAddr;

use super::Finding;
use super::database::{Answer, ask, schema};
use crate::app::clock::Clock;
use crate::store::condition::Facts;
use crate::store::database::{DatabaseUrl, Options};

/// The oldest version that the tests run on.
const TESTED: i64 = 150_000;
/// Past this, a node's log and its limits are out of step with the others', and people notice.
const APART: i64 = 2_000_000;
/// Past this, no limit and no end of a certificate means anything on that node.
const FAR_APART: i64 = 60_000_000;

pub(super) fn check(url: &DatabaseUrl, clock: &Clock) -> Vec<Finding> {
    let mut findings = Vec::new();
    let Some(answer) = ask(url, clock, &mut findings) else { return findings };
    let schema = schema(&answer);
    let Answer { facts, ahead, .. } = answer;
    findings.extend(version(&facts));
    findings.extend(schema);
    findings.push(durability(&facts));
    findings.extend(writable(&facts));
    findings.extend(encrypted(&facts));
    findings.push(connections(&facts));
    findings.extend(ahead.map(|(ahead, wrong)| clocks(ahead, wrong)));
    findings
}

fn version(facts: &Facts) -> Vec<Finding> {
    let mut findings = Vec::new();
    if facts.number("server_version_num").is_some_and(|version| version < TESTED) {
        let found = format!("PostgreSQL {}: nobody has tried that", facts.text("server_version"));
        findings.push(Finding::warn("version", found, "use PostgreSQL 15 or later"));
    }
    if facts.text("server_encoding") != "UTF8" {
        let found = format!("the database's encoding is {}, and tickets may hold any character", facts.text("server_encoding"));
        findings.push(Finding::fail("version", found, "make the database anew with ENCODING 'UTF8'"));
    }
    findings
}

/// PostgreSQL's manual, "Reliability": each of the three can lose what was answered, or all of it.
fn durability(facts: &Facts) -> Finding {
    const WHAT: &str = "durability";
    let off: Vec<&str> = ["fsync", "full_page_writes", "synchronous_commit"].into_iter().filter(|name| facts.text(name) == "off").collect();
    if off.is_empty() {
        return Finding::ok(WHAT, format!("fsync and full_page_writes are on, synchronous_commit is {}", facts.text("synchronous_commit")));
    }
    let found = format!("{} off: what has been answered can be lost with the power", off.join(", "));
    Finding::fail(WHAT, found, "set each to on in postgresql.conf, or with ALTER DATABASE or ALTER ROLE where it was set for one")
}

/// That it takes changes at all is asked when the connection is made.
fn writable(facts: &Facts) -> Option<Finding> {
    const WHAT: &str = "writing";
    if !facts.truth("may_create") {
        let found = "the role may not make tables, which migrations do";
        return Some(Finding::fail(WHAT, found, "have the database owned by the role, or GRANT CREATE ON SCHEMA public"));
    }
    None
}

/// Whether the way to the server can be listened in on.
fn encrypted(facts: &Facts) -> Option<Finding> {
    let elsewhere = facts.text("client").parse::<IpAddr>().is_ok_and(|address| !address.to_canonical().is_loopback());
    if facts.truth("encrypted") || !elsewhere {
        return None;
    }
    let found = "password and tickets cross the network in the clear";
    Some(Finding::warn(
        "database tls",
        found,
        "have the server speak TLS, and take sslmode out of database_url: without it TLS is required there",
    ))
}

/// Whether there is room for a server like this one.
fn connections(facts: &Facts) -> Finding {
    const WHAT: &str = "connections";
    let (Some(most), Some(kept), Some(used)) =
        (facts.number("max_connections"), facts.number("superuser_reserved_connections"), facts.number("connections"))
    else {
        return Finding::warn(WHAT, "the server does not tell how many it allows", "look at max_connections");
    };
    // Those of the pool, and the one with which it migrates.
    let wanted = i64::try_from(Options::default().threads).unwrap_or(i64::MAX).saturating_add(1);
    let allowed = most - kept;
    let found = format!("{used} are open and {allowed} allowed; a bugtome on this machine takes up to {wanted}");
    let advice = "raise max_connections, or put a pooler in between";
    if allowed < wanted {
        Finding::fail(WHAT, found, advice)
    } else if allowed - used < wanted {
        Finding::warn(WHAT, found, format!("{advice}; where bugtome runs already, its own are among them"))
    } else {
        Finding::ok(WHAT, found)
    }
}

/// Rights go by the database's clock on all nodes; limits, certificates and the log by each node's own.
fn clocks(ahead: i64, wrong: i64) -> Finding {
    const WHAT: &str = "database clock";
    let found = format!("ours is {} ms ahead of the database's (within {} ms)", ahead / 1000, 1 + wrong / 1000);
    let advice = "have both kept by NTP (timedatectl set-ntp true)";
    match ahead.abs().saturating_sub(wrong) {
        apart if apart > FAR_APART => Finding::fail(WHAT, found, advice),
        apart if apart > APART => Finding::warn(WHAT, found, advice),
        _ => Finding::ok(WHAT, found),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::checks::Level;

    fn facts(changed: &[(&str, &str)]) -> Facts {
        let usual = [
            ("server_version", "15.4"),
            ("server_version_num", "150004"),
            ("server_encoding", "UTF8"),
            ("fsync", "on"),
            ("full_page_writes", "on"),
            ("synchronous_commit", "on"),
            ("may_create", "true"),
            ("encrypted", "false"),
            ("client", "127.0.0.1"),
            ("max_connections", "100"),
            ("superuser_reserved_connections", "3"),
            ("connections", "5"),
        ];
        Facts::from_pairs(usual.iter().chain(changed).map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
    }

    #[test]
    fn each_way_of_losing_answers_is_a_failure() {
        assert_eq!(durability(&facts(&[])).level, Level::Ok);
        for name in ["fsync", "full_page_writes", "synchronous_commit"] {
            assert_eq!(durability(&facts(&[(name, "off")])).level, Level::Fail, "{name}");
        }
        assert_eq!(durability(&facts(&[("synchronous_commit", "local")])).level, Level::Ok);
    }

    #[test]
    fn a_server_that_cannot_be_written_to_is_a_failure() {
        assert_eq!(writable(&facts(&[])), None);
        assert_eq!(writable(&facts(&[("may_create", "false")])).unwrap().level, Level::Fail);
    }

    #[test]
    fn only_a_network_wants_encryption() {
        assert_eq!(encrypted(&facts(&[])), None);
        assert_eq!(encrypted(&facts(&[("client", "")])), None, "a socket of this machine");
        assert_eq!(encrypted(&facts(&[("client", "192.0.2.7")])).unwrap().level, Level::Warn);
        assert_eq!(encrypted(&facts(&[("client", "192.0.2.7"), ("encrypted", "true")])), None);
    }

    #[test]
    fn there_is_room_for_one_more_or_there_is_not() {
        assert_eq!(connections(&facts(&[])).level, Level::Ok);
        assert_eq!(connections(&facts(&[("connections", "96")])).level, Level::Warn);
        assert_eq!(connections(&facts(&[("max_connections", "6")])).level, Level::Fail);
    }

    #[test]
    fn versions_and_clocks_are_judged() {
        assert_eq!(version(&facts(&[])), []);
        assert_eq!(version(&facts(&[("server_version_num", "140009")]))[0].level, Level::Warn);
        assert_eq!(version(&facts(&[("server_encoding", "LATIN1")]))[0].level, Level::Fail);
        let level = |ahead| clocks(ahead, 5_000).level;
        assert_eq!((level(1_000), level(-3_000_000), level(100_000_000)), (Level::Ok, Level::Warn, Level::Fail));
    }
}
