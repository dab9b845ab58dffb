//! Which person signed in at the portal from which address, and until when that holds.

use crate::error::Result;
use crate::sql::{Row, bind};
use crate::tables::DEVICES;
use crate::transaction::Tx;
use belisha_records::{DeviceId, PersonId};
use jiff::Timestamp;

/// A sign-in of a device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceSignIn {
    /// Id.
    pub id: DeviceId,
    /// Address of the device.
    pub address: String,
    /// Who is at it.
    pub person: PersonId,
    /// Since.
    pub signed_in_at: Timestamp,
    /// Until, unless signed out before.
    pub expires_at: Timestamp,
    /// When signed out.
    pub signed_out_at: Option<Timestamp>,
}

const COLUMNS: &str = "id, address, person_id, signed_in_at, expires_at, signed_out_at";

/// Signs a person in from an address, and whoever was signed in from it out.
///
/// # Errors
/// `Conflict` when there is no such person; `ReadOnly`.
pub async fn sign_in(tx: &mut Tx, address: &str, person: PersonId, expires_at: Timestamp) -> Result<DeviceSignIn> {
    let school = tx.writes("devices")?;
    sign_out(tx, address).await?;
    let device = DeviceSignIn {
        id: tx.new_id(),
        address: address.to_owned(),
        person,
        signed_in_at: tx.now(),
        expires_at,
        signed_out_at: None,
    };
    let text = "INSERT INTO devices (school_id, id, address, person_id, signed_in_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6)";
    tx.execute(text, bind![school, device.id, address, person, device.signed_in_at, expires_at]).await?;
    tx.wrote(&DEVICES, device.id, "signed-in");
    Ok(device)
}

/// Signs out whoever is signed in from an address.
///
/// # Errors
/// `ReadOnly`, `Busy`.
pub async fn sign_out(tx: &mut Tx, address: &str) -> Result<()> {
    let school = tx.writes("devices")?;
    let text = "UPDATE devices SET signed_out_at = $3 WHERE school_id = $1 AND address = $2 AND signed_out_at IS NULL RETURNING id";
    for row in tx.all(text, bind![school, address, tx.now()]).await? {
        tx.wrote(&DEVICES, row.text("id")?, "signed-out");
    }
    Ok(())
}

/// The sign-ins that hold at `now`, by address.
///
/// # Errors
/// `Unreachable`, `Corrupt`.
pub async fn list_open(tx: &mut Tx, now: Timestamp) -> Result<Vec<DeviceSignIn>> {
    let text = format!(
        "SELECT {COLUMNS} FROM devices WHERE school_id = $1 AND signed_out_at IS NULL AND expires_at > $2 ORDER BY address"
    );
    tx.all(&text, bind![tx.school()?, now]).await?.iter().map(read).collect()
}

/// Who was signed in from an address at a moment; nobody is the answer when it is not certain.
///
/// # Errors
/// `Unreachable`, `Corrupt`.
pub async fn at_address(tx: &mut Tx, address: &str, at: Timestamp) -> Result<Option<DeviceSignIn>> {
    let text = format!(
        "SELECT {COLUMNS} FROM devices WHERE school_id = $1 AND address = $2 AND signed_in_at <= $3 AND expires_at > $3
         AND (signed_out_at IS NULL OR signed_out_at > $3) ORDER BY signed_in_at DESC LIMIT 1"
    );
    tx.one(&text, bind![tx.school()?, address, at]).await?.as_ref().map(read).transpose()
}

/// Removes sign-ins that ended before a time. Answers how many.
///
/// # Errors
/// `ReadOnly`, `Busy`.
pub async fn purge(tx: &mut Tx, before: Timestamp) -> Result<u64> {
    let school = tx.writes("devices")?;
    let text = "DELETE FROM devices WHERE school_id = $1 AND (expires_at < $2 OR signed_out_at < $2) RETURNING id";
    let gone = tx.all(text, bind![school, before]).await?;
    for row in &gone {
        tx.wrote(&DEVICES, row.text("id")?, "removed");
    }
    Ok(gone.len() as u64)
}

fn read(row: &Row) -> Result<DeviceSignIn> {
    Ok(DeviceSignIn {
        id: row.parsed("id")?,
        address: row.text("address")?,
        person: row.parsed("person_id")?,
        signed_in_at: row.time("signed_in_at")?,
        expires_at: row.time("expires_at")?,
        signed_out_at: row.maybe_time("signed_out_at")?,
    })
}
