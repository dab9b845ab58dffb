//! The block page as HTML: one file without scripts, pictures or fonts from anywhere, readable at 320 px, with a keyboard and
//! in forced colours. Everything that came from outside is escaped. The words are in `words.rs`.

use super::words::words;
use crate::request::Closed;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};
use std::fmt::{self, Write as _};
use std::sync::LazyLock;

/// Header that names what a page may load.
pub(crate) const CONTENT_SECURITY_POLICY_HEADER: &str = "content-security-policy";
/// Where the form that passes a warning is sent, on the closed host itself.
pub(crate) const GO_ON_PATH: &str = "/.belisha/continue";

/// The colours of the school's own pages, in light and in dark. Amber is on the beacon alone.
const STYLE: &str = "\
:root{color-scheme:light dark;--ink:#12161c;--paper:#fdfdfb;--rule:#6b737d;--link:#16418f;--stripe:#fff}\
@media(prefers-color-scheme:dark){:root{--ink:#eef0f2;--paper:#14181d;--rule:#8a929c;--link:#a9c7ff;--stripe:#dfe2e5}}\
*{box-sizing:border-box}body{margin:0;background:var(--paper);color:var(--ink);font:1.125rem/1.5 system-ui,sans-serif}\
.zebra{height:.5rem;background:repeating-linear-gradient(90deg,#12161c 0 2rem,var(--stripe) 2rem 4rem);border-bottom:1px solid var(--rule)}\
main{max-width:40rem;margin:0 auto;padding:1.5rem 1rem 3rem;overflow-wrap:anywhere}\
svg{display:block;width:4rem;height:6rem;margin-left:-.75rem}h1{font-size:1.75rem;line-height:1.2;margin:1rem 0}\
dl{border-top:1px solid var(--rule);margin:1.5rem 0}dt{font-weight:700;margin-top:.75rem}dd{margin:0 0 .75rem}\
a{color:var(--link)}.button,button{display:inline-block;margin:.5rem .5rem .5rem 0;padding:.75rem 1.25rem;border:2px solid var(--ink);\
border-radius:.25rem;background:var(--ink);color:var(--paper);font:inherit;font-weight:700;text-decoration:none;cursor:pointer}\
.plain{background:none;color:var(--ink)}label{display:block;font-weight:700}textarea{display:block;width:100%;min-height:5rem;padding:.5rem;\
border:2px solid var(--ink);background:var(--paper);color:var(--ink);font:inherit}\
a:focus,button:focus,textarea:focus,summary:focus{outline:4px solid var(--ink);outline-offset:3px}\
h2{font-size:1.25rem;line-height:1.3;margin:2rem 0 .5rem}code{font-size:1rem}li{margin:.25rem 0}\
details{border-top:1px solid var(--rule);padding:.25rem 0}summary{padding:.5rem 0;font-weight:700;cursor:pointer}\
footer{margin-top:2rem;font-size:1rem}";

const BEACON: &str = "<svg viewBox=\"0 0 40 60\" aria-hidden=\"true\" focusable=\"false\">\
<circle cx=\"20\" cy=\"13\" r=\"12\" fill=\"#ffab0f\" stroke=\"#12161c\" stroke-width=\"2\"/>\
<path d=\"M17 25h6v35h-6z\" fill=\"#fff\" stroke=\"#12161c\" stroke-width=\"1\"/>\
<path d=\"M17 30h6v6h-6zM17 42h6v6h-6zM17 54h6v6h-6z\" fill=\"#12161c\"/></svg>";

/// A page with its status.
pub(crate) struct Page {
    pub(crate) status: u16,
    pub(crate) html: String,
}

/// The policy of every page here: nothing may be loaded, the one style is named by its hash, forms go to this host alone.
pub(crate) fn content_security_policy() -> &'static str {
    static POLICY: LazyLock<String> = LazyLock::new(|| {
        let hash = STANDARD.encode(Sha256::digest(STYLE.as_bytes()));
        format!(
            "default-src 'none'; style-src 'sha256-{hash}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
        )
    });
    &POLICY
}

/// The page for a closed request, whose block has its number by now.
pub(crate) fn closed_page(closed: &Closed, portal: &str) -> Page {
    let words = words(closed);
    let id = closed.block.id.as_str();
    let mut body = String::with_capacity(2048);
    paragraph(&mut body, &words.lead);
    if let Some(go_on) = &words.go_on {
        let (question, button) = (Escaped(go_on.question), Escaped(go_on.button));
        put(
            &mut body,
            format_args!(
                "<form method=\"post\" action=\"{GO_ON_PATH}\"><input type=\"hidden\" name=\"block\" value=\"{}\">\
             <label for=\"why\">{question}</label><textarea id=\"why\" name=\"why\" maxlength=\"300\" required></textarea>\
             <button type=\"submit\">{button}</button></form>",
                Escaped(id)
            ),
        );
    }
    body.push_str("<dl>");
    if let Some(host) = &closed.block.host {
        fact(&mut body, "Page", host);
    }
    fact(&mut body, "Why", &words.why);
    if let Some(clause) = &closed.block.clause {
        fact(&mut body, "In the school’s policy", &format!("rule {clause}"));
    }
    if let Some(opens) = &words.opens {
        fact(&mut body, "When", opens);
    }
    body.push_str("</dl><p>");
    let portal = Escaped(portal);
    if closed.block.person.is_none() {
        put(&mut body, format_args!("<a class=\"button\" href=\"{portal}/portal\">Sign in</a>"));
    }
    if let Some(ask) = words.ask {
        put(
            &mut body,
            format_args!(
                "<a class=\"button\" href=\"{portal}/requests/ask?block={}\">{}</a>",
                Escaped(id),
                Escaped(ask)
            ),
        );
    }
    put(&mut body, format_args!("<a class=\"button plain\" href=\"{portal}/tell\">{}</a></p>", Escaped(words.tell)));
    Page { status: 403, html: frame(words.title, &body, &closed.school_name) }
}

/// A page that says one thing and, maybe, leads somewhere.
pub(crate) fn notice_page(status: u16, title: &str, text: &str, link: Option<(&str, &str)>) -> Page {
    let mut body = String::new();
    paragraph(&mut body, text);
    if let Some((address, label)) = link {
        put(&mut body, format_args!("<p><a class=\"button\" href=\"{}\">{}</a></p>", Escaped(address), Escaped(label)));
    }
    Page { status, html: frame(title, &body, "") }
}

pub(super) fn frame(title: &str, body: &str, school: &str) -> String {
    let mut html = String::with_capacity(body.len() + STYLE.len() + 1024);
    let title = Escaped(title);
    put(
        &mut html,
        format_args!(
            "<!doctype html>\n<html lang=\"en-GB\"><head><meta charset=\"utf-8\"><title>{title}</title>\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><meta name=\"referrer\" content=\"no-referrer\">\
         <style>{STYLE}</style></head><body><div class=\"zebra\"></div><main>{BEACON}<h1>{title}</h1>{body}"
        ),
    );
    if !school.is_empty() {
        put(&mut html, format_args!("<footer>{}</footer>", Escaped(school)));
    }
    html.push_str("</main></body></html>\n");
    html
}

fn paragraph(body: &mut String, text: &str) {
    put(body, format_args!("<p>{}</p>", Escaped(text)));
}

fn fact(body: &mut String, name: &str, value: &str) {
    put(body, format_args!("<dt>{}</dt><dd>{}</dd>", Escaped(name), Escaped(value)));
}

/// Writing into a `String` cannot fail.
pub(super) fn put(html: &mut String, text: fmt::Arguments<'_>) {
    let _ = html.write_fmt(text);
}

/// Text made safe for HTML text and quoted attributes.
pub(super) struct Escaped<'a>(pub(super) &'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for letter in self.0.chars() {
            match letter {
                '&' => out.write_str("&amp;")?,
                '<' => out.write_str("&lt;")?,
                '>' => out.write_str("&gt;")?,
                '"' => out.write_str("&quot;")?,
                '\'' => out.write_str("&#39;")?,
                other => out.write_char(other)?,
            }
        }
        Ok(())
    }
}
