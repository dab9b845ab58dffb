//! Where people search: hosts, the paths of their searches, and the names under which the words stand. Known in November
//! 2026 from the services' own pages; a site that changes is a line here. How a line is used is `search_terms`' affair.

/// A place where people search.
pub(super) struct Engine {
    /// The site with all below it; `amazon.*` is Amazon under any nation.
    pub host: &'static str,
    /// How the path begins.
    pub path: &'static str,
    pub words: Words,
}

/// Where the words stand.
pub(super) enum Words {
    /// In one of these parameters of the address, alone or inside JSON.
    Parameters(&'static [&'static str]),
    /// In the path, behind its beginning, which is `/search`. With `true`, `-` stands for a space.
    Path(bool),
    /// In the body of a request, under one of these names, in a form or in JSON.
    Body(&'static [&'static str]),
}

const fn by(host: &'static str, path: &'static str, names: &'static [&'static str]) -> Engine {
    Engine { host, path, words: Words::Parameters(names) }
}

const fn in_path(host: &'static str, path: &'static str) -> Engine {
    Engine { host, path, words: Words::Path(false) }
}

const fn in_dashed_path(host: &'static str, path: &'static str) -> Engine {
    Engine { host, path, words: Words::Path(true) }
}

const fn sent(host: &'static str, path: &'static str, names: &'static [&'static str]) -> Engine {
    Engine { host, path, words: Words::Body(names) }
}

pub(super) const ENGINES: &[Engine] = &[
    by("search.example", "/", &["q"]),
    sent("search.example", "/", &["q", "query"]),
    // Search engines.
    by("google.*", "/search", &["q", "as_q"]),
    by("google.*", "/webhp", &["q"]),
    by("google.*", "/complete/search", &["q"]),
    by("google.*", "/url", &["q"]),
    by("google.*", "/imghp", &["q"]),
    by("google.*", "/store/search", &["q"]),
    in_path("chromewebstore.google.com", "/search"),
    by("bing.com", "/", &["q"]),
    by("duckduckgo.com", "/", &["q"]),
    sent("duckduckgo.com", "/", &["q"]),
    by("search.yahoo.com", "/", &["p"]),
    by("search.yahoo.co.jp", "/", &["p"]),
    by("ecosia.org", "/", &["q"]),
    by("search.brave.com", "/", &["q"]),
    by("qwant.com", "/", &["q"]),
    by("startpage.com", "/", &["query", "q"]),
    sent("startpage.com", "/", &["query"]),
    by("swisscows.com", "/", &["query"]),
    by("kiddle.co", "/", &["q"]),
    by("kidzsearch.com", "/", &["q"]),
    by("yandex.*", "/search", &["text"]),
    by("yandex.*", "/images", &["text"]),
    by("yandex.*", "/video", &["text"]),
    by("ya.ru", "/search", &["text"]),
    by("baidu.com", "/s", &["wd", "word"]),
    by("search.naver.com", "/", &["query"]),
    by("search.seznam.cz", "/", &["q"]),
    by("mojeek.com", "/search", &["q"]),
    by("kagi.com", "/search", &["q"]),
    by("you.com", "/search", &["q"]),
    by("perplexity.ai", "/search", &["q"]),
    by("ask.com", "/web", &["q"]),
    by("search.aol.com", "/aol", &["q"]),
    by("dogpile.com", "/serp", &["q"]),
    by("metager.org", "/meta", &["eingabe"]),
    by("oceanhero.today", "/web", &["q"]),
    by("wolframalpha.com", "/input", &["i"]),
    // Films and music.
    by("youtube.com", "/results", &["search_query"]),
    by("youtube.com", "/search", &["q"]),
    sent("youtube.com", "/youtubei/v1/search", &["query"]),
    sent("youtubei.googleapis.com", "/youtubei/v1/search", &["query"]),
    by("youtubekids.com", "/search", &["q"]),
    sent("youtubekids.com", "/youtubei/v1/search", &["query"]),
    by("vimeo.com", "/search", &["q"]),
    in_path("dailymotion.com", "/search"),
    by("twitch.tv", "/search", &["term"]),
    sent("gql.twitch.tv", "/gql", &["query", "userQuery"]),
    by("netflix.com", "/search", &["q"]),
    in_path("open.spotify.com", "/search"),
    by("api.spotify.com", "/v1/search", &["q"]),
    by("api-partner.spotify.com", "/pathfinder", &["searchTerm"]),
    sent("api-partner.spotify.com", "/pathfinder", &["searchTerm"]),
    by("soundcloud.com", "/search", &["q"]),
    // Social media.
    by("tiktok.com", "/search", &["q"]),
    by("tiktok.com", "/api/search", &["keyword"]),
    by("instagram.com", "/explore/search", &["q"]),
    by("instagram.com", "/api/v1/web/search", &["query"]),
    by("instagram.com", "/api/v1/fbsearch", &["query"]),
    sent("instagram.com", "/graphql", &["query", "search_query"]),
    sent("instagram.com", "/api/graphql", &["query", "search_query"]),
    by("threads.net", "/search", &["q"]),
    by("threads.com", "/search", &["q"]),
    by("facebook.com", "/search", &["q"]),
    sent("facebook.com", "/api/graphql", &["text", "query"]),
    by("x.com", "/search", &["q"]),
    by("x.com", "/i/api/graphql", &["rawQuery"]),
    sent("x.com", "/i/api/graphql", &["rawQuery"]),
    by("twitter.com", "/search", &["q"]),
    by("reddit.com", "/search", &["q"]),
    by("reddit.com", "/r/", &["q"]),
    by("reddit.com", "/svc/shreddit", &["q", "query"]),
    sent("reddit.com", "/svc/shreddit", &["query"]),
    sent("gql.reddit.com", "/", &["query"]),
    by("tumblr.com", "/search", &["q"]),
    in_path("tumblr.com", "/search"),
    by("pinterest.*", "/search", &["q"]),
    by("pinterest.*", "/resource/BaseSearchResource", &["query"]),
    sent("pinterest.*", "/resource/BaseSearchResource", &["query"]),
    by("quora.com", "/search", &["q"]),
    by("imgur.com", "/search", &["q"]),
    by("flickr.com", "/search", &["text"]),
    by("deviantart.com", "/search", &["q"]),
    in_path("wattpad.com", "/search"),
    by("archiveofourown.org", "/works/search", &["work_search[query]", "work_search%5Bquery%5D"]),
    by("urbandictionary.com", "/define.php", &["term"]),
    // Moving pictures and games.
    by("giphy.com", "/search", &["q"]),
    in_dashed_path("giphy.com", "/search"),
    by("api.giphy.com", "/v1", &["q"]),
    in_dashed_path("tenor.com", "/search"),
    by("tenor.googleapis.com", "/v2/search", &["q"]),
    by("roblox.com", "/discover", &["Keyword", "keyword"]),
    by("roblox.com", "/catalog", &["Keyword", "keyword"]),
    by("roblox.com", "/search", &["keyword"]),
    by("apis.roblox.com", "/search-api", &["searchQuery", "query"]),
    sent("apis.roblox.com", "/search-api", &["searchQuery", "query"]),
    by("store.steampowered.com", "/search", &["term"]),
    by("scratch.mit.edu", "/search", &["q"]),
    // Reference.
    by("wikipedia.org", "/", &["search", "srsearch", "gsrsearch"]),
    by("wikipedia.org", "/w/rest.php", &["q"]),
    sent("wikipedia.org", "/w", &["search", "srsearch"]),
    by("britannica.com", "/search", &["query"]),
    by("bbc.co.uk", "/search", &["q"]),
    by("archive.org", "/search", &["query"]),
    by("github.com", "/search", &["q"]),
    by("stackoverflow.com", "/search", &["q"]),
    // Shops.
    by("amazon.*", "/s", &["k", "field-keywords"]),
    by("ebay.*", "/sch", &["_nkw"]),
    by("etsy.com", "/search", &["q"]),
    by("temu.com", "/search_result.html", &["search_key"]),
    by("vinted.co.uk", "/catalog", &["search_text"]),
    by("depop.com", "/search", &["q"]),
    in_dashed_path("argos.co.uk", "/search"),
];
