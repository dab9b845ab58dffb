//! A server that is killed in the middle of writing loses nothing it had acknowledged, and keeps no half record: 50 kills.
//!
//! The writer is this test binary started again: it commits people one after the other and says each id only once the commit has
//! returned. SQLite, because there the killed process is the database.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test says what it expects by failing")]

use belisha_policy::{Audience, Nation, Phase};
use belisha_records::{Actor, Identifier, Person, PersonId, PersonName, SchoolCalendar, SchoolId};
use belisha_store::schools::School;
use belisha_store::{Entropy, Store, ledger, people, schools};
use ed25519_dalek::SigningKey;
use jiff::{Timestamp, civil::date};
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::sync::Arc;

const KILLS: u32 = 50;
const DATABASE: &str = "BELISHA_FAULTS_DATABASE";
const ROUND: &str = "BELISHA_FAULTS_ROUND";

fn now() -> Timestamp {
    Timestamp::from_second(1_795_000_000).unwrap()
}

fn school() -> SchoolId {
    SchoolId::make(1, [7; 10])
}

/// Different bytes for each round, so that no id is made twice.
fn entropy(round: u32) -> Entropy {
    let counter = std::sync::atomic::AtomicU32::new(1);
    Arc::new(move |bytes| {
        let number = counter.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let seed = [round.to_be_bytes(), number.to_be_bytes()].concat();
        bytes.iter_mut().zip(seed.iter().cycle()).for_each(|(byte, seed)| *byte = *seed);
    })
}

fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Runtime::new().unwrap().block_on(future)
}

async fn enter_a_person(store: &Store) -> PersonId {
    let mut tx = store.begin(&Actor::Command("faults"), school(), now()).await.unwrap();
    let id: PersonId = tx.new_id();
    let person = Person {
        id,
        school: school(),
        name: PersonName::new("Somebody Fictional"),
        audience: Audience::Visitor,
        year_group: None,
        class: None,
        username: Some(format!("visitor.{id}")),
        email: None,
        joined: date(2026, 9, 1),
        left: None,
    };
    people::insert(&mut tx, &person).await.unwrap();
    tx.commit().await.unwrap();
    id
}

/// Not a test of its own: the process that is killed.
#[test]
#[ignore = "started by the test below"]
fn the_writer() {
    let Ok(database) = std::env::var(DATABASE) else { return };
    let round = std::env::var(ROUND).unwrap().parse().unwrap();
    run(async {
        let store = Store::open(&database, entropy(round)).await.unwrap();
        loop {
            let id = enter_a_person(&store).await;
            let mut out = std::io::stdout().lock();
            writeln!(out, "acknowledged {id}").unwrap();
            out.flush().unwrap();
        }
    });
}

#[test]
fn fifty_kills_lose_nothing_that_was_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let database = format!("sqlite://{}", folder.path().join("belisha.db").display());
    run(enter_the_school(&database));
    let mut acknowledged: BTreeSet<PersonId> = BTreeSet::new();
    for round in 1..=KILLS {
        acknowledged.extend(write_until_killed(&database, round));
        let (kept, verification) = run(read_back(&database));
        let lost: Vec<_> = acknowledged.difference(&kept).collect();
        assert!(
            lost.is_empty(),
            "after kill {round}: {} of {} acknowledged writes are gone",
            lost.len(),
            acknowledged.len()
        );
        assert!(verification.first_bad.is_none(), "after kill {round}: {:?}", verification.first_bad);
    }
    assert!(acknowledged.len() > KILLS as usize, "the writer hardly wrote: {}", acknowledged.len());
}

async fn enter_the_school(database: &str) {
    let store = Store::open(database, entropy(0)).await.unwrap();
    let mut tx = store.begin(&Actor::Command("faults"), school(), now()).await.unwrap();
    let calendar = SchoolCalendar {
        time_zone: "Europe/London".into(),
        terms: vec![],
        closed: vec![],
        day: vec![],
        boarding: Vec::new(),
    };
    let record = School {
        id: school(),
        name: "Marlowe Bridge High School".into(),
        nation: Nation::England,
        phase: Phase::Secondary,
        calendar,
        settings: serde_json::json!({}),
        created_at: now(),
    };
    schools::insert(&mut tx, &record).await.unwrap();
    tx.commit().await.unwrap();
    store.close().await.unwrap();
}

/// Lets the writer acknowledge a few writes, a different number each round, then kills it where it stands.
fn write_until_killed(database: &str, round: u32) -> Vec<PersonId> {
    let mut writer = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "the_writer", "--ignored", "--nocapture", "--test-threads=1"])
        .env(DATABASE, database)
        .env(ROUND, round.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(writer.stdout.take().unwrap()).lines();
    let enough = 2 + (round * 7 % 23) as usize;
    let mut acknowledged = Vec::new();
    let id_of = |line: &str| line.split_once("acknowledged ").map(|(_, id)| id.trim().parse::<PersonId>().unwrap());
    while acknowledged.len() < enough {
        let line = lines.next().expect("the writer ended by itself").unwrap();
        acknowledged.extend(id_of(&line));
    }
    // Somewhere inside the next commits, not on a line's edge.
    std::thread::sleep(std::time::Duration::from_micros(u64::from(round * 397 % 2500)));
    writer.kill().unwrap();
    writer.wait().unwrap();
    // What it had said before it died counts as acknowledged too; a line cut in the middle does not.
    for line in lines.map_while(Result::ok) {
        if let Some((_, id)) = line.split_once("acknowledged ") {
            acknowledged.extend(id.trim().parse::<PersonId>().ok());
        }
    }
    acknowledged
}

async fn read_back(database: &str) -> (BTreeSet<PersonId>, ledger::Verification) {
    let store = Store::open(database, entropy(9999)).await.unwrap();
    let mut tx = store.read(school()).await.unwrap();
    let kept = people::list(&mut tx).await.unwrap().into_iter().map(|person| person.id).collect();
    let verification = ledger::verify(&mut tx, &SigningKey::from_bytes(&[1; 32]).verifying_key()).await.unwrap();
    (kept, verification)
}
