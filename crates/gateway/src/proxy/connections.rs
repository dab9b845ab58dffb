//! Accepts HTTP connections within bounds: so many in all, so many from one device, so long for a head.

use super::respond::Response;
use crate::config::Limits;
use crate::gateway::Shared;
use crate::observe::count;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::collections::HashMap;
use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// How long to wait when the system has no more sockets to give.
const OUT_OF_SOCKETS: Duration = Duration::from_millis(20);

/// Open connections, counted by device.
#[derive(Clone)]
pub(crate) struct Connections {
    limits: Limits,
    open: Arc<Mutex<HashMap<IpAddr, usize>>>,
}

/// One connection's place; dropping it gives it back.
pub(crate) struct Place {
    device: IpAddr,
    open: Arc<Mutex<HashMap<IpAddr, usize>>>,
}

impl Connections {
    pub(crate) fn new(limits: Limits) -> Self {
        Self { limits, open: Arc::default() }
    }

    /// A place for a device, unless it or the gateway has too many.
    pub(crate) fn enter(&self, device: IpAddr) -> Option<Place> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let all: usize = open.values().sum();
        let here = open.get(&device).copied().unwrap_or_default();
        if all >= self.limits.connections || here >= self.limits.connections_per_device {
            return None;
        }
        open.insert(device, here + 1);
        Some(Place { device, open: Arc::clone(&self.open) })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(here) = open.get_mut(&self.device) {
            *here = here.saturating_sub(1);
            if *here == 0 {
                open.remove(&self.device);
            }
        }
    }
}

/// Serves HTTP/1 on a socket until the task is stopped.
pub(crate) async fn serve_http<Handle, Answer>(
    shared: Arc<Shared>,
    socket: TcpListener,
    connections: Connections,
    handle: Handle,
) where
    Handle: Fn(IpAddr, hyper::Request<Incoming>) -> Answer + Clone + Send + 'static,
    Answer: Future<Output = Response> + Send + 'static,
{
    let mut builder = http1::Builder::new();
    let limits = shared.config.limits;
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head_time)
        .max_header_size(limits.head_bytes)
        .half_close(false);
    let mut open = JoinSet::new();
    loop {
        while open.try_join_next().is_some() {}
        let Ok((stream, client)) = socket.accept().await else {
            tokio::time::sleep(OUT_OF_SOCKETS).await;
            continue;
        };
        let device = client.ip().to_canonical();
        let Some(place) = connections.enter(device) else {
            count(&shared.metrics.refused_connections);
            continue;
        };
        let _ = stream.set_nodelay(true);
        let handle = handle.clone();
        // A tunnel outlives its request and takes the place with it.
        let place = Arc::new(place);
        let kept = Arc::clone(&place);
        let service = service_fn(move |mut request: hyper::Request<Incoming>| {
            request.extensions_mut().insert(Arc::clone(&kept));
            let answer = handle(device, request);
            async move { Ok::<_, Infallible>(answer.await) }
        });
        let connection = builder.serve_connection(TokioIo::new(stream), service).with_upgrades();
        open.spawn(async move {
            let _place = place;
            // A client that went away or spoke no HTTP was answered by hyper where it could be.
            let _ = connection.await;
        });
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
