//! Gathers the plain counts that a clause's status is decided from.

use crate::error::WebResult;
use crate::session::SignedIn;
use belisha_policy::{ActionSubject, Binding, Policy, RecordKind};
use belisha_records::{
    AccessRequest, AnswerCount, CaseCount, DutyCount, DutyOccurrence, DutyStatus, Evidence, FilterEvidence, Incident,
    IncidentStatus, Person, PersonId, Signature, SignatureCount, adults, agreement_state, agreements_for, duty_status,
    holders, is_about_adult, is_at_school,
};
use belisha_store::{
    Tx, access_requests, duties, incidents, job_runs, lists, offices, parents_of, people, policies, signatures,
};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, HashMap};

/// School days an action of a case may take before it counts as late.
const ACTION_DAYS: u16 = 5;

/// Everything the board needs to know.
pub(crate) async fn gather(tx: &mut Tx, reader: &SignedIn, policy: &Policy) -> WebResult<Evidence> {
    let today = reader.today();
    let calendar = &reader.school.calendar;
    let (first, _) = calendar.academic_year_span(today);
    let since = calendar.moment(first.to_datetime(jiff::civil::Time::midnight()));
    let everyone = people::list(tx).await?;
    let in_force = policies::in_force(tx).await?;
    let mut evidence = Evidence {
        signatures: signed(tx, reader, policy, &everyone).await?,
        duties: kept(duties::list(tx).await?, first, today),
        filter: filter(tx, policy, in_force.as_ref().and_then(|version| version.in_force_from)).await?,
        cases: BTreeMap::from([(
            ActionSubject::Pupil,
            cases(incidents::list_between(tx, since, reader.now).await?, &everyone, reader),
        )]),
        in_force_since: in_force.and_then(|version| version.in_force_from),
        ..Evidence::default()
    };
    let held = offices::list(tx).await?;
    let requests = access_requests::list_between(tx, since, reader.now + SignedDuration::from_secs(1)).await?;
    let purged = last_good_run(tx, "purge-activity", reader).await?;
    let records = last_good_run(tx, "purge-records", reader).await?;
    let sessions = last_good_run(tx, "expire-sessions", reader).await?;
    for clause in &policy.clauses {
        match &clause.binding {
            Binding::Role(office) => {
                evidence.holders.insert(clause.id.0.clone(), holders(office.role, &held, today).len());
            }
            Binding::Approval(approval) if approval.what == "unblock" => {
                evidence.approvals.insert(clause.id.0.clone(), answered(&requests, reader));
            }
            Binding::Retention(retention) => {
                let run = match retention.kind {
                    RecordKind::ActivityNamed
                    | RecordKind::ActivityBlocked
                    | RecordKind::Alerts
                    | RecordKind::AccessRequests => purged,
                    RecordKind::Sessions => sessions,
                    RecordKind::Incidents | RecordKind::Agreements | RecordKind::Training => records,
                };
                if let Some(day) = run {
                    evidence.purged.insert(retention.kind, day);
                }
            }
            _ => {}
        }
    }
    Ok(evidence)
}

async fn last_good_run(tx: &mut Tx, job: &str, reader: &SignedIn) -> WebResult<Option<Date>> {
    let run = job_runs::last_good(tx, job).await?;
    Ok(run.and_then(|run| run.finished_at).map(|at| reader.school.calendar.day_of(at)))
}

async fn signed(
    tx: &mut Tx,
    reader: &SignedIn,
    policy: &Policy,
    everyone: &[Person],
) -> WebResult<BTreeMap<String, SignatureCount>> {
    let (calendar, today) = (&reader.school.calendar, reader.today());
    let mut about: HashMap<PersonId, Vec<Signature>> = HashMap::new();
    for signature in signatures::list(tx).await? {
        about.entry(signature.about).or_default().push(signature);
    }
    let mut parents: HashMap<PersonId, Vec<PersonId>> = HashMap::new();
    for (parent, pupil) in parents_of::list(tx).await? {
        parents.entry(pupil).or_default().push(parent);
    }
    let nobody = Vec::new();
    let mut counts: BTreeMap<String, SignatureCount> = BTreeMap::new();
    for person in everyone.iter().filter(|person| is_at_school(person, today)) {
        let theirs = about.get(&person.id).unwrap_or(&Vec::new()).clone();
        for (clause, agreement) in agreements_for(policy, person.audience) {
            let state = agreement_state(
                clause,
                agreement,
                person.id,
                parents.get(&person.id).unwrap_or(&nobody),
                &theirs,
                calendar,
                today,
            );
            let count = counts.entry(clause.id.0.clone()).or_default();
            count.of += 1;
            count.complete += usize::from(state.complete());
            count.refused += usize::from(state.refused || state.counter_refused);
            count.awaiting_parent += usize::from(state.signed() && !state.complete() && !state.counter_refused);
            count.last = count.last.max(state.signed_at.map(|at| calendar.day_of(at)));
        }
    }
    Ok(counts)
}

fn kept(occurrences: Vec<DutyOccurrence>, first: Date, today: Date) -> BTreeMap<String, DutyCount> {
    let mut counts: BTreeMap<String, DutyCount> = BTreeMap::new();
    for occurrence in occurrences.iter().filter(|occurrence| occurrence.due >= first) {
        let count = counts.entry(occurrence.clause.clone()).or_default();
        match duty_status(occurrence, today) {
            DutyStatus::Kept => {
                count.kept += 1;
                count.last_done = count.last_done.max(occurrence.done.as_ref().map(|done| done.on));
            }
            DutyStatus::Due => {
                count.due += 1;
                count.next_due = Some(count.next_due.map_or(occurrence.due, |next| next.min(occurrence.due)));
            }
            DutyStatus::Overdue => {
                count.overdue += 1;
                count.oldest_overdue =
                    Some(count.oldest_overdue.map_or(occurrence.due, |oldest| oldest.min(occurrence.due)));
            }
        }
    }
    counts
}

/// The running rules are made from the policy in force whenever it, a list or a person changes, so its filter clauses are loaded
/// since the day it took force; the lists say how many names stand behind them.
async fn filter(tx: &mut Tx, policy: &Policy, since: Option<Date>) -> WebResult<FilterEvidence> {
    let listed: i64 = lists::list(tx).await?.iter().map(|list| list.domains).sum();
    let built_in = belisha_filter::built_in_index().map_or(0, |index| index.len());
    Ok(FilterEvidence {
        clauses_loaded: policy.filter_tables().map(|(clause, _)| clause.id.0.clone()).collect(),
        loaded_on: since,
        domains: usize::try_from(listed).unwrap_or(0) + built_in,
    })
}

/// Cases about pupils. One about an adult is never counted (it would tell the one it is about).
fn cases(recorded: Vec<Incident>, everyone: &[Person], reader: &SignedIn) -> CaseCount {
    let adults = adults(everyone);
    let mut count = CaseCount::default();
    for incident in recorded.iter().filter(|incident| incident.row.is_some() && !is_about_adult(incident, &adults)) {
        let to_do = incident.actions.iter().any(|action| action.taken && action.done_at.is_none());
        let due = reader.school.calendar.end_of_school_day_after(incident.recorded_at, ACTION_DAYS);
        match () {
            () if incident.status == IncidentStatus::Closed || !to_do => count.settled += 1,
            () if due < reader.now => count.late += 1,
            () => count.open += 1,
        }
    }
    count
}

/// Requests for sites: an answer in time has a reason, and an end where it opens something.
fn answered(requests: &[AccessRequest], reader: &SignedIn) -> AnswerCount {
    let mut count = AnswerCount::default();
    let late = |asked: Timestamp| reader.school.calendar.end_of_school_day_after(asked, 2) < reader.now;
    for request in requests {
        match &request.decision {
            Some(decision) => {
                let well = !decision.reason.trim().is_empty() && (!decision.granted || decision.until.is_some());
                if well {
                    count.kept += 1
                } else {
                    count.amiss += 1
                }
                count.last = count.last.max(Some(reader.school.calendar.day_of(decision.at)));
            }
            None if late(request.asked_at) => count.waiting_late += 1,
            None => count.waiting += 1,
        }
    }
    count
}
