//! The proxy: `arrival.rs` says whose a connection is, `handle.rs` takes each request on it through the steps, `forward.rs`
//! carries requests to their origins, `tunnel.rs` answers CONNECT and `carry.rs` carries what is not read, `dial.rs` opens
//! connections and `address.rs` says to where none may be opened.

pub(crate) mod address;
mod arrival;
mod begun;
mod behind;
mod body;
mod carry;
mod connections;
mod dial;
mod forward;
mod handle;
mod headers;
mod hello;
mod origin_io;
mod parent;
mod respond;
mod rewrite;
mod settings;
mod stalling;
mod target;
pub(crate) mod transparent;
mod tunnel;
mod upgrade;

pub(crate) use arrival::Arrival;
pub(crate) use body::{Body, BodyError};
pub(crate) use connections::{Connections, serve_http};
pub(crate) use handle::{closed_response, pass_warning};
pub(crate) use headers::host_header;
pub(crate) use hello::read_both_ways;
pub(crate) use respond::{
    Response, bad_request, broken_download, file, pac, page, port_not_opened, redirect_to_portal, sign_first,
};
pub use settings::{DirectAddress, ProxyConfig, UpstreamProxy};
pub(crate) use stalling::Stalling;
pub(crate) use target::host;

use crate::gateway::Shared;
use std::sync::Arc;
use tokio::net::TcpListener;

/// Serves the proxy on one socket.
pub(crate) async fn serve(shared: Arc<Shared>, socket: TcpListener, connections: Connections) {
    let proxy = Arc::new(handle::Proxy::new(Arc::clone(&shared)));
    serve_http(shared, socket, connections, move |arrival, request| {
        let proxy = Arc::clone(&proxy);
        async move { proxy.handle(&arrival, request).await }
    })
    .await;
}
