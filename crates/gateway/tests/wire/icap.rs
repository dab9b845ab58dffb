//! The ICAP server held to RFC 3507 on raw sockets, section by section, and to what our own proxy does with the same requests.

use crate::content::{book, gambling, limits, scanner};
use crate::support::*;
use belisha_filter::WhenScannerAway;
use belisha_gateway::{
    ClamdAddress, Confidence, GatewayConfig, GatewayRules, IdentitySource, NetworkRegister, Outcome, Protocol,
};
use belisha_records::PersonId;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

const LONG: Duration = Duration::from_secs(5);
/// The device that requests are for.
const DEVICE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 9));

async fn icap_site(first: Option<Arc<GatewayRules>>, change: impl FnOnce(&mut GatewayConfig)) -> Site {
    let site = Site::start_with(first, |config| {
        config.icap.listen = vec![SocketAddr::from((LOOPBACK, 0))];
        config.content.phrase_book = Some(book());
        change(config);
    })
    .await;
    sit(&site, pupil());
    site
}

/// Somebody signs in at the device.
fn sit(site: &Site, person: PersonId) {
    let until = site.now() + jiff::SignedDuration::from_hours(24);
    site.gateway.identity.sign_in(DEVICE, person, site.now(), until);
}

/// A connection to the ICAP server.
struct Client(TcpStream, Vec<u8>);

/// The length of the answer that bytes begin with, if all of it is there. No body here holds what ends one.
fn whole(bytes: &[u8]) -> Option<usize> {
    let find = |from: usize, what: &[u8]| {
        Some(from + bytes[from..].windows(what.len()).position(|some| some == what)? + what.len())
    };
    let head = find(0, b"\r\n\r\n")?;
    let text = String::from_utf8_lossy(&bytes[..head]).into_owned();
    let Some(parts) = text.lines().find_map(|line| line.strip_prefix("Encapsulated: ")) else { return Some(head) };
    let body = head + parts.rsplit('=').next()?.parse::<usize>().ok()?;
    let end = if parts.contains("null-body") { body } else { find(body.min(bytes.len()), b"\r\n0\r\n\r\n")? };
    (bytes.len() >= end).then_some(end)
}

impl Client {
    async fn of(site: &Site) -> Self {
        Self(TcpStream::connect(site.gateway.icap_addr.unwrap()).await.unwrap(), Vec::new())
    }

    async fn send(&mut self, text: impl AsRef<[u8]>) {
        self.0.write_all(text.as_ref()).await.unwrap();
    }

    /// An answer; what follows it is kept for the next. Whatever came, if the connection ended first.
    async fn answer(&mut self) -> String {
        loop {
            if let Some(length) = whole(&self.1) {
                return String::from_utf8_lossy(&self.1.drain(..length).collect::<Vec<u8>>()).into_owned();
            }
            match timeout(LONG, self.0.read_buf(&mut self.1)).await {
                Ok(Ok(1..)) => {}
                _ => return String::from_utf8_lossy(&std::mem::take(&mut self.1)).into_owned(),
            }
        }
    }

    async fn ask(&mut self, text: impl AsRef<[u8]>) -> String {
        self.send(text).await;
        self.answer().await
    }

    async fn is_over(&mut self) -> bool {
        let mut rest = Vec::new();
        timeout(LONG, self.0.read_to_end(&mut rest)).await.is_ok()
    }
}

const FOR_DEVICE: &str = "X-Client-IP: 10.0.0.9\r\n";

/// A REQMOD for a head without a body. `headers` are whole lines.
fn reqmod(headers: &str, http: &str) -> String {
    format!(
        "REQMOD icap://gateway.example:1344/request ICAP/1.0\r\nHost: gateway.example\r\n{FOR_DEVICE}{headers}\
         Encapsulated: req-hdr=0, null-body={}\r\n\r\n{http}",
        http.len()
    )
}

fn reqmod_with_body(headers: &str, http: &str, body: &str) -> String {
    let head = reqmod(headers, http);
    format!("{}{body}", head.replace("null-body", "req-body"))
}

/// A RESPMOD for a page. `sent` is the body as it is sent, in chunks.
fn respmod(headers: &str, url: &str, http: &str, sent: &str) -> String {
    let host = url.split('/').nth(2).unwrap();
    let request = format!("GET {url} HTTP/1.1\r\nHost: {host}\r\n\r\n");
    format!(
        "RESPMOD icap://gateway.example:1344/response ICAP/1.0\r\nHost: gateway.example\r\n{FOR_DEVICE}{headers}\
         Encapsulated: req-hdr=0, res-hdr={}, res-body={}\r\n\r\n{request}{http}{sent}",
        request.len(),
        request.len() + http.len()
    )
}

fn get(url: &str) -> String {
    let host = url.split('/').nth(2).unwrap();
    format!("GET {url} HTTP/1.1\r\nHost: {host}\r\n\r\n")
}

fn chunked(body: &str) -> String {
    let pieces = body
        .as_bytes()
        .chunks(1000)
        .map(|piece| format!("{:x}\r\n{}\r\n", piece.len(), std::str::from_utf8(piece).unwrap()));
    pieces.collect::<String>() + "0\r\n\r\n"
}

const HTML: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n";

// RFC 3507.

#[tokio::test]
async fn section_4_10_a_service_says_what_it_can_do_and_when_that_changes() {
    let site = icap_site(Some(rules()), |_| {}).await;
    let mut client = Client::of(&site).await;
    let options =
        |service: &str| format!("OPTIONS icap://gateway.example/{service} ICAP/1.0\r\nHost: gateway.example\r\n\r\n");
    let tag = |answer: &str| answer.lines().find_map(|line| line.strip_prefix("ISTag: ").map(str::to_owned)).unwrap();
    let requests = client.ask(options("request")).await;
    assert!(requests.starts_with("ICAP/1.0 200 OK\r\nMethods: REQMOD\r\n"), "{requests}");
    for line in
        ["Preview: 4096", "Allow: 204", "Transfer-Preview: *", "Max-Connections: ", "Options-TTL: ", "Service: "]
    {
        assert!(requests.contains(&format!("\r\n{line}")), "{line}: {requests}");
    }
    let answers = client.ask(options("response")).await;
    assert!(answers.contains("Methods: RESPMOD\r\n") && tag(&answers) == tag(&requests), "{answers}");
    assert!(tag(&answers).len() <= 34 && tag(&answers).starts_with('"'), "section 4.7: 32 bytes in quotes");
    site.rules.send_replace(Some(limits(|_| {})));
    while site.gateway.metrics.all().contains(&("rules_taken", 1)) {
        tokio::task::yield_now().await;
    }
    assert_ne!(tag(&client.ask(options("request")).await), tag(&requests), "other rules, another tag");
}

#[tokio::test]
async fn section_4_8_requests_pass_are_answered_or_are_changed() {
    let mut site = icap_site(Some(rules()), |_| {}).await;
    let mut client = Client::of(&site).await;
    let open = client.ask(reqmod("Allow: 204\r\n", &get("http://lessons.example/week?q=1"))).await;
    assert!(open.starts_with("ICAP/1.0 204 ") && open.contains("ISTag: "), "{open}");
    let closed = client.ask(reqmod("Allow: 204\r\n", &get("http://games.example/"))).await;
    assert!(closed.contains("Encapsulated: res-hdr=0, res-body="), "{closed}");
    assert!(closed.contains("HTTP/1.1 403 Forbidden") && closed.contains("This page is closed"), "{closed}");
    let search = client.ask(reqmod("Allow: 204\r\n", &get("http://www.google.com/search?q=volcanoes"))).await;
    assert!(search.contains("GET http://forcesafesearch.google.com/search?q=volcanoes HTTP/1.1\r\n"), "{search}");
    assert!(search.contains("Encapsulated: req-hdr=0, null-body=") && search.contains("prefer: safe\r\n"), "{search}");
    let tunnel = "CONNECT www.youtube.com:443 HTTP/1.1\r\nHost: www.youtube.com:443\r\n\r\n";
    let tunnel = client.ask(reqmod("Allow: 204\r\n", tunnel)).await;
    assert!(tunnel.contains("CONNECT restrict.youtube.com:443 HTTP/1.1\r\n"), "{tunnel}");
    let seen = site.observed();
    let seen: Vec<_> = seen
        .iter()
        .map(|seen| {
            (seen.protocol, seen.person, seen.device, seen.host.as_deref().unwrap(), seen.path.as_deref(), seen.outcome)
        })
        .collect();
    let of = |host, path, outcome| (Protocol::Icap, Some(pupil()), DEVICE, host, path, outcome);
    assert_eq!(
        seen,
        [
            of("lessons.example", Some("/week"), Outcome::Allowed),
            of("games.example", Some("/"), Outcome::Blocked),
            of("www.google.com", Some("/search"), Outcome::Allowed),
            of("www.youtube.com", None, Outcome::Allowed),
        ]
    );
}

#[tokio::test]
async fn section_4_6_who_does_not_allow_204_gets_the_message_back_as_it_was() {
    let site = icap_site(Some(rules()), |_| {}).await;
    let mut client = Client::of(&site).await;
    let http = "POST http://lessons.example/form HTTP/1.1\r\nhost: lessons.example\r\nx-a: 1\r\n\r\n";
    let back = client.ask(reqmod_with_body("", http, &chunked("hello"))).await;
    assert!(
        back.starts_with("ICAP/1.0 200 OK\r\n") && back.ends_with(&format!("\r\n\r\n{http}5\r\nhello\r\n0\r\n\r\n")),
        "{back}"
    );
    let none = client
        .ask(reqmod(
            "",
            &get("http://lessons.example/").to_lowercase().replace("get", "GET").replace("http/1.1", "HTTP/1.1"),
        ))
        .await;
    assert!(
        none.contains("null-body=")
            && none.ends_with("GET http://lessons.example/ HTTP/1.1\r\nhost: lessons.example\r\n\r\n"),
        "{none}"
    );
    let back = client.ask(respmod("", "http://lessons.example/a", HTML, &chunked("<p>volcanoes</p>"))).await;
    assert!(
        back.contains("HTTP/1.1 200 OK\r\ncontent-type: text/html\r\n\r\n10\r\n<p>volcanoes</p>\r\n0\r\n\r\n"),
        "{back}"
    );
}

#[tokio::test]
async fn section_4_5_a_preview_is_enough_or_the_rest_is_asked_for() {
    let site = icap_site(Some(limits(|_| {})), |config| config.content.held_back = 2048).await;
    let mut client = Client::of(&site).await;
    let picture = "HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n\r\n";
    let url = "http://lessons.example/a";
    let enough = client.ask(respmod("Preview: 4\r\n", url, picture, "4\r\n\u{1}PNG\r\n0\r\n\r\n")).await;
    assert!(enough.starts_with("ICAP/1.0 204 "), "what has no words needs no more: {enough}");
    let whole = client.ask(respmod("Preview: 1024\r\n", url, HTML, "9\r\nvolcanoes\r\n0; ieof\r\n\r\n")).await;
    assert!(whole.starts_with("ICAP/1.0 204 "), "ieof: that was all: {whole}");
    let bad = client
        .ask(respmod("Preview: 1024\r\n", url, HTML, &chunked(&gambling(10)).replace("\r\n0\r\n", "\r\n0; ieof\r\n")))
        .await;
    assert!(bad.contains("HTTP/1.1 403") && bad.contains("the words of this page"), "{bad}");
    // A longer page: the rest is asked for, and it goes on as it is read.
    client.send(respmod("Preview: 6\r\n", url, HTML, "6\r\n<p>vol\r\n0\r\n\r\n")).await;
    assert_eq!(client.answer().await, "ICAP/1.0 100 Continue\r\n\r\n");
    let rest = client.ask(chunked(&format!("canoes {}</p>", "lava ".repeat(2000)))).await;
    assert!(
        rest.starts_with("ICAP/1.0 200 OK\r\n") && rest.contains("6\r\n<p>vol\r\n") && rest.ends_with("0\r\n\r\n"),
        "{rest}"
    );
    // One that turns bad is answered with the page that says so.
    client.send(respmod("Preview: 6\r\n", url, HTML, "6\r\n<p>The\r\n0\r\n\r\n")).await;
    assert_eq!(client.answer().await, "ICAP/1.0 100 Continue\r\n\r\n");
    let bad = client.ask(chunked(&gambling(10))).await;
    assert!(bad.contains("HTTP/1.1 403") && bad.contains("the words of this page"), "{bad}");
    // An empty preview, and the connection is good for more.
    client.send(respmod("Preview: 0\r\n", url, HTML, "0\r\n\r\n")).await;
    assert_eq!(client.answer().await, "ICAP/1.0 100 Continue\r\n\r\n");
    assert!(client.ask("9\r\nvolcanoes\r\n0\r\n\r\n").await.contains("9\r\nvolcanoes\r\n0\r\n\r\n"));
}

#[tokio::test]
async fn section_4_5_a_preview_longer_than_it_said_ends_the_connection() {
    let site = icap_site(Some(limits(|_| {})), |_| {}).await;
    let mut client = Client::of(&site).await;
    let answer =
        client.ask(respmod("Preview: 4\r\n", "http://lessons.example/a", HTML, "9\r\nvolcanoes\r\n0\r\n\r\n")).await;
    assert!(!answer.contains("204") && client.is_over().await, "{answer}");
}

#[tokio::test]
async fn section_4_3_3_what_cannot_be_answered_has_its_status() {
    let site = icap_site(Some(rules()), |_| {}).await;
    for (text, status) in [
        ("GET / HTTP/1.1\r\n\r\n".to_owned(), "400"),
        (reqmod("", "GET http://a.example/ HTTP/1.1\r\n"), "400"),
        (reqmod("Encapsulated: req-hdr=0, null-body=1\r\n", &get("http://a.example/")), "400"),
        (reqmod("Preview: 99999999\r\n", &get("http://a.example/")), "400"),
        (reqmod("", &get("http://a.example/")).replace("/request", "/other"), "404"),
        (reqmod("", &get("http://a.example/")).replace("/request", "/response"), "405"),
        (reqmod("", &get("http://a.example/")).replace("REQMOD", "LOGMOD"), "501"),
        (reqmod("", &get("http://a.example/")).replace("ICAP/1.0", "ICAP/1.1"), "505"),
        (format!("OPTIONS icap://a/request ICAP/1.0\r\nX: {}\r\n\r\n", "x".repeat(70_000)), "400"),
        ("OPTIONS icap://a/request ICAP/1.0\r\n".to_owned(), "408"),
        ("RESPMOD icap://a/response ICAP/1.0\r\nEncapsulated: res-hdr=0, null-body=19\r\n\r\nHTTP/1.1 200 OK\r\n\r\n".to_owned(), "400"),
    ] {
        let mut client = Client::of(&site).await;
        let answer = client.ask(&text).await;
        assert!(answer.starts_with(&format!("ICAP/1.0 {status} ")), "{status} for {text:.120}: {answer}");
        assert!(answer.contains("ISTag: "), "section 4.7: in every answer");
        assert!(client.is_over().await);
    }
}

#[tokio::test]
async fn requests_sent_ahead_are_answered_in_their_order() {
    let site = icap_site(Some(rules()), |_| {}).await;
    let mut client = Client::of(&site).await;
    let all: String = ["http://lessons.example/", "http://games.example/", "http://lessons.example/b"]
        .map(|url| reqmod("Allow: 204\r\n", &get(url)))
        .concat();
    client.send(all).await;
    assert!(client.answer().await.starts_with("ICAP/1.0 204 "));
    assert!(client.answer().await.contains("HTTP/1.1 403"));
    assert!(client.answer().await.starts_with("ICAP/1.0 204 "));
    let last = client.ask(reqmod("Allow: 204\r\nConnection: close\r\n", &get("http://lessons.example/"))).await;
    assert!(last.contains("Connection: close") && client.is_over().await, "{last}");
}

// Who asks.

#[tokio::test]
async fn only_proxies_that_are_named_may_ask_and_are_believed() {
    let site = icap_site(Some(rules()), |config| config.icap.from = vec!["10.9.9.9/32".parse().unwrap()]).await;
    let mut client = Client::of(&site).await;
    let answer = client.ask(reqmod("Allow: 204\r\n", &get("http://lessons.example/"))).await;
    assert!(answer.starts_with("ICAP/1.0 403 ") && client.is_over().await, "{answer}");
    assert!(site.gateway.metrics.all().contains(&("icap_refused", 1)));
}

#[tokio::test]
async fn a_request_is_its_user_s_for_that_request_alone() {
    let register = NetworkRegister { usernames: vec![("mlee".into(), teacher())], ..NetworkRegister::default() };
    let rules = Arc::new(GatewayRules::clone(&rules()).with_network(register));
    let mut site = icap_site(Some(rules), |_| {}).await;
    let mut client = Client::of(&site).await;
    let games = get("http://games.example/");
    // games are open to staff.
    for (user, passes, person) in [
        ("X-Client-Username: mlee\r\n", true, Some(teacher())),
        ("", false, Some(pupil())),
        ("X-Authenticated-User: V2luTlQ6Ly9TQ0hPT0wvbWxlZQ==\r\n", true, Some(teacher())),
        ("X-Client-Username: nobody\r\n", false, None),
    ] {
        let answer = client.ask(reqmod(&format!("Allow: 204\r\n{user}"), &games)).await;
        assert_eq!(answer.starts_with("ICAP/1.0 204 "), passes, "{user}{answer}");
        let [seen] = site.observed().try_into().unwrap();
        assert_eq!(seen.person, person, "{user}");
        if person == Some(teacher()) {
            assert_eq!((seen.named_by, seen.confidence), (Some(IdentitySource::IcapClient), Some(Confidence::Session)));
        }
    }
    // The proxy's own address names nobody, whoever signed in from there.
    site.sign_in(teacher());
    let without = reqmod("Allow: 204\r\n", &games).replace(FOR_DEVICE, "");
    assert!(client.ask(without).await.contains("HTTP/1.1 403"));
    assert_eq!(site.observed()[0].person, None);
}

#[tokio::test]
async fn somebody_who_has_not_signed_is_led_to_the_portal_and_helplines_pass_unseen() {
    let mut site = icap_site(Some(rules()), |_| {}).await;
    site.gateway.identity.clear(DEVICE, site.now());
    sit(&site, unsigned());
    let mut client = Client::of(&site).await;
    let answer = client.ask(reqmod("Allow: 204\r\n", &get("http://lessons.example/"))).await;
    assert!(answer.contains("HTTP/1.1 303") && answer.contains("location: http://belisha.test/portal\r\n"), "{answer}");
    assert_eq!(site.observed().len(), 1);
    for own in ["http://belisha.test/portal", "http://www.childline.org.uk/"] {
        assert!(client.ask(reqmod("Allow: 204\r\n", &get(own))).await.starts_with("ICAP/1.0 204 "), "{own}");
    }
    let page = respmod("Allow: 204\r\n", "http://www.childline.org.uk/", HTML, &chunked(&gambling(10)));
    assert!(client.ask(page).await.starts_with("ICAP/1.0 204 "), "nobody looks at a helpline");
    assert_eq!(site.observed(), [], "a helpline leaves nothing");
    let wpad = client.ask(reqmod("Allow: 204\r\n", &get("http://wpad/wpad.dat"))).await;
    assert!(wpad.contains("FindProxyForURL"), "{wpad}");
}

#[tokio::test]
async fn a_warning_is_passed_through_the_form_on_its_page() {
    let mut site = icap_site(Some(rules()), |_| {}).await;
    let mut client = Client::of(&site).await;
    let ask = reqmod("Allow: 204\r\n", &get("http://video.example/"));
    let page = client.ask(&ask).await;
    let id = page.split("name=\"block\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let form = format!("block={id}&why=My+talk+on+whales");
    let http = format!(
        "POST http://video.example/.belisha/continue HTTP/1.1\r\nHost: video.example\r\nContent-Length: {}\r\n\r\n",
        form.len()
    );
    let answer = client.ask(reqmod_with_body("", &http, &chunked(&form))).await;
    assert!(answer.contains("HTTP/1.1 303"), "{answer}");
    assert!(client.ask(&ask).await.starts_with("ICAP/1.0 204 "));
    assert!(
        site.observed().iter().any(|seen| seen.outcome == Outcome::WarningPassed && seen.protocol == Protocol::Icap)
    );
}

// What is looked at.

#[tokio::test]
async fn pages_are_asked_for_in_a_form_that_can_be_read_and_read_as_they_pass() {
    let mut site = icap_site(Some(limits(|_| {})), |config| config.content.held_back = 2048).await;
    let mut client = Client::of(&site).await;
    let http = "GET http://lessons.example/late HTTP/1.1\r\nHost: lessons.example\r\nAccept-Encoding: br, zstd\r\n\r\n";
    let asked = client.ask(reqmod("Allow: 204\r\n", http)).await;
    assert!(asked.contains("accept-encoding: gzip\r\n") && !asked.contains("zstd"), "{asked}");
    site.observed();
    // A page that turns bad late never arrives whole: the connection ends before its last chunk.
    client.send(respmod("Preview: 0\r\n", "http://lessons.example/late", HTML, "0\r\n\r\n")).await;
    assert_eq!(client.answer().await, "ICAP/1.0 100 Continue\r\n\r\n");
    let page = client.ask(chunked(&gambling(2000))).await;
    assert!(page.contains("HTTP/1.1 200 OK") && !page.contains("free bets") && !page.ends_with("0\r\n\r\n"), "{page}");
    let [seen] = site.observed().try_into().unwrap();
    assert_eq!((seen.outcome, seen.reason, seen.path.as_deref()), (Outcome::Blocked, "page-words", Some("/late")));
}

#[tokio::test]
async fn answers_of_closed_sites_are_not_shown_and_invitations_to_quic_are_taken_out() {
    let mut site = icap_site(Some(rules()), |_| {}).await;
    let mut client = Client::of(&site).await;
    let closed = client.ask(respmod("Allow: 204\r\n", "http://games.example/", HTML, &chunked("play"))).await;
    assert!(closed.contains("HTTP/1.1 403") && !closed.contains("play\r\n"), "{closed}");
    assert_eq!(site.observed().len(), 1);
    let quic = "HTTP/1.1 200 OK\r\nAlt-Svc: h3=\":443\"\r\nContent-Type: text/html\r\n\r\n";
    let open = client.ask(respmod("Allow: 204\r\n", "http://lessons.example/", quic, &chunked("volcanoes"))).await;
    assert!(open.contains("volcanoes") && !open.to_lowercase().contains("alt-svc"), "{open}");
    // The answer from a search engine's safe name is judged by the engine that was asked for.
    let safe = respmod("Allow: 204\r\n", "http://forcesafesearch.google.com/search?q=a", HTML, &chunked("results"))
        .replace("Host: forcesafesearch.google.com\r\n", "Host: www.google.com\r\nX: 3456789\r\n");
    assert!(client.ask(safe).await.starts_with("ICAP/1.0 204 "));
    assert_eq!(site.observed(), [], "requests were written down when they were asked about");
}

#[tokio::test]
async fn downloads_are_scanned_as_by_the_proxy() {
    let address = scanner().await;
    let rules = limits(|limits| (limits.scan_downloads, limits.when_scanner_away) = (true, WhenScannerAway::Refuse));
    let mut site = icap_site(Some(rules), |config| config.content.clamd = Some(ClamdAddress::Tcp(address))).await;
    let mut client = Client::of(&site).await;
    let file = "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n\r\n";
    let url = "http://files.example/a.dat";
    for (body, said) in
        [("harmless ".repeat(9000), "harmless"), (format!("{}virus", "harmless ".repeat(9000)), "would harm")]
    {
        client.send(respmod("Preview: 0\r\n", url, file, "0\r\n\r\n")).await;
        assert_eq!(client.answer().await, "ICAP/1.0 100 Continue\r\n\r\n");
        let answer = client.ask(chunked(&body)).await;
        assert!(answer.contains(said) && answer.ends_with("0\r\n\r\n"), "{said}");
        assert_eq!(answer.contains("HTTP/1.1 403"), said == "would harm");
    }
    assert_eq!(site.observed()[0].reason, "malware");
}

#[tokio::test]
async fn searches_and_prompts_in_bodies_are_seen_and_long_uploads_stream() {
    let mut site = icap_site(Some(rules()), |config| config.limits.idle_time = Duration::from_secs(2)).await;
    let mut client = Client::of(&site).await;
    let body = r#"{"messages":[{"role":"user","content":"i want to kill myself"}]}"#;
    let http = "POST http://chatgpt.com/backend-api/conversation HTTP/1.1\r\nHost: chatgpt.com\r\nContent-Type: application/json\r\n\r\n";
    let answer = client.ask(reqmod_with_body("Allow: 204\r\n", http, &chunked(body))).await;
    assert!(answer.contains(body), "it passes on as it was: {answer}");
    let [seen] = site.observed().try_into().unwrap();
    assert!(!seen.worries.is_empty(), "{seen:?}");
    // Twenty megabytes go through while they come.
    let http = "PUT http://lessons.example/film HTTP/1.1\r\nHost: lessons.example\r\nContent-Type: text/plain\r\n\r\n";
    client.send(reqmod_with_body("Preview: 0\r\n", http, "0\r\n\r\n")).await;
    assert_eq!(client.answer().await, "ICAP/1.0 100 Continue\r\n\r\n");
    let (mut reading, mut writing) = client.0.split();
    let send = async {
        let chunk = format!("10000\r\n{}\r\n", "x".repeat(65_536));
        for _ in 0..320 {
            writing.write_all(chunk.as_bytes()).await.unwrap();
        }
        writing.write_all(b"0\r\n\r\n").await.unwrap();
    };
    let receive = async {
        let (mut bytes, mut last, mut all) = (vec![0; 65_536], Vec::new(), 0);
        while !last.ends_with(b"0\r\n\r\n") {
            let length = timeout(LONG, reading.read(&mut bytes)).await.unwrap().unwrap();
            assert!(length > 0, "cut after {all} bytes");
            all += length;
            last.extend_from_slice(&bytes[..length]);
            last.drain(..last.len().saturating_sub(64));
        }
        all
    };
    let ((), all) = tokio::join!(send, receive);
    assert!(all > 320 * 65_536, "{all}");
    assert!(client.ask(reqmod("Allow: 204\r\n", &get("http://lessons.example/"))).await.starts_with("ICAP/1.0 204 "));
}

// Who stops is let go of.

#[tokio::test]
async fn half_open_and_slow_clients_end_and_nothing_is_kept_for_them() {
    let site = icap_site(Some(limits(|_| {})), |config| config.limits.idle_time = Duration::from_millis(300)).await;
    let mut silent = Client::of(&site).await;
    assert!(silent.is_over().await, "who says nothing");
    let mut half = Client::of(&site).await;
    half.send(respmod("", "http://lessons.example/", HTML, "9\r\nvolc")).await;
    assert!(half.is_over().await, "who stops in the middle of a page");
    let mut head = Client::of(&site).await;
    head.send("REQMOD icap://g.example/request ICAP/1.0\r\n").await;
    assert!(head.answer().await.starts_with("ICAP/1.0 408 "));
    for cut in 1..60 {
        let mut client = Client::of(&site).await;
        let text = respmod("Preview: 4\r\n", "http://lessons.example/", HTML, "4\r\nvolc\r\n0\r\n\r\n");
        client.send(&text.as_bytes()[..text.len() * cut / 60]).await;
    }
    let mut client = Client::of(&site).await;
    assert!(
        client.ask(reqmod("Allow: 204\r\n", &get("http://lessons.example/"))).await.starts_with("ICAP/1.0 "),
        "still there"
    );
}

/// Pages of harmless words, whole phrases and pieces of phrases, and how they are cut.
fn page_and_cuts() -> impl Strategy<Value = (String, Vec<prop::sample::Index>)> {
    let words = [
        "lesson ",
        "Spin the wheel ",
        "free <b>bets</b> ",
        "wheel ",
        "spin the ",
        "<p>",
        "</p>",
        "bets ",
        "volcanoes ",
    ];
    let page = proptest::collection::vec(prop::sample::select(words.to_vec()), 1..120).prop_map(|words| words.concat());
    (page, proptest::collection::vec(any::<prop::sample::Index>(), 0..12))
}

#[test]
fn any_cut_of_a_page_gives_the_same_verdict() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let site = runtime.block_on(icap_site(Some(limits(|_| {})), |config| config.content.held_back = 64));
    let closed = async |pieces: &[&str]| {
        let body: String = pieces.iter().map(|piece| format!("{:x}\r\n{piece}\r\n", piece.len())).collect();
        let mut client = Client::of(&site).await;
        let answer = client.ask(respmod("", "http://lessons.example/a", HTML, &(body + "0\r\n\r\n"))).await;
        // With a page that says so, or cut off.
        answer.contains("HTTP/1.1 403") || !answer.ends_with("\r\n0\r\n\r\n")
    };
    let mut runner = TestRunner::new(Config { cases: 96, failure_persistence: None, ..Config::default() });
    let held = runner.run(&page_and_cuts(), |(page, cuts)| {
        let mut places: Vec<usize> = cuts.iter().map(|cut| cut.index(page.len() + 1)).chain([0, page.len()]).collect();
        places.sort_unstable();
        places.dedup();
        let pieces: Vec<&str> = places.windows(2).map(|pair| &page[pair[0]..pair[1]]).collect();
        let whole = runtime.block_on(closed(&[&page]));
        prop_assert_eq!(runtime.block_on(closed(&pieces)), whole, "{:?}", pieces);
        // Both phrases whole, and neither cut in two by what ends a word.
        let both = page.contains("Spin the wheel ") && page.contains("free <b>bets</b> ");
        prop_assert!(whole || !both, "open with both of its phrases");
        Ok(())
    });
    held.unwrap();
}
