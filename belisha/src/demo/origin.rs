//! A pretend internet on loopback: a handful of `.example` sites, so that the demonstration can be browsed without a network.
//! The gateway's local records lead here; what may be visited is the filter's to say.

use axum::Router;
use axum::extract::Query;
use axum::http::HeaderMap;
use axum::response::Html;
use std::collections::HashMap;
use std::net::SocketAddr;
use tokio::net::TcpListener;

/// Names that lead to the pretend internet, and what each site is.
pub const SITES: &[(&str, &str, &str)] = &[
    (
        "encyclopedia.example",
        "The Small Encyclopedia",
        "Facts about rivers, volcanoes, the Romans and the moon, for anybody who is curious.",
    ),
    ("search.example", "Search", "Type what you want to find."),
    ("news.example", "The Morning Page", "What happened in the world, in short sentences."),
    ("lessons.example", "Lessons", "Worksheets and films for every subject and year."),
    ("museum.example", "The Museum", "Look closely at one thing at a time."),
    ("games.example", "Games", "A site full of games."),
    ("casino.example", "Casino", "A site for gambling."),
    ("chat.example", "Chat", "A site for talking to strangers."),
    ("video.example", "Video", "A site for films."),
    ("proxy.example", "Proxy", "A site for getting round filters."),
    ("shop.example", "Shop", "A site for buying things."),
    ("helpline.example", "A helpline", "Somebody to talk to, at any time. This page is always open."),
];

/// Starts the pretend internet on a free loopback port.
///
/// # Errors
/// When no port can be opened.
pub async fn start() -> std::io::Result<SocketAddr> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move {
        let router = Router::new().fallback(page);
        if let Err(failure) = axum::serve(listener, router).await {
            tracing::error!(%failure, "the pretend internet stopped");
        }
    });
    Ok(address)
}

async fn page(headers: HeaderMap, Query(query): Query<HashMap<String, String>>) -> Html<String> {
    let host = headers.get("host").and_then(|host| host.to_str().ok()).unwrap_or("").split(':').next().unwrap_or("");
    let (name, about) = SITES
        .iter()
        .find(|(site, ..)| host == *site || host.ends_with(&format!(".{site}")))
        .map_or(("A page", "There is nothing here but this sentence."), |(_, name, about)| (*name, *about));
    let found =
        query.get("q").map(|words| format!("<p>Nine results for <b>{}</b>.</p>", escape(words))).unwrap_or_default();
    let form = if host.starts_with("search.") {
        r#"<form action="/search"><label>Search for <input name="q"></label> <button>Search</button></form>"#
    } else {
        ""
    };
    Html(format!(
        r#"<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{name}</title>
<body><main><h1>{name}</h1><p>{about}</p>{form}{found}<p><small>A pretend site of the Belisha demonstration.</small></p></main></body></html>"#
    ))
}

fn escape(words: &str) -> String {
    words.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
