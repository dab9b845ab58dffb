//! DNS over UDP and TCP: `message.rs` reads and builds packets, `answer.rs` turns a question into an answer, `forward.rs` asks
//! other servers, `listen.rs` owns the sockets. Whether a name is open is decided in `request/`.

pub(crate) mod answer;
pub(crate) mod cache;
pub(crate) mod forward;
pub(crate) mod hash;
pub(crate) mod listen;
pub(crate) mod message;
pub(crate) mod recent;
pub(crate) mod scrub;
