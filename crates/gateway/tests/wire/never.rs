//! What nobody can switch off, on the wire: what is illegal stays closed and helplines stay open, for everybody, by every way in,
//! under rules that all say the opposite; and neither leaves its name in an observation, a metric or a log line.

use crate::dns::{BLOCK_PAGE, addresses, ask};
use crate::elsewhere::{Elsewhere, now};
use crate::inspect_support::{Reading, inside};
use crate::never_support::*;
use crate::support::*;
use crate::tunnel::client_hello;
use belisha_filter::{ILLEGAL_TEST_ENTRY, Ruleset, SchoolRule};
use belisha_gateway::*;
use hickory_proto::rr::RecordType;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

#[test]
fn what_is_logged_is_heard() {
    logged();
    tracing::warn!("heard here");
    assert!(logged().0.lock().unwrap().iter().any(|line| line.contains("heard here")));
}

/// Requests that must not reach an origin, as they stand in a browser's address bar.
const CLOSED: [&str; 31] = [
    "http://illegal-test.example/",
    "http://ILLEGAL-test.Example./",
    "http://a.b.illegal-test.example:8080/page?x=1",
    "http://listed-by-a-provider.example/",
    "http://user:word@illegal-test.example/",
    "http://illegal%2Dtest.example/",
    "http://illegal-test%2Eexample/",
    "http://\u{ff49}llegal-test.example/",
    "http://illegal-test.example%00.encyclopedia.example/",
    "http://illegal-test.example:0/",
    "http://pages.example/one/page?id=4",
    "http://pages.example//%6fne/./page?%69d=4#part",
    "http://pages.example/other/../one/page/?id=4",
    "http://203.0.112.66/",
    "http://203.0.112.66./",
    "http://0xcb.0.0x7042/",
    "http://3405803586/",
    "http://[::ffff:203.0.112.66]/",
    "http://[64:ff9b::cb00:7042]/",
    "http://archive.example/web/2026/http://illegal-test.example/",
    "http://archive.example/web/2026/illegal-test.example",
    "http://archive.example/web/2026/http://pages.example/one/page?id=4",
    "http://encyclopedia.example/go?to=http%3A%2F%2Fillegal-test.example%2F",
    "http://encyclopedia.example/go?to=http%253A%252F%252Fillegal-test.example",
    "http://encyclopedia.example/go?x=1&u=illegal-test.example",
    "http://encyclopedia.example/translate?u=http://203.0.112.66/",
    "http://www.google.com/search?q=cache:illegal-test.example",
    "http://www.google.com/url?q=http://illegal-test.example/",
    "http://www.google.com/amp/s/illegal-test.example/",
    "http://illegal--test-example.translate.goog/",
    "http://listed-address.elsewhere.example/",
];

#[tokio::test]
async fn nothing_illegal_is_reached_through_the_proxy_by_anybody() {
    logged();
    let elsewhere = Elsewhere::start(|asked| now(&asked.address(LISTED.octets()))).await;
    let mut site = Site::start_with(Some(hostile_rules()), |config| {
        hostile(config);
        config.upstreams = vec![elsewhere.address];
        let origin = config.local_records.remove("*.example").unwrap();
        for host in ["archive.example", "encyclopedia.example"] {
            config.local_records.insert(host.into(), origin);
        }
    })
    .await;
    for (person, password) in callers() {
        if let Some(person) = person {
            site.sign_in(person);
        }
        for url in CLOSED {
            for upgrade in ["", "Connection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"] {
                for method in ["GET", "POST", "HEAD"] {
                    let answer = site.request(method, url, &format!("{password}{upgrade}")).await;
                    assert!((300..600).contains(&answer.status), "{method} {url}: {answer:?}");
                    assert!(!answer.body.contains("was sent"), "{method} {url} as {person:?}: {answer:?}");
                    let shown = format!("{}{}", answer.head, answer.body);
                    assert!(!SECRETS.iter().any(|secret| shown.contains(secret)), "{url}: {shown}");
                }
            }
        }
        if let Some(person) = person {
            site.sign_out(person);
        }
    }
    let seen = leaves_no_name(&mut site);
    assert!(seen.iter().any(|seen| seen.reason == "illegal" && seen.person == Some(teacher())));
    // The same rules and settings do let other pages through.
    site.sign_in(teacher());
    assert_eq!(site.get("http://pages.example/another").await.status, 200);
    site.get("http://www.google.com/search?q=illegal-test.example").await;
    let searched = site.observed().pop().unwrap();
    assert_ne!(searched.reason, "illegal", "to search is no visit");
}

#[tokio::test]
async fn what_a_request_says_twice_opens_nothing() {
    logged();
    let mut site = Site::start_with(Some(hostile_rules()), |config| {
        hostile(config);
        config.content.phrase_book = None;
    })
    .await;
    site.sign_in(teacher());
    for (head, reached) in [
        ("GET http://illegal-test.example/ HTTP/1.1\r\nHost: encyclopedia.example", false),
        ("GET http://encyclopedia.example/ HTTP/1.1\r\nHost: illegal-test.example", true),
        (
            "GET http://encyclopedia.example/ HTTP/1.1\r\nHost: encyclopedia.example\r\nHost: illegal-test.example",
            false,
        ),
        ("GET / HTTP/1.1\r\nHost: illegal-test.example", false),
        ("GET https://illegal-test.example/ HTTP/1.1\r\nHost: illegal-test.example", false),
        ("CONNECT illegal-test.example:443 HTTP/1.1\r\nHost: encyclopedia.example:443", false),
        ("CONNECT ILLEGAL-TEST.example.:443 HTTP/1.1\r\nHost: illegal-test.example:443", false),
        ("CONNECT 203.0.112.66:443 HTTP/1.1\r\nHost: 203.0.112.66:443", false),
        ("CONNECT [::ffff:203.0.112.66]:443 HTTP/1.1\r\nHost: a", false),
        ("GET http://wpad.illegal-test.example/ HTTP/1.1\r\nHost: wpad.illegal-test.example", false),
    ] {
        let answer = send(site.proxy(), &format!("{head}\r\nConnection: close\r\n\r\n")).await;
        assert_eq!(answer.body.contains("origin was sent"), reached, "{head}: {answer:?}");
        // What is reached is what was judged.
        assert!(!answer.body.contains("illegal-test"), "{head}: {answer:?}");
    }
    leaves_no_name(&mut site);
}

#[tokio::test]
async fn a_name_inside_tls_opens_nothing_and_a_helplines_closes_nothing() {
    logged();
    let (port, mut heard) = crate::tunnel::listening_origin().await;
    let mut site = Site::start_with(Some(hostile_rules()), |config| {
        hostile(config);
        for host in ["*.example", ILLEGAL_TEST_ENTRY, HELPLINE] {
            config.local_records.insert(host.into(), LocalRecord { address: LOOPBACK, port: Some(port) });
        }
    })
    .await;
    site.sign_in(teacher());
    for name in [ILLEGAL_TEST_ENTRY, "WWW.illegal-test.example", "listed-by-a-provider.example"] {
        let mut tunnel = crate::tunnel::open(&site, "encyclopedia.example").await;
        tunnel.write_all(&client_hello(name)).await.unwrap();
        let mut rest = Vec::new();
        let _ = timeout(Duration::from_secs(5), tunnel.read_to_end(&mut rest)).await.unwrap();
        assert!(rest.is_empty() && heard.try_recv().is_err(), "{name} was reached");
    }
    for (person, password) in callers() {
        site.sign_out(teacher());
        if let Some(person) = person {
            site.sign_in(person);
        }
        let mut tunnel = TcpStream::connect(site.proxy()).await.unwrap();
        let head = format!("CONNECT {HELPLINE}:443 HTTP/1.1\r\nHost: {HELPLINE}:443\r\n{password}\r\n");
        tunnel.write_all(head.as_bytes()).await.unwrap();
        let mut answer = [0; 12];
        tunnel.read_exact(&mut answer).await.unwrap();
        assert_eq!(&answer, b"HTTP/1.1 200", "{person:?} {password}");
        tunnel.write_all(&client_hello(HELPLINE)).await.unwrap();
        timeout(Duration::from_secs(5), heard.recv()).await.unwrap().unwrap();
        if let Some(person) = person {
            site.sign_out(person);
        }
    }
    let seen = leaves_no_name(&mut site);
    assert!(seen.iter().filter(|seen| seen.reason == "illegal").count() >= 3, "{seen:?}");
}

#[tokio::test]
async fn helplines_answer_everybody_through_everything_and_leave_a_number_alone() {
    logged();
    let mut site = Site::start_with(Some(hostile_rules()), hostile).await;
    let mut reached = 0;
    for (person, password) in callers() {
        if let Some(person) = person {
            site.sign_in(person);
        }
        for url in [
            "http://www.childline.org.uk/",
            "http://WWW.Childline.org.uk./kids?from=search",
            "http://helpline.example/a/program.exe",
            "http://helpline.example/report?url=http%3A%2F%2Fillegal-test.example%2F",
        ] {
            let answer = site.request("GET", url, &password).await;
            assert!(answer.status == 200 && answer.body.contains("origin was sent"), "{url} {password}: {answer:?}");
            reached += 1;
        }
        if let Some(person) = person {
            site.sign_out(person);
        }
    }
    let counted = site.gateway.metrics.helplines.load(std::sync::atomic::Ordering::Relaxed);
    assert_eq!(counted, reached, "each is counted, and that is all");
    assert_eq!(leaves_no_name(&mut site), []);
    // Nor is who comes to one through another site.
    site.sign_in(teacher());
    for url in [
        "http://archive.example/web/2026/https://www.childline.org.uk/",
        "http://encyclopedia.example/go/www.childline.org.uk?u=https%3A%2F%2Fwww.childline.org.uk",
        "http://www.google.com/search?q=childline",
    ] {
        site.get(url).await;
    }
    let seen = leaves_no_name(&mut site);
    assert_eq!(seen.len(), 3);
}

#[tokio::test]
async fn a_proxy_further_up_is_not_asked_for_what_is_illegal() {
    logged();
    let further = Elsewhere::start(|_| Vec::new()).await;
    let mut site = Site::start_with(Some(hostile_rules()), |config| {
        hostile(config);
        let address = further.address.to_string();
        config.proxy.upstream = Some(UpstreamProxy { address, credential: None, bypass: Vec::new() });
    })
    .await;
    site.sign_in(teacher());
    for url in CLOSED.iter().filter(|url| !url.contains("elsewhere.example")) {
        let answer = site.get(url).await;
        assert!(matches!(answer.status, 400 | 403 | 502), "{url}: {answer:?}");
        assert!(!answer.body.contains("was sent"), "{url}");
    }
    leaves_no_name(&mut site);
}

/// Asks over ICAP whether a request may pass, as a squid does for a device.
async fn may_pass(site: &Site, url: &str) -> bool {
    let http = format!("GET {url} HTTP/1.1\r\nHost: {}\r\n\r\n", url.split('/').nth(2).unwrap());
    let mut stream = TcpStream::connect(site.gateway.icap_addr.unwrap()).await.unwrap();
    let asked = format!(
        "REQMOD icap://gateway.example:1344/request ICAP/1.0\r\nHost: gateway.example\r\nX-Client-IP: 127.0.0.1\r\n\
         Allow: 204\r\nEncapsulated: req-hdr=0, null-body={}\r\n\r\n{http}",
        http.len()
    );
    stream.write_all(asked.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    while !answer.windows(4).any(|four| four == b"\r\n\r\n") {
        let read = timeout(Duration::from_secs(5), stream.read_buf(&mut answer)).await.unwrap().unwrap();
        assert!(read > 0, "{url}");
    }
    let answer = String::from_utf8_lossy(&answer).into_owned();
    answer.starts_with("ICAP/1.0 204") || answer.contains("req-hdr")
}

#[tokio::test]
async fn another_proxy_that_asks_is_told_the_same() {
    logged();
    let mut site = Site::start_with(Some(hostile_rules()), |config| {
        hostile(config);
        config.icap.listen = vec![SocketAddr::new(LOOPBACK, 0)];
    })
    .await;
    for person in [None, Some(pupil()), Some(teacher()), Some(unsigned())] {
        if let Some(person) = person {
            site.sign_in(person);
        }
        for url in CLOSED.iter().filter(|url| !url.contains("elsewhere.example")) {
            assert!(!may_pass(&site, url).await, "{url} as {person:?}");
        }
        for url in ["http://www.childline.org.uk/", "http://helpline.example/kids"] {
            assert!(may_pass(&site, url).await, "{url} as {person:?}");
        }
        if let Some(person) = person {
            site.sign_out(person);
        }
    }
    let seen = leaves_no_name(&mut site);
    assert!(seen.iter().any(|seen| seen.reason == "illegal"));
}

#[tokio::test]
async fn pages_that_are_read_are_held_against_the_list_whole() {
    logged();
    let reading = Reading::start().await;
    let rules = reading.site.rules.borrow().clone().unwrap();
    let mut own = rules.ruleset.rules().clone();
    own.school_allow.push(SchoolRule {
        id: "a".into(),
        host: "lessons.example".into(),
        groups: vec![],
        reason: "a".into(),
    });
    let mut list = list();
    assert!(list.insert("https://lessons.example/one/page"));
    let ruleset = Ruleset::compile(own, Arc::clone(rules.ruleset.index()), Arc::new(list));
    reading.site.rules.send(Some(rules_by(Arc::new(ruleset)))).unwrap();
    crate::life::eventually(async || reading.get("lessons.example", "/one/page").await.status == 403).await;
    for (path, status) in [
        ("/one/page?from=elsewhere", 403),
        ("/one//./%70age", 403),
        ("/go?to=https%3A%2F%2Fillegal-test.example", 403),
        ("/web/http://pages.example/one/page?id=4", 403),
        ("/two/page", 200),
    ] {
        let answer = reading.get("lessons.example", path).await;
        assert_eq!(answer.status, status, "{path}: {answer:?}");
        assert!(status == 200 || !SECRETS.iter().any(|secret| answer.body.contains(secret)), "{answer:?}");
    }
    assert!(reading.is_carried(HELPLINE).await, "a helpline is never read");
    // Inside one site's connection another is not asked for.
    let mut stream = reading.tls("lessons.example", reading.trusting()).await.unwrap();
    let answer = inside(&mut stream, "GET / HTTP/1.1\r\nHost: illegal-test.example\r\nConnection: close\r\n\r\n").await;
    assert_eq!(answer.status, 421);
    let mut site = reading.site;
    let seen = leaves_no_name(&mut site);
    assert!(seen.iter().any(|seen| seen.reason == "illegal" && seen.protocol == Protocol::Https));
}

#[tokio::test]
async fn neither_new_rules_nor_a_restart_nor_none_at_all_change_it() {
    logged();
    let directory = tempfile::tempdir().unwrap();
    let keep = |config: &mut GatewayConfig| {
        hostile(config);
        config.snapshot = Some(directory.path().to_owned());
    };
    let holds = async |site: &mut Site, when: &str| {
        for url in ["http://illegal-test.example/", "http://listed-by-a-provider.example/"] {
            assert_eq!(site.get(url).await.status, 403, "{when}: {url}");
        }
        assert_eq!(site.get("http://www.childline.org.uk/").await.status, 200, "{when}");
        assert_eq!(addresses(&ask(site, ILLEGAL_TEST_ENTRY, RecordType::A).await), [BLOCK_PAGE], "{when}");
        leaves_no_name(site)
    };
    let mut site = Site::start_with(Some(hostile_rules()), keep).await;
    holds(&mut site, "at first").await;
    for _ in 0..3 {
        site.rules.send(Some(hostile_rules())).unwrap();
        holds(&mut site, "while rules are swapped").await;
    }
    site.gateway.shutdown().await;
    for file in std::fs::read_dir(directory.path()).unwrap() {
        let text = String::from_utf8_lossy(&std::fs::read(file.unwrap().path()).unwrap()).into_owned();
        assert!(!text.contains("listed-by-a-provider.example\"") || text.contains("school_allow"), "only as a rule");
    }
    let mut site = Site::start_with(None, keep).await;
    let seen = holds(&mut site, "from disk alone").await;
    assert!(seen.iter().any(|seen| seen.reason == "illegal"), "{seen:?}");
    site.gateway.shutdown().await;
    // Nothing on disk and nobody who sends rules: all is closed but helplines and the school's own pages.
    let mut site = Site::start_with(None, hostile).await;
    for url in ["http://illegal-test.example/", "http://encyclopedia.example/", "http://archive.example/"] {
        assert_eq!(site.get(url).await.status, 403, "{url}");
    }
    assert_eq!(site.get("http://www.childline.org.uk/").await.status, 200);
    let _ = site.observed();
}
