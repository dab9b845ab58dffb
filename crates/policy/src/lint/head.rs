//! Approval and review: who approved the policy, and whether its review is overdue.

use super::Lint;
use crate::{Binding, Cadence, RecordKind, catalogue as kind};
use jiff::ToSpan;
use jiff::civil::Date;

pub(super) fn look(lint: &mut Lint<'_>) {
    approval(lint);
    review(lint);
    retention(lint);
    if !lint.policy.clauses.iter().any(|clause| matches!(clause.binding, Binding::Response(_))) {
        lint.notes.add(&kind::NO_RESPONSE_TIME, lint.places.head.clone(), "the policy names no time to answer in");
    }
}

fn approval(lint: &mut Lint<'_>) {
    let head = &lint.policy.head;
    let message = match (&head.approved_by, head.agreed) {
        (None, None) => "nothing says who approved the policy, or when",
        (None, Some(_)) => "nothing says who approved the policy",
        (Some(_), None) => "nothing says when the policy was agreed",
        (Some(_), Some(_)) => return,
    };
    lint.notes.add(&kind::APPROVAL_BLANK, lint.places.head.clone(), message);
}

fn review(lint: &mut Lint<'_>) {
    let head = &lint.policy.head;
    let due = head.next_review.or_else(|| next_after(head.agreed?, head.review_every?));
    if let Some(due) = due
        && due < lint.today
    {
        lint.notes.add(
            &kind::REVIEW_LAPSED,
            lint.places.head.clone(),
            format!("the policy was due for review by {due}"),
        );
    }
}

/// The last day for the next review after a policy was agreed.
fn next_after(agreed: Date, every: Cadence) -> Option<Date> {
    let span = match every {
        Cadence::Term => 4.months(),
        Cadence::TwiceAYear => 6.months(),
        Cadence::TwoYears => 2.years(),
        Cadence::AcademicYear | Cadence::Year | Cadence::StartOfSchoolYear => 1.year(),
        _ => return None,
    };
    agreed.checked_add(span).ok()
}

fn retention(lint: &mut Lint<'_>) {
    let missing: Vec<_> = RecordKind::ALL
        .iter()
        .filter(|kind| lint.policy.retention_days(**kind).is_none())
        .map(|kind| kind.key())
        .collect();
    if !missing.is_empty() {
        let message = format!("the policy does not say how long these are kept: {}", missing.join(", "));
        lint.notes.add(&kind::NO_RETENTION, lint.places.head.clone(), message);
    }
}
