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

    pub(super) fn bytes(&self) -> &[u8] {
        if self.cut { &[] } else { self.bytes.get(..usize::from(self.length)).unwrap_or_default() }
    }

    /// Whether a longer name may begin so.
    pub(super) fn is_start_of(&self, other: &Name) -> bool {
        self.length < other.length && other.bytes().starts_with(self.bytes())
    }

    pub(super) fn element(&self) -> Element {
        match self.bytes() {
            b"abbr" | b"acronym" | b"b" | b"bdi" | b"bdo" | b"big" | b"cite" | b"code" | b"del" | b"dfn" | b"em"
            | b"font" | b"i" | b"ins" | b"kbd" | b"mark" | b"nobr" | b"s" | b"samp" | b"small" | b"span"
            | b"strike" | b"strong" | b"sub" | b"sup" | b"tt" | b"u" | b"var" | b"wbr" => Element::Inline,
            b"meta" => Element::Meta,
            b"script" | b"style" | b"noscript" | b"iframe" | b"noembed" | b"noframes" => Element::Skipped,
            b"title" | b"textarea" | b"xmp" => Element::Words,
            _ => Element::Block,
        }
    }

    /// Whether and how the value of an attribute with this name is read.
    pub(super) fn attribute(&self, element: Element) -> Option<Attribute> {
        match (element, self.bytes()) {
            (_, b"alt" | b"title" | b"aria-label" | b"placeholder" | b"summary") => Some(Attribute::Shown),
            (Element::Meta, b"name" | b"property" | b"itemprop") => Some(Attribute::MetaName),
            (Element::Meta, b"content") => Some(Attribute::MetaContent),
            _ => None,
        }
    }

    /// Whether a meta element of this name says in words what the page is about, or labels itself.
    pub(super) fn is_description(&self) -> bool {
        const ENDINGS: [&[u8]; 6] = [b"description", b"keywords", b"title", b"rating", b"subject", b"abstract"];
        ENDINGS.iter().any(|ending| self.bytes().ends_with(ending))
    }
}
