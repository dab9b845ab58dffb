//! Law and guidance: what has been replaced, and what belongs to another nation.

use super::{Lint, facts};
use crate::{Binding, Clause, Nation, catalogue as kind};

/// A text that has been replaced.
struct Dead {
    /// Word of `source` that cites it.
    key: &'static str,
    /// How prose names it, in small letters.
    words: &'static [&'static str],
    /// What people read.
    name: &'static str,
    /// What took its place and when.
    replaced_by: &'static str,
}

const DEAD: &[Dead] = &[
    Dead {
        key: "data-protection-act-1998",
        words: &["data protection act 1998"],
        name: "the Data Protection Act 1998",
        replaced_by: "the Data Protection Act 2018 and the UK GDPR, since 25 May 2018",
    },
    Dead {
        key: "searching-2018",
        words: &[
            "searching, screening and confiscation 2018",
            "searching, screening and confiscation (2018)",
            "break any of the school rules",
            "break the school rules",
        ],
        name: "search advice from before 2022",
        replaced_by: "the Department for Education’s Searching, screening and confiscation, in force since 1 September 2022, which speaks of an offence and not of school rules",
    },
    Dead {
        key: "sexting-2016",
        words: &["sexting in schools and colleges"],
        name: "Sexting in schools and colleges (2016)",
        replaced_by: "the UK Council for Internet Safety’s Sharing nudes and semi-nudes",
    },
    Dead {
        key: "prevent-2015",
        words: &["revised prevent duty guidance", "prevent duty guidance 2015", "prevent duty guidance (2015)"],
        name: "the Prevent duty guidance of 2015",
        replaced_by: "for England and Wales, the guidance in force since 31 December 2023",
    },
    Dead {
        key: "working-together-2018",
        words: &["working together to safeguard children 2018", "working together to safeguard children (2018)"],
        name: "Working together to safeguard children (2018)",
        replaced_by: "its later editions",
    },
    Dead {
        key: "child-protection-scotland-2014",
        words: &[
            "national guidance for child protection in scotland 2014",
            "national guidance for child protection in scotland (2014)",
        ],
        name: "the National guidance for child protection of 2014",
        replaced_by: "the National guidance for child protection in Scotland 2021",
    },
];

/// The edition of Keeping children safe in education in force from the first of September of its year.
const FIRST_EDITION: i16 = 2014;

/// What only England's law gives: words of `source`, and how prose names it.
const POWERS_OF_ENGLAND: &[&str] =
    &["education-and-inspections-act-2006", "education-act-2011", "searching-2022", "searching-2018"];
const POWERS_OF_ENGLAND_IN_WORDS: &[&str] =
    &["education and inspections act 2006", "education act 2011", "searching, screening and confiscation"];

pub(super) fn look(lint: &mut Lint<'_>) {
    for clause in &lint.policy.clauses {
        let text = clause.text.to_lowercase();
        dead(lint, clause, &text);
        old_edition(lint, clause, &text);
        powers(lint, clause, &text);
        bullying(lint, clause, &text);
        commerce(lint, clause, &text);
    }
}

fn dead(lint: &mut Lint<'_>, clause: &Clause, text: &str) {
    for law in DEAD {
        if clause.sources.iter().any(|source| source == law.key) || law.words.iter().any(|words| text.contains(words)) {
            let message = format!("this cites {}", law.name);
            lint.notes.add_with(
                &kind::DEAD_LAW,
                clause.span.clone(),
                message,
                format!("it was replaced by {}: read that and cite it", law.replaced_by),
            );
        }
    }
}

/// Keeping children safe in education comes out each year: any edition but the one in force is an old one.
fn old_edition(lint: &mut Lint<'_>, clause: &Clause, text: &str) {
    let current = if lint.today.month() >= 9 { lint.today.year() } else { lint.today.year() - 1 };
    for year in FIRST_EDITION..current {
        let name = "keeping children safe in education";
        let cited = clause.sources.iter().any(|source| *source == format!("kcsie-{year}"))
            || [
                format!("{name} {year}"),
                format!("{name} ({year})"),
                format!("kcsie {year}"),
                format!("kcsie ({year})"),
            ]
            .iter()
            .any(|words| text.contains(words));
        if cited {
            let message = format!("this cites the {year} edition of Keeping children safe in education");
            lint.notes.add_with(
                &kind::DEAD_LAW,
                clause.span.clone(),
                message,
                format!("the edition in force is that of September {current}: read what changed and cite it"),
            );
        }
    }
}

fn powers(lint: &mut Lint<'_>, clause: &Clause, text: &str) {
    let here = lint.policy.head.nation;
    let bound_elsewhere = matches!(&clause.binding, Binding::Power(power) if power.nation != here);
    let cited = here == Nation::Scotland
        && (clause.sources.iter().any(|source| POWERS_OF_ENGLAND.contains(&source.as_str()))
            || POWERS_OF_ENGLAND_IN_WORDS.iter().any(|words| text.contains(words)));
    if bound_elsewhere || cited {
        let message = format!("this power is not one that the law of {} gives", here.label());
        lint.notes.add(&kind::POWERS_OF_ANOTHER_NATION, clause.span.clone(), message);
    }
}

/// Scotland's definition asks neither for repetition nor for intent.
fn bullying(lint: &mut Lint<'_>, clause: &Clause, text: &str) {
    if lint.policy.head.nation != Nation::Scotland {
        return;
    }
    let states = |key: &str, value: &str| clause.facts.iter().any(|fact| fact.key == key && fact.value == value);
    let stated = states("defines", "bullying") && (states("requires", "repetition") || states("requires", "intent"));
    let said = !clause.facts.iter().any(|fact| fact.key == "defines")
        && text.contains("bullying")
        && [
            "repetitive",
            "repeated, intentional",
            "repeatedly and intentionally",
            "repeated and intentional",
            "intentional and repeated",
        ]
        .iter()
        .any(|words| text.contains(words));
    if stated || said {
        lint.notes.add(
            &kind::BULLYING_OF_ANOTHER_NATION,
            clause.span.clone(),
            "bullying is defined by repetition or intent, which is not Scotland’s definition",
        );
    }
}

fn commerce(lint: &mut Lint<'_>, clause: &Clause, text: &str) {
    let named: Vec<_> =
        clause.facts.iter().filter(|fact| fact.key == "names").map(|fact| fact.value.as_str()).collect();
    let stated =
        named.iter().any(|name| ["content", "contact", "conduct"].contains(name)) && !named.contains(&"commerce");
    let said = named.is_empty()
        && ["content", "contact", "conduct"].iter().all(|name| text.contains(name))
        && !text.contains("commerc");
    let elsewhere = facts(lint.policy, "names").any(|(_, fact)| fact.value == "commerce");
    if stated || (said && !elsewhere) {
        lint.notes.add(
            &kind::COMMERCE_MISSING,
            clause.span.clone(),
            "three areas of risk are named and commerce is not",
        );
    }
}
