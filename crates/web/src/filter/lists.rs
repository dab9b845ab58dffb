//! One category list: what is in force, how it is kept up to date, and what waits for a person: an update to take or to turn
//! down, and the generation before to go back to. What a decision does to the list is the binary's.

use crate::answers::Answers;
use crate::app::App;
use crate::error::{WebError, WebResult};
use crate::frame::{Frame, Need, show};
use crate::requests::{Names, category_label};
use crate::session::SignedIn;
use crate::{urls, words};
use askama::Template;
use axum::extract::{Path, RawQuery, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect};
use belisha_records::{Actor, Permission, PersonId, SchoolId};
use belisha_store::{Tx, register_entries};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The register of decisions about lists.
pub const LIST_DECISIONS: &str = "filter:lists";
/// Decisions shown.
const SHOWN: usize = 10;

/// A category list, in words where it is shown as it is.
#[derive(Debug, Clone, Default)]
pub struct ListInUse {
    /// Its name: lower-case letters, digits and hyphens.
    pub name: String,
    /// Where it comes from.
    pub source: String,
    /// What is in force; `None`: it is damaged on disk.
    pub in_force: Option<ListGeneration>,
    /// How often it is asked for.
    pub every: &'static str,
    /// What its file must prove.
    pub proves: &'static str,
    /// When it was asked for last and what came of it.
    pub asked: Option<(Timestamp, String)>,
    /// Whether that went wrong.
    pub failed: bool,
    /// An update that waits for a person.
    pub held: Option<ListGeneration>,
    /// Why it waits.
    pub held_for: Vec<String>,
    /// The generation to go back to.
    pub before: Option<ListGeneration>,
}

/// A generation of a list.
#[derive(Debug, Clone, Default)]
pub struct ListGeneration {
    /// Its number; 0 for one that waits.
    pub number: u64,
    /// When it was fetched.
    pub fetched_at: Timestamp,
    /// How it differs from the one before: `+1,203, −88, 12 lines refused`.
    pub difference: String,
    /// Each category, by key, with its names.
    pub categories: Vec<(String, u64)>,
    /// The first lines that could not be used.
    pub refused: Vec<String>,
}

/// What a person decides about a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListDecision {
    /// The update that waits comes into force.
    Take,
    /// It is turned down.
    Keep,
    /// The generation before comes into force again.
    RollBack,
}

/// A decision about a list, and whose it is.
#[derive(Debug, Clone)]
pub struct DecidedList {
    /// The list.
    pub name: String,
    /// What is decided.
    pub decision: ListDecision,
    /// Why.
    pub reason: String,
    /// As whom it stands in the ledger.
    pub actor: Actor,
    /// The school and the person.
    pub by: (SchoolId, PersonId),
    /// When.
    pub at: Timestamp,
}

/// What a decision leaves in the register [`LIST_DECISIONS`].
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ListDecided {
    /// The list.
    pub list: String,
    /// Why.
    pub reason: String,
    /// What was done, in words.
    pub done: String,
}

struct Decision {
    by: String,
    on: String,
    reason: String,
    done: String,
}

#[derive(Template)]
#[template(path = "filter/list.html")]
struct ListPage {
    frame: Frame,
    answers: Answers,
    list: ListInUse,
    summary: Vec<(String, String)>,
    held: Vec<(String, String)>,
    categories: Vec<Vec<String>>,
    /// Words of the button that goes back, where there is something to go back to.
    back: Option<String>,
    decisions: Vec<Decision>,
    may_change: bool,
}

pub(crate) async fn page(
    State(app): State<App>,
    reader: SignedIn,
    Path(name): Path<String>,
    RawQuery(query): RawQuery,
) -> WebResult {
    reader.may(Permission::SeeFilterRules)?;
    let done = Answers::parse(query.unwrap_or_default().as_bytes()).value("done") == "decided";
    let notice = done.then_some("Done. The filter works by it within a minute.");
    shown(&app, &reader, &name, Answers::new(), notice).await
}

async fn shown(app: &App, reader: &SignedIn, name: &str, answers: Answers, notice: Option<&str>) -> WebResult {
    let list = app.network.lists().into_iter().find(|list| list.name == name).ok_or(WebError::NotFound)?;
    let mut tx = app.store.read(reader.school.id).await?;
    let mut frame = reader.frame();
    frame.notice = notice.map(str::to_owned);
    show(ListPage {
        frame,
        answers,
        summary: summary(&list, reader),
        held: held(&list, reader),
        categories: categories(&list),
        back: list.before.as_ref().map(|before| format!("Go back to generation {}", before.number)),
        decisions: decisions(&mut tx, reader, name).await?,
        may_change: reader.can(Permission::ManageFilterRules),
        list,
    })
}

fn summary(list: &ListInUse, reader: &SignedIn) -> Vec<(String, String)> {
    let zone = reader.zone();
    let mut rows = vec![("Comes from".to_owned(), list.source.clone())];
    match &list.in_force {
        None => rows.push(("In force".into(), "It is damaged on disk. Whoever runs the server adds it again".into())),
        Some(now) => {
            let fetched = words::moment(now.fetched_at, &zone);
            rows.push(("In force".into(), format!("Generation {}, fetched on {fetched}", now.number)));
            rows.push(("How it changed then".into(), now.difference.clone()));
        }
    }
    rows.push(("How often it is asked for".into(), words::sentence(list.every)));
    if let Some((at, how)) = &list.asked {
        rows.push(("Last time".into(), words::sentence(&format!("{}: {how}", words::moment(at, &zone)))));
    }
    rows.push(("Its file proves".into(), words::sentence(list.proves)));
    if let Some(before) = &list.before {
        let fetched = words::moment(before.fetched_at, &zone);
        rows.push(("Before it".into(), format!("Generation {}, fetched on {fetched}", before.number)));
    }
    rows
}

fn held(list: &ListInUse, reader: &SignedIn) -> Vec<(String, String)> {
    let Some(held) = &list.held else { return Vec::new() };
    vec![
        ("Fetched".into(), words::moment(held.fetched_at, &reader.zone())),
        ("How it differs".into(), held.difference.clone()),
    ]
}

/// Category, names in force, and names in the update that waits.
fn categories(list: &ListInUse) -> Vec<Vec<String>> {
    let of = |generation: &Option<ListGeneration>| {
        generation.as_ref().map(|generation| generation.categories.clone()).unwrap_or_default()
    };
    let (now, next) = (of(&list.in_force), of(&list.held));
    let mut keys: Vec<&String> = now.iter().chain(&next).map(|(key, _)| key).collect();
    keys.sort_unstable();
    keys.dedup();
    let count = |all: &[(String, u64)], key: &str| {
        all.iter().find(|(known, _)| known == key).map_or_else(|| "0".to_owned(), |(_, names)| names.to_string())
    };
    let row = |key: &String| {
        let mut row = vec![category_label(key), count(&now, key)];
        row.extend(list.held.is_some().then(|| count(&next, key)));
        row
    };
    keys.into_iter().map(row).collect()
}

async fn decisions(tx: &mut Tx, reader: &SignedIn, name: &str) -> WebResult<Vec<Decision>> {
    let names = Names::read(tx, reader).await?;
    let zone = reader.zone();
    let mut entries = register_entries::list(tx, LIST_DECISIONS).await?;
    entries.sort_by_key(|entry| std::cmp::Reverse(entry.entered_at));
    let decision = |entry: register_entries::RegisterEntry| {
        let decided: ListDecided =
            serde_json::from_value(entry.content).ok().filter(|one: &ListDecided| one.list == name)?;
        Some(Decision {
            by: entry.by.map_or_else(|| "whoever runs the server".to_owned(), |by| names.of(by)),
            on: words::moment(entry.entered_at, &zone),
            reason: decided.reason,
            done: words::sentence(&decided.done),
        })
    };
    Ok(entries.into_iter().filter_map(decision).take(SHOWN).collect())
}

pub(crate) async fn decide(
    State(app): State<App>,
    reader: SignedIn,
    Path(name): Path<String>,
    mut answers: Answers,
) -> WebResult {
    reader.may(Permission::ManageFilterRules)?;
    let decision = match answers.value("decision") {
        "take" => ListDecision::Take,
        "keep" => ListDecision::Keep,
        "roll-back" => ListDecision::RollBack,
        _ => return Err(WebError::NotFound),
    };
    let reason = answers.reason("say why");
    if !answers.has_errors() {
        let by = (reader.school.id, reader.person.id);
        let decided = DecidedList { name: name.clone(), decision, reason, actor: reader.actor(), by, at: reader.now };
        if let Err(wrong) = app.network.decide_list(decided).await {
            answers.refuse("reason", wrong);
        }
    }
    if answers.has_errors() {
        let page = shown(&app, &reader, &name, answers, None).await?;
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
    }
    Ok(Redirect::to(&format!("{}?done=decided", urls::category_list(&name))).into_response())
}

/// A row of the filter's page.
pub(super) struct ListRow {
    pub(super) name: String,
    pub(super) href: String,
    pub(super) detail: String,
    pub(super) kind: &'static str,
    pub(super) word: &'static str,
}

/// Every list with how it stands.
pub(super) fn rows(app: &App, reader: &SignedIn) -> Vec<ListRow> {
    let zone = reader.zone();
    let row = |list: ListInUse| {
        let (kind, word) = match &list {
            ListInUse { in_force: None, .. } => ("broken", "Damaged"),
            ListInUse { held: Some(_), .. } => ("needed", "An update waits"),
            ListInUse { failed: true, .. } => ("overdue", "Not fetched"),
            _ => ("kept", "In force"),
        };
        let detail = list.in_force.as_ref().map_or_else(String::new, |now| {
            format!("{}, fetched on {}; {}", now.difference, words::moment(now.fetched_at, &zone), list.every)
        });
        ListRow { href: urls::category_list(&list.name), name: list.name, detail, kind, word }
    };
    app.network.lists().into_iter().map(row).collect()
}

/// Updates that wait, for those who may decide about them.
pub(crate) fn needs(app: &App, reader: &SignedIn) -> Vec<Need> {
    if !reader.can(Permission::ManageFilterRules) {
        return Vec::new();
    }
    let waiting = app.network.lists().into_iter().filter(|list| list.held.is_some());
    waiting
        .map(|list| Need {
            label: format!("An update of the list ‘{}’ waits for somebody to look at it", list.name),
            href: urls::category_list(&list.name),
            detail: words::sentence(&list.held_for.join("; ")),
            kind: "needed",
            word: "Held".into(),
        })
        .collect()
}
