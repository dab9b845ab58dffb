//! CONNECT: judged by the host it names, then by the host its TLS ClientHello names, then carried unread. Only TLS is
//! carried, so that the port is no way out for anything else.
//!
//! What this cannot see: paths and searches inside TLS, and the host of an encrypted ClientHello, which is why DNS takes
//! the keys for those out of its answers.

use super::arrival::Arrival;
use super::dial::dial;
use super::handle::{Proxy, closed_response};
use super::headers::Sent;
use super::hello::{Hello, read_hello};
use super::respond::{self, Response};
use super::target::Target;
use crate::gateway::Shared;
use crate::observe::Protocol;
use crate::request::{Answer, Asked, still_open, walk};
use http_body_util::{BodyExt, Empty};
use hyper::Request;
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{MissedTickBehavior, interval, timeout};

/// Bytes carried at a time in one direction.
const CHUNK: usize = 16 * 1024;
/// How often an open tunnel is judged anew, besides whenever the rules change.
const JUDGED_ANEW: Duration = Duration::from_secs(30);

/// Answers a CONNECT and, where it is open, carries it in a task of its own.
pub(super) async fn connect(proxy: &Arc<Proxy>, arrival: &Arrival, sent: Sent, request: Request<Incoming>) -> Response {
    let (shared, device) = (proxy.shared(), arrival.device);
    let Some(target) = Target::of_connect(request.uri()) else {
        return respond::bad_request("A CONNECT names a host and a port, such as lessons.example:443.");
    };
    let asked = asked(device, &sent, &target.host);
    let answered = walk(shared, asked);
    if let Some(observation) = answered.observation {
        shared.observer.observe(observation);
    }
    let safe_search = match answered.answer {
        Answer::CredentialWanted => return respond::credential_wanted(),
        Answer::SignFirst => return respond::sign_first(shared),
        Answer::Closed(closed) => return closed_response(shared, *closed),
        Answer::Own => None,
        Answer::Open { .. } if !shared.config.tunnel_ports.contains(&target.port) => {
            return respond::refused(
                403,
                "This port is not opened",
                "Tunnels are for secure web pages. Ask your technician if a program needs another port.",
            );
        }
        Answer::Open { safe_search } => safe_search,
    };
    let origin = match dial(shared, &target, safe_search).await {
        Ok(origin) => origin,
        Err(error) => return respond::unreachable(&error),
    };
    let place = Arc::clone(&arrival.place);
    let carried = Arc::clone(shared);
    shared.spawn_tunnel(async move {
        let _place = place;
        let Ok(client) = hyper::upgrade::on(request).await else {
            return;
        };
        carry(&carried, device, &sent, &target, TokioIo::new(client), origin).await;
    });
    Response::new(Empty::new().map_err(|never| match never {}).boxed())
}

fn asked<'a>(device: IpAddr, sent: &'a Sent, host: &'a str) -> Asked<'a> {
    Asked {
        protocol: Protocol::Tunnel,
        device,
        credential: sent.credential(),
        method: Some("CONNECT"),
        host,
        path: None,
    }
}

async fn carry(
    shared: &Shared,
    device: IpAddr,
    sent: &Sent,
    target: &Target,
    mut client: impl AsyncRead + AsyncWrite + Unpin,
    mut origin: TcpStream,
) {
    let Ok(Ok(hello)) = timeout(shared.config.limits.head_time, read_hello(&mut client)).await else {
        return;
    };
    if !same_or_open(shared, device, sent, target, &hello) || origin.write_all(&hello.bytes).await.is_err() {
        return;
    }
    let moved = AtomicU64::new(hello.bytes.len() as u64);
    let hosts = [Some(target.host.as_str()), hello.server_name.as_deref()];
    tokio::select! {
        () = pump(client, origin, shared.config.limits.idle_time, &moved) => {}
        () = until_closed(shared, device, sent, hosts) => {}
    }
    let bytes = moved.load(Ordering::Relaxed);
    shared.metrics.tunnel_bytes.fetch_add(bytes, Ordering::Relaxed);
}

/// Waits until one of the hosts is no longer open: other rules, another period of the day, somebody else at the device.
/// A tunnel may last for hours, and what closes a page must close it too.
async fn until_closed(shared: &Shared, device: IpAddr, sent: &Sent, hosts: [Option<&str>; 2]) {
    let mut changed = shared.rules_changed();
    let mut every = interval(JUDGED_ANEW);
    every.set_missed_tick_behavior(MissedTickBehavior::Delay);
    every.tick().await;
    loop {
        tokio::select! {
            _ = changed.changed() => {}
            _ = every.tick() => {}
        }
        if hosts.iter().flatten().any(|host| !still_open(shared, asked(device, sent, host))) {
            return;
        }
    }
}

/// Whether the host that the ClientHello names is the one that was judged, or is open as well. A search engine that must be
/// reached under its safe name cannot be reached under another.
fn same_or_open(shared: &Shared, device: IpAddr, sent: &Sent, target: &Target, hello: &Hello) -> bool {
    let Some(name) = hello.server_name.as_deref().filter(|name| *name != target.host) else {
        return true;
    };
    let answered = walk(shared, asked(device, sent, name));
    let open = matches!(answered.answer, Answer::Own | Answer::Open { safe_search: None });
    if let (false, Some(observation)) = (open, answered.observation) {
        shared.observer.observe(observation);
    }
    open
}

/// Carries bytes both ways, counting them, until both sides are done, one breaks, or nothing moved for `idle`.
async fn pump(client: impl AsyncRead + AsyncWrite + Unpin, origin: TcpStream, idle: Duration, moved: &AtomicU64) {
    let (client_read, client_write) = tokio::io::split(client);
    let (origin_read, origin_write) = origin.into_split();
    let both =
        async { tokio::join!(one_way(client_read, origin_write, moved), one_way(origin_read, client_write, moved)) };
    let watchdog = async {
        let mut every = interval(idle);
        every.set_missed_tick_behavior(MissedTickBehavior::Delay);
        every.tick().await;
        let mut before = moved.load(Ordering::Relaxed);
        loop {
            every.tick().await;
            let now = moved.load(Ordering::Relaxed);
            if now == before {
                return;
            }
            before = now;
        }
    };
    tokio::select! {
        _ = both => {}
        () = watchdog => {}
    }
}

async fn one_way(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    moved: &AtomicU64,
) -> io::Result<()> {
    let mut chunk = vec![0; CHUNK];
    loop {
        let length = from.read(&mut chunk).await?;
        let Some(read) = chunk.get(..length).filter(|read| !read.is_empty()) else {
            break;
        };
        to.write_all(read).await?;
        moved.fetch_add(length as u64, Ordering::Relaxed);
    }
    to.shutdown().await
}
