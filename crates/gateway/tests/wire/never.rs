//! What nobody can switch off, on the wire: what is illegal stays closed and helplines stay open, for everybody, by every way in,
//! under rules that all say the opposite; and neither leaves its name in an observation, a metric or a log line.

use crate::dns::{BLOCK_PAGE, addresses, ask, exchange_tcp, extended_error, question};
use crate::elsewhere::{Elsewhere, now};
use crate::inspect_support::{Reading, inside};
use crate::support::*;
use crate::tunnel::client_hello;
use belisha_filter::{
    ContentLimits, Exception, FileKind, ILLEGAL_TEST_ENTRY, IllegalList, LessonList, PhraseBook, PhraseKind,
    PhraseList, Rules, Ruleset, SchoolRule, WhenScannerAway,
};
use belisha_gateway::*;
use belisha_policy::Role;
use hickory_proto::rr::rdata::svcb::{IpHint, SvcParamKey, SvcParamValue};
use hickory_proto::rr::rdata::{A, CNAME, HTTPS, PTR, SVCB};
use hickory_proto::rr::{Name, RData, RecordType};
use jiff::SignedDuration;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

const HELPLINE: &str = "www.childline.org.uk";
/// An address that the provider lists as a host of its own, and where everything else is.
const LISTED: Ipv4Addr = Ipv4Addr::new(203, 0, 112, 66);
const OPEN: Ipv4Addr = Ipv4Addr::new(203, 0, 112, 7);
/// What must stand in no log line, metric, observation or page.
const SECRETS: [&str; 5] = ["illegal-test", "illegal--test", "childline", "listed-by-a-provider", "203.0.112.66"];

fn list() -> IllegalList {
    let mut list = IllegalList::new(KEY);
    for address in ["listed-by-a-provider.example", "http://pages.example/one/page?id=4", "203.0.112.66"] {
        assert!(list.insert(address));
    }
    list
}

/// Rules under which everything illegal is open and every helpline closed, if rules could do that.
fn against(rules: &mut Rules) {
    let everybody = || ["younger-pupil", "pupil", "staff", "guest", "unknown"].map(str::to_owned).to_vec();
    let rule = |host: &str| SchoolRule {
        id: format!("rule-{host}"),
        host: host.into(),
        groups: Vec::new(),
        reason: "a test".into(),
    };
    let illegal = [ILLEGAL_TEST_ENTRY, "listed-by-a-provider.example", "pages.example"];
    let helplines = ["childline.org.uk", "helpline.example"];
    let until = MONDAY_LESSON.parse::<jiff::Timestamp>().unwrap() + SignedDuration::from_hours(24 * 4000);
    let exception = |host: &str, allow| Exception {
        id: format!("exception-{host}"),
        host: host.into(),
        groups: everybody(),
        person: None,
        from: jiff::Timestamp::UNIX_EPOCH,
        until,
        allow,
        reason: "a test".into(),
        granted_by_office: Role::Headteacher,
    };
    rules.school_allow.extend(illegal.map(rule));
    rules.authority_allow.extend(illegal.map(rule));
    rules.school_deny.extend(helplines.map(rule));
    rules.authority_deny.extend(helplines.map(rule));
    rules.exceptions.extend(illegal.map(|host| exception(host, true)));
    rules.exceptions.extend(helplines.map(|host| exception(host, false)));
    rules.lesson_lists.push(LessonList {
        id: "lesson".into(),
        name: "7B".into(),
        hosts: [&illegal[..], &["archive.example", "encyclopedia.example", "alias.example", "elsewhere.example"]]
            .concat()
            .into_iter()
            .map(str::to_owned)
            .collect(),
        groups: everybody(),
        people: Vec::new(),
        from: jiff::Timestamp::UNIX_EPOCH,
        until,
        reason: "a test".into(),
        made_by_office: Role::Teacher,
    });
    rules.safe_search = false;
    rules.inspection.never_hosts = vec![ILLEGAL_TEST_ENTRY.into()];
    let limits = ContentLimits {
        phrase_limit: Some(1),
        blocked_file_kinds: FileKind::ALL.iter().copied().collect(),
        scan_downloads: true,
        when_scanner_away: WhenScannerAway::Refuse,
    };
    rules.content.groups.extend(everybody().into_iter().map(|group| (group, limits.clone())));
}

fn with_list(ruleset: &Ruleset) -> Arc<GatewayRules> {
    rules_by(Arc::new(Ruleset::compile(ruleset.rules().clone(), Arc::clone(ruleset.index()), Arc::new(list()))))
}

fn hostile_rules() -> Arc<GatewayRules> {
    with_list(&ruleset_with(against))
}

/// Settings that stand in the way as well: a scanner that is away, a book that counts every word, the networks that helplines
/// are in closed, and names of both kinds in the school's own records.
fn hostile(config: &mut GatewayConfig) {
    let origin = config.local_records["*.example"];
    for host in
        [HELPLINE, "pages.example", ILLEGAL_TEST_ENTRY, "www.google.com", "illegal--test-example.translate.goog"]
    {
        config.local_records.insert(host.into(), origin);
    }
    config.allow_private_for = vec!["*.example".into(), ILLEGAL_TEST_ENTRY.into(), "203.0.112.66".into()];
    config.proxy.direct_address = DirectAddress::Allow;
    config.content.clamd = Some(ClamdAddress::Tcp(SocketAddr::new(LOOPBACK, 1)));
    let text = b"#listcategory:\"Words\"\n<origin><90>\n<sent><90>\n";
    let list = PhraseList { name: "test", kind: PhraseKind::Weighted, text, encoding: None };
    config.content.phrase_book = Some(Arc::new(PhraseBook::compile(&[list]).unwrap()));
    config.limits.connect_time = Duration::from_millis(300);
    config.dns.closed_networks = vec!["203.0.112.0/26".parse().unwrap()];
}

/// Everybody who may sit at the device, and the password their browser sends.
fn callers() -> Vec<(Option<belisha_records::PersonId>, String)> {
    let people = [None, Some(pupil()), Some(young()), Some(teacher()), Some(unsigned())];
    let signed_in = people.map(|person| (person, String::new()));
    let named = ["pupil", "young", "teacher", "unsigned"].map(|name| (None, basic(name, &format!("{name}-secret"))));
    let wrong = (None, basic("pupil", "wrong"));
    signed_in.into_iter().chain(named).chain([wrong]).collect()
}

/// Everything that this process wrote to its log.
#[derive(Clone, Default)]
struct Logged(Arc<Mutex<Vec<String>>>);

impl tracing::Subscriber for Logged {
    /// As `belisha` has it: everything of ours, and of others no more than warnings.
    fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
        metadata.target().starts_with("belisha")
            || metadata.target() == module_path!()
            || *metadata.level() <= tracing::Level::WARN
    }
    fn new_span(&self, span: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        self.0.lock().unwrap().push(format!("{span:?}"));
        tracing::span::Id::from_u64(1)
    }
    fn record(&self, _: &tracing::span::Id, values: &tracing::span::Record<'_>) {
        self.0.lock().unwrap().push(format!("{values:?}"));
    }
    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}
    fn event(&self, event: &tracing::Event<'_>) {
        struct Text<'a>(&'a mut String);
        impl tracing::field::Visit for Text<'_> {
            fn record_debug(&mut self, field: &tracing::field::Field, value: &dyn std::fmt::Debug) {
                self.0.push_str(&format!("{field}={value:?} "));
            }
        }
        let mut text = String::new();
        event.record(&mut Text(&mut text));
        self.0.lock().unwrap().push(text);
    }
    fn enter(&self, _: &tracing::span::Id) {}
    fn exit(&self, _: &tracing::span::Id) {}
}

/// Begins to keep what is logged, from every thread, by any of these stories.
fn logged() -> Logged {
    static LOGGED: OnceLock<Logged> = OnceLock::new();
    LOGGED
        .get_or_init(|| {
            let logged = Logged::default();
            tracing::subscriber::set_global_default(logged.clone()).unwrap();
            logged
        })
        .clone()
}

/// Asserts that nothing written down names what must not be named. Takes the observations.
fn leaves_no_name(site: &mut Site) -> Vec<Observation> {
    let seen = site.observed();
    for observation in &seen {
        let text = format!("{observation:?}");
        assert!(!SECRETS.iter().any(|secret| text.contains(secret)), "observed: {text}");
        assert_ne!(observation.reason, "helpline");
        if observation.reason == "illegal" {
            assert_eq!((&observation.host, &observation.path, &observation.search_term), (&None, &None, &None));
            assert_eq!((observation.outcome, &observation.list), (Outcome::Blocked, &None));
        }
    }
    let metrics = format!("{:?}", site.gateway.metrics.all());
    let log = logged().0.lock().unwrap().join("\n");
    for secret in SECRETS {
        assert!(!metrics.contains(secret) && !log.contains(secret), "{secret} in {metrics} or {log}");
    }
    seen
}

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

type Change = fn(&mut GatewayConfig, SocketAddr);

/// The school's own records and zones that a technician might write for the names.
fn zones() -> Vec<(&'static str, Change)> {
    vec![
        ("nothing", |_, _| {}),
        ("local records", |config, _| {
            let record = LocalRecord { address: LOOPBACK, port: None };
            for host in [ILLEGAL_TEST_ENTRY, "*.illegal-test.example", "listed-by-a-provider.example"] {
                config.local_records.insert(host.into(), LocalRecord { address: [10, 9, 9, 9].into(), ..record });
            }
        }),
        ("a forwarded zone", |config, elsewhere| {
            for suffix in [ILLEGAL_TEST_ENTRY, "listed-by-a-provider.example"] {
                config.dns.forward_zones.push(ForwardZone { suffix: suffix.into(), servers: vec![elsewhere] });
            }
        }),
        ("a zone of the school's own", |config, _| {
            config.dns.local_zones.push(ILLEGAL_TEST_ENTRY.into());
            for name in ["illegal-test.example", "www.illegal-test.example"] {
                config.dns.local_data.push(format!("{name} IN A 10.9.9.9"));
                config.dns.local_data.push(format!("{name} IN TXT \"found\""));
            }
            config.dns.local_data.push("own-alias.example IN CNAME www.illegal-test.example".into());
        }),
    ]
}

fn name(text: &str) -> Name {
    Name::from_ascii(text).unwrap()
}

/// What a server elsewhere says: names that lead to what is illegal, and everything else at its address.
async fn other_servers() -> Elsewhere {
    Elsewhere::start(|asked| {
        let host = asked.host();
        let kind = asked.message.queries[0].query_type();
        let illegal = || name("illegal-test.example.");
        now(&match (host.as_str(), kind) {
            ("alias.example", RecordType::A) => asked.answer([RData::CNAME(CNAME(illegal())), RData::A(A(OPEN))]),
            ("alias.example", RecordType::HTTPS) => {
                asked.answer([RData::HTTPS(HTTPS(SVCB::new(1, illegal(), Vec::new())))])
            }
            ("elsewhere.example", RecordType::A) => asked.answer([RData::A(A(OPEN)), RData::A(A(LISTED))]),
            ("elsewhere.example", RecordType::HTTPS) => {
                let hint = (SvcParamKey::Ipv4Hint, SvcParamValue::Ipv4Hint(IpHint(vec![A(LISTED)])));
                asked.answer([RData::HTTPS(HTTPS(SVCB::new(1, Name::root(), vec![hint])))])
            }
            ("66.112.0.203.in-addr.arpa", RecordType::PTR) => {
                asked.answer([RData::PTR(PTR(name("a.public.example.")))])
            }
            (_, RecordType::A) => asked.address(OPEN.octets()),
            _ => asked.answer([]),
        })
    })
    .await
}

#[tokio::test]
async fn no_question_finds_what_is_illegal_whatever_zones_the_school_keeps() {
    logged();
    for (zone, change) in zones() {
        let elsewhere = other_servers().await;
        let mut site = Site::start_with(Some(hostile_rules()), |config| {
            config.local_records.clear();
            config.upstreams = vec![elsewhere.address];
            config.dns.closed_networks = vec!["203.0.112.0/26".parse().unwrap()];
            change(config, elsewhere.address);
        })
        .await;
        for person in [None, Some(pupil()), Some(teacher()), Some(unsigned())] {
            if let Some(person) = person {
                site.sign_in(person);
            }
            let own = if zone.ends_with("own") { Some("own-alias.example") } else { None };
            let names = [
                ILLEGAL_TEST_ENTRY,
                "WWW.Illegal-TEST.example",
                "listed-by-a-provider.example",
                "illegal--test-example.translate.goog",
            ];
            let lead_there =
                person.filter(|person| *person == teacher()).map(|_| ["alias.example", "elsewhere.example"]);
            for host in names.into_iter().chain(own).chain(lead_there.into_iter().flatten()) {
                for kind in [RecordType::A, RecordType::AAAA, RecordType::HTTPS, RecordType::TXT, RecordType::MX] {
                    // Twice: the second time it is remembered.
                    for _ in 0..2 {
                        let answer = ask(&site, host, kind).await;
                        let found = addresses(&answer);
                        assert!(found.iter().all(|found| found == BLOCK_PAGE), "{host} {kind} with {zone}: {answer}");
                    }
                }
                assert_eq!(extended_error(&ask(&site, host, RecordType::A).await), Some(16), "{host} with {zone}");
                let packet = question(host, RecordType::A).to_vec().unwrap();
                assert_eq!(addresses(&exchange_tcp(site.dns(), &packet).await), [BLOCK_PAGE], "{host} with {zone}");
            }
            // The helpline is in a network that the technician closed, and its name is on the lists.
            for host in [HELPLINE, "helpline.example"] {
                for _ in 0..2 {
                    let found = addresses(&ask(&site, host, RecordType::A).await);
                    assert_eq!(found, [OPEN.to_string()], "{host} as {person:?}");
                }
            }
            ask(&site, "66.112.0.203.in-addr.arpa", RecordType::PTR).await;
            if let Some(person) = person {
                site.sign_out(person);
            }
        }
        let asked: Vec<_> = elsewhere.asked().iter().map(|asked| asked.host()).collect();
        assert!(!asked.iter().any(|host| host.contains("illegal") || host.contains("listed")), "{zone}: {asked:?}");
        let seen = leaves_no_name(&mut site);
        assert!(seen.iter().any(|seen| seen.reason == "illegal"));
    }
}

#[tokio::test]
async fn encrypted_questions_find_no_more() {
    logged();
    let directory = tempfile::tempdir().unwrap();
    let files = CertificateFiles { chain: directory.path().join("chain.pem"), key: directory.path().join("key.pem") };
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    std::fs::write(&files.chain, made.cert.pem()).unwrap();
    std::fs::write(&files.key, made.signing_key.serialize_pem()).unwrap();
    let elsewhere = other_servers().await;
    let any = SocketAddr::new(LOOPBACK, 0);
    let mut site = Site::start_with(Some(hostile_rules()), |config| {
        config.local_records.clear();
        config.upstreams = vec![elsewhere.address];
        config.dns.tls_listen = vec![any];
        config.dns.https_listen = vec![any];
        config.dns.certificate = Some(files);
        config.limits.head_time = Duration::from_secs(5);
    })
    .await;
    site.sign_in(teacher());
    let trusting = crate::inspect_support::trusting(&[&made.cert.pem()], crate::inspect_support::here(), &[]);
    let connector = tokio_rustls::TlsConnector::from(Arc::new(trusting));
    let connect = async |address: Option<SocketAddr>| {
        let stream = TcpStream::connect(address.unwrap()).await.unwrap();
        connector.connect("localhost".try_into().unwrap(), stream).await.unwrap()
    };
    for (host, found) in [(ILLEGAL_TEST_ENTRY, BLOCK_PAGE), ("alias.example", BLOCK_PAGE), (HELPLINE, "203.0.112.7")] {
        let packet = question(host, RecordType::A).to_vec().unwrap();
        let mut tls = connect(site.gateway.dns_tls_addr).await;
        tls.write_u16(u16::try_from(packet.len()).unwrap()).await.unwrap();
        tls.write_all(&packet).await.unwrap();
        let mut answer = vec![0; usize::from(tls.read_u16().await.unwrap())];
        tls.read_exact(&mut answer).await.unwrap();
        let message = hickory_proto::op::Message::from_vec(&answer).unwrap();
        assert_eq!(addresses(&message), [found], "{host} over TLS");

        let mut https = connect(site.gateway.dns_https_addr).await;
        let head = format!(
            "POST /dns-query HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/dns-message\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
            packet.len()
        );
        https.write_all(&[head.as_bytes(), &packet].concat()).await.unwrap();
        let mut answer = Vec::new();
        let _ = https.read_to_end(&mut answer).await;
        let body = answer.windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 4;
        let message = hickory_proto::op::Message::from_vec(&answer[body..]).unwrap();
        assert_eq!(addresses(&message), [found], "{host} over HTTPS");
    }
    leaves_no_name(&mut site);
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
