//! A gateway away from its server, running: opens its sockets on the rules it kept, and then asks the server for newer ones. It starts
//! and filters whether the server is there or not.

use super::connection::Connection;
use super::following::{EventsFollower, Held, RulesFollower};
use super::outbox::{self, Outbox};
use super::ownership::Ownership;
use super::phrases::FetchedPhrases;
use super::sending;
use crate::clock;
use crate::commands::Failure;
use crate::data_folder::DataFolder;
use crate::installation::{Clock, Entropy};
use crate::metrics;
use crate::network::{GatewayOf, Listening, QUEUE, gateway_config, school_authority};
use crate::process::{GRACE_AFTER_HAND_OVER, Predecessor, Successor};
use belisha_gateway::{Gateway, GatewayHandle, Portal};
use belisha_records::SchoolId;
use std::net::{SocketAddr, TcpListener, ToSocketAddrs};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;

/// How long to wait before the server's name is looked up again, where it never was.
const LOOK_UP_AGAIN: Duration = Duration::from_secs(5);

/// How long what is being answered may take to end when the gateway stops.
const GRACE: Duration = Duration::from_secs(5);

/// How long it may take to bring to the disk what was seen last.
const KEPT_WITHIN: Duration = Duration::from_secs(30);

/// What a gateway away from its server is started with.
pub struct RemoteGateway {
    /// The server.
    pub from: url::Url,
    /// File with the token.
    pub token_file: PathBuf,
    /// Certificates that the server's is verified by, in place of the system's.
    pub authority: Option<PathBuf>,
    /// Folder for rules, lists, keys and what was seen.
    pub data: PathBuf,
    /// The most bytes of what was seen that may wait for the server.
    pub spool_limit: u64,
    /// Where it listens and whom it asks.
    pub listening: Listening,
    /// Where figures are served.
    pub figures: Option<TcpListener>,
    /// The process whose place it takes.
    pub predecessor: Option<Predecessor>,
}

/// A gateway that runs.
pub struct Running {
    /// The gateway.
    pub handle: Arc<GatewayHandle>,
    spooling: JoinHandle<()>,
    /// Says that nothing more is seen.
    gone: oneshot::Sender<()>,
    outbox: Arc<Outbox>,
    ownership: Arc<Ownership>,
    figures: Option<JoinHandle<()>>,
}

/// Starts a gateway away from its server.
///
/// # Errors
/// When the token, the data folder or an address cannot be used.
pub async fn run(options: RemoteGateway) -> Result<Running, Failure> {
    let (token, school) = token(&options.token_file)?;
    let connection = Connection::new(&options.from, token, options.authority.as_deref())?;
    let data = open(&options.data)?;
    let (clock, entropy): (Clock, Entropy) = (Arc::new(clock::now), Arc::new(clock::fill_with_random_bytes));
    // What the process before this one has is this one's once it answers.
    let ownership = match options.predecessor {
        None => Some(Ownership::take(data.root()).map_err(|error| cannot_own(&data, &error))?),
        Some(_) => None,
    };
    let portal = portal(&options.from, &data, school).await?;
    let host = options.from.host_str().unwrap_or_default().to_owned();
    let inspection = school_authority(&data, school, &host, clock(), &entropy)?;
    let (observed, seen) = mpsc::channel(QUEUE);
    let of = GatewayOf {
        data: &data,
        illegal_list_key: data.illegal_list_key()?.unwrap_or_default(),
        portal: &portal,
        school,
    };
    let mut config = gateway_config(&of, observed, options.listening, Some(inspection));
    let (phrases, book) = FetchedPhrases::open(data.clone(), school)?;
    config.content.phrase_book = Some(book);
    let (rules, taken) = watch::channel(None);
    let handle = Arc::new(Gateway::start(config, taken, Arc::clone(&clock), entropy).await?);

    let (ownership, late) = match ownership {
        Some(ownership) => (ownership, None),
        None => take_place(options.predecessor, &handle, &data).await?,
    };
    let ownership = Arc::new(ownership);
    let outbox = Outbox::open(&data.root().join("spool"), options.spool_limit).map_err(|error| {
        Failure(format!(
            "cannot open the spool of what this gateway sees: {error}; mend the folder `spool` of its data folder"
        ))
    })?;
    if let Some(late) = late {
        let outbox = Arc::clone(&outbox);
        begin("late", move || outbox.keep_from(late))?;
    }
    let held = Arc::new(Mutex::new(Held::default()));
    let follower = RulesFollower {
        connection: Arc::clone(&connection),
        data,
        school,
        rules,
        phrases,
        use_phrases: Box::new(handle.phrase_books()),
        held: Arc::clone(&held),
        ownership: Arc::clone(&ownership),
    };
    begin("rules", move || follower.follow())?;
    let (identity, blocks) = (Arc::clone(&handle.identity), handle.blocks());
    let follower = EventsFollower { connection: Arc::clone(&connection), identity, blocks: blocks.clone(), clock };
    begin("events", move || follower.follow())?;
    let to = Arc::clone(&connection);
    begin("closed-pages", move || sending::send_closed_pages(&to, &blocks))?;
    let (to, from) = (Arc::clone(&connection), Arc::clone(&outbox));
    begin("observations", move || from.send_all(&to))?;
    let (metrics, counted, owned) = (Arc::clone(&handle.metrics), Arc::clone(&outbox), Arc::clone(&ownership));
    begin("heartbeat", move || sending::send_heartbeats(&connection, &metrics, &counted, &held, &owned))?;
    let (gateway, counted) = (Arc::clone(&handle), Arc::clone(&outbox));
    let gateways = Arc::new(move || vec![(school, Arc::clone(&gateway))]);
    let spooled = Arc::new(move || counted.figures().to_vec());
    let figures = options.figures.map(|socket| metrics::serve(socket, gateways, spooled)).transpose()?;
    let (gone, end) = oneshot::channel();
    let spooling = tokio::spawn(outbox::spool(seen, Arc::clone(&outbox), end));
    Ok(Running { handle, spooling, gone, outbox, ownership, figures })
}

impl Running {
    /// Stops: the gateway first, then what it saw is brought to the disk. What waits for the server is sent after the next start.
    pub async fn stop(self) {
        self.end(GRACE).await;
    }

    /// Lets another process go on from here: takes nothing new, leaves it the spool and says so, then finishes what has begun.
    pub async fn hand_over(self, successor: Successor) {
        self.handle.hand_over().await;
        let (outbox, ownership) = (Arc::clone(&self.outbox), Arc::clone(&self.ownership));
        let _ = tokio::task::spawn_blocking(move || outbox.hand_over(&ownership, || successor.yours())).await;
        self.end(GRACE_AFTER_HAND_OVER).await;
    }

    async fn end(self, grace: Duration) {
        // It holds the gateway while it answers.
        if let Some(figures) = self.figures {
            figures.abort();
            let _ = figures.await;
        }
        if let Ok(handle) = Arc::try_unwrap(self.handle) {
            handle.shutdown_within(grace).await;
        }
        let _ = self.gone.send(());
        let _ = tokio::time::timeout(KEPT_WITHIN, self.spooling).await;
        self.outbox.end();
    }
}

/// Has the process before this one stop, and takes its folder. What it still sees afterwards comes from the stream.
async fn take_place(
    predecessor: Option<Predecessor>,
    handle: &GatewayHandle,
    data: &DataFolder,
) -> Result<(Ownership, Option<UnixStream>), Failure> {
    let late = match predecessor {
        Some(predecessor) => predecessor.relieve().await,
        None => None,
    };
    handle.read_identities().await;
    let root = data.root().to_owned();
    let ownership = tokio::task::spawn_blocking(move || Ownership::take_after_another(&root)).await?;
    Ok((ownership.map_err(|error| cannot_own(data, &error))?, late))
}

fn cannot_own(data: &DataFolder, error: &std::io::Error) -> Failure {
    Failure(format!("cannot use the data folder `{}`: {error}", data.root().display()))
}

/// A thread that ends with the process: it waits at the server for most of its life.
fn begin(name: &str, work: impl FnOnce() + Send + 'static) -> Result<(), Failure> {
    std::thread::Builder::new().name(name.to_owned()).spawn(work)?;
    Ok(())
}

/// Reads a token, and the school in it.
fn token(file: &Path) -> Result<(String, SchoolId), Failure> {
    let shown = file.display();
    let text = std::fs::read_to_string(file).map_err(|error| {
        Failure(format!(
            "cannot read the token in `{shown}`: {error}; add a gateway on the page Gateways and put its token there"
        ))
    })?;
    let token = text.trim().to_owned();
    let school = token.split('.').nth(1).and_then(|school| school.parse().ok());
    let school = school.filter(|_| token.split('.').count() == 4).ok_or_else(|| {
        Failure(format!("`{shown}` holds no token of a gateway; copy it whole from the page Gateways"))
    })?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        if std::fs::metadata(file)?.permissions().mode() & 0o077 != 0 {
            tracing::warn!("others on this computer can read the token in `{shown}`; close it to them: chmod 600");
        }
    }
    Ok((token, school))
}

fn open(folder: &Path) -> Result<DataFolder, Failure> {
    DataFolder::open(folder).map_err(|error| {
        Failure(format!(
            "cannot use the data folder `{}`: {error}; give a folder that can be written with --data",
            folder.display()
        ))
    })
}

/// The server's pages as the gateway knows them. Their address is remembered, for a start while names cannot be looked up.
async fn portal(from: &url::Url, data: &DataFolder, school: SchoolId) -> Result<Portal, Failure> {
    let remembered = format!("gateway/{school}-portal");
    let address = loop {
        let from = from.clone();
        let found = tokio::task::spawn_blocking(move || address_of(&from)).await?;
        if let Some(address) = found {
            data.write_private(&remembered, address.to_string())?;
            break address;
        }
        let before = std::fs::read_to_string(data.root().join(&remembered)).ok();
        if let Some(address) = before.and_then(|text| text.parse().ok()) {
            break address;
        }
        tracing::warn!("the server’s name cannot be looked up; trying again every {} seconds", LOOK_UP_AGAIN.as_secs());
        tokio::time::sleep(LOOK_UP_AGAIN).await;
    };
    let base_url = from.as_str().trim_end_matches('/').to_owned();
    Ok(Portal { base_url, hosts: Vec::new(), address, forwarded_secret: None })
}

fn address_of(from: &url::Url) -> Option<SocketAddr> {
    let port = from.port_or_known_default()?;
    match from.host()? {
        url::Host::Ipv4(address) => Some((address, port).into()),
        url::Host::Ipv6(address) => Some((address, port).into()),
        url::Host::Domain(name) => (name, port).to_socket_addrs().ok()?.next(),
    }
}
