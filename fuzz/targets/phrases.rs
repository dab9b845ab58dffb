//! Any bytes are a phrase list with good and bad lines: of each kind, in each encoding. What was taken is compiled, and a
//! page of the list itself is read by it to its end.
#![no_main]

use belisha_filter::{PageReader, PhraseBook, PhraseKind, PhraseList, includes};
use std::sync::Arc;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let _ = includes(bytes);
    for kind in [PhraseKind::Weighted, PhraseKind::Banned, PhraseKind::Exception] {
        for encoding in [None, Some("windows-1251"), Some("big5"), Some("nonsense")] {
            let book = PhraseBook::compile(&[PhraseList { name: "fuzzed", kind, text: bytes, encoding }]);
            let Ok(book) = book else { continue };
            let report = book.report();
            assert!(report.shown.len() <= report.refused && report.shown.iter().all(|refused| refused.line >= 1));
            let mut reader = PageReader::new(&Arc::new(book), 100, "text/plain; charset=utf-8");
            let verdict = reader.feed(bytes).unwrap_or_else(|| reader.finish());
            assert_eq!(verdict.by_category.iter().map(|sum| sum.score).sum::<i64>(), verdict.score);
        }
    }
});
