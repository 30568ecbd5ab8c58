//! Redis gone, frozen, full, or not there yet: requests go on within 100 ms, each node limits by itself, and afterwards they are shared again.
//! What is shared is told in `shared_limits`. Times are judged by medians of several turns, since the machine has other things to do.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::ports::free_port;
use super::redis_server::{Node, Redis, number};
use super::server::{House, bugtome};

/// How many clients ask all the time.
const CLIENTS: usize = 4;

const TURNS: usize = 5;

/// The slowest request before the trouble, and the slowest of those that ended after it, while clients ask all the time. None fails.
fn under_load(node: &Node, token: &str, trouble: impl FnOnce()) -> (Duration, Duration) {
    let over = AtomicBool::new(false);
    let (began, asked) = std::thread::scope(|scope| {
        let client = || {
            let mut asked = Vec::new();
            while !over.load(Ordering::Relaxed) {
                let begun = Instant::now();
                let answer = node.get(token);
                assert_eq!(answer.status, 200, "{answer:?}");
                asked.push((Instant::now(), begun.elapsed()));
            }
            asked
        };
        let clients: Vec<_> = (0..CLIENTS).map(|_| scope.spawn(client)).collect();
        std::thread::sleep(Duration::from_millis(400));
        let began = Instant::now();
        trouble();
        std::thread::sleep(Duration::from_millis(600));
        over.store(true, Ordering::Relaxed);
        (began, clients.into_iter().flat_map(|client| client.join().unwrap()).collect::<Vec<_>>())
    });
    let (after, before): (Vec<_>, Vec<_>) = asked.into_iter().partition(|(ended, _)| *ended >= began);
    let slowest = |asked: Vec<(Instant, Duration)>| asked.into_iter().map(|(_, took)| took).max().unwrap();
    (slowest(before), slowest(after))
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

/// How often the log says that Redis is of no use, and that limits are shared.
fn told(house: &House) -> (usize, usize) {
    let log = Node::log(house);
    (log.matches("Redis is of no use").count(), log.matches("limits are shared by all nodes").count())
}

#[test]
fn a_redis_that_is_killed_under_load_costs_no_request_and_comes_back() {
    let house = House::sqlite();
    let mut redis = Some(Redis::start());
    let port = redis.as_ref().unwrap().port();
    let node = Node::start(&house, &format!("redis://127.0.0.1:{port}"), 1_000_000, 0);
    let mut slowest = Vec::new();
    for _ in 0..TURNS {
        node.wait_until_shared(true);
        let before = node.alone();
        let (usual, worst) = under_load(&node, &house.personal, || drop(redis.take()));
        slowest.push(worst.saturating_sub(usual));
        node.wait_until_shared(false);
        assert!(node.alone() > before, "it is counted who was limited by this node alone");
        redis = Some(Redis::start_with(port, &[]));
    }
    node.wait_until_shared(true);
    println!("slower than the slowest before Redis was killed, by turns: {slowest:?}");
    assert!(median(slowest.clone()) < Duration::from_millis(100), "{slowest:?}");
    let (warnings, again) = told(&house);
    // One for each time, not for each request: there were more than a hundred without Redis. A busy machine may add some.
    assert!((TURNS..TURNS * 3).contains(&warnings), "{warnings} warnings");
    assert_eq!(again, warnings + 1, "each has its end in the log");
    assert!(node.alone() > 100, "{}", node.alone());
}

#[test]
fn a_frozen_redis_is_a_gone_one() {
    let (house, redis) = (House::sqlite(), Redis::start());
    let node = Node::start(&house, &redis.url(), 1_000_000, 0);
    let (mut slowest, mut waited, mut next) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..TURNS {
        node.wait_until_shared(true);
        let (usual, worst) = under_load(&node, &house.personal, || redis.signal("STOP"));
        slowest.push(worst.saturating_sub(usual));
        waited.push(worst);
        // Nobody waits for it again.
        let begun = Instant::now();
        assert_eq!(node.get(&house.personal).status, 200);
        next.push(begun.elapsed());
        assert!(!node.is_shared());
        redis.signal("CONT");
    }
    node.wait_until_shared(true);
    println!("slower than the slowest before Redis was frozen, by turns: {slowest:?}; the slowest at all: {waited:?}; one later: {next:?}");
    assert!(median(slowest.clone()) < Duration::from_millis(100), "{slowest:?}");
    assert!(waited.iter().all(|waited| *waited > Duration::from_millis(49)), "somebody has waited for it, or nothing was measured");
    assert!(median(next.clone()) < Duration::from_millis(50), "{next:?}");
    let (warnings, again) = told(&house);
    assert!((TURNS..TURNS * 3).contains(&warnings) && again == warnings + 1, "{warnings} warnings, {again} ends");
}

#[test]
fn alone_a_node_goes_on_where_all_had_come_to() {
    let house = House::postgres();
    let redis = Redis::start();
    let port = redis.port();
    let nodes: [Node; 3] = std::array::from_fn(|_| Node::start(&house, &redis.url(), 10, 0));
    let left = |node: &Node| number(&node.get(&house.personal), "x-ratelimit-remaining");
    let shared: Vec<_> = (0..6).map(|turn| left(&nodes[turn % 3])).collect();
    assert_eq!(shared, [9, 8, 7, 6, 5, 4]);
    drop(redis);
    // The last node has asked for two, and knows of six.
    let alone: Vec<_> =
        (0..5).map(|_| nodes[2].get(&house.personal)).map(|answer| (answer.status, number(&answer, "x-ratelimit-remaining"))).collect();
    assert_eq!(alone, [(200, 3), (200, 2), (200, 1), (200, 0), (429, 0)]);
    // Each node by itself: the first knows of four.
    assert_eq!(left(&nodes[0]), 5);
    // The second has not been asked meanwhile, and finds out all the same.
    nodes[1].wait_until_shared(false);
    let _redis = Redis::start_with(port, &[]);
    for node in &nodes {
        node.wait_until_shared(true);
    }
    let shared: Vec<_> = nodes.iter().map(left).collect();
    assert_eq!(shared, [9, 8, 7], "a Redis that has forgotten everything begins anew, for all of them");
}

#[test]
fn a_server_starts_without_redis_and_finds_it_later() {
    let (house, port) = (House::sqlite(), free_port());
    let node = Node::start(&house, &format!("redis://:hush@127.0.0.1:{port}"), 5, 0);
    assert_eq!(node.get(&house.personal).status, 200);
    assert!(!node.is_shared());
    assert_eq!(told(&house), (1, 0));
    let _redis = Redis::start_with(port, &["--requirepass", "hush"]);
    node.wait_until_shared(true);
    assert_eq!(told(&house), (1, 1));
    assert!(!Node::log(&house).contains("hush"), "{}", Node::log(&house));
    node.server.stop();
}

#[test]
fn a_redis_that_cannot_count_is_none() {
    let (house, redis) = (House::sqlite(), Redis::start());
    let node = Node::start(&house, &redis.url(), 1_000, 0);
    node.wait_until_shared(true);
    redis.ask::<()>(&["CONFIG", "SET", "maxmemory", "1"]);
    for _ in 0..5 {
        assert_eq!(node.get(&house.personal).status, 200);
    }
    // It answers, but it does not count: that is tried, and nobody is told that it is well.
    std::thread::sleep(Duration::from_millis(2_500));
    assert!(!node.is_shared());
    let (warnings, again) = told(&house);
    assert_eq!(warnings, again, "{}", Node::log(&house));
    assert!(Node::log(&house).contains("OOM"));
    redis.ask::<()>(&["CONFIG", "SET", "maxmemory", "0"]);
    node.wait_until_shared(true);
}

#[test]
fn a_url_that_makes_no_sense_is_refused_and_no_password_is_shown() {
    let house = House::sqlite();
    for wrong in ["cache:6379", "http://me:hush@cache", "rediss://me:hush@cache/#insecure", "redis+unix:///run/redis.sock?pass=hush"] {
        let by_flag = house.command().args(["--redis-url", wrong]).output().unwrap();
        let by_variable = house.command().env("BUGTOME_REDIS_URL", wrong).output().unwrap();
        for (output, code, from) in
            [(by_flag, 2, "redis_url (from flag)"), (by_variable, 1, "redis_url (from environment BUGTOME_REDIS_URL)")]
        {
            let said = String::from_utf8(output.stderr).unwrap();
            assert_eq!(output.status.code(), Some(code), "{said}");
            assert!(said.contains(from) && !said.contains("hush"), "{said}");
        }
    }
    let output = bugtome(house.folder.path()).env("BUGTOME_REDIS_URL", "rediss://me:hush@cache:6380/1").arg("config").output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(
        said.contains(r#"redis_url = "rediss://me:***@cache:6380/1" # environment BUGTOME_REDIS_URL"#) && !said.contains("hush"),
        "{said}"
    );
}
