//! The school's register of devices: whose kind of device each is, and perhaps whose. Who is signed in from which address is
//! `devices`; what a device means for the filter is the gateway's.

use crate::error::{Result, StoreError};
use crate::sql::{Row, bind, word};
use crate::tables::REGISTERED_DEVICES;
use crate::transaction::Tx;
use belisha_policy::DeviceKind;
use belisha_records::{MacAddress, PersonId, RegisteredDeviceId};

/// A device in the register.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegisteredDevice {
    /// Its number.
    pub id: RegisteredDeviceId,
    /// Address of its network card; only one device in use has it.
    pub mac: MacAddress,
    /// The column of the device table.
    pub kind: DeviceKind,
    /// Whom it was given to, or whose it is.
    pub person: Option<PersonId>,
    /// Whether several people use it.
    pub shared: bool,
    /// What people call it.
    pub label: String,
    /// Where it stands.
    pub room: Option<String>,
    /// Anything else.
    pub notes: Option<String>,
}

const COLUMNS: &str = "id, mac, kind, person_id, shared, label, room, notes";

/// Enters a device.
///
/// # Errors
/// `Conflict` when a device in use has the same network card; `ReadOnly`.
pub async fn insert(tx: &mut Tx, device: &RegisteredDevice) -> Result<()> {
    let school = tx.writes("the register of devices")?;
    let text = format!(
        "INSERT INTO registered_devices (school_id, {COLUMNS}, registered_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"
    );
    let values = bind![
        school,
        device.id,
        device.mac.to_string(),
        word(&device.kind)?,
        device.person,
        device.shared,
        &device.label,
        &device.room,
        &device.notes,
        tx.now(),
    ];
    tx.execute(&text, values).await?;
    tx.wrote(&REGISTERED_DEVICES, device.id, "entered");
    Ok(())
}

/// Corrects a device.
///
/// # Errors
/// `Missing` when it is not in use; `Conflict` when another device in use has the same network card; `ReadOnly`.
pub async fn update(tx: &mut Tx, device: &RegisteredDevice) -> Result<()> {
    let school = tx.writes("the register of devices")?;
    let text = "UPDATE registered_devices SET mac = $3, kind = $4, person_id = $5, shared = $6, label = $7, room = $8, notes = $9
         WHERE school_id = $1 AND id = $2 AND retired_at IS NULL";
    let values = bind![
        school,
        device.id,
        device.mac.to_string(),
        word(&device.kind)?,
        device.person,
        device.shared,
        &device.label,
        &device.room,
        &device.notes,
    ];
    if tx.execute(text, values).await? == 0 {
        return Err(StoreError::Missing("device"));
    }
    tx.wrote(&REGISTERED_DEVICES, device.id, "corrected");
    Ok(())
}

/// Takes a device out of use.
///
/// # Errors
/// `Missing` when it is not in use; `ReadOnly`.
pub async fn retire(tx: &mut Tx, device: RegisteredDeviceId) -> Result<()> {
    let school = tx.writes("the register of devices")?;
    let text = "UPDATE registered_devices SET retired_at = $3 WHERE school_id = $1 AND id = $2 AND retired_at IS NULL";
    if tx.execute(text, bind![school, device, tx.now()]).await? == 0 {
        return Err(StoreError::Missing("device"));
    }
    tx.wrote(&REGISTERED_DEVICES, device, "retired");
    Ok(())
}

/// A device in use.
///
/// # Errors
/// `Unreachable`, `Corrupt`.
pub async fn find(tx: &mut Tx, device: RegisteredDeviceId) -> Result<Option<RegisteredDevice>> {
    let text =
        format!("SELECT {COLUMNS} FROM registered_devices WHERE school_id = $1 AND id = $2 AND retired_at IS NULL");
    tx.one(&text, bind![tx.school()?, device]).await?.as_ref().map(read).transpose()
}

/// The devices in use, by label.
///
/// # Errors
/// `Unreachable`, `Corrupt`.
pub async fn list(tx: &mut Tx) -> Result<Vec<RegisteredDevice>> {
    let text = format!(
        "SELECT {COLUMNS} FROM registered_devices WHERE school_id = $1 AND retired_at IS NULL ORDER BY label, id"
    );
    tx.all(&text, bind![tx.school()?]).await?.iter().map(read).collect()
}

fn read(row: &Row) -> Result<RegisteredDevice> {
    Ok(RegisteredDevice {
        id: row.parsed("id")?,
        mac: row.parsed("mac")?,
        kind: row.word("kind")?,
        person: row.maybe_parsed("person_id")?,
        shared: row.flag("shared")?,
        label: row.text("label")?,
        room: row.maybe_text("room")?,
        notes: row.maybe_text("notes")?,
    })
}
