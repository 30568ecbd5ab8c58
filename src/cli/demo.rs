//! `bugtome serve --demo`: a throw-away database with something to look at.
//! Everything in it is made by the domain's own functions, and it is gone when the server stops.

use std::io::Write;
use std::path::PathBuf;

use super::terminal::complain;
use super::{Failure, Outcome};
use crate::app::clock::Clock;
use crate::app::random::Random;
use crate::app::settings::Settings;
use crate::app::{App, passwords};
use crate::domain::{Ctx, Result, organizations, projects, tickets, tokens, users};
use crate::model::draft::{Field, Text};
use crate::model::events::Via;
use crate::model::id::Id;
use crate::model::projects::Project;
use crate::model::scopes::Scopes;
use crate::model::users::Password;
use crate::model::visible::visible;
use crate::store::database::{Database, DatabaseUrl, Options};

/// A demonstration: its folder is removed when it is dropped.
pub(super) struct Demo {
    folder: PathBuf,
    password: String,
    personal: String,
    project: String,
}

const EMAIL: &str = "demo@example.com";

impl Demo {
    /// Makes the database and what is in it. Refuses an address beyond loopback: everybody who reads the screen knows the tokens.
    pub(super) fn prepare(settings: &Settings) -> Outcome<Self> {
        if !settings.listen.ip().to_canonical().is_loopback() {
            let what =
                format!("--demo listens on this machine alone, not on {}; leave --listen out or name a loopback address", settings.listen);
            return Err(Failure::Usage(what));
        }
        let random = Random::system();
        let word = |length: usize| String::from_utf8_lossy(&random.base62::<24>()[..length]).into_owned();
        let folder = std::env::temp_dir().join(format!("bugtome-demo-{}", word(12)));
        private_folder(&folder)?;
        let mut demo = Self { folder, password: word(16), personal: String::new(), project: String::new() };
        let database = Database::open(&demo.database_url(), Options::default())?;
        database.migrate()?;
        let password = Password::parse(demo.password.clone()).map_err(|problem| Failure::Failed(format!("the password {problem}")))?;
        let hash = passwords::hash(&password, random).map_err(Failure::because)?;
        let app = App::new(database.clone(), Clock::system(), random, "");
        (demo.personal, demo.project) = app.run(Via::Command, |ctx| fill(ctx, &hash))?;
        database.close();
        Ok(demo)
    }

    pub(super) fn database_url(&self) -> DatabaseUrl {
        DatabaseUrl::Sqlite(self.folder.join("bugtome.db"))
    }

    /// Prints the user, both tokens and a line to paste.
    pub(super) fn explain(&self, out: &mut impl Write, base_url: &str) -> std::io::Result<()> {
        let Self { password, personal, project, .. } = self;
        writeln!(out, "\nA demonstration: all of it is gone when this server stops.\n")?;
        writeln!(out, "  in a browser    {base_url}/login")?;
        writeln!(out, "  user            {EMAIL}, password {password}")?;
        writeln!(out, "  personal token  {personal}  (everything that the user may)")?;
        writeln!(out, "  project token   {project}  (files tickets in WEB)\n")?;
        writeln!(out, "Read tickets:\n\n  curl {base_url}/api/v1/tickets -H 'Authorization: Bearer {personal}'\n")?;
        writeln!(out, "File one, as CI would:\n\n  curl {base_url}/api/v1/tickets -H 'Authorization: Bearer {project}' \\")?;
        writeln!(out, "    -H 'Content-Type: application/json' -d '{{\"ticket\": {{\"title\": \"The build is red\",")?;
        writeln!(out, "      \"given\": \"a clean checkout of main\", \"when\": \"the tests run\", \"then\": \"one of them fails\"}}}}'\n")
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.folder) {
            complain(&format!("bugtome: {} could not be removed: {error}", visible(self.folder.display())));
        }
    }
}

/// A folder for its owner's eyes only, that did not exist before.
fn private_folder(folder: &std::path::Path) -> Outcome {
    use std::os::unix::fs::DirBuilderExt;
    let failed = |error| Failure::because(format!("{} cannot be made: {error}", folder.display()));
    std::fs::DirBuilder::new().mode(0o700).create(folder).map_err(failed)
}

fn text(text: &str) -> Field<Text> {
    Field::Value(text.into())
}

fn fill(ctx: &mut Ctx<'_>, password_hash: &str) -> Result<(String, String)> {
    let user = users::create(ctx, &text("Dana Demo"), &text(EMAIL), Some(password_hash))?;
    let organization = organizations::create(ctx, &text("Demo"), &text("demo"), user.id)?;
    let mut ids = Vec::new();
    for (name, code, about) in [("Web shop", "WEB", "What customers see"), ("Billing", "BILL", "Invoices and payments")] {
        let draft = projects::Draft { name: text(name), code: text(code), description: text(about), ..projects::Draft::default() };
        ids.push(projects::create(ctx, organization.id, &draft)?.id);
    }
    for (project, [title, given, when, then], priority) in TICKETS {
        file(ctx, ids[*project], [title, given, when, then], priority)?;
    }
    let draft = |name: &str, scopes| tokens::Draft { name: text(name), scopes, life: Some(tokens::USUAL_LIFE) };
    let personal = tokens::create_personal(ctx, user.id, &draft("Demo", Scopes::FULL))?;
    let project = tokens::create_project(ctx, ids[0], &draft("CI", Scopes::REPORT_ONLY))?;
    Ok((personal.plain.expose().to_owned(), project.plain.expose().to_owned()))
}

fn file(ctx: &mut Ctx<'_>, project: Id<Project>, [title, given, when, then]: [&str; 4], priority: &str) -> Result<()> {
    let draft = tickets::Draft {
        title: text(title),
        given: text(given),
        when: text(when),
        then: text(then),
        priority: text(priority),
        project_id: Field::Value(project),
        ..tickets::Draft::default()
    };
    tickets::create(ctx, &draft).map(|_| ())
}

/// Project, title, given, when, then, priority.
const TICKETS: &[(usize, [&str; 4], &str)] = &[
    (
        0,
        [
            "Checkout forgets the coupon after signing in",
            "a basket with a valid coupon, and nobody signed in",
            "the customer signs in during checkout",
            "the basket keeps its goods, but the coupon is gone and the full price is asked",
        ],
        "high",
    ),
    (
        0,
        [
            "Search finds nothing for words with an umlaut",
            "a product called Müsli",
            "a customer searches for musli or müsli",
            "both should find it; only the second does",
        ],
        "medium",
    ),
    (
        0,
        [
            "Photos overlap the price on narrow phones",
            "a phone 360 px wide",
            "a product's page is opened",
            "the first photo covers the price until the page is turned",
        ],
        "low",
    ),
    (
        1,
        [
            "An invoice is sent twice when the mail server is slow",
            "a mail server that takes over 30 seconds to answer",
            "an invoice is sent",
            "the customer gets it twice, with the same number",
        ],
        "critical",
    ),
    (
        1,
        [
            "VAT is rounded per line instead of per invoice",
            "an invoice with three lines of 0.99 each",
            "the total is worked out",
            "it is one cent more than the tax office's own calculation",
        ],
        "medium",
    ),
];
