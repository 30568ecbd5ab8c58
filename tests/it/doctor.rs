//! `bugtome doctor` as a process: all is well with a sound installation, and each thing that can be wrong is made so and found.
//! How numbers are judged is tested beside the code, in `src/app/checks/`.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use serde_json::Value;

use crate::redis_server::Redis;
use crate::server::{House, Server, bugtome, on_postgres_at};

/// What it found, and how it ended.
struct Findings {
    all: Vec<Value>,
    code: Option<i32>,
    errors: String,
}

impl Findings {
    fn of(folder: &Path, flags: &[&str]) -> Self {
        let output = bugtome(folder).args(["doctor", "--json"]).args(flags).output().unwrap();
        let errors = String::from_utf8(output.stderr).unwrap();
        let all = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {errors}"));
        Self { all, code: output.status.code(), errors }
    }

    /// Found in this state, with these words, and with advice that has these.
    #[track_caller]
    fn has(&self, level: &str, what: &str, found: &str, advice: &str) {
        let is_meant = |one: &&Value| {
            let text = |name: &str| one[name].as_str().unwrap_or_default();
            text("level") == level && text("what") == what && text("found").contains(found) && text("advice").contains(advice)
        };
        assert!(self.all.iter().any(|one| is_meant(&one)), "no {level} {what} {found:?} {advice:?} in {:#?}", self.all);
        let failed = self.all.iter().any(|one| one["level"] == "FAIL");
        assert_eq!(self.code, Some(i32::from(failed)), "1 exactly if something failed: {}", self.errors);
    }

    fn failures(&self) -> Vec<&str> {
        self.all.iter().filter(|one| one["level"] == "FAIL").map(|one| one["what"].as_str().unwrap()).collect()
    }
}

fn mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
}

/// What is in a folder, with contents.
fn contents(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    let mut all: Vec<_> =
        entries.map(|entry| (entry.file_name().into_string().unwrap(), std::fs::read(entry.path()).unwrap_or_default())).collect();
    all.sort();
    all
}

#[test]
fn a_sound_installation_is_well_and_stays_as_it_was() {
    let house = House::sqlite();
    let before = contents(house.folder.path());
    let flags = ["--database", &house.database, "--listen", "127.0.0.1:0"];
    let found = Findings::of(house.folder.path(), &flags);
    assert_eq!(found.failures(), [""; 0]);
    found.has("ok", "database", "SQLite 3.", "");
    found.has("ok", "schema", "up to date", "");
    found.has("ok", "durability", "each commit waits for the disk", "");
    found.has("ok", "integrity", "nothing is damaged", "");
    found.has("ok", "clock", "it is 20", "");
    assert_eq!(contents(house.folder.path()), before, "it only looks");

    // Beside a server too, and in words for people: one line for each finding.
    let server = house.serve();
    let flags = ["doctor", "--database", &house.database, "--listen", &server.address];
    let output = bugtome(house.folder.path()).args(flags).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(said.contains("is taken: by the server, if it runs"), "{said}");
    assert!(said.lines().all(|line| ["ok    ", "warn  "].iter().any(|level| line.starts_with(level))), "{said}");
    assert!(said.lines().filter(|line| line.starts_with("warn")).all(|line| line.contains("  -> ")), "{said}");
}

#[test]
fn settings_that_make_no_sense_are_told_one_by_one() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("bugtome.toml"), "lisen = \"127.0.0.1:1\"\nbase_url = \"bugs\"\n").unwrap();
    let found = Findings::of(folder.path(), &[]);
    found.has("FAIL", "settings", "did you mean listen", "docs/settings.md");
    found.has("FAIL", "settings", "\"bugs\" is not http://", "docs/settings.md");
}

#[test]
fn files_that_others_can_read_are_found() {
    let house = House::sqlite();
    let folder = house.folder.path();
    mode(&house.file(), 0o644);
    let found = Findings::of(folder, &["--database", &house.database]);
    found.has("FAIL", "permissions", "everybody on this machine can reach all tickets", "chmod 600 ");
    mode(&house.file(), 0o640);
    Findings::of(folder, &["--database", &house.database]).has("warn", "permissions", "its group can reach", "chmod 600 ");
    mode(&house.file(), 0o600);
    mode(folder, 0o777);
    Findings::of(folder, &["--database", &house.database]).has("FAIL", "folder", "everybody", "chmod o-w");
    mode(folder, 0o700);

    // A password in a file is a secret, a path is none.
    let file = folder.join("settings.toml");
    let written = |database: &str| {
        std::fs::write(&file, format!("database_url = \"{database}\"\n")).unwrap();
        mode(&file, 0o644);
        Findings::of(folder, &["--config", "settings.toml"])
    };
    assert_eq!(written(&house.database).failures(), [""; 0]);
    let found = written("postgres://bugtome:hush@127.0.0.1:1/bugtome");
    found.has("FAIL", "settings file", "the password in database_url", "chmod 600 settings.toml");
    assert!(!format!("{:?}{}", found.all, found.errors).contains("hush"));
}

#[test]
fn a_database_that_cannot_be_used_is_found() {
    let house = House::sqlite();
    let folder = house.folder.path();
    let none = format!("sqlite://{}", folder.join("none.db").display());
    Findings::of(folder, &["--database", &none]).has("warn", "database", "there is none yet", "`bugtome serve` makes it");
    Findings::of(folder, &["--database", "sqlite:///no/such/folder/a.db"]).has("FAIL", "folder", "cannot be used", "database_url");
    std::fs::write(
        folder.join("prose.db"),
        "This is no database, and it is longer than the head of one would be, which has a hundred bytes.",
    )
    .unwrap();
    mode(&folder.join("prose.db"), 0o600);
    let prose = format!("sqlite://{}", folder.join("prose.db").display());
    Findings::of(folder, &["--database", &prose]).has("FAIL", "database", "no SQLite database", "backup");
    Findings::of(folder, &["--database", "postgres://nobody@127.0.0.1:1/none"]).has(
        "FAIL",
        "database",
        "cannot be reached",
        "check that it runs",
    );

    // A page that somebody wrote over.
    let damaged = folder.join("damaged.db");
    let file = rusqlite::Connection::open(house.file()).unwrap();
    let page = file.query_row("SELECT rootpage FROM sqlite_schema WHERE name = 'sessions'", [], |row| row.get::<_, u32>(0)).unwrap();
    let page = usize::try_from(page).unwrap();
    drop(file);
    let mut bytes = std::fs::read(house.file()).unwrap();
    bytes[(page - 1) * 4096..page * 4096].fill(0x5a);
    std::fs::write(&damaged, bytes).unwrap();
    mode(&damaged, 0o600);
    let found = Findings::of(folder, &["--database", &format!("sqlite://{}", damaged.display())]);
    assert!(found.failures().contains(&"integrity"), "{:#?}", found.all);
}

#[test]
fn a_schema_of_another_version_is_found() {
    let house = House::sqlite();
    let change = |statement: &str| {
        let file = rusqlite::Connection::open(house.file()).unwrap();
        file.execute(statement, []).unwrap();
        drop(file);
        Findings::of(house.folder.path(), &["--database", &house.database])
    };
    change("INSERT INTO schema_steps (name, applied_at) VALUES ('9999_tomorrow', 0)").has(
        "FAIL",
        "schema",
        "9999_tomorrow",
        "run the version",
    );
    change("DELETE FROM schema_steps WHERE name >= '0004'").has("warn", "schema", "0004_activity", "make a backup");
}

#[test]
fn what_postgres_may_lose_is_found() {
    let house = House::postgres();
    let name = house.database.rsplit('/').next().unwrap().split('?').next().unwrap().to_owned();
    let look = || Findings::of(house.folder.path(), &["--database", &house.database]);
    let found = look();
    found.has("ok", "database", "PostgreSQL 1", "");
    found.has("ok", "schema", "up to date", "");
    found.has("ok", "database clock", "ours is ", "");
    // ./test's own server does not sync; another may, which the tests' database can only be told for commits.
    on_postgres_at(&house.database, &format!("ALTER DATABASE {name} SET synchronous_commit = off"));
    look().has("FAIL", "durability", "synchronous_commit off", "ALTER DATABASE");
    on_postgres_at(&house.database, &format!("ALTER DATABASE {name} SET default_transaction_read_only = on"));
    look().has("FAIL", "database", "takes no changes", "check default_transaction_read_only");
}

/// Finding 15: what is required is not given up because the server says that it has none.
#[test]
fn a_postgres_without_tls_where_that_is_required_hears_no_password() {
    use std::io::{Read, Write};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let heard = std::thread::spawn(move || {
        let mut socket = listener.accept().unwrap().0;
        let mut request = [0; 8];
        socket.read_exact(&mut request).unwrap();
        socket.write_all(b"N").unwrap();
        let mut rest = Vec::new();
        let _ = socket.read_to_end(&mut rest);
        (request, rest)
    });
    let folder = tempfile::tempdir().unwrap();
    let url = format!("postgres://anna:hush@127.0.0.1:{port}/b?sslmode=require");
    let found = Findings::of(folder.path(), &["--database", &url]);
    found.has("FAIL", "database", "does not support TLS", "have it speak TLS");
    let (request, rest) = heard.join().unwrap();
    // PostgreSQL's manual, "Message Formats": SSLRequest.
    assert_eq!(request, [0, 0, 0, 8, 4, 210, 22, 47]);
    assert_eq!(rest, [0_u8; 0]);
}

#[test]
fn a_redis_that_does_not_count_is_found() {
    let (house, redis) = (House::sqlite(), Redis::start());
    let url = redis.url();
    let look = || Findings::of(house.folder.path(), &["--database", &house.database, "--redis-url", &url]);
    look().has("ok", "redis", "counts for all nodes", "");
    redis.ask::<()>(&["REPLICAOF", "127.0.0.1", "1"]);
    look().has("warn", "redis", "read only", "takes changes");
    drop(redis);
    look().has("warn", "redis", "each node limits requests and sign-ins by itself", "check that it runs");
}

#[test]
fn an_address_in_the_clear_or_not_ours_is_found() {
    let house = House::sqlite();
    let look = |flags: &[&str]| Findings::of(house.folder.path(), &[&["--database", &house.database], flags].concat());
    look(&["--listen", "0.0.0.0:0"]).has("FAIL", "base url", "without TLS: tokens cross the network in the clear", "--base-url https://");
    look(&["--listen", "203.0.113.7:8080", "--base-url", "https://127.0.0.1"]).has("FAIL", "listen", "203.0.113.7:8080", "of this machine");
    let behind = look(&["--listen", "127.0.0.1:0", "--base-url", "https://localhost"]);
    behind.has("warn", "proxies", "count as one address", "trusted_proxies");
    look(&["--base-url", "https://localhost", "--trusted-proxies", "0.0.0.0/0"]).has("FAIL", "proxies", "believed", "and no more");
    look(&["--base-url", "https://bugs.invalid"]).has("warn", "base url", "bugs.invalid leads to no address", "DNS");
    look(&["--base-url", "http://bugs.invalid"]).has("warn", "base url", "cookies are not marked Secure", "https://");
    look(&["--metrics-listen", "0.0.0.0:0"]).has("warn", "metrics", "without asking for a token", "private address");
}

/// Writes a certificate for `name` that is good between these days from today, and its key.
fn certificate(folder: &Path, name: &str, from: i64, until: i64) {
    let key = rcgen::KeyPair::generate().unwrap();
    let mut params = rcgen::CertificateParams::new(vec![name.to_owned()]).unwrap();
    let today = bugtome::app::clock::Clock::system().now().seconds() / 86_400;
    let day =
        |offset: i64| rcgen::date_time_ymd(1970, 1, 1) + std::time::Duration::from_secs(u64::try_from((today + offset) * 86_400).unwrap());
    (params.not_before, params.not_after) = (day(from), day(until));
    std::fs::write(folder.join("cert.pem"), params.self_signed(&key).unwrap().pem()).unwrap();
    std::fs::write(folder.join("key.pem"), key.serialize_pem()).unwrap();
    mode(&folder.join("key.pem"), 0o600);
}

#[test]
fn a_certificate_that_nobody_will_trust_is_found() {
    let house = House::sqlite();
    let folder = house.folder.path();
    let tls = ["--database", &house.database, "--tls-cert", "cert.pem", "--tls-key", "key.pem", "--base-url", "https://localhost:8443"];
    let look = || Findings::of(folder, &tls);
    certificate(folder, "localhost", -1, 90);
    let sound = look();
    sound.has("ok", "tls", "fits its key and is good until 20", "");
    assert_eq!(sound.failures(), [""; 0]);
    mode(&folder.join("key.pem"), 0o644);
    look().has("FAIL", "tls key", "everybody on this machine can reach the private key", "chmod 600 key.pem");
    certificate(folder, "localhost", -90, 13);
    look().has("warn", "tls", "expires at", "SIGHUP");
    certificate(folder, "localhost", -90, -1);
    look().has("FAIL", "tls", "has expired", "renew it");
    certificate(folder, "localhost", 1, 90);
    look().has("FAIL", "tls", "is not valid before", "clock");
    certificate(folder, "bugs.example.com", -1, 90);
    look().has("FAIL", "tls", "does not name localhost", "get one for that name");
    let other = rcgen::KeyPair::generate().unwrap();
    std::fs::write(folder.join("key.pem"), other.serialize_pem()).unwrap();
    look().has("FAIL", "tls", "is not the key of the first certificate", "the key that belongs to it");
    std::fs::write(folder.join("cert.pem"), "nonsense").unwrap();
    look().has("FAIL", "tls", "holds no certificate", "PEM");
}

#[test]
fn a_server_it_calls_well_starts() {
    let house = House::sqlite();
    certificate(house.folder.path(), "localhost", -1, 90);
    let flags = ["--tls-cert", "cert.pem", "--tls-key", "key.pem", "--base-url", "https://localhost:8443", "--database", &house.database];
    assert_eq!(Findings::of(house.folder.path(), &flags).failures(), [""; 0]);
    let mut command = bugtome(house.folder.path());
    Server::start(command.args(["serve", "--listen", "127.0.0.1:0"]).args(flags)).stop();
}
