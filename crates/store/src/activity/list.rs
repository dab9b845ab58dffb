//! Reading visits. Whose they were is told only in a transaction that says why it looks that person up.

use super::{COLUMNS, Visit, read};
use crate::error::{Result, StoreError};
use crate::sql::bind;
use crate::transaction::Tx;
use belisha_records::{Actor, PersonId};
use jiff::Timestamp;
use std::collections::HashMap;

/// What a person visited between two times, the newest first. The second time is excluded.
///
/// # Errors
/// `ReadOnly` unless [`crate::look_ups::insert`] said why, in the same transaction; `Unreachable`, `Corrupt`.
pub async fn list_of(
    tx: &mut Tx,
    person: PersonId,
    from: Timestamp,
    until: Timestamp,
    limit: u32,
) -> Result<Vec<Visit>> {
    if !tx.looks_up(person) {
        return Err(StoreError::ReadOnly("a look-up without a reason"));
    }
    of(tx, person, from, until, limit).await
}

/// What the transaction's actor visited themselves, the newest first. The second time is excluded.
///
/// # Errors
/// `ReadOnly` when the actor is no person; `Unreachable`, `Corrupt`.
pub async fn list_own(tx: &mut Tx, from: Timestamp, until: Timestamp, limit: u32) -> Result<Vec<Visit>> {
    let Some(Actor::Person(person)) = tx.actor() else {
        return Err(StoreError::ReadOnly("the visits of nobody"));
    };
    let person = *person;
    of(tx, person, from, until, limit).await
}

async fn of(tx: &mut Tx, person: PersonId, from: Timestamp, until: Timestamp, limit: u32) -> Result<Vec<Visit>> {
    let text = format!(
        "SELECT {COLUMNS} FROM activity WHERE school_id = $1 AND person_id = $2 AND at >= $3 AND at < $4 ORDER BY at DESC, batch DESC, position DESC LIMIT $5"
    );
    tx.all(&text, bind![tx.school()?, person, from, until, i64::from(limit)]).await?.iter().map(read).collect()
}

/// What was visited between two times by anybody, the newest first, without saying by whom or on which device; with one
/// action only, where one is given. The second time is excluded.
///
/// # Errors
/// `Unreachable`, `Corrupt`.
pub async fn list_between(
    tx: &mut Tx,
    action: Option<&str>,
    from: Timestamp,
    until: Timestamp,
    limit: u32,
) -> Result<Vec<Visit>> {
    let text = format!(
        "SELECT {COLUMNS} FROM activity WHERE school_id = $1 AND ($2 = '' OR action = $2) AND at >= $3 AND at < $4
         ORDER BY at DESC, batch DESC, position DESC LIMIT $5"
    );
    let rows = tx.all(&text, bind![tx.school()?, action.unwrap_or_default(), from, until, i64::from(limit)]).await?;
    rows.iter().map(read).map(|visit| visit.map(without_person)).collect()
}

/// What was searched for between two times, the newest first, without saying by whom. The second time is excluded.
///
/// # Errors
/// `Unreachable`, `Corrupt`.
pub async fn list_search_terms(tx: &mut Tx, from: Timestamp, until: Timestamp, limit: u32) -> Result<Vec<Visit>> {
    let text = format!(
        "SELECT {COLUMNS} FROM activity WHERE school_id = $1 AND search_term IS NOT NULL AND at >= $2 AND at < $3
         ORDER BY at DESC, batch DESC, position DESC LIMIT $4"
    );
    let rows = tx.all(&text, bind![tx.school()?, from, until, i64::from(limit)]).await?;
    rows.iter().map(read).map(|visit| visit.map(without_person)).collect()
}

/// A request as it may be counted: whoever made it is a number that means nothing outside the one list it is in.
#[derive(Clone, PartialEq, Eq)]
pub struct Counted {
    /// When.
    pub at: Timestamp,
    /// Filter group the decision was made for.
    pub group: String,
    /// Host asked for.
    pub host: String,
    /// The same number for the same person; `None` where nobody was known.
    pub person: Option<usize>,
}

/// What was asked for by name between two times, the newest first, to try rules on. The second time is excluded.
///
/// # Errors
/// `Unreachable`, `Corrupt`.
pub async fn list_to_count(tx: &mut Tx, from: Timestamp, until: Timestamp, limit: u32) -> Result<Vec<Counted>> {
    let text = "SELECT at, person_id, audience_group, host FROM activity WHERE school_id = $1 AND host <> '' AND at >= $2 AND at < $3
         ORDER BY at DESC, batch DESC, position DESC LIMIT $4";
    let rows = tx.all(text, bind![tx.school()?, from, until, i64::from(limit)]).await?;
    let mut numbers: HashMap<String, usize> = HashMap::new();
    let counted = rows.iter().map(|row| {
        let person = row.maybe_text("person_id")?.map(|person| {
            let next = numbers.len();
            *numbers.entry(person).or_insert(next)
        });
        Ok(Counted { at: row.time("at")?, group: row.text("audience_group")?, host: row.text("host")?, person })
    });
    counted.collect()
}

fn without_person(visit: Visit) -> Visit {
    Visit { person: None, device: String::new(), confidence: None, device_kind: None, ..visit }
}
