//! Who has signed what, and whether that opens the network.

use crate::school::*;
use belisha_policy::*;
use belisha_records::*;
use jiff::civil::{Date, date};

const TODAY: Date = date(2026, 11, 3);
const PUPIL: u8 = 1;
const PARENT: u8 = 2;

fn line(id: &str, co_signer: bool, text: &str) -> AgreementLine {
    AgreementLine { id: ClauseId(id.to_owned()), co_signer, text: text.to_owned() }
}

fn agreement(who: &[Audience], co_signed: bool, lines: Vec<AgreementLine>) -> Binding {
    Binding::Agreement(Agreement {
        who: who.to_vec(),
        co_signed_by: co_signed.then_some(Audience::Parent),
        renews: Some(Cadence::AcademicYear),
        opens_network: true,
        preamble: String::new(),
        lines,
    })
}

fn pupils() -> Policy {
    let lines = vec![
        line("learn", false, "use them for learning"),
        line("tell", false, "tell an adult"),
        line("home", true, "talk about it at home"),
    ];
    policy(Nation::England, vec![("aup-pupil", agreement(&[Audience::Pupil], true, lines))])
}

fn act(number: u8, by: u8, kind: SignatureKind, day: Date, words: &[&str]) -> Signature {
    Signature {
        id: id(number),
        about: id(PUPIL),
        by: id(by),
        kind,
        agreement: "aup-pupil".to_owned(),
        policy_version: id(9),
        lines: words.iter().map(|text| SignedLine { id: "line".to_owned(), text: (*text).to_owned() }).collect(),
        at: at(day.at(10, 0, 0, i32::from(number))),
        reason: None,
    }
}

#[test]
fn the_gate_opens_when_nothing_is_missing() {
    use SignatureKind::*;
    let own = |number, day| act(number, PUPIL, Signed, day, &["use them for learning", "tell an adult"]);
    let parents = |number, day| act(number, PARENT, CounterSigned, day, &["talk about it at home"]);
    let september = date(2026, 9, 10);
    let cases: Vec<(&str, Vec<Signature>, &str)> = vec![
        ("nothing", vec![], "sign-first"),
        ("only the pupil", vec![own(1, september)], "awaiting-parent"),
        ("only the parent", vec![parents(1, september)], "sign-first"),
        ("both", vec![own(1, september), parents(2, september)], "open"),
        ("both, last year", vec![own(1, date(2025, 9, 10)), parents(2, date(2025, 9, 10))], "sign-first"),
        ("in the summer before", vec![own(1, date(2026, 8, 20)), parents(2, date(2026, 8, 20))], "open"),
        ("on the last day of last year's term", vec![own(1, date(2026, 7, 21)), parents(2, september)], "sign-first"),
        ("pupil declined", vec![act(1, PUPIL, Refused, september, &[])], "refused"),
        (
            "declined after signing",
            vec![own(1, september), parents(2, september), act(3, PUPIL, Refused, date(2026, 10, 1), &[])],
            "refused",
        ),
        (
            "signed after declining",
            vec![act(1, PUPIL, Refused, september, &[]), own(2, date(2026, 9, 11)), parents(3, september)],
            "open",
        ),
        ("parent declined", vec![own(1, september), act(2, PARENT, CounterRefused, september, &[])], "parent-refused"),
        (
            "parent signed after declining",
            vec![own(1, september), act(2, PARENT, CounterRefused, september, &[]), parents(3, date(2026, 9, 12))],
            "open",
        ),
        (
            "the pupil plays the parent",
            vec![own(1, september), act(2, PUPIL, CounterSigned, september, &["talk about it at home"])],
            "awaiting-parent",
        ),
        (
            "a stranger plays the parent",
            vec![own(1, september), act(2, 7, CounterSigned, september, &["talk about it at home"])],
            "awaiting-parent",
        ),
        (
            "the parent plays the pupil",
            vec![act(1, PARENT, Signed, september, &["use them for learning", "tell an adult"]), parents(2, september)],
            "sign-first",
        ),
    ];
    for (name, signatures, expected) in cases {
        let gate =
            network_gate(&pupils(), &person(PUPIL, Audience::Pupil), &[id(PARENT)], &signatures, &england(), TODAY);
        let tag = serde_json::to_value(&gate).unwrap()["gate"].as_str().unwrap().to_owned();
        assert_eq!(tag, expected, "{name}");
        assert_eq!(gate.is_open(), expected == "open", "{name}");
    }
}

#[test]
fn a_changed_line_is_asked_for_alone() {
    let mut policy = pupils();
    let signed = [
        act(1, PUPIL, SignatureKind::Signed, date(2026, 9, 10), &["use them for  learning\n", "tell an adult"]),
        act(2, PARENT, SignatureKind::CounterSigned, date(2026, 9, 10), &["talk about it at home"]),
    ];
    if let Binding::Agreement(agreement) = &mut policy.clauses[0].binding {
        agreement.lines[1].text = "tell an adult at once".to_owned();
    }
    let state =
        &agreement_states(&policy, &person(PUPIL, Audience::Pupil), &[id(PARENT)], &signed, &england(), TODAY)[0];
    assert_eq!(state.unsigned.iter().map(|line| line.id.0.as_str()).collect::<Vec<_>>(), ["tell"]);
    assert!(state.changed && state.counter_unsigned.is_empty() && !state.refused && !state.lapsed);
    let again = act(3, PUPIL, SignatureKind::Signed, date(2026, 11, 2), &["tell an adult at once"]);
    let signed = [signed[0].clone(), signed[1].clone(), again];
    assert!(
        network_gate(&policy, &person(PUPIL, Audience::Pupil), &[id(PARENT)], &signed, &england(), TODAY).is_open()
    );
}

#[test]
fn pupils_of_one_age_fall_back_on_the_text_of_the_other() {
    let older = pupils();
    let both = policy(
        Nation::Scotland,
        vec![
            ("young", agreement(&[Audience::YoungerPupil], false, vec![])),
            ("old", agreement(&[Audience::Pupil], false, vec![])),
            ("staff", agreement(&[Audience::Staff], false, vec![])),
        ],
    );
    let cases = [
        (&older, Audience::YoungerPupil, vec!["aup-pupil"]),
        (&both, Audience::YoungerPupil, vec!["young"]),
        (&both, Audience::Pupil, vec!["old"]),
        (&both, Audience::Governor, vec![]),
        (&older, Audience::Staff, vec![]),
    ];
    for (policy, audience, expected) in cases {
        let found: Vec<&str> =
            agreements_for(policy, audience).iter().map(|(clause, _)| clause.id.0.as_str()).collect();
        assert_eq!(found, expected, "{audience:?}");
    }
}

#[test]
fn somebody_who_left_has_no_network() {
    let left = Person { left: Some(date(2026, 11, 2)), ..person(PUPIL, Audience::Governor) };
    assert_eq!(network_gate(&pupils(), &left, &[], &[], &england(), TODAY), NetworkGate::NotAtSchool);
    assert!(network_gate(&pupils(), &person(5, Audience::Governor), &[], &[], &england(), TODAY).is_open());
}

#[test]
fn renewal_is_announced_and_missing_signatures_are_listed() {
    let people = [person(PUPIL, Audience::Pupil), person(3, Audience::Pupil)];
    let signed = [
        act(1, PUPIL, SignatureKind::Signed, date(2026, 9, 10), &["use them for learning", "tell an adult"]),
        act(2, PARENT, SignatureKind::CounterSigned, date(2026, 9, 10), &["talk about it at home"]),
    ];
    let missing = missing_signatures(&pupils(), &people, &|_| vec![id(PARENT)], &signed, &england(), TODAY);
    assert_eq!(missing.iter().map(|row| row.person).collect::<Vec<_>>(), [id(3)]);
    let state = |day| agreement_states(&pupils(), &people[0], &[id(PARENT)], &signed, &england(), day).remove(0);
    assert!(!state(TODAY).renewal_due);
    assert!(state(date(2027, 8, 20)).renewal_due);
    assert!(state(date(2027, 9, 1)).lapsed);
}
