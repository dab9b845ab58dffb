//! Any bytes are the body of a search or of a chat, and an answer: nothing is found or something within bounds, and an
//! answer scores the same however it is cut.
#![no_main]

use belisha_filter::{PhraseBook, PhraseKind, PhraseList, ai_chat, scan, search_terms, search_terms_in_body};
use std::sync::{Arc, LazyLock};

static BOOK: LazyLock<Arc<PhraseBook>> = LazyLock::new(|| {
    let text = b"< ab ><1>\n<cd><10>";
    let list = PhraseList { name: "list", kind: PhraseKind::Weighted, text, encoding: None };
    Arc::new(PhraseBook::compile(&[list]).expect("a book of two lines"))
});

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    for content_type in ["application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=a", ""]
    {
        if let Some(words) = search_terms_in_body("search.example", "/", content_type, bytes) {
            assert!(!words.is_empty() && words.chars().count() <= 200);
            let _ = scan(&words);
        }
        if let Some(prompt) = ai_chat::prompt("chat.example", "/", content_type, bytes) {
            assert!(!prompt.is_empty() && prompt.chars().count() <= 8_000);
        }
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = search_terms("search.example", text);
        let _ = scan(text);
    }
    for content_type in ["text/event-stream", "application/x-ndjson", "application/json; charset=utf-8"] {
        let mut whole = ai_chat::AnswerReader::new(&BOOK, 1_000_000, content_type);
        let _ = whole.feed(bytes);
        let mut pieces = ai_chat::AnswerReader::new(&BOOK, 1_000_000, content_type);
        bytes.chunks(3).for_each(|piece| {
            let _ = pieces.feed(piece);
        });
        assert_eq!(whole.finish().score, pieces.finish().score, "{content_type}");
    }
});
