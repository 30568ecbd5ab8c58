//! `bugtome admin backup` and `restore`: what was kept comes back, and no right that was lost since.
//! Each way of losing a right has a story of its own.

use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, Stdio};
use std::time::Duration;

use bugtome::app::App;
use bugtome::app::clock::Clock;
use bugtome::app::random::Random;
use bugtome::domain::{About, Ctx, Result, Rotation, Who, member_tokens, organizations, projects, tickets, tokens};
use bugtome::model::draft::Field;
use bugtome::model::events::Via;
use bugtome::model::roles::Role;
use bugtome::model::time::Span;
use bugtome::model::tokens::{PlainToken, TokenKind};
use bugtome::store::database::{Database, Options};
use bugtome::store::members;
use bugtome::store::rights::{self, Rights};

use crate::installation::{Installation, Ran};

/// Makes a token by command; its id and itself.
fn token(place: &Installation, of: &[&str]) -> (String, String) {
    let mut arguments = vec!["admin", "token", "create", "--name", "t", "--json"];
    arguments.extend(of);
    let made = place.run(&arguments).ok().json();
    (made["id"].as_str().unwrap().to_owned(), made["token"].as_str().unwrap().to_owned())
}

const ADAS: [&str; 2] = ["--user", "ada@example.com"];
const WEBS: [&str; 2] = ["--project", "acme/WEB"];

fn backup(place: &Installation) -> String {
    let file = place.file("backup.db").display().to_string();
    place.run(&["admin", "backup", &file]).ok();
    file
}

fn restore(place: &Installation, more: &[&str]) -> Ran {
    let file = place.file("backup.db").display().to_string();
    let mut arguments = vec!["admin", "restore", &file, "--json"];
    arguments.extend(more);
    place.run(&arguments)
}

/// Runs something with the token as the caller.
fn called_with<T: Send + 'static>(
    place: &Installation,
    plain: &str,
    work: impl FnMut(&mut Ctx<'_>) -> Result<T> + Send + 'static,
) -> Result<T> {
    let token = PlainToken::parse(plain).unwrap().hashed();
    let database = Database::open(&place.url.parse().unwrap(), Options::default()).unwrap();
    let app = App::new(database, Clock::system(), Random::system(), "");
    let who = Who::Token { token, about: About::Nothing, rotation: Rotation::None };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let answer = runtime.block_on(app.write(who, Via::Api, work));
    app.database().close();
    answer
}

/// Whether a request with the token would pass, as the domain judges it.
fn works(place: &Installation, plain: &str) -> bool {
    called_with(place, plain, tokens::current).is_ok()
}

fn all_rights(place: &Installation) -> Rights {
    place.inside(|ctx| Ok(rights::read(ctx.db)?))
}

/// A server on the database, ready; killed when dropped.
struct Server(Child);

impl Server {
    fn start(place: &Installation) -> Self {
        let mut command = place.command(&["serve", "--listen", "127.0.0.1:0"]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        assert!(line.starts_with("listening on"), "{line}");
        Self(child)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_backup_brings_back_what_was_there() {
    let place = Installation::sqlite();
    let (_, plain) = token(&place, &ADAS);
    let kept = place.file_ticket("Kept in the backup");
    backup(&place);
    let before = all_rights(&place);
    place.file_ticket("Filed after the backup");
    place.inside(|ctx| tickets::delete(ctx, kept, &tickets::Expected::Any));
    let done = restore(&place, &[]).ok().json();
    assert_eq!((done["tokens_revoked"].as_u64(), done["tokens_lost"].as_u64()), (Some(0), Some(0)));
    let (rows, counted) = place.tickets(None);
    assert_eq!((rows.len(), counted, rows[0].title.as_str()), (1, 1, "Kept in the backup"));
    assert_eq!(place.tickets(Some("kept")).1, 1);
    assert!(works(&place, &plain));
    let mut after = all_rights(&place);
    assert_eq!(after.projects[0].last_number, 2);
    after.projects[0].last_number = 1;
    // Time has gone on, and does not go back with the rest.
    assert!(after.kept_until >= before.kept_until);
    after.kept_until = before.kept_until;
    assert_eq!(after, before);
}

#[test]
fn a_backup_is_one_private_file_made_while_a_server_runs() {
    let place = Installation::sqlite();
    let server = Server::start(&place);
    place.file_ticket("In the log only");
    let file = backup(&place);
    drop(server);
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let again = place.run(&["admin", "backup", &file]).failed();
    assert!(again.err.contains("exists; name another file, or --overwrite"), "{}", again.err);
    let first = std::fs::read(&file).unwrap();
    place.file_ticket("Another");
    place.run(&["admin", "backup", &file, "--overwrite"]).ok();
    assert_ne!(std::fs::read(&file).unwrap(), first);
    let database = place.database_file().display().to_string();
    place.run(&["admin", "backup", &database, "--overwrite"]).failed();
    let names: Vec<String> =
        std::fs::read_dir(place.file("")).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert!(names.iter().all(|name| name == "backup.db" || name.starts_with("bugtome.db")), "{names:?}");
    restore(&place, &[]).ok();
    assert_eq!(place.tickets(None).1, 2);
}

#[test]
fn a_backup_is_of_one_moment_while_others_write() {
    let place = Installation::sqlite();
    place.run(&["import", "jira-csv", &crate::installation::data("hadoop_bugs.csv"), "--project", "acme/WEB"]).ok();
    let file = place.file("backup.db").display().to_string();
    let mut child = place.command(&["admin", "backup", &file]).stdout(Stdio::null()).spawn().unwrap();
    while child.try_wait().unwrap().is_none() {
        place.file_ticket("Meanwhile");
    }
    assert!(child.wait().unwrap().success());
    restore(&place, &[]).ok();
    let (rows, counted) = place.tickets(None);
    assert!(rows.len() >= 2_503);
    assert_eq!(i64::try_from(rows.len()).unwrap(), counted);
}

#[test]
fn restoring_is_refused_while_the_database_is_in_use() {
    let place = Installation::sqlite();
    backup(&place);
    let server = Server::start(&place);
    let refused = restore(&place, &["--tokens", "keep"]).failed();
    assert!(refused.err.contains("a server or another command is using the database"), "{}", refused.err);
    place.file_ticket("The server goes on");
    // Killed, not stopped: the sign goes with the process.
    drop(server);
    restore(&place, &[]).ok();
    assert_eq!(place.tickets(None).1, 0);
}

#[test]
fn a_revoked_token_stays_revoked() {
    let place = Installation::sqlite();
    let (id, plain) = token(&place, &ADAS);
    let (_, other) = token(&place, &WEBS);
    backup(&place);
    place.run(&["admin", "token", "revoke", &id]).ok();
    assert_eq!(restore(&place, &[]).ok().json()["tokens_revoked"].as_u64(), Some(1));
    assert!(!works(&place, &plain));
    assert!(works(&place, &other));
    let list = place.run(&["admin", "token", "list", "--json"]).ok().json();
    let revoked = list.as_array().unwrap().iter().find(|row| row["id"].as_str() == Some(id.as_str())).unwrap();
    assert_eq!(revoked["revoked_how"].as_str(), Some("restore"));
}

#[test]
fn a_rotated_token_stays_rotated_and_its_successor_is_gone() {
    let place = Installation::sqlite();
    let (_, plain) = token(&place, &ADAS);
    backup(&place);
    let parsed = PlainToken::parse(&plain).unwrap();
    let made = called_with(&place, &plain, move |ctx| tokens::rotate(ctx, &parsed, Some("key"), Span::ZERO));
    let successor = made.unwrap().plain.expose().to_owned();
    let done = restore(&place, &[]).ok().json();
    assert_eq!((done["tokens_ended"].as_u64(), done["tokens_lost"].as_u64()), (Some(1), Some(1)));
    assert!(!works(&place, &plain));
    assert!(!works(&place, &successor));
}

#[test]
fn an_expired_token_stays_expired() {
    let place = Installation::sqlite();
    let (_, plain) = token(&place, &["--user", "ada@example.com", "--expires-in", "1s"]);
    backup(&place);
    std::thread::sleep(Duration::from_millis(1_100));
    restore(&place, &[]).ok();
    assert!(!works(&place, &plain));
}

#[test]
fn a_token_that_the_replaced_database_does_not_know_is_revoked() {
    let place = Installation::sqlite();
    let (id, plain) = token(&place, &ADAS);
    backup(&place);
    place.inside(|ctx| {
        let id: bugtome::model::id::Id<bugtome::model::tokens::Token> = id.parse().unwrap();
        ctx.db.execute(bugtome::sql!("DELETE FROM tokens WHERE id = ?1", bugtome::model::id::Id<bugtome::model::tokens::Token> = id))?;
        Ok(())
    });
    assert_eq!(restore(&place, &[]).ok().json()["tokens_revoked"].as_u64(), Some(1));
    assert!(!works(&place, &plain));
}

#[test]
fn tokens_can_all_be_revoked() {
    let place = Installation::sqlite();
    let (_, plain) = token(&place, &ADAS);
    let (_, other) = token(&place, &WEBS);
    backup(&place);
    assert_eq!(restore(&place, &["--tokens", "revoke"]).ok().json()["tokens_revoked"].as_u64(), Some(2));
    assert!(!works(&place, &plain) && !works(&place, &other));
}

#[test]
fn a_disabled_user_stays_disabled_and_a_changed_password_changed() {
    let place = Installation::sqlite();
    let (_, plain) = token(&place, &ADAS);
    let ada = place.inside(|ctx| {
        let user = bugtome::domain::users::by_email(ctx, &email("ada@example.com"))?;
        bugtome::domain::users::set_password(ctx, user.id, "old", Some(bugtome::domain::returns::OnReturn::Keep))?;
        Ok(user)
    });
    backup(&place);
    place.run(&["admin", "user", "disable", "--email", "ada@example.com"]).ok();
    place.inside(|ctx| bugtome::domain::users::set_password(ctx, ada.id, "new", Some(bugtome::domain::returns::OnReturn::Keep)));
    let done = restore(&place, &[]).ok().json();
    assert_eq!((done["users_disabled"].as_u64(), done["passwords_changed"].as_u64()), (Some(1), Some(1)));
    assert!(!works(&place, &plain));
    assert_eq!(all_rights(&place).users[0].password_hash.as_deref(), Some("new"));
}

/// Finding 28.
#[test]
fn an_address_that_is_the_earlier_one_again_is_said() {
    let place = Installation::sqlite();
    backup(&place);
    place.inside(|ctx| {
        let user = bugtome::domain::users::by_email(ctx, &email("ada@example.com"))?;
        Ok(bugtome::store::users::set_email(ctx.db, user.id, &email("ada@new.example.com"))?)
    });
    let done = restore(&place, &[]).ok().json();
    let back = serde_json::json!([{"now": "ada@example.com", "later": "ada@new.example.com"}]);
    assert_eq!(done["addresses_back"], back);
    place.inside(|ctx| {
        let user = bugtome::domain::users::by_email(ctx, &email("ada@example.com"))?;
        Ok(bugtome::store::users::set_email(ctx.db, user.id, &email("ada@new.example.com"))?)
    });
    let file = place.file("backup.db").display().to_string();
    let said = place.run(&["admin", "restore", &file]).ok().out;
    assert!(said.contains("the address of ada@new.example.com is ada@example.com again"), "{said}");
    assert_eq!(restore(&place, &[]).ok().json()["addresses_back"], serde_json::json!([]));
}

fn email(text: &str) -> bugtome::model::users::Email {
    bugtome::model::users::Email::parse(&Field::Value(text.into())).unwrap()
}

/// Bob's role in acme.
fn role(place: &Installation, address: &str) -> Option<Role> {
    place.inside(|ctx| {
        let organization = bugtome::domain::organizations::by_slug(ctx, "acme")?;
        let user = bugtome::domain::users::by_email(ctx, &email(address))?;
        Ok(members::role(ctx.db, organization.id, user.id)?)
    })
}

fn with_bob(role: &str) -> Installation {
    let place = Installation::sqlite();
    place.run(&["admin", "user", "create", "--email", "bob@example.com", "--name", "Bob"]).ok();
    member(&place, "add", "bob@example.com", Some(role));
    place
}

fn member(place: &Installation, act: &str, address: &str, role: Option<&str>) {
    let mut arguments = vec!["admin", "member", act, "--organization", "acme", "--user", address];
    arguments.extend(role.iter().flat_map(|role| ["--role", role]));
    place.run(&arguments).ok();
}

#[test]
fn a_removed_member_stays_out() {
    let place = with_bob("admin");
    backup(&place);
    member(&place, "remove", "bob@example.com", None);
    assert_eq!(restore(&place, &[]).ok().json()["members_removed"].as_u64(), Some(1));
    assert_eq!(role(&place, "bob@example.com"), None);
    assert_eq!(role(&place, "ada@example.com"), Some(Role::Owner));
}

#[test]
fn a_lowered_role_stays_lowered_and_a_raised_one_is_not_taken_over() {
    let place = with_bob("admin");
    backup(&place);
    member(&place, "set-role", "bob@example.com", Some("viewer"));
    assert_eq!(restore(&place, &[]).ok().json()["roles_lowered"].as_u64(), Some(1));
    assert_eq!(role(&place, "bob@example.com"), Some(Role::Viewer));

    let place = with_bob("viewer");
    backup(&place);
    member(&place, "set-role", "bob@example.com", Some("admin"));
    restore(&place, &[]).ok();
    assert_eq!(role(&place, "bob@example.com"), Some(Role::Viewer));
}

#[test]
fn there_is_an_owner_also_when_all_of_the_backups_have_gone() {
    let place = with_bob("member");
    backup(&place);
    member(&place, "set-role", "bob@example.com", Some("owner"));
    member(&place, "remove", "ada@example.com", None);
    let done = restore(&place, &[]).ok().json();
    assert_eq!((done["owners_kept"].as_u64(), done["without_owner"].as_u64()), (Some(1), Some(0)));
    assert_eq!((role(&place, "ada@example.com"), role(&place, "bob@example.com")), (None, Some(Role::Owner)));
}

#[test]
fn an_archived_project_stays_archived() {
    let place = Installation::sqlite();
    let (_, plain) = token(&place, &WEBS);
    backup(&place);
    place.run(&["admin", "project", "archive", "acme/WEB"]).ok();
    assert_eq!(restore(&place, &[]).ok().json()["projects_archived"].as_u64(), Some(1));
    assert!(!works(&place, &plain));
    assert!(all_rights(&place).projects[0].archived_at.is_some());
}

#[test]
fn a_deleted_project_stays_deleted() {
    let place = Installation::sqlite();
    let (_, plain) = token(&place, &WEBS);
    place.file_ticket("Gone with its project");
    backup(&place);
    place.run(&["admin", "project", "delete", "acme/WEB"]).ok();
    assert_eq!(restore(&place, &[]).ok().json()["projects_deleted"].as_u64(), Some(1));
    assert!(!works(&place, &plain));
    assert_eq!(place.run(&["admin", "project", "list", "--json"]).ok().json().as_array().unwrap().len(), 0);
}

#[test]
fn a_tightened_policy_stays_tight_and_a_loosened_one_is_not_taken_over() {
    let place = Installation::sqlite();
    let set = |life: &str| place.run(&["admin", "organization", "set-policy", "--slug", "acme", "--max-token-life", life]).ok();
    let policy = || all_rights(&place).organizations[0].max_token_life;
    backup(&place);
    set("30d");
    assert_eq!(restore(&place, &[]).ok().json()["policies_tightened"].as_u64(), Some(1));
    assert_eq!(policy(), Some(Span::days(30)));
    place.run(&["admin", "backup", &place.file("backup.db").display().to_string(), "--overwrite"]).ok();
    set("none");
    restore(&place, &[]).ok();
    assert_eq!(policy(), Some(Span::days(30)));
}

// Finding 20: what was shut out since the backup stays shut out.
#[test]
fn a_token_that_was_shut_out_stays_so() {
    let place = with_bob("member");
    let (id, plain) = token(&place, &["--user", "bob@example.com"]);
    backup(&place);
    let id = id.parse().unwrap();
    place.inside(|ctx| {
        let organization = organizations::by_slug(ctx, "acme")?.id;
        member_tokens::shut_out(ctx, organization, id, &Field::Value("in a log".into()))
    });
    assert_eq!(restore(&place, &[]).ok().json()["tokens_shut_out"].as_u64(), Some(1));
    let shut_out = all_rights(&place).shut_out;
    assert_eq!((shut_out.len(), shut_out[0].chain_id, shut_out[0].shut_out_why.as_deref()), (1, id, Some("in a log")));
    assert!(works(&place, &plain), "it works elsewhere");
    // What was let in since is not taken over.
    place.run(&["admin", "backup", &place.file("backup.db").display().to_string(), "--overwrite"]).ok();
    place.inside(|ctx| {
        let organization = organizations::by_slug(ctx, "acme")?.id;
        member_tokens::let_in(ctx, organization, id)
    });
    assert_eq!(restore(&place, &[]).ok().json()["tokens_shut_out"].as_u64(), Some(0));
    assert_eq!(all_rights(&place).shut_out.len(), 1);
}

#[test]
fn numbers_are_never_used_again() {
    let place = Installation::sqlite();
    place.file_ticket("WEB-1");
    backup(&place);
    place.file_ticket("WEB-2");
    place.file_ticket("WEB-3");
    restore(&place, &[]).ok();
    place.file_ticket("The next");
    let (rows, _) = place.tickets(Some("next"));
    assert_eq!(rows[0].number, 4);
    // Nor the serial of a project that was made since, from which the keys of its tickets were made.
    assert!(all_rights(&place).last_serial >= 1);
    let draft = projects::Draft { name: Field::Value("New".into()), code: Field::Value("NEW".into()), ..Default::default() };
    place.inside(|ctx| {
        let organization = bugtome::domain::organizations::by_slug(ctx, "acme")?;
        projects::create(ctx, organization.id, &draft)
    });
    restore(&place, &[]).ok();
    assert_eq!(all_rights(&place).last_serial, 2);
}

#[test]
fn where_nothing_can_be_taken_over_somebody_has_to_decide() {
    let place = Installation::sqlite();
    let (_, plain) = token(&place, &ADAS);
    backup(&place);
    let database = place.database_file();

    // Missing.
    std::fs::remove_file(&database).unwrap();
    let refused = restore(&place, &[]).failed();
    assert!(refused.err.contains("--tokens revoke") && refused.err.contains("there is no database"), "{}", refused.err);
    assert!(!database.exists());
    restore(&place, &["--tokens", "keep"]).ok();
    assert!(works(&place, &plain));

    // Damaged, with a log of its own that must not be mixed with the restored one.
    std::fs::write(&database, vec![b'x'; 100_000]).unwrap();
    std::fs::write(place.file("bugtome.db-wal"), vec![b'y'; 10_000]).unwrap();
    let refused = restore(&place, &[]).failed();
    assert!(refused.err.contains("damaged or no SQLite database"), "{}", refused.err);
    assert_eq!(std::fs::read(&database).unwrap(), vec![b'x'; 100_000]);
    let done = restore(&place, &["--tokens", "revoke"]).ok().json();
    assert_eq!(done["tokens_revoked"].as_u64(), Some(1));
    assert!(!works(&place, &plain));
    let aside = done["unreadable_kept_as"].as_str().unwrap();
    assert_eq!(std::fs::read(aside).unwrap(), vec![b'x'; 100_000]);

    // Another installation's.
    let other = Installation::sqlite();
    let file = place.file("backup.db").display().to_string();
    let refused = other.run(&["admin", "restore", &file]).failed();
    assert!(refused.err.contains("is no later state of this backup"), "{}", refused.err);
    other.run(&["admin", "restore", &file, "--tokens", "keep"]).ok();
    assert!(works(&other, &plain));
}

#[test]
fn what_is_no_backup_is_refused_and_changes_nothing() {
    let place = Installation::sqlite();
    place.file_ticket("Stays");
    let foreign = place.file("foreign.db");
    rusqlite::Connection::open(&foreign).unwrap().execute_batch("CREATE TABLE notes (text TEXT)").unwrap();
    let newer = place.file("newer.db");
    place.run(&["admin", "backup", &newer.display().to_string()]).ok();
    rusqlite::Connection::open(&newer).unwrap().execute_batch("INSERT INTO schema_steps VALUES ('9999_future', 0)").unwrap();
    let text = place.write("text.db", &"no database ".repeat(1_000));
    for (file, said) in [
        (foreign.display().to_string(), "none of bugtome"),
        (newer.display().to_string(), "newer than this program"),
        (text, "no SQLite database"),
        (place.file("missing.db").display().to_string(), "there is no backup"),
    ] {
        let refused = place.run(&["admin", "restore", &file]).failed();
        assert!(refused.err.contains(said), "{said}: {}", refused.err);
    }
    assert_eq!(place.tickets(None).1, 1);
    let left: Vec<_> = std::fs::read_dir(place.file("")).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert!(!left.iter().any(|name| name.contains("restoring")), "{left:?}");
}

#[test]
fn killed_at_any_point_there_is_the_old_or_the_new() {
    let place = Installation::sqlite();
    place.run(&["import", "jira-csv", &crate::installation::data("hadoop_bugs.csv"), "--project", "acme/WEB"]).ok();
    let (id, plain) = token(&place, &ADAS);
    let file = backup(&place);
    place.file_ticket("Filed after the backup");
    place.run(&["admin", "token", "revoke", &id]).ok();
    for millis in (0..300).step_by(15) {
        let mut child = place.command(&["admin", "restore", &file]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(millis));
        child.kill().unwrap();
        child.wait().unwrap();
        let (rows, counted) = place.tickets(None);
        assert!(counted == 2_503 || counted == 2_504, "{counted} after {millis} ms");
        assert_eq!(i64::try_from(rows.len()).unwrap(), counted);
        assert!(!works(&place, &plain), "the token is back after {millis} ms");
    }
}

// Who can write a backup, and not the database, gains no right by its being restored: a planted digest, more scopes, another owner.
#[test]
fn what_somebody_wrote_into_a_backups_tokens_is_revoked() {
    let place = Installation::sqlite();
    let (_, kept) = token(&place, &ADAS);
    let tokens: Vec<_> = (0..7).map(|_| token(&place, &ADAS)).collect();
    let file = backup(&place);
    let planted = PlainToken::from_random(TokenKind::Personal, &[7; 64]).unwrap();
    let change = |sql: &str, id: &str, more: &[&dyn rusqlite::ToSql]| {
        let backup = rusqlite::Connection::open(&file).unwrap();
        let id = uuid::Uuid::parse_str(id).unwrap();
        let changed = backup.execute(sql, &[&[&id.as_bytes().as_slice() as &dyn rusqlite::ToSql], more].concat()[..]).unwrap();
        assert_eq!(changed, 1, "{sql}");
    };
    change("UPDATE tokens SET digest = ?2 WHERE id = ?1", &tokens[0].0, &[&planted.hashed().as_bytes().as_slice()]);
    change("UPDATE tokens SET scopes = 1 WHERE id = ?1", &tokens[1].0, &[]);
    change("UPDATE tokens SET life = 1 WHERE id = ?1", &tokens[2].0, &[]);
    change("UPDATE tokens SET chain_id = (SELECT min(id) FROM tokens) WHERE id = ?1", &tokens[3].0, &[]);
    change("UPDATE tokens SET user_id = NULL, project_id = (SELECT id FROM projects) WHERE id = ?1", &tokens[4].0, &[]);
    change("UPDATE tokens SET chain_started_at = chain_started_at + 1 WHERE id = ?1", &tokens[5].0, &[]);
    change("UPDATE tokens SET predecessor_id = (SELECT min(id) FROM tokens) WHERE id = ?1", &tokens[6].0, &[]);
    let done = restore(&place, &[]).ok().json();
    assert_eq!(done["tokens_revoked"].as_u64(), Some(7), "{done}");
    assert!(works(&place, &kept));
    assert!(!works(&place, planted.expose()));
    assert!(tokens.iter().all(|(_, plain)| !works(&place, plain)));
}

/// Whoever adds a table decides whether a restore must take something over from it: then it belongs into `store::rights` as well.
#[test]
fn every_table_has_been_thought_of() {
    const RIGHTS: [&str; 9] =
        ["clock", "members", "organizations", "project_counters", "projects", "serials", "shut_out_tokens", "tokens", "users"];
    // What a browser or a link could come in by: a restore ends all of it.
    const ENDED: [&str; 5] = ["devices", "invitations", "reset_links", "sessions", "setup"];
    const DATA: [&str; 12] = [
        "comment_words",
        "comments",
        "events",
        "idempotency",
        "installation_keys",
        "persons",
        "schema_expansions",
        "schema_steps",
        "ticket_words",
        "tickets",
        "token_alerts",
        "token_uses",
    ];
    let place = Installation::sqlite();
    let rows = place.inside(|ctx| {
        Ok(ctx.db.query(bugtome::sql!((String,):
            "SELECT CAST(name AS TEXT) FROM pragma_table_list WHERE type IN ('table', 'virtual') AND name NOT LIKE 'sqlite_%' ORDER BY name"
        ))?)
    });
    let there: Vec<&str> = rows.iter().map(|(name,)| name.as_str()).collect();
    let mut known = [&RIGHTS[..], &DATA[..], &ENDED[..]].concat();
    known.sort_unstable();
    assert_eq!(there, known);
}

#[test]
fn postgres_has_its_own_tools() {
    let place = Installation::postgres();
    let file = place.file("backup.db").display().to_string();
    for ran in [place.run(&["admin", "backup", &file]), place.run(&["admin", "restore", &file])] {
        let ran = ran.failed();
        assert!(ran.err.contains("pg_dump") && ran.err.contains("token"), "{}", ran.err);
    }
}
