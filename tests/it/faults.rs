//! What happens to requests while the database does not do its part, each fault made to happen to the real processes.
//! A disk that fails is told in `disks`, the change to another server in `failover`, the node's own death in `kill`.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::cluster::Cluster;
use super::server::{Answer, House, PATIENCE, Request, Server, on_postgres_at, ticket};

/// How soon a client hears that it cannot be served, and how soon it is served again once the database is back.
const SOON: Duration = Duration::from_secs(2);

const CLIENTS: usize = 8;

/// One request of the load.
#[derive(Debug)]
struct Done {
    began: Instant,
    took: Duration,
    answer: Answer,
    /// The title of the ticket that it filed.
    title: Option<String>,
}

/// Clients that go on asking while `meanwhile` runs: lists, one ticket, new tickets, and a page.
fn under_load<T>(house: &House, server: &Server, meanwhile: impl FnOnce() -> T) -> (Vec<Done>, T) {
    let (stop, done) = (AtomicBool::new(false), Mutex::new(Vec::new()));
    let outcome = std::thread::scope(|scope| {
        for client in 0..CLIENTS {
            let (stop, done) = (&stop, &done);
            scope.spawn(move || {
                for turn in 0.. {
                    if stop.load(Ordering::Relaxed) {
                        break;
                    }
                    let title = format!("client-{client}-turn-{turn}-{}", server.process.id());
                    let (request, title) = match (client + turn) % 4 {
                        0 => (Request::new("GET", "/api/v1/tickets").bearer(&house.personal), None),
                        1 => (Request::new("GET", "/login"), None),
                        _ => {
                            let request = Request::new("POST", "/api/v1/tickets").bearer(&house.personal);
                            (request.json(&ticket(&title, &house.project)), Some(title.clone()))
                        }
                    };
                    let began = Instant::now();
                    let answer = request.send(&server.address).unwrap();
                    done.lock().unwrap().push(Done { began, took: began.elapsed(), answer, title });
                    // Refusals come at once where nobody listens: they shall not be all that is done.
                    std::thread::sleep(Duration::from_millis(5));
                }
            });
        }
        let outcome = meanwhile();
        stop.store(true, Ordering::Relaxed);
        outcome
    });
    (done.into_inner().unwrap(), outcome)
}

/// A refusal that says nothing of the inside, in the contract's shape; a page says it in words.
fn is_unavailable(done: &Done) -> bool {
    let answer = &done.answer;
    if answer.status != 503 {
        return false;
    }
    assert_eq!(answer.header("retry-after"), Some("1"), "{answer:?}");
    for inside in ["PostgreSQL", "postgres", "SQL", "tokio", "deadline"] {
        assert!(!answer.body.contains(inside), "{inside} in {answer:?}");
    }
    if answer.header("content-type") == Some("application/json") {
        assert_eq!(answer.json()["error"], "Service Unavailable", "{answer:?}");
    }
    true
}

fn is_served(done: &Done) -> bool {
    matches!(done.answer.status, 200 | 201)
}

/// All tickets that were acknowledged are there.
fn nothing_is_lost(house: &House, server: &Server, all: &[Done]) {
    let stored = server.all_titles(&house.personal);
    let acknowledged = all.iter().filter(|done| done.answer.status == 201).filter_map(|done| done.title.as_ref());
    for title in acknowledged {
        assert!(stored.contains(title), "{title} was acknowledged and is lost");
    }
}

/// Served or refused, and no client had to wait long for it.
fn answered_soon(all: &[Done]) {
    for done in all {
        assert!(is_served(done) || is_unavailable(done), "{done:?}");
        assert!(done.took < SOON, "a client waited for {:?}: {done:?}", done.took);
    }
}

/// What was locked between two moments was refused meanwhile, and served again soon after.
fn felt_and_forgotten(all: &[Done], locked: Instant, free: Instant) {
    answered_soon(all);
    assert!(all.iter().any(|done| done.began > locked && is_unavailable(done)), "the lock was felt");
    assert!(all.iter().filter(|done| done.began > free + SOON).all(is_served), "and is forgotten");
}

fn wait(seconds: f32) {
    std::thread::sleep(Duration::from_secs_f32(seconds));
}

/// A fault between two moments: refused within two seconds all the while, served within two seconds of its end.
fn comes_and_goes(cluster: &mut Cluster, begin: impl FnOnce(&mut Cluster), end: impl FnOnce(&mut Cluster)) {
    let house = House::at(cluster.url());
    let mut server = house.serve_logging(&house.path("log"));
    let (all, (going, gone, back)) = under_load(&house, &server, || {
        wait(1.0);
        let going = Instant::now();
        begin(cluster);
        let gone = Instant::now();
        wait(5.0);
        end(cluster);
        let back = Instant::now();
        wait(3.0);
        (going, gone, back)
    });
    assert!(server.process.try_wait().unwrap().is_none(), "the server has ended");
    answered_soon(&all);
    let (before, rest): (Vec<_>, Vec<_>) = all.iter().partition(|done| done.began + done.took < going);
    assert!(before.len() > CLIENTS && before.iter().all(|done| is_served(done)), "before the fault all is well");
    // What needs no database, such as the head of a page, may be served all the while.
    let meanwhile: Vec<_> = rest.iter().filter(|done| done.began > gone && done.began + done.took < back).collect();
    let refused = meanwhile.iter().filter(|done| is_unavailable(done)).count();
    assert!(refused >= CLIENTS, "{refused} of {} were refused", meanwhile.len());
    assert!(meanwhile.iter().all(|done| done.title.is_none() || is_unavailable(done)), "no ticket is filed into nowhere");
    let after: Vec<_> = rest.iter().filter(|done| done.began > back + SOON).collect();
    assert!(after.len() > CLIENTS, "{}", after.len());
    for done in after {
        assert!(is_served(done), "two seconds after its return: {done:?}");
    }
    nothing_is_lost(&house, &server, &all);
    server.stop();
}

#[test]
fn postgres_is_stopped_and_started_again() {
    comes_and_goes(&mut Cluster::start(), Cluster::stop, Cluster::run);
}

#[test]
fn postgres_is_killed_and_started_again() {
    comes_and_goes(&mut Cluster::start(), Cluster::kill, Cluster::run);
}

#[test]
fn postgres_is_frozen_and_thawed() {
    comes_and_goes(&mut Cluster::start(), |cluster| cluster.freeze(), |cluster| cluster.thaw());
}

#[test]
fn a_server_that_starts_without_its_database_says_so() {
    let mut cluster = Cluster::start();
    let house = House::at(cluster.url());
    cluster.stop();
    let began = Instant::now();
    let output = house.command().output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("check that it runs and that the database URL is right"), "{said}");
    assert!(began.elapsed() < PATIENCE);
}

/// A session beside the server's, in a transaction that goes on until it is dropped.
struct Session {
    runtime: tokio::runtime::Runtime,
    client: tokio_postgres::Client,
}

impl Session {
    fn open(url: &str) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let client = runtime.block_on(async {
            let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await.unwrap();
            tokio::spawn(connection);
            client
        });
        Self { runtime, client }
    }

    fn run(&self, command: &str) {
        self.runtime.block_on(self.client.batch_execute(command)).unwrap();
    }
}

#[test]
fn a_lock_that_is_not_given_back_is_a_503_and_then_all_is_well() {
    let house = House::postgres();
    let server = house.serve_logging(&house.path("log"));
    let other = Session::open(&house.database);
    let (all, (locked, free)) = under_load(&house, &server, || {
        wait(0.5);
        other.run("BEGIN; LOCK TABLE tickets IN ACCESS EXCLUSIVE MODE");
        let locked = Instant::now();
        wait(4.0);
        other.run("COMMIT");
        let free = Instant::now();
        wait(2.5);
        (locked, free)
    });
    felt_and_forgotten(&all, locked, free);
    nothing_is_lost(&house, &server, &all);
}

#[test]
fn all_the_waiting_of_one_request_has_one_deadline() {
    let house = House::postgres();
    let server = house.serve_logging(&house.path("log"));
    let (tokens, tickets) = (Session::open(&house.database), Session::open(&house.database));
    tokens.run("BEGIN; LOCK TABLE tokens IN ACCESS EXCLUSIVE MODE");
    tickets.run("BEGIN; LOCK TABLE tickets IN ACCESS EXCLUSIVE MODE");
    std::thread::scope(|scope| {
        let filing = scope.spawn(|| {
            let began = Instant::now();
            let request = Request::new("POST", "/api/v1/tickets").bearer(&house.personal);
            let answer = server.ask(&request.json(&ticket("waited twice", &house.project)));
            Done { began, took: began.elapsed(), answer, title: None }
        });
        // The caller is judged after a second, and then the ticket cannot be written.
        wait(1.0);
        tokens.run("COMMIT");
        let done = filing.join().unwrap();
        assert!(is_unavailable(&done) && done.took < SOON, "{done:?}");
    });
    tickets.run("COMMIT");
}

#[test]
fn a_deadlock_is_resolved_and_the_request_done() {
    let house = House::postgres();
    let name = house.database.rsplit('/').next().unwrap().split('?').next().unwrap();
    on_postgres_at(&house.database, &format!("ALTER DATABASE {name} SET deadlock_timeout = '200ms'"));
    let server = house.serve_logging(&house.path("log"));
    let filed = Request::new("POST", "/api/v1/tickets").bearer(&house.personal).json(&ticket("contended", &house.project));
    let id = server.ask(&filed).json()["id"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/tickets/{id}");
    let other = Session::open(&house.database);
    // Somebody else takes the same locks in the other order: counters, then the ticket, which the request has taken meanwhile.
    other.run("BEGIN; SET LOCAL deadlock_timeout = '20s'; UPDATE project_counters SET open = open");
    std::thread::scope(|scope| {
        let change = scope.spawn(|| {
            let request = Request::new("PATCH", &path).bearer(&house.personal);
            server.ask(&request.json(&serde_json::json!({"ticket": {"status": "closed"}})))
        });
        wait(0.1);
        other.run("UPDATE tickets SET priority = priority; COMMIT");
        let answer = change.join().unwrap();
        assert_eq!(answer.status, 200, "{answer:?}");
        assert_eq!(answer.json()["status"], "closed");
    });
    let project = server.get(&format!("/api/v1/projects/{}", house.project), &house.personal).json();
    assert_eq!(project["open_tickets_count"], 0, "{project}");
    // A session tells of what it has seen some time later.
    let deadline = Instant::now() + PATIENCE;
    while deadlocks(&house.database) == 0 {
        assert!(Instant::now() < deadline, "PostgreSQL has seen no deadlock");
        wait(0.1);
    }
}

fn deadlocks(url: &str) -> i64 {
    let session = Session::open(url);
    let question = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()";
    session.runtime.block_on(session.client.query_one(question, &[])).unwrap().get(0)
}

#[test]
fn a_serialization_failure_is_tried_again_and_is_a_503_when_it_stays() {
    let house = House::postgres();
    on_postgres_at(
        &house.database,
        "CREATE SEQUENCE tries;
         CREATE FUNCTION fail() RETURNS TRIGGER LANGUAGE plpgsql AS $$ BEGIN
             IF NEW.title = 'never' OR (NEW.title = 'the fourth time' AND nextval('tries') < 4) THEN
                 RAISE EXCEPTION 'could not serialize access' USING ERRCODE = 'serialization_failure';
             END IF;
             RETURN NEW;
         END $$;
         CREATE TRIGGER fail BEFORE INSERT ON tickets FOR EACH ROW EXECUTE FUNCTION fail()",
    );
    let server = house.serve_logging(&house.path("log"));
    let file = |title: &str| {
        let began = Instant::now();
        let request = Request::new("POST", "/api/v1/tickets").bearer(&house.personal);
        let answer = server.ask(&request.json(&ticket(title, &house.project)));
        Done { began, took: began.elapsed(), answer, title: None }
    };
    let tried = file("the fourth time");
    assert_eq!(tried.answer.status, 201, "{tried:?}");
    assert_eq!(tried.answer.json()["number"], 1, "a lost try takes no number");
    let given_up = file("never");
    assert!(is_unavailable(&given_up) && given_up.took < SOON, "{given_up:?}");
    assert_eq!(file("another").answer.json()["number"], 2);
}

#[test]
fn too_few_connections_are_a_503_for_those_who_get_none() {
    let cluster = Cluster::start();
    cluster.sql("CREATE ROLE bugs LOGIN CONNECTION LIMIT 20");
    cluster.sql("CREATE DATABASE bugs OWNER bugs");
    let house = House::at(format!("postgres://bugs@{}/bugs", cluster.address()));
    let server = house.serve_logging(&house.path("log"));
    // A node has at least four threads, each with a connection of its own.
    cluster.sql("ALTER ROLE bugs CONNECTION LIMIT 1");
    on_postgres_at(&cluster.url(), "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'bugs'");
    let (all, freed) = under_load(&house, &server, || {
        wait(2.0);
        cluster.sql("ALTER ROLE bugs CONNECTION LIMIT 20");
        let freed = Instant::now();
        wait(3.0);
        freed
    });
    answered_soon(&all);
    assert!(
        all.iter().any(is_unavailable) && all.iter().any(|done| done.began < freed && is_served(done)),
        "some were served, some were not"
    );
    assert!(all.iter().filter(|done| done.began > freed + SOON).all(is_served));
    nothing_is_lost(&house, &server, &all);
}

#[test]
fn another_process_that_keeps_sqlites_lock_is_a_503_for_changes_alone() {
    let house = House::sqlite();
    let server = house.serve_logging(&house.path("log"));
    let other = rusqlite::Connection::open(house.file()).unwrap();
    let (all, (locked, free)) = under_load(&house, &server, || {
        wait(0.5);
        other.execute_batch("BEGIN IMMEDIATE").unwrap();
        let locked = Instant::now();
        wait(4.0);
        other.execute_batch("COMMIT").unwrap();
        let free = Instant::now();
        wait(2.5);
        (locked, free)
    });
    felt_and_forgotten(&all, locked, free);
    assert!(all.iter().all(|done| is_served(done) || done.title.is_some()), "reading goes on");
    nothing_is_lost(&house, &server, &all);
}
