//! `bugtome admin copy`: everything arrives as it was, in both directions; an interruption costs a portion; nothing unfinished can be used.
//! What is refused before anything is copied is told in `moving/refusals.rs`, what an installation may hold in `moving/estate.rs`.

mod estate;
mod refusals;
mod schema;

use std::process::{Command, Stdio};
use std::time::Instant;

use serde_json::{Value, json};

use crate::installation::data;
use crate::server::{House, Request, bugtome, on_postgres_at, ticket};
use estate::{Estate, copy, copying, dump, failed, refused};

/// A database with some thousands of tickets.
fn crowded(house: House) -> House {
    let import = ["import", "jira-csv", &data("hadoop_bugs.csv"), "--project", "acme/WEB", "--database", &house.database];
    assert!(bugtome(house.folder.path()).args(import).stderr(Stdio::null()).stdout(Stdio::null()).status().unwrap().success());
    house
}

#[test]
fn everything_arrives_and_comes_back() {
    let estate = Estate::fill(House::sqlite());
    // As a server makes it that shares its limits.
    let file = rusqlite::Connection::open(estate.house.file()).unwrap();
    file.execute("INSERT INTO installation_keys (name, value) VALUES ('counters', randomblob(32))", []).unwrap();
    drop(file);
    let portrait = estate.portrait(&estate.house);
    let worked = portrait.iter().filter(|(_, status, _)| *status == 200).count();
    let unknown = portrait.iter().filter(|(_, status, _)| *status == 401).count();
    assert!(worked > 100 && unknown > 100, "{worked} worked, {unknown} did not");
    let before = std::fs::read(estate.house.file()).unwrap();

    let (there, back) = (House::bare_postgres(), House::bare_sqlite());
    let (outcome, tables) = copy(&estate.house, &there);
    assert_eq!(outcome, "copied");
    for table in tables.as_array().unwrap() {
        // The code of the first run is gone once there is a user.
        assert_eq!(table["rows"] == json!(0), table["table"] == json!("setup"), "the story has rows in each table: {table}");
    }
    assert_eq!(copy(&there, &back), ("copied".to_owned(), tables.clone()));
    assert_eq!(std::fs::read(estate.house.file()).unwrap(), before, "the source stays untouched");
    assert_eq!(dump(&back), dump(&estate.house));
    // Again, and nothing is to be done.
    assert_eq!(copy(&estate.house, &there), ("complete_already".to_owned(), tables.clone()));
    assert_eq!(copy(&estate.house, &back), ("complete_already".to_owned(), tables));

    for house in [&there, &back] {
        for (mine, theirs) in estate.portrait(house).iter().zip(&portrait) {
            assert_eq!(mine, theirs);
        }
        goes_on(&estate, house);
    }
}

/// A server on the copy takes numbers up where they were, keeps its promise of repeats, and finds what is new and what was there.
fn goes_on(estate: &Estate, house: &House) {
    let server = house.serve();
    let olga = &estate.house.personal;
    let numbers = |path: &str| -> Vec<i64> {
        let tickets = server.get(path, olga).json();
        tickets
            .as_array()
            .unwrap()
            .iter()
            .map(|ticket| ticket["code"].as_str().unwrap().split_once('-').unwrap().1.parse().unwrap())
            .collect()
    };
    let last = *numbers("/api/v1/tickets?per_page=100").iter().max().unwrap();
    let post = |path: &str, body: &Value| server.ask(&Request::new("POST", path).bearer(olga).json(body));
    let filed = post("/api/v1/tickets", &ticket("Mictlantecuhtli", &estate.house.project)).json();
    assert_eq!(filed["code"], format!("WEB-{}", last + 1));
    let path = format!("/api/v1/tickets/{}/comments", filed["id"].as_str().unwrap());
    assert_eq!(post(&path, &json!({"comment": {"content": "Tezcatlipoca"}})).status, 201);
    assert_eq!(numbers("/api/v1/tickets?q=mictlantecuhtli"), [last + 1]);
    assert_eq!(numbers("/api/v1/tickets?q=tezcatlipoca"), [last + 1]);
    let again = Request::new("POST", "/api/v1/tickets").bearer(olga).header("Idempotency-Key: once");
    let again = server.ask(&again.json(&ticket("Filed once", &estate.house.project)));
    assert!(again.status == 201 && again.json()["code"] != filed["code"], "{again:?}");
    assert_eq!(numbers("/api/v1/tickets?q=filed%20once").len(), 1);
    server.stop();
}

#[test]
fn the_code_of_the_first_run_moves_too() {
    let (here, there) = (House::bare_sqlite(), House::bare_postgres());
    here.serve().stop();
    let (_, tables) = copy(&here, &there);
    let setup = tables.as_array().unwrap().iter().find(|table| table["table"] == "setup").unwrap().clone();
    assert_eq!(setup["rows"], 1);
    // A server that has only been tried out has left nothing that would be lost.
    let tried = House::bare_sqlite();
    tried.serve().stop();
    assert_eq!(copy(&there, &tried), ("copied".to_owned(), tables));
}

#[test]
fn killed_at_any_point_the_copy_into_postgres_goes_on() {
    kill_and_repeat(&crowded(House::sqlite()), House::bare_postgres);
}

#[test]
fn killed_at_any_point_the_copy_into_sqlite_goes_on() {
    kill_and_repeat(&crowded(House::postgres()), House::bare_sqlite);
}

/// Kills the copy later and later, and each time begins it again; nothing but the same command can use what there is.
fn kill_and_repeat(from: &House, bare: fn() -> House) {
    let straight = bare();
    let began = Instant::now();
    let (outcome, tables) = copy(from, &straight);
    let took = began.elapsed();
    assert_eq!(outcome, "copied");
    let to = bare();
    let mut unfinished = 0;
    for tenths in 2..10 {
        let mut child = copying(from, &to).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(took * tenths / 10);
        if child.try_wait().unwrap().is_some() {
            break;
        }
        child.kill().unwrap();
        child.wait().unwrap();
        quiet(from);
        quiet(&to);
        let said = failed_to_serve(&to);
        unfinished += u32::from(said.is_some_and(|said| said.contains("unfinished copy")));
        quiet(&to);
    }
    assert!(unfinished > 0, "it was never killed in the middle");
    assert_eq!(copy(from, &to).1, tables);
    let found =
        Command::new(env!("CARGO_BIN_EXE_bugtome")).args(["admin", "--database", &to.database, "organization", "list"]).output().unwrap();
    assert!(found.status.success(), "the copy can be used");
}

/// What `serve` says where it does not serve. A database in which nothing has been marked yet is as good as new, and served.
fn failed_to_serve(house: &House) -> Option<String> {
    let mut serving = house.command();
    let mut child = serving.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(child.stdout.as_mut().unwrap()), &mut line).unwrap();
    if line.starts_with("listening") {
        child.kill().unwrap();
        child.wait().unwrap();
        return None;
    }
    Some(failed(&child.wait_with_output().unwrap()))
}

/// Waits until PostgreSQL has noticed that killed processes are gone.
fn quiet(house: &House) {
    if house.database.starts_with("postgres") {
        let name = house.database.rsplit('/').next().unwrap().split('?').next().unwrap();
        on_postgres_at(
            &crate::server::postgres_url(),
            &format!(
                "DO $$ BEGIN WHILE EXISTS (SELECT 1 FROM pg_stat_activity WHERE datname = '{name}') LOOP
                     PERFORM pg_sleep(0.01), pg_stat_clear_snapshot();
                 END LOOP; END $$"
            ),
        );
    }
}

/// Makes the target's table refuse rows, or change them, as a full disk or a fault would.
fn disturb(to: &House, table: &str, what: &str) {
    on_postgres_at(
        &to.database,
        &format!(
            "CREATE OR REPLACE FUNCTION disturb() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {what} END $$;
             CREATE TRIGGER disturb BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION disturb()"
        ),
    );
}

fn disturb_no_more(to: &House) {
    on_postgres_at(&to.database, "DROP FUNCTION disturb CASCADE");
}

/// A target with tables and nothing in them.
fn prepared() -> House {
    let to = House::bare_postgres();
    to.admin(&["organization", "list"]);
    to
}

#[test]
fn what_was_copied_before_a_fault_is_kept_unless_the_source_changes() {
    let estate = Estate::fill(House::sqlite());
    let from = &estate.house;
    let to = prepared();
    disturb(&to, "events", "RAISE EXCEPTION 'the disk is full';");
    let said = refused(from, &to);
    assert!(said.contains("events: ") && said.contains("the disk is full") && said.contains("the same command goes on"), "{said}");
    for output in [to.command().output().unwrap(), to.try_admin(&["user", "list"])] {
        let said = failed(&output);
        assert!(said.contains("holds an unfinished copy") && said.contains("give the same `bugtome admin copy` again"), "{said}");
    }
    // It is no source either.
    let said = refused(&to, &House::bare_sqlite());
    assert!(said.contains("unfinished copy"), "{said}");
    let other = House::sqlite();
    let said = refused(&other, &to);
    assert!(said.contains("an unfinished copy of another installation") && said.contains("nothing has been changed"), "{said}");

    disturb_no_more(&to);
    let (outcome, tables) = copy(from, &to);
    assert_eq!(outcome, "continued");

    // The same once more, but the source is used before the repetition.
    let to = prepared();
    disturb(&to, "events", "RAISE EXCEPTION 'the disk is full';");
    refused(from, &to);
    disturb_no_more(&to);
    from.admin(&["user", "disable", "--email", "vera@example.com"]);
    let (outcome, changed) = copy(from, &to);
    assert_eq!(outcome, "begun_anew");
    assert_ne!(changed, tables);
    assert_eq!(copy(from, &House::bare_sqlite()).1, changed);
}

#[test]
fn a_copy_that_differs_is_named_and_cannot_be_used() {
    let estate = Estate::fill(House::sqlite());
    for (table, fault) in [
        ("tickets", "NEW.notes := NULL; RETURN NEW;"),
        ("comments", "IF NEW.key = 2 THEN RETURN NULL; END IF; RETURN NEW;"),
        ("tokens", "NEW.revoked_at := NULL; RETURN NEW;"),
    ] {
        let to = prepared();
        disturb(&to, table, fault);
        let said = refused(&estate.house, &to);
        assert!(said.contains(&format!("the copy of {table} differs: ")), "{said}");
        assert!(failed(&to.command().output().unwrap()).contains("unfinished copy"));
        // What differs is not built upon.
        disturb_no_more(&to);
        assert_eq!(copy(&estate.house, &to).0, "begun_anew");
    }
}
