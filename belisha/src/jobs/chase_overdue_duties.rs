//! Reminds people of duties: one transaction a duty, holding the count of reminders and the mail. When whom is
//! `records::next_chaser`'s rule. A person gets one mail a day however many duties wait, since it only says that something does.

use super::{JobFailure, Run};
use belisha_policy::{Nation, Policy};
use belisha_records::{
    Actor, ChaserTo, DutyOccurrence, OfficeHolding, PersonId, escalation_roles, holders, next_chaser,
};
use belisha_store::{StoreError, duties, offices, outbox, schools};
use jiff::ToSpan;
use jiff::civil::Date;
use std::collections::HashSet;

/// Reminders begin this many days before a duty is due.
const AHEAD: i32 = 8;
/// The subject of a reminder. It and the text are the same for every duty, so that a mail tells nothing.
const SUBJECT: &str = "Something is waiting for you in Belisha";
const REMINDER: &str = "Hello,\n\nat least one duty of the school's online-safety policy is waiting for you. Sign in to Belisha to see which, and by when.\n\nThis mail says on purpose no more than that.\n";
const ESCALATION: &str = "Hello,\n\nat least one duty of the school's online-safety policy was not done in time and has been passed up to you. Sign in to Belisha to see which.\n\nThis mail says on purpose no more than that.\n";

#[derive(Default)]
struct Tally {
    reminded: HashSet<PersonId>,
    escalated: HashSet<PersonId>,
    duties: usize,
    nobody: usize,
}

pub(super) async fn run(run: &Run<'_>) -> Result<String, JobFailure> {
    let (waiting, holdings, nation, today) = {
        let mut tx = run.context.store.read(run.school).await?;
        let Some(school) = schools::find(&mut tx, run.school).await? else { return Ok("the school is gone".into()) };
        let today = school.calendar.day_of(run.now);
        let waiting = duties::list_open_due_before(&mut tx, today.saturating_add(AHEAD.days())).await?;
        (waiting, offices::list(&mut tx).await?, school.nation, today)
    };
    let policy = run.policy().await?;
    let mut tally = Tally::default();
    for duty in &waiting {
        chase(run, duty, &recipients(duty, policy.as_ref(), nation, &holdings, today), today, &mut tally).await?;
    }
    let said = format!(
        "Duties chased: {}, people reminded: {}, told that something was passed up to them: {}",
        tally.duties,
        tally.reminded.len(),
        tally.escalated.len()
    );
    match tally.nobody {
        0 => Ok(said),
        nobody => Err(JobFailure::Other(format!(
            "{said}; for {nobody} duties there is nobody to remind: say who holds the offices that the policy names"
        ))),
    }
}

/// Whom a reminder of each kind would go to.
struct Recipients {
    owner: Vec<PersonId>,
    above: Vec<PersonId>,
}

fn recipients(
    duty: &DutyOccurrence,
    policy: Option<&Policy>,
    nation: Nation,
    holdings: &[OfficeHolding],
    today: Date,
) -> Recipients {
    let owners = policy
        .and_then(|policy| {
            policy.duties().find(|(clause, _)| clause.id.0 == duty.clause).map(|(_, duty)| duty.owners.clone())
        })
        .unwrap_or_default();
    let above = escalation_roles(nation, &owners)
        .iter()
        .map(|role| holders(*role, holdings, today))
        .find(|people| !people.is_empty())
        .unwrap_or_default();
    let still_owner = duty
        .owner
        .filter(|owner| owners.is_empty() || owners.iter().any(|role| holders(*role, holdings, today).contains(owner)));
    let now_owner =
        || owners.iter().map(|role| holders(*role, holdings, today)).find_map(|people| people.first().copied());
    Recipients { owner: still_owner.or_else(now_owner).into_iter().collect(), above }
}

async fn chase(
    run: &Run<'_>,
    duty: &DutyOccurrence,
    recipients: &Recipients,
    today: Date,
    tally: &mut Tally,
) -> Result<(), StoreError> {
    let Some(chaser) = next_chaser(duty, today) else { return Ok(()) };
    // With no owner the one above is told at once, as the duty would otherwise be nobody's.
    let (people, body, told) = match chaser.to {
        ChaserTo::Owner if !recipients.owner.is_empty() => (&recipients.owner, REMINDER, &mut tally.reminded),
        _ => (&recipients.above, ESCALATION, &mut tally.escalated),
    };
    if people.is_empty() {
        tally.nobody += 1;
        return Ok(());
    }
    let mut tx = run.context.store.begin(&Actor::Job("chase-overdue-duties"), run.school, run.now).await?;
    // Reminders missed while the server was off count as sent.
    for sent_before in duty.chasers..chaser.count {
        if !duties::note_chaser(&mut tx, duty.id, sent_before).await? {
            return tx.rollback().await;
        }
    }
    let not_told: Vec<PersonId> = people.iter().copied().filter(|person| !told.contains(person)).collect();
    for person in &not_told {
        outbox::queue(&mut tx, *person, SUBJECT, body).await?;
    }
    tx.commit().await?;
    told.extend(not_told);
    tally.duties += 1;
    Ok(())
}
