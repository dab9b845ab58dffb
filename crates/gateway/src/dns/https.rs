//! DNS over HTTPS (RFC 8484): GET with the question in the address, POST with the question as body, over HTTP/2 and HTTP/1.1.

use super::answer::{Client, Step, Transport, at_once, wait};
use super::message::{Packet, read};
use crate::gateway::Shared;
use crate::metrics::count;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hickory_proto::op::Message;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Body, Bytes};
use hyper::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use std::convert::Infallible;
use std::net::IpAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;

const PATH: &str = "/dns-query";
const MEDIA_TYPE: &str = "application/dns-message";
/// Longest question, as over TCP.
const LONGEST: usize = u16::MAX as usize;
/// Requests one HTTP/2 connection may have open.
const STREAMS: u32 = 100;
/// A connection is ended in good order after so long; a client that is still there opens another.
const LIFE: Duration = Duration::from_secs(600);

/// Answers the requests of one connection.
pub(super) async fn serve<S>(shared: Arc<Shared>, stream: S, device: IpAddr)
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let limits = shared.config.limits;
    let idle = super::connection::idle(&limits);
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(limits.head_time);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS)
        .keep_alive_interval(idle)
        .keep_alive_timeout(idle);
    let service = service_fn(|request| {
        let shared = Arc::clone(&shared);
        async move { Ok::<_, Infallible>(respond(&shared, request, device).await) }
    });
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
    // A client that went away or spoke no HTTP was answered by hyper where it could be.
    if timeout(LIFE, connection.as_mut()).await.is_err() {
        connection.as_mut().graceful_shutdown();
        let _ = timeout(idle, connection).await;
    }
}

async fn respond<B>(shared: &Shared, request: Request<B>, device: IpAddr) -> Response<Full<Bytes>>
where
    B: Body,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let packet = match packet_of(request).await {
        Ok(packet) => packet,
        Err(status) => return refusal(status),
    };
    let client = Client { device, transport: Transport::Https };
    let bytes = match read(&packet) {
        Packet::Drop => {
            count(&shared.metrics.dns_malformed);
            return refusal(StatusCode::BAD_REQUEST);
        }
        Packet::Reply(bytes) => {
            count(&shared.metrics.dns_malformed);
            bytes
        }
        Packet::Question(question) => match at_once(shared, &question, client) {
            Step::Answer(bytes) => bytes,
            Step::Wait(wanted) => wait(shared, &question, client, wanted).await,
        },
    };
    let mut response = Response::new(Full::new(Bytes::from(bytes.clone())));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
    // For this client alone: the next may get another answer.
    if let Ok(freshness) = HeaderValue::try_from(format!("private, max-age={}", freshness(&bytes))) {
        response.headers_mut().insert(CACHE_CONTROL, freshness);
    }
    response
}

/// The packet of a request, or why there is none.
async fn packet_of<B>(request: Request<B>) -> Result<Vec<u8>, StatusCode>
where
    B: Body,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let (head, body) = request.into_parts();
    // Read even if it is refused: over HTTP/2 a stream that ends early looks like an error to some clients.
    let body = Limited::new(body, LONGEST).collect().await.map_err(|_| StatusCode::PAYLOAD_TOO_LARGE)?;
    if head.uri.path() != PATH {
        return Err(StatusCode::NOT_FOUND);
    }
    match head.method {
        Method::GET => in_address(head.uri.query().unwrap_or_default()).ok_or(StatusCode::BAD_REQUEST),
        Method::POST if head.headers.get(CONTENT_TYPE).is_none_or(|kind| kind != MEDIA_TYPE) => {
            Err(StatusCode::UNSUPPORTED_MEDIA_TYPE)
        }
        Method::POST => Ok(body.to_bytes().to_vec()),
        _ => Err(StatusCode::METHOD_NOT_ALLOWED),
    }
}

/// The packet in the `dns` parameter of an address: base64 for URLs without padding (RFC 8484 section 4.1.1).
pub(crate) fn in_address(query: &str) -> Option<Vec<u8>> {
    let value = query.split('&').find_map(|parameter| parameter.strip_prefix("dns="))?;
    URL_SAFE_NO_PAD.decode(value).ok().filter(|packet| packet.len() <= LONGEST)
}

/// Seconds an answer may be kept: the least of its records' times to live (RFC 8484 section 5.1).
fn freshness(answer: &[u8]) -> u32 {
    let records = Message::from_vec(answer).map(|message| [message.answers, message.authorities].concat());
    records.unwrap_or_default().iter().map(|record| record.ttl).min().unwrap_or(0)
}

fn refusal(status: StatusCode) -> Response<Full<Bytes>> {
    let words = match status {
        StatusCode::NOT_FOUND => "Questions go to /dns-query.\n",
        StatusCode::METHOD_NOT_ALLOWED => "Questions come by GET or POST.\n",
        StatusCode::UNSUPPORTED_MEDIA_TYPE => "A question by POST is of the type application/dns-message.\n",
        StatusCode::PAYLOAD_TOO_LARGE => "No question is that long.\n",
        _ => "This is no DNS question. Send one as RFC 8484 says.\n",
    };
    let mut response = Response::new(Full::new(Bytes::from_static(words.as_bytes())));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    if status == StatusCode::METHOD_NOT_ALLOWED {
        response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, POST"));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_question_in_an_address_is_the_one_of_rfc_8484_section_4_1_1() {
        let packet = in_address("dns=AAABAAABAAAAAAAAA3d3dwdleGFtcGxlA2NvbQAAAQAB").unwrap();
        let asked = Message::from_vec(&packet).unwrap();
        assert_eq!(asked.queries[0].name().to_ascii(), "www.example.com.");
        assert_eq!(in_address("other=1"), None);
        assert_eq!(in_address("dns=AA=="), None, "no padding");
    }

    proptest! {
        #[test]
        fn arbitrary_addresses_and_answers_are_read(query in ".{0,80}", bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            let _ = (in_address(&query), freshness(&bytes));
            prop_assert_eq!(in_address(&format!("dns={}", URL_SAFE_NO_PAD.encode(&bytes))), Some(bytes));
        }
    }
}
