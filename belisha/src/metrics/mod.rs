//! Figures for Prometheus: `families.rs` says what each is, `page.rs` writes them down, this file serves the page. No figure
//! carries a host, a person or a device.

mod families;
mod page;

pub use families::metrics_reference;

use belisha_gateway::GatewayHandle;
use belisha_records::SchoolId;
use std::io;
use std::net::TcpListener;
use std::sync::Arc;
use tokio::task::JoinHandle;

/// Gives every gateway of this process.
pub type Gateways = Arc<dyn Fn() -> Vec<(SchoolId, Arc<GatewayHandle>)> + Send + Sync>;

/// Says what became of what was seen, by the keys of the families of a process.
pub type Outcome = Arc<dyn Fn() -> Vec<(&'static str, u64)> + Send + Sync>;

/// Serves `/metrics` until the task is stopped.
///
/// # Errors
/// When the socket cannot be used.
pub fn serve(socket: TcpListener, gateways: Gateways, outcome: Outcome) -> io::Result<JoinHandle<()>> {
    let socket = tokio::net::TcpListener::from_std(socket)?;
    let answer = move || {
        let text = page::page(&gateways(), &outcome());
        std::future::ready(([("content-type", "text/plain; version=0.0.4; charset=utf-8")], text))
    };
    let router = axum::Router::new().route("/metrics", axum::routing::get(answer));
    Ok(tokio::spawn(async move {
        if let Err(error) = axum::serve(socket, router).await {
            tracing::error!("figures are no longer served: {error}");
        }
    }))
}
