//! The certificate of encrypted DNS: read at the start, and again when its files change, so that a renewed one needs no
//! restart.

use super::config::CertificateFiles;
use rustls::ServerConfig;
use rustls::crypto::ring::{default_provider, sign};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

/// How often the files are looked at.
const EVERY: Duration = Duration::from_secs(30);

/// Why a certificate cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// A file cannot be read.
    #[error("cannot read `{}`: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It holds no certificate, or no key.
    #[error("`{}` holds no {what} in PEM", path.display())]
    Nothing {
        /// The file.
        path: PathBuf,
        /// `certificate` or `key`.
        what: &'static str,
    },
    /// The two do not belong together, or the key is of a kind that is not understood.
    #[error("the certificate `{}` and its key do not go together: {source}", path.display())]
    Unusable {
        /// The file of the certificate.
        path: PathBuf,
        /// What is wrong.
        source: rustls::Error,
    },
}

/// The certificate in use.
#[derive(Debug)]
pub(super) struct Certificate {
    files: CertificateFiles,
    used: RwLock<Used>,
}

#[derive(Debug)]
struct Used {
    key: Arc<CertifiedKey>,
    /// What the files held.
    bytes: [Vec<u8>; 2],
}

impl Certificate {
    pub(super) fn read(files: &CertificateFiles) -> Result<Arc<Self>, CertificateError> {
        let bytes = contents(files)?;
        let used = Used { key: Arc::new(parse(files, &bytes)?), bytes };
        Ok(Arc::new(Self { files: files.clone(), used: RwLock::new(used) }))
    }

    /// Takes the files' certificate if they changed; says whether they did. One that cannot be used changes nothing.
    fn refresh(&self) -> Result<bool, CertificateError> {
        let bytes = contents(&self.files)?;
        if self.used.read().unwrap_or_else(PoisonError::into_inner).bytes == bytes {
            return Ok(false);
        }
        let key = Arc::new(parse(&self.files, &bytes)?);
        *self.used.write().unwrap_or_else(PoisonError::into_inner) = Used { key, bytes };
        Ok(true)
    }

    /// Settings of a TLS server with this certificate for clients that speak one of `protocols`.
    pub(super) fn server(self: &Arc<Self>, protocols: &[&[u8]]) -> Result<ServerConfig, rustls::Error> {
        let mut config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_cert_resolver(Arc::clone(self) as Arc<dyn ResolvesServerCert>);
        config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
        Ok(config)
    }
}

impl ResolvesServerCert for Certificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.used.read().unwrap_or_else(PoisonError::into_inner).key))
    }
}

/// Looks at the files for ever.
pub(super) async fn follow(certificate: Arc<Certificate>) {
    loop {
        tokio::time::sleep(EVERY).await;
        let certificate = Arc::clone(&certificate);
        match tokio::task::spawn_blocking(move || certificate.refresh()).await {
            Ok(Ok(true)) => tracing::info!("a new certificate for encrypted DNS is in use"),
            Ok(Ok(false)) | Err(_) => {}
            Ok(Err(error)) => tracing::error!("{error}; encrypted DNS goes on with the certificate it has"),
        }
    }
}

fn contents(files: &CertificateFiles) -> Result<[Vec<u8>; 2], CertificateError> {
    let read =
        |path: &Path| std::fs::read(path).map_err(|source| CertificateError::Read { path: path.to_owned(), source });
    Ok([read(&files.chain)?, read(&files.key)?])
}

fn parse(files: &CertificateFiles, [chain, key]: &[Vec<u8>; 2]) -> Result<CertifiedKey, CertificateError> {
    let nothing = |path: &PathBuf, what| CertificateError::Nothing { path: path.clone(), what };
    let unusable = |source| CertificateError::Unusable { path: files.chain.clone(), source };
    let chain: Vec<_> = CertificateDer::pem_slice_iter(chain)
        .collect::<Result<_, _>>()
        .ok()
        .filter(|chain: &Vec<_>| !chain.is_empty())
        .ok_or_else(|| nothing(&files.chain, "certificate"))?;
    let key = PrivateKeyDer::from_pem_slice(key).map_err(|_| nothing(&files.key, "key"))?;
    let key = CertifiedKey::new(chain, sign::any_supported_type(&key).map_err(unusable)?);
    key.keys_match().map_err(unusable)?;
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(files: &CertificateFiles) {
        let made = rcgen::generate_simple_self_signed(vec!["dns.school.example".to_owned()]).unwrap();
        std::fs::write(&files.chain, made.cert.pem()).unwrap();
        std::fs::write(&files.key, made.signing_key.serialize_pem()).unwrap();
    }

    #[test]
    fn a_renewed_certificate_is_taken_and_a_broken_one_is_not() {
        let directory = tempfile::tempdir().unwrap();
        let files = CertificateFiles { chain: directory.path().join("chain"), key: directory.path().join("key") };
        assert!(matches!(Certificate::read(&files), Err(CertificateError::Read { .. })));
        write(&files);
        let certificate = Certificate::read(&files).unwrap();
        let first = Arc::clone(&certificate.used.read().unwrap().key);
        assert!(!certificate.refresh().unwrap());
        write(&files);
        assert!(certificate.refresh().unwrap());
        let second = Arc::clone(&certificate.used.read().unwrap().key);
        assert_ne!(first.cert, second.cert);
        let key = std::fs::read(&files.key).unwrap();
        write(&files);
        std::fs::write(&files.key, key).unwrap();
        assert!(matches!(certificate.refresh(), Err(CertificateError::Unusable { .. })), "the key of another");
        std::fs::write(&files.chain, "nothing").unwrap();
        assert!(matches!(certificate.refresh(), Err(CertificateError::Nothing { .. })));
        assert_eq!(certificate.used.read().unwrap().key.cert, second.cert);
    }
}
