//! What the policy's action table demands, how a case may depart from it, and whose task each action is (M50, M51).

use crate::incidents::*;
use crate::{FieldErrors, SchoolCalendar};
use belisha_policy::{ActionTable, Role};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// Every column of the table as the policy decides it for a row: marked ones taken, the others not. Empty for a row the table does not have.
pub fn demanded_actions(table: &ActionTable, row: &str) -> Vec<ActionDecision> {
    let Some(row) = table.rows.iter().find(|known| known.id.0 == row) else {
        return Vec::new();
    };
    table
        .columns
        .iter()
        .map(|column| {
            let by_policy = row.marks.contains(&column.id);
            ActionDecision {
                column: column.id.clone(),
                label: column.label.clone(),
                by_policy,
                taken: by_policy,
                reason: None,
                done_at: None,
            }
        })
        .collect()
}

/// Key of the form field that holds the reason for one action: `reason-police`.
pub fn reason_field(column: &str) -> String {
    format!("reason-{column}")
}

/// The actions as somebody ticked them, with a reason wherever that departs from the policy. `taken` holds column ids,
/// `reasons` the words by column id. An action that was done already stays taken and keeps its time.
///
/// # Errors
/// A message under [`reason_field`] for each departure without a reason, and under `actions` for a column that the table does not have.
pub fn decide_actions(
    demanded: &[ActionDecision],
    taken: &BTreeSet<String>,
    reasons: &BTreeMap<String, String>,
) -> Result<Vec<ActionDecision>, FieldErrors> {
    let mut errors = FieldErrors::new();
    if taken.iter().any(|column| !demanded.iter().any(|action| action.column == *column)) {
        errors.add("actions", "one of the actions is not in the school's table: choose from those shown");
    }
    let mut decided = Vec::with_capacity(demanded.len());
    for action in demanded {
        let is_taken = action.done_at.is_some() || taken.contains(&action.column);
        let given = reasons.get(&action.column).map(|reason| reason.trim()).filter(|reason| !reason.is_empty());
        let departs = is_taken != action.by_policy;
        if departs && given.is_none() {
            let label = &action.label;
            let message = if action.by_policy {
                format!("the policy asks for `{label}` here: say why it is left out, or tick it")
            } else {
                format!("the policy does not ask for `{label}` here: say why it is added, or untick it")
            };
            errors.add(reason_field(&action.column), message);
        }
        decided.push(ActionDecision {
            taken: is_taken,
            reason: if departs { given.map(str::to_owned) } else { None },
            ..action.clone()
        });
    }
    errors.into_result(decided)
}

/// Who can be given the tasks of a case: people by office, first one first, and the class teacher of the pupil it is about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CaseOffices {
    /// Class teacher of the pupils whose conduct it is, if they have one.
    pub class_teacher: Option<PersonId>,
    /// Offices held today.
    pub holders: Vec<(Role, PersonId)>,
}

/// A task that waits to be given an id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskDraft {
    /// Column of the action it carries out.
    pub column: String,
    /// The office it fell to.
    pub office: Role,
    /// Who holds it; `None` where nobody suitable does, which is shown in amber to those who lead.
    pub assignee: Option<PersonId>,
    /// What to do. Names nobody and tells nothing of the case, since the words may reach a task list and a mail.
    pub what: String,
    /// When it is due.
    pub due: Option<Timestamp>,
}

/// One kind of action: words found in a column's id, the offices that do it in order, what they are asked to do, and school days to do it in
/// (0 = the same day).
pub type ActionTask = (&'static [&'static str], &'static [Role], &'static str, u16);

/// Whose task an action is, told by its column. The first row that matches counts; the last one catches the rest.
pub const ACTION_TASKS: &[ActionTask] = &[
    (
        &["police"],
        &[Role::Headteacher, Role::DesignatedSafeguardingLead, Role::ChildProtectionCoordinator],
        "tell the police, and note the reference they give",
        0,
    ),
    (
        &["authority", "human-resources", "-hr", "la-"],
        &[Role::Headteacher, Role::ChairOfGovernors, Role::LocalAuthorityOfficer],
        "tell the local authority or human resources, and note what was agreed",
        1,
    ),
    (&["class-teacher", "tutor"], &[Role::Teacher, Role::Headteacher], "follow this up as class teacher", 1),
    (
        &["safeguarding", "child-protection"],
        &[
            Role::DesignatedSafeguardingLead,
            Role::DeputyDesignatedSafeguardingLead,
            Role::ChildProtectionCoordinator,
            Role::Headteacher,
        ],
        "take this up as safeguarding lead",
        0,
    ),
    (&["head-of-year", "pastoral"], &[Role::SeniorLeader, Role::Headteacher], "take this up for the year group", 1),
    (&["head"], &[Role::Headteacher, Role::SeniorLeader], "take this up as head", 1),
    (
        &["technical"],
        &[
            Role::IctTechnician,
            Role::IctManager,
            Role::OnlineSafetyLead,
            Role::OnlineSafetyCoordinator,
            Role::Headteacher,
        ],
        "check the filter and the security settings with whoever sent this, and write down what was changed",
        2,
    ),
    (
        &["parent", "carer"],
        &[Role::Teacher, Role::DesignatedSafeguardingLead, Role::Headteacher],
        "talk to the parents or carers, and note what was said",
        1,
    ),
    (
        &["access", "network", "rights", "remov"],
        &[
            Role::IctTechnician,
            Role::IctManager,
            Role::OnlineSafetyLead,
            Role::OnlineSafetyCoordinator,
            Role::Headteacher,
        ],
        "change the access that whoever sent this will name, and note until when",
        1,
    ),
    (
        &["confisc"],
        &[Role::SeniorLeader, Role::Headteacher],
        "keep the device locked away unopened, and note where it is and when it goes back",
        0,
    ),
    (&["warning"], &[Role::SeniorLeader, Role::Headteacher], "give the warning, and note that it was given", 2),
    (
        &["suspen", "disciplin", "sanction", "exclu"],
        &[Role::Headteacher, Role::ChairOfGovernors],
        "decide on the sanction, and note it with its reason",
        3,
    ),
    (&[""], &[Role::Headteacher, Role::DesignatedSafeguardingLead], "carry out this action of the policy", 2),
];

/// One draft per taken action that is not done. `alleged` are those the case is about: none of them is given any part of it, and where every
/// suitable office is theirs the draft has no assignee. Days are school days of `calendar` after `now`.
pub fn tasks_for_actions(
    actions: &[ActionDecision],
    number: i64,
    offices: &CaseOffices,
    alleged: &[PersonId],
    calendar: &SchoolCalendar,
    now: Timestamp,
) -> Vec<TaskDraft> {
    actions
        .iter()
        .filter(|action| action.taken && action.done_at.is_none())
        .filter_map(|action| {
            let (_, ladder, what, days) =
                ACTION_TASKS.iter().find(|(words, ..)| words.iter().any(|word| action.column.contains(word)))?;
            let free = |person: &PersonId| !alleged.contains(person);
            let holder = ladder.iter().find_map(|role| {
                let person = if *role == Role::Teacher { offices.class_teacher.filter(free) } else { None };
                let held = || {
                    offices
                        .holders
                        .iter()
                        .find(|(held, person)| held == role && *role != Role::Teacher && free(person))
                        .map(|(_, person)| *person)
                };
                person.or_else(held).map(|person| (*role, person))
            });
            let office = holder.map_or_else(|| ladder.first().copied().unwrap_or(Role::Headteacher), |(role, _)| role);
            let what = if what.starts_with("carry out") {
                format!("case {number}: carry out `{}`", action.label)
            } else {
                format!("case {number}: {what}")
            };
            Some(TaskDraft {
                column: action.column.clone(),
                office,
                assignee: holder.map(|(_, person)| person),
                what,
                due: Some(calendar.end_of_school_day_after(now, *days)),
            })
        })
        .collect()
}
