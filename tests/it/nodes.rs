//! Three nodes over one PostgreSQL under load: a right that is taken away on one of them is refused by all, from the acknowledgement on.
//! The same in one process is told in `load`; each way by itself, in `rights`.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::io::Write;
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use bugtome::model::time::Time;
use serde_json::json;

use super::server::{Answer, House, Line, PATIENCE, Request, Server, Skewed, bugtome, on_postgres_at, ticket};

/// Requests that must be begun after the acknowledgements, over all ways.
const LATE: usize = 100_000;

/// Where all nodes say that they are: what stands before them is one address.
const BASE_URL: &str = "https://bugs.example";

const PASSWORD: &str = "a password for stories";

/// The nodes, and what has been tried on them.
struct Nodes {
    house: House,
    servers: Vec<Server>,
    /// A ticket that is there.
    ticket: String,
    /// Ways of losing a right that are still to come.
    ways_left: Cell<usize>,
    late: Cell<usize>,
}

/// Whether an answer refuses.
type Refused = fn(&Answer) -> bool;

fn to_a_program(answer: &Answer) -> bool {
    matches!(answer.status, 401 | 403 | 404)
}

/// Who is not signed in is sent to the door.
fn to_a_person(answer: &Answer) -> bool {
    answer.status == 303 && answer.header("location").is_some_and(|place| place.starts_with("/login"))
}

impl Nodes {
    fn start(ways: usize) -> Self {
        let house = House::postgres();
        // Finding 6: their clocks differ by 20 s each way, which is nobody's gain.
        let node = |by| {
            let mut command = house.command();
            Skewed::By(by).on(command.args(["--base-url", BASE_URL]));
            Server::start(&mut command)
        };
        let servers: Vec<Server> = ["-20s", "+0s", "+20s"].map(node).into();
        let filed = servers[0].ask(&Request::new("POST", "/api/v1/tickets").bearer(&house.personal).json(&ticket("there", &house.project)));
        let ticket = filed.json()["id"].as_str().unwrap().to_owned();
        Self { house, servers, ticket, ways_left: Cell::new(ways), late: Cell::new(0) }
    }

    /// Two clients at each node go on asking while `end` takes the right away on one of them or beside them; each request that is begun after
    /// that has been acknowledged must be refused.
    fn pour(&self, way: &str, requests: &[Request<'_>], refused: Refused, end: impl FnOnce()) {
        let (ended, stop) = (AtomicBool::new(false), AtomicBool::new(false));
        let (passed, late): (Vec<AtomicUsize>, AtomicUsize) = ((0..3).map(|_| AtomicUsize::new(0)).collect(), AtomicUsize::new(0));
        // What earlier ways have left over need not be done again.
        let share = (LATE.saturating_sub(self.late.get())).div_ceil(self.ways_left.get());
        self.ways_left.set(self.ways_left.get() - 1);
        std::thread::scope(|scope| {
            let clients: Vec<_> = (0..6)
                .map(|client| {
                    let (ended, stop, passed, late, node) = (&ended, &stop, &passed[client % 3], &late, &self.servers[client % 3]);
                    scope.spawn(move || {
                        let mut line = Line::to(&node.address);
                        for request in requests.iter().cycle().skip(client) {
                            if stop.load(Ordering::SeqCst) {
                                return;
                            }
                            let begun_after = ended.load(Ordering::SeqCst);
                            let answer = line.ask(request).unwrap();
                            // On a machine that is too busy nothing is told either way.
                            if answer.status == 503 {
                                continue;
                            }
                            if begun_after {
                                assert!(refused(&answer), "{way}: a request passed after the right had ended: {answer:?}");
                                late.fetch_add(1, Ordering::SeqCst);
                            } else if !refused(&answer) {
                                assert!(answer.status < 300, "{way}: {answer:?}");
                                passed.fetch_add(1, Ordering::SeqCst);
                            }
                        }
                    })
                })
                .collect();
            let deadline = Instant::now() + 8 * PATIENCE;
            let until = |so: &dyn Fn() -> bool| {
                while !so() && !clients.iter().any(std::thread::ScopedJoinHandle::is_finished) {
                    assert!(Instant::now() < deadline, "{way}: it takes too long");
                    std::thread::sleep(Duration::from_millis(1));
                }
            };
            until(&|| passed.iter().all(|passed| passed.load(Ordering::SeqCst) >= 4));
            end();
            ended.store(true, Ordering::SeqCst);
            until(&|| late.load(Ordering::SeqCst) >= share);
            stop.store(true, Ordering::SeqCst);
        });
        self.late.set(self.late.get() + late.load(Ordering::SeqCst));
    }

    /// Reads and writes.
    fn both(&self, token: &str) -> [Request<'_>; 2] {
        [Request::new("GET", "/api/v1/tickets?per_page=1").kept().bearer(token), self.writing(token)]
    }

    /// Reads and writes what somebody reaches who is known and has no place any more: a list would be empty, and no refusal.
    fn of_the_ticket(&self, token: &str) -> [Request<'static>; 2] {
        [Request::owned("GET", format!("/api/v1/tickets/{}", self.ticket)).kept().bearer(token), self.writing(token)]
    }

    fn writing(&self, token: &str) -> Request<'static> {
        Request::new("POST", "/api/v1/tickets").kept().bearer(token).json(&ticket("another", &self.house.project))
    }

    fn ask(&self, node: usize, request: &Request<'_>, status: u16) -> Answer {
        let answer = self.servers[node].ask(request);
        assert_eq!(answer.status, status, "{answer:?}");
        answer
    }

    fn olgas(&self) -> String {
        self.house.token(&["--user", "olga@example.com"])
    }

    fn mias(&self) -> String {
        self.house.token(&["--user", "mia@example.com"])
    }

    fn of_project(&self) -> String {
        self.house.token(&["--project", "acme/WEB", "--preset", "full"])
    }

    /// A new token with its id.
    fn made(&self, whose: &[&str]) -> (String, String) {
        let made = self.house.admin(&[&["token", "create", "--name", "in settings"], whose].concat());
        let text = |field: &str| made[field].as_str().unwrap().to_owned();
        (text("id"), text("token"))
    }

    fn set_password(&self, email: &str) {
        let mut command = bugtome(self.house.folder.path());
        command.args(["admin", "--database", &self.house.database, "user", "set-password", "--email", email, "--tokens", "keep"]);
        let mut command = command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        command.stdin.take().unwrap().write_all(PASSWORD.as_bytes()).unwrap();
        assert!(command.wait().unwrap().success());
    }

    /// Somebody who has signed in on the first node.
    fn visitor(&self, email: &str) -> Visitor<'_> {
        let mut visitor = Visitor { nodes: self, cookies: BTreeMap::new(), page: String::new() };
        visitor.get(0, "/login");
        let answer = visitor.post(0, "/login", &[("email", email), ("password", PASSWORD)]);
        assert_eq!(answer.header("location"), Some("/workspace"), "{answer:?}");
        visitor
    }
}

/// Somebody in front of a browser, whose requests go now to this node and now to that.
struct Visitor<'a> {
    nodes: &'a Nodes,
    cookies: BTreeMap<String, String>,
    /// The last page.
    page: String,
}

impl Visitor<'_> {
    fn cookie_line(&self) -> String {
        let cookies: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        format!("Cookie: {}", cookies.join("; "))
    }

    /// A page, whose forms can be sent then.
    fn get(&mut self, node: usize, path: &str) -> Answer {
        let answer = self.nodes.servers[node].ask(&Request::new("GET", path).header(&self.cookie_line()));
        assert_eq!(answer.status, 200, "{answer:?}");
        self.keep(&answer);
        self.page.clone_from(&answer.body);
        answer
    }

    /// Sends a form of the last page.
    fn post(&mut self, node: usize, path: &str, fields: &[(&str, &str)]) -> Answer {
        let form = self.page.split(&format!(r#"action="{path}""#)).nth(1).unwrap_or_else(|| panic!("no form is sent to {path}"));
        let key = form.split(r#"name="key" value=""#).nth(1).and_then(|rest| rest.split('"').next()).unwrap();
        let fields: Vec<_> = fields.iter().copied().chain([("key", key)]).collect();
        let request = Request::new("POST", path).header(&self.cookie_line()).header(&format!("Origin: {BASE_URL}"));
        let answer = self.nodes.servers[node].ask(&request.header("Sec-Fetch-Site: same-origin").form(&fields));
        assert_eq!(answer.status, 303, "{answer:?}");
        self.keep(&answer);
        answer
    }

    fn keep(&mut self, answer: &Answer) {
        for cookie in answer.headers("set-cookie") {
            let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
    }

    /// Two pages that only who is signed in sees.
    fn pages(&self) -> [Request<'static>; 2] {
        ["/workspace", "/account/settings"].map(|path| Request::new("GET", path).kept().header(&self.cookie_line()))
    }

    /// Revokes a token on its page: asked at the second node, told at the third.
    fn revoke(&mut self, page: &str, id: &str) {
        let path = format!("{page}/{id}/revoke");
        self.get(1, &path);
        self.post(2, &path, &[("reason", "found in a log")]);
    }
}

#[test]
fn a_right_that_ends_on_one_node_has_ended_on_all() {
    let nodes = Nodes::start(20);
    let house = &nodes.house;
    house.admin(&["user", "create", "--email", "mia@example.com", "--name", "Mia"]);
    let mia_is = |role: &str| house.admin(&["member", "set-role", "--organization", "acme", "--user", "mia@example.com", "--role", role]);
    house.admin(&["member", "add", "--organization", "acme", "--user", "mia@example.com", "--role", "member"]);
    for email in ["olga@example.com", "mia@example.com"] {
        nodes.set_password(email);
    }

    // By itself, by a finder, by command, by its rotation, by its end.
    for token in [nodes.mias(), nodes.of_project()] {
        let end = || drop(nodes.ask(0, &Request::new("DELETE", "/api/v1/tokens/current").bearer(&token), 204));
        nodes.pour("by itself", &nodes.both(&token), to_a_program, end);
    }
    let token = nodes.mias();
    let found = Request::new("POST", "/api/v1/tokens/revoke").json(&json!({"token": token}));
    nodes.pour("by a finder", &nodes.both(&token), to_a_program, || drop(nodes.ask(1, &found, 200)));
    let token = nodes.of_project();
    nodes.pour("by command", &nodes.both(&token), to_a_program, || drop(house.admin(&["token", "revoke", &token])));
    let token = nodes.mias();
    let rotation = Request::new("POST", "/api/v1/tokens/current/rotate").bearer(&token).json(&json!({}));
    nodes.pour("rotated", &nodes.both(&token), to_a_program, || drop(nodes.ask(2, &rotation, 201)));
    let made = house.admin(&["token", "create", "--name", "short", "--user", "mia@example.com", "--expires-in", "5s"]);
    let (token, end) = (made["token"].as_str().unwrap(), made["expires_at"].as_str().unwrap().parse::<Time>().unwrap());
    let expires = || {
        let now = || i64::try_from(std::time::UNIX_EPOCH.elapsed().unwrap().as_micros()).unwrap();
        while now() <= end.micros() {
            std::thread::sleep(Duration::from_millis(1));
        }
    };
    nodes.pour("expired", &nodes.both(token), to_a_program, expires);

    // In settings: by its owner, and by an admin.
    let (id, token) = nodes.made(&["--user", "mia@example.com"]);
    let mut mia = nodes.visitor("mia@example.com");
    nodes.pour("by its owner in settings", &nodes.both(&token), to_a_program, || mia.revoke("/account/settings/api", &id));
    let (id, token) = nodes.made(&["--project", "acme/WEB", "--preset", "full"]);
    let mut olga = nodes.visitor("olga@example.com");
    let page = format!("/workspace/projects/{}/settings/api-token", house.project);
    nodes.pour("by an admin in settings", &nodes.both(&token), to_a_program, || olga.revoke(&page, &id));

    // Finding 20: an admin shuts a token out of the organization.
    let (id, token) = nodes.made(&["--user", "mia@example.com"]);
    let listed = nodes.ask(0, &Request::new("GET", "/api/v1/mcp/organizations").bearer(&house.personal), 200).json();
    let page = format!("/workspace/organizations/{}/tokens/{id}/shut-out", listed["organizations"][0]["id"].as_str().unwrap());
    nodes.pour("shut out by an admin", &nodes.of_the_ticket(&token), to_a_program, || {
        olga.get(1, &page);
        olga.post(2, &page, &[("reason", "seen in a log")]);
    });

    // Who somebody is.
    let token = nodes.mias();
    nodes.pour("role lowered", &[nodes.writing(&token)], to_a_program, || drop(mia_is("viewer")));
    mia_is("member");
    let remove = ["member", "remove", "--organization", "acme", "--user", "mia@example.com"];
    nodes.pour("member removed", &nodes.of_the_ticket(&token), to_a_program, || drop(house.admin(&remove)));
    house.admin(&["member", "add", "--organization", "acme", "--user", "mia@example.com", "--role", "member"]);
    let disable = ["user", "disable", "--email", "mia@example.com"];
    let enable = ["user", "enable", "--email", "mia@example.com"];
    nodes.pour("user disabled", &nodes.both(&token), to_a_program, || drop(house.admin(&disable)));
    house.admin(&enable);

    // What the organization and the project are.
    let policy = |life: &str| house.admin(&["organization", "set-policy", "--slug", "acme", "--max-token-life", life]);
    let token = nodes.mias();
    nodes.pour("policy tightened", &nodes.of_the_ticket(&token), to_a_program, || drop(policy("30d")));
    policy("none");
    let token = nodes.of_project();
    nodes.pour("policy tightened, for the project's token", &nodes.both(&token), to_a_program, || drop(policy("30d")));
    policy("none");
    let archived = |archived: bool| {
        let path = format!("/api/v1/projects/{}", house.project);
        Request::owned("PATCH", path).bearer(&house.personal).json(&json!({"project": {"archived": archived}}))
    };
    nodes.pour("project archived", &nodes.both(&token), to_a_program, || drop(nodes.ask(0, &archived(true), 200)));
    nodes.ask(0, &archived(false), 200);

    // Pages.
    let mia = nodes.visitor("mia@example.com");
    let mut elsewhere = nodes.visitor("mia@example.com");
    nodes.pour("session ended by its user elsewhere", &mia.pages(), to_a_person, || {
        elsewhere.get(1, "/account/settings");
        elsewhere.post(2, "/account/settings/sessions", &[("others", "yes")]);
    });
    elsewhere.get(1, "/workspace");
    let pages = elsewhere.pages();
    nodes.pour("signed out", &pages, to_a_person, || {
        elsewhere.get(0, "/account/settings");
        elsewhere.post(1, "/logout", &[]);
    });
    let mia = nodes.visitor("mia@example.com");
    nodes.pour("user disabled, in pages", &mia.pages(), to_a_person, || drop(house.admin(&disable)));
    house.admin(&enable);
    let mia = nodes.visitor("mia@example.com");
    nodes.pour("password set by command", &mia.pages(), to_a_person, || nodes.set_password("mia@example.com"));

    let path = format!("/api/v1/projects/{}", house.project);
    let delete = Request::new("DELETE", &path).bearer(&house.personal);
    nodes.pour("project deleted", &nodes.both(&token), to_a_program, || drop(nodes.ask(1, &delete, 204)));

    assert_eq!(nodes.ways_left.get(), 0, "each way takes its share");
    assert!(nodes.late.get() >= LATE, "{}", nodes.late.get());
    assert_eq!(nodes.servers[0].get("/api/v1/tickets", &nodes.olgas()).status, 200, "all others go on");
}

#[test]
fn ten_nodes_that_start_at_once_migrate_once() {
    let house = House::postgres();
    on_postgres_at(&house.database, "DROP SCHEMA public CASCADE; CREATE SCHEMA public");
    std::thread::scope(|scope| {
        let nodes: Vec<_> = (0..10).map(|_| scope.spawn(|| house.serve())).collect();
        for node in nodes {
            let node = node.join().unwrap();
            let deadline = Instant::now() + PATIENCE;
            while node.ask(&Request::new("GET", "/readyz")).status != 200 {
                assert!(Instant::now() < deadline, "a node does not become ready");
            }
            node.stop();
        }
    });
}

/// Finding 6: on nodes whose clocks differ, one of which is set back while they run, a token ends for all of them at once.
#[test]
fn clocks_of_nodes_give_no_right_back() {
    let house = House::postgres();
    let shift = house.path("shift");
    let set = |by: &str| std::fs::write(&shift, by).unwrap();
    set("+0s");
    let node = |clock: &dyn Fn(&mut std::process::Command)| {
        let mut command = house.command();
        command.args(["--base-url", BASE_URL]).env("BUGTOME_TRUSTED_PROXIES", "127.0.0.1").env("BUGTOME_RATE_LIMIT_ANONYMOUS", "100");
        clock(&mut command);
        Server::start(&mut command)
    };
    let fixed = |by: &'static str| move |command: &mut std::process::Command| Skewed::By(by).on(command);
    let moved = |command: &mut std::process::Command| Skewed::As(&shift).on(command);
    let nodes = [node(&fixed("-20s")), node(&fixed("+20s")), node(&moved)];
    let list = |token: &str| Request::new("GET", "/api/v1/tickets?per_page=1").bearer(token);
    let statuses = |token: &str| nodes.each_ref().map(|node| node.ask(&list(token)).status);
    // The window of a caller that comes for the first time begins by the node's own clock.
    let strangers = std::cell::Cell::new(0);
    let clock = |node: usize| {
        strangers.set(strangers.get() + 1);
        let stranger = format!("X-Forwarded-For: 198.51.100.{}", strangers.get());
        let answer = nodes[node].ask(&Request::new("GET", "/api/v1/tickets").header(&stranger));
        answer.header("x-ratelimit-reset").unwrap().parse::<i64>().unwrap()
    };
    assert!((30..50).contains(&(clock(1) - clock(0))), "the clocks do differ: {} and {}", clock(0), clock(1));
    let rotate = |node: usize, token: &str, overlap: i64| {
        let request = Request::new("POST", "/api/v1/tokens/current/rotate").bearer(token).json(&json!({"overlap_seconds": overlap}));
        let answer = nodes[node].ask(&request);
        assert_eq!(answer.status, 201, "{answer:?}");
        answer.json()["token"].as_str().unwrap().to_owned()
    };
    let until_refused = |node: usize, token: &str| {
        let began = Instant::now();
        while nodes[node].ask(&list(token)).status != 401 {
            assert!(began.elapsed() < Duration::from_secs(10), "node {node} lets it in by its own clock");
            std::thread::sleep(Duration::from_millis(20));
        }
    };

    let mut token = house.token(&["--user", "olga@example.com"]);
    assert_eq!(statuses(&token), [200; 3]);
    // Rotated on each of them: on no other does the old one work, nor does it stop the new one.
    for node in 0..3 {
        let next = rotate(node, &token, 0);
        assert_eq!(statuses(&token), [401; 3], "rotated on node {node}");
        assert_eq!(statuses(&next), [200; 3]);
        token = next;
    }
    // An overlap ends for all at once, whichever node gave it.
    for node in 0..3 {
        let next = rotate(node, &token, 2);
        assert_eq!(statuses(&token), [200; 3], "in the overlap that node {node} gave");
        until_refused(node, &token);
        assert_eq!(statuses(&token), [401; 3]);
        token = next;
    }
    // And so does its life.
    let made = house.admin(&["token", "create", "--name", "short", "--user", "olga@example.com", "--expires-in", "3s"]);
    let short = made["token"].as_str().unwrap();
    assert_eq!(statuses(short), [200; 3]);
    until_refused(0, short);
    assert_eq!(statuses(short), [401; 3]);

    // A clock that is set back while its node runs gives none of them back.
    let before = clock(2);
    set("-3600s");
    assert!(clock(2) < before - 3_000, "it is set back");
    assert_eq!(nodes[2].ask(&list(short)).status, 401);
    let next = rotate(2, &token, 0);
    assert_eq!(statuses(&token), [401; 3]);
    set("-7200s");
    assert_eq!(statuses(&token), [401; 3]);
    assert_eq!(statuses(&next), [200; 3]);
}
