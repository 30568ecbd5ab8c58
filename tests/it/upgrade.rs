//! A rolling upgrade: a node of an earlier release and one of this serve side by side on this release's schema.
//! `./test upgrade` builds the earlier release and runs this; what each step of the schema promises is tested beside the steps.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::json;

use super::server::{House, Request, ticket};

#[test]
#[ignore = "needs an earlier release, which ./test upgrade builds"]
fn two_releases_serve_side_by_side() {
    let before: PathBuf =
        std::env::var_os("BUGTOME_TEST_BEFORE").expect("BUGTOME_TEST_BEFORE must name the earlier release's binary").into();
    let mut house = House::made_by(before);
    let old = house.serve();
    let filed = |server: &super::server::Server, title: &str, key: &str| {
        let request = Request::new("POST", "/api/v1/tickets").bearer(&house.personal).header(&format!("Idempotency-Key: {key}"));
        let answer = server.ask(&request.json(&ticket(title, &house.project)));
        assert_eq!(answer.status, 201, "{answer:?}");
        answer.json()
    };
    let make = |house: &House| house.token(&["--user", "olga@example.com"]);
    let by_old = make(&house);
    let first = filed(&old, "before the upgrade", "a");
    assert_eq!(first["number"], 1);

    // The new node brings the schema up to date while the old one is asked.
    let stop = AtomicBool::new(false);
    let new = std::thread::scope(|scope| {
        let asking = scope.spawn(|| {
            let mut count = 0;
            while !stop.load(Ordering::Relaxed) {
                let answer = old.get("/api/v1/tickets", &house.personal);
                assert_eq!(answer.status, 200, "{answer:?}");
                count += 1;
            }
            count
        });
        let mut command = std::process::Command::new(House::PROGRAM);
        command.args(["serve", "--listen", "127.0.0.1:0", "--database", &house.database]).current_dir(house.folder.path());
        let new = super::server::Server::start(&mut command);
        std::thread::sleep(std::time::Duration::from_millis(300));
        stop.store(true, Ordering::Relaxed);
        assert!(asking.join().unwrap() > 0);
        new
    });

    // Numbers go on over both, and a repeat on the other node creates nothing.
    for (turn, server) in [&new, &old, &new, &old].into_iter().enumerate() {
        assert_eq!(filed(server, "side by side", &format!("turn-{turn}"))["number"], turn + 2);
    }
    assert_eq!(filed(&new, "before the upgrade", "a")["id"], first["id"]);
    assert_eq!(filed(&old, "side by side", "turn-0")["number"], 2);

    // What one changes the other shows, version and all.
    let path = format!("/api/v1/tickets/{}", first["id"].as_str().unwrap());
    let change = |status: &str, version: &str| {
        let request = Request::new("PATCH", &path).bearer(&house.personal).header(&format!("If-Match: {version}"));
        request.json(&json!({"ticket": {"status": status}}))
    };
    let version = old.get(&path, &house.personal).header("etag").unwrap().to_owned();
    assert_eq!(new.ask(&change("in_progress", &version)).status, 200);
    assert_eq!(old.ask(&change("closed", &version)).status, 412);
    let seen = old.get(&path, &house.personal);
    assert_eq!(
        (seen.json()["status"].as_str(), seen.header("etag")),
        (Some("in_progress"), new.get(&path, &house.personal).header("etag"))
    );

    // Rights end on both, whichever is told, whichever made the token; and by this release's commands.
    house.program = House::PROGRAM.into();
    let by_new = make(&house);
    for (token, told, other) in [(&by_old, &new, &old), (&by_new, &old, &new)] {
        assert_eq!((told.get(&path, token).status, other.get(&path, token).status), (200, 200));
        assert_eq!(told.ask(&Request::new("DELETE", "/api/v1/tokens/current").bearer(token)).status, 204);
        assert_eq!((told.get(&path, token).status, other.get(&path, token).status), (401, 401));
    }
    let by_command = make(&house);
    house.admin(&["token", "revoke", &by_command]);
    assert_eq!((old.get(&path, &by_command).status, new.get(&path, &by_command).status), (401, 401));

    // The old node goes; the new one goes on.
    old.stop();
    assert_eq!(new.get("/api/v1/tickets", &house.personal).header("x-total-count"), Some("5"));
    new.stop();
}
