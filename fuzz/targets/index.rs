//! Any bytes are a stored index or an error, also under a right checksum, where only the checks behind it stand between
//! the bytes and the look-ups. An index that was read answers every question.
#![no_main]

use belisha_filter::{DomainIndex, DomainIndexBuilder, index_checksum};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    read(bytes);
    sealed(bytes.to_vec());
    // The first two bytes say where the others are laid over an index that is whole.
    let Some(([low, high], laid)) = bytes.split_first_chunk::<2>() else { return };
    let mut body = whole();
    let at = usize::from(u16::from_le_bytes([*low, *high])) % body.len();
    body.iter_mut().skip(at).zip(laid).for_each(|(byte, other)| *byte = *other);
    sealed(body);
});

fn sealed(mut body: Vec<u8>) {
    let sum = index_checksum(&body);
    body.extend_from_slice(&sum.to_le_bytes());
    read(&body);
}

fn read(bytes: &[u8]) {
    let Ok(index) = DomainIndex::read_from(bytes) else { return };
    for host in ["www.games-1.example", "good.games-7.example", "example", "", "a.b.c.d.e.f.g.h.i.j.games-2.example"] {
        let _ = index.lookup(host).listings().count();
    }
    let _ = (index.len(), index.memory(), index.sources().count(), index.built_from());
    assert_eq!(index.as_bytes(), bytes);
}

/// A small index without its checksum.
fn whole() -> Vec<u8> {
    let mut builder = DomainIndexBuilder::new();
    let games = builder.source("one list", "games").expect("one list");
    let adverts = builder.source("another list", "adverts").expect("two lists");
    for number in 0..40 {
        builder.add(games, &format!("games-{number}.example"));
    }
    builder.exempt(adverts, "good.games-7.example");
    let mut bytes = builder.build().expect("few combinations").as_bytes().to_vec();
    bytes.truncate(bytes.len() - 8);
    bytes
}
