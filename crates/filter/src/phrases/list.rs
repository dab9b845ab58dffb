//! The phrase lists that schools have: weighted, banned and exception lists as DansGuardian and e2guardian read them.
//! Lines to phrases only; what a phrase is worth to a page is `scan`'s affair, and files are the caller's.

use encoding_rs::{Encoding, WINDOWS_1252};
use std::borrow::Cow;

/// What finding a line's phrases means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PhraseKind {
    /// Adds its weight to the page's score, or takes it away.
    Weighted,
    /// Closes the page whatever its score.
    Banned,
    /// Opens the page whatever its score. Whoever writes a page can write such a phrase, so use few.
    Exception,
}

/// One list as it lies on disk.
#[derive(Debug, Clone, Copy)]
pub struct PhraseList<'a> {
    /// Named in reports, and the category of phrases under no `#listcategory`.
    pub name: &'a str,
    /// What its lines mean.
    pub kind: PhraseKind,
    /// The file's bytes.
    pub text: &'a [u8],
    /// The encoding of lines that are not UTF-8, as browsers name it (`windows-1251`); without one, windows-1252.
    pub encoding: Option<&'a str>,
}

/// A weight: points, or a part of the limit that the page is held to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Weight {
    /// This many points; below nought it speaks for the page.
    Points(i32),
    /// This many hundredths of the limit, so that it weighs the same for every group.
    Percent(i32),
}

impl Weight {
    /// Points under a limit.
    pub fn points(self, limit: u32) -> i64 {
        match self {
            Weight::Points(points) => i64::from(points),
            Weight::Percent(percent) => i64::from(percent) * i64::from(limit) / 100,
        }
    }
}

/// A line that says something.
#[derive(Debug, PartialEq)]
pub(super) enum Line {
    Phrases { parts: Vec<String>, weight: Weight },
    Category(String),
    Include(String),
}

/// What is wrong with a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum PhraseLineError {
    /// Phrases stand between `<` and `>`.
    #[error("a phrase stands between `<` and `>`; this line is something else")]
    Form,
    /// The last of a weighted line is its weight.
    #[error("the last of a weighted line is a number between `<` and `>`, such as `<50>`, `<-20>` or `<10%>`")]
    Weight,
    /// A phrase of one byte or of signs alone would be found everywhere.
    #[error("a phrase needs two letters at least, signs not counted")]
    TooShort,
    /// A phrase or a combination beyond the bounds.
    #[error("a phrase is at most 200 bytes long, and a combination at most 16 phrases")]
    TooLong,
}

const LONGEST_PHRASE: usize = 200;
const MOST_PARTS: usize = 16;
/// Weights beyond this say no more than this does, and sums of them stay in bounds.
const HEAVIEST: i32 = 1_000_000;

/// One line, `None` where it is a remark or empty.
pub(super) fn line(bytes: &[u8], kind: PhraseKind, encoding: Option<&str>) -> Result<Option<Line>, PhraseLineError> {
    let text = decoded(bytes, encoding);
    let trimmed = text.trim_matches(|letter: char| letter.is_whitespace() || letter == '\u{feff}');
    if let Some(remark) = trimmed.strip_prefix('#') {
        return Ok(remark.trim_start().strip_prefix("listcategory:").map(|name| Line::Category(unquoted(name))));
    }
    if let Some(path) = trimmed.strip_prefix(".Include<") {
        return match path.split_once('>') {
            Some((path, _)) if !path.trim().is_empty() => Ok(Some(Line::Include(path.trim().to_owned()))),
            _ => Err(PhraseLineError::Form),
        };
    }
    if trimmed.is_empty() {
        return Ok(None);
    }
    let (parts, weight) = phrases(trimmed)?;
    let weight = match (kind, weight) {
        (PhraseKind::Weighted, Some(weight)) => weight_of(&weight)?,
        (PhraseKind::Weighted, None) => return Err(PhraseLineError::Weight),
        (_, Some(extra)) if weight_of(&extra).is_err() => return Err(PhraseLineError::Form),
        // Banned and exception lists need no weight; some carry one by habit.
        _ => Weight::Points(0),
    };
    if parts.len() > MOST_PARTS || parts.iter().any(|part| part.len() > LONGEST_PHRASE) {
        return Err(PhraseLineError::TooLong);
    }
    Ok(Some(Line::Phrases { parts, weight }))
}

/// `<one>,< two ><50>`: the phrases, and what stands last without a comma before it.
fn phrases(line: &str) -> Result<(Vec<String>, Option<String>), PhraseLineError> {
    let mut parts = Vec::new();
    let mut rest = line.strip_prefix('<').ok_or(PhraseLineError::Form)?;
    loop {
        let (part, after) = rest.split_once('>').ok_or(PhraseLineError::Form)?;
        parts.push(part.to_owned());
        let after = after.trim_start();
        if let Some(next) = after.strip_prefix(',') {
            rest = next.trim_start().strip_prefix('<').ok_or(PhraseLineError::Form)?;
        } else if let Some(last) = after.strip_prefix('<') {
            let (weight, tail) = last.split_once('>').ok_or(PhraseLineError::Form)?;
            return if is_remark(tail) { Ok((parts, Some(weight.to_owned()))) } else { Err(PhraseLineError::Form) };
        } else {
            return if is_remark(after) { Ok((parts, None)) } else { Err(PhraseLineError::Form) };
        }
    }
}

fn is_remark(tail: &str) -> bool {
    tail.trim().is_empty() || tail.trim_start().starts_with('#')
}

fn weight_of(text: &str) -> Result<Weight, PhraseLineError> {
    let text = text.trim();
    let (number, of) = match text.strip_suffix('%') {
        Some(number) => (number, Weight::Percent as fn(i32) -> Weight),
        None => (text, Weight::Points as fn(i32) -> Weight),
    };
    let number: i32 = number.trim().parse().map_err(|_| PhraseLineError::Weight)?;
    Ok(of(number.clamp(-HEAVIEST, HEAVIEST)))
}

fn unquoted(name: &str) -> String {
    name.trim().trim_matches('"').trim().chars().take(100).collect()
}

fn decoded<'a>(bytes: &'a [u8], encoding: Option<&str>) -> Cow<'a, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => {
            let named = encoding.and_then(|label| Encoding::for_label(label.as_bytes()));
            named.unwrap_or(WINDOWS_1252).decode_without_bom_handling(bytes).0
        }
    }
}

/// The files that a list asks to be read as well, in order. Which may be read, and how deep, is the caller's choice.
pub fn includes(text: &[u8]) -> Vec<String> {
    lines(text)
        .filter_map(|bytes| match line(bytes, PhraseKind::Weighted, None) {
            Ok(Some(Line::Include(path))) => Some(path),
            _ => None,
        })
        .collect()
}

/// The lines of a list.
pub(super) fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|byte| matches!(byte, b'\n' | b'\r'))
}

/// The encoding that a list's path speaks of (`russian-1251`, `chinesebig5`), for lists whose files do not say.
pub fn encoding_of_path(path: &str) -> Option<&'static str> {
    const SPOKEN_OF: &[(&str, &str)] = &[
        ("1251", "windows-1251"),
        ("koi8-r", "koi8-r"),
        ("big5", "big5"),
        ("gb2312", "gbk"),
        ("russian", "windows-1251"),
        ("polish", "iso-8859-2"),
        ("japanese", "shift_jis"),
    ];
    let path = path.to_ascii_lowercase();
    SPOKEN_OF.iter().find(|(part, _)| path.contains(part)).map(|(_, label)| *label)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, kind: PhraseKind) -> Result<Option<(Vec<String>, Weight)>, PhraseLineError> {
        Ok(match line(text.as_bytes(), kind, None)? {
            Some(Line::Phrases { parts, weight }) => Some((parts, weight)),
            _ => None,
        })
    }

    #[test]
    fn lines_are_read_as_the_peers_read_them() {
        let parts = |parts: &[&str]| parts.iter().map(|part| (*part).to_owned()).collect::<Vec<_>>();
        for (text, expected) in [
            ("< casino ><40>", (parts(&[" casino "]), Weight::Points(40))),
            ("<poker>,< odds><25>", (parts(&["poker", " odds"]), Weight::Points(25))),
            ("<medical>, <health> <-30>  # speaks for it", (parts(&["medical", "health"]), Weight::Points(-30))),
            ("< bet ><10%>", (parts(&[" bet "]), Weight::Percent(10))),
            ("\u{feff}<hasard><5>\r", (parts(&["hasard"]), Weight::Points(5))),
        ] {
            assert_eq!(read(text, PhraseKind::Weighted), Ok(Some(expected)), "{text}");
        }
        assert_eq!(read("<one>,<two>", PhraseKind::Banned), Ok(Some((parts(&["one", "two"]), Weight::Points(0)))));
    }

    #[test]
    fn a_line_that_is_no_phrase_is_refused_with_its_reason() {
        for (text, error) in [
            ("casino 40", PhraseLineError::Form),
            ("<casino", PhraseLineError::Form),
            ("<casino>,odds<40>", PhraseLineError::Form),
            ("<casino><40> and more", PhraseLineError::Form),
            ("<casino>", PhraseLineError::Weight),
            ("<casino><4o>", PhraseLineError::Weight),
            ("<casino><25i>", PhraseLineError::Weight),
        ] {
            assert_eq!(read(text, PhraseKind::Weighted), Err(error), "{text}");
        }
        let long = format!("<{}><5>", "x".repeat(LONGEST_PHRASE + 1));
        assert_eq!(read(&long, PhraseKind::Weighted), Err(PhraseLineError::TooLong));
        let many = format!("{}<last><5>", "<some>,".repeat(MOST_PARTS));
        assert_eq!(read(&many, PhraseKind::Weighted), Err(PhraseLineError::TooLong));
    }

    #[test]
    fn headers_and_further_files_are_known_from_remarks() {
        let category = line(b"#listcategory: \"Gambling (Portuguese)\"", PhraseKind::Weighted, None);
        assert_eq!(category, Ok(Some(Line::Category("Gambling (Portuguese)".to_owned()))));
        assert_eq!(line(b"# a remark", PhraseKind::Weighted, None), Ok(None));
        let text = b".Include</lists/one>\n#.Include</lists/off>\n<word><1>\n.Include< /lists/two > # beta\n";
        assert_eq!(includes(text), ["/lists/one", "/lists/two"]);
    }

    #[test]
    fn encodings_are_utf_8_or_what_the_caller_says() {
        let russian = encoding_rs::WINDOWS_1251.encode("< казино ><40>").0.into_owned();
        let Ok(Some(Line::Phrases { parts, .. })) =
            line(&russian, PhraseKind::Weighted, encoding_of_path("russian-1251/weighted"))
        else {
            panic!("a phrase")
        };
        assert_eq!(parts, [" казино "]);
        let Ok(Some(Line::Phrases { parts, .. })) = line(b"<caf\xe9><1>", PhraseKind::Weighted, None) else {
            panic!("a phrase")
        };
        assert_eq!(parts, ["café"]);
    }
}
