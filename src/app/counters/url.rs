//! Which Redis or Valkey counts for all nodes: its URL.
//! Nothing is connected here.

use std::fmt;
use std::str::FromStr;

use redis::io::tcp::TcpSettings;
use redis::{ConnectionInfo, IntoConnectionInfo};

use crate::app::settings::{NoValue, masked_url};

/// `redis://[USER:PASSWORD@]HOST[:PORT][/NUMBER]`, or `rediss://…` for TLS. `Display` and `Debug` mask the password.
#[derive(Clone)]
pub struct RedisUrl {
    shown: String,
    info: ConnectionInfo,
}

impl RedisUrl {
    /// How to connect, with the password.
    pub(super) fn info(&self) -> ConnectionInfo {
        self.info.clone()
    }
}

impl FromStr for RedisUrl {
    type Err = NoValue;

    /// Without a fragment: the library would take `#insecure` for leave not to look at certificates.
    fn from_str(text: &str) -> Result<Self, NoValue> {
        let known = ["redis://", "rediss://", "valkey://", "valkeys://"].iter().any(|scheme| text.starts_with(scheme));
        if !known || text.contains('#') {
            return Err(NoValue);
        }
        let info = text.into_connection_info().map_err(|_| NoValue)?;
        // Each request is one small packet that somebody waits for.
        let info = info.set_tcp_settings(TcpSettings::default().set_nodelay(true));
        Ok(Self { shown: masked_url(text), info })
    }
}

impl fmt::Display for RedisUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl fmt::Debug for RedisUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_names_a_server() {
        for url in
            ["redis://127.0.0.1", "rediss://cache.example:6380/3", "valkey://[::1]:6379", "redis://:hush@cache", "redis://me:hush@cache/0"]
        {
            assert!(url.parse::<RedisUrl>().is_ok(), "{url}");
        }
        for wrong in [
            "",
            "cache:6379",
            "http://cache",
            "redis://",
            "redis://cache:port",
            "redis://cache/name",
            "rediss://cache/#insecure",
            "unix:///run/redis.sock",
        ] {
            assert!(wrong.parse::<RedisUrl>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn its_password_is_shown_nowhere() {
        for url in ["redis://:hush@cache", "rediss://me:hush@cache/1", "redis://me:hu@hush@cache"] {
            let Ok(parsed) = url.parse::<RedisUrl>() else { continue };
            assert!(!format!("{parsed} {parsed:?}").contains("hush"), "{parsed}");
        }
        assert_eq!("redis://me:hush@cache/1".parse::<RedisUrl>().unwrap().to_string(), "redis://me:***@cache/1");
    }
}
