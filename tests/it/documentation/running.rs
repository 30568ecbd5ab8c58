//! The documentation's examples as a reader would run them: taken from the pages of a running server, pasted into a file, started.
//! What the pages say besides is tested in `documentation.rs`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::{Value, json};

use super::{PAGES, between, text_of};
use crate::process::certificate;
use crate::server::{House, Server};

/// How the examples of a language are run.
#[derive(Debug, Clone, Copy)]
struct Language {
    word: &'static str,
    file: &'static str,
    program: &'static [&'static str],
    /// Whether its programs can be told of the test's own certificate.
    by_tls: bool,
}

const CURL: Language = Language { word: "curl", file: "example.sh", program: &["bash", "-eu"], by_tls: true };
const JAVASCRIPT: Language = Language { word: "js", file: "example.mjs", program: &["node"], by_tls: true };
const RUBY: Language = Language { word: "ruby", file: "example.rb", program: &["ruby", "-w"], by_tls: true };
const PYTHON: Language = Language { word: "python", file: "example.py", program: &["python3"], by_tls: true };
// The roots that ureq trusts are compiled into it.
const RUST: Language = Language { word: "rust", file: "", program: &[], by_tls: false };

/// A server, and a reader of its pages with a choice of language.
struct Reader {
    house: House,
    /// It runs as long as this is here.
    _server: Server,
    url: String,
    language: Language,
    examples: BTreeMap<String, String>,
    run: BTreeSet<&'static str>,
    /// The examples in Rust, built.
    built: Option<PathBuf>,
    organization: String,
}

impl Reader {
    fn of(language: Language) -> Self {
        let house = House::sqlite();
        let mut command = house.command();
        command.env("BUGTOME_RATE_LIMIT_AUTHENTICATED", "1000").env("BUGTOME_RATE_LIMIT_ANONYMOUS", "100");
        if language.by_tls {
            certificate(house.folder.path(), "localhost");
            command.args(["--tls-cert", "cert.pem", "--tls-key", "key.pem"]);
        }
        let server = Server::start(&mut command);
        let url = server.ready.trim_end().strip_prefix("listening on ").unwrap().to_owned();
        let mut reader = Self {
            house,
            _server: server,
            url,
            language,
            examples: BTreeMap::new(),
            run: BTreeSet::new(),
            built: None,
            organization: String::new(),
        };
        reader.read();
        let found = reader.get("mcp/organizations", &reader.house.personal);
        found["organizations"][0]["id"].as_str().unwrap().clone_into(&mut reader.organization);
        reader
    }

    /// Takes the examples from the pages, as copying them does.
    fn read(&mut self) {
        for path in PAGES {
            let page = self.fetch(path, &[]);
            for block in between(&page, "<pre id=\"", "</pre>") {
                let (id, markup) = block.split_once("\" tabindex=\"0\">").unwrap();
                if let Some(name) = id.strip_suffix(self.language.word).and_then(|id| id.strip_suffix('-')) {
                    self.examples.insert(name.to_owned(), format!("{}\n", text_of(markup)));
                }
            }
        }
        assert!(self.examples.len() > 15, "{}", self.examples.len());
    }

    /// What curl prints.
    fn fetch(&self, path: &str, flags: &[&str]) -> String {
        let mut command = self.program(&["curl", "--silent", "--show-error"]);
        printed(command.args(flags).arg(format!("{}{path}", self.url)).output().unwrap(), path)
    }

    /// A GET of the API.
    fn get(&self, path: &str, token: &str) -> Value {
        serde_json::from_str(&self.fetch(&format!("/api/v1/{path}"), &["-H", &format!("Authorization: Bearer {token}")])).unwrap()
    }

    /// A program that trusts the server, without the settings of whoever runs the tests.
    fn program(&self, words: &[&str]) -> Command {
        let folder = self.house.folder.path();
        let mut command = Command::new(words[0]);
        command.args(&words[1..]).current_dir(folder);
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().to_lowercase().ends_with("_proxy")) {
            command.env_remove(name);
        }
        for name in ["CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE"] {
            if self.language.by_tls {
                command.env(name, folder.join("cert.pem"));
            }
        }
        command
    }

    /// Runs the example, which must succeed; the answer is what it prints.
    fn run(&mut self, name: &'static str, token: &str, environment: &[(&str, &str)]) -> String {
        assert!(self.examples.contains_key(name), "there is no {name}");
        self.run.insert(name);
        let mut command = if let Some(built) = &self.built {
            self.program(&[built.to_str().unwrap(), name])
        } else {
            std::fs::write(self.house.folder.path().join(self.language.file), &self.examples[name]).unwrap();
            self.program(&[self.language.program, &[self.language.file]].concat())
        };
        let output = command.env("BUGTOME_TOKEN", token).envs(environment.iter().copied()).output().unwrap();
        printed(output, name)
    }

    /// The token's status at the door: what it gets for asking who it is.
    fn status(&self, token: &str) -> String {
        let authorization = format!("Authorization: Bearer {token}");
        self.fetch("/api/v1/tokens/current", &["-o", "answer", "-w", "%{http_code}", "-H", &authorization])
    }

    fn personal(&self) -> String {
        self.house.token(&["--user", "olga@example.com"])
    }
}

fn printed(output: Output, what: &str) -> String {
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{what}: {out}{err}");
    out.into_owned()
}

/// The reader goes through all of the pages.
fn story(reader: &mut Reader) {
    tickets(reader);
    projects(reader);
    tokens(reader);
    let all: BTreeSet<&str> = reader.examples.keys().map(String::as_str).collect();
    assert_eq!(reader.run, all, "each example is run");
}

fn tickets(reader: &mut Reader) {
    let olga = reader.personal();
    let ci = reader.house.token(&["--project", "acme/WEB"]);
    assert!(reader.run("report-bug", &ci, &[]).contains("WEB-1"));
    assert_eq!(reader.get("tickets?code=WEB-1", &olga)[0]["title"], "The build is red");
    let said = reader.run("read-errors", &ci, &[]);
    assert!(said.contains("422") && said.contains("can't be blank") && said.contains("is too short"), "{said}");

    let project = reader.house.project.clone();
    for _ in 0..2 {
        assert!(reader.run("create-ticket", &olga, &[("PROJECT_ID", &project)]).contains("WEB-2"), "once, however often it is sent");
    }
    let filed = reader.get("tickets?code=WEB-2", &olga)[0].clone();
    assert_eq!((&filed["priority"], &filed["project_id"]), (&json!("high"), &json!(project)));
    let said = reader.run("list-tickets", &olga, &[]);
    assert!(said.contains("WEB-1") && said.contains("Checkout forgets the coupon"), "{said}");
    let said = reader.run("filter-tickets", &olga, &[]);
    assert!(said.contains("WEB-2") && !said.contains("WEB-1") && said.contains('1'), "{said}");

    let id = filed["id"].as_str().unwrap();
    let ticket = [("TICKET_ID", id)];
    assert!(reader.run("edit-ticket", &olga, &ticket).contains("resolved"));
    assert_eq!(reader.get(&format!("tickets/{id}"), &olga)["status"], "resolved");
    let said = reader.run("comment-ticket", &olga, &ticket);
    let comments = reader.get(&format!("tickets/{id}/comments"), &olga);
    assert!(
        said.contains(comments[0]["id"].as_str().unwrap()) && comments[0]["content"] == "It happens on the staging server too.",
        "{said}"
    );
    assert!(reader.run("delete-ticket", &olga, &ticket).contains("WEB-2"));
    let said = reader.run("ticket-history", &olga, &ticket);
    for event in ["ticket_created", "ticket_status_changed", "ticket_commented", "ticket_deleted", "ticket_restored"] {
        assert!(said.contains(event), "{event}: {said}");
    }

    file_a_hundred(reader, &olga);
    let said = reader.run("all-tickets", &olga, &[]);
    for code in ["WEB-1", "WEB-2", "WEB-3", "WEB-102"] {
        assert!(said.contains(code), "{code}: {said}");
    }
    let said = reader.run("rate-limit", &olga, &[]);
    assert!(said.chars().any(|c| c.is_ascii_digit()), "{said}");
    for nothing in ["null", "nil", "None"] {
        assert!(!said.contains(nothing), "{said}");
    }
}

/// Files so many tickets that a list has a second page.
fn file_a_hundred(reader: &Reader, token: &str) {
    use std::fmt::Write;
    let body = json!({"ticket": {"project_id": reader.house.project, "title": "one of many", "given": "a list with a page",
        "when": "it is read to its end", "then": "all of it was there"}});
    let mut config = String::new();
    for _ in 0..100 {
        write!(config, "next\nurl = {}/api/v1/tickets\noutput = filed\nsilent\nfail\n", reader.url).unwrap();
        write!(config, "header = \"Authorization: Bearer {token}\"\nheader = \"Content-Type: application/json\"\ndata = @body.json\n")
            .unwrap();
    }
    let folder = reader.house.folder.path();
    std::fs::write(folder.join("many"), config.strip_prefix("next\n").unwrap()).unwrap();
    std::fs::write(folder.join("body.json"), body.to_string()).unwrap();
    printed(reader.program(&["curl", "--config", "many"]).output().unwrap(), "filing many");
}

fn projects(reader: &mut Reader) {
    let olga = reader.personal();
    let organization = reader.organization.clone();
    let there = [("ORGANIZATION_ID", organization.as_str())];
    let said = reader.run("list-projects", &olga, &there);
    assert!(said.contains("Acme") && said.contains("WEB"), "{said}");
    let said = reader.run("create-project", &olga, &there);
    let projects = reader.get(&format!("mcp/organizations/{organization}/projects"), &olga);
    let app = projects["projects"].as_array().unwrap().iter().find(|project| project["code"] == "APP").expect("it was made");
    assert!(said.contains(app["id"].as_str().unwrap()), "{said}");
    let said = reader.run("list-members", &olga, &there);
    assert!(said.contains("Olga") && said.contains("owner"), "{said}");
    let project = app["id"].as_str().unwrap();
    reader.run("edit-project", &olga, &[("PROJECT_ID", project)]);
    let changed = reader.get(&format!("projects/{project}"), &olga);
    assert!(changed["archived_at"].is_string() && changed["description"] == "The shop until spring", "{changed}");
}

fn tokens(reader: &mut Reader) {
    let olga = reader.personal();
    let said = reader.run("current-token", &olga, &[]);
    assert!(said.contains("a test's") && said.contains("tickets:read"), "{said}");
    let said = reader.run("rotate-token", &olga, &[]);
    let successor = &said[said.find("pk_bt1").expect("a token is shown")..][..44];
    assert!(successor != olga && reader.status(successor) == "200" && reader.status(&olga) == "200", "both work for an hour: {said}");
    reader.run("revoke-current-token", successor, &[]);
    assert_eq!(reader.status(successor), "401");
    let found = reader.personal();
    assert_eq!(reader.status(&found), "200");
    reader.run("revoke-found-token", "", &[("FOUND_TOKEN", &found)]);
    assert_eq!(reader.status(&found), "401");
}

#[test]
fn the_examples_in_curl_do_what_they_say() {
    story(&mut Reader::of(CURL));
}

#[test]
fn the_examples_in_javascript_do_what_they_say() {
    story(&mut Reader::of(JAVASCRIPT));
}

#[test]
fn the_examples_in_ruby_do_what_they_say() {
    story(&mut Reader::of(RUBY));
}

#[test]
fn the_examples_in_python_do_what_they_say() {
    story(&mut Reader::of(PYTHON));
}

#[test]
#[ignore = "it builds a crate with a client of crates.io: the step `examples` of ./test runs it"]
fn the_examples_in_rust_do_what_they_say() {
    let mut reader = Reader::of(RUST);
    reader.built = Some(build(&reader.examples));
    story(&mut reader);
}

/// Builds the examples as one program that is told which to run: each is a module, whose `main` is made public for that.
fn build(examples: &BTreeMap<String, String>) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (given, crate_folder) = (root.join("tests/examples/documentation"), root.join("target/documentation-examples"));
    std::fs::create_dir_all(crate_folder.join("src")).unwrap();
    for file in ["Cargo.toml", "Cargo.lock"] {
        std::fs::copy(given.join(file), crate_folder.join(file)).unwrap();
    }
    let (mut modules, mut arms) = (String::new(), String::new());
    for (name, text) in examples {
        let module = name.replace('-', "_");
        assert_eq!(text.matches("\nfn main() ").count(), 1, "{name}");
        std::fs::write(crate_folder.join(format!("src/{module}.rs")), text.replace("\nfn main() ", "\npub fn main() ")).unwrap();
        modules.extend(["mod ", &module, ";\n"]);
        arms.extend(["        \"", name, "\" => ", &module, "::main(),\n"]);
    }
    let main = format!(
        "{modules}\nfn main() -> Result<(), Box<dyn std::error::Error>> {{\n    match std::env::args().nth(1).unwrap().as_str() {{\n{arms}        name => panic!(\"there is no {{name}}\"),\n    }}\n}}\n"
    );
    std::fs::write(crate_folder.join("src/main.rs"), main).unwrap();
    let mut cargo = Command::new("cargo");
    let target = crate_folder.join("target");
    cargo.args(["build", "--quiet", "--locked", "--manifest-path"]).arg(crate_folder.join("Cargo.toml"));
    printed(cargo.arg("--target-dir").arg(&target).env("RUSTFLAGS", "--deny warnings").output().unwrap(), "cargo build");
    target.join("debug/documentation-examples")
}
