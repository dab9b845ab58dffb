//! JSON of others, read with patience: what was cut off or is not quite JSON gives what was there until then. Bounded in
//! depth, in parts and in the length of its texts, whatever comes. For what people write to search boxes and chats; the
//! project's own JSON is read by `serde`.

const DEEPEST: usize = 32;
const MOST_PARTS: usize = 20_000;
/// The longest text that is kept, in bytes; the rest of it is passed over.
const LONGEST_TEXT: usize = 64 * 1024;

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Json {
    Text(String),
    List(Vec<Json>),
    Object(Vec<(String, Json)>),
    /// Numbers and the three words, which say nothing here.
    Other,
}

impl Json {
    /// The first value in some bytes; `None` when they begin with none. Marks before it that keep scripts from reading it
    /// (`)]}'`) are passed over.
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        let bytes = bytes.trim_ascii_start();
        let bytes = bytes.strip_prefix(b")]}'").unwrap_or(bytes);
        Reader { bytes, at: 0, parts: 0 }.value(0)
    }

    /// A list or an object; a text alone is no body.
    pub(crate) fn read_body(bytes: &[u8]) -> Option<Self> {
        Self::read(bytes).filter(|value| matches!(value, Json::List(_) | Json::Object(_)))
    }

    /// The value of a key of an object.
    pub(crate) fn get(&self, key: &str) -> Option<&Json> {
        match self {
            Json::Object(pairs) => pairs.iter().find(|(name, _)| name == key).map(|(_, value)| value),
            _ => None,
        }
    }

    /// The text that this is.
    pub(crate) fn text(&self) -> Option<&str> {
        match self {
            Json::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The parts of a list or object, each with its key; parts of a list have none.
    pub(crate) fn parts(&self) -> Box<dyn Iterator<Item = (Option<&str>, &Json)> + '_> {
        match self {
            Json::List(values) => Box::new(values.iter().map(|value| (None, value))),
            Json::Object(pairs) => Box::new(pairs.iter().map(|(key, value)| (Some(&**key), value))),
            _ => Box::new(std::iter::empty()),
        }
    }

    /// The first text, in the order written, for which `wanted` gives something; keys of lists are those of their parents.
    pub(crate) fn find<'a, T>(
        &'a self,
        key: &'a str,
        wanted: &mut impl FnMut(&str, &'a str) -> Option<T>,
    ) -> Option<T> {
        match self {
            Json::Text(text) => wanted(key, text),
            _ => self.parts().find_map(|(name, value)| value.find(name.unwrap_or(key), wanted)),
        }
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    parts: usize,
}

impl Reader<'_> {
    fn peek(&mut self) -> Option<u8> {
        while self.bytes.get(self.at).is_some_and(u8::is_ascii_whitespace) {
            self.at += 1;
        }
        self.bytes.get(self.at).copied()
    }

    fn value(&mut self, depth: usize) -> Option<Json> {
        self.parts += 1;
        if depth > DEEPEST || self.parts > MOST_PARTS {
            self.at = self.bytes.len();
            return None;
        }
        match self.peek()? {
            b'"' => Some(Json::Text(self.string())),
            b'{' => Some(self.object(depth)),
            b'[' => Some(self.list(depth)),
            b'-' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' => {
                self.skip_word();
                Some(Json::Other)
            }
            _ => None,
        }
    }

    fn skip_word(&mut self) {
        while self.bytes.get(self.at).is_some_and(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(byte)) {
            self.at += 1;
        }
    }

    fn list(&mut self, depth: usize) -> Json {
        let mut values = Vec::new();
        self.at += 1;
        while let Some(value) = self.value(depth + 1) {
            values.push(value);
            if self.peek() != Some(b',') {
                break;
            }
            self.at += 1;
        }
        self.close(b']');
        Json::List(values)
    }

    fn object(&mut self, depth: usize) -> Json {
        let mut pairs = Vec::new();
        self.at += 1;
        while self.peek() == Some(b'"') {
            let key = self.string();
            if self.peek() != Some(b':') {
                break;
            }
            self.at += 1;
            let Some(value) = self.value(depth + 1) else { break };
            pairs.push((key, value));
            if self.peek() != Some(b',') {
                break;
            }
            self.at += 1;
        }
        self.close(b'}');
        Json::Object(pairs)
    }

    /// Anything but the closing bracket is not JSON; nothing after it is believed.
    fn close(&mut self, bracket: u8) {
        if self.peek() == Some(bracket) {
            self.at += 1;
        } else {
            self.at = self.bytes.len();
        }
    }

    fn string(&mut self) -> String {
        let mut text = Vec::new();
        let mut units = Vec::new();
        self.at += 1;
        while let Some(byte) = self.bytes.get(self.at).copied() {
            self.at += 1;
            let plain = match byte {
                b'"' => break,
                b'\\' => match self.escape() {
                    Escape::Byte(byte) => Some(byte),
                    Escape::Unit(unit) => {
                        units.push(unit);
                        // The second half of a character of two halves comes next, if it comes.
                        if !(0xd800..0xdc00).contains(&unit) {
                            flush(&mut units, &mut text);
                        }
                        None
                    }
                    Escape::End => break,
                },
                other => Some(other),
            };
            if let Some(byte) = plain {
                flush(&mut units, &mut text);
                if text.len() < LONGEST_TEXT {
                    text.push(byte);
                }
            }
        }
        flush(&mut units, &mut text);
        String::from_utf8(text).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
    }

    fn escape(&mut self) -> Escape {
        let Some(byte) = self.bytes.get(self.at).copied() else { return Escape::End };
        self.at += 1;
        match byte {
            b'n' => Escape::Byte(b'\n'),
            b'r' => Escape::Byte(b'\r'),
            b't' => Escape::Byte(b'\t'),
            b'b' => Escape::Byte(8),
            b'f' => Escape::Byte(12),
            b'u' => {
                let digits = self.bytes.get(self.at..self.at + 4).and_then(|digits| std::str::from_utf8(digits).ok());
                match digits.and_then(|digits| u16::from_str_radix(digits, 16).ok()) {
                    Some(unit) => {
                        self.at += 4;
                        Escape::Unit(unit)
                    }
                    None => Escape::Byte(b' '),
                }
            }
            other => Escape::Byte(other),
        }
    }
}

enum Escape {
    Byte(u8),
    Unit(u16),
    End,
}

fn flush(units: &mut Vec<u16>, text: &mut Vec<u8>) {
    if !units.is_empty() && text.len() < LONGEST_TEXT {
        text.extend(String::from_utf16_lossy(units).as_bytes());
    }
    units.clear();
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The same value as `serde_json` has it.
    fn same(ours: &Json, theirs: &serde_json::Value) -> bool {
        match (ours, theirs) {
            (Json::Text(ours), serde_json::Value::String(theirs)) => ours == theirs,
            (Json::List(ours), serde_json::Value::Array(theirs)) => {
                ours.len() == theirs.len() && ours.iter().zip(theirs).all(|(ours, theirs)| same(ours, theirs))
            }
            (Json::Object(ours), serde_json::Value::Object(theirs)) => {
                theirs.iter().all(|(key, theirs)| ours.iter().any(|(name, ours)| name == key && same(ours, theirs)))
            }
            (Json::Other, serde_json::Value::Null | serde_json::Value::Bool(_) | serde_json::Value::Number(_)) => true,
            _ => false,
        }
    }

    #[test]
    fn json_is_read_and_what_is_cut_off_as_far_as_it_goes() {
        let text = |text: &str| Json::Text(text.to_owned());
        for (body, expected) in [
            (r#""caf\u00e9 \ud83d\ude00 \"x\" \\ \n""#, Some(text("café 😀 \"x\" \\ \n"))),
            (r#"{"a": "b"#, Some(Json::Object(vec![("a".to_owned(), text("b"))]))),
            (
                r#"["a", 1, null, ["b""#,
                Some(Json::List(vec![text("a"), Json::Other, Json::Other, Json::List(vec![text("b")])])),
            ),
            (")]}'\n[\"a\"]", Some(Json::List(vec![text("a")]))),
            ("{\"a\" 1}", Some(Json::Object(vec![]))),
            ("", None),
            ("<p>", None),
        ] {
            assert_eq!(Json::read(body.as_bytes()), expected, "{body}");
        }
        assert!(Json::read("[".repeat(100_000).as_bytes()).is_some());
        let long = format!("[\"{}\"", "x".repeat(LONGEST_TEXT * 2));
        assert_eq!(
            Json::read(long.as_bytes()).unwrap().parts().next().unwrap().1.text().map(str::len),
            Some(LONGEST_TEXT)
        );
    }

    proptest! {
        #[test]
        fn what_is_json_is_read_as_serde_reads_it(
            keys in proptest::collection::vec(".{0,8}", 0..5), texts in proptest::collection::vec(".{0,20}", 0..5),
        ) {
            let object: serde_json::Map<String, serde_json::Value> = keys.iter().cloned().zip(texts.iter().map(|text| text.clone().into())).collect();
            let value = serde_json::json!({ "texts": texts, "object": object, "number": -1.5e3, "no": null });
            let ours = Json::read(value.to_string().as_bytes());
            prop_assert!(ours.as_ref().is_some_and(|ours| same(ours, &value)), "{ours:?} {value}");
        }

        #[test]
        fn any_bytes_are_read_without_harm(bytes in proptest::collection::vec(any::<u8>(), 0..300), text in "[\\[\\]{}:,\"a\\\\u0-9 ]{0,100}") {
            let _ = (Json::read(&bytes), Json::read(text.as_bytes()));
        }
    }
}
