//! What settings are made of, parsed once: the base URL and networks of trusted proxies; the database's URL is the store's.
//! Where the text came from is `sources`' business.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use axum::http::Uri;

/// The text is no value of this kind; what is expected instead is said by the setting's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not a value of this kind")]
pub struct NoValue;

/// The URL without its passwords. Made to err on the dark side: what cannot be told apart, in a URL with a mistake in it, is masked too.
pub(in crate::app) fn masked_url(text: &str) -> String {
    if text.starts_with("sqlite://") {
        return text.to_owned();
    }
    let start = text.find("://").map_or(0, |at| at + 3);
    let mut masked = text.to_owned();
    if let Some(end) = text.rfind('@').filter(|end| *end >= start)
        && let Some(colon) = text[start..end].find(':')
    {
        masked.replace_range(start + colon + 1..end, "***");
    }
    // A password may also come as a parameter (`?password=…`) or in the other form that PostgreSQL knows (`host=… password=…`).
    // Redis' own name for it in the URL of a socket is `pass`.
    for name in ["password", "pass="] {
        let mut from = 0;
        while let Some(at) = masked[from..].to_ascii_lowercase().find(name) {
            let start = from + at + name.trim_end_matches('=').len();
            let end = masked[start..].find('&').map_or(masked.len(), |end| start + end);
            masked.replace_range(start..end, "=***");
            from = start + "=***".len();
        }
    }
    masked
}

/// Whether `Strict-Transport-Security` is for the host's subdomains too (RFC 6797 §6.1.2): what else is served there must then come by TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Subdomains {
    /// For the host alone.
    #[default]
    Left,
    /// For them too.
    Included,
}

impl FromStr for Subdomains {
    type Err = NoValue;

    fn from_str(text: &str) -> Result<Self, NoValue> {
        match text {
            "true" => Ok(Self::Included),
            "false" => Ok(Self::Left),
            _ => Err(NoValue),
        }
    }
}

/// How clients reach this server: `http` or `https`, host and perhaps a port. No path: links and cookies begin at the root.
/// Written without a slash at the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseUrl {
    https: bool,
    authority: String,
}

impl BaseUrl {
    /// The base URL of a listener at `address`.
    pub fn of_listener(address: std::net::SocketAddr, tls: bool) -> Self {
        Self { https: tls, authority: address.to_string() }
    }

    /// Whether clients come by TLS, so that cookies can be `Secure`.
    pub fn is_https(&self) -> bool {
        self.https
    }

    /// The host, with the port where there is one.
    pub fn authority(&self) -> &str {
        &self.authority
    }
}

impl FromStr for BaseUrl {
    type Err = NoValue;

    fn from_str(text: &str) -> Result<Self, NoValue> {
        let uri: Uri = text.parse().map_err(|_| NoValue)?;
        let https = match uri.scheme_str() {
            Some("http") => false,
            Some("https") => true,
            _ => return Err(NoValue),
        };
        let authority = uri.authority().ok_or(NoValue)?.as_str();
        if text.contains(['?', '#', '@']) || !matches!(uri.path(), "" | "/") {
            return Err(NoValue);
        }
        Ok(Self { https, authority: authority.to_ascii_lowercase() })
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", if self.https { "https" } else { "http" }, self.authority)
    }
}

/// Where to report what is wrong with this installation's security: the URI that stands in `security.txt` (RFC 9116 §2.5.3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecurityContact(String);

impl FromStr for SecurityContact {
    type Err = NoValue;

    /// A `https:`, `mailto:` or `tel:` URI, or an e-mail address.
    fn from_str(text: &str) -> Result<Self, NoValue> {
        let is_address = |text: &str| text.split_once('@').is_some_and(|(local, host)| !local.is_empty() && !host.is_empty());
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(NoValue);
        }
        match text.split_once(':') {
            Some(("https", rest)) if rest.len() > 2 && rest.starts_with("//") => Ok(Self(text.to_owned())),
            Some(("mailto", address)) if is_address(address) => Ok(Self(text.to_owned())),
            Some(("tel", number)) if !number.is_empty() => Ok(Self(text.to_owned())),
            None if is_address(text) => Ok(Self(format!("mailto:{text}"))),
            _ => Err(NoValue),
        }
    }
}

impl fmt::Display for SecurityContact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Networks of addresses, written `10.0.0.0/8,192.0.2.7,2001:db8::/32`. An address without a length is that address alone.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Networks(Vec<Network>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Network {
    first: IpAddr,
    length: u8,
}

impl Networks {
    /// Whether `address` lies in one of them. An IPv4 address written as IPv6 (`::ffff:192.0.2.7`) counts as the IPv4 address.
    pub fn contain(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.first_of(address) == Some(network.first))
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Network {
    /// The first address of the network of this length that `address` lies in; none for the other family.
    fn first_of(self, address: IpAddr) -> Option<IpAddr> {
        match (address, self.first) {
            (IpAddr::V4(address), IpAddr::V4(_)) => {
                let mask = u32::MAX.checked_shl(32 - u32::from(self.length)).unwrap_or(0);
                Some(IpAddr::V4((address.to_bits() & mask).into()))
            }
            (IpAddr::V6(address), IpAddr::V6(_)) => {
                let mask = u128::MAX.checked_shl(128 - u32::from(self.length)).unwrap_or(0);
                Some(IpAddr::V6((address.to_bits() & mask).into()))
            }
            _ => None,
        }
    }
}

impl FromStr for Networks {
    type Err = NoValue;

    fn from_str(text: &str) -> Result<Self, NoValue> {
        let entries = text.split(',').map(str::trim).filter(|entry| !entry.is_empty());
        entries.map(str::parse).collect::<Result<_, _>>().map(Self)
    }
}

impl FromStr for Network {
    type Err = NoValue;

    /// Bits beyond the length are refused: they are a slip, and this list decides whom we believe.
    fn from_str(text: &str) -> Result<Self, NoValue> {
        let (address, length) = text.split_once('/').map_or((text, None), |(address, length)| (address, Some(length)));
        let first: IpAddr = address.parse().map_err(|_| NoValue)?;
        let longest = if first.is_ipv4() { 32 } else { 128 };
        let length = match length {
            None => longest,
            Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => digits.parse().map_err(|_| NoValue)?,
            Some(_) => return Err(NoValue),
        };
        let network = Self { first, length };
        if length <= longest && network.first_of(first) == Some(first) { Ok(network) } else { Err(NoValue) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_masked_wherever_they_stand() {
        for (url, shown) in [
            ("sqlite://a:b@c.db", "sqlite://a:b@c.db"),
            ("postgres://bugs@db/bugs", "postgres://bugs@db/bugs"),
            ("postgres://bugs:hush@db:5432/bugs", "postgres://bugs:***@db:5432/bugs"),
            ("postgres://bugs:hu@s/h@db/bugs", "postgres://bugs:***@db/bugs"),
            ("postgres://db/bugs?user=bugs&password=hush&x=1", "postgres://db/bugs?user=bugs&password=***&x=1"),
            ("postgres://db/bugs?sslpassword=hush", "postgres://db/bugs?sslpassword=***"),
            ("host=db user=bugs PASSWORD = hush", "host=db user=bugs PASSWORD=***"),
            ("bugs:hush@db/bugs", "bugs:***@db/bugs"),
            ("redis://:hush@cache:6379/1", "redis://:***@cache:6379/1"),
            ("redis+unix:///run/redis.sock?pass=hush&db=1", "redis+unix:///run/redis.sock?pass=***&db=1"),
        ] {
            assert_eq!(masked_url(url), shown);
        }
    }

    #[test]
    fn base_urls_have_scheme_and_host_and_no_more() {
        assert_eq!("https://Bugs.example.org/".parse::<BaseUrl>().unwrap().to_string(), "https://bugs.example.org");
        assert_eq!("http://[::1]:8080".parse::<BaseUrl>().unwrap().authority(), "[::1]:8080");
        for wrong in ["bugs.example.org", "ftp://a", "https://a/b", "https://a?b", "https://u:p@a", "https://", "", "https://a#b"] {
            assert_eq!(wrong.parse::<BaseUrl>(), Err(NoValue), "{wrong}");
        }
    }

    #[test]
    fn a_contact_is_an_address_that_can_be_written_to() {
        let written = |text: &str| text.parse::<SecurityContact>().map(|contact| contact.to_string());
        assert_eq!(written("security@example.com").unwrap(), "mailto:security@example.com");
        for uri in ["https://example.com/report", "mailto:a@b", "tel:+49-30-1"] {
            assert_eq!(written(uri).unwrap(), uri);
        }
        for wrong in
            ["", "example.com", "http://example.com", "https:", "mailto:", "a@b\nContact: c@d", "a b@c", "tel:", "@b", "javascript:x@y"]
        {
            assert_eq!(written(wrong), Err(NoValue), "{wrong}");
        }
    }

    #[test]
    fn networks_hold_their_addresses() {
        let networks: Networks = "10.0.0.0/8, 192.0.2.7,2001:db8::/32,0.0.0.0/32".parse().unwrap();
        for within in ["10.1.2.3", "192.0.2.7", "2001:db8:1::1", "::ffff:10.0.0.1"] {
            assert!(networks.contain(within.parse().unwrap()), "{within}");
        }
        for outside in ["11.0.0.1", "192.0.2.8", "2001:db9::1", "::1"] {
            assert!(!networks.contain(outside.parse().unwrap()), "{outside}");
        }
        assert!("0.0.0.0/0".parse::<Networks>().unwrap().contain("8.8.8.8".parse().unwrap()));
        assert!("".parse::<Networks>().unwrap().is_empty());
        for wrong in ["10.0.0.1/8", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/+8", "proxy", "10.0.0.0/8/8"] {
            assert_eq!(wrong.parse::<Networks>(), Err(NoValue), "{wrong}");
        }
    }
}
