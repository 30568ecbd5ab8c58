//! Where PostgreSQL is, and how a connection to it is made: address by address, to a primary only, and aware of poolers in between.
//! What is said over a connection lives in `postgres`.

use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio_postgres::config::{Host, SslMode};
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Config, SimpleQueryMessage};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::error::{Error, Result};
use super::postgres::{DriverError, Link, driven};
use super::postgres_values::tls;
use super::url::{Options, PostgresUrl};

/// How long one address may take where there is no deadline: at the start, and for commands.
const PATIENCE: Duration = Duration::from_secs(10);

/// What suits all our statements: at ten million tickets PostgreSQL takes a search for a long query and compiles it, which took up to 50 ms,
/// longer than most searches. And where a common word's matches lie is to be remembered row by row, which for a quarter of a million pages takes
/// more than the usual 4 MB. The URL's own options come later and win.
const OPTIONS: &str = "-c jit=off -c work_mem=16MB";

/// A server to connect to, at one of its addresses.
pub(super) struct Target {
    /// In the order of the URL.
    addresses: Vec<Config>,
    pub(super) tls: MakeRustlsConnect,
    /// The address that was right the last time: it is asked first.
    last: AtomicUsize,
    /// Whether statements may be prepared under names.
    named: bool,
    /// Whether a pooler has been found between here and the server. It may hand each transaction to another server's session.
    pooled: AtomicBool,
}

impl Target {
    /// Nothing is reached yet.
    pub(super) fn new(url: &PostgresUrl, options: &Options) -> Result<Self> {
        let config: Config = url.secret().parse().map_err(|_| Error::Internal("a checked PostgreSQL URL is not valid".to_owned()))?;
        let count = config.get_hosts().len().max(config.get_hostaddrs().len());
        let addresses: Vec<Config> = (0..count).map(|index| at_address(&config, url.says_tls(), index)).collect();
        let tls = tls(addresses.iter().any(|address| address.get_ssl_mode() != SslMode::Disable))?;
        Ok(Self { addresses, tls, last: AtomicUsize::new(0), named: options.named_statements, pooled: AtomicBool::new(false) })
    }

    /// Whether a pooler has been found between here and the server.
    pub(super) fn is_pooled(&self) -> bool {
        self.pooled.load(Ordering::Relaxed)
    }

    fn found_pooler(&self) {
        if !self.pooled.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                "a connection pooler stands before PostgreSQL: statements are sent without names, which works and costs more; \
                 where you can, have the database URL name PostgreSQL itself"
            );
        }
    }

    /// A connection to the primary. An address that hangs takes its share of the time, so that the next one is still asked.
    pub(super) async fn connect(&self, deadline: Option<Instant>) -> Result<Link> {
        let count = self.addresses.len();
        let first = self.last.load(Ordering::Relaxed);
        let mut reasons = Vec::with_capacity(count);
        for turn in 0..count {
            let index = (first + turn) % count;
            let share = u32::try_from(count - turn).unwrap_or(u32::MAX);
            let patience = deadline.map_or(PATIENCE, |deadline| deadline.saturating_duration_since(Instant::now()) / share);
            match tokio::time::timeout(patience, self.connect_to(&self.addresses[index])).await {
                Ok(Ok(link)) => {
                    self.last.store(index, Ordering::Relaxed);
                    return Ok(link);
                }
                Ok(Err(error)) => reasons.push(error),
                Err(_) => reasons.push(Error::Unavailable(
                    "PostgreSQL accepted no connection before the deadline: check that it runs and is not overloaded".to_owned(),
                )),
            }
        }
        Err(none_of(reasons))
    }

    async fn connect_to(&self, address: &Config) -> Result<Link> {
        let mark = format!("{:016x}", RandomState::new().hash_one(0));
        let mut marked = address.clone();
        if !self.is_pooled() {
            let own = address.get_options().unwrap_or_default();
            marked.options(format!("{OPTIONS} {own} -c bugtome.session={mark}"));
        }
        let (client, connection) = match marked.connect(self.tls.clone()).await {
            Err(error) if !self.is_pooled() && refuses_options(&error) => {
                self.found_pooler();
                address.connect(self.tls.clone()).await?
            }
            outcome => outcome?,
        };
        let mut link = Link::new(client, Box::pin(connection));
        let session = driven(&mut link.traffic, look(&link.client)).await?;
        if session.takes_no_changes {
            return Err(Error::Unavailable(
                "PostgreSQL takes no changes at this address: it is a standby or set to read only, and rights are read from the primary alone; \
                 check default_transaction_read_only, or name the primary or all servers, postgres://HOST1,HOST2/NAME"
                    .to_owned(),
            ));
        }
        if session.mark.as_deref() != Some(&mark) {
            self.found_pooler();
        }
        link.named = self.named && !self.is_pooled();
        Ok(link)
    }
}

/// What a new session tells of itself.
struct Session {
    /// The mark that it was given when it was made. Behind a pooler it is somebody else's, or none.
    mark: Option<String>,
    /// Whether it reads from a standby, or may not write.
    takes_no_changes: bool,
}

/// Asks a new session what it is, without a prepared statement.
async fn look(client: &Client) -> Result<Session, DriverError> {
    let question =
        "SELECT current_setting('bugtome.session', true), pg_is_in_recovery() OR current_setting('transaction_read_only')::BOOLEAN";
    let messages = client.simple_query(question).await?;
    let row = messages.iter().find_map(|message| if let SimpleQueryMessage::Row(row) = message { Some(row) } else { None });
    Ok(Session { mark: row.and_then(|row| row.get(0)).map(str::to_owned), takes_no_changes: row.and_then(|row| row.get(1)) != Some("f") })
}

/// Whether this is how a pooler speaks: it knows the options of no session, since it shares sessions out.
fn refuses_options(error: &DriverError) -> bool {
    error
        .as_db_error()
        .is_some_and(|refusal| *refusal.code() == SqlState::PROTOCOL_VIOLATION && refusal.message().contains("startup parameter"))
}

/// Why no address was right, in one error.
fn none_of(mut reasons: Vec<Error>) -> Error {
    match reasons.len() {
        0 => Error::Internal("the PostgreSQL URL names no address".to_owned()),
        1 => reasons.remove(0),
        _ => {
            let reasons: Vec<_> = reasons.iter().map(ToString::to_string).collect();
            Error::Unavailable(format!("none of PostgreSQL's addresses will do: {}", reasons.join("; ")))
        }
    }
}

/// Where the URL does not say whether TLS is spoken: not on this machine, and always elsewhere, where certificates are verified. What falls back to
/// none (`prefer`) gives the password to whoever answers that there is none.
fn usual_tls(address: &Config) -> SslMode {
    let here = match (address.get_hostaddrs().first(), address.get_hosts().first()) {
        (Some(address), _) => address.to_canonical().is_loopback(),
        (None, Some(Host::Tcp(name))) => {
            let address = name.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
            address.map_or_else(|_| name.eq_ignore_ascii_case("localhost"), |address| address.to_canonical().is_loopback())
        }
        #[cfg(unix)]
        (None, Some(Host::Unix(_))) => true,
        (None, None) => false,
    };
    if here { SslMode::Disable } else { SslMode::Require }
}

/// The configuration for one of its addresses alone; `says_tls` is whether the URL says itself when TLS is spoken.
fn at_address(all: &Config, says_tls: bool, index: usize) -> Config {
    let mut one = Config::new();
    match all.get_hosts().get(index) {
        Some(Host::Tcp(name)) => _ = one.host(name),
        #[cfg(unix)]
        Some(Host::Unix(folder)) => _ = one.host_path(folder),
        None => {}
    }
    if let Some(address) = all.get_hostaddrs().get(index) {
        one.hostaddr(*address);
    }
    if let Some(port) = all.get_ports().get(index).or(all.get_ports().first()) {
        one.port(*port);
    }
    if let Some(user) = all.get_user() {
        one.user(user);
    }
    if let Some(password) = all.get_password() {
        one.password(password);
    }
    if let Some(name) = all.get_dbname() {
        one.dbname(name);
    }
    if let Some(options) = all.get_options() {
        one.options(options);
    }
    one.application_name(all.get_application_name().unwrap_or("bugtome"));
    let mode = if says_tls { all.get_ssl_mode() } else { usual_tls(&one) };
    one.ssl_mode(mode).ssl_negotiation(all.get_ssl_negotiation()).channel_binding(all.get_channel_binding());
    one.connect_timeout(all.get_connect_timeout().copied().unwrap_or(PATIENCE)).keepalives(all.get_keepalives());
    if let Some(timeout) = all.get_tcp_user_timeout() {
        one.tcp_user_timeout(*timeout);
    }
    one.keepalives_idle(all.get_keepalives_idle());
    if let Some(interval) = all.get_keepalives_interval() {
        one.keepalives_interval(interval);
    }
    if let Some(retries) = all.get_keepalives_retries() {
        one.keepalives_retries(retries);
    }
    one
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::database::DatabaseUrl;

    #[test]
    fn each_address_has_a_configuration_of_its_own() {
        let all: Config = "postgres://anna:secret@one:5433,two:5434/bugs?sslmode=require&target_session_attrs=read-write".parse().unwrap();
        for (index, name, port) in [(0, "one", 5433), (1, "two", 5434)] {
            let one = at_address(&all, true, index);
            assert_eq!((one.get_hosts(), one.get_ports()), (&[Host::Tcp(name.to_owned())][..], &[port][..]));
            assert_eq!((one.get_user(), one.get_password(), one.get_dbname()), (Some("anna"), Some(&b"secret"[..]), Some("bugs")));
            assert_eq!(one.get_ssl_mode(), all.get_ssl_mode());
        }
    }

    /// Finding 15: a server that answered "no TLS" was given the password.
    #[test]
    fn tls_is_required_elsewhere_than_on_this_machine_unless_the_url_says_otherwise() {
        let modes = |url: &str| {
            let DatabaseUrl::Postgres(url) = url.parse().unwrap() else { unreachable!("the tests' URLs are PostgreSQL's") };
            let target = Target::new(&url, &Options::default()).unwrap();
            target.addresses.iter().map(Config::get_ssl_mode).collect::<Vec<_>>()
        };
        for here in ["localhost", "LOCALHOST:5433", "127.0.0.1", "127.9.9.9", "[::1]", "[::ffff:127.0.0.1]:1", "%2Frun%2Fpostgresql"] {
            assert_eq!(modes(&format!("postgres://anna:secret@{here}/b")), [SslMode::Disable], "{here}");
        }
        assert_eq!(modes("postgres://anna@db/b?hostaddr=127.0.0.1"), [SslMode::Disable]);
        for elsewhere in ["db", "10.0.0.1", "[::2]", "localhost.example.com", "127.0.0.1.example.com"] {
            assert_eq!(modes(&format!("postgres://anna:secret@{elsewhere}/b")), [SslMode::Require], "{elsewhere}");
            assert_eq!(modes(&format!("postgres://anna:secret@{elsewhere}/b?connect_timeout=3")), [SslMode::Require], "{elsewhere}");
        }
        assert_eq!(modes("postgres://anna@localhost/b?hostaddr=192.0.2.1"), [SslMode::Require]);
        assert_eq!(modes("postgres://anna@127.0.0.1,db/b"), [SslMode::Disable, SslMode::Require]);
        assert_eq!(modes("postgres://anna:%3Fsslmode=prefer@db/b"), [SslMode::Require], "a password says nothing");
        assert_eq!(modes("postgres://anna@db/b?application_name=sslmode%3Dprefer"), [SslMode::Require]);
        for (said, mode) in [("disable", SslMode::Disable), ("prefer", SslMode::Prefer), ("require", SslMode::Require)] {
            assert_eq!(modes(&format!("postgres://anna@db/b?connect_timeout=3&sslmode={said}")), [mode]);
            assert_eq!(modes(&format!("postgres://anna@127.0.0.1/b?ssl%6dode={said}")), [mode]);
        }
    }
}
