//! Jobs at work on both databases: claimed once, recorded, and doing what the table says.

use super::runner::{JobRun, run_owed};
use super::*;
use belisha_policy::{Audience, Nation, Phase, Role};
use belisha_records::{Actor, Identifier, OfficeHolding, Person, PersonId, PersonName, SchoolCalendar};
use belisha_store::testing::TestDatabase;
use belisha_store::{both_databases, duties, exceptions, job_runs, ledger, offices, outbox, people};
use jiff::SignedDuration;
use std::sync::Mutex;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};

const SETUP: Actor = Actor::Command("test");
const POLICY: &str = "{nation=\"england\" phase=\"secondary\"}\n# Policy\n\n## Checks\n\n{#weekly-check .duty what=\"check:filtering\" every=\"week\" owner=\"ict-manager\"}\nThe filter is checked every week.\n";

pub(super) fn school_id() -> SchoolId {
    SchoolId::make(1, [1; 10])
}
pub(super) fn manager() -> PersonId {
    PersonId::make(1, [2; 10])
}
pub(super) fn head() -> PersonId {
    PersonId::make(1, [3; 10])
}

/// A server on a database, with a clock that stands where it is put.
pub(super) struct Server {
    pub(super) context: JobContext,
    time: Arc<Mutex<Timestamp>>,
    pub(super) changed: Arc<Mutex<Vec<Option<SchoolId>>>>,
    _data: tempfile::TempDir,
}

impl Server {
    fn on(store: &Store) -> Self {
        let time = Arc::new(Mutex::new("2026-11-20T12:00:00Z".parse().unwrap()));
        let changed = Arc::new(Mutex::new(Vec::new()));
        let data = tempfile::tempdir().unwrap();
        let (clock, seen) = (Arc::clone(&time), Arc::clone(&changed));
        let context = JobContext {
            store: store.clone(),
            clock: Arc::new(move || *clock.lock().unwrap()),
            data: data.path().to_owned(),
            mailer: None,
            signing_key: Arc::new(ed25519_dalek::SigningKey::from_bytes(&[7; 32])),
            on_rules_changed: Arc::new(move |school| seen.lock().unwrap().push(school)),
        };
        Self { context, time, changed, _data: data }
    }
    pub(super) fn now(&self) -> Timestamp {
        *self.time.lock().unwrap()
    }
    pub(super) fn set(&self, time: &str) {
        *self.time.lock().unwrap() = time.parse().unwrap();
    }
    pub(super) async fn run(&self, key: &str) -> Vec<JobRun> {
        run_owed(&self.context, job_named(key).unwrap()).await
    }
    /// Runs a job that is owed and must go well; its message.
    pub(super) async fn run_well(&self, key: &str) -> String {
        let runs = self.run(key).await;
        assert_eq!(runs.len(), 1, "{key} was not owed");
        assert!(runs[0].ok, "{key}: {}", runs[0].message);
        runs[0].message.clone()
    }
    pub(super) async fn write<T>(&self, act: impl AsyncFnOnce(&mut belisha_store::Tx) -> T) -> T {
        let mut tx = self.context.store.begin(&SETUP, school_id(), self.now()).await.unwrap();
        let made = act(&mut tx).await;
        tx.commit().await.unwrap();
        made
    }
    async fn mails(&self) -> Vec<outbox::Message> {
        let mut tx = self.context.store.read(school_id()).await.unwrap();
        outbox::list(&mut tx, 100).await.unwrap()
    }
}

pub(super) async fn server(database: &TestDatabase) -> Server {
    let server = Server::on(&database.store);
    let calendar = SchoolCalendar {
        boarding: Vec::new(),
        time_zone: "Europe/London".into(),
        terms: vec![belisha_records::Term {
            name: "Autumn".into(),
            first: "2026-09-01".parse().unwrap(),
            last: "2026-12-18".parse().unwrap(),
        }],
        closed: Vec::new(),
        day: Vec::new(),
    };
    server
        .write(async |tx| {
            let school = schools::School {
                id: school_id(),
                name: "Marlowe Bridge High School".into(),
                nation: Nation::England,
                phase: Phase::Secondary,
                calendar,
                settings: serde_json::json!({}),
                created_at: tx.now(),
            };
            schools::insert(tx, &school).await.unwrap();
            for (id, role) in [(manager(), Role::IctManager), (head(), Role::Headteacher)] {
                people::insert(tx, &person(id)).await.unwrap();
                let holding = OfficeHolding { person: id, role, from: "2026-09-01".parse().unwrap(), until: None };
                offices::insert(tx, &holding).await.unwrap();
            }
            let draft = policies::insert_draft(tx, POLICY, true, "first", None).await.unwrap();
            policies::approve(tx, draft.id, head(), "2026-09-01".parse().unwrap()).await.unwrap();
            policies::bring_into_force(tx, draft.id).await.unwrap();
        })
        .await;
    server
}

fn person(id: PersonId) -> Person {
    Person {
        id,
        school: school_id(),
        name: PersonName::new("Somebody"),
        audience: Audience::Staff,
        year_group: None,
        class: None,
        username: None,
        email: Some(format!("{id}@school.example")),
        joined: "2026-09-01".parse().unwrap(),
        left: None,
    }
}

/// A mail server that answers every mail with one line, for as many mails as are asked for, and gives back what it was sent.
async fn mail_server(answer: &'static str, mails: usize) -> (Arc<Mailer>, tokio::task::JoinHandle<Vec<String>>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("smtp://{}", listener.local_addr().unwrap());
    let talk = tokio::spawn(async move {
        let mut received = Vec::new();
        while received.len() < mails {
            let (stream, _) = listener.accept().await.unwrap();
            let (read, mut write) = stream.into_split();
            let mut lines = BufReader::new(read).lines();
            write.write_all(b"220 test\r\n").await.unwrap();
            while let Ok(Some(line)) = lines.next_line().await {
                let reply = if line == "DATA" {
                    write.write_all(b"354 go on\r\n").await.unwrap();
                    let mut mail = String::new();
                    while let Ok(Some(line)) = lines.next_line().await {
                        if line == "." {
                            break;
                        }
                        mail.push_str(&line);
                        mail.push('\n');
                    }
                    received.push(mail);
                    answer
                } else if line.starts_with("EHLO") {
                    "250 test"
                } else {
                    "250 ok"
                };
                if write.write_all(format!("{reply}\r\n").as_bytes()).await.is_err() || received.len() == mails {
                    break;
                }
            }
        }
        received
    });
    (Arc::new(Mailer::new(&url, "belisha@school.example").unwrap()), talk)
}

both_databases! {
    async fn a_turn_is_run_once_however_many_servers_there_are(database: TestDatabase) {
        let one = server(&database).await;
        let other = Server::on(&database.store);
        let (a, b) = tokio::join!(one.run("open-duties"), other.run("open-duties"));
        assert_eq!(a.len() + b.len(), 1);
        assert!(one.run("open-duties").await.is_empty());
        // Three days off: one run catches up.
        other.set("2026-11-23T12:00:00Z");
        assert_eq!(other.run("open-duties").await.len(), 1);
        assert!(other.run("open-duties").await.is_empty());
    }

    async fn a_duty_opens_is_chased_and_passed_up_and_nobody_gets_two_mails_a_day(database: TestDatabase) {
        let server = server(&database).await;
        assert_eq!(server.run_well("open-duties").await, "1 duties opened");
        let open = server.write(async |tx| duties::list(tx).await.unwrap()).await;
        assert_eq!((open.len(), open[0].owner, open[0].due.to_string().as_str()), (1, Some(manager()), "2026-11-20"));
        server.run_well("chase-overdue-duties").await;
        assert_eq!(server.mails().await.iter().map(|mail| mail.to).collect::<Vec<_>>(), [manager()]);
        server.set("2026-11-21T12:00:00Z");
        server.run_well("chase-overdue-duties").await;
        assert_eq!(server.mails().await.len(), 1, "chased again the next day");
        // Off from the third day to the ninth: one reminder, to the one above.
        server.set("2026-11-29T12:00:00Z");
        server.run_well("chase-overdue-duties").await;
        let mails = server.mails().await;
        assert_eq!(mails.len(), 2);
        assert!(mails.iter().any(|mail| mail.to == head()));
        for mail in mails {
            assert!(!mail.body.contains("check") && !mail.subject.contains("check"), "a mail says what waits: {}", mail.body);
        }
    }

    async fn a_failed_job_is_red_keeps_its_last_good_run_and_is_tried_again(database: TestDatabase) {
        let server = server(&database).await;
        server.run_well("send-outbox").await;
        server.write(async |tx| outbox::queue(tx, head(), "Something waits", "Sign in.").await.unwrap()).await;
        server.set("2026-11-20T12:02:00Z");
        let failed = server.run("send-outbox").await;
        assert!(!failed[0].ok && failed[0].message.contains("1 mails wait and no mail server is set up"), "{failed:?}");
        let mut tx = server.context.store.read(school_id()).await.unwrap();
        let (latest, good) = (job_runs::latest(&mut tx, "send-outbox").await.unwrap().unwrap(), job_runs::last_good(&mut tx, "send-outbox").await.unwrap().unwrap());
        assert_eq!((latest.ok, good.due), (Some(false), "2026-11-20T12:00:00Z".parse().unwrap()));
    }

    async fn a_mail_is_sent_once_and_says_no_address_when_it_fails(database: TestDatabase) {
        let mut server = server(&database).await;
        server.write(async |tx| outbox::queue(tx, head(), "Something waits", "Sign in.").await.unwrap()).await;
        let (mailer, refusing) = mail_server("550 no such person as head@school.example", 1).await;
        server.context.mailer = Some(mailer);
        let runs = server.run("send-outbox").await;
        refusing.await.unwrap();
        assert!(!runs[0].ok && runs[0].message.contains("code 550") && !runs[0].message.contains('@'), "{runs:?}");
        let waiting = server.mails().await;
        assert!(waiting[0].sent_at.is_none() && waiting[0].last_failure.as_deref().is_some_and(|why| !why.contains('@')));
        let (mailer, taking) = mail_server("250 taken", 1).await;
        server.context.mailer = Some(mailer);
        server.set("2026-11-20T12:04:00Z");
        assert_eq!(server.run_well("send-outbox").await, "1 mails sent, 0 to be tried again, 0 given up");
        let received = taking.await.unwrap();
        assert!(received[0].contains("Sign in.") && received[0].contains(&format!("<{}@school.example>", waiting[0].id)), "{received:?}");
        server.set("2026-11-20T12:06:00Z");
        assert_eq!(server.run_well("send-outbox").await, "0 mails sent, 0 to be tried again, 0 given up");
    }

    async fn a_granted_site_ends_and_the_gateway_is_told_once(database: TestDatabase) {
        let server = server(&database).await;
        let granted = exceptions::GrantedException {
            id: String::new(),
            request: None,
            host: "play.example".into(),
            groups: vec!["pupil".into()],
            person: None,
            from: server.now(),
            until: server.now() + SignedDuration::from_mins(30),
            reason: "lesson".into(),
            granted_by: Some(head()),
            closed_at: None,
        };
        server.write(async |tx| exceptions::insert(tx, &granted).await.unwrap()).await;
        assert_eq!(server.run_well("expire-exceptions").await, "0 granted sites ended");
        server.set("2026-11-20T12:30:00Z");
        assert_eq!(server.run_well("expire-exceptions").await, "1 granted sites ended");
        server.set("2026-11-20T12:35:00Z");
        server.run_well("expire-exceptions").await;
        assert_eq!(*server.changed.lock().unwrap(), [Some(school_id())]);
    }

    async fn the_ledger_is_signed_into_a_file_that_proves_it(database: TestDatabase) {
        let server = server(&database).await;
        server.run_well("checkpoint-ledger").await;
        let folder = server.context.data.join("checkpoints").join(school_id().to_string());
        let note = std::fs::read_to_string(folder.join("latest.txt")).unwrap();
        let key = server.context.signing_key.verifying_key();
        assert!(ledger::check_note(&note, &ledger::origin(school_id()), &key).is_some_and(|checkpoint| checkpoint.size > 0));
    }

    async fn every_job_of_the_table_runs_on_a_new_school(database: TestDatabase) {
        let server = server(&database).await;
        for job in JOBS.iter().filter(|job| job.kind != JobKind::SendOutbox) {
            server.run_well(job.key).await;
        }
        let runs = server.run("send-outbox").await;
        assert!(!runs[0].ok && runs[0].message.contains("no mail server"), "the duty's reminder waits: {runs:?}");
    }
}
