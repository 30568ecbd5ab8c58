//! Steps are applied once, in order, whole or not at all, whoever comes first.
//! What the real steps make is told by every other story.

use super::{LONG_WAITS, STEPS, Step, apply, waits};
use crate::store::database::tests::both;
use crate::store::database::{Database, Error, sql};

const ONE: Step = Step { name: "0001_one", sqlite: "CREATE TABLE one (n BIGINT)", postgres: "CREATE TABLE one (n BIGINT)" };
const TWO: Step = Step {
    name: "0002_two",
    sqlite: "CREATE TABLE two (n BIGINT); INSERT INTO one (n) VALUES (2);",
    postgres: "CREATE TABLE two (n BIGINT); INSERT INTO one (n) VALUES (2);",
};
const BROKEN: Step = Step {
    name: "0003_broken",
    sqlite: "CREATE TABLE three (n BIGINT); INSERT INTO nowhere (n) VALUES (3);",
    postgres: "CREATE TABLE three (n BIGINT); INSERT INTO nowhere (n) VALUES (3);",
};

const CONTRACTING: Step = Step {
    name: "0003_contracting",
    sqlite: "-- Contracts: nobody reads it any more.\nDROP TABLE two;",
    postgres: "-- Contracts: nobody reads it any more.\nDROP TABLE two;",
};

fn twos(db: &Database) -> i64 {
    db.run(|db| db.query_one(sql!((i64,): "SELECT COUNT(*) FROM one"))).unwrap().0
}

both! {
    fn steps_are_applied_once(fixture) {
        assert_eq!(apply(&fixture.db, &[ONE]), Ok(vec!["0001_one"]));
        assert_eq!(apply(&fixture.db, &[ONE, TWO]), Ok(vec!["0002_two"]));
        assert_eq!(apply(&fixture.db, &[ONE, TWO]), Ok(vec![]));
        assert_eq!(twos(&fixture.db), 1);
    }

    fn a_failed_step_leaves_nothing_behind_and_is_reported_again(fixture) {
        for applied in [2, 0] {
            let failed = apply(&fixture.db, &[ONE, TWO, BROKEN]);
            assert!(matches!(failed, Err(Error::Internal(text)) if text.contains("0003_broken") && text.contains("nowhere")), "{applied}");
            assert!(fixture.db.run(|db| db.query(sql!((i64,): "SELECT n FROM three"))).is_err());
            assert_eq!(twos(&fixture.db), 1);
        }
    }

    fn two_at_once_do_it_once(fixture) {
        let other = Database::open(&fixture.url, crate::store::database::tests::options()).unwrap();
        let applied = std::thread::scope(|scope| {
            let threads: Vec<_> = [&fixture.db, &other, &fixture.db, &other].into_iter().map(|db| scope.spawn(|| apply(db, &[ONE, TWO]).unwrap())).collect();
            threads.into_iter().flat_map(|thread| thread.join().unwrap()).count()
        });
        assert_eq!((applied, twos(&fixture.db)), (2, 1));
    }

    fn a_newer_schema_is_refused(fixture) {
        apply(&fixture.db, &[ONE, TWO]).unwrap();
        assert!(matches!(apply(&fixture.db, &[ONE]), Err(Error::Newer(text)) if text.contains("0002_two")));
    }

    fn a_newer_schema_that_only_expands_is_lived_with(fixture) {
        let expanding = Step { name: "0002_two", sqlite: "-- Expands: a table.\nCREATE TABLE two (n BIGINT);", postgres: "-- Expands: a table.\nCREATE TABLE two (n BIGINT);" };
        apply(&fixture.db, &[ONE, expanding]).unwrap();
        assert_eq!(apply(&fixture.db, &[ONE]), Ok(vec![]));
        apply(&fixture.db, &[ONE, expanding, CONTRACTING]).unwrap();
        assert!(matches!(apply(&fixture.db, &[ONE]), Err(Error::Newer(text)) if text.contains("0003_contracting")));
    }

    fn the_real_steps_apply(fixture) {
        let names: Vec<_> = STEPS.iter().map(|step| step.name).collect();
        assert_eq!(fixture.db.pending().as_ref(), Ok(&names));
        assert_eq!(fixture.db.migrate(), Ok(names));
        assert_eq!(fixture.db.pending(), Ok(vec![]));
    }
}

#[test]
fn a_step_that_breaks_references_is_refused_on_sqlite() {
    let fixture = crate::store::database::tests::Fixture::sqlite();
    let step = |name, sqlite| Step { name, sqlite, postgres: "" };
    let first = step(
        "0001_a",
        "CREATE TABLE a (id BIGINT PRIMARY KEY); CREATE TABLE b (a BIGINT REFERENCES a (id)); INSERT INTO a VALUES (1); INSERT INTO b VALUES (1);",
    );
    let rebuilt =
        step("0002_b", "CREATE TABLE c (id BIGINT PRIMARY KEY); INSERT INTO c SELECT id FROM a; DROP TABLE a; ALTER TABLE c RENAME TO a;");
    let broken = step("0003_c", "DELETE FROM a;");
    assert_eq!(apply(&fixture.db, &[first, rebuilt]).unwrap().len(), 2);
    assert!(matches!(apply(&fixture.db, &[first, rebuilt, broken]), Err(Error::Internal(text)) if text.contains("refer to nothing")));
}

#[test]
fn both_folders_hold_the_steps_and_nothing_else() {
    for folder in ["migrations/sqlite", "migrations/postgres"] {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
        let mut files: Vec<_> = std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        files.sort();
        assert_eq!(files, STEPS.iter().map(|step| format!("{}.sql", step.name)).collect::<Vec<_>>(), "{folder}");
    }
    assert!(STEPS.is_sorted_by_key(|step| step.name));
}

#[test]
fn each_step_says_whether_older_programs_can_live_with_it() {
    for step in STEPS {
        let heads = [step.sqlite, step.postgres].map(|text| text.lines().next().unwrap_or_default());
        assert_eq!(heads[0], heads[1], "{}: one line for both databases", step.name);
        let said = heads[0].strip_prefix("-- Expands: ").or_else(|| heads[0].strip_prefix("-- Contracts: "));
        assert!(said.is_some_and(|why| why.len() >= 8), "{} begins with `-- Expands: why` or `-- Contracts: why`", step.name);
    }
}

#[test]
fn a_step_that_waits_for_a_table_lets_others_pass() {
    let fixture = crate::store::database::tests::Fixture::postgres();
    apply(&fixture.db, &[ONE]).unwrap();
    let altering = Step { name: "0002_altering", sqlite: "", postgres: "ALTER TABLE one ADD COLUMN m BIGINT" };
    let (reading, others) = (Database::open(&fixture.url, crate::store::database::tests::options()).unwrap(), fixture.db.clone());
    let (tell, reads) = std::sync::mpsc::channel();
    std::thread::scope(|scope| {
        // Somebody reads for long, as `pg_dump` does.
        let reader = scope.spawn(move || {
            reading.run(|db| {
                db.query(sql!((i64,): "SELECT n FROM one"))?;
                let _ = tell.send(());
                std::thread::sleep(std::time::Duration::from_millis(2_500));
                Ok::<_, Error>(())
            })
        });
        reads.recv().unwrap();
        let step = scope.spawn(|| apply(&fixture.db, &[ONE, altering]));
        std::thread::sleep(std::time::Duration::from_millis(200));
        let began = std::time::Instant::now();
        assert_eq!(twos(&others), 0);
        assert!(began.elapsed() < std::time::Duration::from_millis(1_800), "others waited for {:?}", began.elapsed());
        assert_eq!(reader.join().unwrap(), Ok(()));
        assert_eq!(step.join().unwrap(), Ok(vec!["0002_altering"]));
    });
}

#[test]
fn each_tenth_time_a_step_waits_until_an_autovacuum_gives_way() {
    let long: Vec<u32> = (0..30).filter(|tries| waits(*tries) == LONG_WAITS).collect();
    assert_eq!(long, [9, 19, 29]);
}

/// How many wait for a table of this database.
fn waiting(db: &Database) -> i64 {
    let count = db.run(|db| {
        db.query_one(sql!((i64,): "SELECT 0";
            pg "SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database
                WHERE d.datname = current_database() AND l.locktype = 'relation' AND NOT l.granted"))
    });
    count.unwrap().0
}

#[test]
fn a_step_gives_way_to_who_takes_its_tables_in_another_order() {
    let fixture = crate::store::database::tests::Fixture::postgres();
    // So that nobody but the step can end it.
    fixture.batch(&format!("ALTER DATABASE {} SET deadlock_timeout = '5s'", fixture.name()));
    apply(&fixture.db, &[ONE, TWO]).unwrap();
    let both = "ALTER TABLE two ADD COLUMN m BIGINT; ALTER TABLE one ADD COLUMN m BIGINT;";
    let altering = Step { name: "0003_altering", sqlite: "", postgres: both };
    let reading = Database::open(&fixture.url, crate::store::database::tests::options()).unwrap();
    let (tell, reads) = std::sync::mpsc::channel();
    let (tell_reader, stands) = std::sync::mpsc::channel();
    std::thread::scope(|scope| {
        let reader = scope.spawn(move || {
            reading.run(|db| {
                db.query(sql!((i64,): "SELECT n FROM one"))?;
                let _ = tell.send(());
                stands.recv().unwrap();
                let began = std::time::Instant::now();
                db.query(sql!((i64,): "SELECT n FROM two"))?;
                Ok::<_, Error>(began.elapsed())
            })
        });
        reads.recv().unwrap();
        let step = scope.spawn(|| apply(&fixture.db, &[ONE, TWO, altering]));
        while waiting(&fixture.db) == 0 {}
        tell_reader.send(()).unwrap();
        let waited = reader.join().unwrap().unwrap();
        assert!(waited < std::time::Duration::from_millis(700), "waited for {waited:?}");
        assert_eq!(step.join().unwrap(), Ok(vec!["0003_altering"]));
    });
}
