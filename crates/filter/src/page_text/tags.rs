//! The names of elements and attributes, and what they mean to somebody who reads the words only.

/// A name in small letters, cut at 24 bytes: longer ones are nothing we know.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Name {
    bytes: [u8; 24],
    length: u8,
    /// Whether there was more than is kept.
    cut: bool,
}

/// What an element does to the words around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Element {
    /// Stands within a word or a line: `se<b>x</b>` is one word.
    Inline,
    /// Ends a word.
    Block,
    /// Says something about the page.
    Meta,
    /// Its text is no markup and not shown: scripts, styles, what is for browsers without scripts or frames.
    Skipped,
    /// Its text is no markup but is shown: titles, text areas.
    Words,
}

/// A value that is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Attribute {
    /// Words that people see or hear.
    Shown,
    /// What a meta element is about.
    MetaName,
    /// What it says.
    MetaContent,
}

impl Name {
    pub(super) fn clear(&mut self) {
        (self.length, self.cut) = (0, false);
        self.bytes = [0; 24];
    }

    pub(super) fn push(&mut self, byte: u8) {
        match self.bytes.get_mut(usize::from(self.length)) {
            Some(place) => {
                *place = byte.to_ascii_lowercase();
                self.length += 1;
            }
            None => self.cut = true,
        }
    }

    pub(super) fn set(&mut self, name: &[u8]) {
        self.clear();
        name.iter().for_each(|byte| self.push(*byte));
    }

    pub(super) fn bytes(&self) -> &[u8] {
        if self.cut { &[] } else { self.bytes.get(..usize::from(self.length)).unwrap_or_default() }
    }

    /// Whether a longer name may begin so.
    pub(super) fn is_start_of(&self, other: &Name) -> bool {
        self.length < other.length && other.bytes().starts_with(self.bytes())
    }

    pub(super) fn element(&self) -> Element {
        Element::of(self.bytes())
    }

    /// Whether and how the value of an attribute with this name is read.
    pub(super) fn attribute(&self, element: Element) -> Option<Attribute> {
        Attribute::of(self.bytes(), element)
    }

    /// Whether a meta element of this name says in words what the page is about, or labels itself.
    pub(super) fn is_description(&self) -> bool {
        const ENDINGS: [&[u8]; 6] = [b"description", b"keywords", b"title", b"rating", b"subject", b"abstract"];
        ENDINGS.iter().any(|ending| self.bytes().ends_with(ending))
    }
}

/// A name of at most eight letters as a number, so that finding out what it is takes a few comparisons; nought for others.
const fn key(name: &[u8]) -> u64 {
    let mut key = 0;
    let mut at = 0;
    while at < name.len() {
        key = key << 8 | name[at].to_ascii_lowercase() as u64;
        at += 1;
    }
    if name.len() > 8 { 0 } else { key }
}

/// Elements that stand within a line.
const INLINE: [u64; 29] = [
    key(b"abbr"),
    key(b"acronym"),
    key(b"b"),
    key(b"bdi"),
    key(b"bdo"),
    key(b"big"),
    key(b"cite"),
    key(b"code"),
    key(b"del"),
    key(b"dfn"),
    key(b"em"),
    key(b"font"),
    key(b"i"),
    key(b"ins"),
    key(b"kbd"),
    key(b"mark"),
    key(b"nobr"),
    key(b"s"),
    key(b"samp"),
    key(b"small"),
    key(b"span"),
    key(b"strike"),
    key(b"strong"),
    key(b"sub"),
    key(b"sup"),
    key(b"tt"),
    key(b"u"),
    key(b"var"),
    key(b"wbr"),
];

impl Element {
    /// What an element of this name is, in any case of letters.
    pub(super) fn of(name: &[u8]) -> Self {
        const SKIPPED: [u64; 6] =
            [key(b"script"), key(b"style"), key(b"noscript"), key(b"iframe"), key(b"noembed"), key(b"noframes")];
        const WORDS: [u64; 3] = [key(b"title"), key(b"textarea"), key(b"xmp")];
        const META: u64 = key(b"meta");
        let key = key(name);
        if INLINE.contains(&key) {
            Element::Inline
        } else if key == META {
            Element::Meta
        } else if SKIPPED.contains(&key) {
            Element::Skipped
        } else if WORDS.contains(&key) {
            Element::Words
        } else {
            Element::Block
        }
    }
}

impl Attribute {
    /// Whether and how the value of an attribute with this name is read.
    pub(super) fn of(name: &[u8], element: Element) -> Option<Self> {
        const SHOWN: [&[u8]; 5] = [b"alt", b"title", b"aria-label", b"placeholder", b"summary"];
        let is = |known: &[u8]| name.eq_ignore_ascii_case(known);
        if matches!(name.len(), 3 | 5 | 7 | 10 | 11) && SHOWN.iter().any(|known| is(known)) {
            return Some(Attribute::Shown);
        }
        match element {
            Element::Meta if is(b"content") => Some(Attribute::MetaContent),
            Element::Meta if is(b"name") || is(b"property") || is(b"itemprop") => Some(Attribute::MetaName),
            _ => None,
        }
    }
}
