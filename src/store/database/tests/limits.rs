//! Deadlines, full queues, servers that hang or go away.
//! What is written meanwhile is told in `writing`.

use std::time::{Duration, Instant};

use super::{Fixture, both, count_up, options, until};
use crate::store::database::{Connection, Database, Error, Options, Result, sql};

fn endless(db: &mut Connection) -> Result<(i64,)> {
    db.query_one(sql!((i64,): "WITH RECURSIVE n (i) AS (SELECT CAST(1 AS BIGINT) UNION ALL SELECT i + 1 FROM n) SELECT MAX(i) FROM n"))
}

fn hurried(fixture: &Fixture) -> Database {
    Database::open(&fixture.url, Options { threads: 1, deadline: Duration::from_millis(300), ..options() }).unwrap()
}

both! {
    fn a_scan_ends_at_its_deadline(fixture) {
        let db = hurried(fixture.with_tables());
        for _ in 0..2 {
            let began = Instant::now();
            assert_eq!(fixture.wait(db.scan(endless)), Err(Error::Deadline));
            assert!((250..1500).contains(&began.elapsed().as_millis()), "{:?}", began.elapsed());
            assert_eq!(fixture.wait(db.ready()), Ok(()));
        }
        if !fixture.is_sqlite() {
            until(|| fixture.db.run(|db| db.query_one(sql!(
                (i64,): "SELECT 0"; pg "SELECT COUNT(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE 'WITH RECURSIVE%'"
            ))) == Ok((0,)));
        }
    }

    fn the_deadline_covers_waiting_for_a_thread(fixture) {
        let db = hurried(fixture);
        let began = Instant::now();
        let (first, second) = fixture.wait(async { tokio::join!(db.scan(endless), async {
            tokio::time::sleep(Duration::from_millis(50)).await;
            db.scan(|db| { std::thread::sleep(Duration::from_millis(20)); endless(db) }).await
        }) });
        assert_eq!((first, second), (Err(Error::Deadline), Err(Error::Deadline)));
        assert!(began.elapsed() < Duration::from_millis(1500), "{:?}", began.elapsed());
    }

    fn a_full_queue_refuses_at_once(fixture) {
        let db = Database::open(&fixture.with_tables().url, Options { threads: 1, queue: 1, ..options() }).unwrap();
        let (open, gate) = std::sync::mpsc::channel::<()>();
        let gate = std::sync::Mutex::new(gate);
        fixture.wait(async {
            let blocker = tokio::spawn({ let db = db.clone(); async move {
                db.write(move |_| { gate.lock().unwrap().recv().unwrap(); Ok::<_, Error>(()) }).await
            } });
            let stats = || { let stats = db.stats(); stats.writer_waiting + stats.pool_waiting };
            // The blocker must have been taken out of the queue.
            tokio::time::sleep(Duration::from_millis(100)).await;
            assert_eq!(stats(), 0);
            let waiting = tokio::spawn({ let db = db.clone(); async move { db.write(|db| count_up(db, "a")).await } });
            while stats() == 0 { tokio::time::sleep(Duration::from_millis(5)).await; }
            assert!(matches!(db.write(|db| count_up(db, "a")).await, Err(Error::Unavailable(_))));
            open.send(()).unwrap();
            assert_eq!(blocker.await.unwrap(), Ok(()));
            assert_eq!(waiting.await.unwrap(), Ok(1));
        });
    }

    fn after_the_end_work_is_refused(fixture) {
        let db = Database::open(&fixture.with_tables().url, options()).unwrap();
        assert_eq!(fixture.wait(db.write(|db| count_up(db, "a"))), Ok(1));
        db.close();
        db.close();
        assert!(matches!(fixture.wait(db.write(|db| count_up(db, "a"))), Err(Error::Unavailable(_))));
        assert!(matches!(fixture.wait(db.read(|db| count_up(db, "a"))), Err(Error::Unavailable(_))));
        assert!(matches!(fixture.wait(db.scan(|db| count_up(db, "a"))), Err(Error::Unavailable(_))));
        assert_eq!(fixture.counter("a"), 1);
    }

    fn reads_cannot_write(fixture) {
        fixture.with_tables();
        assert!(fixture.wait(fixture.db.read(|db| count_up(db, "a"))).is_err());
        assert!(fixture.wait(fixture.db.scan(|db| count_up(db, "a"))).is_err());
        assert_eq!(fixture.counter("a"), 0);
    }

    fn a_read_sees_one_snapshot(fixture) {
        fixture.with_tables();
        let read = |db: &mut Connection| db.query_one(sql!((i64,): "SELECT next FROM counters WHERE name = 'a'"));
        let writer = fixture.db.clone();
        let seen = fixture.wait(fixture.db.read(move |db| {
            let before = read(db)?;
            let writer = writer.clone();
            std::thread::spawn(move || writer.run(|db| count_up(db, "a"))).join().unwrap()?;
            Ok::<_, Error>((before, read(db)?))
        }));
        assert_eq!(seen, Ok(((0,), (0,))));
        assert_eq!(fixture.wait(fixture.db.read(read)), Ok((1,)));
    }

    fn a_panic_in_a_read_reaches_the_caller_and_harms_nothing(fixture) {
        fixture.with_tables();
        for _ in 0..6 {
            let db = fixture.db.clone();
            let panicked = fixture.wait(async move { tokio::spawn(async move { db.read(|db| -> Result<()> {
                db.query(sql!((i64,): "SELECT next FROM counters"))?;
                panic!("as planned")
            }).await }).await });
            assert!(panicked.unwrap_err().is_panic());
            assert_eq!(fixture.wait(fixture.db.read(|db| db.query_one(sql!((i64,): "SELECT COUNT(*) FROM counters")))), Ok((2,)));
        }
    }
}

fn end_sessions(fixture: &Fixture) {
    fixture
        .db
        .run(|db| {
            db.query(sql!(
                (bool,): "SELECT 1"; pg "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            ))
        })
        .unwrap();
    std::thread::sleep(Duration::from_millis(50));
}

#[test]
fn work_whose_idle_connection_died_is_tried_once_more() {
    let fixture = Fixture::postgres();
    let db = Database::open(&fixture.with_tables().url, Options { threads: 1, ..options() }).unwrap();
    assert_eq!(fixture.wait(db.ready()), Ok(()));
    end_sessions(&fixture);
    assert_eq!(fixture.wait(db.ready()), Ok(()));
    end_sessions(&fixture);
    assert_eq!(fixture.wait(db.write(|db| count_up(db, "a"))), Ok(1));
}

#[test]
fn work_whose_connection_dies_under_it_is_not_tried_again() {
    let fixture = Fixture::postgres();
    fixture.with_tables();
    let died = fixture.wait(fixture.db.write(|db| {
        count_up(db, "a")?;
        db.query(sql!((bool,): "SELECT 1"; pg "SELECT pg_terminate_backend(pg_backend_pid())"))
    }));
    assert!(matches!(died, Err(Error::Unavailable(_))), "{died:?}");
    assert_eq!(fixture.counter("a"), 0);
    assert_eq!(fixture.wait(fixture.db.write(|db| count_up(db, "a"))), Ok(1));
}

#[test]
fn a_server_that_hangs_or_is_not_there_is_unavailable_in_time() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    for (url, limit) in [(format!("postgres://u@127.0.0.1:{port}/x"), 1500), ("postgres://u@127.0.0.1:1/x".to_owned(), 1500)] {
        let options = Options { threads: 1, deadline: Duration::from_millis(300), ..options() };
        let db = Database::open(&url.parse().unwrap(), options).unwrap();
        let began = Instant::now();
        let answer = runtime.block_on(db.ready());
        assert!(matches!(answer, Err(Error::Unavailable(_))), "{answer:?}");
        assert!(began.elapsed() < Duration::from_millis(limit));
    }
}

#[test]
fn statements_without_names_do_the_same() {
    let fixture = Fixture::postgres();
    let db = Database::open(&fixture.with_tables().url, Options { named_statements: false, ..options() }).unwrap();
    assert_eq!(fixture.wait(db.write(|db| count_up(db, "a"))), Ok(1));
    let touched =
        fixture.wait(db.write(|db| db.execute(sql!("UPDATE counters SET next = ?1 WHERE next > ?2", i64 = 7, Option<i64> = Some(0)))));
    assert_eq!(touched, Ok(1));
    assert_eq!(fixture.counter("a"), 7);
}

#[test]
fn a_password_that_is_wrong_is_told_without_it() {
    let fixture = Fixture::postgres();
    let url = fixture.url.clone();
    let crate::store::database::DatabaseUrl::Postgres(url) = url else { panic!("PostgreSQL") };
    let (_, place) = url.secret().rsplit_once('@').unwrap();
    let wrong = format!("postgres://nobody-at-all:sesame@{place}").parse().unwrap();
    let db = Database::open(&wrong, Options { threads: 1, ..options() }).unwrap();
    let told = fixture.wait(db.ready()).unwrap_err();
    assert!(matches!(&told, Error::Unavailable(text) if !text.contains("sesame")), "{told:?}");
}

#[test]
fn a_schema_that_changed_under_prepared_statements_is_read_anew() {
    let fixture = Fixture::postgres();
    let db = Database::open(&fixture.with_tables().url, Options { threads: 1, ..options() }).unwrap();
    let read = |db: &mut Connection| db.query_one(sql!((i64,): "SELECT next FROM counters WHERE name = 'a'"));
    for kind in ["INTEGER", "BIGINT"] {
        assert_eq!(fixture.wait(db.read(read)), Ok((0,)));
        fixture.batch(&format!("ALTER TABLE counters ALTER COLUMN next TYPE {kind}"));
    }
    assert_eq!(fixture.wait(db.read(read)), Ok((0,)));
    assert_eq!(fixture.wait(db.write(move |db| read(db))), Ok((0,)));
}
