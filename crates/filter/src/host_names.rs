//! A host with each of its parents and the hash of each, worked out once a decision and used by every table. The hash
//! takes a name label by label from the right, so one walk over a host gives them all. What a hash finds is the tables'
//! affair: `index`, `host_table`, `illegal`, `named_hosts`.

/// Odd constants of random look (digits of the golden ratio and of π). They are fixed because the index is kept on disk.
const SEED: u64 = 0x9e37_79b9_7f4a_7c15;
const STEP: u64 = 0xd1b5_4a32_d192_ed03;
const LAST: u64 = 0x2435_08b8_85a3_08d3;

/// Names kept ready; of a host with more labels the rest is walked when it is asked for.
const READY: usize = 8;

/// Multiplies to 128 bits and folds the halves.
pub(crate) const fn fold(a: u64, b: u64) -> u64 {
    let product = (a as u128).wrapping_mul(b as u128);
    (product as u64) ^ ((product >> 64) as u64)
}

/// Mixes bytes into a state: a label of a name, or a block of a file for its checksum.
pub(crate) fn mix(state: u64, bytes: &[u8]) -> u64 {
    let (words, rest) = bytes.as_chunks::<8>();
    let start = state ^ (bytes.len() as u64).wrapping_mul(LAST);
    let state = words.iter().fold(start, |state, word| fold(state ^ u64::from_le_bytes(*word), STEP));
    fold(state ^ short_word(rest), STEP ^ LAST)
}

/// Fewer than eight bytes as a number; with their count, which `mix` takes in, no two are alike.
fn short_word(bytes: &[u8]) -> u64 {
    if let (Some(first), Some(last)) = (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
        return u64::from(u32::from_le_bytes(*first)) << 32 | u64::from(u32::from_le_bytes(*last));
    }
    // As most last labels are: no loop, whose length the processor would have to guess.
    match *bytes {
        [a, b, c] => u64::from(a) << 16 | u64::from(b) << 8 | u64::from(c),
        [a, b] => u64::from(a) << 8 | u64::from(b),
        [a] => u64::from(a),
        _ => 0,
    }
}

/// Where the dots of a text of at most 64 bytes are, a bit for each byte.
fn dots(text: &[u8]) -> u64 {
    let (words, _) = text.as_chunks::<8>();
    let found = words.iter().zip((0..).step_by(8)).fold(0, |found, (word, at)| found | dots_of_eight(*word) << at);
    match text.last_chunk::<8>() {
        // The last eight bytes once more: what is behind the last whole word is among them.
        Some(last) => found | dots_of_eight(*last) << (text.len() - 8),
        None => text.iter().rev().fold(0, |found, byte| found << 1 | u64::from(*byte == b'.')),
    }
}

/// The same of eight bytes at once.
fn dots_of_eight(bytes: [u8; 8]) -> u64 {
    const LOW: u64 = 0x7f7f_7f7f_7f7f_7f7f;
    let other = u64::from_le_bytes(bytes) ^ u64::from_le_bytes([b'.'; 8]);
    // The highest bit of each byte that differs in none of its bits.
    let dots = !((other & LOW).wrapping_add(LOW) | other | LOW);
    // Those bits side by side.
    (dots >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56
}

/// A name of a host: where in the host it starts, and its hash.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Name {
    pub start: u16,
    pub hash: u64,
}

/// The walk over a host from its last label to its first.
#[derive(Debug, Clone)]
struct Walk<'a> {
    host: &'a [u8],
    state: u64,
    /// Where the next label ends; `None` once the first label was taken.
    end: Option<usize>,
}

impl Walk<'_> {
    /// Takes the next names of a host whose dots are known; says how many.
    fn fill(&mut self, ready: &mut [Name], mut dots: u64) -> usize {
        let mut count = 0;
        for slot in ready {
            let Some(end) = self.end else { break };
            dots &= u64::MAX.unbounded_shr(64 - end as u32);
            let start = u64::BITS - dots.leading_zeros();
            self.state = mix(self.state, self.host.get(start as usize..end).unwrap_or_default());
            self.end = (start as usize).checked_sub(1);
            *slot = Name { start: start as u16, hash: fold(self.state, LAST) };
            count += 1;
        }
        count
    }
}

impl Iterator for Walk<'_> {
    type Item = Name;

    fn next(&mut self) -> Option<Name> {
        let before = self.host.get(..self.end?)?;
        let start = before.iter().rposition(|byte| *byte == b'.').map_or(0, |dot| dot + 1);
        self.state = mix(self.state, before.get(start..)?);
        self.end = start.checked_sub(1);
        Some(Name { start: u16::try_from(start).ok()?, hash: fold(self.state, LAST) })
    }
}

/// A host and its parents, from the most general (`uk`, `co.uk`) to the host itself, worked out once for everybody who looks
/// the host up.
#[derive(Debug, Clone)]
pub struct HostNames<'a> {
    host: &'a str,
    ready: [Name; READY],
    count: usize,
    rest: Walk<'a>,
}

impl<'a> HostNames<'a> {
    /// Walks a host: lower case, no final dot. Allocates nothing.
    pub fn of(host: &'a str) -> Self {
        // No name is longer than 253 characters; of a text that is, the end is looked at.
        let longest = host.len().min(usize::from(u16::MAX));
        let mut rest = Walk { host: host.as_bytes(), state: SEED, end: (longest == host.len()).then_some(longest) };
        let mut ready = [Name::default(); READY];
        let mut count = 0;
        if longest <= 64 {
            count = rest.fill(&mut ready, dots(host.as_bytes()));
        } else {
            for (slot, name) in ready.iter_mut().zip(rest.by_ref()) {
                *slot = name;
                count += 1;
            }
        }
        Self { host, ready, count, rest }
    }

    /// The host.
    pub fn host(&self) -> &'a str {
        self.host
    }

    /// Those that are ready: all of them, for nearly every host.
    pub(crate) fn ready(&self) -> &[Name] {
        self.ready.get(..self.count).unwrap_or_default()
    }

    /// Those that are not.
    pub(crate) fn rest(&self) -> impl Iterator<Item = Name> {
        self.rest.clone()
    }

    /// Every name.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Name> {
        self.ready().iter().copied().chain(self.rest())
    }

    /// Every name as text with its hash.
    pub(crate) fn into_texts(self) -> impl Iterator<Item = (&'a str, u64)> {
        let text = move |name: Name| (self.host.get(usize::from(name.start)..).unwrap_or_default(), name.hash);
        self.ready.into_iter().take(self.count).chain(self.rest).map(text)
    }
}

/// The hash of one whole name.
pub(crate) fn domain_hash(name: &str) -> u64 {
    HostNames::of(name).iter().last().map_or(SEED, |name| name.hash)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_parent_has_the_hash_it_has_alone() {
        for host in ["www.shop.example", "example", "", "a..b", &("a.".repeat(120) + "games.example")] {
            let names = HostNames::of(host);
            let parents = std::iter::successors(Some(host), |name| name.split_once('.').map(|(_, parent)| parent));
            let expected: Vec<(&str, u64)> = parents.map(|name| (name, domain_hash(name))).collect();
            assert!(names.iter().map(|name| name.hash).eq(names.clone().into_texts().map(|(_, hash)| hash)));
            let mut found: Vec<(&str, u64)> = names.into_texts().collect();
            found.reverse();
            assert_eq!(found, expected, "{host}");
        }
    }

    proptest! {
        #[test]
        fn dots_found_at_once_are_those_found_one_after_the_other(host in "[.a-z0-9é-]{0,70}") {
            let rest = Walk { host: host.as_bytes(), state: SEED, end: Some(host.len()) };
            prop_assert!(HostNames::of(&host).iter().eq(rest));
            if host.len() <= 64 {
                let one_by_one = (0..host.len()).filter(|at| host.as_bytes()[*at] == b'.').fold(0, |all, at| all | 1_u64 << at);
                prop_assert_eq!(dots(host.as_bytes()), one_by_one);
            }
        }
    }

    #[test]
    fn a_text_too_long_to_be_a_host_has_no_names() {
        assert_eq!(HostNames::of(&"a.".repeat(40_000)).iter().count(), 0);
    }
}
