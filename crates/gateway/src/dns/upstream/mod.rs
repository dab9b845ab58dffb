//! Other servers: `group.rs` chooses among several and knows which are away, `server.rs` asks one, `udp.rs` and `stream.rs`
//! own the sockets, `outgoing.rs` writes the question so that a forged answer is told from the true one, `waiting.rs` brings
//! an answer to whoever waits for it. Caching is `forward.rs`'s.

mod group;
mod outgoing;
mod random;
mod server;
mod stream;
mod trust;
mod udp;
mod waiting;

pub(crate) use group::Group;
pub(crate) use outgoing::Outgoing;
pub(crate) use random::Random;
pub(crate) use server::Server;
pub(crate) use trust::connector;
