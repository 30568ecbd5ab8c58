//! Another PostgreSQL takes over: a synchronous standby is promoted under load, and nothing that was acknowledged is lost; a standby is never asked.
//! What happens while there is none at all is told in `faults`.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use super::cluster::Cluster;
use super::server::{House, Line, PATIENCE, Request, Server, ticket};

/// Tickets that must have been acknowledged before and after the primary's end, together.
const TICKETS: usize = 10_000;

const WRITERS: usize = 8;

/// A primary and a standby without whose word nothing is acknowledged, and the URL that names both.
fn pair() -> (Cluster, Cluster, String) {
    let primary = Cluster::start();
    let standby = primary.standby("second");
    primary.sql("ALTER SYSTEM SET synchronous_standby_names = 'second'");
    primary.sql("SELECT pg_reload_conf()");
    let url =
        format!("postgres://postgres@127.0.0.1:{},127.0.0.1:{}/postgres?target_session_attrs=read-write", primary.port(), standby.port());
    (primary, standby, url)
}

/// Writers go on through the change; what they were told, is there afterwards.
fn survives(end: impl FnOnce(&mut Cluster)) {
    let (mut primary, standby, url) = pair();
    let house = House::at(url);
    let server = house.serve_logging(&house.path("log"));
    let (stop, filed, acknowledged) = (AtomicBool::new(false), AtomicUsize::new(0), Mutex::new(BTreeSet::new()));
    let mut back = Duration::ZERO;
    std::thread::scope(|scope| {
        for writer in 0..WRITERS {
            let (stop, filed, acknowledged, house, address) = (&stop, &filed, &acknowledged, &house, &server.address);
            scope.spawn(move || {
                let mut line = Line::to(address);
                for turn in 0.. {
                    if stop.load(Ordering::Relaxed) {
                        return;
                    }
                    let title = format!("writer-{writer}-ticket-{turn}");
                    let request = Request::new("POST", "/api/v1/tickets").kept().bearer(&house.personal);
                    let answer = line.ask(&request.json(&ticket(&title, &house.project))).unwrap();
                    match answer.status {
                        201 => {
                            acknowledged.lock().unwrap().insert((answer.json()["number"].as_i64().unwrap(), title));
                            filed.fetch_add(1, Ordering::Relaxed);
                        }
                        503 => std::thread::sleep(Duration::from_millis(20)),
                        _ => panic!("{answer:?}"),
                    }
                }
            });
        }
        let until = |least: usize| {
            let deadline = Instant::now() + 4 * PATIENCE;
            while filed.load(Ordering::Relaxed) < least {
                assert!(Instant::now() < deadline, "{} of {least} tickets are filed", filed.load(Ordering::Relaxed));
                std::thread::sleep(Duration::from_millis(2));
            }
        };
        until(TICKETS * 2 / 3);
        end(&mut primary);
        let before = filed.load(Ordering::Relaxed);
        std::thread::sleep(Duration::from_millis(200));
        standby.promote();
        let promoted = Instant::now();
        until(before + WRITERS + 1);
        back = promoted.elapsed();
        until(TICKETS);
        stop.store(true, Ordering::Relaxed);
    });
    assert!(back < Duration::from_secs(2), "tickets were filed again {back:?} after the promotion");
    let stored = all_tickets(&house, &server);
    let acknowledged = acknowledged.into_inner().unwrap();
    assert!(acknowledged.len() >= TICKETS);
    let lost: Vec<_> = acknowledged.difference(&stored).collect();
    assert!(lost.is_empty(), "{} of {} are lost: {lost:?}", lost.len(), acknowledged.len());
    let numbers: Vec<i64> = stored.iter().map(|(number, _)| *number).collect();
    assert_eq!(numbers, (1..=i64::try_from(stored.len()).unwrap()).collect::<Vec<_>>(), "no number twice, none left out");
}

/// Number and title of all.
fn all_tickets(house: &House, server: &Server) -> BTreeSet<(i64, String)> {
    let shown = |ticket: &serde_json::Value| (ticket["number"].as_i64().unwrap(), ticket["title"].as_str().unwrap().to_owned());
    server.all_tickets(&house.personal).iter().map(shown).collect()
}

#[test]
fn a_primary_that_dies_loses_nothing_that_was_acknowledged() {
    survives(Cluster::kill);
}

#[test]
fn a_primary_that_hangs_is_passed_by() {
    let (primary, standby, url) = pair();
    let house = House::at(url);
    let server = house.serve_logging(&house.path("log"));
    assert_eq!(server.get("/api/v1/tickets", &house.personal).status, 200);
    primary.freeze();
    standby.promote();
    let promoted = Instant::now();
    while server.get("/api/v1/tickets", &house.personal).status != 200 {
        assert!(promoted.elapsed() < Duration::from_secs(6), "an address that hangs keeps the other from being asked");
    }
}

#[test]
fn a_standby_is_never_asked_since_its_rights_may_be_old() {
    let primary = Cluster::start();
    let standby = primary.standby("second");
    let mut house = House::at(primary.url());
    let server = house.serve_logging(&house.path("log"));
    assert_eq!(server.get("/api/v1/tickets", &house.personal).status, 200);
    house.database = standby.url();
    let output = house.command().output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("it is a standby") && said.contains("postgres://HOST1,HOST2/NAME"), "it says what to do: {said}");
    // In whatever order they are named.
    house.database = format!("postgres://postgres@{},{}/postgres", standby.address(), primary.address());
    assert_eq!(house.serve().get("/api/v1/tickets", &house.personal).status, 200);
}
