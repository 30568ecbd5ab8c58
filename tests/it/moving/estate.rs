//! An installation with something of everything in it, what its servers answer, and its commands for moving.
//! What must be the same in a copy is told in `moving`.

use std::process::Output;
use std::time::Duration;

use bugtome::app::App;
use bugtome::app::clock::Clock;
use bugtome::app::random::Random;
use bugtome::domain::{Ctx, member_tokens, organizations, sessions, users};
use bugtome::model::draft::Field;
use bugtome::model::events::Via;
use bugtome::model::roles::Role;
use bugtome::model::secrets::Secret;
use bugtome::model::tokens::RevokedHow;
use bugtome::model::users::Email;
use bugtome::store::database::{Database, Options};
use bugtome::store::invitations::{self, NewInvitation};
use bugtome::store::tokens::{self, Revocation};
use serde_json::{Value, json};

use crate::server::{House, Request, Server, bugtome, ticket};

/// What came from another tracker, by persons who are no users.
const ISSUES: &str = "Issue key,Summary,Status,Created,Reporter,Description,Comment
HADOOP-1,All entries are gone,Open,2021-09-30 17:20,Jane Importée,The list is empty,30/Sep/21 17:25;Jane Importée;seen again
HADOOP-2,Some entries are gone,Resolved,2021-09-30 17:21,Kim,The list is short,
";

/// An installation that has been used for a while.
pub(super) struct Estate {
    pub(super) house: House,
    /// Tokens of all kinds: those that work, and those that do not any more.
    pub(super) tokens: Vec<String>,
    /// What their owners look at.
    paths: Vec<String>,
}

impl Estate {
    /// Fills the house, by commands and by a server's answers.
    pub(super) fn fill(house: House) -> Self {
        let mut estate = Self { house, tokens: Vec::new(), paths: Vec::new() };
        estate.people();
        let server = estate.house.serve();
        estate.work(&server);
        estate.end_tokens(&server);
        server.stop();
        estate.close_projects();
        estate.doors();
        estate
    }

    fn people(&mut self) {
        let house = &self.house;
        for (name, role) in
            [("Mia", Some("member")), ("Vera", Some("viewer")), ("Adam", Some("admin")), ("Dora", Some("member")), ("Udo", None)]
        {
            let email = format!("{}@example.com", name.to_lowercase());
            house.admin(&["user", "create", "--email", &email, "--name", name]);
            if let Some(role) = role {
                house.admin(&["member", "add", "--organization", "acme", "--user", &email, "--role", role]);
            }
            self.tokens.push(house.token(&["--user", &email]));
        }
        house.admin(&["user", "disable", "--email", "dora@example.com"]);
        house.admin(&["organization", "create", "--name", "Bärlauch & Söhne 日本", "--slug", "beta", "--owner", "udo@example.com"]);
        house.admin(&["organization", "set-policy", "--slug", "acme", "--max-token-life", "120d"]);
        for code in ["OLD", "GONE"] {
            house.admin(&["project", "create", "--organization", "acme", "--name", code, "--code", code]);
        }
        let issues = house.folder.path().join("issues.csv");
        std::fs::write(&issues, ISSUES).unwrap();
        let import = ["import", "jira-csv", issues.to_str().unwrap(), "--project", "acme/WEB", "--database", &house.database];
        assert!(bugtome(house.folder.path()).args(import).output().unwrap().status.success());
        for preset in ["report", "read", "full"] {
            self.tokens.push(house.token(&["--project", "acme/WEB", "--preset", preset]));
        }
        self.tokens.push(house.personal.clone());
    }

    fn work(&mut self, server: &Server) {
        let olga = self.house.personal.clone();
        let post = |path: &str, body: &Value| {
            let answer = server.ask(&Request::new("POST", path).bearer(&olga).json(body));
            assert_eq!(answer.status, 201, "{answer:?}");
            answer.json()
        };
        let mut ids = Vec::new();
        for (number, status) in ["open", "in_progress", "resolved", "closed", "open", "open"].into_iter().enumerate() {
            let mut body = ticket(&format!("Quetzalcoatl {number}: Größe 🐍 \"'\\"), &self.house.project);
            body["ticket"]["priority"] = json!(["low", "medium", "high", "critical"][number % 4]);
            body["ticket"]["notes"] = json!("first line\nsecond line\ttab");
            let id = post("/api/v1/tickets", &body)["id"].as_str().unwrap().to_owned();
            let path = format!("/api/v1/tickets/{id}");
            let changed = Request::new("PATCH", &path).bearer(&olga).json(&json!({"ticket": {"status": status}}));
            assert_eq!(server.ask(&changed).status, 200);
            for comment in 0..number {
                post(&format!("/api/v1/tickets/{id}/comments"), &json!({"comment": {"content": format!("Xochipilli {comment}")}}));
            }
            ids.push(id);
        }
        let once = Request::new("POST", "/api/v1/tickets").bearer(&olga).header("Idempotency-Key: once");
        assert_eq!(server.ask(&once.json(&ticket("Filed once", &self.house.project))).status, 201);
        let deleted = server.ask(&Request::new("DELETE", &format!("/api/v1/tickets/{}", ids[5])).bearer(&olga));
        assert_eq!(deleted.status, 204, "{deleted:?}");
        self.paths = [
            "tickets?sort=created_at",
            "tickets?sort=-updated_at",
            "tickets?sort=-priority",
            "tickets?status=open",
            "tickets?q=quetzalcoatl",
            "tickets?q=xochipilli",
            "tickets?q=groesse",
            "tickets?q=größe",
            "tickets?q=entries",
            "mcp/organizations",
        ]
        .map(ToOwned::to_owned)
        .to_vec();
        self.paths.push(format!("projects/{}", self.house.project));
        for id in ids {
            self.paths.extend([format!("tickets/{id}"), format!("tickets/{id}/comments"), format!("tickets/{id}/events")]);
        }
    }

    /// Rotated, with an overlap and without one; revoked with a reason; found by somebody; expired.
    fn end_tokens(&mut self, server: &Server) {
        for overlap in [0, 86_400] {
            let old = self.house.token(&["--user", "mia@example.com"]);
            let rotated = Request::new("POST", "/api/v1/tokens/current/rotate").bearer(&old).json(&json!({"overlap_seconds": overlap}));
            let answer = server.ask(&rotated.header("Idempotency-Key: turn"));
            assert_eq!(answer.status, 201, "{answer:?}");
            let successor = answer.body.split('"').find(|word| word.starts_with("pk_bt1")).unwrap().to_owned();
            self.tokens.extend([old, successor]);
        }
        let found = self.house.token(&["--project", "acme/WEB"]);
        server.ask(&Request::new("POST", "/api/v1/tokens/revoke").json(&json!({"tokens": [found]})));
        self.tokens.push(found);
        self.tokens.push(self.house.token(&["--user", "mia@example.com", "--expires-in", "1s"]));
        let made = self.house.admin(&["token", "create", "--name", "leaked", "--user", "vera@example.com"]);
        let id = made["id"].as_str().unwrap().parse().unwrap();
        self.inside(|ctx| {
            let revocation = Revocation { at: ctx.now, by: None, how: RevokedHow::Admin, why: Some("it was in a screenshot") };
            Ok(tokens::set_revoked(ctx.db, id, &revocation).map(drop)?)
        });
        self.tokens.push(made["token"].as_str().unwrap().to_owned());
        let out = self.house.admin(&["token", "create", "--name", "kept out", "--user", "mia@example.com"]);
        let id = out["id"].as_str().unwrap().parse().unwrap();
        self.inside(|ctx| {
            let organization = organizations::by_slug(ctx, "acme")?.id;
            member_tokens::shut_out(ctx, organization, id, &Field::Value("it was in a log".into()))
        });
        self.tokens.push(out["token"].as_str().unwrap().to_owned());
        std::thread::sleep(Duration::from_millis(1_100));
    }

    fn close_projects(&mut self) {
        for code in ["acme/OLD", "acme/GONE"] {
            self.tokens.push(self.house.token(&["--project", code]));
        }
        self.house.admin(&["project", "archive", "acme/OLD"]);
        self.house.admin(&["project", "delete", "acme/GONE"]);
    }

    /// A session with its device, a link for a new password, an invitation.
    fn doors(&self) {
        self.inside(|ctx| {
            let email = Email::parse(&Field::Value("mia@example.com".into())).unwrap();
            let mia = users::by_email(ctx, &email)?.id;
            users::set_password(ctx, mia, "a hash", Some(bugtome::domain::returns::OnReturn::Keep))?;
            let browser = sessions::Browser { device: None, session: None, name: "Firefox".into(), from: "192.0.2.7".into() };
            sessions::open(ctx, mia, "a hash", &browser)?;
            let digest = Secret::from_random(&ctx.random()).hashed();
            let (id, organization) = (ctx.new_id(), organizations::by_slug(ctx, "acme")?.id);
            let new = NewInvitation {
                id,
                digest,
                organization,
                email: Some("new@example.com"),
                role: Role::Viewer,
                created_by: Some(mia.cast()),
            };
            Ok(invitations::insert(ctx.db, &new, ctx.now)?)
        });
        self.house.admin(&["user", "reset-link", "--email", "vera@example.com"]);
    }

    fn inside<T>(&self, work: impl FnMut(&mut Ctx<'_>) -> bugtome::domain::Result<T>) -> T {
        let options = Options { readers: 1, threads: 1, ..Options::default() };
        let app = App::new(Database::open(&self.house.database.parse().unwrap(), options).unwrap(), Clock::system(), Random::system(), "");
        let done = app.run(Via::Command, work);
        app.database().close();
        done.unwrap()
    }

    /// What a server on the database answers to everybody who has or had a token, byte for byte.
    pub(super) fn portrait(&self, on: &House) -> Vec<(String, u16, String)> {
        // Tickets tell where they are to be seen.
        let server = Server::start(on.command().args(["--base-url", "https://bugs.example"]));
        let mut answers = Vec::new();
        for token in &self.tokens {
            // Its body tells when it was last used, which this changes.
            answers.push((token.clone(), server.get("/api/v1/tokens/current", token).status, String::new()));
            for path in &self.paths {
                let answer = server.get(&format!("/api/v1/{path}"), token);
                answers.push((format!("{path} {token}"), answer.status, answer.body));
            }
        }
        server.stop();
        answers
    }
}

/// `bugtome admin copy` from one house into another.
pub(super) fn copying(from: &House, to: &House) -> std::process::Command {
    let mut command = bugtome(from.folder.path());
    command.args(["admin", "copy", "--json", "--from", &from.database, "--to", &to.database]);
    command
}

/// The copy, which must succeed: how it came to be, and all its tables with rows and digests.
pub(super) fn copy(from: &House, to: &House) -> (String, Value) {
    let output = copying(from, to).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut told: Value = serde_json::from_slice(&output.stdout).unwrap();
    (told["outcome"].as_str().unwrap().to_owned(), told["tables"].take())
}

/// What was said by a copy that must fail.
pub(super) fn refused(from: &House, to: &House) -> String {
    failed(&copying(from, to).output().unwrap())
}

/// What was said by a command that must have failed.
pub(super) fn failed(output: &Output) -> String {
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    said
}

/// All that a SQLite database holds, as SQLite itself says it: a second opinion on what is the same.
pub(super) fn dump(house: &House) -> Vec<String> {
    let file = rusqlite::Connection::open(house.file()).unwrap();
    let mut tables = file
        .prepare(
            "SELECT name FROM pragma_table_list WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name <> 'schema_steps' ORDER BY name",
        )
        .unwrap();
    let tables: Vec<String> = tables.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    let mut lines = Vec::new();
    for table in tables {
        let mut rows = file.prepare(&format!("SELECT * FROM {table}")).unwrap();
        let columns = rows.column_count();
        let mut rows = rows.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            let cells: Vec<String> =
                (0..columns).map(|column| format!("{:?}", row.get::<_, rusqlite::types::Value>(column).unwrap())).collect();
            lines.push(format!("{table}: {}", cells.join(", ")));
        }
    }
    lines.sort();
    lines
}
