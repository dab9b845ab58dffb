//! Accepts HTTP connections within bounds: so many in all, so many from one device, so long for a head.

use super::arrival::Arrival;
use super::begun::Begun;
use super::respond::Response;
use super::stalling::Stalling;
use crate::config::Limits;
use crate::gateway::Shared;
use crate::metrics::count;
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use socket2::SockRef;
use std::collections::HashMap;
use std::convert::Infallible;
use std::net::IpAddr;
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::timeout;

/// How long to wait when the system has no more sockets to give.
const OUT_OF_SOCKETS: Duration = Duration::from_millis(20);
/// How HTTP/2 without TLS begins (RFC 9113 section 3.4); no HTTP/1 method does.
const HTTP2_BEGINS: &[u8] = b"PRI * HTTP/2.0";
/// Requests one HTTP/2 connection may have open.
const STREAMS: u32 = 128;

/// Open connections, counted by device and in all.
#[derive(Clone)]
pub(crate) struct Connections {
    limits: Limits,
    open: Arc<Open>,
}

#[derive(Default)]
struct Open {
    all: AtomicUsize,
    by_device: Mutex<HashMap<IpAddr, usize>>,
}

/// One connection's place; dropping it gives it back.
pub(crate) struct Place {
    device: IpAddr,
    open: Arc<Open>,
}

impl Connections {
    pub(crate) fn new(limits: Limits) -> Self {
        Self { limits, open: Arc::default() }
    }

    /// A place for a device, unless it or the gateway has too many.
    pub(crate) fn enter(&self, device: IpAddr) -> Option<Place> {
        let mut by_device = self.open.by_device.lock().unwrap_or_else(PoisonError::into_inner);
        let here = by_device.entry(device).or_default();
        // INVARIANT: `all` changes only while the lock is held, so it is the sum of the devices' counts.
        if self.open.all.load(Ordering::Relaxed) >= self.limits.connections
            || *here >= self.limits.connections_per_device
        {
            if *here == 0 {
                by_device.remove(&device);
            }
            return None;
        }
        *here += 1;
        self.open.all.fetch_add(1, Ordering::Relaxed);
        Some(Place { device, open: Arc::clone(&self.open) })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut by_device = self.open.by_device.lock().unwrap_or_else(PoisonError::into_inner);
        self.open.all.fetch_sub(1, Ordering::Relaxed);
        if let Some(here) = by_device.get_mut(&self.device) {
            *here = here.saturating_sub(1);
            if *here == 0 {
                by_device.remove(&self.device);
            }
        }
    }
}

impl Connections {
    /// Accepts connections on a socket, each with its place, until the gateway stops; then waits for those that are open.
    pub(crate) async fn accept<Serve, Served>(self, shared: &Shared, socket: TcpListener, serve: Serve)
    where
        Serve: Fn(TcpStream, IpAddr, Place) -> Served,
        Served: Future<Output = ()> + Send + 'static,
    {
        let mut open = JoinSet::new();
        let mut stopping = shared.stopping();
        // Connections inherit it from their socket, so that none is told for itself.
        let _ = SockRef::from(&socket).set_tcp_nodelay(true);
        loop {
            while open.try_join_next().is_some() {}
            let accepted = tokio::select! {
                accepted = socket.accept() => accepted,
                _ = stopping.wait_for(|stops| *stops) => break,
            };
            let Ok((stream, client)) = accepted else {
                tokio::time::sleep(OUT_OF_SOCKETS).await;
                continue;
            };
            let device = client.ip().to_canonical();
            let Some(place) = self.enter(device) else {
                count(&shared.metrics.refused_connections);
                continue;
            };
            open.spawn(serve(stream, device, place));
        }
        drop(socket);
        while open.join_next().await.is_some() {}
    }
}

/// Serves HTTP on a socket by `handle`, until the gateway stops.
pub(crate) async fn serve_http<Handle, Answer>(
    shared: Arc<Shared>,
    socket: TcpListener,
    connections: Connections,
    handle: Handle,
) where
    Handle: Fn(Arc<Arrival>, hyper::Request<Incoming>) -> Answer + Clone + Send + 'static,
    Answer: Future<Output = Response> + Send + 'static,
{
    let each = Arc::clone(&shared);
    let serve = move |stream: TcpStream, device, place| {
        let (shared, handle) = (Arc::clone(&each), handle.clone());
        async move {
            let Ok(Some(begun)) = timeout(shared.config.limits.head_time, Begun::of(stream)).await else {
                return;
            };
            let http2 = begun.begins_with(HTTP2_BEGINS);
            // A tunnel outlives its request and takes the place with it.
            let arrival = Arc::new(Arrival::explicit(device, http2, Arc::new(place)));
            serve_connection(&shared, begun, arrival, handle).await;
        }
    };
    connections.accept(&shared, socket, serve).await;
}

/// Drives a connection, and asks it to finish when the gateway stops. A macro, because the two versions have no trait in
/// common that says so.
macro_rules! until_stopping {
    ($shared:expr, $connection:expr) => {
        let mut connection = $connection;
        let mut stopping = $shared.stopping();
        let stops = tokio::select! {
            biased;
            _ = connection.as_mut() => false,
            _ = stopping.wait_for(|stops| *stops) => true,
        };
        if stops {
            connection.as_mut().graceful_shutdown();
            let _ = connection.await;
        }
    };
}

/// Serves HTTP/1.1 or HTTP/2 on a connection until it ends. When the gateway stops, requests that have begun are finished.
pub(super) async fn serve_connection<Io, Handle, Answer>(shared: &Shared, io: Io, arrival: Arc<Arrival>, handle: Handle)
where
    Io: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    Handle: Fn(Arc<Arrival>, hyper::Request<Incoming>) -> Answer + Send + 'static,
    Answer: Future<Output = Response> + Send + 'static,
{
    let limits = &shared.config.limits;
    let http2 = arrival.http2;
    let io = TokioIo::new(Stalling::new(io, limits.idle_time));
    let service = service_fn(move |request| {
        let answer = handle(Arc::clone(&arrival), request);
        async move { Ok::<_, Infallible>(answer.await) }
    });
    // A client that went away or spoke no HTTP was answered by hyper where it could be.
    if http2 {
        let mut builder = http2::Builder::new(TokioExecutor::new());
        builder
            .timer(TokioTimer::new())
            .max_concurrent_streams(STREAMS)
            .max_header_list_size(u32::try_from(limits.head_bytes).unwrap_or(u32::MAX))
            .keep_alive_interval(limits.idle_time)
            .keep_alive_timeout(limits.head_time);
        until_stopping!(shared, Box::pin(builder.serve_connection(io, service)));
    } else {
        let mut builder = http1::Builder::new();
        builder
            .timer(TokioTimer::new())
            .header_read_timeout(limits.head_time)
            .max_header_size(limits.head_bytes)
            .half_close(false);
        until_stopping!(shared, pin!(builder.serve_connection(io, service).with_upgrades()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_bounded_by_device_and_in_all_and_come_back() {
        let connections = Connections::new(Limits { connections: 3, connections_per_device: 2, ..Limits::default() });
        let [one, two] = [IpAddr::from([10, 0, 0, 1]), IpAddr::from([10, 0, 0, 2])];
        let first = connections.enter(one);
        let second = connections.enter(one);
        assert!(first.is_some() && second.is_some());
        assert!(connections.enter(one).is_none(), "one device has its own bound");
        let third = connections.enter(two);
        assert!(third.is_some() && connections.enter(two).is_none(), "all together have theirs");
        drop(first);
        assert!(connections.enter(two).is_some());
    }
}
