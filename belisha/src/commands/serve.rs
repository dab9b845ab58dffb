//! `belisha serve`: the real thing. On an empty school it prints the one-time link that makes the administrator.

use super::Failure;
use crate::installation::Installation;
use crate::jobs::Mailer;
use crate::network::Listening;
use crate::running::{self, Plan};
use belisha_web::Settings;
use clap::Args;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

#[derive(Args)]
pub struct ServeOptions {
    /// Folder for the database, keys, lists and snapshots
    #[arg(long, default_value = "belisha-data")]
    data: PathBuf,
    /// Address of a PostgreSQL database (postgres://…); without it the records are in the data folder
    #[arg(long, env = "BELISHA_DATABASE")]
    database: Option<String>,
    /// Where the pages are served
    #[arg(long, default_value = "127.0.0.1:4480")]
    web: SocketAddr,
    /// What links start with, where that differs from the address of the pages
    #[arg(long)]
    public_url: Option<String>,
    /// Certificate chain of the pages, PEM; other devices can only sign in over HTTPS
    #[arg(long, requires = "tls_key")]
    tls_certificate: Option<PathBuf>,
    /// Private key of the certificate, PEM
    #[arg(long, requires = "tls_certificate")]
    tls_key: Option<PathBuf>,
    /// Where the proxy listens
    #[arg(long, default_value = "127.0.0.1:4481")]
    proxy: SocketAddr,
    /// Where the block page and the PAC file are served; port 80 where DNS is used
    #[arg(long, default_value = "127.0.0.1:4482")]
    block_page: SocketAddr,
    /// Where DNS is answered
    #[arg(long, default_value = "127.0.0.1:4453")]
    dns: SocketAddr,
    /// A DNS server that is asked for open names; may be given several times
    #[arg(long)]
    upstream: Vec<SocketAddr>,
    /// Mail server, smtp://user:password@host:port or smtps://…
    #[arg(long, env = "BELISHA_SMTP")]
    smtp: Option<String>,
    /// Address mails come from
    #[arg(long, default_value = "belisha@localhost")]
    mail_from: String,
}

/// Serves until stopped.
pub async fn run(options: ServeOptions) -> Result<ExitCode, Failure> {
    let installation = Installation::open(&options.data, options.database.as_deref()).await?;
    let web = TcpListener::bind(options.web)
        .map_err(|error| Failure(format!("cannot serve pages at `{}`: {error}; choose another address with --web", options.web)))?;
    let listening = Listening {
        dns: Some(options.dns),
        proxy: Some(options.proxy),
        block_page: Some(options.block_page),
        upstreams: options.upstream,
        ..Listening::default()
    };
    let mailer = options.smtp.as_deref().map(|url| Mailer::new(url, &options.mail_from)).transpose()?.map(Arc::new);
    let plan = Plan {
        web,
        public_url: options.public_url,
        tls: options.tls_certificate.zip(options.tls_key),
        listening: vec![listening],
        mailer,
        settings: Settings::default(),
    };
    let running = running::start(&installation, plan).await?;
    println!("Belisha is at {}", running.base_url);
    println!("For devices, once a policy is in force: proxy file http://{}/proxy.pac, proxy {}, DNS {}", options.block_page, options.proxy, options.dns);
    if let Some(path) = belisha_web::first_start_link(&running.app).await? {
        println!("\nThis installation has no school yet. Open this link once to set it up; whoever opens it becomes the administrator:\n");
        println!("  {}{path}\n", running.base_url);
    }
    running::until_stopped().await?;
    println!("Stopping.");
    running.stop().await;
    Ok(ExitCode::SUCCESS)
}
