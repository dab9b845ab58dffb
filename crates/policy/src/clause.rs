//! The typed values a policy compiles to. Nothing here reads the document: `compile` does.

use crate::table::*;
use crate::vocabulary::*;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// The id a clause, row, column or line carries in the document (`{#aup-pupil}`), unique in its policy.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ClauseId(pub String);

impl std::fmt::Display for ClauseId {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(&self.0)
    }
}

/// A whole policy that compiled.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Policy {
    /// The document's own heading.
    pub title: String,
    /// Facts from the document's head.
    pub head: Head,
    /// Headings under the title, in the order of the document.
    #[serde(default)]
    pub sections: Vec<Section>,
    /// Every clause in the order of the document. Guidance paragraphs are clauses too.
    pub clauses: Vec<Clause>,
}

/// A heading under the title.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Section {
    /// The number people cite: `3`, `3.1`.
    pub number: String,
    /// The heading's words.
    pub title: String,
}

/// What the document says about itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Head {
    /// Whose law applies.
    pub nation: Nation,
    /// Phase of education.
    pub phase: Phase,
    /// The day the policy was agreed, when the document says so.
    pub agreed: Option<Date>,
    /// Who approved it: an office, or `governing-body`, as the document writes it. `None` is a finding (MISSION 1M 20).
    pub approved_by: Option<String>,
    /// How often it is reviewed.
    pub review_every: Option<Cadence>,
    /// The day of the next review, when the document names one.
    pub next_review: Option<Date>,
}

/// One clause: a paragraph, list, table or form that somebody can point at.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Clause {
    /// Its id; clauses without one in the document get `section-n`.
    pub id: ClauseId,
    /// The number people cite, such as `7.2`: section number, then the clause's place in it.
    pub number: String,
    /// The heading it stands under.
    pub section: String,
    /// Its words, without markup; a table's words are its row labels.
    pub text: String,
    /// Byte range in the source.
    pub span: Range<usize>,
    /// What carries it out.
    pub binding: Binding,
    /// Legal or guidance sources the clause cites (`source="kcsie-2026"`).
    pub sources: Vec<String>,
    /// What the clause, its rows and its lines state in attributes that bind nothing but can contradict one another
    /// (`monitoring="everybody"`, `bans="social-networks"`, `to="headteacher"`).
    #[serde(default)]
    pub facts: Vec<Fact>,
}

/// One statement in an attribute that the lint compares with the others; the keys are listed in `docs/guides/policy-format.md`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fact {
    /// The clause, row or line that states it.
    pub of: ClauseId,
    /// Attribute key.
    pub key: String,
    /// One word of the attribute's value.
    pub value: String,
}

/// What carries a clause out (DESIGN 2).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Binding {
    /// Someone does something by a time.
    Duty(Duty),
    /// People sign these lines.
    Agreement(Agreement),
    /// Incident to action table.
    Actions(ActionTable),
    /// Device or communications table.
    Allowances(AllowanceTable),
    /// Category by group by time to action.
    Filter(FilterTable),
    /// Needs a named role's yes, with a reason and an end.
    Approval(Approval),
    /// Answer within a time.
    Response(Response),
    /// Who holds an office.
    Role(Office),
    /// How long records are kept.
    Retention(Retention),
    /// What staff may do, by nation.
    Power(Power),
    /// Prose that nothing can check.
    Guidance,
}

impl Binding {
    /// The kind as the document, the API and the pages name it.
    pub fn kind(&self) -> &'static str {
        match self {
            Binding::Duty(_) => "duty",
            Binding::Agreement(_) => "agreement",
            Binding::Actions(_) => "actions",
            Binding::Allowances(_) => "allowances",
            Binding::Filter(_) => "filter",
            Binding::Approval(_) => "approval",
            Binding::Response(_) => "response",
            Binding::Role(_) => "role",
            Binding::Retention(_) => "retention",
            Binding::Power(_) => "power",
            Binding::Guidance => "guidance",
        }
    }

    /// How the promise is kept: by the software, by a signature, by records, or not at all.
    pub fn carried_by(&self) -> CarriedBy {
        match self {
            Binding::Filter(_) | Binding::Retention(_) | Binding::Allowances(_) | Binding::Actions(_) => {
                CarriedBy::Enforced
            }
            Binding::Agreement(_) => CarriedBy::Agreed,
            Binding::Duty(_) | Binding::Approval(_) | Binding::Response(_) | Binding::Role(_) | Binding::Power(_) => {
                CarriedBy::Evidenced
            }
            Binding::Guidance => CarriedBy::Guidance,
        }
    }
}

/// The four ways a clause can be carried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CarriedBy {
    /// by the software
    Enforced,
    /// by a person's signature
    Agreed,
    /// by records
    Evidenced,
    /// prose nothing can check
    Guidance,
}

/// When a duty falls due.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Due {
    /// On a calendar. `months` (1 to 12) names the months of a `twice-a-year` or `year` duty.
    Every {
        /// how often
        cadence: Cadence,
        /// months of the year, if named
        months: Vec<i8>,
    },
    /// On an event, within a time.
    On {
        /// what sets it off
        event: Event,
        /// how long there is
        within: Within,
    },
}

/// How long somebody has once an event has happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Within {
    /// At once.
    Immediately,
    /// As soon as possible: shown with the age of the wait, and chased after one school day.
    AsSoonAsPossible,
    /// Hours of the clock; a deadline falling on a weekend moves to the next working day (MISSION M85).
    Hours(u16),
    /// School days of the school's calendar.
    SchoolDays(u16),
}

/// Someone does something by a time. `what` is a register key such as `training:refresher` or `review:filtering`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Duty {
    /// Register and item, `training:refresher`.
    pub what: String,
    /// Offices that answer for it, first one chased. Empty is a finding.
    pub owners: Vec<Role>,
    /// Whom each occurrence is about: `None` is one occurrence for the school, otherwise one per person of the audience.
    pub who: Option<Audience>,
    /// When.
    pub due: Due,
}

/// People sign these lines.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Agreement {
    /// Who signs.
    pub who: Vec<Audience>,
    /// Who must counter-sign, such as a parent for a pupil.
    pub co_signed_by: Option<Audience>,
    /// When signatures lapse.
    pub renews: Option<Cadence>,
    /// Whether signing opens the network (M5 of the chain: the gate).
    pub opens_network: bool,
    /// Text before the lines, plain.
    pub preamble: String,
    /// The lines, each signed by its own id and hash, so that one changed line asks for that line only.
    pub lines: Vec<AgreementLine>,
}

/// One line of an agreement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgreementLine {
    /// Id in the document.
    pub id: ClauseId,
    /// Who says this line: the signer, or the counter-signer (`for="parent"`).
    pub co_signer: bool,
    /// The exact words.
    pub text: String,
}

/// Needs a named role's yes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Approval {
    /// What is approved: `unblock`, `personal-phone`, `social-account`.
    pub what: String,
    /// Offices any of which may say yes.
    pub by: Vec<Role>,
    /// Whether a reason must be given.
    pub reason_required: bool,
    /// The longest an approval may last, in days; `None` where the clause names no end.
    pub longest_days: Option<u16>,
}

/// Answer within a time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Response {
    /// To what.
    pub to: Event,
    /// Who answers.
    pub owners: Vec<Role>,
    /// How soon.
    pub within: Within,
}

/// Who holds an office.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Office {
    /// The office.
    pub role: Role,
    /// The fewest holders the policy asks for.
    pub at_least: u8,
}

/// How long records are kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Retention {
    /// Which records. In JSON under another name: `kind` there says that the clause is about retention.
    #[serde(rename = "records")]
    pub kind: RecordKind,
    /// Days.
    pub days: u32,
}

/// What staff may do, by nation (M43).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Power {
    /// Register key, `search:device`.
    pub what: String,
    /// Where the power exists.
    pub nation: Nation,
    /// Who decides together.
    pub decided_by: Vec<Role>,
}

impl Policy {
    /// The clause with an id.
    pub fn clause(&self, id: &str) -> Option<&Clause> {
        self.clauses.iter().find(|clause| clause.id.0 == id)
    }
    /// Agreements in document order, with their clause.
    pub fn agreements(&self) -> impl Iterator<Item = (&Clause, &Agreement)> {
        self.clauses.iter().filter_map(|c| match &c.binding {
            Binding::Agreement(a) => Some((c, a)),
            _ => None,
        })
    }
    /// Duties in document order.
    pub fn duties(&self) -> impl Iterator<Item = (&Clause, &Duty)> {
        self.clauses.iter().filter_map(|c| match &c.binding {
            Binding::Duty(d) => Some((c, d)),
            _ => None,
        })
    }
    /// Action tables.
    pub fn action_tables(&self) -> impl Iterator<Item = (&Clause, &ActionTable)> {
        self.clauses.iter().filter_map(|c| match &c.binding {
            Binding::Actions(t) => Some((c, t)),
            _ => None,
        })
    }
    /// Filter tables.
    pub fn filter_tables(&self) -> impl Iterator<Item = (&Clause, &FilterTable)> {
        self.clauses.iter().filter_map(|c| match &c.binding {
            Binding::Filter(t) => Some((c, t)),
            _ => None,
        })
    }
    /// Device and communications tables.
    pub fn allowance_tables(&self) -> impl Iterator<Item = (&Clause, &AllowanceTable)> {
        self.clauses.iter().filter_map(|c| match &c.binding {
            Binding::Allowances(t) => Some((c, t)),
            _ => None,
        })
    }
    /// Days a kind of record is kept, if the policy says.
    pub fn retention_days(&self, kind: RecordKind) -> Option<u32> {
        self.clauses.iter().find_map(|c| match &c.binding {
            Binding::Retention(r) if r.kind == kind => Some(r.days),
            _ => None,
        })
    }
}
