//! The one transaction of a new case: the record, its first event, tasks for the people the policy names, mails that say only
//! that something waits, and the alert or concern it came from settled.

use super::follow_up::give_tasks;
use super::record::Ground;
use super::sight::{Knowledge, alleged};
use crate::error::{WebError, WebResult};
use crate::session::SignedIn;
use belisha_policy::Role;
use belisha_records::{
    ActionDecision, CaseRoute, Incident, IncidentFacts, IncidentStamp, PersonId, escalate_alert, handlers,
    incident_number, record_incident,
};
use belisha_store::{Tx, alerts, concerns, incidents, outbox};

const MAIL_SUBJECT: &str = "Something is waiting for you";
const MAIL_BODY: &str = "Something is waiting for you in Belisha. Sign in to see it; it may be urgent.";

/// What is kept, decided and checked.
pub(super) struct Record {
    pub(super) facts: IncidentFacts,
    pub(super) actions: Vec<ActionDecision>,
    /// For the number of a case about an adult.
    pub(super) random: u32,
}

pub(super) async fn keep(tx: &mut Tx, reader: &SignedIn, ground: &Ground, record: Record) -> WebResult<Incident> {
    let stamp = IncidentStamp {
        id: tx.new_id(),
        school: reader.school.id,
        number: 0,
        recorded_by: reader.person.id,
        recorded_at: reader.now,
        policy_version: ground.in_force.as_ref().map(|in_force| in_force.version),
        from_alert: ground.alert.as_ref().map(|alert| alert.id),
    };
    let mut incident = record_incident(record.facts, record.actions, stamp);
    let route = ground.knowledge.route(reader, &incident);
    // The row of counted numbers is asked for pupils' cases alone, so that no other case leaves a mark in it.
    let highest = if route == CaseRoute::Pupils { incidents::highest_number(tx).await? } else { 0 };
    incident.number = incident_number(route, highest, record.random);
    incidents::insert(tx, &incident).await?;
    incidents::add_event(tx, incident.id, "recorded", "").await?;
    let mut told = give_tasks(tx, reader, &ground.knowledge, &incident, &incident.actions).await?;
    told.extend(leads(reader, &ground.knowledge, &incident, route));
    tell(tx, reader, told).await?;
    settle(tx, reader, ground, &incident).await?;
    Ok(incident)
}

/// Who takes the case: for pupils the first of those who answer for children's safety, for adults everybody on the route. Never
/// anybody the case is about.
fn leads(reader: &SignedIn, knowledge: &Knowledge, incident: &Incident, route: CaseRoute) -> Vec<PersonId> {
    const ORDER: [Role; 5] = [
        Role::DesignatedSafeguardingLead,
        Role::ChildProtectionCoordinator,
        Role::DeputyDesignatedSafeguardingLead,
        Role::OnlineSafetyLead,
        Role::Headteacher,
    ];
    let accused = alleged(incident);
    let free = |role: &Role| -> Vec<PersonId> {
        knowledge.holders(reader, *role).into_iter().filter(|person| !accused.contains(person)).collect()
    };
    match route {
        CaseRoute::Pupils => ORDER.iter().map(free).find(|people| !people.is_empty()).unwrap_or_default(),
        CaseRoute::Adult | CaseRoute::Head | CaseRoute::Chair => {
            handlers(route, reader.school.nation).iter().flat_map(free).collect()
        }
    }
}

/// One mail each, however much waits. Not to whoever is writing this.
pub(super) async fn tell(tx: &mut Tx, reader: &SignedIn, mut people: Vec<PersonId>) -> WebResult<()> {
    people.sort_unstable();
    people.dedup();
    for person in people.into_iter().filter(|person| *person != reader.person.id) {
        outbox::queue(tx, person, MAIL_SUBJECT, MAIL_BODY).await?;
    }
    Ok(())
}

async fn settle(tx: &mut Tx, reader: &SignedIn, ground: &Ground, incident: &Incident) -> WebResult<()> {
    if let Some(alert) = &ground.alert {
        let settled = escalate_alert(alert, incident.id, reader.person.id, reader.now)
            .map_err(|_| WebError::Conflict("somebody has settled this alert already: open it to see how".into()))?;
        if let Some(settlement) = &settled.settled {
            alerts::settle(tx, alert.id, settlement).await?;
        }
    }
    if let Some(concern) = &ground.concern {
        concerns::note_read(tx, concern.id).await?;
        concerns::set_incident(tx, concern.id, incident.id).await?;
    }
    Ok(())
}
