//! The school's own incident log form: five columns, in the order and the words staff know (MISSION M39), then what the
//! policy's table asks for and what was decided. Rules about incidents are left to `belisha-records`.

use crate::Imprint;
use crate::press::{self, Layout, PrintError};
use serde::Serialize;

const LAYOUT: Layout =
    Layout { name: "incident form", path: "/incident_form.typ", text: include_str!("../layouts/incident_form.typ") };

/// One case as printed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct IncidentForm {
    /// Head and foot.
    pub imprint: Imprint,
    /// Number people cite: `17`.
    pub case_number: String,
    /// Column 1: when it took place, `3 September 2026, 10:40`.
    pub date: String,
    /// Column 2: where.
    pub place: String,
    /// Column 3: what happened, as written.
    pub description: String,
    /// Column 4: what was done at once.
    pub action_taken: String,
    /// Column 5: who recorded it.
    pub recorded_by: String,
    /// Column 5: the name typed as a signature.
    pub signed_as: String,
    /// Column 5: when that was.
    pub recorded_at: String,
    /// Row of the policy's table, `Got round the filter`.
    pub kind: Option<String>,
    /// Whose table and which version: `Pupils, policy version 7`.
    pub policy: Option<String>,
    /// Risk areas, `Conduct`.
    pub risk_areas: Vec<String>,
    /// Who was involved.
    pub involved: Vec<InvolvedPerson>,
    /// Actions of the policy's table, with those added.
    pub actions: Vec<ActionLine>,
    /// How it ended; `None` while the case is open.
    pub outcome: Option<Outcome>,
}

/// Somebody involved and the parts they had.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct InvolvedPerson {
    /// Name, or words for somebody who is not on the roster.
    pub name: String,
    /// Group or office, `Year 8, 8R`.
    pub place_in_school: Option<String>,
    /// `Was harmed, or may have been`.
    pub parts: Vec<String>,
}

/// One action of the policy's table. `by_policy != taken` is a departure and has a reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ActionLine {
    /// `Tell the headteacher`.
    pub label: String,
    /// Whether the policy's table asks for it.
    pub by_policy: bool,
    /// Whether it is taken.
    pub taken: bool,
    /// Why it departs from the policy.
    pub reason: Option<String>,
    /// When it was done.
    pub done_at: Option<String>,
}

/// How a case ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Outcome {
    /// `Founded`, `Unfounded` or `Not established`.
    pub finding: String,
    /// In words.
    pub words: String,
    /// Who closed it.
    pub closed_by: String,
    /// When.
    pub closed_at: String,
}

/// The form on A4, landscape.
///
/// # Errors
/// [`PrintError`].
pub fn incident_form(form: &IncidentForm) -> Result<Vec<u8>, PrintError> {
    press::print(LAYOUT, form)
}
