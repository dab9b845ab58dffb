//! The hosts that a school itself opens or closes, each with a reason, an owner and a day.

use crate::error::{Result, StoreError};
use crate::sql::{Row, bind, word};
use crate::tables::SCHOOL_RULES;
use crate::transaction::Tx;
use belisha_records::PersonId;
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
    /// Why.
    pub reason: String,
    /// Who answers for it.
    pub owner: Option<PersonId>,
    /// Day it was made.
    pub on: Date,
}

/// Makes a rule, in the place of the one for the same host if there is one: the school's in the place of the school's, the
/// authority's in the place of the authority's. Answers the new id.
///
/// # Errors
/// `ReadOnly`, `Busy`.
pub async fn insert(tx: &mut Tx, rule: &HostRule) -> Result<String> {
    let school = tx.writes("the school's rules")?;
    let text = "UPDATE school_rules SET removed_at = $3 WHERE school_id = $1 AND host = $2 AND action IN ($4, $5) AND removed_at IS NULL RETURNING id";
    let [allow, deny] = match rule.action.is_the_authoritys() {
        true => [HostAction::AuthorityAllow, HostAction::AuthorityDeny],
        false => [HostAction::Allow, HostAction::Deny],
    };
    for row in tx.all(text, bind![school, &rule.host, tx.now(), word(&allow)?, word(&deny)?]).await? {
        tx.wrote(&SCHOOL_RULES, row.text("id")?, "replaced");
    }
    let id = tx.new_key();
    let text = "INSERT INTO school_rules (school_id, id, host, action, reason, owner_id, on_date) VALUES ($1, $2, $3, $4, $5, $6, $7)";
    tx.execute(text, bind![school, &id, &rule.host, word(&rule.action)?, &rule.reason, rule.owner, rule.on]).await?;
    tx.wrote(&SCHOOL_RULES, &id, "made");
    Ok(id)
}

/// Takes a rule back.
///
/// # Errors
/// `Missing`, `ReadOnly`.
pub async fn remove(tx: &mut Tx, id: &str) -> Result<()> {
    let school = tx.writes("the school's rules")?;
    let text = "UPDATE school_rules SET removed_at = $3 WHERE school_id = $1 AND id = $2 AND removed_at IS NULL";
    if tx.execute(text, bind![school, id, tx.now()]).await? == 0 {
        return Err(StoreError::Missing("rule of the school"));
    }
    tx.wrote(&SCHOOL_RULES, id, "removed");
    Ok(())
}

/// The rules in use, by host.
///
/// # Errors
/// `Unreachable`, `Corrupt`.
pub async fn list(tx: &mut Tx) -> Result<Vec<HostRule>> {
    let text = "SELECT id, host, action, reason, owner_id, on_date FROM school_rules WHERE school_id = $1 AND removed_at IS NULL ORDER BY host";
    tx.all(text, bind![tx.school()?]).await?.iter().map(read).collect()
}

fn read(row: &Row) -> Result<HostRule> {
    Ok(HostRule {
        id: row.text("id")?,
        host: row.text("host")?,
        action: row.word("action")?,
        reason: row.text("reason")?,
        owner: row.maybe_parsed("owner_id")?,
        on: row.parsed("on_date")?,
    })
}
