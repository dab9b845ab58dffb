//! Which sessions the access points and switches say are running, so that a packet sent twice or too late changes nothing.
//! Whom a session names, and where, is kept in `table.rs`.

use super::packet::{Accounting, Status};
use crate::identity::table::{IdentityTable, Session};
use belisha_records::MacAddress;
use belisha_records::PersonId;
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::net::IpAddr;

/// Most sessions remembered.
const MOST: usize = 65_536;
/// How long an ended session is remembered, so that a late packet does not open it again.
const ENDED_FOR: SignedDuration = SignedDuration::from_mins(15);

#[derive(Debug)]
struct Known {
    addresses: Vec<IpAddr>,
    device: Option<MacAddress>,
    /// Sender and name of the access point.
    access_point: u64,
    /// When it is over unless it is renewed, or until when it is remembered as ended.
    until: Timestamp,
    ended: bool,
}

/// The sessions of all access points and switches.
#[derive(Debug, Default)]
pub(super) struct Sessions(HashMap<u64, Known>);

impl Sessions {
    /// Takes a packet into account. `silent`: how long a session holds without a word. `false`: too many sessions; the packet
    /// must not be acknowledged.
    pub(super) fn take(
        &mut self,
        packet: &Accounting,
        sender: IpAddr,
        person: Option<PersonId>,
        silent: SignedDuration,
        now: Timestamp,
        table: &IdentityTable,
    ) -> bool {
        let access_point = hash(&[sender.to_string().as_bytes(), &packet.access_point]);
        let key = hash(&[&access_point.to_be_bytes(), &packet.session]);
        match packet.status {
            Status::Other => true,
            Status::AllOver => {
                self.all_over(access_point, now, table);
                true
            }
            Status::Stop => {
                self.stop(key, access_point, packet, now, table);
                true
            }
            Status::Start | Status::Interim => self.runs(key, access_point, packet, person, silent, now, table),
        }
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of one packet's meaning, used in one place")]
    fn runs(
        &mut self,
        key: u64,
        access_point: u64,
        packet: &Accounting,
        person: Option<PersonId>,
        silent: SignedDuration,
        now: Timestamp,
        table: &IdentityTable,
    ) -> bool {
        let Ok(until) = now.checked_add(silent) else { return true };
        let known = self.0.get(&key);
        if known.is_some_and(|known| known.ended && known.until > now) {
            return true;
        }
        if known.is_none() && !self.has_room(now) {
            return false;
        }
        let known = self.0.get(&key);
        let begins = packet.status == Status::Start && known.is_none();
        // A packet without addresses says nothing of them: the session keeps those it had.
        let before = known.map(|known| known.addresses.clone()).unwrap_or_default();
        let addresses = if packet.addresses.is_empty() { before.clone() } else { packet.addresses.clone() };
        let left: Vec<_> = before.into_iter().filter(|address| !addresses.contains(address)).collect();
        let device = packet.station.or(known.and_then(|known| known.device));
        let session = Session { key, device, person, addresses: &addresses, left: &left };
        table.session_runs(&session, begins, now, until);
        self.0.insert(key, Known { addresses, device, access_point, until, ended: false });
        true
    }

    fn stop(&mut self, key: u64, access_point: u64, packet: &Accounting, now: Timestamp, table: &IdentityTable) {
        let known = self.0.get(&key);
        if known.is_some_and(|known| known.ended && known.until > now) {
            return;
        }
        let mut addresses = known.map(|known| known.addresses.clone()).unwrap_or_default();
        addresses.extend(&packet.addresses);
        let device = packet.station.or(known.and_then(|known| known.device));
        table.session_ends(&Session { key, device, person: None, addresses: &addresses, left: &[] }, now);
        if let Ok(until) = now.checked_add(ENDED_FOR)
            && (known.is_some() || self.has_room(now))
        {
            self.0.insert(key, Known { addresses: Vec::new(), device, access_point, until, ended: true });
        }
    }

    /// An access point started or stops: its sessions end, and their names may be used again.
    fn all_over(&mut self, access_point: u64, now: Timestamp, table: &IdentityTable) {
        self.0.retain(|key, known| {
            if known.access_point != access_point {
                return true;
            }
            if !known.ended {
                let (device, addresses) = (known.device, &known.addresses);
                table.session_ends(&Session { key: *key, device, person: None, addresses, left: &[] }, now);
            }
            false
        });
    }

    fn has_room(&mut self, now: Timestamp) -> bool {
        if self.0.len() >= MOST {
            self.0.retain(|_, known| known.until > now);
        }
        self.0.len() < MOST
    }
}

/// A number for some parts, the same after a restart.
fn hash(parts: &[&[u8]]) -> u64 {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part);
    }
    let digest: [u8; 32] = digest.finalize().into();
    digest.first_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes))
}
