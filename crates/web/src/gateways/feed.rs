//! What the server gives its gateways that run elsewhere, and takes from them. What is in the bodies is the binary's affair, which
//! carries the trait out; who asks, how much and how often is settled in `serve.rs` and `token.rs`.

use axum::body::Bytes;
use belisha_records::{GatewayId, SchoolId};
use std::pin::Pin;
use std::time::Duration;

/// An answer that may be waited for.
pub type Answering<'a, T> = Pin<Box<dyn Future<Output = Result<T, FeedRefusal>> + Send + 'a>>;

/// Why a gateway does not get what it asked for, or what it sent is not taken; in words for its log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FeedRefusal {
    /// What it sent will never be taken.
    Malformed(String),
    /// Another time: what it sent must be sent again.
    NotNow(String),
}

/// A document with a tag that changes whenever the document does.
#[derive(Debug, Clone)]
pub struct Tagged {
    /// The tag: letters and digits.
    pub tag: String,
    /// The document.
    pub body: Bytes,
}

/// What a gateway that runs elsewhere lives on. The school is always that of its token, whatever it sends.
pub trait GatewayFeed: Send + Sync {
    /// The rules of a school, once they are others than the gateway has (`known`: their tag); `None` when they were still the same
    /// after `wait`.
    fn rules(&self, school: SchoolId, known: Option<String>, wait: Duration) -> Answering<'_, Option<Tagged>>;
    /// A list that the rules name; `None` when the newest rules name others.
    fn list(&self, school: SchoolId, file: &str) -> Option<Bytes>;
    /// What happened at the portal after a mark, which the last answer gave; waits until something does, at most `wait`.
    fn events(&self, school: SchoolId, after: String, wait: Duration) -> Answering<'_, Bytes>;
    /// Stores a batch of what the gateway saw, once for each name. Done only when it is stored.
    fn observations(&self, school: SchoolId, gateway: GatewayId, batch: String, body: Bytes) -> Answering<'_, ()>;
    /// Takes pages that were closed lately, so that they can be asked for.
    ///
    /// # Errors
    /// `Malformed`.
    fn blocks(&self, school: SchoolId, body: &[u8]) -> Result<(), FeedRefusal>;
}
