//! A secret never rests in clear: tokens are sent in every way that somebody may send them, and then looked for in all that the program leaves behind.
//! That no answer and no error repeats one is looked at too; what tokens may do is for others to test.

use std::fs::File;
use std::path::Path;

use serde_json::json;

use super::server::{Answer, House, Request, Server, ticket};

/// Base64 (RFC 4648 §4), for a Basic password.
fn base64(text: &str) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for group in text.as_bytes().chunks(3) {
        let bits = group.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - group.len()));
        for place in 0..4 {
            let digit = DIGITS[(bits >> (18 - 6 * place) & 63) as usize];
            out.push(if place <= group.len() { char::from(digit) } else { '=' });
        }
    }
    out
}

/// Where somebody may put a token by mistake, and the answer that must not repeat it.
fn sent_astray(server: &Server, token: &str) -> Vec<(u16, Answer)> {
    let get = |path| Request::new("GET", path);
    let (query, name) = (format!("/api/v1/tickets?token={token}"), format!("/api/v1/tickets?{token}=1"));
    let (search, path) = (format!("/api/v1/tickets?access_token={token}&q={token}"), format!("/api/v1/tickets/{token}"));
    let nowhere = format!("/{token}");
    let revoke = Request::new("POST", "/api/v1/tokens/revoke");
    let file = Request::new("POST", "/api/v1/tickets").bearer(token);
    let basic = base64(&format!("olga@example.com:{token}"));
    let ask = |status, request: &Request<'_>| (status, server.ask(request));
    vec![
        ask(401, &get(&query)),
        ask(400, &get(&query).bearer(token)),
        ask(400, &get(&name).bearer(token)),
        ask(400, &get(&search).bearer(token)),
        ask(404, &get(&path).bearer(token)),
        ask(404, &get(&nowhere).bearer(token)),
        ask(401, &get("/api/v1/tickets").header(&format!("Authorization: Basic {basic}"))),
        ask(401, &get("/api/v1/tickets").header(&format!("Authorization: {token}"))),
        ask(401, &get("/api/v1/tickets").header(&format!("Authorization: Token {token}"))),
        ask(401, &get("/api/v1/tickets").header(&format!("Authorization: Bearer {token}x"))),
        ask(401, &get("/api/v1/tickets").header(&format!("Authorization: Bearer, {token}"))),
        ask(200, &get("/api/v1/tickets").header(&format!("User-Agent: {token}")).bearer(token)),
        ask(200, &get("/api/v1/tickets").header(&format!("X-Request-Id: {token}")).bearer(token)),
        ask(200, &get("/api/v1/tickets").header(&format!("Cookie: session={token}")).bearer(token)),
        ask(400, &get("/api/v1/tickets").header(&format!("Broken {token}"))),
        ask(400, &revoke.clone().text(&format!("{{\"token\": \"{token}"))),
        ask(422, &revoke.clone().json(&json!({ "tocken": token }))),
        ask(415, &revoke.header("Content-Type: text/plain")),
        ask(422, &file.clone().json(&json!({"ticket": {"title": "", "given": token, "notes": token, "project_id": null}}))),
        ask(400, &file.clone().json(&json!({"ticket": {"project_id": token}}))),
        ask(400, &file.text(&format!("{{\"ticket\": {token}}}"))),
    ]
}

#[test]
fn no_token_rests_anywhere_in_clear() {
    let house = House::sqlite();
    let logs = house.folder.path().join("server.log");
    let mut command = house.command();
    command.env("BUGTOME_LOG", "trace").stderr(File::create(&logs).unwrap());
    let server = Server::start(&mut command);
    let mut tokens = vec![
        house.personal.clone(),
        house.token(&["--user", "olga@example.com"]),
        house.token(&["--project", "acme/WEB", "--preset", "full"]),
        house.token(&["--user", "olga@example.com"]),
    ];
    let work = server.ask(&Request::new("POST", "/api/v1/tickets").bearer(&tokens[0]).json(&ticket("real work", &house.project)));
    assert_eq!(work.status, 201, "{work:?}");
    for token in tokens.clone() {
        for (number, (status, answer)) in sent_astray(&server, &token).into_iter().enumerate() {
            assert!(answer.status == status || token.starts_with("proj_"), "number {number}: {status} was expected: {answer:?}");
            assert!(!format!("{answer:?}").contains(&token), "number {number} repeats the token: {answer:?}");
        }
    }
    let typed = house.try_admin(&["token", "revoke", &tokens[0]]);
    assert!(typed.status.success(), "{typed:?}");
    rotate_and_retry(&server, &mut tokens);
    let found = Request::new("POST", "/api/v1/tokens/revoke").json(&json!({ "tokens": tokens[2..4] }));
    assert_eq!(server.ask(&found).status, 200);
    // As the Basic password travelled; the search takes some of its middle.
    tokens.push(base64(&format!("olga@example.com:{}", tokens[0])));

    // While the log of changes is full and beside the file, and in a backup.
    assert!(house.file().with_extension("db-wal").metadata().unwrap().len() > 0);
    let backup = house.folder.path().join("backup.db");
    house.admin(&["backup", backup.to_str().unwrap()]);
    assert_eq!(found_in(house.folder.path(), &tokens), [""; 0]);
    // When all is in the one file, and the server has written down what it does at its end.
    server.stop();
    assert_eq!(found_in(house.folder.path(), &tokens), [""; 0]);

    // The search sees what it is there for.
    let log = std::fs::read_to_string(&logs).unwrap();
    assert!(log.contains("/api/v1/tickets"), "requests are logged at this level: {log}");
    std::fs::write(&logs, format!("{log}\n{{\"query\": \"token={}\"}}", tokens[3])).unwrap();
    std::fs::write(&backup, &tokens[2].as_bytes()["proj_bt1".len()..]).unwrap();
    let found = found_in(house.folder.path(), &tokens);
    assert_eq!(found.len(), 2, "{found:?}");
}

/// Rotates the second token, in words that the server must not keep, and asks again for what was answered.
fn rotate_and_retry(server: &Server, tokens: &mut Vec<String>) {
    let rotate = Request::new("POST", "/api/v1/tokens/current/rotate").bearer(&tokens[1]).header("Idempotency-Key: once-is-enough");
    let first = server.ask(&rotate);
    let second = server.ask(&rotate);
    assert_eq!((first.status, second.status), (201, 201), "{first:?} {second:?}");
    let successor = first.json()["token"].as_str().unwrap().to_owned();
    assert_eq!(second.json()["token"], *successor);
    assert_eq!(server.get("/api/v1/tokens/current", &successor).status, 200);
    assert_eq!(server.ask(&rotate).status, 401, "the successor's first use has closed the door");
    tokens.push(successor);
}

/// The files in the folder that hold one of the tokens, or the random part of one, cut from its prefix.
fn found_in(folder: &Path, tokens: &[String]) -> Vec<String> {
    let mut searched = 0;
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let bytes = std::fs::read(&path).unwrap();
        searched += 1;
        for token in tokens {
            let random = &token.as_bytes()[token.len() - 38..token.len() - 6];
            if bytes.windows(random.len()).any(|window| window == random) {
                found.push(format!("{} holds {token}", path.display()));
            }
        }
    }
    assert!(searched >= 3, "database, backup and log");
    found
}

#[test]
fn base64_is_what_the_rfc_says() {
    // RFC 4648 §10
    for (text, encoded) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("foobar", "Zm9vYmFy")] {
        assert_eq!(base64(text), encoded);
    }
}
