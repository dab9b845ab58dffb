//! A real squid asks us over ICAP, with the lines of docs/guides/beside-an-existing-proxy.md. Where squid is not installed, each
//! test says so and does nothing.

use crate::content::{Pages, book, gambling, limits, scanner};
use crate::free_address::free_address;
use crate::support::*;
use belisha_filter::WhenScannerAway;
use belisha_gateway::{ClamdAddress, GatewayConfig, GatewayRules, Outcome, Protocol};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

const LONG: Duration = Duration::from_secs(20);
const SQUID: &str = "/usr/sbin/squid";
/// Names squid is to find, and where.
const HOSTS: &str = "127.0.0.1 lessons.example games.example files.example chatgpt.com forcesafesearch.google.com restrict.youtube.com\n\
                     127.0.0.2 www.google.com www.youtube.com\n";

/// A squid with its own folder, ended with this.
struct Squid {
    child: Child,
    address: SocketAddr,
    _folder: tempfile::TempDir,
}

impl Squid {
    /// Starts one that asks `icap`; `None` without squid.
    async fn asking(icap: SocketAddr) -> Option<Self> {
        if !Path::new(SQUID).exists() {
            eprintln!("skipped: {SQUID} is not installed");
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        let own = folder.path().display();
        let address = free_address();
        let lines = include_str!("../../../../docs/guides/beside-an-existing-proxy.md");
        let lines = lines.split("```squid\n").nth(1).unwrap().split("```").next().unwrap();
        let lines = lines.replace("127.0.0.1:1344", &icap.to_string());
        let configuration = format!(
            "http_port {address}\nhttp_access allow all\nvisible_hostname squid.test\npid_filename none\nhosts_file {own}/hosts\n\
             cache_log stdio:/dev/stderr\naccess_log none\nnetdb_filename none\nshutdown_lifetime 0 seconds\ncoredump_dir /tmp\n\
             max_filedescriptors 1024\n{lines}"
        );
        std::fs::write(folder.path().join("squid.conf"), configuration).unwrap();
        std::fs::write(folder.path().join("hosts"), HOSTS).unwrap();
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        let said = folder.path().join("said");
        let child = Command::new(SQUID)
            .args(["-N", "-n", &format!("belisha{}", address.port()), "-f"])
            .arg(folder.path().join("squid.conf"))
            .stdout(Stdio::null())
            .stderr(std::fs::File::create(&said).unwrap())
            .spawn()
            .unwrap();
        let mut squid = Self { child, address, _folder: folder };
        let said = || std::fs::read_to_string(&said).unwrap();
        let up = async {
            while TcpStream::connect(address).await.is_err() {
                assert_eq!(squid.child.try_wait().unwrap(), None, "squid ended: {}", said());
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        assert!(timeout(LONG, up).await.is_ok(), "squid does not start: {}", said());
        Some(squid)
    }

    async fn send(&self, text: &str) -> Answer {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(text.as_bytes()).await.unwrap();
        let mut bytes = Vec::new();
        let _ = timeout(LONG, stream.read_to_end(&mut bytes)).await;
        let text = String::from_utf8_lossy(&bytes);
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
        Answer { status, head: head.into(), body: body.into() }
    }

    async fn get(&self, url: &str) -> Answer {
        let host = url.split('/').nth(2).unwrap();
        self.send(&format!("GET {url} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n")).await
    }
}

impl Drop for Squid {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn school(rules: Arc<GatewayRules>, change: impl FnOnce(&mut GatewayConfig)) -> (Site, Option<Squid>) {
    let site = Site::start_with(Some(rules), |config| {
        config.icap.listen = vec![SocketAddr::from((LOOPBACK, 0))];
        config.content.phrase_book = Some(book());
        config.limits.head_time = LONG;
        change(config);
    })
    .await;
    site.sign_in(pupil());
    let squid = Squid::asking(site.gateway.icap_addr.unwrap()).await;
    (site, squid)
}

#[tokio::test]
async fn pages_pass_or_are_closed_and_are_written_down_with_their_person() {
    let (mut site, squid) = school(rules(), |_| {}).await;
    let Some(squid) = squid else { return };
    let port = site.origin.port();
    let open = squid.get(&format!("http://lessons.example:{port}/week?q=1")).await;
    assert!(open.status == 200 && open.body.contains("GET /week?q=1 HTTP/1.1"), "{open:?}");
    let closed = squid.get(&format!("http://games.example:{port}/")).await;
    assert!(closed.status == 403 && closed.body.contains("This page is closed"), "{closed:?}");
    let seen: Vec<_> = site
        .observed()
        .into_iter()
        .map(|seen| (seen.protocol, seen.person, seen.device, seen.host.unwrap().into_string(), seen.outcome))
        .collect();
    let of = |host: &str, outcome| (Protocol::Icap, Some(pupil()), LOOPBACK, host.to_owned(), outcome);
    assert_eq!(seen, [of("lessons.example", Outcome::Allowed), of("games.example", Outcome::Blocked)]);
}

#[tokio::test]
async fn searches_go_to_safe_results_in_clear_and_through_tunnels() {
    // The engine itself and its safe results are at two addresses, on one port.
    let safe = TcpListener::bind((LOOPBACK, 0)).await.unwrap();
    let port = safe.local_addr().unwrap().port();
    let unsafe_one = TcpListener::bind(("127.0.0.2", port)).await.unwrap();
    for (listener, name) in [(safe, "safe"), (unsafe_one, "unsafe")] {
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(answer_requests(stream, name));
            }
        });
    }
    let (_site, squid) = school(rules(), |config| config.tunnel_ports = vec![port]).await;
    let Some(squid) = squid else { return };
    let plain = squid.get(&format!("http://www.google.com:{port}/search?q=volcanoes")).await;
    assert!(plain.body.starts_with("safe was sent:") && plain.body.contains("prefer: safe"), "{plain:?}");
    let inside = "GET /watch HTTP/1.1\r\nHost: www.youtube.com\r\nConnection: close\r\n\r\n";
    let mut tunnel = TcpStream::connect(squid.address).await.unwrap();
    let connect = format!("CONNECT www.youtube.com:{port} HTTP/1.1\r\nHost: www.youtube.com:{port}\r\n\r\n");
    tunnel.write_all(connect.as_bytes()).await.unwrap();
    let mut said = vec![0; 4096];
    let length = timeout(LONG, tunnel.read(&mut said)).await.unwrap().unwrap();
    assert!(said[..length].starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&said[..length]));
    tunnel.write_all(inside.as_bytes()).await.unwrap();
    let length = timeout(LONG, tunnel.read(&mut said)).await.unwrap().unwrap();
    let said = String::from_utf8_lossy(&said[..length]).into_owned();
    assert!(said.contains("safe was sent:") && !said.contains("unsafe"), "{said}");
    let host = format!("games.example:{port}");
    let closed = squid.send(&format!("CONNECT {host} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n")).await;
    assert_eq!(closed.status, 403);
}

#[tokio::test]
async fn pages_are_closed_by_their_words_and_files_by_the_scanner() {
    let html = "Content-Type: text/html; charset=utf-8\r\n";
    let binary = "Content-Type: application/octet-stream\r\n";
    let pages = Pages::default();
    pages.put("/good", html, "<p>A lesson about volcanoes.</p>");
    pages.put("/long", html, format!("<p>{}</p>", "lesson ".repeat(40_000)));
    pages.put("/bad", html, gambling(10));
    pages.put("/late", html, gambling(40_000));
    pages.put("/clean.dat", binary, vec![1; 50_000]);
    pages.put("/bad.dat", binary, [vec![1; 40_000], b"virus".to_vec()].concat());
    let port = pages.serve().await.port();
    let scanner = scanner().await;
    let rules = limits(|limits| (limits.scan_downloads, limits.when_scanner_away) = (true, WhenScannerAway::Refuse));
    let (mut site, squid) = school(rules, |config| config.content.clamd = Some(ClamdAddress::Tcp(scanner))).await;
    let Some(squid) = squid else { return };
    let get = async |path: &str| squid.get(&format!("http://lessons.example:{port}{path}")).await;
    assert!(get("/good").await.body.contains("volcanoes"));
    assert_eq!(get("/long").await.body.matches("lesson ").count(), 40_000);
    let bad = get("/bad").await;
    assert!(bad.status == 403 && bad.body.contains("the words of this page"), "{bad:?}");
    let late = get("/late").await;
    assert!(late.status == 200 && !late.body.contains("free bets") && !late.body.ends_with("0\r\n\r\n"), "cut");
    assert_eq!(get("/clean.dat").await.body.matches('\u{1}').count(), 50_000);
    let infected = get("/bad.dat").await;
    assert!(infected.status == 403 && infected.body.contains("would harm"), "{infected:?}");
    // What was open to somebody once is looked at for the next one: squid keeps nothing.
    assert_eq!(get("/bad").await.status, 403);
    let reasons: Vec<_> =
        site.observed().iter().filter(|seen| seen.outcome == Outcome::Blocked).map(|seen| seen.reason).collect();
    assert_eq!(reasons, ["page-words", "page-words", "malware", "page-words"]);
}

/// squid's bug 5352: it stops after 64 kB of an answer of which nothing came back.
#[tokio::test]
async fn long_files_are_scanned_whole_and_arrive() {
    let binary = "Content-Type: application/octet-stream\r\n";
    let pages = Pages::default();
    let lengths = [70_000, 300_000, 3_000_000];
    for length in lengths {
        pages.put(&format!("/{length}"), binary, (0..length).map(|at| b'a' + (at % 7) as u8).collect::<Vec<_>>());
    }
    pages.put("/bad", binary, [vec![b'x'; 1_000_000], b"virus".to_vec()].concat());
    let port = pages.serve().await.port();
    let scanner = scanner().await;
    let rules = limits(|limits| (limits.scan_downloads, limits.when_scanner_away) = (true, WhenScannerAway::Refuse));
    let (mut site, squid) = school(rules, |config| config.content.clamd = Some(ClamdAddress::Tcp(scanner))).await;
    let Some(squid) = squid else { return };
    let get = async |path: &str| squid.get(&format!("http://lessons.example:{port}/{path}")).await;
    for length in lengths {
        let answer = get(&length.to_string()).await;
        let expected = (0..length).all(|at| answer.body.as_bytes().get(at) == Some(&(b'a' + (at % 7) as u8)));
        assert!(answer.status == 200 && answer.body.len() == length && expected, "{length}: {}", answer.head);
    }
    let bad = get("bad").await;
    assert!(bad.status == 403 || bad.body.len() < 64, "{} bytes of what would harm", bad.body.len());
    let reasons: Vec<_> =
        site.observed().iter().filter(|seen| seen.outcome == Outcome::Blocked).map(|seen| seen.reason).collect();
    assert_eq!(reasons, ["malware"]);
}

#[tokio::test]
async fn prompts_are_seen_and_long_uploads_stream() {
    let listener = TcpListener::bind((LOOPBACK, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (tell, mut told) = tokio::sync::mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let (mut all, mut last, mut piece) = (0, Vec::new(), vec![0; 65_536]);
            while !last.ends_with(b"END") && !last.ends_with(b"0\r\n\r\n") {
                let Ok(length @ 1..) = stream.read(&mut piece).await else { break };
                all += length;
                last.extend_from_slice(&piece[..length]);
                last.drain(..last.len().saturating_sub(16));
                let _ = tell.send(all);
            }
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok").await;
        }
    });
    let (mut site, squid) = school(rules(), |_| {}).await;
    let Some(squid) = squid else { return };
    let prompt = r#"{"messages":[{"role":"user","content":"i want to kill myself"}],"x":"END"#;
    let head = |host: &str, length: usize| {
        format!(
            "POST http://{host}:{port}/backend-api/conversation HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\
             Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
        )
    };
    let answer = squid.send(&format!("{}{prompt}", head("chatgpt.com", prompt.len()))).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let [seen] = site.observed().try_into().unwrap();
    assert!(!seen.worries.is_empty(), "{seen:?}");
    // Half of thirty megabytes; the other half once the origin has seen some of it.
    let half = "x".repeat(15 << 20);
    let mut stream = TcpStream::connect(squid.address).await.unwrap();
    stream.write_all(head("lessons.example", 2 * half.len() + 3).as_bytes()).await.unwrap();
    stream.write_all(half.as_bytes()).await.unwrap();
    let some = async { while told.recv().await.unwrap() < 10 << 20 {} };
    timeout(LONG, some).await.expect("it streams");
    stream.write_all(half.as_bytes()).await.unwrap();
    stream.write_all(b"END").await.unwrap();
    assert_eq!(read_answer(&mut stream).await.status, 200);
}

#[tokio::test]
async fn without_us_nothing_passes() {
    let (site, squid) = school(rules(), |_| {}).await;
    let Some(squid) = squid else { return };
    let url = format!("http://lessons.example:{}/", site.origin.port());
    assert_eq!(squid.get(&url).await.status, 200);
    site.gateway.shutdown().await;
    assert!(squid.get(&url).await.status >= 500, "bypass=off");
}
