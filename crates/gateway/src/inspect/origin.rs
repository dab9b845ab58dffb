//! TLS towards origins: every certificate is verified against the system's roots and the school's own, host name and dates
//! included, and sessions are taken up again. A certificate that does not hold is never accepted for anybody: `OriginProblem`
//! says what is wrong, and a page shows it.

use super::refusals::Refusals;
use crate::config::Clock;
use crate::gateway::Shared;
use crate::metrics::count;
use rustls::client::{ClientConfig, ResolvesClientCert, Resumption};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::sign::CertifiedKey;
use rustls::time_provider::TimeProvider;
use rustls::{AlertDescription, CertificateError, RootCertStore, SignatureScheme};
use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// Origins whose sessions are kept to be taken up again.
const SESSIONS: usize = 4096;

/// Why an origin is not read from, in the terms of the page that says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum OriginProblem {
    /// The certificate's time is over.
    #[error("the site's certificate has expired")]
    Expired,
    /// Its time has not begun, or this machine's clock is wrong.
    #[error("the site's certificate is not valid yet")]
    NotYetValid,
    /// It is another host's.
    #[error("the site's certificate belongs to another site")]
    WrongHost,
    /// Nobody whom this machine trusts vouches for it; self-signed ones among them.
    #[error("the site's certificate is vouched for by nobody known here")]
    Untrusted,
    /// It was withdrawn.
    #[error("the site's certificate was withdrawn")]
    Revoked,
    /// It is no good for another reason.
    #[error("the site's certificate cannot be accepted")]
    Unacceptable,
    /// The site wants the device's own certificate. It is carried unread from now on.
    #[error("the site asks for the device's own certificate")]
    WantsOwnCertificate,
    /// No TLS came about.
    #[error("no encrypted connection to the site came about")]
    NoTls,
    /// It took too long.
    #[error("the site did not answer in time")]
    TooSlow,
}

/// The school's clock, for dates in certificates.
pub(super) struct SchoolTime(pub(super) Clock);

impl fmt::Debug for SchoolTime {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("SchoolTime")
    }
}

impl TimeProvider for SchoolTime {
    fn current_time(&self) -> Option<UnixTime> {
        let seconds = u64::try_from((self.0)().as_second()).ok()?;
        Some(UnixTime::since_unix_epoch(Duration::from_secs(seconds)))
    }
}

/// How TLS to origins is set up. Reading the system's roots takes some milliseconds of disk: once at the start.
pub(super) fn origin_config(extra_roots: &[String], clock: &Clock) -> Result<ClientConfig, rustls::Error> {
    let mut roots = RootCertStore::empty();
    let system = rustls_native_certs::load_native_certs();
    for error in &system.errors {
        tracing::warn!("a root certificate of the system cannot be read: {error}");
    }
    roots.add_parsable_certificates(system.certs);
    for pem in extra_roots {
        for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()).flatten() {
            roots.add(certificate)?;
        }
    }
    if roots.is_empty() {
        tracing::error!(
            "the system has no root certificates, so every inspected site will be refused; install ca-certificates"
        );
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_details(provider, Arc::new(SchoolTime(Arc::clone(clock))))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    config.resumption = Resumption::in_memory_sessions(SESSIONS);
    Ok(config)
}

/// Has no certificate to show, and notes that one was asked for.
#[derive(Debug, Default)]
struct Asked(AtomicBool);

impl ResolvesClientCert for Asked {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.0.store(true, Ordering::Relaxed);
        None
    }

    fn has_certs(&self) -> bool {
        true
    }
}

/// Speaks TLS with an origin over a connection that was dialled. HTTP/1.1 is what is agreed on: requests of HTTP/2 clients
/// are carried over it.
///
/// Without inspection nobody's TLS is opened, and this refuses.
///
/// # Errors
/// What is wrong with the origin; a page says it.
pub(crate) async fn connect_tls(shared: &Shared, tcp: TcpStream, host: &str) -> Result<OriginStream, OriginProblem> {
    let inspection = shared.inspection.as_ref().ok_or(OriginProblem::NoTls)?;
    let name = ServerName::try_from(host.to_owned()).map_err(|_| OriginProblem::WrongHost)?;
    let asked = Arc::new(Asked::default());
    let mut config = ClientConfig::clone(&inspection.towards_origins);
    config.client_auth_cert_resolver = Arc::clone(&asked) as Arc<dyn ResolvesClientCert>;
    let opening = TlsConnector::from(Arc::new(config)).connect(name, tcp);
    let opened = timeout(shared.config.limits.connect_time, opening).await.map_err(|_| OriginProblem::TooSlow)?;
    match opened {
        Ok(stream) => {
            let wants = asked.0.load(Ordering::Relaxed).then(|| Wants {
                refusals: Arc::clone(&inspection.refusals),
                clock: Arc::clone(&shared.clock),
                host: host.into(),
            });
            Ok(OriginStream { stream, wants })
        }
        Err(error) => {
            let problem = problem(&error, asked.0.load(Ordering::Relaxed));
            if problem == OriginProblem::WantsOwnCertificate {
                inspection.refusals.wants_own_certificate(host, shared.now());
            }
            count(&shared.metrics.origins_refused);
            Err(problem)
        }
    }
}

fn tls_error(error: &io::Error) -> Option<&rustls::Error> {
    error.get_ref()?.downcast_ref()
}

fn problem(error: &io::Error, asked: bool) -> OriginProblem {
    use CertificateError as Certificate;
    match tls_error(error) {
        Some(rustls::Error::InvalidCertificate(certificate)) => match certificate {
            Certificate::Expired | Certificate::ExpiredContext { .. } => OriginProblem::Expired,
            Certificate::NotValidYet | Certificate::NotValidYetContext { .. } => OriginProblem::NotYetValid,
            Certificate::NotValidForName | Certificate::NotValidForNameContext { .. } => OriginProblem::WrongHost,
            Certificate::UnknownIssuer | Certificate::BadSignature => OriginProblem::Untrusted,
            Certificate::Revoked => OriginProblem::Revoked,
            // A certificate that signs itself and others stands where a site's own should: nobody vouches for it.
            Certificate::Other(_) => OriginProblem::Untrusted,
            _ => OriginProblem::Unacceptable,
        },
        Some(rustls::Error::AlertReceived(AlertDescription::CertificateRequired)) => OriginProblem::WantsOwnCertificate,
        Some(rustls::Error::AlertReceived(_)) if asked => OriginProblem::WantsOwnCertificate,
        _ => OriginProblem::NoTls,
    }
}

/// Whom to tell when the origin, having asked for a certificate, refuses to go on without one.
struct Wants {
    refusals: Arc<Refusals>,
    clock: Clock,
    host: Box<str>,
}

/// TLS with an origin. In TLS 1.3 an origin says only after the handshake that it wanted the device's certificate.
pub(crate) struct OriginStream {
    stream: TlsStream<TcpStream>,
    wants: Option<Wants>,
}

impl AsyncRead for OriginStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        if let (Poll::Ready(Err(error)), Some(wants)) = (&read, &self.wants)
            && let Some(rustls::Error::AlertReceived(_)) = tls_error(error)
        {
            wants.refusals.wants_own_certificate(&wants.host, (wants.clock)());
        }
        read
    }
}

impl AsyncWrite for OriginStream {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
