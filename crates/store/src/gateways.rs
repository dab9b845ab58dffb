//! Gateways that run as programs of their own, away from the server: added by somebody, proved by a token of which only the hash
//! is kept, seen by their heartbeats, revoked. What a gateway is given is the binary's; what a heartbeat means on a page, the web's.

use crate::error::{Result, StoreError};
use crate::sql::{Row, bind, json};
use crate::tables::GATEWAYS;
use crate::transaction::Tx;
use belisha_records::{GatewayId, PersonId};
use jiff::Timestamp;
use std::collections::BTreeMap;

/// A gateway of the school.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gateway {
    /// Id.
    pub id: GatewayId,
    /// What people call it: `Main building`.
    pub name: String,
    /// SHA-256 of its token's secret, in hexadecimal.
    pub token_hash: String,
    /// Who added it.
    pub created_by: Option<PersonId>,
    /// When.
    pub created_at: Timestamp,
    /// From when on its token opens nothing.
    pub revoked_at: Option<Timestamp>,
    /// Its last heartbeat; `None` before the first.
    pub last_seen: Option<Seen>,
}

/// What a gateway last said of itself. It names nobody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// When the server heard it.
    pub at: Timestamp,
    /// Version of its program.
    pub version: String,
    /// Which rules it holds: their tag; `None`: none.
    pub rules_tag: Option<String>,
    /// When the server made these rules.
    pub rules_made_at: Option<Timestamp>,
    /// Its counters since it was started.
    pub counters: BTreeMap<String, u64>,
}

const COLUMNS: &str = "id, name, token_hash, created_by, created_at, revoked_at, last_seen_at, version, rules_tag, rules_made_at, counters";

/// Adds a gateway.
///
/// # Errors
/// `Conflict` when the id is taken; `ReadOnly`.
pub async fn insert(tx: &mut Tx, gateway: &Gateway) -> Result<()> {
    let school = tx.writes("gateways")?;
    let text = "INSERT INTO gateways (school_id, id, name, token_hash, created_by, created_at) VALUES ($1, $2, $3, $4, $5, $6)";
    let values = bind![school, gateway.id, &gateway.name, &gateway.token_hash, gateway.created_by, gateway.created_at];
    tx.execute(text, values).await?;
    tx.wrote(&GATEWAYS, gateway.id, "added");
    Ok(())
}

/// Ends a gateway's token.
///
/// # Errors
/// `Missing` when it is not there or was revoked before; `ReadOnly`.
pub async fn revoke(tx: &mut Tx, gateway: GatewayId) -> Result<()> {
    let school = tx.writes("gateways")?;
    let text = "UPDATE gateways SET revoked_at = $3 WHERE school_id = $1 AND id = $2 AND revoked_at IS NULL";
    if tx.execute(text, bind![school, gateway, tx.now()]).await? == 0 {
        return Err(StoreError::Missing("gateway"));
    }
    tx.wrote(&GATEWAYS, gateway, "revoked");
    Ok(())
}

/// Notes a heartbeat. It is no act of anybody's, so it leaves no entry.
///
/// # Errors
/// `ReadOnly`, `Busy`.
pub async fn seen(tx: &mut Tx, gateway: GatewayId, seen: &Seen) -> Result<()> {
    let school = tx.writes("gateways")?;
    let text = "UPDATE gateways SET last_seen_at = $3, version = $4, rules_tag = $5, rules_made_at = $6, counters = $7
        WHERE school_id = $1 AND id = $2 AND revoked_at IS NULL";
    let counters = json(&seen.counters)?;
    let values = bind![school, gateway, seen.at, &seen.version, &seen.rules_tag, seen.rules_made_at, counters];
    tx.execute(text, values).await?;
    Ok(())
}

/// A gateway, revoked or not.
///
/// # Errors
/// `Unreachable`, `Corrupt`.
pub async fn find(tx: &mut Tx, gateway: GatewayId) -> Result<Option<Gateway>> {
    let text = format!("SELECT {COLUMNS} FROM gateways WHERE school_id = $1 AND id = $2");
    tx.one(&text, bind![tx.school()?, gateway]).await?.as_ref().map(read).transpose()
}

/// The gateways that are not revoked, by name.
///
/// # Errors
/// `Unreachable`, `Corrupt`.
pub async fn list(tx: &mut Tx) -> Result<Vec<Gateway>> {
    let text = format!("SELECT {COLUMNS} FROM gateways WHERE school_id = $1 AND revoked_at IS NULL ORDER BY name, id");
    tx.all(&text, bind![tx.school()?]).await?.iter().map(read).collect()
}

fn read(row: &Row) -> Result<Gateway> {
    let last_seen = match row.maybe_time("last_seen_at")? {
        None => None,
        Some(at) => Some(Seen {
            at,
            version: row.maybe_text("version")?.unwrap_or_default(),
            rules_tag: row.maybe_text("rules_tag")?,
            rules_made_at: row.maybe_time("rules_made_at")?,
            counters: row.maybe_json("counters")?.unwrap_or_default(),
        }),
    };
    Ok(Gateway {
        id: row.parsed("id")?,
        name: row.text("name")?,
        token_hash: row.text("token_hash")?,
        created_by: row.maybe_parsed("created_by")?,
        created_at: row.time("created_at")?,
        revoked_at: row.maybe_time("revoked_at")?,
        last_seen,
    })
}
