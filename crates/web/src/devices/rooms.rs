//! Rooms and networks: which addresses they are, and what somebody unknown there may do at most.

use super::show;
use crate::answers::{Answers, Choice};
use crate::app::App;
use crate::error::WebResult;
use crate::session::SignedIn;
use crate::urls;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect};
use belisha_records::Permission;
use belisha_store::network_ranges::{self, NetworkRange};
use std::net::IpAddr;

/// What somebody unknown may count as. Never as somebody whom only a name can make them.
pub(super) fn groups() -> Vec<Choice> {
    vec![
        Choice::new("unknown", "Unknown").hint("The strictest rules, as anywhere else"),
        Choice::new("guest", "Guest").hint("For a guest network"),
        Choice::new("younger-pupil", "Younger pupil").hint("For a classroom whose devices have no sign-in"),
    ]
}

pub(crate) async fn add(State(app): State<App>, reader: SignedIn, mut answers: Answers) -> WebResult {
    reader.may(Permission::ManageDevices)?;
    let mut tx = app.store.begin(&reader.actor(), reader.school.id, reader.now).await?;
    let label = answers.required("room-label", "say what people call it", 200);
    let network = network(answers.value("network"));
    match &network {
        None => answers.refuse("network", "type the addresses as 10.20.0.0/16, or one address"),
        Some(network) if network_ranges::list(&mut tx).await?.iter().any(|other| other.network == *network) => {
            answers.refuse("network", "these addresses have a room already; retire that one first");
        }
        Some(_) => {}
    }
    let group = answers.value("group").to_owned();
    if !groups().iter().any(|choice| choice.value == group) {
        answers.refuse("group", "choose what somebody unknown there counts as");
    }
    let (Some(network), false) = (network, answers.has_errors()) else {
        return Ok(
            (StatusCode::UNPROCESSABLE_ENTITY, show::shown(&mut tx, &reader, answers, None).await?).into_response()
        );
    };
    let unknown_group = (group != "unknown").then_some(group);
    network_ranges::insert(&mut tx, &NetworkRange { id: String::new(), network, label, unknown_group }).await?;
    tx.commit().await?;
    app.network.rules_changed(reader.school.id).await;
    Ok(Redirect::to(&format!("{}?done=added", urls::DEVICES)).into_response())
}

pub(crate) async fn retire(State(app): State<App>, reader: SignedIn, Path(room): Path<String>) -> WebResult {
    reader.may(Permission::ManageDevices)?;
    let mut tx = app.store.begin(&reader.actor(), reader.school.id, reader.now).await?;
    network_ranges::retire(&mut tx, &room).await?;
    tx.commit().await?;
    app.network.rules_changed(reader.school.id).await;
    Ok(Redirect::to(&format!("{}?done=retired", urls::DEVICES)).into_response())
}

/// Addresses as `first/bits`, with the bits after the prefix cleared, so that one network is written in one way.
fn network(typed: &str) -> Option<String> {
    let (address, bits) = typed.split_once('/').map_or((typed, None), |(address, bits)| (address, Some(bits)));
    let address: IpAddr = address.trim().parse().ok()?;
    let longest = if address.is_ipv4() { 32u8 } else { 128 };
    let bits = match bits {
        Some(bits) => bits.trim().parse::<u8>().ok().filter(|bits| *bits <= longest)?,
        None => longest,
    };
    let first = match address {
        IpAddr::V4(v4) => {
            IpAddr::from((v4.to_bits() & u32::MAX.checked_shl(u32::from(32 - bits)).unwrap_or(0)).to_be_bytes())
        }
        IpAddr::V6(v6) => {
            IpAddr::from((v6.to_bits() & u128::MAX.checked_shl(u32::from(128 - bits)).unwrap_or(0)).to_be_bytes())
        }
    };
    Some(format!("{first}/{bits}"))
}

#[cfg(test)]
mod tests {
    use super::network;

    #[test]
    fn one_network_is_written_in_one_way() {
        assert_eq!(network("10.20.30.40/16").as_deref(), Some("10.20.0.0/16"));
        assert_eq!(network(" 10.20.30.40 ").as_deref(), Some("10.20.30.40/32"));
        assert_eq!(network("fd00::1/8").as_deref(), Some("fd00::/8"));
        assert_eq!(network("10.0.0.0/0").as_deref(), Some("0.0.0.0/0"));
        for wrong in ["", "10.0.0.0/33", "10.0.0/8", "room 12", "10.0.0.0/-1", "10.0.0.0/8/8"] {
            assert_eq!(network(wrong), None, "{wrong}");
        }
    }
}
