//! One client connection as the proxy knows it before any request on it is read: whose it is, and, where that is settled
//! already, the host it is for. Requests on it are `handle.rs`'s.

use super::connections::Place;
use super::headers::Sent;
use super::target::Target;
use crate::observe::Protocol;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

/// What a request on a connection would be written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Scheme {
    /// `http`, carried in clear.
    Http,
    /// `https`, read because the school inspects this host.
    Https,
}

impl Scheme {
    /// As an address starts.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Scheme::Http => "http",
            Scheme::Https => "https",
        }
    }

    /// The port an address means that names none.
    pub(crate) const fn port(self) -> u16 {
        match self {
            Scheme::Http => 80,
            Scheme::Https => 443,
        }
    }

    /// How its requests are observed.
    pub(crate) const fn protocol(self) -> Protocol {
        match self {
            Scheme::Http => Protocol::Http,
            Scheme::Https => Protocol::Https,
        }
    }
}

/// A client connection.
pub(crate) struct Arrival {
    /// The client's address.
    pub(crate) device: IpAddr,
    /// What its requests are.
    pub(crate) scheme: Scheme,
    /// The host it is for: the CONNECT's inside inspected TLS. `None` where each request names its own.
    pub(crate) authority: Option<Target>,
    /// The proxy password of the CONNECT; requests inside it carry none.
    pub(crate) sent: Sent,
    /// Whether HTTP/2 was agreed on (by ALPN inside TLS).
    pub(crate) http2: bool,
    /// Where the device meant to go, if a router redirected it here without its knowing.
    pub(crate) redirected: Option<SocketAddr>,
    /// The connection's share of the bounds.
    pub(crate) place: Arc<Place>,
}

impl Arrival {
    /// A connection to a listening socket of ours, in clear; each request says where it goes.
    pub(super) fn explicit(device: IpAddr, http2: bool, place: Arc<Place>) -> Self {
        Self { device, scheme: Scheme::Http, authority: None, sent: Sent::None, http2, redirected: None, place }
    }

    /// A connection that was meant for somewhere else, in clear.
    pub(super) fn redirected(device: IpAddr, meant: SocketAddr, place: Arc<Place>) -> Self {
        Self { redirected: Some(meant), ..Self::explicit(device, false, place) }
    }
}
