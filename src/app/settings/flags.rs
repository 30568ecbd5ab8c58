//! The flags by which a command takes settings, for clap.
//! They are taken as text and read together with the other sources, so that an error reads the same wherever the value came from.

use std::path::PathBuf;

/// What commands that work on the database alone take.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct DatabaseFlags {
    /// The database: `sqlite://FILE` or `postgres://USER@HOST/NAME` [default: `sqlite://bugtome.db`]
    #[arg(long, value_name = "URL", global = true)]
    pub database: Option<String>,
    /// The TOML file with settings [default: bugtome.toml where there is one]
    #[arg(long, value_name = "FILE", global = true)]
    pub config: Option<PathBuf>,
}

/// What `serve` and `config` take.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Flags {
    /// The database and the file with settings.
    #[command(flatten)]
    pub database: DatabaseFlags,
    /// Where to listen [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub listen: Option<String>,
    /// How clients reach this server [default: the listening address]
    #[arg(long, value_name = "URL")]
    pub base_url: Option<String>,
    /// The TLS certificate and its chain, in PEM; read again on SIGHUP
    #[arg(long, value_name = "FILE")]
    pub tls_cert: Option<String>,
    /// The TLS certificate's private key, in PEM
    #[arg(long, value_name = "FILE")]
    pub tls_key: Option<String>,
    /// Requests an hour for an authenticated caller, 0 for no limit [default: 1000]
    #[arg(long, value_name = "NUMBER")]
    pub rate_limit_authenticated: Option<String>,
    /// Requests an hour for an unauthenticated address, 0 for no limit [default: 100]
    #[arg(long, value_name = "NUMBER")]
    pub rate_limit_anonymous: Option<String>,
    /// The Redis or Valkey in which all nodes count for their limits [default: each node by itself]
    #[arg(long, value_name = "URL")]
    pub redis_url: Option<String>,
    /// Proxies whose X-Forwarded-For is believed: addresses and networks, separated by commas
    #[arg(long, value_name = "NETWORKS")]
    pub trusted_proxies: Option<String>,
    /// Whether browsers are told to reach the host's subdomains by TLS too: true or false [default: false]
    #[arg(long, value_name = "TRUE|FALSE")]
    pub hsts_include_subdomains: Option<String>,
    /// Where to serve /metrics [default: nowhere]
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub metrics_listen: Option<String>,
    /// Where to report what is wrong with security, for /.well-known/security.txt [default: nowhere, and no such file]
    #[arg(long, value_name = "ADDRESS")]
    pub security_contact: Option<String>,
}

impl Flags {
    /// The value of the flag for the setting `key`.
    pub(super) fn get(&self, key: &str) -> Option<&str> {
        let value = match key {
            "listen" => &self.listen,
            "database_url" => &self.database.database,
            "base_url" => &self.base_url,
            "tls_cert" => &self.tls_cert,
            "tls_key" => &self.tls_key,
            "rate_limit_authenticated" => &self.rate_limit_authenticated,
            "rate_limit_anonymous" => &self.rate_limit_anonymous,
            "redis_url" => &self.redis_url,
            "trusted_proxies" => &self.trusted_proxies,
            "hsts_include_subdomains" => &self.hsts_include_subdomains,
            "metrics_listen" => &self.metrics_listen,
            "security_contact" => &self.security_contact,
            _ => &None,
        };
        value.as_deref()
    }
}

impl From<DatabaseFlags> for Flags {
    fn from(database: DatabaseFlags) -> Self {
        Self { database, ..Self::default() }
    }
}
