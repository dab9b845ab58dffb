//! What somebody searched for, from the address or the body of a request. Which sites have a search box and where the words
//! stand is the table in `engines`; what is done with the words is `worrying`'s and the monitoring's affair.

mod engines;

use crate::form_body::{decode, fields, pairs};
use crate::helplines::HELPLINES;
use crate::json_tree::Json;
use engines::{ENGINES, Engine, Words};

/// The most characters of a search that are kept.
const LONGEST: usize = 200;
/// The most bytes of an encoded value that are looked at.
const LONGEST_VALUE: usize = 16 * 1024;
/// The most bytes of a body that are looked at.
const LONGEST_BODY: usize = 256 * 1024;

/// The words somebody searched for, decoded, at most 200 characters; `None` when the address is no search.
///
/// `path_and_query` starts with `/`. Sites that put the words in the path (`/search/…`) are known too.
pub fn search_terms(host: &str, path_and_query: &str) -> Option<String> {
    let address = path_and_query.split('#').next()?;
    let (path, query) = address.split_once('?').unwrap_or((address, ""));
    // Most requests carry no words at all; they need not be held against the table.
    if query.is_empty() && !path.starts_with("/search/") {
        return None;
    }
    matching(host, path).find_map(|engine| match engine.words {
        Words::Parameters(names) => pairs(query).find_map(|(name, value)| in_pair(names, name, value.as_bytes())),
        Words::Path(dashed) => in_path(path.get(engine.path.len()..)?, dashed),
        Words::Body(_) => None,
    })
}

/// The words somebody searched for by a request with a body, as pages do that never load anew, and forms sent by `POST`:
/// decoded, at most 200 characters; `None` when the request is no search. Of the body, the first 256 kB are looked at.
pub fn search_terms_in_body(host: &str, path_and_query: &str, content_type: &str, body: &[u8]) -> Option<String> {
    let path = path_and_query.split(['?', '#']).next()?;
    let body = body.get(..LONGEST_BODY).unwrap_or(body);
    let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    matching(host, path).find_map(|engine| match (&engine.words, &*essence) {
        (Words::Body(names), "application/x-www-form-urlencoded") => {
            let body = std::str::from_utf8(body).ok()?;
            pairs(body).find_map(|(name, value)| in_pair(names, name, value.as_bytes()))
        }
        (Words::Body(names), "multipart/form-data") => {
            let mut fields = fields(content_type, body).into_iter();
            fields.find_map(|(name, value)| in_value(names, &name, value))
        }
        (Words::Body(names), _) => in_json(names, body),
        _ => None,
    })
}

/// The engines whose host and path an address has.
fn matching(host: &str, path: &str) -> impl Iterator<Item = &'static Engine> {
    let host = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
    ENGINES.iter().filter(move |engine| within(&host, engine.host) && under(path, engine.path))
}

/// Whether a host is a site or one of its subdomains.
fn within(host: &str, site: &str) -> bool {
    match site.strip_suffix(".*") {
        Some(brand) => is_national(host, brand),
        None => host.strip_suffix(site).is_some_and(|before| before.is_empty() || before.ends_with('.')),
    }
}

/// Whether a host is a brand's own under any nation: `www.google.co.uk`, `images.google.com`, `amazon.com.au`.
fn is_national(host: &str, brand: &str) -> bool {
    let found = host.rmatch_indices(brand).find(|(at, _)| *at == 0 || host.as_bytes().get(at - 1) == Some(&b'.'));
    let rest = found.and_then(|(at, _)| host.get(at + brand.len()..)?.strip_prefix('.'));
    rest.is_some_and(is_national_ending)
}

/// `com`, `fr`, `co.uk`, `com.au`, and nothing else.
fn is_national_ending(ending: &str) -> bool {
    let is_nation = |label: &str| label.len() == 2 && label.bytes().all(|byte| byte.is_ascii_alphabetic());
    match ending.split_once('.') {
        None => ending.eq_ignore_ascii_case("com") || ending.eq_ignore_ascii_case("cat") || is_nation(ending),
        Some((kind, nation)) => ["co", "com"].iter().any(|known| kind.eq_ignore_ascii_case(known)) && is_nation(nation),
    }
}

/// `google.com`, `google.fr`, `google.co.uk`, `google.com.au`, and nothing else.
pub(crate) fn is_google_name(name: &str) -> bool {
    let ending = name.split_once('.').filter(|(brand, _)| brand.eq_ignore_ascii_case("google"));
    ending.is_some_and(|(_, ending)| is_national_ending(ending))
}

/// Whether a path is `start` or lies under it.
fn under(path: &str, start: &str) -> bool {
    path.strip_prefix(start).is_some_and(|rest| rest.is_empty() || rest.starts_with('/') || start.ends_with('/'))
}

/// The words in a path, behind what makes it a search: `/search/paper%20cranes`.
fn in_path(rest: &str, dashed: bool) -> Option<String> {
    let words = rest.strip_prefix('/')?.split('/').next()?;
    let words = if dashed { words.replace('-', " ") } else { words.to_owned() };
    clean(&decode(words.as_bytes(), LONGEST_VALUE))
}

/// The words in one pair of a form, still encoded.
fn in_pair(names: &[&str], name: &str, value: &[u8]) -> Option<String> {
    in_value(names, name, &decode(value, LONGEST_VALUE))
}

/// The words in one value: the whole of it under a known name, or a text in the JSON that it is.
fn in_value(names: &[&str], name: &str, value: &[u8]) -> Option<String> {
    match value.trim_ascii_start().first() {
        Some(b'{' | b'[') if !names.contains(&name) => in_json(names, value),
        _ if names.contains(&name) => clean(value),
        _ => None,
    }
}

/// The words under a known name of JSON. What a request carries as variables comes before what it says besides, where
/// `query` may be the language of the service itself.
fn in_json(names: &[&str], body: &[u8]) -> Option<String> {
    let json = Json::read_body(body)?;
    let among =
        |json: &Json| json.find("", &mut |key, text| if names.contains(&key) { clean(text.as_bytes()) } else { None });
    let variables = json.get("variables").or_else(|| json.parts().find_map(|(_, part)| part.get("variables")));
    match variables {
        Some(variables) => among(variables),
        None => among(&json),
    }
}

/// Makes white space plain and bounds the length.
fn clean(bytes: &[u8]) -> Option<String> {
    // Four bytes a character are the most that can matter.
    let text = String::from_utf8_lossy(bytes.get(..LONGEST * 4).unwrap_or(bytes));
    let words: Vec<&str> = text
        .split(|character: char| character.is_whitespace() || character.is_control())
        .filter(|word| !word.is_empty())
        .collect();
    let words: String = words.join(" ").chars().take(LONGEST).collect();
    if words.is_empty() { None } else { Some(words) }
}

/// Whether the words of a search speak of a helpline: its host, its number, or its name where that is no everyday word. Such a
/// search is not written down either, since that somebody looked for help is theirs alone.
pub fn names_helpline(words: &str) -> bool {
    const SHORTEST_NAME: usize = 7;
    let plain = |text: &str| {
        text.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).collect::<String>()
    };
    let words = plain(words);
    let said = |part: &str, shortest: usize| part.chars().count() >= shortest && words.contains(part);
    HELPLINES.iter().any(|helpline| {
        let number: String = helpline.phone.unwrap_or_default().chars().filter(char::is_ascii_digit).collect();
        said(&plain(helpline.name), SHORTEST_NAME)
            || said(&number, 6)
            || helpline.hosts.iter().any(|host| said(&plain(host), 1))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn searches_are_read_from_the_address() {
        for (host, address, expected) in [
            ("www.google.com", "/search?q=roman+roads&hl=en", Some("roman roads")),
            ("www.google.co.uk", "/search?hl=en&q=caf%C3%A9", Some("café")),
            ("images.google.fr", "/search?q=tour%20eiffel", Some("tour eiffel")),
            ("www.google.com", "/maps?q=school", None),
            ("google.evil.example", "/search?q=x", None),
            ("notgoogle.com", "/search?q=x", None),
            ("www.bing.com", "/search?q=volcano", Some("volcano")),
            ("www.bing.com", "/images/search?q=volcano", Some("volcano")),
            ("duckduckgo.com", "/?t=h_&q=photosynthesis", Some("photosynthesis")),
            ("www.youtube.com", "/results?search_query=fractions", Some("fractions")),
            ("www.youtube.com", "/watch?v=abc", None),
            ("uk.search.yahoo.com", "/search?p=tudors", Some("tudors")),
            ("www.tiktok.com", "/search?q=dance", Some("dance")),
            ("www.reddit.com", "/r/chess/search/?q=opening", Some("opening")),
            ("en.wikipedia.org", "/w/index.php?search=otters", Some("otters")),
            ("www.amazon.co.uk", "/s?k=pencils", Some("pencils")),
            ("www.amazon.co.uk", "/shop?k=pencils", None),
            ("www.tumblr.com", "/search/paper%20cranes", Some("paper cranes")),
            ("www.google.com.au", "/search?as_q=wombats", Some("wombats")),
            ("www.amazon.de", "/s?k=buntstifte", Some("buntstifte")),
            ("www.ebay.com.au", "/sch/i.html?_nkw=yoyo", Some("yoyo")),
            ("notamazon.de", "/s?k=x", None),
            ("amazon.de.evil.example", "/s?k=x", None),
            ("uk.pinterest.com", "/search/pins/?q=origami", Some("origami")),
            (
                "www.pinterest.co.uk",
                "/resource/BaseSearchResource/get/?data=%7B%22options%22%3A%7B%22query%22%3A%22origami%22%7D%7D",
                Some("origami"),
            ),
            (
                "x.com",
                "/i/api/graphql/abc/SearchTimeline?variables=%7B%22rawQuery%22%3A%22kites%22%2C%22count%22%3A20%7D",
                Some("kites"),
            ),
            ("www.tiktok.com", "/api/search/general/full/?aid=1&keyword=dance", Some("dance")),
            ("giphy.com", "/search/funny-cats", Some("funny cats")),
            ("tenor.com", "/search/happy-dance-gifs", Some("happy dance gifs")),
            ("open.spotify.com", "/search/sea%20shanties/tracks", Some("sea shanties")),
            ("www.roblox.com", "/discover/?Keyword=obby", Some("obby")),
            ("en.wikipedia.org", "/w/rest.php/v1/search/title?q=otters&limit=10", Some("otters")),
            ("www.twitch.tv", "/search?term=chess", Some("chess")),
            ("play.google.com", "/store/search?q=vpn&c=apps", Some("vpn")),
            ("chromewebstore.google.com", "/search/dark%20mode", Some("dark mode")),
            ("www.bing.com", "/search?q=%7Bset%7D", Some("{set}")),
            ("search.example", "/?q=hello", Some("hello")),
            ("SEARCH.example.", "/find?q=hello#top", Some("hello")),
            ("search.example", "/?q=", None),
            ("search.example", "/?q=100%25+%zz", Some("100% %zz")),
            ("search.example", "/?q=%20%0a+a%09b+", Some("a b")),
            ("example.com", "/?q=hello", None),
        ] {
            assert_eq!(search_terms(host, address).as_deref(), expected, "{host}{address}");
        }
    }

    #[test]
    fn searches_are_read_from_bodies() {
        const JSON: &str = "application/json; charset=utf-8";
        const FORM: &str = "application/x-www-form-urlencoded";
        for (host, path, content_type, body, expected) in [
            (
                "www.youtube.com",
                "/youtubei/v1/search?prettyPrint=false",
                JSON,
                r#"{"context":{"client":{"hl":"en","query":1}},"query":"volcano  project"}"#,
                Some("volcano project"),
            ),
            ("www.youtube.com", "/youtubei/v1/browse", JSON, r#"{"query":"volcano"}"#, None),
            ("html.duckduckgo.com", "/html/", FORM, "b=&q=roman+roads", Some("roman roads")),
            ("www.startpage.com", "/sp/search", FORM, "query=tudors&cat=web", Some("tudors")),
            (
                "gql.twitch.tv",
                "/gql",
                "text/plain;charset=UTF-8",
                r#"[{"operationName":"Search","variables":{"query":"chess"},"extensions":{}}]"#,
                Some("chess"),
            ),
            (
                "gql.reddit.com",
                "/",
                JSON,
                r#"{"query":"query Search($q: String) { search }","variables":{"query":"otters"}}"#,
                Some("otters"),
            ),
            ("gql.reddit.com", "/", JSON, r#"{"query":"query Me { me }","variables":{}}"#, None),
            (
                "api-partner.spotify.com",
                "/pathfinder/v2/query",
                JSON,
                r#"{"variables":{"searchTerm":"sea shanties","limit":10},"operationName":"searchDesktop"}"#,
                Some("sea shanties"),
            ),
            (
                "www.instagram.com",
                "/graphql/query",
                FORM,
                "fb_dtsg=x&variables=%7B%22data%22%3A%7B%22query%22%3A%22kites%22%7D%7D&doc_id=1",
                Some("kites"),
            ),
            ("www.instagram.com", "/graphql/query", FORM, "variables=%7B%22id%22%3A%22kites%22%7D", None),
            (
                "search.example",
                "/",
                "multipart/form-data; boundary=b",
                "--b\r\nContent-Disposition: form-data; name=\"q\"\r\n\r\nhello\r\n--b--\r\n",
                Some("hello"),
            ),
            ("search.example", "/", JSON, r#"{"q": "cut off her"#, Some("cut off her")),
            ("other.example", "/", JSON, r#"{"q": "hello"}"#, None),
            ("search.example", "/", JSON, "", None),
        ] {
            let found = search_terms_in_body(host, path, content_type, body.as_bytes());
            assert_eq!(found.as_deref(), expected, "{host}{path} {body}");
        }
    }

    #[test]
    fn a_search_for_help_is_known() {
        for words in [
            "childline",
            "Child Line number",
            "0800 1111",
            "https://www.childline.org.uk/get-support/",
            "samaritans 116 123",
            "is youngminds free",
        ] {
            assert!(names_helpline(words), "{words}");
        }
        for words in [
            "refuge for cats",
            "shout lyrics",
            "how to keep calm",
            "child",
            "111 times 7",
            "beat the drum",
            "children of the nile",
            "",
        ] {
            assert!(!names_helpline(words), "{words}");
        }
    }

    #[test]
    fn a_long_search_is_cut() {
        let address = format!("/?q={}", "word+".repeat(10_000));
        assert_eq!(search_terms("search.example", &address).unwrap().chars().count(), LONGEST);
    }

    proptest! {
        #[test]
        fn any_address_is_read_without_harm(host in ".{0,40}", address in ".{0,200}") {
            if let Some(words) = search_terms(&host, &address) {
                prop_assert!(words.chars().count() <= LONGEST && !words.is_empty());
            }
            let _ = search_terms("search.example", &format!("/?q={address}"));
        }

        #[test]
        fn any_body_is_read_without_harm(body in proptest::collection::vec(any::<u8>(), 0..300), text in ".{0,200}", kind in 0usize..4) {
            let kind = ["application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=a", ""][kind];
            let _ = search_terms_in_body("search.example", "/", kind, &body);
            if let Some(words) = search_terms_in_body("search.example", "/", kind, text.as_bytes()) {
                prop_assert!(words.chars().count() <= LONGEST && !words.is_empty());
            }
        }

        #[test]
        fn what_is_searched_in_a_body_is_found(words in "[a-z\u{e9}\"\\\\ ]{0,30}[a-z]") {
            let body = serde_json::json!({ "context": { "hl": "en" }, "q": words }).to_string();
            let expected = words.split_whitespace().collect::<Vec<_>>().join(" ");
            let found = search_terms_in_body("search.example", "/", "application/json", body.as_bytes());
            prop_assert_eq!(found, Some(expected));
        }
    }
}
