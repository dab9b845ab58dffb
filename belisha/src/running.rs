//! A server, running: pages, gateways, the activity store and jobs, started together and stopped together. Which addresses they
//! take is the commands' to say.

use crate::commands::Failure;
use crate::data_folder::Keys;
use crate::installation::Installation;
use crate::jobs::{self, JobContext, Jobs, Mailer};
use crate::metrics;
use crate::network::{Listening, SchoolNetworks};
use crate::process::{GRACE_AFTER_HAND_OVER, Successor};
use crate::tail;
use axum_server::Handle;
use axum_server::tls_rustls::RustlsConfig;
use belisha_activity::Ingest;
use belisha_gateway::Portal;
use belisha_web::{App, Settings};
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;

/// How long requests that are being answered may take to end when the server stops.
const GRACE: Duration = Duration::from_secs(5);

/// What a server is started with.
pub struct Plan {
    /// Where pages are served.
    pub web: TcpListener,
    /// What links start with; `None`: `http://` and the address of the pages.
    pub public_url: Option<String>,
    /// Certificate chain and private key, both PEM; `None`: plain HTTP, for loopback and for a reverse proxy.
    pub tls: Option<(PathBuf, PathBuf)>,
    /// A gateway for each school, in order.
    pub listening: Vec<Listening>,
    /// Mail.
    pub mailer: Option<Arc<Mailer>>,
    /// Settings of the pages.
    pub settings: Settings,
    /// Where figures are served.
    pub figures: Option<TcpListener>,
}

/// A running server.
pub struct Running {
    /// Gateways.
    pub networks: Arc<SchoolNetworks>,
    /// The pages' state.
    pub app: App,
    /// What links start with.
    pub base_url: String,
    handle: Handle<SocketAddr>,
    ingest: Ingest,
    jobs: Jobs,
    figures: Option<JoinHandle<()>>,
    looks: JoinHandle<()>,
}

/// Starts everything.
///
/// # Errors
/// When an address is taken, or the records or lists cannot be read.
pub async fn start(installation: &Installation, plan: Plan) -> Result<Running, Failure> {
    let (base_url, portal) = portal(&plan, &installation.keys)?;
    let (networks, records) =
        SchoolNetworks::new(installation.clone(), portal, plan.listening, plan.settings.demonstration)?;
    let (clock, entropy) = (Arc::clone(&installation.clock), Arc::clone(&installation.entropy));
    let ingest = Ingest::spawn(
        installation.store.clone(),
        installation.data.spill(),
        Arc::clone(&clock),
        Arc::clone(&entropy),
        records,
    );
    networks.refresh_all().await?;
    let jobs = jobs::spawn(job_context(installation, &networks, plan.mailer));
    let settings = Settings {
        forwarded_secret: Some(installation.keys.forwarded.clone()),
        jobs: jobs::descriptions(),
        ledger_key: Some(installation.keys.ledger.verifying_key()),
        base_url: base_url.clone(),
        ..plan.settings
    };
    let app = App::new(installation.store.clone(), clock, entropy, networks.clone(), settings);
    let handle = Handle::new();
    serve_pages(plan.web, plan.tls, belisha_web::router(app.clone()), handle.clone()).await?;
    let figures = match plan.figures {
        Some(socket) => {
            let networks = Arc::clone(&networks);
            let gateways = Arc::new(move || networks.handles());
            let stored = Arc::clone(ingest.figures());
            Some(metrics::serve(socket, gateways, Arc::new(move || stored.all().to_vec()))?)
        }
        None => None,
    };
    let looks = tail::serve(installation, networks.live.clone())?;
    Ok(Running { networks, app, base_url, handle, ingest, jobs, figures, looks })
}

/// What links start with, and the pages as the gateways know them.
///
/// # Errors
/// When the socket of the pages has no address.
pub fn portal(plan: &Plan, keys: &Keys) -> Result<(String, Portal), Failure> {
    let address = plan.web.local_addr()?;
    let scheme = if plan.tls.is_some() { "https" } else { "http" };
    let base_url = plan.public_url.clone().unwrap_or_else(|| format!("{scheme}://{address}"));
    let portal = Portal {
        base_url: base_url.clone(),
        hosts: vec!["belisha.test".into()],
        address,
        forwarded_secret: Some(keys.forwarded.clone()),
    };
    Ok((base_url, portal))
}

fn job_context(installation: &Installation, networks: &Arc<SchoolNetworks>, mailer: Option<Arc<Mailer>>) -> JobContext {
    let networks = Arc::clone(networks);
    JobContext {
        store: installation.store.clone(),
        clock: Arc::clone(&installation.clock),
        data: installation.data.root().to_owned(),
        mailer,
        signing_key: Arc::new(installation.keys.ledger.clone()),
        on_rules_changed: Arc::new(move |school| {
            let networks = Arc::clone(&networks);
            tokio::spawn(async move {
                let done = match school {
                    Some(school) => networks.refresh(school).await,
                    None => networks.reload_lists().await,
                };
                if let Err(failure) = done {
                    tracing::error!("the gateways keep their last rules: {failure}");
                }
            });
        }),
    }
}

async fn serve_pages(
    socket: TcpListener,
    tls: Option<(PathBuf, PathBuf)>,
    router: axum::Router,
    handle: Handle<SocketAddr>,
) -> Result<(), Failure> {
    socket.set_nonblocking(true)?;
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    let tls = match tls {
        Some((certificate, key)) => Some(RustlsConfig::from_pem_file(&certificate, &key).await.map_err(|error| {
            Failure(format!(
                "cannot use the certificate `{}` with its key: {error}; give both as PEM files",
                certificate.display()
            ))
        })?),
        None => None,
    };
    tokio::spawn(async move {
        let served = match tls {
            Some(tls) => match axum_server::from_tcp_rustls(socket, tls) {
                Ok(server) => server.handle(handle).serve(service).await,
                Err(error) => Err(error),
            },
            None => match axum_server::from_tcp(socket) {
                Ok(server) => server.handle(handle).serve(service).await,
                Err(error) => Err(error),
            },
        };
        if let Err(error) = served {
            tracing::error!("pages are no longer served: {error}");
        }
    });
    Ok(())
}

impl Running {
    /// Stops everything in order: pages, gateways, what they observed, jobs.
    pub async fn stop(self) {
        self.end(GRACE).await;
    }

    /// Lets another process go on from here: takes nothing new, says so, then finishes what has begun.
    pub async fn hand_over(self, successor: Successor) {
        self.handle.graceful_shutdown(Some(GRACE_AFTER_HAND_OVER));
        self.networks.hand_over().await;
        if let Err(error) = successor.yours() {
            tracing::error!("the process that took over ended before it knew everything: {error}");
        }
        self.end(GRACE_AFTER_HAND_OVER).await;
    }

    async fn end(self, grace: Duration) {
        self.looks.abort();
        // It holds gateways while it answers.
        if let Some(figures) = self.figures {
            figures.abort();
            let _ = figures.await;
        }
        self.handle.graceful_shutdown(Some(grace));
        self.networks.shutdown(grace).await;
        self.ingest.drain().await;
        self.jobs.stop().await;
    }
}
