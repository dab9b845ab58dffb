//! One request: who asks for what and why, what the filter says now, and the answer. A category that takes two people is
//! proposed by one and opened by the second.

use super::grant::{self, ASKER};
use super::proposal::{self, Proposal};
use super::{Names, category, category_label, clause, group_label, group_of};
use crate::answers::{Answers, Choice};
use crate::app::App;
use crate::error::{WebError, WebResult};
use crate::frame::{Frame, show};
use crate::session::SignedIn;
use crate::{urls, words};
use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect};
use belisha_policy::{Approval, Period};
use belisha_records::{
    AccessAnswer, AccessDecision, AccessRequest, AccessRequestId, FieldErrors, Permission, active_roles, decide_request, longest_days, may_decide_request,
    needs_two_people,
};
use belisha_store::approvals::{self, ApprovalDecision};
use belisha_store::{Tx, access_requests, offices, people};
use jiff::{SignedDuration, Timestamp, ToSpan};

/// Groups a site may be opened for. Unknown devices are the strictest group and are never opened by a request.
const GROUPS: [&str; 4] = ["younger-pupil", "pupil", "staff", "guest"];

/// What is known before anything is answered.
struct Asked {
    request: AccessRequest,
    clause: Option<(String, Approval)>,
    /// The question that waits for a second person: its id, who asked, why, and what would open.
    proposed: Option<(approvals::Approval, Proposal)>,
}

impl Asked {
    async fn find(tx: &mut Tx, app: &App, reader: &SignedIn, id: AccessRequestId) -> WebResult<Self> {
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
        let proposed = proposal::waiting(&all).into_iter().find(|(_, proposed)| proposed.request == id).map(|(approval, proposed)| (approval.clone(), proposed));
        Ok(Self { request, clause, proposed })
    }

    fn approval(&self) -> Option<&Approval> {
        self.clause.as_ref().map(|(_, approval)| approval)
    }

    fn may_decide(&self, reader: &SignedIn) -> bool {
        may_decide_request(reader.person.id, &reader.roles, &self.request, self.approval())
    }

    fn may_second(&self, reader: &SignedIn) -> bool {
        let by = reader.person.id;
        reader.can(Permission::DecideAccessRequests) && by != self.request.by && self.proposed.as_ref().is_some_and(|(approval, _)| approval.asked_by != by)
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
enum Form {
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

fn form_for(asked: &Asked, reader: &SignedIn) -> Form {
    match () {
        () if asked.request.decision.is_some() => Form::None,
        () if asked.request.by == reader.person.id => Form::Own,
        () if asked.may_second(reader) => Form::Second,
        () if asked.proposed.as_ref().is_some_and(|(approval, _)| approval.asked_by == reader.person.id) => Form::TakeBack,
        () if asked.proposed.is_none() && asked.may_decide(reader) => Form::Decide,
        () => Form::Other,
    }
}

pub(crate) async fn page(State(app): State<App>, reader: SignedIn, Path(id): Path<AccessRequestId>) -> WebResult {
    reader.may(Permission::SeeAccessRequests)?;
    let mut tx = app.store.read(reader.school.id).await?;
    let asked = Asked::find(&mut tx, &app, &reader, id).await?;
    let asker = people::find(&mut tx, asked.request.by).await?;
    let first = asker.map_or(ASKER, |person| if group_of(person.audience) == "staff" { "staff" } else { ASKER });
    shown(&mut tx, &app, &reader, &asked, Answers::new().with("group", first)).await
}

async fn shown(tx: &mut Tx, app: &App, reader: &SignedIn, asked: &Asked, answers: Answers) -> WebResult {
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
        let whom = |group: &String| if group == ASKER { names.of(request.by) } else { group_label(group).to_lowercase() };
        vec![
            ("Proposed by", names.of(approval.asked_by)),
            ("For", proposed.groups.iter().map(whom).collect::<Vec<_>>().join(", ")),
            ("Until", words::moment(proposed.until, &zone)),
            ("Why", approval.reason.clone()),
        ]
    });
    let deciders = asked.approval().map_or_else(String::new, |approval| approval.by.iter().map(|role| role.label().to_lowercase()).collect::<Vec<_>>().join(" or "));
    show(DecidePage {
        frame: reader.frame(),
        title: request.host.clone(),
        action: urls::request(request.id),
        facts,
        two_people: needs_two_people(request.category.as_deref()),
        form: form_for(asked, reader),
        groups: groups(&names.of(request.by)),
        ends: ends(reader),
        yes_or_no: vec![Choice::new("open", "Yes, for a time"), Choice::new("refuse", "No, it stays closed")],
        agree_or_not: vec![Choice::new("agree", "Yes, open it"), Choice::new("disagree", "No, it stays closed for now")],
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

fn groups(asker: &str) -> Vec<Choice> {
    let mut choices = vec![Choice::new(ASKER, "Only whoever asked").hint(asker.to_owned())];
    choices.extend(GROUPS.iter().map(|key| Choice::new(key, group_label(key))));
    choices
}

/// Ends to choose from: the lesson, the day, a week, or a day of one's own.
fn ends(reader: &SignedIn) -> Vec<Choice> {
    let (calendar, now) = (&reader.school.calendar, reader.now);
    let mut choices = Vec::new();
    if calendar.period_at(now) == Period::Lesson {
        choices.push(Choice::new("lesson", format!("{}, when this lesson time ends", words::clock_time(calendar.period_ends(now), &reader.zone()))));
    }
    choices.push(Choice::new("today", "The end of today"));
    choices.push(Choice::new("week", format!("The end of {}", words::day(in_a_week(reader)))));
    choices.push(Choice::new("day", "The end of another day, which I write below"));
    choices
}

fn in_a_week(reader: &SignedIn) -> jiff::civil::Date {
    reader.today().checked_add(7.days()).unwrap_or_else(|_| reader.today())
}

/// The end that was chosen; `None` leaves it to the rules to say that one is missing.
fn end(reader: &SignedIn, answers: &mut Answers, longest: u16) -> Option<Timestamp> {
    let calendar = &reader.school.calendar;
    let latest = reader.now.checked_add(SignedDuration::from_hours(24 * i64::from(longest))).unwrap_or(Timestamp::MAX);
    match answers.value("until") {
        "lesson" => Some(calendar.period_ends(reader.now)),
        "today" => Some(calendar.end_of_day(reader.today())),
        "week" => Some(calendar.end_of_day(in_a_week(reader)).min(latest)),
        "day" => {
            let day = answers.date("end", "write the day on which the site closes again")?;
            // The last day that is allowed is allowed until the same time of day.
            let until = calendar.end_of_day(day);
            Some(if calendar.day_of(latest) == day { until.min(latest) } else { until })
        }
        _ => None,
    }
}

pub(crate) async fn submit(State(app): State<App>, reader: SignedIn, Path(id): Path<AccessRequestId>, mut answers: Answers) -> WebResult {
    reader.may(Permission::DecideAccessRequests)?;
    let mut tx = app.store.begin(&reader.actor(), reader.school.id, reader.now).await?;
    let asked = Asked::find(&mut tx, &app, &reader, id).await?;
    if asked.proposed.is_some() {
        return Err(WebError::Conflict("an opening of this site waits for a second person: agree with it or not, then decide again".into()));
    }
    let granted = match answers.value("answer") {
        "open" => true,
        "refuse" => false,
        _ => {
            answers.refuse("answer", "choose whether the site opens");
            false
        }
    };
    let groups: Vec<String> = answers.all("group").filter(|group| *group == ASKER || GROUPS.contains(group)).map(str::to_owned).collect();
    if granted && groups.is_empty() {
        answers.refuse("group", "choose who it opens for");
    }
    let until = if granted { end(&reader, &mut answers, longest_days(asked.approval())) } else { None };
    let answer = AccessAnswer {
        granted,
        groups: groups.iter().filter(|group| *group != ASKER).cloned().collect(),
        until,
        reason: answers.value("reason").to_owned(),
        by: reader.person.id,
        roles: reader.roles.clone(),
        second: None,
        at: reader.now,
    };
    let decided = decide_request(&asked.request, &answer, asked.approval());
    let waits_for_second = matches!(&decided, Err(errors) if only_second(errors)) && !answers.has_errors();
    if waits_for_second && let Some(until) = until {
        let proposed = Proposal { request: id, host: asked.request.host.clone(), groups, until };
        propose(&mut tx, &reader, &asked, &proposed, &answer.reason).await?;
        tx.commit().await?;
        return Ok(Redirect::to(&format!("{}?done=proposed", urls::REQUESTS)).into_response());
    }
    let decision = match decided {
        Ok(decision) if !answers.has_errors() => decision,
        Ok(_) => return refused(tx, &app, &reader, &asked, answers).await,
        Err(errors) => {
            let answers = without_second(answers, &errors);
            return refused(tx, &app, &reader, &asked, answers).await;
        }
    };
    grant::answer(&mut tx, &asked.request, &decision, &groups).await?;
    tx.commit().await?;
    app.network.rules_changed(reader.school.id).await;
    let done = if granted { "granted" } else { "refused" };
    Ok(Redirect::to(&format!("{}?done={done}", urls::REQUESTS)).into_response())
}

fn only_second(errors: &FieldErrors) -> bool {
    errors.iter().all(|(field, _)| field == "second")
}

/// What is wrong, without the second person: they are asked once the rest is right. A wrong day is said beside its boxes.
fn without_second(mut answers: Answers, errors: &FieldErrors) -> Answers {
    for (field, message) in errors.iter().filter(|(field, _)| *field != "second") {
        let own_day = field == "until" && answers.value("until") == "day";
        match (own_day, answers.error("end").is_some()) {
            (true, true) => {}
            (true, false) => answers.refuse("end", message),
            (false, _) => answers.refuse(field, message),
        }
    }
    answers
}

async fn refused(tx: Tx, app: &App, reader: &SignedIn, asked: &Asked, answers: Answers) -> WebResult {
    drop(tx);
    let mut tx = app.store.read(reader.school.id).await?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, shown(&mut tx, app, reader, asked, answers).await?).into_response())
}

async fn propose(tx: &mut Tx, reader: &SignedIn, asked: &Asked, proposed: &Proposal, reason: &str) -> WebResult<()> {
    let question = approvals::Approval {
        id: String::new(),
        clause: proposal::clause_id(asked.clause.as_ref()).to_owned(),
        subject: proposed.sentence(),
        asked_by: reader.person.id,
        asked_at: reader.now,
        reason: reason.trim().to_owned(),
        decision: None,
    };
    approvals::insert(tx, &question).await?;
    Ok(())
}

/// The second person's answer, or the first taking theirs back.
pub(crate) async fn second(State(app): State<App>, reader: SignedIn, Path(id): Path<AccessRequestId>, mut answers: Answers) -> WebResult {
    reader.may(Permission::DecideAccessRequests)?;
    let mut tx = app.store.begin(&reader.actor(), reader.school.id, reader.now).await?;
    let asked = Asked::find(&mut tx, &app, &reader, id).await?;
    let Some((question, proposed)) = asked.proposed.clone() else {
        return Err(WebError::Conflict("nothing waits for a second person here any more".into()));
    };
    let form = form_for(&asked, &reader);
    let agrees = match (form, answers.value("answer")) {
        (Form::Second, "agree") => true,
        (Form::Second, "disagree") | (Form::TakeBack, _) => false,
        (Form::Second, _) => {
            answers.refuse("answer", "choose whether you agree");
            return refused(tx, &app, &reader, &asked, answers).await;
        }
        _ => return Err(WebError::Conflict("this is not yours to agree to: it takes somebody who neither asked nor decided".into())),
    };
    let reason = if form == Form::TakeBack { "taken back".to_owned() } else { answers.required("reason", "say in a few words why", 1000) };
    if answers.has_errors() {
        return refused(tx, &app, &reader, &asked, answers).await;
    }
    let until = agrees.then_some(proposed.until);
    approvals::decide(&mut tx, &question.id, &ApprovalDecision { granted: agrees, until, by: reader.person.id, at: reader.now, reason }).await?;
    if agrees {
        let decision = match agreed(&mut tx, &reader, &asked, &question, &proposed).await? {
            Ok(decision) => decision,
            Err(errors) => {
                let why = errors.iter().next().map(|(_, message)| message.to_owned()).unwrap_or_default();
                answers.refuse("answer", why);
                return refused(tx, &app, &reader, &asked, answers).await;
            }
        };
        grant::answer(&mut tx, &asked.request, &decision, &proposed.groups).await?;
    }
    tx.commit().await?;
    if agrees {
        app.network.rules_changed(reader.school.id).await;
    }
    let done = if agrees { "granted" } else { "disagreed" };
    Ok(Redirect::to(&format!("{}?done={done}", urls::REQUESTS)).into_response())
}

/// The first person's answer with the second's agreement, by the same rules; the first must still hold their office.
async fn agreed(tx: &mut Tx, reader: &SignedIn, asked: &Asked, question: &approvals::Approval, proposed: &Proposal) -> WebResult<Result<AccessDecision, FieldErrors>> {
    let first = people::find(tx, question.asked_by).await?.ok_or(WebError::NotFound)?;
    let held = offices::list_of(tx, first.id).await?;
    let answer = AccessAnswer {
        granted: true,
        groups: proposed.groups.iter().filter(|group| *group != ASKER).cloned().collect(),
        until: Some(proposed.until),
        reason: question.reason.clone(),
        by: first.id,
        roles: active_roles(&first, &held, reader.today()),
        second: Some(reader.person.id),
        at: reader.now,
    };
    Ok(decide_request(&asked.request, &answer, asked.approval()))
}
