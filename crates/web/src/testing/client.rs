//! A browser as far as stories need one: it keeps cookies and reads headings.

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use http_body_util::BodyExt;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};
use tower::ServiceExt;

/// Somebody at a browser.
pub struct Client {
    router: Router,
    cookies: Mutex<BTreeMap<String, String>>,
    address: SocketAddr,
}

/// What came back.
#[derive(Debug)]
pub struct Seen {
    /// Status.
    pub status: StatusCode,
    /// Headers.
    pub headers: HeaderMap,
    /// The page.
    pub body: String,
}

impl Client {
    pub(crate) fn new(router: Router, address: SocketAddr) -> Self {
        Self { router, cookies: Mutex::default(), address }
    }

    /// Opens a page. Does not follow redirects: see [`Seen::location`].
    pub async fn get(&self, path: &str) -> Seen {
        self.send(Method::GET, path, &[], Vec::new(), "").await
    }

    /// Sends a form, as a page of ours does.
    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Seen {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let same_site = [("sec-fetch-site", "same-origin"), ("origin", "http://belisha.test")];
        self.send(Method::POST, path, &same_site, body.into_bytes(), "application/x-www-form-urlencoded").await
    }

    /// Sends a form with a file or long text in it, as a page of ours does.
    pub async fn post_multipart(&self, path: &str, fields: &[(&str, &str)]) -> Seen {
        const EDGE: &str = "belisha-test-edge";
        let part = |(name, value): &(&str, &str)| {
            format!("--{EDGE}\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
        };
        let body: String = fields.iter().map(part).collect::<String>() + &format!("--{EDGE}--\r\n");
        self.send(
            Method::POST,
            path,
            &[("sec-fetch-site", "same-origin")],
            body.into_bytes(),
            &format!("multipart/form-data; boundary={EDGE}"),
        )
        .await
    }

    /// Sends anything, with headers of one's own.
    pub async fn send(&self, method: Method, path: &str, headers: &[(&str, &str)], body: Vec<u8>, media: &str) -> Seen {
        let mut request = Request::builder().method(method).uri(path).header(header::HOST, "belisha.test");
        let cookies: Vec<String> = self.cookies().iter().map(|(name, value)| format!("{name}={value}")).collect();
        if !cookies.is_empty() {
            request = request.header(header::COOKIE, cookies.join("; "));
        }
        if !media.is_empty() {
            request = request.header(header::CONTENT_TYPE, media).header(header::CONTENT_LENGTH, body.len());
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut request =
            request.body(Body::from(body)).unwrap_or_else(|fault| panic!("a request that cannot be sent: {fault}"));
        request.extensions_mut().insert(ConnectInfo(self.address));
        let response = self.router.clone().oneshot(request).await.unwrap_or_else(|never| match never {});
        for cookie in response.headers().get_all(header::SET_COOKIE) {
            self.keep(cookie.to_str().unwrap_or_default());
        }
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.map(|whole| whole.to_bytes()).unwrap_or_default();
        Seen { status: parts.status, headers: parts.headers, body: String::from_utf8_lossy(&bytes).into_owned() }
    }

    /// Puts a cookie in the jar, as somebody with bad intentions might.
    pub fn set_cookie(&self, name: &str, value: &str) {
        self.cookies().insert(name.to_owned(), value.to_owned());
    }

    /// Whether the jar holds a cookie.
    pub fn has_cookie(&self, name: &str) -> bool {
        self.cookies().contains_key(name)
    }

    fn keep(&self, cookie: &str) {
        let (pair, attributes) = cookie.split_once(';').unwrap_or((cookie, ""));
        let Some((name, value)) = pair.split_once('=') else { return };
        if attributes.contains("Max-Age=0") {
            self.cookies().remove(name);
        } else {
            self.set_cookie(name, value);
        }
    }

    fn cookies(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, String>> {
        self.cookies.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seen {
    /// The page's main heading, without markup.
    pub fn heading(&self) -> String {
        let start = self.body.find("<h1").and_then(|at| self.body.get(at..)).unwrap_or_default();
        words(start.split("</h1>").next().unwrap_or_default())
    }
    /// The page's words, without markup.
    pub fn words(&self) -> String {
        words(
            self.body
                .split("<main")
                .nth(1)
                .and_then(|rest| rest.split_once('>'))
                .map_or("", |(_, main)| main.split("</main>").next().unwrap_or(main)),
        )
    }
    /// Whether the page says something, in its main part.
    pub fn says(&self, text: &str) -> bool {
        self.words().contains(text)
    }
    /// Where a redirect leads.
    pub fn location(&self) -> &str {
        self.headers.get(header::LOCATION).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
    /// What the page says is wrong, from the summary at its top.
    pub fn errors(&self) -> Vec<String> {
        let summary = self
            .body
            .split("govuk-error-summary__list")
            .nth(1)
            .and_then(|rest| rest.split("</ul>").next())
            .unwrap_or_default();
        summary.split("<li>").skip(1).map(words).collect()
    }
    /// Addresses that the main part links to or sends to.
    pub fn links(&self) -> Vec<String> {
        let attributes = self.body.split(" href=\"").chain(self.body.split(" action=\"")).skip(1);
        attributes.filter_map(|rest| rest.split('"').next()).map(|link| link.replace("&#38;", "&")).collect()
    }
}

fn words(markup: &str) -> String {
    let mut out = String::new();
    let mut inside = false;
    for letter in markup.chars() {
        match letter {
            '<' => inside = true,
            '>' => {
                inside = false;
                out.push(' ');
            }
            _ if !inside => out.push(letter),
            _ => {}
        }
    }
    let out = out
        .replace("&#39;", "'")
        .replace("&#34;", "\"")
        .replace("&#60;", "<")
        .replace("&#62;", ">")
        .replace("&#38;", "&");
    out.split_whitespace().collect::<Vec<_>>().join(" ")
}
