//! Stories of the table: who is named when, and who never is.

use super::super::seat::PEOPLE;
use super::*;
use belisha_records::Identifier;

fn person(number: u8) -> PersonId {
    PersonId::make(i64::from(number), [number; 10])
}
fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + second).unwrap()
}
const DESK: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 1, 2, 3));

#[test]
fn a_mapping_names_its_seconds_and_no_others() {
    let table = IdentityTable::new();
    table.sign_in(DESK, person(1), at(10), at(20));
    let who = |second| table.who(DESK, at(second)).map(|mapping| mapping.person);
    assert_eq!([who(9), who(10), who(19), who(20)], [None, Some(person(1)), Some(person(1)), None]);
    assert_eq!(table.who("10.1.2.4".parse().unwrap(), at(15)), None);
}

#[test]
fn two_people_at_one_address_are_nobody_while_both_are_there() {
    let table = IdentityTable::new();
    table.sign_in(DESK, person(1), at(0), at(100));
    table.sign_in(DESK, person(2), at(50), at(150));
    let who = |second| table.who(DESK, at(second)).map(|mapping| mapping.person);
    assert_eq!([who(49), who(50), who(99), who(100)], [Some(person(1)), None, None, Some(person(2))]);
}

#[test]
fn signing_out_makes_room_for_the_next_person() {
    let table = IdentityTable::new();
    table.sign_in(DESK, person(1), at(0), at(100));
    table.sign_out(DESK, person(1), at(40));
    table.sign_in(DESK, person(2), at(45), at(90));
    let who = |second| table.who(DESK, at(second)).map(|mapping| mapping.person);
    assert_eq!([who(39), who(40), who(44), who(45)], [Some(person(1)), None, None, Some(person(2))]);
}

/// What nobody counts as a change is not written to disk, and a restart would know those who have gone.
#[test]
fn everybody_having_gone_is_a_change() {
    let table = IdentityTable::new();
    table.sign_in(DESK, person(1), at(0), at(100));
    let before = table.change();
    table.signed_in_are(&[], at(10));
    assert_eq!(table.who(DESK, at(11)), None);
    assert_ne!(table.change(), before);
}

#[test]
fn clearing_a_device_ends_whoever_was_there_and_nobody_elsewhere() {
    let table = IdentityTable::new();
    let elsewhere = "10.1.2.4".parse().unwrap();
    table.sign_in(DESK, person(1), at(0), at(100));
    table.sign_in(DESK, person(2), at(0), at(100));
    table.sign_in(elsewhere, person(1), at(0), at(100));
    table.clear(DESK, at(10));
    table.sign_in(DESK, person(3), at(10), at(100));
    assert_eq!(table.who(DESK, at(11)).map(|mapping| mapping.person), Some(person(3)));
    assert!(table.who(elsewhere, at(11)).is_some());
}

#[test]
fn an_ipv4_address_written_as_ipv6_is_the_same_device() {
    let table = IdentityTable::new();
    table.sign_in("::ffff:10.1.2.3".parse().unwrap(), person(1), at(0), at(100));
    assert!(table.who(DESK, at(1)).is_some());
}

#[test]
fn signing_in_again_makes_a_mapping_longer_not_shorter() {
    let table = IdentityTable::new();
    table.sign_in(DESK, person(1), at(0), at(100));
    table.sign_in(DESK, person(1), at(10), at(50));
    assert!(table.who(DESK, at(99)).is_some());
}

#[test]
fn an_address_with_very_many_people_stays_nobody_and_bounded() {
    let table = IdentityTable::new();
    for number in 0..100 {
        table.sign_in(DESK, person(number), at(0), at(100));
    }
    assert_eq!(table.who(DESK, at(1)), None);
    assert_eq!(table.read().seats[&number(DESK)].people_held(), PEOPLE);
}
