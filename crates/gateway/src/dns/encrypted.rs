//! Encrypted DNS for clients: the sockets of DNS over TLS (RFC 7858) and DNS over HTTPS (RFC 8484). Who is open and what is
//! answered is the same as in clear.

use super::answer::Transport;
use super::certificate::{Certificate, follow};
use super::connection::answer;
use super::https;
use super::listen::accept;
use crate::gateway::{Shared, StartError};
use crate::open_sockets::OpenSockets;
use rustls::ServerConfig;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

/// The open sockets and what they need.
pub(crate) struct Sockets {
    certificate: Arc<Certificate>,
    tls: Vec<(TcpListener, Arc<ServerConfig>)>,
    https: Vec<(TcpListener, Arc<ServerConfig>)>,
}

impl Sockets {
    /// The first address of DNS over TLS, and of DNS over HTTPS.
    pub(crate) fn addresses(&self) -> [Option<SocketAddr>; 2] {
        [&self.tls, &self.https].map(|sockets| sockets.first().and_then(|(socket, _)| socket.local_addr().ok()))
    }
}

/// Opens the sockets of the configuration; `None` if there are none.
pub(crate) fn open(kept: &OpenSockets, config: &super::config::DnsConfig) -> Result<Option<Sockets>, StartError> {
    if config.tls_listen.is_empty() && config.https_listen.is_empty() {
        return Ok(None);
    }
    let certificate = Certificate::read(config.certificate.as_ref().ok_or(StartError::CertificateWanted)?)?;
    let listen = |addresses: &[SocketAddr], purpose, protocols: &[&[u8]]| {
        let config = Arc::new(certificate.server(protocols).map_err(StartError::Encryption)?);
        let sockets = kept.listeners(addresses, purpose)?;
        Ok::<_, StartError>(sockets.into_iter().map(|socket| (socket, Arc::clone(&config))).collect())
    };
    let tls = listen(&config.tls_listen, "DNS over TLS", &[b"dot"])?;
    let https = listen(&config.https_listen, "DNS over HTTPS", &[b"h2", b"http/1.1"])?;
    Ok(Some(Sockets { certificate, tls, https }))
}

/// Starts answering, until the gateway stops; the certificate is followed among the `tasks`.
pub(crate) fn serve(shared: &Arc<Shared>, sockets: Sockets, tasks: &mut JoinSet<()>, serving: &mut JoinSet<()>) {
    for (socket, config) in sockets.tls {
        serving.spawn(accept_encrypted(Arc::clone(shared), socket, config, Transport::Tls));
    }
    for (socket, config) in sockets.https {
        serving.spawn(accept_encrypted(Arc::clone(shared), socket, config, Transport::Https));
    }
    tasks.spawn(follow(sockets.certificate));
}

async fn accept_encrypted(shared: Arc<Shared>, socket: TcpListener, config: Arc<ServerConfig>, transport: Transport) {
    let acceptor = TlsAcceptor::from(config);
    accept(shared, socket, |shared, stream, device| {
        let acceptor = acceptor.clone();
        async move {
            let Ok(Ok(stream)) = timeout(shared.config.limits.head_time, acceptor.accept(stream)).await else {
                return;
            };
            match transport {
                Transport::Https => https::serve(shared, stream, device).await,
                _ => answer(shared, stream, device, transport).await,
            }
        }
    })
    .await;
}
