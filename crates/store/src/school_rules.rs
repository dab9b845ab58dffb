//! The hosts that a school itself opens or closes, for everybody or for some, each with a reason, an owner and a day.

use crate::error::{Result, StoreError};
use crate::sql::{Row, bind, json, word};
use crate::tables::SCHOOL_RULES;
use crate::transaction::Tx;
use belisha_policy::still_for;
use belisha_records::{PersonId, SchoolId};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// What the school does with a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HostAction {
    /// Opens it, whatever its category.
    Allow,
    /// Closes it.
    Deny,
    /// The local authority opens it; the school's own word comes before it.
    AuthorityAllow,
    /// The local authority closes it.
    AuthorityDeny,
}

impl HostAction {
    /// Whether the rule is the local authority's, kept here for it.
    pub fn is_the_authoritys(self) -> bool {
        matches!(self, HostAction::AuthorityAllow | HostAction::AuthorityDeny)
    }
}

/// A rule of the school's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostRule {
    /// Id; empty before it is stored.
    pub id: String,
    /// Host and everything below it, lower case.
    pub host: String,
    /// What is done with it.
    pub action: HostAction,
    /// For whom: keys of groups, and of year groups as `year:7`. Empty: everybody.
    pub groups: Vec<String>,
    /// Why.
    pub reason: String,
    /// Who answers for it.
    pub owner: Option<PersonId>,
    /// Day it was made.
    pub on: Date,
}

/// Makes a rule, in the place of what was said about the same host for the same people: by the school in the place of the
/// school's word, by the authority in the place of the authority's. An older rule that names others too stays for them, as
/// [`still_for`] says. Answers the new id.
///
/// # Errors
/// `ReadOnly`, `Busy`.
pub async fn insert(tx: &mut Tx, rule: &HostRule) -> Result<String> {
    let school = tx.writes("the school's rules")?;
    let about_the_same = |other: &HostRule| {
        other.host == rule.host && other.action.is_the_authoritys() == rule.action.is_the_authoritys()
    };
    for older in list(tx).await?.into_iter().filter(about_the_same) {
        match still_for(&older.groups, &rule.groups) {
            Some(left) if left == older.groups => {}
            left => {
                end(tx, school, &older.id, "replaced").await?;
                if let Some(groups) = left {
                    add(tx, school, &HostRule { groups, ..older }).await?;
                }
            }
        }
    }
    add(tx, school, rule).await
}

async fn add(tx: &mut Tx, school: SchoolId, rule: &HostRule) -> Result<String> {
    let id = tx.new_key();
    let groups = if rule.groups.is_empty() { None } else { Some(json(&rule.groups)?) };
    let text = "INSERT INTO school_rules (school_id, id, host, action, reason, owner_id, on_date, audience_groups)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    let values = bind![school, &id, &rule.host, word(&rule.action)?, &rule.reason, rule.owner, rule.on, groups];
    tx.execute(text, values).await?;
    tx.wrote(&SCHOOL_RULES, &id, "made");
    Ok(id)
}

async fn end(tx: &mut Tx, school: SchoolId, id: &str, verb: &'static str) -> Result<()> {
    let text = "UPDATE school_rules SET removed_at = $3 WHERE school_id = $1 AND id = $2 AND removed_at IS NULL";
    if tx.execute(text, bind![school, id, tx.now()]).await? == 0 {
        return Err(StoreError::Missing("rule of the school"));
    }
    tx.wrote(&SCHOOL_RULES, id, verb);
    Ok(())
}

/// Takes a rule back.
///
/// # Errors
/// `Missing`, `ReadOnly`.
pub async fn remove(tx: &mut Tx, id: &str) -> Result<()> {
    let school = tx.writes("the school's rules")?;
    end(tx, school, id, "removed").await
}

/// The rules in use, by host.
///
/// # Errors
/// `Unreachable`, `Corrupt`.
pub async fn list(tx: &mut Tx) -> Result<Vec<HostRule>> {
    let text = "SELECT id, host, action, reason, owner_id, on_date, audience_groups FROM school_rules
        WHERE school_id = $1 AND removed_at IS NULL ORDER BY host, id";
    tx.all(text, bind![tx.school()?]).await?.iter().map(read).collect()
}

fn read(row: &Row) -> Result<HostRule> {
    Ok(HostRule {
        id: row.text("id")?,
        host: row.text("host")?,
        action: row.word("action")?,
        groups: row.maybe_json("audience_groups")?.unwrap_or_default(),
        reason: row.text("reason")?,
        owner: row.maybe_parsed("owner_id")?,
        on: row.parsed("on_date")?,
    })
}
