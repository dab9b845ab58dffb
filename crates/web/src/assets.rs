//! Styles, script, typeface and mark, compiled in by `build.rs` under names made from their content, so that a browser
//! may keep them for ever.

use axum::Router;
use axum::extract::Path;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

/// One file.
#[derive(Debug)]
pub struct Asset {
    /// Name with the digest of its content.
    pub name: &'static str,
    /// Media type.
    pub media: &'static str,
    /// Its bytes.
    pub plain: &'static [u8],
    /// The same in Brotli, where that is smaller.
    pub brotli: Option<&'static [u8]>,
}

include!(concat!(env!("OUT_DIR"), "/assets.rs"));

/// A year, the longest a cache is asked to keep anything (RFC 9111).
const FOR_EVER: &str = "public, max-age=31536000, immutable";

pub(crate) fn router<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new()
        .route("/assets/{name}", get(serve))
        .route("/favicon.ico", get(|headers| serve(Path("beacon".into()), headers)))
}

async fn serve(Path(name): Path<String>, headers: HeaderMap) -> Response {
    let wanted = |asset: &&Asset| asset.name == name || (name == "beacon" && asset.media == "image/svg+xml");
    let Some(asset) = ASSETS.iter().find(wanted) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let accepts = headers
        .get(header::ACCEPT_ENCODING)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.contains("br"));
    let common = [
        (header::CONTENT_TYPE, asset.media),
        (header::CACHE_CONTROL, FOR_EVER),
        (header::VARY, "accept-encoding"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ];
    match asset.brotli.filter(|_| accepts) {
        Some(small) => (common, [(header::CONTENT_ENCODING, "br")], small).into_response(),
        None => (common, asset.plain).into_response(),
    }
}
