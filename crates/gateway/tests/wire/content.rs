//! What open sites send and are sent: words, files, malware, searches and prompts in bodies, on real sockets.

use crate::support::*;
use belisha_filter::{ContentLimits, FileKind, PhraseBook, PhraseKind, PhraseList, WhenScannerAway};
use belisha_gateway::{ClamdAddress, GatewayConfig, GatewayRules, LocalRecord, Outcome};
use flate2::Compression;
use flate2::write::GzEncoder;
use std::collections::HashMap;
use std::io::{Cursor, Write};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

pub fn book() -> Arc<PhraseBook> {
    let text = b"#listcategory:\"Gambling\"\n< spin the wheel ><30>\n< free bets ><30>\n";
    let list = PhraseList { name: "test", kind: PhraseKind::Weighted, text, encoding: None };
    Arc::new(PhraseBook::compile(&[list]).unwrap())
}

pub fn limits(change: impl FnOnce(&mut ContentLimits)) -> Arc<GatewayRules> {
    let mut limits = ContentLimits { phrase_limit: Some(50), ..ContentLimits::default() };
    change(&mut limits);
    rules_by(ruleset_with(|rules| {
        rules.content.groups.insert("pupil".into(), limits);
    }))
}

/// What a path answers: header lines and a body.
type Page = (String, Vec<u8>);

/// An origin that serves what it was given, by path: header lines and body. Keeps the heads it was sent.
#[derive(Clone, Default)]
pub struct Pages {
    pages: Arc<Mutex<HashMap<String, Page>>>,
    heads: Arc<Mutex<Vec<String>>>,
}

impl Pages {
    pub fn put(&self, path: &str, headers: &str, body: impl Into<Vec<u8>>) {
        self.pages.lock().unwrap().insert(path.into(), (headers.into(), body.into()));
    }

    pub async fn serve(&self) -> SocketAddr {
        let listener = TcpListener::bind((LOOPBACK, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let pages = self.clone();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let pages = pages.clone();
                tokio::spawn(async move {
                    let mut sent = vec![0; 64 * 1024];
                    let length = stream.read(&mut sent).await.unwrap_or(0);
                    let head = String::from_utf8_lossy(&sent[..length]).into_owned();
                    let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
                    pages.heads.lock().unwrap().push(head);
                    let (headers, body) = pages.pages.lock().unwrap().get(&path).cloned().unwrap_or_default();
                    let head = format!(
                        "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n{headers}\r\n",
                        body.len()
                    );
                    let _ = stream.write_all(head.as_bytes()).await;
                    for piece in body.chunks(8 * 1024) {
                        if stream.write_all(piece).await.is_err() {
                            return;
                        }
                        tokio::task::yield_now().await;
                    }
                });
            }
        });
        address
    }
}

async fn site(rules: Arc<GatewayRules>, pages: &Pages, change: impl FnOnce(&mut GatewayConfig)) -> Site {
    let address = pages.serve().await;
    let site = Site::start_with(Some(rules), |config| {
        config.content.phrase_book = Some(book());
        for host in ["*.example", "*.org.uk", "www.youtube.com", "chatgpt.com"] {
            config.local_records.insert(host.into(), LocalRecord { address: LOOPBACK, port: Some(address.port()) });
        }
        change(config);
    })
    .await;
    site.sign_in(pupil());
    site
}

const HTML: &str = "Content-Type: text/html; charset=utf-8\r\n";

pub fn gambling(before: usize) -> String {
    format!("<html><body><p>{}</p><p>Spin the wheel for free bets!</p></body></html>", "lesson ".repeat(before))
}

#[tokio::test]
async fn a_page_is_closed_by_its_own_words_and_says_so() {
    let pages = Pages::default();
    pages.put("/bad", HTML, gambling(10));
    pages.put("/half", HTML, "<p>Spin the wheel</p>");
    pages.put("/good", HTML, "<p>A lesson about volcanoes.</p>");
    let mut site = site(limits(|_| {}), &pages, |_| {}).await;
    let answer = site.get("http://lessons.example/bad").await;
    assert_eq!(answer.status, 403);
    assert!(answer.body.contains("the words of this page"), "{}", answer.body);
    assert!(!answer.body.to_lowercase().contains("spin the wheel"), "no phrase is shown to a pupil");
    let [seen] = site.observed().try_into().unwrap();
    assert_eq!(
        (seen.outcome, seen.reason, seen.category.as_deref()),
        (Outcome::Blocked, "page-words", Some("Gambling"))
    );
    assert_eq!(seen.host.as_deref(), Some("lessons.example"));
    // Half of a score on one page and half on another are two pages within the limit.
    for path in ["/half", "/good", "/half"] {
        assert_eq!(site.get(&format!("http://lessons.example{path}")).await.status, 200, "{path}");
    }
    assert!(site.observed().iter().all(|seen| seen.outcome == Outcome::Allowed));
}

#[tokio::test]
async fn a_page_that_turns_bad_late_never_arrives_whole() {
    let pages = Pages::default();
    let page = gambling(40_000);
    pages.put("/late", HTML, page.clone());
    let mut site = site(limits(|_| {}), &pages, |config| config.content.held_back = 4096).await;
    let answer = site.get("http://lessons.example/late").await;
    assert_eq!(answer.status, 200, "its beginning was harmless");
    assert!(answer.body.len() < page.len() && !answer.body.contains("free bets"), "{} bytes", answer.body.len());
    let seen = site.observed();
    assert!(seen.iter().any(|seen| seen.outcome == Outcome::Blocked && seen.reason == "page-words"), "{seen:?}");
}

#[tokio::test]
async fn packed_pages_are_read_and_pass_as_they_came() {
    let pages = Pages::default();
    let pack = |text: &str| {
        let mut packed = GzEncoder::new(Vec::new(), Compression::default());
        packed.write_all(text.as_bytes()).unwrap();
        packed.finish().unwrap()
    };
    let headers = format!("{HTML}Content-Encoding: gzip\r\n");
    pages.put("/bad", &headers, pack(&gambling(10)));
    pages.put("/good", &headers, pack("<p>volcanoes</p>"));
    let site = site(limits(|_| {}), &pages, |_| {}).await;
    assert_eq!(site.request("GET", "http://lessons.example/bad", "Accept-Encoding: br, zstd\r\n").await.status, 403);
    let answer = site.get("http://lessons.example/good").await;
    assert_eq!((answer.status, answer.header("content-encoding")), (200, Some("gzip")));
    let heads = pages.heads.lock().unwrap();
    assert!(heads[0].to_lowercase().contains("accept-encoding: gzip\r\n"), "{}", heads[0]);
}

#[tokio::test]
async fn what_cannot_be_read_does_not_pass_where_pages_are_read() {
    let pages = Pages::default();
    let packed = |kind: &str| format!("Content-Type: {kind}\r\nContent-Encoding: br\r\n");
    pages.put("/page", &packed("text/html"), "packed as nobody asked for");
    pages.put("/picture", &packed("image/png"), "no words");
    pages.put("/font", &packed("font/woff2"), "no words");
    let mut site = site(limits(|_| {}), &pages, |_| {}).await;
    let answer = site.get("http://lessons.example/page").await;
    assert!(answer.status == 403 && answer.body.contains("cannot be read"), "{answer:?}");
    let [seen] = site.observed().try_into().unwrap();
    assert_eq!((seen.outcome, seen.reason), (Outcome::Blocked, "page-unread"));
    for path in ["/picture", "/font"] {
        assert_eq!(site.get(&format!("http://lessons.example{path}")).await.status, 200, "{path}");
    }
    site.sign_out(pupil());
    site.sign_in(teacher());
    assert_eq!(site.get("http://lessons.example/page").await.status, 200, "a group whose pages are not read");
}

#[tokio::test]
async fn staff_without_a_limit_sites_the_school_opened_and_helplines_are_not_read() {
    let pages = Pages::default();
    pages.put("/bad", HTML, gambling(10));
    let rules = rules_by(ruleset_with(|rules| {
        rules.content.groups.insert("pupil".into(), ContentLimits { phrase_limit: Some(50), ..Default::default() });
        rules.school_allow.push(belisha_filter::SchoolRule {
            id: "allow-1".into(),
            host: "studied.example".into(),
            groups: Vec::new(),
            reason: "a lesson about advertising".into(),
        });
    }));
    let mut site = site(rules, &pages, |_| {}).await;
    assert_eq!(site.get("http://lessons.example/bad").await.status, 403);
    assert_eq!(site.get("http://studied.example/bad").await.status, 200);
    site.observed();
    assert_eq!(site.get("http://www.childline.org.uk/bad").await.status, 200);
    assert_eq!(site.observed(), [], "a helpline leaves nothing");
    site.sign_out(pupil());
    site.sign_in(teacher());
    assert_eq!(site.get("http://lessons.example/bad").await.status, 200);
}

fn zip(name: &str, bytes: &[u8]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    writer.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
    writer.write_all(bytes).unwrap();
    writer.finish().unwrap().into_inner()
}

#[tokio::test]
async fn files_are_refused_by_what_they_are() {
    let pages = Pages::default();
    let program = [b"MZ\x90\0\x03\0\0\0".as_slice(), &[0; 3000]].concat();
    pages.put("/cat.jpg", "Content-Type: image/jpeg\r\n", program.clone());
    pages.put("/get", "Content-Disposition: attachment; filename=\"fun.bat\"\r\n", "@echo off\r\n");
    pages.put("/essay.zip", "Content-Type: application/zip\r\n", zip("essay.txt", b"words"));
    pages.put("/game.zip", "Content-Type: application/zip\r\n", zip("inside.exe", &program));
    pages.put("/page.js", "Content-Type: text/javascript\r\n", "let a = 1;");
    let rules = limits(|limits| {
        limits.blocked_file_kinds = [FileKind::Programs, FileKind::Scripts].into();
    });
    let mut site = site(rules, &pages, |_| {}).await;
    for (path, status) in [("/cat.jpg", 403), ("/get", 403), ("/game.zip", 403), ("/essay.zip", 200), ("/page.js", 200)]
    {
        let answer = site.request("GET", &format!("http://lessons.example{path}"), "Range: bytes=5-\r\n").await;
        assert_eq!(answer.status, status, "{path}: {}", answer.body);
    }
    let heads = pages.heads.lock().unwrap().concat().to_lowercase();
    assert!(!heads.contains("range:"), "no file is told from its middle");
    let reasons: Vec<_> =
        site.observed().iter().filter_map(|seen| (seen.outcome == Outcome::Blocked).then_some(seen.reason)).collect();
    assert_eq!(reasons, ["file-kind"; 3]);
}

/// A scanner that finds the word `virus`, and counts what it was sent.
pub async fn scanner() -> SocketAddr {
    let listener = TcpListener::bind((LOOPBACK, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut command = [0; 10];
            stream.read_exact(&mut command).await.unwrap();
            assert_eq!(&command, b"zINSTREAM\0");
            let mut file = Vec::new();
            loop {
                let length = stream.read_u32().await.unwrap() as usize;
                if length == 0 {
                    break;
                }
                let from = file.len();
                file.resize(from + length, 0);
                stream.read_exact(&mut file[from..]).await.unwrap();
            }
            let found = file.windows(5).any(|window| window == b"virus");
            let answer: &[u8] = if found { b"stream: Test.Virus FOUND\0" } else { b"stream: OK\0" };
            stream.write_all(answer).await.unwrap();
        }
    });
    address
}

#[tokio::test]
async fn downloads_are_scanned_and_what_nobody_scanned_stays_out() {
    let pages = Pages::default();
    let binary = "Content-Type: application/octet-stream\r\n";
    pages.put("/clean.dat", binary, vec![1; 300_000]);
    pages.put("/bad.dat", binary, [vec![1; 200_000], b"virus".to_vec()].concat());
    pages.put("/long.dat", binary, vec![1; 900_000]);
    let scans = |away| limits(|limits| (limits.scan_downloads, limits.when_scanner_away) = (true, away));
    let address = scanner().await;
    let with_scanner = site(scans(WhenScannerAway::Refuse), &pages, |config| {
        config.content.clamd = Some(ClamdAddress::Tcp(address));
        config.content.largest_download = 500_000;
    })
    .await;
    let clean = with_scanner.get("http://files.example/clean.dat").await;
    assert_eq!((clean.status, clean.body.len()), (200, 300_000));
    let bad = with_scanner.get("http://files.example/bad.dat").await;
    assert_eq!(bad.status, 403);
    assert!(bad.body.contains("would harm") && !bad.body.contains("requests/ask"), "{}", bad.body);
    assert_eq!(with_scanner.get("http://files.example/long.dat").await.status, 403, "too long to be scanned");

    let away = site(scans(WhenScannerAway::Refuse), &pages, |_| {}).await;
    let answer = away.get("http://files.example/clean.dat").await;
    assert_eq!(answer.status, 403);
    assert!(answer.body.contains("could not be scanned"), "{}", answer.body);
    let lenient = site(scans(WhenScannerAway::LetThrough), &pages, |_| {}).await;
    assert_eq!(lenient.get("http://files.example/long.dat").await.body.len(), 900_000);
    assert!(lenient.gateway.metrics.all().contains(&("downloads_unscanned", 1)));
}

#[tokio::test]
async fn searches_and_prompts_in_bodies_are_seen() {
    let pages = Pages::default();
    let mut site = site(limits(|_| {}), &pages, |_| {}).await;
    let post = async |site: &Site, url: &str, body: &str| {
        let headers = format!("Content-Type: application/json\r\nContent-Length: {}\r\n", body.len());
        let host = url.split('/').nth(2).unwrap();
        let request = format!("POST {url} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{headers}\r\n{body}");
        send(site.proxy(), &request).await
    };
    let body = r#"{"context":{},"query":"how volcanoes work"}"#;
    post(&site, "http://www.youtube.com/youtubei/v1/search?key=1", body).await;
    let [seen] = site.observed().try_into().unwrap();
    assert_eq!(seen.search_term.as_deref(), Some("how volcanoes work"));
    let body = r#"{"messages":[{"role":"user","content":"i want to kill myself"}]}"#;
    post(&site, "http://chatgpt.com/backend-api/conversation", body).await;
    let [seen] = site.observed().try_into().unwrap();
    assert!(!seen.worries.is_empty(), "{seen:?}");
    let heads = pages.heads.lock().unwrap().concat();
    assert!(heads.contains("i want to kill myself"), "the body passed on as it was");
}

/// A body that says it is packed and cannot be unpacked was once kept whole while its first bytes were looked for.
#[tokio::test]
async fn what_cannot_be_unpacked_is_not_kept_while_its_kind_is_looked_for() {
    let listener = TcpListener::bind((LOOPBACK, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let head = "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Encoding: gzip\r\n\r\n";
        stream.write_all(head.as_bytes()).await.unwrap();
        // No end: whoever waits for it waits for ever.
        while stream.write_all(&[b'x'; 16 * 1024]).await.is_ok() {}
    });
    let site =
        Site::start_with(Some(limits(|limits| limits.blocked_file_kinds.extend([FileKind::Programs]))), |config| {
            config.local_records.insert("*.example".into(), LocalRecord { address: LOOPBACK, port: Some(port) });
        })
        .await;
    site.sign_in(pupil());
    let mut stream = tokio::net::TcpStream::connect(site.gateway.proxy_addr.unwrap()).await.unwrap();
    let asked = "GET http://files.example/a HTTP/1.1\r\nHost: files.example\r\n\r\n";
    stream.write_all(asked.as_bytes()).await.unwrap();
    let mut first = [0; 12];
    let came = tokio::time::timeout(std::time::Duration::from_secs(10), stream.read_exact(&mut first)).await;
    assert!(came.is_ok(), "it goes on while it comes");
    assert_eq!(&first, b"HTTP/1.1 200");
}

#[tokio::test]
async fn a_packed_file_is_told_by_what_is_in_it() {
    let noise = (0..200_000_u32).flat_map(|number| number.wrapping_mul(2_654_435_761).to_le_bytes());
    let noise: Vec<u8> = noise.collect();
    let program = [&b"MZ\x90\0\x03\0\0\0"[..], &noise].concat();
    let pack = |bytes: &[u8], how| {
        let mut packed = GzEncoder::new(Vec::new(), how);
        packed.write_all(bytes).unwrap();
        packed.finish().unwrap()
    };
    let pages = Pages::default();
    let binary = "Content-Type: application/octet-stream\r\n";
    let gzip = format!("{binary}Content-Encoding: gzip\r\n");
    pages.put("/long", &gzip, pack(&program, Compression::none()));
    pages.put("/short", &gzip, pack(&program[..100], Compression::best()));
    pages.put("/zip", &gzip, pack(&zip("inside.exe", &program), Compression::fast()));
    // Nobody asked for it, and nobody here can unpack it.
    pages.put("/brotli", &format!("{binary}Content-Encoding: br\r\n"), noise.clone());
    pages.put("/noise", &gzip, pack(&noise, Compression::none()));
    pages.put("/notes.zip", &gzip, pack(&zip("notes.txt", &noise), Compression::fast()));
    let refuses = limits(|limits| {
        limits.phrase_limit = None;
        limits.blocked_file_kinds.extend([FileKind::Programs]);
    });
    let site = site(refuses, &pages, |_| {}).await;
    for (path, status) in
        [("long", 403), ("short", 403), ("zip", 403), ("brotli", 403), ("noise", 200), ("notes.zip", 200)]
    {
        let url = format!("http://files.example/{path}");
        let answer = site.request("GET", &url, "Accept-Encoding: br, gzip\r\n").await;
        assert_eq!(answer.status, status, "{path}");
    }
    let heads = pages.heads.lock().unwrap();
    assert!(heads.iter().all(|head| head.to_lowercase().contains("accept-encoding: gzip\r\n")), "{heads:?}");
}
