//! Fills a database for the benchmarks: `seed DATABASE TICKETS OUT.json [short]`. 20 organizations, 200 projects, 100,000 tokens and one more
//! organization with 16 projects to file in; the file says with which tokens and ids to measure.
//!
//! People, projects, tokens and a project of ten tickets are made by bugtome's own operations, the many tickets by `sqlite` and `postgres`.

mod postgres;
mod sqlite;
mod tickets;

use bugtome::app::App;
use bugtome::app::clock::Clock;
use bugtome::app::random::Random;
use bugtome::domain::{Ctx, Error, organizations, projects, tickets as filing, tokens, users};
use bugtome::model::draft::Field;
use bugtome::model::events::Via;
use bugtome::model::id::Id;
use bugtome::model::organizations::Organization;
use bugtome::model::roles::Role;
use bugtome::model::scopes::Scopes;
use bugtome::model::time::Span;
use bugtome::model::users::User;
use bugtome::store;
use bugtome::store::database::{Database, Options};

use tickets::{Length, Place, Plan, RARE, RARE_WORD};

type Done<T> = Result<T, Box<dyn std::error::Error>>;

const ORGANIZATIONS: usize = 20;
const PROJECTS: usize = 200;
const TOKENS: usize = 100_000;
/// Projects without tickets, each with a token, for measuring how fast tickets are filed.
const FILING: usize = 16;
const LONG: Length = Length([7, 14, 12, 16]);
const SHORT: Length = Length([3, 2, 2, 2]);

struct World {
    users: Vec<Id<User>>,
    projects: Vec<Place>,
    /// The project of ten tickets.
    small: Place,
    filing: Vec<Place>,
}

fn text(text: &str) -> Field<bugtome::model::draft::Text> {
    Field::Value(text.into())
}

fn project(ctx: &mut Ctx<'_>, organization: Id<Organization>, name: &str, code: &str) -> Result<Place, Error> {
    let draft = projects::Draft { name: text(name), code: text(code), ..Default::default() };
    let made = projects::create(ctx, organization, &draft)?;
    let row = store::projects::by_id(ctx.db, made.id)?.ok_or(Error::NotFound)?;
    Ok(Place { id: row.id, organization, code: row.code, serial: row.serial })
}

/// Organizations, projects and users. User 0 is in the first organization alone, user 1 in the first five, the rest spread.
fn people(ctx: &mut Ctx<'_>) -> Result<World, Error> {
    let mut people = Vec::new();
    for number in 0..100 {
        let row = users::create(ctx, &text(&format!("User {number}")), &text(&format!("user{number}@example.com")), None)?;
        people.push(row.id);
    }
    let mut places = Vec::new();
    for number in 0..ORGANIZATIONS {
        let owner = people[2 + number];
        let organization = organizations::create(ctx, &text(&format!("Organization {number}")), &text(&format!("org-{number}")), owner)?;
        for member in [0, 1] {
            if (member == 0 && number == 0) || (member == 1 && number < 5) {
                store::members::insert(ctx.db, organization.id, people[member], Role::Member, ctx.now)?;
            }
        }
        for number in 0..PROJECTS / ORGANIZATIONS {
            places.push(project(ctx, organization.id, &format!("Project {number}"), &format!("P{number}X"))?);
        }
    }
    let small = project(ctx, places[0].organization, "Small", "SMALL")?;
    let organization = organizations::create(ctx, &text("Filing"), &text("filing"), people[99])?;
    let filing = (0..FILING)
        .map(|number| project(ctx, organization.id, &format!("Filing {number}"), &format!("F{number}X")))
        .collect::<Result<_, _>>()?;
    Ok(World { users: people, projects: places, small, filing })
}

/// Ten tickets with a common word among many others, filed as anybody files them.
fn ten(ctx: &mut Ctx<'_>, place: &Place) -> Result<(), Error> {
    for number in 0..10 {
        let clause = |rest: &str| text(&format!("the checkout of basket {number} {rest}"));
        let draft = filing::Draft {
            title: text(&format!("checkout {number}")),
            given: clause("has a coupon"),
            when: clause("is paid by phone"),
            then: clause("ends in a timeout"),
            project_id: Field::Value(place.id),
            ..Default::default()
        };
        filing::create(ctx, &draft)?;
    }
    Ok(())
}

struct Tokens {
    one: String,
    five: String,
    project: String,
    filing: Vec<String>,
}

/// Tokens of all users and projects; the answer is the measured users' and projects'.
fn make_tokens(ctx: &mut Ctx<'_>, world: &World) -> Result<Tokens, Error> {
    let draft = |scopes| tokens::Draft { name: text("Benchmark"), scopes, life: Some(Span::days(3_650)) };
    for index in 0..TOKENS - 3 {
        if index.is_multiple_of(2) {
            tokens::create_personal(ctx, world.users[index % 100], &draft(Scopes::FULL))?;
        } else {
            tokens::create_project(ctx, world.projects[index % PROJECTS].id, &draft(Scopes::REPORT_ONLY))?;
        }
    }
    let of_project = |ctx: &mut Ctx<'_>, place: &Place| {
        tokens::create_project(ctx, place.id, &draft(Scopes::FULL)).map(|made| made.plain.expose().to_owned())
    };
    let project = of_project(ctx, &world.projects[0])?;
    let filing = world.filing.iter().map(|place| of_project(ctx, place)).collect::<Result<_, _>>()?;
    let one = tokens::create_personal(ctx, world.users[0], &draft(Scopes::FULL))?.plain.expose().to_owned();
    let five = tokens::create_personal(ctx, world.users[1], &draft(Scopes::FULL))?.plain.expose().to_owned();
    Ok(Tokens { one, five, project, filing })
}

/// The newest tickets of the first organization.
fn newest(ctx: &mut Ctx<'_>, organization: Id<Organization>) -> Result<Vec<String>, Error> {
    let listing = store::ticket_lists::Listing {
        places: vec![store::ticket_lists::Place::Organization(organization)],
        filters: store::ticket_lists::Filters::default(),
        sort: bugtome::model::pages::Sort::NEWEST,
        after: None,
        offset: 0,
        limit: 500,
    };
    Ok(store::ticket_lists::page(ctx.db, &listing)?.into_iter().map(|row| row.id.to_string()).collect())
}

fn open(url: &str) -> Done<App> {
    let database = Database::open(&url.parse()?, Options::default())?;
    database.migrate()?;
    Ok(App::new(database, Clock::system(), Random::system(), ""))
}

fn main() -> Done<()> {
    let mut arguments = std::env::args().skip(1);
    let (Some(url), Some(total), Some(out)) = (arguments.next(), arguments.next(), arguments.next()) else {
        return Err("seed DATABASE TICKETS OUT.json [short]".into());
    };
    let length = if arguments.next().is_some_and(|word| word == "short") { SHORT } else { LONG };
    let app = open(&url)?;
    let world = app.run(Via::Command, people)?;
    let tokens = tickets::timed("tokens", || app.run(Via::Command, |ctx| make_tokens(ctx, &world)))?;
    // Nobody else may have the database open while it is filled.
    app.database().close();
    drop(app);
    let plan = Plan { total: total.parse()?, length, projects: world.projects.clone(), users: world.users.clone() };
    match url.strip_prefix("sqlite://") {
        Some(file) => sqlite::fill(file, &plan)?,
        None => postgres::fill(&url, &plan)?,
    }
    let app = open(&url)?;
    app.run(Via::Command, |ctx| ten(ctx, &world.small))?;
    let ids = app.run(Via::Command, |ctx| newest(ctx, world.projects[0].organization))?;
    app.database().close();
    let ids_of = |places: &[Place]| places.iter().map(|place| place.id.uuid().to_string()).collect::<Vec<_>>();
    let facts = serde_json::json!({
        "one": tokens.one, "five": tokens.five, "project_token": tokens.project, "projects": ids_of(&world.projects[..10]),
        "small": world.small.id.uuid().to_string(), "tickets": ids, "filing": tokens.filing, "filing_projects": ids_of(&world.filing),
        "rare_word": RARE_WORD, "rare": RARE, "total": plan.total,
    });
    std::fs::write(out, serde_json::to_vec_pretty(&facts)?)?;
    Ok(())
}
