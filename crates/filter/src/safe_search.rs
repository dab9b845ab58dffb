//! Names the name server answers in its own way: search engines go to their safe results, and the names by which
//! browsers ask whether they may look names up elsewhere are answered "no such name" (ECOSYSTEM A7, A8). Sending the
//! answer is the gateway's affair.

/// Hosts and the host whose address stands for their safe results.
const SAFE_HOSTS: &[(&str, &str)] = &[
    ("www.youtube.com", "restrict.youtube.com"),
    ("m.youtube.com", "restrict.youtube.com"),
    ("youtubei.googleapis.com", "restrict.youtube.com"),
    ("youtube.googleapis.com", "restrict.youtube.com"),
    ("www.youtube-nocookie.com", "restrict.youtube.com"),
    ("www.bing.com", "strict.bing.com"),
    ("edgeservices.bing.com", "strict.bing.com"),
    ("duckduckgo.com", "safe.duckduckgo.com"),
    ("www.duckduckgo.com", "safe.duckduckgo.com"),
    ("start.duckduckgo.com", "safe.duckduckgo.com"),
    ("search.brave.com", "forcesafe.search.brave.com"),
    ("www.ecosia.org", "strict-safe-search.ecosia.org"),
    ("pixabay.com", "safesearch.pixabay.com"),
];

/// What stands for the safe results of every `www.google.` host.
const SAFE_GOOGLE: &str = "forcesafesearch.google.com";

/// Names that tell browsers and phones to leave the network's name server alone.
const CANARIES: &[&str] = &["use-application-dns.net", "mask.icloud.com", "mask-h2.icloud.com", "mask-api.icloud.com"];

/// The host to answer for (as a CNAME, for every type of question, the HTTPS type included), at the strictest setting.
pub fn safe_search(host: &str) -> Option<&'static str> {
    if is_google(host) {
        return Some(SAFE_GOOGLE);
    }
    SAFE_HOSTS.iter().find(|(name, _)| host.eq_ignore_ascii_case(name)).map(|(_, safe)| *safe)
}

/// The same, with the moderate setting where an engine has one; meant for staff.
pub fn safe_search_moderate(host: &str) -> Option<&'static str> {
    match safe_search(host) {
        Some("restrict.youtube.com") => Some("restrictmoderate.youtube.com"),
        other => other,
    }
}

/// Every host that has safe results under another name: for lists of them, such as a zone for other name servers. Google's are
/// told by their form, so some are here that no nation has.
pub fn safe_search_hosts() -> impl Iterator<Item = String> {
    let letters = || 'a'..='z';
    let nations = letters().flat_map(move |one| letters().map(move |two| format!("{one}{two}")));
    let google = nations.flat_map(|nation| ["", "co.", "com."].map(|level| format!("www.google.{level}{nation}")));
    let google = google.chain(["www.google.com".to_owned()]).filter(|host| is_google(host));
    SAFE_HOSTS.iter().map(|(host, _)| (*host).to_owned()).chain(google)
}

/// Whether a name must be answered "no such name" (NXDOMAIN) so that lookups stay with the school.
pub fn canary(host: &str) -> bool {
    CANARIES.iter().any(|name| host.eq_ignore_ascii_case(name))
}

/// `www.google.` with one nation or `com`: `www.google.com`, `www.google.fr`, `www.google.co.uk`, `www.google.com.au`.
fn is_google(host: &str) -> bool {
    let Some(("www", rest)) = host.split_once('.') else {
        return false;
    };
    crate::search_terms::is_google_name(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn search_engines_go_to_their_safe_results() {
        for (host, safe) in [
            ("www.google.com", Some("forcesafesearch.google.com")),
            ("www.google.co.uk", Some("forcesafesearch.google.com")),
            ("www.google.com.au", Some("forcesafesearch.google.com")),
            ("www.google.fr", Some("forcesafesearch.google.com")),
            ("maps.google.com", None),
            ("www.google.evil.example", None),
            ("www.googled.com", None),
            ("forcesafesearch.google.com", None),
            ("www.youtube.com", Some("restrict.youtube.com")),
            ("WWW.Bing.com", Some("strict.bing.com")),
            ("duckduckgo.com", Some("safe.duckduckgo.com")),
            ("example.com", None),
        ] {
            assert_eq!(safe_search(host), safe, "{host}");
        }
        assert_eq!(safe_search_moderate("m.youtube.com"), Some("restrictmoderate.youtube.com"));
    }

    #[test]
    fn canaries_are_known() {
        assert!(canary("use-application-dns.net") && canary("mask.icloud.com"));
        assert!(!canary("icloud.com"));
    }
}
