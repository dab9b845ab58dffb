//! Mails that wait to be sent. A mail says that something waits, never what; its words are the caller's. Attempts to send
//! are nobody's act and leave no entry; that a mail was written, sent or given up does.

use crate::error::{Result, StoreError};
use crate::sql::{Row, bind};
use crate::tables::OUTBOX;
use crate::transaction::Tx;
use belisha_records::{MessageId, PersonId};
use jiff::Timestamp;

/// A mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Id.
    pub id: MessageId,
    /// To whom; the address is looked up when it is sent.
    pub to: PersonId,
    /// Subject.
    pub subject: String,
    /// Text.
    pub body: String,
    /// When it was written.
    pub created_at: Timestamp,
    /// When it was sent.
    pub sent_at: Option<Timestamp>,
    /// When sending was given up.
    pub given_up_at: Option<Timestamp>,
    /// How often it was tried, the present attempt included.
    pub attempts: i64,
    /// Why the last attempt failed, without the address.
    pub last_failure: Option<String>,
}

const COLUMNS: &str = "id, to_person, subject, body, created_at, sent_at, given_up_at, attempts, last_failure";

/// Writes a mail, to be sent at once.
///
/// # Errors
/// `Conflict` when there is no such person; `ReadOnly`.
pub async fn queue(tx: &mut Tx, to: PersonId, subject: &str, body: &str) -> Result<MessageId> {
    let school = tx.writes("the outbox")?;
    let id: MessageId = tx.new_id();
    let text = "INSERT INTO outbox (school_id, id, to_person, subject, body, created_at, attempts, next_attempt_at) VALUES ($1, $2, $3, $4, $5, $6, 0, $6)";
    tx.execute(text, bind![school, id, to, subject, body, tx.now()]).await?;
    tx.wrote(&OUTBOX, id, "queued");
    Ok(id)
}

/// Takes mails that are due, and keeps them from every other sender until `again_at`: should this one die, they are tried
/// again then.
///
/// # Errors
/// `ReadOnly`, `Busy`.
pub async fn claim(tx: &mut Tx, limit: u32, again_at: Timestamp) -> Result<Vec<Message>> {
    let school = tx.writes("the outbox")?;
    let text = format!(
        "UPDATE outbox SET attempts = attempts + 1, next_attempt_at = $3
         WHERE school_id = $1 AND sent_at IS NULL AND given_up_at IS NULL AND next_attempt_at <= $2 AND id IN (SELECT id FROM outbox
           WHERE school_id = $1 AND sent_at IS NULL AND given_up_at IS NULL AND next_attempt_at <= $2 ORDER BY next_attempt_at, id LIMIT $4)
         RETURNING {COLUMNS}"
    );
    let rows = tx.all(&text, bind![school, tx.now(), again_at, i64::from(limit)]).await?;
    let mut messages = rows.iter().map(read).collect::<Result<Vec<_>>>()?;
    messages.sort_by_key(|message| (message.created_at, message.id));
    Ok(messages)
}

/// Says that a mail was sent.
///
/// # Errors
/// `Missing` when it does not wait; `ReadOnly`.
pub async fn mark_sent(tx: &mut Tx, message: MessageId) -> Result<()> {
    let school = tx.writes("the outbox")?;
    let text =
        "UPDATE outbox SET sent_at = $3, last_failure = NULL WHERE school_id = $1 AND id = $2 AND sent_at IS NULL";
    if tx.execute(text, bind![school, message, tx.now()]).await? == 0 {
        return Err(StoreError::Missing("mail that waits"));
    }
    tx.wrote(&OUTBOX, message, "sent");
    Ok(())
}

/// Says that an attempt failed: tried again at `again_at`, or given up when that is `None`. `why` holds no address.
///
/// # Errors
/// `Missing` when it does not wait; `ReadOnly`.
pub async fn mark_failed(tx: &mut Tx, message: MessageId, why: &str, again_at: Option<Timestamp>) -> Result<()> {
    let school = tx.writes("the outbox")?;
    let given_up = again_at.is_none().then(|| tx.now());
    let text = "UPDATE outbox SET last_failure = $3, next_attempt_at = COALESCE($4, next_attempt_at), given_up_at = $5
        WHERE school_id = $1 AND id = $2 AND sent_at IS NULL";
    if tx.execute(text, bind![school, message, why, again_at, given_up]).await? == 0 {
        return Err(StoreError::Missing("mail that waits"));
    }
    if given_up.is_some() {
        tx.wrote(&OUTBOX, message, "given-up");
    }
    Ok(())
}

/// Number of mails that wait.
///
/// # Errors
/// `Unreachable`, `Corrupt`.
pub async fn count_waiting(tx: &mut Tx) -> Result<u64> {
    let text = "SELECT COUNT(*) AS mails FROM outbox WHERE school_id = $1 AND sent_at IS NULL AND given_up_at IS NULL";
    let row = tx.one(text, bind![tx.school()?]).await?;
    Ok(row.map(|row| row.number("mails")).transpose()?.and_then(|count| u64::try_from(count).ok()).unwrap_or(0))
}

/// The newest mails, sent or not.
///
/// # Errors
/// `Unreachable`, `Corrupt`.
pub async fn list(tx: &mut Tx, limit: u32) -> Result<Vec<Message>> {
    let text = format!("SELECT {COLUMNS} FROM outbox WHERE school_id = $1 ORDER BY created_at DESC, id LIMIT $2");
    tx.all(&text, bind![tx.school()?, i64::from(limit)]).await?.iter().map(read).collect()
}

fn read(row: &Row) -> Result<Message> {
    Ok(Message {
        id: row.parsed("id")?,
        to: row.parsed("to_person")?,
        subject: row.text("subject")?,
        body: row.text("body")?,
        created_at: row.time("created_at")?,
        sent_at: row.maybe_time("sent_at")?,
        given_up_at: row.maybe_time("given_up_at")?,
        attempts: row.number("attempts")?,
        last_failure: row.maybe_text("last_failure")?,
    })
}
