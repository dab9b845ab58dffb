//! One gateway: `start.rs` opens its sockets and starts it, `keeping.rs` keeps it in step with its rules and the disk,
//! `handle.rs` is what its owner holds, `shared.rs` what its parts share. What happens to a request is in `request/steps.rs`.

mod error;
mod handle;
mod keeping;
mod shared;
mod sockets;
mod start;

pub use error::StartError;
pub use handle::{BlockBook, GatewayHandle};
pub(crate) use shared::Shared;
pub use start::Gateway;
