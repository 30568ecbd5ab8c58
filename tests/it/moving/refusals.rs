//! What `bugtome admin copy` refuses: databases that somebody uses, that are no bugtome's or an older one's, that have something in them.
//! What it does otherwise is told in `moving`.

use std::process::Stdio;

use bugtome::store::database::DatabaseUrl;
use bugtome::store::database::moving::{Found, Portion, Target};
use bugtome::store::tables::{NEVER_EMPTY, TABLES};

use super::estate::{copy, copying, failed, refused};
use crate::server::{House, Request, bugtome, on_postgres_at};

#[test]
fn a_server_on_the_source_keeps_it() {
    for (from, to) in [(House::sqlite(), House::bare_postgres()), (House::postgres(), House::bare_sqlite())] {
        let server = from.serve();
        let said = refused(&from, &to);
        let begin = if from.database.starts_with("sqlite") { "sqlite://" } else { "postgres://" };
        assert!(said.contains("a server or another command is using") && said.contains(begin) && said.contains("stop it first"), "{said}");
        assert_eq!(server.ask(&Request::new("GET", "/readyz")).status, 200, "the server goes on");
        server.stop();
        assert_eq!(copy(&from, &to).0, "copied");
    }
}

#[test]
fn a_server_on_the_target_keeps_it() {
    for (from, to) in [(House::postgres(), House::bare_sqlite()), (House::sqlite(), House::bare_postgres())] {
        let server = to.serve();
        let said = refused(&from, &to);
        assert!(said.contains("a server or another command is using") && said.contains("stop it first"), "{said}");
        server.stop();
        assert_eq!(copy(&from, &to).0, "copied");
    }
}

/// Also by a program that is no bugtome.
#[test]
fn a_change_that_is_not_ended_keeps_the_source() {
    let (from, to) = (House::postgres(), House::bare_sqlite());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let (client, connection) = tokio_postgres::connect(&from.database, tokio_postgres::NoTls).await.unwrap();
        tokio::spawn(connection);
        client.batch_execute("BEGIN; UPDATE persons SET name = 'Somebody'").await.unwrap();
        let said = refused(&from, &to);
        assert!(said.contains("a server or another command is using postgres://"), "{said}");
        client.batch_execute("ROLLBACK").await.unwrap();
    });
    assert_eq!(copy(&from, &to).0, "copied");
}

#[test]
fn what_has_data_in_it_is_not_written_over() {
    let from = House::sqlite();
    for to in [House::sqlite(), House::postgres()] {
        let said = refused(&from, &to);
        let filled = "has data in it already (persons, users, organizations, members, projects, project_counters, tokens)";
        assert!(said.contains(filled) && said.contains("name an empty database"), "{said}");
    }
    let copied = House::bare_postgres();
    copy(&from, &copied);
    copied.admin(&["user", "create", "--email", "new@example.com", "--name", "New"]);
    assert!(refused(&from, &copied).contains("has data in it already"), "the copy has a life of its own by now");
    let said = failed(&copying(&from, &from).output().unwrap());
    assert!(said.contains("cannot be copied into itself"), "{said}");
}

#[test]
fn what_is_no_database_of_this_bugtome_is_not_copied() {
    let to = House::bare_postgres();
    let missing = House::bare_sqlite();
    let said = refused(&missing, &to);
    assert!(said.contains("there is no database"), "{said}");
    assert!(!missing.file().exists() && std::fs::read_dir(missing.folder.path()).unwrap().count() == 0, "and none is made");

    let foreign = House::bare_sqlite();
    rusqlite::Connection::open(foreign.file()).unwrap().execute_batch("CREATE TABLE notes (text TEXT)").unwrap();
    let said = refused(&foreign, &to);
    assert!(said.contains("it is no database of bugtome"), "{said}");

    let old = House::sqlite();
    rusqlite::Connection::open(old.file()).unwrap().execute_batch("DELETE FROM schema_steps WHERE name = '0004_activity'").unwrap();
    let said = refused(&old, &to);
    assert!(said.contains("last used by an older bugtome") && said.contains("`bugtome serve`"), "{said}");

    let newer = House::sqlite();
    rusqlite::Connection::open(newer.file()).unwrap().execute_batch("INSERT INTO schema_steps VALUES ('9999_tomorrow', 0)").unwrap();
    let said = refused(&newer, &to);
    assert!(said.contains("newer than this program"), "{said}");
    let said = refused(&House::sqlite(), &newer);
    assert!(said.contains("newer than this program"), "{said}");
    // Nothing of all this has touched the target.
    assert_eq!(copy(&House::sqlite(), &to).0, "copied");
}

#[test]
fn one_of_the_databases_may_be_that_of_the_settings_and_passwords_are_not_shown() {
    let (from, to) = (House::sqlite(), House::bare_postgres());
    let (scheme, rest) = to.database.split_once("://").unwrap();
    let user = rest.split_once('@').map_or("postgres", |(user, _)| user.split(':').next().unwrap());
    let host = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
    let url = format!("{scheme}://{user}:s3cr3t-w0rd@{host}");
    let run = |url: &str| {
        let mut command = bugtome(from.folder.path());
        command.env("BUGTOME_DATABASE_URL", url).args(["admin", "copy", "--from", &from.database]).output().unwrap()
    };
    let done = run(&url);
    let said = String::from_utf8([done.stdout, done.stderr].concat()).unwrap();
    assert!(done.status.success() && said.contains(&format!("{user}:***@")) && !said.contains("s3cr3t"), "{said}");
    assert!(said.contains("what is revoked from now on is not revoked there"), "{said}");

    let nobody = url.replace(host, "127.0.0.1:1/nothing");
    let said = failed(&run(&nobody));
    assert!(said.contains("cannot be reached") && !said.contains("s3cr3t"), "{said}");
    let wrong = bugtome(from.folder.path()).args(["admin", "copy", "--to", "postgres://u:s3cr3t@h:port/b"]).output().unwrap();
    let said = String::from_utf8_lossy(&wrong.stderr);
    assert!(wrong.status.code() == Some(2) && said.contains("--to") && !said.contains("s3cr3t"), "{said}");
    let neither = bugtome(from.folder.path()).args(["admin", "copy"]).output().unwrap();
    assert_eq!(neither.status.code(), Some(2));
}

#[test]
fn of_two_copies_at_once_one_goes_on_at_the_most() {
    let (one, other, to) = (House::sqlite(), House::sqlite(), House::bare_postgres());
    let start = |from: &House| copying(from, &to).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let children = [start(&one), start(&other)];
    let ended = children.map(|child| child.wait_with_output().unwrap());
    assert!(ended.iter().filter(|output| output.status.success()).count() <= 1);
    let whole = [&one, &other].into_iter().filter(|from| copying(from, &to).output().unwrap().status.success()).count();
    assert_eq!(whole, 1, "one of them is there, whole");
}

#[test]
fn whoever_has_been_taken_over_writes_nothing_more() {
    let house = House::bare_postgres();
    let url: DatabaseUrl = house.database.parse().unwrap();
    let mut first = Target::at(&url).unwrap();
    first.begin(TABLES, NEVER_EMPTY, "an installation", "first").unwrap();
    first.write(&TABLES[0], &Portion::default()).unwrap();
    let mut second = Target::at(&url).unwrap();
    assert!(second.resume("another installation", "second").is_err());
    second.resume("an installation", "second").unwrap();
    second.write(&TABLES[0], &Portion::default()).unwrap();
    let error = first.write(&TABLES[0], &Portion::default()).unwrap_err();
    assert!(error.to_string().contains("another copy into the same database has taken over"), "{error}");
    assert!(first.finish(TABLES).is_err());
    second.finish(TABLES).unwrap();
    second.close();
    first.close();
    // A killed process's sessions would be noticed as well.
    on_postgres_at(&house.database, "SELECT 1");
    let third = Target::at(&url).unwrap();
    let found = (0..500).find_map(|_| {
        std::thread::sleep(std::time::Duration::from_millis(10));
        third.look(TABLES, NEVER_EMPTY).ok()
    });
    assert_eq!(found, Some(Found::Nothing));
}
