//! Pages read as they pass, as a school meets them: what is seen, what is not, and that no page answers for another.

mod reading;
mod scoring;

use belisha_filter::{PageReader, PageVerdict, PhraseBook, PhraseKind, PhraseList};
use std::sync::Arc;

/// A book of weighted lines.
fn book(lines: &str) -> Arc<PhraseBook> {
    compile(&[weighted("list", lines)])
}

fn weighted<'a>(name: &'a str, lines: &'a str) -> PhraseList<'a> {
    PhraseList { name, kind: PhraseKind::Weighted, text: lines.as_bytes(), encoding: None }
}

fn compile(lists: &[PhraseList]) -> Arc<PhraseBook> {
    let Ok(book) = PhraseBook::compile(lists) else { panic!("a book of a few lines") };
    assert_eq!(book.report().refused, 0, "{:?}", book.report().shown);
    Arc::new(book)
}

/// The verdict on a whole body, read to its end.
fn verdict(book: &Arc<PhraseBook>, limit: u32, content_type: &str, body: &[u8]) -> PageVerdict {
    let mut reader = PageReader::new(book, limit, content_type);
    reader.feed(body).unwrap_or_else(|| reader.finish())
}

/// The score of a page of HTML under a limit that nothing passes.
fn score(book: &Arc<PhraseBook>, html: &str) -> i64 {
    verdict(book, 1_000_000, "text/html; charset=utf-8", html.as_bytes()).score
}
