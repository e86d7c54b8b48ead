//! Certificates for a relay, good and bad.

use std::path::Path;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, date_time_ymd};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

/// Whom a relay's certificate speaks for, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Certificate {
    /// As it should be.
    Good,
    /// Of another host.
    OtherName,
    /// Its time is over.
    Expired,
    /// Signed by nobody but itself.
    SelfSigned,
}

/// What a relay secures its connections with. The authority that signs it is written to `ca_file`.
pub fn acceptor(certificate: Certificate, ca_file: &Path) -> TlsAcceptor {
    let key = KeyPair::generate().unwrap();
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    std::fs::write(ca_file, authority.self_signed(&key).unwrap().pem()).unwrap();
    let issuer = Issuer::new(authority, key);

    let name = match certificate {
        Certificate::OtherName => "other.example",
        _ => "127.0.0.1",
    };
    let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    if certificate == Certificate::Expired {
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(2021, 1, 1);
    }
    let key = KeyPair::generate().unwrap();
    let signed = match certificate {
        Certificate::SelfSigned => params.self_signed(&key),
        _ => params.signed_by(&key, &issuer),
    };
    let chain = vec![signed.unwrap().der().clone()];
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    TlsAcceptor::from(Arc::new(config))
}
