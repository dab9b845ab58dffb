//! Any bytes are a page, of any type, and score the same in one piece and in many. The first byte chooses where it is cut.
#![no_main]

use belisha_filter::{PageReader, PhraseBook, PhraseKind, PhraseList};
use std::sync::{Arc, LazyLock};

static BOOK: LazyLock<Arc<PhraseBook>> = LazyLock::new(|| {
    let text = "< a ><1>\n<b><10>\n<x>,<é><100>\n< s e ><1000>\n<title><10000>".as_bytes();
    let list = PhraseList { name: "list", kind: PhraseKind::Weighted, text, encoding: None };
    Arc::new(PhraseBook::compile(&[list]).expect("a book of five lines"))
});

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Some((cut, page)) = bytes.split_first() else { return };
    for content_type in [
        "text/html; charset=utf-8",
        "text/html; charset=windows-1251",
        "text/html; charset=utf-16le",
        "text/html; charset=gb18030",
        "text/html",
        "application/json",
        "text/plain",
    ] {
        let mut whole = PageReader::new(&BOOK, 1_000_000, content_type);
        assert!(whole.feed(page).is_none());
        let mut pieces = PageReader::new(&BOOK, 1_000_000, content_type);
        for piece in page.chunks(usize::from(*cut).max(1)) {
            assert!(pieces.feed(piece).is_none());
        }
        assert_eq!(whole.finish(), pieces.finish(), "{content_type}");
    }
});
