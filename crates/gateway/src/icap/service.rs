//! Serves ICAP clients: one request after another on a connection, each in its time; says what the services can do (`OPTIONS`).

use super::exchange::{Exchange, Message};
use super::head::{Head, Method};
use super::wire::Connection;
use super::{reqmod, respmod};
use crate::gateway::Shared;
use crate::metrics::count;
use crate::proxy::Connections;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

/// Path of the service that requests are asked of.
const REQUESTS: &str = "/request";
/// Path of the service that answers are asked of.
const ANSWERS: &str = "/response";
/// Bytes of a body that are worth a look before the rest: what a file is told by.
const PREVIEW: u64 = 4096;
/// The longest preview that is taken.
const LONGEST_PREVIEW: u64 = 64 * 1024;
/// Seconds for which clients need not ask what we can do.
const OPTIONS_HOLD: u32 = 300;

/// What every connection needs.
pub(super) struct Icap {
    pub(super) shared: Arc<Shared>,
    /// This server's name, another at each start.
    name: String,
}

impl Icap {
    /// What holds until rules change (RFC 3507 section 4.7): whatever a client keeps by it is stale after.
    pub(super) fn tag(&self) -> String {
        format!("\"{}-{}\"", self.name, self.shared.metrics.rules_taken.load(Ordering::Relaxed))
    }
}

/// Serves ICAP on one socket, until the gateway stops.
pub(crate) async fn serve(shared: Arc<Shared>, socket: TcpListener) {
    let mut random = [0; 4];
    (shared.entropy)(&mut random);
    let name = format!("belisha-{:08x}", u32::from_be_bytes(random));
    let icap = Arc::new(Icap { shared: Arc::clone(&shared), name });
    // All of a school's requests come from one address.
    let limits = crate::Limits { connections_per_device: shared.config.limits.connections, ..shared.config.limits };
    let each = move |stream: TcpStream, client, place| {
        let icap = Arc::clone(&icap);
        async move {
            let _place = place;
            // Whoever goes away in the middle is owed nothing.
            let limits = &icap.shared.config.limits;
            let connection = Connection::new(stream, limits);
            if serve_connection(&icap, &connection, client).await.is_ok() {
                let _ = timeout(limits.head_time, connection.part()).await;
            }
        }
    };
    Connections::new(limits).accept(&shared, socket, each).await;
}

async fn serve_connection(icap: &Icap, connection: &Connection, client: IpAddr) -> io::Result<()> {
    let shared = &icap.shared;
    let limits = &shared.config.limits;
    let mut stopping = shared.stopping();
    loop {
        tokio::select! {
            biased;
            begun = timeout(limits.idle_time, connection.begins()) => if !begun.unwrap_or(false) { return Ok(()) },
            _ = stopping.wait_for(|stops| *stops) => return Ok(()),
        }
        let refuse = async |status: &str| {
            count(&shared.metrics.icap_refused);
            let answer = format!(
                "ICAP/1.0 {status}\r\nISTag: {}\r\nEncapsulated: null-body=0\r\nConnection: close\r\n\r\n",
                icap.tag()
            );
            connection.write(answer.as_bytes()).await
        };
        if !shared.config.icap.believes(client) {
            return refuse("403 Not one of the proxies that may ask").await;
        }
        let head = match timeout(limits.head_time, connection.head(limits.head_bytes)).await {
            Ok(Ok(Some(head))) => Head::read(&head),
            Ok(Ok(None)) => return refuse("400 The head is too long").await,
            Ok(Err(error)) => return Err(error),
            Err(_) => return refuse("408 The head did not arrive in time").await,
        };
        let head = match head {
            Ok(head) => head,
            Err(refused) => return refuse(refused.status()).await,
        };
        let stops = head.close;
        match (head.method, head.service.as_str()) {
            (Method::Options, REQUESTS | ANSWERS) => {
                connection.write(options(icap, &head.service, stops).as_bytes()).await?;
            }
            (Method::Reqmod, REQUESTS) | (Method::Respmod, ANSWERS) => {
                count(&shared.metrics.icap_requests);
                let heads = head.encapsulated.heads;
                if heads > 2 * limits.head_bytes || head.preview.is_some_and(|preview| preview > LONGEST_PREVIEW) {
                    return refuse("400 The head or the preview is too long").await;
                }
                let Ok(heads) = timeout(limits.head_time, connection.take(heads)).await else {
                    return refuse("408 The head did not arrive in time").await;
                };
                let heads = heads?;
                let Some(message) = Message::read(shared, connection, &head, &heads) else {
                    return refuse("400 The HTTP message cannot be read").await;
                };
                let head_only = message.request.method == hyper::Method::HEAD;
                let exchange = Exchange { icap, connection, head, head_only };
                match message {
                    Message { request, response: None, body } => reqmod::answer(&exchange, request, body).await?,
                    Message { request, response: Some(response), body } => {
                        respmod::answer(&exchange, &request, response, body).await?;
                    }
                }
            }
            (_, REQUESTS | ANSWERS) => return refuse("405 Method not allowed for service").await,
            _ => return refuse("404 ICAP service not found").await,
        }
        if stops || !timeout(limits.head_time, connection.settle()).await.unwrap_or(false) {
            return Ok(());
        }
    }
}

/// What a service can do (RFC 3507 section 4.10). Every file is previewed: a list of endings to be left alone (`Transfer-Ignore`)
/// would let anything pass that is called `.jpg`.
fn options(icap: &Icap, service: &str, close: bool) -> String {
    let method = if service == REQUESTS { "REQMOD" } else { "RESPMOD" };
    format!(
        "ICAP/1.0 200 OK\r\nMethods: {method}\r\nService: Belisha\r\nISTag: {}\r\nEncapsulated: null-body=0\r\n\
         Max-Connections: {}\r\nOptions-TTL: {OPTIONS_HOLD}\r\nAllow: 204\r\nPreview: {PREVIEW}\r\nTransfer-Preview: *\r\n{}\r\n",
        icap.tag(),
        icap.shared.config.limits.connections,
        if close { "Connection: close\r\n" } else { "" },
    )
}
