//! The history of the policy.

use super::{DONE, stand};
use crate::app::App;
use crate::error::WebResult;
use crate::frame::{Frame, Need, show};
use crate::notice::Done;
use crate::session::SignedIn;
use crate::{urls, words};
use askama::Template;
use axum::extract::{Query, State};
use belisha_records::Permission;
use belisha_store::Tx;
use belisha_store::policies::{self, PolicyStatus, PolicyVersion};

struct Row {
    href: String,
    number: i64,
    note: String,
    when: String,
    kind: &'static str,
    word: &'static str,
}

#[derive(Template)]
#[template(path = "policy_versions/list.html")]
struct VersionsPage {
    frame: Frame,
    rows: Vec<Row>,
    may_draft: bool,
}

pub(crate) async fn page(State(app): State<App>, reader: SignedIn, Query(done): Query<Done>) -> WebResult {
    reader.may_any(&[Permission::ManagePolicy, Permission::ApprovePolicy])?;
    let mut tx = app.store.read(reader.school.id).await?;
    let rows = policies::list(&mut tx).await?.iter().map(|version| row(version, &reader)).collect();
    show(VersionsPage {
        frame: done.said_on(reader.frame(), DONE),
        rows,
        may_draft: reader.can(Permission::ManagePolicy),
    })
}

fn row(version: &PolicyVersion, reader: &SignedIn) -> Row {
    let (kind, word) = stand(version.status);
    let (kind, word) = if version.status == PolicyStatus::Draft && !version.compiled {
        ("broken", "Draft with errors")
    } else {
        (kind, word)
    };
    let when = match (version.status, version.in_force_from) {
        (PolicyStatus::InForce, Some(from)) => format!("In force since {}", words::day(from)),
        (PolicyStatus::Superseded, Some(from)) => format!("Was in force from {}", words::day(from)),
        _ => format!("Kept on {}", words::day(reader.school.calendar.day_of(version.created_at))),
    };
    Row {
        href: urls::policy_version(version.id),
        number: version.number,
        note: version.change_note.clone(),
        when,
        kind,
        word,
    }
}

/// Drafts that compile and wait for a yes.
pub(crate) async fn needs(tx: &mut Tx, reader: &SignedIn) -> WebResult<Vec<Need>> {
    if !reader.can(Permission::ApprovePolicy) {
        return Ok(Vec::new());
    }
    let all = policies::list(tx).await?;
    let current =
        all.iter().find(|version| version.status == PolicyStatus::InForce).map_or(0, |version| version.number);
    let waiting = all.iter().filter(|version| {
        version.number > current
            && version.compiled
            && matches!(version.status, PolicyStatus::Draft | PolicyStatus::Consultation)
    });
    let need = |version: &PolicyVersion| Need {
        label: format!("Read and decide on version {} of the policy", version.number),
        href: urls::policy_version(version.id),
        detail: version.change_note.clone(),
        kind: "needed",
        word: "To decide".into(),
    };
    Ok(waiting.take(1).map(need).collect())
}
