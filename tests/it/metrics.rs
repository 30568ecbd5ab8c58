//! `/metrics` of a server that has worked: what the dashboard and the alerts ask for is there, and says what happened.
//! That each alert fires when it should is tried by promtool, in `tests/installing/`.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::redis_server::Redis;
use crate::server::{House, Request, Server, ticket};

const DASHBOARD: &str = include_str!("../../packaging/grafana-dashboard.json");
const ALERTS: &str = include_str!("../../packaging/alerts.yaml");

/// A server that has been asked for a few things, and its meters' address; with these flags.
fn busy(house: &House, flags: &[&str]) -> (Server, String) {
    let port = super::ports::free_port();
    let meters = format!("127.0.0.1:{port}");
    let server = Server::start(house.command().args(["--metrics-listen", &meters]).args(flags));
    assert_eq!(server.get("/api/v1/tickets?q=words", &house.personal).status, 200);
    let filing = Request::new("POST", "/api/v1/tickets").bearer(&house.personal).json(&ticket("counted", &house.project));
    assert_eq!(server.ask(&filing).status, 201);
    assert_eq!(server.get("/api/v1/tickets", "nonsense").status, 401);
    (server, meters)
}

fn told(meters: &str) -> String {
    Request::new("GET", "/metrics").send(meters).unwrap().body
}

/// The value of a series; none if it is not there.
fn value(text: &str, series: &str) -> Option<f64> {
    text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' ')?.parse().ok())
}

/// The names that there are, those of a histogram's parts too.
fn names(text: &str) -> BTreeSet<&str> {
    text.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split(['{', ' ']).next()).collect()
}

/// The names of ours, or of the process, in an expression.
fn asked(expression: &str) -> BTreeSet<&str> {
    let words = expression.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    words.filter(|word| word.starts_with("bugtome_") || word.starts_with("process_")).collect()
}

/// The expressions of the dashboard's panels, and the query of its variable.
fn expressions(dashboard: &Value) -> Vec<String> {
    let panels = dashboard["panels"].as_array().unwrap().iter();
    let targets = panels.flat_map(|panel| panel["targets"].as_array().unwrap());
    let variables = dashboard["templating"]["list"].as_array().unwrap().iter().filter_map(|variable| variable["query"]["query"].as_str());
    targets.map(|target| target["expr"].as_str().unwrap()).chain(variables).map(ToOwned::to_owned).collect()
}

#[test]
fn what_dashboard_and_alerts_ask_for_is_told() {
    let (house, redis) = (House::sqlite(), Redis::start());
    // Some meters are there only where limits are shared.
    let (server, meters) = busy(&house, &["--redis-url", &redis.url()]);
    let text = told(&meters);
    let there = names(&text);
    let dashboard: Value = serde_json::from_str(DASHBOARD).unwrap();
    let expressions = expressions(&dashboard);
    let mut wanted: BTreeSet<&str> = expressions.iter().flat_map(|expression| asked(expression)).collect();
    assert!(wanted.len() > 15, "{wanted:?}");
    // All that is told is shown: what nobody looks at need not be counted. Of a histogram the sum is the part that is not.
    let unseen: Vec<_> =
        there.iter().filter(|name| !wanted.contains(*name) && !name.ends_with("_sum") && !name.ends_with("_count")).collect();
    assert!(unseen.is_empty(), "the dashboard does not show {unseen:?}");
    let in_alerts = asked(ALERTS.split_once("groups:").unwrap().1);
    assert!(in_alerts.len() > 5, "{in_alerts:?}");
    wanted.extend(in_alerts);
    let missing: Vec<_> = wanted.difference(&there).collect();
    assert!(missing.is_empty(), "{missing:?} are not in\n{text}");
    assert_eq!(ALERTS.matches("- alert: ").count(), 4);
    for panel in dashboard["panels"].as_array().unwrap() {
        assert_eq!(panel["datasource"]["uid"], "${datasource}", "the source of data is for its reader to choose: {panel}");
    }
    server.stop();
}

#[test]
fn the_meters_say_what_has_happened() {
    let house = House::sqlite();
    let (server, meters) = busy(&house, &[]);
    let text = told(&meters);
    let of = |series: &str| value(&text, series).unwrap_or_else(|| panic!("no {series} in\n{text}"));
    let version = env!("CARGO_PKG_VERSION");
    assert!((of(&format!("bugtome_build_info{{database=\"sqlite\",version=\"{version}\"}}")) - 1.0).abs() < f64::EPSILON);
    let filed = "bugtome_http_request_duration_seconds_count{method=\"POST\",route=\"/api/v1/tickets\",status=\"2xx\"}";
    assert!((of(filed) - 1.0).abs() < f64::EPSILON);
    assert!(of("bugtome_refusals_total{reason=\"unauthenticated\"}") >= 1.0);
    assert!(of("bugtome_database_commits_total") >= 1.0 && of("bugtome_database_works_total") >= of("bugtome_database_commits_total"));
    assert!(of("bugtome_database_seconds_total") > 0.0);
    assert!(of("bugtome_database_bytes") >= 40.0 * 4096.0);
    assert!(of("bugtome_disk_free_bytes") > 0.0 && of("bugtome_disk_bytes") > of("bugtome_disk_free_bytes"));
    assert!(of("bugtome_connections_limit") > of("bugtome_connections"));
    if cfg!(target_os = "linux") {
        let status = std::fs::read_to_string(format!("/proc/{}/status", server.process.id())).unwrap();
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap().trim().trim_end_matches(" kB");
        let resident = resident.parse::<f64>().unwrap() * 1024.0;
        assert!((of("process_resident_memory_bytes") / resident - 1.0).abs() < 0.5, "{resident}");
        assert!(of("process_open_fds") > 5.0 && of("process_max_fds") > of("process_open_fds"));
        assert!(of("process_cpu_seconds_total") < 60.0);
    }
    let started =
        f64::from(u32::try_from(bugtome::app::clock::Clock::system().now().seconds()).unwrap()) - of("process_start_time_seconds");
    assert!((-1.0..120.0).contains(&started), "{started}");
    server.stop();
}

#[test]
fn of_postgres_its_own_exporter_tells_the_size() {
    let house = House::postgres();
    let (server, meters) = busy(&house, &[]);
    let text = told(&meters);
    assert!(names(&text).contains("bugtome_pool_busy") && !text.contains("bugtome_disk"), "{text}");
    server.stop();
}
