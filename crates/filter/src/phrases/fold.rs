//! Text as phrases are compared in it: lower case, every run of punctuation and white space one space. The phrases of
//! a book and the text of a page both pass through here, so they agree on what a letter is.

use std::sync::LazyLock;

/// What a byte stands for when it ends a run of plain text: markup, or the start of a character beyond ASCII.
pub(crate) const STOP: u8 = 0;
/// What stands between two words.
pub(crate) const SPACE: u8 = b' ';

/// What each byte of a text becomes: a letter, `SPACE` or `STOP`.
pub(crate) type Table = [u8; 256];

/// Plain text: only what is not ASCII stops a run.
pub(crate) const PLAIN: Table = table(b"");
/// The value of an attribute of HTML.
pub(crate) const VALUE: Table = table(b"&");
/// The text of HTML.
pub(crate) const MARKUP: Table = table(b"&<");
/// The text of a string of JSON.
pub(crate) const JSON: Table = table(b"\"\\");

#[expect(clippy::cast_possible_truncation, reason = "the index of a table of 256 is a byte")]
const fn table(stops: &[u8]) -> Table {
    let mut table = [STOP; 256];
    let mut byte = 0;
    while byte < 128 {
        let letter = byte as u8;
        table[byte] = if letter.is_ascii_alphanumeric() { letter.to_ascii_lowercase() } else { SPACE };
        byte += 1;
    }
    let mut stop = 0;
    while stop < stops.len() {
        table[stops[stop] as usize] = STOP;
        stop += 1;
    }
    table
}

/// A character as it is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Folded {
    /// Part of a word; its lower case is still to be taken.
    Letter(char),
    /// Punctuation, white space, signs.
    Space,
    /// Not seen by a reader, and used to hide words from filters: soft hyphens, zero-width signs, marks set over letters.
    Nothing,
}

/// What a character is: letters drawn in another style (`ｓｅｘ`, `𝐬𝐞𝐱`) are the letters they look like.
pub(crate) fn fold(character: char) -> Folded {
    const STYLES: u32 = 0x1d400;
    const STYLED_DIGITS: u32 = 0x1d7ce;
    let code = u32::from(character);
    let plain = match code {
        0xad
        | 0x34f
        | 0x300..=0x36f
        | 0x200b..=0x200f
        | 0x202a..=0x202e
        | 0x2060..=0x2064
        | 0xfe00..=0xfe0f
        | 0xfeff => {
            return Folded::Nothing;
        }
        0xff01..=0xff5e => char::from_u32(code - 0xfee0),
        STYLES..=0x1d6a3 => char::from_u32(u32::from(b'a') + (code - STYLES) % 26),
        STYLED_DIGITS..=0x1d7ff => char::from_u32(u32::from(b'0') + (code - STYLED_DIGITS) % 10),
        _ => Some(character),
    };
    match plain {
        Some(letter) if letter.is_alphanumeric() => Folded::Letter(letter),
        _ => Folded::Space,
    }
}

/// What a character of two or three bytes becomes, found without asking what it is: most letters of most alphabets.
pub(crate) enum Quick {
    /// This small letter, of two bytes.
    Two([u8; 2]),
    /// Itself, of three bytes: a letter of a script without capitals.
    Three([u8; 3]),
    Space,
    Nothing,
}

/// Each character of two bytes as `fold` has it: the code of its small letter, a mark below, or `ASK`.
static SMALL: LazyLock<Vec<u16>> = LazyLock::new(|| {
    (0..0x800u32)
        .map(|code| match char::from_u32(code).map(fold) {
            Some(Folded::Space) => u16::from(SPACE),
            Some(Folded::Nothing) => 0,
            Some(Folded::Letter(letter)) => {
                let mut small = letter.to_lowercase();
                match (small.next().map(u32::from), small.next()) {
                    (Some(one @ 0x80..0x800), None) => u16::try_from(one).unwrap_or(ASK),
                    _ => ASK,
                }
            }
            None => ASK,
        })
        .collect()
});
const ASK: u16 = u16::MAX;

/// The first character of some bytes and its length, where it is one of those.
pub(crate) fn quick(bytes: &[u8]) -> Option<(Quick, usize)> {
    match *bytes {
        [lead @ 0xc2..=0xdf, next @ 0x80..=0xbf, ..] => {
            let code = usize::from(lead & 0x1f) << 6 | usize::from(next & 0x3f);
            let quick = match SMALL.get(code).copied()? {
                ASK => return None,
                0 => Quick::Nothing,
                space if space == u16::from(SPACE) => Quick::Space,
                small => Quick::Two([0xc0 | (small >> 6) as u8, 0x80 | (small & 0x3f) as u8]),
            };
            Some((quick, 2))
        }
        // Kana's letters, the Chinese characters of everyday, Hangul's syllables up to U+CFFF.
        [lead @ 0xe4..=0xec, second @ 0x80..=0xbf, third @ 0x80..=0xbf, ..]
            if lead != 0xea && (lead != 0xe4 || second >= 0xb8) =>
        {
            Some((Quick::Three([lead, second, third]), 3))
        }
        _ => None,
    }
}

/// A phrase as it is looked for: bytes of UTF-8, single spaces. A space before or after says "where a word begins or ends".
pub(super) fn phrase(text: &str) -> Vec<u8> {
    let mut folded = String::with_capacity(text.len());
    for character in text.chars() {
        match fold(character) {
            Folded::Letter(letter) => folded.extend(letter.to_lowercase()),
            Folded::Space if folded.ends_with(' ') => {}
            Folded::Space => folded.push(' '),
            Folded::Nothing => {}
        }
    }
    folded.into_bytes()
}

/// The first character of bytes that begin beyond ASCII.
pub(crate) enum Decoded {
    /// A character and its length.
    Character(char, usize),
    /// The bytes end within a character.
    Partial,
    /// Not UTF-8: the first byte stands alone.
    Invalid,
}

/// Reads one character of UTF-8 (RFC 3629).
pub(crate) fn decode(bytes: &[u8]) -> Decoded {
    let (length, lead) = match bytes.first() {
        Some(first @ 0xc2..=0xdf) => (2, first & 0x1f),
        Some(first @ 0xe0..=0xef) => (3, first & 0x0f),
        Some(first @ 0xf0..=0xf4) => (4, first & 0x07),
        _ => return Decoded::Invalid,
    };
    let mut code = u32::from(lead);
    for at in 1..length {
        match bytes.get(at) {
            Some(next) if next & 0xc0 == 0x80 => code = code << 6 | u32::from(next & 0x3f),
            Some(_) => return Decoded::Invalid,
            None => return Decoded::Partial,
        }
    }
    let shortest = [0, 0, 0x80, 0x800, 0x1_0000];
    match char::from_u32(code) {
        Some(character) if shortest.get(length).is_some_and(|least| code >= *least) => {
            Decoded::Character(character, length)
        }
        _ => Decoded::Invalid,
    }
}

/// What a byte that is no UTF-8 most likely is: a letter of windows-1252, the encoding of pages that say none.
pub(crate) const fn western(byte: u8) -> char {
    match byte {
        0x83 => 'ƒ',
        0x8a => 'Š',
        0x8c => 'Œ',
        0x8e => 'Ž',
        0x9a => 'š',
        0x9c => 'œ',
        0x9e => 'ž',
        0x9f => 'Ÿ',
        0x80..=0x9f => ' ',
        _ => byte as char,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn text_is_compared_without_case_punctuation_and_disguise() {
        for (text, expected) in [
            ("Hello, World!", "hello world "),
            ("  x-rated  ", " x rated "),
            ("ÉCOLE Straße", "école straße"),
            ("ЖИЗНЬ", "жизнь"),
            ("Ｆｕｌｌ 𝐁𝐨𝐥𝐝 𝟏", "full bold 1"),
            ("so\u{ad}ft ze\u{200b}ro", "soft zero"),
            ("赌场。", "赌场 "),
        ] {
            assert_eq!(String::from_utf8(phrase(text)).unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn the_quick_way_says_what_the_long_way_says() {
        let mut quickly = 0;
        for character in (0x80..0x1_0000).filter_map(char::from_u32) {
            let mut bytes = [0; 4];
            let written = character.encode_utf8(&mut bytes);
            let Some((found, length)) = quick(written.as_bytes()) else { continue };
            quickly += 1;
            let found = match found {
                Quick::Two(letter) => letter.to_vec(),
                Quick::Three(letter) => letter.to_vec(),
                Quick::Space => vec![SPACE],
                Quick::Nothing => vec![],
            };
            assert_eq!((found, length), (phrase(written), written.len()), "{character:?}");
        }
        assert!(quickly > 30_000, "{quickly}");
    }

    proptest! {
        #[test]
        fn characters_are_decoded_as_the_standard_library_does(bytes in proptest::collection::vec(0x80u8.., 1..5)) {
            let expected = std::str::from_utf8(&bytes).map_or_else(|error| error.valid_up_to(), str::len) > 0;
            match decode(&bytes) {
                Decoded::Character(character, length) => {
                    prop_assert!(expected);
                    prop_assert_eq!(std::str::from_utf8(&bytes[..length]).unwrap(), character.to_string());
                }
                Decoded::Partial | Decoded::Invalid => prop_assert!(!expected),
            }
        }

        #[test]
        fn folding_twice_is_folding_once(text in ".{0,60}") {
            let once = phrase(&text);
            // A capital may become two characters, the second a mark that is not compared: İ.
            prop_assume!(!text.contains('İ'));
            prop_assert_eq!(phrase(std::str::from_utf8(&once).unwrap()), once);
        }
    }
}
