//! The board of jobs: what the server does by itself, when each job last ran well, and which one is late or failed. A chaser
//! that silently stopped is the worst failure here. Running them is the binary's.

use crate::app::{App, JobDescription};
use crate::error::WebResult;
use crate::frame::{Frame, Need, show};
use crate::session::SignedIn;
use crate::{urls, words};
use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::routing::get;
use belisha_records::Permission;
use belisha_store::job_runs::{self, JobRun};
use belisha_store::{Tx, outbox};
use jiff::{SignedDuration, Timestamp};

pub(crate) fn router() -> Router<App> {
    Router::new().route(urls::JOBS, get(page))
}

struct Row {
    key: &'static str,
    does: String,
    every: String,
    kind: &'static str,
    word: &'static str,
    last_good: String,
    /// What went wrong, or what the last run said.
    message: String,
    /// Shown where it is late or failed.
    if_it_stops: &'static str,
}

#[derive(Template)]
#[template(path = "jobs/show.html")]
struct JobsPage {
    frame: Frame,
    summary: String,
    rows: Vec<Row>,
    mails: String,
}

/// How a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Standing {
    Failed,
    Late,
    Never,
    Well,
}

fn standing(job: &JobDescription, latest: Option<&JobRun>, good: Option<&JobRun>, now: Timestamp) -> Standing {
    let limit = SignedDuration::from_mins(job.late_after_minutes);
    let ran = |run: &JobRun| run.finished_at.unwrap_or(run.started_at);
    match (latest, good) {
        (None, _) => Standing::Never,
        (_, Some(good)) if now.duration_since(ran(good)) > limit => Standing::Late,
        (Some(latest), _) if latest.ok == Some(false) => Standing::Failed,
        (Some(latest), None) if now.duration_since(latest.started_at) > limit => Standing::Late,
        _ => Standing::Well,
    }
}

pub(crate) async fn page(State(app): State<App>, reader: SignedIn) -> WebResult {
    reader.may(Permission::SeeJobs)?;
    let mut tx = app.store.read(reader.school.id).await?;
    let mut rows = Vec::new();
    for job in &app.settings.jobs {
        rows.push(row(&mut tx, job, &reader).await?);
    }
    rows.sort_by_key(|(standing, _)| *standing);
    let amiss = rows.iter().filter(|(standing, _)| matches!(standing, Standing::Failed | Standing::Late)).count();
    let summary = match (rows.len(), amiss) {
        (_, 0) => "Every job has run when it should.".to_owned(),
        (all, amiss) => format!("Of {}, {amiss} late or failed.", words::count(all, "job", "jobs")),
    };
    let waiting = usize::try_from(outbox::count_waiting(&mut tx).await?).unwrap_or(usize::MAX);
    let mails = match waiting {
        0 => "No mail waits to be sent.".to_owned(),
        waiting => format!(
            "{} to be sent. If the number only grows, no mail server is set up or it does not answer; what the mails speak of stands on people’s own pages all the same.",
            words::count(waiting, "mail waits", "mails wait")
        ),
    };
    show(JobsPage { frame: reader.frame(), summary, rows: rows.into_iter().map(|(_, row)| row).collect(), mails })
}

async fn row(tx: &mut Tx, job: &JobDescription, reader: &SignedIn) -> WebResult<(Standing, Row)> {
    let latest = job_runs::latest(tx, job.key).await?;
    let good = job_runs::last_good(tx, job.key).await?;
    let standing = standing(job, latest.as_ref(), good.as_ref(), reader.now);
    let (kind, word) = match standing {
        Standing::Failed => ("broken", "Failed"),
        Standing::Late => ("overdue", "Late"),
        Standing::Never => ("open", "Not run yet"),
        Standing::Well => ("kept", "Ran well"),
    };
    let amiss = matches!(standing, Standing::Failed | Standing::Late);
    let row = Row {
        key: job.key,
        does: words::sentence(job.does),
        every: words::sentence(&job.every),
        kind,
        word,
        last_good: good.as_ref().and_then(|run| run.finished_at).map_or_else(
            || "It has not run well yet".to_owned(),
            |at| format!("Last ran well on {}", words::moment(at, &reader.zone())),
        ),
        message: latest.and_then(|run| run.message).map(|message| words::sentence(&message)).unwrap_or_default(),
        if_it_stops: if amiss { job.if_it_stops } else { "" },
    };
    Ok((standing, row))
}

/// Jobs that are late or failed, for those who look after the server.
pub(crate) async fn needs(tx: &mut Tx, app: &App, reader: &SignedIn) -> WebResult<Vec<Need>> {
    if !reader.can(Permission::SeeJobs) {
        return Ok(Vec::new());
    }
    let mut amiss = Vec::new();
    for job in &app.settings.jobs {
        let (latest, good) = (job_runs::latest(tx, job.key).await?, job_runs::last_good(tx, job.key).await?);
        if matches!(standing(job, latest.as_ref(), good.as_ref(), reader.now), Standing::Failed | Standing::Late) {
            amiss.push(job);
        }
    }
    let Some(first) = amiss.first() else { return Ok(Vec::new()) };
    let label = format!(
        "{} not run when it should",
        words::count(amiss.len(), "job of the server has", "jobs of the server have")
    );
    Ok(vec![Need {
        label,
        href: urls::JOBS.into(),
        detail: first.if_it_stops.to_owned(),
        kind: "broken",
        word: "Late or failed".into(),
    }])
}
