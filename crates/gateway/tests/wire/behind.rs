//! Names behind names, in the proxy: an open host that leads to a closed one is closed there too, as the name server closes it.

use crate::elsewhere::{Elsewhere, now};
use crate::support::*;
use belisha_filter::SchoolRule;
use belisha_gateway::Outcome;
use hickory_proto::rr::rdata::{A, CNAME};
use hickory_proto::rr::{Name, RData, Record};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

const OPEN: [&str; 3] = ["to-open.example", "studied.example", "public.example"];

fn name(text: &str) -> Name {
    Name::from_ascii(format!("{text}.")).unwrap()
}

#[tokio::test]
async fn an_open_host_is_no_door_to_a_closed_one() {
    let server = Elsewhere::start(|asked| {
        let alias = |target: &str| {
            let mut answer = asked.answer([RData::CNAME(CNAME(name(target)))]);
            answer.add_answer(Record::from_rdata(name(target), 60, RData::A(A([127, 0, 0, 1].into()))));
            answer
        };
        now(&match asked.host().as_str() {
            "to-games.example" | "studied.example" => alias("www.games.example"),
            "to-illegal.example" => alias("illegal-test.example"),
            "to-open.example" => alias("public.example"),
            "closed-net.example" => asked.address([198, 51, 99, 7]),
            _ => asked.address([127, 0, 0, 1]),
        })
    })
    .await;
    let rules = rules_by(ruleset_with(|rules| {
        rules.school_allow.push(SchoolRule {
            id: "allow-1".into(),
            host: "studied.example".into(),
            groups: Vec::new(),
            reason: "a lesson about games".into(),
        });
    }));
    let mut site = Site::start_with(Some(rules), |config| {
        config.upstreams = vec![server.address];
        config.local_records.clear();
        config.dns.closed_networks = vec!["198.51.99.0/24".parse().unwrap()];
        config.limits.upstream_time = Duration::from_secs(2);
        config.allow_private_for = OPEN.map(str::to_owned).into();
    })
    .await;
    site.sign_in(pupil());
    // Twice: asked of the other server, and kept.
    for _ in 0..2 {
        let page = site.get("http://to-games.example/").await;
        assert!(page.status == 403 && page.body.contains("This page is closed"), "{page:?}");
        assert_eq!(site.request("CONNECT", "to-games.example:443", "").await.status, 403);
        let seen = site.observed();
        assert!(seen.iter().all(|seen| seen.outcome == Outcome::Blocked), "{seen:?}");
        assert_eq!(seen[0].host.as_deref(), Some("www.games.example"), "what closed it");
        assert_eq!(site.get("http://to-illegal.example/").await.status, 403);
        assert_eq!(site.observed()[0].host, None, "no name of that list");
        assert_eq!(site.get("http://closed-net.example/").await.status, 403);
        site.observed();
    }
    // Open names behind names, and what the school opened by name, are reached.
    for open in OPEN {
        assert_eq!(site.get(&format!("http://{open}:{}/", site.origin.port())).await.status, 200, "{open}");
    }
}

/// A server that was away for a moment once left a closed name's door open for half a minute.
#[tokio::test]
async fn what_could_not_be_asked_is_asked_again() {
    let away = Arc::new(AtomicBool::new(true));
    let server = Elsewhere::start({
        let away = Arc::clone(&away);
        move |asked| {
            if away.load(Ordering::SeqCst) {
                return Vec::new();
            }
            let mut answer = asked.answer([RData::CNAME(CNAME(name("www.games.example")))]);
            answer.add_answer(Record::from_rdata(name("www.games.example"), 60, RData::A(A([127, 0, 0, 1].into()))));
            now(&answer)
        }
    })
    .await;
    let site = Site::start_with(Some(rules()), |config| {
        config.upstreams = vec![server.address];
        config.local_records.clear();
        config.limits.upstream_time = Duration::from_millis(300);
        config.allow_private_for = vec!["to-games.example".to_owned()];
    })
    .await;
    site.sign_in(pupil());
    let url = format!("http://to-games.example:{}/", site.origin.port());
    assert!(site.get(&url).await.status >= 500, "nobody knows where it is");
    away.store(false, Ordering::SeqCst);
    let later = async {
        loop {
            match site.get(&url).await.status {
                500.. => tokio::time::sleep(Duration::from_millis(100)).await,
                status => return status,
            }
        }
    };
    assert_eq!(tokio::time::timeout(Duration::from_secs(20), later).await.expect("it comes back"), 403);
}
