//! The list of what is copied is the schema: a step that adds a table, a column or a reference and forgets the copy fails here.
//! What the steps make otherwise is told by every other story.

use std::collections::{BTreeMap, BTreeSet};

use bugtome::store::database::Type;
use bugtome::store::database::moving::Table;
use bugtome::store::tables::{LEFT_OUT, NEVER_EMPTY, TABLES};

use crate::server::House;

/// A column: its name, what it may hold, whether NULL, whether numbered by the database.
type Column = (String, Vec<Type>, bool, bool);

fn sqlite() -> (House, rusqlite::Connection) {
    let house = House::bare_sqlite();
    house.admin(&["organization", "list"]);
    let file = rusqlite::Connection::open(house.file()).unwrap();
    (house, file)
}

fn names(file: &rusqlite::Connection, text: &str) -> Vec<String> {
    file.prepare(text).unwrap().query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

/// Asks PostgreSQL for rows of texts.
fn ask(house: &House, text: &str) -> Vec<Vec<String>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let (client, connection) = tokio_postgres::connect(&house.database, tokio_postgres::NoTls).await.unwrap();
        tokio::spawn(connection);
        let rows = client.query(text, &[]).await.unwrap();
        rows.iter().map(|row| (0..row.len()).map(|column| row.get(column)).collect()).collect()
    })
}

/// The listed tables as the databases should have them.
fn listed() -> BTreeMap<String, BTreeSet<String>> {
    TABLES.iter().map(|table| (table.name.to_owned(), table.columns.iter().map(|column| column.name.to_owned()).collect())).collect()
}

fn compare(there: &BTreeMap<String, Vec<Column>>) {
    let names: BTreeMap<_, BTreeSet<_>> =
        there.iter().map(|(table, columns)| (table.clone(), columns.iter().map(|(name, ..)| name.clone()).collect())).collect();
    assert_eq!(listed(), names, "tables and columns: `store::tables` is what is copied");
    for table in TABLES {
        for column in table.columns {
            let (_, kinds, nullable, numbered) = there[table.name].iter().find(|(name, ..)| name == column.name).unwrap();
            let what = format!("{}.{}", table.name, column.name);
            assert!(kinds.contains(&column.kind), "{what} is listed as {:?} and is one of {kinds:?}", column.kind);
            assert_eq!((column.nullable, column.numbered), (*nullable, *numbered), "{what}: NULL, numbered");
        }
    }
}

fn is_copied(name: &str) -> bool {
    !LEFT_OUT.iter().any(|(left_out, _)| *left_out == name)
}

#[test]
fn the_list_is_the_schema_of_sqlite() {
    let (_house, file) = sqlite();
    let tables = names(&file, "SELECT name FROM pragma_table_list WHERE type IN ('table', 'virtual') AND name NOT LIKE 'sqlite_%'");
    assert!(LEFT_OUT.iter().all(|(name, why)| tables.iter().any(|table| table == name) && !why.is_empty()));
    let mut there = BTreeMap::new();
    for table in tables.iter().filter(|table| is_copied(table)) {
        let mut columns = file.prepare("SELECT name, type, \"notnull\" FROM pragma_table_info(?1)").unwrap();
        let columns = columns.query_map([table], |row| {
            let (name, kind, always): (String, String, bool) = (row.get(0)?, row.get(1)?, row.get(2)?);
            let kinds = match kind.as_str() {
                "INTEGER" => vec![Type::Integer, Type::Bool],
                "TEXT" => vec![Type::Text],
                "BLOB" => vec![Type::Bytes, Type::Id],
                other => panic!("{table}.{name} is {other}"),
            };
            // SQLite numbers rows by itself; which ones matter is PostgreSQL's to say.
            let numbered = TABLES
                .iter()
                .any(|listed| listed.name == table && listed.columns.iter().any(|column| column.name == name && column.numbered));
            Ok((name, kinds, !always, numbered))
        });
        let columns: Vec<Column> = columns.unwrap().map(Result::unwrap).collect();
        there.insert(table.clone(), columns);
    }
    compare(&there);
}

#[test]
fn the_list_is_the_schema_of_postgres() {
    let house = House::bare_postgres();
    house.admin(&["organization", "list"]);
    let rows = ask(
        &house,
        "SELECT table_name::TEXT, column_name::TEXT, data_type::TEXT, is_nullable::TEXT, is_identity::TEXT, COALESCE(column_default, '')::TEXT
         FROM information_schema.columns WHERE table_schema = current_schema()",
    );
    let mut there: BTreeMap<String, Vec<Column>> = BTreeMap::new();
    for row in rows.into_iter().filter(|row| is_copied(&row[0])) {
        let [table, name, kind, nullable, numbered, default] = row.try_into().unwrap();
        let kind = match kind.as_str() {
            "bigint" => Type::Integer,
            "boolean" => Type::Bool,
            "text" => Type::Text,
            "bytea" => Type::Bytes,
            "uuid" => Type::Id,
            other => panic!("{table}.{name} is {other}"),
        };
        assert!(!default.contains("nextval"), "{table}.{name}: a number by default is an identity column here");
        there.entry(table).or_default().push((name, vec![kind], nullable == "YES", numbered == "YES"));
    }
    compare(&there);
    let sequences = ask(&house, "SELECT sequencename::TEXT FROM pg_sequences WHERE schemaname = current_schema()");
    let numbered = TABLES.iter().flat_map(|table| table.columns).filter(|column| column.numbered).count();
    assert_eq!(sequences.len(), numbered, "each sequence belongs to a column that is set past what was copied: {sequences:?}");
}

fn position(name: &str) -> usize {
    TABLES.iter().position(|table| table.name == name).unwrap_or_else(|| panic!("{name} is not copied"))
}

#[test]
fn what_is_referred_to_comes_first() {
    let (_house, file) = sqlite();
    let mut references = 0;
    for Table { name, .. } in TABLES {
        for other in names(&file, &format!("SELECT \"table\" FROM pragma_foreign_key_list('{name}')")) {
            assert!(position(&other) < position(name), "{name} refers to {other}");
            references += 1;
        }
    }
    let house = House::bare_postgres();
    house.admin(&["organization", "list"]);
    for row in ask(&house, "SELECT conrelid::regclass::TEXT, confrelid::regclass::TEXT FROM pg_constraint WHERE contype = 'f'") {
        assert!(position(&row[1]) < position(&row[0]), "{} refers to {}", row[0], row[1]);
        references += 1;
    }
    assert!(references > 30, "{references}");
}

#[test]
fn sqlite_finds_rows_by_their_keys() {
    let (_house, file) = sqlite();
    for Table { name, key, .. } in TABLES {
        let indexes = names(&file, &format!("SELECT name FROM pragma_index_list('{name}') WHERE \"unique\" AND NOT partial"));
        let columns = |index: &String| names(&file, &format!("SELECT name FROM pragma_index_info('{index}') ORDER BY seqno"));
        assert!(indexes.iter().any(|index| columns(index) == *key), "{name} has no unique index over {key:?}");
    }
    assert!(NEVER_EMPTY.iter().all(|name| position(name) < TABLES.len()));
}
