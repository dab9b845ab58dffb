//! The explicit proxy on real sockets: what is carried, what is closed, who is known, what never leaves.

use crate::elsewhere::{Elsewhere, now};
use crate::support::*;
use belisha_gateway::{ForwardZone, Outcome, Protocol};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::net::{TcpListener, UdpSocket};

#[tokio::test]
async fn an_open_page_is_carried_and_observed() {
    let mut site = Site::start().await;
    site.sign_in(pupil());
    let answer = site.get("http://lessons.example/week?q=volcano+facts").await;
    assert_eq!(answer.status, 200);
    assert!(answer.body.contains("GET /week?q=volcano+facts HTTP/1.1"), "{}", answer.body);
    assert!(answer.header("via").is_some_and(|via| via.contains("belisha")));
    let [seen] = site.observed().try_into().unwrap();
    assert_eq!((seen.person, seen.outcome, seen.protocol), (Some(pupil()), Outcome::Allowed, Protocol::Http));
    assert_eq!(
        (seen.host.as_deref(), seen.path.as_deref()),
        (Some("lessons.example"), Some("/week")),
        "the query stays out"
    );
    assert!(seen.bytes.is_some_and(|bytes| bytes > 0));
}

#[tokio::test]
async fn a_closed_page_says_why_in_words_for_the_reader() {
    let mut site = Site::start().await;
    for (person, expected) in [(pupil(), "You are not in trouble"), (young(), "Stop! This page is closed")] {
        site.sign_in(person);
        let answer = site.get("http://www.games.example/").await;
        assert_eq!(answer.status, 403);
        assert!(answer.body.contains(expected), "{}", answer.body);
        site.sign_out(person);
    }
    site.sign_in(pupil());
    let answer = site.get("http://games.example/?a=%3Cscript%3E").await;
    assert!(answer.body.contains("Games &lt;and&gt; toys") && !answer.body.contains("<script>"), "{}", answer.body);
    assert!(answer.body.contains("rule 7.2") && answer.body.contains("It opens today at 15:00."), "{}", answer.body);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert!(answer.header("content-security-policy").unwrap().starts_with("default-src 'none'; style-src 'sha256-"));
    let id = answer.body.split("ask?block=").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
    let block = site.gateway.block(id).unwrap();
    assert_eq!(
        (block.host.as_deref(), block.person, block.category.as_deref()),
        (Some("games.example"), Some(pupil()), Some("games"))
    );
    assert!(site.gateway.block("000000000000000000000000").is_none());
    assert!(site.observed().iter().all(|seen| seen.outcome == Outcome::Blocked && seen.reason == "category"));
    site.set_time("2026-11-23T16:00:00Z");
    assert_eq!(site.get("http://games.example/").await.status, 200, "open after school");
}

#[tokio::test]
async fn the_illegal_list_leaves_its_category_and_no_host() {
    let mut site = Site::start().await;
    site.sign_in(teacher());
    let answer = site.get("http://illegal-test.example/secret/path?q=words").await;
    assert_eq!(answer.status, 403);
    assert!(!answer.body.contains("illegal-test.example") && !answer.body.contains("requests/ask"), "{}", answer.body);
    let [seen] = site.observed().try_into().unwrap();
    assert_eq!((seen.reason, seen.host, seen.path, seen.search_term, seen.list), ("illegal", None, None, None, None));
}

#[tokio::test]
async fn a_search_for_a_helpline_is_not_written_down() {
    let mut site = Site::start().await;
    site.sign_in(teacher());
    for url in
        ["http://search.example/?q=childline+number", "http://search.example/?q=https%3A%2F%2Fwww.samaritans.org%2F"]
    {
        site.get(url).await;
    }
    let seen = site.observed();
    assert_eq!(seen.len(), 2);
    for one in seen {
        assert_eq!((one.host.as_deref(), one.path, one.search_term), (Some("search.example"), None, None));
    }
    site.get("http://search.example/?q=romans").await;
    assert_eq!(site.observed()[0].search_term.as_deref(), Some("romans"));
}

#[tokio::test]
async fn a_forged_host_header_changes_nothing() {
    let site = Site::start().await;
    site.sign_in(pupil());
    let sent = "GET http://games.example/ HTTP/1.1\r\nHost: lessons.example\r\nConnection: close\r\n\r\n";
    assert_eq!(send(site.proxy(), sent).await.status, 403);
    let sent = "GET http://lessons.example/ HTTP/1.1\r\nHost: games.example\r\nConnection: close\r\n\r\n";
    let answer = send(site.proxy(), sent).await;
    assert!(
        answer.status == 200 && answer.body.to_lowercase().contains("host: lessons.example\r\n"),
        "{}",
        answer.body
    );
    assert!(!answer.body.contains("games.example"));
}

#[tokio::test]
async fn hosts_written_oddly_are_judged_as_the_host_they_are() {
    let site = Site::start().await;
    site.sign_in(pupil());
    for url in ["http://GAMES.Example/", "http://games.example./", "http://games.example:80/"] {
        assert_eq!(site.get(url).await.status, 403, "{url}");
    }
    for url in ["http://a..example/", "http://user@games.example/", "https://games.example/"] {
        assert_eq!(site.get(url).await.status, 400, "{url}");
    }
}

#[tokio::test]
async fn private_addresses_are_refused_however_they_are_written() {
    let site = Site::start().await;
    site.sign_in(pupil());
    let port = site.origin.port();
    for host in [
        "127.0.0.1",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "localhost",
        "0.0.0.0",
        "169.254.169.254",
        "10.0.0.1",
        "[64:ff9b::7f00:1]",
        "127.1",
        "2130706433",
    ] {
        let answer = site.get(&format!("http://{host}:{port}/")).await;
        assert!(matches!(answer.status, 403 | 502), "{host}: {}", answer.status);
        assert!(!answer.body.contains("origin was sent"), "{host}");
    }
    for host in ["127.0.0.1", "[::1]", "192.168.0.1"] {
        assert_eq!(site.request("CONNECT", &format!("{host}:443"), "").await.status, 403, "{host}");
    }
}

#[tokio::test]
async fn a_private_origin_can_be_let_in_by_name() {
    let site = Site::start_with(Some(rules()), |config| config.allow_private_for = vec!["localhost".into()]).await;
    site.sign_in(pupil());
    assert_eq!(site.get(&format!("http://localhost:{}/", site.origin.port())).await.status, 200);
    assert_eq!(site.get(&format!("http://127.0.0.1:{}/", site.origin.port())).await.status, 403, "by that name only");
}

/// An address of this machine in a private network, where it has one; else one that nobody has.
async fn private_address() -> Ipv4Addr {
    let socket = UdpSocket::bind("0.0.0.0:0").await.unwrap();
    // Nothing is sent: the system only says from which address it would be.
    let from = socket.connect("10.255.255.254:9").await.and_then(|()| socket.local_addr());
    match from.map(|from| from.ip()) {
        Ok(IpAddr::V4(address)) if address.is_private() => address,
        _ => Ipv4Addr::new(10, 255, 255, 254),
    }
}

#[tokio::test]
async fn the_schools_own_records_and_zones_are_reached_by_name_and_open_nothing_else() {
    let private = private_address().await;
    let listener = TcpListener::bind((private, 0)).await.or(TcpListener::bind((LOOPBACK, 0)).await).unwrap();
    let here = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(answer_requests(stream, "inside"));
        }
    });
    let controller = Elsewhere::start(move |asked| {
        now(&asked.address(match asked.host().split('.').next().unwrap() {
            "files" => private.octets(),
            "loop" => [127, 0, 0, 1],
            "metadata" => [169, 254, 169, 254],
            _ => [100, 100, 100, 200],
        }))
    })
    .await;
    // A server outside that leads every name inside.
    let outside = Elsewhere::start(move |asked| now(&asked.address(private.octets()))).await;
    let mut site = Site::start_with(Some(rules()), |config| {
        config.local_records.clear();
        config.upstreams = vec![outside.address];
        config.limits.connect_time = Duration::from_millis(500);
        config.dns.forward_zones =
            vec![ForwardZone { suffix: "ad.school.example".into(), servers: vec![controller.address] }];
        config.dns.local_zones = vec!["here.example".into()];
        let records =
            |names: &[&str], data: &str| names.iter().map(|name| format!("{name} {data}")).collect::<Vec<_>>();
        // A list has `games.example`; a record of the school's own says what it is here.
        config.dns.local_data = [
            records(&["printer.here.example", "games.example", "closed.example"], &format!("A {private}")),
            records(&["paper.here.example"], "CNAME printer.here.example"),
            records(&["self.here.example"], "A 127.0.0.1"),
            records(&["cloud.here.example"], "A 169.254.169.254"),
            records(&["cloud-6.here.example"], "AAAA fd00:ec2::254"),
            records(&["wrapped.here.example"], "AAAA ::ffff:127.0.0.1"),
        ]
        .concat();
    })
    .await;
    site.sign_in(pupil());
    let refused = |site: &Site| site.gateway.metrics.refused_addresses.load(Ordering::Relaxed);
    for host in ["printer.here.example", "paper.here.example", "files.ad.school.example", "games.example"] {
        let answer = site.get(&format!("http://{host}:{}/", here.port())).await;
        // Where this machine has no private address nobody is there, and the proxy has tried.
        match here.ip() == IpAddr::V4(private) {
            true => assert!(answer.status == 200 && answer.body.contains("inside was sent"), "{host}: {answer:?}"),
            false => assert!(matches!(answer.status, 502 | 504), "{host}: {answer:?}"),
        }
    }
    assert_eq!(refused(&site), 0);
    assert!(outside.asked().is_empty(), "nobody outside is asked about the school's own names");
    for host in [
        "self.here.example",
        "cloud.here.example",
        "cloud-6.here.example",
        "wrapped.here.example",
        "loop.ad.school.example",
        "metadata.ad.school.example",
        "shared.ad.school.example",
        // A name of nobody's here that leads inside, and one that only ends in the letters of a zone.
        "rebinds.example",
        "nothere.example",
        // What the school closed is closed, whoever answers for it.
        "closed.example",
    ] {
        let answer = site.get(&format!("http://{host}:{}/", here.port())).await;
        assert_eq!(answer.status, 403, "{host}: {}", answer.body);
        assert_eq!(site.request("CONNECT", &format!("{host}:443"), "").await.status, 403, "{host}");
    }
    assert_eq!(refused(&site), 2 * 9, "all but what the school closed");
    assert_eq!(site.get("http://nobody.here.example/").await.status, 502, "no such name, and nobody else is asked");
    assert!(
        !outside
            .asked()
            .iter()
            .any(|asked| asked.host().ends_with("here.example") && asked.host() != "nothere.example")
    );
    assert!(site.observed().iter().any(|seen| seen.host.as_deref() == Some("printer.here.example")));
}

#[tokio::test]
async fn bodies_are_streamed_and_their_framing_is_ours() {
    let site = Site::start_with(Some(rules()), |config| config.limits.body_bytes = 100_000).await;
    site.sign_in(pupil());
    let body = "x".repeat(50_000);
    let sent = format!(
        "POST http://lessons.example/ HTTP/1.1\r\nHost: lessons.example\r\nConnection: close, X-Mine\r\nX-Mine: 1\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let answer = send(site.proxy(), &sent).await;
    assert!(answer.status == 200 && answer.body.ends_with(&body));
    assert!(!answer.body.to_lowercase().contains("x-mine"));
    let chunked = "POST http://lessons.example/ HTTP/1.1\r\nHost: lessons.example\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n";
    let answer = send(site.proxy(), chunked).await;
    assert!(answer.status == 200 && answer.body.contains("hello"), "{answer:?}");
    let sent = "POST http://lessons.example/ HTTP/1.1\r\nHost: lessons.example\r\nConnection: close\r\nContent-Length: 100000000\r\n\r\n";
    assert_eq!(send(site.proxy(), sent).await.status, 413);
    let both = "POST http://lessons.example/ HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET http://games.example/ HTTP/1.1\r\nHost: games.example\r\nConnection: close\r\n\r\n";
    let answer = send(site.proxy(), both).await;
    assert!(!answer.body.contains("GET http://games.example/ HTTP/1.1\r\nHost"), "nothing is smuggled: {answer:?}");
}

#[tokio::test]
async fn a_connection_is_kept_and_each_request_on_it_is_judged() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let site = Site::start().await;
    site.sign_in(pupil());
    let mut stream = tokio::net::TcpStream::connect(site.proxy()).await.unwrap();
    for (host, status) in [("lessons.example", "200"), ("games.example", "403"), ("lessons.example", "200")] {
        stream.write_all(format!("GET http://{host}/ HTTP/1.1\r\nHost: {host}\r\n\r\n").as_bytes()).await.unwrap();
        let mut text = Vec::new();
        let mut chunk = [0; 8192];
        loop {
            let length = stream.read(&mut chunk).await.unwrap();
            text.extend_from_slice(&chunk[..length]);
            let whole = String::from_utf8_lossy(&text).into_owned();
            let Some((head, body)) = whole.split_once("\r\n\r\n") else {
                continue;
            };
            let expected: usize = head
                .lines()
                .find_map(|line| line.to_lowercase().strip_prefix("content-length: ").map(str::to_owned))
                .unwrap()
                .parse()
                .unwrap();
            if body.len() >= expected {
                assert!(head.starts_with(&format!("HTTP/1.1 {status}")), "{head}");
                break;
            }
        }
    }
}

#[tokio::test]
async fn browsers_find_the_pac_file_and_mistaken_visitors_an_explanation() {
    let site = Site::start().await;
    for (address, path) in [
        (site.gateway.block_page_addr.unwrap(), "/wpad.dat"),
        (site.gateway.block_page_addr.unwrap(), "/proxy.pac"),
        (site.proxy(), "/proxy.pac"),
    ] {
        let answer = send(address, &format!("GET {path} HTTP/1.1\r\nHost: wpad\r\nConnection: close\r\n\r\n")).await;
        assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/x-ns-proxy-autoconfig")));
        assert!(answer.body.contains(&format!("PROXY {}", site.proxy())), "{}", answer.body);
    }
    assert_eq!(send(site.proxy(), "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await.status, 400);
}

#[tokio::test]
async fn a_device_that_dns_sent_to_the_block_page_reads_why() {
    let site = Site::start().await;
    site.sign_in(pupil());
    let ask = |host: &'static str| send(site.gateway.block_page_addr.unwrap(), host);
    let answer = ask("GET /level/1 HTTP/1.1\r\nHost: games.example\r\nConnection: close\r\n\r\n").await;
    assert!(answer.status == 403 && answer.body.contains("games.example"));
    let answer = ask("GET / HTTP/1.1\r\nHost: lessons.example\r\nConnection: close\r\n\r\n").await;
    assert_eq!(answer.status, 503, "open by now");
    let answer = ask("GET / HTTP/1.0\r\n\r\n").await;
    assert_eq!(answer.status, 400);
}
