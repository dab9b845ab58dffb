//! Gateways that run away from the server: somebody adds one, it asks with its token, and it is revoked.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

use axum::http::Method;
use belisha_records::{Actor, GatewayId, Identifier, SchoolId};
use belisha_store::both_databases;
use belisha_store::testing::TestDatabase;
use belisha_store::{gateways, ledger};
use belisha_web::testing::{Client, Seen, TestSchool};
use jiff::SignedDuration;

/// Adds a gateway as the technician; its token, as the page shows it.
async fn add(school: &TestSchool, name: &str) -> String {
    let page = school.signed_in("technician").await.post("/gateways", &[("name", name)]).await;
    assert_eq!(page.status, 200, "{}", page.words());
    let start = page.body.find("belisha-gateway.").unwrap();
    page.body[start..].split('<').next().unwrap().to_owned()
}

async fn ask(gateway: &Client, token: &str, method: Method, path: &str, more: &[(&str, &str)], body: &str) -> Seen {
    let bearer = format!("Bearer {token}");
    let headers = [&[("authorization", bearer.as_str())], more].concat();
    gateway.send(method, path, &headers, body.into(), if body.is_empty() { "" } else { "application/json" }).await
}

const BEAT: &str = r#"{"version":"0.1.0","rules_tag":"tag1","rules_made_at":"2026-11-03T09:12:00Z","counters":{"observations_dropped":3,"blocked":40}}"#;

/// The id in a token.
fn id_in(token: &str) -> GatewayId {
    token.split('.').nth(2).unwrap().parse().unwrap()
}

both_databases! {
    async fn a_technician_adds_a_gateway_sees_it_fall_silent_and_revokes_it(database: TestDatabase) {
        let store = database.store.clone();
        let school = TestSchool::open(database.store).await;
        let technician = school.signed_in("technician").await;
        assert!(technician.get("/gateways").await.words().contains("No gateway runs away from this server"));
        let token = add(&school, "Main building").await;
        assert!(!technician.get("/gateways").await.body.contains(&token), "a token is shown once");
        assert!(technician.get("/gateways").await.words().contains("It has not asked for its rules yet"));

        let gateway = school.visitor();
        assert_eq!(ask(&gateway, &token, Method::POST, "/gateway/heartbeat", &[], BEAT).await.status, 204);
        let words = technician.get("/gateways").await.words();
        assert!(words.contains("Last seen less than a minute ago"), "{words}");
        assert!(words.contains("Holds the rules of Tuesday 3 November 2026, 09:12") && words.contains("3 observations or batches were dropped"), "{words}");
        assert!(!technician.get("/").await.words().contains("Main building"), "nothing is amiss");

        school.pass(SignedDuration::from_mins(16));
        let head = school.signed_in("head").await;
        assert!(head.get("/gateways").await.words().contains("Silent"));
        assert!(head.get("/").await.words().contains("The gateway Main building has not been heard of for 16 minutes"));
        assert!(!school.signed_in("teacher").await.get("/").await.words().contains("Main building"));

        let id = id_in(&token);
        let asked = technician.get(&format!("/gateways/{id}/revoke")).await;
        assert!(asked.heading().starts_with("Revoke Main building"));
        assert_eq!(ask(&gateway, &token, Method::GET, "/gateway/rules", &[], "").await.status, 200, "asking changes nothing");
        assert_eq!(technician.post(&format!("/gateways/{id}/revoke"), &[]).await.status, 303);
        assert_eq!(technician.post(&format!("/gateways/{id}/revoke"), &[]).await.status, 404, "it is over already");
        let turned_away = ask(&gateway, &token, Method::GET, "/gateway/rules", &[], "").await;
        assert_eq!(turned_away.status, 401);
        assert!(turned_away.body.contains("revoked"), "{}", turned_away.body);
        let mut tx = store.read(school.id).await.unwrap();
        let verbs: Vec<String> = ledger::entries(&mut tx, Some(&id.to_string()), 10).await.unwrap().into_iter().map(|entry| format!("{} {}", entry.actor, entry.verb)).collect();
        assert_eq!(verbs.len(), 2, "added and revoked, and no entry for a heartbeat: {verbs:?}");
        assert!(verbs.iter().all(|verb| verb.contains(&school.person("technician").to_string())), "{verbs:?}");
    }

    async fn a_name_is_wanted_and_not_twice(database: TestDatabase) {
        let school = TestSchool::open(database.store).await;
        let technician = school.signed_in("technician").await;
        add(&school, "Main building").await;
        for (name, said) in [("", "Say what the gateway is called"), ("Main building", "Another gateway has this name")] {
            let page = technician.post("/gateways", &[("name", name)]).await;
            assert_eq!(page.status, 422);
            assert!(page.words().to_lowercase().contains(&said.to_lowercase()), "{}", page.words());
        }
        for who in ["lead", "teacher", "pupil"] {
            let seen = school.signed_in(who).await.post("/gateways", &[("name", "Mine")]).await;
            assert_eq!(seen.status, 403, "{who}");
        }
    }

    async fn a_gateway_gets_what_its_token_opens_and_nothing_else(database: TestDatabase) {
        let school = TestSchool::open(database.store).await;
        let (token, other) = (add(&school, "One").await, add(&school, "Two").await);
        let gateway = school.visitor();
        let rules = ask(&gateway, &token, Method::GET, "/gateway/rules", &[("if-none-match", "\"other\"")], "").await;
        assert_eq!((rules.status.as_u16(), rules.body.as_str()), (200, format!("rules of {}", school.id).as_str()));
        assert_eq!(rules.headers["etag"], "\"tag1\"");
        assert_eq!(rules.headers["cache-control"], "no-store");
        assert_eq!(ask(&gateway, &token, Method::GET, "/gateway/rules", &[("if-none-match", "\"tag1\"")], "").await.status, 304);

        let secret = token.rsplit('.').next().unwrap();
        let (mine, theirs) = (id_in(&token), id_in(&other));
        let elsewhere = SchoolId::make(1_790_000_000_000, [77; 10]);
        for wrong in [
            String::new(),
            token.replace(secret, "guessed"),
            token.replace(&mine.to_string(), &theirs.to_string()),
            token.replace(&school.id.to_string(), &elsewhere.to_string()),
            format!("{token}x"),
        ] {
            for (method, path) in [
                (Method::GET, "/gateway/rules"),
                (Method::GET, "/gateway/events"),
                (Method::GET, "/gateway/lists/known.index"),
                (Method::POST, "/gateway/observations/one"),
                (Method::POST, "/gateway/blocks"),
                (Method::POST, "/gateway/heartbeat"),
            ] {
                let body = if method == Method::POST { BEAT } else { "" };
                let seen = ask(&gateway, &wrong, method, path, &[], body).await;
                assert_eq!(seen.status, 401, "{wrong} at {path}");
                assert!(seen.headers.contains_key("www-authenticate"));
            }
        }
        assert!(!school.network_heard().iter().any(|heard| heard.contains(" saw ")), "nothing was taken without a token");
        assert_eq!(ask(&gateway, &token, Method::GET, "/gateways", &[], "").await.status, 303, "a token opens no page");
    }

    async fn a_list_is_fetched_on_from_where_it_was_cut(database: TestDatabase) {
        let school = TestSchool::open(database.store).await;
        let (token, gateway) = (add(&school, "One").await, school.visitor());
        let list = async |range: &str| {
            let more: &[(&str, &str)] = if range.is_empty() { &[] } else { &[("range", range)] };
            let seen = ask(&gateway, &token, Method::GET, "/gateway/lists/known.index", more, "").await;
            let told = seen.headers.get("content-range").map(|value| value.to_str().unwrap().to_owned());
            (seen.status.as_u16(), seen.body, told)
        };
        assert_eq!(list("").await, (200, "0123456789".into(), None));
        assert_eq!(list("bytes=4-").await, (206, "456789".into(), Some("bytes 4-9/10".into())));
        assert_eq!(list("bytes=10-").await, (416, "the list is not that long".into(), Some("bytes */10".into())));
        assert_eq!(ask(&gateway, &token, Method::GET, "/gateway/lists/other.index", &[], "").await.status, 404);
    }

    async fn what_a_gateway_sends_is_bounded_and_said_to_be_taken_only_when_it_was(database: TestDatabase) {
        let school = TestSchool::open(database.store).await;
        let (token, gateway) = (add(&school, "One").await, school.visitor());
        let post = async |path: &str, body: &str| ask(&gateway, &token, Method::POST, path, &[], body).await.status.as_u16();
        assert_eq!(post("/gateway/observations/batch-1", "[]").await, 204);
        assert_eq!(post("/gateway/observations/batch-2", "rubbish").await, 422);
        assert_eq!(post("/gateway/observations/batch-3", "later").await, 503);
        assert_eq!(post("/gateway/observations/no%2Fname", "[]").await, 400);
        assert_eq!(post("/gateway/observations/batch-4", &"x".repeat(5 * 1024 * 1024)).await, 413);
        assert_eq!(post("/gateway/blocks", &"x".repeat(1024 * 1024)).await, 413);
        assert_eq!(post("/gateway/heartbeat", "{}").await, 422);
        assert_eq!(post("/gateway/heartbeat", &BEAT.replace("tag1", "no tag")).await, 422);
        assert!(school.network_heard().contains(&format!("{} saw batch-1: 2 bytes", school.id)));
    }

    async fn another_schools_gateway_is_not_there(database: TestDatabase) {
        let store = database.store.clone();
        let school = TestSchool::open(database.store).await;
        let other = SchoolId::make(1_790_000_000_000, [77; 10]);
        let mut record = belisha_store::schools::list(&mut store.read(school.id).await.unwrap()).await.unwrap().remove(0);
        record.id = other;
        let now = school.app.now();
        let gateway = gateways::Gateway {
            id: GatewayId::make(1, [5; 10]), name: "Elsewhere".into(), token_hash: "0".repeat(64), created_by: None, created_at: now, revoked_at: None, last_seen: None,
        };
        let mut tx = store.begin(&Actor::Command("test"), other, now).await.unwrap();
        belisha_store::schools::insert(&mut tx, &record).await.unwrap();
        gateways::insert(&mut tx, &gateway).await.unwrap();
        tx.commit().await.unwrap();
        let technician = school.signed_in("technician").await;
        assert!(!technician.get("/gateways").await.body.contains("Elsewhere"));
        for answer in [technician.get(&format!("/gateways/{}/revoke", gateway.id)).await, technician.post(&format!("/gateways/{}/revoke", gateway.id), &[]).await] {
            assert_eq!(answer.status, 404);
        }
    }
}
