//! Limits that hold over all nodes: real nodes over one PostgreSQL and one real Redis, asked at once.
//! What happens when Redis is gone is told in `limits_alone`, what a limit is in `limits`.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use serde_json::json;

use super::ports::free_port;
use super::process::certificate;
use super::redis_server::{Node, Redis, number, undisturbed};
use super::server::{Answer, House, Request, bugtome, ticket};

pub(crate) const PASSWORD: &str = "a horse that is correct";

fn three(house: &House, redis: &Redis, authenticated: u32, anonymous: u32) -> [Node; 3] {
    std::array::from_fn(|_| Node::start(house, &redis.url(), authenticated, anonymous))
}

/// Asks `count` times at once, by turns at each node.
fn at_once(nodes: &[Node], count: usize, ask: impl Fn(&Node, usize) -> Answer + Sync) -> Vec<Answer> {
    let ask = &ask;
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..count).map(|turn| scope.spawn(move || ask(&nodes[turn % nodes.len()], turn))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

#[test]
fn a_token_has_its_limit_on_all_nodes_together() {
    let (house, redis) = (House::postgres(), Redis::start());
    let nodes = three(&house, &redis, 40, 0);
    let filed = ticket("one of many", &house.project);
    let story = |_| {
        let token = house.token(&["--user", "olga@example.com"]);
        at_once(&nodes, 90, |node, turn| match turn % 3 {
            0 => node.get(&token),
            1 => node.server.ask(&Request::new("POST", "/api/v1/tickets").bearer(&token).json(&filed)),
            _ => node.server.ask(&Request::new("GET", "/api/v1/tickets?q=many").bearer(&token)),
        })
    };
    undisturbed(&nodes, story, |answers| {
        let (passed, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status != 429);
        assert!(passed.iter().all(|answer| matches!(answer.status, 200 | 201)));
        assert_eq!((passed.len(), refused.len()), (40, 50));
        // Counted one by one: each number that can be left was left once.
        let left: BTreeSet<i64> = passed.iter().map(|answer| number(answer, "x-ratelimit-remaining")).collect();
        assert_eq!(left, (0..40).collect());
        assert!(
            refused
                .iter()
                .all(|answer| number(answer, "x-ratelimit-remaining") == 0 && answer.json()["details"]["retry_after"] == json!(3600))
        );
        let resets: BTreeSet<i64> = passed.iter().chain(&refused).map(|answer| number(answer, "x-ratelimit-reset")).collect();
        assert_eq!(resets.len(), 1, "all nodes name one moment: {resets:?}");
    });
}

#[test]
fn a_refused_post_does_nothing_and_a_successor_shares_the_window() {
    let (house, redis) = (House::postgres(), Redis::start());
    let nodes = three(&house, &redis, 4, 0);
    let tickets = || number(&nodes[0].get(&house.token(&["--user", "olga@example.com"])), "x-total-count");
    let story = |_| {
        let token = house.token(&["--user", "olga@example.com"]);
        let rotated = nodes[0].server.ask(&Request::new("POST", "/api/v1/tokens/current/rotate").bearer(&token).json(&json!({})));
        let successor = rotated.json()["token"].as_str().unwrap().to_owned();
        let left: Vec<_> = (1..4).map(|turn| number(&nodes[turn % 3].get(&successor), "x-ratelimit-remaining")).collect();
        let before = tickets();
        let refused =
            nodes[1].server.ask(&Request::new("POST", "/api/v1/tickets").bearer(&successor).json(&ticket("too much", &house.project)));
        // The limit comes before the scope, and before the body.
        let broken = nodes[2].server.ask(&Request::new("POST", "/api/v1/tickets").bearer(&successor).text("{"));
        (left, refused.status, broken.status, tickets() - before)
    };
    undisturbed(&nodes, story, |told| assert_eq!(told, (vec![2, 1, 0], 429, 429, 0)));
}

#[test]
fn an_address_has_its_limit_on_all_nodes_together() {
    let (house, redis) = (House::postgres(), Redis::start());
    let nodes = three(&house, &redis, 0, 9);
    let story = |turn| {
        // Of IPv6 a whole network is one caller; no token, a wrong one, and a route that does not exist are all the same.
        let from = move |host: usize| format!("2001:db8:0:{turn}::{host}");
        let strangers = at_once(&nodes, 12, |node, host| match host % 3 {
            0 => node.ask_from(&from(host), Request::new("GET", "/api/v1/tickets")),
            1 => node.ask_from(&from(host), Request::new("GET", "/api/v1/tickets").bearer("pk_bt10123456789ABCDEFGHIJKLMNOPQRSTUV1j1k79")),
            _ => node.ask_from(&from(host), Request::new("GET", "/api/v1/nothing")),
        });
        let after: Vec<_> = nodes.iter().map(|node| node.ask_from(&from(99), Request::new("GET", "/api/v1/tickets")).status).collect();
        let finder = nodes[0].ask_from(&from(1), Request::new("POST", "/api/v1/tokens/revoke").json(&json!({"tokens": []})));
        let next = nodes[1].ask_from(&from(2), Request::new("POST", "/api/v1/tokens/revoke").json(&json!({"tokens": []})));
        (strangers, after, [finder, next])
    };
    undisturbed(&nodes, story, |(strangers, after, finders)| {
        let left: Vec<_> = strangers.iter().map(|answer| number(answer, "x-ratelimit-remaining")).collect();
        assert_eq!(left.iter().copied().collect::<BTreeSet<_>>(), (0..9).collect());
        // One of the nine leaves none, and the three that are too many.
        assert_eq!(left.iter().filter(|left| **left == 0).count(), 4);
        assert!(strangers.iter().all(|answer| matches!(answer.status, 401 | 404 | 429)));
        assert_eq!(after, [429; 3]);
        let left: Vec<_> = finders.iter().map(|answer| (answer.status, number(answer, "x-ratelimit-remaining"))).collect();
        assert_eq!(left, [(200, 99), (200, 98)], "finders have a limit of their own");
    });
}

/// A browser's try to sign in.
fn sign_in(node: &Node, from: &str, email: &str, password: &str) -> Answer {
    let page = node.ask_from(from, Request::new("GET", "/login"));
    let key = page.body.split("name=\"key\" value=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("the form has its key");
    let cookie = page.header("set-cookie").and_then(|cookie| cookie.split(';').next()).expect("the browser has its cookie");
    let form = Request::new("POST", "/login").header(&format!("Cookie: {cookie}"));
    node.ask_from(from, form.form(&[("email", email), ("password", password), ("key", key)]))
}

/// A user who has a password.
pub(crate) fn user(house: &House, email: &str) {
    let mut command = bugtome(house.folder.path());
    command.args(["admin", "--database", &house.database, "user", "create", "--email", email, "--name", "Mia", "--password-stdin"]);
    let mut process = command.stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::null()).spawn().unwrap();
    std::io::Write::write_all(&mut process.stdin.take().unwrap(), PASSWORD.as_bytes()).unwrap();
    assert!(process.wait().unwrap().success());
}

#[test]
fn failed_sign_ins_count_on_all_nodes_together_and_redis_learns_no_address() {
    let (house, redis) = (House::postgres(), Redis::start());
    let nodes = three(&house, &redis, 0, 5);
    let story = |turn| {
        let email = format!("mia{turn}@example.com");
        user(&house, &email);
        // Who is right is not counted.
        let right: Vec<_> = (0..12).map(|turn| sign_in(&nodes[turn % 3], "192.0.2.7", &email, PASSWORD).status).collect();
        let wrong = at_once(&nodes, 15, |node, _| sign_in(node, "192.0.2.7", &email, "a guess"));
        let then: Vec<_> = nodes.iter().map(|node| sign_in(node, "192.0.2.7", &email, PASSWORD)).collect();
        let elsewhere = sign_in(&nodes[0], "192.0.2.8", &email, PASSWORD).status;
        nodes[0].ask_from("192.0.2.7", Request::new("GET", "/api/v1/tickets"));
        (right, wrong, then, elsewhere)
    };
    undisturbed(&nodes, story, |(right, wrong, then, elsewhere)| {
        assert_eq!(right, [303; 12]);
        let looked_at = wrong.iter().filter(|answer| answer.status == 422).count();
        assert_eq!((looked_at, wrong.iter().filter(|answer| answer.status == 429).count()), (10, 5));
        for refused in then {
            assert_eq!(refused.status, 429);
            assert!((1..=900).contains(&number(&refused, "retry-after")));
        }
        assert_eq!(elsewhere, 303, "at another address its owner gets in");
    });
    // What rests there: digests and numbers, that go by themselves.
    let keys = redis.keys("*");
    for kind in ["address", "sign-in:address", "sign-in:pair", "sign-in:account"] {
        assert!(keys.iter().any(|key| key.starts_with(&format!("bugtome:{kind}:"))), "{kind} is not in {keys:?}");
    }
    for key in keys {
        let value: Vec<String> = redis.ask(&["HGETALL", &key]);
        let text = format!("{key} {value:?}");
        assert!(key.starts_with("bugtome:") && !text.contains("mia") && !text.contains("192.0.2") && !text.contains('@'), "{text}");
        let rest: i64 = redis.ask(&["PTTL", &key]);
        assert!((0..=3_600_000).contains(&rest), "{key} rests for {rest} ms");
    }
}

#[test]
fn a_window_ends_for_all_nodes_at_once() {
    let (house, redis) = (House::postgres(), Redis::start());
    let nodes = three(&house, &redis, 5, 0);
    let story = |_| {
        redis.ask::<()>(&["FLUSHALL"]);
        let token = house.token(&["--user", "olga@example.com"]);
        let first: Vec<_> = nodes.iter().map(|node| number(&node.get(&token), "x-ratelimit-remaining")).collect();
        // Rather than wait for an hour: the window ends in 1.5 seconds.
        let [key] = redis.keys("bugtome:token:*").try_into().unwrap();
        let sooner = "local t = redis.call('TIME') local e = t[1] * 1000 + math.floor(t[2] / 1000) + 1500
                      redis.call('HSET', KEYS[1], 'end', e) redis.call('PEXPIREAT', KEYS[1], e)";
        redis.ask::<()>(&["EVAL", sooner, "1", &key]);
        let shortened = Instant::now();
        let last: Vec<_> = nodes.iter().map(|node| node.get(&token)).collect();
        let left: Vec<_> = last.iter().map(|answer| (answer.status, number(answer, "x-ratelimit-remaining"))).collect();
        let retry = number(&last[2], "retry-after");
        std::thread::sleep(Duration::from_millis(1_520).saturating_sub(shortened.elapsed()));
        let next: Vec<_> = nodes.iter().rev().map(|node| number(&node.get(&token), "x-ratelimit-remaining")).collect();
        (first, left, (1..=2).contains(&retry), next)
    };
    let expected = (vec![4, 3, 2], vec![(200, 1), (200, 0), (429, 0)], true, vec![4, 3, 2]);
    undisturbed(&nodes, story, |told| assert_eq!(told, expected));
}

#[test]
fn a_server_that_has_forgotten_the_script_is_taught_it_anew() {
    let (house, redis) = (House::sqlite(), Redis::start());
    let nodes = [Node::start(&house, &redis.url(), 100, 0)];
    let story = |_| {
        let token = house.token(&["--user", "olga@example.com"]);
        let left = |_| {
            redis.ask::<()>(&["SCRIPT", "FLUSH"]);
            number(&nodes[0].get(&token), "x-ratelimit-remaining")
        };
        (0..4).map(left).collect::<Vec<_>>()
    };
    undisturbed(&nodes, story, |left| assert_eq!(left, [99, 98, 97, 96]));
}

#[test]
fn two_installations_in_one_redis_do_not_mix() {
    let (one, other, redis) = (House::sqlite(), House::sqlite(), Redis::start());
    let nodes = [Node::start(&one, &redis.url(), 0, 50), Node::start(&other, &redis.url(), 0, 50)];
    let again = Node::start(&one, &redis.url(), 0, 50);
    let story = |turn| {
        let from = format!("192.0.2.{turn}");
        let left = |node: &Node| number(&node.ask_from(&from, Request::new("GET", "/api/v1/tickets")), "x-ratelimit-remaining");
        [left(&nodes[0]), left(&nodes[1]), left(&nodes[0]), left(&again)]
    };
    // Another process over the same database is another node of the same installation.
    undisturbed(&nodes, story, |left| assert_eq!(left, [49, 49, 48, 47]));
}

#[test]
fn redis_is_reached_by_tls_with_a_password_and_only_if_its_certificate_is_trusted() {
    let (house, port) = (House::sqlite(), free_port());
    certificate(house.folder.path(), "cache.test");
    let file = |name: &str| house.folder.path().join(name).display().to_string();
    let (cert, key) = (file("cert.pem"), file("key.pem"));
    let tls = ["--tls-port", &port.to_string(), "--tls-cert-file", &cert, "--tls-key-file", &key, "--tls-auth-clients", "no"];
    let _redis = Redis::start_with(free_port(), &[&tls[..], &["--requirepass", "hush"]].concat());
    let start = |password: &str, trusted: &[(&str, &str)]| {
        Node::start_with(&house, &format!("rediss://:{password}@127.0.0.1:{port}"), &[("AUTHENTICATED", 5)], trusted)
    };
    let trusted = [("SSL_CERT_FILE", cert.as_str())];
    start("hush", &trusted).wait_until_shared(true);
    for node in [start("wrong-hush", &trusted), start("hush", &[])] {
        assert_eq!(node.get(&house.personal).status, 200);
        assert!(!node.is_shared() && node.alone() == 1);
    }
    let log = Node::log(&house);
    assert!(
        log.contains("rediss://:***@127.0.0.1") && log.contains("Password authentication failed") && log.contains("UnknownIssuer"),
        "{log}"
    );
    assert!(!log.contains("hush"), "{log}");
}
