//! The inbox and requests for sites.

use crate::school::*;
use belisha_policy::*;
use belisha_records::*;
use jiff::civil::date;
use jiff::{Timestamp, ToSpan};

fn now() -> Timestamp {
    at(date(2026, 11, 3).at(12, 0, 0, 0))
}

fn alert(number: u8, danger: Danger, minutes_ago: i64) -> Alert {
    Alert {
        id: id(number),
        school: id(200),
        person: Some(id(1)),
        device: "10.0.0.7".to_owned(),
        seen_at: now().checked_sub(minutes_ago.minutes()).unwrap(),
        theme: "self-harm".to_owned(),
        danger,
        host: "search.example".to_owned(),
        excerpt: "words".to_owned(),
        settled: None,
    }
}

#[test]
fn the_inbox_shows_the_most_dangerous_first() {
    let settled = dismiss_alert(&alert(5, Danger::Urgent, 90), "known lesson topic", id(20), now()).unwrap();
    let mut inbox = [
        alert(1, Danger::Low, 80),
        settled,
        alert(2, Danger::Urgent, 1),
        alert(3, Danger::Urgent, 30),
        alert(4, Danger::Serious, 50),
    ];
    sort_inbox(&mut inbox);
    assert_eq!(inbox.map(|alert| alert.id), [3, 2, 4, 1, 5].map(id));
}

#[test]
fn an_alert_is_settled_once_and_with_a_reason() {
    for (reason, accepted) in
        [("", false), ("   ", false), ("ok", false), ("....!", false), ("a lesson on poetry", true)]
    {
        assert_eq!(dismiss_alert(&alert(1, Danger::Low, 1), reason, id(20), now()).is_ok(), accepted, "{reason}");
    }
    let settled = escalate_alert(&alert(1, Danger::Low, 1), id(9), id(20), now()).unwrap();
    assert!(dismiss_alert(&settled, "a lesson on poetry", id(20), now()).is_err());
    assert!(escalate_alert(&settled, id(9), id(20), now()).is_err());
    assert!(!may_triage(id(1), &alert(1, Danger::Low, 1)) && may_triage(id(2), &alert(1, Danger::Low, 1)));
}

#[test]
fn an_incident_from_an_alert_accuses_nobody_and_carries_no_search() {
    let form = incident_form_from_alert(&alert(1, Danger::Urgent, 0), &england());
    assert_eq!((form.occurred_date.as_str(), form.occurred_time.as_str()), ("2026-11-03", "12:00"));
    assert_eq!(form.involved[0].part, Part::Harmed);
    assert_eq!(form.may_involve_indecent_images, None);
    assert!(!form.description.contains("words") && !form.description.contains("search.example"));
    let nobody = Alert { person: None, ..alert(1, Danger::Urgent, 0) };
    assert!(incident_form_from_alert(&nobody, &england()).involved.is_empty());
}

#[test]
fn sites_open_for_a_time_with_a_reason_by_somebody_else() {
    let request = |category: &str| AccessRequest {
        id: id(1),
        school: id(200),
        by: id(1),
        host: "games.example".to_owned(),
        category: Some(category.to_owned()),
        reason: "chess club".to_owned(),
        asked_at: now(),
        decision: None,
    };
    let approval = Approval {
        what: "unblock".to_owned(),
        by: vec![Role::OnlineSafetyLead, Role::Headteacher],
        reason_required: true,
        longest_days: Some(14),
    };
    let answer = AccessAnswer {
        granted: true,
        groups: vec![],
        until: Some(now().checked_add(240.hours()).unwrap()),
        reason: "chess club until Friday week".to_owned(),
        by: id(20),
        roles: vec![Role::OnlineSafetyLead],
        second: None,
        at: now(),
    };
    type Change = fn(&mut AccessAnswer);
    let cases: &[(&str, &str, Change, &[&str])] = &[
        ("granted", "games", |_| {}, &[]),
        ("no reason", "games", |answer| answer.reason.clear(), &["reason"]),
        ("no end", "games", |answer| answer.until = None, &["until"]),
        ("an end that has passed", "games", |answer| answer.until = Some(answer.at), &["until"]),
        ("too long", "games", |answer| answer.until = Some(answer.at.checked_add(337.hours()).unwrap()), &["until"]),
        ("their own", "games", |answer| answer.by = id(1), &["request"]),
        (
            "an office the policy does not name",
            "games",
            |answer| answer.roles = vec![Role::IctTechnician],
            &["request"],
        ),
        ("a teacher", "games", |answer| answer.roles = vec![Role::Teacher], &["request"]),
        ("one person for a grave category", "extremism", |_| {}, &["second"]),
        ("the same person twice", "extremism", |answer| answer.second = Some(id(20)), &["second"]),
        ("the asker as second", "extremism", |answer| answer.second = Some(id(1)), &["second"]),
        ("two people", "extremism", |answer| answer.second = Some(id(21)), &[]),
        (
            "refused, with a reason",
            "extremism",
            |answer| {
                answer.granted = false;
                answer.until = None
            },
            &[],
        ),
        (
            "refused, without",
            "games",
            |answer| {
                answer.granted = false;
                answer.reason.clear()
            },
            &["reason"],
        ),
    ];
    for (name, category, change, wrong) in cases {
        let mut answer = answer.clone();
        change(&mut answer);
        let fields: Vec<String> = decide_request(&request(category), &answer, Some(&approval))
            .err()
            .map(|errors| errors.iter().map(|(field, _)| field.to_owned()).collect())
            .unwrap_or_default();
        assert_eq!(fields, *wrong, "{name}");
    }
    let decided =
        AccessRequest { decision: Some(decide_request(&request("games"), &answer, None).unwrap()), ..request("games") };
    assert!(decide_request(&decided, &answer, None).is_err());
    assert_eq!(longest_days(None), LONGEST_DAYS_UNLESS_SAID);
}
