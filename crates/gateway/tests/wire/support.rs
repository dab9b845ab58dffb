//! A school, its people and rules, a gateway on free loopback ports, and origins to reach through it.

use belisha_filter::{DomainIndexBuilder, IllegalList, Rules, Ruleset, SchoolRule, Timetable, TimetablePart};
use belisha_gateway::*;
use belisha_policy::*;
use belisha_records::{Identifier, PersonId, SchoolId};
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};

pub const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
pub const KEY: [u8; 16] = [7; 16];
/// A Monday in term, in lesson time.
pub const MONDAY_LESSON: &str = "2026-11-23T10:00:00Z";

pub fn school() -> SchoolId {
    SchoolId::make(1, [1; 10])
}
pub fn pupil() -> PersonId {
    PersonId::make(2, [2; 10])
}
pub fn young() -> PersonId {
    PersonId::make(3, [3; 10])
}
pub fn teacher() -> PersonId {
    PersonId::make(4, [4; 10])
}
pub fn unsigned() -> PersonId {
    PersonId::make(5, [5; 10])
}

/// Category, label, and what each group may.
type Row<'a> = (&'a str, &'a str, &'a [(&'a str, FilterAction)]);

fn table(when: Period, rows: &[Row<'_>]) -> Clause {
    let columns =
        ["younger-pupil", "pupil", "staff", "guest", "unknown"].map(|id| Column { id: id.into(), label: id.into() });
    let rows = rows.iter().map(|(category, label, cells)| FilterRow {
        id: ClauseId(format!("filter-{}-{category}", when.key())),
        category: (*category).into(),
        label: (*label).into(),
        cells: cells.iter().map(|(group, action)| ((*group).to_owned(), *action)).collect::<BTreeMap<_, _>>(),
    });
    Clause {
        id: ClauseId(format!("filter-{}", when.key())),
        number: "7.2".into(),
        section: "Filtering".into(),
        text: String::new(),
        span: 0..0,
        binding: Binding::Filter(FilterTable { when, columns: columns.into(), rows: rows.collect() }),
        sources: Vec::new(),
        facts: Default::default(),
    }
}

pub fn ruleset() -> Arc<Ruleset> {
    ruleset_with(|_| {})
}

/// The school's rules with something else about them.
pub fn ruleset_with(change: impl FnOnce(&mut Rules)) -> Arc<Ruleset> {
    use FilterAction::*;
    let everyone = |action| {
        [("younger-pupil", action), ("pupil", action), ("staff", action), ("guest", action), ("unknown", Block)]
    };
    let policy = Policy {
        sections: Default::default(),
        title: "Marlowe Bridge High School".into(),
        head: Head {
            nation: Nation::England,
            phase: Phase::Secondary,
            agreed: None,
            approved_by: None,
            review_every: None,
            next_review: None,
        },
        clauses: vec![
            table(
                Period::Always,
                &[
                    (
                        "games",
                        "Games <and> toys",
                        &[
                            ("younger-pupil", Block),
                            ("pupil", Block),
                            ("staff", Allow),
                            ("guest", Block),
                            ("unknown", Block),
                        ],
                    ),
                    ("video", "Video", &everyone(Warn)),
                    ("forums", "Forums", &everyone(Ask)),
                ],
            ),
            table(Period::OutOfSchool, &[("games", "Games", &everyone(Allow))]),
        ],
    };
    let mut builder = DomainIndexBuilder::new();
    for (category, name) in [
        ("games", "games.example"),
        ("video", "video.example"),
        ("forums", "forum.example"),
        ("games", "helpline.example"),
    ] {
        let source = builder.source("test list", category).unwrap();
        builder.add(source, name);
    }
    let time = |hour| jiff::civil::time(hour, 0, 0, 0);
    let date = |month, day| jiff::civil::date(2026, month, day);
    let day = vec![TimetablePart { period: Period::Lesson, from: time(9), until: time(15) }];
    let deny =
        SchoolRule { id: "deny-1".into(), host: "closed.example".into(), groups: Vec::new(), reason: "a test".into() };
    let timetable = Timetable::new("Europe/London", vec![(date(9, 1), date(12, 18))], Vec::new(), day).unwrap();
    let mut rules = Rules { school_deny: vec![deny], ..Rules::new(policy, timetable) };
    change(&mut rules);
    Arc::new(Ruleset::compile(rules, Arc::new(builder.build().unwrap()), Arc::new(IllegalList::new(KEY))))
}

pub fn rules() -> Arc<GatewayRules> {
    rules_by(ruleset())
}

/// The school's people under a set of rules.
pub fn rules_by(ruleset: Arc<Ruleset>) -> Arc<GatewayRules> {
    let person = |person, group: &str, gate, age_band, username: &str| PersonRules {
        person,
        group: group.into(),
        gate,
        age_band,
        proxy: Some(ProxyCredential::new(username, &format!("{username}-secret"))),
    };
    let people = [
        person(pupil(), "pupil", Gate::Open, AgeBand::Pupil, "pupil"),
        person(young(), "younger-pupil", Gate::Open, AgeBand::Younger, "young"),
        person(teacher(), "staff", Gate::Open, AgeBand::Adult, "teacher"),
        person(unsigned(), "pupil", Gate::SignFirst, AgeBand::Pupil, "unsigned"),
    ];
    Arc::new(GatewayRules::new(school(), "Marlowe Bridge High School", ruleset, people))
}

/// A gateway and everything around it.
pub struct Site {
    pub gateway: GatewayHandle,
    pub observations: mpsc::Receiver<Observation>,
    pub rules: watch::Sender<Option<Arc<GatewayRules>>>,
    pub origin: SocketAddr,
    clock: Arc<AtomicI64>,
}

impl Site {
    pub async fn start() -> Self {
        Self::start_with(Some(rules()), |_| {}).await
    }

    pub async fn start_with(first: Option<Arc<GatewayRules>>, change: impl FnOnce(&mut GatewayConfig)) -> Self {
        let origin = origin("origin").await;
        let portal = origin_named("portal").await;
        let (queue, observations) = mpsc::channel(1000);
        let place = Portal {
            base_url: "http://belisha.test".into(),
            hosts: vec!["belisha.test".into()],
            address: portal,
            forwarded_secret: Some("told-by-the-gateway".into()),
        };
        let mut config = GatewayConfig::loopback(school(), place, queue);
        config.illegal_list_key = KEY;
        config.limits.head_time = Duration::from_millis(400);
        config.limits.upstream_time = Duration::from_millis(300);
        config.tunnel_ports = vec![443];
        config.local_records.insert("*.example".into(), LocalRecord { address: LOOPBACK, port: Some(origin.port()) });
        change(&mut config);
        let (rules, receiver) = watch::channel(first);
        let clock = Arc::new(AtomicI64::new(MONDAY_LESSON.parse::<Timestamp>().unwrap().as_second()));
        let reads = Arc::clone(&clock);
        let now: Clock = Arc::new(move || Timestamp::from_second(reads.load(Ordering::SeqCst)).unwrap());
        let gateway = Gateway::start(config, receiver, now, entropy()).await.unwrap();
        Self { gateway, observations, rules, origin, clock }
    }

    pub fn proxy(&self) -> SocketAddr {
        self.gateway.proxy_addr.unwrap()
    }
    pub fn dns(&self) -> SocketAddr {
        self.gateway.dns_addr.unwrap()
    }
    pub fn now(&self) -> Timestamp {
        Timestamp::from_second(self.clock.load(Ordering::SeqCst)).unwrap()
    }
    /// Sets the school's clock to this machine's, for programs that read theirs.
    #[expect(clippy::disallowed_methods, reason = "curl and browsers look at this machine's clock")]
    pub fn set_time_as_here(&self) {
        self.clock.store(Timestamp::now().as_second(), Ordering::SeqCst);
    }
    pub fn set_time(&self, time: &str) {
        self.clock.store(time.parse::<Timestamp>().unwrap().as_second(), Ordering::SeqCst);
    }
    /// Somebody signs in at the portal from this machine, for a day.
    pub fn sign_in(&self, person: PersonId) {
        self.gateway.identity.sign_in(LOOPBACK, person, self.now(), self.now() + jiff::SignedDuration::from_hours(24));
    }
    pub fn sign_out(&self, person: PersonId) {
        self.gateway.identity.sign_out(LOOPBACK, person, self.now());
    }
    /// Everything observed so far.
    pub fn observed(&mut self) -> Vec<Observation> {
        std::iter::from_fn(|| self.observations.try_recv().ok()).collect()
    }
    /// A GET through the proxy.
    pub async fn get(&self, url: &str) -> Answer {
        self.request("GET", url, "").await
    }
    /// A request through the proxy; `headers` are whole lines.
    pub async fn request(&self, method: &str, url: &str, headers: &str) -> Answer {
        let host = url.split('/').nth(2).unwrap_or(url);
        send(self.proxy(), &format!("{method} {url} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{headers}\r\n"))
            .await
    }
}

pub fn entropy() -> Entropy {
    use std::hash::{BuildHasher, RandomState};
    Arc::new(|bytes: &mut [u8]| {
        for chunk in bytes.chunks_mut(8) {
            let random = RandomState::new().hash_one(0u8).to_le_bytes();
            chunk.copy_from_slice(&random[..chunk.len()]);
        }
    })
}

pub fn basic(username: &str, password: &str) -> String {
    use base64::Engine as _;
    let text = base64::engine::general_purpose::STANDARD.encode(format!("{username}:{password}"));
    format!("Proxy-Authorization: Basic {text}\r\n")
}

/// An HTTP answer, taken apart.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head
            .lines()
            .filter_map(|line| line.split_once(": "))
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }
}

/// Sends text and reads until the other side closes or says nothing for a while.
pub async fn send(to: SocketAddr, text: &str) -> Answer {
    let mut stream = TcpStream::connect(to).await.unwrap();
    stream.write_all(text.as_bytes()).await.unwrap();
    read_answer(&mut stream).await
}

pub async fn read_answer(stream: &mut TcpStream) -> Answer {
    let mut bytes = Vec::new();
    let _ = tokio::time::timeout(Duration::from_secs(5), stream.read_to_end(&mut bytes)).await;
    let text = String::from_utf8_lossy(&bytes);
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
    Answer { status, head: head.into(), body: body.into() }
}

pub async fn origin(name: &'static str) -> SocketAddr {
    origin_named(name).await
}

/// An origin that answers every request with its own name and what it was sent, head and body.
pub async fn origin_named(name: &'static str) -> SocketAddr {
    let listener = TcpListener::bind((LOOPBACK, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(answer_requests(stream, name));
        }
    });
    address
}

/// Answers every request on a stream with `name` and what it was sent.
pub async fn answer_requests(mut stream: impl AsyncRead + AsyncWrite + Unpin, name: &'static str) {
    let mut bytes = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        let Ok(length @ 1..) = stream.read(&mut chunk).await else {
            return;
        };
        bytes.extend_from_slice(&chunk[..length]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let expected = head.lines().find_map(|line| {
            line.to_lowercase().strip_prefix("content-length: ").map(|length| length.parse::<usize>().unwrap())
        });
        let chunked = head.to_lowercase().contains("transfer-encoding: chunked");
        if expected.is_some_and(|expected| body.len() < expected) || (chunked && !body.ends_with("0\r\n\r\n")) {
            continue;
        }
        let said = format!("{name} was sent:\n{text}");
        let answer = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nConnection: keep-alive\r\nX-Origin: {name}\r\nContent-Length: {}\r\n\r\n{said}",
            said.len()
        );
        if stream.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
        bytes.clear();
    }
}
