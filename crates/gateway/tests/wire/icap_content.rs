//! What the ICAP server looks at: pages, files, searches and prompts, as our own proxy does with the same requests.

use crate::content::{gambling, limits, scanner};
use crate::icap_support::*;
use crate::support::*;
use belisha_filter::WhenScannerAway;
use belisha_gateway::{ClamdAddress, Outcome};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

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

/// squid's bug 5352: a client that sends no more of a long answer before something of it came back.
#[tokio::test]
async fn an_answer_that_stands_still_is_begun_with_a_byte_and_is_given_whole_or_cut() {
    let address = scanner().await;
    let rules = limits(|limits| (limits.scan_downloads, limits.when_scanner_away) = (true, WhenScannerAway::Refuse));
    let mut site = icap_site(Some(rules), |config| config.content.clamd = Some(ClamdAddress::Tcp(address))).await;
    let file = "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n\r\n";
    for ends in ["harmless", "virus"] {
        let mut client = Client::of(&site).await;
        client.send(respmod("Preview: 0\r\n", "http://files.example/a.dat", file, "0\r\n\r\n")).await;
        assert_eq!(client.answer().await, "ICAP/1.0 100 Continue\r\n\r\n");
        let begins = chunked(&"harmless ".repeat(8000));
        client.send(begins.trim_end_matches("0\r\n\r\n")).await;
        let mut early = Vec::new();
        while !early.ends_with(b"\r\n\r\n1\r\nh\r\n") {
            let came = timeout(LONG, client.0.read_buf(&mut early)).await.expect("it is begun").unwrap();
            assert!(came > 0 && early.len() < 300, "{}", String::from_utf8_lossy(&early));
        }
        let rest = client.ask(chunked(ends)).await;
        let whole = rest.ends_with("0\r\n\r\n");
        assert_eq!((whole, whole && rest.contains("harmless")), (ends == "harmless", ends == "harmless"), "{ends}");
        assert!(whole || (rest.len() < 40 && client.is_over().await), "{ends}: {rest}");
        // What was told apart in chunks is the file, its first byte once.
        let text: String = rest.split("\r\n").skip(1).step_by(2).collect();
        assert!(!whole || text.starts_with("armless harmless "), "{}", &text[..40]);
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
