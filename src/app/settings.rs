//! The server's settings by name: what is in force, and where from.
//! What each part of the program does with them is its own business.

mod flags;
mod sources;
#[cfg(test)]
mod tests;
mod values;

use std::ffi::OsString;
use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::str::FromStr;

pub use flags::{DatabaseFlags, Flags};
pub use sources::{Fault, Origin};
pub(in crate::app) use values::masked_url;
pub use values::{BaseUrl, Networks, NoValue, SecurityContact, Subdomains};

use super::counters::RedisUrl;
use crate::store::database::DatabaseUrl;

use sources::{Gathered, NAMES};

/// The settings in force.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where the server listens. Port 0 takes any free one.
    pub listen: SocketAddr,
    /// The database.
    pub database_url: DatabaseUrl,
    /// How clients reach the server, where somebody said so; else see [`Settings::base_url_at`].
    pub base_url: Option<BaseUrl>,
    /// Certificate and key; both or neither.
    pub tls: Option<TlsFiles>,
    /// Requests an hour for an authenticated caller; 0 is no limit.
    pub rate_limit_authenticated: u32,
    /// Requests an hour for an address without a valid token; 0 is no limit.
    pub rate_limit_anonymous: u32,
    /// Where all nodes count for their limits; without it each counts for itself.
    pub redis_url: Option<RedisUrl>,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Networks,
    /// Whether browsers are told to reach the host's subdomains by TLS too.
    pub subdomains: Subdomains,
    /// Where `/metrics` listens, if anywhere.
    pub metrics_listen: Option<SocketAddr>,
    /// Where to report what is wrong with security, if anywhere.
    pub security_contact: Option<SecurityContact>,
}

/// The PEM files for TLS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate and its chain.
    pub cert: PathBuf,
    /// The certificate's private key.
    pub key: PathBuf,
}

/// Settings, what to tell the user about them, and what `bugtome config` prints.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The settings in force.
    pub settings: Settings,
    /// What is odd but does not hinder, a sentence each: to be logged once logging is set up.
    pub warnings: Vec<String>,
    /// Every setting and where its value came from, in the order of the documentation.
    pub in_force: Vec<InForce>,
}

/// One setting as it is in force. As text it is a line of TOML with its origin as a comment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InForce {
    /// The setting.
    pub name: &'static str,
    /// Its value, secrets masked; none if it is unset and has no default.
    pub value: Option<String>,
    /// Where the value came from.
    pub origin: Origin,
}

/// The settings are wrong; every fault is told, a line each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error(pub Vec<Fault>);

impl Settings {
    /// Reads the settings of this process: `flags`, then its environment, then the TOML file, then defaults.
    pub fn load(flags: &Flags) -> Result<Loaded, Error> {
        Self::load_from(flags, std::env::vars_os(), Path::new(""))
    }

    /// Reads the settings from this environment and folder.
    pub fn load_from(flags: &Flags, environment: impl IntoIterator<Item = (OsString, OsString)>, folder: &Path) -> Result<Loaded, Error> {
        let mut gathered = sources::gather(flags, environment, folder);
        let settings = gathered.settings();
        match settings {
            Some(settings) if gathered.faults.is_empty() => {
                let in_force = gathered.in_force(&settings);
                Ok(Loaded { settings, warnings: gathered.warnings, in_force })
            }
            _ => Err(Error(gathered.faults)),
        }
    }

    /// The base URL for a server that listens at `address`, which is known once the listener is bound.
    pub fn base_url_at(&self, address: SocketAddr) -> BaseUrl {
        self.base_url.clone().unwrap_or_else(|| BaseUrl::of_listener(address, self.tls.is_some()))
    }

    /// What to tell a user whose tokens would cross the network in the clear.
    pub fn exposure_warning(&self, address: SocketAddr) -> Option<String> {
        let https = self.base_url.as_ref().is_some_and(BaseUrl::is_https);
        let reachable = !address.ip().to_canonical().is_loopback();
        (reachable && self.tls.is_none() && !https).then(|| {
            format!(
                "listening on {address} without TLS: tokens cross the network in the clear. Give --tls-cert and --tls-key, \
                 or put a proxy with TLS in front and give --base-url https://…"
            )
        })
    }
}

impl Gathered {
    /// Parses all texts. None only if there is a fault.
    fn settings(&mut self) -> Option<Settings> {
        let listen = self.take("listen");
        let database_url = self.take("database_url");
        let base_url = self.take("base_url");
        let tls = self.tls();
        let rate_limit_authenticated = self.take("rate_limit_authenticated");
        let rate_limit_anonymous = self.take("rate_limit_anonymous");
        let redis_url = self.take("redis_url");
        let trusted_proxies = self.take("trusted_proxies");
        let subdomains = self.take("hsts_include_subdomains");
        let metrics_listen = self.take("metrics_listen");
        let security_contact = self.take("security_contact");
        Some(Settings {
            listen: listen?,
            database_url: database_url?,
            base_url,
            tls,
            rate_limit_authenticated: rate_limit_authenticated?,
            rate_limit_anonymous: rate_limit_anonymous?,
            redis_url,
            trusted_proxies: trusted_proxies?,
            subdomains: subdomains?,
            metrics_listen,
            security_contact,
        })
    }

    /// The value of a setting; none if it is unset or wrong, and then there is a fault.
    fn take<T: FromStr>(&mut self, key: &'static str) -> Option<T> {
        let (text, origin) = self.texts.get(key)?.clone();
        let value = text.parse().ok();
        if value.is_none() {
            let name = NAMES.iter().find(|name| name.key == key)?;
            self.fault(name, origin, &sources::shown(key, &text));
        }
        value
    }

    fn tls(&mut self) -> Option<TlsFiles> {
        let file = |gathered: &Self, key| gathered.texts.get(key).filter(|(text, _)| !text.is_empty()).cloned();
        let half = |missing, set, origin| Fault::Half { missing, set, origin };
        match (file(self, "tls_cert"), file(self, "tls_key")) {
            (Some((cert, _)), Some((key, _))) => return Some(TlsFiles { cert: cert.into(), key: key.into() }),
            (Some((_, origin)), None) => self.faults.push(half("tls_key", "tls_cert", origin)),
            (None, Some((_, origin))) => self.faults.push(half("tls_cert", "tls_key", origin)),
            (None, None) => {}
        }
        None
    }

    fn in_force(&self, settings: &Settings) -> Vec<InForce> {
        let base_url = settings.base_url_at(settings.listen).to_string();
        let line = |name: &sources::Name| {
            let text = self.texts.get(name.key);
            let derived = (name.key == "base_url").then(|| base_url.clone());
            let value = text.map(|(text, _)| sources::shown(name.key, text)).or(derived);
            InForce { name: name.key, value, origin: text.map_or(Origin::Default, |(_, origin)| origin.clone()) }
        };
        NAMES.iter().map(line).collect()
    }
}

impl fmt::Display for InForce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.value {
            None => write!(f, "# {} is not set", self.name),
            Some(value) => write!(f, "{} = {value:?} # {}", self.name, self.origin),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, fault) in self.0.iter().enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            write!(f, "{fault}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {}
