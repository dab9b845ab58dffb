//! CONNECT: judged by the host it names, then by the host its TLS ClientHello names. Where the school reads encrypted pages
//! the TLS ends here and the requests inside are judged like any other; everywhere else bytes are carried untouched
//! (`carry.rs`). Only TLS is let through, so that the port is no way out for anything else.
//!
//! What this cannot see where nothing is read: paths and searches inside TLS, and the host of an encrypted ClientHello, which
//! is why DNS takes the keys for those out of its answers. An encrypted one is judged by its outer name.

use super::arrival::{Arrival, Scheme};
use super::body::Body;
use super::carry::{Watched, carry};
use super::connections::Place;
use super::dial::dial;
use super::handle::{Proxy, closed_response};
use super::headers::Sent;
use super::hello::{Hello, read_hello};
use super::respond::{self, Response};
use super::target::Target;
use crate::gateway::Shared;
use crate::inspect;
use crate::metrics::count;
use crate::observe::{Observation, Protocol};
use crate::request::{Answer, Answered, Asked, walk};
use hyper::Request;
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// A CONNECT that was judged, and whose it is.
struct Tunnel {
    proxy: Arc<Proxy>,
    device: IpAddr,
    sent: Sent,
    target: Target,
    /// Held until the tunnel ends: it is one of the device's connections.
    place: Arc<Place>,
}

/// Answers a CONNECT and, where it is open or its refusal can be shown inside, serves it in a task of its own.
pub(super) async fn connect(proxy: &Arc<Proxy>, arrival: &Arrival, sent: Sent, request: Request<Incoming>) -> Response {
    let shared = proxy.shared();
    let Some(target) = Target::of_connect(request.uri()) else {
        return respond::bad_request("A CONNECT names a host and a port, such as lessons.example:443.");
    };
    let place = Arc::clone(&arrival.place);
    let tunnel = Tunnel { proxy: Arc::clone(proxy), device: arrival.device, sent, target, place };
    let Answered { answer, observation, inspects } = walk(shared, tunnel.asked(&tunnel.target.host));
    let right_port = shared.config.tunnel_ports.contains(&tunnel.target.port);
    if inspects && right_port && !tunnel.passed_by(&tunnel.target.host) {
        return tunnel.after_upgrade(request, move |tunnel, client| tunnel.read(client, observation));
    }
    if let Some(closed) = tunnel.closed_behind(&answer, observation.as_ref()).await {
        return closed;
    }
    tunnel.observe(observation);
    let safe_search = match answer {
        Answer::CredentialWanted => return respond::credential_wanted(),
        Answer::SignFirst => return respond::sign_first(shared),
        Answer::Closed(closed) => return closed_response(shared, *closed),
        Answer::Own => None,
        Answer::Open { .. } if !right_port => {
            return respond::port_not_opened();
        }
        Answer::Open { safe_search } => safe_search,
    };
    match dial(shared, &tunnel.target, safe_search).await {
        Ok(origin) => tunnel.after_upgrade(request, move |tunnel, client| tunnel.unread(client, origin)),
        Err(error) => respond::unreachable(&error),
    }
}

/// Serves a TLS connection that was redirected here: what a CONNECT would have named is in its ClientHello alone.
pub(super) async fn redirected(proxy: &Arc<Proxy>, arrival: &Arrival, meant: SocketAddr, mut client: TcpStream) {
    let target = Target { host: meant.ip().to_string(), port: meant.port() };
    let (sent, place) = (arrival.sent.clone(), Arc::clone(&arrival.place));
    let mut tunnel = Tunnel { proxy: Arc::clone(proxy), device: arrival.device, sent, target, place };
    count(&proxy.shared().metrics.proxy_requests);
    if let Some(hello) = tunnel.hello(&mut client).await {
        if let Some(name) = hello.server_name.clone() {
            tunnel.target.host = name;
        }
        tunnel.named(client, hello).await;
    }
}

/// What a tunnel's client is spoken with.
trait Client: AsyncRead + AsyncWrite + Unpin + Send + 'static {}
impl<Io: AsyncRead + AsyncWrite + Unpin + Send + 'static> Client for Io {}

impl Tunnel {
    fn shared(&self) -> &Arc<Shared> {
        self.proxy.shared()
    }

    fn asked<'a>(&'a self, host: &'a str) -> Asked<'a> {
        Asked {
            protocol: Protocol::Tunnel,
            device: self.device,
            credential: self.sent.credential(),
            method: Some("CONNECT"),
            host,
            path: None,
        }
    }

    /// The refusal where an open host leads to a closed one. Helplines, which are not observed, lead where they lead.
    async fn closed_behind(&self, answer: &Answer, observed: Option<&Observation>) -> Option<Response> {
        if !matches!(answer, Answer::Open { safe_search: None }) || observed.is_none() {
            return None;
        }
        let asked = self.asked(&self.target.host);
        let (closed, observation) = self.proxy.behind.closed(self.shared(), asked).await?;
        self.observe(observation);
        Some(closed_response(self.shared(), *closed))
    }

    fn observe(&self, observation: Option<Observation>) {
        if let Some(observation) = observation {
            self.shared().observer.observe(observation);
        }
    }

    /// Whether a host that would be read is carried unread, because its app is pinned or it wants the device's certificate.
    fn passed_by(&self, host: &str) -> bool {
        let shared = self.shared();
        let passed =
            shared.inspection.as_ref().is_some_and(|inspection| inspection.passed_by(self.device, host, shared.now()));
        if passed {
            count(&shared.metrics.passed_by);
        }
        passed
    }

    /// Says that the tunnel is open, and goes on once the client heard it.
    fn after_upgrade<Going>(
        self,
        request: Request<Incoming>,
        then: impl FnOnce(Self, TokioIo<hyper::upgrade::Upgraded>) -> Going + Send + 'static,
    ) -> Response
    where
        Going: Future<Output = ()> + Send + 'static,
    {
        let shared = Arc::clone(self.shared());
        shared.spawn_tunnel(async move {
            if let Ok(client) = hyper::upgrade::on(request).await {
                then(self, TokioIo::new(client)).await;
            }
        });
        Response::new(Body::Empty)
    }

    async fn hello(&self, client: &mut impl Client) -> Option<Hello> {
        timeout(self.shared().config.limits.head_time, read_hello(client)).await.ok()?.ok()
    }

    /// Carries a tunnel whose TLS is not read to the origin that was dialled.
    async fn unread(self, mut client: impl Client, origin: TcpStream) {
        let Some(hello) = self.hello(&mut client).await else { return };
        let name = hello.server_name.as_deref().filter(|name| *name != self.target.host);
        if name.is_none_or(|name| self.is_open_too(name)) {
            self.carry(client, origin, hello).await;
        }
    }

    /// Whether the host that the ClientHello names, other than the one that was judged, is open as well. A search engine
    /// that must be reached under its safe name cannot be reached under another.
    fn is_open_too(&self, name: &str) -> bool {
        let answered = walk(self.shared(), self.asked(name));
        let open = matches!(answered.answer, Answer::Own | Answer::Open { safe_search: None });
        if !open {
            self.observe(answered.observation);
        }
        open
    }

    async fn carry(&self, client: impl Client, mut origin: TcpStream, hello: Hello) {
        if origin.write_all(&hello.bytes).await.is_err() {
            return;
        }
        let named = hello.server_name.as_deref();
        let hosts = [Some(self.target.host.as_str()), named.filter(|name| *name != self.target.host)];
        let watched = Watched { shared: self.shared(), asked: hosts.map(|host| host.map(|host| self.asked(host))) };
        carry(&watched, client, origin, hello.bytes.len() as u64).await;
    }

    /// Ends the TLS of a tunnel here, in the place of the host that the ClientHello names: that host is judged and reached,
    /// whatever the CONNECT said. Nobody is dialled before a request inside asks for it, so that a closed page is shown
    /// without its origin hearing of it.
    async fn read(mut self, mut client: impl Client, observation: Option<Observation>) {
        let Some(hello) = self.hello(&mut client).await else {
            return self.observe(observation);
        };
        if let Some(name) = hello.server_name.clone().filter(|name| *name != self.target.host) {
            self.target.host = name;
            return self.named(client, hello).await;
        }
        self.end(client, hello, observation).await;
    }

    /// Judges the host that the ClientHello alone names, and does what the answer says.
    async fn named(self, client: impl Client, hello: Hello) {
        let Answered { answer, observation, inspects } = walk(self.shared(), self.asked(&self.target.host));
        if inspects && !self.passed_by(&self.target.host) {
            return self.end(client, hello, observation).await;
        }
        if self.closed_behind(&answer, observation.as_ref()).await.is_some() {
            return;
        }
        self.observe(observation);
        let safe_search = match answer {
            Answer::Open { safe_search } => safe_search,
            Answer::Own => None,
            Answer::CredentialWanted | Answer::SignFirst | Answer::Closed(_) => return,
        };
        if let Ok(origin) = dial(self.shared(), &self.target, safe_search).await {
            self.carry(client, origin, hello).await;
        }
    }

    /// Speaks TLS in the place of the host, and serves the requests inside.
    async fn end(self, client: impl Client, hello: Hello, observation: Option<Observation>) {
        let Some(accepted) = hello.accepted() else {
            return self.observe(observation);
        };
        let shared = Arc::clone(self.shared());
        let Some(stream) = inspect::accept(&shared, self.device, &self.target.host, accepted, client).await else {
            return self.observe(observation);
        };
        let http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
        let arrival = Arrival {
            device: self.device,
            scheme: Scheme::Https,
            authority: Some(self.target),
            sent: self.sent,
            http2,
            redirected: None,
            place: self.place,
        };
        // Each request inside is observed with its path; the CONNECT would only say it again.
        self.proxy.serve_inspected(stream, arrival).await;
    }
}
