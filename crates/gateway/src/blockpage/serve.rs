//! The plain HTTP listener behind the address that DNS answers for closed names: reads the `Host` header and shows why that
//! host is closed; serves the PAC file.

use super::certificate::certificate_answer;
use super::log_on::log_on;
use super::page::{GO_ON_PATH, notice_page};
use crate::gateway::Shared;
use crate::identity::directory::PATH as LOG_ON_PATH;
use crate::observe::Protocol;
use crate::proxy::{
    Arrival, Connections, Response, closed_response, host_header, pac, page, pass_warning, redirect_to_portal,
    serve_http,
};
use crate::request::{Answer, Asked, Credential, walk};
use hyper::body::Incoming;
use hyper::{Method, Request};
use std::sync::Arc;
use tokio::net::TcpListener;

/// Serves block pages on one socket.
pub(crate) async fn serve(shared: Arc<Shared>, socket: TcpListener, connections: Connections) {
    let answering = Arc::clone(&shared);
    serve_http(shared, socket, connections, move |arrival, request| {
        let shared = Arc::clone(&answering);
        async move { answer(&shared, &arrival, request).await }
    })
    .await;
}

async fn answer(shared: &Shared, arrival: &Arrival, request: Request<Incoming>) -> Response {
    if matches!(request.uri().path(), "/proxy.pac" | "/wpad.dat") {
        return pac(shared, request.headers());
    }
    if request.uri().path() == LOG_ON_PATH && request.method() == Method::POST {
        return log_on(shared, arrival.device, request).await;
    }
    if let Some(answer) = certificate_answer(shared, request.uri().path()) {
        return answer;
    }
    let Some(host) = host_header(request.headers()) else {
        return page(notice_page(400, "This request cannot be answered", "It does not say which page it wants.", None));
    };
    // An open name that leads to a closed one shows the page of that one.
    let host = shared.led_to.find(arrival.device, &host, shared.now()).map_or(host, String::from);
    let (uri, method) = (request.uri().clone(), request.method().clone());
    let asked = Asked {
        protocol: Protocol::Http,
        device: arrival.device,
        credential: Credential::None,
        method: Some(method.as_str()),
        host: &host,
        path: uri.path_and_query().map(|path| path.as_str()),
    };
    if uri.path() == GO_ON_PATH && method == Method::POST {
        let asked = Asked { method: Some("POST"), path: None, ..asked };
        return pass_warning(shared, asked, request.into_body()).await;
    }
    // DNS observed the question that led here; this is the same visit.
    match walk(shared, asked).answer {
        Answer::Closed(closed) => closed_response(shared, *closed),
        Answer::Own | Answer::SignFirst => redirect_to_portal(shared),
        Answer::CredentialWanted | Answer::Open { .. } => page(notice_page(
            503,
            "This page is open now",
            "Your device still has an old address for it. Wait half a minute and open the page again.",
            None,
        )),
    }
}
