//! Every kind of finding there is: its code, how bad it is, what it means and what to do. The reference page
//! `docs/reference/findings.md` is made from this table; what looks for them is in `compile` and `lint`.

use crate::Severity::{self, Error, Note, Warning};
use std::fmt::Write;

/// One kind of finding.
#[derive(Debug)]
pub struct FindingKind {
    /// Stable name.
    pub code: &'static str,
    /// How bad.
    pub severity: Severity,
    /// What it means, and why it matters.
    pub meaning: &'static str,
    /// What to do about it.
    pub remedy: &'static str,
}

macro_rules! kinds {
    ($($name:ident = $code:literal, $severity:ident, $meaning:literal, $remedy:literal;)+) => {
        $(pub(crate) static $name: FindingKind = FindingKind { code: $code, severity: $severity, meaning: $meaning, remedy: $remedy };)+
        /// Every kind of finding, errors first, in the order of the reference page.
        pub static FINDINGS: &[&FindingKind] = &[$(&$name,)+];
    };
}

kinds! {
    // The document cannot be read as a policy.
    TOO_LONG = "too-long", Error, "The document is longer than half a million bytes, which no policy is.", "check that this is the policy and not another file";
    NO_TITLE = "no-title", Error, "The document has no heading, so nothing says what it is or whose law applies.", "start the document with a heading such as `# Online safety policy`, its attributes in braces on the line above";
    MISSING_ATTRIBUTE = "missing-attribute", Error, "A clause lacks an attribute that its kind cannot do without.", "add the attribute inside the braces";
    UNKNOWN_ATTRIBUTE = "unknown-attribute", Error, "An attribute is not one that this kind of clause takes. Nothing would read it, so what it says would not happen.", "correct the name, or take the attribute out";
    UNKNOWN_CLASS = "unknown-class", Error, "A word with a dot (`.duty`) names no kind of clause.", "use one of the kinds in the policy format guide";
    TWO_KINDS = "two-kinds", Error, "A clause says it is of two kinds.", "split the clause in two, or drop one of the kinds";
    UNKNOWN_WORD = "unknown-word", Error, "A value is not in the list of words its attribute knows.", "use one of the words in the policy format guide";
    NOT_A_DATE = "not-a-date", Error, "A value that must be a day of the calendar is none.", "write the day as year, month, day: `2026-09-01`";
    NOT_A_NUMBER = "not-a-number", Error, "A value that must be a whole number is none, or is too large.", "write a whole number in figures";
    NOT_A_LENGTH = "not-a-length", Error, "A value that must be a length of time is none.", "write a length such as `28-days`, `12-months` or `25-years`";
    NOT_A_DEADLINE = "not-a-deadline", Error, "A value that must be a time to act in is none.", "write `immediately`, `as-soon-as-possible`, `24-hours` or `3-school-days`";
    CALENDAR_AND_EVENT = "calendar-and-event", Error, "A duty falls due both on a calendar and on an event, so nobody could say when it is late.", "keep `every`, or keep `on` with `within`, and write a second clause for the other";
    DUPLICATE_ID = "duplicate-id", Error, "Two clauses, rows or lines share an id, so that a signature or an incident could not say which it means.", "give one of them another id";
    ATTRIBUTES_NOT_READ = "attributes-not-read", Error, "A line in braces could not be read as attributes, so its clause would bind to nothing.", "use double quotes around values, close the brace, and put nothing else on the line";
    WRONG_SHAPE = "wrong-shape", Error, "The kind of clause does not fit what it stands on: a table kind without a table, an agreement without lines.", "put the attributes on the line above a table, or above a `:::` block with a list";
    RAGGED_ROW = "ragged-row", Error, "A row of a table has more or fewer cells than the table has columns, so that marks would slide under the wrong heading.", "give the row one cell for each column, empty ones too";
    UNKNOWN_COLUMN = "unknown-column", Error, "A column heading of a table is not one the table can have, or looks like a slip for one that it can.", "correct the heading";
    UNKNOWN_MARK = "unknown-mark", Error, "A cell of a table holds something that is no mark of that table.", "write `x` or leave the cell empty in action tables; use the words of the policy format guide in the others";
    TWICE_IN_TABLE = "twice-in-table", Error, "A table has the same column or the same category twice.", "keep one of them";

    // It can be read, and says something a school should mend.
    ILLEGAL_WITHOUT_POLICE = "illegal-without-police", Warning, "The action table has a row for material that may be illegal and does not send it to the police.", "mark the police column of this row";
    BYPASS_WITHOUT_PARENTS = "bypass-without-parents", Warning, "A pupil who gets round the filter loses access, and the table does not tell the parents.", "mark the parents column of this row, or say in the text why parents are not told";
    REVIEW_LAPSED = "review-lapsed", Warning, "The day by which the policy should have been reviewed has passed.", "review the policy, then set `agreed` and `next-review` to the new days";
    DEAD_LAW = "dead-law", Warning, "The text or a source cites law or guidance that has been replaced.", "read the newer text, change the clause where it differs, and cite that";
    UNDECIDED_CELLS = "undecided-cells", Warning, "Cells of a table are empty. An empty cell is undecided: it is shown as such and never counts as allowed.", "decide the cells, or say who will by when";
    AMBIGUOUS_MARK = "ambiguous-mark", Warning, "A cell holds a word or mark with something else beside it. In an action table it counts as marked; in other tables as undecided.", "write the word alone";
    EMPTY_ROW = "empty-row", Warning, "A row of a table has no mark at all.", "decide the row, or take it out";
    EMPTY_COLUMN = "empty-column", Warning, "A column of a table has no mark at all.", "decide the column, or take it out";
    MISSING_REFERENCE = "missing-reference", Warning, "A clause points to something that is not in the document.", "write the missing part, or take the reference out";
    REPORTS_TO_ITSELF = "reports-to-itself", Warning, "An office reports to itself, or to an office that the same person holds, so nobody else looks.", "name another office to receive the report, such as the local authority or the chair of governors";
    LEAD_IS_NOT_SAFEGUARDING_LEAD = "lead-is-not-safeguarding-lead", Warning, "In England the designated safeguarding lead takes lead responsibility for online safety; this policy gives it to somebody else.", "give the lead to the designated safeguarding lead, or add `answers-to=\"designated-safeguarding-lead\"` to the office that carries out the daily work";
    NO_RETENTION = "no-retention", Warning, "The policy does not say how long a kind of record is kept, so it would be kept too long or lost too soon.", "add a `.retention` clause for each kind named";
    NO_RESPONSE_TIME = "no-response-time", Warning, "The policy names no time within which anybody gets an answer.", "add a `.response` clause";
    MONITORING_CONTRADICTION = "monitoring-contradiction", Warning, "Two places of the policy tell people different things about when their use is watched.", "decide which is true and say that everywhere";
    AGREEMENTS_CONTRADICT = "agreements-contradict", Warning, "One place forbids what another allows.", "make the two agree, or say whom each speaks to and why they differ";
    FORCED_PASSWORD_CHANGE = "forced-password-change", Warning, "The policy makes people change passwords by the calendar. Security advice is against it: forced changes make weaker passwords.", "ask for a change when a password may be known to somebody else, and for a second step at sign-in";
    BULLYING_OF_ANOTHER_NATION = "bullying-of-another-nation", Warning, "The definition of bullying is another nation's. In Scotland behaviour can be bullying without being repeated or meant.", "use the definition of the nation whose law applies";
    COMMERCE_MISSING = "commerce-missing", Warning, "The policy names content, contact and conduct as areas of risk and leaves out commerce: gambling, advertising, phishing, scams.", "add commerce";
    POWERS_OF_ANOTHER_NATION = "powers-of-another-nation", Warning, "The clause relies on a power that another nation's law gives. Staff who used it here could be acting unlawfully.", "take the power out, and say what staff may do under this nation's law";
    APPROVAL_BLANK = "approval-blank", Warning, "Nothing says who approved the policy, or when.", "add `approved-by` and `agreed` to the attributes above the title once the policy is approved";
    DUTY_WITHOUT_OWNER = "duty-without-owner", Warning, "A duty names nobody, so nobody can be reminded of it.", "add `owner` with the office that answers for it";
    SEVERAL_LOG_OWNERS = "several-log-owners", Warning, "One log has several owners, so each can believe that another keeps it.", "name one owner and say that the others report to them";
    NO_INTERVAL = "no-interval", Warning, "A duty is to be done `regularly`. Until an interval is set it counts as guidance and nobody is reminded.", "set an interval such as `every=\"half-term\"`";
    BOUND_TO_NOTHING = "bound-to-nothing", Warning, "Attributes stand where they bind nothing: before a blank line, or without a kind of clause.", "put them on the line above the clause and name its kind, such as `.duty`";
    WITHOUT_ID = "without-id", Warning, "A line that people sign, or a row that incidents cite, has no id. Its id is made from its place, so moving it would ask people to sign again.", "give it an id: `{#name}`";
    STRAY_TEXT = "stray-text", Warning, "Words inside an agreement stand after its lines and are no line, so nobody signs them.", "give the paragraph an id to make it a line, or move it before the first line";
    NETWORK_NEVER_OPENS = "network-never-opens", Warning, "No agreement opens the network to pupils, so either nobody signs or nobody gets in.", "add `opens=\"network\"` to the pupils' agreement";

    // Worth knowing.
    STAFF_ILLEGAL_WITHOUT_SUSPENSION = "staff-illegal-incomplete", Note, "The staff row for material that may be illegal brings in the police but neither technical support nor suspension.", "check that this is what the school means";
    UNDECLARED_OFFICE = "undeclared-office", Note, "An office answers for something and no `.role` clause says that the school has it.", "add a `.role` clause for the office";
    OWN_WORD = "own-word", Note, "A column or category is the school's own. It is shown and recorded, and nothing in the software acts on it.", "nothing, if that is meant";
}

/// The reference page of every finding, in Markdown. `docs/reference/findings.md` is this text.
pub fn findings_reference() -> String {
    let mut page = String::from(
        "# Findings\n\nWhat `belisha policy check` can say about a policy. An **error** stops a policy from taking force; a **warning** is\n\
         something the school should mend; a **note** is worth knowing. Every finding says where it stands and what to do.\n\n\
         This page is made from `crates/policy/src/catalogue.rs`; a test fails when it differs.\n",
    );
    for (severity, heading) in [(Error, "Errors"), (Warning, "Warnings"), (Note, "Notes")] {
        let _ = write!(page, "\n## {heading}\n\n| Code | What it means | What to do |\n|---|---|---|\n");
        for kind in FINDINGS.iter().filter(|kind| kind.severity == severity) {
            let _ = writeln!(
                page,
                "| `{}` | {} | {} |",
                kind.code,
                kind.meaning.replace('|', "\\|"),
                sentence(kind.remedy)
            );
        }
    }
    page
}

/// A remedy as a sentence of the page: messages are lower case without a full stop.
fn sentence(remedy: &str) -> String {
    let mut letters = remedy.chars();
    let first = letters.next().map(|c| c.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", letters.as_str().replace('|', "\\|"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_committed_page_is_what_the_table_says() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/reference/findings.md");
        let page = std::fs::read_to_string(path).unwrap_or_default();
        assert!(
            page == findings_reference(),
            "docs/reference/findings.md is out of date: run `belisha docs`, or write findings_reference() there"
        );
    }

    #[test]
    fn codes_are_unique_and_remedies_are_written_as_messages() {
        let codes: std::collections::BTreeSet<_> = FINDINGS.iter().map(|kind| kind.code).collect();
        assert_eq!(codes.len(), FINDINGS.len());
        for kind in FINDINGS {
            assert!(!kind.remedy.ends_with('.') && kind.meaning.ends_with('.'), "{}", kind.code);
        }
    }
}
