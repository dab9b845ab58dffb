//! Hosts that a warning closed and somebody went on to: open to that person, or to that device, for half an hour.

use super::identify::Caller;
use crate::blockpage::Block;
use crate::observe::Outcome;
use belisha_records::PersonId;
use jiff::{SignedDuration, Timestamp};
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

/// How long a passed warning holds.
const HOLDS: SignedDuration = SignedDuration::from_mins(30);
/// Most passes remembered.
const MOST: usize = 16_384;

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Who {
    Person(PersonId),
    Device(IpAddr),
}

/// Warnings that were passed, and until when.
#[derive(Default)]
pub(crate) struct WarningsPassed(Mutex<HashMap<(Who, Box<str>), Timestamp>>);

impl WarningsPassed {
    /// Opens the host of a block that was a warning.
    pub(crate) fn pass(&self, block: &Block, now: Timestamp) -> bool {
        let (Outcome::Warned, Some(host)) = (block.outcome, &block.host) else {
            return false;
        };
        let Ok(until) = now.checked_add(HOLDS) else {
            return false;
        };
        let who = block.person.map_or(Who::Device(block.device), Who::Person);
        let mut passed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if passed.len() >= MOST {
            passed.retain(|_, until| *until > now);
        }
        if passed.len() >= MOST {
            return false;
        }
        passed.insert((who, host.as_str().into()), until);
        true
    }

    /// Whether a caller passed the warning of a host.
    pub(crate) fn passed(&self, caller: &Caller<'_>, device: IpAddr, host: &str, now: Timestamp) -> bool {
        let passed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if passed.is_empty() {
            return false;
        }
        let who = caller.person.map_or(Who::Device(device), Who::Person);
        passed.get(&(who, host.into())).is_some_and(|until| now < *until)
    }
}
