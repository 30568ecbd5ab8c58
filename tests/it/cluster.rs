//! A PostgreSQL server of a test's own, to be stopped, killed, frozen and promoted; the one that all tests share must go on.
//! What bugtome does meanwhile is told in `faults` and `failover`.

use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::ports::free_port;
use super::server::{PATIENCE, on_postgres_at};

/// The server. It is killed when it is dropped.
pub(crate) struct Cluster {
    folder: tempfile::TempDir,
    port: u16,
    server: Option<Child>,
}

/// The newest of Debian's server programs, which are not in PATH; else those that are.
fn program(name: &str) -> PathBuf {
    let mut versions: Vec<PathBuf> =
        std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().map(|entry| entry.unwrap().path().join("bin").join(name)).collect();
    versions.sort();
    versions.pop().unwrap_or_else(|| name.into())
}

/// A command as somebody whom PostgreSQL's programs accept: they refuse root.
fn as_postgres(program: &Path, folder: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir(folder).stdin(Stdio::null()).env_remove("PGOPTIONS");
    if let Some(user) = postgres_user() {
        command.uid(user).gid(user);
    }
    command
}

/// `postgres` or `nobody`, where the tests run as root.
pub(crate) fn postgres_user() -> Option<u32> {
    if std::fs::metadata("/proc/self").unwrap().uid() != 0 {
        return None;
    }
    let users = std::fs::read_to_string("/etc/passwd").unwrap();
    let id = |name: &str| users.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(":")?.split(':').nth(1)?.parse().ok());
    Some(id("postgres").or_else(|| id("nobody")).unwrap())
}

fn run(command: &mut Command) {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

impl Cluster {
    fn folder() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        if let Some(user) = postgres_user() {
            chown(folder.path(), Some(user), Some(user)).unwrap();
        }
        folder
    }

    /// A new server that runs. What it writes survives its processes, not the machine: that is all that is tried here.
    pub(crate) fn start() -> Self {
        let folder = Self::folder();
        let data = folder.path().join("data");
        run(as_postgres(&program("initdb"), folder.path())
            .args(["--username", "postgres", "--auth", "trust", "--encoding", "UTF8", "--no-sync", "--pgdata"])
            .arg(&data));
        let mut cluster = Self { folder, port: free_port(), server: None };
        cluster.run();
        cluster
    }

    /// A standby that follows this one under a name, running.
    pub(crate) fn standby(&self, name: &str) -> Self {
        let folder = Self::folder();
        let data = folder.path().join("data");
        run(as_postgres(&program("pg_basebackup"), folder.path())
            .args(["--write-recovery-conf", "--no-sync", "--checkpoint=fast", "--dbname"])
            .arg(format!("postgres://postgres@127.0.0.1:{}/?application_name={name}", self.port))
            .arg("--pgdata")
            .arg(&data));
        std::fs::set_permissions(&data, PermissionsExt::from_mode(0o700)).unwrap();
        let mut standby = Self { folder, port: free_port(), server: None };
        standby.run();
        standby
    }

    /// `127.0.0.1:PORT`
    pub(crate) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Its database.
    pub(crate) fn url(&self) -> String {
        format!("postgres://postgres@{}/postgres", self.address())
    }

    /// Runs a command in its database.
    pub(crate) fn sql(&self, command: &str) {
        on_postgres_at(&self.url(), command);
    }

    /// Starts it, anew too, and waits until it answers.
    pub(crate) fn run(&mut self) {
        assert!(self.server.is_none());
        let log = std::fs::File::options().create(true).append(true).open(self.folder.path().join("log")).unwrap();
        let mut command = as_postgres(&program("postgres"), self.folder.path());
        command.arg("-D").arg(self.folder.path().join("data")).arg("-k").arg(self.folder.path());
        command.args(["-p", &self.port.to_string(), "-c", "listen_addresses=127.0.0.1", "-c", "max_connections=100"]);
        command.args(["-c", "fsync=off", "-c", "full_page_writes=off", "-c", "shared_buffers=32MB"]);
        let deadline = Instant::now() + PATIENCE;
        // A server that was killed leaves children behind for a moment, which hold its memory: the new one refuses to start until they are gone.
        while Instant::now() < deadline {
            let server = command.stdout(log.try_clone().unwrap()).stderr(log.try_clone().unwrap()).spawn().unwrap();
            if self.answers(server, deadline) {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("PostgreSQL does not start: {}", std::fs::read_to_string(self.folder.path().join("log")).unwrap());
    }

    fn answers(&mut self, mut server: Child, deadline: Instant) -> bool {
        while Instant::now() < deadline && server.try_wait().unwrap().is_none() {
            if self.is_there() {
                self.server = Some(server);
                return true;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        false
    }

    /// Whether it answers a question.
    fn is_there(&self) -> bool {
        let url = self.url();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let Ok((client, connection)) = tokio_postgres::connect(&url, tokio_postgres::NoTls).await else { return false };
            tokio::spawn(connection);
            client.batch_execute("SELECT 1").await.is_ok()
        })
    }

    fn id(&self) -> u32 {
        self.server.as_ref().unwrap().id()
    }

    /// Stops it as its administrator would, without waiting for clients.
    pub(crate) fn stop(&mut self) {
        signal("INT", self.id());
        self.server.take().unwrap().wait().unwrap();
    }

    /// Kills all its processes.
    pub(crate) fn kill(&mut self) {
        let children = self.children();
        let mut server = self.server.take().unwrap();
        server.kill().unwrap();
        server.wait().unwrap();
        for child in children {
            signal("KILL", child);
        }
    }

    /// Stops all its processes where they are: it neither answers nor goes away.
    pub(crate) fn freeze(&self) {
        signal("STOP", self.id());
        for child in self.children() {
            signal("STOP", child);
        }
    }

    /// Lets them go on.
    pub(crate) fn thaw(&self) {
        signal("CONT", self.id());
        for child in self.children() {
            signal("CONT", child);
        }
    }

    /// Makes a standby the primary.
    pub(crate) fn promote(&self) {
        self.sql("SELECT pg_promote()");
    }

    fn children(&self) -> Vec<u32> {
        let parent = self.id();
        let listed = std::fs::read_to_string(format!("/proc/{parent}/task/{parent}/children")).unwrap();
        listed.split_whitespace().map(|id| id.parse().unwrap()).collect()
    }
}

/// A process may have gone by itself.
fn signal(name: &str, process: u32) {
    Command::new("kill").args(["-s", name, &process.to_string()]).stderr(Stdio::null()).status().unwrap();
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if self.server.is_some() {
            self.kill();
        }
    }
}
