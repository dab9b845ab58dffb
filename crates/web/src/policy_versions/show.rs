//! One version: where it stands, what the compiler says of it today, and what it changes.

use super::differences::{self, Differences};
use super::{Checked, DONE, check, stand};
use crate::app::App;
use crate::error::{WebError, WebResult};
use crate::frame::{Frame, show};
use crate::notice::Done;
use crate::portal::in_force;
use crate::session::SignedIn;
use crate::{urls, words};
use askama::Template;
use axum::extract::{Path, Query, State};
use belisha_policy::compile;
use belisha_records::{Permission, PersonId, PolicyVersionId};
use belisha_store::policies::{self, PolicyStatus};
use belisha_store::{Tx, people};

#[derive(Template)]
#[template(path = "policy_versions/show.html")]
pub(super) struct VersionPage {
    frame: Frame,
    number: i64,
    kind: &'static str,
    word: &'static str,
    facts: Vec<(String, String)>,
    source: String,
    checked: Checked,
    differences: Option<Differences>,
    /// Where it is brought into force; empty where it cannot be.
    approve: String,
    waits: bool,
    /// Why it was not brought into force just now.
    refused: bool,
}

pub(crate) async fn page(
    State(app): State<App>,
    reader: SignedIn,
    Path(id): Path<PolicyVersionId>,
    Query(done): Query<Done>,
) -> WebResult {
    reader.may_any(&[Permission::ManagePolicy, Permission::ApprovePolicy])?;
    let mut tx = app.store.read(reader.school.id).await?;
    let mut page = of(&mut tx, &reader, id, false).await?;
    page.frame = done.said_on(page.frame, DONE);
    show(page)
}

pub(super) async fn of(tx: &mut Tx, reader: &SignedIn, id: PolicyVersionId, refused: bool) -> WebResult<VersionPage> {
    let version = policies::find(tx, id).await?.ok_or(WebError::NotFound)?;
    let current = in_force(tx, reader).await?;
    let compiled = compile(&version.source, reader.today()).policy;
    let waits = matches!(version.status, PolicyStatus::Draft | PolicyStatus::Consultation | PolicyStatus::Approved);
    let differences = current
        .as_ref()
        .zip(compiled.as_ref())
        .filter(|_| waits)
        .map(|(current, after)| differences::of(current, after));
    let (kind, word) = stand(version.status);
    let mut facts = vec![("What changes".to_owned(), version.change_note.clone())];
    let kept = words::moment(version.created_at, &reader.zone());
    facts.push(("Kept".into(), signed(kept, name(tx, version.created_by).await?)));
    if let Some(at) = version.approved_at {
        facts
            .push(("Approved".into(), signed(words::moment(at, &reader.zone()), name(tx, version.approved_by).await?)));
    }
    if let Some(from) = version.in_force_from {
        facts.push(("In force from".into(), words::day(from)));
    }
    let may_approve = reader.can(Permission::ApprovePolicy) && waits && compiled.is_some();
    Ok(VersionPage {
        frame: reader.frame(),
        number: version.number,
        kind,
        word,
        facts,
        checked: check(&version.source, reader.today()),
        source: version.source,
        differences,
        approve: if may_approve { format!("{}/approve", urls::policy_version(id)) } else { String::new() },
        waits,
        refused,
    })
}

fn signed(when: String, who: Option<String>) -> String {
    who.map_or_else(|| when.clone(), |who| format!("{when}, by {who}"))
}

async fn name(tx: &mut Tx, id: Option<PersonId>) -> WebResult<Option<String>> {
    Ok(match id {
        Some(id) => people::find(tx, id).await?.map(|person| person.name.reveal().to_owned()),
        None => None,
    })
}
