//! CONNECT on real sockets: the host that is asked for, the host that TLS then names, and clients that dawdle.

use crate::free_address::free_address;
use crate::support::*;
use belisha_gateway::{LocalRecord, Outcome};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::time::timeout;

/// A ClientHello as a browser would send it.
pub fn client_hello(server_name: &str) -> Vec<u8> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth();
    let mut client =
        rustls::ClientConnection::new(Arc::new(config), server_name.to_owned().try_into().unwrap()).unwrap();
    let mut bytes = Vec::new();
    client.write_tls(&mut bytes).unwrap();
    bytes
}

/// An origin that hands on what it hears and answers `heard` to it.
pub async fn listening_origin() -> (u16, mpsc::UnboundedReceiver<Vec<u8>>) {
    let listener = TcpListener::bind((LOOPBACK, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (tell, heard) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let tell = tell.clone();
            tokio::spawn(async move {
                let mut chunk = [0; 8192];
                while let Ok(length @ 1..) = stream.read(&mut chunk).await {
                    let _ = tell.send(chunk[..length].to_vec());
                    stream.write_all(b"heard").await.unwrap();
                }
            });
        }
    });
    (port, heard)
}

async fn start() -> (Site, mpsc::UnboundedReceiver<Vec<u8>>) {
    let (port, heard) = listening_origin().await;
    let site = Site::start_with(Some(rules()), |config| {
        config.local_records.insert("*.example".into(), LocalRecord { address: LOOPBACK, port: Some(port) });
    })
    .await;
    site.sign_in(pupil());
    (site, heard)
}

pub async fn open(site: &Site, host: &str) -> TcpStream {
    let mut stream = TcpStream::connect(site.proxy()).await.unwrap();
    stream.write_all(format!("CONNECT {host}:443 HTTP/1.1\r\nHost: {host}:443\r\n\r\n").as_bytes()).await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    assert!(head.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&head));
    stream
}

async fn is_closed(stream: &mut TcpStream) -> bool {
    matches!(timeout(Duration::from_secs(3), stream.read(&mut [0; 64])).await, Ok(Ok(0) | Err(_)))
}

#[tokio::test]
async fn an_open_host_is_carried_untouched_even_in_small_pieces() {
    let (mut site, mut heard) = start().await;
    let hello = client_hello("lessons.example");
    let mut stream = open(&site, "lessons.example").await;
    for piece in hello.chunks(100) {
        stream.write_all(piece).await.unwrap();
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    let mut answer = [0; 5];
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!((&answer, heard.recv().await.unwrap()), (b"heard", hello));
    stream.write_all(b"more").await.unwrap();
    assert_eq!(heard.recv().await.unwrap(), b"more");
    let [seen] = site.observed().try_into().unwrap();
    assert_eq!(
        (seen.host.as_deref(), seen.method.as_deref(), seen.path, seen.outcome),
        (Some("lessons.example"), Some("CONNECT"), None, Outcome::Allowed)
    );
}

#[tokio::test]
async fn a_closed_host_is_refused_with_its_page() {
    let (site, _heard) = start().await;
    let answer = site.request("CONNECT", "games.example:443", "").await;
    assert!(answer.status == 403 && answer.body.contains("This page is closed"), "{answer:?}");
    for (target, status) in
        [("lessons.example:22", 403), ("lessons.example:80", 403), ("127.0.0.1:443", 403), ("lessons.example", 400)]
    {
        assert_eq!(site.request("CONNECT", target, "").await.status, status, "{target}");
    }
}

#[tokio::test]
async fn tls_that_names_a_closed_host_is_cut_and_seen() {
    let (mut site, mut heard) = start().await;
    let mut stream = open(&site, "lessons.example").await;
    site.observed();
    stream.write_all(&client_hello("games.example")).await.unwrap();
    assert!(is_closed(&mut stream).await);
    let [seen] = site.observed().try_into().unwrap();
    assert_eq!((seen.host.as_deref(), seen.outcome), (Some("games.example"), Outcome::Blocked));
    assert!(heard.try_recv().is_err(), "the origin heard nothing");
    let mut stream = open(&site, "lessons.example").await;
    stream.write_all(&client_hello("www.bing.com")).await.unwrap();
    assert!(is_closed(&mut stream).await, "a search engine is not reached past its safe name");
}

#[tokio::test]
async fn what_is_no_tls_and_who_says_nothing_is_cut() {
    let (site, mut heard) = start().await;
    let mut stream = open(&site, "lessons.example").await;
    stream.write_all(b"SSH-2.0-client\r\n").await.unwrap();
    assert!(is_closed(&mut stream).await);
    let mut silent = open(&site, "lessons.example").await;
    assert!(is_closed(&mut silent).await, "after the time for a head");
    assert!(heard.try_recv().is_err());
}

#[tokio::test]
async fn slow_heads_and_long_heads_are_ended_and_others_served() {
    let (site, _heard) = start().await;
    let mut slow = TcpStream::connect(site.proxy()).await.unwrap();
    slow.write_all(b"GET http://lessons.example/ HTTP/1.1\r\nHost: less").await.unwrap();
    let long = format!(
        "GET http://lessons.example/ HTTP/1.1\r\nHost: lessons.example\r\nX-Long: {}\r\n\r\n",
        "x".repeat(100_000)
    );
    assert_eq!(send(site.proxy(), &long).await.status, 431);
    assert_eq!(site.request("CONNECT", "games.example:443", "").await.status, 403);
    assert_eq!(send(site.proxy(), "nonsense\r\n\r\n").await.status, 400);
    assert_ne!(read_answer(&mut slow).await.status, 200);
}

#[tokio::test]
async fn an_idle_tunnel_is_closed_and_many_connections_are_bounded() {
    let (port, _heard) = listening_origin().await;
    let site = Site::start_with(Some(rules()), |config| {
        config.local_records.insert("*.example".into(), LocalRecord { address: LOOPBACK, port: Some(port) });
        config.limits.idle_time = Duration::from_millis(250);
        config.limits.connections_per_device = 2;
    })
    .await;
    site.sign_in(pupil());
    let mut held = Vec::new();
    for _ in 0..2 {
        let mut stream = open(&site, "lessons.example").await;
        stream.write_all(&client_hello("lessons.example")).await.unwrap();
        stream.read_exact(&mut [0; 5]).await.unwrap();
        held.push(stream);
    }
    let mut third = TcpStream::connect(site.proxy()).await.unwrap();
    assert!(is_closed(&mut third).await, "two tunnels are this device's share");
    for stream in &mut held {
        assert!(is_closed(stream).await, "nothing moved");
    }
    tokio::time::sleep(Duration::from_millis(100)).await;
    open(&site, "lessons.example").await;
}

#[tokio::test]
async fn a_tunnel_closes_when_its_host_does() {
    let (site, _heard) = start().await;
    let mut stream = open(&site, "lessons.example").await;
    stream.write_all(&client_hello("lessons.example")).await.unwrap();
    stream.read_exact(&mut [0; 5]).await.unwrap();
    site.rules.send(Some(rules())).unwrap();
    tokio::time::sleep(Duration::from_millis(50)).await;
    stream.write_all(b"still open").await.unwrap();
    stream.read_exact(&mut [0; 5]).await.unwrap();
    site.sign_out(pupil());
    site.rules.send(Some(rules())).unwrap();
    assert!(is_closed(&mut stream).await, "nobody is signed in any more");
}

#[tokio::test]
async fn curl_speaks_tls_with_an_origin_through_the_tunnel() {
    let directory = tempfile::tempdir().unwrap();
    let [key, certificate] =
        ["key.pem", "certificate.pem"].map(|name| directory.path().join(name).display().to_string());
    let mut make = tokio::process::Command::new("openssl");
    make.args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]);
    make.args([
        "-subj",
        "/CN=lessons.example",
        "-addext",
        "subjectAltName=DNS:lessons.example",
        "-keyout",
        &key,
        "-out",
        &certificate,
    ]);
    let Ok(made) = make.output().await else { return };
    assert!(made.status.success());
    let free = free_address().port();
    let mut serve = tokio::process::Command::new("openssl");
    serve.args(["s_server", "-accept", &free.to_string(), "-cert", &certificate, "-key", &key, "-www", "-quiet"]);
    let mut origin = serve.kill_on_drop(true).spawn().unwrap();
    while TcpStream::connect((LOOPBACK, free)).await.is_err() {
        assert_eq!(origin.try_wait().unwrap(), None, "openssl does not listen");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let site = Site::start_with(Some(rules()), |config| {
        config.local_records.insert("*.example".into(), LocalRecord { address: LOOPBACK, port: Some(free) });
    })
    .await;
    let curl = |host: &'static str| {
        let mut command = tokio::process::Command::new("curl");
        command.env_clear().args(["-s", "-o", "/dev/null", "--max-time", "10", "--cacert", &certificate]);
        command.args([
            "-w",
            "%{http_connect} %{http_code}",
            "-x",
            &format!("http://pupil:pupil-secret@{}", site.proxy()),
        ]);
        command.arg(format!("https://{host}/"));
        async move { String::from_utf8(command.output().await.unwrap().stdout).unwrap() }
    };
    assert_eq!(curl("lessons.example").await, "200 200");
    assert_eq!(curl("games.example").await, "403 000");
}
