//! TLS for the listener: certificate and key from PEM files, read again on demand.
//! The connections themselves are `listen`'s.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use rustls::ServerConfig;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use tokio_rustls::TlsAcceptor;
use x509_cert::der::Decode;

use crate::app::clock::Clock;
use crate::model::time::Time;

/// The listener's TLS: 1.2 and 1.3, HTTP/2 and HTTP/1.1 by ALPN. Cheap to clone; all clones are reloaded together.
#[derive(Clone)]
pub struct Tls {
    files: Arc<Files>,
    current: Arc<Current>,
    acceptor: TlsAcceptor,
}

struct Files {
    cert: PathBuf,
    key: PathBuf,
    clock: Clock,
}

#[derive(Debug)]
struct Current(RwLock<Arc<CertifiedKey>>);

/// Certificate and key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file could not be read.
    #[error("{setting}: {} cannot be read: {cause}", path.display())]
    File {
        /// The setting that names the file.
        setting: &'static str,
        /// The file.
        path: PathBuf,
        /// Why not.
        cause: std::io::Error,
    },
    /// A file holds no certificate or no key.
    #[error("{setting}: {} holds no {wanted} in PEM", path.display())]
    Nothing {
        /// The setting that names the file.
        setting: &'static str,
        /// The file.
        path: PathBuf,
        /// What was looked for.
        wanted: &'static str,
    },
    /// Both are there, and the key is another certificate's.
    #[error("tls_key: {} is not the key of the first certificate in {}", key.display(), cert.display())]
    Mismatch {
        /// The key's file.
        key: PathBuf,
        /// The certificate's file.
        cert: PathBuf,
    },
    /// Key or certificate is of a kind that we cannot use.
    #[error("tls_cert and tls_key: {} with {} cannot be used: {cause}", cert.display(), key.display())]
    Unusable {
        /// The certificate's file.
        cert: PathBuf,
        /// The key's file.
        key: PathBuf,
        /// What TLS says about it.
        cause: rustls::Error,
    },
}

impl Tls {
    /// Reads certificate (with its chain) and key from PEM files. A certificate that `clock` holds for expired, or not yet valid, is only warned about.
    pub fn load(cert: &Path, key: &Path, clock: Clock) -> Result<Self, Error> {
        let files = Files { cert: cert.to_owned(), key: key.to_owned(), clock };
        let provider = Arc::new(ring::default_provider());
        let current = Arc::new(Current(RwLock::new(Arc::new(files.read(&provider)?))));
        let unusable = |cause| Error::Unusable { cert: cert.to_owned(), key: key.to_owned(), cause };
        let versions = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().map_err(unusable)?;
        let resolver: Arc<dyn ResolvesServerCert> = Arc::<Current>::clone(&current);
        let mut config = versions.with_no_client_auth().with_cert_resolver(resolver);
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Self { files: Arc::new(files), current, acceptor: TlsAcceptor::from(Arc::new(config)) })
    }

    /// Reads the files again; connections that are made from now on get the new certificate. On an error the old one stays. Blocks on the disk.
    pub fn reload(&self) -> Result<(), Error> {
        let fresh = self.files.read(&ring::default_provider())?;
        *self.current.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(fresh);
        Ok(())
    }

    /// [`Tls::reload`] for SIGHUP: the outcome goes to the log.
    pub fn reload_and_log(&self) {
        match self.reload() {
            Ok(()) => tracing::info!("the TLS certificate was read again"),
            Err(error) => tracing::error!(%error, "the TLS certificate was not read again; the old one stays in use"),
        }
    }

    /// What shakes hands with clients.
    pub(super) fn acceptor(&self) -> &TlsAcceptor {
        &self.acceptor
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls").field("cert", &self.files.cert).field("key", &self.files.key).finish_non_exhaustive()
    }
}

impl ResolvesServerCert for Current {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner)))
    }
}

impl Files {
    fn read(&self, provider: &CryptoProvider) -> Result<CertifiedKey, Error> {
        let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_file_iter(&self.cert)
            .and_then(Iterator::collect)
            .map_err(|cause| not_read("tls_cert", &self.cert, "certificate", cause))?;
        let Some(first) = chain.first() else {
            return Err(not_read("tls_cert", &self.cert, "certificate", pem::Error::NoItemsFound));
        };
        if let Some(oddity) = oddity(first, self.clock.now()) {
            tracing::warn!(file = %self.cert.display(), "the TLS certificate {oddity}");
        }
        let key = PrivateKeyDer::from_pem_file(&self.key).map_err(|cause| not_read("tls_key", &self.key, "private key", cause))?;
        CertifiedKey::from_der(chain, key, provider).map_err(|cause| match cause {
            rustls::Error::InconsistentKeys(_) => Error::Mismatch { key: self.key.clone(), cert: self.cert.clone() },
            cause => Error::Unusable { cert: self.cert.clone(), key: self.key.clone(), cause },
        })
    }
}

fn not_read(setting: &'static str, path: &Path, wanted: &'static str, cause: pem::Error) -> Error {
    let path = path.to_owned();
    match cause {
        pem::Error::Io(cause) => Error::File { setting, path, cause },
        // The cause may quote the file, and the file may be the key.
        _ => Error::Nothing { setting, path, wanted },
    }
}

/// What is wrong with the certificate's time of validity (RFC 5280 §4.1.2.5), if anything; a certificate that cannot be read is left to TLS to refuse.
fn oddity(certificate: &CertificateDer<'_>, now: Time) -> Option<&'static str> {
    let certificate = x509_cert::Certificate::from_der(certificate).ok()?;
    let validity = certificate.tbs_certificate.validity;
    let now = u64::try_from(now.seconds()).ok()?;
    if validity.not_after.to_unix_duration().as_secs() < now {
        return Some("has expired");
    }
    (validity.not_before.to_unix_duration().as_secs() > now).then_some("is not valid yet")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(folder: &Path, name: &str, text: &str) -> PathBuf {
        let path = folder.join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    #[test]
    fn what_is_wrong_with_the_files_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        let own = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let others = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let cert = write(folder, "cert.pem", &own.cert.pem());
        let key = write(folder, "key.pem", &own.signing_key.serialize_pem());
        let wrong = write(folder, "other.pem", &others.signing_key.serialize_pem());
        let empty = write(folder, "empty.pem", "");
        let load = |cert: &Path, key: &Path| Tls::load(cert, key, Clock::system());

        assert!(load(&cert, &key).is_ok());
        let missing = load(&folder.join("gone.pem"), &key).unwrap_err().to_string();
        assert!(missing.starts_with("tls_cert: ") && missing.contains("gone.pem cannot be read: No such file"), "{missing}");
        assert!(load(&empty, &key).unwrap_err().to_string().ends_with("empty.pem holds no certificate in PEM"));
        assert!(load(&cert, &cert).unwrap_err().to_string().ends_with("cert.pem holds no private key in PEM"));
        assert!(load(&cert, &wrong).unwrap_err().to_string().contains("other.pem is not the key of the first certificate in"));
    }

    #[test]
    fn validity_is_compared_with_the_clock() {
        let certificate = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let oddity = |now: &str| oddity(certificate.cert.der(), now.parse().unwrap());
        assert_eq!(oddity("2024-01-15T10:30:00Z"), None);
        assert_eq!(oddity("1974-01-15T10:30:00Z"), Some("is not valid yet"));
        assert_eq!(oddity("5000-01-15T10:30:00Z"), Some("has expired"));
    }

    #[test]
    fn a_failed_reload_keeps_the_old_certificate() {
        let folder = tempfile::tempdir().unwrap();
        let own = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let cert = write(folder.path(), "cert.pem", &own.cert.pem());
        let key = write(folder.path(), "key.pem", &own.signing_key.serialize_pem());
        let tls = Tls::load(&cert, &key, Clock::system()).unwrap();
        write(folder.path(), "cert.pem", "nonsense");
        assert!(tls.reload().is_err());
        assert_eq!(tls.current.0.read().unwrap().end_entity_cert().unwrap(), own.cert.der());
    }
}
