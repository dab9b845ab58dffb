//! Sends the mails that wait. A mail is claimed before it is sent and marked after, so that two servers never send it both; if
//! a server dies between the two, the mail goes again later under the same Message-ID, and the run says so. How one mail leaves
//! is `mailer`'s business.

use super::mailer::{Mailer, MailerError};
use super::schedule::wait_after;
use super::{JobFailure, Run};
use belisha_records::Actor;
use belisha_store::outbox::Message;
use belisha_store::{outbox, people};
use jiff::SignedDuration;

/// The most mails of one run, so that a run ends well within its limit.
const MOST: u32 = 50;
/// A mail whose sender died is tried again after this.
const CLAIMED_FOR: SignedDuration = SignedDuration::from_mins(15);
/// A mail is given up after so many attempts, about half a day.
const ATTEMPTS: i64 = 8;
const ACTOR: Actor = Actor::Job("send-outbox");

#[derive(Debug, Default)]
struct Tally {
    sent: usize,
    again: usize,
    later: usize,
    given_up: usize,
    last_failure: Option<String>,
}

pub(super) async fn run(run: &Run<'_>) -> Result<String, JobFailure> {
    let Some(mailer) = run.context.mailer.as_deref() else { return without_server(run).await };
    let mut tx = run.context.store.begin(&ACTOR, run.school, run.now).await?;
    let again_at = run.now.saturating_add(CLAIMED_FOR).unwrap_or(run.now);
    let messages = outbox::claim(&mut tx, MOST, again_at).await?;
    tx.commit().await?;
    let mut tally = Tally::default();
    for message in &messages {
        send(run, mailer, message, &mut tally).await?;
    }
    let Tally { sent, again, later, given_up, last_failure } = tally;
    let mut said = format!("{sent} mails sent, {later} to be tried again, {given_up} given up");
    if again > 0 {
        said.push_str(&format!(
            "; {again} went a second time after a sender stopped half-way, so somebody may have them twice"
        ));
    }
    match last_failure {
        None => Ok(said),
        Some(why) => Err(JobFailure::Other(format!("{said}: {why}"))),
    }
}

async fn without_server(run: &Run<'_>) -> Result<String, JobFailure> {
    let mut tx = run.context.store.read(run.school).await?;
    match outbox::count_waiting(&mut tx).await? {
        0 => Ok("no mail server is set up, and no mail waits".into()),
        waiting => Err(JobFailure::Other(format!(
            "{waiting} mails wait and no mail server is set up; start the server with `--smtp` and its address, or `--smtp file:` and a folder"
        ))),
    }
}

async fn send(run: &Run<'_>, mailer: &Mailer, message: &Message, tally: &mut Tally) -> Result<(), JobFailure> {
    let address = {
        let mut tx = run.context.store.read(run.school).await?;
        people::find(&mut tx, message.to).await?.and_then(|person| person.email)
    };
    let outcome = match &address {
        Some(address) => mailer.send(&message.id.to_string(), address, &message.subject, &message.body).await,
        None => Err(MailerError::To),
    };
    let now = (run.context.clock)();
    let mut tx = run.context.store.begin(&ACTOR, run.school, now).await?;
    match outcome {
        Ok(()) => {
            outbox::mark_sent(&mut tx, message.id).await?;
            tally.sent += 1;
            tally.again += usize::from(message.attempts > 1 && message.last_failure.is_none());
        }
        Err(failure) => {
            let for_good = matches!(failure, MailerError::To | MailerError::Content) || message.attempts >= ATTEMPTS;
            let again_at = now.saturating_add(wait_after(message.attempts)).ok().filter(|_| !for_good);
            outbox::mark_failed(&mut tx, message.id, &failure.to_string(), again_at).await?;
            *(if for_good { &mut tally.given_up } else { &mut tally.later }) += 1;
            tally.last_failure = Some(failure.to_string());
        }
    }
    tx.commit().await?;
    Ok(())
}
