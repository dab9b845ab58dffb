//! Other people's names for categories, put into ours. A name that is not here is kept as it is, so that a policy can
//! still speak of it.

/// UT1's and squidGuard's category directories (and their aliases) beside the category keys of our policies.
const KNOWN: &[(&str, &str)] = &[
    ("adult", "pornography"),
    ("ads", "adverts"),
    ("adv", "adverts"),
    ("aggressive", "violence"),
    ("agressif", "violence"),
    ("ai", "artificial-intelligence"),
    ("anonvpn", "proxy-avoidance"),
    ("chat", "messaging"),
    ("cryptojacking", "malware"),
    ("dangerous_material", "weapons"),
    ("dating", "dating"),
    ("ddos", "malware"),
    ("doh", "proxy-avoidance"),
    ("drogue", "drugs"),
    ("drugs", "drugs"),
    ("educational_games", "education"),
    ("gamble", "gambling"),
    ("gambling", "gambling"),
    ("games", "games"),
    ("hacking", "proxy-avoidance"),
    ("lingerie", "pornography"),
    ("malware", "malware"),
    ("marketingware", "adverts"),
    ("mixed_adult", "pornography"),
    ("phishing", "phishing"),
    ("porn", "pornography"),
    ("porno", "pornography"),
    ("proxies", "proxy-avoidance"),
    ("proxy", "proxy-avoidance"),
    ("publicite", "adverts"),
    ("redirector", "proxy-avoidance"),
    ("residential-proxies", "proxy-avoidance"),
    ("residential_proxies", "proxy-avoidance"),
    ("search_engines", "search"),
    ("sect", "extremism"),
    ("shopping", "shopping"),
    ("social", "social-media"),
    ("social_networks", "social-media"),
    ("socialnet", "social-media"),
    ("stalkerware", "malware"),
    ("strict_redirector", "proxy-avoidance"),
    ("strong_redirector", "proxy-avoidance"),
    ("tracking", "adverts"),
    ("violence", "violence"),
    ("vpn", "proxy-avoidance"),
    ("warez", "malware"),
    ("audio-video", "streaming"),
    ("movies", "streaming"),
];

/// Our category for a list maker's, `gambling` for `gamble`; the same name where we have none.
pub fn category_for(theirs: &str) -> &str {
    KNOWN.iter().find(|(known, _)| known.eq_ignore_ascii_case(theirs)).map_or(theirs, |(_, ours)| ours)
}
