//! TLS to the relay: rustls, the system's certificate authorities and one of the authority's own.

use std::path::Path;
use std::sync::Arc;

use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use super::TransportError;

/// A connector that checks name and chain. With `ca_file`, its certificates are trusted too.
///
/// # Errors
/// The file cannot be read, or nothing is trusted at all.
pub fn connector(ca_file: Option<&Path>) -> Result<TlsConnector, TransportError> {
    let mut roots = RootCertStore::empty();
    let system = rustls_native_certs::load_native_certs();
    // Some systems carry certificates no library reads; the others still count.
    roots.add_parsable_certificates(system.certs);
    if let Some(path) = ca_file {
        let wrong = |reason: String| TransportError::Certificates {
            path: path.to_owned(),
            reason,
        };
        let own = CertificateDer::pem_file_iter(path)
            .and_then(Iterator::collect::<Result<Vec<_>, _>>)
            .map_err(|error| wrong(error.to_string()))?;
        if own.is_empty() {
            return Err(wrong("there is no certificate in it".into()));
        }
        for certificate in own {
            roots
                .add(certificate)
                .map_err(|error| wrong(error.to_string()))?;
        }
    }
    if roots.is_empty() {
        let why =
            "this machine trusts no certificate authority; install ca-certificates or name ca-file";
        return Err(TransportError::Tls(why.into()));
    }
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| TransportError::Tls(error.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}
