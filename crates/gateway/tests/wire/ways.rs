//! Which way a request leaves: through a proxy further up, to an address without a name, or not at all once the gateway
//! stops.

use crate::support::*;
use belisha_gateway::{DirectAddress, UpstreamProxy};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

/// A proxy further up: hands on the heads it hears; answers plain requests itself and lets tunnels hear `heard`. Who shows
/// no proof is refused.
async fn upstream_proxy() -> (String, mpsc::UnboundedReceiver<String>) {
    let listener = TcpListener::bind((LOOPBACK, 0)).await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (tell, heard) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let tell = tell.clone();
            tokio::spawn(async move {
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    head.push(stream.read_u8().await?);
                }
                let head = String::from_utf8(head).unwrap();
                let known = head.to_lowercase().contains("proxy-authorization: basic c2nob29sonnly3jlda==");
                let answer: &[u8] = match (known, head.starts_with("CONNECT ")) {
                    (false, _) => {
                        b"HTTP/1.1 407 Who is there\r\nProxy-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n"
                    }
                    (true, true) => b"HTTP/1.1 200 Connection established\r\n\r\n",
                    (true, false) => b"HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\nfrom further",
                };
                tell.send(head).unwrap();
                stream.write_all(answer).await?;
                while stream.read(&mut [0; 4096]).await? > 0 {
                    stream.write_all(b"heard").await?;
                }
                Ok::<_, std::io::Error>(())
            });
        }
    });
    (address, heard)
}

async fn below(address: &str, password: &str) -> Site {
    let upstream = UpstreamProxy {
        address: address.to_owned(),
        credential: Some(("school".into(), password.into())),
        bypass: vec!["*.direct.test".into()],
    };
    let site = Site::start_with(Some(rules()), |config| config.proxy.upstream = Some(upstream)).await;
    site.sign_in(pupil());
    site
}

#[tokio::test]
async fn what_is_outside_goes_through_the_proxy_further_up() {
    let (address, mut heard) = upstream_proxy().await;
    let site = below(&address, "secret").await;
    let answer = site.get("http://far.test/page?q=1").await;
    assert_eq!((answer.status, &*answer.body), (200, "from further"));
    let head = heard.recv().await.unwrap();
    assert!(head.starts_with("GET http://far.test/page?q=1 HTTP/1.1\r\n"), "{head}");
    assert!(head.to_lowercase().contains("host: far.test\r\n"), "{head}");

    let mut tunnel = crate::tunnel::open(&site, "far.test").await;
    tunnel.write_all(&crate::tunnel::client_hello("far.test")).await.unwrap();
    tunnel.read_exact(&mut [0; 5]).await.unwrap();
    assert!(heard.recv().await.unwrap().starts_with("CONNECT far.test:443 HTTP/1.1\r\n"));

    assert_eq!(site.get("http://lessons.example/").await.status, 200, "a local record is reached directly");
    assert_eq!(site.get("http://belisha.test/").await.status, 200, "and so is the portal");
    assert_ne!(site.get("http://a.direct.test/").await.body, "from further");
    assert_eq!(site.get("http://games.example/").await.status, 403, "judged first");
    assert_eq!(site.get("http://10.0.0.1/").await.status, 403, "a private address is not asked for");
    assert!(heard.try_recv().is_err());
}

#[tokio::test]
async fn a_proxy_further_up_that_refuses_or_is_away_is_said_to_be_the_reason() {
    let (address, _heard) = upstream_proxy().await;
    let free = TcpListener::bind((LOOPBACK, 0)).await.unwrap().local_addr().unwrap().to_string();
    for (address, password) in [(address, "wrong"), (free, "secret")] {
        let site = below(&address, password).await;
        for answer in [site.get("http://far.test/").await, site.request("CONNECT", "far.test:443", "").await] {
            assert_eq!(answer.status, 502);
            assert!(answer.body.contains("The way to the internet is closed"), "{answer:?}");
            assert_eq!(answer.header("proxy-authenticate"), None, "nobody is asked for the school's password");
        }
    }
}

#[tokio::test]
async fn an_address_without_a_name_is_no_way_round_the_lists() {
    for (setting, person, refused) in [
        (DirectAddress::Block, pupil(), true),
        (DirectAddress::Block, teacher(), false),
        (DirectAddress::Allow, pupil(), false),
    ] {
        let mut site = Site::start_with(Some(rules()), |config| {
            config.proxy.direct_address = setting;
            config.limits.connect_time = Duration::from_millis(100);
        })
        .await;
        site.sign_in(person);
        for (method, target) in
            [("GET", "http://192.0.3.1/"), ("CONNECT", "192.0.3.1:443"), ("GET", "http://[2a00::1]/")]
        {
            let answer = site.request(method, target, "").await;
            assert_eq!(answer.status == 403, refused, "{setting:?} {target}: {}", answer.status);
        }
        assert!(site.observed().iter().all(|seen| seen.reason == "default"));
    }
}

#[tokio::test]
async fn a_gateway_that_stops_finishes_what_has_begun() {
    let listener = TcpListener::bind((LOOPBACK, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (arrived, mut has_arrived) = mpsc::unbounded_channel();
    let (go_on, mut goes_on) = mpsc::unbounded_channel::<()>();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        assert!(stream.read(&mut [0; 4096]).await.unwrap() > 0);
        arrived.send(()).unwrap();
        goes_on.recv().await;
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").await.unwrap();
    });
    let site = Site::start_with(Some(rules()), |config| {
        let record = belisha_gateway::LocalRecord { address: LOOPBACK, port: Some(port) };
        config.local_records.insert("slow.example".into(), record);
    })
    .await;
    site.sign_in(pupil());
    let proxy = site.proxy();
    let mut idle = TcpStream::connect(proxy).await.unwrap();
    let asking = tokio::spawn(send_to(proxy, "GET http://slow.example/ HTTP/1.1\r\nHost: slow.example\r\n\r\n"));
    has_arrived.recv().await.unwrap();
    let stopping = tokio::spawn(site.gateway.shutdown());
    crate::life::eventually(async || TcpStream::connect(proxy).await.is_err()).await;
    go_on.send(()).unwrap();
    let answer = asking.await.unwrap();
    assert_eq!((answer.status, &*answer.body), (200, "ok"), "begun before the stop");
    stopping.await.unwrap();
    assert!(matches!(idle.read(&mut [0; 8]).await, Ok(0) | Err(_)));
}

async fn send_to(proxy: std::net::SocketAddr, text: &'static str) -> Answer {
    send(proxy, text).await
}
