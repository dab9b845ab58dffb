//! The exact text that one person signed, with every act under it and where the ledger keeps it, on the page and on paper.

use crate::app::App;
use crate::error::{WebError, WebResult};
use crate::frame::{Frame, show};
use crate::portal::in_force;
use crate::session::SignedIn;
use crate::{paper, urls, words};
use askama::Template;
use axum::extract::{Path, State};
use belisha_policy::Binding;
use belisha_print::{SignatureOnPaper, SignedAgreementPaper, signed_agreement};
use belisha_records::{Permission, Person, PersonId, Signature, SignatureKind};
use belisha_store::ledger::{self, merkle::leaf_hash};
use belisha_store::{Tx, classes, people, policies, signatures};

#[derive(Template)]
#[template(path = "signatures/text.html")]
struct TextPage {
    frame: Frame,
    title: String,
    about: String,
    about_href: String,
    policy: String,
    preamble: String,
    acts: Vec<SignatureOnPaper>,
    pdf: String,
    may_see_person: bool,
}

pub(crate) async fn page(
    State(app): State<App>,
    reader: SignedIn,
    Path((person, agreement)): Path<(PersonId, String)>,
) -> WebResult {
    reader.may(Permission::SeeAllSignatures)?;
    let mut tx = app.store.read(reader.school.id).await?;
    let paper = gather(&mut tx, &reader, person, &agreement).await?;
    show(TextPage {
        frame: reader.frame(),
        title: paper.title,
        about: paper.about,
        about_href: urls::person(person),
        policy: paper.policy,
        preamble: paper.preamble,
        acts: paper.signatures,
        pdf: format!("{}/signed.pdf", urls::signed_text(person, &agreement)),
        may_see_person: reader.can(Permission::SeePeople),
    })
}

pub(crate) async fn pdf(
    State(app): State<App>,
    reader: SignedIn,
    Path((person, agreement)): Path<(PersonId, String)>,
) -> WebResult {
    reader.may(Permission::SeeAllSignatures)?;
    let mut tx = app.store.read(reader.school.id).await?;
    let gathered = gather(&mut tx, &reader, person, &agreement).await?;
    drop(tx);
    paper::answer("signed-agreement.pdf", move || signed_agreement(&gathered)).await
}

async fn gather(tx: &mut Tx, reader: &SignedIn, about: PersonId, agreement: &str) -> WebResult<SignedAgreementPaper> {
    let person = people::find(tx, about).await?.ok_or(WebError::NotFound)?;
    let acts: Vec<Signature> =
        signatures::list_about(tx, about).await?.into_iter().filter(|act| act.agreement == agreement).collect();
    let newest = acts.last().ok_or(WebError::NotFound)?.policy_version;
    let current = in_force(tx, reader).await?;
    let clause = current.as_ref().and_then(|current| current.policy.clause(agreement));
    let version = policies::find(tx, newest).await?.map_or(0, |version| version.number);
    let mut on_paper = Vec::new();
    for act in &acts {
        on_paper.push(signature(tx, reader, &person, act, newest).await?);
    }
    Ok(SignedAgreementPaper {
        imprint: paper::imprint(reader),
        title: clause
            .map_or_else(|| "An agreement that is no longer in the policy".to_owned(), |clause| clause.section.clone()),
        about: person.name.reveal().to_owned(),
        place_in_school: place(tx, &person).await?,
        policy: format!(
            "{}, version {version}",
            current.as_ref().map_or("Online safety policy", |current| current.policy.title.as_str())
        ),
        clause: clause.map(|clause| clause.number.clone()),
        preamble: clause
            .and_then(|clause| {
                if let Binding::Agreement(agreement) = &clause.binding {
                    Some(agreement.preamble.clone())
                } else {
                    None
                }
            })
            .unwrap_or_default(),
        signatures: on_paper,
    })
}

async fn place(tx: &mut Tx, person: &Person) -> WebResult<Option<String>> {
    let Some(class) = person.class else { return Ok(Some(person.audience.label().to_owned())) };
    let class = classes::find(tx, class).await?;
    Ok(class.map(|class| format!("Year group {}, {}", class.year_group, class.name)))
}

async fn signature(
    tx: &mut Tx,
    reader: &SignedIn,
    person: &Person,
    act: &Signature,
    newest: belisha_records::PolicyVersionId,
) -> WebResult<SignatureOnPaper> {
    let by = people::find(tx, act.by).await?;
    let entry = ledger::entries(tx, Some(&act.id.to_string()), 1).await?.pop();
    let version = if act.policy_version == newest {
        None
    } else {
        policies::find(tx, act.policy_version).await?.map(|version| format!("version {}", version.number))
    };
    let done = match act.kind {
        SignatureKind::Signed => "Signed",
        SignatureKind::CounterSigned => "Counter-signed",
        SignatureKind::Refused | SignatureKind::CounterRefused => "Chose not to sign",
    };
    Ok(SignatureOnPaper {
        name: by.map(|by| by.name.reveal().to_owned()).unwrap_or_default(),
        capacity: if act.by == person.id { words::member(person.audience) } else { "parent or carer" }.to_owned(),
        act: done.to_owned(),
        at: words::moment(act.at, &reader.zone()),
        version,
        reason: act.reason.clone(),
        lines: act.lines.iter().map(|line| line.text.clone()).collect(),
        ledger_position: entry.as_ref().map_or(0, |entry| entry.index),
        ledger_hash: entry
            .map(|entry| leaf_hash(&entry.bytes()).iter().map(|byte| format!("{byte:02x}")).collect())
            .unwrap_or_default(),
    })
}
