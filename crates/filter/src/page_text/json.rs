//! The words of JSON as it comes: its strings, without the keys. What is not JSON is read as far as it looks like it.

use crate::phrases::fold::JSON;
use crate::phrases::scan::PageScan;
use memchr::memchr2;

/// How deep keys are told from values; below, every string is a value.
const DEEPEST: u32 = 64;

/// What a reader of JSON remembers between two pieces.
#[derive(Default)]
pub(super) struct Json {
    state: State,
    /// One bit for each level, set where it is an object.
    objects: u64,
    depth: u32,
    /// Whether the next string is a key.
    key_next: bool,
    /// The code of an escape (`\u00e9`), and how many of its digits have been read.
    code: u32,
    digits: u8,
    /// The first half of a character that takes two escapes.
    high: Option<u32>,
}

#[derive(Default, Clone, Copy, PartialEq, Eq)]
enum State {
    #[default]
    Outside,
    Key,
    Value,
    /// After a backslash, in a key or a value.
    Escape {
        key: bool,
    },
    Unicode {
        key: bool,
    },
    Inner,
}

impl Json {
    /// Reads the next piece.
    pub(super) fn read(&mut self, bytes: &[u8], scan: &mut PageScan) {
        let mut at = 0;
        while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
            at += match self.state {
                State::Value => self.value(rest, scan),
                State::Key => self.key(rest),
                State::Outside => self.outside(rest, scan),
                State::Escape { key } => self.escape(rest, key, scan),
                State::Unicode { key } => self.unicode(rest, key, scan),
                State::Inner => self.inner(rest),
            };
        }
    }

    fn value(&mut self, rest: &[u8], scan: &mut PageScan) -> usize {
        let read = scan.text(rest, &JSON);
        match rest.get(read) {
            Some(b'"') => {
                self.high = None;
                self.state = State::Outside;
                scan.space();
            }
            Some(_) => self.state = State::Escape { key: false },
            None => return read,
        }
        read + 1
    }

    fn key(&mut self, rest: &[u8]) -> usize {
        let Some(at) = memchr2(b'"', b'\\', rest) else { return rest.len() };
        self.state = if rest.get(at) == Some(&b'"') { State::Outside } else { State::Escape { key: true } };
        at + 1
    }

    fn outside(&mut self, rest: &[u8], scan: &mut PageScan) -> usize {
        for (at, byte) in rest.iter().enumerate() {
            match byte {
                b'{' => self.open(true),
                b'[' => self.open(false),
                b'}' | b']' => {
                    self.depth = self.depth.saturating_sub(1);
                    self.key_next = false;
                }
                b',' => self.key_next = self.in_object(),
                b':' => self.key_next = false,
                b'"' => {
                    self.state = if std::mem::take(&mut self.key_next) { State::Key } else { State::Value };
                    scan.space();
                    return at + 1;
                }
                _ => {}
            }
        }
        rest.len()
    }

    fn open(&mut self, object: bool) {
        if self.depth < DEEPEST {
            self.objects = self.objects & !(1 << self.depth) | u64::from(object) << self.depth;
        }
        self.depth = self.depth.saturating_add(1);
        self.key_next = self.in_object();
    }

    fn in_object(&self) -> bool {
        (1..=DEEPEST).contains(&self.depth) && self.objects >> (self.depth - 1) & 1 == 1
    }

    fn escape(&mut self, rest: &[u8], key: bool, scan: &mut PageScan) -> usize {
        self.state = if key { State::Key } else { State::Value };
        match rest.first() {
            Some(b'u') => {
                (self.code, self.digits) = (0, 0);
                self.state = State::Unicode { key };
            }
            _ if key => {}
            // JSON inside a text of JSON: its line ends are two signs and a letter, which belongs to no word.
            Some(b'\\') => {
                scan.space();
                self.state = State::Inner;
            }
            Some(byte) if byte.is_ascii() => scan.space(),
            _ => return 0,
        }
        1
    }

    /// After an escaped backslash.
    fn inner(&mut self, rest: &[u8]) -> usize {
        self.state = State::Value;
        usize::from(matches!(rest.first(), Some(b'n' | b'r' | b't')))
    }

    fn unicode(&mut self, rest: &[u8], key: bool, scan: &mut PageScan) -> usize {
        let digit = rest.first().and_then(|byte| char::from(*byte).to_digit(16));
        let Some(digit) = digit else {
            self.state = if key { State::Key } else { State::Value };
            return 0;
        };
        self.code = self.code << 4 | digit;
        self.digits += 1;
        if self.digits == 4 {
            self.state = if key { State::Key } else { State::Value };
            if !key {
                self.escaped(scan);
            }
        }
        1
    }

    /// A character by its code; those beyond 16 bits come in two (RFC 8259, 7).
    fn escaped(&mut self, scan: &mut PageScan) {
        let code = match (self.high.take(), self.code) {
            (_, high @ 0xd800..=0xdbff) => {
                self.high = Some(high);
                return;
            }
            (Some(high), low @ 0xdc00..=0xdfff) => 0x1_0000 + ((high - 0xd800) << 10) + (low - 0xdc00),
            (_, code) => code,
        };
        scan.character(char::from_u32(code).unwrap_or(' '));
    }
}
