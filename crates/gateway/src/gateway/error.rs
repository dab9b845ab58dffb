//! Why a gateway could not start, in words for whoever starts it.

use crate::dns;
use crate::inspect::AuthorityError;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Why a gateway could not start. Rules that cannot be read from disk are no reason: it starts as the strictest.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// An address could not be listened on.
    #[error("cannot listen on `{address}` for {purpose}: {source}; stop what uses the address or choose another")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// `DNS`, `the proxy`, `the block page`.
        purpose: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// The school's certificate authority cannot be used.
    #[error("encrypted pages cannot be read: {0}")]
    Inspection(#[from] AuthorityError),
    /// A DNS server cannot be asked over TLS.
    #[error("cannot ask the DNS server `{name}` over TLS: {source}; check its name and the file of authorities")]
    Upstream {
        /// The name its certificate must carry.
        name: String,
        /// What is wrong.
        source: io::Error,
    },
    /// Encrypted DNS is to be answered without a certificate.
    #[error("encrypted DNS needs a certificate; name its file and its key's, or listen on no address for it")]
    CertificateWanted,
    /// The certificate of encrypted DNS cannot be used.
    #[error("{0}; put the certificate and its key there, in PEM")]
    Certificate(#[from] dns::certificate::CertificateError),
    /// Encrypted DNS cannot be set up.
    #[error("cannot set up encrypted DNS: {0}")]
    Encryption(rustls::Error),
    /// A record of the school's own zones cannot be read.
    #[error(transparent)]
    Zone(#[from] dns::zones::ZoneError),
    /// The directory for the snapshot could not be made.
    #[error("cannot make the directory `{}` for the last rules: {source}; make it, or choose one that can be written to", path.display())]
    Directory {
        /// The directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}
