//! Filtering while the database is away at the start: each school's gateway works on the rules it kept on disk, until the
//! database is back. Nobody can sign in meanwhile; what is seen is counted and not kept.

use super::listening::take_place;
use super::{GatewayOf, Listening, authority, gateway_config, phrases};
use crate::commands::Failure;
use crate::data_folder::{DataFolder, Keys};
use crate::installation::{Clock, Entropy};
use belisha_gateway::{Gateway, GatewayHandle, Portal};
use belisha_records::SchoolId;
use std::sync::Arc;
use tokio::sync::{mpsc, watch};

/// File with a school's name, beside its rules.
const NAME: &str = "name";

/// Starts a gateway on kept rules for each school that has some, as far as there are addresses.
///
/// # Errors
/// When an address is taken.
pub async fn filter_alone(
    data: &DataFolder,
    keys: &Keys,
    portal: &Portal,
    listening: Vec<Listening>,
    clock: &Clock,
    entropy: &Entropy,
) -> Result<Vec<GatewayHandle>, Failure> {
    let mut gateways = Vec::new();
    let book = phrases::book(&[&phrases::PhraseFiles::read(data.root())?])?;
    let mut free = listening;
    for school in kept_schools(data)? {
        let Some(listening) = take_place(&mut free, school, &remembered_name(data, school)) else { continue };
        // Nobody reads the queue: the gateway counts what does not fit and goes on.
        let (observed, _) = mpsc::channel(1);
        // The sender goes at once, which tells the gateway that no rules will come and the kept ones stay.
        let (_, rules) = watch::channel(None);
        let inspection = authority::kept(data, school)?;
        let of = GatewayOf { data, illegal_list_key: keys.illegal_list, portal, school };
        let mut config = gateway_config(&of, observed, listening, inspection);
        config.content.phrase_book = Some(Arc::clone(&book));
        gateways.push(Gateway::start(config, rules, clock.clone(), entropy.clone()).await?);
    }
    Ok(gateways)
}

/// Keeps the name of a school beside its rules, so that its addresses are found when the records cannot be asked.
pub fn remember_name(data: &DataFolder, school: SchoolId, name: &str) -> std::io::Result<()> {
    data.write_private(&format!("gateway/{school}/{NAME}"), name)
}

fn remembered_name(data: &DataFolder, school: SchoolId) -> String {
    std::fs::read_to_string(data.gateway(school).join(NAME)).unwrap_or_default()
}

/// Schools whose gateway kept rules, in a fixed order.
fn kept_schools(data: &DataFolder) -> std::io::Result<Vec<SchoolId>> {
    let mut schools = Vec::new();
    for entry in std::fs::read_dir(data.root().join("gateway"))? {
        schools.extend(entry?.file_name().to_str().and_then(|name| name.parse::<SchoolId>().ok()));
    }
    schools.sort_unstable();
    Ok(schools)
}
