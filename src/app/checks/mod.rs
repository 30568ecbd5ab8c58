//! What `bugtome doctor` looks at, a subject a file: settings and their secrets, addresses, the database, the disk, Redis, the machine.
//! Nothing is changed by looking, but for what a node that connects leaves in Redis. How findings are printed is the command's affair; the
//! certificate is looked at by `http`.

mod addresses;
mod database;
mod files;
mod machine;
mod postgres;
mod redis;
mod sqlite;

use super::clock::Clock;
use super::settings::{Loaded, Origin, Settings};

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// As it should be.
    Ok,
    /// It works, and somebody should look at it.
    Warn,
    /// It does not work, or not safely.
    Fail,
}

/// What one look has found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// How bad it is.
    pub level: Level,
    /// What was looked at, in a word or two.
    pub what: &'static str,
    /// What was found. Secrets in it are masked.
    pub found: String,
    /// What to do; nothing where all is well.
    pub advice: Option<String>,
}

impl Finding {
    /// As it should be.
    pub fn ok(what: &'static str, found: impl Into<String>) -> Self {
        Self { level: Level::Ok, what, found: found.into(), advice: None }
    }

    /// It works, and somebody should do this.
    pub fn warn(what: &'static str, found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { level: Level::Warn, what, found: found.into(), advice: Some(advice.into()) }
    }

    /// It does not work until somebody does this.
    pub fn fail(what: &'static str, found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { level: Level::Fail, what, found: found.into(), advice: Some(advice.into()) }
    }
}

/// Looks at what runs: database, Redis, machine. Takes seconds where the network or a large database makes it wait.
pub fn all(settings: &Settings, clock: &Clock) -> Vec<Finding> {
    let mut findings = database::check(&settings.database_url, clock);
    findings.extend(settings.redis_url.iter().map(redis::check));
    findings.extend(machine::check(clock));
    findings
}

/// The PEM files' permissions, where there are any.
pub fn tls_files(settings: &Settings) -> Vec<Finding> {
    settings.tls.iter().map(|tls| files::secret("tls key", &tls.key, "the private key")).collect()
}

/// Looks at what the settings say by themselves: names that are none, files that hold secrets for everybody to read, addresses.
pub fn settings(loaded: &Loaded) -> Vec<Finding> {
    let mut findings: Vec<Finding> =
        loaded.warnings.iter().map(|warning| Finding::warn("settings", warning, "correct the name, or take it away")).collect();
    let mut files: Vec<_> = loaded.in_force.iter().filter_map(|setting| Some((file(&setting.origin)?, setting))).collect();
    if findings.is_empty() {
        let from = files.first().map_or_else(|| "no file".to_owned(), |(path, _)| path.display().to_string());
        findings.push(Finding::ok("settings", format!("understood; read from {from}; `bugtome config` prints them")));
    }
    // A masked value is one that holds a secret.
    files.retain(|(_, setting)| setting.value.as_deref().is_some_and(|value| value.contains("***")));
    if let Some((path, setting)) = files.first() {
        findings.push(files::secret("settings file", path, &format!("the password in {}", setting.name)));
    }
    findings.extend(addresses::check(&loaded.settings));
    findings
}

fn file(origin: &Origin) -> Option<&std::path::Path> {
    match origin {
        Origin::File(path) => Some(path),
        _ => None,
    }
}
