//! Which closed name an open one led to, for the block page: the browser asks for the name it knows, and would else be told
//! that it is open.

use jiff::{SignedDuration, Timestamp};
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

/// How long it is remembered: until the page was surely asked for.
const KEPT: SignedDuration = SignedDuration::from_mins(5);
/// Most names remembered.
const MOST: usize = 4096;

/// A device, and the name it asked for.
type Asked = (IpAddr, Box<str>);

/// Closed names by the device and the name it asked for.
#[derive(Default)]
pub(crate) struct LedTo(Mutex<HashMap<Asked, (Box<str>, Timestamp)>>);

impl LedTo {
    /// Remembers that a device's question for `host` led to `target`.
    pub(crate) fn remember(&self, device: IpAddr, host: &str, target: &str, now: Timestamp) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= MOST {
            kept.retain(|_, (_, at)| now.duration_since(*at) < KEPT);
        }
        if kept.len() < MOST {
            kept.insert((device, host.into()), (target.into(), now));
        }
    }

    /// What it led to, if that was a moment ago.
    pub(crate) fn find(&self, device: IpAddr, host: &str, now: Timestamp) -> Option<Box<str>> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (target, at) = kept.get(&(device, host.into()))?;
        (now.duration_since(*at) < KEPT).then(|| target.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_forgotten_and_never_too_much() {
        let (led, device) = (LedTo::default(), IpAddr::from([10, 0, 0, 1]));
        let at = |second: i64| Timestamp::from_second(1_790_000_000 + second).unwrap();
        led.remember(device, "open.example", "games.example", at(0));
        assert_eq!(led.find(device, "open.example", at(299)).as_deref(), Some("games.example"));
        assert_eq!(led.find(device, "open.example", at(300)), None);
        assert_eq!(led.find(IpAddr::from([10, 0, 0, 2]), "open.example", at(0)), None);
        for number in 0..2 * MOST {
            led.remember(device, &format!("{number}.example"), "games.example", at(0));
        }
        assert_eq!(led.0.lock().unwrap().len(), MOST);
    }
}
