//! What a reader of a page sees: the words people see, in whatever encoding and markup they come.

use super::{book, score, verdict};
use belisha_filter::{PageKind, PageReader, PhraseBook};
use proptest::prelude::*;
use std::sync::Arc;

fn casino() -> Arc<PhraseBook> {
    book("< casino ><1>\n< café ><10>\n< казино ><100>\n< free spins ><1000>")
}

#[test]
fn words_are_seen_where_people_see_them() {
    let book = casino();
    for html in [
        "casino",
        "<title>Casino</title>",
        "<TITLE lang=en>Casino</TITLE >",
        "<p>c<b>as</b>in<i class=\"x\">o</i></p>",
        "<img alt='The casino'>",
        "<a title=\"casino\" href=x>here</a>",
        "<input placeholder=casino>",
        "<img src=a.png alt=casino>",
        "<meta name=\"description\" content=\"a casino\">",
        "<meta content='casino, poker' name=keywords>",
        "<META PROPERTY=\"og:title\" CONTENT=\"casino\"/>",
        "<p>cas&#105;no</p>",
        "<p>cas&#x69;no</p>",
        "<p>ca&shy;sino</p>",
        "<p>ca\u{200b}sino</p>",
        "<p>ＣＡＳＩＮＯ</p>",
        "<p>𝐜𝐚𝐬𝐢𝐧𝐨</p>",
        "<p>&copf;&aopf;&sopf;&iopf;&nopf;&oopf;</p>",
        "<textarea>casino</textarea>",
        "<!-- a > b --><p>casino",
        "<!--><p>casino",
        "<!-- x --!><p>casino",
        "<![CDATA[casino]]>",
        "<script>'</script  >casino",
        "<script>a</scripted></script>casino",
        "<title><script></title>casino",
        "<textarea><!-- </textarea>casino",
        "<p title=\"a>b\">casino",
        "<p title='\">casino",
        "1 < 2 casino",
        "a <3 casino",
        "<!doctype html>casino",
        "<?xml version=\"1.0\"?><x>casino</x>",
        "</ div>casino",
        "<a/title=\"casino\">",
        "casino",
        "R&amp;casino",
        "this&casino",
    ] {
        assert_eq!(score(&book, html), 1, "{html}");
    }
}

#[test]
fn what_nobody_sees_is_passed_over() {
    let book = casino();
    for html in [
        "<script>casino</script>",
        "<SCRIPT type=x>casino</SCRIPT>",
        "<script>if (a < b) { casino }</script>",
        "<style>.casino {}</style>",
        "<!-- casino -->",
        "<!-- casino > -- > casino -->",
        "<p class=\"casino\" id=casino data-x='casino'>",
        "<casino>",
        "</p casino>",
        "<a href=\"https://casino.example/casino\">x</a>",
        "<meta name=viewport content=casino>",
        "<meta http-equiv=refresh content=\"casino\">",
        "<noscript>casino</noscript>",
        "<!doctype casino>",
        "<p>cas</p><p>ino</p>",
        "<li>cas<li>ino",
        "cas<br>ino",
        "casinos",
        "<p title=\"x\"casino>",
        "<script>casino",
        "<!-- casino",
        "<p casino",
    ] {
        assert_eq!(score(&book, html), 0, "{html}");
    }
}

#[test]
fn a_page_is_read_in_its_encoding() {
    let book = casino();
    let russian = encoding_rs::WINDOWS_1251.encode("казино").0.into_owned();
    let koi = encoding_rs::KOI8_R.encode("<p>казино</p>").0.into_owned();
    let with = |head: &str, body: &[u8]| [head.as_bytes(), body].concat();
    let utf_16: Vec<u8> = "\u{feff}<p>казино</p>".encode_utf16().flat_map(u16::to_le_bytes).collect();
    for (content_type, body, expected) in [
        ("text/html; charset=windows-1251", russian.clone(), 100),
        ("text/html; Charset=\"KOI8-R\"", koi.clone(), 100),
        ("text/html", with("<meta charset=koi8-r>", &koi), 100),
        (
            "text/html",
            with("<meta http-equiv='Content-Type' content='text/html; charset=windows-1251'>", &russian),
            100,
        ),
        ("application/xml", with("<?xml version='1.0' encoding='windows-1251'?><x>", &russian), 100),
        ("text/html", "<p>казино".as_bytes().to_vec(), 100),
        ("text/html", utf_16.clone(), 100),
        // The mark at the beginning is believed before the header.
        ("text/html; charset=iso-8859-1", utf_16, 100),
        ("text/html; charset=iso-8859-1", b"caf\xe9".to_vec(), 10),
        ("text/html", b"caf\xe9 ".to_vec(), 10),
        ("text/html; charset=nonsense", "café".as_bytes().to_vec(), 10),
        ("text/plain", "ein café!".as_bytes().to_vec(), 10),
        ("text/html", "CAF&Eacute;".as_bytes().to_vec(), 10),
        ("text/html", "caf&eacute".as_bytes().to_vec(), 10),
        ("text/html", b"".to_vec(), 0),
    ] {
        assert_eq!(verdict(&book, 1_000_000, content_type, &body).score, expected, "{content_type} {body:?}");
    }
}

#[test]
fn json_is_read_by_its_values() {
    let book = casino();
    for (body, expected) in [
        (r#"{"text": "a casino"}"#, 1),
        (r#"{"casino": "x"}"#, 0),
        (r#"["casino", 1]"#, 1),
        (r#"{"a": {"b": ["x", {"casino": 1}]}, "c": "free\nspins"}"#, 1000),
        (r#"{"a": "cas\u0069no"}"#, 1),
        (r#"{"a": "\ud835\udc1casino caf\u00e9"}"#, 1 + 10),
        (r#"{"a": "cas", "b": "ino"}"#, 0),
        (r#"{"a\"": "casino"}"#, 1),
        ("{\"a\": \"<p>casino</p>\"}", 1),
        ("casino", 0),
    ] {
        assert_eq!(verdict(&book, 1_000_000, "application/json", body.as_bytes()).score, expected, "{body}");
    }
}

#[test]
fn what_has_no_words_is_not_read() {
    for (content_type, kind) in [
        ("text/html", Some(PageKind::Html)),
        ("Text/HTML; charset=utf-8", Some(PageKind::Html)),
        ("application/rss+xml", Some(PageKind::Html)),
        ("application/ld+json", Some(PageKind::Json)),
        ("text/plain", Some(PageKind::Plain)),
        ("text/csv", Some(PageKind::Plain)),
        ("text/css", None),
        ("text/javascript", None),
        ("application/javascript", None),
        ("image/svg+xml", None),
        ("image/png", None),
        ("application/octet-stream", None),
        ("", None),
    ] {
        assert_eq!(PageKind::of(content_type), kind, "{content_type}");
    }
}

/// Pieces of hostile markup, so that random pages are not all plain words.
fn page() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        Just("casino ".as_bytes().to_vec()),
        Just("cas<b>i</b>no".as_bytes().to_vec()),
        Just("café казино free  spins".as_bytes().to_vec()),
        Just(b"<p title=\"free spins\">".to_vec()),
        Just(b"<p hidden title='caf&eacute;' class=\"x\">".to_vec()),
        Just(b"<a href=casino alt=casino>".to_vec()),
        Just(b"<meta name=description content=\"casino\">".to_vec()),
        Just(b"<!-- casino --".to_vec()),
        Just(b"<script>x</script>".to_vec()),
        Just(b"<title>".to_vec()),
        Just(b"</title>".to_vec()),
        Just(b"caf\xe9 \xd0".to_vec()),
        Just(b"&#x63;asino&eacute;&amp".to_vec()),
        "[<>!/\"'=&;#\\-\\[\\]a-z \n]{0,6}".prop_map(String::into_bytes),
        proptest::collection::vec(any::<u8>(), 0..6),
    ];
    proptest::collection::vec(piece, 0..30).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn a_page_scores_the_same_however_it_is_cut(page in page(), cuts in proptest::collection::vec(1usize..40, 1..8)) {
        let book = casino();
        for content_type in ["text/html; charset=utf-8", "text/html; charset=windows-1251", "application/json", "text/plain", ""] {
            let whole = verdict(&book, 1_000_000, content_type, &page);
            let mut reader = PageReader::new(&book, 1_000_000, content_type);
            let mut rest = &page[..];
            for cut in cuts.iter().cycle() {
                let (piece, after) = rest.split_at((*cut).min(rest.len()));
                prop_assert!(reader.feed(piece).is_none());
                rest = after;
                if rest.is_empty() {
                    break;
                }
            }
            prop_assert_eq!(reader.finish(), whole, "{}", content_type);
            // A byte at a time never takes the short way through tags.
            let mut reader = PageReader::new(&book, 1_000_000, content_type);
            // The first kilobyte is read in one go while the encoding is sought.
            let filler = vec![b' '; 1_100];
            prop_assert!(reader.feed(&filler).is_none());
            page.chunks(1).for_each(|byte| { reader.feed(byte); });
            let padded = verdict(&book, 1_000_000, content_type, &[&filler[..], &page].concat());
            prop_assert_eq!(reader.finish(), padded, "{}", content_type);
        }
    }

    #[test]
    fn any_bytes_are_a_page(bytes in proptest::collection::vec(any::<u8>(), 0..3_000), content_type in ".{0,40}") {
        let _ = verdict(&casino(), 0, &content_type, &bytes);
        let _ = verdict(&casino(), 0, "text/html", &bytes);
    }

    #[test]
    fn a_phrase_on_a_page_is_found_whatever_is_around_it(before in "[a-z .,]{0,80}", after in "[a-z .,]{0,80}") {
        let page = format!("<p>{before} casino, {after}</p>");
        prop_assert_eq!(score(&casino(), &page) % 10, 1);
    }
}
