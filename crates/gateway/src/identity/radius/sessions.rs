//! Which sessions the access points and switches say are running, so that a packet sent twice or too late changes nothing.
//! Whom a session names, and where, is kept in `table.rs`.

use super::packet::{Accounting, Status};
use crate::identity::table::{IdentityTable, Session};
use belisha_records::MacAddress;
use belisha_records::PersonId;
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};
use std::cmp::Ordering;
use std::collections::HashMap;
use std::net::IpAddr;

/// Most sessions remembered.
const MOST: usize = 65_536;
/// How long an ended session is remembered, so that a late packet does not open it again.
const ENDED_FOR: SignedDuration = SignedDuration::from_mins(15);
/// How far an access point's clock may be ahead and its times are still believed.
const CLOCKS_APART: SignedDuration = SignedDuration::from_mins(5);

#[derive(Debug)]
struct Known {
    addresses: Vec<IpAddr>,
    device: Option<MacAddress>,
    /// Sender and name of the access point.
    access_point: u64,
    /// When it is over unless it is renewed, or until when it is remembered as ended.
    until: Timestamp,
    ended: bool,
    /// When the last thing it told of happened, by its own clock.
    event: Option<Timestamp>,
}

impl Known {
    /// How what a packet tells of lies to what was told last; `None` where one of them has no time.
    fn order(&self, event: Option<Timestamp>) -> Option<Ordering> {
        Some(event?.cmp(&self.event?))
    }
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
        let event = believed(packet.event, now);
        if let Some(known) = self.0.get(&key) {
            let order = known.order(event);
            let over = known.ended && known.until > now;
            // Some use a session's name again: what begins later than all that was told of is another session.
            let another = packet.status == Status::Start && order == Some(Ordering::Greater);
            if (over && !another) || (!known.ended && order == Some(Ordering::Less)) {
                return true;
            }
            if another && let Some(before) = self.0.remove(&key) {
                let (device, addresses) = (before.device, &before.addresses);
                table.session_ends(&Session { key, device, person: None, addresses, left: &[] }, now);
            }
        }
        if !self.0.contains_key(&key) && !self.has_room(now) {
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
        let event = event.max(known.and_then(|known| known.event));
        self.0.insert(key, Known { addresses, device, access_point, until, ended: false, event });
        true
    }

    fn stop(&mut self, key: u64, access_point: u64, packet: &Accounting, now: Timestamp, table: &IdentityTable) {
        let known = self.0.get(&key);
        let event = believed(packet.event, now);
        let late = |known: &Known| known.order(event) == Some(Ordering::Less);
        if known.is_some_and(|known| (known.ended && known.until > now) || late(known)) {
            return;
        }
        let event = event.max(known.and_then(|known| known.event));
        let mut addresses = known.map(|known| known.addresses.clone()).unwrap_or_default();
        addresses.extend(&packet.addresses);
        let device = packet.station.or(known.and_then(|known| known.device));
        table.session_ends(&Session { key, device, person: None, addresses: &addresses, left: &[] }, now);
        if let Ok(until) = now.checked_add(ENDED_FOR)
            && (known.is_some() || self.has_room(now))
        {
            self.0.insert(key, Known { addresses: Vec::new(), device, access_point, until, ended: true, event });
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

/// The time a packet gives, unless its sender's clock is far ahead.
fn believed(event: Option<Timestamp>, now: Timestamp) -> Option<Timestamp> {
    event.filter(|event| event.duration_since(now) <= CLOCKS_APART)
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
