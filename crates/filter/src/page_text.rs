//! A page read as it passes: bytes in, in pieces of any size, and a verdict as soon as one can be given. Which words count
//! is `phrases`' affair; holding the page back, and what its reader is shown, is the gateway's.
//!
//! Memory is bounded whatever comes: nothing of the page is kept but its first kilobyte until its encoding is known, the
//! name of the tag being read, and the content of one meta element.

mod characters;
mod entities;
mod html;
mod json;
mod tags;
mod whole_tag;

use crate::phrases::fold::PLAIN;
use crate::phrases::scan::PageScan;
use crate::phrases::{PageVerdict, PhraseBook};
use encoding_rs::{CoderResult, Decoder, Encoding, UTF_8};
use html::Html;
use json::Json;
use std::sync::Arc;

/// How much of a page may say what its encoding is (WHATWG HTML, 13.2.3.2).
const HEAD: usize = 1_024;
/// The longest mark at the beginning that says what an encoding is; it is believed before the content type.
const MARK: usize = 3;
/// Between two pieces of this many bytes the verdict is asked for.
const STRIDE: usize = 4_096;

/// What a body holds, by its content type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PageKind {
    /// HTML, XML, and what has no type and begins with `<`.
    Html,
    /// JSON: the values of its strings.
    Json,
    /// Words as they stand.
    Plain,
}

impl PageKind {
    /// The kind of a content type (`text/html; charset=utf-8`); `None` for what has no words to read.
    pub fn of(content_type: &str) -> Option<Self> {
        let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        match &*essence {
            "text/html" | "application/xhtml+xml" | "text/xml" | "application/xml" => Some(PageKind::Html),
            "application/json" | "text/json" | "application/x-ndjson" => Some(PageKind::Json),
            "text/css" | "text/javascript" | "text/ecmascript" | "text/x-javascript" => None,
            other if other.ends_with("+xml") && !other.starts_with("image/") => Some(PageKind::Html),
            other if other.ends_with("+json") => Some(PageKind::Json),
            other if other.starts_with("text/") => Some(PageKind::Plain),
            _ => None,
        }
    }
}

/// The encoding that a content type names.
fn charset(content_type: &str) -> Option<&'static Encoding> {
    let parameters = content_type.split(';').skip(1).filter_map(|parameter| parameter.split_once('='));
    let mut named = parameters.filter(|(name, _)| name.trim().eq_ignore_ascii_case("charset"));
    named.next().and_then(|(_, label)| Encoding::for_label(label.trim().trim_matches(['"', '\'']).as_bytes()))
}

/// Reads one page. Made for each page, and gone with it.
pub struct PageReader {
    scan: PageScan,
    format: Format,
    charset: Charset,
    done: bool,
}

enum Format {
    Html(Box<Html>),
    Json(Json),
    Plain,
}

/// Where the page stands with its encoding.
enum Charset {
    /// Not known yet: the first bytes, and what the content type says.
    Sought { head: Vec<u8>, named: Option<&'static Encoding> },
    /// UTF-8, or ASCII, or what says nothing: bytes are read as they are, and what is no UTF-8 as windows-1252.
    Utf8,
    /// Another one.
    Other(Box<Decoder>),
}

impl PageReader {
    /// A reader of one page under a limit. The content type is the response's header, and may be empty; a type without
    /// words (`PageKind::of`) is read as plain text, so ask first.
    pub fn new(book: &Arc<PhraseBook>, limit: u32, content_type: &str) -> Self {
        let kind = if content_type.trim().is_empty() {
            PageKind::Html
        } else {
            PageKind::of(content_type).unwrap_or(PageKind::Plain)
        };
        let format = match kind {
            PageKind::Html => Format::Html(Box::new(Html::new())),
            PageKind::Json => Format::Json(Json::default()),
            PageKind::Plain => Format::Plain,
        };
        let charset = Charset::Sought { head: Vec::new(), named: charset(content_type) };
        Self { scan: PageScan::new(book, limit), format, charset, done: false }
    }

    /// Reads the next bytes. `Some` is the verdict, given once, as soon as nothing that follows can change it or the limit
    /// has been passed for a while; the rest of the page need not be read then.
    pub fn feed(&mut self, bytes: &[u8]) -> Option<PageVerdict> {
        if self.done {
            return None;
        }
        for piece in bytes.chunks(STRIDE) {
            self.take(piece);
            if let Some(verdict) = self.scan.settled() {
                self.done = true;
                return Some(verdict);
            }
        }
        None
    }

    /// The verdict at the page's end.
    pub fn finish(mut self) -> PageVerdict {
        if !self.done {
            self.settle_charset();
            if let Charset::Other(decoder) = &mut self.charset {
                decode(decoder, &[], true, &mut self.format, &mut self.scan);
            }
            if let Format::Html(html) = &mut self.format {
                html.finish(&mut self.scan);
            }
        }
        self.scan.finish()
    }

    fn take(&mut self, piece: &[u8]) {
        match &mut self.charset {
            Charset::Utf8 => self.format.read(piece, &mut self.scan),
            Charset::Other(decoder) => decode(decoder, piece, false, &mut self.format, &mut self.scan),
            Charset::Sought { head, named } => {
                head.extend_from_slice(piece);
                if head.len() >= if named.is_some() { MARK } else { HEAD } {
                    self.settle_charset();
                }
            }
        }
    }

    /// Chooses the encoding: the mark at the beginning, then the content type, then what the page itself says.
    fn settle_charset(&mut self) {
        let Charset::Sought { head, named } = &mut self.charset else { return };
        let head = std::mem::take(head);
        let (encoding, mark) = match Encoding::for_bom(&head) {
            Some((encoding, mark)) => (encoding, mark),
            None => (named.or_else(|| self.format.declared(&head)).unwrap_or(UTF_8), 0),
        };
        self.charset = if encoding == UTF_8 {
            Charset::Utf8
        } else {
            Charset::Other(Box::new(encoding.new_decoder_without_bom_handling()))
        };
        self.take(head.get(mark..).unwrap_or_default());
    }
}

impl Format {
    fn read(&mut self, bytes: &[u8], scan: &mut PageScan) {
        match self {
            Format::Html(html) => html.read(bytes, scan),
            Format::Json(json) => json.read(bytes, scan),
            Format::Plain => {
                scan.text(bytes, &PLAIN);
            }
        }
    }

    fn declared(&self, head: &[u8]) -> Option<&'static Encoding> {
        let Format::Html(_) = self else { return None };
        let label = html::declared_charset(head.get(..HEAD).unwrap_or(head))?;
        // A page whose label was read as ASCII cannot be UTF-16 (WHATWG HTML, 13.2.3.2).
        Encoding::for_label(label).map(Encoding::output_encoding)
    }
}

/// Brings a piece to UTF-8 and reads it.
fn decode(decoder: &mut Decoder, piece: &[u8], last: bool, format: &mut Format, scan: &mut PageScan) {
    let mut buffer = [0; STRIDE];
    let mut rest = piece;
    loop {
        let (result, read, written, _) = decoder.decode_to_utf8(rest, &mut buffer, last);
        format.read(buffer.get(..written).unwrap_or_default(), scan);
        rest = rest.get(read..).unwrap_or_default();
        if result == CoderResult::InputEmpty {
            return;
        }
    }
}
