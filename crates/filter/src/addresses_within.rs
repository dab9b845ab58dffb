//! Sites that an address leads to through another site: pages kept by archives, search engines' copies, translators, redirects.
//! A listed site must not be reached that way, and a helpline reached that way is not written down. What was merely searched for
//! leads nowhere.

use crate::helplines::helpline_for;
use crate::search_terms::search_terms;
use std::borrow::Cow;

/// Sites whose own hosts are other sites' names: a dot is written `-`, a hyphen `--`.
const WRAPPING: [&str; 2] = [".translate.goog", ".cdn.ampproject.org"];
/// How search engines write that a copy is wanted.
const COPY: &str = "cache:";
/// Where search engines lead on from; what stands there in the place of words is a site.
const REDIRECT: &str = "/url";
/// How often an address may be encoded inside another and is found all the same.
const DEEPEST: usize = 3;
/// The most sites looked for in one address.
const MOST: usize = 128;

/// Whether one of the sites that an address leads to is one of those meant: a host in lower case, and the rest of its address. The
/// host of the address is lower case without a final dot, and is none of them.
pub(crate) fn any_within(host: &str, path: Option<&str>, mut meant: impl FnMut(&str, &str) -> bool) -> bool {
    if let Some(wrapped) = wrapped(host)
        && meant(&wrapped, path.unwrap_or_default())
    {
        return true;
    }
    let Some(address) = path else { return false };
    let (path, query) = address.split_once('?').unwrap_or((address, ""));
    let mut left = MOST;
    if path != REDIRECT
        && let Some(words) = search_terms(host, address)
    {
        let copy = words.trim_start().strip_prefix(COPY).unwrap_or_default();
        return in_text(copy, &mut left, &mut meant);
    }
    // A whole address may stand in a path, with the query behind it as its own.
    let whole = if query.is_empty() { Cow::Borrowed(path) } else { Cow::Owned(format!("{path}?{query}")) };
    in_encoded(&whole, &mut left, &mut meant)
        || query.split(['&', ';']).any(|pair| {
            let value = pair.split_once('=').map_or(pair, |(_, value)| value);
            in_encoded(value, &mut left, &mut meant)
        })
}

/// Whether an address leads to a helpline through another site. Lower-case host without a final dot.
pub fn leads_to_helpline(host: &str, path: Option<&str>) -> bool {
    any_within(host, path, |within, _| helpline_for(within).is_some())
}

/// The name that a translator's host stands for.
fn wrapped(host: &str) -> Option<String> {
    let label = WRAPPING.iter().find_map(|site| host.strip_suffix(site))?;
    Some(label.split("--").map(|part| part.replace('-', ".")).collect::<Vec<_>>().join("-"))
}

/// Looks at a text, and at what it says once it is decoded.
fn in_encoded(text: &str, left: &mut usize, meant: &mut impl FnMut(&str, &str) -> bool) -> bool {
    let mut text = Cow::Borrowed(text);
    for _ in 0..DEEPEST {
        if in_text(&text, left, meant) {
            return true;
        }
        if !text.contains('%') {
            break;
        }
        text = Cow::Owned(decoded(&text));
    }
    false
}

/// Looks at what stands at the start and behind each slash.
fn in_text(text: &str, left: &mut usize, meant: &mut impl FnMut(&str, &str) -> bool) -> bool {
    let starts = std::iter::once(0).chain(text.match_indices(['/', '\\', '=']).map(|(at, _)| at + 1));
    for rest in starts.filter_map(|at| text.get(at..)) {
        let rest = rest.strip_prefix(COPY).unwrap_or(rest);
        let authority = rest.find(['/', '\\', '?', '#', '&']).unwrap_or(rest.len());
        let (authority, page) = rest.split_at(authority);
        let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
        let host = host.split(':').next().unwrap_or_default();
        let host = host.strip_suffix('.').unwrap_or(host);
        if !is_host(host) {
            continue;
        }
        let Some(fewer) = left.checked_sub(1) else { return false };
        *left = fewer;
        if meant(&host.to_ascii_lowercase(), page) {
            return true;
        }
    }
    false
}

fn is_host(text: &str) -> bool {
    let labels = || text.split('.');
    text.len() <= 253
        && labels().nth(1).is_some()
        && labels().all(|label| !label.is_empty())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'))
}

fn decoded(text: &str) -> String {
    String::from_utf8_lossy(&crate::page_address::percent_decoded(text.as_bytes())).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn found(host: &str, path: &str) -> Vec<(String, String)> {
        let mut found = Vec::new();
        any_within(host, Some(path), |host, rest| {
            found.push((host.to_owned(), rest.to_owned()));
            false
        });
        found
    }

    fn leads_to(host: &str, path: &str, site: &str) -> bool {
        any_within(host, Some(path), |within, _| within == site)
    }

    #[test]
    fn archives_copies_translators_and_redirects_are_seen_through() {
        let site = "some-site.example";
        for (host, path) in [
            ("web.archive.test", "/web/2026/http://some-site.example/page"),
            ("web.archive.test", "/web/2026/Some-Site.Example./page"),
            ("translate.test", "/translate?hl=en&u=http://some-site.example/page"),
            ("translate.test", "/translate?u=https%3A%2F%2Fsome-site.example%2Fpage"),
            ("translate.test", "/translate?u=https%253A%252F%252Fsome%252Dsite.example%252Fpage"),
            ("translate.test", "/?a=some-site.example"),
            ("www.google.com", "/url?q=http://user:word@some-site.example:8080/&sa=D"),
            ("www.google.com", "/search?q=cache:some-site.example/page+words"),
            ("www.google.com", "/amp/s/some-site.example/page"),
            ("some--site-example.translate.goog", "/page"),
            ("some--site-example.cdn.ampproject.org", "/c/s/page"),
        ] {
            assert!(leads_to(host, path, site), "{host}{path}: {:?}", found(host, path));
        }
    }

    #[test]
    fn a_search_and_an_ordinary_page_lead_nowhere() {
        for (host, path) in [
            ("www.google.com", "/search?q=some-site.example"),
            ("www.google.com", "/search?q=http%3A%2F%2Fsome-site.example"),
            ("encyclopedia.test", "/wiki/Some-Site"),
            ("some-site.example.test", "/page"),
        ] {
            assert!(!leads_to(host, path, "some-site.example"), "{host}{path}");
        }
    }

    #[test]
    fn the_page_behind_the_site_is_known_whole() {
        let pages = found("web.archive.test", "/web/http://some-site.example/one/page?id=4&x=1");
        assert!(pages.contains(&("some-site.example".into(), "/one/page?id=4&x=1".into())), "{pages:?}");
        let pages = found("translate.test", "/t?u=http%3A%2F%2Fsome-site.example%2Fone%2Fpage%3Fid%3D4&x=1");
        assert!(pages.contains(&("some-site.example".into(), "/one/page?id=4".into())), "{pages:?}");
    }

    #[test]
    fn helplines_are_seen_within() {
        assert!(leads_to_helpline("web.archive.test", Some("/web/2026/https://www.childline.org.uk/")));
        assert!(leads_to_helpline("www-childline-org-uk.translate.goog", None));
        assert!(!leads_to_helpline("www.childline.org.uk.test", Some("/childline")));
    }

    proptest! {
        #[test]
        fn any_address_is_looked_at(host in "[a-z.-]{0,30}", path in ".{0,200}") {
            let _ = any_within(&host, Some(&path), |_, _| false);
        }

        #[test]
        fn a_site_is_found_however_deep_it_is_encoded(before in "[a-z0-9/]{0,20}", times in 0..DEEPEST) {
            let encode = |text: String| text.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
            let inner = (0..times).fold("http://some-site.example/x".to_owned(), |text, _| encode(text));
            let path = format!("/{before}?u={inner}");
            prop_assert!(leads_to("open.test", &path, "some-site.example"), "{}", path);
        }
    }
}
