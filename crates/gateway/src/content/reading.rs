//! Reads the words of one answer as its bytes pass: unpacks them where they are packed, and hands them to the page's reader or,
//! for what a chat answers, the answer's.

use belisha_filter::{PageKind, PageReader, PageVerdict, PhraseBook, ai_chat};
use flate2::write::MultiGzDecoder;
use std::io::Write as _;
use std::sync::Arc;

/// Packed bytes taken at a time: they unpack to a megabyte at most, whoever packed them.
const PACKED: usize = 1024;
/// Unpacked bytes after which no more of a page is read. The longest honest page is a tenth of it.
const MOST: usize = 16 * 1024 * 1024;

/// How the bytes of an answer are packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Packing {
    /// Not at all.
    Plain,
    /// With gzip.
    Gzip,
}

impl Packing {
    /// Reads a `Content-Encoding`; `None` for what cannot be unpacked here.
    pub(super) fn of(encoding: Option<&str>) -> Option<Self> {
        match encoding.map(|encoding| encoding.trim().to_ascii_lowercase()).as_deref() {
            None | Some("" | "identity") => Some(Packing::Plain),
            Some("gzip" | "x-gzip") => Some(Packing::Gzip),
            Some(_) => None,
        }
    }
}

/// What reads.
enum Reader {
    Page(Box<PageReader>),
    Answer(Box<ai_chat::AnswerReader>),
}

/// One answer being read. Made for each, and gone with it.
pub(crate) struct Reading {
    reader: Reader,
    unpacking: Option<MultiGzDecoder<Vec<u8>>>,
    left: usize,
    /// Whether it comes as events, each of which somebody waits for.
    pub(super) is_stream: bool,
}

impl Reading {
    /// Whether an answer of this type has words. One of no type at all may be a page.
    pub(super) fn has_words(content_type: &str) -> bool {
        PageKind::of(content_type).is_some() || content_type.trim().is_empty() || is_stream(content_type)
    }

    /// A reading under a limit, of a type that has words. A chat's answers are read as such.
    pub(super) fn new(
        book: &Arc<PhraseBook>,
        limit: u32,
        content_type: &str,
        packing: Packing,
        from_chat: bool,
    ) -> Self {
        let reader = if from_chat {
            Reader::Answer(Box::new(ai_chat::AnswerReader::new(book, limit, content_type)))
        } else {
            Reader::Page(Box::new(PageReader::new(book, limit, content_type)))
        };
        let unpacking = (packing == Packing::Gzip).then(|| MultiGzDecoder::new(Vec::new()));
        Self { reader, unpacking, left: MOST, is_stream: is_stream(content_type) }
    }

    /// Reads the next bytes; the verdict, once, as soon as there is one.
    pub(super) fn feed(&mut self, bytes: &[u8]) -> Option<PageVerdict> {
        let Some(mut unpacking) = self.unpacking.take() else { return self.words(bytes) };
        let mut verdict = None;
        for piece in bytes.chunks(PACKED) {
            // What cannot be unpacked the browser cannot show either.
            if unpacking.write_all(piece).is_err() {
                return verdict;
            }
            let words = std::mem::take(unpacking.get_mut());
            verdict = verdict.or(self.words(&words));
        }
        self.unpacking = Some(unpacking);
        verdict
    }

    fn words(&mut self, bytes: &[u8]) -> Option<PageVerdict> {
        let read = bytes.get(..bytes.len().min(self.left))?;
        self.left -= read.len();
        match &mut self.reader {
            Reader::Page(reader) => reader.feed(read),
            Reader::Answer(reader) => reader.feed(read),
        }
    }

    /// The verdict at the end.
    pub(super) fn finish(mut self) -> PageVerdict {
        if let Some(mut unpacking) = self.unpacking.take()
            && unpacking.try_finish().is_ok()
        {
            let words = std::mem::take(unpacking.get_mut());
            self.words(&words);
        }
        match self.reader {
            Reader::Page(reader) => reader.finish(),
            Reader::Answer(reader) => reader.finish(),
        }
    }
}

fn is_stream(content_type: &str) -> bool {
    content_type.trim_start().to_ascii_lowercase().starts_with("text/event-stream")
}

#[cfg(test)]
mod tests {
    use super::*;
    use belisha_filter::{PhraseKind, PhraseList};
    use flate2::Compression;
    use flate2::write::GzEncoder;

    fn book() -> Arc<PhraseBook> {
        let list =
            PhraseList { name: "test", kind: PhraseKind::Weighted, text: b"< forbidden word ><60>\n", encoding: None };
        Arc::new(PhraseBook::compile(&[list]).unwrap())
    }

    #[test]
    fn packed_pages_are_read_piece_by_piece() {
        let page = format!("<html><p>{}a forbidden word</p></html>", "harmless ".repeat(5000));
        let mut packed = GzEncoder::new(Vec::new(), Compression::default());
        packed.write_all(page.as_bytes()).unwrap();
        let packed = packed.finish().unwrap();
        let mut reading = Reading::new(&book(), 50, "text/html", Packing::Gzip, false);
        let early = packed.chunks(100).find_map(|piece| reading.feed(piece));
        let verdict = early.unwrap_or_else(|| reading.finish());
        assert!(verdict.is_closed(), "{verdict:?}");
    }

    #[test]
    fn an_answer_that_unpacks_without_end_is_read_to_a_bound() {
        let mut bomb = GzEncoder::new(Vec::new(), Compression::best());
        for _ in 0..40 {
            bomb.write_all(&vec![b' '; 1 << 20]).unwrap();
        }
        let mut reading = Reading::new(&book(), 50, "text/plain", Packing::Gzip, false);
        assert_eq!(reading.feed(&bomb.finish().unwrap()), None);
        assert_eq!(reading.left, 0);
        assert!(!reading.finish().is_closed());
    }

    #[test]
    fn what_has_no_words_or_cannot_be_unpacked_is_not_read() {
        for (content_type, has_words) in [
            ("image/png", false),
            ("text/javascript", false),
            ("text/html", true),
            ("text/event-stream", true),
            ("", true),
        ] {
            assert_eq!(Reading::has_words(content_type), has_words, "{content_type}");
        }
        assert_eq!(Packing::of(Some("br")), None);
        assert_eq!(Packing::of(Some("GZIP")), Some(Packing::Gzip));
    }
}
