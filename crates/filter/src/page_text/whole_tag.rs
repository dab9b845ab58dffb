//! The short way through a tag that lies in one piece and is written as most are: a name, attributes with quoted values or
//! none, `>`. Anything unusual is left to `html`'s states, which read it a byte at a time; the two agree on what they read.

use super::tags::{Attribute, Element};
use memchr::{memchr, memchr3};

/// A tag that was read in one go.
pub(super) struct WholeTag<'a> {
    pub name: &'a [u8],
    pub element: Element,
    pub closing: bool,
    /// How many bytes after `<` it takes.
    pub length: usize,
}

/// Reads a tag from what follows its `<`; `shown` is given each value that people see, in order. `None` when it does not
/// end here, is written in an unusual way, or is a meta element, with `shown` not yet called.
pub(super) fn whole_tag<'a>(rest: &'a [u8], shown: &mut impl FnMut(&'a [u8])) -> Option<WholeTag<'a>> {
    let closing = rest.first() == Some(&b'/');
    let begin = usize::from(closing);
    let from = rest.get(begin..)?;
    let name = from.get(..from.iter().position(|byte| !byte.is_ascii_alphanumeric())?)?;
    let at = begin + name.len();
    let first = name.first()?;
    let next = rest.get(at)?;
    if !first.is_ascii_alphabetic() || !(*next == b'>' || *next == b' ' || *next == b'\n') {
        return None;
    }
    let element = Element::of(name);
    if element == Element::Meta {
        return None;
    }
    let length = if *next == b'>' { at + 1 } else { at + attributes(rest.get(at..)?, element, closing, shown)? };
    Some(WholeTag { name, element, closing, length })
}

/// The most values that are read of one tag on this way.
const MOST_VALUES: usize = 4;

/// The length of the attributes up to and with `>`.
fn attributes<'a>(rest: &'a [u8], element: Element, closing: bool, shown: &mut impl FnMut(&'a [u8])) -> Option<usize> {
    let mut values: [&[u8]; MOST_VALUES] = [&[]; MOST_VALUES];
    let mut count = 0;
    let mut at = 0;
    loop {
        let from = rest.get(at..)?;
        let found = memchr3(b'>', b'"', b'\'', from)?;
        let before = from.get(..found)?;
        let sign = *from.get(found)?;
        if sign == b'>' {
            if memchr(b'=', before).is_some() {
                return None;
            }
            values.iter().take(count).for_each(|value| shown(value));
            return Some(at + found + 1);
        }
        let attribute = name_before(before)?;
        let value = from.get(found + 1..)?;
        let end = memchr(sign, value)?;
        if !closing && Attribute::of(attribute, element) == Some(Attribute::Shown) {
            *values.get_mut(count)? = value.get(..end)?;
            count += 1;
        }
        at += found + 1 + end + 1;
    }
}

/// The name in ` hidden name=`, where nothing else has a value.
fn name_before(before: &[u8]) -> Option<&[u8]> {
    let names = before.strip_suffix(b"=")?;
    let start = names.iter().rposition(u8::is_ascii_whitespace)? + 1;
    let (others, last) = names.split_at_checked(start)?;
    let unusual = |byte: &u8| matches!(byte, b'=' | b'/' | b'<');
    if last.is_empty() || last.iter().any(unusual) || others.iter().any(unusual) {
        return None;
    }
    Some(last)
}
