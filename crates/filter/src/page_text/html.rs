//! HTML and XML as they come: words outside tags, and those attributes that people see or search engines show. Tags,
//! comments, scripts and styles are passed over, by the rules browsers follow (WHATWG HTML, 13.2.5), so that what a
//! browser shows is not hidden from the reader by clever markup. Pieces may end anywhere.

use super::characters::Characters;
use super::tags::{Attribute, Element, Name};
use super::whole_tag::whole_tag;
use crate::phrases::fold::{MARKUP, VALUE};
use crate::phrases::scan::PageScan;
use memchr::memchr;

/// The most bytes of a meta element's content that are read.
const LONGEST_CONTENT: usize = 4_096;

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Text,
    /// After `<`.
    TagStart,
    /// After `</`.
    EndTagStart,
    TagName,
    BeforeAttribute,
    AttributeName,
    AfterAttributeName,
    BeforeValue,
    /// In a value that ends with this quotation mark.
    Quoted(u8),
    Unquoted,
    /// After `<!`.
    Markup,
    /// Between `<!` or `<?` and `>`.
    Declaration,
    Comment,
    /// Inside an element whose text is not markup, until its end tag.
    Raw,
    /// After a `<` inside such an element.
    RawEnd,
}

/// What a reader of HTML remembers between two pieces.
pub(super) struct Html {
    state: State,
    characters: Characters,
    /// The tag being read, and whether it ends an element.
    tag: Name,
    closing: bool,
    attribute: Name,
    read_value: Option<Attribute>,
    /// A meta element's name and what it says, until its tag ends.
    meta: Name,
    content: Vec<u8>,
    /// The element whose text is not markup, and whether its text is read.
    raw: Name,
    raw_is_read: bool,
    /// The last bytes of a comment, or the first after `<!`.
    tail: [u8; 8],
    tail_length: usize,
}

impl Html {
    pub(super) fn new() -> Self {
        Self {
            state: State::Text,
            characters: Characters::default(),
            tag: Name::default(),
            closing: false,
            attribute: Name::default(),
            read_value: None,
            meta: Name::default(),
            content: Vec::new(),
            raw: Name::default(),
            raw_is_read: false,
            tail: [0; 8],
            tail_length: 0,
        }
    }

    /// Reads the next piece.
    pub(super) fn read(&mut self, bytes: &[u8], scan: &mut PageScan) {
        let mut at = 0;
        while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
            at += match self.state {
                State::Text => self.text(rest, scan),
                State::Quoted(quote) => self.quoted(rest, quote, scan),
                State::Unquoted => self.unquoted(rest, scan),
                State::Declaration => self.declaration(rest),
                State::Comment => self.comment(rest),
                State::Raw => self.raw(rest, scan),
                State::TagName => self.tag_name(rest, scan),
                _ => self.one(rest, scan),
            };
        }
    }

    pub(super) fn finish(&mut self, scan: &mut PageScan) {
        self.characters.finish(scan);
    }

    fn text(&mut self, rest: &[u8], scan: &mut PageScan) -> usize {
        let read = self.characters.read(rest, &MARKUP, scan);
        if rest.get(read) != Some(&b'<') {
            return read;
        }
        self.characters.finish(scan);
        self.state = State::TagStart;
        read + 1 + self.whole_tag(rest.get(read + 1..).unwrap_or_default(), scan)
    }

    /// Reads a tag in one go where that can be done; nought where the states must.
    fn whole_tag(&mut self, rest: &[u8], scan: &mut PageScan) -> usize {
        let characters = &mut self.characters;
        let read = whole_tag(rest, &mut |value| {
            scan.space();
            characters.read(value, &VALUE, scan);
            characters.finish(scan);
            scan.space();
        });
        let Some(tag) = read else { return 0 };
        self.closing = tag.closing;
        if matches!(tag.element, Element::Skipped | Element::Words) {
            self.tag.set(tag.name);
        }
        self.end_tag(tag.element, scan);
        tag.length
    }

    /// The states that look at one byte; nought where the byte belongs to the next state.
    fn one(&mut self, rest: &[u8], scan: &mut PageScan) -> usize {
        let Some(byte) = rest.first().copied() else { return 0 };
        match (self.state, byte) {
            (State::TagStart, b'/') => self.state = State::EndTagStart,
            (State::TagStart, b'!') => {
                self.tail_length = 0;
                self.state = State::Markup;
            }
            (State::TagStart | State::EndTagStart, b'?') => self.state = State::Declaration,
            (State::TagStart | State::EndTagStart, letter) if letter.is_ascii_alphabetic() => {
                self.begin_tag(self.state == State::EndTagStart);
                return 0;
            }
            (State::TagStart, _) => {
                scan.space();
                self.state = State::Text;
                return 0;
            }
            (State::EndTagStart, b'>') => self.state = State::Text,
            (State::EndTagStart, _) => self.state = State::Declaration,
            (State::Markup, _) => return self.markup(byte, scan),
            (State::RawEnd, _) => return self.raw_end(byte, scan),
            (_, b'>') => self.end_tag(self.tag.element(), scan),
            (State::BeforeAttribute, b'/') => {}
            (State::BeforeAttribute, space) if space.is_ascii_whitespace() => {}
            (State::BeforeAttribute, _) => {
                self.attribute.clear();
                self.attribute.push(byte);
                self.state = State::AttributeName;
            }
            (State::AttributeName | State::AfterAttributeName, b'=') => self.state = State::BeforeValue,
            (State::AttributeName | State::AfterAttributeName, b'/') => self.state = State::BeforeAttribute,
            (State::AttributeName, space) if space.is_ascii_whitespace() => self.state = State::AfterAttributeName,
            (State::AttributeName, _) => self.attribute.push(byte),
            (State::AfterAttributeName, space) if space.is_ascii_whitespace() => {}
            (State::AfterAttributeName, _) => {
                self.state = State::BeforeAttribute;
                return 0;
            }
            (State::BeforeValue, space) if space.is_ascii_whitespace() => {}
            (State::BeforeValue, b'"' | b'\'') => {
                self.begin_value(scan);
                self.state = State::Quoted(byte);
            }
            (State::BeforeValue, _) => {
                self.begin_value(scan);
                self.state = State::Unquoted;
                return 0;
            }
            _ => self.state = State::Text,
        }
        1
    }

    fn begin_tag(&mut self, closing: bool) {
        self.closing = closing;
        self.tag.clear();
        self.meta.clear();
        self.content.clear();
        self.state = State::TagName;
    }

    fn tag_name(&mut self, rest: &[u8], scan: &mut PageScan) -> usize {
        for (at, byte) in rest.iter().enumerate() {
            match byte {
                b'>' => {
                    self.end_tag(self.tag.element(), scan);
                    return at + 1;
                }
                b'/' => {}
                space if space.is_ascii_whitespace() => {}
                letter => {
                    self.tag.push(*letter);
                    continue;
                }
            }
            self.state = State::BeforeAttribute;
            return at + 1;
        }
        rest.len()
    }

    fn end_tag(&mut self, element: Element, scan: &mut PageScan) {
        if !matches!(element, Element::Inline) {
            scan.space();
        }
        self.state = State::Text;
        if self.closing {
            return;
        }
        match element {
            Element::Meta if self.meta.is_description() => {
                let content = std::mem::take(&mut self.content);
                self.characters.read(&content, &VALUE, scan);
                self.characters.finish(scan);
                scan.space();
                self.content = content;
            }
            Element::Skipped | Element::Words => {
                self.raw = self.tag;
                self.raw_is_read = element == Element::Words;
                self.state = State::Raw;
            }
            _ => {}
        }
    }

    fn begin_value(&mut self, scan: &mut PageScan) {
        self.read_value = if self.closing { None } else { self.attribute.attribute(self.tag.element()) };
        if self.read_value == Some(Attribute::Shown) {
            scan.space();
        }
    }

    fn value(&mut self, bytes: &[u8], scan: &mut PageScan) {
        match self.read_value {
            Some(Attribute::Shown) => {
                self.characters.read(bytes, &VALUE, scan);
            }
            Some(Attribute::MetaName) => bytes.iter().for_each(|byte| self.meta.push(*byte)),
            Some(Attribute::MetaContent) => {
                let room = LONGEST_CONTENT.saturating_sub(self.content.len());
                self.content.extend(bytes.iter().take(room));
            }
            None => {}
        }
    }

    fn end_value(&mut self, scan: &mut PageScan) {
        if self.read_value.take() == Some(Attribute::Shown) {
            self.characters.finish(scan);
            scan.space();
        }
        self.state = State::BeforeAttribute;
    }

    fn quoted(&mut self, rest: &[u8], quote: u8, scan: &mut PageScan) -> usize {
        let end = memchr(quote, rest);
        self.value(rest.get(..end.unwrap_or(rest.len())).unwrap_or_default(), scan);
        match end {
            Some(end) => {
                self.end_value(scan);
                end + 1
            }
            None => rest.len(),
        }
    }

    fn unquoted(&mut self, rest: &[u8], scan: &mut PageScan) -> usize {
        let end = rest.iter().position(|byte| *byte == b'>' || byte.is_ascii_whitespace());
        self.value(rest.get(..end.unwrap_or(rest.len())).unwrap_or_default(), scan);
        if end.is_some() {
            self.end_value(scan);
        }
        end.unwrap_or(rest.len())
    }

    fn declaration(&mut self, rest: &[u8]) -> usize {
        match memchr(b'>', rest) {
            Some(end) => {
                self.state = State::Text;
                end + 1
            }
            None => rest.len(),
        }
    }

    /// After `<!`: a comment, a section of plain characters, or a declaration.
    fn markup(&mut self, byte: u8, scan: &mut PageScan) -> usize {
        const SECTION: &[u8] = b"[CDATA[";
        if let Some(place) = self.tail.get_mut(self.tail_length) {
            *place = byte;
            self.tail_length += 1;
        }
        let begun = self.tail.get(..self.tail_length).unwrap_or_default();
        match begun {
            b"--" => {
                self.tail_length = 2;
                self.state = State::Comment;
            }
            // Its words are read; what ends it is signs.
            SECTION => {
                scan.space();
                self.state = State::Text;
            }
            b"-" => {}
            _ if SECTION.starts_with(begun) => {}
            _ => {
                self.state = State::Declaration;
                // The byte may be the `>` that ends it.
                return 0;
            }
        }
        1
    }

    /// A comment ends with `-->` or `--!>`; one that begins with `>` or `->` ends there.
    fn comment(&mut self, rest: &[u8]) -> usize {
        let end = memchr(b'>', rest);
        let piece = rest.get(..end.unwrap_or(rest.len())).unwrap_or_default();
        for byte in piece.iter().skip(piece.len().saturating_sub(3)) {
            if self.tail_length == 3 {
                self.tail.copy_within(1..3, 0);
                self.tail_length = 2;
            }
            if let Some(place) = self.tail.get_mut(self.tail_length) {
                *place = *byte;
                self.tail_length += 1;
            }
        }
        let Some(end) = end else { return rest.len() };
        let tail = self.tail.get(..self.tail_length).unwrap_or_default();
        if tail.ends_with(b"--") || tail == b"--!" {
            self.state = State::Text;
        } else {
            self.tail_length = 0;
        }
        end + 1
    }

    fn raw(&mut self, rest: &[u8], scan: &mut PageScan) -> usize {
        let end = if self.raw_is_read {
            Some(self.characters.read(rest, &MARKUP, scan)).filter(|end| *end < rest.len())
        } else {
            memchr(b'<', rest)
        };
        match end {
            Some(end) => {
                self.characters.finish(scan);
                self.tag.clear();
                self.tail_length = 0;
                self.state = State::RawEnd;
                end + 1
            }
            None => rest.len(),
        }
    }

    /// After a `<` where only one end tag counts.
    fn raw_end(&mut self, byte: u8, scan: &mut PageScan) -> usize {
        if self.tail_length == 0 && byte == b'/' {
            self.tail_length = 1;
            return 1;
        }
        if self.tail_length == 1 && byte.is_ascii_alphabetic() && self.tag.is_start_of(&self.raw) {
            self.tag.push(byte);
            return 1;
        }
        let ends = byte == b'>' || byte == b'/' || byte.is_ascii_whitespace();
        if self.tail_length == 1 && ends && self.tag == self.raw {
            self.closing = true;
            self.state = State::BeforeAttribute;
            return 0;
        }
        self.state = State::Raw;
        if self.raw_is_read {
            scan.space();
            scan.text(self.tag.bytes(), &MARKUP);
        }
        0
    }
}

/// The label of an encoding in a page's first bytes: `<meta … charset=…>`, or the declaration of XML.
pub(super) fn declared_charset(head: &[u8]) -> Option<&[u8]> {
    let label: &[u8] = if head.starts_with(b"<?xml") { b"encoding" } else { b"charset" };
    (0..head.len()).find_map(|at| after_label(head.get(at..)?, label))
}

/// The value after `label =`, without quotation marks.
fn after_label<'a>(text: &'a [u8], label: &[u8]) -> Option<&'a [u8]> {
    let (begins, rest) = text.split_at_checked(label.len())?;
    let value = rest.trim_ascii_start().strip_prefix(b"=").filter(|_| begins.eq_ignore_ascii_case(label))?;
    let value = value.trim_ascii_start();
    let value = value.strip_prefix(b"\"").or_else(|| value.strip_prefix(b"'")).unwrap_or(value);
    let length = value.iter().position(|byte| !(byte.is_ascii_alphanumeric() || b"-_:.".contains(byte)));
    value.get(..length.unwrap_or(value.len())).filter(|value| !value.is_empty())
}
