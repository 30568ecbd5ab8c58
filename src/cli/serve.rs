//! `bugtome serve`: from settings to a running server, and its clean end.
//! What it answers is the faces' affair.

use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;

use super::demo::Demo;
use super::meters::{meters, of_the_clock, of_the_limits, of_the_passwords};
use super::{Failure, Outcome};
use crate::app::clock::Clock;
use crate::app::counters::Counters;
use crate::app::random::Random;
use crate::app::settings::{Flags, Settings};
use crate::app::stop::{Hangups, Stopper, Termination};
use crate::app::{App, logs};
use crate::domain::{Who, installation, setup};
use crate::http::faces::Faces;
use crate::http::guard::StrictTransport;
use crate::http::limits::Limiter;
use crate::http::listen::{self, Limits};
use crate::http::metrics::{self, Metrics};
use crate::http::mount::Front;
use crate::http::sign_ins::SignIns;
use crate::http::tls::Tls;
use crate::http::uses::Uses;
use crate::model::events::Via;
use crate::model::secrets::SetupCode;
use crate::model::visible::visible;
use crate::store::database::{Database, Options};
use crate::{api, jobs, web};

/// What `serve` takes.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    flags: Flags,
    /// Run over a throw-away database with an organization, projects, tickets, a user and one token of each kind
    #[arg(long, conflicts_with = "database")]
    demo: bool,
}

/// Runs the server until it is told to stop.
pub(super) fn run(args: Args) -> Outcome {
    logs::set_up().map_err(Failure::because)?;
    let loaded = Settings::load(&args.flags)?;
    for warning in &loaded.warnings {
        tracing::warn!("{}", visible(warning));
    }
    let mut settings = loaded.settings;
    let demo = if args.demo { Some(Demo::prepare(&settings)?) } else { None };
    if let Some(demo) = &demo {
        settings.database_url = demo.database_url();
    }
    let database = Database::open(&settings.database_url, Options::default())?;
    let steps = database.migrate()?;
    if !steps.is_empty() {
        tracing::info!(steps = steps.join(", "), "the database's schema has been brought up to date");
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let served = runtime.block_on(serve(&settings, database.clone(), demo.as_ref()));
    runtime.shutdown_timeout(Duration::from_secs(1));
    database.close();
    served
}

/// Tells in the log what somebody has changed in the schema; a server that does not start would be worse.
async fn tell_what_is_strange(database: Database) {
    match database.look_for_strange().await {
        Ok(all) => {
            for strange in all {
                tracing::error!(
                    what = strange.what,
                    line = strange.mend,
                    "the schema is not as bugtome makes it: `bugtome doctor` says what to do"
                );
            }
        }
        Err(error) => tracing::warn!(%error, "the schema could not be looked at: `bugtome doctor` looks again"),
    }
}

async fn serve(settings: &Settings, database: Database, demo: Option<&Demo>) -> Outcome {
    let clock = Clock::system();
    let tls = match &settings.tls {
        Some(files) => Some(Tls::load(&files.cert, &files.key, clock.clone()).map_err(Failure::because)?),
        None => None,
    };
    let taken = |error| Failure::Failed(format!("cannot listen on {}: {error}; --listen names another address", settings.listen));
    let listener = TcpListener::bind(settings.listen).await.map_err(taken)?;
    let address = listener.local_addr()?;
    if let Some(warning) = settings.exposure_warning(address) {
        tracing::warn!("{warning}");
    }
    let base_url = settings.base_url_at(address).to_string();
    let metrics = meters(settings, &database, clock.now())?;
    let app = App::new(database, clock, Random::system(), &base_url);
    of_the_passwords(&metrics, app.passwords())?;
    app.start_clock().await?;
    of_the_clock(&metrics, &app)?;
    let counters = counters(settings, &app, &metrics).await?;
    let front = Arc::new(Front {
        app,
        limiter: Limiter::new(settings.rate_limit_authenticated, settings.rate_limit_anonymous).shared(counters.clone()),
        uses: Uses::default(),
        reaches: Uses::default(),
        seen: Uses::default(),
        sign_ins: SignIns::shared(counters.clone()),
        proxies: settings.trusted_proxies.clone(),
        security_contact: settings.security_contact.clone(),
        transport: StrictTransport::of(&base_url, settings.subdomains),
        metrics: metrics.clone(),
    });
    let (stopper, stop) = Stopper::new();
    let mut tasks = tokio::task::JoinSet::new();
    tasks.spawn(jobs::flush_uses(Arc::clone(&front), stop.clone()));
    tasks.spawn(jobs::sweep(front.app.clone(), stop.clone()));
    if let Some(counters) = counters {
        tasks.spawn(counters.keep(stop.clone()));
    }
    if let Some(address) = settings.metrics_listen {
        let listener =
            TcpListener::bind(address).await.map_err(|error| Failure::Failed(format!("cannot serve metrics on {address}: {error}")))?;
        tasks.spawn(metrics::serve(listener, metrics.clone(), stop.clone()));
    }
    // Before anybody is told that we are ready: whoever reads that line may send a signal at once.
    let unheard = |error| Failure::Failed(format!("signals cannot be listened to: {error}"));
    let termination = Termination::listen().map_err(unheard)?;
    let hangups = Hangups::listen().map_err(unheard)?;
    let certificates = tls.clone();
    tokio::spawn(hangups.each(move || certificates.iter().for_each(Tls::reload_and_log)));
    tokio::spawn(async move {
        let signal = termination.given().await;
        tracing::info!(signal, "stopping");
        stopper.stop();
    });
    let scheme = if tls.is_some() { "https" } else { "http" };
    let code = front.app.write(Who::Command, Via::Command, setup::prepare).await?;
    announce(&format!("listening on {scheme}://{address}"), demo, code.as_ref(), &base_url)?;
    // After the start, which need not wait for it.
    tasks.spawn(tell_what_is_strange(front.app.database().clone()));
    let bounds = (Limits::default(), settings.trusted_proxies.clone());
    listen::serve(listener, tls, Faces::new(api::router(&front), web::router(&front)), bounds, metrics, stop).await;
    tasks.join_all().await;
    // What came while connections were finished.
    if let Err(error) = jobs::flush_once(&front).await {
        tracing::warn!(%error, "the last uses of tokens and sessions could not be written down");
    }
    if let Err(error) = front.app.stop_clock().await {
        tracing::warn!(%error, "the time that was told could not be written down: the clock may stand ahead for ten seconds after the next start");
    }
    Ok(())
}

/// Says that the server is ready, on standard output, where scripts wait for it.
fn announce(line: &str, demo: Option<&Demo>, code: Option<&SetupCode>, base_url: &str) -> Outcome {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}")?;
    if let Some(code) = code {
        writeln!(
            out,
            "\nThere is no user yet. Make the first one at {base_url}/setup with this code, which works once:\n\n  {}\n",
            code.expose()
        )?;
    }
    if let Some(demo) = demo {
        demo.explain(&mut out, base_url)?;
    }
    out.flush()?;
    Ok(())
}

/// What all nodes count together, where they have a Redis for it. One that cannot be reached is a warning: requests do not depend on it.
async fn counters(settings: &Settings, app: &App, metrics: &Metrics) -> Outcome<Option<Counters>> {
    let Some(url) = &settings.redis_url else { return Ok(None) };
    let key = app.write(Who::Command, Via::Command, installation::counting_key).await?;
    let counters = Counters::new(url.clone(), key);
    of_the_limits(metrics, &counters)?;
    counters.connect().await;
    Ok(Some(counters))
}
