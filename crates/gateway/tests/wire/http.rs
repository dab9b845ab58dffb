//! The proxy held to RFC 9110 and RFC 9112 on raw sockets, section by section: what a message becomes on its way, what is
//! refused because two readers could understand it differently, and who is let go of when they stop.

use crate::support::*;
use belisha_gateway::{GatewayConfig, LocalRecord, Outcome};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

const LONG: Duration = Duration::from_secs(5);
const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// An origin that does what it is told with each connection; it is told their number too.
async fn origin_that<Does, Done>(does: Does) -> u16
where
    Does: Fn(TcpStream, usize) -> Done + Send + 'static,
    Done: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind((LOOPBACK, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        let mut number = 0;
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(does(stream, number));
            number += 1;
        }
    });
    port
}

/// A site whose only origin is at a port, with a pupil signed in.
async fn site_with(port: u16, change: impl FnOnce(&mut GatewayConfig)) -> Site {
    let site = Site::start_with(Some(rules()), |config| {
        config.local_records.insert("*.example".into(), LocalRecord { address: LOOPBACK, port: Some(port) });
        change(config);
    })
    .await;
    site.sign_in(pupil());
    site
}

/// Reads until the text read so far is enough, and says what it was; `None` if the other side ends or dawdles first.
async fn read_until(stream: &mut TcpStream, enough: impl Fn(&str) -> bool) -> Option<String> {
    let mut bytes = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if enough(&text) {
            return Some(text);
        }
        match timeout(LONG, stream.read(&mut chunk)).await {
            Ok(Ok(length @ 1..)) => bytes.extend_from_slice(&chunk[..length]),
            _ => return None,
        }
    }
}

async fn head_of(stream: &mut TcpStream) -> String {
    read_until(stream, |text| text.contains("\r\n\r\n")).await.unwrap()
}

async fn sent_through(site: &Site, text: &str) -> TcpStream {
    let mut stream = TcpStream::connect(site.proxy()).await.unwrap();
    stream.write_all(text.as_bytes()).await.unwrap();
    stream
}

async fn is_over(stream: &mut TcpStream) -> bool {
    let mut chunk = [0; 65_536];
    let ended = async { while let Ok(1..) = stream.read(&mut chunk).await {} };
    timeout(LONG, ended).await.is_ok()
}

fn post(headers: &str) -> String {
    format!("POST http://lessons.example/form HTTP/1.1\r\nHost: lessons.example\r\n{headers}\r\n")
}

// RFC 9110: what passes.

#[tokio::test]
async fn section_6_5_trailers_pass_both_ways() {
    let port = origin_that(|mut stream, _| async move {
        let sent = read_until(&mut stream, |text| text.ends_with("\r\n\r\n") && text.contains("\r\n0\r\n")).await.unwrap();
        assert!(sent.to_lowercase().contains("te: trailers\r\n"), "{sent}");
        assert!(sent.to_lowercase().contains("x-sum: 42\r\n"), "{sent}");
        let answer = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: x-done\r\n\r\n2\r\nok\r\n0\r\nx-done: yes\r\n\r\n";
        stream.write_all(answer.as_bytes()).await.unwrap();
    })
    .await;
    let site = site_with(port, |_| {}).await;
    let body = "5\r\nhello\r\n0\r\nx-sum: 42\r\n\r\n";
    let head = post("TE: trailers\r\nConnection: TE\r\nTrailer: x-sum\r\nTransfer-Encoding: chunked\r\n");
    let mut stream = sent_through(&site, &format!("{head}{body}")).await;
    let answer =
        read_until(&mut stream, |text| text.contains("\r\n0\r\n") && text.ends_with("\r\n\r\n")).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200") && answer.to_lowercase().contains("x-done: yes"), "{answer}");
}

#[tokio::test]
async fn section_7_6_3_a_request_that_came_through_here_before_is_no_longer_carried() {
    let site = Site::start().await;
    site.sign_in(pupil());
    let via = site.get("http://lessons.example/").await.header("via").unwrap().to_owned();
    let again = site.request("GET", "http://lessons.example/", &format!("Via: 1.0 other, {via}\r\n")).await;
    assert_eq!(again.status, 508);
    assert_eq!(site.request("GET", "http://lessons.example/", "Via: 1.1 belisha-of-another\r\n").await.status, 200);
}

#[tokio::test]
async fn section_7_8_a_websocket_is_judged_then_carried_until_its_host_closes() {
    let port = origin_that(|mut stream, _| async move {
        let head = head_of(&mut stream).await.to_lowercase();
        assert!(head.contains("connection: upgrade\r\n") && head.contains("upgrade: websocket\r\n"), "{head}");
        assert!(head.contains("sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n".to_lowercase().as_str()), "{head}");
        let answer = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\nhello";
        stream.write_all(answer.as_bytes()).await.unwrap();
        let (mut read, mut write) = stream.split();
        let _ = tokio::io::copy(&mut read, &mut write).await;
    })
    .await;
    let mut site = site_with(port, |_| {}).await;
    let ask = |host: &str| {
        format!(
            "GET http://{host}/chat HTTP/1.1\r\nHost: {host}\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        )
    };
    let mut closed = sent_through(&site, &ask("games.example")).await;
    assert!(head_of(&mut closed).await.starts_with("HTTP/1.1 403"));
    let mut stream = sent_through(&site, &ask("lessons.example")).await;
    let answer = read_until(&mut stream, |text| text.ends_with("\r\n\r\nhello")).await.unwrap().to_lowercase();
    assert!(answer.starts_with("http/1.1 101") && answer.contains("upgrade: websocket"), "{answer}");
    assert!(answer.contains("sec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo="), "{answer}");
    stream.write_all(b"over and out").await.unwrap();
    assert_eq!(read_until(&mut stream, |text| text.len() >= 12).await.as_deref(), Some("over and out"));
    let seen = site.observed();
    assert_eq!(seen.iter().map(|one| one.outcome).collect::<Vec<_>>(), [Outcome::Blocked, Outcome::Allowed]);
    site.sign_out(pupil());
    site.rules.send(Some(rules())).unwrap();
    assert!(is_over(&mut stream).await, "nobody is signed in any more");
}

#[tokio::test]
async fn section_7_8_no_upgrade_brings_requests_that_nobody_judges() {
    let site = Site::start().await;
    site.sign_in(pupil());
    for protocol in ["h2c", "HTTP/2.0", "TLS/1.2", "websocket, h2c"] {
        let headers = format!("Upgrade: {protocol}\r\nHTTP2-Settings: AAMAAABk\r\n");
        let sent = format!(
            "GET http://lessons.example/ HTTP/1.1\r\nHost: lessons.example\r\nConnection: Upgrade, HTTP2-Settings, close\r\n{headers}\r\n"
        );
        let answer = send(site.proxy(), &sent).await;
        assert_eq!(answer.status, 200, "{protocol}");
        let body = answer.body.to_lowercase();
        assert!(!body.contains("upgrade:") && !body.contains("http2-settings"), "{protocol}: {body}");
    }
}

#[tokio::test]
async fn section_9_2_2_what_does_no_harm_twice_is_sent_again_when_a_kept_connection_dies() {
    let connections = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&connections);
    let port = origin_that(move |mut stream, _| {
        counted.fetch_add(1, Ordering::SeqCst);
        async move {
            head_of(&mut stream).await;
            stream.write_all(OK.as_bytes()).await.unwrap();
            // The second request on a connection finds it dead.
            head_of(&mut stream).await;
        }
    })
    .await;
    let site = site_with(port, |_| {}).await;
    assert_eq!(site.get("http://lessons.example/1").await.status, 200);
    assert_eq!(site.get("http://lessons.example/2").await.status, 200, "sent again over a new connection");
    assert_eq!(connections.load(Ordering::SeqCst), 2);
    let posted = send(site.proxy(), &post("Content-Length: 0\r\nConnection: close\r\n")).await;
    assert_eq!(posted.status, 502, "a form is not sent twice");
    assert_eq!(connections.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn section_9_3_2_head_has_the_length_and_no_body() {
    let port = origin_that(|mut stream, _| async move {
        assert!(head_of(&mut stream).await.starts_with("HEAD / "));
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1234\r\n\r\n").await.unwrap();
        head_of(&mut stream).await;
        stream.write_all(OK.as_bytes()).await.unwrap();
    })
    .await;
    let site = site_with(port, |_| {}).await;
    let head = "HEAD http://lessons.example/ HTTP/1.1\r\nHost: lessons.example\r\n\r\n";
    let get = "GET http://lessons.example/ HTTP/1.1\r\nHost: lessons.example\r\n\r\n";
    let mut stream = sent_through(&site, head).await;
    assert!(head_of(&mut stream).await.to_lowercase().contains("content-length: 1234\r\n"));
    stream.write_all(get.as_bytes()).await.unwrap();
    assert!(read_until(&mut stream, |text| text.ends_with("ok")).await.unwrap().starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn section_10_1_1_a_client_is_told_to_go_on_when_the_origin_wants_the_body() {
    let port = origin_that(|mut stream, number| async move {
        let head = head_of(&mut stream).await;
        assert!(head.to_lowercase().contains("expect: 100-continue\r\n") && head.ends_with("\r\n\r\n"), "{head}");
        if number == 0 {
            stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").await.unwrap();
            assert_eq!(read_until(&mut stream, |text| text.len() >= 5).await.as_deref(), Some("hello"));
            stream.write_all(OK.as_bytes()).await.unwrap();
        } else {
            stream.write_all(b"HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n").await.unwrap();
            assert!(read_until(&mut stream, |text| !text.is_empty()).await.is_none(), "no body came");
        }
    })
    .await;
    let site = site_with(port, |_| {}).await;
    let ask = post("Content-Length: 5\r\nExpect: 100-continue\r\n");
    let mut stream = sent_through(&site, &ask).await;
    assert!(head_of(&mut stream).await.starts_with("HTTP/1.1 100"));
    stream.write_all(b"hello").await.unwrap();
    assert!(read_until(&mut stream, |text| text.ends_with("ok")).await.unwrap().starts_with("HTTP/1.1 200"));
    drop(stream);
    let mut refused = sent_through(&site, &ask).await;
    assert!(head_of(&mut refused).await.starts_with("HTTP/1.1 417"), "and never 100");
}

#[tokio::test]
async fn section_10_1_1_a_closed_site_takes_no_body() {
    let site = Site::start().await;
    site.sign_in(pupil());
    let ask = "POST http://games.example/ HTTP/1.1\r\nHost: games.example\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n";
    assert!(head_of(&mut sent_through(&site, ask).await).await.starts_with("HTTP/1.1 403"));
}

#[tokio::test]
async fn section_14_parts_of_a_file_pass_as_they_are() {
    let port = origin_that(|mut stream, _| async move {
        assert!(head_of(&mut stream).await.to_lowercase().contains("range: bytes=2-4\r\n"));
        let answer = "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 2-4/10\r\nAlt-Svc: h3=\":443\"\r\nContent-Length: 3\r\n\r\n234";
        stream.write_all(answer.as_bytes()).await.unwrap();
    })
    .await;
    let site = site_with(port, |_| {}).await;
    let answer = site.request("GET", "http://lessons.example/film", "Range: bytes=2-4\r\n").await;
    assert_eq!((answer.status, answer.header("content-range"), &*answer.body), (206, Some("bytes 2-4/10"), "234"));
    assert_eq!(answer.header("alt-svc"), None, "browsers stay where they are seen");
}

// RFC 9112: what is refused, because the next reader might see other borders in it.

#[tokio::test]
async fn messages_that_could_be_read_two_ways_are_refused() {
    let site = Site::start().await;
    site.sign_in(pupil());
    let start = "POST http://lessons.example/ HTTP/1.1\r\nHost: lessons.example\r\n";
    for (section, rest) in [
        ("2.2: a line of white space before the first field", "\r\n \r\nGET http://games.example/ HTTP/1.1\r\n\r\n"),
        ("3.2: two hosts", "Host: games.example\r\n\r\n"),
        ("5.1: white space before the colon", "Content-Length : 5\r\n\r\nhello"),
        ("5.2: a folded line", "X-Folded: a\r\n b\r\nContent-Length: 0\r\n\r\n"),
        ("6.1: chunked is not the last coding", "Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n"),
        ("6.1: a coding nobody knows", "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"),
        ("6.3: two lengths", "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!"),
        ("6.3: a list of lengths", "Content-Length: 5, 6\r\n\r\nhello!"),
        ("6.2: a length with a sign", "Content-Length: +5\r\n\r\nhello"),
        ("6.2: a length in other figures", "Content-Length: 0x5\r\n\r\nhello"),
    ] {
        let mut stream = sent_through(&site, &format!("{start}{rest}")).await;
        let mut bytes = Vec::new();
        let _ = timeout(LONG, stream.read_to_end(&mut bytes)).await;
        let text = String::from_utf8_lossy(&bytes);
        let first_is_refused = text.starts_with("HTTP/1.1 400");
        // Only the first may be read as a whole request; what follows it is then no request at all.
        let carried = section.starts_with("2.2") && text.contains("HTTP/1.1 400");
        assert!(first_is_refused || carried, "{section}: {text}");
        assert!(!text.contains("games.example/ HTTP/1.1\r\nhost"), "{section}: {text}");
    }
    let old =
        "POST http://lessons.example/ HTTP/1.0\r\nHost: lessons.example\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
    assert_eq!(send(site.proxy(), old).await.status, 400, "6.1: chunked in HTTP/1.0");
}

#[tokio::test]
async fn section_3_2_every_request_names_one_host() {
    let site = Site::start().await;
    site.sign_in(pupil());
    let without = "GET http://lessons.example/ HTTP/1.1\r\nConnection: close\r\n\r\n";
    assert_eq!(send(site.proxy(), without).await.status, 400);
    let old = "GET http://lessons.example/ HTTP/1.0\r\n\r\n";
    assert_eq!(send(site.proxy(), old).await.status, 200, "HTTP/1.0 knew no Host");
}

#[tokio::test]
async fn section_6_1_with_two_framings_the_chunks_hold_and_the_connection_ends() {
    let site = Site::start().await;
    site.sign_in(pupil());
    let smuggled = "GET http://lessons.example/smuggled HTTP/1.1\r\nHost: lessons.example\r\n\r\n";
    for framing in [
        "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n",
        "Content-Length: 4\r\nTransfer-Encoding: chunked\r\nContent-Length: 90\r\n",
    ] {
        let answer = send(site.proxy(), &format!("{}0\r\n\r\n{smuggled}", post(framing))).await;
        assert!(!answer.body.contains("/smuggled"), "{framing}: {answer:?}");
        assert!(!answer.body.to_lowercase().contains("content-length"), "one framing goes on: {answer:?}");
    }
}

#[tokio::test]
async fn section_7_1_chunks_are_read_by_the_book_and_sent_anew() {
    let site = Site::start().await;
    site.sign_in(pupil());
    let head = post("Transfer-Encoding: chunked\r\nConnection: close\r\n");
    let answer = send(site.proxy(), &format!("{head}5;name=\"v\";x\r\nhello\r\n0\r\n\r\n")).await;
    assert!(answer.status == 200 && answer.body.contains("hello") && !answer.body.contains("name="), "{answer:?}");
    for body in
        ["5\r\nhelloX\r\n0\r\n\r\n", "ffffffffffffffffff\r\nx", "-5\r\nhello\r\n0\r\n\r\n", "5 5\r\nhello\r\n0\r\n\r\n"]
    {
        let answer = send(site.proxy(), &format!("{head}{body}")).await;
        assert_ne!(answer.status, 200, "{body:?}");
    }
}

#[tokio::test]
async fn section_6_3_an_origin_with_two_lengths_is_not_believed() {
    for head in
        ["Content-Length: 2\r\nContent-Length: 3", "Content-Length: two", "X-A: b\r\n folded: c\r\nContent-Length: 2"]
    {
        let port = origin_that(move |mut stream, _| async move {
            head_of(&mut stream).await;
            let _ = stream.write_all(format!("HTTP/1.1 200 OK\r\n{head}\r\n\r\nok!").as_bytes()).await;
        })
        .await;
        let site = site_with(port, |_| {}).await;
        assert_eq!(site.get("http://lessons.example/").await.status, 502, "{head}");
    }
}

// Who stops is let go of, and what is long is not kept.

#[tokio::test]
async fn a_form_that_stops_half_way_ends_and_so_does_a_page() {
    let port = origin_that(|mut stream, _| async move {
        let head = head_of(&mut stream).await;
        if head.starts_with("GET") {
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf a page").await.unwrap();
        }
        assert!(is_over(&mut stream).await, "the proxy lets go");
    })
    .await;
    let site = site_with(port, |config| config.limits.idle_time = Duration::from_millis(300)).await;
    let mut upload = sent_through(&site, &format!("{}half", post("Content-Length: 100\r\n"))).await;
    assert!(head_of(&mut upload).await.starts_with("HTTP/1.1 408"));
    assert!(is_over(&mut upload).await);
    let mut page = sent_through(&site, "GET http://lessons.example/ HTTP/1.1\r\nHost: lessons.example\r\n\r\n").await;
    assert!(head_of(&mut page).await.starts_with("HTTP/1.1 200"));
    assert!(is_over(&mut page).await, "cut, so that nobody takes it for whole");
}

#[tokio::test]
async fn a_reader_that_stops_reading_is_let_go_of_and_nothing_long_is_kept() {
    let (tell, mut told) = tokio::sync::mpsc::unbounded_channel();
    let port = origin_that(move |mut stream, _| {
        let tell = tell.clone();
        async move {
            head_of(&mut stream).await;
            stream.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n").await.unwrap();
            let chunk = format!("10000\r\n{}\r\n", "x".repeat(65_536));
            let mut sent = 0;
            while sent < 1 << 30 && stream.write_all(chunk.as_bytes()).await.is_ok() {
                sent += 65_536;
            }
            let _ = tell.send(sent);
        }
    })
    .await;
    let site = site_with(port, |config| config.limits.idle_time = Duration::from_millis(500)).await;
    let reader = sent_through(&site, "GET http://lessons.example/ HTTP/1.1\r\nHost: lessons.example\r\n\r\n").await;
    let sent = timeout(Duration::from_secs(10), told.recv()).await.expect("the origin is let go of").unwrap();
    assert!(sent < 64 << 20, "{sent} bytes were taken from the origin for somebody who read none");
    drop(reader);
}

#[tokio::test]
async fn a_long_upload_goes_on_for_longer_than_a_silence_may_last() {
    let port = origin_that(|mut stream, _| async move {
        head_of(&mut stream).await;
        let mut left = 8 * 6;
        while left > 0 {
            left -= stream.read(&mut [0; 64]).await.unwrap();
        }
        stream.write_all(OK.as_bytes()).await.unwrap();
    })
    .await;
    let site = site_with(port, |config| config.limits.idle_time = Duration::from_millis(400)).await;
    let mut stream = sent_through(&site, &post("Content-Length: 48\r\n")).await;
    for _ in 0..6 {
        tokio::time::sleep(Duration::from_millis(150)).await;
        stream.write_all(b"8 bytes.").await.unwrap();
    }
    assert!(read_until(&mut stream, |text| text.ends_with("ok")).await.unwrap().starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn an_origin_that_resets_is_an_error_page_and_not_the_end_of_the_connection() {
    let port = origin_that(|stream, _| async move {
        socket2::SockRef::from(&stream).set_linger(Some(Duration::ZERO)).unwrap();
    })
    .await;
    let site = site_with(port, |_| {}).await;
    let ask = "GET http://lessons.example/ HTTP/1.1\r\nHost: lessons.example\r\n\r\n";
    let mut stream = sent_through(&site, ask).await;
    for _ in 0..2 {
        let answer = read_until(&mut stream, |text| text.contains("</html>")).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 502"), "{answer}");
        stream.write_all(ask.as_bytes()).await.unwrap();
    }
}

// HTTP/2 without TLS, by prior knowledge (RFC 9113 section 3.3).

#[tokio::test]
async fn http2_clients_are_judged_request_by_request() {
    use http_body_util::{BodyExt, Empty};
    use hyper_util::rt::{TokioExecutor, TokioIo};
    let mut site = Site::start().await;
    site.sign_in(pupil());
    let stream = TcpStream::connect(site.proxy()).await.unwrap();
    let shaking = hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream));
    let (mut client, connection) = shaking.await.unwrap();
    tokio::spawn(connection);
    for (host, status, said) in
        [("lessons.example", 200, "host: lessons.example"), ("games.example", 403, "This page is closed")]
    {
        let request = hyper::Request::get(format!("http://{host}/week?q=1"))
            .header("cookie", "a=1")
            .header("cookie", "b=2")
            .body(Empty::<hyper::body::Bytes>::new())
            .unwrap();
        let answer = client.send_request(request).await.unwrap();
        assert_eq!(answer.status(), status);
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        let body = String::from_utf8_lossy(&body).into_owned();
        assert!(body.contains(said), "{body}");
        assert!(status != 200 || body.contains("cookie: a=1; b=2\r\n"), "{body}");
        assert!(status != 200 || body.contains("via: 2 belisha"), "{body}");
    }
    assert_eq!(site.observed().len(), 2);
}
