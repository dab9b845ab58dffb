//! Who asks, and what that opens: unknown devices, unsigned agreements, proxy passwords, passed warnings.

use crate::support::*;
use belisha_gateway::Outcome;

#[tokio::test]
async fn an_unknown_device_is_in_the_strictest_group() {
    let mut site = Site::start().await;
    let answer = site.get("http://lessons.example/").await;
    assert_eq!(answer.status, 403);
    assert!(answer.body.contains("/portal\">Sign in</a>"));
    assert_eq!(site.observed()[0].group, "unknown");
    site.sign_in(pupil());
    site.sign_in(teacher());
    assert_eq!(site.get("http://lessons.example/").await.status, 403, "two people at one address are nobody");
    assert_eq!(site.observed()[0].person, None);
}

#[tokio::test]
async fn somebody_who_has_not_signed_reaches_the_portal_and_helplines_only() {
    let mut site = Site::start().await;
    site.sign_in(unsigned());
    let answer = site.get("http://lessons.example/").await;
    assert_eq!((answer.status, answer.header("location")), (303, Some("http://belisha.test/portal")));
    let answer = site.request("CONNECT", "lessons.example:443", "").await;
    assert_eq!(answer.status, 403);
    assert!(answer.body.contains("Sign the agreement first"));
    assert_eq!(site.observed().iter().map(|seen| seen.outcome).collect::<Vec<_>>(), [Outcome::SignFirst; 2]);
    let answer = site.get("http://belisha.test/agreements").await;
    assert!(answer.status == 200 && answer.body.starts_with("portal was sent:"), "{}", answer.body);
    assert!(answer.body.to_lowercase().contains("forwarded: for=127.0.0.1;secret=\"told-by-the-gateway\""));
    assert_eq!(site.get("http://helpline.example/").await.status, 200);
    assert!(site.observed().is_empty(), "neither leaves a trace");
    assert_eq!(site.gateway.metrics.all().iter().find(|(name, _)| *name == "helplines").unwrap().1, 1);
    assert_eq!(site.get("http://illegal-test.example/").await.status, 403, "closed before the gate");
}

#[tokio::test]
async fn a_proxy_password_names_the_person_and_a_wrong_one_is_asked_for_again() {
    let mut site = Site::start().await;
    let answer = site.request("GET", "http://games.example/", &basic("Teacher", "teacher-secret")).await;
    assert_eq!(answer.status, 200, "staff may");
    assert!(!answer.body.to_lowercase().contains("proxy-authorization"), "the password stays here: {}", answer.body);
    assert_eq!(site.observed()[0].person, Some(teacher()));
    for wrong in [basic("teacher", "guess"), basic("nobody", "guess"), "Proxy-Authorization: Bearer x\r\n".into()] {
        let answer = site.request("GET", "http://lessons.example/", &wrong).await;
        assert_eq!(answer.status, 407);
        assert!(answer.header("proxy-authenticate").is_some_and(|value| value.starts_with("Basic ")));
        assert_eq!(site.request("GET", "http://helpline.example/", &wrong).await.status, 200, "a helpline asks nobody");
    }
    site.sign_in(pupil());
    site.request("GET", "http://lessons.example/", &basic("teacher", "teacher-secret")).await;
    assert_eq!(site.observed().pop().unwrap().person, Some(teacher()), "the request's own password beats the address");
}

#[tokio::test]
async fn an_unknown_browser_can_be_asked_who_it_is() {
    let site = Site::start_with(Some(rules()), |config| config.ask_for_credentials = true).await;
    assert_eq!(site.get("http://lessons.example/").await.status, 407);
    assert_eq!(site.request("GET", "http://lessons.example/", &basic("pupil", "pupil-secret")).await.status, 200);
}

#[tokio::test]
async fn a_warning_is_passed_with_a_reason_by_the_person_warned() {
    let mut site = Site::start().await;
    site.sign_in(pupil());
    let warned = site.get("http://video.example/").await;
    assert!(warned.status == 403 && warned.body.contains("Think before you open this page"), "{}", warned.body);
    let id =
        warned.body.split("name=\"block\" value=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap().to_owned();
    let go_on = |host: &str, form: String| {
        let sent = format!(
            "POST http://{host}/.belisha/continue HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{form}",
            form.len()
        );
        let proxy = site.proxy();
        async move { send(proxy, &sent).await.status }
    };
    assert_eq!(go_on("video.example", format!("block={id}&why=+")).await, 400, "a reason is needed");
    assert_eq!(go_on("video.example", "block=ffff&why=work".into()).await, 400, "and the page's own number");
    assert_eq!(go_on("other.example", format!("block={id}&why=work")).await, 400, "for the page's own host");
    assert_eq!(go_on("video.example", format!("block={id}&why=Tectonic+plates")).await, 303);
    assert_eq!(site.get("http://video.example/").await.status, 200);
    let passed = site.observed().into_iter().find(|seen| seen.outcome == Outcome::WarningPassed).unwrap();
    assert_eq!((passed.note.as_deref(), passed.person), (Some("Tectonic plates"), Some(pupil())));
    site.sign_out(pupil());
    site.sign_in(young());
    assert_eq!(site.get("http://video.example/").await.status, 403, "the next person is warned anew");
    site.sign_out(young());
    site.sign_in(pupil());
    site.set_time("2026-11-23T10:31:00Z");
    assert_eq!(site.get("http://video.example/").await.status, 403, "after half an hour too");
}

#[tokio::test]
async fn curl_goes_through_the_proxy_as_people_do() {
    let Ok(version) = tokio::process::Command::new("curl").arg("--version").output().await else {
        return;
    };
    assert!(version.status.success());
    let site = Site::start().await;
    let curl = |arguments: &[&str]| {
        let mut command = tokio::process::Command::new("curl");
        command
            .args([
                "-s",
                "-o",
                "/dev/null",
                "-w",
                "%{http_code}",
                "--max-time",
                "10",
                "-x",
                &format!("http://{}", site.proxy()),
            ])
            .args(arguments)
            .env_clear();
        async move { String::from_utf8(command.output().await.unwrap().stdout).unwrap() }
    };
    assert_eq!(curl(&["http://lessons.example/"]).await, "403");
    assert_eq!(curl(&["--proxy-user", "pupil:pupil-secret", "http://lessons.example/"]).await, "200");
    assert_eq!(curl(&["--proxy-user", "pupil:pupil-secret", "http://games.example/"]).await, "403");
    assert_eq!(curl(&["--proxy-user", "pupil:wrong", "http://lessons.example/"]).await, "407");
}

#[tokio::test]
async fn a_portal_behind_tls_is_led_to_and_not_spoken_to_in_clear() {
    let site = Site::start_with(Some(rules()), |config| config.portal.base_url = "https://belisha.test".into()).await;
    let answer = site.get("http://belisha.test/tell?x=1").await;
    assert_eq!((answer.status, answer.header("location")), (303, Some("https://belisha.test/tell?x=1")));
}
