//! A Redis server of a test's own on a free port of this machine, and several real nodes that count in it.
//! What must be counted is said by the tests that use it.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use redis::FromRedisValue;

use super::ports::free_port;
use super::server::{Answer, House, PATIENCE, Request, Server};

/// A running Redis. It is killed when it is dropped.
pub(crate) struct Redis {
    process: Child,
    port: u16,
}

impl Redis {
    pub(crate) fn start() -> Self {
        Self::start_with(free_port(), &[])
    }

    /// On this port, with these settings more, until it answers.
    pub(crate) fn start_with(port: u16, settings: &[&str]) -> Self {
        let mut command = Command::new("redis-server");
        command.args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", "/tmp"]);
        let process = command.args(settings).stdin(Stdio::null()).stdout(Stdio::null()).spawn();
        let redis = Self { process: process.expect("redis-server must be installed: ./test does it"), port };
        let deadline = Instant::now() + PATIENCE;
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(Instant::now() < deadline, "redis-server does not answer");
            std::thread::sleep(Duration::from_millis(5));
        }
        redis
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// What it answers to a command.
    pub(crate) fn ask<T: FromRedisValue>(&self, words: &[&str]) -> T {
        let mut connection = redis::Client::open(self.url()).unwrap().get_connection().unwrap();
        let mut command = redis::cmd(words[0]);
        for word in &words[1..] {
            command.arg(word);
        }
        command.query(&mut connection).unwrap()
    }

    pub(crate) fn keys(&self, pattern: &str) -> Vec<String> {
        self.ask(&["KEYS", pattern])
    }

    pub(crate) fn signal(&self, name: &str) {
        let sent = Command::new("kill").args(["-s", name, &self.process.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A node with its metrics.
pub(crate) struct Node {
    pub(crate) server: Server,
    metrics: String,
}

impl Node {
    /// Of this house, counting there, with these limits; what it logs goes to a file in the house.
    pub(crate) fn start(house: &House, redis: &str, authenticated: u32, anonymous: u32) -> Self {
        Self::start_with(house, redis, &[("AUTHENTICATED", authenticated), ("ANONYMOUS", anonymous)], &[])
    }

    pub(crate) fn start_with(house: &House, redis: &str, limits: &[(&str, u32)], environment: &[(&str, &str)]) -> Self {
        let metrics = format!("127.0.0.1:{}", free_port());
        let mut command = house.command();
        command.env("BUGTOME_REDIS_URL", redis).env("BUGTOME_TRUSTED_PROXIES", "127.0.0.1").env("BUGTOME_METRICS_LISTEN", &metrics);
        for (name, limit) in limits {
            command.env(format!("BUGTOME_RATE_LIMIT_{name}"), limit.to_string());
        }
        command.envs(environment.iter().copied());
        let log = std::fs::File::options().create(true).append(true).open(Self::log_file(house)).unwrap();
        Self { server: Server::start(command.stderr(log)), metrics }
    }

    fn log_file(house: &House) -> impl AsRef<Path> {
        house.folder.path().join("log")
    }

    /// What the nodes of the house have logged.
    pub(crate) fn log(house: &House) -> String {
        std::fs::read_to_string(Self::log_file(house)).unwrap()
    }

    /// A metric without labels.
    pub(crate) fn metric(&self, name: &str) -> u64 {
        let text = Request::new("GET", "/metrics").send(&self.metrics).unwrap().body;
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.unwrap_or_else(|| panic!("there is no {name} in {text}")).parse().unwrap()
    }

    pub(crate) fn is_shared(&self) -> bool {
        self.metric("bugtome_limits_shared") == 1
    }

    /// How often it has decided alone.
    pub(crate) fn alone(&self) -> u64 {
        self.metric("bugtome_limits_alone_total")
    }

    /// Waits until it counts with the others, or no longer does.
    pub(crate) fn wait_until_shared(&self, shared: bool) {
        let deadline = Instant::now() + PATIENCE;
        while self.is_shared() != shared {
            assert!(Instant::now() < deadline, "the limits of a node do not become {}", if shared { "shared" } else { "its own" });
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// A request as a client at this address sends it through the proxy.
    pub(crate) fn ask_from(&self, address: &str, request: Request<'_>) -> Answer {
        self.server.ask(&request.header(&format!("X-Forwarded-For: {address}")))
    }

    pub(crate) fn get(&self, token: &str) -> Answer {
        self.server.get("/api/v1/tickets", token)
    }
}

/// Tells a story of what is exact while Redis answers within its 50 ms. Where a node did not get its answer in time, on a machine that is
/// busy with other things, the story is told again: its premise was not given.
pub(crate) fn undisturbed<T>(nodes: &[Node], mut story: impl FnMut(usize) -> T, judge: impl Fn(T)) {
    let alone = || nodes.iter().map(Node::alone).sum::<u64>();
    for turn in 0..10 {
        for node in nodes {
            node.wait_until_shared(true);
        }
        let before = alone();
        let told = story(turn);
        if alone() == before {
            return judge(told);
        }
    }
    panic!("Redis has never answered in time");
}

/// The number in a header.
pub(crate) fn number(answer: &Answer, name: &str) -> i64 {
    answer.header(name).and_then(|value| value.parse().ok()).unwrap_or_else(|| panic!("no number in {name}: {answer:?}"))
}
