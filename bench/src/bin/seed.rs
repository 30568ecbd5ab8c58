//! Fills a database for the benchmarks through bugtome's own store: `seed DATABASE TICKETS OUT.json`.
//! 20 organizations, 200 projects, 100,000 tokens; the file says with which tokens and ids to measure.

use bugtome::app::clock::Clock;
use bugtome::app::random::Random;
use bugtome::app::App;
use bugtome::domain::{Ctx, Error, organizations, projects, tokens, users};
use bugtome::model::draft::Field;
use bugtome::model::events::{EventKind, Via};
use bugtome::model::id::Id;
use bugtome::model::persons::Person;
use bugtome::model::roles::Role;
use bugtome::model::scopes::Scopes;
use bugtome::model::tickets::{Priority, Status};
use bugtome::model::time::{Span, Time};
use bugtome::model::users::User;
use bugtome::store;
use bugtome::store::database::{Database, Options};
use bugtome::store::projects::StatusCounts;
use bugtome::store::tickets::{NewTicket, Texts};

type Done<T> = Result<T, Box<dyn std::error::Error>>;

const ORGANIZATIONS: usize = 20;
const PROJECTS: usize = 200;
const TOKENS: usize = 100_000;
/// Tickets that the measured project has at the least, so that its first page is full with a thousand tickets too.
const MEASURED: usize = 100;

/// A small generator with a fixed seed: two databases of one size hold the same texts.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from((self.0 >> 33) % below as u64).unwrap_or(0)
    }
}

const WORDS: &[&str] = &[
    "checkout", "basket", "coupon", "invoice", "login", "session", "button", "page", "mail", "server", "cluster", "node", "timeout",
    "cache", "index", "search", "filter", "report", "export", "import", "upload", "photo", "price", "phone", "browser", "proxy", "token",
    "project", "ticket", "comment", "user", "admin", "role", "build", "test", "branch", "release", "memory", "thread", "lock", "queue",
    "driver", "network", "socket", "header", "cookie", "redirect", "payment", "currency", "timezone", "calendar", "font", "margin",
];

fn sentence(dice: &mut Dice, words: usize) -> String {
    let mut text = String::new();
    for index in 0..words {
        if index > 0 {
            text.push(' ');
        }
        text.push_str(WORDS[dice.roll(WORDS.len())]);
    }
    text
}

struct World {
    users: Vec<Id<User>>,
    projects: Vec<(Id<bugtome::model::projects::Project>, Id<bugtome::model::organizations::Organization>, String, i64)>,
}

fn text(text: &str) -> Field<bugtome::model::draft::Text> {
    Field::Value(text.into())
}

/// Organizations, projects and users. User 0 is in the first organization alone, user 1 in the first five, the rest spread.
fn people(ctx: &mut Ctx<'_>) -> Result<World, Error> {
    let mut world = World { users: Vec::new(), projects: Vec::new() };
    for number in 0..100 {
        let row = users::create(ctx, &text(&format!("User {number}")), &text(&format!("user{number}@example.com")), None)?;
        world.users.push(row.id);
    }
    for number in 0..ORGANIZATIONS {
        let owner = world.users[2 + number];
        let organization = organizations::create(ctx, &text(&format!("Organization {number}")), &text(&format!("org-{number}")), owner)?;
        for member in [0, 1] {
            if (member == 0 && number == 0) || (member == 1 && number < 5) {
                store::members::insert(ctx.db, organization.id, world.users[member], Role::Member, ctx.now)?;
            }
        }
        for project in 0..PROJECTS / ORGANIZATIONS {
            let draft = projects::Draft { name: text(&format!("Project {project}")), code: text(&format!("P{project}X")), ..Default::default() };
            let made = projects::create(ctx, organization.id, &draft)?;
            let row = store::projects::by_id(ctx.db, made.id)?.ok_or(Error::NotFound)?;
            world.projects.push((row.id, organization.id, row.code, row.serial));
        }
    }
    Ok(world)
}

/// In which project each ticket lies: the measured one has at least [`MEASURED`], the rest is even; in time they are mixed.
fn project_of(index: usize, total: usize) -> usize {
    let extra = MEASURED.saturating_sub(total / PROJECTS);
    if extra > 0 && index.is_multiple_of(total / extra.max(1)) { 0 } else { index % PROJECTS }
}

fn tickets(app: &App, world: &World, total: usize) -> Done<()> {
    let mut dice = Dice(42);
    let start = 1_700_000_000_000_000_i64;
    let mut next = 0;
    while next < total {
        let end = (next + 20_000).min(total);
        app.run(Via::Command, |ctx| {
            for index in next..end {
                let (project, organization, code, serial) = &world.projects[project_of(index, total)];
                let priority = Priority::ALL[dice.roll(4)];
                let status = Status::ALL[dice.roll(4)];
                let number = store::projects::take_numbers(ctx.db, *project, &StatusCounts::default().and(status, 1))?;
                let at = Time::from_micros(start + i64::try_from(index).unwrap_or(0) * 60_000_000);
                let texts = [sentence(&mut dice, 7), sentence(&mut dice, 14), sentence(&mut dice, 12), sentence(&mut dice, 16)];
                let reporter: Id<Person> = world.users[dice.roll(100)].cast();
                let assignee: Option<Id<Person>> = (dice.roll(2) == 0).then(|| world.users[dice.roll(100)].cast());
                let id = ctx.new_id();
                let texts = Texts { title: &texts[0], given: &texts[1], when: &texts[2], then: &texts[3], notes: None };
                store::tickets::insert(
                    ctx.db,
                    &NewTicket {
                        id,
                        organization: *organization,
                        project: *project,
                        serial: *serial,
                        code,
                        number,
                        status,
                        priority,
                        reporter: Some(reporter),
                        assignee,
                        comments: 0,
                        created_at: at,
                        updated_at: at,
                        external_key: None,
                        texts,
                    },
                )?;
                let event = store::events::NewEvent {
                    id: ctx.new_id(),
                    organization: *organization,
                    project: *project,
                    ticket: id,
                    kind: EventKind::TicketCreated,
                    actor: Some(reporter),
                    via: Via::Api,
                    at,
                    changes: "\"none\"",
                };
                store::events::insert(ctx.db, &event)?;
            }
            Ok(())
        })?;
        next = end;
        if next % 100_000 == 0 {
            eprintln!("{next} tickets");
        }
    }
    Ok(())
}

/// Tokens of all users and projects; the answer is the measured users' and the measured project's.
fn make_tokens(app: &App, world: &World) -> Done<(String, String, String)> {
    let made = app.run(Via::Command, |ctx| {
        let draft = |scopes| tokens::Draft { name: text("Benchmark"), scopes, life: Some(Span::days(3_650)) };
        for index in 0..TOKENS - 3 {
            if index.is_multiple_of(2) {
                tokens::create_personal(ctx, world.users[index % 100], &draft(Scopes::FULL))?;
            } else {
                tokens::create_project(ctx, world.projects[index % PROJECTS].0, &draft(Scopes::REPORT_ONLY))?;
            }
        }
        let one = tokens::create_personal(ctx, world.users[0], &draft(Scopes::FULL))?.plain.expose().to_owned();
        let five = tokens::create_personal(ctx, world.users[1], &draft(Scopes::FULL))?.plain.expose().to_owned();
        let project = tokens::create_project(ctx, world.projects[0].0, &draft(Scopes::FULL))?.plain.expose().to_owned();
        Ok((one, five, project))
    })?;
    Ok(made)
}

fn main() -> Done<()> {
    let mut arguments = std::env::args().skip(1);
    let (Some(url), Some(total), Some(out)) = (arguments.next(), arguments.next(), arguments.next()) else {
        return Err("seed DATABASE-URL TICKETS OUT.json".into());
    };
    let total: usize = total.parse()?;
    let database = Database::open(&url.parse()?, Options::default())?;
    database.migrate()?;
    let app = App::new(database.clone(), Clock::system(), Random::system(), "");
    let world = app.run(Via::Command, people)?;
    tickets(&app, &world, total)?;
    // A project of ten tickets, for a common word among a million.
    let (small, code, serial, organization) = app.run(Via::Command, |ctx| {
        let organization = world.projects[0].1;
        let draft = projects::Draft { name: text("Small"), code: text("SMALL"), ..Default::default() };
        let made = projects::create(ctx, organization, &draft)?;
        let row = store::projects::by_id(ctx.db, made.id)?.ok_or(Error::NotFound)?;
        Ok((row.id, row.code, row.serial, organization))
    })?;
    let ten = World { users: world.users.clone(), projects: vec![(small, organization, code, serial); PROJECTS] };
    tickets(&app, &ten, 10)?;
    let (one, five, project) = make_tokens(&app, &world)?;
    let ids: Vec<String> = app.run(Via::Command, |ctx| {
        let listing = store::ticket_lists::Listing {
            places: vec![store::ticket_lists::Place::Organization(organization)],
            filters: store::ticket_lists::Filters::default(),
            sort: bugtome::model::pages::Sort::NEWEST,
            after: None,
            offset: 0,
            limit: 500,
        };
        Ok(store::ticket_lists::page(ctx.db, &listing)?.into_iter().map(|row| row.id.to_string()).collect())
    })?;
    let projects: Vec<String> = world.projects[..10].iter().map(|row| row.0.to_string()).collect();
    let facts = serde_json::json!({
        "one": one, "five": five, "project_token": project, "projects": projects, "small": small.to_string(), "tickets": ids,
    });
    std::fs::write(out, serde_json::to_vec_pretty(&facts)?)?;
    database.close();
    Ok(())
}
