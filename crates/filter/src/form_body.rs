//! Bodies and queries of forms: pairs of a name and a value, as browsers write them (WHATWG URL, 5.1; RFC 7578).

use crate::page_address::percent_decoded;

/// The most pairs that are looked at.
const MOST_PAIRS: usize = 200;

/// The pairs of a query or a body of `application/x-www-form-urlencoded`, still encoded.
pub(crate) fn pairs(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.split('&').take(MOST_PAIRS).filter_map(|pair| pair.split_once('='))
}

/// The longest field that is read, in bytes, where nothing else bounds it.
const LONGEST_FIELD: usize = 64 * 1024;

/// A field of a body of `application/x-www-form-urlencoded`, decoded; `None` if it is not there.
pub fn form_value(body: &[u8], name: &str) -> Option<String> {
    let text = String::from_utf8_lossy(body);
    let (_, value) = pairs(&text).find(|(key, _)| *key == name)?;
    Some(String::from_utf8_lossy(&decode(value.as_bytes(), LONGEST_FIELD)).into_owned())
}

/// Decodes `+` and `%xx`, at most so many bytes.
pub(crate) fn decode(encoded: &[u8], longest: usize) -> Vec<u8> {
    let within = encoded.get(..encoded.len().min(longest.saturating_mul(3))).unwrap_or_default();
    let spaced: Vec<u8> = within.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
    let mut decoded = percent_decoded(&spaced);
    decoded.truncate(longest);
    decoded
}

/// The fields of a body of `multipart/form-data` that are words and no files: name and value.
pub(crate) fn fields<'a>(content_type: &str, body: &'a [u8]) -> Vec<(String, &'a [u8])> {
    const MOST_FIELDS: usize = 50;
    let boundary = content_type.split(';').skip(1).find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("boundary").then(|| value.trim().trim_matches('"'))
    });
    let Some(boundary) = boundary.filter(|boundary| !boundary.is_empty()) else { return Vec::new() };
    let mark = [b"--", boundary.as_bytes()].concat();
    let mut fields = Vec::new();
    let mut marks = memchr::memmem::find_iter(body, &mark).take(MOST_FIELDS + 1).peekable();
    while let Some(start) = marks.next() {
        let end = marks.peek().copied().unwrap_or(body.len());
        let part = body.get(start + mark.len()..end).unwrap_or_default();
        fields.extend(field(part));
    }
    fields
}

fn field(part: &[u8]) -> Option<(String, &[u8])> {
    let at = memchr::memmem::find(part, b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(part.get(..at)?).into_owned();
    let value = part.get(at + 4..)?;
    let value = value.strip_suffix(b"\r\n").unwrap_or(value);
    let is_file = head.split(';').any(|parameter| parameter.trim_start().to_ascii_lowercase().starts_with("filename"));
    let name = head.split(';').find_map(|parameter| parameter.trim().strip_prefix("name="))?;
    let name = name.trim_start_matches('"').split('"').next().unwrap_or_default().to_owned();
    if is_file { None } else { Some((name, value)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_read_as_browsers_write_it() {
        let form = b"block=0a1b&why=My+essay%3A+%E2%82%AC+100%25&odd=%zz%4";
        let field = |name| form_value(form, name);
        assert_eq!(field("block").as_deref(), Some("0a1b"));
        assert_eq!(field("why").as_deref(), Some("My essay: \u{20ac} 100%"));
        assert_eq!(field("odd").as_deref(), Some("%zz%4"));
        assert_eq!(field("missing"), None);
    }

    #[test]
    fn forms_are_read() {
        assert_eq!(decode(b"a+b%20c%zz%4", 100), b"a b c%zz%4");
        assert_eq!(decode(b"aaaa", 2), b"aa");
        assert_eq!(pairs("a=b&c&d=e=f").collect::<Vec<_>>(), [("a", "b"), ("d", "e=f")]);
        let body =
            b"--XX\r\nContent-Disposition: form-data; name=\"data\"\r\n\r\nhello\r\n--XX\r\nContent-Disposition: \
                     form-data; name=\"f\"; filename=\"a.png\"\r\n\r\nPNG\r\n--XX--\r\n";
        let fields = fields("multipart/form-data; boundary=\"XX\"", body);
        assert_eq!(fields, [("data".to_owned(), &b"hello"[..])]);
    }
}
