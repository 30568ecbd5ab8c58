//! The check of all statements finds what it is there to find.
//! That the store's own statements pass is told here too.

use super::{both, sql};
use crate::store::database::registry::{families, statements, verify};
use crate::store::database::statement::{as_text, dollars};
use crate::store::database::{ColumnType, Select, Type, family, verify_statements};

const INTEGER: ColumnType = ColumnType::of::<i64>();
const TEXT: ColumnType = ColumnType::of::<String>();
const MAYBE_TEXT: ColumnType = ColumnType::of::<Option<String>>();

family!("numbers of the stories", || {
    let mut select = Select::<(i64,)>::new("SELECT number FROM things WHERE number IN (");
    select.bind_in(&[1_i64, 2, 3]).push(")");
    vec![select]
});

both! {
    fn planted_faults_are_found(fixture) {
        let mut connection = fixture.with_tables().db.connect().unwrap();
        let mut check = |text: &str, parameters: &[Type], columns: &[ColumnType]| {
            verify(&mut connection, text, &text.replace('?', "$"), parameters, columns)
        };
        let select = "SELECT number, name FROM things WHERE number = ?1 AND name = ?2";
        let declared = &[Type::Integer, Type::Text];
        assert_eq!(check(select, declared, &[INTEGER, MAYBE_TEXT]), [""; 0]);
        assert_eq!(check("INSERT INTO counters (name, next) VALUES (?1, ?2)", &[Type::Text, Type::Integer], &[]), [""; 0]);
        assert_eq!(check("UPDATE counters SET next = next + 1 WHERE name = ?1 AND name <> '?2' RETURNING next", &[Type::Text], &[INTEGER]), [""; 0]);
        // On both: syntax, an unknown table or column, numbers of columns and parameters, a gap, a column's type.
        for (text, parameters, columns) in [
            ("SELEKT number FROM things", &[][..], &[INTEGER][..]),
            ("SELECT number FROM thinks", &[], &[INTEGER]),
            ("SELECT numbers FROM things", &[], &[INTEGER]),
            ("SELECT \"numbers\" FROM things", &[], &[INTEGER]),
            (select, declared, &[INTEGER]),
            (select, declared, &[INTEGER, MAYBE_TEXT, INTEGER]),
            (select, &[Type::Integer], &[INTEGER, MAYBE_TEXT]),
            (select, &[Type::Integer, Type::Text, Type::Text], &[INTEGER, MAYBE_TEXT]),
            ("SELECT number FROM things WHERE number = ?1 AND rank = ?3", &[Type::Integer, Type::Integer, Type::Integer], &[INTEGER]),
            (select, declared, &[TEXT, MAYBE_TEXT]),
            ("SELECT id FROM things", &[], &[INTEGER]),
        ] {
            assert_ne!(check(text, parameters, columns), [""; 0], "{text}");
        }
        if fixture.is_sqlite() {
            return;
        }
        // On PostgreSQL alone, which knows more: parameters' types, nullable columns, types that are not read.
        for (text, parameters, columns) in [
            (select, &[Type::Text, Type::Text][..], &[INTEGER, MAYBE_TEXT][..]),
            ("INSERT INTO counters (name, next) VALUES (?1, ?2)", &[Type::Integer, Type::Integer], &[]),
            ("SELECT name FROM things", &[], &[TEXT]),
            ("SELECT SUM(number) FROM things", &[], &[INTEGER]),
            ("SELECT number FROM things WHERE flag = ?1", &[Type::Integer], &[INTEGER]),
        ] {
            assert_ne!(check(text, parameters, columns), [""; 0], "{text}");
        }
    }

    fn what_is_registered_can_be_prepared(fixture) {
        fixture.db.migrate().unwrap();
        assert_eq!(verify_statements(&fixture.db), [""; 0]);
    }
}

#[test]
fn statements_and_families_are_registered() {
    let _ = sql!((i64,): "SELECT number FROM things WHERE name = '?1' AND number = ?1"; pg "SELECT ?1", i64 = 1);
    let here = statements().find(|statement| statement.postgres == "SELECT $1").unwrap();
    assert_eq!((here.parameters, here.columns), (&[Type::Integer][..], &[INTEGER][..]));
    assert!(here.name.starts_with("src/store/database/tests/verifying.rs:"));
    let family = families().find(|family| family.name == "numbers of the stories").unwrap();
    let shapes = (family.shapes)();
    assert_eq!(shapes[0].sqlite, "SELECT number FROM things WHERE number IN (?1, ?2, ?3, ?4)");
    assert_eq!(shapes[0].postgres, "SELECT number FROM things WHERE number IN ($1, $2, $3, $4)");
}

#[test]
fn dollars_spare_what_is_quoted() {
    const TEXT: &str = "SELECT '?1 it''s ?2', \"?3\", a ? b, ?12 || '?'";
    const BYTES: [u8; TEXT.len()] = dollars(TEXT);
    assert_eq!(as_text(&BYTES), "SELECT '?1 it''s ?2', \"?3\", a ? b, $12 || '?'");
}
