//! The policy itself on paper: numbered clauses, how each is kept, tables with their undecided cells named as such.
//! Compiling a policy is left to `belisha-policy`.

use crate::Imprint;
use crate::press::{self, Layout, PrintError};
use belisha_policy::{ActionTable, Agreement, AllowanceTable, Binding, CarriedBy, Clause, FilterTable, Policy};
use serde::{Serialize, Serializer};

const LAYOUT: Layout =
    Layout { name: "policy", path: "/policy_document.typ", text: include_str!("../layouts/policy_document.typ") };

/// The policy as printed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PolicyPaper {
    /// Head and foot.
    pub imprint: Imprint,
    /// `Online safety policy`.
    pub title: String,
    /// `version 7`.
    pub version: String,
    /// `In force since 1 September 2026`, `Draft`.
    pub status: String,
    /// Facts of the head, each a name and its words: `Approved by`, `Governing body`.
    pub facts: Vec<(String, String)>,
    /// Sections in the order of the document.
    pub sections: Vec<PolicySection>,
}

/// What stands under one heading.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PolicySection {
    /// Number: `7`.
    pub number: String,
    /// Heading; `None` for what stands before the first one.
    pub heading: Option<String>,
    /// Clauses.
    pub items: Vec<PolicyItem>,
}

/// One clause. A clause has words, lines to sign, a table, or several of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Default)]
pub struct PolicyItem {
    /// Number people cite: `7.2`.
    pub number: String,
    /// How it is kept: `enforced`, `agreed`, `evidenced`; `None` for guidance.
    pub kept: Option<String>,
    /// Words.
    pub words: String,
    /// Lines to sign.
    pub lines: Vec<String>,
    /// Heads of the table's columns, the first over the labels; none, no table.
    pub columns: Vec<String>,
    /// Rows of the table.
    pub rows: Vec<PolicyRow>,
}

/// One row of a policy's table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PolicyRow {
    /// Label.
    pub label: String,
    /// One cell for each further column.
    pub cells: Vec<PolicyCell>,
}

/// One cell of a policy's table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PolicyCell {
    /// Ticked.
    Marked,
    /// Decided and empty: an action the policy does not ask for.
    Blank,
    /// Decided, in words.
    Words(String),
    /// Nobody has decided; never to be read as allowed.
    Undecided,
}

impl Serialize for PolicyCell {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            PolicyCell::Marked => serializer.serialize_bool(true),
            PolicyCell::Blank => serializer.serialize_bool(false),
            PolicyCell::Words(words) => serializer.serialize_str(words),
            PolicyCell::Undecided => serializer.serialize_none(),
        }
    }
}

impl PolicyPaper {
    /// The paper of a compiled policy. `version` and `status` are known to whoever keeps the versions.
    pub fn of(policy: &Policy, imprint: Imprint, version: String, status: String) -> Self {
        let mut sections: Vec<PolicySection> = Vec::new();
        let mut last_section = None;
        for clause in &policy.clauses {
            let item = item(clause);
            match sections.last_mut().filter(|_| last_section == Some(&clause.section)) {
                Some(section) => section.items.push(item),
                None => sections.push(PolicySection {
                    number: clause.number.rsplit_once('.').map(|(section, _)| section.to_string()).unwrap_or_default(),
                    // What comes before the first heading stands under the title, which heads the paper already.
                    heading: Some(&clause.section).filter(|section| **section != policy.title).cloned(),
                    items: vec![item],
                }),
            }
            last_section = Some(&clause.section);
        }
        Self { imprint, title: policy.title.clone(), version, status, facts: facts(policy), sections }
    }
}

fn facts(policy: &Policy) -> Vec<(String, String)> {
    let head = &policy.head;
    let missing = || "undecided".to_string();
    vec![
        ("Agreed".into(), head.agreed.map_or_else(missing, |date| date.strftime("%-d %B %Y").to_string())),
        ("Approved by".into(), head.approved_by.as_ref().map_or_else(missing, |office| office.replace('-', " "))),
        ("Reviewed".into(), head.review_every.map_or_else(missing, |cadence| cadence.label().to_string())),
        ("Next review".into(), head.next_review.map_or_else(missing, |date| date.strftime("%-d %B %Y").to_string())),
        ("Nation and phase".into(), format!("{}, {}", head.nation.label(), head.phase.label().to_lowercase())),
    ]
}

fn item(clause: &Clause) -> PolicyItem {
    let kept = match clause.binding.carried_by() {
        CarriedBy::Enforced => Some("enforced".to_string()),
        CarriedBy::Agreed => Some("agreed".to_string()),
        CarriedBy::Evidenced => Some("evidenced".to_string()),
        CarriedBy::Guidance => None,
    };
    let body = match &clause.binding {
        Binding::Agreement(agreement) => agreement_item(agreement),
        Binding::Actions(table) => actions_item(table),
        Binding::Allowances(table) => allowances_item(table),
        Binding::Filter(table) => filter_item(table),
        _ => PolicyItem { words: clause.text.clone(), ..PolicyItem::default() },
    };
    PolicyItem { number: clause.number.clone(), kept, ..body }
}

fn agreement_item(agreement: &Agreement) -> PolicyItem {
    let line = |line: &belisha_policy::AgreementLine| match agreement.co_signed_by.filter(|_| line.co_signer) {
        Some(audience) => format!("{}: {}", audience.label(), line.text),
        None => line.text.clone(),
    };
    PolicyItem {
        words: agreement.preamble.clone(),
        lines: agreement.lines.iter().map(line).collect(),
        ..PolicyItem::default()
    }
}

fn actions_item(table: &ActionTable) -> PolicyItem {
    let cell = |marked| if marked { PolicyCell::Marked } else { PolicyCell::Blank };
    PolicyItem {
        words: format!("What is done when it concerns {}", table.about.label().to_lowercase()),
        columns: heads("What happened", &table.columns),
        rows: table
            .rows
            .iter()
            .map(|row| PolicyRow {
                label: row.label.clone(),
                cells: table.columns.iter().map(|column| cell(row.marks.contains(&column.id))).collect(),
            })
            .collect(),
        ..PolicyItem::default()
    }
}

fn allowances_item(table: &AllowanceTable) -> PolicyItem {
    let cell = |decided: Option<&belisha_policy::Allowance>| {
        decided.map_or(PolicyCell::Undecided, |allowance| PolicyCell::Words(allowance.label().to_string()))
    };
    PolicyItem {
        words: table.about.label().to_string(),
        columns: heads("What", &table.columns),
        rows: table
            .rows
            .iter()
            .map(|row| PolicyRow {
                label: row.label.clone(),
                cells: table.columns.iter().map(|column| cell(row.cells.get(&column.id))).collect(),
            })
            .collect(),
        ..PolicyItem::default()
    }
}

fn filter_item(table: &FilterTable) -> PolicyItem {
    let cell = |decided: Option<&belisha_policy::FilterAction>| {
        decided.map_or(PolicyCell::Undecided, |action| PolicyCell::Words(action.label().to_string()))
    };
    PolicyItem {
        words: format!("What the filter does {}; what is undecided stays closed", table.when.label()),
        columns: heads("Category", &table.columns),
        rows: table
            .rows
            .iter()
            .map(|row| PolicyRow {
                label: row.label.clone(),
                cells: table.columns.iter().map(|column| cell(row.cells.get(&column.id))).collect(),
            })
            .collect(),
        ..PolicyItem::default()
    }
}

fn heads(first: &str, columns: &[belisha_policy::Column]) -> Vec<String> {
    [first.to_string()].into_iter().chain(columns.iter().map(|column| column.label.clone())).collect()
}

/// The policy on A4, upright.
///
/// # Errors
/// [`PrintError`].
pub fn policy_document(policy: &PolicyPaper) -> Result<Vec<u8>, PrintError> {
    press::print(LAYOUT, policy)
}
