//! The words between two pieces of markup, with the characters that are written by name or number.

use super::entities::{LONGEST, character};
use crate::phrases::fold::Table;
use crate::phrases::scan::PageScan;

/// Where in a run of words the reader stands.
#[derive(Default)]
pub(super) struct Characters {
    /// What of a name has been read since its `&`.
    name: Option<Name>,
}

#[derive(Default)]
struct Name {
    bytes: [u8; LONGEST],
    length: usize,
}

impl Characters {
    /// Reads words up to the next `<`, or, where the table does not stop at it, all; how many bytes were read.
    pub(super) fn read(&mut self, bytes: &[u8], table: &Table, scan: &mut PageScan) -> usize {
        let mut at = 0;
        loop {
            if self.name.is_some() {
                at += self.read_name(bytes.get(at..).unwrap_or_default(), scan);
                if self.name.is_some() {
                    return at;
                }
            }
            at += scan.text(bytes.get(at..).unwrap_or_default(), table);
            match bytes.get(at) {
                Some(b'&') => {
                    self.name = Some(Name::default());
                    at += 1;
                }
                _ => return at,
            }
        }
    }

    fn read_name(&mut self, bytes: &[u8], scan: &mut PageScan) -> usize {
        let mut at = 0;
        for byte in bytes {
            let Some(name) = &mut self.name else { break };
            let place = name.bytes.get_mut(name.length);
            match (byte, place) {
                (b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'#', Some(place)) => {
                    *place = *byte;
                    name.length += 1;
                    at += 1;
                }
                (b';', _) => {
                    self.end(true, scan);
                    return at + 1;
                }
                _ => {
                    self.end(false, scan);
                    break;
                }
            }
        }
        at
    }

    /// Ends a name that markup or the value's end cut off.
    pub(super) fn finish(&mut self, scan: &mut PageScan) {
        self.end(false, scan);
    }

    fn end(&mut self, closed: bool, scan: &mut PageScan) {
        let Some(name) = self.name.take() else { return };
        let name = name.bytes.get(..name.length).unwrap_or_default();
        let letter = character(name, closed);
        if letter != ' ' || closed {
            scan.character(letter);
            return;
        }
        // No name of ours: what stood there is text (`this&that`).
        scan.space();
        scan.text(name, &crate::phrases::fold::PLAIN);
    }
}
