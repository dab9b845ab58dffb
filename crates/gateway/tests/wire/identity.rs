//! Who is it? Access points that speak RADIUS (with FreeRADIUS' own `radclient`), computers that post log-ons, lease files that
//! change, rooms, registered devices, and a start from disk.

use crate::support::*;
use belisha_gateway::*;
use belisha_policy::DeviceKind;
use belisha_records::{Identifier, PersonId, RegisteredDeviceId};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::AsyncWriteExt;

const SECRET: &str = "between access point and gateway";
const CARD: &str = "00:1a:2b:3c:4d:5e";

fn device(number: u8) -> RegisteredDeviceId {
    RegisteredDeviceId::make(1, [number; 10])
}

fn registered(kind: DeviceKind, person: Option<PersonId>, shared: bool) -> RegisteredDevice {
    RegisteredDevice { id: device(1), mac: CARD.parse().unwrap(), kind, person, shared }
}

fn register() -> NetworkRegister {
    NetworkRegister {
        usernames: vec![("pupil".into(), pupil()), ("teacher".into(), teacher())],
        ..NetworkRegister::default()
    }
}

fn rules_with(network: NetworkRegister) -> Option<Arc<GatewayRules>> {
    let all = rules();
    let people = all.people().cloned().collect::<Vec<_>>();
    Some(Arc::new(GatewayRules::new(school(), "Marlowe Bridge High School", ruleset(), people).with_network(network)))
}

async fn site_with(network: NetworkRegister, change: impl FnOnce(&mut IdentityConfig)) -> Site {
    Site::start_with(rules_with(network), |config| change(&mut config.identity)).await
}

fn radius(config: &mut IdentityConfig) {
    config.radius = Some(RadiusConfig {
        listen: vec![(LOOPBACK, 0).into()],
        clients: vec![RadiusClient { network: "127.0.0.0/8".parse().unwrap(), secret: SECRET.into() }],
        ..RadiusConfig::new()
    });
}

/// Sends accounting as an access point does; says whether it was acknowledged, with a right signature.
async fn radclient(site: &Site, secret: &str, attributes: &str) -> bool {
    let address = site.gateway.radius_addr.unwrap().to_string();
    let mut client = tokio::process::Command::new("radclient")
        .args(["-r", "1", "-t", "1", &address, "acct", secret])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("`radclient` does not run: {error}; scripts/install-test-packages installs it"));
    client.stdin.take().unwrap().write_all(attributes.as_bytes()).await.unwrap();
    let output = client.wait_with_output().await.unwrap();
    String::from_utf8_lossy(&output.stdout).contains("Received Accounting-Response")
}

fn session(status: &str, username: &str, card: &str, name: &str) -> String {
    format!(
        "Acct-Status-Type = {status}\nUser-Name = \"{username}\"\nFramed-IP-Address = 127.0.0.1\n\
         Calling-Station-Id = \"{card}\"\nAcct-Session-Id = \"{name}\"\nNAS-Identifier = \"library\"\n\
         Message-Authenticator = 0x00\n"
    )
}

async fn seen(site: &mut Site) -> Observation {
    site.get("http://lessons.example/").await;
    site.observed().pop().unwrap()
}

#[tokio::test]
async fn the_wi_fi_says_who_came_and_who_went() {
    let mut site = site_with(register(), radius).await;
    assert_eq!(seen(&mut site).await.person, None);
    let card = "00-1A-2B-3C-4D-5E:Pupils";
    assert!(radclient(&site, SECRET, &session("Start", "pupil@school.example", card, "1")).await);
    let observation = seen(&mut site).await;
    assert_eq!((observation.person, observation.named_by), (Some(pupil()), Some(IdentitySource::RadiusAccounting)));
    assert_eq!(observation.confidence, Some(Confidence::Session));
    assert_eq!(site.gateway.identity.mac_address(LOOPBACK, site.now()), CARD.parse().ok());
    assert!(radclient(&site, SECRET, &session("Stop", "pupil@school.example", card, "1")).await);
    assert_eq!(seen(&mut site).await.person, None);
    assert!(radclient(&site, SECRET, &session("Start", "pupil@school.example", card, "1")).await, "it is acknowledged");
    assert_eq!(seen(&mut site).await.person, None, "a start that comes after its stop opens nothing");
}

#[tokio::test]
async fn what_happened_first_counts_first_however_late_it_is_told() {
    let mut site = site_with(register(), radius).await;
    let then = site.now().as_second();
    let told = async |status: &str, username: &str, second: i64| {
        let event = format!("Event-Timestamp = {}\n", then + second);
        assert!(radclient(&site, SECRET, &(session(status, username, CARD, "1") + &event)).await, "it is acknowledged");
    };
    told("Start", "pupil", -300).await;
    told("Stop", "pupil", -240).await;
    told("Start", "pupil", -300).await;
    told("Interim-Update", "pupil", -200).await;
    assert_eq!(
        site.gateway.identity.known(LOOPBACK, site.now()).mapping.map(|mapping| mapping.person),
        None,
        "it is over"
    );
    // The access point uses the name of the session again, for somebody else.
    told("Start", "teacher", -120).await;
    let here = || site.gateway.identity.known(LOOPBACK, site.now()).mapping.map(|mapping| mapping.person);
    assert_eq!(here(), Some(teacher()));
    told("Interim-Update", "pupil", -270).await;
    told("Stop", "pupil", -240).await;
    assert_eq!(here(), Some(teacher()), "what is told late is over");
    told("Start", "pupil", -60).await;
    assert_eq!(here(), Some(pupil()), "and again, though the stop was lost");
    // A clock that is far ahead is not believed, and cannot hold a session open.
    told("Stop", "pupil", 86_400).await;
    assert_eq!(here(), None);
    assert_eq!(seen(&mut site).await.person, None);
}

#[tokio::test]
async fn a_session_that_is_not_renewed_ends() {
    let mut site = site_with(register(), radius).await;
    assert!(radclient(&site, SECRET, &session("Start", "pupil", CARD, "1")).await);
    site.set_time("2026-11-23T10:50:00Z");
    assert!(radclient(&site, SECRET, &session("Interim-Update", "pupil", CARD, "1")).await);
    site.set_time("2026-11-23T11:49:59Z");
    assert_eq!(seen(&mut site).await.person, Some(pupil()));
    site.set_time("2026-11-23T11:50:00Z");
    assert_eq!(seen(&mut site).await.person, None);
}

#[tokio::test]
async fn whoever_does_not_know_the_secret_names_nobody() {
    let mut site = site_with(register(), radius).await;
    assert!(!radclient(&site, "a guess", &session("Start", "teacher", CARD, "1")).await);
    assert_eq!(seen(&mut site).await.person, None);
    assert_eq!(counter(&site, "radius_forged"), 1);
    let mut site = site_with(register(), |config| {
        radius(config);
        config.radius.as_mut().unwrap().clients[0].network = "10.0.0.0/8".parse().unwrap();
    })
    .await;
    assert!(!radclient(&site, SECRET, &session("Start", "teacher", CARD, "1")).await);
    assert_eq!(seen(&mut site).await.person, None);
    assert_eq!(counter(&site, "radius_strangers"), 1);
}

#[tokio::test]
async fn another_device_at_the_address_is_not_taken_for_who_was_there() {
    let mut site = site_with(register(), radius).await;
    site.sign_in(pupil());
    assert_eq!(seen(&mut site).await.person, Some(pupil()));
    assert!(radclient(&site, SECRET, &session("Start", "a visitor", "00:1a:2b:3c:4d:99", "1")).await);
    assert_eq!(seen(&mut site).await.person, None);
    assert_eq!(counter(&site, "radius_unknown_names"), 1);
}

#[tokio::test]
async fn an_access_point_that_starts_again_has_lost_its_sessions() {
    let mut site = site_with(register(), radius).await;
    assert!(radclient(&site, SECRET, &session("Start", "pupil", CARD, "1")).await);
    assert!(radclient(&site, SECRET, "Acct-Status-Type = Accounting-On\nNAS-Identifier = \"canteen\"\n").await);
    assert_eq!(seen(&mut site).await.person, Some(pupil()), "another access point");
    assert!(radclient(&site, SECRET, "Acct-Status-Type = Accounting-On\nNAS-Identifier = \"library\"\n").await);
    assert_eq!(seen(&mut site).await.person, None);
    assert!(radclient(&site, SECRET, &session("Start", "teacher", CARD, "1")).await);
    assert_eq!(seen(&mut site).await.person, Some(teacher()), "it may use its sessions' names again");
}

#[tokio::test]
async fn sessions_and_devices_outlive_a_restart_and_a_stop_still_ends_them() {
    let directory = tempfile::tempdir().unwrap();
    let keep = |config: &mut GatewayConfig| {
        config.snapshot = Some(directory.path().to_owned());
        radius(&mut config.identity);
    };
    let network = NetworkRegister { devices: vec![registered(DeviceKind::SchoolShared, None, true)], ..register() };
    let site = Site::start_with(rules_with(network), keep).await;
    assert!(radclient(&site, SECRET, &session("Start", "pupil", CARD, "1")).await);
    site.gateway.shutdown().await;
    let mut site = Site::start_with(None, keep).await;
    let observation = seen(&mut site).await;
    assert_eq!((observation.person, observation.device_kind), (Some(pupil()), Some(DeviceKind::SchoolShared)));
    assert!(radclient(&site, SECRET, &session("Stop", "pupil", CARD, "1")).await);
    assert_eq!(seen(&mut site).await.person, None);
}

#[tokio::test]
async fn a_snapshot_of_another_version_is_refused_and_nobody_is_signed_in() {
    let directory = tempfile::tempdir().unwrap();
    let keep = |config: &mut GatewayConfig| config.snapshot = Some(directory.path().to_owned());
    let site = Site::start_with(rules_with(register()), keep).await;
    site.sign_in(pupil());
    site.gateway.shutdown().await;
    let path = directory.path().join("gateway-identities.snapshot");
    let mut bytes = std::fs::read(&path).unwrap();
    assert!(bytes.starts_with(b"belisha whois 2\n"));
    bytes[14] = b'1';
    std::fs::write(&path, bytes).unwrap();
    let mut site = Site::start_with(None, keep).await;
    assert_eq!(seen(&mut site).await.person, None);
}

fn directory(config: &mut IdentityConfig) {
    config.directory = Some(DirectoryConfig {
        key: "a long shared key".into(),
        longest: jiff::SignedDuration::from_hours(10),
        may_speak_for_others: Vec::new(),
    });
}

async fn post(site: &Site, key: &str, event: &str, username: &str, alone: bool) -> u16 {
    use hmac::{Hmac, KeyInit, Mac};
    let body = format!(r#"{{"at":"{}","event":"{event}","username":"{username}","alone":{alone}}}"#, site.now());
    let code = Hmac::<sha2::Sha256>::new_from_slice(key.as_bytes()).unwrap().chain_update(&body).finalize();
    let code: String = code.into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    let to = site.gateway.block_page_addr.unwrap();
    let text = format!(
        "POST /identity/log-on HTTP/1.1\r\nHost: gateway.test\r\nConnection: close\r\nX-Belisha-Signature: {code}\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    send(to, &text).await.status
}

#[tokio::test]
async fn a_computer_says_who_logged_on_and_off() {
    let mut site = site_with(register(), directory).await;
    let key = "a long shared key";
    assert_eq!(post(&site, "a guess", "log-on", "pupil", false).await, 403);
    assert_eq!(post(&site, key, "log-on", "nobody", false).await, 403);
    assert_eq!(seen(&mut site).await.person, None);
    assert_eq!(post(&site, key, "log-on", "SCHOOL\\\\Pupil", false).await, 200);
    let observation = seen(&mut site).await;
    assert_eq!((observation.person, observation.named_by), (Some(pupil()), Some(IdentitySource::DirectoryLogOn)));
    assert_eq!(observation.confidence, Some(Confidence::Address));
    assert_eq!(post(&site, key, "log-on", "teacher", false).await, 200);
    assert_eq!(seen(&mut site).await.person, None, "two people are logged on");
    assert_eq!(post(&site, key, "log-off", "pupil", false).await, 200);
    assert_eq!(seen(&mut site).await.person, Some(teacher()));
    assert_eq!(post(&site, key, "log-on", "pupil", true).await, 200);
    assert_eq!(seen(&mut site).await.person, Some(pupil()), "the computer says that nobody else is there");
    let closed = site_with(register(), |_| {}).await;
    assert_eq!(post(&closed, key, "log-on", "pupil", false).await, 404, "not taken unless set up");
}

#[tokio::test]
async fn an_address_leased_to_another_device_is_nobodys_until_somebody_signs_in() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("dnsmasq.leases");
    std::fs::write(&path, format!("0 {CARD} 127.0.0.1 trolley-1 *\n")).unwrap();
    let network =
        NetworkRegister { devices: vec![registered(DeviceKind::SchoolIndividual, None, false)], ..register() };
    let mut site = site_with(network, |config| {
        let every = jiff::SignedDuration::from_millis(20);
        config.leases = vec![LeaseFile { every, ..LeaseFile::new(&path, LeaseFormat::Dnsmasq) }];
    })
    .await;
    eventually(|| site.gateway.identity.device(LOOPBACK, site.now()).is_some()).await;
    site.sign_in(pupil());
    let observation = seen(&mut site).await;
    assert_eq!((observation.person, observation.device_kind), (Some(pupil()), Some(DeviceKind::SchoolIndividual)));
    std::fs::write(&path, "0 00:1a:2b:3c:4d:99 127.0.0.1 somebody-else *\n").unwrap();
    eventually(|| site.gateway.identity.who(LOOPBACK, site.now()).is_none()).await;
    let observation = seen(&mut site).await;
    assert_eq!((observation.person, observation.device_kind), (None, None));
}

#[tokio::test]
async fn a_room_gives_the_unknown_its_group_and_never_a_name() {
    let range = |network: &str, group: &str| NetworkRange {
        network: network.parse().unwrap(),
        label: "Guest Wi-Fi".into(),
        unknown_group: Some(group.into()),
    };
    let network = NetworkRegister { ranges: vec![range("127.0.0.0/8", "guest")], ..register() };
    let mut site = site_with(network, |_| {}).await;
    let observation = seen(&mut site).await;
    assert_eq!((observation.person, observation.group), (None, "guest"));
    site.request("GET", "http://lessons.example/", &basic("teacher", "wrong")).await;
    site.sign_in(teacher());
    assert_eq!(seen(&mut site).await.group, "staff", "a person's own group goes before the room's");
    let network = NetworkRegister { ranges: vec![range("127.0.0.0/8", "staff")], ..register() };
    let mut site = site_with(network, |_| {}).await;
    assert_eq!(seen(&mut site).await.group, "unknown", "no room makes somebody unknown a teacher");
}

#[tokio::test]
async fn a_registered_device_names_its_one_owner_only_where_the_school_says_so() {
    let own = |kind, shared, owners_are_named| NetworkRegister {
        devices: vec![registered(kind, Some(pupil()), shared)],
        owners_are_named,
        ..register()
    };
    for (network, expected) in [
        (own(DeviceKind::SchoolIndividual, false, true), Some(pupil())),
        (own(DeviceKind::SchoolIndividual, false, false), None),
        (own(DeviceKind::SchoolIndividual, true, true), None),
        (own(DeviceKind::SchoolShared, false, true), None),
    ] {
        let mut site = site_with(network, radius).await;
        // A computer's own account is nobody's name; it says which device came.
        assert!(radclient(&site, SECRET, &session("Start", "host/trolley-1", CARD, "1")).await);
        let observation = seen(&mut site).await;
        assert_eq!(observation.person, expected);
        assert_eq!(observation.confidence, expected.map(|_| Confidence::Device));
        site.sign_in(teacher());
        assert_eq!(seen(&mut site).await.person, Some(teacher()), "whoever signed in goes before the owner");
    }
}

#[tokio::test]
async fn a_pupils_own_device_in_locker_hours_is_a_notice_once_a_day_that_names_nobody() {
    let time = |hour| jiff::civil::time(hour, 0, 0, 0);
    let network = NetworkRegister {
        devices: vec![registered(DeviceKind::PupilOwned, Some(pupil()), false)],
        locker_hours: Some(LockerHours { from: time(9), until: time(15), periods: Vec::new() }),
        ..register()
    };
    let mut site = site_with(network, radius).await;
    assert!(radclient(&site, SECRET, &session("Start", "pupil", CARD, "1")).await);
    site.get("http://helpline.example/").await;
    assert!(site.observed().is_empty(), "whoever turns to a helpline leaves no trace at all");
    let mut notices = Vec::new();
    for moment in ["2026-11-23T10:10:00Z", "2026-11-23T10:20:00Z", "2026-11-23T15:00:00Z", "2026-11-24T09:00:00Z"] {
        site.set_time(moment);
        assert!(radclient(&site, SECRET, &session("Interim-Update", "pupil", CARD, "1")).await);
        site.get("http://lessons.example/").await;
        notices.extend(site.observed().into_iter().filter(|seen| seen.notice.is_some()));
    }
    assert_eq!(
        notices.iter().map(|seen| seen.at.to_string()).collect::<Vec<_>>(),
        ["2026-11-23T10:10:00Z", "2026-11-24T09:00:00Z"]
    );
    for notice in notices {
        assert_eq!((notice.outcome.key(), notice.reason), ("noticed", "personal-device-seen"));
        assert_eq!((notice.person, notice.host, notice.path), (None, None, None));
        assert!(notice.note.unwrap().contains("ask before concluding"));
    }
}

async fn eventually(mut holds: impl FnMut() -> bool) {
    for _ in 0..200 {
        if holds() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("it never came about");
}

fn counter(site: &Site, name: &str) -> u64 {
    site.gateway.identity.counters().all().into_iter().find(|(known, _)| *known == name).unwrap().1
}
