//! What a gateway saw is not lost between its disk and its server: the program is killed over and over while it is asked names, and
//! the server answers, refuses, is slow, hangs up in the middle, or takes a batch and does not say so.
//!
//! Acknowledged is what is whole in the spool: from then on only the server's word removes it. The server here is a stand-in that
//! keeps what it was sent.

use crate::demonstration::run;
use crate::remote::{BELISHA, GatewayProcess, until};
use crate::serving::{ask_proxy, ask_tcp};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const KILLS: usize = 22;
const SCHOOL: &str = "01920000-0000-7000-8000-00000000000a";
const GATEWAY: &str = "01920000-0000-7000-8000-00000000000b";

/// How the stand-in meets a batch, in turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Manner {
    Takes,
    Fails,
    HangsUpInTheMiddle,
    TakesAndHangsUp,
    IsSlow,
    TurnsAway,
}

const MANNERS: [Manner; 5] =
    [Manner::Takes, Manner::Fails, Manner::HangsUpInTheMiddle, Manner::TakesAndHangsUp, Manner::IsSlow];

#[derive(Default)]
struct Kept {
    /// Batches by name, and how often each came.
    batches: Mutex<BTreeMap<String, (Vec<u8>, usize)>>,
    /// Their names as they came first.
    order: Mutex<Vec<String>>,
    manner: AtomicUsize,
    asked: AtomicU64,
}

/// A server that only knows what this story needs.
struct StandIn {
    address: SocketAddr,
    kept: Arc<Kept>,
}

impl StandIn {
    fn start() -> Self {
        let socket = TcpListener::bind("127.0.0.1:0").unwrap();
        let (address, kept) = (socket.local_addr().unwrap(), Arc::new(Kept::default()));
        let shared = Arc::clone(&kept);
        std::thread::spawn(move || {
            for stream in socket.incoming() {
                let (stream, kept) = (stream.unwrap(), Arc::clone(&shared));
                std::thread::spawn(move || answer(stream, &kept));
            }
        });
        Self { address, kept }
    }

    fn becomes(&self, manner: Manner) {
        let place = MANNERS.iter().position(|known| *known == manner).unwrap_or(MANNERS.len());
        self.kept.manner.store(place, Ordering::SeqCst);
    }

    fn names(&self) -> BTreeSet<String> {
        self.kept.batches.lock().unwrap().keys().cloned().collect()
    }
}

/// Answers one request and closes; `None` where the connection broke.
fn answer(mut stream: TcpStream, kept: &Kept) -> Option<()> {
    let manner = MANNERS.get(kept.manner.load(Ordering::SeqCst)).copied().unwrap_or(Manner::TurnsAway);
    let mut seen = Vec::new();
    let head_ends = loop {
        let mut byte = [0; 1024];
        let read = stream.read(&mut byte).ok().filter(|read| *read > 0)?;
        seen.extend_from_slice(&byte[..read]);
        if let Some(end) = seen.windows(4).position(|window| window == b"\r\n\r\n") {
            break end + 4;
        }
    };
    let head = String::from_utf8_lossy(&seen[..head_ends]).to_lowercase();
    kept.asked.fetch_add(1, Ordering::SeqCst);
    let length: usize =
        head.split("content-length: ").nth(1).map_or(0, |rest| rest.lines().next().unwrap().trim().parse().unwrap());
    let mut body = seen.split_off(head_ends);
    let batch = head.split("/gateway/observations/").nth(1).map(|rest| rest.split(' ').next().unwrap().to_owned());
    let reply = |stream: &mut TcpStream, status: &str, body: &str| {
        let text = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len());
        let _ = stream.write_all(text.as_bytes());
    };
    if manner == Manner::TurnsAway {
        reply(&mut stream, "401 Unauthorized", "this gateway was revoked");
        return None;
    }
    let Some(batch) = batch else {
        // Rules and events: nothing new, after a while.
        std::thread::sleep(Duration::from_millis(200));
        reply(&mut stream, "503 Service Unavailable", "not now");
        return None;
    };
    if manner == Manner::HangsUpInTheMiddle {
        return None;
    }
    while body.len() < length {
        let mut more = [0; 65536];
        let read = stream.read(&mut more).ok().filter(|read| *read > 0)?;
        body.extend_from_slice(&more[..read]);
    }
    if manner == Manner::Fails {
        reply(&mut stream, "500 Internal Server Error", "it failed");
        return None;
    }
    if manner == Manner::IsSlow {
        std::thread::sleep(Duration::from_millis(700));
    }
    let mut batches = kept.batches.lock().unwrap();
    let (known, times) = batches.entry(batch.clone()).or_insert_with(|| {
        kept.order.lock().unwrap().push(batch);
        (body.clone(), 0)
    });
    assert_eq!(*known, body, "one name, one batch");
    *times += 1;
    drop(batches);
    if manner != Manner::TakesAndHangsUp {
        stream.write_all(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n").ok()?;
    }
    Some(())
}

/// Asks names one after the other, each once the one before is answered, until the gateway is gone. How many were answered.
fn ask_names(dns: u16, round: usize, enough: usize) -> usize {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    socket.connect(("127.0.0.1", dns)).unwrap();
    for number in 0..enough {
        let mut question = vec![0, 7, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
        for label in [format!("n{number}"), format!("round{round}"), "example".into()] {
            question.push(u8::try_from(label.len()).unwrap());
            question.extend_from_slice(label.as_bytes());
        }
        question.extend_from_slice(&[0, 0, 1, 0, 1]);
        let mut answer = [0; 1500];
        if socket.send(&question).and_then(|_| socket.recv(&mut answer)).is_err() {
            return number;
        }
    }
    enough
}

/// The names of the batches that are whole in a spool, read from a copy.
fn acknowledged(data: &Path) -> BTreeSet<String> {
    let copy = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(data.join("spool/waiting")).into_iter().flatten() {
        let entry = entry.unwrap();
        match std::fs::copy(entry.path(), copy.path().join(entry.file_name())) {
            // It was sent meanwhile.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            copied => drop(copied.unwrap()),
        }
    }
    let mut spool = belisha_gateway::Spool::open(copy.path(), u64::MAX).unwrap();
    let mut names = BTreeSet::new();
    while let Some(waiting) = spool.oldest().unwrap() {
        spool.sent(&waiting).unwrap();
        names.insert(String::from_utf8(waiting.content.split(|byte| *byte == b'\n').next().unwrap().to_vec()).unwrap());
    }
    names
}

/// The numbers of one round's names that the server was told of.
fn told(stand_in: &StandIn, round: usize) -> BTreeSet<usize> {
    told_in_order(stand_in, round).into_iter().collect()
}

/// The same as they came.
fn told_in_order(stand_in: &StandIn, round: usize) -> Vec<usize> {
    all_told(stand_in).into_iter().filter(|(of, _)| *of == round).map(|(_, number)| number).collect()
}

/// The round and number of every name that the server was told of, as they came.
fn all_told(stand_in: &StandIn) -> Vec<(usize, usize)> {
    let (batches, order) = (stand_in.kept.batches.lock().unwrap(), stand_in.kept.order.lock().unwrap());
    let mut told = Vec::new();
    for name in order.iter() {
        let text = String::from_utf8_lossy(&batches[name].0);
        for (end, _) in text.match_indices(".example\"") {
            let Some((number, round)) = text[..end].rsplit('"').next().unwrap().split_once(".round") else { continue };
            told.push((round.parse().unwrap(), number[1..].parse().unwrap()));
        }
    }
    told
}

/// A program that mounts a small disk for itself alone, in memory, and becomes the rest of its command line there; `None` where
/// nobody may mount.
fn with_a_small_disk(at: &Path) -> Option<Command> {
    let alone: &[&str] = match run(Command::new("id").arg("-u")).stdout.as_slice() {
        b"0\n" => &["--mount"],
        _ => &["--mount", "--map-root-user"],
    };
    if !Command::new("unshare").args(alone).arg("true").status().is_ok_and(|status| status.success()) {
        return None;
    }
    let mut command = Command::new("unshare");
    command
        .args(alone)
        .args(["sh", "-c", "mount -t tmpfs -o size=1m small \"$0\" && exec \"$@\""])
        .arg(at)
        .arg(BELISHA);
    Some(command)
}

/// Fills a disk to its last byte.
fn fill(file: &Path) {
    let mut filler = std::fs::File::create(file).unwrap();
    for piece in [4096, 1] {
        while filler.write_all(&vec![0; piece]).is_ok() {}
    }
    assert_eq!(filler.write(b"x").unwrap_err().kind(), std::io::ErrorKind::StorageFull);
}

#[test]
fn no_kill_loses_a_batch_that_was_acknowledged() {
    let (stand_in, folder) = (StandIn::start(), tempfile::tempdir().unwrap());
    let token = folder.path().join("token");
    std::fs::write(&token, format!("belisha-gateway.{SCHOOL}.{GATEWAY}.secret")).unwrap();
    let (data, log, from) =
        (folder.path().join("data"), folder.path().join("log"), format!("http://{}", stand_in.address));
    let start = || GatewayProcess::start(&from, &token, &data, &log);
    let (mut promised, mut answered) = (BTreeSet::new(), Vec::new());
    for round in 0..KILLS {
        stand_in.becomes(MANNERS[round % MANNERS.len()]);
        let mut gateway = start();
        let asking = {
            let dns = gateway.dns;
            std::thread::spawn(move || ask_names(dns, round, 400 + round * 30))
        };
        // Somewhere inside a batch, a send, a removal; another place each time.
        std::thread::sleep(Duration::from_millis(150 + (round as u64 * 397) % 900));
        gateway.process.kill().unwrap();
        gateway.process.wait().unwrap();
        answered.push(asking.join().unwrap());
        promised.extend(acknowledged(&data));
    }
    assert!(promised.len() > KILLS / 2, "hardly anything was acknowledged: {}", promised.len());
    stand_in.becomes(Manner::Takes);
    let gateway = start();
    until("all that waits is sent", || acknowledged(&data).is_empty());
    drop(gateway);
    let lost: Vec<_> = promised.difference(&stand_in.names()).cloned().collect();
    assert!(lost.is_empty(), "{} of {} acknowledged batches never came: {lost:?}", lost.len(), promised.len());
    for (round, answered) in answered.iter().enumerate() {
        let told = told(&stand_in, round);
        assert!(told.iter().copied().eq(0..told.len()), "round {round} has a hole, so a batch was lost: {told:?}");
        assert!(told.len() <= answered + 1, "round {round}: more was told than asked");
    }
    let all: usize = answered.iter().sum();
    let told_of: usize = (0..KILLS).map(|round| told(&stand_in, round).len()).sum();
    assert!(told_of * 4 > all, "most of what was seen came: {told_of} of {all}");
    assert!(
        stand_in.kept.batches.lock().unwrap().values().any(|(_, times)| *times > 1),
        "no batch came twice, so nothing was tried"
    );
}

#[test]
fn a_gateway_that_is_turned_away_asks_seldom_and_keeps_what_it_saw() {
    let (stand_in, folder) = (StandIn::start(), tempfile::tempdir().unwrap());
    let token = folder.path().join("token");
    std::fs::write(&token, format!("belisha-gateway.{SCHOOL}.{GATEWAY}.secret")).unwrap();
    let (data, log, from) =
        (folder.path().join("data"), folder.path().join("log"), format!("http://{}", stand_in.address));
    stand_in.becomes(Manner::TurnsAway);
    let gateway = GatewayProcess::start(&from, &token, &data, &log);
    assert_eq!(ask_names(gateway.dns, 0, 50), 50, "it answers all the same");
    until("what it saw is on its disk", || !acknowledged(&data).is_empty());
    std::thread::sleep(Duration::from_secs(3));
    let asked = stand_in.kept.asked.load(Ordering::SeqCst);
    // The parts of a gateway that begin together may each ask once before the first of them is turned away.
    assert!((1..=5).contains(&asked), "asked {asked} times");
    assert_eq!(std::fs::read_to_string(&log).unwrap().matches("turns this gateway away").count(), 1);
    assert!(stand_in.names().is_empty());
    let figures = gateway.figures();
    assert!(figures.sum("belisha_spool_records", "") >= 1.0 && figures.sum("belisha_spool_bytes", "") > 100.0);
    assert_eq!(figures.sum("belisha_spool_lost_total", ""), 0.0);
    assert_eq!(figures.sum("belisha_dns_questions_total", "\"udp\""), 50.0);
}

#[test]
fn a_full_disk_loses_nothing_that_memory_can_hold() {
    let (stand_in, folder) = (StandIn::start(), tempfile::tempdir().unwrap());
    let (token, data, log) = (folder.path().join("token"), folder.path().join("data"), folder.path().join("log"));
    std::fs::write(&token, format!("belisha-gateway.{SCHOOL}.{GATEWAY}.secret")).unwrap();
    std::fs::create_dir(&data).unwrap();
    let Some(command) = with_a_small_disk(&data) else {
        println!("skipped: nobody here may mount a small disk");
        return;
    };
    stand_in.becomes(Manner::Fails);
    let from = format!("http://{}", stand_in.address);
    let gateway = GatewayProcess::started_by(command, &from, &token, &data, &log);
    let disk = PathBuf::from(format!("/proc/{}/root", gateway.process.id())).join(data.strip_prefix("/").unwrap());
    let figure = |name: &str| gateway.figures().sum(&format!("belisha_spool_{name}"), "");
    ask_names(gateway.dns, 0, 200);
    until("what it saw is on its disk", || figure("records") >= 1.0);

    // Full, it remembers; with room again, it writes.
    fill(&disk.join("filler"));
    ask_names(gateway.dns, 1, 300);
    until("what it saw waits in memory", || figure("in_memory") >= 1.0 && figure("in_memory_bytes") > 10_000.0);
    let on_disk = figure("records");
    std::fs::remove_file(disk.join("filler")).unwrap();
    until("it is written after all", || figure("in_memory") == 0.0);
    assert!(figure("records") > on_disk);

    // Full again, and this time the server takes what waits in memory before the disk does.
    fill(&disk.join("filler"));
    ask_names(gateway.dns, 2, 300);
    until("what it saw waits in memory once more", || figure("in_memory") >= 1.0);
    stand_in.becomes(Manner::Takes);
    until("everything is sent", || {
        fill(&disk.join("filler"));
        figure("in_memory") + figure("records") == 0.0
    });
    for (round, asked) in [(0, 200), (1, 300), (2, 300)] {
        assert!(told_in_order(&stand_in, round).into_iter().eq(0..asked), "round {round} came whole and in order");
    }
    assert_eq!(figure("lost_total"), 0.0);
    let log = std::fs::read_to_string(&log).unwrap();
    assert_eq!(log.matches("waits in memory; free some space").count(), 2, "once for each time: {log}");
}

#[test]
fn a_restart_refuses_nobody_and_loses_and_doubles_nothing_that_was_seen() {
    let (stand_in, folder) = (StandIn::start(), tempfile::tempdir().unwrap());
    let (token, data, log) = (folder.path().join("token"), folder.path().join("data"), folder.path().join("log"));
    std::fs::write(&token, format!("belisha-gateway.{SCHOOL}.{GATEWAY}.secret")).unwrap();
    let from = format!("http://{}", stand_in.address);
    let mut gateway = GatewayProcess::start(&from, &token, &data, &log);
    let (dns, proxy) = (gateway.dns, gateway.proxy);
    let (stop, requests) = (AtomicBool::new(false), AtomicUsize::new(0));
    // Each round is fifty names on a socket of its own, one after the other.
    let name_rounds = |first: usize, failures: &mut Vec<String>| {
        let mut round = first;
        while !stop.load(Ordering::Relaxed) {
            let answered = ask_names(dns, round, 50);
            failures.extend((answered < 50).then(|| format!("round {round}: only {answered} were answered")));
            requests.fetch_add(50, Ordering::Relaxed);
            round += 1;
            // What is more than a disk can take is dropped and counted, which is another story.
            std::thread::sleep(Duration::from_millis(50));
        }
        round
    };
    let others = |client: usize, failures: &mut Vec<String>| {
        while !stop.load(Ordering::Relaxed) {
            let answered = match client {
                0 => ask_tcp(([127, 0, 0, 1], dns).into(), "casino.example"),
                _ => ask_proxy(([127, 0, 0, 1], proxy).into(), "http://casino.example/").map(drop),
            };
            failures.extend(answered.err());
            requests.fetch_add(1, Ordering::Relaxed);
        }
        0
    };
    let ended = std::thread::scope(|scope| {
        let clients: Vec<_> = (0..4)
            .map(|client| {
                scope.spawn(move || {
                    let mut failures = Vec::new();
                    let first = client * 1_000_000;
                    let last =
                        if client < 2 { name_rounds(first, &mut failures) } else { others(client - 2, &mut failures) };
                    (first..last.max(first), failures)
                })
            })
            .collect();
        std::thread::sleep(Duration::from_millis(500));
        for manner in [Manner::Takes, Manner::IsSlow] {
            // Slow: the restart comes while a batch is on its way.
            stand_in.becomes(manner);
            std::thread::sleep(Duration::from_millis(500));
            let new = gateway.relieved(&from, &token, &data, &log);
            let log = || std::fs::read_to_string(&log).unwrap();
            assert!(gateway.process.wait().unwrap().success(), "the old one ends by itself: {}", log());
            gateway = new;
        }
        std::thread::sleep(Duration::from_millis(500));
        stop.store(true, Ordering::Relaxed);
        clients.into_iter().map(|client| client.join().unwrap()).collect::<Vec<_>>()
    });
    let failures: Vec<_> = ended.iter().flat_map(|(_, failures)| failures).collect();
    assert!(failures.is_empty(), "{} of {}: {failures:?}", failures.len(), requests.load(Ordering::Relaxed));
    stand_in.becomes(Manner::Takes);
    until("everything is sent", || acknowledged(&data).is_empty());
    let rounds: Vec<usize> = ended.iter().flat_map(|(rounds, _)| rounds.clone()).collect();
    assert!(rounds.len() > 10, "hardly anybody asked");
    until("all that was seen has come", || all_told(&stand_in).len() >= 50 * rounds.len());
    let mut told = all_told(&stand_in);
    told.sort_unstable();
    let asked: Vec<_> = rounds.iter().flat_map(|round| (0..50).map(|number| (*round, number))).collect();
    assert_eq!(told.len(), asked.len(), "as many as were asked");
    // What was sent from a file that was not finished comes again under its name, and is kept once, as the server keeps it.
    assert!(told == asked, "each was told once");
    println!("{} requests during two restarts, 0 errors, {} names each told once", requests.into_inner(), told.len());
}
