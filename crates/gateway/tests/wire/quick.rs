//! The quick way through a DNS question and the other one say the same, count the same and observe the same, whoever asks,
//! whenever, and whatever the rules are at that moment.

use crate::dns::exchange;
use crate::support::*;
use belisha_gateway::{GatewayConfig, GatewayRules};
use hickory_proto::op::{Edns, Message, MessageType, OpCode, Query, ResponseCode};
use hickory_proto::rr::rdata::{A, AAAA, CNAME, SOA};
use hickory_proto::rr::{Name, RData, Record, RecordType};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::UdpSocket;

/// A flag that a question has no use for: it is read over by the other way, and the quick one leaves such packets alone.
const AUTHORITATIVE: u8 = 0x04;

const HOSTS: &[&str] = &[
    "lessons.example",
    "www.lessons.example",
    "games.example",
    "www.games.example",
    "video.example",
    "forum.example",
    "closed.example",
    "illegal-test.example",
    "childline.org.uk",
    "alias.example",
    "sly.example",
    "inside.example",
    "nothing.example",
    "empty.example",
    "many.example",
    "www.bing.com",
    "use-application-dns.net",
    "belisha.test",
    "wpad.lessons.example",
    "printer.local",
    "localhost",
    "-odd_.example",
];

fn name(host: &str) -> Name {
    Name::from_labels(host.split('.').map(str::as_bytes)).unwrap()
}

/// A server elsewhere, which always says the same.
async fn upstream() -> SocketAddr {
    let socket = UdpSocket::bind((LOOPBACK, 0)).await.unwrap();
    let address = socket.local_addr().unwrap();
    tokio::spawn(async move {
        let mut buffer = [0; 4096];
        loop {
            let (length, client) = socket.recv_from(&mut buffer).await.unwrap();
            let answer = said(&Message::from_vec(&buffer[..length]).unwrap());
            socket.send_to(&answer.to_vec().unwrap(), client).await.unwrap();
        }
    });
    address
}

fn said(asked: &Message) -> Message {
    let query = asked.queries[0].clone();
    let mut answer = Message::new(asked.metadata.id, MessageType::Response, OpCode::Query);
    answer.metadata.authentic_data = true;
    answer.add_query(query.clone());
    answer.set_edns(Edns::new());
    let host = query.name().to_ascii().to_lowercase();
    let owner = |data| Record::from_rdata(query.name().clone(), 3600, data);
    let numbered = |last| RData::A(A::new(203, 0, 112, last));
    match (host.trim_end_matches('.'), query.query_type()) {
        ("nothing.example", _) => {
            answer.metadata.response_code = ResponseCode::NXDomain;
            answer.add_authority(soa());
        }
        ("empty.example", _) => {
            answer.add_authority(soa());
        }
        ("alias.example", kind) => alias(&mut answer, &query, "lessons.example", kind),
        ("sly.example", kind) => alias(&mut answer, &query, "games.example", kind),
        ("inside.example", RecordType::A) => drop(answer.add_answer(owner(RData::A(A::new(10, 0, 0, 5))))),
        ("many.example", RecordType::A) => (0..60).for_each(|last| {
            answer.add_answer(owner(numbered(last)));
        }),
        (_, RecordType::A) => drop(answer.add_answer(owner(numbered(7)))),
        (_, RecordType::AAAA) => drop(answer.add_answer(owner(RData::AAAA(AAAA::new(0x2a00, 1, 2, 3, 4, 5, 6, 7))))),
        _ => drop(answer.add_authority(soa())),
    }
    answer
}

fn soa() -> Record {
    let zone = name("example");
    Record::from_rdata(zone.clone(), 900, RData::SOA(SOA::new(zone.clone(), zone, 1, 2, 3, 4, 900)))
}

fn alias(answer: &mut Message, query: &Query, target: &str, kind: RecordType) {
    answer.add_answer(Record::from_rdata(query.name().clone(), 3600, RData::CNAME(CNAME(name(target)))));
    if kind == RecordType::A {
        answer.add_answer(Record::from_rdata(name(target), 1800, RData::A(A::new(203, 0, 112, 8))));
    } else {
        answer.add_authority(soa());
    }
}

/// Numbers of random look, the same in every run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % most
    }

    fn one<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }
}

fn any_question(numbers: &mut Numbers) -> Vec<u8> {
    let host = numbers.one(HOSTS);
    let host: String =
        host.chars().map(|each| if numbers.below(4) == 0 { each.to_ascii_uppercase() } else { each }).collect();
    let kinds = [RecordType::A, RecordType::A, RecordType::AAAA, RecordType::HTTPS, RecordType::TXT];
    let mut question = Message::new(numbers.below(65_536) as u16, MessageType::Query, OpCode::Query);
    question.metadata.recursion_desired = numbers.below(20) > 0;
    question.metadata.checking_disabled = numbers.below(8) == 0;
    question.metadata.authentic_data = numbers.below(2) == 0;
    question.add_query(Query::query(name(&host), numbers.one(&kinds)));
    if numbers.below(2) == 0 {
        let mut edns = Edns::new();
        edns.set_max_payload(numbers.one(&[0, 512, 1232, 4096])).set_dnssec_ok(numbers.below(3) == 0);
        question.set_edns(edns);
    }
    question.to_vec().unwrap()
}

/// What an answer says, in an order that does not matter; times to live may differ by the seconds between two questions.
fn meaning(answer: &Message) -> String {
    let mut records: Vec<String> = Vec::new();
    for (section, part) in [("answer", &answer.answers), ("authority", &answer.authorities)] {
        for record in part {
            let coarse = record.ttl.div_ceil(30);
            // A name that the packet shares with the question takes its capitals; it is the same name.
            let text = format!("{section} {} {coarse} {:?}", record.name.to_ascii(), record.data);
            records.push(text.to_lowercase());
        }
    }
    records.sort();
    let edns = answer.edns.as_ref().map(|edns| format!("{:?}", edns));
    format!("{:?}\n{:?}\n{records:#?}\n{edns:?}", answer.metadata, answer.queries)
}

async fn site(upstream: SocketAddr) -> Site {
    Site::start_with(Some(rules()), |config: &mut GatewayConfig| {
        config.local_records.clear();
        config.upstreams = vec![upstream];
        config.limits.upstream_time = Duration::from_secs(5);
    })
    .await
}

fn counted(site: &Site, names: &[&str]) -> Vec<u64> {
    let all = site.gateway.metrics.all();
    names.iter().map(|name| all.iter().find(|(each, _)| each == name).unwrap().1).collect()
}

#[tokio::test]
async fn the_quick_way_and_the_other_say_count_and_observe_the_same() {
    let upstream = upstream().await;
    let (mut quick, mut other) = (site(upstream).await, site(upstream).await);
    let mut numbers = Numbers(20_261_122);
    let people = [pupil(), young(), teacher(), unsigned()];
    let times = [MONDAY_LESSON, "2026-11-23T18:00:00Z", "2026-11-24T10:00:00Z", "2026-11-22T12:00:00Z"];
    for round in 0..1500 {
        if numbers.below(40) == 0 {
            let (time, person) = (numbers.one(&times), numbers.one(&people));
            let nobody = numbers.below(4) == 0;
            for site in [&quick, &other] {
                site.gateway.identity.clear(LOOPBACK, site.now());
                site.set_time(time);
                if !nobody {
                    site.sign_in(person);
                }
            }
        }
        let plain = any_question(&mut numbers);
        let mut marked = plain.clone();
        marked[2] |= AUTHORITATIVE;
        let (one, two) = (exchange(quick.dns(), &plain).await, exchange(other.dns(), &marked).await);
        let (one, two) = (one.expect("an answer the quick way"), two.expect("an answer the other way"));
        assert_eq!(meaning(&one), meaning(&two), "question {round}: {:?}", Message::from_vec(&plain).unwrap());
        assert_eq!(quick.observed(), other.observed(), "question {round}: {:?}", Message::from_vec(&plain).unwrap());
    }
    let names = ["dns_questions", "allowed", "blocked", "helplines", "sign_first", "dns_rebinding", "observed"];
    assert_eq!(counted(&quick, &names), counted(&other, &names), "{names:?}");
    assert!(counted(&quick, &["dns_quick"])[0] > 500, "{:?}", quick.gateway.metrics.all());
    assert_eq!(counted(&other, &["dns_quick"]), [0]);
}

#[tokio::test]
async fn rules_taken_a_moment_ago_hold_for_the_next_question() {
    let upstream = upstream().await;
    let site = site(upstream).await;
    site.sign_in(teacher());
    let question = any_question_for("games.example");
    let address = |answer: Message| answer.answers[0].data.to_string();
    for _ in 0..20 {
        assert_eq!(address(exchange(site.dns(), &question).await.unwrap()), "203.0.112.7", "open to staff");
        let strict = rules_without_people();
        site.rules.send_replace(Some(strict.clone()));
        assert!(site.gateway.holds(&strict, Duration::from_secs(5)).await);
        assert_eq!(
            address(exchange(site.dns(), &question).await.unwrap()),
            LOOPBACK.to_string(),
            "closed to strangers"
        );
        let open = rules();
        site.rules.send_replace(Some(open.clone()));
        assert!(site.gateway.holds(&open, Duration::from_secs(5)).await);
    }
}

fn any_question_for(host: &str) -> Vec<u8> {
    let mut question = Message::new(7, MessageType::Query, OpCode::Query);
    question.metadata.recursion_desired = true;
    question.add_query(Query::query(name(host), RecordType::A));
    question.to_vec().unwrap()
}

fn rules_without_people() -> Arc<GatewayRules> {
    Arc::new(GatewayRules::new(school(), "Marlowe Bridge High School", ruleset(), []))
}
