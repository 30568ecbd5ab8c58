//! What goes in comes out the same, NULL included.
//! What is no value of a type is refused on both databases alike.

use uuid::Uuid;

use super::both;
use crate::model::id::Id;
use crate::model::time::{Span, Time};
use crate::store::database::{Error, column_as, row, sql};

struct Thing;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rank {
    Low,
    High,
}

column_as!(Rank as i64, |rank| *rank as i64, |stored| match stored {
    0 => Some(Rank::Low),
    1 => Some(Rank::High),
    _ => None,
});

#[derive(Debug, PartialEq, Eq)]
struct Word(String);

column_as!(Word as String, |word| word.0.as_str(), |stored| Some(Word(stored)));

row! {
    /// All of a thing.
    #[derive(Debug, PartialEq, Eq)]
    struct ThingRow {
        id: Id<Thing>,
        number: i64,
        rank: Option<Rank>,
        flag: Option<bool>,
        name: Option<Word>,
        body: Option<[u8; 3]>,
        made_at: Option<Time>,
    }
}

fn id(number: u8) -> Id<Thing> {
    Id::from_uuid(Uuid::from_bytes([number; 16]))
}

both! {
    fn values_come_back_as_they_went_in(fixture) {
        let full = || ThingRow {
            id: id(1), number: i64::MIN, rank: Some(Rank::High), flag: Some(false), name: Some(Word("Grüße, \u{10ffff} '?1' $1".to_owned())),
            body: Some([0, 255, 1]), made_at: Some(Time::from_micros(-1)),
        };
        let empty = || ThingRow { id: id(2), number: i64::MAX, rank: None, flag: None, name: None, body: None, made_at: None };
        let read = fixture.with_tables().db.run(|db| {
            for thing in [full(), empty()] {
                db.execute(sql!(
                    "INSERT INTO things (id, number, rank, flag, name, body, made_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                    Id<Thing> = thing.id, i64 = thing.number, Option<Rank> = thing.rank, Option<bool> = thing.flag,
                    Option<Word> = thing.name, Option<[u8; 3]> = thing.body, Option<Time> = thing.made_at
                ))?;
            }
            db.query(sql!(ThingRow: "SELECT id, number, rank, flag, name, body, made_at FROM things ORDER BY number"))
        });
        assert_eq!(read.unwrap(), [full(), empty()]);
    }

    fn texts_bytes_and_numbers_bind_by_reference(fixture) {
        let text = "text";
        let owned = String::from("owned");
        let maybe: Option<&str> = None;
        fixture.with_tables().db.run(|db| {
            db.execute(sql!("INSERT INTO things (id, number, name) VALUES (?1, ?2, ?3)", Id<Thing> = id(1), i32 = 1, str = text))?;
            db.execute(sql!("INSERT INTO things (id, number, name) VALUES (?1, ?2, ?3)", Id<Thing> = id(2), u32 = 2_u32, String = owned))?;
            db.execute(sql!("INSERT INTO things (id, number, name) VALUES (?1, ?2, ?3)", Id<Thing> = id(3), i64 = 3, Option<&str> = maybe))?;
            db.execute(sql!("UPDATE things SET body = ?1, made_at = ?2", Vec<u8> = vec![1, 2], Span = Span::seconds(1)))
        }).unwrap();
        let read = fixture.db.run(|db| {
            db.query(sql!((i32, Option<String>, Vec<u8>, Span, u32): "SELECT number, name, body, made_at, number FROM things ORDER BY number"))
        }).unwrap();
        assert_eq!(read[0], (1, Some("text".to_owned()), vec![1, 2], Span::seconds(1), 1));
        assert_eq!((read[1].1.as_deref(), read[2].1.as_deref()), (Some("owned"), None));
    }

    fn what_cannot_be_read_is_an_error(fixture) {
        fixture.with_tables();
        let insert = |rank: Option<i64>| fixture.db.run(|db| {
            db.execute(sql!("DELETE FROM things"))?;
            db.execute(sql!("INSERT INTO things (id, number, rank, body) VALUES (?1, 7, ?2, ?3)", Id<Thing> = id(1), Option<i64> = rank, [u8] = &[1][..]))
        }).unwrap();
        insert(Some(9));
        let unknown = fixture.db.run(|db| db.query(sql!((Rank,): "SELECT rank FROM things")));
        assert!(matches!(unknown, Err(Error::Internal(text)) if text.contains("Rank")));
        insert(None);
        let null = fixture.db.run(|db| db.query(sql!((i64,): "SELECT rank FROM things")));
        assert!(matches!(null, Err(Error::Internal(text)) if text.contains("NULL")));
        let short = fixture.db.run(|db| db.query(sql!(([u8; 32],): "SELECT body FROM things")));
        assert!(matches!(short, Err(Error::Internal(text)) if text.contains("1 bytes, not 32")));
        let text = fixture.db.run(|db| db.query(sql!((String,): "SELECT number FROM things")));
        assert!(matches!(text, Err(Error::Internal(_))));
    }

    fn nul_in_text_is_refused_and_harms_nothing(fixture) {
        let done = fixture.with_tables().db.run(|db| {
            let refused = db.execute(sql!("INSERT INTO parents (id, name) VALUES (?1, ?2)", Id<Thing> = id(1), str = "a\0b"));
            assert_eq!(refused, Err(Error::NulInText));
            db.execute(sql!("INSERT INTO parents (id, name) VALUES (?1, ?2)", Id<Thing> = id(1), str = "ab"))
        });
        assert_eq!(done, Ok(1));
    }
}
