//! What other servers say, and what becomes of it: lost and forged packets, servers that are away, answers that lead
//! elsewhere, the school's own zones.

use crate::dns::{addresses, ask, exchange, extended_error, question};
use crate::elsewhere::{Elsewhere, now};
use crate::life::eventually;
use crate::support::*;
use belisha_gateway::{ForwardZone, Outcome, TlsUpstream};
use hickory_proto::op::{Edns, Message, ResponseCode};
use hickory_proto::rr::rdata::opt::EdnsOption;
use hickory_proto::rr::rdata::svcb::{EchConfigList, IpHint, SVCB, SvcParamKey, SvcParamValue};
use hickory_proto::rr::rdata::{A, CNAME, HTTPS, PTR, TXT};
use hickory_proto::rr::{Name, RData, Record, RecordType};
use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;
use tokio::net::TcpListener;

const TRUE: [u8; 4] = [203, 0, 112, 7];
const FALSE: [u8; 4] = [203, 0, 112, 66];

fn name(text: &str) -> Name {
    Name::from_ascii(format!("{text}.")).unwrap()
}

async fn site(servers: &[SocketAddr], change: impl FnOnce(&mut belisha_gateway::GatewayConfig)) -> Site {
    let site = Site::start_with(Some(rules()), |config| {
        config.upstreams = servers.to_vec();
        config.local_records.clear();
        config.limits.upstream_time = Duration::from_secs(2);
        change(config);
    })
    .await;
    site.sign_in(pupil());
    site
}

#[tokio::test]
async fn a_lost_packet_is_sent_again() {
    let first = AtomicBool::new(true);
    let server =
        Elsewhere::start(
            move |asked| {
                if first.swap(false, Ordering::SeqCst) { Vec::new() } else { now(&asked.address(TRUE)) }
            },
        )
        .await;
    let site = site(&[server.address], |_| {}).await;
    assert_eq!(addresses(&ask(&site, "public.example", RecordType::A).await), ["203.0.112.7"]);
    assert_eq!(server.asked().len(), 2);
}

#[tokio::test]
async fn a_dead_server_is_asked_once_and_found_again_when_it_is_back() {
    let back = Arc::new(AtomicBool::new(false));
    let dead = {
        let back = Arc::clone(&back);
        Elsewhere::start(move |asked| if back.load(Ordering::SeqCst) { now(&asked.address(TRUE)) } else { Vec::new() })
            .await
    };
    let alive = Elsewhere::start(|asked| now(&asked.address(TRUE))).await;
    let site = site(&[dead.address, alive.address], |_| {}).await;
    for number in 0..10 {
        let answer = ask(&site, &format!("n{number}.example"), RecordType::A).await;
        assert_eq!(addresses(&answer), ["203.0.112.7"]);
    }
    assert_eq!((dead.asked().len(), alive.asked().len()), (1, 10), "one wait, then nobody waits for it");
    back.store(true, Ordering::SeqCst);
    // Once it answers the trials in the background, it may be asked again when the other is away; all we can see here is
    // that a school with this server alone gets answers again.
    let lonely = self::site(&[dead.address], |_| {}).await;
    assert_eq!(addresses(&ask(&lonely, "public.example", RecordType::A).await), ["203.0.112.7"]);
}

#[tokio::test]
async fn a_server_that_fails_or_refuses_is_passed_over_for_the_next() {
    for code in [ResponseCode::ServFail, ResponseCode::Refused] {
        let failing = Elsewhere::start(move |asked| {
            let mut answer = asked.answer([]);
            answer.metadata.response_code = code;
            now(&answer)
        })
        .await;
        let sound = Elsewhere::start(|asked| now(&asked.address(TRUE))).await;
        let both = site(&[failing.address, sound.address], |_| {}).await;
        assert_eq!(addresses(&ask(&both, "public.example", RecordType::A).await), ["203.0.112.7"]);
        let alone = site(&[failing.address], |_| {}).await;
        assert_eq!(ask(&alone, "public.example", RecordType::A).await.metadata.response_code, code);
    }
}

#[tokio::test]
async fn many_who_ask_the_same_are_one_question() {
    let server =
        Elsewhere::start(|asked| vec![(Duration::from_millis(100), asked.address(TRUE).to_vec().unwrap())]).await;
    let site = site(&[server.address], |_| {}).await;
    let packet = question("public.example", RecordType::A).to_vec().unwrap();
    let clients: Vec<_> = (0..20)
        .map(|_| {
            let (to, packet) = (site.dns(), packet.clone());
            tokio::spawn(async move { exchange(to, &packet).await })
        })
        .collect();
    for client in clients {
        assert_eq!(addresses(&client.await.unwrap().unwrap()), ["203.0.112.7"]);
    }
    assert_eq!(server.asked().len(), 1);
}

#[tokio::test]
async fn ports_ids_and_capitals_are_not_to_be_guessed() {
    let server =
        Elsewhere::start(|asked| vec![(Duration::from_millis(100), asked.address(TRUE).to_vec().unwrap())]).await;
    let site = site(&[server.address], |_| {}).await;
    let clients: Vec<_> = (0..40)
        .map(|number| {
            let to = site.dns();
            let packet = question(&format!("name-number-{number}.example"), RecordType::A).to_vec().unwrap();
            tokio::spawn(async move { exchange(to, &packet).await.unwrap() })
        })
        .collect();
    for client in clients {
        let answer = client.await.unwrap();
        assert_eq!(addresses(&answer), ["203.0.112.7"]);
        assert_eq!(answer.answers[0].name.to_ascii(), answer.queries[0].name().to_ascii());
        assert!(!answer.answers[0].name.to_ascii().bytes().any(|byte| byte.is_ascii_uppercase()));
    }
    let asked = server.asked();
    let ports: HashSet<_> = asked.iter().map(|asked| asked.from.port()).collect();
    let ids: HashSet<_> = asked.iter().map(|asked| asked.message.metadata.id).collect();
    assert!(ports.len() >= 4 && ids.len() >= 35, "{} ports, {} ids", ports.len(), ids.len());
    let mixed = asked.iter().filter(|asked| {
        let name = asked.message.queries[0].name().to_ascii();
        name.bytes().any(|byte| byte.is_ascii_uppercase()) && name.bytes().any(|byte| byte.is_ascii_lowercase())
    });
    assert!(mixed.count() >= 35);
}

/// RFC 5452 section 9, RFC 7873 section 5.3: who does not know id, name, letters and cookie is not believed.
#[tokio::test]
async fn forged_answers_are_not_believed() {
    let server = Elsewhere::start(|asked| {
        let with_cookie = |mut message: Message, cookie: Vec<u8>| {
            message.edns.as_mut().unwrap().options_mut().insert(EdnsOption::Unknown(10, cookie));
            message
        };
        let small = |mut message: Message| {
            let lower = message.queries[0].name().to_lowercase();
            message.queries[0].set_name(lower);
            message
        };
        let truth = with_cookie(asked.address(TRUE), [&asked.cookie()[..8], &[9; 16]].concat());
        let mut other_id = asked.address(FALSE);
        other_id.metadata.id ^= 1;
        let mut other_name = asked.address(FALSE);
        other_name.queries[0].set_name(name("other.example"));
        let mut query = asked.address(FALSE);
        query.metadata.message_type = hickory_proto::op::MessageType::Query;
        let forged = match asked.host().as_str() {
            "id.example" => other_id,
            "name.example" => other_name,
            "query.example" => query,
            "cookie.example" => with_cookie(asked.address(FALSE), vec![1; 24]),
            // Over TCP nobody can mix in, so the truth is found there.
            "letters.example" if !asked.over_tcp => return now(&small(asked.address(FALSE))),
            "no-cookie.example" if !asked.over_tcp => return now(&asked.address(FALSE)),
            _ => return now(&truth),
        };
        [now(&forged), now(&truth)].concat()
    })
    .await;
    let site = site(&[server.address], |_| {}).await;
    for host in ["id", "name", "query", "cookie", "letters", "no-cookie"] {
        let answer = ask(&site, &format!("{host}.example"), RecordType::A).await;
        assert_eq!(addresses(&answer), ["203.0.112.7"], "{host}");
    }
    let asked = server.asked();
    assert_eq!(asked[0].cookie().len(), 8, "our half alone, before it sent its own");
    assert!(asked[1..].iter().all(|asked| asked.cookie().ends_with(&[9; 16]) || asked.over_tcp), "then both");
}

#[tokio::test]
async fn a_server_that_keeps_no_capitals_is_believed_all_the_same() {
    let server = Elsewhere::start(|asked| {
        let mut answer = asked.address(TRUE);
        let lower = answer.queries[0].name().to_lowercase();
        answer.queries[0].set_name(lower);
        now(&answer)
    })
    .await;
    let site = site(&[server.address], |_| {}).await;
    for number in 0..5 {
        let answer = ask(&site, &format!("n{number}.example"), RecordType::A).await;
        assert_eq!(addresses(&answer), ["203.0.112.7"]);
    }
    assert_eq!(server.asked().iter().filter(|asked| asked.over_tcp).count(), 1, "asked over TCP once, to learn it");
}

#[tokio::test]
async fn cut_answers_come_over_one_tcp_connection() {
    let server = Elsewhere::start(|asked| {
        let text = (0..20).map(|number| RData::TXT(TXT::new(vec![format!("{number} {}", "x".repeat(200))])));
        now(&if asked.over_tcp { asked.answer(text) } else { asked.answer([]).truncate() })
    })
    .await;
    let site = site(&[server.address], |_| {}).await;
    for host in ["a.example", "b.example", "c.example"] {
        let whole = crate::dns::exchange_tcp(site.dns(), &question(host, RecordType::TXT).to_vec().unwrap()).await;
        assert_eq!(whole.answers.len(), 20);
    }
    let asked = server.asked();
    assert_eq!(asked.iter().filter(|asked| asked.over_tcp).map(|asked| asked.connections).max(), Some(1));
}

/// RFC 8767.
#[tokio::test]
async fn an_old_answer_is_given_when_nobody_can_be_reached() {
    let away = Arc::new(AtomicBool::new(false));
    let server = {
        let away = Arc::clone(&away);
        Elsewhere::start(move |asked| {
            let mut answer = asked.address(TRUE);
            answer.answers[0].ttl = 1;
            if away.load(Ordering::SeqCst) { Vec::new() } else { now(&answer) }
        })
        .await
    };
    let site = site(&[server.address], |config| config.limits.upstream_time = Duration::from_millis(300)).await;
    let fresh = ask(&site, "public.example", RecordType::A).await;
    assert_eq!((addresses(&fresh), extended_error(&fresh)), (vec!["203.0.112.7".to_owned()], None));
    away.store(true, Ordering::SeqCst);
    tokio::time::sleep(Duration::from_millis(1100)).await;
    for _ in 0..2 {
        let stale = ask(&site, "public.example", RecordType::A).await;
        assert_eq!((addresses(&stale), extended_error(&stale)), (vec!["203.0.112.7".to_owned()], Some(3)));
        assert_eq!(stale.answers[0].ttl, 30);
    }
    let never = ask(&site, "never-asked.example", RecordType::A).await;
    assert_eq!((never.metadata.response_code, extended_error(&never)), (ResponseCode::ServFail, Some(22)));
    away.store(false, Ordering::SeqCst);
    eventually(async || extended_error(&ask(&site, "public.example", RecordType::A).await).is_none()).await;
}

#[tokio::test]
async fn garbage_is_a_failure_and_the_server_is_asked_again_for_other_names() {
    let rounds = AtomicUsize::new(0);
    let server = Elsewhere::start(move |asked| {
        let mut bytes = asked.address(TRUE).to_vec().unwrap();
        let at = rounds.fetch_add(1, Ordering::SeqCst);
        if asked.host().starts_with("bad") {
            // A record that claims to be longer than the packet, a name that points to itself, a packet cut in the middle.
            match at % 3 {
                0 => {
                    let question = bytes.len() - 11 - 16;
                    bytes[question + 10] = 0xff;
                }
                1 => {
                    let answer = asked.message.queries[0].name().to_ascii().len() + 1 + 12 + 4;
                    let place = u16::try_from(answer).unwrap() | 0xc000;
                    bytes[answer..answer + 2].copy_from_slice(&place.to_be_bytes());
                }
                _ => bytes.truncate(bytes.len() - 14),
            }
        }
        vec![(Duration::ZERO, bytes)]
    })
    .await;
    let site = site(&[server.address], |_| {}).await;
    for number in 0..6 {
        let bad = ask(&site, &format!("bad{number}.example"), RecordType::A).await;
        assert_eq!((bad.metadata.response_code, bad.answers.len()), (ResponseCode::ServFail, 0));
        let good = ask(&site, &format!("good{number}.example"), RecordType::A).await;
        assert_eq!(addresses(&good), ["203.0.112.7"]);
    }
}

#[tokio::test]
async fn an_open_name_is_no_door_to_a_closed_one() {
    let server = Elsewhere::start(|asked| {
        let host = asked.host();
        let alias = |target: &str| {
            let mut answer = asked.answer([RData::CNAME(CNAME(name(target)))]);
            answer.add_answer(Record::from_rdata(name(target), 60, RData::A(A(TRUE.into()))));
            answer
        };
        let service = |target: &str, params| RData::HTTPS(HTTPS(SVCB::new(1, name(target), params)));
        let hint = |address: [u8; 4]| (SvcParamKey::Ipv4Hint, SvcParamValue::Ipv4Hint(IpHint(vec![A(address.into())])));
        let ech = (SvcParamKey::EchConfigList, SvcParamValue::EchConfigList(EchConfigList(vec![1, 2, 3])));
        now(&match host.as_str() {
            "to-games.example" => alias("www.games.example"),
            "to-illegal.example" | "helpline.example" => alias("illegal-test.example"),
            "to-open.example" => alias("public.example"),
            "service-games.example" => asked.answer([service("games.example", vec![])]),
            "hint-inside.example" => asked.answer([service("public.example", vec![hint([10, 0, 0, 1])])]),
            "hidden.example" => asked.answer([service("public.example", vec![hint(TRUE), ech])]),
            "closed-net.example" => asked.address([198, 51, 99, 7]),
            "junk.example" => {
                let mut answer = asked.address(TRUE);
                answer.add_answer(Record::from_rdata(name("bank.example"), 60, RData::A(A(FALSE.into()))));
                answer
            }
            _ => asked.address(TRUE),
        })
    })
    .await;
    let mut site =
        site(&[server.address], |config| config.dns.closed_networks = vec!["198.51.99.0/24".parse().unwrap()]).await;
    // Twice: from the other server, and from memory.
    for _ in 0..2 {
        for (host, error) in [("to-games.example", 15), ("to-illegal.example", 16), ("closed-net.example", 15)] {
            let answer = ask(&site, host, RecordType::A).await;
            assert_eq!(
                (addresses(&answer), extended_error(&answer)),
                (vec!["127.0.0.1".to_owned()], Some(error)),
                "{host}"
            );
        }
        let open = ask(&site, "to-open.example", RecordType::A).await;
        assert_eq!(addresses(&open), ["public.example.", "203.0.112.7"]);
        let service = ask(&site, "service-games.example", RecordType::HTTPS).await;
        assert_eq!((service.answers.len(), extended_error(&service)), (0, Some(15)));
        let inside = ask(&site, "hint-inside.example", RecordType::HTTPS).await;
        assert_eq!((inside.metadata.response_code, inside.answers.len()), (ResponseCode::Refused, 0));
        let hidden = ask(&site, "hidden.example", RecordType::HTTPS).await;
        let RData::HTTPS(service) = &hidden.answers[0].data else { panic!("an HTTPS record") };
        assert_eq!(service.0.svc_params.iter().map(|(key, _)| *key).collect::<Vec<_>>(), [SvcParamKey::Ipv4Hint]);
        assert_eq!(
            addresses(&ask(&site, "junk.example", RecordType::A).await),
            ["203.0.112.7"],
            "only what was asked for"
        );
    }
    let page = send(
        site.gateway.block_page_addr.unwrap(),
        "GET / HTTP/1.1\r\nHost: to-games.example\r\nConnection: close\r\n\r\n",
    )
    .await;
    assert!(page.status == 403 && page.body.contains("www.games.example"), "the page says what is closed: {page:?}");
    let seen = site.observed();
    assert!(
        seen.iter().any(|seen| seen.host.as_deref() == Some("www.games.example") && seen.outcome == Outcome::Blocked)
    );
    assert!(seen.iter().any(|seen| seen.reason == "illegal" && seen.host.is_none()));
    assert!(!seen.iter().any(|seen| seen.host.as_deref() == Some("illegal-test.example")));
    // A helpline is open whatever it is an alias of, but nothing opens what is illegal; who asked is not written down.
    let helpline = ask(&site, "helpline.example", RecordType::A).await;
    assert_eq!(extended_error(&helpline), Some(16));
    assert!(site.observed().iter().all(|seen| seen.host.is_none()));
}

#[tokio::test]
async fn the_schools_own_zones_are_open_to_every_device_and_written_down_nowhere() {
    let controller = Elsewhere::start(|asked| {
        now(&match asked.message.queries[0].query_type() {
            RecordType::PTR if asked.host() == "7.0.0.10.in-addr.arpa" => {
                asked.answer([RData::PTR(PTR(name("Laptop-7.ad.school.example")))])
            }
            RecordType::A => asked.address([10, 0, 0, 2]),
            _ => asked.answer([]),
        })
    })
    .await;
    let outside = Elsewhere::start(|asked| now(&asked.address(TRUE))).await;
    let zone = |suffix: &str| ForwardZone { suffix: suffix.into(), servers: vec![controller.address] };
    let mut site = site(&[outside.address], |config| {
        config.dns.forward_zones =
            vec![zone("ad.school.example"), zone("10.in-addr.arpa"), zone("illegal-test.example")];
        config.dns.local_zones = vec!["here.example".into()];
        config.dns.local_data = vec![
            "printer.here.example 300 IN A 10.0.0.5".into(),
            "paper.here.example CNAME printer.here.example".into(),
            "_ipp._tcp.here.example SRV 0 0 631 printer.here.example".into(),
        ];
    })
    .await;
    site.sign_out(pupil());
    site.observed();
    assert_eq!(addresses(&ask(&site, "dc1.ad.school.example", RecordType::A).await), ["10.0.0.2"]);
    assert_eq!(addresses(&ask(&site, "7.0.0.10.in-addr.arpa", RecordType::PTR).await), ["Laptop-7.ad.school.example."]);
    assert_eq!(site.gateway.device_name([10, 0, 0, 7].into()).await.as_deref(), Some("laptop-7.ad.school.example"));
    assert_eq!(site.gateway.device_name([10, 0, 0, 8].into()).await, None);
    assert_eq!(site.gateway.device_name([192, 168, 0, 8].into()).await, None, "asked of nobody");
    assert_eq!(addresses(&ask(&site, "printer.here.example", RecordType::A).await), ["10.0.0.5"]);
    assert_eq!(
        addresses(&ask(&site, "paper.here.example", RecordType::A).await),
        ["printer.here.example.", "10.0.0.5"]
    );
    assert_eq!(ask(&site, "_ipp._tcp.here.example", RecordType::SRV).await.answers.len(), 1);
    let nothing = ask(&site, "printer.here.example", RecordType::AAAA).await;
    assert_eq!((nothing.metadata.response_code, nothing.answers.len()), (ResponseCode::NoError, 0));
    assert_eq!(ask(&site, "other.here.example", RecordType::A).await.metadata.response_code, ResponseCode::NXDomain);
    assert!(site.observed().is_empty() && outside.asked().is_empty());
    // Not even a zone of the school's opens what is illegal.
    assert_eq!(extended_error(&ask(&site, "illegal-test.example", RecordType::A).await), Some(16));
    let rebound = ask(&site, "192.0.3.9", RecordType::A).await;
    assert_ne!(addresses(&rebound), ["10.0.0.2"]);
}

/// RFC 4035 section 4.6, RFC 6840 section 5.7, RFC 3225.
#[tokio::test]
async fn dnssec_passes_and_what_was_changed_does_not_pretend() {
    let server = Elsewhere::start(|asked| {
        let mut answer = asked.address(TRUE);
        answer.metadata.authentic_data = true;
        answer.metadata.checking_disabled = asked.message.metadata.checking_disabled;
        if asked.message.edns.as_ref().unwrap().flags().dnssec_ok {
            let signature = hickory_proto::rr::rdata::NULL::with(vec![0, 1, 13, 2, 0, 0, 0, 60]);
            let signature = RData::Unknown { code: RecordType::RRSIG, rdata: signature };
            answer.add_answer(Record::from_rdata(asked.message.queries[0].name().clone(), 60, signature));
        }
        now(&answer)
    })
    .await;
    let site = site(&[server.address], |_| {}).await;
    let ask = async |host: &str, change: &dyn Fn(&mut Message)| {
        let mut packet = question(host, RecordType::A);
        change(&mut packet);
        exchange(site.dns(), &packet.to_vec().unwrap()).await.unwrap()
    };
    for _ in 0..2 {
        let plain = ask("signed.example", &|_| {}).await;
        assert_eq!((plain.metadata.authentic_data, plain.answers.len()), (false, 1), "who knows no AD gets none");
        let aware = ask("signed.example", &|packet| packet.metadata.authentic_data = true).await;
        assert!(aware.metadata.authentic_data && aware.answers.len() == 1);
        let signed = ask("signed.example", &|packet| {
            let mut edns = Edns::new();
            edns.set_dnssec_ok(true);
            packet.set_edns(edns);
        })
        .await;
        assert!(signed.metadata.authentic_data && signed.edns.as_ref().unwrap().flags().dnssec_ok);
        assert_eq!(signed.answers[1].record_type(), RecordType::RRSIG);
        let unchecked = ask("signed.example", &|packet| packet.metadata.checking_disabled = true).await;
        assert!(unchecked.metadata.checking_disabled);
        let closed = ask("games.example", &|packet| packet.metadata.authentic_data = true).await;
        assert!(!closed.metadata.authentic_data, "the block page is nobody's signed answer");
    }
    let asked = server.asked();
    assert!(asked.iter().any(|asked| asked.message.metadata.checking_disabled));
}

#[tokio::test]
async fn servers_are_asked_over_tls_and_strangers_are_not() {
    let made = rcgen::generate_simple_self_signed(vec!["dns.elsewhere.example".to_owned()]).unwrap();
    let directory = tempfile::tempdir().unwrap();
    let roots = directory.path().join("roots.pem");
    std::fs::write(&roots, made.cert.pem()).unwrap();
    let key = rustls::pki_types::PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind((LOOPBACK, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let log = Arc::default();
    tokio::spawn({
        let log = Arc::clone(&log);
        async move {
            while let Ok((stream, from)) = listener.accept().await {
                let Ok(stream) = acceptor.accept(stream).await else { continue };
                let answer: Arc<dyn Fn(&crate::elsewhere::Asked) -> crate::elsewhere::Sent + Send + Sync> =
                    Arc::new(|asked| now(&asked.address(TRUE)));
                tokio::spawn(crate::elsewhere::over_stream(stream, from, 1, Arc::clone(&log), answer));
            }
        }
    });
    let with = |tls_name: &str| {
        let (name, roots) = (tls_name.to_owned(), roots.clone());
        move |config: &mut belisha_gateway::GatewayConfig| {
            config.dns.tls_upstreams = vec![TlsUpstream { address, name }];
            config.dns.upstream_roots = Some(roots);
            config.limits.upstream_time = Duration::from_secs(5);
        }
    };
    let trusted = site(&[], with("dns.elsewhere.example")).await;
    for host in ["a.example", "b.example"] {
        assert_eq!(addresses(&ask(&trusted, host, RecordType::A).await), ["203.0.112.7"]);
    }
    {
        let asked = log.lock().unwrap();
        assert_eq!(asked.len(), 2);
        assert!(
            asked.iter().all(|asked: &crate::elsewhere::Asked| asked
                .message
                .to_vec()
                .unwrap()
                .len()
                .is_multiple_of(128)),
            "padded"
        );
    }
    let stranger = site(&[], with("dns.other.example")).await;
    let answer = exchange(stranger.dns(), &question("a.example", RecordType::A).to_vec().unwrap()).await;
    assert_eq!(answer.unwrap().metadata.response_code, ResponseCode::ServFail, "another's certificate");
}
