//! SIGKILL under load, again and again: what was acknowledged is there, numbers go up without a gap, and a repeat creates nothing twice.
//! That an acknowledged ticket also survives the machine's end is `durability`'s to show: SIGKILL leaves the page cache alone.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::server::{House, PATIENCE, Request, Server, ticket};

const WRITERS: usize = 8;
const ROUNDS: usize = 5;

#[test]
fn what_was_acknowledged_survives_sigkill_on_sqlite() {
    kill_again_and_again(&House::sqlite());
}

#[test]
fn what_was_acknowledged_survives_sigkill_on_postgres() {
    kill_again_and_again(&House::postgres());
}

/// What one writer knows when its server has died.
struct Memory {
    /// Title and number of what was answered with 201.
    acknowledged: Vec<(String, i64)>,
    /// The title that was sent and never answered; it is its own idempotency key.
    in_doubt: String,
}

fn kill_again_and_again(house: &House) {
    let mut acknowledged = Vec::new();
    let mut titles = BTreeSet::new();
    for round in 0..ROUNDS {
        let server = house.serve();
        let memories = write_until_killed(house, server, round);
        let server = house.serve();
        for memory in memories {
            // A repeat after the server's death: it may have been committed, or not, and comes once either way.
            let again = file(house, &server.address, &memory.in_doubt).unwrap();
            titles.insert(memory.in_doubt);
            titles.extend(memory.acknowledged.iter().map(|(title, _)| title.clone()));
            acknowledged.push(again);
            acknowledged.extend(memory.acknowledged);
        }
        check(house, &server, &acknowledged, &titles);
        server.kill();
    }
    assert!(acknowledged.len() > WRITERS * ROUNDS * 2, "too little was written to show anything: {}", acknowledged.len());
}

/// Eight writers, each as fast as it can; the kill comes at another moment in every round.
fn write_until_killed(house: &House, server: Server, round: usize) -> Vec<Memory> {
    let address = server.address.clone();
    let filed = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| {
                let (address, filed) = (&address, &filed);
                scope.spawn(move || {
                    let mut acknowledged = Vec::new();
                    for count in 0.. {
                        let title = format!("round-{round}-writer-{writer}-ticket-{count}");
                        match file(house, address, &title) {
                            Ok(done) => acknowledged.push(done),
                            Err(_) => return Memory { acknowledged, in_doubt: title },
                        }
                        filed.fetch_add(1, Ordering::Relaxed);
                    }
                    unreachable!("the server is killed")
                })
            })
            .collect();
        let enough = 40 + 37 * round;
        let deadline = Instant::now() + PATIENCE;
        while filed.load(Ordering::Relaxed) < enough && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(1));
        }
        server.kill();
        writers.into_iter().map(|writer| writer.join().unwrap()).collect()
    })
}

/// Files a ticket, with its title as the key. Whatever is answered must be a 201.
fn file(house: &House, address: &str, title: &str) -> std::io::Result<(String, i64)> {
    let request = Request::new("POST", "/api/v1/tickets").bearer(&house.personal);
    let answer = request.header(&format!("Idempotency-Key: {title}")).json(&ticket(title, &house.project)).send(address)?;
    assert_eq!(answer.status, 201, "{answer:?}");
    Ok((title.to_owned(), answer.json()["number"].as_i64().unwrap()))
}

fn check(house: &House, server: &Server, acknowledged: &[(String, i64)], titles: &BTreeSet<String>) {
    let (stored, total) = all_tickets(house, server);
    let mut numbers: Vec<i64> = stored.iter().map(|(_, number)| *number).collect();
    numbers.sort_unstable();
    let without_gaps: Vec<i64> = (1..=i64::try_from(stored.len()).unwrap()).collect();
    assert_eq!(numbers, without_gaps, "no number twice, none left out");
    let known: BTreeSet<&(String, i64)> = stored.iter().collect();
    for done in acknowledged {
        assert!(known.contains(done), "{done:?} was acknowledged and is lost");
    }
    let stored_titles: BTreeSet<String> = stored.iter().map(|(title, _)| title.clone()).collect();
    assert_eq!(stored_titles.len(), stored.len(), "a repeat has created something twice");
    assert_eq!(&stored_titles, titles, "what is there was sent, and what was sent is there");
    assert_eq!(total, stored.len(), "the list's counter agrees");
    let project = server.get(&format!("/api/v1/projects/{}", house.project), &house.personal).json();
    assert_eq!((&project["tickets_count"], &project["open_tickets_count"]), (&total.into(), &total.into()), "the project's counters agree");
}

/// Title and number of every ticket, by the cursors, and what the counter says.
fn all_tickets(house: &House, server: &Server) -> (Vec<(String, i64)>, usize) {
    let mut all = Vec::new();
    let mut total = None;
    let mut next = Some("/api/v1/tickets?per_page=100".to_owned());
    while let Some(path) = next {
        let page = server.get(&path, &house.personal);
        assert_eq!(page.status, 200, "{page:?}");
        let shown = |ticket: &Value| (ticket["title"].as_str().unwrap().to_owned(), ticket["number"].as_i64().unwrap());
        all.extend(page.json().as_array().unwrap().iter().map(shown));
        total = total.or_else(|| page.header("x-total-count").map(|count| count.parse().unwrap()));
        next = page.header("link").map(|link| link[1..].split('>').next().unwrap().to_owned());
    }
    (all, total.unwrap())
}
