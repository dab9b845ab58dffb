//! The little of DER (X.690) that a leaf certificate needs: taking apart the authority's own certificate, and putting a
//! new one together. What the fields mean is `authority.rs`'s.

/// Tags of X.690 section 8 and RFC 5280.
pub(super) const INTEGER: u8 = 0x02;
pub(super) const BIT_STRING: u8 = 0x03;
pub(super) const OCTET_STRING: u8 = 0x04;
pub(super) const UTF8_STRING: u8 = 0x0c;
pub(super) const UTC_TIME: u8 = 0x17;
pub(super) const GENERALIZED_TIME: u8 = 0x18;
pub(super) const SEQUENCE: u8 = 0x30;
pub(super) const SET: u8 = 0x31;

/// One element as it was read.
#[derive(Clone, Copy)]
pub(super) struct Element<'a> {
    pub(super) tag: u8,
    /// What is inside.
    pub(super) content: &'a [u8],
    /// Tag, length and content.
    pub(super) whole: &'a [u8],
}

/// The elements that lie side by side in some bytes. Ends at the first that cannot be read.
pub(super) struct Elements<'a>(pub(super) &'a [u8]);

impl<'a> Iterator for Elements<'a> {
    type Item = Element<'a>;

    fn next(&mut self) -> Option<Element<'a>> {
        let [tag, first, ..] = *self.0 else { return None };
        let (length, head) = match first {
            0..=0x7f => (usize::from(first), 2),
            // Nothing here is longer than 64 KiB.
            0x81 => (usize::from(*self.0.get(2)?), 3),
            0x82 => (usize::from(u16::from_be_bytes([*self.0.get(2)?, *self.0.get(3)?])), 4),
            _ => return None,
        };
        let (whole, rest) = self.0.split_at_checked(head + length)?;
        self.0 = rest;
        Some(Element { tag, content: whole.get(head..)?, whole })
    }
}

/// An element made of parts, one behind the other.
pub(super) fn element(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    let mut bytes = Vec::with_capacity(length + 4);
    bytes.push(tag);
    match length {
        0..=0x7f => bytes.push(length as u8),
        0x80..=0xff => bytes.extend_from_slice(&[0x81, length as u8]),
        _ => {
            bytes.push(0x82);
            bytes.extend_from_slice(&(length as u16).to_be_bytes());
        }
    }
    parts.iter().for_each(|part| bytes.extend_from_slice(part));
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_put_together_comes_apart_again(tag: u8, content in proptest::collection::vec(any::<u8>(), 0..700)) {
            let whole = element(tag, &[&content]);
            let read = Elements(&whole).next().unwrap();
            prop_assert_eq!((read.tag, read.content, read.whole), (tag, &content[..], &whole[..]));
        }

        #[test]
        fn arbitrary_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let read: usize = Elements(&bytes).map(|element| element.whole.len()).sum();
            prop_assert!(read <= bytes.len());
        }
    }
}
