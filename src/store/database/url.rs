//! Which database, and how to use it: the URL and the options.
//! Nothing is opened here.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

/// Where the database is. `Display` and `Debug` mask the password.
#[derive(Clone, PartialEq, Eq)]
pub enum DatabaseUrl {
    /// A SQLite file.
    Sqlite(PathBuf),
    /// A PostgreSQL server.
    Postgres(PostgresUrl),
}

/// A checked PostgreSQL URL, with its password.
#[derive(Clone, PartialEq, Eq)]
pub struct PostgresUrl(String);

impl PostgresUrl {
    /// The URL with its password: for connecting only, never for a log.
    pub fn secret(&self) -> &str {
        &self.0
    }

    /// Whether it says itself when TLS is spoken (`sslmode`).
    pub(super) fn says_tls(&self) -> bool {
        // As the driver reads it: what stands before the first @ is user and password, what stands behind the first ? after it are the options.
        let rest = self.0.split_once("://").map_or("", |(_, rest)| rest);
        let rest = rest.split_once('@').map_or(rest, |(_, rest)| rest);
        let options = rest.split_once('?').map_or("", |(_, options)| options);
        options.split('&').any(|option| {
            let name = option.split('=').next().unwrap_or_default();
            percent_encoding::percent_decode_str(name).decode_utf8_lossy() == "sslmode"
        })
    }
}

/// The text names no database that bugtome can use.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NoDatabaseUrl(String);

impl FromStr for DatabaseUrl {
    type Err = NoDatabaseUrl;

    fn from_str(text: &str) -> Result<Self, NoDatabaseUrl> {
        if let Some(path) = text.strip_prefix("sqlite://") {
            return sqlite(path);
        }
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return postgres(text);
        }
        Err(NoDatabaseUrl("a database URL begins with sqlite:// (sqlite://bugtome.db, sqlite:///srv/bugtome.db) or postgres://".to_owned()))
    }
}

fn sqlite(path: &str) -> Result<DatabaseUrl, NoDatabaseUrl> {
    if path.is_empty() || path.ends_with('/') || path.contains(":memory:") {
        return Err(NoDatabaseUrl(
            "sqlite:// wants a file: sqlite://bugtome.db, or sqlite:///srv/bugtome.db for an absolute path".to_owned(),
        ));
    }
    if path.contains(['?', '#', '\0']) {
        return Err(NoDatabaseUrl("a SQLite URL takes a path only, no options after ? or #".to_owned()));
    }
    Ok(DatabaseUrl::Sqlite(PathBuf::from(path)))
}

fn postgres(text: &str) -> Result<DatabaseUrl, NoDatabaseUrl> {
    let config = text.parse::<tokio_postgres::Config>().map_err(|error| {
        // The driver's text names the option, not its value; sslmode's libpq-only values deserve a hint.
        let cause = std::error::Error::source(&error).map_or_else(|| error.to_string(), ToString::to_string);
        let hint = if cause.contains("sslmode") { " (it takes disable, prefer or require; certificates are always verified)" } else { "" };
        NoDatabaseUrl(format!("the PostgreSQL URL is not valid: {cause}{hint}"))
    })?;
    if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
        return Err(NoDatabaseUrl("the PostgreSQL URL names no host: postgres://user:password@host/database".to_owned()));
    }
    Ok(DatabaseUrl::Postgres(PostgresUrl(text.to_owned())))
}

/// The URL with `***` for the password, both before the host and among the options.
fn masked(url: &str) -> String {
    let scheme = url.find("://").map_or(0, |at| at + 3);
    let authority_end = url[scheme..].find(['/', '?']).map_or(url.len(), |at| scheme + at);
    // A raw `/` or `?` in a password would end the authority early: then nothing up to the last @ is shown.
    let at_sign = url.rfind('@').filter(|at| *at >= scheme);
    let (user, rest) = match at_sign {
        None => ("", &url[scheme..]),
        Some(at) if at < authority_end => (url[scheme..at].split(':').next().unwrap_or_default(), &url[at..]),
        Some(at) => ("", &url[at..]),
    };
    let secret = at_sign.is_some_and(|at| url[scheme..at].contains(':'));
    let mut shown = format!("{}{user}{}", &url[..scheme], if secret { ":***" } else { "" });
    for (index, option) in rest.split_inclusive(['?', '&']).enumerate() {
        let hidden = index > 0 && option.split('=').next().is_some_and(|name| name.contains("password"));
        shown.push_str(if hidden { "password=***" } else { option });
        if hidden && option.ends_with('&') {
            shown.push('&');
        }
    }
    shown
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite://{}", path.display()),
            Self::Postgres(url) => f.write_str(&masked(&url.0)),
        }
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Debug for PostgresUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&masked(&self.0))
    }
}

/// How to use the database.
#[derive(Debug, Clone)]
pub struct Options {
    /// SQLite: how many connections are kept for reads in place.
    pub readers: usize,
    /// How many threads the pool has: for scans on SQLite, for all work on PostgreSQL.
    pub threads: usize,
    /// How many pieces of work may wait, for the pool and for SQLite's writer each.
    pub queue: usize,
    /// How long one piece of work may take, its waiting included. Two seconds less what it takes to say so: a client hears of it within two.
    pub deadline: Duration,
    /// PostgreSQL: whether statements are prepared under names, unless a pooler is found between.
    pub named_statements: bool,
}

impl Default for Options {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        Self {
            readers: cores + 2,
            threads: (2 * cores).clamp(4, 32),
            queue: 1024,
            deadline: Duration::from_millis(1_600),
            named_statements: true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<DatabaseUrl, NoDatabaseUrl> {
        text.parse()
    }

    #[test]
    fn sqlite_urls_name_a_file() {
        assert_eq!(parse("sqlite://bugtome.db"), Ok(DatabaseUrl::Sqlite("bugtome.db".into())));
        assert_eq!(parse("sqlite:///srv/b/bugtome.db"), Ok(DatabaseUrl::Sqlite("/srv/b/bugtome.db".into())));
        for wrong in ["", "bugtome.db", "sqlite:", "sqlite://", "sqlite:///srv/", "sqlite://:memory:", "sqlite://a?mode=ro", "mysql://h/d"]
        {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn passwords_are_never_shown() {
        for (url, shown) in [
            ("postgres://anna:secret@db:5432/bugtome", "postgres://anna:***@db:5432/bugtome"),
            ("postgresql://anna@db/bugtome", "postgresql://anna@db/bugtome"),
            ("postgres://db/bugtome?user=a&password=secret&sslmode=disable", "postgres://db/bugtome?user=a&password=***&sslmode=disable"),
            ("postgres://db/bugtome?password=secret", "postgres://db/bugtome?password=***"),
            ("postgres://anna:se@cret@db/b", "postgres://anna:***@db/b"),
        ] {
            let parsed = DatabaseUrl::Postgres(PostgresUrl(url.to_owned()));
            assert_eq!(parsed.to_string(), shown);
            assert!(!format!("{parsed:?}").contains("secret"));
        }
        assert!(!masked("postgres://anna:sec/ret@db/b").contains("ret"));
    }

    #[test]
    fn what_postgres_does_not_understand_is_said() {
        assert!(parse("postgres://db/b?sslmode=verify-full").unwrap_err().to_string().contains("disable, prefer or require"));
        assert!(parse("postgres:///b").is_err());
        assert!(parse("postgres://u:p@db:port/b").is_err());
        assert!(parse("postgres://u:p@db:5433/b?sslmode=require").is_ok());
    }
}
