//! The proxy's own answers: block pages, redirects to the portal, the PAC file, and errors that say what happened.

use super::body::Body;
use super::dial::DialError;
use super::headers::host_header;
use super::target::Target;
use crate::blockpage::{CONTENT_SECURITY_POLICY_HEADER, Page, content_security_policy, notice_page};
use crate::gateway::Shared;
use crate::inspect::OriginProblem;
use crate::pac::{PAC_TYPE, pac_file};
use hyper::body::Bytes;
use hyper::header::{
    CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE, HeaderName, HeaderValue, LOCATION, PROXY_AUTHENTICATE,
};
use hyper::{HeaderMap, StatusCode};
use std::net::SocketAddr;

/// An answer.
pub(crate) type Response = hyper::Response<Body>;

/// A body that is there already.
pub(super) fn whole(text: String) -> Body {
    Body::Whole(Bytes::from(text))
}

/// A page of our own.
pub(crate) fn page(page: Page) -> Response {
    let mut response = Response::new(whole(page.html));
    *response.status_mut() = StatusCode::from_u16(page.status).unwrap_or(StatusCode::FORBIDDEN);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert("x-content-type-options", HeaderValue::from_static("nosniff"));
    headers.insert("referrer-policy", HeaderValue::from_static("no-referrer"));
    if let Ok(policy) = HeaderValue::from_str(content_security_policy()) {
        headers.insert(HeaderName::from_static(CONTENT_SECURITY_POLICY_HEADER), policy);
    }
    response
}

/// A file to be kept.
pub(crate) fn file(kind: &'static str, name: &'static str, content: Vec<u8>) -> Response {
    let mut response = Response::new(Body::Whole(Bytes::from(content)));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Ok(disposition) = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")) {
        headers.insert(CONTENT_DISPOSITION, disposition);
    }
    response
}

/// To the page where agreements are signed. 303, so that a form is not sent there.
pub(crate) fn redirect_to_portal(shared: &Shared) -> Response {
    redirect(&format!("{}/portal", shared.config.portal.base_url))
}

/// To another address, by GET.
pub(super) fn redirect(address: &str) -> Response {
    let link = Some((address, "Go there"));
    let mut response =
        page(notice_page(303, "This page is somewhere else", "Follow the link if nothing happens.", link));
    if let Ok(location) = HeaderValue::from_str(address) {
        response.headers_mut().insert(LOCATION, location);
    }
    response
}

/// The answer to a CONNECT that must wait for a signature; browsers show no page for it, other programs do.
pub(crate) fn sign_first(shared: &Shared) -> Response {
    let portal = format!("{}/portal", shared.config.portal.base_url);
    let text = "The school’s agreement waits for your signature. Sign it and the network opens at once.";
    page(notice_page(403, "Sign the agreement first", text, Some((&portal, "Read and sign"))))
}

/// The PAC file, for a browser that found us under the host in `headers`.
pub(crate) fn pac(shared: &Shared, headers: &HeaderMap) -> Response {
    // The portal is reached directly: through a tunnel it would take the proxy for the device.
    let portal = &shared.config.portal;
    let own = portal.base_host().into_iter().chain(portal.hosts.iter().map(String::as_str));
    // A proxy that listens everywhere has no address of its own to name; the one the browser used is right.
    let anywhere = shared.proxy_public.parse::<SocketAddr>().ok().filter(|address| address.ip().is_unspecified());
    let found = anywhere.and_then(|address| Some(Target { host: host_header(headers)?, port: address.port() }));
    let proxy = found.map_or_else(|| shared.proxy_public.clone(), |found| found.with_port());
    let mut response = Response::new(whole(pac_file(&proxy, own)));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(PAC_TYPE));
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("max-age=300"));
    response
}

/// Asks for a user name and password.
pub(super) fn credential_wanted() -> Response {
    let text = "The proxy does not know this user name and password. They are on the card from your school, and are not the ones you sign in with.";
    let mut response = page(notice_page(407, "Who is there?", text, None));
    response
        .headers_mut()
        .insert(PROXY_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"Belisha\", charset=\"UTF-8\""));
    response
}

/// The request cannot be understood or is not one for a proxy.
pub(crate) fn bad_request(text: &str) -> Response {
    page(notice_page(400, "This request cannot be carried", text, None))
}

/// A refusal that is no decision of the filter.
pub(super) fn refused(status: u16, title: &str, text: &str) -> Response {
    page(notice_page(status, title, text, None))
}

/// What is wrong with an origin's TLS, for whoever wanted to go there. Nobody can go on: the page would be a stranger's.
fn not_trusted(problem: OriginProblem) -> (u16, &'static str, &'static str) {
    const NOT_PROVEN: &str = "This site cannot prove who it is";
    match problem {
        OriginProblem::Expired => (
            502,
            NOT_PROVEN,
            "Its certificate has run out, so nobody can tell whether it is the real site. It is not opened. Try again another day, or tell the people who run the site.",
        ),
        OriginProblem::NotYetValid => (
            502,
            NOT_PROVEN,
            "Its certificate is only valid later, so nobody can tell whether it is the real site. It is not opened. If this happens everywhere, tell your technician that the clock of the filter is wrong.",
        ),
        OriginProblem::WrongHost => (
            502,
            NOT_PROVEN,
            "It shows the certificate of another site, so somebody may be pretending to be it. It is not opened. Look whether the address is written as you meant it.",
        ),
        OriginProblem::Untrusted => (
            502,
            NOT_PROVEN,
            "Nobody whom the school trusts vouches for its certificate, so it may be a copy. It is not opened. If it is one of the school’s own servers, your technician can add its authority.",
        ),
        OriginProblem::Revoked => (
            502,
            NOT_PROVEN,
            "Its certificate was withdrawn, so somebody may be pretending to be it. It is not opened.",
        ),
        OriginProblem::Unacceptable => (
            502,
            NOT_PROVEN,
            "Its certificate is not in order, so nobody can tell whether it is the real site. It is not opened.",
        ),
        OriginProblem::WantsOwnCertificate => (
            502,
            "This site asks for your device’s own certificate",
            "The filter stands in between and has none. Open the page again: from now on it is carried without being read.",
        ),
        OriginProblem::NoTls => {
            (502, "This site’s secure connection failed", "It does not speak a kind of encryption that is safe today.")
        }
        OriginProblem::TooSlow => (504, "This site does not answer", "It took too long. Try again in a minute."),
    }
}

/// A CONNECT to a port that is none of a secure page's.
pub(crate) fn port_not_opened() -> Response {
    let text = "Tunnels are for secure web pages. Ask your technician if a program needs another port.";
    refused(403, "This port is not opened", text)
}

/// A body longer than the proxy carries.
pub(super) fn too_large() -> Response {
    let text = "Send it in smaller parts, or ask your technician for another way.";
    refused(413, "This is too large to send", text)
}

/// A download that broke off while it was taken to be looked at.
pub(crate) fn broken_download() -> Response {
    refused(502, "The file did not arrive", "It broke off on its way. Try again in a minute.")
}

/// No connection to the origin.
pub(super) fn unreachable(error: &DialError) -> Response {
    let (status, title, text) = match error {
        DialError::NotPublic => (
            403,
            "This address is not opened",
            "It belongs to the school’s own network or to a machine inside it. Ask your technician if you need it.",
        ),
        DialError::NotFound => {
            (502, "This site was not found", "Its name has no address. Look whether it is written as you meant it.")
        }
        DialError::TooSlow => (504, "This site does not answer", "It took too long. Try again in a minute."),
        DialError::NotTrusted(problem) => not_trusted(*problem),
        DialError::UpstreamAway | DialError::UpstreamRefused => (
            502,
            "The way to the internet is closed",
            "The proxy that the school’s network goes through does not answer, or does not let this through. Tell your technician.",
        ),
        DialError::Unreachable => {
            (502, "This site cannot be reached", "It refused the connection. Try again in a minute.")
        }
    };
    page(notice_page(status, title, text, None))
}
