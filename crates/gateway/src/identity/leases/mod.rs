//! DHCP leases: which device has which address. The server's own lease file is read again whenever it changed; each kind of
//! file is read in a module of its own, as text and without a clock. A lease names a device and never a person.

mod dnsmasq;
mod isc;
mod table_file;

use super::config::{LeaseFile, interval};
use super::source::DeviceSource;
use super::table::IdentityTable;
use crate::gateway::Shared;
use crate::metrics::count;
use belisha_records::MacAddress;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use std::collections::HashMap;
use std::io::Read as _;
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

/// Largest lease file read, in bytes: some hundred thousand leases.
const LARGEST: u64 = 64 * 1024 * 1024;
/// Most leases taken from a file.
const MOST: usize = 65_536;
/// How long a lease without an end, or whose end the file does not say readably, is believed after the file was read.
const WITHOUT_END: SignedDuration = SignedDuration::from_hours(12);

/// How a lease file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LeaseFormat {
    /// `dhcpd.leases` of the ISC server.
    Isc,
    /// `dnsmasq.leases`.
    Dnsmasq,
    /// Kea's memfile, `kea-leases4.csv` or `kea-leases6.csv`.
    Kea,
    /// What `Get-DhcpServerv4Lease | Export-Csv` writes on a Windows server.
    WindowsCsv,
}

/// What a file last says of an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lease {
    /// A device has it, until then; `None`: without end, or the file does not say.
    Held(MacAddress, Option<Timestamp>),
    /// The device gave it back, or the server took it.
    Ended(MacAddress),
}

/// The newest statement about each address of a lease file. Lines that cannot be read are passed over: a file may be read
/// while it is being written.
pub(crate) fn read_leases(format: LeaseFormat, text: &str) -> HashMap<IpAddr, Lease> {
    let mut leases = HashMap::new();
    let mut take = |address: IpAddr, lease: Lease| {
        if leases.len() < MOST || leases.contains_key(&address) {
            leases.insert(address, lease);
        }
    };
    match format {
        LeaseFormat::Isc => isc::read(text, &mut take),
        LeaseFormat::Dnsmasq => dnsmasq::read(text, &mut take),
        LeaseFormat::Kea => table_file::read_kea(text, &mut take),
        LeaseFormat::WindowsCsv => table_file::read_windows(text, &mut take),
    }
    leases
}

/// Reads one lease file whenever it changed, until the task is stopped.
pub(crate) async fn watch(shared: Arc<Shared>, file: LeaseFile) {
    let mut every = tokio::time::interval(interval(file.every));
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut seen = None;
    let mut failing = false;
    loop {
        every.tick().await;
        let (path, format, last) = (file.path.clone(), file.format, seen);
        let read = tokio::task::spawn_blocking(move || changed_leases(&path, format, last)).await;
        let counters = shared.identity.counters();
        match read {
            Ok(Ok(None)) => {}
            Ok(Ok(Some((state, leases)))) => {
                (seen, failing) = (Some(state), false);
                count(&counters.lease_files_read);
                tell(&shared.identity, &leases, shared.now());
            }
            Ok(Err(error)) => {
                count(&counters.lease_files_failed);
                if !std::mem::replace(&mut failing, true) {
                    let path = file.path.display();
                    tracing::warn!("cannot read the lease file `{path}`: {error}; see that the gateway may read it");
                }
            }
            // The program is stopping.
            Err(_) => return,
        }
    }
}

/// When a file was written, and its length: if neither changed it need not be read.
type State = (SystemTime, u64);

fn changed_leases(
    path: &Path,
    format: LeaseFormat,
    seen: Option<State>,
) -> std::io::Result<Option<(State, HashMap<IpAddr, Lease>)>> {
    let file = std::fs::File::open(path)?;
    let about = file.metadata()?;
    let state = (about.modified()?, about.len());
    if seen == Some(state) {
        return Ok(None);
    }
    let mut bytes = Vec::new();
    file.take(LARGEST).read_to_end(&mut bytes)?;
    Ok(Some((state, read_leases(format, &String::from_utf8_lossy(&bytes)))))
}

/// Tells the table what a file says, from now on.
fn tell(table: &IdentityTable, leases: &HashMap<IpAddr, Lease>, now: Timestamp) {
    let source = DeviceSource::DhcpLease;
    for (address, lease) in leases {
        match lease {
            Lease::Held(device, until) => {
                let until = until.or_else(|| now.checked_add(WITHOUT_END).ok()).unwrap_or(now);
                table.device_seen(*address, *device, source, now, until);
            }
            Lease::Ended(device) => table.device_left(*address, *device, source, now),
        }
    }
}

#[cfg(test)]
mod tests;
