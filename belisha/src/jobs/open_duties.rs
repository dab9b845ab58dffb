//! Opens the occurrences of the policy's duties whose time has begun, so that they stand on the board with an owner. What falls
//! due when is `records::duties`' business.

use super::{JobFailure, Run};
use belisha_policy::Policy;
use belisha_records::{
    Actor, DutyFallingDue, DutyOccurrence, OfficeHolding, PersonId, duties_falling_due, holders, is_at_school,
};
use belisha_store::{duties, offices, people, schools};
use jiff::civil::Date;
use jiff::{Span, ToSpan};

/// How far ahead a period may end and be open now: the longest cadence is two years.
const AHEAD: i32 = 2 * 366;
/// How far back a server that was off looks for duties that nobody opened.
const BACK: i32 = 62;

pub(super) async fn run(run: &Run<'_>) -> Result<String, JobFailure> {
    let Some(policy) = run.policy().await? else { return Ok("no policy is in force, so there are no duties".into()) };
    let mut tx = run.context.store.begin(&Actor::Job("open-duties"), run.school, run.now).await?;
    let Some(school) = schools::find(&mut tx, run.school).await? else { return Ok("the school is gone".into()) };
    let today = school.calendar.day_of(run.now);
    let everyone = people::list(&mut tx).await?;
    let holdings = offices::list(&mut tx).await?;
    let at_school: Vec<PersonId> =
        everyone.iter().filter(|person| is_at_school(person, today)).map(|person| person.id).collect();
    // A school that begins today has kept or broken nothing before.
    let from = add(today, -BACK).max(school.calendar.day_of(school.created_at));
    let mut opened = 0;
    for falling in duties_falling_due(&policy, &everyone, &school.calendar, from, add(today, AHEAD)) {
        if falling.period.first > today {
            continue;
        }
        let owner = owner_of(&policy, &falling.clause, &holdings, &at_school, today);
        let opening = occurrence(run, tx.new_id(), falling, owner);
        opened += usize::from(duties::insert_new(&mut tx, &opening).await?);
    }
    tx.commit().await?;
    Ok(format!("{opened} duties opened"))
}

fn add(day: Date, days: i32) -> Date {
    let span: Span = days.days();
    day.saturating_add(span)
}

fn occurrence(
    run: &Run<'_>,
    id: belisha_records::DutyId,
    falling: DutyFallingDue,
    owner: Option<PersonId>,
) -> DutyOccurrence {
    DutyOccurrence {
        id,
        school: run.school,
        clause: falling.clause,
        period: falling.period.key,
        person: falling.person,
        owner,
        due: falling.period.due,
        done: None,
        chasers: 0,
    }
}

/// Whoever holds the first office of the duty that somebody holds today.
fn owner_of(
    policy: &Policy,
    clause: &str,
    holdings: &[OfficeHolding],
    at_school: &[PersonId],
    today: Date,
) -> Option<PersonId> {
    let (_, duty) = policy.duties().find(|(held, _)| held.id.0 == clause)?;
    duty.owners
        .iter()
        .find_map(|role| holders(*role, holdings, today).into_iter().find(|person| at_school.contains(person)))
}
