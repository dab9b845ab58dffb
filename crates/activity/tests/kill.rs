//! Killed at any moment, the ingest loses nothing that it had counted as stored or as waiting on disk.
//!
//! The test runs itself again as another process, kills that one in the middle of its work, and counts what is left.

#![expect(clippy::unwrap_used, reason = "what cannot be set up should stop the test")]

use belisha_activity::*;
use belisha_policy::{Nation, Phase};
use belisha_records::{Actor, Identifier, SchoolCalendar, SchoolId};
use belisha_store::testing::entropy;
use belisha_store::{Entropy, Store, activity, schools};
use jiff::Timestamp;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tokio::sync::mpsc;

/// Set in the process that is killed: the folder, then whether its database is away.
const CHILD: &str = "BELISHA_TEST_KILLED_IN";
/// Kills with the database there, and as many with it away.
const KILLS: usize = 25;

fn now() -> Timestamp {
    "2026-11-20T12:00:00Z".parse().unwrap()
}
fn school() -> SchoolId {
    SchoolId::make(1, [1; 10])
}
fn url(folder: &Path) -> String {
    format!("sqlite://{}", folder.join("belisha.db").display())
}

fn record(number: usize) -> ActivityRecord {
    ActivityRecord {
        at: now(),
        school: school(),
        person: None,
        device: "10.0.0.7".into(),
        confidence: None,
        device_kind: None,
        group: "pupil".into(),
        host: format!("site{number}.example"),
        path: None,
        search_term: None,
        action: "allowed".into(),
        category: None,
        list: None,
        reason: "default".into(),
        bytes: None,
        note: None,
    }
}

/// Each process its own keys, as the machine's randomness would give.
fn own_entropy() -> Entropy {
    let (random, process) = (entropy(), std::process::id().to_le_bytes());
    Arc::new(move |bytes: &mut [u8]| {
        random(bytes);
        bytes.iter_mut().zip(process).for_each(|(byte, own)| *byte = own);
    })
}

async fn open(folder: &Path) -> Store {
    Store::open(&url(folder), own_entropy()).await.unwrap()
}

fn ingest(store: Store, folder: &Path) -> (mpsc::Sender<ActivityRecord>, Ingest) {
    let (sender, receiver) = mpsc::channel(1024);
    (sender, Ingest::spawn(store, folder.to_owned(), Arc::new(now), own_entropy(), receiver))
}

/// The process that is killed: sends records without end and says how many are safe.
async fn work_until_killed(folder: PathBuf, away: bool) {
    let store = open(&folder).await;
    if away {
        store.clone().close().await.unwrap();
    }
    let (sender, ingest) = ingest(store, &folder);
    let figures = Arc::clone(ingest.figures());
    tokio::spawn(async move {
        for number in 0.. {
            if sender.send(record(number)).await.is_err() {
                return;
            }
        }
    });
    let mut said = 0;
    loop {
        let safe = figures.stored.load(Ordering::SeqCst) + figures.spilled.load(Ordering::SeqCst);
        if safe > said {
            said = safe;
            // Straight to the pipe: the test harness keeps what is printed to itself.
            let _ = writeln!(std::io::stderr(), "safe {safe}");
        }
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    }
}

/// Starts the process, kills it after some reports, and answers the last count it reported.
fn kill_after(folder: &Path, away: bool, reports: usize) -> usize {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["nothing_acknowledged_is_lost", "--exact", "--nocapture"])
        .env(CHILD, format!("{}|{away}", folder.display()))
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut safe = 0;
    for line in BufReader::new(child.stderr.take().unwrap())
        .lines()
        .map_while(Result::ok)
        .filter(|line| line.starts_with("safe "))
        .take(reports)
    {
        safe = line.trim_start_matches("safe ").parse().unwrap();
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(safe > 0, "the process reported nothing");
    safe
}

async fn kept_after_restart(folder: &Path) -> Vec<String> {
    let store = open(folder).await;
    let (_, again) = ingest(store.clone(), folder);
    again.drain().await;
    let mut tx = store.read(school()).await.unwrap();
    let visits = activity::list_between(&mut tx, None, Timestamp::UNIX_EPOCH, Timestamp::MAX, u32::MAX).await.unwrap();
    visits.into_iter().map(|visit| visit.host).collect()
}

#[test]
fn nothing_acknowledged_is_lost() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    if let Ok(told) = std::env::var(CHILD) {
        let (folder, away) = told.split_once('|').unwrap();
        return runtime.block_on(work_until_killed(folder.into(), away == "true"));
    }
    for round in 0..KILLS * 2 {
        let away = round % 2 == 1;
        let folder = tempfile::tempdir().unwrap();
        runtime.block_on(set_up(folder.path()));
        let safe = kill_after(folder.path(), away, 1 + round % 5);
        let kept = runtime.block_on(kept_after_restart(folder.path()));
        let distinct: std::collections::BTreeSet<&String> = kept.iter().collect();
        assert_eq!(distinct.len(), kept.len(), "round {round}: something was stored twice");
        let lost =
            (0..safe).map(|number| format!("site{number}.example")).filter(|host| !distinct.contains(host)).count();
        assert_eq!(lost, 0, "round {round} (database away: {away}): {lost} of {safe} acknowledged records are gone");
    }
}

async fn set_up(folder: &Path) {
    let store = open(folder).await;
    let entered = schools::School {
        id: school(),
        name: "Inverbrae Primary School".into(),
        nation: Nation::Scotland,
        phase: Phase::Primary,
        calendar: SchoolCalendar {
            boarding: Vec::new(),
            time_zone: "Europe/London".into(),
            terms: Vec::new(),
            closed: Vec::new(),
            day: Vec::new(),
        },
        settings: serde_json::json!({}),
        created_at: now(),
    };
    let mut tx = store.begin(&Actor::Command("test"), school(), now()).await.unwrap();
    schools::insert(&mut tx, &entered).await.unwrap();
    tx.commit().await.unwrap();
    store.close().await.unwrap();
}
