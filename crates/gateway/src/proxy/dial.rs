//! Opens connections to origins: finds addresses, drops those nobody may reach, tries the rest in turn within one time limit.

use super::address::{is_public, is_site_local, plain, private_allowed};
use super::parent;
use super::target::Target;
use crate::config::local_record;
use crate::gateway::Shared;
use crate::inspect::OriginProblem;
use crate::judge;
use crate::metrics::count;
use crate::request::is_wpad;
use std::io;
use std::net::SocketAddr;
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DialError {
    /// Every address is inside the school, this machine, set apart, or illegal.
    #[error("the site's address is one that the proxy does not open")]
    NotPublic,
    /// The name has no address.
    #[error("the site's name was not found")]
    NotFound,
    /// Nobody answered in time.
    #[error("the site did not answer in time")]
    TooSlow,
    /// The site's TLS is not in order.
    #[error(transparent)]
    NotTrusted(#[from] OriginProblem),
    /// The proxy further up cannot be reached.
    #[error("the upstream proxy could not be reached")]
    UpstreamAway,
    /// The proxy further up did not do as it was asked.
    #[error("the upstream proxy refused")]
    UpstreamRefused,
    /// The connection was refused or broke.
    #[error("the site could not be reached")]
    Unreachable,
}

/// A connection to a target. With safe search, a search engine is dialled under the name of its safe results.
pub(crate) async fn dial(shared: &Shared, target: &Target, safe_search: Option<&str>) -> Result<TcpStream, DialError> {
    in_time(shared, async {
        match parent::for_host(shared, &target.host) {
            Some(upstream) => {
                not_private(shared, target)?;
                parent::connect(upstream, safe_search.unwrap_or(&target.host), target.port).await
            }
            None => directly(shared, target, safe_search).await,
        }
    })
    .await
}

/// A connection for plain requests: to the target, or to the proxy further up, which takes whole addresses (`true`).
pub(super) async fn dial_plain(
    shared: &Shared,
    target: &Target,
    safe_search: Option<&str>,
) -> Result<(TcpStream, bool), DialError> {
    let Some(upstream) = parent::for_host(shared, &target.host) else {
        return in_time(shared, directly(shared, target, safe_search)).await.map(|stream| (stream, false));
    };
    not_private(shared, target)?;
    in_time(shared, parent::reach(upstream)).await.map(|stream| (stream, true))
}

async fn in_time(
    shared: &Shared,
    opening: impl Future<Output = Result<TcpStream, DialError>>,
) -> Result<TcpStream, DialError> {
    let stream = timeout(shared.config.limits.connect_time, opening).await.unwrap_or(Err(DialError::TooSlow))?;
    let _ = stream.set_nodelay(true);
    Ok(stream)
}

async fn directly(shared: &Shared, target: &Target, safe_search: Option<&str>) -> Result<TcpStream, DialError> {
    let mut failure = DialError::NotFound;
    for address in addresses(shared, target, safe_search).await? {
        match TcpStream::connect(address).await {
            Ok(stream) => return Ok(stream),
            Err(_) => failure = DialError::Unreachable,
        }
    }
    Err(failure)
}

/// Refuses a private address that is written as one; names are resolved further up.
fn not_private(shared: &Shared, target: &Target) -> Result<(), DialError> {
    match target.address().map(|address| SocketAddr::new(address, target.port)) {
        Some(address) if !is_public(address.ip()) && !private_allowed(&shared.config, &target.host, Some(address)) => {
            count(&shared.metrics.refused_addresses);
            Err(DialError::NotPublic)
        }
        _ => Ok(()),
    }
}

async fn addresses(shared: &Shared, target: &Target, safe_search: Option<&str>) -> Result<Vec<SocketAddr>, DialError> {
    let config = &shared.config;
    if is_wpad(&target.host) {
        return shared.block_page_addr.map(|address| vec![address]).ok_or(DialError::NotFound);
    }
    if config.portal.is_own(&target.host) {
        return Ok(vec![config.portal.address]);
    }
    if let Some(record) = local_record(&config.local_records, &target.host) {
        return Ok(vec![SocketAddr::new(record.address, record.port.unwrap_or(target.port))]);
    }
    let found = match target.address() {
        Some(address) => vec![SocketAddr::new(address, target.port)],
        None => resolve(shared, safe_search.unwrap_or(&target.host), target.port).await?,
    };
    if found.is_empty() {
        return Err(DialError::NotFound);
    }
    let rules = shared.rules();
    let listed = judge::may_close_addresses(rules.as_deref());
    // What the school's own name server speaks of is on the school's own network; nobody else's name may lead there.
    let own_zone = shared.zones.speak_of(&target.host);
    let reachable = |address: &SocketAddr| {
        let public = is_public(address.ip())
            || (own_zone && is_site_local(address.ip()))
            || private_allowed(config, &target.host, Some(*address));
        let closed_network = config.dns.closed_networks.iter().any(|network| network.contains(&address.ip()));
        // A helpline is open wherever it is kept.
        let open = !closed_network || belisha_filter::helpline_for(&target.host).is_some();
        public && open && !(listed && judge::is_illegal_address(rules.as_deref(), plain(address.ip())))
    };
    let allowed: Vec<_> = found.into_iter().filter(reachable).collect();
    if allowed.is_empty() {
        count(&shared.metrics.refused_addresses);
        return Err(DialError::NotPublic);
    }
    Ok(allowed)
}

/// Looks among the school's own records, then asks the configured DNS servers, or the system where there are none.
async fn resolve(shared: &Shared, host: &str, port: u16) -> Result<Vec<SocketAddr>, DialError> {
    if let Some(found) = shared.zones.addresses(host) {
        return Ok(found.into_iter().map(|address| SocketAddr::new(address, port)).collect());
    }
    if shared.forwarder.has_upstreams(host) {
        let found = shared.forwarder.addresses(host).await.map_err(|_| DialError::NotFound)?;
        return Ok(found.into_iter().map(|address| SocketAddr::new(address, port)).collect());
    }
    let found: io::Result<_> = tokio::net::lookup_host((host, port)).await;
    found.map(Iterator::collect).map_err(|_| DialError::NotFound)
}
