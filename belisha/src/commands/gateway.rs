//! `belisha gateway`: the filter as a program of its own, in the school, while the server is elsewhere. What it does is in `remote`.

use super::{Failure, until_it_ends};
use crate::network::{Listening, ListeningOptions, check_places};
use crate::process::{Prepared, ProcessOptions, ending, until_stopped};
use crate::remote::{self, RemoteGateway};
use clap::Args;
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(Args)]
pub struct GatewayOptions {
    /// The server: what links to its pages start with
    #[arg(long, value_name = "https://HOST")]
    from: url::Url,
    /// File with the token that the page Gateways showed
    #[arg(long, value_name = "FILE")]
    token_file: PathBuf,
    /// Folder for rules, lists, keys, and what was seen and waits for the server
    #[arg(long, default_value = "belisha-gateway")]
    data: PathBuf,
    /// Certificates, PEM, that the server's is verified by, in place of the system's
    #[arg(long, value_name = "FILE")]
    authority: Option<PathBuf>,
    /// The most of what was seen that may wait for the server, in megabytes; past it the oldest goes
    #[arg(long, value_name = "MEGABYTES", default_value_t = 512, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    spool: u64,
    #[command(flatten)]
    gateway: ListeningOptions,
    #[command(flatten)]
    process: ProcessOptions,
}

/// Filters until stopped.
pub fn run(options: GatewayOptions) -> Result<ExitCode, Failure> {
    let mut listening = options.gateway.listening()?;
    check_places(std::slice::from_ref(&listening), &options.process.addresses())?;
    let prepared = options.process.prepare(&options.data, |sockets| listening.open_ahead(sockets))?;
    tokio::runtime::Runtime::new()?.block_on(filter(options, listening, prepared))
}

async fn filter(options: GatewayOptions, listening: Listening, prepared: Prepared) -> Result<ExitCode, Failure> {
    let gateway = RemoteGateway {
        from: options.from,
        token_file: options.token_file,
        authority: options.authority,
        data: options.data.clone(),
        spool_limit: options.spool * 1024 * 1024,
        listening,
        figures: prepared.figures,
        predecessor: prepared.predecessor,
    };
    let starting = remote::run(gateway);
    let running = tokio::select! {
        running = starting => running?,
        stopped = until_stopped() => { stopped?; return Ok(ExitCode::SUCCESS); }
    };
    let ending = ending(&options.data, prepared.sockets)?;
    let shown = |address: Option<std::net::SocketAddr>| address.map(|address| address.to_string()).unwrap_or_default();
    println!(
        "For devices: proxy file http://{}/proxy.pac, proxy {}, DNS {}",
        shown(running.handle.block_page_addr),
        shown(running.handle.proxy_addr),
        shown(running.handle.dns_addr)
    );
    if !running.handle.has_rules() {
        println!("There are no rules yet: until the server sends some, only its own pages and helplines are open.");
    }
    match until_it_ends(ending).await? {
        None => running.stop().await,
        Some(successor) => running.hand_over(successor).await,
    }
    Ok(ExitCode::SUCCESS)
}
