//! The index beside a plain map that keeps every name, and its bytes on disk.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up must fail")]

use belisha_filter::{DomainIndex, DomainIndexBuilder, IndexError};
use proptest::prelude::*;
use std::collections::{BTreeSet, HashMap};
use std::io::Cursor;
use std::sync::Arc;

/// Few labels, so that parents, children and repeated names are common.
fn name() -> impl Strategy<Value = String> {
    prop::collection::vec(
        prop_oneof![Just("a"), Just("b"), Just("games"), Just("averylonglabelindeed"), Just("x-1")],
        1..5,
    )
    .prop_map(|labels| labels.join(".") + ".example")
}

fn build(entries: &[(String, usize)]) -> DomainIndex {
    let mut builder = DomainIndexBuilder::new();
    add(&mut builder, entries);
    builder.build().unwrap()
}

fn add(builder: &mut DomainIndexBuilder, entries: &[(String, usize)]) {
    for (name, number) in entries {
        let source = builder.source(&format!("list {}", number / 3), &format!("category {}", number % 3)).unwrap();
        builder.add(source, name);
    }
}

fn found(index: &DomainIndex, host: &str) -> BTreeSet<(String, String, String)> {
    index
        .lookup(host)
        .listings()
        .map(|listing| (listing.name.to_owned(), listing.list.to_string(), listing.category.to_string()))
        .collect()
}

proptest! {
    #[test]
    fn the_index_agrees_with_a_map_of_names(entries in prop::collection::vec((name(), 0usize..9), 0..60), hosts in prop::collection::vec(name(), 1..30)) {
        let index = build(&entries);
        let mut oracle: HashMap<&str, BTreeSet<usize>> = HashMap::new();
        for (name, number) in &entries {
            oracle.entry(name).or_default().insert(*number);
        }
        for host in &hosts {
            let parents = std::iter::successors(Some(&**host), |name| name.split_once('.').map(|(_, parent)| parent));
            let expected: BTreeSet<(String, String, String)> = parents
                .flat_map(|name| oracle.get(name).into_iter().flatten().map(move |number| (name.to_owned(), format!("list {}", number / 3), format!("category {}", number % 3))))
                .collect();
            prop_assert_eq!(found(&index, host), expected);
        }
        prop_assert_eq!(index.len(), oracle.len());
    }

    #[test]
    fn what_is_written_is_read_again(entries in prop::collection::vec((name(), 0usize..9), 0..60)) {
        let index = build(&entries);
        let mut bytes = Vec::new();
        bytes.extend_from_slice(index.as_bytes());
        prop_assert_eq!(DomainIndex::read_from(&bytes).unwrap(), index);
    }

    #[test]
    fn damaged_bytes_are_refused(entries in prop::collection::vec((name(), 0usize..9), 1..30), at in any::<prop::sample::Index>(), flip in 1u8..=255, keep in any::<prop::sample::Index>()) {
        let bytes = build(&entries).as_bytes().to_vec();
        let mut changed = bytes.clone();
        changed[at.index(bytes.len())] ^= flip;
        prop_assert!(matches!(DomainIndex::read_from(&changed), Err(IndexError::Unreadable(_))));
        prop_assert!(matches!(DomainIndex::read_from(&bytes[..keep.index(bytes.len())]), Err(IndexError::Unreadable(_))));
    }

    #[test]
    fn no_host_and_no_bytes_break_it(host in ".{0,80}", bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let index = build(&[("games.example".to_owned(), 1)]);
        let _ = found(&index, &host);
        let _ = DomainIndex::read_from(&bytes);
        let named = [&b"BELIDX02"[..], &bytes].concat();
        let _ = DomainIndex::read_from(&named);
    }
}

#[test]
fn an_empty_index_finds_nothing() {
    let index = DomainIndexBuilder::new().build().unwrap();
    assert!(index.is_empty() && index.lookup("games.example").is_empty());
    assert_eq!(DomainIndex::read_from(index.as_bytes()).unwrap(), index);
}

#[test]
fn a_list_exempts_from_itself_alone() {
    let mut builder = DomainIndexBuilder::new();
    let strict = builder.source("strict", "adverts").unwrap();
    let other = builder.source("other", "malware").unwrap();
    builder.add(strict, "ads.example");
    builder.add_important(strict, "worst.ads.example");
    builder.exempt(strict, "good.ads.example");
    builder.exempt(strict, "worst.ads.example");
    builder.add(other, "ads.example");
    let index = builder.build().unwrap();
    let lists = |host: &str| index.lookup(host).listings().map(|listing| listing.list.to_string()).collect::<Vec<_>>();
    assert_eq!(lists("ads.example"), ["strict", "other"]);
    assert_eq!(lists("a.good.ads.example"), ["other"]);
    assert_eq!(lists("worst.ads.example"), ["strict", "other"]);
    assert!(lists("example").is_empty());
}

#[test]
fn a_host_of_very_many_parts_is_looked_up() {
    let index = build(&[("games.example".to_owned(), 1)]);
    let deep = "a.".repeat(120) + "games.example";
    assert_eq!(index.lookup(&deep).listings().count(), 1);
    assert!(index.lookup("").is_empty() && index.lookup("...").is_empty());
}

/// So many that each share of them is put by in several pieces.
const MANY: usize = 200_000;

#[test]
fn of_very_many_names_each_is_found_and_hardly_another() {
    let entries: Vec<(String, usize)> =
        (0..MANY).map(|number| (format!("site-{number}.example"), number % 9)).collect();
    let (mut builder, mut bytes) = (DomainIndexBuilder::with_scratch(Cursor::new(Vec::new())), Vec::new());
    add(&mut builder, &entries);
    builder.write(&mut bytes, "the lists of today").unwrap();
    let index = DomainIndex::open(Arc::new(bytes)).unwrap();
    assert_eq!((index.len(), index.built_from()), (MANY, "the lists of today"));
    for (name, number) in &entries {
        let listing = (name.clone(), format!("list {}", number / 3), format!("category {}", number % 3));
        assert_eq!(found(&index, name), BTreeSet::from([listing]));
    }
    assert!((0..MANY).all(|number| index.lookup(&format!("other-{number}.test")).is_empty()));
    let bytes_a_name = index.as_bytes().len() as f64 / MANY as f64;
    assert!(bytes_a_name < 12.0, "{bytes_a_name} bytes a name");
}

#[test]
fn a_name_of_one_label_is_found_where_it_is_listed() {
    let index = build(&[("example".to_owned(), 1), ("play.test".to_owned(), 2)]);
    assert_eq!(index.lookup("shop.example").listings().count(), 1);
    assert_eq!(index.lookup("example").listings().count(), 1);
    assert!(index.lookup("shop.test").is_empty() && index.lookup("test").is_empty());
}
