//! PgBouncer in transaction mode between the nodes and PostgreSQL: found by itself, and safe.
//! What the servers must answer is told by every other story.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::cluster::{Cluster, postgres_user};
use super::server::{House, PATIENCE, Request, Server, ticket};

/// PgBouncer over a cluster, with one connection to the server for all: each transaction of each client runs in the same session.
struct Pooler {
    process: Child,
    port: u16,
    _folder: tempfile::TempDir,
}

impl Pooler {
    fn over(cluster: &Cluster, more: &str) -> Self {
        use std::os::unix::process::CommandExt;
        let folder = tempfile::tempdir().unwrap();
        let port = super::ports::free_port();
        let settings = format!(
            "[databases]\npostgres = host=127.0.0.1 port={} dbname=postgres user=postgres pool_size=2\n[pgbouncer]\nlisten_addr = 127.0.0.1\n\
             listen_port = {port}\nunix_socket_dir =\nauth_type = any\npool_mode = transaction\n{more}\n",
            cluster.port()
        );
        let file = folder.path().join("pgbouncer.ini");
        std::fs::write(&file, settings).unwrap();
        let program = if std::path::Path::new("/usr/sbin/pgbouncer").exists() { "/usr/sbin/pgbouncer" } else { "pgbouncer" };
        let mut command = Command::new(program);
        command.arg(&file).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        if let Some(user) = postgres_user() {
            std::os::unix::fs::chown(folder.path(), Some(user), Some(user)).unwrap();
            command.uid(user).gid(user);
        }
        let process = command.current_dir(folder.path()).spawn().unwrap();
        let deadline = Instant::now() + PATIENCE;
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(Instant::now() < deadline, "PgBouncer does not start");
            std::thread::sleep(Duration::from_millis(10));
        }
        Self { process, port, _folder: folder }
    }

    fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Two nodes over one pooler do what they do without.
fn two_nodes(more: &str) {
    let cluster = Cluster::start();
    let pooler = Pooler::over(&cluster, more);
    let house = House::at(pooler.url());
    let logs = [house.path("first.log"), house.path("second.log")];
    let nodes = [house.serve_logging(&logs[0]), house.serve_logging(&logs[1])];
    let numbers: Vec<i64> = std::thread::scope(|scope| {
        let clients: Vec<_> = (0..6)
            .map(|client| {
                let (house, nodes) = (&house, &nodes);
                scope.spawn(move || (0..20).map(|turn| one_turn(house, &nodes[(client + turn) % 2], client, turn)).collect::<Vec<_>>())
            })
            .collect();
        let mut numbers: Vec<i64> = clients.into_iter().flat_map(|client| client.join().unwrap()).collect();
        numbers.sort_unstable();
        numbers
    });
    assert_eq!(numbers, (1..=120).collect::<Vec<_>>());
    let token = house.token(&["--user", "olga@example.com"]);
    assert_eq!(nodes[0].get("/api/v1/tickets", &token).status, 200);
    assert_eq!(nodes[1].ask(&Request::new("DELETE", "/api/v1/tokens/current").bearer(&token)).status, 204);
    assert_eq!(nodes[0].get("/api/v1/tickets", &token).status, 401, "revoked on one node, refused by the other");
    for log in logs {
        let said = std::fs::read_to_string(log).unwrap();
        assert_eq!(said.matches("a connection pooler stands before PostgreSQL").count(), 1, "it is said once: {said}");
    }
}

/// Files a ticket and asks for it in several ways.
fn one_turn(house: &House, node: &Server, client: usize, turn: usize) -> i64 {
    let title = format!("client {client} turn {turn}");
    let request = Request::new("POST", "/api/v1/tickets").bearer(&house.personal);
    let answer = node.ask(&request.json(&ticket(&title, &house.project)));
    assert_eq!(answer.status, 201, "{answer:?}");
    let filed = answer.json();
    for path in [
        format!("/api/v1/tickets/{}", filed["id"].as_str().unwrap()),
        format!("/api/v1/tickets?code={}", filed["code"].as_str().unwrap()),
        format!("/api/v1/tickets?q={}&status=open&sort=-priority", title.replace(' ', "+")),
    ] {
        let answer = node.get(&path, &house.personal);
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
        assert!(answer.body.contains(&title), "{path}: {answer:?}");
    }
    filed["number"].as_i64().unwrap()
}

#[test]
fn pgbouncer_in_transaction_mode_works() {
    two_nodes("");
}

#[test]
fn pgbouncer_that_swallows_the_sessions_mark_is_found_all_the_same() {
    two_nodes("ignore_startup_parameters = options");
}
