//! `bugtome import`: a file's reports become tickets, batch by batch.
//! How files are read is the neighbours' affair, which reports are new the domain's.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::outcome::Tally;
use super::progress::Progress;
use super::{Report, Reports, Source};
use crate::app::App;
use crate::app::settings::DatabaseFlags;
use crate::cli::admin::{self, Output, ProjectName};
use crate::cli::{Failure, Outcome};
use crate::domain::imports::{self, Remark, Taken};
use crate::domain::{self, Ctx};
use crate::model::events::Via;
use crate::model::id::Id;
use crate::model::projects::Project;
use crate::model::visible::visible;
use crate::store::database;
use crate::store::tickets::Texts;

/// What `import` takes.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// Whose export the file is
    source: Source,
    /// The file
    file: PathBuf,
    /// The project that gets the tickets: SLUG/CODE
    #[arg(long, value_name = "SLUG/CODE")]
    project: ProjectName,
    /// Show what goes where and what would be imported; nothing is written
    #[arg(long)]
    dry_run: bool,
    /// Answer in JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    database: DatabaseFlags,
}

/// How many tickets and comments share a transaction, and how many bytes of text: some 10 ms of work on SQLite.
const BATCH: usize = 50;
const BATCH_BYTES: usize = 128 << 10;

/// The longest that the importer rests after a batch.
const LONGEST_REST: Duration = Duration::from_millis(25);

/// For how long the importer waits for a database that another process has locked.
const PATIENCE: Duration = Duration::from_mins(2);

/// Imports the file.
pub(in crate::cli) fn run(args: &Args) -> Outcome {
    let unreadable = |error| Failure::Failed(visible(format!("{} {error}", args.file.display())));
    let length = std::fs::metadata(&args.file).map_err(|error| unreadable(error.into()))?.len();
    let reports = super::open(args.source, &args.file).map_err(unreadable)?;
    let app = if args.dry_run { admin::open_untouched(&args.database)? } else { admin::open_existing(&args.database)? };
    let import = find(&app, &args.project).map(|project| Import {
        app: app.clone(),
        project,
        args,
        progress: Progress::new(length),
        reports,
        tally: Tally::new(args.source),
    });
    let outcome = import.and_then(Import::run);
    app.database().close();
    outcome
}

fn find(app: &App, name: &ProjectName) -> Outcome<Id<Project>> {
    let row = admin::named(app.run(Via::Import, |ctx| name.find(ctx)), || name.missing())?;
    if row.archived_at.is_some() { Err(Failure::Failed(archived(name))) } else { Ok(row.id) }
}

fn archived(name: &ProjectName) -> String {
    format!("project {name} is archived; `bugtome admin project unarchive {name}` opens it again")
}

/// An import under way.
struct Import<'a> {
    app: App,
    project: Id<Project>,
    args: &'a Args,
    progress: Progress,
    reports: Reports,
    tally: Tally,
}

impl Import<'_> {
    fn run(mut self) -> Outcome {
        let brought = self.all();
        self.progress.end();
        brought?;
        let mapping = self.args.dry_run.then(|| self.reports.mapping());
        self.tally.print(Output { json: self.args.json }, mapping)
    }

    fn all(&mut self) -> Outcome {
        loop {
            let batch = self.batch();
            if batch.is_empty() {
                return Ok(());
            }
            let began = Instant::now();
            let taken = self.take(&batch)?;
            self.tally.add(taken);
            self.progress.tell(self.reports.position(), &self.tally);
            self.rest(began.elapsed());
        }
    }

    /// The next reports; bad rows are told as they come.
    fn batch(&mut self) -> Vec<Report> {
        let (mut batch, mut items, mut bytes) = (Vec::new(), 0, 0);
        while items < BATCH && bytes < BATCH_BYTES {
            match self.reports.next() {
                None => break,
                Some(Ok(report)) => {
                    items += 1 + report.comments.len();
                    bytes += report.bytes();
                    batch.push(report);
                }
                Some(Err(bad)) => {
                    let said = self.tally.refuse(bad);
                    self.progress.say(&format!("{}, {said}", self.args.file.display()));
                }
            }
        }
        batch
    }

    /// Hands a batch to the domain, in one transaction; waits while another process holds the database.
    fn take(&mut self, batch: &[Report]) -> Outcome<Taken> {
        let views: Vec<imports::Report<'_>> = batch.iter().map(Report::as_domain).collect();
        let act = if self.args.dry_run { imports::foresee } else { imports::import };
        let began = Instant::now();
        loop {
            match self.app.run(Via::Import, |ctx: &mut Ctx<'_>| act(ctx, self.project, &views)) {
                Ok(taken) => return Ok(taken),
                Err(domain::Error::Store(database::Error::Busy)) if began.elapsed() < PATIENCE => {
                    self.progress.say("the database is locked by another process; waiting for it");
                }
                Err(error) => return Err(self.interrupted(error)),
            }
        }
    }

    fn interrupted(&self, error: domain::Error) -> Failure {
        let why = match error {
            domain::Error::Forbidden => archived(&self.args.project),
            domain::Error::Unreachable => format!("project {} has been deleted", self.args.project),
            error => Failure::from(error).to_string(),
        };
        if self.args.dry_run {
            return Failure::Failed(why);
        }
        Failure::Failed(format!("{why} ({} imported so far stay; run the same command again to go on)", self.tally.imported()))
    }

    /// SQLite's lock goes to whoever asks at the right moment, so a running server needs moments to ask in.
    fn rest(&self, worked: Duration) {
        if !self.app.database().is_postgres() && !self.args.dry_run {
            std::thread::sleep(worked.min(LONGEST_REST));
        }
    }
}

impl Report {
    /// About how long its texts are.
    fn bytes(&self) -> usize {
        let comments: usize = self.comments.iter().map(|comment| comment.content.len()).sum();
        let texts = [&self.title, &self.given, &self.when, &self.then];
        texts.iter().map(|text| text.len()).sum::<usize>() + self.notes.as_ref().map_or(0, String::len) + comments
    }

    fn as_domain(&self) -> imports::Report<'_> {
        let remarks = self.comments.iter().map(|comment| Remark {
            author: comment.author.as_deref(),
            content: &comment.content,
            created_at: comment.created_at,
        });
        imports::Report {
            external_key: &self.external_key,
            texts: Texts { title: &self.title, given: &self.given, when: &self.when, then: &self.then, notes: self.notes.as_deref() },
            status: self.status,
            priority: self.priority,
            reporter: self.reporter.as_deref(),
            created_at: self.created_at,
            updated_at: self.updated_at,
            remarks: remarks.collect(),
        }
    }
}
