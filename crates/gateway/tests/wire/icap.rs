//! The ICAP server held to RFC 3507 on raw sockets, section by section: who may ask, what is answered, who is let go of.

use crate::content::{gambling, limits};
use crate::icap_support::*;
use crate::support::*;
use belisha_gateway::{Confidence, GatewayRules, IdentitySource, NetworkRegister, Outcome, Protocol};
use std::sync::Arc;
use std::time::Duration;

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
