//! What can tell us who or what is at an address, and how far each can be relied on.

use serde::{Deserialize, Serialize};

/// What told us who sits at an address. Only these can name a person: an address range, a room or a lease never does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum IdentitySource {
    /// The register says that this device is one person's, and the school lets that name its owner.
    RegisteredDevice,
    /// Somebody signed in at the portal from there.
    PortalSignIn,
    /// Somebody logged on to a computer of the school's directory.
    DirectoryLogOn,
    /// The Wi-Fi or the switch checked the person and told us by RADIUS accounting.
    RadiusAccounting,
    /// A proxy of the school's that asks us over ICAP said, with the request, whose password it checked.
    IcapClient,
    /// The request itself carried the person's proxy password.
    ProxyCredential,
}

impl IdentitySource {
    /// Every source, the weakest first.
    pub const ALL: [IdentitySource; 6] = [
        IdentitySource::RegisteredDevice,
        IdentitySource::PortalSignIn,
        IdentitySource::DirectoryLogOn,
        IdentitySource::RadiusAccounting,
        IdentitySource::IcapClient,
        IdentitySource::ProxyCredential,
    ];

    /// Key for records.
    pub const fn key(self) -> &'static str {
        match self {
            IdentitySource::RegisteredDevice => "registered-device",
            IdentitySource::PortalSignIn => "portal-sign-in",
            IdentitySource::DirectoryLogOn => "directory-log-on",
            IdentitySource::RadiusAccounting => "radius-accounting",
            IdentitySource::IcapClient => "icap-client",
            IdentitySource::ProxyCredential => "proxy-credential",
        }
    }

    /// How far the naming can be relied on.
    pub const fn confidence(self) -> Confidence {
        match self {
            IdentitySource::RegisteredDevice => Confidence::Device,
            IdentitySource::PortalSignIn | IdentitySource::DirectoryLogOn => Confidence::Address,
            IdentitySource::RadiusAccounting | IdentitySource::IcapClient => Confidence::Session,
            IdentitySource::ProxyCredential => Confidence::Request,
        }
    }
}

/// How far a naming can be relied on, the weakest first; a report that names somebody says which it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Confidence {
    /// The device is the person's; who holds it now, nobody said.
    Device,
    /// The person signed in from the device's address: somebody else may have used the device since.
    Address,
    /// The network, or a proxy of the school's, let this device on with the person's own password or certificate.
    Session,
    /// The request itself was signed with the person's secret.
    Request,
}

impl Confidence {
    /// Key for records: `device`, `address`, `session`, `request`.
    pub const fn key(self) -> &'static str {
        match self {
            Confidence::Device => "device",
            Confidence::Address => "address",
            Confidence::Session => "session",
            Confidence::Request => "request",
        }
    }
}

/// What told us which device has an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DeviceSource {
    /// The address was leased to the device by DHCP.
    DhcpLease,
    /// The device answered for the address on our own network (ARP, NDP).
    Neighbour,
    /// The Wi-Fi or the switch named both.
    RadiusAccounting,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_are_listed_from_the_weakest_to_the_strongest() {
        assert!(IdentitySource::ALL.is_sorted_by_key(|source| source.confidence()));
    }
}
