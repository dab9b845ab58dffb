//! TLS with a device in the origin's place. The ClientHello was read already; what it names was judged. A device that
//! refuses the certificate says so with an alert, which is how pinned apps are told from everything else.

use super::Pinned;
use super::minted::Minted;
use super::origin::SchoolTime;
use crate::config::Clock;
use crate::gateway::Shared;
use crate::metrics::count;
use rustls::crypto::ring::Ticketer;
use rustls::server::{Accepted, ClientHello, NoServerSessionStorage, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{AlertDescription, ServerConfig};
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;
use tokio_rustls::StartHandshake;
use tokio_rustls::server::TlsStream;

/// What is spoken inside, best first.
const PROTOCOLS: [&[u8]; 2] = [b"h2", b"http/1.1"];

/// TLS 1.2 and 1.3 towards devices. Both versions of HTTP are offered whatever the origin speaks: each side of a proxy is a
/// connection of its own.
pub(super) fn device_config(minted: &Arc<Minted>, clock: &Clock) -> Result<ServerConfig, rustls::Error> {
    let resolver = Arc::clone(minted) as Arc<dyn ResolvesServerCert>;
    let mut config = config(resolver, clock)?;
    config.ticketer = Ticketer::new()?;
    // One ticket is enough to take a session up again, and each costs a device bytes it waits for.
    config.send_tls13_tickets = 1;
    Ok(config)
}

fn config(resolver: Arc<dyn ResolvesServerCert>, clock: &Clock) -> Result<ServerConfig, rustls::Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_details(provider, Arc::new(SchoolTime(Arc::clone(clock))))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_cert_resolver(resolver);
    config.alpn_protocols = PROTOCOLS.map(<[u8]>::to_vec).into();
    // Sessions are in tickets that the device keeps; nothing is stored here.
    config.session_storage = Arc::new(NoServerSessionStorage {});
    Ok(config)
}

/// One certificate for a client that names no host: an address, or an old program.
#[derive(Debug)]
struct Always(Arc<CertifiedKey>);

impl ResolvesServerCert for Always {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0))
    }
}

/// Finishes the handshake with a device, in the place of `host`. `None`: it did not come about, and who is to blame has been
/// noted.
pub(crate) async fn accept<Io: AsyncRead + AsyncWrite + Unpin>(
    shared: &Shared,
    device: IpAddr,
    host: &str,
    hello: Accepted,
    io: Io,
) -> Option<TlsStream<Io>> {
    let inspection = shared.inspection.as_ref()?;
    let config = if hello.client_hello().server_name().is_some() {
        Arc::clone(&inspection.towards_devices)
    } else {
        Arc::new(config(Arc::new(Always(inspection.minted.certificate(host)?)), &shared.clock).ok()?)
    };
    let shaking = StartHandshake::from_parts(hello, io).into_stream(config);
    let now = shared.now();
    match timeout(shared.config.limits.head_time, shaking).await {
        Ok(Ok(stream)) => {
            inspection.refusals.taken(device, now);
            count(&shared.metrics.inspected);
            Some(stream)
        }
        Ok(Err(error)) => {
            count(&shared.metrics.inspection_failures);
            if refuses_certificate(&error)
                && inspection.refusals.refused(device, host, now)
                && inspection.pinned == Pinned::PassBy
            {
                count(&shared.metrics.pinned_hosts);
            }
            None
        }
        Err(_) => {
            count(&shared.metrics.inspection_failures);
            None
        }
    }
}

/// Whether a device says that it does not accept the certificate (RFC 8446 section 6.2).
fn refuses_certificate(error: &io::Error) -> bool {
    use AlertDescription as Alert;
    let error = error.get_ref().and_then(|error| error.downcast_ref::<rustls::Error>());
    matches!(
        error,
        Some(rustls::Error::AlertReceived(
            Alert::BadCertificate
                | Alert::UnsupportedCertificate
                | Alert::CertificateRevoked
                | Alert::CertificateExpired
                | Alert::CertificateUnknown
                | Alert::UnknownCA
                | Alert::AccessDenied
        ))
    )
}
