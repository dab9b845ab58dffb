//! The answer of a chat read while it is written, so that it can be stopped midway: the words of the pieces in which it
//! comes, joined and held against a phrase book as a page's words are.

use crate::json_tree::Json;
use crate::page_text::PageReader;
use crate::phrases::{PageVerdict, PhraseBook};
use std::sync::Arc;

/// The longest line that is read as one piece; what a longer one holds beyond it is passed over.
const LONGEST_LINE: usize = 256 * 1024;

/// Names under which pieces of an answer stand.
const PIECES: &[&str] = &[
    "content",
    "parts",
    "text",
    "delta",
    "v",
    "completion",
    "answer",
    "token",
    "response",
    "output_text",
    "chunk",
    "chunks",
    "generated_text",
    "raw_content",
    "message",
    "reply",
    "reasoning_content",
    "thinking",
    "summary",
];

/// Reads one answer. Made for each response, and gone with it.
pub struct AnswerReader {
    page: PageReader,
    /// The line being read, where the answer comes in lines; `None` where it is one body.
    line: Option<Vec<u8>>,
}

impl AnswerReader {
    /// A reader of one response under a limit: a stream of events (`text/event-stream`), lines of JSON, one body of JSON,
    /// or a page.
    pub fn new(book: &Arc<PhraseBook>, limit: u32, content_type: &str) -> Self {
        let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let in_lines = matches!(
            &*essence,
            "text/event-stream"
                | "application/x-ndjson"
                | "application/jsonl"
                | "application/stream+json"
                | "application/json-seq"
        );
        let content_type = if in_lines { "text/plain; charset=utf-8" } else { content_type };
        Self { page: PageReader::new(book, limit, content_type), line: in_lines.then(Vec::new) }
    }

    /// Reads the next bytes. `Some` is the verdict, given once, as soon as it can be (`PageReader::feed`).
    pub fn feed(&mut self, bytes: &[u8]) -> Option<PageVerdict> {
        let Some(line) = &mut self.line else { return self.page.feed(bytes) };
        let mut words = String::new();
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            let room = LONGEST_LINE.saturating_sub(line.len());
            line.extend(piece.iter().take(room));
            if piece.ends_with(b"\n") {
                read_line(line, &mut words);
                line.clear();
            }
        }
        self.page.feed(words.as_bytes())
    }

    /// The verdict at the answer's end.
    pub fn finish(mut self) -> PageVerdict {
        let mut words = String::new();
        read_line(&self.line.take().unwrap_or_default(), &mut words);
        let verdict = self.page.feed(words.as_bytes());
        verdict.unwrap_or_else(|| self.page.finish())
    }
}

/// The words of one line of a stream: `data: {…}` (WHATWG HTML, 9.2.6) or JSON alone.
fn read_line(line: &[u8], words: &mut String) {
    let line = line.trim_ascii();
    let line = line.strip_prefix(b"\x1e").unwrap_or(line);
    let data = line.strip_prefix(b"data:").map(|data| data.strip_prefix(b" ").unwrap_or(data));
    match Json::read_body(data.unwrap_or(line)) {
        Some(json) => pieces("", &json, words),
        None if data == Some(b"[DONE]") => {}
        // Some services send words as they are, others a text of JSON.
        None => {
            let Some(data) = data else { return };
            let text = Json::read(data).and_then(|json| json.text().map(str::to_owned));
            words.push_str(&text.unwrap_or_else(|| String::from_utf8_lossy(data).into_owned()));
        }
    }
}

/// Puts the texts that stand under telling names behind one another, with nothing between: a word may come in two pieces.
fn pieces(key: &str, json: &Json, words: &mut String) {
    match json {
        Json::Text(text) if PIECES.contains(&key) => words.push_str(text),
        Json::List(_) | Json::Object(_) => {
            json.parts().for_each(|(name, value)| pieces(name.unwrap_or(key), value, words));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::phrases::{PhraseKind, PhraseList};
    use proptest::prelude::*;

    fn book() -> Arc<PhraseBook> {
        let text = b"< casino ><60>\n< free spins ><500>";
        let list = PhraseList { name: "list", kind: PhraseKind::Weighted, text, encoding: None };
        Arc::new(PhraseBook::compile(&[list]).unwrap())
    }

    fn score(content_type: &str, body: &str) -> i64 {
        let mut reader = AnswerReader::new(&book(), 1_000, content_type);
        reader.feed(body.as_bytes()).unwrap_or_else(|| reader.finish()).score
    }

    #[test]
    fn answers_are_read_in_the_forms_that_services_use() {
        for body in [
            "data: {\"choices\":[{\"delta\":{\"content\":\"the cas\"}}]}\n\ndata: {\"choices\":[{\"delta\":{\"content\":\"ino.\"}}]}\n\ndata: [DONE]\n\n",
            "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"delta\":{\"type\":\"text_delta\",\"text\":\"a casi\"}}\r\n\r\ndata: {\"delta\":{\"text\":\"no \"}}\r\n",
            "data: {\"p\":\"/message/content/parts/0\",\"o\":\"append\",\"v\":\"the ca\"}\n\ndata: {\"v\":\"sino \"}\n\ndata: {\"o\":\"patch\",\"v\":[{\"p\":\"/x\",\"v\":\" and\"}]}\n\n",
            "data: {\"type\":\"response.output_text.delta\",\"delta\":\"casino\"}\n\n",
            "data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"casino\"}]}}]}\n\n",
            "data: \"a casino\"\n\n",
            "data: a casino\n\n",
            "data: {\"text\":\"casino\"}",
        ] {
            assert_eq!(score("text/event-stream; charset=utf-8", body), 60, "{body}");
        }
        assert_eq!(score("application/x-ndjson", "{\"response\":\"cas\"}\n{\"response\":\"ino\"}\n"), 60);
        assert_eq!(score("application/json", "{\"choices\":[{\"message\":{\"content\":\"A casino!\"}}]}"), 60);
        let nested = r#")]}'\n\n[["wrb.fr",null,"[null,[[\"the\\ncasino\\nis\"]]]"]]"#.replace("'\\n\\n", "'\n\n");
        assert_eq!(score("application/json; charset=utf-8", &nested), 60);
    }

    #[test]
    fn what_is_no_answer_does_not_count() {
        for body in
            ["event: casino\n\n", ": casino\n\n", "id: casino\n", "data: {\"model\":\"casino\"}\n\n", "casino\n"]
        {
            assert_eq!(score("text/event-stream", body), 0, "{body}");
        }
    }

    #[test]
    fn an_answer_is_stopped_midway() {
        let mut reader = AnswerReader::new(&book(), 100, "text/event-stream");
        let piece = |text: &str| format!("data: {{\"choices\":[{{\"delta\":{{\"content\":\"{text}\"}}}}]}}\n\n");
        let pieces = ["Of course: ", "you get fr", "ee spi", "ns in ", "the first game", " and then"];
        let stopped = pieces.into_iter().position(|text| reader.feed(piece(text).as_bytes()).is_some());
        assert_eq!(stopped, Some(3));
    }

    #[test]
    fn a_line_without_end_is_bounded() {
        let mut reader = AnswerReader::new(&book(), 100, "text/event-stream");
        for _ in 0..40 {
            assert_eq!(reader.feed(&[b'x'; 16_384]), None);
        }
        assert_eq!(reader.line.as_ref().unwrap().len(), LONGEST_LINE);
    }

    proptest! {
        #[test]
        fn an_answer_scores_the_same_however_it_is_cut(
            body in "(data: \\{\"text\":\"[a-z ]{0,5}casi\"\\}\n\n|data: \\{\"v\":\"no \"\\}\n|[\\{\\}:\" a-z]{0,8}\n){0,12}", cut in 1usize..20,
        ) {
            let mut reader = AnswerReader::new(&book(), 1_000, "text/event-stream");
            body.as_bytes().chunks(cut).for_each(|piece| { reader.feed(piece); });
            prop_assert_eq!(reader.finish().score, score("text/event-stream", &body));
        }
    }
}
