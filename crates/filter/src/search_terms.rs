//! What somebody searched for, from the address of a request. Which sites have a search box and which parameter
//! holds the words is a table; what is done with the words is `worrying`'s and the monitoring's affair.

use crate::helplines::HELPLINES;

/// The most characters of a search that are kept.
const LONGEST: usize = 200;

/// A site's search: the host (and its subdomains), how the path starts, and the parameters that may hold the words.
struct Engine {
    host: &'static str,
    path: &'static str,
    parameters: &'static [&'static str],
}

const fn engine(host: &'static str, path: &'static str, parameters: &'static [&'static str]) -> Engine {
    Engine { host, path, parameters }
}

const ENGINES: &[Engine] = &[
    engine("search.example", "/", &["q"]),
    engine("bing.com", "/", &["q"]),
    engine("duckduckgo.com", "/", &["q"]),
    engine("search.yahoo.com", "/", &["p"]),
    engine("ecosia.org", "/", &["q"]),
    engine("search.brave.com", "/", &["q"]),
    engine("qwant.com", "/", &["q"]),
    engine("startpage.com", "/", &["query", "q"]),
    engine("swisscows.com", "/", &["query"]),
    engine("kiddle.co", "/", &["q"]),
    engine("yandex.com", "/search", &["text"]),
    engine("yandex.ru", "/search", &["text"]),
    engine("ask.com", "/web", &["q"]),
    engine("youtube.com", "/results", &["search_query"]),
    engine("tiktok.com", "/search", &["q"]),
    engine("reddit.com", "/search", &["q"]),
    engine("reddit.com", "/r/", &["q"]),
    engine("wikipedia.org", "/", &["search"]),
    engine("amazon.co.uk", "/s", &["k", "field-keywords"]),
    engine("amazon.com", "/s", &["k", "field-keywords"]),
    engine("ebay.co.uk", "/sch", &["_nkw"]),
    engine("ebay.com", "/sch", &["_nkw"]),
    engine("x.com", "/search", &["q"]),
    engine("twitter.com", "/search", &["q"]),
    engine("facebook.com", "/search", &["q"]),
    engine("instagram.com", "/explore/search", &["q"]),
    engine("pinterest.com", "/search", &["q"]),
    engine("pinterest.co.uk", "/search", &["q"]),
    engine("tumblr.com", "/search", &["q"]),
    engine("twitch.tv", "/search", &["term"]),
    engine("giphy.com", "/search", &["q"]),
    engine("roblox.com", "/discover", &["Keyword", "keyword"]),
    engine("quora.com", "/search", &["q"]),
    engine("bbc.co.uk", "/search", &["q"]),
    engine("github.com", "/search", &["q"]),
];

/// Paths on which Google takes a search, a suggestion or a picture search.
const GOOGLE_PATHS: &[&str] = &["/search", "/webhp", "/complete/search", "/url", "/imghp"];

/// The words somebody searched for, decoded, at most 200 characters; `None` when the address is no search.
///
/// `path_and_query` starts with `/`. Sites that put the words in the path (`/search/…`) are known too.
pub fn search_terms(host: &str, path_and_query: &str) -> Option<String> {
    let host = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
    let address = path_and_query.split('#').next()?;
    let (path, query) = address.split_once('?').unwrap_or((address, ""));
    if host.split_once("google.").is_some_and(|(before, _)| before.is_empty() || before.ends_with('.'))
        && on_google(&host)
    {
        return if GOOGLE_PATHS.iter().any(|start| under(path, start)) { parameter(query, &["q"]) } else { None };
    }
    let matching = || ENGINES.iter().filter(|engine| within(&host, engine.host) && under(path, engine.path));
    matching().find_map(|engine| parameter(query, engine.parameters)).or_else(|| {
        // Only sites whose searches live under a path of their own can carry the words in it.
        let engine = matching().find(|engine| engine.path == "/search")?;
        let words = path.strip_prefix(engine.path)?.strip_prefix('/')?.split('/').next()?;
        clean(words)
    })
}

/// Whether a host is Google's own under any nation: `www.google.co.uk`, `images.google.com`.
fn on_google(host: &str) -> bool {
    host.find("google.").is_some_and(|at| host.get(at..).is_some_and(is_google_name))
}

/// `google.com`, `google.fr`, `google.co.uk`, `google.com.au`, and nothing else.
pub(crate) fn is_google_name(name: &str) -> bool {
    let mut labels = name.split('.').map(str::to_ascii_lowercase);
    let is_nation = |label: &str| label.len() == 2 && label.bytes().all(|byte| byte.is_ascii_lowercase());
    let parts = (labels.next(), labels.next(), labels.next(), labels.next());
    match (parts.0.as_deref(), parts.1.as_deref(), parts.2.as_deref(), parts.3) {
        (Some("google"), Some(top), None, None) => top == "com" || is_nation(top) || top == "cat",
        (Some("google"), Some("co" | "com"), Some(nation), None) => is_nation(nation),
        _ => false,
    }
}

/// Whether a host is a site or one of its subdomains.
fn within(host: &str, site: &str) -> bool {
    host.strip_suffix(site).is_some_and(|before| before.is_empty() || before.ends_with('.'))
}

/// Whether a path is `start` or lies under it.
fn under(path: &str, start: &str) -> bool {
    path.strip_prefix(start).is_some_and(|rest| rest.is_empty() || rest.starts_with('/') || start.ends_with('/'))
}

fn parameter(query: &str, names: &[&str]) -> Option<String> {
    query
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .filter(|(name, _)| names.contains(name))
        .find_map(|(_, value)| clean(value))
}

/// Decodes `+` and `%xx`, makes white space plain and bounds the length.
fn clean(encoded: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut rest = encoded.as_bytes();
    // Four bytes a character and three signs a byte are the most that can matter.
    while let ([first, after @ ..], true) = (rest, bytes.len() < LONGEST * 4) {
        rest = after;
        let decoded = match (first, after) {
            (b'+', _) => b' ',
            (b'%', [high, low, further @ ..]) => match (hexadecimal(*high), hexadecimal(*low)) {
                (Some(high), Some(low)) => {
                    rest = further;
                    high << 4 | low
                }
                _ => b'%',
            },
            _ => *first,
        };
        bytes.push(decoded);
    }
    let text = String::from_utf8_lossy(&bytes);
    let words: Vec<&str> = text
        .split(|character: char| character.is_whitespace() || character.is_control())
        .filter(|word| !word.is_empty())
        .collect();
    let words: String = words.join(" ").chars().take(LONGEST).collect();
    if words.is_empty() { None } else { Some(words) }
}

fn hexadecimal(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
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
    }
}
