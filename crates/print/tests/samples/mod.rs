//! Papers of two made-up schools, and the same papers saying whatever a test wants said.

use belisha_print::*;

fn imprint() -> Imprint {
    Imprint {
        school: "Marlowe Bridge High School".into(),
        printed_at: "21 November 2026, 14:05".into(),
        printed_by: Some("Imogen Vale".into()),
    }
}

fn action(label: &str, by_policy: bool, taken: bool, reason: Option<&str>, done_at: Option<&str>) -> ActionLine {
    ActionLine {
        label: label.into(),
        by_policy,
        taken,
        reason: reason.map(Into::into),
        done_at: done_at.map(Into::into),
    }
}

/// A closed case about a pupil.
pub fn an_incident() -> IncidentForm {
    IncidentForm {
        imprint: imprint(),
        case_number: "17".into(),
        date: "3 September 2026, 10:40".into(),
        place: "Computer room 2, second lesson".into(),
        description: "A pupil reached a chat site through a web proxy and showed it to two others. One message read “bring it tomorrow 🔪”.\nThe screens were turned off and the class carried on.".into(),
        action_taken: "Screens locked, the three pupils spoken to one by one, the online safety lead told within the hour.".into(),
        recorded_by: "Imogen Vale".into(),
        signed_as: "Imogen Vale".into(),
        recorded_at: "3 September 2026, 11:15".into(),
        kind: Some("Got round the filter".into()),
        policy: Some("Pupils, policy version 7".into()),
        risk_areas: vec!["Conduct".into(), "Contact".into()],
        involved: vec![
            InvolvedPerson { name: "Robin Ashdown".into(), place_in_school: Some("Year 8, 8R".into()), parts: vec!["Is said to have done it".into()] },
            InvolvedPerson { name: "Kit Marlow".into(), place_in_school: Some("Year 8, 8R".into()), parts: vec!["Was harmed, or may have been".into(), "Told us".into()] },
            InvolvedPerson { name: "A pupil of another school".into(), place_in_school: None, parts: vec!["Saw it".into()] },
        ],
        actions: vec![
            action("Class teacher deals with it", true, true, None, Some("3 September 2026, 10:50")),
            action("Tell the headteacher", true, true, None, Some("3 September 2026, 12:30")),
            action("Tell the police", true, false, Some("On advice: the police had already been told by the parents, and asked for no second report"), None),
            action("Tell parents or carers", true, true, None, Some("3 September 2026, 15:10")),
            action("Take away network access", true, true, None, None),
            action("Warning", false, true, Some("Second time this term"), Some("4 September 2026, 09:00")),
            action("Further sanction", false, false, None, None),
        ],
        outcome: Some(Outcome {
            finding: "Founded".into(),
            words: "It happened as recorded. The proxy was added to the deny list and the class had a lesson on why the filter is there.".into(),
            closed_by: "Tobias Fenwick".into(),
            closed_at: "11 September 2026".into(),
        }),
    }
}

/// The same case with one text wherever somebody can type.
pub fn an_incident_saying(text: &str) -> IncidentForm {
    let said = || text.to_string();
    IncidentForm {
        imprint: Imprint { school: said(), printed_at: said(), printed_by: Some(said()) },
        case_number: said(),
        date: said(),
        place: said(),
        description: said(),
        action_taken: said(),
        recorded_by: said(),
        signed_as: said(),
        recorded_at: said(),
        kind: Some(said()),
        policy: Some(said()),
        risk_areas: vec![said()],
        involved: vec![InvolvedPerson { name: said(), place_in_school: Some(said()), parts: vec![said()] }],
        actions: vec![action(text, true, false, Some(text), Some(text))],
        outcome: Some(Outcome { finding: said(), words: said(), closed_by: said(), closed_at: said() }),
    }
}

fn bar(label: &str, now: Figure, before: Figure) -> Bar {
    Bar { label: label.into(), now, before: Some(before) }
}

/// A half-year with figures large and small.
pub fn a_half_year() -> HalfYearlyPaper {
    let few = || Figure::FewerThanFive;
    let count = Figure::Count;
    HalfYearlyPaper {
        imprint: imprint(),
        title: "Half-yearly report on online safety".into(),
        period: "July to December 2026".into(),
        prepared_for: "The headteacher and the governors".into(),
        prepared_by: Some("The online safety group".into()),
        key_sentences: vec![
            "38 incidents were recorded, 9 more than in the half-year before; getting round the filter is the whole of the rise.".into(),
            "Every case was answered within the time the policy promises, but for two.".into(),
            "61 of 64 members of staff have repeated their training this year.".into(),
        ],
        charts: vec![BarChart {
            title: "Incidents by kind".into(),
            summary: "Getting round the filter led with 19, up from 8; unkind messages fell from 14 to 11.".into(),
            counted: "Kind".into(),
            now: "July to December".into(),
            before: Some("January to June".into()),
            bars: vec![
                bar("Got round the filter", count(19), count(8)),
                bar("Unkind messages", count(11), count(14)),
                bar("Used a phone in lesson time", count(5), few()),
                bar("Pictures shared without asking", few(), few()),
                bar("Shared a password", count(0), few()),
            ],
        }],
        tables: vec![
            FigureTable {
                title: "What the filter closed".into(),
                sentence: Some("Most pages closed were advertising inside pages that opened.".into()),
                columns: vec!["Category".into(), "Pages closed by the filter".into(), "Asked to open".into(), "Opened".into()],
                rows: vec![
                    FigureRow { label: "Gambling".into(), figures: vec![count(412), few(), count(0)] },
                    FigureRow { label: "Advertising".into(), figures: vec![count(18_204), count(12), count(7)] },
                    FigureRow { label: "Web proxies".into(), figures: vec![count(933), count(6), count(0)] },
                ],
            },
            FigureTable {
                title: "Training and agreements".into(),
                sentence: None,
                columns: vec!["What".into(), "Done".into(), "Of".into(), "Share".into()],
                rows: vec![
                    FigureRow { label: "Staff training repeated".into(), figures: vec![count(61), count(64), Figure::Words("95 %".into())] },
                    FigureRow { label: "Pupils’ agreements signed".into(), figures: vec![count(1012), count(1034), Figure::Words("98 %".into())] },
                ],
            },
        ],
        notes: vec!["Incidents are counted in the half-year they took place in, alerts in the one they were raised in.".into()],
    }
}

/// A report that says one thing everywhere.
pub fn a_report_saying(text: &str) -> HalfYearlyPaper {
    let said = || text.to_string();
    let words = || Figure::Words(text.to_string());
    HalfYearlyPaper {
        imprint: Imprint { school: said(), printed_at: said(), printed_by: Some(said()) },
        title: said(),
        period: said(),
        prepared_for: said(),
        prepared_by: Some(said()),
        key_sentences: vec![said()],
        charts: vec![BarChart {
            title: said(),
            summary: said(),
            counted: said(),
            now: said(),
            before: Some(said()),
            bars: vec![Bar { label: said(), now: words(), before: Some(words()) }],
        }],
        tables: vec![FigureTable {
            title: said(),
            sentence: Some(said()),
            columns: vec![said(), said()],
            rows: vec![FigureRow { label: said(), figures: vec![words()] }],
        }],
        notes: vec![said()],
    }
}

/// A pupil's agreement, signed and counter-signed.
pub fn a_signed_agreement() -> SignedAgreementPaper {
    let signature = |name: &str, capacity: &str, act: &str, at: &str, position, lines: &[&str]| SignatureOnPaper {
        name: name.into(),
        capacity: capacity.into(),
        act: act.into(),
        at: at.into(),
        version: None,
        reason: None,
        lines: lines.iter().map(|line| line.to_string()).collect(),
        ledger_position: position,
        ledger_hash: format!("{position:02x}").repeat(32).chars().take(64).collect(),
    };
    SignedAgreementPaper {
        imprint: imprint(),
        title: "What pupils agree to".into(),
        about: "Kit Marlow".into(),
        place_in_school: Some("Year 8, 8R".into()),
        policy: "Online safety policy, version 7".into(),
        clause: Some("9.1".into()),
        preamble:
            "The school’s computers and network are there to learn with. So that everybody can, I agree to these lines."
                .into(),
        signatures: vec![
            signature(
                "Kit Marlow",
                "pupil",
                "Signed",
                "3 September 2026, 09:12",
                4071,
                &[
                    "I use my own name and password, and nobody else’s.",
                    "I do not try to get round the filter. When it closes something I need, I ask.",
                    "If something I see or get upsets me, I turn the screen off and tell an adult I trust.",
                    "I know that what I do on the network is recorded, and who may look at it.",
                ],
            ),
            signature(
                "Alex Marlow",
                "parent or carer",
                "Counter-signed",
                "3 September 2026, 19:40",
                4188,
                &["I have read these lines with my child.", "I know whom to ask at school when I am worried."],
            ),
        ],
    }
}

/// An agreement that says one thing everywhere.
pub fn an_agreement_saying(text: &str) -> SignedAgreementPaper {
    let said = || text.to_string();
    SignedAgreementPaper {
        imprint: Imprint { school: said(), printed_at: said(), printed_by: Some(said()) },
        title: said(),
        about: said(),
        place_in_school: Some(said()),
        policy: said(),
        clause: Some(said()),
        preamble: said(),
        signatures: vec![SignatureOnPaper {
            name: said(),
            capacity: said(),
            act: said(),
            at: said(),
            version: Some(said()),
            reason: Some(said()),
            lines: vec![said(), said()],
            ledger_position: 1,
            ledger_hash: "ab".repeat(32),
        }],
    }
}

fn clause(number: &str, kept: Option<&str>, words: &str) -> PolicyItem {
    PolicyItem { number: number.into(), kept: kept.map(Into::into), words: words.into(), ..PolicyItem::default() }
}

/// A policy with a clause of each kind.
pub fn a_policy() -> PolicyPaper {
    use PolicyCell::{Blank, Marked, Undecided};
    let heads = |words: &[&str]| words.iter().map(|w| w.to_string()).collect::<Vec<_>>();
    let row = |label: &str, cells: Vec<PolicyCell>| PolicyRow { label: label.into(), cells };
    let yes = |words: &str| PolicyCell::Words(words.into());
    let marks = |pattern: &str| pattern.chars().map(|c| if c == 'x' { Marked } else { Blank }).collect::<Vec<_>>();
    PolicyPaper {
        imprint: imprint(),
        title: "Online safety policy".into(),
        version: "Version 7".into(),
        status: "in force since 1 September 2026".into(),
        facts: [
            ("Agreed", "1 September 2026"),
            ("Approved by", "governing body"),
            ("Reviewed", "every academic year"),
            ("Next review", "1 September 2027"),
            ("Nation and phase", "England, secondary"),
        ]
        .map(|(what, said)| (what.to_string(), said.to_string()))
        .to_vec(),
        sections: vec![
            PolicySection {
                number: "6".into(),
                heading: Some("Training".into()),
                items: vec![
                    clause(
                        "6.1",
                        Some("evidenced"),
                        "Everyone on the staff repeats the online-safety training at least once in each academic year.",
                    ),
                    clause(
                        "6.2",
                        None,
                        "A good lesson on a hard subject starts with a question, and leaves room for one that nobody dared to ask.",
                    ),
                ],
            },
            PolicySection {
                number: "7".into(),
                heading: Some("If something goes wrong".into()),
                items: vec![
                    PolicyItem {
                        columns: heads(&[
                            "What happened",
                            "Class teacher",
                            "Head of year",
                            "Headteacher",
                            "Police",
                            "Technical support",
                            "Parents or carers",
                            "Network access",
                            "Warning",
                            "Further sanction",
                        ]),
                        rows: vec![
                            row("Got round the filter", marks("--x-xxxx-")),
                            row("Used somebody else’s account", marks("xx--x--x-")),
                            row("Looked for material that is against the law", marks("--xxx-x-x")),
                            row("Sent something meant to hurt", marks("xxx--x-xx")),
                        ],
                        ..clause("7.1", Some("enforced"), "What is done when it concerns pupils")
                    },
                    clause(
                        "7.2",
                        Some("evidenced"),
                        "Whoever suspects material that is against the law stops, closes nothing, copies nothing, and tells the designated safeguarding lead at once.",
                    ),
                ],
            },
            PolicySection {
                number: "8".into(),
                heading: Some("Devices of one’s own".into()),
                items: vec![PolicyItem {
                    columns: heads(&["What", "Staff", "Pupils", "Visitors"]),
                    rows: vec![
                        row("Phones may come into school", vec![yes("Yes"), yes("With permission"), yes("Yes")]),
                        row("Use in lesson time", vec![yes("At certain times"), yes("No"), Undecided]),
                        row("Taking photographs", vec![yes("Selected people"), Undecided, yes("No")]),
                    ],
                    ..clause("8.1", Some("enforced"), "Devices")
                }],
            },
            PolicySection {
                number: "9".into(),
                heading: Some("What pupils agree to".into()),
                items: vec![PolicyItem {
                    lines: heads(&[
                        "I use my own name and password, and nobody else’s.",
                        "I do not try to get round the filter. When it closes something I need, I ask.",
                        "Parents and carers: I have read these lines with my child.",
                    ]),
                    ..clause("9.1", Some("agreed"), "The school’s computers and network are there to learn with.")
                }],
            },
        ],
    }
}

/// A policy that says one thing everywhere.
pub fn a_policy_saying(text: &str) -> PolicyPaper {
    let said = || text.to_string();
    let table = |columns: usize| PolicyItem {
        number: said(),
        kept: Some(said()),
        words: said(),
        lines: vec![said()],
        columns: vec![said(); columns],
        rows: vec![PolicyRow { label: said(), cells: vec![PolicyCell::Words(said()); columns - 1] }],
    };
    PolicyPaper {
        imprint: Imprint { school: said(), printed_at: said(), printed_by: Some(said()) },
        title: said(),
        version: said(),
        status: said(),
        facts: vec![(said(), said())],
        sections: vec![PolicySection { number: said(), heading: Some(said()), items: vec![table(3), table(9)] }],
    }
}
