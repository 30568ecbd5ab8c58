//! The real binary as a process: started over a database of its own, spoken to over a socket, stopped or killed.
//! What it must answer is said by the tests that use it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// Longer than anything here should take, so that a test ends.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// A clock that is not the machine's, by Debian's `faketime`. What waits goes by the real one.
pub(crate) enum Skewed<'a> {
    /// Always by so much, such as `-20s`.
    By(&'a str),
    /// By as much as stands in this file.
    As(&'a Path),
}

impl Skewed<'_> {
    /// Has the command's process see it.
    pub(crate) fn on(&self, command: &mut Command) {
        let library = ["x86_64", "aarch64"]
            .map(|machine| format!("/usr/lib/{machine}-linux-gnu/faketime/libfaketimeMT.so.1"))
            .into_iter()
            .find(|path| Path::new(path).exists())
            .expect("the tests need faketime, which ./test needs installs");
        command.env("LD_PRELOAD", library).env("FAKETIME_DONT_FAKE_MONOTONIC", "1").env("FAKETIME_NO_CACHE", "1");
        match self {
            Self::By(shift) => command.env("FAKETIME", shift),
            Self::As(file) => command.env("FAKETIME_TIMESTAMP_FILE", file),
        };
    }
}

/// An installation: a database with an organization `acme`, its project `WEB`, and Olga, who owns it. Gone when it is dropped.
pub(crate) struct House {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) database: String,
    /// The id of the project.
    pub(crate) project: String,
    /// Olga's token.
    pub(crate) personal: String,
    /// Whether the database is one of many on a server that goes on.
    shared: bool,
    /// The binary that serves it and that its commands are run with.
    pub(crate) program: PathBuf,
}

impl House {
    /// Over a new SQLite file.
    pub(crate) fn sqlite() -> Self {
        Self::bare_sqlite().furnished()
    }

    /// Over a new database on the server that `BUGTOME_TEST_POSTGRES_URL` names.
    pub(crate) fn postgres() -> Self {
        Self::bare_postgres().furnished()
    }

    /// Over the database of a server of the test's own.
    pub(crate) fn at(database: String) -> Self {
        Self::bare(tempfile::tempdir().unwrap(), database, false).furnished()
    }

    /// As [`House::postgres`], made by another program: an earlier release.
    pub(crate) fn made_by(program: PathBuf) -> Self {
        let mut house = Self::bare_postgres();
        house.program = program;
        house.furnished()
    }

    /// As [`House::sqlite`] with nothing in it, not even a file.
    pub(crate) fn bare_sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let database = format!("sqlite://{}", folder.path().join("house.db").display());
        Self::bare(folder, database, false)
    }

    /// As [`House::postgres`] with nothing in it, not even tables.
    pub(crate) fn bare_postgres() -> Self {
        Self::bare(tempfile::tempdir().unwrap(), new_database(), true)
    }

    /// The binary of this build.
    pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_bugtome");

    fn bare(folder: tempfile::TempDir, database: String, shared: bool) -> Self {
        // Another one to be tried instead, such as the one that is delivered.
        let program = std::env::var_os("BUGTOME_TEST_BINARY").map_or_else(|| Self::PROGRAM.into(), PathBuf::from);
        Self { folder, database, project: String::new(), personal: String::new(), shared, program }
    }

    fn furnished(self) -> Self {
        let mut house = self;
        house.admin(&["user", "create", "--email", "olga@example.com", "--name", "Olga"]);
        house.admin(&["organization", "create", "--name", "Acme", "--slug", "acme", "--owner", "olga@example.com"]);
        let project = house.admin(&["project", "create", "--organization", "acme", "--name", "Web shop", "--code", "WEB"]);
        project["id"].as_str().unwrap().clone_into(&mut house.project);
        house.personal = house.token(&["--user", "olga@example.com"]);
        house
    }

    /// The SQLite file.
    pub(crate) fn file(&self) -> PathBuf {
        self.database.strip_prefix("sqlite://").unwrap().into()
    }

    /// `bugtome admin … --json`, which must succeed.
    pub(crate) fn admin(&self, words: &[&str]) -> Value {
        let output = self.try_admin(words);
        assert!(output.status.success(), "admin {words:?}: {}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    pub(crate) fn try_admin(&self, words: &[&str]) -> Output {
        settled(&self.program, self.folder.path()).args(["admin", "--json", "--database", &self.database]).args(words).output().unwrap()
    }

    /// A new token, for `--user E` or `--project P`.
    pub(crate) fn token(&self, whose: &[&str]) -> String {
        self.admin(&[&["token", "create", "--name", "a test's"], whose].concat())["token"].as_str().unwrap().to_owned()
    }

    /// `bugtome serve`, not started yet.
    pub(crate) fn command(&self) -> Command {
        let mut command = settled(&self.program, self.folder.path());
        command.args(["serve", "--listen", "127.0.0.1:0", "--database", &self.database]);
        command
    }

    /// A running server.
    pub(crate) fn serve(&self) -> Server {
        Server::start(&mut self.command())
    }

    /// A running server that logs into the file.
    pub(crate) fn serve_logging(&self, log: &Path) -> Server {
        Server::start(self.command().stderr(std::fs::File::create(log).unwrap()))
    }

    /// A file in the house's folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

impl Drop for House {
    fn drop(&mut self) {
        if self.shared {
            let name = self.database.rsplit('/').next().unwrap().split('?').next().unwrap();
            on_postgres(&format!("DROP DATABASE {name} WITH (FORCE)"));
        }
    }
}

/// The binary in a folder, without limits, and without the settings of whoever runs the tests.
pub(crate) fn bugtome(folder: &Path) -> Command {
    settled(House::PROGRAM.as_ref(), folder)
}

/// The same for whichever binary.
fn settled(program: &Path, folder: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir(folder).stdin(Stdio::null());
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("BUGTOME_")) {
        command.env_remove(name);
    }
    command.env("BUGTOME_RATE_LIMIT_AUTHENTICATED", "0").env("BUGTOME_RATE_LIMIT_ANONYMOUS", "0");
    command
}

/// A new database on the server that `BUGTOME_TEST_POSTGRES_URL` names.
fn new_database() -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let name = format!("process_{}_{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
    on_postgres(&format!("CREATE DATABASE {name}"));
    let server = postgres_url();
    let (address, options) = server.split_once('?').unwrap_or((&server, ""));
    let authority = address.split('/').take(3).collect::<Vec<_>>().join("/");
    format!("{authority}/{name}?{options}")
}

pub(crate) fn postgres_url() -> String {
    std::env::var("BUGTOME_TEST_POSTGRES_URL")
        .expect("BUGTOME_TEST_POSTGRES_URL must name a PostgreSQL server where databases may be made, such as ./test starts")
}

fn on_postgres(command: &str) {
    on_postgres_at(&postgres_url(), command);
}

/// Runs a command on the database that the URL names.
pub(crate) fn on_postgres_at(url: &str, command: &str) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await.unwrap();
        tokio::spawn(connection);
        client.batch_execute(command).await.unwrap();
    });
}

/// A server in a process of its own. It is killed when it is dropped.
pub(crate) struct Server {
    pub(crate) process: Child,
    /// `127.0.0.1:PORT`
    pub(crate) address: String,
    /// What it printed, up to and with the line that says that it is ready.
    pub(crate) ready: String,
    /// From the start to that line.
    pub(crate) took: Duration,
    rest: BufReader<std::process::ChildStdout>,
}

impl Server {
    /// Starts it and waits until it is ready; what it logs goes where the command says.
    pub(crate) fn start(command: &mut Command) -> Self {
        let began = Instant::now();
        let mut process = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut rest = BufReader::new(process.stdout.take().unwrap());
        let mut ready = String::new();
        rest.read_line(&mut ready).unwrap();
        let took = began.elapsed();
        let address = ready.trim_end().split_once("://").unwrap_or_else(|| panic!("it is not ready: {ready:?}")).1.to_owned();
        assert!(ready.starts_with("listening on http"), "{ready}");
        Self { process, address, ready, took, rest }
    }

    /// What it prints next, up to the line that holds `last`, or the end.
    pub(crate) fn read_until(&mut self, last: &str) -> String {
        let mut text = String::new();
        while !text.contains(last) && self.rest.read_line(&mut text).unwrap() > 0 {}
        text
    }

    pub(crate) fn signal(&self, name: &str) {
        let sent = Command::new("kill").args(["-s", name, &self.process.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }

    /// Waits for its end.
    pub(crate) fn ended(&mut self) -> ExitStatus {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.process.try_wait().unwrap() {
                return status;
            }
            assert!(Instant::now() < deadline, "the server does not end");
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// Ends it as an operator would.
    pub(crate) fn stop(mut self) {
        self.signal("TERM");
        assert!(self.ended().success());
    }

    /// Ends it without a word.
    pub(crate) fn kill(mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// One request on a connection of its own, which must be answered.
    pub(crate) fn ask(&self, request: &Request<'_>) -> Answer {
        request.send(&self.address).unwrap()
    }

    /// `GET path` with a token.
    pub(crate) fn get(&self, path: &str, token: &str) -> Answer {
        self.ask(&Request::new("GET", path).bearer(token))
    }

    /// All tickets that the token reaches, by the cursors.
    pub(crate) fn all_tickets(&self, token: &str) -> Vec<Value> {
        let mut all = Vec::new();
        let mut next = Some("/api/v1/tickets?per_page=100".to_owned());
        while let Some(path) = next {
            let page = self.get(&path, token);
            assert_eq!(page.status, 200, "{page:?}");
            all.extend(page.json().as_array().unwrap().iter().cloned());
            next = page.header("link").map(|link| link[1..].split('>').next().unwrap().to_owned());
        }
        all
    }

    /// The titles of all tickets that the token reaches.
    pub(crate) fn all_titles(&self, token: &str) -> std::collections::BTreeSet<String> {
        self.all_tickets(token).iter().map(|ticket| ticket["title"].as_str().unwrap().to_owned()).collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A request as text, so that a broken one can be sent too.
#[derive(Clone)]
pub(crate) struct Request<'a> {
    method: &'a str,
    path: std::borrow::Cow<'a, str>,
    headers: Vec<String>,
    body: String,
}

impl<'a> Request<'a> {
    pub(crate) fn new(method: &'a str, path: &'a str) -> Self {
        Self::of(method, path.into())
    }

    /// For a path that was put together.
    pub(crate) fn owned(method: &'a str, path: String) -> Self {
        Self::of(method, path.into())
    }

    fn of(method: &'a str, path: std::borrow::Cow<'a, str>) -> Self {
        Self { method, path, headers: vec!["Host: bugtome.test".into(), "Connection: close".into()], body: String::new() }
    }

    /// One whole line of the head.
    pub(crate) fn header(mut self, line: &str) -> Self {
        self.headers.push(line.to_owned());
        self
    }

    pub(crate) fn bearer(self, token: &str) -> Self {
        self.header(&format!("Authorization: Bearer {token}"))
    }

    pub(crate) fn json(self, body: &Value) -> Self {
        self.text(&body.to_string())
    }

    /// A body that calls itself JSON.
    pub(crate) fn text(mut self, body: &str) -> Self {
        body.clone_into(&mut self.body);
        self.header("Content-Type: application/json")
    }

    /// Fields as a browser sends them.
    pub(crate) fn form(mut self, fields: &[(&str, &str)]) -> Self {
        let encode = |text: &str| percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string();
        let pairs: Vec<_> = fields.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
        self.body = pairs.join("&");
        self.header("Content-Type: application/x-www-form-urlencoded")
    }

    /// As it goes over the wire.
    pub(crate) fn bytes(&self) -> String {
        let head = self.headers.join("\r\n");
        format!("{} {} HTTP/1.1\r\n{head}\r\nContent-Length: {}\r\n\r\n{}", self.method, self.path, self.body.len(), self.body)
    }

    /// The same over a connection that stays open.
    pub(crate) fn kept(mut self) -> Self {
        self.headers.retain(|header| header != "Connection: close");
        self
    }

    /// Sends it. An error is what a client sees when the server dies.
    pub(crate) fn send(&self, address: &str) -> std::io::Result<Answer> {
        let mut socket = TcpStream::connect(address)?;
        socket.set_read_timeout(Some(PATIENCE))?;
        socket.write_all(self.bytes().as_bytes())?;
        Answer::read(socket)
    }
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    head: String,
    pub(crate) body: String,
}

impl Answer {
    /// Reads until the other side closes; half an answer is an error.
    pub(crate) fn read(mut from: impl Read) -> std::io::Result<Self> {
        let mut bytes = Vec::new();
        from.read_to_end(&mut bytes)?;
        let text = String::from_utf8(bytes).map_err(std::io::Error::other)?;
        let cut = || std::io::Error::from(std::io::ErrorKind::UnexpectedEof);
        let (head, body) = text.split_once("\r\n\r\n").ok_or_else(cut)?;
        let status = head.split(' ').nth(1).and_then(|word| word.parse().ok()).ok_or_else(cut)?;
        let answer = Self { status, head: head.to_owned(), body: body.to_owned() };
        match answer.header("content-length") {
            Some(length) if length != answer.body.len().to_string() => Err(cut()),
            _ => Ok(answer),
        }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.into_iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// All headers of a name.
    pub(crate) fn headers(&self, name: &str) -> impl Iterator<Item = &str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.filter(move |(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

/// A connection that stays open, as programs keep one.
pub(crate) struct Line {
    address: String,
    socket: Option<BufReader<TcpStream>>,
}

impl Line {
    /// Connected when first used, and again after the other side closed it.
    pub(crate) fn to(address: &str) -> Self {
        Self { address: address.to_owned(), socket: None }
    }

    /// Sends a request, which must have been `kept`, and reads its answer.
    pub(crate) fn ask(&mut self, request: &Request<'_>) -> std::io::Result<Answer> {
        let mut socket = if let Some(socket) = self.socket.take() {
            socket
        } else {
            let socket = TcpStream::connect(&self.address)?;
            socket.set_read_timeout(Some(PATIENCE))?;
            socket.set_nodelay(true)?;
            BufReader::new(socket)
        };
        socket.get_mut().write_all(request.bytes().as_bytes())?;
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if socket.read_line(&mut head)? == 0 {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
        }
        let status = head.split(' ').nth(1).and_then(|word| word.parse().ok()).ok_or(std::io::ErrorKind::InvalidData)?;
        let mut answer = Answer { status, head: head.trim_end().to_owned(), body: String::new() };
        let length = answer.header("content-length").map_or(0, |length| length.parse().unwrap());
        let mut body = vec![0; length];
        socket.read_exact(&mut body)?;
        answer.body = String::from_utf8(body).map_err(std::io::Error::other)?;
        if answer.header("connection") != Some("close") {
            self.socket = Some(socket);
        }
        Ok(answer)
    }
}

/// A ticket that anybody may be content with.
pub(crate) fn ticket(title: &str, project: &str) -> Value {
    json!({"ticket": {
        "title": title, "project_id": project,
        "given": "a server that runs", "when": "somebody pulls the plug", "then": "nothing is lost",
    }})
}
