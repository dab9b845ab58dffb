//! DNS on real sockets: closed names, open names, other servers, and packets from strangers.

use crate::support::*;
use belisha_gateway::{LocalRecord, Outcome};
use hickory_proto::op::{Edns, Message, MessageType, OpCode, Query, ResponseCode};
use hickory_proto::rr::rdata::opt::{EdnsCode, EdnsOption};
use hickory_proto::rr::rdata::{A, CNAME, TXT};
use hickory_proto::rr::{Name, RData, Record, RecordType};
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::time::timeout;

pub const BLOCK_PAGE: &str = "127.0.0.1";

pub fn question(host: &str, kind: RecordType) -> Message {
    let mut message = Message::new(0x1234, MessageType::Query, OpCode::Query);
    message.metadata.recursion_desired = true;
    message.add_query(Query::query(Name::from_ascii(format!("{host}.")).unwrap(), kind));
    message.set_edns(Edns::new());
    message
}

pub async fn exchange(to: SocketAddr, packet: &[u8]) -> Option<Message> {
    let socket = UdpSocket::bind((LOOPBACK, 0)).await.unwrap();
    socket.send_to(packet, to).await.unwrap();
    let mut buffer = [0; 4096];
    let length = timeout(Duration::from_millis(1500), socket.recv(&mut buffer)).await.ok()?.unwrap();
    Some(Message::from_vec(&buffer[..length]).unwrap())
}

pub async fn exchange_tcp(to: SocketAddr, packet: &[u8]) -> Message {
    let mut stream = TcpStream::connect(to).await.unwrap();
    stream.write_u16(u16::try_from(packet.len()).unwrap()).await.unwrap();
    stream.write_all(packet).await.unwrap();
    let mut answer = vec![0; usize::from(stream.read_u16().await.unwrap())];
    stream.read_exact(&mut answer).await.unwrap();
    Message::from_vec(&answer).unwrap()
}

pub async fn ask(site: &Site, host: &str, kind: RecordType) -> Message {
    exchange(site.dns(), &question(host, kind).to_vec().unwrap()).await.unwrap()
}

pub fn addresses(message: &Message) -> Vec<String> {
    message.answers.iter().map(|record| record.data.to_string()).collect()
}

pub fn extended_error(message: &Message) -> Option<u16> {
    match message.edns.as_ref()?.option(EdnsCode::Unknown(15))? {
        EdnsOption::Unknown(15, data) => Some(u16::from_be_bytes([data[0], data[1]])),
        _ => None,
    }
}

/// A server elsewhere: what each name answers is in the code below.
async fn upstream() -> SocketAddr {
    let tcp = TcpListener::bind((LOOPBACK, 0)).await.unwrap();
    let address = tcp.local_addr().unwrap();
    let udp = UdpSocket::bind(address).await.unwrap();
    tokio::spawn(async move {
        let mut buffer = [0; 4096];
        loop {
            let (length, client) = udp.recv_from(&mut buffer).await.unwrap();
            let asked = Message::from_vec(&buffer[..length]).unwrap();
            let host = asked.queries[0].name().to_ascii().to_lowercase();
            match host.as_str() {
                "silent.example." => continue,
                "forged.example." => {
                    let mut forged = answer_to(&asked);
                    forged.metadata.id ^= 1;
                    forged.answers[0].data = RData::A(A::new(203, 0, 112, 66));
                    udp.send_to(&forged.to_vec().unwrap(), client).await.unwrap();
                }
                _ => {}
            }
            let answer = answer_to(&asked);
            let answer = if host == "large.example." { answer.truncate() } else { answer };
            udp.send_to(&answer.to_vec().unwrap(), client).await.unwrap();
        }
    });
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = tcp.accept().await {
            let mut packet = vec![0; usize::from(stream.read_u16().await.unwrap())];
            stream.read_exact(&mut packet).await.unwrap();
            let answer = answer_to(&Message::from_vec(&packet).unwrap()).to_vec().unwrap();
            stream.write_u16(u16::try_from(answer.len()).unwrap()).await.unwrap();
            stream.write_all(&answer).await.unwrap();
        }
    });
    address
}

fn answer_to(asked: &Message) -> Message {
    let query = asked.queries[0].clone();
    let mut answer = Message::new(asked.metadata.id, MessageType::Response, OpCode::Query);
    answer.add_query(query.clone());
    let host = query.name().to_ascii().to_lowercase();
    let data: Vec<RData> = match (host.as_str(), query.query_type()) {
        ("public.example." | "forged.example.", RecordType::A) => vec![RData::A(A::new(203, 0, 112, 7))],
        ("rebind.example.", RecordType::A) => vec![RData::A(A::new(10, 0, 0, 5))],
        ("strict.bing.com.", RecordType::A) => vec![RData::A(A::new(203, 0, 112, 9))],
        ("alias.example.", RecordType::A) => vec![RData::CNAME(CNAME(Name::from_ascii("public.example.").unwrap()))],
        ("large.example.", RecordType::TXT) => {
            (0..20).map(|number| RData::TXT(TXT::new(vec![format!("{number} {}", "x".repeat(200))]))).collect()
        }
        _ => Vec::new(),
    };
    if host == "nothing.example." {
        answer.metadata.response_code = ResponseCode::NXDomain;
    }
    data.into_iter().for_each(|data| {
        answer.add_answer(Record::from_rdata(query.name().clone(), 60, data));
    });
    answer
}

async fn site_with_upstream() -> Site {
    let upstream = upstream().await;
    let site = Site::start_with(Some(rules()), |config| {
        config.upstreams = vec![upstream];
        config.local_records.clear();
        config
            .local_records
            .insert("*.lessons.example".into(), LocalRecord { address: [10, 9, 9, 9].into(), port: None });
        config.block_page_v4 = Ipv4Addr::LOCALHOST;
    })
    .await;
    site.sign_in(pupil());
    site
}

#[tokio::test]
async fn a_closed_name_leads_to_the_block_page_and_says_why_over_udp_and_tcp() {
    let mut site = Site::start().await;
    site.sign_in(pupil());
    let packet = question("WWW.Games.example", RecordType::A).to_vec().unwrap();
    for answer in [exchange(site.dns(), &packet).await.unwrap(), exchange_tcp(site.dns(), &packet).await] {
        assert_eq!((answer.metadata.id, answer.metadata.response_code), (0x1234, ResponseCode::NoError));
        assert_eq!(addresses(&answer), [BLOCK_PAGE]);
        assert_eq!(answer.queries[0].name().to_ascii(), "WWW.Games.example.", "capitals come back as sent");
        assert_eq!(extended_error(&answer), Some(15));
    }
    for kind in [RecordType::AAAA, RecordType::HTTPS, RecordType::TXT, RecordType::MX] {
        let answer = ask(&site, "games.example", kind).await;
        assert_eq!((answer.metadata.response_code, answer.answers.len()), (ResponseCode::NoError, 0), "{kind}");
    }
    assert_eq!(extended_error(&ask(&site, "illegal-test.example", RecordType::A).await), Some(16));
    let mut plain = question("games.example", RecordType::A);
    plain.edns = None;
    let answer = exchange(site.dns(), &plain.to_vec().unwrap()).await.unwrap();
    assert!(answer.edns.is_none() && addresses(&answer) == [BLOCK_PAGE], "no EDNS for those who do not speak it");
    let seen = site.observed();
    assert_eq!(
        seen.iter().filter(|seen| seen.host.as_deref() == Some("www.games.example")).count(),
        1,
        "one visit, one observation"
    );
    assert!(seen.iter().all(|seen| seen.outcome == Outcome::Blocked));
    assert!(seen.iter().any(|seen| seen.reason == "illegal" && seen.host.is_none()));
}

#[tokio::test]
async fn open_names_unsigned_people_and_helplines() {
    let mut site = Site::start().await;
    assert_eq!(addresses(&ask(&site, "lessons.example", RecordType::A).await), [BLOCK_PAGE], "unknown: closed");
    site.sign_in(unsigned());
    let answer = ask(&site, "lessons.example", RecordType::A).await;
    assert_eq!((addresses(&answer), extended_error(&answer)), (vec![BLOCK_PAGE.to_owned()], Some(18)));
    site.observed();
    let helpline = ask(&site, "helpline.example", RecordType::A).await;
    assert_eq!(
        (addresses(&helpline), extended_error(&helpline)),
        (vec!["127.0.0.1".to_owned()], None),
        "its own address, by the local record"
    );
    assert!(ask(&site, "belisha.test", RecordType::A).await.answers.len() == 1 && site.observed().is_empty());
}

#[tokio::test]
async fn names_that_browsers_and_phones_ask_to_go_round_us() {
    let site = Site::start().await;
    for host in [
        "use-application-dns.net",
        "mask.icloud.com",
        "mask-h2.icloud.com",
        "printer.local",
        "hidden.onion",
        "anything.invalid",
        "1.0.0.10.in-addr.arpa",
    ] {
        assert_eq!(ask(&site, host, RecordType::A).await.metadata.response_code, ResponseCode::NXDomain, "{host}");
    }
    let answer = ask(&site, "_dns.resolver.arpa", RecordType::SVCB).await;
    assert_eq!((answer.metadata.response_code, answer.answers.len()), (ResponseCode::NoError, 0));
    assert_eq!(addresses(&ask(&site, "wpad.school.example", RecordType::A).await), ["127.0.0.1"], "ours, whoever asks");
}

#[tokio::test]
async fn other_servers_are_asked_and_checked() {
    let site = site_with_upstream().await;
    assert_eq!(addresses(&ask(&site, "public.example", RecordType::A).await), ["203.0.112.7"]);
    assert_eq!(
        addresses(&ask(&site, "forged.example", RecordType::A).await),
        ["203.0.112.7"],
        "a wrong id is not believed"
    );
    assert_eq!(ask(&site, "nothing.example", RecordType::A).await.metadata.response_code, ResponseCode::NXDomain);
    assert_eq!(
        addresses(&ask(&site, "a.lessons.example", RecordType::A).await),
        ["10.9.9.9"],
        "a local record may be private"
    );
    let rebound = ask(&site, "rebind.example", RecordType::A).await;
    assert_eq!((rebound.metadata.response_code, rebound.answers.len()), (ResponseCode::Refused, 0));
    let silent = ask(&site, "silent.example", RecordType::A).await;
    assert_eq!((silent.metadata.response_code, extended_error(&silent)), (ResponseCode::ServFail, Some(22)));
    let cut = ask(&site, "large.example", RecordType::TXT).await;
    assert!(cut.metadata.truncation && cut.answers.is_empty(), "too long for UDP, says so");
    let whole = exchange_tcp(site.dns(), &question("large.example", RecordType::TXT).to_vec().unwrap()).await;
    assert_eq!(whole.answers.len(), 20);
}

#[tokio::test]
async fn search_engines_are_answered_under_their_safe_name() {
    let site = site_with_upstream().await;
    let answer = ask(&site, "www.bing.com", RecordType::A).await;
    assert_eq!(addresses(&answer), ["strict.bing.com.", "203.0.112.9"]);
    assert_eq!(answer.answers[1].name.to_ascii(), "strict.bing.com.");
    let https = ask(&site, "www.bing.com", RecordType::HTTPS).await;
    assert_eq!(addresses(&https), ["strict.bing.com."], "no way round by HTTPS records");
    assert_eq!((https.metadata.response_code, extended_error(&https)), (ResponseCode::NoError, Some(4)));
}

#[tokio::test]
async fn transfers_and_other_classes_are_refused() {
    let site = Site::start().await;
    for kind in [RecordType::ANY, RecordType::AXFR, RecordType::IXFR] {
        assert_eq!(ask(&site, "lessons.example", kind).await.metadata.response_code, ResponseCode::Refused, "{kind}");
    }
    let mut chaos = question("version.bind", RecordType::TXT);
    chaos.queries[0].set_query_class(hickory_proto::rr::DNSClass::CH);
    assert_eq!(
        exchange(site.dns(), &chaos.to_vec().unwrap()).await.unwrap().metadata.response_code,
        ResponseCode::Refused
    );
    let mut version = question("lessons.example", RecordType::A);
    version.edns.as_mut().unwrap().set_version(9);
    let answered = exchange(site.dns(), &version.to_vec().unwrap()).await.unwrap().metadata.response_code;
    assert_eq!(u16::from(answered), 16, "BADVERS, which shares its number with BADSIG");
    let mut update = question("lessons.example", RecordType::A);
    update.metadata.op_code = OpCode::Update;
    assert_eq!(
        exchange(site.dns(), &update.to_vec().unwrap()).await.unwrap().metadata.response_code,
        ResponseCode::NotImp
    );
}

#[tokio::test]
async fn dig_reads_our_answers() {
    let Ok(found) = tokio::process::Command::new("dig").arg("-v").output().await else {
        return;
    };
    assert!(found.status.success());
    let site = Site::start().await;
    site.sign_in(pupil());
    let dig = |arguments: &[&str]| {
        let mut command = tokio::process::Command::new("dig");
        command.args(["@127.0.0.1", "-p", &site.dns().port().to_string(), "+time=3", "+tries=1"]).args(arguments);
        async move { String::from_utf8(command.output().await.unwrap().stdout).unwrap() }
    };
    assert_eq!(dig(&["+short", "games.example"]).await.trim(), BLOCK_PAGE);
    let full = dig(&["games.example"]).await;
    assert!(full.contains("status: NOERROR") && full.contains("EDE: 15 (Blocked)"), "{full}");
    assert!(!full.to_lowercase().contains("warning"), "{full}");
    let full = dig(&["+tcp", "use-application-dns.net"]).await;
    assert!(full.contains("status: NXDOMAIN"), "{full}");
}
