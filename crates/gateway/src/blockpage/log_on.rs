//! The door for log-ons of the school's directory, on the block page's listener. Whether a post is believed is
//! `identity/directory.rs`'s.

use super::page::notice_page;
use crate::gateway::Shared;
use crate::identity::directory::{LONGEST, SIGNATURE_HEADER, take};
use crate::proxy::{Response, page};
use http_body_util::{BodyExt, Limited};
use hyper::Request;
use hyper::body::Incoming;
use std::net::IpAddr;

/// Takes one post.
pub(super) async fn log_on(shared: &Shared, sender: IpAddr, request: Request<Incoming>) -> Response {
    let Some(config) = &shared.config.identity.directory else {
        return page(notice_page(
            404,
            "Log-ons are not taken here",
            "The gateway is not set up for a directory.",
            None,
        ));
    };
    let signature = request.headers().get(SIGNATURE_HEADER).and_then(|value| value.to_str().ok());
    let signature = signature.unwrap_or_default().to_owned();
    let body = Limited::new(request.into_body(), LONGEST).collect();
    let Ok(Ok(body)) = tokio::time::timeout(shared.config.limits.head_time, body).await else {
        return page(notice_page(
            400,
            "This log-on was not taken",
            "The body did not come whole, or is too long.",
            None,
        ));
    };
    match take(shared, config, sender, &signature, &body.to_bytes()) {
        Ok(()) => page(notice_page(200, "Taken", "The gateway knows.", None)),
        Err(refused) => page(notice_page(403, "This log-on was not taken", &refused.to_string(), None)),
    }
}
