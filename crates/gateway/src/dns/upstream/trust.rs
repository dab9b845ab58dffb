//! Whose certificates are believed when a server is asked over TLS: the machine's authorities, and those of a file.

use super::stream::Encryption;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use std::io;
use std::path::Path;
use std::sync::Arc;
use tokio_rustls::TlsConnector;

/// What the connections to one server need; `more` is a file of further authorities in PEM.
pub(crate) fn connector(name: &str, more: Option<&Path>) -> io::Result<Encryption> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if let Some(file) = more {
        for certificate in CertificateDer::pem_file_iter(file).map_err(io::Error::other)? {
            roots.add(certificate.map_err(io::Error::other)?).map_err(io::Error::other)?;
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"dot".to_vec()];
    let name = ServerName::try_from(name.to_owned()).map_err(io::Error::other)?;
    Ok(Encryption { connector: TlsConnector::from(Arc::new(config)), name })
}
