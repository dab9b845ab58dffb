//! `belisha serve`: the real thing. On an empty school it prints the one-time link that makes the administrator.

use super::{Failure, until_it_ends};
use crate::clock;
use crate::data_folder::{DataFolder, Keys};
use crate::installation::{Clock, Entropy, Installation, database_of, open_folder};
use crate::jobs::Mailer;
use crate::network::{Listening, ListeningOptions, SchoolGateway, check_places, filter_alone};
use crate::process::{Prepared, ProcessOptions, ending, until_stopped};
use crate::running::{self, Plan, Running};
use belisha_store::StoreError;
use belisha_web::Settings;
use clap::Args;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

#[derive(Args)]
pub struct ServeOptions {
    /// Folder for the database, keys, lists and snapshots
    #[arg(long, default_value = "belisha-data")]
    data: PathBuf,
    /// Address of a PostgreSQL database (postgres://…); without it, the one that was given here before, else one in the data folder
    #[arg(long, env = "BELISHA_DATABASE")]
    database: Option<String>,
    /// Where the pages are served
    #[arg(long, default_value = "127.0.0.1:4480")]
    web: SocketAddr,
    /// What links start with, where that differs from the address of the pages
    #[arg(long)]
    public_url: Option<String>,
    /// Mail server, smtp://user:password@host:port or smtps://…; file:DIR writes each mail into that folder instead
    #[arg(long, env = "BELISHA_SMTP")]
    smtp: Option<String>,
    /// Address mails come from
    #[arg(long, default_value = "belisha@localhost")]
    mail_from: String,
    /// The gateway of one school, where there are several: school=NAME,dns=ADDRESS,proxy=ADDRESS,block-page=ADDRESS; once for each
    #[arg(long = "gateway", value_name = "SETTINGS")]
    gateways: Vec<SchoolGateway>,
    #[command(flatten)]
    gateway: ListeningOptions,
    #[command(flatten)]
    process: ProcessOptions,
}

/// Serves until stopped, or until another process takes over.
pub fn run(options: &ServeOptions) -> Result<ExitCode, Failure> {
    let mut places = options.places()?;
    let others = [vec![(options.web, "the pages")], options.process.addresses()].concat();
    check_places(&places, &others)?;
    let prepared = options.process.prepare(&options.data, |sockets| {
        sockets.open_tcp(options.web, "the pages")?;
        places.iter_mut().try_for_each(|place| place.open_ahead(sockets))
    })?;
    tokio::runtime::Runtime::new()?.block_on(serve(options, places, prepared))
}

impl ServeOptions {
    /// The place of each gateway: first of the school that nobody named, then of those that are named.
    fn places(&self) -> Result<Vec<Listening>, Failure> {
        let first = self.gateway.listening()?;
        let named: Result<Vec<_>, _> = self.gateways.iter().map(|gateway| gateway.listening(&first)).collect();
        Ok([vec![first], named?].concat())
    }
}

async fn serve(options: &ServeOptions, places: Vec<Listening>, prepared: Prepared) -> Result<ExitCode, Failure> {
    let (data, keys) = open_folder(&options.data)?;
    let address = database_of(&data, options.database.as_deref())?;
    let mailer = options.smtp.as_deref().map(|url| Mailer::new(url, &options.mail_from)).transpose()?.map(Arc::new);
    let plan = Plan {
        web: prepared.sockets.tcp(options.web)?,
        public_url: options.public_url.clone(),
        tls: options.gateway.tls(),
        listening: places,
        mailer,
        settings: Settings::default(),
        figures: prepared.figures,
    };
    let Some(installation) = connect(data, keys, &address, &plan).await? else {
        println!("Stopping.");
        return Ok(ExitCode::SUCCESS);
    };
    let running = running::start(&installation, plan).await?;
    if let Some(predecessor) = prepared.predecessor {
        predecessor.relieve().await;
        running.networks.read_identities().await;
    }
    let ending = ending(installation.data.root(), prepared.sockets)?;
    introduce(options, &running).await?;
    match until_it_ends(ending).await? {
        None => running.stop().await,
        Some(successor) => running.hand_over(successor).await,
    }
    Ok(ExitCode::SUCCESS)
}

/// What the person at the terminal is told.
async fn introduce(options: &ServeOptions, running: &Running) -> Result<(), Failure> {
    println!("Belisha is at {}", running.base_url);
    println!(
        "For devices, once a policy is in force: proxy file http://{}/proxy.pac, proxy {}, DNS {}",
        options.gateway.block_page, options.gateway.proxy, options.gateway.dns
    );
    if let Some(path) = belisha_web::first_start_link(&running.app).await? {
        println!(
            "\nThis installation has no school yet. Open this link once to set it up; whoever opens it becomes the administrator:\n"
        );
        println!("  {}{path}\n", running.base_url);
    }
    Ok(())
}

/// How long the database may take before the gateways begin without it.
const SOON: Duration = Duration::from_secs(3);
/// How long to wait before the database is tried again.
const TRY_AGAIN: Duration = Duration::from_secs(5);

/// Opens the database. While it is away the gateways filter with the rules they kept; `None` when the process was asked to end
/// before it came back.
async fn connect(
    data: DataFolder,
    keys: Arc<Keys>,
    database: &str,
    plan: &Plan,
) -> Result<Option<Installation>, Failure> {
    let away = match tokio::time::timeout(SOON, Installation::connect(data.clone(), Arc::clone(&keys), database)).await
    {
        Ok(Ok(installation)) => return Ok(Some(installation)),
        Ok(Err(away @ (StoreError::Unreachable(_) | StoreError::Busy))) => away.to_string(),
        Ok(Err(other)) => return Err(other.into()),
        Err(_) => "it does not answer".to_owned(),
    };
    let (clock, entropy): (Clock, Entropy) = (Arc::new(clock::now), Arc::new(clock::fill_with_random_bytes));
    let (_, portal) = running::portal(plan, &keys)?;
    let gateways = filter_alone(&data, &keys, &portal, plan.listening.clone(), &clock, &entropy).await?;
    println!(
        "The database is away ({away}). {} gateway(s) filter with their last rules; trying again every {} seconds.",
        gateways.len(),
        TRY_AGAIN.as_secs()
    );
    let back = async {
        loop {
            tokio::time::sleep(TRY_AGAIN).await;
            if let Ok(installation) = Installation::connect(data.clone(), Arc::clone(&keys), database).await {
                return installation;
            }
        }
    };
    let installation = tokio::select! {
        installation = back => Some(installation),
        stopped = until_stopped() => { stopped?; None }
    };
    for gateway in gateways {
        gateway.shutdown().await;
    }
    Ok(installation)
}
