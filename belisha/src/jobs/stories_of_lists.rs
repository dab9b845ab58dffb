//! Lists kept up to date, on both databases: asked for when their turn comes, held when they look like an accident, settled by
//! a person, and there whatever happens to their addresses.

use super::stories::{Server, head, school_id, server};
use crate::lists::{self, AddRequest, Decided, Settlement, Source, settle, standing};
use belisha_records::Actor;
use belisha_store::testing::TestDatabase;
use belisha_store::{both_databases, ledger, register_entries};
use indicatif::ProgressBar;
use std::io::{Read, Write};
use std::thread::JoinHandle;

fn lines(numbers: std::ops::Range<usize>) -> String {
    numbers.map(|number| format!("site{number}.example\n")).collect()
}

fn ok(tag: &str, text: &str) -> String {
    format!("HTTP/1.1 200 OK\r\netag: {tag}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{text}", text.len())
}

/// Gives these answers, one a connection, then is gone. Its handle gives the requests that came.
fn publisher(answers: Vec<String>) -> (String, JoinHandle<Vec<String>>) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/games.txt", listener.local_addr().unwrap());
    let asked = std::thread::spawn(move || {
        let answer = |answer: String| {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = [0; 4096];
            let length = stream.read(&mut request).unwrap();
            stream.write_all(answer.as_bytes()).unwrap();
            String::from_utf8_lossy(&request[..length]).to_lowercase()
        };
        answers.into_iter().map(answer).collect()
    });
    (address, asked)
}

/// Adds a list of games called `ours` at the server's time.
async fn add_list(server: &Server, source: &str) {
    let request = AddRequest {
        category: Some("games".into()),
        name: Some("ours".into()),
        ..AddRequest::new(Source::parse(source).unwrap())
    };
    let (data, now) = (server.context.data.clone(), server.now());
    let added = tokio::task::spawn_blocking(move || lists::add(&data, &request, now, &ProgressBar::hidden()));
    added.await.unwrap().unwrap();
}

both_databases! {
    async fn a_list_from_a_file_is_entered_and_not_asked_for(database: TestDatabase) {
        let server = server(&database).await;
        let file = server.context.data.join("games.txt");
        std::fs::write(&file, "play.example\n").unwrap();
        add_list(&server, file.to_str().unwrap()).await;
        server.set("2026-11-23T02:15:00Z");
        assert_eq!(server.run_well("refresh-lists").await, "1 not due");
        let rows = server.write(async |tx| belisha_store::lists::list(tx).await.unwrap()).await;
        assert_eq!((rows.len(), rows[0].category.as_str(), rows[0].domains), (1, "games", 1));
    }

    async fn a_list_is_asked_for_when_its_turn_comes_and_stays_when_its_address_is_gone(database: TestDatabase) {
        let server = server(&database).await;
        let before = lines(0..300);
        let (address, asked) = publisher(vec![
            ok("\"one\"", &before),
            "HTTP/1.1 304 Not Modified\r\nconnection: close\r\n\r\n".into(),
            ok("\"two\"", &(lines(10..303) + "not a name\n")),
            ok("\"three\"", &(lines(10..304) + "github.com\n")),
        ]);
        add_list(&server, &address).await;
        server.set("2026-11-20T12:30:00Z");
        assert_eq!(server.run_well("refresh-lists").await, "1 not due");
        server.set("2026-11-21T02:15:00Z");
        assert_eq!(server.run_well("refresh-lists").await, "1 not changed. 0 not due");
        server.set("2026-11-22T02:15:00Z");
        assert_eq!(server.run_well("refresh-lists").await, "1 updated: `ours` +3, −10, 1 line refused. 0 not due");
        server.set("2026-11-23T02:15:00Z");
        let held = server.run_well("refresh-lists").await;
        assert!(held.contains("1 held for a person: `ours` +1, −0, 1 line refused") && held.contains("`github.com`"), "{held}");
        // Nobody answers there any more.
        let asked = asked.join().unwrap();
        assert!(asked[1].contains("if-none-match: \"one\"") && asked[3].contains("if-none-match: \"two\""), "{asked:?}");
        server.set("2026-11-24T02:15:00Z");
        let runs = server.run("refresh-lists").await;
        assert!(!runs[0].ok && runs[0].message.contains("1 failed and stay as they were: `ours`"), "{runs:?}");
        let list = standing(&server.context.data).unwrap().remove(0);
        assert!(list.asked.unwrap().failed && list.held.is_some());
        // And a server that starts now has the list.
        let loaded = lists::load(&server.context.data).unwrap();
        assert_eq!((loaded.index.lookup("site302.example").listings().count(), loaded.findings.len()), (1, 0));
    }

    async fn a_person_takes_an_update_or_turns_it_down_or_goes_back(database: TestDatabase) {
        let server = server(&database).await;
        let few = ok("\"two\"", &lines(0..50));
        let (address, asked) = publisher(vec![ok("\"one\"", &lines(0..300)), few.clone(), few.clone(), ok("\"three\"", &lines(0..60)), few]);
        add_list(&server, &address).await;
        let decide = async |settlement, at: &str| {
            let decided = Decided { actor: Actor::Person(head()), by: Some((school_id(), head())), reason: "It was looked at".into(), at: at.parse().unwrap() };
            settle(&server.context.store, &server.context.data, "ours", settlement, &decided).await.map_err(|error| error.to_string())
        };
        let in_force = || {
            let list = standing(&server.context.data).unwrap().remove(0);
            (list.in_force.unwrap().1.domains(), list.held.is_some())
        };
        for settlement in [Settlement::Take, Settlement::Keep, Settlement::RollBack] {
            assert!(decide(settlement, "2026-11-20T13:00:00Z").await.unwrap_err().contains("nothing was changed"));
        }
        server.set("2026-11-21T02:15:00Z");
        server.run_well("refresh-lists").await;
        assert_eq!(in_force(), (300, true));
        assert_eq!(decide(Settlement::Keep, "2026-11-21T08:00:00Z").await.unwrap(), "the update was turned down (+0, −250)");
        assert_eq!(in_force(), (300, false));
        server.set("2026-11-22T02:15:00Z");
        assert_eq!(server.run_well("refresh-lists").await, "1 not changed. 0 not due", "what was turned down stays so");
        server.set("2026-11-23T02:15:00Z");
        assert!(server.run_well("refresh-lists").await.contains("held for a person"), "another one is looked at again");
        decide(Settlement::Take, "2026-11-23T08:00:00Z").await.unwrap();
        assert_eq!(in_force(), (60, false));
        let back = decide(Settlement::RollBack, "2026-11-23T09:00:00Z").await.unwrap();
        assert_eq!(back, "generation 1 was put back (+240, −0)");
        assert_eq!(in_force(), (300, false));
        assert_eq!(lists::load(&server.context.data).unwrap().index.lookup("site299.example").listings().count(), 1);
        decide(Settlement::RollBack, "2026-11-23T10:00:00Z").await.unwrap();
        assert_eq!(in_force(), (60, false), "there and back again");
        drop(asked);
        let (rows, register, entries) = server.write(async |tx| {
            (belisha_store::lists::list(tx).await.unwrap(), register_entries::list(tx, "filter:lists").await.unwrap(), ledger::entries(tx, None, 3).await.unwrap())
        }).await;
        assert_eq!((rows.len(), rows[0].domains), (1, 60));
        assert_eq!(register.len(), 4);
        assert!(register.iter().all(|entry| entry.by == Some(head()) && entry.content["reason"] == "It was looked at"));
        assert!(entries.iter().all(|entry| entry.actor == format!("person:{}", head())), "{entries:?}");
    }
}
