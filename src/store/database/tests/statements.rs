//! The SQL that both databases must understand alike.
//! The values that go in and come out are told in `types`.

use uuid::Uuid;

use super::{both, count_up};
use crate::model::id::Id;
use crate::store::database::{Connection, Error, Result, Select, sql};

struct Thing;

fn id(number: u8) -> Id<Thing> {
    Id::from_uuid(Uuid::from_bytes([number; 16]))
}

fn insert(db: &mut Connection, number: u8, name: &str) -> Result<u64> {
    db.execute(sql!(
        "INSERT INTO things (id, number, name) VALUES (?1, ?2, ?3)",
        Id<Thing> = id(number), i64 = i64::from(number), str = name
    ))
}

fn parent(db: &mut Connection, number: u8, name: &str) -> Result<u64> {
    db.execute(sql!("INSERT INTO parents (id, name) VALUES (?1, ?2)", Id<Thing> = id(number), str = name))
}

both! {
    fn changes_answer_with_what_they_made(fixture) {
        fixture.with_tables();
        assert_eq!(fixture.db.run(|db| count_up(db, "a")), Ok(1));
        assert_eq!(fixture.db.run(|db| count_up(db, "a")), Ok(2));
        assert!(matches!(fixture.db.run(|db| count_up(db, "none")), Err(Error::Internal(text)) if text.contains("no row")));
        assert_eq!(fixture.db.run(|db| db.execute(sql!("UPDATE counters SET next = 5"))), Ok(2));
    }

    fn conflicts_are_resolved_in_both_ways(fixture) {
        let next = fixture.with_tables().db.run(|db| {
            let skipped = db.execute(sql!("INSERT INTO counters (name, next) VALUES (?1, 9) ON CONFLICT (name) DO NOTHING", str = "a"))?;
            let kept = db.query_one(sql!((i64,): "SELECT next FROM counters WHERE name = ?1", str = "a"))?;
            let (updated,) = db.query_one(sql!(
                (i64,): "INSERT INTO counters (name, next) VALUES (?1, 9) ON CONFLICT (name) DO UPDATE SET next = excluded.next RETURNING next",
                str = "a"
            ))?;
            Ok::<_, Error>((skipped, kept.0, updated))
        });
        assert_eq!(next, Ok((0, 0, 9)));
    }

    fn many_rows_go_in_at_once_and_pages_walk_by_key(fixture) {
        let page = fixture.with_tables().db.run(|db| {
            db.execute(sql!(
                "INSERT INTO things (id, number, made_at) VALUES (?1, 1, 10), (?2, 2, 20), (?3, 3, 20), (?4, 4, 30)",
                Id<Thing> = id(1), Id<Thing> = id(2), Id<Thing> = id(3), Id<Thing> = id(4)
            ))?;
            db.query(sql!(
                (i64,): "SELECT number FROM things WHERE (made_at, id) < (?1, ?2) ORDER BY made_at DESC, id DESC LIMIT ?3",
                i64 = 20, Id<Thing> = id(3), i64 = 2
            ))
        });
        assert_eq!(page, Ok(vec![(2,), (1,)]));
    }

    fn lists_are_assembled_and_merged(fixture) {
        fixture.with_tables().db.run(|db| (1..=9).try_for_each(|number| insert(db, number, if number % 2 == 0 { "even" } else { "odd" }).map(drop))).unwrap();
        let one = |name: &str, below: i64| {
            let mut select = Select::<(i64, String)>::new("SELECT number, name FROM (SELECT number, name FROM things WHERE name = ");
            select.bind(name).push(" AND number < ").bind(&below).push_pg(" ORDER BY +number", " ORDER BY number").push(" DESC LIMIT 2) part");
            select
        };
        let mut all = one("even", 100);
        all.push(" UNION ALL ").append(one("odd", 6)).push(" ORDER BY 1 DESC LIMIT ").bind(&3_i64);
        let read = fixture.wait(fixture.db.read(move |db| db.select(&all))).unwrap();
        assert_eq!(read.iter().map(|row| row.0).collect::<Vec<_>>(), [8, 6, 5]);
        for (numbers, found) in [(vec![], 0), (vec![1], 1), (vec![1, 2, 3], 3), (vec![1, 2, 3, 4, 5], 5)] {
            let mut select = Select::<(i64,)>::new("SELECT number FROM things WHERE number IN (");
            select.bind_in::<i64>(&numbers).push(")");
            assert_eq!(fixture.wait(fixture.db.read(move |db| db.select(&select))).unwrap().len(), found);
        }
    }

    fn savepoints_nest_and_undo_only_their_own(fixture) {
        let names = fixture.with_tables().db.run(|db| {
            insert(db, 1, "outer")?;
            db.savepoint(|db| {
                insert(db, 2, "kept")?;
                let undone: Result<()> = db.savepoint(|db| {
                    insert(db, 3, "undone")?;
                    db.savepoint(|db| insert(db, 4, "undone too"))?;
                    Err(Error::Busy)
                });
                assert_eq!(undone, Err(Error::Busy));
                let clash: Result<u64> = db.savepoint(|db| insert(db, 2, "clash"));
                assert!(matches!(clash, Err(Error::Unique(_))));
                let empty: Result<()> = db.savepoint(|_| Err(Error::Busy));
                assert_eq!(empty, Err(Error::Busy));
                insert(db, 5, "kept")
            })?;
            db.savepoint(|_| Ok::<_, Error>(()))?;
            db.query(sql!((i64,): "SELECT number FROM things ORDER BY number"))
        });
        assert_eq!(names, Ok(vec![(1,), (2,), (5,)]));
        assert_eq!(fixture.db.run(|db| db.query_one(sql!((i64,): "SELECT COUNT(*) FROM things"))), Ok((3,)));
    }

    fn a_failure_that_is_overlooked_dooms_the_transaction(fixture) {
        fixture.with_tables();
        let overlooked = fixture.db.run(|db| {
            parent(db, 1, "a")?;
            assert!(matches!(parent(db, 1, "b"), Err(Error::Unique(_))));
            assert!(matches!(parent(db, 2, "c"), Err(Error::Internal(_))));
            Ok::<_, Error>(())
        });
        assert!(matches!(overlooked, Err(Error::Internal(_))));
        assert_eq!(fixture.db.run(|db| db.query_one(sql!((i64,): "SELECT COUNT(*) FROM parents"))), Ok((0,)));
    }

    fn violations_are_named_alike(fixture) {
        fixture.with_tables().db.run(|db| parent(db, 1, "a")).unwrap();
        assert!(matches!(fixture.db.run(|db| parent(db, 1, "b")), Err(Error::Unique(_))));
        assert!(matches!(fixture.db.run(|db| parent(db, 2, "a")), Err(Error::Unique(_))));
        let orphan = fixture.db.run(|db| {
            db.execute(sql!("INSERT INTO things (id, number, parent_id) VALUES (?1, 1, ?2)", Id<Thing> = id(1), Id<Thing> = id(9)))
        });
        assert_eq!(orphan, Err(Error::ForeignKey));
        let null = fixture.db.run(|db| {
            db.execute(sql!("INSERT INTO parents (id, name) VALUES (?1, ?2)", Id<Thing> = id(3), Option<&str> = None::<&str>))
        });
        assert!(matches!(null, Err(Error::Internal(_))));
    }

    fn more_rows_than_expected_are_a_defect(fixture) {
        let wrong = fixture.with_tables().db.run(|db| db.query_opt(sql!((i64,): "SELECT next FROM counters")));
        assert!(matches!(wrong, Err(Error::Internal(text)) if text.contains("statements.rs")));
    }
}
