//! Who and what is at an address, asked as the DNS fast path asks: nanoseconds for each question, beside a bare
//! `RwLock<HashMap<IpAddr, u64>>` of as many addresses in the same run. The table holds 20 000 addresses, each with a
//! person who signed in and logged on.
//!
//! How to run, from the root of the repository: `cargo bench -p belisha-gateway --bench identity`. The median of seven rounds,
//! the contenders in turn.
#![expect(clippy::print_stdout, reason = "a bench prints what it measured")]
#![expect(clippy::expect_used, reason = "a bench that cannot be set up must stop")]

use belisha_gateway::IdentityTable;
use belisha_records::{Identifier, PersonId};
use jiff::{SignedDuration, Timestamp};
use std::collections::HashMap;
use std::hint::black_box;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::RwLock;
use std::time::Instant;

const ADDRESSES: u32 = 20_000;
const QUESTIONS: u32 = 2_000_000;
const ROUNDS: usize = 7;

fn address(number: u32) -> IpAddr {
    IpAddr::V4(Ipv4Addr::from(0x0a00_0000 + number))
}

fn main() {
    let now = Timestamp::from_second(1_790_000_000).expect("a time");
    let until = now + SignedDuration::from_hours(10);
    let table = IdentityTable::new();
    let bare = RwLock::new(HashMap::new());
    for number in 0..ADDRESSES {
        let mut random = [0; 10];
        random[..4].copy_from_slice(&number.to_be_bytes());
        table.sign_in(address(number), PersonId::make(1, random), now, until);
        table.log_on(address(number), PersonId::make(1, random), now, until);
        bare.write().expect("a lock").insert(address(number), u64::from(number));
    }
    let later = now + SignedDuration::from_secs(1);
    // A stride that visits addresses in no order that helps a cache.
    let places: Vec<IpAddr> = (0..QUESTIONS).map(|number| address(number.wrapping_mul(7919) % ADDRESSES)).collect();
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        ours.push(nanoseconds(&places, |place| table.known(place, later).mapping.is_some()));
        theirs.push(nanoseconds(&places, |place| bare.read().expect("a lock").contains_key(&place)));
    }
    println!("known(address, second)     {:>6.1} ns", median(&mut ours));
    println!("bare RwLock<HashMap>       {:>6.1} ns", median(&mut theirs));
}

fn nanoseconds(places: &[IpAddr], ask: impl Fn(IpAddr) -> bool) -> f64 {
    let started = Instant::now();
    let known = places.iter().filter(|place| ask(black_box(**place))).count();
    assert_eq!(known, places.len(), "everybody is known");
    started.elapsed().as_secs_f64() * 1e9 / f64::from(QUESTIONS)
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[ROUNDS / 2]
}
