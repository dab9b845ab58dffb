//! A gateway's own life: rules that change, a sender that dies, a start from disk, a damaged disk, a reader that is too slow.

use crate::support::*;
use belisha_gateway::{AgeBand, Gate, GatewayRules, Outcome, PersonRules};
use std::sync::Arc;
use std::time::Duration;

pub async fn eventually(mut holds: impl AsyncFnMut() -> bool) {
    for _ in 0..100 {
        if holds().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("it never came about");
}

#[tokio::test]
async fn a_signature_opens_the_network_at_once() {
    let site = Site::start().await;
    site.sign_in(unsigned());
    assert_eq!(site.get("http://lessons.example/").await.status, 303);
    let signed = PersonRules {
        person: unsigned(),
        group: "pupil".into(),
        gate: Gate::Open,
        age_band: AgeBand::Pupil,
        proxy: None,
    };
    site.rules.send(Some(Arc::new(GatewayRules::new(school(), "School", ruleset(), [signed])))).unwrap();
    let sent = site.rules.borrow().clone().unwrap();
    assert!(site.gateway.holds(&sent, Duration::from_secs(5)).await);
    assert_eq!(site.get("http://lessons.example/").await.status, 200);
    assert!(!site.gateway.holds(&rules(), Duration::from_millis(20)).await, "rules that never came");
}

#[tokio::test]
async fn with_the_sender_gone_the_last_rules_stay() {
    let mut site = Site::start().await;
    let (other, _) = tokio::sync::watch::channel(None);
    drop(std::mem::replace(&mut site.rules, other));
    tokio::time::sleep(Duration::from_millis(50)).await;
    site.sign_in(pupil());
    assert_eq!(site.get("http://games.example/").await.status, 403);
    assert_eq!(site.get("http://lessons.example/").await.status, 200);
}

#[tokio::test]
async fn it_starts_from_disk_with_rules_and_people() {
    let directory = tempfile::tempdir().unwrap();
    let keep = |config: &mut belisha_gateway::GatewayConfig| config.snapshot = Some(directory.path().to_owned());
    let site = Site::start_with(Some(rules()), keep).await;
    site.sign_in(pupil());
    site.gateway.shutdown().await;
    let mut site = Site::start_with(None, keep).await;
    assert!(site.gateway.has_rules());
    assert_eq!(site.get("http://games.example/").await.status, 403);
    assert_eq!(site.get("http://lessons.example/").await.status, 200);
    assert!(site.observed().iter().all(|seen| seen.person == Some(pupil())));
    assert_eq!(site.get("http://illegal-test.example/").await.status, 403);
    assert_eq!(site.request("GET", "http://games.example/", &basic("teacher", "teacher-secret")).await.status, 200);
    assert_eq!(site.observed()[0].reason, "illegal");
}

#[tokio::test]
async fn without_rules_or_with_damaged_ones_it_is_as_strict_as_can_be() {
    let directory = tempfile::tempdir().unwrap();
    let keep = |config: &mut belisha_gateway::GatewayConfig| config.snapshot = Some(directory.path().to_owned());
    Site::start_with(Some(rules()), keep).await.gateway.shutdown().await;
    let file = directory.path().join("gateway-rules.snapshot");
    let mut bytes = std::fs::read(&file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&file, bytes).unwrap();
    let site = Site::start_with(None, keep).await;
    site.sign_in(teacher());
    assert!(!site.gateway.has_rules());
    let answer = site.get("http://lessons.example/").await;
    assert_eq!(answer.status, 403);
    assert_eq!(site.get("http://helpline.example/").await.status, 200);
    assert_eq!(site.get("http://belisha.test/").await.status, 200);
    site.rules.send(Some(rules())).unwrap();
    eventually(async || site.get("http://lessons.example/").await.status == 200).await;
    site.gateway.shutdown().await;
    let site = Site::start_with(None, keep).await;
    assert!(site.gateway.has_rules(), "the good rules were written over the damaged file");
}

#[tokio::test]
async fn another_key_or_another_school_is_not_believed() {
    let directory = tempfile::tempdir().unwrap();
    let keep = |config: &mut belisha_gateway::GatewayConfig| config.snapshot = Some(directory.path().to_owned());
    Site::start_with(Some(rules()), keep).await.gateway.shutdown().await;
    let other_key = |config: &mut belisha_gateway::GatewayConfig| {
        keep(config);
        config.illegal_list_key = [8; 16];
    };
    assert!(!Site::start_with(None, other_key).await.gateway.has_rules());
    let other_school = |config: &mut belisha_gateway::GatewayConfig| {
        keep(config);
        config.school = belisha_records::Identifier::make(99, [9; 10]);
    };
    assert!(!Site::start_with(None, other_school).await.gateway.has_rules());
    assert!(!Site::start_with(Some(rules()), other_school).await.gateway.has_rules(), "nor from the channel");
}

#[tokio::test]
async fn a_reader_that_is_too_slow_is_never_waited_for() {
    let (queue, mut reader) = tokio::sync::mpsc::channel(2);
    let site = Site::start_with(Some(rules()), |config| config.observations = queue).await;
    site.sign_in(pupil());
    for _ in 0..5 {
        assert_eq!(site.get("http://lessons.example/").await.status, 200);
    }
    let counted = |wanted| site.gateway.metrics.all().iter().find(|(name, _)| *name == wanted).unwrap().1;
    assert_eq!((counted("observed"), counted("observations_dropped")), (2, 3));
    assert_eq!(reader.try_recv().unwrap().outcome, Outcome::Allowed);
}

#[tokio::test]
async fn two_schools_share_a_machine() {
    let (one, two) = (Site::start().await, Site::start().await);
    one.sign_in(pupil());
    assert_eq!(one.get("http://lessons.example/").await.status, 200);
    assert_eq!(two.get("http://lessons.example/").await.status, 403, "signed in at the other one");
    two.gateway.shutdown().await;
    assert_eq!(one.get("http://lessons.example/").await.status, 200);
}

#[tokio::test]
async fn an_address_in_use_is_an_error_that_says_so() {
    let site = Site::start().await;
    let taken = site.proxy();
    let (_sender, receiver) = tokio::sync::watch::channel(None);
    let (queue, _reader) = tokio::sync::mpsc::channel(1);
    let portal = belisha_gateway::Portal {
        base_url: "http://belisha.test".into(),
        hosts: Vec::new(),
        address: taken,
        forwarded_secret: None,
    };
    let mut config = belisha_gateway::GatewayConfig::loopback(school(), portal, queue);
    config.proxy_listen = vec![taken];
    let Err(error) =
        belisha_gateway::Gateway::start(config, receiver, Arc::new(|| MONDAY_LESSON.parse().unwrap()), entropy()).await
    else {
        panic!("two listeners on one port")
    };
    assert!(error.to_string().contains(&taken.to_string()), "{error}");
}

#[tokio::test]
async fn lists_are_written_once_and_old_ones_removed() {
    let directory = tempfile::tempdir().unwrap();
    let keep = |config: &mut belisha_gateway::GatewayConfig| config.snapshot = Some(directory.path().to_owned());
    let lists = || {
        let entries = std::fs::read_dir(directory.path()).unwrap().map(Result::unwrap);
        let lists = entries.filter(|entry| entry.file_name().to_str().unwrap().starts_with("gateway-lists-"));
        lists.map(|entry| (entry.file_name(), entry.metadata().unwrap().modified().unwrap())).collect::<Vec<_>>()
    };
    let first = rules();
    let site = Site::start_with(Some(Arc::clone(&first)), keep).await;
    let before = lists();
    assert_eq!(before.len(), 2);
    let same_lists = GatewayRules::new(school(), "Renamed", Arc::clone(&first.ruleset), first.people().cloned());
    site.rules.send(Some(Arc::new(same_lists))).unwrap();
    let rules_file = directory.path().join("gateway-rules.snapshot");
    eventually(async || String::from_utf8_lossy(&std::fs::read(&rules_file).unwrap()).contains("Renamed")).await;
    assert_eq!(lists(), before, "neither written again nor doubled");
    std::fs::write(directory.path().join("gateway-lists-old.snapshot"), b"old").unwrap();
    site.rules.send(Some(first)).unwrap();
    eventually(async || lists().len() == 2).await;
    std::fs::remove_file(directory.path().join(&lists()[0].0)).unwrap();
    site.gateway.shutdown().await;
    assert!(!Site::start_with(None, keep).await.gateway.has_rules(), "rules without their lists are no rules");
}
