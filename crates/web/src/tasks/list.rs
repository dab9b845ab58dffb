//! My tasks, the first due first.

use crate::answers::Answers;
use crate::app::App;
use crate::error::WebResult;
use crate::frame::{Frame, Need, show};
use crate::incidents::labels::by;
use crate::incidents::sight::{Knowledge, sees};
use crate::session::SignedIn;
use crate::{urls, words};
use askama::Template;
use axum::extract::{Query, State};
use belisha_records::{Permission, Task, TaskId};
use belisha_store::{Tx, tasks};
use std::collections::BTreeMap;

/// A task as its owner sees it.
pub(super) struct Row {
    id: TaskId,
    /// Field of the note, which is also its id.
    note: String,
    what: String,
    due: String,
    kind: &'static str,
    word: &'static str,
    /// The case, where the reader may open it.
    case: Option<String>,
}

#[derive(Template)]
#[template(path = "tasks/list.html")]
struct ListPage {
    frame: Frame,
    answers: Answers,
    rows: Vec<Row>,
}

pub(crate) async fn page(
    State(app): State<App>,
    reader: SignedIn,
    Query(query): Query<BTreeMap<String, String>>,
) -> WebResult {
    reader.may(Permission::SeeOwnTasks)?;
    let mut tx = app.store.read(reader.school.id).await?;
    let frame = if query.contains_key("done") {
        reader.frame().with_notice("The task is done, and the time was noted.")
    } else {
        reader.frame()
    };
    form(&mut tx, &reader, frame, Answers::new()).await
}

pub(super) async fn form(tx: &mut Tx, reader: &SignedIn, frame: Frame, answers: Answers) -> WebResult {
    let knowledge = Knowledge::gather(tx, reader).await?;
    let mut rows = Vec::new();
    for task in tasks::list_open_of(tx, reader.person.id).await? {
        let case = match task.incident {
            Some(incident)
                if reader.can(Permission::SeeIncidents) && sees(tx, reader, &knowledge, incident).await? =>
            {
                Some(urls::incident(incident))
            }
            _ => None,
        };
        let (kind, word) = status(reader, &task);
        rows.push(Row {
            id: task.id,
            note: format!("note-{}", task.id),
            what: words::sentence(&task.what),
            due: due(reader, &task),
            kind,
            word,
            case,
        });
    }
    show(ListPage { frame, answers, rows })
}

fn status(reader: &SignedIn, task: &Task) -> (&'static str, &'static str) {
    if task.due.is_some_and(|due| due < reader.now) { ("overdue", "Overdue") } else { ("needed", "To do") }
}

fn due(reader: &SignedIn, task: &Task) -> String {
    task.due.map_or_else(|| "No day is set".to_owned(), |due| words::sentence(&by(due, &reader.zone())))
}

/// The reader's open tasks.
pub(crate) async fn needs(tx: &mut Tx, reader: &SignedIn) -> WebResult<Vec<Need>> {
    if !reader.can(Permission::SeeOwnTasks) {
        return Ok(Vec::new());
    }
    let need = |task: Task| {
        let (kind, word) = status(reader, &task);
        Need {
            label: words::sentence(&task.what),
            href: urls::TASKS.into(),
            detail: format!("{}, given to you", due(reader, &task)),
            kind,
            word: word.into(),
        }
    };
    Ok(tasks::list_open_of(tx, reader.person.id).await?.into_iter().map(need).collect())
}
