//! What would happen if: a rule is tried on last week's requests before anybody saves it. Figures and hosts; nobody is named.

use super::host::{BEYOND_REACH, Wish, typed};
use super::whom::Whom;
use crate::answers::{Answers, Choice};
use crate::app::App;
use crate::error::WebResult;
use crate::frame::{Frame, show};
use crate::requests::category_label;
use crate::session::SignedIn;
use crate::words;
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use belisha_filter::{Change, Effect, Request, Seen, Subject};
use belisha_policy::{CATEGORIES, FilterAction, Period, whom_in_words};
use belisha_records::{Permission, in_year_groups};
use belisha_store::{activity, lists, people};
use jiff::SignedDuration;
use std::collections::BTreeMap;
use std::mem::take;

/// How far back requests are looked at.
const DAYS: i64 = 7;
/// The most requests that are looked at, the newest.
const MOST_REQUESTS: u32 = 100_000;

/// What came of a trial, in words.
struct Tried {
    title: String,
    summary: Vec<(String, String)>,
    hosts: Vec<Vec<String>>,
    /// The newest requests alone were looked at.
    cut: bool,
    /// It was about a category, which is the policy's affair.
    of_category: bool,
    /// A site of the school's own can be saved from here: host and what the form of the filter's page calls the action.
    save: Option<(String, &'static str)>,
    reason: String,
}

#[derive(Template)]
#[template(path = "filter/what_if.html")]
struct WhatIfPage {
    frame: Frame,
    answers: Answers,
    what: Vec<Choice>,
    categories: Vec<Choice>,
    actions: Vec<Choice>,
    everybody_or_some: Vec<Choice>,
    groups: Vec<Choice>,
    times: Vec<Choice>,
    tried: Option<Tried>,
    summary: Vec<(String, String)>,
    hosts: Vec<Vec<String>>,
}

pub(crate) async fn page(State(app): State<App>, reader: SignedIn) -> WebResult {
    reader.may(Permission::TryFilterRules)?;
    shown(&app, &reader, Answers::new().with("what", "category").with("action", "block"), None).await
}

async fn shown(app: &App, reader: &SignedIn, answers: Answers, mut tried: Option<Tried>) -> WebResult {
    let (summary, hosts) =
        tried.as_mut().map(|tried| (take(&mut tried.summary), take(&mut tried.hosts))).unwrap_or_default();
    let mut tx = app.store.read(reader.school.id).await?;
    let mut keys: Vec<String> = CATEGORIES.iter().map(|(key, _)| (*key).to_owned()).collect();
    keys.extend(lists::list(&mut tx).await?.into_iter().map(|list| list.category));
    let mut categories: Vec<Choice> = keys.iter().map(|key| Choice::new(key, category_label(key))).collect();
    categories.sort_by(|one, other| one.label.cmp(&other.label));
    categories.dedup_by(|one, other| one.value == other.value);
    let times = Period::ALL.iter().map(|period| match period {
        Period::Always => Choice::new("", "At every time"),
        period => Choice::new(period.key(), words::sentence(period.label())),
    });
    show(WhatIfPage {
        frame: reader.frame(),
        answers,
        what: vec![Choice::new("category", "A category of sites"), Choice::new("host", "One site")],
        categories,
        actions: vec![
            Choice::new("block", "Closed"),
            Choice::new("ask", "Closed until somebody asks").hint("Only for a category"),
            Choice::new("warn", "Open after a warning and a reason").hint("Only for a category"),
            Choice::new("allow", "Open"),
        ],
        everybody_or_some: Whom::everybody_or_some(),
        groups: Whom::read(&mut tx, reader).await?.choices(),
        times: times.collect(),
        tried,
        summary,
        hosts,
    })
}

pub(crate) async fn submit(State(app): State<App>, reader: SignedIn, answers: Answers) -> WebResult {
    reader.may(Permission::TryFilterRules)?;
    let mut answers = as_typed_here(answers);
    let mut tx = app.store.read(reader.school.id).await?;
    let groups = Whom::read(&mut tx, &reader).await?.chosen(&mut answers);
    let year_groups = in_year_groups(&people::list(&mut tx).await?, &groups, reader.today());
    let change = Change { year_groups, ..read(&mut answers, groups) };
    if matches!(&change.subject, Subject::Host(host) if app.network.listed(reader.school.id, host).beyond_reach) {
        answers.refuse("host", BEYOND_REACH);
    }
    if answers.has_errors() {
        return again(&app, &reader, answers).await;
    }
    let from = reader.now - SignedDuration::from_hours(24 * DAYS);
    let made = activity::list_to_count(&mut tx, from, reader.now, MOST_REQUESTS).await?;
    drop(tx);
    let people: Vec<Option<String>> = made.iter().map(|one| one.person.map(|number| number.to_string())).collect();
    let mut seen = made.iter().zip(&people).map(|(one, person)| Seen {
        request: Request { person: person.as_deref(), ..Request::new(&one.host, &one.group) },
        at: one.at,
    });
    match app.network.what_if(reader.school.id, &change, &mut seen) {
        Ok(effect) => {
            let tried = tried(&reader, &change, &effect, answers.value("reason"));
            shown(&app, &reader, answers, Some(tried)).await
        }
        Err(wrong) => {
            let field = if answers.value("what") == "host" { "host" } else { "category" };
            answers.refuse(field, wrong);
            again(&app, &reader, answers).await
        }
    }
}

async fn again(app: &App, reader: &SignedIn, answers: Answers) -> WebResult<Response> {
    Ok((StatusCode::UNPROCESSABLE_ENTITY, shown(app, reader, answers, None).await?).into_response())
}

/// The form of the filter's page leads here too: its words for what happens to a site become this form's.
fn as_typed_here(answers: Answers) -> Answers {
    let action = match answers.value("action") {
        "deny" | "authority-deny" => "block",
        "authority-allow" => "allow",
        action => action,
    };
    let what = match answers.value("what") {
        "" if !answers.value("host").is_empty() => "host",
        what => what,
    };
    let mut read = Answers::new().with("action", action).with("what", what);
    for field in ["host", "category", "time", "reason", "whom"] {
        read = read.with(field, answers.value(field));
    }
    answers.all("groups").fold(read, |read, group| read.with("groups", group))
}

fn read(answers: &mut Answers, groups: Vec<String>) -> Change {
    let subject = match answers.value("what") {
        "host" => Subject::Host(typed(answers.value("host"), Wish::Open).unwrap_or_else(|wrong| {
            answers.refuse("host", wrong);
            String::new()
        })),
        "category" => Subject::Category(answers.value("category").to_owned()),
        _ => {
            answers.refuse("what", "choose a category or one site");
            Subject::Category(String::new())
        }
    };
    let action = FilterAction::from_key(answers.value("action")).unwrap_or_else(|| {
        answers.refuse("action", "choose what would happen");
        FilterAction::Block
    });
    let period = Period::from_key(answers.value("time"));
    Change { subject, action, groups, year_groups: BTreeMap::new(), period }
}

fn tried(reader: &SignedIn, change: &Change, effect: &Effect, reason: &str) -> Tried {
    let title = match effect.requests {
        0 => "Nothing would have changed last week".to_owned(),
        1 => "1 request would have been answered otherwise".to_owned(),
        many => format!("{many} requests would have been answered otherwise"),
    };
    let summary = vec![
        ("The rule".to_owned(), in_words(change)),
        ("Requests looked at".to_owned(), effect.looked_at.to_string()),
        ("Open then, closed under the rule".to_owned(), effect.closed.to_string()),
        ("Closed then, open under the rule".to_owned(), effect.opened.to_string()),
        ("Sites".to_owned(), effect.hosts.to_string()),
        ("People".to_owned(), format!("{}, as far as it was known who asked", effect.people)),
    ];
    let hosts = effect.top.iter().map(|host| {
        vec![
            host.host.clone(),
            host.requests.to_string(),
            words::sentence(host.from.label()),
            words::sentence(host.to.label()),
        ]
    });
    let save = match (&change.subject, change.action) {
        (Subject::Host(host), FilterAction::Allow) => Some((host.clone(), "allow")),
        (Subject::Host(host), FilterAction::Block) => Some((host.clone(), "deny")),
        _ => None,
    };
    Tried {
        title,
        summary,
        hosts: hosts.collect(),
        cut: effect.looked_at >= u64::from(MOST_REQUESTS),
        of_category: matches!(change.subject, Subject::Category(_)),
        save: save.filter(|_| reader.can(Permission::ManageFilterRules)),
        reason: reason.to_owned(),
    }
}

/// `Games: closed, for Pupils, in lesson time`.
fn in_words(change: &Change) -> String {
    let subject = match &change.subject {
        Subject::Host(host) => host.clone(),
        Subject::Category(category) => category_label(category),
    };
    let whom = whom_in_words(&change.groups);
    let when = change.period.map_or("at every time", Period::label);
    format!("{subject}: {}, for {whom}, {when}", change.action.label())
}
