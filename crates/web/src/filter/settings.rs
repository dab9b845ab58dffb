//! What the school sets for its filter beside its policy and its sites: inspection, what pages and files may hold, who sees
//! only what was opened, lists by group. Every change has a reason and stands in the register and the ledger with who made it.
//! The list of illegal content and the helplines have no switch, here or anywhere. The fields are read in `settings_form`.

use super::settings_form::{filled, list_field, read, stored};
use super::switches::{SWITCHES, on_or_off};
use crate::answers::{Answers, Choice};
use crate::app::App;
use crate::error::WebResult;
use crate::frame::{Frame, show};
use crate::requests::{Names, category_label, group_label};
use crate::session::SignedIn;
use crate::{urls, words};
use askama::Template;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect};
use belisha_filter::{BUILT_IN_LIST, FILTER_SETTINGS, FileKind, InspectionRules};
use belisha_policy::{CATEGORIES, GROUPS};
use belisha_records::Permission;
use belisha_store::register_entries::{self, RegisterEntry};
use belisha_store::{Tx, lists, schools};
use serde::{Deserialize, Serialize};

/// The register of changes.
const REGISTER: &str = "filter:settings";
/// Changes shown.
const SHOWN: usize = 10;
/// What a change leaves in the register.
#[derive(Serialize, Deserialize)]
struct Change {
    reason: String,
    changes: Vec<String>,
}

struct Changed {
    by: String,
    on: String,
    reason: String,
    changes: Vec<String>,
}

/// A group and its fields.
struct GroupFields {
    label: &'static str,
    limit: String,
    files: String,
    /// How many kinds of file are chosen, in words.
    refused: String,
}

/// A list in use and its field.
struct ListField {
    name: String,
    field: String,
}

#[derive(Template)]
#[template(path = "filter/settings.html")]
struct SettingsPage {
    frame: Frame,
    answers: Answers,
    may_change: bool,
    groups: Vec<Choice>,
    categories: Vec<Choice>,
    kinds: Vec<Choice>,
    by_group: Vec<GroupFields>,
    lists: Vec<ListField>,
    on_off: Vec<Choice>,
    scanning: Vec<Choice>,
    changed: Vec<Changed>,
}

pub(crate) async fn page(State(app): State<App>, reader: SignedIn, RawQuery(query): RawQuery) -> WebResult {
    reader.may(Permission::SeeFilterRules)?;
    let saved = Answers::parse(query.unwrap_or_default().as_bytes()).value("done") == "saved";
    let settings = &reader.school.settings;
    let answers = filled(settings);
    let mut tx = app.store.read(reader.school.id).await?;
    shown(&mut tx, &reader, answers, saved.then_some("The filter works by the new settings from now on.")).await
}

async fn shown(tx: &mut Tx, reader: &SignedIn, answers: Answers, notice: Option<&str>) -> WebResult {
    let names = Names::read(tx, reader).await?;
    let mut entries = register_entries::list(tx, REGISTER).await?;
    entries.sort_by_key(|entry| std::cmp::Reverse(entry.entered_at));
    let zone = reader.zone();
    let changed = entries.into_iter().take(SHOWN).filter_map(|entry| {
        let change: Change = serde_json::from_value(entry.content).ok()?;
        Some(Changed {
            by: entry.by.map_or_else(|| "nobody".to_owned(), |by| names.of(by)),
            on: words::moment(entry.entered_at, &zone),
            reason: change.reason,
            changes: change.changes,
        })
    });
    let changed = changed.collect();
    let lists = list_names(tx).await?.into_iter().map(|name| ListField { field: list_field(&name), name }).collect();
    let categories = categories(tx, &reader.school.settings).await?;
    let by_group = GROUPS.iter().map(|(key, label)| group_fields(&answers, key, label)).collect();
    let mut frame = reader.frame();
    frame.notice = notice.map(str::to_owned);
    show(SettingsPage {
        frame,
        answers,
        may_change: reader.can(Permission::ManageFilterRules),
        groups: GROUPS.iter().map(|(key, _)| Choice::new(key, group_label(key))).collect(),
        categories: categories.iter().map(|key| Choice::new(key, category_label(key))).collect(),
        kinds: FileKind::ALL.iter().map(|kind| Choice::new(kind.key(), kind.label())).collect(),
        by_group,
        lists,
        on_off: vec![Choice::new("on", "On"), Choice::new("off", "Off")],
        scanning: vec![
            Choice::new("refuse", "On; while the scanner is away, downloads are refused")
                .hint("What nobody looked at stays out"),
            Choice::new("let-through", "On; while the scanner is away, downloads go through")
                .hint("Each of them is recorded as not scanned"),
            Choice::new("off", "Off"),
        ],
        changed,
    })
}

fn group_fields(answers: &Answers, key: &str, label: &'static str) -> GroupFields {
    let files = format!("files-{key}");
    let refused = match answers.all(&files).count() {
        0 => "none".to_owned(),
        kinds => words::count(kinds, "kind", "kinds"),
    };
    GroupFields { label, limit: format!("limit-{key}"), files, refused }
}

/// Every list that can be confined: the built-in one, and those that were added, each once.
async fn list_names(tx: &mut Tx) -> WebResult<Vec<String>> {
    let mut names = vec![BUILT_IN_LIST.to_owned()];
    names.extend(lists::list(tx).await?.into_iter().map(|list| list.name));
    names.sort_unstable();
    names.dedup();
    Ok(names)
}

/// Categories that may be kept out of inspection: those of the policy and of the lists, and those that are private unless the
/// school says otherwise, whether or not a list fills them.
async fn categories(tx: &mut Tx, settings: &serde_json::Value) -> WebResult<Vec<String>> {
    let mut categories = InspectionRules::default().never_categories;
    categories.extend(stored(settings).inspection.never_categories);
    categories.extend(lists::list(tx).await?.into_iter().map(|list| list.category));
    categories.extend(CATEGORIES.iter().map(|(key, _)| (*key).to_owned()));
    let mut seen = std::collections::BTreeSet::new();
    categories.retain(|key| seen.insert(key.clone()));
    Ok(categories)
}

pub(crate) async fn save(State(app): State<App>, reader: SignedIn, mut answers: Answers) -> WebResult {
    reader.may(Permission::ManageFilterRules)?;
    let mut tx = app.store.begin(&reader.actor(), reader.school.id, reader.now).await?;
    let lists = list_names(&mut tx).await?;
    let categories = categories(&mut tx, &reader.school.settings).await?;
    let beyond_reach = |host: &str| app.network.listed(reader.school.id, host).beyond_reach;
    let settings = read(&mut answers, &lists, &categories, beyond_reach);
    let mut school = reader.school.clone();
    let mut changes = stored(&school.settings).changes(&settings);
    let switched = SWITCHES.map(|switch| (switch.key, switch.chosen(&answers, &school.settings)));
    for (switch, (_, chosen)) in SWITCHES.iter().zip(&switched) {
        if *chosen != switch.stands(&school.settings) {
            let (now, before) = (on_or_off(*chosen), on_or_off(!chosen));
            changes.push(format!("{}: {now} (was: {before})", switch.subject));
        }
    }
    if changes.is_empty() && !answers.has_errors() {
        return Ok(Redirect::to(urls::FILTER_SETTINGS).into_response());
    }
    let reason = answers.reason("say why you change this");
    if answers.has_errors() {
        let page = shown(&mut tx, &reader, answers, None).await?;
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
    }
    if !school.settings.is_object() {
        school.settings = serde_json::json!({});
    }
    if let Some(object) = school.settings.as_object_mut() {
        object.insert(FILTER_SETTINGS.into(), serde_json::to_value(&settings).unwrap_or_default());
        object.extend(switched.map(|(key, chosen)| (key.to_owned(), chosen.into())));
    }
    schools::update(&mut tx, &school).await?;
    let entry = RegisterEntry {
        id: String::new(),
        register: REGISTER.into(),
        on: reader.today(),
        about: None,
        by: Some(reader.person.id),
        entered_at: reader.now,
        content: serde_json::to_value(Change { reason, changes }).unwrap_or_default(),
    };
    register_entries::insert(&mut tx, &entry).await?;
    tx.commit().await?;
    app.network.rules_changed(reader.school.id).await;
    Ok(Redirect::to(&format!("{}?done=saved", urls::FILTER_SETTINGS)).into_response())
}
