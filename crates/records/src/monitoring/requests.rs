//! Opening a site for a time: who may decide, why, until when, and where it takes two (M54, M55).

use super::triage::reason_given;
use crate::FieldErrors;
use crate::identifiers::*;
use crate::monitoring::{AccessDecision, AccessRequest};
use crate::permissions::{Permission, may};
use belisha_policy::{Approval, Binding, Clause, Policy, Role};
use jiff::{SignedDuration, Timestamp};

/// Categories that one person alone does not open.
pub const TWO_PERSON_CATEGORIES: &[&str] = &[
    "pornography",
    "extremism",
    "self-harm",
    "violence",
    "weapons",
    "drugs",
    "proxy-avoidance",
    "malware",
    "phishing",
];

/// The longest a site is opened where the policy names no end, in days.
pub const LONGEST_DAYS_UNLESS_SAID: u16 = 30;

/// An answer as somebody enters it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessAnswer {
    /// Open it?
    pub granted: bool,
    /// For which groups; empty = the asker's own.
    pub groups: Vec<String>,
    /// Until when. Field `until`.
    pub until: Option<Timestamp>,
    /// Why. Field `reason`.
    pub reason: String,
    /// By whom, and the roles they hold today.
    pub by: PersonId,
    /// Their roles.
    pub roles: Vec<Role>,
    /// Second person who agreed, for [`TWO_PERSON_CATEGORIES`]. Field `second`.
    pub second: Option<PersonId>,
    /// When.
    pub at: Timestamp,
}

/// The policy's clause on opening sites, if it has one: an approval of `unblock`.
pub fn unblock_clause(policy: &Policy) -> Option<(&Clause, &Approval)> {
    policy.clauses.iter().find_map(|clause| match &clause.binding {
        Binding::Approval(approval) if approval.what == "unblock" => Some((clause, approval)),
        _ => None,
    })
}

/// Whether a category takes two people.
pub fn needs_two_people(category: Option<&str>) -> bool {
    category.is_some_and(|category| TWO_PERSON_CATEGORIES.contains(&category))
}

/// Whether somebody may decide on a request: they hold the permission, an office the policy names if it names any, and it is not their own.
pub fn may_decide_request(
    person: PersonId,
    roles: &[Role],
    request: &AccessRequest,
    approval: Option<&Approval>,
) -> bool {
    let named =
        approval.is_none_or(|approval| approval.by.is_empty() || approval.by.iter().any(|role| roles.contains(role)));
    person != request.by && may(roles, Permission::DecideAccessRequests) && named
}

/// The longest a site is opened, in days.
pub fn longest_days(approval: Option<&Approval>) -> u16 {
    approval.and_then(|approval| approval.longest_days).unwrap_or(LONGEST_DAYS_UNLESS_SAID)
}

/// The decision on a request for a site.
///
/// # Errors
/// Under `request` when it is decided already or not theirs to decide, `reason` when none is given (a no needs one too), `until` when the end is
/// missing, past or too late, `second` when a second person must agree.
pub fn decide_request(
    request: &AccessRequest,
    answer: &AccessAnswer,
    approval: Option<&Approval>,
) -> Result<AccessDecision, FieldErrors> {
    let mut errors = FieldErrors::new();
    if request.decision.is_some() {
        errors.add("request", "somebody has decided on this request already: open it to see how");
    } else if !may_decide_request(answer.by, &answer.roles, request, approval) {
        errors.add(
            "request",
            "this request is not yours to decide: leave it to one of the offices that the policy names",
        );
    }
    let reason = reason_given(&answer.reason, "reason", &mut errors);
    if answer.granted {
        check_end(answer, approval, &mut errors);
        let second = answer.second.filter(|second| *second != answer.by && *second != request.by);
        if needs_two_people(request.category.as_deref()) && second.is_none() {
            errors
                .add("second", "this category takes two: ask a second person, who neither asked nor decided, to agree");
        }
    }
    errors.into_result(AccessDecision {
        granted: answer.granted,
        groups: if answer.granted { answer.groups.clone() } else { Vec::new() },
        until: answer.until.filter(|_| answer.granted),
        reason,
        by: answer.by,
        at: answer.at,
    })
}

fn check_end(answer: &AccessAnswer, approval: Option<&Approval>, errors: &mut FieldErrors) {
    let longest = longest_days(approval);
    let latest = answer.at.checked_add(SignedDuration::from_hours(24 * i64::from(longest))).unwrap_or(Timestamp::MAX);
    match answer.until {
        None => errors.add("until", "say when the site closes again"),
        Some(until) if until <= answer.at => errors.add("until", "this end has passed: give one that is still to come"),
        Some(until) if until > latest => {
            errors.add("until", format!("the longest is {longest} days: give an earlier end"))
        }
        Some(_) => {}
    }
}
