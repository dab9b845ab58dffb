//! The sign-ins of one school as its gateways were told of them. Who is signed in stands in the database, so a server learns there
//! what happened at the pages of another one: what differs from what it told before is an event, as if it had happened here.

use super::messages::Event;
use belisha_records::PersonId;
use jiff::Timestamp;
use std::collections::HashMap;
use std::net::IpAddr;
use std::time::{Duration, Instant};

/// How often the database is looked at while a gateway waits.
pub const LOOK: Duration = Duration::from_secs(2);

/// Who is signed in at which address, and until when.
pub type SignIns = HashMap<IpAddr, (PersonId, Timestamp)>;

/// What the gateways of a school were told.
#[derive(Debug, Default)]
pub struct ToldSignIns {
    /// `None` before the first of them asked.
    told: Option<SignIns>,
    /// How often something happened here.
    here: u64,
    looked: Option<Instant>,
}

impl ToldSignIns {
    /// Something happened here, of which gateways are told.
    pub fn happened(&mut self, event: &Event) {
        self.here += 1;
        let Some(told) = &mut self.told else { return };
        match event {
            Event::SignedIn { address, person, until } => drop(told.insert(*address, (*person, *until))),
            Event::SignedOut { address } => drop(told.remove(address)),
            Event::WarningPassed { .. } => {}
        }
    }

    /// A gateway is told of everybody who is signed in.
    pub fn told_all(&mut self, found: &SignIns) {
        if self.told.is_none() {
            self.told = Some(found.clone());
        }
    }

    /// Whether it is time to look; if so, the mark for [`ToldSignIns::found`]. However many gateways wait, one look serves them.
    pub fn look(&mut self, now: Instant) -> Option<u64> {
        if self.looked.is_some_and(|looked| now.duration_since(looked) < LOOK) {
            return None;
        }
        self.looked = Some(now);
        Some(self.here)
    }

    /// What gateways are to be told, after the database was read since a look. Nothing where something happened here meanwhile:
    /// which came first is not known then, and the next look tells.
    pub fn found(&mut self, found: SignIns, mark: u64, now: Timestamp) -> Vec<Event> {
        if mark != self.here {
            return Vec::new();
        }
        let Some(told) = self.told.replace(found.clone()) else { return Vec::new() };
        let ended = told.iter().filter(|(address, (_, until))| *until > now && !found.contains_key(*address));
        let signed_out: Vec<Event> = ended.map(|(address, _)| Event::SignedOut { address: *address }).collect();
        let new = found.into_iter().filter(|(address, sign_in)| told.get(address) != Some(sign_in));
        let signed_in = new.map(|(address, (person, until))| Event::SignedIn { address, person, until });
        signed_out.into_iter().chain(signed_in).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use belisha_records::Identifier;

    const ONE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 1));
    const TWO: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 2));

    fn person(number: u8) -> PersonId {
        PersonId::make(1, [number; 10])
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn signed_in(address: IpAddr, number: u8) -> Event {
        Event::SignedIn { address, person: person(number), until: at(1000) }
    }

    #[test]
    fn only_what_was_not_told_is_told_and_what_ran_out_is_not() {
        let mut told = ToldSignIns::default();
        told.told_all(&SignIns::from([(ONE, (person(1), at(1000)))]));
        told.happened(&signed_in(TWO, 2));
        let mark = told.look(Instant::now()).unwrap();
        assert!(told.look(Instant::now()).is_none(), "another gateway that waits does not look again");
        let both = SignIns::from([(ONE, (person(1), at(1000))), (TWO, (person(2), at(1000)))]);
        assert_eq!(told.found(both, mark, at(10)), [], "all of it was told");
        let other = SignIns::from([(TWO, (person(3), at(1000)))]);
        assert_eq!(told.found(other.clone(), mark, at(10)), [Event::SignedOut { address: ONE }, signed_in(TWO, 3)]);
        assert_eq!(told.found(other, mark, at(10)), []);
        assert_eq!(told.found(SignIns::new(), mark, at(1000)), [], "it ran out, which gateways know");
    }

    #[test]
    fn what_was_read_before_something_happened_here_tells_nothing() {
        let mut told = ToldSignIns::default();
        let before = SignIns::from([(ONE, (person(1), at(1000)))]);
        told.told_all(&before);
        let mark = told.look(Instant::now()).unwrap();
        told.happened(&Event::SignedOut { address: ONE });
        assert_eq!(told.found(before, mark, at(10)), [], "nobody is signed in again by what is past");
    }
}
