//! The server that requests are tried on: the real router in process, over a SQLite file of its own, with one of everything to ask for.
//! What is asked, and what an answer must keep to, stands in `requests` and `answers`.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use bugtome::app::App;
use bugtome::app::clock::Clock;
use bugtome::app::random::Random;
use bugtome::app::settings::Subdomains;
use bugtome::domain::{Ctx, Result, comments, organizations, projects, tickets, tokens, users};
use bugtome::http::guard::StrictTransport;
use bugtome::http::limits::Limiter;
use bugtome::http::metrics::Metrics;
use bugtome::http::mount::Front;
use bugtome::http::sign_ins::SignIns;
use bugtome::http::uses::Uses;
use bugtome::model::draft::{Field, Text};
use bugtome::model::events::Via;
use bugtome::model::scopes::Scopes;
use bugtome::store::database::{Database, DatabaseUrl, Options};

/// Whose `X-Forwarded-For` is believed.
pub const PROXIES: &str = "10.0.0.0/8,2001:db8::/32";

/// The server, and what there is on it.
pub struct World {
    pub front: Arc<Front>,
    pub router: Router,
    /// What may stand in an input, and what it stands for: ids and a token that are others in each run.
    pub names: [(&'static str, String); 6],
    made: u32,
    _folder: tempfile::TempDir,
}

fn text(value: impl AsRef<str>) -> Field<Text> {
    Field::Value(value.as_ref().into())
}

impl World {
    /// A server with one of everything.
    pub fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder for the database can be made");
        let url = DatabaseUrl::Sqlite(folder.path().join("fuzz.db"));
        let database = Database::open(&url, Options { readers: 1, threads: 1, deadline: Duration::from_secs(10), ..Options::default() })
            .expect("the database opens");
        database.migrate().expect("the schema can be made");
        let (clock, _) = Clock::set_to("2026-03-01T12:00:00Z".parse().expect("this is a moment"));
        let app = App::new(database, clock, Random::system(), "https://bugs.example");
        let front = Arc::new(Front {
            app,
            limiter: Limiter::new(0, 0),
            uses: Uses::default(),
            reaches: Uses::default(),
            seen: Uses::default(),
            sign_ins: SignIns::default(),
            proxies: PROXIES.parse().expect("these are networks"),
            security_contact: None,
            transport: StrictTransport::of("https://bugs.example", Subdomains::Left),
            metrics: Metrics::off(),
        });
        let router = bugtome::api::router(&front);
        let mut world = Self { front, router, names: Default::default(), made: 0, _folder: folder };
        world.renew();
        world
    }

    /// The owner's token.
    pub fn token(&self) -> &str {
        &self.names[5].1
    }

    /// Makes one of everything anew, so that an input that deleted some of it changes nothing for the next one.
    pub fn renew(&mut self) {
        self.made += 1;
        let number = self.made;
        let names = self.front.app.run(Via::Command, |ctx| make(ctx, number));
        self.names = names.expect("there is room for one more of everything");
    }
}

fn make(ctx: &mut Ctx<'_>, number: u32) -> Result<[(&'static str, String); 6]> {
    let owner = users::create(ctx, &text(format!("Olga {number}")), &text(format!("olga{number}@example.com")), None)?;
    let organization = organizations::create(ctx, &text(format!("o{number}")), &text(format!("o{number}")), owner.id)?;
    let draft = projects::Draft { name: text("Web"), code: text("WEB"), ..projects::Draft::default() };
    let project = projects::create(ctx, organization.id, &draft)?;
    let clause = || text("something <long> & enough");
    let draft = tickets::Draft {
        title: text("The <cart> & its items"),
        given: clause(),
        when: clause(),
        then: clause(),
        project_id: Field::Value(project.id),
        ..tickets::Draft::default()
    };
    let ticket = tickets::create(ctx, &draft)?;
    let comment = comments::create(ctx, ticket.id, &text("<b>what</b> was said"))?;
    let draft = tokens::Draft { name: text("fuzz"), scopes: Scopes::FULL, life: Some(tokens::USUAL_LIFE) };
    let token = tokens::create_personal(ctx, owner.id, &draft)?;
    Ok([
        ("{ticket}", ticket.id.to_string()),
        ("{comment}", comment.id.to_string()),
        ("{project}", project.id.to_string()),
        ("{organization}", organization.id.to_string()),
        ("{user}", owner.id.to_string()),
        ("{token}", token.plain.expose().to_owned()),
    ])
}
