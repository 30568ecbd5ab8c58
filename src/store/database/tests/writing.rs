//! Writers side by side: the group commit of SQLite, transactions run again on PostgreSQL.
//! What stops them is told in `limits`.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Barrier};
use std::time::Duration;

use super::{Fixture, both, count_up, options, until};
use crate::store::database::{Connection, Database, DatabaseUrl, Error, Failure, Options, Result, sql};

/// An error of a floor above.
#[derive(Debug, PartialEq, Eq)]
enum Refusal {
    Rule,
    Database(Error),
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self::Database(error)
    }
}

impl Failure for Refusal {
    fn database(&self) -> Option<&Error> {
        if let Self::Database(error) = self { Some(error) } else { None }
    }
}

both! {
    fn many_writers_all_get_their_own_answer(fixture) {
        fixture.with_tables();
        let answers = fixture.wait(async {
            let tasks: Vec<_> = (0..200).map(|number| { let db = fixture.db.clone(); tokio::spawn(async move {
                db.write(move |db| {
                    let next = count_up(db, "a")?;
                    if number % 4 == 0 { Err(Refusal::Rule) } else { Ok(next) }
                }).await
            }) }).collect();
            let mut answers = Vec::new();
            for task in tasks { answers.push(task.await.unwrap()); }
            answers
        });
        let mut numbers: Vec<_> = answers.iter().filter_map(|answer| answer.as_ref().ok()).copied().collect();
        numbers.sort_unstable();
        assert_eq!(numbers, (1..=150).collect::<Vec<_>>());
        assert_eq!(answers.iter().filter(|answer| **answer == Err(Refusal::Rule)).count(), 50);
        assert_eq!(fixture.counter("a"), 150);
        let stats = fixture.db.stats();
        assert!(stats.works >= 200 && (!fixture.is_sqlite() || stats.batches < 200), "{stats:?}");
    }

    fn a_panic_in_a_write_reaches_its_caller_and_undoes_only_its_own(fixture) {
        fixture.with_tables();
        let db = fixture.db.clone();
        let panicked = fixture.wait(async move { tokio::spawn(async move { db.write(|db| -> Result<()> {
            count_up(db, "a")?;
            db.savepoint(|db| -> Result<()> { count_up(db, "a")?; panic!("as planned") })
        }).await }).await }).unwrap_err();
        assert_eq!(panicked.into_panic().downcast_ref::<&str>(), Some(&"as planned"));
        assert_eq!(fixture.counter("a"), 0);
        for number in 1..=8 {
            assert_eq!(fixture.wait(fixture.db.write(|db| count_up(db, "a"))), Ok(number));
        }
    }

    fn a_caller_that_goes_away_cancels_nothing(fixture) {
        fixture.with_tables();
        fixture.wait(async {
            let slow = fixture.db.write(|db| { std::thread::sleep(Duration::from_millis(200)); count_up(db, "a") });
            assert!(tokio::time::timeout(Duration::from_millis(50), slow).await.is_err());
        });
        until(|| fixture.counter("a") == 1);
    }

    fn a_writer_of_its_own_works_beside_the_server(fixture) {
        fixture.with_tables();
        let admin = fixture.db.clone();
        let thread = std::thread::spawn(move || { for _ in 0..20 { admin.run(|db| count_up(db, "a")).unwrap(); } });
        fixture.wait(async { for _ in 0..50 { fixture.db.write(|db| count_up(db, "a")).await.unwrap(); } });
        thread.join().unwrap();
        assert_eq!(fixture.counter("a"), 70);
    }

    fn an_overlooked_failure_in_a_write_is_not_committed(fixture) {
        fixture.with_tables();
        let overlooked = fixture.wait(fixture.db.write(|db| {
            count_up(db, "a")?;
            let _ = db.execute(sql!("INSERT INTO counters (name, next) VALUES ('a', 1)"));
            Ok::<_, Error>(())
        }));
        assert!(matches!(overlooked, Err(Error::Internal(_))));
        assert_eq!(fixture.counter("a"), 0);
    }
}

#[test]
fn a_lost_transaction_runs_again_on_postgres() {
    let fixture = Fixture::postgres();
    let tries = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&tries);
    let answer = fixture.with_tables().wait(fixture.db.write(move |db| {
        let next = count_up(db, "a")?;
        if counted.fetch_add(1, Ordering::Relaxed) < 3 { Err(Error::Retry) } else { Ok(next) }
    }));
    assert_eq!((answer, tries.load(Ordering::Relaxed), fixture.counter("a")), (Ok(1), 4, 1));
}

#[test]
fn a_deadlock_is_resolved_on_postgres() {
    let fixture = Fixture::postgres();
    fixture.with_tables().batch(&format!("ALTER DATABASE {} SET deadlock_timeout = '50ms'", fixture.name()));
    let barrier = Arc::new(Barrier::new(2));
    let turn = |first: &'static str, second: &'static str| {
        let (barrier, mut met) = (Arc::clone(&barrier), false);
        fixture.db.write(move |db: &mut Connection| {
            count_up(db, first)?;
            if !met {
                met = true;
                barrier.wait();
            }
            count_up(db, second)
        })
    };
    let (one, other) = fixture.wait(async { tokio::join!(turn("a", "b"), turn("b", "a")) });
    assert!(one.is_ok() && other.is_ok(), "{one:?} {other:?}");
    assert_eq!((fixture.counter("a"), fixture.counter("b")), (2, 2));
}

#[test]
fn the_writer_syncs_each_commit_and_checks_references() {
    let fixture = Fixture::sqlite();
    let set = fixture.wait(fixture.db.write(|db| {
        Ok::<_, Error>((
            db.query_one(sql!((i64,): "PRAGMA synchronous"))?.0,
            db.query_one(sql!((i64,): "PRAGMA foreign_keys"))?.0,
            db.query_one(sql!((String,): "PRAGMA journal_mode"))?.0,
            db.query_one(sql!((i64,): "PRAGMA page_size"))?.0,
        ))
    }));
    assert_eq!(set, Ok((2, 1, "wal".to_owned(), 4096)));
}

#[cfg(unix)]
#[test]
fn the_files_are_for_their_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let fixture = Fixture::sqlite();
    fixture.with_tables().wait(fixture.db.write(|db| count_up(db, "a"))).unwrap();
    let DatabaseUrl::Sqlite(path) = &fixture.url else { panic!("SQLite") };
    for suffix in ["", "-wal", "-shm"] {
        let mode = std::fs::metadata(format!("{}{suffix}", path.display())).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{suffix}");
    }
}

#[test]
fn a_file_that_cannot_be_made_says_what_to_do() {
    let refused = Database::open(&"sqlite:///nowhere/at/all.db".parse().unwrap(), options());
    assert!(matches!(refused, Err(Error::Unavailable(text)) if text.contains("folder")));
}

#[test]
fn the_log_is_copied_while_writing_and_gone_at_the_end() {
    let fixture = Fixture::sqlite();
    fixture.with_tables().batch("CREATE TABLE loads (body BLOB NOT NULL)");
    let load = vec![7_u8; 1 << 20];
    for _ in 0..80 {
        let load = load.clone();
        fixture.wait(fixture.db.write(move |db| db.execute(sql!("INSERT INTO loads (body) VALUES (?1)", Vec<u8> = load)))).unwrap();
    }
    let DatabaseUrl::Sqlite(path) = &fixture.url else { panic!("SQLite") };
    let log = format!("{}-wal", path.display());
    let size = std::fs::metadata(path).unwrap().len();
    assert!(size > 8 << 20, "the database has only {size} bytes: nothing was copied");
    let size = std::fs::metadata(&log).unwrap().len();
    assert!(size < 80 << 20, "the log has {size} bytes: it never began anew");
    fixture.db.close();
    let size = std::fs::metadata(&log).map_or(0, |file| file.len());
    assert_eq!(size, 0);
}

#[test]
fn a_batch_that_an_error_ends_is_undone_for_all() {
    let fixture = Fixture::sqlite();
    let db = Database::open(&fixture.with_tables().url, Options { queue: 64, ..options() }).unwrap();
    fixture.wait(async {
        let blocker = tokio::spawn({
            let db = db.clone();
            async move {
                db.write(|db| {
                    count_up(db, "a")?;
                    std::thread::sleep(Duration::from_millis(2));
                    Ok::<_, Error>(())
                })
                .await
            }
        });
        // What a full disk does, by hand: the transaction is gone, savepoints included.
        let breaker = db
            .write(|db| {
                count_up(db, "b")?;
                let crate::store::database::connection::Driver::Sqlite(connection) = &db.driver else { panic!("SQLite") };
                connection.execute_batch("ROLLBACK")?;
                Ok::<_, Error>(())
            })
            .await;
        assert!(matches!(breaker, Err(Error::Unavailable(_))), "{breaker:?}");
        let _ = blocker.await.unwrap();
        assert_eq!(db.write(|db| count_up(db, "b")).await, Ok(1));
    });
}

#[test]
fn a_full_disk_is_told_and_outlived() {
    let fixture = Fixture::sqlite();
    fixture.with_tables().batch("CREATE TABLE loads (body BLOB NOT NULL)");
    let limit = |pages: &'static str| {
        fixture.wait(fixture.db.write(move |db| {
            let crate::store::database::connection::Driver::Sqlite(connection) = &db.driver else { panic!("SQLite") };
            Ok::<i64, Error>(connection.query_row(pages, [], |row| row.get(0))?)
        }))
    };
    limit("PRAGMA max_page_count = 40").unwrap();
    let load = || {
        fixture.db.write(|db| {
            count_up(db, "a")?;
            db.savepoint(|db| db.execute(sql!("INSERT INTO loads (body) VALUES (?1)", Vec<u8> = vec![7; 1 << 20])))
        })
    };
    let (full, small) = fixture.wait(async { tokio::join!(load(), fixture.db.write(|db| count_up(db, "b"))) });
    assert!(matches!(&full, Err(Error::Unavailable(text)) if text.contains("disk is full")), "{full:?}");
    // Depending on what the error ended, a neighbour is committed or told that it was not.
    assert_eq!(small.is_ok(), fixture.counter("b") == 1);
    limit("PRAGMA max_page_count = 100000").unwrap();
    assert_eq!(fixture.wait(load()), Ok(1));
    assert_eq!(fixture.counter("a"), 1);
}
