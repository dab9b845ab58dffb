//! Whatever is told, in whatever order: nobody is named outside their seconds, two people are nobody, nothing is back-dated,
//! and the unknown get the strictest group.

use super::*;
use crate::identity::register::{NetworkRange, NetworkRegister, RegisteredDevice};
use crate::identity::source::Confidence;
use crate::observe::Protocol;
use crate::request::{Asked, Credential, identify};
use crate::rules::{AgeBand, Gate, GatewayRules, PersonRules, UNKNOWN_GROUP};
use belisha_filter::{DomainIndexBuilder, IllegalList, Rules, Ruleset, Timetable};
use belisha_policy::{DeviceKind, Head, Nation, Phase, Policy};
use belisha_records::{Identifier, SchoolId};
use proptest::prelude::*;
use std::collections::HashSet;

const PEOPLE: u8 = 3;
const DEVICES: u8 = 3;
const ADDRESSES: u8 = 3;

fn person(number: u8) -> PersonId {
    PersonId::make(i64::from(number), [number; 10])
}
fn mac(number: u8) -> MacAddress {
    MacAddress::new([0, 0x1a, 0x2b, 0, 0, number]).unwrap()
}
fn address(number: u8) -> IpAddr {
    IpAddr::from([10, 0, 0, number])
}
fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + second).unwrap()
}

/// Something a source says. Each is said at its own second, one after the other.
#[derive(Debug, Clone, Copy)]
enum Said {
    SignIn(u8, u8, i64),
    SignOut(u8, u8),
    LogOn(u8, u8, i64),
    LogOff(u8, u8),
    Clear(u8),
    Forget(u8),
    Seen(u8, u8, DeviceSource, i64),
    Left(u8, u8, DeviceSource),
    Session { key: u8, device: Option<u8>, person: Option<u8>, address: Option<u8>, begins: bool, lasts: i64 },
    SessionEnds { key: u8, device: Option<u8>, address: Option<u8> },
    Restart,
}

fn said() -> impl Strategy<Value = Said> {
    let (people, devices, addresses) = (0..PEOPLE, 0..DEVICES, 0..ADDRESSES);
    let source = prop_oneof![Just(DeviceSource::DhcpLease), Just(DeviceSource::Neighbour)];
    let lasts = 1i64..40;
    prop_oneof![
        (addresses.clone(), people.clone(), lasts.clone()).prop_map(|(a, p, l)| Said::SignIn(a, p, l)),
        (addresses.clone(), people.clone()).prop_map(|(a, p)| Said::SignOut(a, p)),
        (addresses.clone(), people.clone(), lasts.clone()).prop_map(|(a, p, l)| Said::LogOn(a, p, l)),
        (addresses.clone(), people.clone()).prop_map(|(a, p)| Said::LogOff(a, p)),
        addresses.clone().prop_map(Said::Clear),
        people.clone().prop_map(Said::Forget),
        (addresses.clone(), devices.clone(), source.clone(), lasts.clone())
            .prop_map(|(a, d, s, l)| Said::Seen(a, d, s, l)),
        (addresses.clone(), devices.clone(), source).prop_map(|(a, d, s)| Said::Left(a, d, s)),
        (
            0u8..3,
            proptest::option::of(devices.clone()),
            proptest::option::of(people),
            proptest::option::of(addresses.clone()),
            any::<bool>(),
            lasts
        )
            .prop_map(|(key, device, person, address, begins, lasts)| Said::Session {
                key,
                device,
                person,
                address,
                begins,
                lasts
            }),
        (0u8..3, proptest::option::of(devices), proptest::option::of(addresses))
            .prop_map(|(key, device, address)| Said::SessionEnds { key, device, address }),
        Just(Said::Restart),
    ]
}

fn tell(table: IdentityTable, said: Said, now: Timestamp) -> IdentityTable {
    let until = |lasts: i64| now.checked_add(jiff::SignedDuration::from_secs(lasts)).unwrap();
    match said {
        Said::SignIn(a, p, lasts) => table.sign_in(address(a), person(p), now, until(lasts)),
        Said::SignOut(a, p) => table.sign_out(address(a), person(p), now),
        Said::LogOn(a, p, lasts) => table.log_on(address(a), person(p), now, until(lasts)),
        Said::LogOff(a, p) => table.log_off(address(a), person(p), now),
        Said::Clear(a) => table.clear(address(a), now),
        Said::Forget(p) => table.forget(person(p), now),
        Said::Seen(a, d, source, lasts) => table.device_seen(address(a), mac(d), source, now, until(lasts)),
        Said::Left(a, d, source) => table.device_left(address(a), mac(d), source, now),
        Said::Session { key, device, person: named, address: place, begins, lasts } => {
            let addresses: Vec<_> = place.into_iter().map(address).collect();
            let (device, named) = (device.map(mac), named.map(person));
            let session = Session { key: key.into(), device, person: named, addresses: &addresses, left: &[] };
            table.session_runs(&session, begins, now, until(lasts));
        }
        Said::SessionEnds { key, device, address: place } => {
            let addresses: Vec<_> = place.into_iter().map(address).collect();
            let session =
                Session { key: key.into(), device: device.map(mac), person: None, addresses: &addresses, left: &[] };
            table.session_ends(&session, now);
        }
        Said::Restart => {
            let text = serde_json::to_string(&table.running(now)).unwrap();
            let register = Arc::clone(&table.read().register);
            let fresh = IdentityTable::new();
            fresh.take_register(register);
            fresh.restore(serde_json::from_str(&text).unwrap(), now);
            return fresh;
        }
    }
    table
}

/// Whoever some source placed at an address, with the longest time it could hold: what the table says must be among these.
fn claims(said: &[Said]) -> Vec<(PersonId, i64, i64)> {
    let mut claims = Vec::new();
    for (second, said) in (0i64..).zip(said) {
        match *said {
            Said::SignIn(_, p, lasts) | Said::LogOn(_, p, lasts) => claims.push((person(p), second, second + lasts)),
            Said::Session { person: Some(p), lasts, .. } => claims.push((person(p), second, second + lasts)),
            _ => {}
        }
    }
    claims
}

fn register(owners_are_named: bool) -> Arc<Lookup> {
    let devices = (0..DEVICES).map(|number| RegisteredDevice {
        id: RegisteredDeviceId::make(1, [number; 10]),
        mac: mac(number),
        kind: [DeviceKind::SchoolIndividual, DeviceKind::SchoolShared, DeviceKind::PupilOwned][usize::from(number)],
        person: Some(person(number)),
        shared: number == 1,
    });
    let register = NetworkRegister { devices: devices.collect(), owners_are_named, ..NetworkRegister::default() };
    Arc::new(Lookup::new(&register))
}

/// A ruleset for a test that asks about groups only.
fn nothing_closed() -> Arc<Ruleset> {
    let policy = Policy {
        sections: Default::default(),
        title: "School".into(),
        head: Head {
            nation: Nation::England,
            phase: Phase::Secondary,
            agreed: None,
            approved_by: None,
            review_every: None,
            next_review: None,
        },
        clauses: Vec::new(),
    };
    let timetable = Timetable::new("Europe/London", Vec::new(), Vec::new(), Vec::new()).unwrap();
    let index = DomainIndexBuilder::new().build().unwrap();
    Arc::new(Ruleset::compile(Rules::new(policy, timetable), Arc::new(index), Arc::new(IllegalList::new([0; 16]))))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_name_is_given_only_for_seconds_that_a_source_covered(all in proptest::collection::vec(said(), 1..40)) {
        let mut table = IdentityTable::new();
        table.take_register(register(false));
        let claims = claims(&all);
        for (second, said) in (0i64..).zip(&all) {
            table = tell(table, *said, at(second));
            for place in 0..ADDRESSES {
                for asked in [second, second + 5, second + 50] {
                    let Some(mapping) = table.who(address(place), at(asked)) else { continue };
                    prop_assert!(mapping.from <= at(asked) && at(asked) < mapping.until);
                    prop_assert_ne!(mapping.source, IdentitySource::RegisteredDevice);
                    prop_assert!(claims.iter().any(|(claimed, from, until)| {
                        *claimed == mapping.person && *from <= asked && asked < *until
                    }), "{:?} at {}", mapping, asked);
                }
            }
        }
    }

    #[test]
    fn what_is_said_now_changes_no_second_before_now(all in proptest::collection::vec(said(), 2..30)) {
        let mut table = IdentityTable::new();
        for (second, said) in (0i64..).zip(&all) {
            let earlier = |table: &IdentityTable| -> Vec<_> {
                (0..ADDRESSES).map(|place| table.who(address(place), at(second - 1)).map(|mapping| mapping.person)).collect()
            };
            // A restart keeps what runs and forgets what is over; it names nobody anew.
            let before = earlier(&table);
            table = tell(table, *said, at(second));
            let after = earlier(&table);
            for (before, after) in before.iter().zip(after) {
                prop_assert!(after == *before || (matches!(said, Said::Restart) && after.is_none()), "{:?}", said);
            }
        }
    }

    #[test]
    fn two_people_at_one_address_are_nobody_by_whatever_sources(
        first in 0usize..3, second in 0usize..3, swap in any::<bool>()
    ) {
        let table = IdentityTable::new();
        table.take_register(register(true));
        let (one, two) = if swap { (person(1), person(0)) } else { (person(0), person(1)) };
        let place = |who: PersonId, by: usize, key: u64| match by {
            0 => table.sign_in(address(0), who, at(0), at(100)),
            1 => table.log_on(address(0), who, at(0), at(100)),
            _ => table.session_runs(
                &Session { key, device: None, person: Some(who), addresses: &[address(0)], left: &[] }, false, at(0), at(100),
            ),
        };
        place(one, first, 1);
        prop_assert_eq!(table.who(address(0), at(1)).map(|mapping| mapping.person), Some(one));
        place(two, second, 2);
        table.device_seen(address(0), mac(0), DeviceSource::Neighbour, at(1), at(100));
        prop_assert_eq!(table.who(address(0), at(2)), None, "and no register names an owner instead");
    }

    #[test]
    fn a_shared_device_never_names_anybody(all in proptest::collection::vec(said(), 1..30)) {
        let mut table = IdentityTable::new();
        table.take_register(register(true));
        for (second, said) in (0i64..).zip(&all) {
            table = tell(table, *said, at(second));
            for place in 0..ADDRESSES {
                let known = table.known(address(place), at(second));
                if let Some(mapping) = known.mapping.filter(|mapping| mapping.source == IdentitySource::RegisteredDevice) {
                    prop_assert_eq!(mapping.confidence, Confidence::Device);
                    prop_assert_ne!(known.device.map(|device| device.mac), Some(mac(1)));
                }
            }
        }
    }

    #[test]
    fn another_device_at_an_address_ends_whoever_was_there(
        source in 0usize..3, by in prop_oneof![Just(DeviceSource::DhcpLease), Just(DeviceSource::Neighbour)]
    ) {
        let table = IdentityTable::new();
        table.device_seen(address(0), mac(0), by, at(0), at(1000));
        match source {
            0 => table.sign_in(address(0), person(0), at(1), at(100)),
            1 => table.log_on(address(0), person(0), at(1), at(100)),
            _ => table.session_runs(
                &Session { key: 1, device: Some(mac(0)), person: Some(person(0)), addresses: &[address(0)], left: &[] },
                true, at(1), at(100),
            ),
        }
        prop_assert!(table.who(address(0), at(9)).is_some());
        table.device_seen(address(0), mac(2), by, at(10), at(1000));
        prop_assert_eq!(table.who(address(0), at(9)).map(|mapping| mapping.person), Some(person(0)), "not back-dated");
        prop_assert_eq!(table.who(address(0), at(10)), None);
    }

    #[test]
    fn the_unknown_get_the_strictest_group_whatever_was_said(
        all in proptest::collection::vec(said(), 0..30),
        asked in 0u8..ADDRESSES,
        group in prop_oneof![Just(None), "staff|pupil|younger-pupil|guest|unknown|[a-z]{0,6}".prop_map(Some)],
        owners_are_named in any::<bool>(),
        gone in any::<bool>(),
    ) {
        // Everybody is in a group of their own, so that a borrowed group shows. With `gone` nobody is at the school any more.
        let people = (0..PEOPLE).filter(|_| !gone).map(|number| PersonRules {
            person: person(number),
            group: format!("group-of-{number}"),
            gate: Gate::Open,
            age_band: AgeBand::Adult,
            proxy: None,
        });
        let range = |group: &String| NetworkRange {
            network: "10.0.0.0/8".parse().unwrap(), label: "Room 1".into(), unknown_group: Some(group.clone()),
        };
        let network = NetworkRegister {
            ranges: group.iter().map(range).collect(),
            owners_are_named,
            ..NetworkRegister::default()
        };
        let rules = GatewayRules::new(SchoolId::make(1, [1; 10]), "School", nothing_closed(), people)
            .with_network(network);
        let mut table = IdentityTable::new();
        table.take_register(register(owners_are_named));
        for (second, said) in (0i64..).zip(&all) {
            table = tell(table, *said, at(second));
        }
        let now = at(i64::try_from(all.len()).unwrap());
        let request = Asked {
            protocol: Protocol::Dns, device: address(asked), credential: Credential::None, method: None, host: "a.example", path: None,
        };
        let caller = identify(Some(&rules), &table, &request, now);
        let (named, group_given) = (caller.person, caller.group.to_owned());
        let open_to_unknown: HashSet<&str> = match group.as_deref() {
            Some("guest") => ["guest"].into(),
            Some("younger-pupil") => ["younger-pupil"].into(),
            _ => [UNKNOWN_GROUP].into(),
        };
        match table.who(address(asked), now).filter(|_| !gone) {
            Some(mapping) => {
                prop_assert_eq!(named, Some(mapping.person));
                let number = (0..PEOPLE).find(|number| person(*number) == mapping.person).unwrap();
                prop_assert_eq!(group_given, format!("group-of-{number}"));
            }
            None => {
                prop_assert_eq!(named, None);
                prop_assert!(open_to_unknown.contains(&*group_given), "{} is no group for the unknown", group_given);
            }
        }
    }
}
