//! One form for all ways to write the address of a page, so that a listed page is not reached by writing it otherwise:
//! percent-encoding (RFC 3986 section 2.1), `.` and `..` (section 5.2.4), doubled, backward and final slashes, the
//! fragment. Upper and lower case of a path, and the order of a query, mean different pages and stay. Where servers
//! differ in what they take for one page, more is taken for one: this form only finds pages that a list names.

/// A path and query in their one form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PageAddress {
    /// Segments with one slash between them; empty for the first page of a host.
    pub path: Vec<u8>,
    /// Without the question mark; empty where there is none.
    pub query: Vec<u8>,
}

impl PageAddress {
    /// Reads a path and query, with or without the first slash.
    pub fn read(path_and_query: &str) -> Self {
        let text = path_and_query.split('#').next().unwrap_or_default();
        let (path, query) = text.split_once('?').unwrap_or((text, ""));
        let mut query = percent_decoded(query.as_bytes());
        query.iter_mut().filter(|byte| **byte == b'+').for_each(|byte| *byte = b' ');
        Self { path: segments(&percent_decoded(path.as_bytes())), query }
    }

    /// Whether it is the first page of a host, which stands for the host.
    pub fn is_first(&self) -> bool {
        self.path.is_empty() && self.query.is_empty()
    }
}

/// Bytes for which `%61` is written (RFC 3986 section 2.1), once; what is no such encoding stays.
pub fn percent_decoded(text: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((byte, after)) = rest.split_first() {
        let digits = after.split_first_chunk::<2>().filter(|_| *byte == b'%');
        let value =
            digits.and_then(|([high, low], after)| Some((hexadecimal(*high)? << 4 | hexadecimal(*low)?, after)));
        let (byte, after) = value.unwrap_or((*byte, after));
        decoded.push(byte);
        rest = after;
    }
    decoded
}

fn hexadecimal(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

/// A path without empty segments, `.` and `..`.
fn segments(path: &[u8]) -> Vec<u8> {
    let mut kept: Vec<&[u8]> = Vec::new();
    for segment in path.split(|byte| matches!(byte, b'/' | b'\\')) {
        match segment {
            b"" | b"." => {}
            b".." => {
                kept.pop();
            }
            _ => kept.push(segment),
        }
    }
    kept.join(&b'/')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_way_to_write_a_page_is_one() {
        let listed = PageAddress::read("/one/a page.html?id=4&who=b c");
        for way in [
            "one/a%20page.html?id=4&who=b+c",
            "//one//a%20page.html?id=4&who=b%20c",
            "/one/./two/../a%20page%2ehtml?%69d=4&who=b%20c#there",
            "/%6f%6E%65/a%20page.html?id=%34&who=b c",
            "/one%2Fa%20page.html?id%3d4&who=b+c",
            "\\one\\a page.html?id=4&who=b c",
            "/one/a page.html/?id=4&who=b c",
        ] {
            assert_eq!(PageAddress::read(way), listed, "{way}");
        }
        for other in [
            "/one/a page.html",
            "/one/A page.html?id=4&who=b c",
            "/one/a page.html?who=b c&id=4",
            "/one/a%2520page.html?id=4&who=b c",
            "/two/a page.html?id=4&who=b c",
        ] {
            assert_ne!(PageAddress::read(other), listed, "{other}");
        }
    }

    #[test]
    fn the_first_page_of_a_host_is_known() {
        for (text, first) in
            [("", true), ("/", true), ("//", true), ("/a/..", true), ("/?", true), ("/?a", false), ("/a", false)]
        {
            assert_eq!(PageAddress::read(text).is_first(), first, "{text}");
        }
    }

    proptest! {
        #[test]
        fn encoding_every_byte_changes_nothing(path in "[a-zA-Z0-9 ._~!$&'()*,;=:@%-]{0,40}", query in "[a-z0-9 &=]{0,20}") {
            let encoded = |text: &str| text.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
            let once = |text: &str| text.replace('%', "%25");
            let plain = PageAddress::read(&format!("/{}?{query}", once(&path)));
            prop_assert_eq!(PageAddress::read(&format!("//{}/?{}", encoded(&path), encoded(&query))), plain);
        }

        #[test]
        fn any_text_is_read(text in ".{0,100}") {
            let _ = PageAddress::read(&text);
        }
    }
}
