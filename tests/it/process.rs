//! The real process from its start to its end: migrations, signals, certificates, commands beside a running server, and what it costs to have it.
//! What it answers is tested in process; that nothing is lost when it is killed, in `kill`.

use std::io::Write;
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::pki_types::ServerName;

use super::server::{Answer, House, PATIENCE, Request, Server, bugtome, on_postgres_at, ticket};

/// Sends the first half of a request that files a ticket; the second half is the answer.
fn half_a_request(house: &House, address: &str) -> (TcpStream, String) {
    let request = Request::new("POST", "/api/v1/tickets").bearer(&house.personal).json(&ticket("in flight", &house.project)).bytes();
    let (first, second) = request.split_at(request.len() - 20);
    let mut socket = TcpStream::connect(address).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    socket.write_all(first.as_bytes()).unwrap();
    // Time for the server to have read it.
    std::thread::sleep(Duration::from_millis(300));
    (socket, second.to_owned())
}

#[test]
fn sigterm_finishes_what_is_in_flight() {
    let house = House::sqlite();
    let mut server = house.serve();
    let (mut socket, rest) = half_a_request(&house, &server.address);
    server.signal("TERM");
    std::thread::sleep(Duration::from_millis(300));
    assert!(server.process.try_wait().unwrap().is_none(), "it ended before its work was done");
    assert!(TcpStream::connect(&server.address).is_err(), "nobody new is let in");
    socket.write_all(rest.as_bytes()).unwrap();
    let answer = Answer::read(socket).unwrap();
    assert_eq!(answer.status, 201, "{answer:?}");
    assert!(server.ended().success());

    let server = house.serve();
    let tickets = server.get("/api/v1/tickets", &house.personal).json();
    assert_eq!(tickets[0]["id"], answer.json()["id"], "what was answered is kept");
}

#[test]
fn sigterm_waits_ten_seconds_at_most() {
    let house = House::sqlite();
    let mut server = house.serve();
    let (_socket, _) = half_a_request(&house, &server.address);
    let began = Instant::now();
    server.signal("TERM");
    assert!(server.ended().success(), "a client that never finishes is no failure of ours");
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}: whoever sends SIGTERM sends SIGKILL ten seconds later", began.elapsed());
}

#[test]
fn two_servers_that_start_at_once_migrate_once_on_sqlite() {
    for _ in 0..10 {
        let folder = tempfile::tempdir().unwrap();
        start_two(folder.path(), &format!("sqlite://{}", folder.path().join("new.db").display()));
        assert_eq!(std::fs::metadata(folder.path().join("new.db")).unwrap().permissions().mode() & 0o777, 0o600, "for its owner only");
    }
}

#[test]
fn two_servers_that_start_at_once_migrate_once_on_postgres() {
    let house = House::postgres();
    on_postgres_at(&house.database, "DROP SCHEMA public CASCADE; CREATE SCHEMA public");
    start_two(house.folder.path(), &house.database);
}

/// Starts two over the same new database, and asks both.
fn start_two(folder: &Path, database: &str) {
    let start = || {
        let mut command = bugtome(folder);
        Server::start(command.args(["serve", "--listen", "127.0.0.1:0", "--database", database]))
    };
    std::thread::scope(|scope| {
        let both = [scope.spawn(start), scope.spawn(start)];
        for server in both {
            let server = server.join().unwrap();
            assert_eq!(server.ask(&Request::new("GET", "/readyz")).status, 200);
            server.stop();
        }
    });
}

#[test]
fn a_database_of_a_newer_program_is_refused_with_a_sentence() {
    let house = House::sqlite();
    let file = rusqlite::Connection::open(house.file()).unwrap();
    file.execute("INSERT INTO schema_steps (name, applied_at) VALUES ('9999_tomorrow', 0)", []).unwrap();
    drop(file);
    for output in [house.command().output().unwrap(), house.try_admin(&["token", "list"])] {
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains("newer than this program (it has the step 9999_tomorrow)"), "{said}");
        assert!(said.contains("run the version of bugtome that last used it or a later one"), "it says what to do: {said}");
    }
}

#[test]
fn a_database_in_which_a_newer_program_has_only_expanded_is_served() {
    let house = House::postgres();
    on_postgres_at(&house.database, "INSERT INTO schema_steps (name, applied_at) VALUES ('9999_tomorrow', 0)");
    assert_eq!(house.command().output().unwrap().status.code(), Some(1), "nobody has said that it only expands");
    on_postgres_at(&house.database, "INSERT INTO schema_expansions (name) VALUES ('9999_tomorrow')");
    let log = house.path("log");
    let server = house.serve_logging(&log);
    assert_eq!(server.get("/api/v1/tickets", &house.personal).status, 200);
    let said = std::fs::read_to_string(log).unwrap();
    assert!(said.contains("the database's schema is newer than this program") && said.contains("9999_tomorrow"), "{said}");
}

#[test]
fn wrong_usage_is_2_and_a_failure_is_1() {
    let house = House::sqlite();
    let code = |words: &[&str]| bugtome(house.folder.path()).args(words).output().unwrap().status.code();
    assert_eq!(code(&["serve", "--no-such-flag"]), Some(2));
    assert_eq!(code(&["serve", "--listen", "nowhere"]), Some(2));
    assert_eq!(code(&["serve", "--demo", "--listen", "0.0.0.0:0"]), Some(2), "everybody who reads the screen knows the demo's tokens");
    assert_eq!(code(&["serve", "--database", "sqlite:///no/such/folder/a.db"]), Some(1));
    assert_eq!(code(&["--version"]), Some(0));
    assert_eq!(house.try_admin(&["user", "disable", "--email", "nobody@example.com"]).status.code(), Some(1));
}

#[test]
fn an_address_that_is_taken_is_named() {
    let house = House::sqlite();
    let server = house.serve();
    let second = bugtome(house.folder.path()).args(["serve", "--listen", &server.address, "--database", &house.database]).output().unwrap();
    let said = String::from_utf8(second.stderr).unwrap();
    assert_eq!(second.status.code(), Some(1));
    assert!(said.contains(&server.address) && said.contains("--listen"), "{said}");
    assert_eq!(server.ask(&Request::new("GET", "/readyz")).status, 200, "the first one goes on");
}

/// Finding 9: behind a proxy that nobody has named all people are one address, and nothing said so.
#[test]
fn a_proxy_that_is_not_believed_is_warned_of_once() {
    let house = House::sqlite();
    let log = house.path("log");
    let warned = |flags: &[&str]| {
        let mut command = house.command();
        let server = Server::start(command.args(flags).stderr(std::fs::File::create(&log).unwrap()));
        for number in 0..5 {
            let request = Request::new("GET", "/login").header(&format!("X-Forwarded-For: 198.51.100.{number}"));
            assert_eq!(server.ask(&request).status, 200);
        }
        server.stop();
        let said = std::fs::read_to_string(&log).unwrap();
        assert!(!said.contains("198.51.100"), "what the header says may be anything: {said}");
        said.lines().filter(|line| line.contains("BUGTOME_TRUSTED_PROXIES") && line.contains("127.0.0.1")).count()
    };
    assert_eq!(warned(&[]), 1);
    assert_eq!(warned(&["--trusted-proxies", "127.0.0.1"]), 0);
}

/// A certificate for 127.0.0.1 with this name, written where the server looks.
pub(crate) fn certificate(folder: &Path, name: &str) -> Vec<u8> {
    let key = rcgen::KeyPair::generate().unwrap();
    let params = rcgen::CertificateParams::new(vec!["127.0.0.1".to_owned(), name.to_owned()]).unwrap();
    let certificate = params.self_signed(&key).unwrap();
    std::fs::write(folder.join("cert.pem"), certificate.pem()).unwrap();
    std::fs::write(folder.join("key.pem"), key.serialize_pem()).unwrap();
    certificate.der().to_vec()
}

/// Asks by TLS, trusting this certificate alone.
fn ask_by_tls(address: &str, trusted: &[u8], request: &Request<'_>) -> std::io::Result<Answer> {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(trusted.to_vec().into()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = config.with_root_certificates(roots).with_no_client_auth();
    let name = ServerName::try_from("127.0.0.1").unwrap();
    let connection = rustls::ClientConnection::new(Arc::new(config), name).unwrap();
    let mut stream = rustls::StreamOwned::new(connection, TcpStream::connect(address)?);
    stream.write_all(request.bytes().as_bytes())?;
    Answer::read(stream)
}

#[test]
fn a_new_certificate_is_taken_up_at_sighup_and_a_broken_one_is_not() {
    let house = House::sqlite();
    let folder = house.folder.path();
    let first = certificate(folder, "first.example");
    let mut command = house.command();
    let log = folder.join("log");
    command.args(["--tls-cert", "cert.pem", "--tls-key", "key.pem"]).stderr(std::fs::File::create(&log).unwrap());
    let server = Server::start(&mut command);
    assert!(server.ready.starts_with("listening on https://"), "{}", server.ready);
    let who = Request::new("GET", "/api/v1/tokens/current").bearer(&house.personal);
    assert_eq!(ask_by_tls(&server.address, &first, &who).unwrap().status, 200);

    let second = certificate(folder, "second.example");
    assert_eq!(ask_by_tls(&server.address, &first, &who).unwrap().status, 200, "until SIGHUP the old one stays");
    server.signal("HUP");
    wait_for(|| ask_by_tls(&server.address, &second, &who).is_ok_and(|answer| answer.status == 200));
    assert!(ask_by_tls(&server.address, &first, &who).is_err(), "the old one is gone");

    std::fs::write(folder.join("cert.pem"), "no certificate").unwrap();
    server.signal("HUP");
    wait_for(|| std::fs::read_to_string(&log).unwrap().contains("was not read again; the old one stays in use"));
    assert_eq!(ask_by_tls(&server.address, &second, &who).unwrap().status, 200, "and the server goes on");
    server.stop();
}

fn wait_for(mut so: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !so() {
        assert!(Instant::now() < deadline, "it never came to be so");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_command_on_the_same_file_holds_from_the_next_request_on() {
    let house = House::sqlite();
    command_beside_a_server(&house);
}

#[test]
fn a_command_on_the_same_database_holds_from_the_next_request_on() {
    let house = House::postgres();
    command_beside_a_server(&house);
}

fn command_beside_a_server(house: &House) {
    let server = house.serve();
    let status = |token: &str| server.get("/api/v1/tickets", token).status;
    house.admin(&["user", "create", "--email", "mia@example.com", "--name", "Mia"]);
    house.admin(&["member", "add", "--organization", "acme", "--user", "mia@example.com", "--role", "member"]);
    let mia = house.token(&["--user", "mia@example.com"]);
    let build = house.token(&["--project", "acme/WEB", "--preset", "full"]);
    assert_eq!((status(&mia), status(&build)), (200, 200), "tokens that were just made");
    let file = || {
        let request = Request::new("POST", "/api/v1/tickets").bearer(&mia).json(&ticket("by Mia", &house.project));
        server.ask(&request).status
    };
    assert_eq!(file(), 201);

    house.admin(&["member", "set-role", "--organization", "acme", "--user", "mia@example.com", "--role", "viewer"]);
    assert_eq!((file(), status(&mia)), (403, 200), "a viewer only reads");
    house.admin(&["project", "archive", "acme/WEB"]);
    assert_eq!(status(&build), 401, "the project's own token ends with it");
    house.admin(&["project", "unarchive", "acme/WEB"]);
    assert_eq!(status(&build), 200);
    house.admin(&["member", "remove", "--organization", "acme", "--user", "mia@example.com"]);
    assert_eq!(server.get("/api/v1/tickets", &mia).json(), serde_json::json!([]), "who has left sees nothing");
    house.admin(&["user", "disable", "--email", "mia@example.com"]);
    assert_eq!(status(&mia), 401);
    house.admin(&["token", "revoke", &build]);
    assert_eq!(status(&build), 401);
    house.admin(&["organization", "set-policy", "--slug", "acme", "--max-token-life", "30d"]);
    let path = format!("/api/v1/projects/{}", house.project);
    assert_eq!(server.get(&path, &house.personal).status, 403, "a token of 90 days does not reach an organization that wants 30");
    server.stop();
}

#[test]
fn the_demonstration_works_as_it_says_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let temporary = folder.path().join("tmp");
    std::fs::create_dir(&temporary).unwrap();
    let mut command = bugtome(folder.path());
    let mut server = Server::start(command.args(["serve", "--demo", "--listen", "127.0.0.1:0"]).env("TMPDIR", &temporary));
    let said = server.read_until("one of them fails");
    assert_eq!(std::fs::read_dir(&temporary).unwrap().count(), 1, "the database is a temporary one");
    // The lines to paste, pasted: what stands between the empty lines is run as it is.
    let lines: Vec<&str> = said.split("\n\n").map(str::trim).filter(|piece| piece.starts_with("curl ")).collect();
    let [read, file] = lines[..] else { panic!("two lines to paste: {said}") };
    for (line, wanted) in [(read, "Checkout forgets the coupon"), (file, "The build is red")] {
        let pasted = std::process::Command::new("sh").args(["-c", &format!("{line} --silent --show-error --fail")]).output().unwrap();
        let answer = String::from_utf8(pasted.stdout).unwrap();
        assert!(pasted.status.success() && answer.contains(wanted), "{line}: {answer} {}", String::from_utf8_lossy(&pasted.stderr));
    }
    server.stop();
    assert_eq!(std::fs::read_dir(&temporary).unwrap().count(), 0, "and gone with the server");
}

/// Finding 26.
#[test]
fn whom_to_tell_of_a_hole_stands_where_the_settings_name_somebody() {
    let house = House::sqlite();
    let server = house.serve();
    let none = server.ask(&Request::new("GET", "/.well-known/security.txt"));
    assert_eq!(none.status, 404);
    assert!(none.body.contains("<html"), "a page like any other that is not there: {none:?}");
    server.stop();
    let mut command = house.command();
    command.env("BUGTOME_SECURITY_CONTACT", "security@example.com").args(["--base-url", "https://bugs.example.com"]);
    let server = Server::start(&mut command);
    let file = server.ask(&Request::new("GET", "/.well-known/security.txt"));
    assert_eq!((file.status, file.header("content-type")), (200, Some("text/plain; charset=utf-8")));
    let lines: Vec<&str> = file.body.lines().collect();
    let [contact, expires, canonical] = lines[..] else { panic!("{file:?}") };
    assert_eq!(contact, "Contact: mailto:security@example.com");
    assert_eq!(canonical, "Canonical: https://bugs.example.com/.well-known/security.txt");
    let expires: bugtome::model::time::Time = expires.strip_prefix("Expires: ").unwrap().parse().unwrap();
    let days = expires.since(bugtome::app::clock::Clock::system().now()).whole_seconds() / 86_400;
    assert!((88..=90).contains(&days), "{days}");
    server.stop();
    let wrong = house.command().env("BUGTOME_SECURITY_CONTACT", "example.com").output().unwrap();
    assert_eq!(wrong.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&wrong.stderr).contains("an e-mail address, or a https:"), "{wrong:?}");
}

#[test]
fn it_is_ready_soon_and_needs_little() {
    let house = House::sqlite();
    // The machine may be busy with other things: the best of ten tells what the program itself needs.
    let took = (0..10).map(|_| {
        let server = house.serve();
        let took = server.took;
        server.stop();
        took
    });
    let best = took.min().unwrap();
    assert!(best < Duration::from_millis(100), "ready after {best:?}");

    let server = house.serve();
    assert_eq!(server.get("/api/v1/tickets", &house.personal).status, 200);
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.process.id())).unwrap();
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap().trim().trim_end_matches(" kB");
    assert!(resident.parse::<u32>().unwrap() < 30 * 1024, "{resident} kB of memory when idle");
}
