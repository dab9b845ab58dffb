//! DNS as clients speak it: over TLS and HTTPS, many questions on one connection, cookies, padding, limits; and what `dig`,
//! `kdig` and `curl` make of our answers.

use crate::dns::{addresses, ask, exchange, extended_error, question};
use crate::elsewhere::{Elsewhere, now};
use crate::support::*;
use belisha_gateway::{CertificateFiles, GatewayConfig};
use hickory_proto::op::{Edns, Message, ResponseCode};
use hickory_proto::rr::RecordType;
use hickory_proto::rr::rdata::opt::{EdnsCode, EdnsOption};
use std::net::SocketAddr;
use std::process::Output;
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::process::Command;
use tokio::time::timeout;

const NAME: &str = "dns.school.example";

/// A site with encrypted DNS and a server elsewhere; names that begin with `slow` are answered late.
async fn encrypted(change: impl FnOnce(&mut GatewayConfig)) -> (Site, TempDir) {
    let elsewhere = Elsewhere::start(|asked| {
        let delay = if asked.host().starts_with("slow") { 200 } else { 0 };
        vec![(Duration::from_millis(delay), asked.address([203, 0, 112, 7]).to_vec().unwrap())]
    })
    .await;
    let directory = tempfile::tempdir().unwrap();
    let files = CertificateFiles { chain: directory.path().join("chain.pem"), key: directory.path().join("key.pem") };
    let made = rcgen::generate_simple_self_signed(vec![NAME.to_owned(), "localhost".to_owned()]).unwrap();
    std::fs::write(&files.chain, made.cert.pem()).unwrap();
    std::fs::write(&files.key, made.signing_key.serialize_pem()).unwrap();
    let any = SocketAddr::new(LOOPBACK, 0);
    let site = Site::start_with(Some(rules()), |config| {
        config.upstreams = vec![elsewhere.address];
        config.local_records.clear();
        config.limits.head_time = Duration::from_secs(5);
        config.dns.tls_listen = vec![any];
        config.dns.https_listen = vec![any];
        config.dns.certificate = Some(files);
        config.dns.encrypted_name = Some(NAME.into());
        change(config);
    })
    .await;
    site.sign_in(pupil());
    (site, directory)
}

/// What a program says; `None` if it is not installed.
async fn run(program: &str, arguments: &[&str]) -> Option<String> {
    let Output { stdout, stderr, .. } = Command::new(program).args(arguments).output().await.ok()?;
    Some(String::from_utf8_lossy(&[stdout, stderr].concat()).into_owned())
}

async fn kdig(server: SocketAddr, arguments: &[&str]) -> Option<String> {
    let port = server.port().to_string();
    run("kdig", &[&["@127.0.0.1", "-p", &port, "+timeout=3", "+retry=0"], arguments].concat()).await
}

fn option(message: &Message, code: EdnsCode) -> Option<Vec<u8>> {
    match message.edns.as_ref()?.option(code)? {
        EdnsOption::Unknown(_, data) => Some(data.clone()),
        _ => None,
    }
}

fn with_option(host: &str, code: u16, data: Vec<u8>) -> Message {
    let mut message = question(host, RecordType::A);
    message.edns.as_mut().unwrap().options_mut().insert(EdnsOption::Unknown(code, data));
    message
}

/// RFC 7858 and RFC 8467 section 4.1, as kdig sees them.
#[tokio::test]
async fn kdig_asks_over_tls_and_gets_padded_answers() {
    let (site, directory) = encrypted(|_| {}).await;
    let tls = site.gateway.dns_tls_addr.unwrap();
    let authority = format!("+tls-ca={}", directory.path().join("chain.pem").display());
    let hostname = format!("+tls-hostname={NAME}");
    let Some(open) = kdig(tls, &["+tls", &authority, &hostname, "+padding", "public.example"]).await else { return };
    assert!(open.contains("203.0.112.7") && open.contains("PADDING"), "{open}");
    assert!(open.contains("Received 468 B"), "{open}");
    let closed = kdig(tls, &["+tls", "games.example"]).await.unwrap();
    assert!(closed.contains("127.0.0.1") && closed.contains("15 (Blocked)"), "{closed}");
    let https = site.gateway.dns_https_addr.unwrap();
    for method in ["+https", "+https-get"] {
        let open = kdig(https, &["+https", method, "public.example"]).await.unwrap();
        assert!(open.contains("203.0.112.7") || open.contains("not supported"), "{open}");
    }
}

/// RFC 8484 sections 4 and 5.1, as curl sees them.
#[tokio::test]
async fn curl_asks_over_https_by_get_and_post() {
    let (site, directory) = encrypted(|_| {}).await;
    let base = format!("https://localhost:{}/dns-query", site.gateway.dns_https_addr.unwrap().port());
    let trusted = ["-sS", "--cacert", &directory.path().join("chain.pem").display().to_string()].map(str::to_owned);
    let file = directory.path().join("question");
    let mut packet = question("public.example", RecordType::A);
    packet.metadata.id = 0;
    let packet = packet.to_vec().unwrap();
    std::fs::write(&file, &packet).unwrap();
    let answer = directory.path().join("answer").display().to_string();
    let curl = async |arguments: &[&str]| {
        let _ = std::fs::remove_file(&answer);
        let trusted = trusted.each_ref().map(String::as_str);
        run("curl", &[&trusted, &["-o", &answer, "-D", "-"][..], arguments].concat()).await
    };
    let data = format!("@{}", file.display());
    let post = ["-H", "content-type: application/dns-message", "--data-binary", &data, &base];
    for version in ["--http1.1", "--http2"] {
        let Some(head) = curl(&[&[version][..], &post].concat()).await else { return };
        assert!(head.contains("200") && head.contains("content-type: application/dns-message"), "{head}");
        assert!(head.contains("cache-control: private, max-age="), "{head}");
        let message = Message::from_vec(&std::fs::read(&answer).unwrap()).unwrap();
        assert_eq!((addresses(&message), message.metadata.id), (vec!["203.0.112.7".to_owned()], 0));
    }
    use base64::Engine as _;
    let get = format!("{base}?dns={}", base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(&packet));
    assert!(curl(&[&get]).await.unwrap().contains("200"));
    assert_eq!(addresses(&Message::from_vec(&std::fs::read(&answer).unwrap()).unwrap()), ["203.0.112.7"]);
    for (arguments, status) in [
        (vec![base.as_str()], "400"),
        (vec!["-X", "PUT", &base], "405"),
        (vec!["--data-binary", &data, &base], "415"),
        (vec![&base[..base.len() - 1]], "404"),
    ] {
        let head = curl(&arguments).await.unwrap();
        assert!(head.lines().next().unwrap().contains(status), "{head}");
    }
    let great = directory.path().join("great");
    std::fs::write(&great, vec![0; 70_000]).unwrap();
    let data = format!("@{}", great.display());
    let head = curl(&["--http1.1", "-H", "content-type: application/dns-message", "--data-binary", &data, &base])
        .await
        .unwrap();
    assert!(head.contains("413"), "{head}");
    // curl itself as a client: it finds a host by our answer.
    let found =
        run("curl", &["-sS", "--doh-insecure", "--doh-url", &base, "--max-time", "3", "http://games.example:9/"]).await;
    assert!(
        found.unwrap().contains("127.0.0.1")
            || site.gateway.metrics.blocked.load(std::sync::atomic::Ordering::Relaxed) > 0
    );
}

/// RFC 7766 sections 6.2.1.1 and 7: many questions at once, answers in any order, and those to come after the last word.
#[tokio::test]
async fn questions_of_one_connection_do_not_wait_for_each_other() {
    let (site, _directory) = encrypted(|_| {}).await;
    let mut stream = TcpStream::connect(site.dns()).await.unwrap();
    let mut packets = Vec::new();
    for (id, host) in [(1, "slow.example"), (2, "public.example"), (3, "games.example")] {
        let mut packet = question(host, RecordType::A);
        packet.metadata.id = id;
        let packet = packet.to_vec().unwrap();
        packets.extend_from_slice(&u16::try_from(packet.len()).unwrap().to_be_bytes());
        packets.extend_from_slice(&packet);
    }
    // In two pieces that fit no packet.
    let (first, second) = packets.split_at(47);
    stream.write_all(first).await.unwrap();
    tokio::time::sleep(Duration::from_millis(20)).await;
    stream.write_all(second).await.unwrap();
    stream.shutdown().await.unwrap();
    let mut order = Vec::new();
    while let Ok(length) = stream.read_u16().await {
        let mut answer = vec![0; usize::from(length)];
        stream.read_exact(&mut answer).await.unwrap();
        order.push(Message::from_vec(&answer).unwrap().metadata.id);
    }
    assert_eq!(order.last(), Some(&1), "the slow one last: {order:?}");
    order.sort_unstable();
    assert_eq!(order, [1, 2, 3], "every one");
}

/// RFC 7828.
#[tokio::test]
async fn a_client_may_learn_how_long_a_connection_is_kept() {
    let site = Site::start().await;
    let packet = with_option("games.example", 11, Vec::new()).to_vec().unwrap();
    let over_tcp = crate::dns::exchange_tcp(site.dns(), &packet).await;
    assert_eq!(option(&over_tcp, EdnsCode::Keepalive), Some(100_u16.to_be_bytes().to_vec()), "ten seconds, in tenths");
    let over_udp = exchange(site.dns(), &packet).await.unwrap();
    assert_eq!(option(&over_udp, EdnsCode::Keepalive), None);
}

#[tokio::test]
async fn clients_are_bounded_and_strangers_to_tls_let_go() {
    let (site, _directory) = encrypted(|config| {
        config.limits.dns_connections = 16;
        config.limits.idle_time = Duration::from_millis(200);
        config.limits.head_time = Duration::from_millis(300);
    })
    .await;
    for address in [site.dns(), site.gateway.dns_tls_addr.unwrap(), site.gateway.dns_https_addr.unwrap()] {
        let mut silent = TcpStream::connect(address).await.unwrap();
        let mut byte = [0];
        let ended = timeout(Duration::from_secs(5), silent.read(&mut byte)).await.unwrap();
        assert!(matches!(ended, Ok(0) | Err(_)), "a client that says nothing");
        let mut stranger = TcpStream::connect(address).await.unwrap();
        let _ = stranger.write_all(&[0xff; 600]).await;
        timeout(Duration::from_secs(5), async { while stranger.read(&mut byte).await.is_ok_and(|read| read > 0) {} })
            .await
            .unwrap();
    }
    let held: Vec<_> = hold(8, site.dns()).await;
    let refused = || site.gateway.metrics.refused_connections.load(std::sync::atomic::Ordering::Relaxed);
    crate::life::eventually(async || refused() > 0).await;
    drop(held);
    crate::life::eventually(async || !addresses(&ask(&site, "games.example", RecordType::A).await).is_empty()).await;
}

async fn hold(number: usize, address: SocketAddr) -> Vec<TcpStream> {
    let mut held = Vec::new();
    for _ in 0..number {
        held.push(TcpStream::connect(address).await.unwrap());
    }
    held
}

/// RFC 7873 sections 5.2 and 5.4.
#[tokio::test]
async fn cookies_are_given_checked_and_malformed_ones_refused() {
    let site = Site::start().await;
    let packet = with_option("games.example", 10, vec![1; 8]).to_vec().unwrap();
    let first = option(&exchange(site.dns(), &packet).await.unwrap(), EdnsCode::Cookie).unwrap();
    assert_eq!((first.len(), &first[..8]), (24, &[1; 8][..]));
    let again = exchange(site.dns(), &with_option("games.example", 10, first).to_vec().unwrap()).await.unwrap();
    assert_eq!(again.metadata.response_code, ResponseCode::NoError);
    for length in [7, 12, 41] {
        let bad = with_option("games.example", 10, vec![1; length]).to_vec().unwrap();
        let answer = exchange(site.dns(), &bad).await.unwrap();
        assert_eq!(answer.metadata.response_code, ResponseCode::FormErr, "{length}");
    }
    if let Some(text) = kdig(site.dns(), &["+cookie", "games.example"]).await {
        assert!(text.contains("COOKIE") && text.contains("127.0.0.1"), "{text}");
    }
}

#[tokio::test]
async fn who_asks_too_much_is_sent_to_tcp_and_a_proven_address_may_ask_more() {
    let limited = async || {
        Site::start_with(Some(rules()), |config| {
            config.dns.questions_a_second = 10;
            config.dns.unlimited.clear();
        })
        .await
    };
    let site = limited().await;
    let packet = question("games.example", RecordType::A).to_vec().unwrap();
    let socket = tokio::net::UdpSocket::bind((LOOPBACK, 0)).await.unwrap();
    let mut cut = 0;
    for _ in 0..60 {
        socket.send_to(&packet, site.dns()).await.unwrap();
    }
    let mut buffer = [0; 1500];
    let mut answered = 0;
    while let Ok(Ok(length)) = timeout(Duration::from_millis(300), socket.recv(&mut buffer)).await {
        let message = Message::from_vec(&buffer[..length]).unwrap();
        assert!(length <= packet.len() + 80, "no more than was sent, but for the reason");
        answered += 1;
        cut += usize::from(message.metadata.truncation && message.answers.is_empty());
    }
    assert!((20..=50).contains(&answered) && (15..=25).contains(&cut), "{answered} answered, {cut} of them cut short");
    assert_eq!(addresses(&crate::dns::exchange_tcp(site.dns(), &packet).await), ["127.0.0.1"], "TCP is open");
    let site = limited().await;
    let cookie = with_option("games.example", 10, vec![1; 8]).to_vec().unwrap();
    let cookie = option(&exchange(site.dns(), &cookie).await.unwrap(), EdnsCode::Cookie).unwrap();
    let proven = with_option("games.example", 10, cookie).to_vec().unwrap();
    for number in 0..60 {
        let answer = exchange(site.dns(), &proven).await.unwrap();
        assert!(!answer.metadata.truncation, "{number}");
    }
}

/// RFC 9462 section 4: encrypted DNS is told of where it is set up, and not else.
#[tokio::test]
async fn clients_that_look_for_encrypted_dns_find_ours() {
    let (site, _directory) = encrypted(|_| {}).await;
    let answer = ask(&site, "_dns.resolver.arpa", RecordType::SVCB).await;
    let said = addresses(&answer).join("\n");
    let [tls, https] = [site.gateway.dns_tls_addr, site.gateway.dns_https_addr].map(|address| address.unwrap().port());
    assert!(said.contains("1 dns.school.example.") && said.contains("dot") && answer.answers.len() == 2, "{said}");
    assert!(said.contains("2 dns.school.example.") && said.contains("h2"), "{said}");
    assert!(said.contains("127.0.0.1"), "{said}");
    assert_ne!((tls, https), (0, 0));
    let address = ask(&site, "_dns.resolver.arpa", RecordType::A).await;
    assert_eq!((address.metadata.response_code, address.answers.len()), (ResponseCode::NoError, 0));
}

/// RFC 1035 sections 4.1.1 and 4.1.4, RFC 6891 section 6, RFC 8914 section 2, in bytes.
#[tokio::test]
async fn packets_that_no_library_would_write() {
    let site = Site::start().await;
    let head = |flags: [u8; 2], counts: [u8; 4]| {
        let [questions, answers, authorities, additionals] = counts;
        vec![0x12, 0x34, flags[0], flags[1], 0, questions, 0, answers, 0, authorities, 0, additionals]
    };
    let games = b"\x05games\x07example\0\0\x01\0\x01";
    let opt = |version: u8, length: u8| {
        [&[0, 0, 41, 4, 0xd0, 0, version, 0, 0, 0, length][..], &vec![0; usize::from(length)]].concat()
    };
    let code = async |packet: Vec<u8>| {
        let answer = exchange(site.dns(), &packet).await?;
        Some((answer, u16::from_be_bytes([packet[0], packet[1]])))
    };
    // Bits of the answer's head: it is an answer, recursion is there, it is no authority, the bit kept for later is not set.
    let (answer, id) = code([head([0x01, 0x40], [1, 0, 0, 0]), games.to_vec()].concat()).await.unwrap();
    let raw = answer.to_vec().unwrap();
    assert_eq!((answer.metadata.id, raw[2], raw[3] & 0xf0), (id, 0x81, 0x80));
    for (what, packet, expected) in [
        ("two questions", [head([1, 0], [2, 0, 0, 0]), games.to_vec(), games.to_vec()].concat(), ResponseCode::FormErr),
        ("no question", head([1, 0], [0, 0, 0, 0]), ResponseCode::FormErr),
        (
            "a name that points to itself",
            [head([1, 0], [1, 0, 0, 0]), vec![0xc0, 12, 0, 1, 0, 1]].concat(),
            ResponseCode::FormErr,
        ),
        (
            "a name that points onward",
            [head([1, 0], [1, 0, 0, 0]), vec![0xc0, 14, 0xc0, 12, 0, 1, 0, 1]].concat(),
            ResponseCode::FormErr,
        ),
        (
            "a label of no kind",
            [head([1, 0], [1, 0, 0, 0]), vec![0x80, 1, 0, 0, 1, 0, 1]].concat(),
            ResponseCode::FormErr,
        ),
        ("a question cut short", [head([1, 0], [1, 0, 0, 0]), games[..9].to_vec()].concat(), ResponseCode::FormErr),
        (
            "two OPT records",
            [head([1, 0], [1, 0, 0, 2]), games.to_vec(), opt(0, 0), opt(0, 0)].concat(),
            ResponseCode::FormErr,
        ),
        ("a count that is not true", [head([1, 0], [1, 0, 0, 9]), games.to_vec()].concat(), ResponseCode::FormErr),
        ("a status question", [head([0x11, 0], [1, 0, 0, 0]), games.to_vec()].concat(), ResponseCode::NotImp),
        ("an update", [head([0x29, 0], [1, 0, 0, 0]), games.to_vec()].concat(), ResponseCode::NotImp),
        ("a notify", [head([0x21, 0], [1, 0, 0, 0]), games.to_vec()].concat(), ResponseCode::NotImp),
    ] {
        let (answer, _) = code(packet).await.unwrap_or_else(|| panic!("{what} is answered"));
        assert_eq!(answer.metadata.response_code, expected, "{what}");
    }
    // Another version of EDNS, and options nobody knows.
    let (answer, _) = code([head([1, 0], [1, 0, 0, 1]), games.to_vec(), opt(1, 0)].concat()).await.unwrap();
    assert_eq!((u16::from(answer.metadata.response_code), answer.edns.as_ref().unwrap().version()), (16, 0));
    let (answer, _) = code([head([1, 0], [1, 0, 0, 1]), games.to_vec(), opt(0, 4)].concat()).await.unwrap();
    assert_eq!((answer.metadata.response_code, extended_error(&answer)), (ResponseCode::NoError, Some(15)));
    // Without EDNS no reason is given, since none can be read.
    let (answer, _) = code([head([1, 0], [1, 0, 0, 0]), games.to_vec()].concat()).await.unwrap();
    assert!(answer.edns.is_none() && addresses(&answer) == ["127.0.0.1"]);
    // An answer is never answered, nor what is too short to be anything.
    for silent in [[head([0x81, 0], [1, 0, 0, 0]), games.to_vec()].concat(), vec![0x12, 0x34, 1], Vec::new()] {
        assert!(exchange(site.dns(), &silent).await.is_none());
    }
}

/// RFC 2308 sections 2 and 5: "nothing" carries a SOA, whose time is how long it may be remembered.
#[tokio::test]
async fn nothing_is_said_so_that_it_can_be_remembered() {
    let counted = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let count = std::sync::Arc::clone(&counted);
    let elsewhere = Elsewhere::start(move |asked| {
        count.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        let mut answer = asked.answer([]);
        if asked.host() == "no-such.example" {
            answer.metadata.response_code = ResponseCode::NXDomain;
        }
        let zone = hickory_proto::rr::Name::from_ascii("example.").unwrap();
        let soa = hickory_proto::rr::rdata::SOA::new(zone.clone(), zone.clone(), 1, 1, 1, 1, 60);
        let soa = hickory_proto::rr::RData::SOA(soa);
        answer.add_authority(hickory_proto::rr::Record::from_rdata(zone, 300, soa));
        now(&answer)
    })
    .await;
    let site = Site::start_with(Some(rules()), |config| {
        config.upstreams = vec![elsewhere.address];
        config.local_records.clear();
    })
    .await;
    site.sign_in(pupil());
    for (host, code) in [("no-such.example", ResponseCode::NXDomain), ("no-data.example", ResponseCode::NoError)] {
        for _ in 0..3 {
            let answer = ask(&site, host, RecordType::AAAA).await;
            assert_eq!((answer.metadata.response_code, answer.answers.len()), (code, 0));
            assert_eq!(answer.authorities[0].record_type(), RecordType::SOA);
        }
    }
    assert_eq!(counted.load(std::sync::atomic::Ordering::SeqCst), 2, "each was asked once");
    let canary = ask(&site, "use-application-dns.net", RecordType::A).await;
    assert_eq!((canary.metadata.response_code, canary.authorities.len()), (ResponseCode::NXDomain, 1));
}

/// Who asks without the wish for recursion learns nothing of what others asked.
#[tokio::test]
async fn the_memory_cannot_be_snooped() {
    let (site, _directory) = encrypted(|_| {}).await;
    assert_eq!(addresses(&ask(&site, "public.example", RecordType::A).await), ["203.0.112.7"]);
    let mut snoop = question("public.example", RecordType::A);
    snoop.metadata.recursion_desired = false;
    let answer = exchange(site.dns(), &snoop.to_vec().unwrap()).await.unwrap();
    assert_eq!((answer.metadata.response_code, answer.answers.len()), (ResponseCode::Refused, 0));
    let mut small = question("public.example", RecordType::A);
    let mut edns = Edns::new();
    edns.set_max_payload(100);
    small.set_edns(edns);
    let answer = exchange(site.dns(), &small.to_vec().unwrap()).await.unwrap();
    assert_eq!(addresses(&answer), ["203.0.112.7"], "a size below 512 counts as 512 (RFC 6891 section 6.2.3)");
}
