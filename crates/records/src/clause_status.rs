//! Is this clause kept, and what shows it? From plain counts to a status with a sentence. Gathering the counts is left to the store.
//!
//! Nothing is ever shown as kept without evidence: no records means undecided, due or broken, and says so (tested over every kind of clause).

use belisha_policy::{ActionSubject, Binding, Clause, Policy, RecordKind};
use jiff::civil::Date;
use serde::Serialize;
use std::collections::BTreeMap;

mod proof;

use proof::prove;

/// Where a clause stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClauseStatus {
    /// Something is wrong now.
    Broken,
    /// Something was not done in time.
    Overdue,
    /// Something is still to be done, in time.
    Due,
    /// The school has not decided, or there was no occasion that could show it.
    Undecided,
    /// Kept, with evidence.
    Kept,
    /// Prose that nothing can check.
    Guidance,
}

impl ClauseStatus {
    /// Every status, worst first.
    pub const ALL: &'static [ClauseStatus] =
        &[Self::Broken, Self::Overdue, Self::Due, Self::Undecided, Self::Kept, Self::Guidance];
    /// The word people read.
    pub fn label(self) -> &'static str {
        match self {
            Self::Broken => "broken",
            Self::Overdue => "overdue",
            Self::Due => "due",
            Self::Undecided => "undecided",
            Self::Kept => "kept",
            Self::Guidance => "guidance",
        }
    }
}

/// Where the proof of a clause is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProofLink {
    /// Who has signed.
    Signatures,
    /// The duty's occurrences.
    Duties,
    /// Offices.
    Offices,
    /// The filter's rules.
    FilterRules,
    /// The clause's own table.
    Table,
    /// Cases (for those who may see them; others see the count).
    Incidents,
    /// The log of requests for sites.
    AccessRequests,
    /// The jobs.
    Jobs,
    /// A register.
    Register,
    /// Nowhere.
    Nothing,
}

/// Signatures of one agreement.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SignatureCount {
    /// People for whom nothing is missing.
    pub complete: usize,
    /// People it speaks to.
    pub of: usize,
    /// Of those, how many declined.
    pub refused: usize,
    /// Of those, how many wait for a parent only.
    pub awaiting_parent: usize,
    /// Last signature.
    pub last: Option<Date>,
}

/// Occurrences of one duty in this academic year so far, the next one included.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DutyCount {
    /// Done.
    pub kept: usize,
    /// Not done, in time.
    pub due: usize,
    /// Not done in time.
    pub overdue: usize,
    /// Last day it was done.
    pub last_done: Option<Date>,
    /// Next day one is due.
    pub next_due: Option<Date>,
    /// Day the oldest overdue one was due.
    pub oldest_overdue: Option<Date>,
}

/// Things that were answered or approved under one clause.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AnswerCount {
    /// Answered as the clause asks.
    pub kept: usize,
    /// Answered late, or without the reason or end that the clause asks for.
    pub amiss: usize,
    /// Waiting, in time.
    pub waiting: usize,
    /// Waiting past the time.
    pub waiting_late: usize,
    /// Last answer.
    pub last: Option<Date>,
}

/// Cases handled by one action table, this academic year.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CaseCount {
    /// Cases whose actions are all done, or left out with a reason.
    pub settled: usize,
    /// Cases with an action still to do, in time.
    pub open: usize,
    /// Cases with an action past its time.
    pub late: usize,
}

/// The filter as it runs now.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FilterEvidence {
    /// Clauses of filter tables that the running rules were made from.
    pub clauses_loaded: Vec<String>,
    /// Day the rules were loaded.
    pub loaded_on: Option<Date>,
    /// Domains on the category lists in use.
    pub domains: usize,
}

/// Plain facts from the records, by clause id where it says so. A clause without an entry has no evidence.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Evidence {
    /// Agreements, by clause.
    pub signatures: BTreeMap<String, SignatureCount>,
    /// Duties, by clause.
    pub duties: BTreeMap<String, DutyCount>,
    /// Approvals, by clause.
    pub approvals: BTreeMap<String, AnswerCount>,
    /// Responses, by clause.
    pub responses: BTreeMap<String, AnswerCount>,
    /// Uses of a power that were recorded, by clause: how many, and the last.
    pub powers: BTreeMap<String, (usize, Date)>,
    /// Holders of an office today, by clause of the role.
    pub holders: BTreeMap<String, usize>,
    /// The filter.
    pub filter: FilterEvidence,
    /// Last good run of the job that removes old records, by kind.
    pub purged: BTreeMap<RecordKind, Date>,
    /// Cases, by whose conduct. Only cases that pass [`crate::counts_in_reports`] are shown.
    pub cases: BTreeMap<ActionSubject, CaseCount>,
    /// Day the policy in force took force.
    pub in_force_since: Option<Date>,
}

/// One clause with its status and what shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ClauseProof {
    /// Clause.
    pub clause: String,
    /// Number people cite.
    pub number: String,
    /// Heading it stands under.
    pub section: String,
    /// Kind of clause.
    pub kind: &'static str,
    /// Status.
    pub status: ClauseStatus,
    /// The proof in a sentence, such as `40 of 43 signed, last on 3 November 2026`. Names nobody.
    pub sentence: String,
    /// Where it is looked at.
    pub link: ProofLink,
}

/// The board: every clause in the policy's order, and totals.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Board {
    /// Clauses.
    pub clauses: Vec<ClauseProof>,
    /// How many of each status, worst first, none left out.
    pub totals: Vec<(ClauseStatus, usize)>,
}

impl Board {
    /// How many clauses have a status.
    pub fn total(&self, status: ClauseStatus) -> usize {
        self.totals.iter().find(|(known, _)| *known == status).map_or(0, |(_, count)| *count)
    }
}

/// Status and proof of one clause on a day.
pub fn clause_proof(clause: &Clause, evidence: &Evidence, today: Date) -> ClauseProof {
    let (status, sentence, link) = prove(clause, evidence, today);
    ClauseProof {
        clause: clause.id.0.clone(),
        number: clause.number.clone(),
        section: clause.section.clone(),
        kind: clause.binding.kind(),
        status,
        sentence,
        link,
    }
}

/// Every clause of the policy with its status on a day.
pub fn board(policy: &Policy, evidence: &Evidence, today: Date) -> Board {
    let clauses: Vec<ClauseProof> = policy.clauses.iter().map(|clause| clause_proof(clause, evidence, today)).collect();
    let totals = ClauseStatus::ALL
        .iter()
        .map(|status| (*status, clauses.iter().filter(|proof| proof.status == *status).count()))
        .collect();
    Board { clauses, totals }
}

/// Decided and undecided cells of a clause's table; none for a clause without one.
pub fn decided_cells(clause: &Clause) -> Option<(usize, usize)> {
    let (decided, all) = match &clause.binding {
        Binding::Filter(table) => (
            table
                .rows
                .iter()
                .map(|row| table.columns.iter().filter(|column| row.cells.contains_key(&column.id)).count())
                .sum(),
            table.rows.len() * table.columns.len(),
        ),
        Binding::Allowances(table) => (
            table
                .rows
                .iter()
                .map(|row| table.columns.iter().filter(|column| row.cells.contains_key(&column.id)).count())
                .sum(),
            table.rows.len() * table.columns.len(),
        ),
        _ => return None,
    };
    Some((decided, all - decided))
}
