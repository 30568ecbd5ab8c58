//! The house of the stories: the real router in process, over a database of the story's own, with a clock that is set by hand.
//! Each story is told on SQLite and on PostgreSQL; what it says stands in the files named like the nouns.

mod answer;
mod browser;
mod client;
mod database;
mod world;

use std::future::Future;
use std::sync::Arc;

pub use answer::Answer;
use axum::Router;
pub use browser::{Browser, PASSWORD, Page};
use bugtome::app::App;
use bugtome::app::clock::{Clock, Hand};
use bugtome::app::random::Random;
use bugtome::app::settings::Subdomains;
use bugtome::domain::{Ctx, Result, Who};
use bugtome::http::guard::StrictTransport;
use bugtome::http::limits::Limiter;
use bugtome::http::metrics::Metrics;
use bugtome::http::mount::{Front, Route};
use bugtome::http::sign_ins::SignIns;
use bugtome::http::uses::Uses;
use bugtome::model::events::Via;
use bugtome::model::time::{Span, Time};
pub use client::{Call, Client};
use database::Home;
pub use database::Kind;
pub use world::{Organization, Person, Project, World, draft, ticket};

/// Makes each of the named stories a test on both databases: `name::sqlite` and `name::postgres`.
macro_rules! both {
    ($($name:ident),+ $(,)?) => {$(
        mod $name {
            #[test]
            fn sqlite() {
                crate::harness::tell(crate::harness::Kind::Sqlite, super::$name);
            }

            #[test]
            fn postgres() {
                crate::harness::tell(crate::harness::Kind::Postgres, super::$name);
            }
        }
    )+};
}
pub(crate) use both;

/// Where links lead in the stories.
pub const BASE_URL: &str = "https://bugs.example";

/// When stories begin.
pub const START: &str = "2026-03-01T12:00:00Z";

/// The program under test.
pub struct TestApp {
    /// Its means.
    pub app: App,
    /// What its faces share.
    pub front: Arc<Front>,
    router: Router,
    pages: Router,
    clock: Hand,
    // Dropped last: the database must be closed by then.
    home: Home,
}

/// What a story may want otherwise.
pub struct Settings {
    /// Requests an hour with a token; 0 is no limit.
    pub authenticated: u32,
    /// Requests an hour without one; 0 is no limit.
    pub anonymous: u32,
    /// Peers whose `X-Forwarded-For` is believed.
    pub proxies: &'static str,
}

impl Default for Settings {
    fn default() -> Self {
        Self { authenticated: 1_000, anonymous: 100, proxies: "" }
    }
}

impl Settings {
    /// No limits at all.
    pub fn unlimited() -> Self {
        Self { authenticated: 0, anonymous: 0, ..Self::default() }
    }
}

fn front(app: &App, settings: &Settings) -> Arc<Front> {
    Arc::new(Front {
        app: app.clone(),
        limiter: Limiter::new(settings.authenticated, settings.anonymous),
        uses: Uses::default(),
        reaches: Uses::default(),
        seen: Uses::default(),
        sign_ins: SignIns::default(),
        proxies: settings.proxies.parse().unwrap(),
        security_contact: None,
        transport: StrictTransport::of(BASE_URL, Subdomains::Left),
        metrics: Metrics::off(),
    })
}

impl TestApp {
    /// Starts the program. Blocks, so it may not be called inside a runtime.
    pub fn start(kind: Kind) -> Self {
        let home = Home::make(kind);
        let (clock, hand) = Clock::set_to(START.parse().unwrap());
        let app = App::new(home.database.clone(), clock, Random::system(), BASE_URL);
        let front = front(&app, &Settings::default());
        let router = bugtome::api::router(&front);
        let pages = bugtome::web::router(&front);
        Self { app, front, router, pages, clock: hand, home }
    }

    /// Runs the program anew over the same database with other settings; clients made from now on talk to that.
    pub fn restart(&mut self, settings: &Settings) {
        self.front = front(&self.app, settings);
        self.router = bugtome::api::router(&self.front);
        self.pages = bugtome::web::router(&self.front);
    }

    /// Mounts these routes in place of the API's own, through the same layers.
    pub fn remount(&mut self, routes: &[Route]) {
        self.router = bugtome::api::with_routes(&self.front, routes);
    }

    /// What time it is.
    pub fn now(&self) -> Time {
        self.app.now()
    }

    /// Lets time pass.
    pub fn pass(&self, span: Span) {
        self.clock.advance(span);
    }

    /// Somebody without a token.
    pub fn anonymous(&self) -> Client {
        Client::new(self.router.clone(), None)
    }

    /// Somebody with this text as a token.
    pub fn bearer(&self, token: &str) -> Client {
        Client::new(self.router.clone(), Some(token.to_owned()))
    }

    /// Does something as a command on the machine itself.
    pub async fn command<T: Send + 'static>(&self, work: impl FnMut(&mut Ctx<'_>) -> Result<T> + Send + 'static) -> T {
        self.app.write(Who::Command, Via::Command, work).await.expect("a command does what the story says")
    }

    /// Removes what is over, to the end.
    pub async fn sweep(&self) {
        while self.command(|ctx| bugtome::domain::sweep::sweep(ctx.db, ctx.now)).await {}
    }

    /// Writes down when tokens and sessions were last used, as the jobs do.
    pub async fn flush_uses(&self) {
        bugtome::jobs::flush_once(&self.front).await.unwrap();
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        self.home.database.close();
    }
}

/// A runtime like the program's.
pub fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

/// Tells a story on a database.
pub fn tell<F: Future<Output = ()>>(kind: Kind, story: impl FnOnce(TestApp) -> F) {
    let app = TestApp::start(kind);
    runtime().block_on(story(app));
}
