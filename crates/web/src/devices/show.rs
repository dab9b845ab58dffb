//! The register as it stands, with the forms for whoever may change it.

use super::form::{kinds, note_on_card, uses};
use crate::answers::{Answers, Choice};
use crate::app::App;
use crate::error::WebResult;
use crate::frame::{Frame, show};
use crate::requests::{Names, group_label};
use crate::session::SignedIn;
use crate::urls;
use askama::Template;
use axum::extract::{RawQuery, State};
use belisha_records::Permission;
use belisha_store::registered_devices::RegisteredDevice;
use belisha_store::{Tx, network_ranges, registered_devices};

/// One device of the list.
struct Device {
    label: String,
    about: String,
    card: String,
    note: &'static str,
    href: String,
}

/// One room or network of the list.
struct Room {
    label: String,
    about: String,
    retire: String,
}

#[derive(Template)]
#[template(path = "devices/show.html")]
struct DevicesPage {
    frame: Frame,
    answers: Answers,
    devices: Vec<Device>,
    rooms: Vec<Room>,
    kinds: Vec<Choice>,
    uses: Vec<Choice>,
    groups: Vec<Choice>,
    may_change: bool,
}

pub(crate) async fn page(State(app): State<App>, reader: SignedIn, RawQuery(query): RawQuery) -> WebResult {
    reader.may(Permission::SeeDevices)?;
    let query = Answers::parse(query.unwrap_or_default().as_bytes());
    let notice = match query.value("done") {
        "entered" => Some("The device is in the register, and the filter knows it from now on."),
        "corrected" => Some("The register holds what you wrote."),
        "retired" => Some("It is out of use. The filter does not know it any more."),
        "added" => Some("The filter knows the room from now on."),
        _ => None,
    };
    let mut tx = app.store.read(reader.school.id).await?;
    shown(&mut tx, &reader, Answers::new(), notice).await
}

/// The page, with what was typed into a form.
pub(super) async fn shown(tx: &mut Tx, reader: &SignedIn, answers: Answers, notice: Option<&str>) -> WebResult {
    let names = Names::read(tx, reader).await?;
    let devices = registered_devices::list(tx).await?.into_iter().map(|one| device(one, &names)).collect();
    let rooms = network_ranges::list(tx).await?.into_iter().map(|range| Room {
        about: match range.unknown_group.as_deref() {
            Some(group) => format!("{}; somebody unknown there counts as: {}", range.network, group_label(group)),
            None => format!("{}; somebody unknown there has the strictest rules", range.network),
        },
        label: range.label,
        retire: urls::retire_room(&range.id),
    });
    let mut frame = reader.frame();
    frame.notice = notice.map(str::to_owned);
    show(DevicesPage {
        frame,
        answers,
        devices,
        rooms: rooms.collect(),
        kinds: kinds(),
        uses: uses(),
        groups: super::rooms::groups(),
        may_change: reader.can(Permission::ManageDevices),
    })
}

fn device(device: RegisteredDevice, names: &Names) -> Device {
    let mut about = device.kind.label().to_owned();
    if device.shared {
        about.push_str(", used by several people");
    }
    if let Some(person) = device.person {
        about.push_str(&format!(", {}", names.of(person)));
    }
    if let Some(room) = &device.room {
        about.push_str(&format!(", {room}"));
    }
    Device {
        label: device.label,
        about,
        card: device.mac.to_string(),
        note: note_on_card(device.mac),
        href: urls::device(device.id),
    }
}
