//! The page of one request: who asks for what and why, what the filter says now, and the form that fits the reader.

use super::grant::{ASKER, GROUPS};
use super::proposal::{self, Proposal};
use super::{Names, category, category_label, clause, group_label};
use crate::answers::{Answers, Choice};
use crate::app::App;
use crate::error::{WebError, WebResult};
use crate::frame::{Frame, show};
use crate::session::SignedIn;
use crate::{urls, words};
use askama::Template;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use belisha_policy::{Approval, Period, whom_in_words};
use belisha_records::{
    AccessDecision, AccessRequest, AccessRequestId, Permission, longest_days, may_decide_request, needs_two_people,
};
use belisha_store::school_rules::{self, HostAction, HostRule};
use belisha_store::{Tx, access_requests, approvals};
use jiff::ToSpan;

/// What is known before anything is answered.
pub(super) struct Asked {
    pub(super) request: AccessRequest,
    pub(super) clause: Option<(String, Approval)>,
    /// For whom the school closed this site itself, which an opening does not outrank; empty: it did not.
    pub(super) closed_for: String,
    /// The question that waits for a second person: its id, who asked, why, and what would open.
    pub(super) proposed: Option<(approvals::Approval, Proposal)>,
}

impl Asked {
    pub(super) async fn find(tx: &mut Tx, app: &App, reader: &SignedIn, id: AccessRequestId) -> WebResult<Self> {
        let mut request = access_requests::find(tx, id).await?.ok_or(WebError::NotFound)?;
        if request.decision.is_none() {
            // Lists change while a request waits: what it takes to open it is asked again.
            let now = category(app, reader.school.id, &request.host, request.category.as_deref());
            if needs_two_people(now.as_deref()) || request.category.is_none() {
                request.category = now;
            }
        }
        let clause = clause(tx, reader).await?;
        let all = approvals::list_of_clause(tx, proposal::clause_id(clause.as_ref())).await?;
        let proposed = proposal::waiting(&all)
            .into_iter()
            .find(|(_, proposed)| proposed.request == id)
            .map(|(approval, proposed)| (approval.clone(), proposed));
        let below = |rule: &HostRule| {
            request.host == rule.host || request.host.strip_suffix(&rule.host).is_some_and(|front| front.ends_with('.'))
        };
        let rules = school_rules::list(tx).await?;
        let closing = rules.iter().filter(|rule| rule.action == HostAction::Deny && below(rule));
        let closed_for = closing.map(|rule| whom_in_words(&rule.groups)).collect::<Vec<_>>().join("; ");
        Ok(Self { closed_for, request, clause, proposed })
    }

    pub(super) fn approval(&self) -> Option<&Approval> {
        self.clause.as_ref().map(|(_, approval)| approval)
    }

    fn may_decide(&self, reader: &SignedIn) -> bool {
        may_decide_request(reader.person.id, &reader.roles, &self.request, self.approval())
    }

    fn may_second(&self, reader: &SignedIn) -> bool {
        let by = reader.person.id;
        reader.can(Permission::DecideAccessRequests)
            && by != self.request.by
            && self.proposed.as_ref().is_some_and(|(approval, _)| approval.asked_by != by)
    }
}

#[derive(Template)]
#[template(path = "requests/decide.html")]
struct DecidePage {
    frame: Frame,
    answers: Answers,
    title: String,
    action: String,
    facts: Vec<(&'static str, String)>,
    two_people: bool,
    closed_for: String,
    form: Form,
    groups: Vec<Choice>,
    ends: Vec<Choice>,
    yes_or_no: Vec<Choice>,
    agree_or_not: Vec<Choice>,
    limit: String,
    deciders: String,
    proposal: Vec<(&'static str, String)>,
}

/// What the reader can do here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// Open it or not.
    Decide,
    /// Agree with the first person or not.
    Second,
    /// Take one’s own proposal back.
    TakeBack,
    /// Their own request.
    Own,
    /// Somebody else’s to decide.
    Other,
    /// Decided.
    None,
}

pub(super) fn form_for(asked: &Asked, reader: &SignedIn) -> Form {
    match () {
        () if asked.request.decision.is_some() => Form::None,
        () if asked.request.by == reader.person.id => Form::Own,
        () if asked.may_second(reader) => Form::Second,
        () if asked.proposed.as_ref().is_some_and(|(approval, _)| approval.asked_by == reader.person.id) => {
            Form::TakeBack
        }
        () if asked.proposed.is_none() && asked.may_decide(reader) => Form::Decide,
        () => Form::Other,
    }
}

/// The page, with what was typed.
pub(super) async fn shown(tx: &mut Tx, app: &App, reader: &SignedIn, asked: &Asked, answers: Answers) -> WebResult {
    let names = Names::read(tx, reader).await?;
    let (zone, request) = (reader.zone(), &asked.request);
    let says = app.network.explain(reader.school.id, Some(request.by), &request.host, reader.now);
    let mut facts = vec![
        ("Asked for by", names.of(request.by)),
        ("When", words::moment(request.asked_at, &zone)),
        ("What for", request.reason.clone()),
        ("Category", request.category.as_deref().map_or_else(|| "In no list".into(), category_label)),
    ];
    facts.extend(says.into_iter().take(1).map(|(_, answer)| ("The filter now", words::sentence(&answer))));
    if let Some(decision) = &request.decision {
        facts.push(("Answer", answer_in_words(reader, decision)));
        facts.push(("Answered by", format!("{}, {}", names.of(decision.by), words::moment(decision.at, &zone))));
        facts.push(("Why", decision.reason.clone()));
    }
    let proposal = asked.proposed.as_ref().map_or_else(Vec::new, |(approval, proposed)| {
        let whom = |group: &String| {
            if group == ASKER { names.of(request.by) } else { group_label(group).to_lowercase() }
        };
        vec![
            ("Proposed by", names.of(approval.asked_by)),
            ("For", proposed.groups.iter().map(whom).collect::<Vec<_>>().join(", ")),
            ("Until", words::moment(proposed.until, &zone)),
            ("Why", approval.reason.clone()),
        ]
    });
    let deciders = asked.approval().map_or_else(String::new, |approval| {
        approval.by.iter().map(|role| role.label().to_lowercase()).collect::<Vec<_>>().join(" or ")
    });
    show(DecidePage {
        frame: reader.frame(),
        title: request.host.clone(),
        action: urls::request(request.id),
        facts,
        closed_for: asked.closed_for.clone(),
        two_people: needs_two_people(request.category.as_deref()),
        form: form_for(asked, reader),
        groups: groups(&names.of(request.by)),
        ends: ends(reader),
        yes_or_no: vec![Choice::new("open", "Yes, for a time"), Choice::new("refuse", "No, it stays closed")],
        agree_or_not: vec![
            Choice::new("agree", "Yes, open it"),
            Choice::new("disagree", "No, it stays closed for now"),
        ],
        limit: format!("At most {} days, as the policy says.", longest_days(asked.approval())),
        deciders,
        proposal,
        answers,
    })
}

fn answer_in_words(reader: &SignedIn, decision: &AccessDecision) -> String {
    match decision.until.filter(|_| decision.granted) {
        Some(until) => format!("Opened until {}", words::moment(until, &reader.zone())),
        None => "Not opened".into(),
    }
}

/// The page again, with what is wrong.
pub(super) async fn refused(tx: Tx, app: &App, reader: &SignedIn, asked: &Asked, answers: Answers) -> WebResult {
    drop(tx);
    let mut tx = app.store.read(reader.school.id).await?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, shown(&mut tx, app, reader, asked, answers).await?).into_response())
}

fn groups(asker: &str) -> Vec<Choice> {
    let mut choices = vec![Choice::new(ASKER, "Whoever asked").hint(asker.to_owned())];
    choices.extend(GROUPS.iter().map(|key| Choice::new(key, group_label(key))));
    choices
}

/// Ends to choose from: the lesson, the day, a week, or a day of one's own.
fn ends(reader: &SignedIn) -> Vec<Choice> {
    let (calendar, now) = (&reader.school.calendar, reader.now);
    let mut choices = Vec::new();
    if calendar.period_at(now) == Period::Lesson {
        choices.push(Choice::new(
            "lesson",
            format!("{}, when this lesson time ends", words::clock_time(calendar.period_ends(now), &reader.zone())),
        ));
    }
    choices.push(Choice::new("today", "The end of today"));
    choices.push(Choice::new("week", format!("The end of {}", words::day(in_a_week(reader)))));
    choices.push(Choice::new("day", "The end of another day, which I write below"));
    choices
}

pub(super) fn in_a_week(reader: &SignedIn) -> jiff::civil::Date {
    reader.today().checked_add(7.days()).unwrap_or_else(|_| reader.today())
}
