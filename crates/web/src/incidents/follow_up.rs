//! Tasks and the actions they carry out. Doing the one does the other, so that nobody ticks twice.

use super::sight::{Knowledge, alleged};
use crate::error::WebResult;
use crate::session::SignedIn;
use belisha_policy::Role;
use belisha_records::{
    ActionDecision, CaseOffices, CaseRoute, Incident, PersonId, Task, TaskDraft, handlers, tasks_for_actions,
};
use belisha_store::{Tx, classes, incidents, tasks};

/// Gives the tasks of some of a case's actions; answers with whom.
pub(super) async fn give_tasks(
    tx: &mut Tx,
    reader: &SignedIn,
    knowledge: &Knowledge,
    incident: &Incident,
    actions: &[ActionDecision],
) -> WebResult<Vec<PersonId>> {
    let mut given = Vec::new();
    for draft in drafts(tx, reader, knowledge, incident, actions).await? {
        let Some(assignee) = draft.assignee else { continue };
        tasks::insert(
            tx,
            &Task {
                id: tx.new_id(),
                incident: Some(incident.id),
                assignee,
                what: draft.what,
                due: draft.due,
                done_at: None,
            },
        )
        .await?;
        given.push(assignee);
    }
    Ok(given)
}

/// What the actions ask of whom. A case about the head or the chair is nobody's inside the school: whoever takes it has every task.
pub(super) async fn drafts(
    tx: &mut Tx,
    reader: &SignedIn,
    knowledge: &Knowledge,
    incident: &Incident,
    actions: &[ActionDecision],
) -> WebResult<Vec<TaskDraft>> {
    let accused = alleged(incident);
    let route = knowledge.route(reader, incident);
    let outside = matches!(route, CaseRoute::Head | CaseRoute::Chair);
    let roles: &[Role] = if outside { handlers(route, reader.school.nation) } else { Role::ALL };
    let holders: Vec<(Role, PersonId)> = roles
        .iter()
        .flat_map(|role| knowledge.holders(reader, *role).into_iter().map(|person| (*role, person)))
        .collect();
    let class_teacher = if route == CaseRoute::Pupils { class_teacher(tx, knowledge, &accused).await? } else { None };
    let takes = holders.iter().map(|(_, person)| *person).find(|person| !accused.contains(person)).filter(|_| outside);
    let offices = CaseOffices { class_teacher, holders };
    let mut drafts =
        tasks_for_actions(actions, incident.number, &offices, &accused, &reader.school.calendar, reader.now);
    drafts.iter_mut().for_each(|draft| draft.assignee = draft.assignee.or(takes));
    Ok(drafts)
}

async fn class_teacher(tx: &mut Tx, knowledge: &Knowledge, accused: &[PersonId]) -> WebResult<Option<PersonId>> {
    let class = accused
        .iter()
        .filter_map(|person| knowledge.person(*person))
        .filter(|person| person.year_group.is_some())
        .find_map(|person| person.class);
    match class {
        Some(class) => Ok(classes::teachers(tx, class).await?.into_iter().next()),
        None => Ok(None),
    }
}

/// The actions with those done that a finished task carried out.
pub(crate) async fn done_with_task(
    tx: &mut Tx,
    reader: &SignedIn,
    knowledge: &Knowledge,
    incident: &Incident,
    task: &Task,
) -> WebResult<()> {
    let mut actions = incident.actions.clone();
    let mut changed = false;
    for draft in
        drafts(tx, reader, knowledge, incident, &incident.actions).await?.iter().filter(|draft| draft.what == task.what)
    {
        for action in actions.iter_mut().filter(|action| action.column == draft.column && action.done_at.is_none()) {
            action.done_at = Some(reader.now);
            changed = true;
        }
    }
    if changed {
        incidents::set_actions(tx, incident.id, &actions).await?;
    }
    Ok(())
}

/// Finishes the open tasks that stood for actions which are done, or no longer taken.
pub(super) async fn finish_tasks(
    tx: &mut Tx,
    reader: &SignedIn,
    knowledge: &Knowledge,
    incident: &Incident,
    of: &[ActionDecision],
) -> WebResult<()> {
    let over: Vec<String> =
        drafts(tx, reader, knowledge, incident, of).await?.into_iter().map(|draft| draft.what).collect();
    for task in tasks::list_in(tx, incident.id).await? {
        if task.done_at.is_none() && over.contains(&task.what) {
            tasks::finish(tx, task.id).await?;
        }
    }
    Ok(())
}
