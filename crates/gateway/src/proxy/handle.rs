//! One request to the proxy: read where it goes, take it through the steps, do what the answer says.

use super::arrival::{Arrival, Scheme};
use super::behind::NamesBehind;
use super::connections::serve_connection;
use super::forward::{Clients, Passage};
use super::headers::{Sent, host_header};
use super::respond::{self, Response};
use super::target::{Target, host};
use super::tunnel;
use crate::blockpage::{GO_ON_PATH, certificate_answer, closed_page};
use crate::content::Review;
use crate::gateway::Shared;
use crate::identity::IdentitySource;
use crate::metrics::count;
use crate::observe::{Observation, Outcome};
use crate::request::{Answer, Asked, Closed, is_wpad, walk};
use belisha_filter::Group;
use http_body_util::{BodyExt, Limited};
use hyper::body::{Body as HttpBody, Incoming};
use hyper::header::HOST;
use hyper::{Method, Request, Version};
use std::error::Error;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::Instant;

/// Longest form that passes a warning, in bytes.
const LONGEST_FORM: usize = 4096;

/// The proxy behind its sockets.
pub(crate) struct Proxy {
    shared: Arc<Shared>,
    clients: Clients,
    /// What open hosts lead to.
    pub(super) behind: NamesBehind,
}

impl Proxy {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self { clients: Clients::new(&shared), behind: NamesBehind::default(), shared }
    }

    /// What all parts of the gateway share.
    pub(super) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// Serves the requests inside an inspected connection until it ends: HTTP/1.1, or HTTP/2 where that was agreed on.
    ///
    /// Boxed, because a CONNECT may hold requests, and the compiler cannot see the end of that.
    pub(crate) fn serve_inspected<Io>(
        self: &Arc<Self>,
        io: Io,
        arrival: Arrival,
    ) -> Pin<Box<dyn Future<Output = ()> + Send>>
    where
        Io: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let proxy = Arc::clone(self);
        Box::pin(async move {
            let shared = Arc::clone(&proxy.shared);
            let handle = move |arrival: Arc<Arrival>, request| {
                let proxy = Arc::clone(&proxy);
                async move { proxy.handle(&arrival, request).await }
            };
            serve_connection(&shared, io, Arc::new(arrival), handle).await;
        })
    }

    /// Answers a request.
    pub(crate) async fn handle(self: &Arc<Self>, arrival: &Arrival, request: Request<Incoming>) -> Response {
        count(&self.shared.metrics.proxy_requests);
        let began = Instant::now();
        let response = self.answer(arrival, request).await;
        self.shared.metrics.proxy_time.add(began.elapsed(), 1);
        response
    }

    async fn answer(self: &Arc<Self>, arrival: &Arrival, request: Request<Incoming>) -> Response {
        if let Some(authority) = &arrival.authority {
            return match same_host(authority, &request) {
                true => self.carry(arrival, &arrival.sent, authority, request).await,
                false => respond::refused(
                    421,
                    "This connection is for another site",
                    "The browser asked one site for another’s page. Open the page again.",
                ),
            };
        }
        if !names_one_host(&request) {
            return respond::bad_request("It must name one host in its Host field, no fewer and no more.");
        }
        if let Some(meant) = arrival.redirected {
            return match redirected_target(meant, &request) {
                Some(target) => self.carry(arrival, &arrival.sent, &target, request).await,
                None => respond::bad_request("It names no host that can be looked up."),
            };
        }
        let sent = Sent::of(request.headers());
        if request.method() == Method::CONNECT {
            // Boxed, as all that is rare here: the future of every request has room for the largest of them.
            return Box::pin(tunnel::connect(self, arrival, sent, request)).await;
        }
        match request.uri().scheme_str() {
            Some("http") => match Target::of_request(request.uri()) {
                Some(target) => self.carry(arrival, &sent, &target, request).await,
                None => respond::bad_request("The address names no host that can be looked up."),
            },
            Some(_) => respond::bad_request(
                "A proxy carries plain addresses that start with http://, and everything else through CONNECT.",
            ),
            None if matches!(request.uri().path(), "/proxy.pac" | "/wpad.dat") => {
                respond::pac(&self.shared, request.headers())
            }
            None if let Some(answer) = certificate_answer(&self.shared, request.uri().path()) => answer,
            None => {
                respond::bad_request("This is a proxy. Set it as the proxy of your browser; do not open it as a page.")
            }
        }
    }

    /// Takes a request whose target is known through the steps and does what the answer says.
    async fn carry(&self, arrival: &Arrival, sent: &Sent, target: &Target, request: Request<Incoming>) -> Response {
        let device = arrival.device;
        if self.clients.via.is_loop(request.headers()) {
            return respond::refused(508, "This request goes round in circles", "It came through this proxy before.");
        }
        if request.body().size_hint().lower() > self.shared.config.limits.body_bytes {
            return respond::too_large();
        }
        if request.uri().path() == GO_ON_PATH && request.method() == Method::POST {
            let asked = Asked {
                protocol: arrival.scheme.protocol(),
                device,
                credential: sent.credential(),
                method: Some("POST"),
                host: &target.host,
                path: None,
            };
            return Box::pin(pass_warning(&self.shared, asked, request.into_body())).await;
        }
        let uri = request.uri().clone();
        let path = uri.path_and_query().map(|path| path.as_str());
        let asked = Asked {
            protocol: arrival.scheme.protocol(),
            device,
            credential: sent.credential(),
            method: Some(request.method().as_str()),
            host: &target.host,
            path,
        };
        let answered = walk(&self.shared, asked);
        match answered.answer {
            // Inside TLS there is no asking: the CONNECT was answered already. Who knows of no proxy cannot answer it.
            Answer::CredentialWanted if arrival.scheme == Scheme::Https || arrival.redirected.is_some() => {
                respond::redirect_to_portal(&self.shared)
            }
            Answer::CredentialWanted => respond::credential_wanted(),
            // A portal behind TLS cannot be spoken to in clear.
            Answer::Own if self.shared.config.portal.base_url.starts_with("https://") && !is_wpad(&target.host) => {
                respond::redirect(&format!("{}{}", self.shared.config.portal.base_url, path.unwrap_or("/")))
            }
            Answer::Own => {
                let passage = Passage { arrival, sent, target, path, own: true, safe_search: None, copied: None };
                self.clients.forward(&passage, request).await.0
            }
            Answer::SignFirst => {
                self.observe(answered.observation);
                respond::redirect_to_portal(&self.shared)
            }
            Answer::Closed(closed) => {
                self.observe(answered.observation);
                closed_response(&self.shared, *closed)
            }
            // Helplines, which are not observed, lead where they lead.
            Answer::Open { safe_search: None }
                if answered.observation.is_some()
                    && let Some((closed, observation)) = self.behind.closed(&self.shared, asked).await =>
            {
                self.observe(observation);
                closed_response(&self.shared, *closed)
            }
            Answer::Open { safe_search } => {
                let mut request = request;
                let shared = &self.shared;
                let mut allowed = answered.observation;
                let (method, path_and_query) = (request.method().clone(), path.unwrap_or("/"));
                let headers = request.headers_mut();
                let review = Review::begin(shared, &mut allowed, &target.host, path_and_query, &method, headers);
                let copied = review.as_ref().and_then(Review::copy);
                let passage = Passage { arrival, sent, target, path, own: false, safe_search, copied };
                let (response, bytes) = self.clients.forward(&passage, request).await;
                match review {
                    Some(review) => review.answer(shared, response, bytes).await,
                    None => {
                        self.observe(allowed.map(|observation| Observation { bytes, ..observation }));
                        response
                    }
                }
            }
        }
    }

    fn observe(&self, observation: Option<Observation>) {
        if let Some(observation) = observation {
            self.shared.observer.observe(observation);
        }
    }
}

/// The host that a redirected request names, at the port it was meant for; the address where it names none (HTTP/1.0).
fn redirected_target(meant: SocketAddr, request: &Request<Incoming>) -> Option<Target> {
    if request.method() == Method::CONNECT {
        return None;
    }
    let named = match request.headers().contains_key(HOST) {
        true => host_header(request.headers())?,
        false => meant.ip().to_string(),
    };
    // A whole address names its host a second time; it must be the same.
    let same = request.uri().host().is_none_or(|other| host(other).as_deref() == Some(&named));
    same.then_some(Target { host: named, port: meant.port() })
}

/// Whether a request has one `Host` (RFC 9112 section 3.2). Programs that leave it out of a CONNECT are let through: there
/// is nothing to mistake.
fn names_one_host(request: &Request<Incoming>) -> bool {
    let hosts = request.headers().get_all(HOST).iter().count();
    hosts == 1 || (hosts == 0 && (request.version() != Version::HTTP_11 || request.method() == Method::CONNECT))
}

/// Whether a request is for the host its connection is for: HTTP/2 says so in `:authority`, HTTP/1.1 in `Host`.
fn same_host(authority: &Target, request: &Request<Incoming>) -> bool {
    let named = match request.uri().host() {
        Some(named) => host(named),
        None => host_header(request.headers()),
    };
    named.is_some_and(|named| named == authority.host)
}

/// The block page for a closed request; its number is remembered.
pub(crate) fn closed_response(shared: &Shared, mut closed: Closed) -> Response {
    closed.block = shared.blocks.remember(closed.block, &shared.entropy);
    respond::page(closed_page(&closed, &shared.config.portal.base_url))
}

/// Takes the form on a warning page: the block's number and a reason. The host opens for whoever was warned. `asked` has no
/// path: what is opened is the host.
pub(crate) async fn pass_warning<Form>(shared: &Shared, asked: Asked<'_>, form: Form) -> Response
where
    Form: HttpBody,
    Form::Error: Into<Box<dyn Error + Send + Sync>>,
{
    let Asked { device, protocol, host, .. } = asked;
    let form = match Limited::new(form, LONGEST_FORM).collect().await {
        Ok(form) => form.to_bytes(),
        Err(_) => return respond::refused(413, "This is too much text", "Say it in fewer words."),
    };
    let field = |name| belisha_filter::form_value(&form, name).unwrap_or_default();
    let (id, why) = (field("block"), field("why"));
    let again = || respond::bad_request("Open the page again, read the warning, and say why you need it.");
    let (Some(block), false) = (shared.blocks.find(&id), why.trim().is_empty()) else {
        return again();
    };
    // Judged anew: the rules, or who sits here, may have changed since the warning was shown.
    let Answer::Closed(closed) = walk(shared, asked).answer else {
        return again();
    };
    let same = block.host.as_deref() == Some(host) && block.person == closed.block.person && block.device == device;
    if !same || closed.block.outcome != Outcome::Warned || !shared.warnings.pass(&block, shared.now()) {
        return again();
    }
    let observation = Observation {
        at: shared.now(),
        school: block.school,
        person: block.person,
        named_by: closed.named_by,
        confidence: closed.named_by.map(IdentitySource::confidence),
        device_kind: closed.device_kind,
        device,
        group: Group::from_key(&block.group).key(),
        protocol,
        method: None,
        host: Some(host.into()),
        path: None,
        search_term: None,
        worries: crate::judge::worries(&why),
        outcome: Outcome::WarningPassed,
        reason: block.reason,
        category: block.category.map(Arc::from),
        list: block.list.map(Arc::from),
        bytes: None,
        note: Some(why.into()),
        notice: None,
    };
    shared.observer.observe(observation);
    respond::redirect("/")
}
