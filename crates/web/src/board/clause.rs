//! One clause: its words, its status, what shows it, and where to look.

use super::{evidence, kind, proof_link};
use crate::app::App;
use crate::error::{WebError, WebResult};
use crate::frame::{Frame, show};
use crate::portal::in_force;
use crate::session::SignedIn;
use crate::{urls, words};
use askama::Template;
use axum::extract::{Path, State};
use belisha_policy::{Binding, Clause, Due, Within};
use belisha_records::{Permission, clause_proof};
use belisha_store::duties;

struct Occurrence {
    period: String,
    due: String,
    done: String,
}

#[derive(Template)]
#[template(path = "board/clause.html")]
struct ClausePage {
    frame: Frame,
    number: String,
    section: String,
    text: String,
    kind: &'static str,
    word: &'static str,
    proof: String,
    facts: Vec<(String, String)>,
    link: Option<(&'static str, &'static str)>,
    policy_href: String,
    occurrences: Vec<Occurrence>,
}

pub(crate) async fn page(State(app): State<App>, reader: SignedIn, Path(id): Path<String>) -> WebResult {
    reader.may(Permission::SeeBoard)?;
    let mut tx = app.store.read(reader.school.id).await?;
    let current = in_force(&mut tx, &reader).await?.ok_or(WebError::NotFound)?;
    let clause = current.policy.clause(&id).ok_or(WebError::NotFound)?;
    let evidence = evidence::gather(&mut tx, &reader, &current.policy).await?;
    let proof = clause_proof(clause, &evidence, reader.today());
    let occurrence = |one: belisha_records::DutyOccurrence| Occurrence {
        done: one
            .done
            .map_or_else(|| "Not yet".to_owned(), |done| format!("{}: {}", words::day(done.on), done.evidence)),
        due: words::day(one.due),
        period: one.period,
    };
    let mut past = duties::list_of_clause(&mut tx, &id).await?;
    // Names nobody: a duty of one person each is shown by its count alone.
    past.retain(|one| one.person.is_none());
    past.sort_by_key(|one| std::cmp::Reverse(one.due));
    show(ClausePage {
        frame: reader.frame(),
        number: clause.number.clone(),
        section: clause.section.clone(),
        text: clause.text.clone(),
        kind: kind(proof.status),
        word: proof.status.label(),
        proof: words::sentence(&proof.sentence),
        facts: facts(clause),
        link: proof_link(proof.link),
        policy_href: format!("{}#{}", urls::POLICY, clause.id),
        occurrences: past.into_iter().take(20).map(occurrence).collect(),
    })
}

/// What the clause binds, in rows.
fn facts(clause: &Clause) -> Vec<(String, String)> {
    let mut rows = vec![("Kind".to_owned(), nature(&clause.binding).to_owned())];
    let offices = |roles: &[belisha_policy::Role]| roles.iter().map(|role| role.label()).collect::<Vec<_>>().join(", ");
    match &clause.binding {
        Binding::Duty(duty) => {
            rows.push(("Who answers for it".into(), offices(&duty.owners)));
            rows.push(("When".into(), when(&duty.due)));
            if let Some(audience) = duty.who {
                rows.push(("About".into(), audience.label().into()));
            }
        }
        Binding::Approval(approval) => {
            rows.push(("Who may say yes".into(), offices(&approval.by)));
            if let Some(days) = approval.longest_days {
                rows.push(("For at most".into(), format!("{days} days")));
            }
        }
        Binding::Response(response) => {
            rows.push(("Who answers".into(), offices(&response.owners)));
            rows.push(("When".into(), format!("{}: {}", response.to.label(), within(response.within))));
        }
        Binding::Role(office) => {
            rows.push(("Office".into(), format!("{}, at least {}", office.role.label(), office.at_least)))
        }
        Binding::Retention(retention) => {
            rows.push((retention.kind.label().into(), format!("kept for {} days", retention.days)))
        }
        Binding::Agreement(agreement) => {
            rows.push(("Who signs".into(), agreement.who.iter().map(|who| who.label()).collect::<Vec<_>>().join(", ")));
            rows.push(("Opens the network".into(), if agreement.opens_network { "yes" } else { "no" }.into()));
        }
        _ => {}
    }
    if !clause.sources.is_empty() {
        rows.push(("Rests on".into(), clause.sources.join(", ")));
    }
    rows
}

fn when(due: &Due) -> String {
    match due {
        Due::Every { cadence, .. } => cadence.label().into(),
        Due::On { event, within: time } => format!("when {}: {}", event.label(), within(*time)),
    }
}

fn within(time: Within) -> String {
    match time {
        Within::Immediately => "at once".into(),
        Within::AsSoonAsPossible => "as soon as possible".into(),
        Within::Hours(hours) => format!("within {hours} hours, or on the next working day"),
        Within::SchoolDays(days) => format!("within {days} school days"),
    }
}

/// What a clause is, as people read it.
const fn nature(binding: &Binding) -> &'static str {
    match binding {
        Binding::Duty(_) => "A duty",
        Binding::Agreement(_) => "An agreement to sign",
        Binding::Actions(_) => "What follows what",
        Binding::Allowances(_) => "Who may do what, and when",
        Binding::Filter(_) => "What the filter does",
        Binding::Approval(_) => "Who decides",
        Binding::Response(_) => "What is done when something happens",
        Binding::Role(_) => "An office",
        Binding::Retention(_) => "How long records are kept",
        Binding::Power(_) => "What somebody may do",
        Binding::Guidance => "Guidance",
    }
}
