//! The words of the field, for pages and `docs/reference/glossary.md`.

use std::fmt::Write;

/// Term and what it means, in plain English, in the order of the alphabet.
pub const GLOSSARY: &[(&str, &str)] = &[
    (
        "acceptable use agreement",
        "What somebody promises before they use the school's network. Each line is signed; a line whose words change is asked for again, and only that line.",
    ),
    (
        "action table",
        "The school's own table of what follows when something goes wrong: a line for each kind of incident, a column for each action.",
    ),
    ("alert", "Something the monitoring noticed. It is not a judgement: a log cannot show what somebody meant."),
    (
        "audience",
        "The kind of member of the school somebody is, which sets the agreement they sign and the group the filter puts them in.",
    ),
    ("board", "The page that shows clause by clause whether the policy is kept, and what shows it."),
    ("broken", "A clause that something contradicts now, such as an office nobody holds."),
    ("category", "A kind of site, such as games. Lists say which sites belong to it."),
    ("chair of governors", "The one who holds the head to account in England, and takes cases about the head."),
    ("child protection co-ordinator", "In Scotland, the one in a school who handles worries about a child's safety."),
    ("clause", "One part of the policy that somebody can point at by its number."),
    ("counter-signature", "A parent's or carer's signature beside their child's."),
    (
        "designated safeguarding lead",
        "In England, the senior member of staff who answers for safeguarding, online safety included.",
    ),
    ("duty", "Something the policy says somebody does by a time."),
    ("evidence", "Records that show a clause is kept. Without them nothing is shown as kept."),
    ("four Cs", "Four kinds of risk online: content, contact, conduct and commerce."),
    ("gate", "What keeps the network closed, save helplines, the policy and the portal, until an agreement is signed."),
    (
        "helpline",
        "A service that listens to children. It is always reachable, and nobody's visit to it is recorded by name.",
    ),
    ("illegal list", "Sites that are against the law. Nobody can switch it off, change it or read it."),
    ("incident", "Something that went wrong, recorded in five facts, with who was involved and how."),
    ("ledger", "The record of every change, made so that a later alteration shows."),
    (
        "local authority designated officer",
        "In England, the officer of the local authority who advises on allegations about adults who work with children.",
    ),
    (
        "low-level concern",
        "A worry about an adult's conduct that stays below the threshold of harm, recorded all the same.",
    ),
    (
        "named person",
        "In Scotland, the one a family can turn to about a child's wellbeing. Nobody has to accept what they offer.",
    ),
    ("online safety lead", "The member of staff who leads online safety day by day."),
    ("policy", "The school's written promise on online safety. Belisha carries it out clause by clause."),
    ("portal", "The page where somebody signs in and signs agreements before the network opens."),
    ("retention", "How long a kind of record is kept before a job removes it."),
    (
        "triage",
        "Going through alerts, the most dangerous first, and settling each: not a concern and why, or an incident.",
    ),
    ("undecided", "A cell of a table that the school has left empty. It is never taken as allowed."),
];

/// The whole of `docs/reference/glossary.md`.
pub fn glossary_reference() -> String {
    let mut page = String::from(
        "# Glossary\n\nMade from `crates/records/src/glossary.rs`; change it there.\n\n| Term | What it means |\n|---|---|\n",
    );
    for (term, meaning) in GLOSSARY {
        let _ = writeln!(page, "| {term} | {meaning} |");
    }
    page
}
