//! Encrypted pages that the school reads, and those it does not: certificates as clients see them, pages inside TLS, origins
//! that cannot prove who they are, apps that refuse, and clients that dawdle or talk nonsense.

use crate::inspect_support::*;
use crate::support::*;
use belisha_gateway::{Outcome, Pinned, Protocol};
use jiff::SignedDuration;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::Command;
use tokio::time::timeout;

#[tokio::test]
async fn a_request_inside_tls_is_judged_and_seen_with_its_path() {
    let mut reading = Reading::start().await;
    let answer = reading.get("lessons.example", "/search?q=volcanoes").await;
    assert!(answer.status == 200 && answer.body.contains("GET /search?q=volcanoes"), "{answer:?}");
    let stream = reading.tls("lessons.example", reading.trusting()).await.unwrap();
    assert_ne!(shown(&stream), reading.origin.certificate, "the school's certificate stands in");
    let [seen] = reading.site.observed().try_into().unwrap();
    assert_eq!(
        (seen.protocol, seen.host.as_deref(), seen.path.as_deref(), seen.outcome),
        (Protocol::Https, Some("lessons.example"), Some("/search"), Outcome::Allowed),
        "once, by the request and not by the CONNECT"
    );
}

#[tokio::test]
async fn a_closed_site_says_why_inside_tls_and_its_origin_hears_nothing() {
    let mut reading = Reading::start().await;
    let answer = reading.get("closed.example", "/").await;
    assert!(answer.status == 403 && answer.body.contains("The school has closed this site."), "{answer:?}");
    assert_eq!(reading.origin.connections.load(Ordering::SeqCst), 0);
    let [seen] = reading.site.observed().try_into().unwrap();
    assert_eq!((seen.protocol, seen.outcome), (Protocol::Https, Outcome::Blocked));
    reading.site.sign_out(pupil());
    reading.site.sign_in(unsigned());
    let answer = reading.get("lessons.example", "/").await;
    assert_eq!(answer.header("location"), Some("http://belisha.test/portal"), "{answer:?}");
}

#[tokio::test]
async fn somebody_who_is_warned_goes_on_with_a_reason_inside_tls() {
    let mut reading = Reading::start().await;
    let page = reading.get("video.example", "/").await;
    let (_, rest) = page.body.split_once("name=\"block\" value=\"").unwrap();
    let id = rest.split('"').next().unwrap();
    let form = format!("block={id}&why=My+talk+on+whales");
    let mut stream = reading.tls("video.example", reading.trusting()).await.unwrap();
    let post = format!(
        "POST /.belisha/continue HTTP/1.1\r\nHost: video.example\r\nConnection: close\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{form}",
        form.len()
    );
    assert_eq!(inside(&mut stream, &post).await.status, 303);
    assert_eq!(reading.get("video.example", "/").await.status, 200);
    let passed = reading.site.observed().into_iter().find(|seen| seen.outcome == Outcome::WarningPassed).unwrap();
    assert_eq!((passed.protocol, passed.note.as_deref()), (Protocol::Https, Some("My talk on whales")));
}

#[tokio::test]
async fn what_is_excepted_is_carried_byte_for_byte() {
    let mut reading = Reading::start().await;
    for host in ["bank.example", "www.bank.example", "www.childline.org.uk"] {
        assert!(reading.is_carried(host).await, "{host}");
    }
    assert_eq!(reading.metric("certificates_made"), 0);
    let seen = reading.site.observed();
    assert!(seen.iter().all(|seen| seen.protocol == Protocol::Tunnel && seen.path.is_none()));
    assert!(seen.iter().all(|seen| seen.host.as_deref() != Some("www.childline.org.uk")), "helplines leave no trace");
    reading.site.sign_out(pupil());
    reading.site.sign_in(teacher());
    assert!(reading.is_carried("lessons.example").await, "staff are not read here");
}

#[tokio::test]
async fn the_name_in_tls_is_the_one_that_counts() {
    let reading = Reading::start().await;
    let config = || reading.trusting();
    let stream = reading.tls_as("203.0.113.9", "bank.example", config()).await.unwrap();
    assert_eq!(shown(&stream), reading.origin.certificate, "an excepted host behind an address");
    let mut stream = reading.tls_as("lessons.example", "closed.example", config()).await.unwrap();
    let answer = inside(&mut stream, "GET / HTTP/1.1\r\nHost: closed.example\r\nConnection: close\r\n\r\n").await;
    assert_eq!(answer.status, 403);
    let mut stream = reading.tls("lessons.example", config()).await.unwrap();
    let answer = inside(&mut stream, "GET / HTTP/1.1\r\nHost: closed.example\r\nConnection: close\r\n\r\n").await;
    assert_eq!(answer.status, 421, "one host's connection is no way to another");
}

#[tokio::test]
async fn a_host_without_a_name_gets_a_certificate_for_its_address() {
    let reading = Reading::start().await;
    let answer = reading.get("203.0.113.9", "/").await;
    assert_eq!(answer.status, 200, "{answer:?}");
}

#[tokio::test]
async fn an_origin_that_cannot_prove_who_it_is_is_never_opened() {
    let faults = [
        (Fault::Expired, "has run out"),
        (Fault::NotYetValid, "only valid later"),
        (Fault::WrongHost, "of another site"),
        (Fault::SelfSigned, "vouches"),
        (Fault::Stranger, "vouches"),
    ];
    for (fault, says) in faults {
        let world = World::new();
        let origin = world.origin(&["lessons.example"], fault, here()).await;
        let reading = Reading::start_with(|config, _| {
            config.local_records.insert("lessons.example".into(), Reading::at(origin.port));
            config.inspection.as_mut().unwrap().extra_roots.push(world.root_pem());
        })
        .await;
        let answer = reading.get("lessons.example", "/").await;
        assert!(answer.status == 502 && answer.body.contains(says), "{fault:?}: {answer:?}");
        assert_eq!(reading.metric("origins_refused"), 1);
    }
}

#[tokio::test]
async fn a_session_with_an_origin_is_taken_up_again_and_a_page_of_any_length_arrives_whole() {
    let reading = Reading::start().await;
    let body = "x".repeat(300_000);
    let mut stream = reading.tls("lessons.example", reading.trusting()).await.unwrap();
    let post = format!(
        "POST /essay HTTP/1.1\r\nHost: lessons.example\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let answer = inside(&mut stream, &post).await;
    assert!(answer.status == 200 && answer.body.ends_with(&body));
    assert_eq!(reading.get("lessons.example", "/").await.status, 200);
    assert_eq!(reading.origin.connections.load(Ordering::SeqCst), 1, "the connection to the origin was kept");
}

/// A client that trusts only the world, as an app does that was built with its site's certificate.
async fn pinned_attempt(reading: &Reading) -> std::io::Result<()> {
    let config = trusting(&[&reading.world.root_pem()], reading.site.now(), &[]);
    let mut stream = reading.tls("app.example", config).await?;
    stream.write_all(b"GET / HTTP/1.1\r\nHost: app.example\r\nConnection: close\r\n\r\n").await?;
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).await?;
    assert_eq!(&answer, b"HTTP/1.1 200");
    Ok(())
}

#[tokio::test]
async fn a_pinned_app_is_passed_by_on_a_device_that_trusts_the_school() {
    let reading = Reading::start().await;
    for _ in 0..4 {
        assert!(pinned_attempt(&reading).await.is_err(), "nothing shows yet that the device has the certificate");
    }
    reading.get("lessons.example", "/").await;
    assert!(pinned_attempt(&reading).await.is_err());
    // The alert is read by the gateway a moment after the client has gone.
    tokio::time::sleep(Duration::from_millis(100)).await;
    pinned_attempt(&reading).await.unwrap();
    assert!(!reading.is_carried("lessons.example").await, "other hosts are read as before");
    assert_eq!((reading.metric("pinned_hosts"), reading.metric("passed_by")), (1, 1));
    let now = reading.site.now() + SignedDuration::from_hours(9);
    reading.site.set_time(&now.to_string());
    assert!(pinned_attempt(&reading).await.is_err(), "not for ever");
}

#[tokio::test]
async fn a_pinned_app_stays_closed_where_the_school_says_so() {
    let reading = Reading::start_with(|config, _| config.inspection.as_mut().unwrap().pinned = Pinned::Close).await;
    reading.get("lessons.example", "/").await;
    for _ in 0..6 {
        assert!(pinned_attempt(&reading).await.is_err());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(reading.metric("passed_by"), 0);
}

#[tokio::test]
async fn a_site_that_wants_the_devices_own_certificate_is_passed_by_from_then_on() {
    let world = World::new();
    let origin = world.origin(&["exams.example"], Fault::WantsCertificate, here()).await;
    let reading = Reading::start_with(|config, _| {
        config.local_records.insert("exams.example".into(), Reading::at(origin.port));
        config.inspection.as_mut().unwrap().extra_roots.push(world.root_pem());
    })
    .await;
    assert_eq!(reading.get("exams.example", "/").await.status, 502);
    let config = trusting(&[&reading.ca.certificate_pem, &world.root_pem()], reading.site.now(), &[]);
    let stream = reading.tls("exams.example", config).await.unwrap();
    assert_eq!(shown(&stream), origin.certificate);
}

#[tokio::test]
async fn a_clock_set_years_ahead_gets_certificates_that_are_valid_then() {
    let reading = Reading::start().await;
    let ahead = reading.site.now() + SignedDuration::from_hours(8 * 365 * 24);
    reading.site.set_time(&ahead.to_string());
    reading.site.sign_in(pupil());
    let config = trusting(&[&reading.ca.certificate_pem], ahead, &[]);
    assert!(reading.tls("lessons.example", config).await.is_ok());
}

#[tokio::test]
async fn nonsense_silence_and_half_a_handshake_end_the_tunnel_and_nothing_else() {
    let reading = Reading::start().await;
    let ended = async |bytes: &[u8]| {
        let mut stream = connect(&reading.site, "lessons.example").await.unwrap();
        stream.write_all(bytes).await.unwrap();
        let mut rest = Vec::new();
        timeout(Duration::from_secs(3), stream.read_to_end(&mut rest)).await.is_ok()
    };
    let hello = crate::tunnel::client_hello("lessons.example");
    assert!(ended(b"SSH-2.0-client\r\n").await);
    assert!(ended(b"").await, "silence");
    assert!(ended(&hello[..hello.len() / 2]).await, "half a hello, and then nothing");
    assert!(ended(&hello).await, "a hello, and then nothing");
    let mut nonsense = hello.clone();
    nonsense.extend_from_slice(&[0x16, 3, 3, 0, 5, 0xff, 0xff, 0xff, 0xff, 0xff]);
    assert!(ended(&nonsense).await);
    assert_eq!(reading.get("lessons.example", "/").await.status, 200);
}

#[tokio::test]
async fn an_encrypted_hello_is_answered_by_its_outer_name() {
    let reading = Reading::start().await;
    // An outer hello (draft-ietf-tls-esni, now RFC 9849): HKDF-SHA256, AES-128-GCM, a key of 32 bytes, a payload of 64.
    let mut encrypted = vec![0, 0, 1, 0, 1, 7, 0, 32];
    encrypted.extend([5; 32]);
    encrypted.extend([0, 64]);
    encrypted.extend([6; 64]);
    let hello = with_extension(&crate::tunnel::client_hello("lessons.example"), 0xfe0d, &encrypted);
    let mut stream = connect(&reading.site, "lessons.example").await.unwrap();
    stream.write_all(&hello).await.unwrap();
    let mut head = [0; 6];
    stream.read_exact(&mut head).await.unwrap();
    assert_eq!((head[0], head[5]), (0x16, 2), "a ServerHello, not an alert");
    let closed = with_extension(&crate::tunnel::client_hello("bank.example"), 0xfe0d, &encrypted);
    let mut stream = connect(&reading.site, "bank.example").await.unwrap();
    stream.write_all(&closed).await.unwrap();
    stream.read_exact(&mut head).await.unwrap();
    assert_eq!(reading.metric("certificates_made"), 1, "an excepted outer name is carried");
}

/// A ClientHello with one more extension at its end.
fn with_extension(hello: &[u8], kind: u16, content: &[u8]) -> Vec<u8> {
    let (random, session) = (5 + 4 + 2, 32);
    let suites = random + session + 1 + usize::from(hello[random + session]);
    let methods = suites + 2 + usize::from(u16::from_be_bytes([hello[suites], hello[suites + 1]]));
    let extensions = methods + 1 + usize::from(hello[methods]);
    let mut changed = hello.to_vec();
    changed.extend_from_slice(&kind.to_be_bytes());
    changed.extend_from_slice(&(content.len() as u16).to_be_bytes());
    changed.extend_from_slice(content);
    let more = changed.len() - hello.len();
    for (at, length) in [(3, 2), (6, 3), (extensions, 2)] {
        let old = changed[at..at + length].iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte));
        let new = (old + more).to_be_bytes();
        changed[at..at + length].copy_from_slice(&new[new.len() - length..]);
    }
    changed
}

#[tokio::test]
async fn curl_speaks_both_versions_of_http_and_both_of_tls() {
    let reading = Reading::start().await;
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("school.pem");
    std::fs::write(&file, &reading.ca.certificate_pem).unwrap();
    let curl = async |more: &[&str]| {
        let mut command = Command::new("curl");
        command.env_clear().args(["-s", "--max-time", "10", "-o", "/dev/null", "-w", "%{http_version} %{http_code}"]);
        command.arg("--cacert").arg(&file).args(["-x", &format!("http://{}", reading.site.proxy())]).args(more);
        String::from_utf8(command.output().await.unwrap().stdout).unwrap()
    };
    if Command::new("curl").arg("-V").output().await.is_err() {
        return;
    }
    assert_eq!(curl(&["https://lessons.example/"]).await, "2 200");
    assert_eq!(curl(&["--http1.1", "https://lessons.example/"]).await, "1.1 200");
    assert_eq!(curl(&["--tls-max", "1.2", "https://lessons.example/"]).await, "2 200");
    assert_eq!(curl(&["https://closed.example/"]).await, "2 403");
    assert_eq!(curl(&["--tls-max", "1.1", "https://lessons.example/"]).await, "0 000");
}

#[tokio::test]
async fn openssl_finds_nothing_to_complain_of_in_a_certificate() {
    let reading = Reading::start().await;
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("school.pem");
    std::fs::write(&file, &reading.ca.certificate_pem).unwrap();
    let mut command = Command::new("openssl");
    command.args(["s_client", "-proxy", &reading.site.proxy().to_string(), "-connect", "lessons.example:443"]);
    command.args(["-verify_return_error", "-verify_hostname", "lessons.example", "-x509_strict", "-CAfile"]).arg(&file);
    command.stdin(std::process::Stdio::null());
    let Ok(output) = command.output().await else { return };
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(text.contains("Verify return code: 0 (ok)"), "{text} {}", String::from_utf8_lossy(&output.stderr));
}

/// What Chromium makes of a page, through the proxy, by the text it shows.
async fn chromium(reading: &Reading, url: &str) -> Option<String> {
    let profile = tempfile::tempdir().unwrap();
    let mut browser = Command::new("chromium");
    browser.env("HOME", profile.path()).args(["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic"]);
    browser.args(["--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"]);
    browser.args(["--disable-dev-shm-usage", "--dump-dom", "--timeout=15000"]);
    browser.arg(format!("--user-data-dir={}", profile.path().display()));
    browser.arg(format!("--proxy-server=http://{}", reading.site.proxy()));
    // Trusts the key of the school's certificates of hosts, and none else that the system does not know.
    let stream = reading.tls("lessons.example", reading.trusting()).await.unwrap();
    browser.arg(format!("--ignore-certificate-errors-spki-list={}", key_hash(&shown(&stream))));
    let seen = timeout(Duration::from_secs(60), browser.arg(url).kill_on_drop(true).output()).await.ok()?.ok()?;
    Some(String::from_utf8_lossy(&seen.stdout).into_owned())
}

#[tokio::test]
async fn chromium_opens_pages_and_reads_why_one_is_closed() {
    let reading = Reading::start().await;
    let Some(page) = chromium(&reading, "https://lessons.example/page?x=1").await else { return };
    assert!(page.contains("GET /page?x=1"), "{page}");
    let closed = chromium(&reading, "https://closed.example/").await.unwrap();
    assert!(closed.contains("This page is closed") && closed.contains("The school has closed this site."), "{closed}");
}

#[tokio::test]
async fn the_certificate_is_given_out_with_how_to_install_it_and_never_its_key() {
    let reading = Reading::start_with(|config, _| {
        // Somebody who puts both into one file must not publish the key.
        let inspection = config.inspection.as_mut().unwrap();
        inspection.ca_certificate_pem = format!("{}{}", inspection.ca_certificate_pem, inspection.ca_key_pem);
    })
    .await;
    let block_page = reading.site.gateway.block_page_addr.unwrap();
    let fetch = async |path: &str| {
        send(block_page, &format!("GET {path} HTTP/1.1\r\nHost: 10.0.0.1\r\nConnection: close\r\n\r\n")).await
    };
    let page = fetch("/certificate").await;
    let fingerprint: Vec<String> = {
        use rustls::pki_types::pem::PemObject;
        use sha2::Digest;
        let der = rustls::pki_types::CertificateDer::from_pem_slice(reading.ca.certificate_pem.as_bytes()).unwrap();
        sha2::Sha256::digest(&der).iter().map(|byte| format!("{byte:02X}")).collect()
    };
    assert!(page.status == 200 && page.body.contains(&fingerprint.join(" ")), "{page:?}");
    assert!(page.body.contains("Marlowe Bridge High School"));
    for (path, kind) in [
        ("/certificate.pem", "application/x-pem-file"),
        ("/certificate.crt", "application/x-x509-ca-cert"),
        ("/certificate.mobileconfig", "application/x-apple-aspen-config"),
    ] {
        let file = fetch(path).await;
        assert_eq!((file.status, file.header("content-type")), (200, Some(kind)));
        assert!(!file.body.contains("PRIVATE"), "{path}");
    }
    let without = |text: &str| text.replace(['\r', '\n'], "");
    assert_eq!(without(&fetch("/certificate.pem").await.body), without(&reading.ca.certificate_pem));
    let through_the_proxy =
        send(reading.site.proxy(), "GET /certificate HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    assert_eq!(through_the_proxy.await.status, 200);
    let unread = Site::start().await;
    let address = unread.gateway.block_page_addr.unwrap();
    let none = send(address, "GET /certificate HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await;
    assert_eq!(none.status, 404);
}
