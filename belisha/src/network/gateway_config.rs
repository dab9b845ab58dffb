//! How the gateway of one school is set up, inside the server and away from it. Where it listens is said on the command line, in
//! `listening`.

use super::Listening;
use crate::data_folder::DataFolder;
use belisha_gateway::{GatewayConfig, InspectionConfig, Observation, Portal};
use belisha_records::SchoolId;
use std::net::{IpAddr, SocketAddr};
use tokio::sync::mpsc;

/// Whose gateway it is, and where its things lie.
pub struct GatewayOf<'a> {
    /// Folder for the last rules, lists and keys.
    pub data: &'a DataFolder,
    /// Under which the list of illegal content is hashed.
    pub illegal_list_key: [u8; 16],
    /// The school's pages.
    pub portal: &'a Portal,
    /// The school.
    pub school: SchoolId,
}

/// The settings of a school's gateway.
pub fn gateway_config(
    of: &GatewayOf<'_>,
    observed: mpsc::Sender<Observation>,
    listening: Listening,
    inspection: Option<InspectionConfig>,
) -> GatewayConfig {
    let mut config = GatewayConfig::loopback(of.school, of.portal.clone(), observed);
    config.illegal_list_key = of.illegal_list_key;
    config.dns_listen = listening.dns.into_iter().collect();
    config.proxy_listen = listening.proxy.into_iter().collect();
    config.block_page_listen = listening.block_page.into_iter().collect();
    let shown = listening.block_page.iter().map(SocketAddr::ip).chain(listening.block_page_addresses);
    for address in shown {
        match address {
            IpAddr::V4(address) => config.block_page_v4 = address,
            IpAddr::V6(address) => config.block_page_v6 = Some(address),
        }
    }
    config.proxy_public = listening.proxy_public;
    config.proxy = listening.proxy_settings;
    config.ask_for_credentials = listening.ask_for_credentials;
    config.allow_private_for = listening.allow_private_for;
    config.tunnel_ports.extend(listening.tunnel_ports);
    config.open_sockets = listening.open_sockets;
    config.upstreams = listening.upstreams;
    config.dns = listening.dns_settings;
    config.local_records = listening.local_records;
    config.identity = listening.identity;
    config.icap = listening.icap;
    config.snapshot = Some(of.data.gateway(of.school));
    config.compiled_lists = Some(crate::lists::compiled(of.data.root()));
    config.inspection = inspection;
    config.content.clamd = listening.clamd;
    config
}
