//! What the server's meters read each time that somebody looks: the database's lines and counts, its disk, the process.
//! What is counted as it happens is `http::metrics`' affair.

use std::path::Path;

use super::{Failure, Outcome};
use crate::app::App;
use crate::app::counters::Counters;
use crate::app::machine::{self, Usage};
use crate::app::passwords::Passwords;
use crate::app::settings::Settings;
use crate::http::listen::Limits;
use crate::http::metrics::Metrics;
use crate::model::time::Time;
use crate::store::database::{Database, DatabaseUrl, Stats, size};

type Registered = Result<(), prometheus::Error>;

/// Counters for operators, where somebody listens to them.
pub(super) fn meters(settings: &Settings, database: &Database, started: Time) -> Outcome<Metrics> {
    if settings.metrics_listen.is_none() {
        return Ok(Metrics::off());
    }
    let all = || {
        let metrics = Metrics::on()?;
        metrics.fact("bugtome_build_info", "1, with the version and the kind of database.", &about(database))?;
        metrics.gauge("bugtome_connections_limit", "Connections of clients that are served at a time.", || {
            i64::try_from(Limits::default().max_connections).unwrap_or(i64::MAX)
        })?;
        of_the_database(&metrics, database)?;
        if let DatabaseUrl::Sqlite(path) = &settings.database_url {
            of_the_disk(&metrics, path)?;
        }
        of_the_process(&metrics, started)?;
        Ok(metrics)
    };
    all().map_err(|error: prometheus::Error| Failure::Failed(format!("metrics cannot be set up: {error}")))
}

/// How the nodes' common counts do; registered where there is a Redis to count in.
pub(super) fn of_the_limits(metrics: &Metrics, counters: &Counters) -> Outcome {
    let (shared, alone) = (counters.clone(), counters.clone());
    let all = || -> Registered {
        let are_shared = move || i64::from(shared.are_shared());
        metrics.gauge("bugtome_limits_shared", "Whether all nodes count together for their limits at present.", are_shared)?;
        let what = "Requests and sign-ins that this node limited by itself, Redis being of no use.";
        metrics.total("bugtome_limits_alone_total", what, move || number(alone.alone()))
    };
    all().map_err(|error| Failure::Failed(format!("metrics cannot be set up: {error}")))
}

/// Whether the time by which rights go is this machine's.
pub(super) fn of_the_clock(metrics: &Metrics, app: &App) -> Outcome {
    let app = app.clone();
    let what =
        "How far the time by which rights go is ahead of this machine's: the database's on PostgreSQL, one that never goes back on SQLite.";
    #[expect(clippy::cast_precision_loss, reason = "the years that would lose a microsecond are not to be read off a chart")]
    let skew = move || app.clock_skew().micros() as f64 / 1e6;
    metrics.level("bugtome_clock_skew_seconds", what, skew).map_err(|error| Failure::Failed(format!("metrics cannot be set up: {error}")))
}

/// How many people wait to be let in.
pub(super) fn of_the_passwords(metrics: &Metrics, passwords: &Passwords) -> Outcome {
    let (waiting, refused) = (passwords.clone(), passwords.clone());
    let all = || -> Registered {
        metrics.level("bugtome_passwords_waiting", "Passwords that wait to be hashed or compared.", move || number(waiting.waiting()))?;
        let what = "Sign-ins and other uses of a password that were refused because too many waited.";
        metrics.total("bugtome_passwords_refused_total", what, move || number(refused.refused()))
    };
    all().map_err(|error| Failure::Failed(format!("metrics cannot be set up: {error}")))
}

fn about(database: &Database) -> [(&'static str, &'static str); 2] {
    [("version", env!("CARGO_PKG_VERSION")), ("database", if database.is_postgres() { "postgres" } else { "sqlite" })]
}

fn of_the_database(metrics: &Metrics, database: &Database) -> Registered {
    let read = |told: fn(Stats) -> f64| {
        let database = database.clone();
        move || told(database.stats())
    };
    let waiting = read(|stats| number(stats.writer_waiting));
    metrics.level("bugtome_writer_queue", "Changes that wait for SQLite's writer.", waiting)?;
    metrics.level("bugtome_pool_waiting", "Work that waits for the database's pool.", read(|stats| number(stats.pool_waiting)))?;
    metrics.level("bugtome_pool_busy", "Threads of the database's pool at work.", read(|stats| number(stats.pool_busy)))?;
    metrics.total("bugtome_database_commits_total", "Commits of SQLite's writer.", read(|stats| number(stats.batches)))?;
    metrics.total("bugtome_database_works_total", "Transactions run.", read(|stats| number(stats.works)))?;
    metrics.total("bugtome_database_seconds_total", "Time that transactions took in all.", read(|stats| stats.time.as_secs_f64()))
}

/// Past 2^53 the last digits are lost, which nobody reads off a chart.
#[expect(clippy::cast_precision_loss, reason = "Prometheus knows no other numbers")]
fn number(count: impl TryInto<u64>) -> f64 {
    count.try_into().unwrap_or(u64::MAX) as f64
}

/// A SQLite database and the disk that it lies on; of PostgreSQL its own exporter tells.
fn of_the_disk(metrics: &Metrics, path: &Path) -> Registered {
    let of = |told: fn(&Path) -> Option<u64>| {
        let path = path.to_owned();
        move || told(&path).map_or(f64::NAN, number)
    };
    metrics.level("bugtome_database_bytes", "Size of SQLite's file and its log.", of(|path| size(path).ok()))?;
    metrics.level(
        "bugtome_disk_free_bytes",
        "Room left where SQLite's file lies.",
        of(|path| machine::room(path).ok().map(|room| room.free)),
    )?;
    metrics.level(
        "bugtome_disk_bytes",
        "Size of the disk where SQLite's file lies.",
        of(|path| machine::room(path).ok().map(|room| room.size)),
    )
}

/// Under the names that all clients of Prometheus use, so that dashboards know them.
fn of_the_process(metrics: &Metrics, started: Time) -> Registered {
    let used = |told: fn(Usage) -> f64| move || machine::usage().map_or(f64::NAN, told);
    metrics.total("process_cpu_seconds_total", "Processor time used, in seconds.", used(|usage| usage.cpu_seconds))?;
    metrics.level("process_resident_memory_bytes", "Memory in use.", used(|usage| number(usage.resident_bytes)))?;
    metrics.level("process_open_fds", "Open files, connections among them.", used(|usage| number(usage.open_files)))?;
    metrics.level("process_max_fds", "Files that may be open.", || machine::open_files_limit().map_or(f64::NAN, number))?;
    let started = number(started.micros()) / 1e6;
    metrics.level("process_start_time_seconds", "When the server started, in seconds since 1970.", move || started)
}
