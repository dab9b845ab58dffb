//! DNS: `listen.rs` and `encrypted.rs` own the sockets, `message.rs` reads packets, `answer.rs` turns a question into an answer, `forward.rs`
//! and `upstream/` ask other servers, `recheck.rs` looks at what they said, `deliver.rs` writes the packet. Whether a name is open is
//! decided in `request/`.

pub(crate) mod answer;
mod batch;
pub(crate) mod cache;
pub(crate) mod certificate;
mod coalesce;
pub(crate) mod config;
mod connection;
pub(crate) mod cookie;
pub(crate) mod deliver;
pub(crate) mod encrypted;
pub(crate) mod forward;
pub(crate) mod hash;
pub(crate) mod https;
pub(crate) mod led_to;
pub(crate) mod listen;
pub(crate) mod message;
pub(crate) mod quick;
pub(crate) mod rate;
pub(crate) mod recent;
pub(crate) mod recheck;
mod safe_search;
pub(crate) mod scrub;
mod special;
mod upstream;
pub(crate) mod zones;

pub(crate) use answer::Transport;
