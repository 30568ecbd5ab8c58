//! `bugtome doctor`: looks at all that these settings speak of, and says what to do.
//! What is looked at, and how it is judged, is in `app::checks` and `http::certificate`.

use serde::Serialize;

use super::terminal::{say, say_json};
use super::{Failure, Outcome};
use crate::app::checks::{self, Finding, Level};
use crate::app::clock::Clock;
use crate::app::identity;
use crate::app::settings::{Flags, Settings};
use crate::http::certificate;
use crate::model::visible::visible;

/// What `doctor` takes.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    flags: Flags,
    /// Answer in JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Line<'a> {
    level: &'static str,
    what: &'static str,
    found: &'a str,
    advice: Option<&'a str>,
}

/// Looks and tells. Fails if anything is in a state in which the server does not work, or not safely.
pub(super) fn run(args: &Args) -> Outcome {
    let clock = Clock::system();
    let findings = match Settings::load(&args.flags) {
        Ok(loaded) => {
            // The files that the settings name are read by whoever runs the command; the database by its owner.
            let certificate = certificate::check(&loaded.settings, &clock);
            let mut findings = checks::settings(&loaded);
            match identity::become_owner_of(&[&loaded.settings.database_url]) {
                Ok(()) => findings.extend(checks::all(&loaded.settings, &clock)),
                Err(error) => findings.push(Finding::fail("database", error.to_string(), "have it and its folder belong to one user")),
            }
            findings.extend(certificate);
            findings
        }
        Err(error) => {
            let wrong = error.0.iter();
            wrong.map(|fault| Finding::fail("settings", fault.to_string(), "correct it; docs/settings.md says what each takes")).collect()
        }
    };
    print(&findings, args.json)?;
    match findings.iter().filter(|finding| finding.level == Level::Fail).count() {
        0 => Ok(()),
        failed => Err(Failure::Failed(format!("{failed} of {} looks found something that must be put right", findings.len()))),
    }
}

fn print(findings: &[Finding], json: bool) -> Outcome {
    let lines = findings.iter().map(|finding| Line {
        level: word(finding.level),
        what: finding.what,
        found: &finding.found,
        advice: finding.advice.as_deref(),
    });
    if json {
        return say_json(&lines.collect::<Vec<_>>());
    }
    for Line { level, what, found, advice } in lines {
        let advice = advice.map(|advice| format!("  -> {}", visible(advice))).unwrap_or_default();
        say(&format!("{level:<4}  {what:<14}  {}{advice}", visible(found)))?;
    }
    Ok(())
}

fn word(level: Level) -> &'static str {
    match level {
        Level::Ok => "ok",
        Level::Warn => "warn",
        Level::Fail => "FAIL",
    }
}
