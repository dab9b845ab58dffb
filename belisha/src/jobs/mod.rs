//! What the server does by itself: one table of jobs, what each needs, and the page made from it. When a job is due is in
//! `schedule`, claiming and recording in `runner`, and what each job does in the file named after it.

mod bring_policies_into_force;
mod chase_overdue_duties;
mod checkpoint_ledger;
mod expire_exceptions;
mod expire_sessions;
mod mailer;
mod open_duties;
mod purge_activity;
mod purge_records;
mod refresh_lists;
mod runner;
pub mod schedule;
mod send_outbox;
#[cfg(test)]
mod stories;
#[cfg(test)]
mod stories_of_lists;
#[cfg(test)]
mod stories_of_records;

pub use mailer::Mailer;
pub use runner::{Jobs, spawn};

use belisha_policy::{Policy, compile};
use belisha_records::SchoolId;
use belisha_store::{Store, StoreError, policies, schools};
use jiff::{Timestamp, civil::time};
use schedule::Every;
use std::fmt::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Tells the time. The binary's is the real clock; a test's stands where it is put.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// What jobs work with. Cheap to clone.
#[derive(Clone)]
pub struct JobContext {
    /// The database. Every school in it is looked after.
    pub store: Store,
    /// Tells the time.
    pub clock: Clock,
    /// The data folder: `lists/` and `checkpoints/` stand in it.
    pub data: PathBuf,
    /// How mail leaves; `None` where neither a mail server nor a folder is set up: mails wait, and the board of jobs says so.
    pub mailer: Option<Arc<Mailer>>,
    /// Signs checkpoints of the ledger.
    pub signing_key: Arc<ed25519_dalek::SigningKey>,
    /// Called when a school's rules changed: a granted site closed, a policy came into force, or a list was refreshed (`None` = every school).
    pub on_rules_changed: Arc<dyn Fn(Option<SchoolId>) + Send + Sync>,
}

/// Why a job could not do all of its work. Shown on the board, so it names nobody.
#[derive(Debug, thiserror::Error)]
pub enum JobFailure {
    /// The database would not.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Anything else, in words: what happened, then what to do.
    #[error("{0}")]
    Other(String),
}

/// One job for one school at one time.
pub(crate) struct Run<'a> {
    pub context: &'a JobContext,
    pub school: SchoolId,
    pub now: Timestamp,
}

impl Run<'_> {
    /// The policy in force, compiled; `None` where the school has none.
    pub async fn policy(&self) -> Result<Option<Policy>, JobFailure> {
        let mut tx = self.context.store.read(self.school).await?;
        let Some(version) = policies::in_force(&mut tx).await? else { return Ok(None) };
        let today = schools::find(&mut tx, self.school).await?.map(|school| school.calendar.day_of(self.now));
        let compiled = today.and_then(|today| compile(&version.source, today).policy);
        compiled.map(Some).ok_or_else(|| {
            JobFailure::Other("the policy in force no longer compiles; look at its findings on the policy page".into())
        })
    }
}

/// Which job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobKind {
    /// Opens occurrences of duties.
    OpenDuties,
    /// Chases those that are overdue.
    ChaseOverdueDuties,
    /// Closes granted sites.
    ExpireExceptions,
    /// Deletes old activity.
    PurgeActivity,
    /// Deletes old records.
    PurgeRecords,
    /// Brings approved policies into force.
    BringPoliciesIntoForce,
    /// Fetches lists anew.
    RefreshLists,
    /// Sends mail.
    SendOutbox,
    /// Signs the ledger.
    CheckpointLedger,
    /// Ends old sessions.
    ExpireSessions,
}

/// One row of the table of jobs.
#[derive(Debug)]
pub struct Job {
    /// Which.
    pub kind: JobKind,
    /// Its name in the database, on the board and in the ledger (`job:<key>`).
    pub key: &'static str,
    /// What it does.
    pub does: &'static str,
    /// Its rhythm.
    pub every: Every,
    /// The longest it may take for one school.
    pub limit: Duration,
    /// What happens while it does not run.
    pub if_it_stops: &'static str,
}

const fn job(
    kind: JobKind,
    key: &'static str,
    every: Every,
    minutes: u64,
    does: &'static str,
    if_it_stops: &'static str,
) -> Job {
    Job { kind, key, does, every, limit: Duration::from_secs(minutes * 60), if_it_stops }
}

/// Every job. `docs/reference/jobs.md` is made from it.
pub const JOBS: &[Job] = &[
    job(
        JobKind::OpenDuties,
        "open-duties",
        Every::Day { at: time(5, 0, 0, 0) },
        5,
        "Opens this period’s occurrence of every duty in the policy in force, one for each person where the duty is per person, and gives it to whoever holds the office.",
        "New duties do not appear on the board, so nobody is asked to do them and nobody is chased.",
    ),
    job(
        JobKind::ChaseOverdueDuties,
        "chase-overdue-duties",
        Every::Day { at: time(7, 30, 0, 0) },
        5,
        "Chases duties past their day: the owner first, the headteacher when the owner has been chased and it is still not done.",
        "Overdue duties still show as overdue on the board, but nobody gets a mail about them.",
    ),
    job(
        JobKind::ExpireExceptions,
        "expire-exceptions",
        Every::Minutes(5),
        2,
        "Notes that the time of a granted site has ended, and gives the gateway its rules without it.",
        "Nothing stays open: the gateway itself looks at the end of each granted site. The list of open sites shows ended ones.",
    ),
    job(
        JobKind::PurgeActivity,
        "purge-activity",
        Every::Day { at: time(3, 0, 0, 0) },
        30,
        "Deletes named activity, dismissed alerts, answered requests for sites and reasons for going on past a warning that are older than the policy’s retention clauses say. Hourly figures that name nobody stay.",
        "Named activity is kept longer than the school promised. Mend it within the day.",
    ),
    job(
        JobKind::PurgeRecords,
        "purge-records",
        Every::Day { at: time(3, 30, 0, 0) },
        30,
        "Deletes closed incidents, agreements and records of training older than the policy’s retention clauses say. An open incident stays, and so does an agreement that somebody at school still relies on. The ledger keeps that something was removed, and no word of it.",
        "Records are kept longer than the school promised. Mend it within the week.",
    ),
    job(
        JobKind::BringPoliciesIntoForce,
        "bring-policies-into-force",
        Every::Hour { minute: 0 },
        5,
        "Brings an approved policy into force when its day has come, if it has no errors, and gives the gateway its rules.",
        "The policy before it goes on binding, and the gateway goes on with its rules. The head can bring the new one into force on its page.",
    ),
    job(
        JobKind::RefreshLists,
        "refresh-lists",
        Every::Hour { minute: 15 },
        60,
        "Asks for the category lists whose turn has come, each night as a rule, and gives the gateway those that changed. An update that looks like an accident is held for a person.",
        "The filter goes on with the lists it has; sites that appeared since are not in them.",
    ),
    job(
        JobKind::SendOutbox,
        "send-outbox",
        Every::Minutes(2),
        10,
        "Sends the mails that wait. A mail says that something waits and never what.",
        "Nobody is told by mail; everything still waits on people's own pages.",
    ),
    job(
        JobKind::CheckpointLedger,
        "checkpoint-ledger",
        Every::Hour { minute: 10 },
        5,
        "Signs the ledger as it stands and writes the signed checkpoint into `checkpoints/` of the data folder, for a copy to be kept elsewhere.",
        "The ledger goes on and can be verified, but the newest entries are not covered by a signature yet.",
    ),
    job(
        JobKind::ExpireSessions,
        "expire-sessions",
        Every::Hour { minute: 25 },
        5,
        "Removes sign-in sessions that have ended.",
        "Nothing opens: an ended session is refused when it is used. Their rows pile up.",
    ),
];

/// The table in words, for the board of jobs.
pub fn descriptions() -> Vec<belisha_web::JobDescription> {
    let describe = |job: &Job| belisha_web::JobDescription {
        key: job.key,
        does: job.does,
        every: job.every.words(),
        if_it_stops: job.if_it_stops,
        late_after_minutes: job.every.late_after_minutes(),
    };
    JOBS.iter().map(describe).collect()
}

/// The job with a key.
#[cfg(test)]
pub fn job_named(key: &str) -> Option<&'static Job> {
    JOBS.iter().find(|job| job.key == key)
}

/// The whole of `docs/reference/jobs.md`.
pub fn jobs_reference() -> String {
    let mut page = String::from(
        "# What the server does by itself\n\nMade from the table in `belisha/src/jobs/mod.rs`; change it there.\n\nEach job runs for each school on its own. \
         Before it runs, its turn is claimed in the database, so that two servers never run the same turn; a server that was off runs what it missed \
         once, when it is back. A run that failed is tried again after half an hour. A job that fails does not stop the others, and the board of jobs \
         keeps showing when it last ran well.\n\nTimes of day are the school's own.\n\n| Job | When | What it does | What happens if it stops |\n|---|---|---|---|\n",
    );
    for job in JOBS {
        let _ = writeln!(page, "| `{}` | {} | {} | {} |", job.key, job.every.words(), job.does, job.if_it_stops);
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_job_has_its_own_key_and_a_row_in_the_reference() {
        let page = jobs_reference();
        for job in JOBS {
            assert_eq!(
                JOBS.iter().filter(|other| other.key == job.key || other.kind == job.kind).count(),
                1,
                "{}",
                job.key
            );
            assert!(page.contains(&format!("| `{}` |", job.key)));
            assert_eq!(job_named(job.key).map(|found| found.kind), Some(job.kind));
        }
        assert!(job_named("dance").is_none());
    }
}
