//! The data plane of one school: DNS, an explicit proxy, the block page, and who sits at which device.
//!
//! It knows the filter and the records' types, no database and no store. Rules come in on a watch channel and are kept on
//! disk; observations go out on a bounded queue. The life of a request is the list in `request/steps.rs`.
//!
//! What it cannot see, and says so: paths and searches inside TLS where the school does not read it (`inspect`), and there a
//! closed `https` page shows the browser's own error, not ours; what a device does over another network; the host of an
//! encrypted ClientHello whose keys came from elsewhere than this DNS. The school's router must close the ways round: DNS to
//! other servers, DNS over TLS (853), and QUIC (UDP 443).

mod blockpage;
mod config;
mod content;
mod dns;
mod figures;
mod gateway;
mod histogram;
mod icap;
mod identity;
mod inspect;
mod judge;
mod metrics;
mod observe;
mod open_sockets;
mod pac;
pub mod parsers;
mod proxy;
mod request;
mod rules;
mod snapshot;
mod spool;

pub use blockpage::Block;
pub use config::{Clock, Entropy, GatewayConfig, Limits, LocalRecord, Portal};
pub use content::{ClamdAddress, ContentConfig};
pub use dns::certificate::CertificateError;
pub use dns::config::{CertificateFiles, DnsConfig, ForwardZone, TlsUpstream};
pub use dns::zones::ZoneError;
pub use figures::{Figures, Upstream};
pub use gateway::{BlockBook, Gateway, GatewayHandle, StartError};
pub use histogram::{Histogram, Readings};
pub use icap::IcapConfig;
pub use identity::{
    Confidence, Counters, DeviceSource, DirectoryConfig, IdentityConfig, IdentitySource, IdentityTable, Known,
    KnownDevice, LeaseFile, LeaseFormat, LockerHours, MacAddress, MacAddressError, Mapping, NeighbourConfig,
    NetworkRange, NetworkRegister, Notice, RadiusClient, RadiusConfig, RegisteredDevice,
};
pub use inspect::{AuthorityError, InspectionConfig, Pinned, SchoolCa, make_school_ca};
pub use metrics::{DnsOutcome, DnsQuestions, Metrics};
pub use observe::{Observation, Outcome, Protocol, Worry};
pub use open_sockets::OpenSockets;
pub use pac::pac_file;
pub use proxy::{DirectAddress, ProxyConfig, UpstreamProxy};
pub use rules::{AgeBand, Gate, GatewayRules, PersonRules, ProxyCredential, UNKNOWN_GROUP};
pub use snapshot::{IndexFileError, ListFiles, PackedRules, open_index, write_index};
pub use spool::{Backlog, Kept, Spool, Waiting};
