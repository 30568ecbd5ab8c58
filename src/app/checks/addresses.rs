//! Where the server listens, how clients reach it, and whose word about clients it believes.
//! The certificate is looked at by `http`.

use std::net::{SocketAddr, TcpListener, ToSocketAddrs};

use super::Finding;
use crate::app::settings::{BaseUrl, Settings};

pub(super) fn check(settings: &Settings) -> Vec<Finding> {
    let mut findings = vec![listening("listen", settings.listen)];
    findings.push(base_url(settings));
    if let Some(url) = &settings.base_url {
        findings.extend(resolved(url));
    }
    findings.extend(proxies(settings));
    if let Some(address) = settings.metrics_listen {
        findings.push(listening("metrics", address));
        findings.extend(exposed_metrics(address));
    }
    findings
}

/// Whether the address can be listened at; it is let go at once.
fn listening(what: &'static str, address: SocketAddr) -> Finding {
    use std::io::ErrorKind;
    match TcpListener::bind(address) {
        Ok(_) => Finding::ok(what, format!("{address} is free")),
        Err(error) if error.kind() == ErrorKind::AddrInUse => Finding::ok(what, format!("{address} is taken: by the server, if it runs")),
        Err(error) => {
            let advice = match error.kind() {
                ErrorKind::AddrNotAvailable => "name an address of this machine, or 0.0.0.0 for all of them",
                ErrorKind::PermissionDenied => "take a port above 1023, and put a proxy in front for 443",
                _ => "name another address",
            };
            Finding::fail(what, format!("nobody can listen on {address}: {error}"), advice)
        }
    }
}

/// Whether tokens and cookies are safe on their way.
fn base_url(settings: &Settings) -> Finding {
    const WHAT: &str = "base url";
    let url = settings.base_url_at(settings.listen);
    if let Some(warning) = settings.exposure_warning(settings.listen) {
        let (found, advice) = warning.split_once(". ").unwrap_or((&warning, "use TLS"));
        return Finding::fail(WHAT, found, advice);
    }
    if settings.tls.is_some() && !url.is_https() {
        let found = format!("the server speaks TLS and links say {url}");
        return Finding::fail(WHAT, found, "begin base_url with https://");
    }
    if url.is_https() {
        return Finding::ok(WHAT, url.to_string());
    }
    if settings.base_url.is_none() || url.authority().starts_with("localhost") || url.authority().starts_with("127.") {
        return Finding::ok(WHAT, format!("{url}: for this machine alone"));
    }
    let found = format!("{url}: clients send tokens in the clear to whatever is in front, and cookies are not marked Secure");
    Finding::warn(WHAT, found, "have the proxy speak TLS, and begin base_url with https://")
}

/// Whether the name in the base URL leads anywhere.
fn resolved(url: &BaseUrl) -> Option<Finding> {
    let authority = url.authority();
    let has_port = authority.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
    let with_port = if has_port { authority.to_owned() } else { format!("{authority}:443") };
    if with_port.to_socket_addrs().is_ok_and(|mut addresses| addresses.next().is_some()) {
        return None;
    }
    let found = format!("{authority} leads to no address from here: links in answers will not work for who asks the same names");
    Some(Finding::warn("base url", found, "enter the name in DNS, or correct base_url"))
}

/// A proxy that is not believed makes all clients one.
fn proxies(settings: &Settings) -> Option<Finding> {
    const WHAT: &str = "proxies";
    let behind = settings.tls.is_none() && settings.base_url.as_ref().is_some_and(BaseUrl::is_https);
    if behind && settings.trusted_proxies.is_empty() {
        let found = "TLS ends in front of this server, and no proxy is believed: all clients count as one address, and share its limit";
        return Some(Finding::warn(WHAT, found, "name the proxy's address in trusted_proxies, such as 127.0.0.1"));
    }
    let anybody = ["203.0.113.1", "2001:db8::1"].iter().filter_map(|address| address.parse().ok());
    if anybody.into_iter().any(|address| settings.trusted_proxies.contain(address)) {
        let found = "whoever connects is believed about the client's address: limits by address can be got round";
        return Some(Finding::fail(WHAT, found, "name the proxy's own address in trusted_proxies, and no more"));
    }
    (!settings.trusted_proxies.is_empty()).then(|| Finding::ok(WHAT, "some are believed about their clients' addresses"))
}

fn exposed_metrics(address: SocketAddr) -> Option<Finding> {
    let private = match address.ip().to_canonical() {
        std::net::IpAddr::V4(address) => address.is_loopback() || address.is_private(),
        std::net::IpAddr::V6(address) => address.is_loopback() || address.is_unique_local(),
    };
    let found = format!("{address} tells whoever can reach it how busy the server is, without asking for a token");
    (!private).then(|| Finding::warn("metrics", found, "listen on a private address, such as 127.0.0.1:9090"))
}
