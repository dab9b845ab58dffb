//! An ICAP server (RFC 3507), so that a proxy a school has already can ask us: `service.rs` serves connections, `reqmod.rs` says what
//! becomes of requests and `respmod.rs` of answers, both by the steps and the looking at content that our own proxy has; `early.rs`
//! begins an answer for a client that would stop otherwise;
//! `exchange.rs` is one request with what is said about it and writes the answer. `head.rs`, `http_heads.rs` and `chunks.rs` read what comes, `wire.rs` is a connection.
//!
//! Only proxies the configuration names may ask. They carry everything themselves: nothing is dialled here, so names that a site's
//! name leads to and addresses behind names are theirs to judge.

pub(crate) mod chunks;
mod config;
mod early;
mod exchange;
pub(crate) mod head;
pub(crate) mod http_heads;
mod reqmod;
mod respmod;
mod service;
mod wire;

pub use config::IcapConfig;
pub(crate) use service::serve;
pub(crate) use wire::Encapsulated;
