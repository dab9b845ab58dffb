//! Connections that a firewall redirected: a network namespace of its own, real `nft` rules, devices that know of no proxy.
//! Skipped where `ip`, `nft` or the right to use them is missing.

use crate::support::*;
use belisha_gateway::{LocalRecord, Outcome};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::process::Command;
use tokio::time::timeout;

/// Set for the run inside the namespace.
const INSIDE: &str = "BELISHA_TEST_INSIDE";
const NAME: &str = "transparent::devices_that_know_of_no_proxy_are_judged_by_what_they_name";
const LISTENING: u16 = 8888;

/// Names in the namespace: the device is `.1` of each net, everything else is far away.
fn setting_up() -> String {
    [
        "ip link set lo up",
        "ip address add 198.51.100.1/24 dev lo",
        "ip -6 address add 2001:db8::1/64 dev lo nodad",
        "nft add table inet nat",
        "nft 'add chain inet nat output { type nat hook output priority -100; }'",
        &format!("nft add rule inet nat output tcp dport '{{ 80, 443 }}' redirect to :{LISTENING}"),
    ]
    .join(" && ")
}

#[tokio::test]
async fn devices_that_know_of_no_proxy_are_judged_by_what_they_name() {
    if std::env::var_os(INSIDE).is_some() {
        return inside().await;
    }
    let namespace = format!("belisha-test-{}", std::process::id());
    let ip = |arguments: &[&str]| Command::new("ip").args(arguments).output();
    if !ip(&["netns", "add", &namespace]).await.is_ok_and(|made| made.status.success()) {
        eprintln!("skipped: no network namespace can be made here (`ip netns add` needs root)");
        return;
    }
    let run = format!("{} && exec {} --exact {NAME}", setting_up(), std::env::current_exe().unwrap().display());
    let ran = Command::new("ip").args(["netns", "exec", &namespace, "sh", "-c", &run]).env(INSIDE, "1").output().await;
    ip(&["netns", "delete", &namespace]).await.unwrap();
    let ran = ran.unwrap();
    let said = String::from_utf8_lossy(&ran.stdout).into_owned() + &String::from_utf8_lossy(&ran.stderr);
    if !said.contains("running 1 test") {
        eprintln!("skipped: connections cannot be redirected here: {said}");
        return;
    }
    assert!(ran.status.success(), "{said}");
}

async fn inside() {
    let (port, mut heard) = crate::tunnel::listening_origin().await;
    let mut site = Site::start_with(Some(rules()), |config| {
        config.proxy.transparent_listen =
            vec![SocketAddr::from((LOOPBACK, LISTENING)), format!("[::1]:{LISTENING}").parse().unwrap()];
        config.local_records.insert("secure.example".into(), LocalRecord { address: LOOPBACK, port: Some(port) });
    })
    .await;
    let until = site.now() + jiff::SignedDuration::from_hours(1);
    for device in ["198.51.100.1", "2001:db8::1"] {
        site.gateway.identity.sign_in(device.parse().unwrap(), pupil(), site.now(), until);
    }
    for far in ["198.51.100.7", "[2001:db8::7]"] {
        let plain: SocketAddr = format!("{far}:80").parse().unwrap();
        let get = |host: &str| format!("GET /week HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        let answer = send(plain, &get("lessons.example")).await;
        assert!(answer.status == 200 && answer.body.contains("origin was sent:\nGET /week"), "{far}: {answer:?}");
        assert!(!answer.body.contains(far), "the address that the device chose is not dialled");
        assert_eq!(send(plain, &get("games.example")).await.status, 403, "{far}");
        assert_eq!(send(plain, &get("illegal-test.example")).await.status, 403, "{far}");
        assert_eq!(send(plain, &get("helpline.example")).await.status, 200, "{far}");
        assert_eq!(send(plain, "GET / HTTP/1.0\r\n\r\n").await.status, 403, "{far}: an address nobody may reach");
        let twice = "GET http://lessons.example/ HTTP/1.1\r\nHost: games.example\r\nConnection: close\r\n\r\n";
        assert_eq!(send(plain, twice).await.status, 400, "{far}");
        let tunnel = "CONNECT lessons.example:443 HTTP/1.1\r\nHost: lessons.example\r\nConnection: close\r\n\r\n";
        assert_eq!(send(plain, tunnel).await.status, 400, "{far}");

        let secure: SocketAddr = format!("{far}:443").parse().unwrap();
        let hello = crate::tunnel::client_hello("secure.example");
        let mut stream = TcpStream::connect(secure).await.unwrap();
        stream.write_all(&hello).await.unwrap();
        stream.read_exact(&mut [0; 5]).await.unwrap();
        assert_eq!(heard.recv().await.unwrap(), hello, "{far}: carried untouched");
        for host in ["games.example", "illegal-test.example"] {
            let mut closed = TcpStream::connect(secure).await.unwrap();
            closed.write_all(&crate::tunnel::client_hello(host)).await.unwrap();
            let cut = timeout(Duration::from_secs(3), closed.read(&mut [0; 8])).await;
            assert!(matches!(cut, Ok(Ok(0) | Err(_))), "{far}");
        }
    }
    assert!(heard.try_recv().is_err());
    let seen = site.observed();
    let outcomes = |host: &str| {
        seen.iter().filter(|one| one.host.as_deref() == Some(host)).map(|one| one.outcome).collect::<Vec<_>>()
    };
    assert_eq!(outcomes("games.example"), [Outcome::Blocked; 4]);
    assert_eq!(outcomes("secure.example"), [Outcome::Allowed; 2]);
    assert_eq!(seen.iter().filter(|one| one.reason == "illegal" && one.host.is_none()).count(), 4);
    assert!(seen.iter().all(|one| one.person == Some(pupil()) && one.host.as_deref() != Some("helpline.example")));
    // Nobody redirected this one.
    let mut direct = TcpStream::connect(site.gateway.transparent_addr.unwrap()).await.unwrap();
    let _ = direct.write_all(b"GET / HTTP/1.1\r\nHost: lessons.example\r\n\r\n").await;
    assert!(matches!(timeout(Duration::from_secs(3), direct.read(&mut [0; 8])).await, Ok(Ok(0) | Err(_))));
}
