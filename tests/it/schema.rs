//! A database in whose schema somebody has put what bugtome does not make: it is named, with the statement that removes it, and does nothing meanwhile.
//! Finding 11. What the steps themselves make is told by every other story.

use serde_json::Value;

use crate::installation::{Installation, Ran};
use crate::server::on_postgres_at;

/// Undoes each revocation as it is written.
const UNDOING: &str = "CREATE TRIGGER \"no \"\"end\" AFTER UPDATE OF revoked_at ON tokens WHEN NEW.revoked_at IS NOT NULL \
                       BEGIN UPDATE tokens SET revoked_at = NULL WHERE id = NEW.id; END";

/// What can be done to a schema, what it is called, and the line that puts it right where there is one.
const STRANGE: [(&str, &str, Option<&str>); 8] = [
    (UNDOING, "the trigger \"no \"\"end\" on tokens", Some("DROP TRIGGER \"no \"\"end\";")),
    ("CREATE TRIGGER t INSTEAD OF INSERT ON v BEGIN SELECT 1; END", "the trigger \"t\" on v", Some("DROP TRIGGER \"t\";")),
    ("CREATE VIEW v AS SELECT * FROM tokens", "the view \"v\"", Some("DROP VIEW \"v\";")),
    ("CREATE TABLE mine (n INTEGER)", "the table \"mine\"", Some("DROP TABLE \"mine\";")),
    ("CREATE UNIQUE INDEX one ON tokens (user_id)", "the index \"one\" on tokens", Some("DROP INDEX \"one\";")),
    ("CREATE VIRTUAL TABLE more USING fts5(word)", "the table \"more\"", Some("DROP TABLE \"more\";")),
    (
        "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = replace(sql, 'revoked_at INTEGER', 'revoked_at INTEGER CHECK (revoked_at IS NULL)') \
         WHERE name = 'tokens'; PRAGMA writable_schema = RESET",
        "another table \"tokens\"",
        None,
    ),
    ("DROP INDEX tokens_by_user", "no index \"tokens_by_user\"", Some("CREATE INDEX tokens_by_user")),
];

fn change(file: &std::path::Path, statements: &str) {
    rusqlite::Connection::open(file).unwrap().execute_batch(statements).unwrap();
}

fn backup(place: &Installation) -> String {
    let file = place.file("backup.db").display().to_string();
    place.run(&["admin", "backup", &file, "--overwrite"]).ok();
    file
}

/// What `doctor` says of the schema: level, finding and advice.
fn doctor(place: &Installation) -> Vec<(String, String, String)> {
    let found: Value = serde_json::from_str(&place.run(&["doctor", "--json"]).out).unwrap();
    let word = |finding: &Value, name: &str| finding[name].as_str().unwrap_or_default().to_owned();
    let schema = found.as_array().unwrap().iter().filter(|finding| finding["what"] == "schema");
    schema.map(|finding| (word(finding, "level"), word(finding, "found"), word(finding, "advice"))).collect()
}

fn token(place: &Installation) -> (String, String) {
    let made = place.run(&["admin", "token", "create", "--user", "ada@example.com", "--name", "t", "--json"]).ok().json();
    (made["id"].as_str().unwrap().to_owned(), made["token"].as_str().unwrap().to_owned())
}

fn state(place: &Installation, id: &str) -> String {
    let all = place.run(&["admin", "token", "list", "--json"]).ok().json();
    let token = all.as_array().unwrap().iter().find(|token| token["id"] == id).unwrap().clone();
    token["state"].as_str().unwrap().to_owned()
}

#[test]
fn finding_11_a_backup_with_anything_else_in_its_schema_is_not_restored_until_it_is_removed() {
    let place = Installation::sqlite();
    token(&place);
    let file = backup(&place);
    let before = std::fs::read(place.database_file()).unwrap();
    for (statements, named, line) in STRANGE {
        let copy = place.file("strange.db");
        std::fs::copy(&file, &copy).unwrap();
        if statements.contains("ON v ") {
            change(&copy, STRANGE[2].0);
        }
        change(&copy, statements);
        let Ran { code, err, .. } = place.run(&["admin", "restore", copy.to_str().unwrap()]);
        assert_eq!(code, Some(1), "{statements}");
        assert!(
            err.contains(named) && err.contains(line.unwrap_or_default()) && err.contains("nothing has been changed"),
            "{statements}: {err}"
        );
        assert_eq!(std::fs::read(place.database_file()).unwrap(), before, "{statements}");
        if let Some(line) = line.filter(|line| line.ends_with(';') && !statements.contains("ON v ")) {
            change(&copy, line);
            place.run(&["admin", "restore", copy.to_str().unwrap()]).ok();
            std::fs::write(place.database_file(), &before).unwrap();
        }
    }
}

#[test]
fn finding_11_doctor_names_what_is_strange_and_the_line_that_removes_it() {
    for (statements, named, line) in STRANGE {
        let place = Installation::sqlite();
        assert_eq!(doctor(&place)[0].0, "ok");
        if statements.contains("ON v ") {
            change(&place.database_file(), STRANGE[2].0);
        }
        change(&place.database_file(), statements);
        let found = doctor(&place);
        let said = found
            .iter()
            .any(|(level, found, advice)| level == "FAIL" && found.contains(named) && advice.contains(line.unwrap_or("restore a backup")));
        assert!(said, "{statements}: {found:?}");
        let copied = place.run(&["admin", "copy", "--to", &format!("sqlite://{}", place.file("copy.db").display())]).failed();
        assert!(copied.err.contains(named), "{}", copied.err);
    }
}

#[test]
fn finding_11_a_trigger_does_nothing_while_it_is_there() {
    let place = Installation::sqlite();
    let (id, _) = token(&place);
    change(&place.database_file(), UNDOING);
    place.run(&["admin", "token", "revoke", &id]).ok();
    assert_eq!(state(&place, &id), "revoked");
    // By itself it works, so that the test sees what it would do.
    let file = rusqlite::Connection::open(place.database_file()).unwrap();
    file.execute("UPDATE tokens SET revoked_at = 1", []).unwrap();
    let kept: Option<i64> = file.query_row("SELECT revoked_at FROM tokens", [], |row| row.get(0)).unwrap();
    assert_eq!(kept, None);
}

#[test]
fn finding_11_where_the_replaced_database_undoes_revocations_somebody_must_decide() {
    let place = Installation::sqlite();
    let (id, _) = token(&place);
    let file = backup(&place);
    change(&place.database_file(), UNDOING);
    let asked = place.run(&["admin", "restore", &file]).failed();
    assert!(asked.err.contains("not to be believed") && asked.err.contains("--tokens revoke"), "{}", asked.err);
    place.run(&["admin", "restore", &file, "--tokens", "revoke"]).ok();
    assert_eq!(state(&place, &id), "revoked");
}

#[test]
fn finding_11_what_sqlite_makes_for_itself_and_older_schemas_are_not_strange() {
    let place = Installation::sqlite();
    change(&place.database_file(), "ANALYZE");
    assert_eq!(doctor(&place)[0], ("ok".to_owned(), "up to date".to_owned(), String::new()));
    change(&place.database_file(), "CREATE TABLE sqlit (n INTEGER)");
    assert_eq!(doctor(&place)[0].0, "FAIL");
}

#[test]
fn finding_11_on_postgres_doctor_names_what_could_undo_what_is_written() {
    let place = Installation::postgres();
    assert_eq!(doctor(&place)[0].0, "ok");
    let named = |statements: &str, named: &str, line: &str| {
        on_postgres_at(&place.url, statements);
        let found = doctor(&place);
        let said = found.iter().any(|(level, found, advice)| level == "FAIL" && found.contains(named) && advice.contains(line));
        assert!(said, "{statements}: {found:?}");
        on_postgres_at(&place.url, line);
        assert_eq!(doctor(&place)[0].0, "ok", "{line}");
    };
    on_postgres_at(
        &place.url,
        "CREATE FUNCTION undo() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.revoked_at = NULL; RETURN NEW; END $$",
    );
    named(
        "CREATE TRIGGER keep BEFORE UPDATE ON tokens FOR EACH ROW EXECUTE FUNCTION undo()",
        "the trigger \"keep\" on \"tokens\"",
        "DROP TRIGGER \"keep\" ON \"tokens\";",
    );
    named(
        "CREATE RULE keep AS ON UPDATE TO tokens DO INSTEAD NOTHING",
        "the rule \"keep\" on \"tokens\"",
        "DROP RULE \"keep\" ON \"tokens\";",
    );
    named("CREATE POLICY few ON tokens USING (false)", "the policy \"few\" on \"tokens\"", "DROP POLICY \"few\" ON \"tokens\";");
    named(
        "CREATE FUNCTION lower(value VARCHAR) RETURNS TEXT LANGUAGE sql AS $$ SELECT 'x' $$",
        "the function \"lower\"(value character varying)",
        "DROP FUNCTION \"lower\"(value character varying);",
    );
}
