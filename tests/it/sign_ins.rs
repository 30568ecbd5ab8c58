//! Many sign-ins at once, on the real process and in the router: what they cost, who waits, and who is told to come again.
//! That one sign-in works, and what a wrong one hears, is told in `door_pages`.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use crate::harness::{PASSWORD, TestApp, both};
use crate::server::{Answer, House, Request, Server};
use crate::shared_limits;

both! {
    strangers_in_the_queue_do_not_keep_a_known_browser_out,
}

/// A visitor's page with the form: what it set, and its form's key.
struct Visitor {
    cookies: String,
    key: String,
}

impl Visitor {
    fn open(server: &Server) -> Self {
        let page = server.ask(&Request::new("GET", "/login"));
        assert_eq!(page.status, 200, "{page:?}");
        let cookies: Vec<_> = page.headers("set-cookie").map(|cookie| cookie.split(';').next().unwrap().to_owned()).collect();
        let start = r#"name="key" value=""#;
        let key = page.body.split_once(start).unwrap().1.split('"').next().unwrap().to_owned();
        Self { cookies: cookies.join("; "), key }
    }

    fn sign_in(&self, server: &Server, email: &str, password: &str, from: &str) -> Answer {
        let fields = [("email", email), ("password", password), ("next", ""), ("key", &self.key)];
        let request = Request::new("POST", "/login")
            .header(&format!("Cookie: {}", self.cookies))
            .header(&format!("X-Forwarded-For: {from}"))
            .form(&fields);
        server.ask(&request)
    }
}

/// Memory that the process has taken, in MiB: what it has of its own file is another matter, and twice as much in an unoptimized build.
fn taken(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let taken = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).unwrap().trim().trim_end_matches(" kB");
    taken.parse::<u64>().unwrap() / 1_024
}

/// Finding 2: each sign-in kept 19 MiB for ever. Finding 13: 300 at once made a right one wait for seconds.
#[test]
fn two_hundred_sign_ins_at_once_cost_two_hashes_of_memory_and_a_bounded_wait() {
    const USERS: usize = 10;
    let house = House::sqlite();
    for number in 0..USERS {
        let email = format!("user{number}@example.com");
        shared_limits::user(&house, &email);
    }
    let server = Server::start(house.command().args(["--trusted-proxies", "127.0.0.1"]));
    let process = server.process.id();
    let visitor = Visitor::open(&server);
    let (looked_at, refused) = (AtomicU32::new(0), AtomicU32::new(0));
    let over = AtomicBool::new(false);
    let (mut most, mut asked) = (0, 0);
    std::thread::scope(|scope| {
        let (visitor, server, looked_at, refused) = (&visitor, &server, &looked_at, &refused);
        let tries: Vec<_> = (0..200_usize)
            .map(|number| {
                scope.spawn(move || {
                    // Right ones and wrong ones, each from a place of its own: no limit of failures is reached.
                    let from = format!("198.51.100.{number}");
                    let (email, password) = match number % 2 {
                        0 => (format!("user{}@example.com", number / 2 % USERS), shared_limits::PASSWORD),
                        _ => (format!("nobody{number}@example.com"), "not the password"),
                    };
                    let began = Instant::now();
                    let answer = visitor.sign_in(server, &email, password, &from);
                    if answer.status == 503 {
                        assert!(answer.header("retry-after").is_some(), "{answer:?}");
                        assert!(
                            answer.body.contains(&email) && !answer.body.contains(password),
                            "what was typed is there, but the password"
                        );
                        refused.fetch_add(1, Ordering::Relaxed);
                    } else {
                        assert_eq!(answer.status, if number % 2 == 0 { 303 } else { 422 }, "{answer:?}");
                        looked_at.fetch_add(1, Ordering::Relaxed);
                    }
                    began.elapsed()
                })
            })
            .collect();
        scope.spawn(|| {
            // Others go on meanwhile.
            while !over.load(Ordering::Relaxed) {
                assert_eq!(server.get("/api/v1/tickets?per_page=1", &house.personal).status, 200);
                most = most.max(taken(process));
                asked += 1;
                std::thread::sleep(Duration::from_millis(50));
            }
        });
        let took: Vec<_> = tries.into_iter().map(std::thread::ScopedJoinHandle::join).collect();
        // First, so that a failure above is told rather than waited for.
        over.store(true, Ordering::Relaxed);
        let slowest = took.into_iter().map(Result::unwrap).max().unwrap();
        // The queue's worth of hashes of an unoptimized build on a busy machine; it was more than that for each hundred.
        assert!(slowest < Duration::from_secs(20), "{slowest:?}");
    });
    let (looked_at, refused) = (looked_at.into_inner(), refused.into_inner());
    assert_eq!(looked_at + refused, 200);
    assert!(looked_at > 32 && refused > 0, "{looked_at} were looked at, {refused} refused");
    assert!(asked > 0 && most < 60, "{most} MiB while it lasted, in {asked} looks");
    let after = taken(process);
    assert!(after < 50, "{after} MiB afterwards");
    // Who was refused is let in now, and was not counted as a failure.
    for number in 0..12 {
        let answer = visitor.sign_in(&server, &format!("user{}@example.com", number % USERS), shared_limits::PASSWORD, "203.0.113.7");
        assert_eq!(answer.status, 303, "{answer:?}");
    }
    let after = taken(process);
    assert!(after < 50, "{after} MiB after twelve more");
    server.stop();
}

/// Finding 13: known browsers first.
async fn strangers_in_the_queue_do_not_keep_a_known_browser_out(app: TestApp) {
    let mia = app.user("Mia Member").await;
    let known = app.signed_in(&mia).await;
    known.post("/logout", &[]).await.is(303);
    let email = mia.email.clone();
    let mut strangers = tokio::task::JoinSet::new();
    for number in 0..120 {
        let stranger = app.browser().at(&format!("198.51.100.{number}"));
        stranger.get("/login").await;
        strangers.spawn(async move {
            let email = format!("nobody{number}@example.com");
            let page = stranger.post("/login", &[("email", &email), ("password", "not the password")]).await;
            if page.status == 503 {
                page.has("Send it again").has(&email).lacks("not the password");
                assert_eq!(page.header("retry-after"), Some("2"));
            }
            page.status
        });
    }
    // As soon as the strangers have filled their places.
    let patience = Instant::now();
    while app.app.passwords().refused() == 0 {
        assert!(patience.elapsed() < Duration::from_secs(30), "nobody was refused");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let began = Instant::now();
    known.post("/login", &[("email", &email), ("password", PASSWORD)]).await.is(303);
    let took = began.elapsed();
    let ahead = app.app.passwords().waiting();
    assert!(ahead > 8, "only {ahead} strangers still waited after {took:?}: nobody was overtaken");
    // A session is known too.
    let fields = [("name", "Mia Member"), ("email", email.as_str()), ("theme", "dark"), ("password_again", PASSWORD)];
    known.post("/account/settings", &fields).await.is(303);
    let outcomes = strangers.join_all().await;
    let refused = outcomes.iter().filter(|status| **status == 503).count();
    assert!(refused > 0 && outcomes.iter().all(|status| [422, 503].contains(status)), "{outcomes:?}");
    assert_eq!((app.app.passwords().waiting(), app.app.passwords().refused()), (0, refused as u64));
}
