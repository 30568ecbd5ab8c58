//! The time by which rights go on SQLite: it never goes back behind what was told, whatever becomes of the machine's clock, until a command says so.
//! The real process under `faketime`; what PostgreSQL's clock does for many nodes is told in `nodes`. Finding 6 of the security review.

use std::time::{Duration, Instant};

use bugtome::model::time::Time;
use serde_json::{Value, json};

use super::server::{House, Request, Server, Skewed, ticket};

fn list(token: &str) -> Request<'static> {
    Request::new("GET", "/api/v1/tickets?per_page=1").bearer(token)
}

fn status(server: &Server, token: &str) -> u16 {
    server.ask(&list(token)).status
}

fn until_refused(server: &Server, token: &str) {
    let began = Instant::now();
    while status(server, token) != 401 {
        assert!(began.elapsed() < Duration::from_secs(10), "it does not end");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn serve(house: &House, clock: &Skewed<'_>) -> Server {
    let mut command = house.command();
    clock.on(&mut command);
    Server::start(&mut command)
}

/// When a ticket that is filed now says that it was.
fn filed(house: &House, server: &Server) -> Time {
    let filed = server.ask(&Request::new("POST", "/api/v1/tickets").bearer(&house.personal).json(&ticket("now", &house.project)));
    assert_eq!(filed.status, 201, "{filed:?}");
    filed.json()["created_at"].as_str().unwrap().parse().unwrap()
}

fn short(house: &House, life: &str) -> (String, String) {
    let made = house.admin(&["token", "create", "--name", "short", "--user", "olga@example.com", "--expires-in", life]);
    let text = |field: &str| made[field].as_str().unwrap().to_owned();
    (text("id"), text("token"))
}

/// What `doctor` says of the time by which rights go.
fn doctor_of_the_clock(house: &House) -> Value {
    let output = super::server::bugtome(house.folder.path()).args(["doctor", "--json", "--database", &house.database]).output().unwrap();
    let all: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"));
    all.iter().find(|finding| finding["what"] == "database clock").unwrap_or_else(|| panic!("{all:?}")).clone()
}

#[test]
fn what_has_ended_stays_ended_when_the_clock_is_set_back() {
    let house = House::sqlite();
    let shift = house.path("shift");
    let set = |by: &str| std::fs::write(&shift, by).unwrap();
    set("+0s");
    let server = serve(&house, &Skewed::As(&shift));
    let (_, expired) = short(&house, "2s");
    let rotated = house.token(&["--user", "olga@example.com"]);
    let rotate = Request::new("POST", "/api/v1/tokens/current/rotate").bearer(&rotated).json(&json!({"overlap_seconds": 2}));
    assert_eq!(server.ask(&rotate).status, 201);
    assert_eq!((status(&server, &expired), status(&server, &rotated)), (200, 200));
    until_refused(&server, &expired);
    until_refused(&server, &rotated);
    let before = filed(&house, &server);

    // While it runs.
    set("-3600s");
    assert_eq!((status(&server, &expired), status(&server, &rotated)), (401, 401));
    let (second, third) = (filed(&house, &server), filed(&house, &server));
    assert!(before < second && second < third, "{before} {second} {third}");

    // Killed at once, so that it could write nothing down, and started again.
    server.kill();
    let server = serve(&house, &Skewed::As(&shift));
    assert_eq!((status(&server, &expired), status(&server, &rotated)), (401, 401));
    assert!(filed(&house, &server) > third);
    assert_eq!(status(&server, &house.personal), 200);
    // Stopped in order, and started again.
    let last = filed(&house, &server);
    server.stop();
    let server = serve(&house, &Skewed::As(&shift));
    let next = filed(&house, &server);
    assert!(next > last && next.since(last).micros() < 1_000_000, "in order it goes on where it was: {last} {next}");
    // A token that a command makes meanwhile ends by the same clock.
    let (_, later) = short(&house, "60s");
    assert_eq!(status(&server, &later), 200);
    server.stop();
}

#[test]
fn a_killed_server_leaves_the_clock_at_most_ten_seconds_ahead() {
    let house = House::sqlite();
    let server = house.serve();
    let before = filed(&house, &server);
    server.kill();
    let server = house.serve();
    let after = filed(&house, &server);
    assert!(after > before && after.since(before).whole_seconds() <= 11, "{before} {after}");
    server.stop();
}

#[test]
fn a_clock_that_ran_ahead_is_reset_by_a_command_that_says_what_comes_back() {
    let house = House::sqlite();
    let (id, token) = short(&house, "1h");
    let revoked = short(&house, "1h");
    house.admin(&["token", "revoke", &revoked.0]);
    let ahead = serve(&house, &Skewed::By("+7200s"));
    assert_eq!(status(&ahead, &token), 401, "it has ended by that clock");
    ahead.stop();

    let mut command = house.command();
    command.args(["--metrics-listen", "127.0.0.1:0"]);
    let log = house.path("server.log");
    let server = Server::start(command.stderr(std::fs::File::create(&log).unwrap()));
    assert_eq!(status(&server, &token), 401, "and stays so by the right one");
    assert!(std::fs::read_to_string(&log).unwrap().contains("the machine's clock is behind"), "the log warns");
    let told = doctor_of_the_clock(&house);
    assert_eq!(told["level"], "warn", "{told}");
    assert!(told["advice"].as_str().unwrap().contains("bugtome admin clock reset"), "{told}");
    let refused = house.try_admin(&["clock", "reset"]);
    assert!(!refused.status.success(), "a server runs");
    assert!(String::from_utf8_lossy(&refused.stderr).contains("stop it first; nothing has been changed"), "{refused:?}");
    assert_eq!(status(&server, &token), 401);
    server.stop();

    let reset = house.try_admin(&["clock", "reset"]);
    assert!(reset.status.success(), "{reset:?}");
    let said: Value = serde_json::from_slice(&reset.stdout).unwrap();
    let revived: Vec<&str> = said["revived"].as_array().unwrap().iter().map(|token| token["id"].as_str().unwrap()).collect();
    assert_eq!(revived, [id.as_str()], "what was revoked does not come back: {said}");
    let audit = String::from_utf8_lossy(&reset.stderr).into_owned();
    assert!(audit.contains(r#""act":"clock_reset""#), "{audit}");
    let server = house.serve();
    assert_eq!(status(&server, &token), 200);
    let now = Time::from_micros(i64::try_from(std::time::UNIX_EPOCH.elapsed().unwrap().as_micros()).unwrap());
    assert!(filed(&house, &server).since(now).whole_seconds().abs() < 5);
    server.stop();
    assert_eq!(doctor_of_the_clock(&house)["level"], "ok");
    // Said once more it does no harm.
    let again = house.admin(&["clock", "reset"]);
    assert_eq!(again["revived"], json!([]));
}

#[test]
fn times_that_others_wrote_do_not_count() {
    let house = House::sqlite();
    short(&house, "3650d");
    let issues = house.path("issues.json");
    let issue = json!([{
        "number": 1, "title": "From the future", "body": "a clock that ran ahead", "state": "OPEN", "createdAt": "2099-01-01T00:00:00Z",
        "updatedAt": "2099-01-01T00:00:00Z", "author": {"login": "olga"}, "labels": [], "comments": [], "assignees": []
    }]);
    std::fs::write(&issues, issue.to_string()).unwrap();
    let mut command = super::server::bugtome(house.folder.path());
    command.args(["import", "github-json", issues.to_str().unwrap(), "--database", &house.database, "--project", "acme/WEB"]);
    let imported = command.output().unwrap();
    assert!(imported.status.success(), "{imported:?}");
    let server = house.serve();
    assert!(filed(&house, &server) < "2098-01-01T00:00:00Z".parse().unwrap());
    server.stop();
}
