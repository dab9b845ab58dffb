//! What nobody can switch off, by DNS: what is illegal is not found and helplines are, whatever zones the school keeps and however
//! the question comes.

use crate::dns::{BLOCK_PAGE, addresses, ask, exchange_tcp, extended_error, question};
use crate::elsewhere::{Elsewhere, now};
use crate::never_support::*;
use crate::support::*;
use belisha_filter::ILLEGAL_TEST_ENTRY;
use belisha_gateway::*;
use hickory_proto::rr::rdata::svcb::{IpHint, SvcParamKey, SvcParamValue};
use hickory_proto::rr::rdata::{A, CNAME, HTTPS, PTR, SVCB};
use hickory_proto::rr::{Name, RData, RecordType};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

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
