//! Closing a case: everything done or explained, and an outcome that says "unfounded" as plainly as "founded".

use crate::FieldErrors;
use crate::incidents::*;
use jiff::Timestamp;
use std::collections::BTreeMap;

/// Why a case cannot be closed yet.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CloseError {
    /// It is closed.
    #[error("the case is closed already: open its page to read the outcome")]
    AlreadyClosed,
    /// Something is missing, field by field: `outcome`, or [`reason_field`] of an action that is neither done nor explained.
    #[error("the case cannot be closed yet: see the marked fields")]
    Missing(FieldErrors),
}

/// What somebody enters to close a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closing {
    /// What was found.
    pub finding: Finding,
    /// Outcome in words.
    pub outcome: String,
    /// Why an action that was to be taken was not, by column id.
    pub left_undone: BTreeMap<String, String>,
    /// By whom.
    pub by: PersonId,
    /// When.
    pub at: Timestamp,
}

/// The case, closed. An action that was never done becomes one not taken, with the reason given now.
///
/// # Errors
/// [`CloseError`] when it is closed already, an outcome is missing, or an action is neither done nor explained.
pub fn close_incident(incident: &Incident, closing: &Closing) -> Result<Incident, CloseError> {
    if incident.status == IncidentStatus::Closed {
        return Err(CloseError::AlreadyClosed);
    }
    let mut errors = FieldErrors::new();
    let outcome = closing.outcome.trim();
    if outcome.is_empty() {
        errors.add("outcome", "the outcome is empty: say in a sentence how this ended");
    }
    let mut closed = incident.clone();
    for action in closed.actions.iter_mut().filter(|action| action.taken && action.done_at.is_none()) {
        match closing.left_undone.get(&action.column).map(|reason| reason.trim()).filter(|reason| !reason.is_empty()) {
            Some(reason) => {
                action.taken = false;
                action.reason = Some(reason.to_owned());
            }
            None => errors.add(
                reason_field(&action.column),
                format!("`{}` is not done: tick it when it is, or say why it will not be", action.label),
            ),
        }
    }
    if !errors.is_empty() {
        return Err(CloseError::Missing(errors));
    }
    closed.status = IncidentStatus::Closed;
    closed.closure =
        Some(Closure { finding: closing.finding, outcome: outcome.to_owned(), by: closing.by, at: closing.at });
    Ok(closed)
}
