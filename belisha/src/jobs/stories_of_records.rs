//! What the policy promises about records and days, carried out on both databases: what is over goes, what is relied on stays,
//! the ledger holds, and an approved policy binds on its day.

use super::stories::{Server, head, manager, school_id, server};
use super::*;
use belisha_policy::{ActionSubject, Audience};
use belisha_records::{
    Closure, DutyDone, DutyOccurrence, Finding, Identifier, Incident, IncidentId, IncidentStatus, Person, PersonId,
    PersonName, Signature, SignatureId, SignatureKind, SignedLine,
};
use belisha_store::testing::TestDatabase;
use belisha_store::{both_databases, duties, incidents, ledger, outbox, people, register_entries, signatures};

const WORDS: &str = "A secret that must not outlive its case";
const RETENTION: &str = "{nation=\"england\" phase=\"secondary\"}\n# Policy\n\n## Training\n\n{#refresher .duty what=\"training:refresher\" every=\"academic-year\" owner=\"headteacher\"}\nEverybody repeats the training.\n\n## Keeping\n\n{#keep-incidents .retention kind=\"incidents\" keep=\"90-days\"}\nClosed incidents are kept for 90 days.\n\n{#keep-agreements .retention kind=\"agreements\" keep=\"90-days\"}\nAgreements are kept for 90 days.\n\n{#keep-training .retention kind=\"training\" keep=\"90-days\"}\nTraining is kept for 90 days.\n";

fn gone_person() -> PersonId {
    PersonId::make(1, [9; 10])
}

fn incident(server: &Server, number: i64, closed: bool) -> Incident {
    Incident {
        id: IncidentId::make(1, [20 + u8::try_from(number).unwrap(); 10]),
        school: school_id(),
        number,
        occurred: "2026-11-03T10:20:00".parse().unwrap(),
        place: "Room 12".into(),
        description: WORDS.into(),
        action_taken: String::new(),
        recorded_by: head(),
        signed_as: PersonName::new("Somebody"),
        recorded_at: server.now(),
        about: Some(ActionSubject::Pupil),
        row: None,
        row_label: None,
        policy_version: None,
        risk_areas: Vec::new(),
        bullying: false,
        may_involve_indecent_images: false,
        involved: Vec::new(),
        actions: Vec::new(),
        status: if closed { IncidentStatus::Closed } else { IncidentStatus::Open },
        from_alert: None,
        closure: closed.then(|| Closure {
            finding: Finding::NotEstablished,
            outcome: String::new(),
            by: head(),
            at: server.now(),
        }),
    }
}

fn signed(
    server: &Server,
    n: u8,
    about: PersonId,
    kind: SignatureKind,
    lines: &[&str],
    version: belisha_records::PolicyVersionId,
) -> Signature {
    let line = |id: &&str| SignedLine { id: (*id).into(), text: format!("I keep to {id}.") };
    let (agreement, lines) = ("staff-agreement".into(), lines.iter().map(line).collect());
    let at = server.now().checked_add(jiff::SignedDuration::from_secs(n.into())).unwrap();
    Signature {
        id: SignatureId::make(1, [n; 10]),
        about,
        by: about,
        kind,
        agreement,
        policy_version: version,
        lines,
        at,
        reason: None,
    }
}

fn training_entry() -> register_entries::RegisterEntry {
    let content = serde_json::json!({ "course": "filtering" });
    register_entries::RegisterEntry {
        id: String::new(),
        register: "training".into(),
        on: "2026-11-20".parse().unwrap(),
        about: Some(head()),
        by: None,
        entered_at: Timestamp::UNIX_EPOCH,
        content,
    }
}

fn training_done(server: &Server) -> DutyOccurrence {
    let (id, due) = (belisha_records::DutyId::make(1, [30; 10]), "2026-11-20".parse().unwrap());
    let done = Some(DutyDone { by: head(), at: server.now(), on: due, evidence: WORDS.into() });
    DutyOccurrence {
        id,
        school: school_id(),
        clause: "refresher".into(),
        period: "2025-26".into(),
        person: None,
        owner: Some(head()),
        due,
        done,
        chasers: 0,
    }
}

/// The policy that says how long, and old records of every kind.
async fn fill(server: &Server) {
    let (closed, open, duty) = (incident(server, 1, true), incident(server, 2, false), training_done(server));
    server
        .write(async |tx| {
            let version = policies::insert_draft(tx, RETENTION, true, "how long", None).await.unwrap().id;
            policies::approve(tx, version, head(), "2026-11-20".parse().unwrap()).await.unwrap();
            policies::bring_into_force(tx, version).await.unwrap();
            let left = Person {
                id: gone_person(),
                school: school_id(),
                name: PersonName::new("Nobody Now"),
                audience: Audience::Staff,
                year_group: None,
                class: None,
                username: None,
                email: None,
                joined: "2025-09-01".parse().unwrap(),
                left: Some("2026-11-20".parse().unwrap()),
            };
            people::insert(tx, &left).await.unwrap();
            for case in [&closed, &open] {
                incidents::insert(tx, case).await.unwrap();
            }
            incidents::add_event(tx, closed.id, "noted", WORDS).await.unwrap();
            for (n, about, lines) in [
                (1, head(), &["a", "b"][..]),
                (2, head(), &["b"]),
                (3, manager(), &["a"]),
                (4, manager(), &["a", "b"]),
                (5, gone_person(), &["a"]),
            ] {
                signatures::insert(tx, &signed(server, n, about, SignatureKind::Signed, lines, version)).await.unwrap();
            }
            register_entries::insert(tx, &training_entry()).await.unwrap();
            duties::insert_new(tx, &duty).await.unwrap();
        })
        .await;
}

async fn left(server: &Server) -> (Vec<i64>, Vec<SignatureId>, usize, usize) {
    let mut tx = server.context.store.read(school_id()).await.unwrap();
    let cases = incidents::list_between(&mut tx, Timestamp::UNIX_EPOCH, Timestamp::MAX).await.unwrap();
    let signatures = signatures::list(&mut tx).await.unwrap();
    let training = register_entries::list(&mut tx, "training").await.unwrap().len();
    let done = duties::list_of_clause(&mut tx, "refresher").await.unwrap().len();
    (cases.iter().map(|case| case.number).collect(), signatures.iter().map(|act| act.id).collect(), training, done)
}

both_databases! {
    async fn records_go_when_their_time_is_over_and_the_ledger_holds(database: TestDatabase) {
        let server = server(&database).await;
        fill(&server).await;
        let act = |n: u8| SignatureId::make(1, [n; 10]);
        // Within their time everything stays.
        server.set("2027-02-17T12:00:00Z");
        assert_eq!(server.run_well("purge-records").await, "0 closed incidents removed, 0 acts of signing removed, 0 records of training removed");
        assert_eq!(left(&server).await, (vec![1, 2], (1..=5).map(act).collect(), 1, 1));
        // A changed line signed alone takes the place of nothing; signing every line does; who left is relied on by nobody.
        server.set("2027-02-19T12:00:00Z");
        assert_eq!(server.run_well("purge-records").await, "1 closed incidents removed, 2 acts of signing removed, 2 records of training removed");
        assert_eq!(left(&server).await, (vec![2], [1, 2, 4].map(act).to_vec(), 0, 0));
        server.run_well("checkpoint-ledger").await;
        let mut tx = server.context.store.read(school_id()).await.unwrap();
        let verified = ledger::verify(&mut tx, &server.context.signing_key.verifying_key()).await.unwrap();
        assert!(verified.first_bad.is_none(), "{:?}", verified.first_bad);
        drop(tx);
        server.set("2030-01-01T12:00:00Z");
        server.run_well("purge-records").await;
        assert_eq!(left(&server).await.0, [2], "an open case is never removed");
    }

    async fn a_policy_approved_for_tomorrow_is_in_force_tomorrow(database: TestDatabase) {
        let server = server(&database).await;
        let next = server
            .write(async |tx| {
                let next = policies::insert_draft(tx, RETENTION, true, "next", None).await.unwrap().id;
                policies::approve(tx, next, head(), "2026-11-21".parse().unwrap()).await.unwrap();
                next
            })
            .await;
        assert_eq!(server.run_well("bring-policies-into-force").await, "no approved policy was due");
        assert!(server.changed.lock().unwrap().is_empty());
        server.set("2026-11-21T00:05:00Z");
        assert_eq!(server.run_well("bring-policies-into-force").await, "version 2 of the policy came into force");
        let in_force = server.write(async |tx| policies::in_force(tx).await.unwrap()).await.unwrap();
        assert_eq!((in_force.id, &*server.changed.lock().unwrap()), (next, &vec![Some(school_id())]));
    }

    async fn an_approved_policy_with_errors_leaves_the_one_before(database: TestDatabase) {
        let server = server(&database).await;
        let before = server
            .write(async |tx| {
                let broken = policies::insert_draft(tx, "no policy", true, "an older program took it", None).await.unwrap().id;
                policies::approve(tx, broken, head(), "2026-11-20".parse().unwrap()).await.unwrap();
                policies::in_force(tx).await.unwrap().unwrap().id
            })
            .await;
        let runs = server.run("bring-policies-into-force").await;
        assert!(!runs[0].ok && runs[0].message.contains("version 2 has come but it has errors"), "{runs:?}");
        let after = server.write(async |tx| policies::in_force(tx).await.unwrap()).await.unwrap().id;
        assert_eq!(after, before);
    }

    async fn mails_without_a_server_wait_in_a_folder_and_say_only_that_something_waits(database: TestDatabase) {
        let mut server = server(&database).await;
        let folder = server.context.data.join("mail");
        server.context.mailer = Some(Arc::new(Mailer::new(&format!("file:{}", folder.display()), "belisha@school.example").unwrap()));
        server.write(async |tx| outbox::queue(tx, head(), "Something waits", "Sign in.").await.unwrap()).await;
        assert_eq!(server.run_well("send-outbox").await, "1 mails sent, 0 to be tried again, 0 given up");
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1);
    }
}
