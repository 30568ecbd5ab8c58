//! What `bugtome doctor` says about the certificate and its key: do they fit together, how long are they good, whom do they name.
//! Using them is `tls`'s affair.

use rustls::client::verify_server_name;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::server::ParsedCertificate;
use x509_cert::der::Decode;

use super::tls::Tls;
use crate::app::checks::{Finding, tls_files};
use crate::app::clock::Clock;
use crate::app::settings::{Settings, TlsFiles};
use crate::model::time::{Span, Time};

const WHAT: &str = "tls";

/// So long before its end a certificate should have been renewed: Let's Encrypt's clients do it thirty days before.
const SOON: Span = Span::days(14);

/// Looks at certificate and key, where there are any.
pub fn check(settings: &Settings, clock: &Clock) -> Vec<Finding> {
    let Some(files) = &settings.tls else { return Vec::new() };
    let mut findings = tls_files(settings);
    if let Err(error) = Tls::load(&files.cert, &files.key, clock.clone()) {
        findings.push(Finding::fail(
            WHAT,
            error.to_string(),
            "name a certificate with its chain and the key that belongs to it, both in PEM",
        ));
        return findings;
    }
    // It has just been read.
    let Ok(certificate) = CertificateDer::from_pem_file(&files.cert) else { return findings };
    findings.push(validity(files, &certificate, clock.now()));
    findings.extend(names(settings, &certificate));
    findings
}

fn validity(files: &TlsFiles, certificate: &CertificateDer<'_>, now: Time) -> Finding {
    let file = files.cert.display();
    let Ok(parsed) = x509_cert::Certificate::from_der(certificate) else {
        return Finding::warn(WHAT, format!("{file} has dates that cannot be read"), "have it made anew");
    };
    let moment = |time: x509_cert::time::Time| {
        let seconds = i64::try_from(time.to_unix_duration().as_secs()).unwrap_or(i64::MAX);
        Time::from_micros(seconds.saturating_mul(1_000_000))
    };
    let validity = parsed.tbs_certificate.validity;
    let (begin, end) = (moment(validity.not_before), moment(validity.not_after));
    if end < now {
        Finding::fail(WHAT, format!("{file} has expired at {end}: no client will connect"), "renew it, and send the server SIGHUP")
    } else if begin > now {
        Finding::fail(WHAT, format!("{file} is not valid before {begin}: no client will connect"), "see that the clock is right; else wait")
    } else if end < now.plus(SOON) {
        Finding::warn(WHAT, format!("{file} expires at {end}"), "renew it, and send the server SIGHUP")
    } else {
        Finding::ok(WHAT, format!("{file} fits its key and is good until {end}"))
    }
}

/// Whether it names the host by which clients come.
fn names(settings: &Settings, certificate: &CertificateDer<'_>) -> Option<Finding> {
    let url = settings.base_url.as_ref()?;
    let authority = url.authority();
    let host = authority.rsplit_once(':').filter(|(_, port)| port.parse::<u16>().is_ok()).map_or(authority, |(host, _)| host);
    let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
    let named = ParsedCertificate::try_from(certificate).and_then(|parsed| {
        let name = ServerName::try_from(host.clone()).map_err(|_| rustls::Error::General("no name of a host".to_owned()))?;
        verify_server_name(&parsed, &name)
    });
    named.is_err().then(|| {
        let found = format!("the certificate does not name {host}, by which base_url has clients come: none will connect");
        Finding::fail(WHAT, found, "get one for that name, or correct base_url")
    })
}
