//! What `docs/operating.md` and `docs/backup.md` have an operator type, typed: both drills, and the restore on PostgreSQL with its revocations.
//! The unit, the proxy and the alerts are tried in `tests/installing/`; what a restore takes over on SQLite, in `backups`.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::server::{House, Request, bugtome, on_postgres_at, ticket};

/// The blocks of commands in a document.
fn blocks(document: &str) -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(document);
    let text = std::fs::read_to_string(path).unwrap();
    text.split("```sh\n").skip(1).map(|rest| rest.split_once("```").unwrap().0.to_owned()).collect()
}

/// The one block that has these words.
fn block(document: &str, words: &str) -> String {
    let mut found: Vec<String> = blocks(document).into_iter().filter(|block| block.contains(words)).collect();
    assert_eq!(found.len(), 1, "{document}: {words}");
    found.remove(0)
}

/// A shell in the house's folder that knows `bugtome` and PostgreSQL's programs, with the house's database as the one in use.
struct Shell<'a> {
    house: &'a House,
    path: String,
    drill: String,
}

impl<'a> Shell<'a> {
    fn new(house: &'a House) -> Self {
        let own = Path::new(env!("CARGO_BIN_EXE_bugtome")).parent().unwrap().to_owned();
        let mut folders: Vec<PathBuf> = vec![own];
        // Debian keeps the newest client behind a wrapper, and others out of PATH.
        folders.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap()));
        if let Ok(versions) = std::fs::read_dir("/usr/lib/postgresql") {
            folders.extend(versions.map(|version| version.unwrap().path().join("bin")));
        }
        let (address, options) = house.database.split_once('?').unwrap_or((&house.database, ""));
        let server = address.rsplit_once('/').unwrap().0;
        let drill = format!("{server}/{}?{options}", drill_name(house));
        Self { house, path: std::env::join_paths(folders).unwrap().into_string().unwrap(), drill }
    }

    /// Runs the commands, of which none may fail; what they print.
    fn run(&self, commands: &str) -> String {
        let own = bugtome(self.house.folder.path());
        let mut shell = Command::new("bash");
        shell.args(["-euo", "pipefail", "-c", commands]).current_dir(self.house.folder.path());
        for (name, value) in own.get_envs() {
            match value {
                Some(value) => shell.env(name, value),
                None => shell.env_remove(name),
            };
        }
        shell.env("PATH", &self.path).env("BUGTOME_DATABASE_URL", self.house.database.trim_end_matches('?'));
        let output = shell.env("DRILL_URL", self.drill.trim_end_matches('?')).output().unwrap();
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{commands}\n{out}{err}");
        out.into_owned()
    }
}

/// The drill's database has a name of its own in each test: several may run at a time.
fn drill_name(house: &House) -> String {
    format!("{}_drill", house.database.rsplit('/').next().unwrap().split('?').next().unwrap())
}

/// The drill as it is written, but for the step in which a person looks around: a server is started there, asked, and stopped.
fn drill(house: &House, words: &str, name: &str) {
    let shell = Shell::new(house);
    let text = block("operating.md", words).replace("bugtome_drill", &drill_name(house));
    let looking = text.lines().find(|line| line.starts_with("bugtome serve")).expect("somebody looks around");
    let (before, after) = text.split_once(looking).unwrap();
    let listed = shell.run(before);
    assert!(listed.contains("acme/WEB"), "{name}: {listed}");
    let port = super::ports::free_port();
    let serving = looking.split('#').next().unwrap().replace("8099", &port.to_string());
    let looked = shell.run(&format!(
        "{serving} > out 2> log &\nserver=$!\nfor i in $(seq 200); do if grep -q listening out; then break; fi; sleep 0.05; done\n\
         curl --silent --show-error --fail --noproxy '*' http://127.0.0.1:{port}/readyz\nkill $server; wait $server"
    ));
    assert!(!looked.is_empty(), "{name}");
    shell.run(after);
}

#[test]
fn the_drill_on_sqlite_goes_as_it_is_written() {
    let house = House::sqlite();
    drill(&house, "bugtome admin restore drill.db", "sqlite");
    let left: Vec<_> = std::fs::read_dir(house.folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(left.iter().all(|name| !name.to_string_lossy().starts_with("drill")), "{left:?}");
}

#[test]
fn the_drill_on_postgres_goes_as_it_is_written() {
    let house = House::postgres();
    drill(&house, "pg_restore --exit-on-error", "postgres");
}

#[test]
fn a_restore_on_postgres_brings_no_revoked_token_back() {
    let house = House::postgres();
    let shell = Shell::new(&house);
    let (revoked, kept) = (house.token(&["--user", "olga@example.com"]), house.token(&["--project", "acme/WEB", "--preset", "full"]));
    let server = house.serve();
    let file = |title: &str| {
        let filing = Request::new("POST", "/api/v1/tickets").bearer(&house.personal).json(&ticket(title, &house.project));
        assert_eq!(server.ask(&filing).status, 201);
    };
    file("before the dump");
    shell.run(&block("backup.md", "pg_dump -Fc"));
    file("after the dump");
    house.admin(&["token", "revoke", &revoked]);
    // One that the dump does not know.
    let later = house.token(&["--user", "olga@example.com"]);
    house.admin(&["token", "revoke", &later]);
    server.stop();

    shell.run(&block("backup.md", "pg_restore --clean"));
    let server = house.serve();
    let titles = server.get("/api/v1/tickets", &kept).json();
    assert_eq!(titles.as_array().unwrap().iter().map(|one| one["title"].as_str().unwrap()).collect::<Vec<_>>(), ["before the dump"]);
    let status = |token: &str| server.get("/api/v1/tickets", token).status;
    assert_eq!((status(&revoked), status(&later), status(&kept)), (401, 401, 200));

    shell.run(&block("backup.md", "UPDATE tokens SET revoked_at"));
    assert_eq!(status(&kept), 401, "all of them, where nobody knows");
    server.stop();
}

#[test]
fn the_log_is_searched_as_it_is_written() {
    let house = House::sqlite();
    let log = std::fs::File::create(house.folder.path().join("log")).unwrap();
    let server = crate::server::Server::start(house.command().env("BUGTOME_LOG", "debug").stderr(log));
    let answer = server.get("/api/v1/tickets", &house.personal);
    let id = answer.header("x-request-id").unwrap().to_owned();
    server.stop();
    let written = block("operating.md", "journalctl -u bugtome -o cat -f");
    let filter = written.lines().find(|line| line.contains(".request ==")).unwrap().split_once("| ").unwrap().1;
    // What is printed before the log is no JSON, and in the journal it stands with it.
    let found = Shell::new(&house).run(&format!("(echo listening on http://127.0.0.1; cat log) | {}", filter.replace("ID", &id)));
    assert!(found.contains("\"route\": \"/api/v1/tickets\""), "{found}");
}

#[test]
fn an_installation_takes_five_commands() {
    let installing = block("operating.md", "sha256sum --check");
    assert_eq!(installing.lines().count(), 5);
    assert!(installing.contains(env!("CARGO_PKG_VERSION")), "it names this version");
    let caddy = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("packaging/Caddyfile")).unwrap();
    let wanted = caddy.lines().filter(|line| !line.starts_with('#'));
    assert_eq!(wanted.count(), 15);
}

/// PostgreSQL keeps a database that a failed drill has left.
impl Drop for Shell<'_> {
    fn drop(&mut self) {
        if !self.house.database.starts_with("sqlite://") {
            on_postgres_at(&crate::server::postgres_url(), &format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", drill_name(self.house)));
        }
    }
}
