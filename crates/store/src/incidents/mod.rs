//! Incidents with who was involved, the actions decided, and everything that happened to the case since. Reading takes the
//! reader: a case in which somebody is alleged does not exist for them, in lists, in counts and by number. Which of the
//! other cases they may see is decided by `belisha-records`.

mod events;
mod list;
mod write;

pub use events::{IncidentEvent, add_event, list_events, note_viewed};
pub use list::{IncidentFilter, count, find, find_by_number, list, list_between, list_closed_before};
pub use write::{close, highest_number, insert, remove, set_actions, update};

use crate::error::Result;
use crate::sql::{Row, bind, word};
use crate::transaction::Tx;
use belisha_records::{ActionDecision, Closure, Incident, Involvement, PersonName};
use std::collections::BTreeMap;

pub(crate) const COLUMNS: &str = "id, school_id, number, occurred, place, description, action_taken, recorded_by, signed_as, recorded_at, about, \
    table_row, row_label, policy_version, risk_areas, bullying, may_involve_indecent_images, status, from_alert, finding, outcome, closed_by, closed_at";

/// Incidents from their rows, in the rows' order, with the rows that belong to each.
async fn assemble(tx: &mut Tx, rows: &[Row]) -> Result<Vec<Incident>> {
    let mut incidents = rows.iter().map(read).collect::<Result<Vec<_>>>()?;
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    for (place, incident) in incidents.iter().enumerate() {
        places.insert(incident.id.to_string(), place);
    }
    let ids: Vec<_> = places.keys().cloned().collect();
    for chunk in ids.chunks(64) {
        let (list, values) = crate::sql::one_of(bind![tx.school()?], chunk);
        let involved = format!(
            "SELECT incident_id, person_id, described_as, part FROM involvements WHERE school_id = $1 AND incident_id IN {list} ORDER BY incident_id, position"
        );
        for row in tx.all(&involved, values.clone()).await? {
            let involvement = Involvement {
                person: row.maybe_parsed("person_id")?,
                described_as: row.maybe_text("described_as")?,
                part: row.word("part")?,
            };
            if let Some(incident) = places.get(&row.text("incident_id")?).and_then(|place| incidents.get_mut(*place)) {
                incident.involved.push(involvement);
            }
        }
        let actions = format!(
            "SELECT incident_id, action_column, label, by_policy, taken, reason, done_at FROM incident_actions
             WHERE school_id = $1 AND incident_id IN {list} ORDER BY incident_id, position"
        );
        for row in tx.all(&actions, values).await? {
            let action = read_action(&row)?;
            if let Some(incident) = places.get(&row.text("incident_id")?).and_then(|place| incidents.get_mut(*place)) {
                incident.actions.push(action);
            }
        }
    }
    Ok(incidents)
}

fn read_action(row: &Row) -> Result<ActionDecision> {
    Ok(ActionDecision {
        column: row.text("action_column")?,
        label: row.text("label")?,
        by_policy: row.flag("by_policy")?,
        taken: row.flag("taken")?,
        reason: row.maybe_text("reason")?,
        done_at: row.maybe_time("done_at")?,
    })
}

fn read(row: &Row) -> Result<Incident> {
    let closure = match (
        row.maybe_word("finding")?,
        row.maybe_text("outcome")?,
        row.maybe_parsed("closed_by")?,
        row.maybe_time("closed_at")?,
    ) {
        (Some(finding), Some(outcome), Some(by), Some(at)) => Some(Closure { finding, outcome, by, at }),
        _ => None,
    };
    Ok(Incident {
        id: row.parsed("id")?,
        school: row.parsed("school_id")?,
        number: row.number("number")?,
        occurred: row.parsed("occurred")?,
        place: row.text("place")?,
        description: row.text("description")?,
        action_taken: row.text("action_taken")?,
        recorded_by: row.parsed("recorded_by")?,
        signed_as: PersonName::new(row.text("signed_as")?),
        recorded_at: row.time("recorded_at")?,
        about: row.maybe_word("about")?,
        row: row.maybe_text("table_row")?,
        row_label: row.maybe_text("row_label")?,
        policy_version: row.maybe_parsed("policy_version")?,
        risk_areas: row.json("risk_areas")?,
        bullying: row.flag("bullying")?,
        may_involve_indecent_images: row.flag("may_involve_indecent_images")?,
        involved: Vec::new(),
        actions: Vec::new(),
        status: row.word("status")?,
        from_alert: row.maybe_parsed("from_alert")?,
        closure,
    })
}

/// Words of the row that are options.
fn maybe_word<T: serde::Serialize>(value: Option<&T>) -> Result<Option<String>> {
    value.map(word).transpose()
}
