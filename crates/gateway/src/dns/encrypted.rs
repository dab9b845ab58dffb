//! Encrypted DNS for clients: the sockets of DNS over TLS (RFC 7858) and DNS over HTTPS (RFC 8484). Who is open and what is
//! answered is the same as in clear.

use super::answer::Transport;
use super::certificate::{Certificate, follow};
use super::connection::{answer, places};
use super::https;
use crate::gateway::{Shared, StartError};
use crate::observe::count;
use rustls::ServerConfig;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

/// How long to wait when the system has no more sockets to give.
const OUT_OF_SOCKETS: Duration = Duration::from_millis(20);

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
pub(crate) async fn open(config: &super::config::DnsConfig) -> Result<Option<Sockets>, StartError> {
    if config.tls_listen.is_empty() && config.https_listen.is_empty() {
        return Ok(None);
    }
    let certificate = Certificate::read(config.certificate.as_ref().ok_or(StartError::CertificateWanted)?)?;
    let listen = async |addresses: &[SocketAddr], purpose, protocols: &[&[u8]]| {
        let config = Arc::new(certificate.server(protocols).map_err(StartError::Encryption)?);
        let mut sockets = Vec::with_capacity(addresses.len());
        for address in addresses {
            let socket = TcpListener::bind(address).await;
            let socket = socket.map_err(|source| StartError::Listen { address: *address, purpose, source })?;
            sockets.push((socket, Arc::clone(&config)));
        }
        Ok::<_, StartError>(sockets)
    };
    let tls = listen(&config.tls_listen, "DNS over TLS", &[b"dot"]).await?;
    let https = listen(&config.https_listen, "DNS over HTTPS", &[b"h2", b"http/1.1"]).await?;
    Ok(Some(Sockets { certificate, tls, https }))
}

/// Starts answering.
pub(crate) fn serve(shared: &Arc<Shared>, sockets: Sockets, tasks: &mut JoinSet<()>) {
    for (socket, config) in sockets.tls {
        tasks.spawn(accept(Arc::clone(shared), socket, config, Transport::Tls));
    }
    for (socket, config) in sockets.https {
        tasks.spawn(accept(Arc::clone(shared), socket, config, Transport::Https));
    }
    tasks.spawn(follow(sockets.certificate));
}

async fn accept(shared: Arc<Shared>, socket: TcpListener, config: Arc<ServerConfig>, transport: Transport) {
    let acceptor = TlsAcceptor::from(config);
    let places = places(shared.config.limits);
    let mut clients = JoinSet::new();
    loop {
        while clients.try_join_next().is_some() {}
        let Ok((stream, client)) = socket.accept().await else {
            tokio::time::sleep(OUT_OF_SOCKETS).await;
            continue;
        };
        let device = client.ip().to_canonical();
        let Some(place) = places.enter(device) else {
            count(&shared.metrics.refused_connections);
            continue;
        };
        let _ = stream.set_nodelay(true);
        let (shared, acceptor) = (Arc::clone(&shared), acceptor.clone());
        clients.spawn(async move {
            let _place = place;
            let Ok(Ok(stream)) = timeout(shared.config.limits.head_time, acceptor.accept(stream)).await else {
                return;
            };
            match transport {
                Transport::Https => https::serve(shared, stream, device).await,
                _ => answer(shared, stream, device, transport).await,
            }
        });
    }
}
