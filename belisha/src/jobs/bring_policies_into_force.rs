//! Brings approved policies into force when their day has come. Approving one, and bringing one into force at once, is done on
//! the pages; which version binds is the store's rule.

use super::{JobFailure, Run};
use belisha_policy::compile;
use belisha_records::Actor;
use belisha_store::{policies, schools};

pub(super) async fn run(run: &Run<'_>) -> Result<String, JobFailure> {
    let mut tx = run.context.store.begin(&Actor::Job("bring-policies-into-force"), run.school, run.now).await?;
    let Some(school) = schools::find(&mut tx, run.school).await? else { return Ok("the school is gone".into()) };
    let today = school.calendar.day_of(run.now);
    let mut due = policies::list_due(&mut tx, today).await?;
    // After days off several may wait: the one approved for the latest day must be the one that stays.
    due.sort_by_key(|version| (version.in_force_from, version.number));
    let (mut brought, mut broken) = (Vec::new(), Vec::new());
    for version in due {
        // The program may have been replaced since the approval, so the text is compiled again.
        if version.compiled && compile(&version.source, today).policy.is_some() {
            policies::bring_into_force(&mut tx, version.id).await?;
            brought.push(version.number.to_string());
        } else {
            broken.push(version.number.to_string());
        }
    }
    tx.commit().await?;
    if !brought.is_empty() {
        (run.context.on_rules_changed)(Some(run.school));
    }
    let said = match brought.last() {
        None => "no approved policy was due".to_owned(),
        Some(number) => format!("version {number} of the policy came into force"),
    };
    if broken.is_empty() {
        return Ok(said);
    }
    Err(JobFailure::Other(format!(
        "{said}; the day of version {} has come but it has errors: look at its findings on the policy page",
        broken.join(", ")
    )))
}
