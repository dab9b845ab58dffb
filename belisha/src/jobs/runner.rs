//! Runs what is owed: one loop a job, so that a job that hangs or panics holds up no other. Each turn is claimed in the
//! database before it runs and its outcome recorded after. What is owed is worked out in `schedule`.

use super::schedule::{LastClaim, owed};
use super::*;
use crate::network::phrases_fingerprint;
use crate::{illegal_feeds, lists};
use belisha_records::Actor;
use belisha_store::{job_runs, schools};
use jiff::tz::TimeZone;
use std::collections::HashMap;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// How often each loop looks whether something is owed.
const TICK: Duration = Duration::from_secs(60);
/// How often the folders of lists are looked at.
const LOOK_AT_LISTS: Duration = Duration::from_secs(15);

/// How one turn went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobRun {
    /// Key of the job.
    pub job: &'static str,
    /// For which school.
    pub school: SchoolId,
    /// The turn that was claimed.
    pub due: Timestamp,
    /// Whether it did all of its work.
    pub ok: bool,
    /// What it did, or why it could not.
    pub message: String,
}

/// The running jobs. Dropping this leaves them running; [`Jobs::stop`] ends them.
pub struct Jobs {
    stop: watch::Sender<bool>,
    loops: Vec<JoinHandle<()>>,
}

impl Jobs {
    /// Asks every loop to end after what it is doing, and waits for them.
    pub async fn stop(self) {
        let _ = self.stop.send(true);
        for one in self.loops {
            let _ = one.await;
        }
    }
}

/// Starts every job of [`JOBS`], each in its own loop: at once, and then every minute, it runs what is owed.
pub fn spawn(context: JobContext) -> Jobs {
    let (stop, stopped) = watch::channel(false);
    let mut loops: Vec<_> =
        JOBS.iter().map(|job| tokio::spawn(go_round(context.clone(), job, stopped.clone()))).collect();
    loops.push(tokio::spawn(watch_lists(context, stopped)));
    Jobs { stop, loops }
}

async fn go_round(context: JobContext, job: &'static Job, mut stopped: watch::Receiver<bool>) {
    let mut failing: HashMap<SchoolId, String> = HashMap::new();
    loop {
        for run in run_owed(&context, job).await {
            tell(run, &mut failing);
        }
        tokio::select! {
            () = asked_to_stop(&mut stopped) => return,
            () = tokio::time::sleep(TICK) => {}
        }
    }
}

/// Says a failure once, and that it is over; the board shows every run.
fn tell(run: JobRun, failing: &mut HashMap<SchoolId, String>) {
    let JobRun { job, school, ok, message, .. } = run;
    match (ok, failing.get(&school)) {
        (true, None) => tracing::debug!(job, %school, message, "job ran"),
        (true, Some(_)) => {
            tracing::info!(job, %school, message, "job runs well again");
            failing.remove(&school);
        }
        (false, Some(said)) if *said == message => {}
        (false, _) => {
            tracing::error!(job, %school, message, "job failed");
            failing.insert(school, message);
        }
    }
}

/// Notices within seconds that a list was imported or removed, a feed taken in, or a phrase list put into its folder.
async fn watch_lists(context: JobContext, mut stopped: watch::Receiver<bool>) {
    let data = &context.data;
    let fingerprint = || lists::fingerprint(data) + &illegal_feeds::fingerprint(data) + &phrases_fingerprint(data);
    let mut known = fingerprint();
    loop {
        tokio::select! {
            () = asked_to_stop(&mut stopped) => return,
            () = tokio::time::sleep(LOOK_AT_LISTS) => {}
        }
        let now = fingerprint();
        if now != known {
            known = now;
            (context.on_rules_changed)(None);
        }
    }
}

/// Ends when somebody asks to stop; never, when nobody is left who could.
async fn asked_to_stop(stopped: &mut watch::Receiver<bool>) {
    if stopped.wait_for(|stop| *stop).await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// Runs a job for every school that is owed a turn now, and answers how each went. A school whose turn another server
/// claimed, or that nothing is owed to, is left out.
pub async fn run_owed(context: &JobContext, job: &'static Job) -> Vec<JobRun> {
    let schools = match schools_of(context).await {
        Ok(schools) => schools,
        Err(error) => {
            tracing::error!(job = job.key, %error, "the schools cannot be read, so the job cannot run");
            return Vec::new();
        }
    };
    let mut runs = Vec::new();
    for school in schools {
        match run_for(context, job, &school).await {
            Ok(run) => runs.extend(run),
            Err(error) => {
                tracing::error!(job = job.key, school = %school.id, %error, "a run cannot be claimed or recorded")
            }
        }
    }
    runs
}

async fn schools_of(context: &JobContext) -> Result<Vec<schools::School>, StoreError> {
    let mut tx = context.store.read_installation().await?;
    schools::list(&mut tx).await
}

async fn run_for(
    context: &JobContext,
    job: &'static Job,
    school: &schools::School,
) -> Result<Option<JobRun>, StoreError> {
    let Some(due) = claim(context, job, school).await? else { return Ok(None) };
    let (theirs, id, now) = (context.clone(), school.id, (context.clock)());
    let outcome =
        guarded(job.limit, async move { work(job.kind, &Run { context: &theirs, school: id, now }).await }).await;
    let (ok, message) = match outcome {
        Ok(message) => (true, message),
        Err(failure) => (false, failure.to_string()),
    };
    let mut tx = context.store.begin(&Actor::Job(job.key), school.id, (context.clock)()).await?;
    job_runs::finish(&mut tx, job.key, due, ok, &message).await?;
    tx.commit().await?;
    Ok(Some(JobRun { job: job.key, school: school.id, due, ok, message }))
}

/// Claims the turn that is owed, if one is and no other server has it.
async fn claim(
    context: &JobContext,
    job: &'static Job,
    school: &schools::School,
) -> Result<Option<Timestamp>, StoreError> {
    let zone = TimeZone::get(&school.calendar.time_zone).unwrap_or(TimeZone::UTC);
    let now = (context.clock)();
    let last = {
        let mut tx = context.store.read(school.id).await?;
        job_runs::latest(&mut tx, job.key).await?
    };
    let last = last.map(|run| LastClaim { due: run.due, started: run.started_at, ok: run.ok });
    let Some(due) = owed(job.every, last, now, &zone) else { return Ok(None) };
    let mut tx = context.store.begin(&Actor::Job(job.key), school.id, now).await?;
    let claimed = job_runs::claim(&mut tx, job.key, due).await?;
    tx.commit().await?;
    Ok(claimed.then_some(due))
}

/// Runs work in a task of its own with a limit of time, so that neither a panic nor a wait without end leaves it.
async fn guarded(
    limit: Duration,
    work: impl Future<Output = Result<String, JobFailure>> + Send + 'static,
) -> Result<String, JobFailure> {
    let task = tokio::spawn(work);
    let abort = task.abort_handle();
    match tokio::time::timeout(limit, task).await {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(_)) => Err(JobFailure::Other(
            "it stopped because of a fault in the program; report it with the server's log".into(),
        )),
        Err(_) => {
            abort.abort();
            Err(JobFailure::Other(format!(
                "it did not end within {} minutes and was stopped; it is tried again",
                limit.as_secs() / 60
            )))
        }
    }
}

async fn work(kind: JobKind, run: &Run<'_>) -> Result<String, JobFailure> {
    match kind {
        JobKind::OpenDuties => open_duties::run(run).await,
        JobKind::ChaseOverdueDuties => chase_overdue_duties::run(run).await,
        JobKind::ExpireExceptions => expire_exceptions::run(run).await,
        JobKind::PurgeActivity => purge_activity::run(run).await,
        JobKind::PurgeRecords => purge_records::run(run).await,
        JobKind::BringPoliciesIntoForce => bring_policies_into_force::run(run).await,
        JobKind::RefreshLists => refresh_lists::run(run).await,
        JobKind::SendOutbox => send_outbox::run(run).await,
        JobKind::CheckpointLedger => checkpoint_ledger::run(run).await,
        JobKind::ExpireSessions => expire_sessions::run(run).await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn work_that_panics_or_never_ends_is_a_failure_and_nothing_worse() {
        let long = Duration::from_secs(600);
        let good = guarded(long, async { Ok("done".to_owned()) }).await;
        assert_eq!(good.unwrap(), "done");
        let panics = guarded(long, async { panic!("a fault") }).await;
        assert!(panics.unwrap_err().to_string().contains("fault in the program"));
        let waits = guarded(Duration::ZERO, std::future::pending()).await;
        assert!(waits.unwrap_err().to_string().contains("was stopped"));
    }
}
