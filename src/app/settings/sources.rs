//! Where settings come from: flags, then environment, then file, then default; which names there are, and what is wrong with the rest.
//! What the texts mean is read in `settings` with the types in `values`.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

use super::Flags;
use super::values::masked_url;

/// A setting's name, what its value must be, and its default where there is one.
pub(super) struct Name {
    pub(super) key: &'static str,
    pub(super) expected: &'static str,
    pub(super) default: Option<&'static str>,
}

const ADDRESS: &str = "an address and a port such as 127.0.0.1:8080";
const LIMIT: &str = "a number of requests an hour, 0 for no limit";
const FILE: &str = "the path of a PEM file";

pub(super) const NAMES: [Name; 12] = [
    Name { key: "listen", expected: ADDRESS, default: Some("127.0.0.1:8080") },
    Name { key: "database_url", expected: "sqlite://FILE or postgres://USER@HOST/NAME", default: Some("sqlite://bugtome.db") },
    Name { key: "base_url", expected: "http:// or https:// with a host and no path", default: None },
    Name { key: "tls_cert", expected: FILE, default: None },
    Name { key: "tls_key", expected: FILE, default: None },
    Name { key: "rate_limit_authenticated", expected: LIMIT, default: Some("1000") },
    Name { key: "rate_limit_anonymous", expected: LIMIT, default: Some("100") },
    Name { key: "redis_url", expected: "redis://HOST or, for TLS, rediss://HOST, with USER:PASSWORD@ before the host", default: None },
    Name { key: "trusted_proxies", expected: "addresses and networks such as 10.0.0.0/8, separated by commas", default: Some("") },
    Name { key: "hsts_include_subdomains", expected: "true or false", default: Some("false") },
    Name { key: "metrics_listen", expected: ADDRESS, default: None },
    Name { key: "security_contact", expected: "an e-mail address, or a https:, mailto: or tel: address", default: None },
];

/// Variables that are no settings of the server: the client's, the log's, the file's.
const OTHER_VARIABLES: [&str; 4] = ["BUGTOME_CONFIG", "BUGTOME_TOKEN", "BUGTOME_URL", "BUGTOME_LOG"];
const FREE_PREFIXES: [&str; 2] = ["BUGTOME_TEST_", "BUGTOME_BENCH_"];

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// A flag of the command.
    Flag,
    /// The environment variable of this name.
    Environment(String),
    /// The TOML file at this path.
    File(PathBuf),
    /// Nobody set it.
    Default,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag => f.write_str("flag"),
            Self::Environment(variable) => write!(f, "environment {variable}"),
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Default => f.write_str("default"),
        }
    }
}

/// One thing that is wrong with the settings. Secrets in it are masked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// A value that is not what its setting wants.
    #[error("{name} (from {origin}): {value:?} is not {expected}")]
    Value {
        /// The setting.
        name: &'static str,
        /// Where the value came from.
        origin: Origin,
        /// The value, masked if it may hold a secret.
        value: String,
        /// What is expected.
        expected: &'static str,
    },
    /// A key in the file that is no setting.
    #[error("{key} (from {origin}): there is no such setting; did you mean {nearest}?")]
    Unknown {
        /// The key.
        key: String,
        /// The file.
        origin: Origin,
        /// The known name that looks most like it.
        nearest: &'static str,
    },
    /// The file could not be read or is no TOML.
    #[error("config (from {origin}): {} {problem}", path.display())]
    File {
        /// Who named the file.
        origin: Origin,
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// One of the two halves of TLS without the other.
    #[error("{missing} is not set, but {set} is (from {origin}): TLS wants both")]
    Half {
        /// The setting that is missing.
        missing: &'static str,
        /// The setting that is there.
        set: &'static str,
        /// Where that came from.
        origin: Origin,
    },
}

/// A text for a setting and where it came from.
pub(super) type Raw = (String, Origin);

/// The texts that win, by key; unset settings without a default are not in it.
pub(super) struct Gathered {
    pub(super) texts: BTreeMap<&'static str, Raw>,
    pub(super) warnings: Vec<String>,
    pub(super) faults: Vec<Fault>,
}

/// The environment variable of a setting.
pub(super) fn variable(key: &str) -> String {
    format!("BUGTOME_{}", key.to_ascii_uppercase())
}

/// The value as it may be shown.
pub(super) fn shown(key: &str, text: &str) -> String {
    match key {
        "database_url" | "redis_url" => masked_url(text),
        // A slip that puts a password here must not show it either.
        "base_url" if text.contains('@') => masked_url(text),
        _ => text.to_owned(),
    }
}

/// Takes each setting's text from the source that comes first. Sources that come later overwrite here, so the order is turned round.
pub(super) fn gather(flags: &Flags, environment: impl IntoIterator<Item = (OsString, OsString)>, folder: &Path) -> Gathered {
    let mut gathered = Gathered { texts: BTreeMap::new(), warnings: Vec::new(), faults: Vec::new() };
    let defaults = NAMES.iter().filter_map(|name| Some((name.key, (name.default?.to_owned(), Origin::Default))));
    gathered.texts.extend(defaults);

    let (variables, config) = gathered.read_environment(environment);
    let named = flags.database.config.clone().map(|path| (path, Origin::Flag));
    let named = named.or_else(|| Some((config?, Origin::Environment("BUGTOME_CONFIG".to_owned()))));
    let usual = || Some((PathBuf::from("bugtome.toml"), Origin::Default)).filter(|(path, _)| folder.join(path).exists());
    if let Some((path, origin)) = named.or_else(usual) {
        gathered.read_file(folder, path, origin);
    }
    gathered.texts.extend(variables);
    let flagged = NAMES.iter().filter_map(|name| Some((name.key, (flags.get(name.key)?.to_owned(), Origin::Flag))));
    gathered.texts.extend(flagged);
    gathered
}

impl Gathered {
    /// The settings that the environment holds, and the file it names. An empty variable is an unset one, as compose files write it.
    fn read_environment(
        &mut self,
        environment: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> (Vec<(&'static str, Raw)>, Option<PathBuf>) {
        let mut texts = Vec::new();
        let mut config = None;
        for (variable, value) in environment {
            let Some(variable) = variable.to_str().filter(|name| name.starts_with("BUGTOME_")) else { continue };
            if variable == "BUGTOME_CONFIG" && !value.is_empty() {
                config = Some(PathBuf::from(value));
            } else if let Some(name) = NAMES.iter().find(|name| self::variable(name.key) == variable) {
                let origin = Origin::Environment(variable.to_owned());
                match value.into_string() {
                    Ok(text) if text.is_empty() => {}
                    Ok(text) => texts.push((name.key, (text, origin))),
                    Err(value) => self.fault(name, origin, &shown(name.key, &value.to_string_lossy())),
                }
            } else if !OTHER_VARIABLES.contains(&variable) && !FREE_PREFIXES.iter().any(|prefix| variable.starts_with(prefix)) {
                let nearest = self::variable(nearest(&variable["BUGTOME_".len()..].to_ascii_lowercase()));
                self.warnings.push(format!("{variable} (from environment): there is no such setting; did you mean {nearest}?"));
            }
        }
        (texts, config)
    }

    fn read_file(&mut self, folder: &Path, path: PathBuf, named_by: Origin) {
        let table = match read_table(&folder.join(&path)) {
            Ok(table) => table,
            Err(problem) => return self.faults.push(Fault::File { origin: named_by, path, problem }),
        };
        let origin = Origin::File(path);
        for (key, value) in table {
            let Some(name) = NAMES.iter().find(|name| name.key == key) else {
                let nearest = nearest(&key);
                self.faults.push(Fault::Unknown { key, origin: origin.clone(), nearest });
                continue;
            };
            match text_of(name.key, &value) {
                Ok(text) => _ = self.texts.insert(name.key, (text, origin.clone())),
                Err(kind) => self.fault(name, origin.clone(), kind),
            }
        }
    }

    pub(super) fn fault(&mut self, name: &Name, origin: Origin, value: &str) {
        self.faults.push(Fault::Value { name: name.key, origin, value: value.to_owned(), expected: name.expected });
    }
}

/// Reads the file. Of a syntax error only the line's number is told: the line itself may hold a password.
fn read_table(path: &Path) -> Result<toml::Table, String> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("cannot be read: {error}"))?;
    text.parse().map_err(|error: toml::de::Error| {
        let start = error.span().map_or(0, |span| span.start.min(text.len()));
        let line = 1 + text.as_bytes()[..start].split(|byte| *byte == b'\n').skip(1).count();
        format!("is no TOML file; see line {line}")
    })
}

/// The text that a flag would have had; else the kind of value that stands there.
fn text_of(key: &str, value: &toml::Value) -> Result<String, &'static str> {
    match value {
        toml::Value::String(text) => Ok(text.clone()),
        toml::Value::Integer(number) => Ok(number.to_string()),
        toml::Value::Array(items) if key == "trusted_proxies" => {
            let texts: Option<Vec<_>> = items.iter().map(toml::Value::as_str).collect();
            texts.map(|texts| texts.join(",")).ok_or("an array of other things than strings")
        }
        other => Err(other.type_str()),
    }
}

fn nearest(key: &str) -> &'static str {
    let distance = |name: &&Name| strsim::osa_distance(name.key, key);
    NAMES.iter().min_by_key(distance).map_or("", |name| name.key)
}
