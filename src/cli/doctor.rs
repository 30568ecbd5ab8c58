//! `bugtome doctor`: looks at all that these settings speak of, and says what to do.
//! What is looked at, and how it is judged, is in `app::checks` and `http::certificate`.

use std::io::Write;

use serde::Serialize;

use super::{Failure, Outcome};
use crate::app::checks::{self, Finding, Level};
use crate::app::clock::Clock;
use crate::app::settings::{Flags, Settings};
use crate::http::certificate;

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
            let mut findings = checks::all(&loaded, &clock);
            findings.extend(certificate::check(&loaded.settings, &clock));
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
    let mut out = std::io::stdout().lock();
    if json {
        let lines: Vec<Line<'_>> = lines.collect();
        let text = serde_json::to_string(&lines).map_err(std::io::Error::from)?;
        writeln!(out, "{text}")?;
        return Ok(());
    }
    for Line { level, what, found, advice } in lines {
        let advice = advice.map(|advice| format!("  -> {advice}")).unwrap_or_default();
        writeln!(out, "{level:<4}  {what:<14}  {found}{advice}")?;
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
