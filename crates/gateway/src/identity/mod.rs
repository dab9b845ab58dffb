//! Who is it? `table.rs` keeps who and what is at which address; `seat.rs` is one address of it; `register.rs` is what the
//! school's registers say of devices, rooms and user names; `locker.rs` when a pupil's own device is worth a notice. What
//! tells the table: the portal's pages, `radius` (accounting of Wi-Fi and switches), `leases` (DHCP), `neighbours` (ARP, NDP)
//! and `directory` (log-ons). What a person may do is in `rules.rs`.

mod config;
mod counters;
pub(crate) mod directory;
pub(crate) mod leases;
mod locker;
pub(crate) mod neighbours;
pub(crate) mod radius;
mod register;
mod seat;
mod source;
mod sources;
mod table;

pub use belisha_records::{MacAddress, MacAddressError};
pub use config::{DirectoryConfig, IdentityConfig, LeaseFile, NeighbourConfig, RadiusClient, RadiusConfig};
pub use counters::Counters;
pub use leases::LeaseFormat;
pub(crate) use locker::locker_day;
pub use locker::{LockerHours, Notice};
pub(crate) use register::Lookup;
pub use register::{KnownDevice, NetworkRange, NetworkRegister, RegisteredDevice};
pub use seat::Mapping;
pub use source::{Confidence, DeviceSource, IdentitySource};
pub(crate) use sources::Sources;
pub(crate) use table::Kept;
pub use table::{IdentityTable, Known};
