//! Connections that a router redirected here without the device knowing: plain HTTP is judged by the host each request names,
//! TLS by the host its ClientHello names. The address the device meant is only believed where nothing names a host: what is
//! dialled is always what was judged.

use super::arrival::Arrival;
use super::connections::{Connections, serve_connection};
use super::handle::Proxy;
use super::tunnel;
use crate::gateway::Shared;
use crate::metrics::count;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

/// How a TLS connection begins: a record of the handshake (RFC 8446 section 5.1). No HTTP method does.
const TLS_BEGINS: u8 = 0x16;

/// Serves one socket that connections are redirected to, until the gateway stops.
pub(crate) async fn serve(shared: Arc<Shared>, socket: TcpListener, connections: Connections) {
    let proxy = Arc::new(Proxy::new(Arc::clone(&shared)));
    let listening = socket.local_addr().ok();
    let serve = move |stream: TcpStream, device, place| {
        let proxy = Arc::clone(&proxy);
        async move {
            match original(&stream).filter(|meant| Some(*meant) != listening) {
                Some(meant) => one(&proxy, Arrival::redirected(device, meant, Arc::new(place)), meant, stream).await,
                // Nobody redirected it: it would lead back here for ever.
                None => count(&proxy.shared().metrics.refused_connections),
            }
        }
    };
    connections.accept(&shared, socket, serve).await;
}

async fn one(proxy: &Arc<Proxy>, arrival: Arrival, meant: SocketAddr, stream: TcpStream) {
    let shared = proxy.shared();
    let mut first = [0];
    let Ok(Ok(1..)) = timeout(shared.config.limits.head_time, stream.peek(&mut first)).await else {
        return;
    };
    if first == [TLS_BEGINS] {
        return tunnel::redirected(proxy, &arrival, meant, stream).await;
    }
    let proxy = Arc::clone(proxy);
    let handle = move |arrival: Arc<Arrival>, request| {
        let proxy = Arc::clone(&proxy);
        async move { proxy.handle(&arrival, request).await }
    };
    serve_connection(shared, stream, Arc::new(arrival), handle).await;
}

/// Where the device wanted to go: what the firewall remembers of a redirected connection, else (TPROXY) the address it came
/// to.
fn original(stream: &TcpStream) -> Option<SocketAddr> {
    let local = stream.local_addr().ok()?;
    let meant = remembered(stream, local).unwrap_or(local);
    Some(SocketAddr::new(meant.ip().to_canonical(), meant.port()))
}

#[cfg(target_os = "linux")]
fn remembered(stream: &TcpStream, local: SocketAddr) -> Option<SocketAddr> {
    use nix::sys::socket::{SockaddrIn, SockaddrIn6, getsockopt, sockopt};
    if local.ip().to_canonical().is_ipv4() {
        let meant = SockaddrIn::from(getsockopt(stream, sockopt::OriginalDst).ok()?);
        Some(SocketAddr::new(meant.ip().into(), meant.port()))
    } else {
        let meant = SockaddrIn6::from(getsockopt(stream, sockopt::Ip6tOriginalDst).ok()?);
        Some(SocketAddr::new(meant.ip().into(), meant.port()))
    }
}

#[cfg(not(target_os = "linux"))]
fn remembered(_: &TcpStream, _: SocketAddr) -> Option<SocketAddr> {
    None
}
