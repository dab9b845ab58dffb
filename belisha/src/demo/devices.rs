//! The devices and rooms of the example schools: a laptop for each teacher, a trolley of shared ones, what pupils brought, and a
//! room for each class. Addresses of network cards are those kept for examples (RFC 9542 §2.1.1).

use super::term::Living;
use crate::commands::Failure;
use belisha_policy::{DeviceKind, Role};
use belisha_records::{Actor, MacAddress, PersonId};
use belisha_store::network_ranges::{self, NetworkRange};
use belisha_store::registered_devices::{self, RegisteredDevice};
use belisha_store::{classes, offices};

/// Laptops in the trolley.
const TROLLEY: u8 = 8;

/// Enters them, as the technician did before term.
///
/// # Errors
/// When the records cannot be written.
pub async fn enter(living: &Living<'_>) -> Result<(), Failure> {
    let school = living.school;
    let mut tx = living.installation.store.read(school.id).await?;
    let offices = offices::list(&mut tx).await?;
    let classes = classes::list(&mut tx).await?;
    drop(tx);
    let today = school.calendar.day_of(living.now);
    let holder = |role| belisha_records::holders(role, &offices, today).first().copied();
    let actor = holder(Role::IctTechnician).map_or(Actor::Job("demonstration"), Actor::Person);
    let at = living.at(60, (8, 30), 0);
    let mut tx = living.installation.store.begin(&actor, school.id, at).await?;

    let mut devices: Vec<Example> = (1..=TROLLEY)
        .map(|number| Example::of(DeviceKind::SchoolShared, format!("Trolley 1, laptop {number}")).shared())
        .collect();
    for teacher in belisha_records::holders(Role::Teacher, &offices, today) {
        devices.push(Example::of(DeviceKind::SchoolIndividual, "Teacher's laptop".into()).given_to(teacher));
    }
    let pupil = school.cards.iter().find(|card| card.label == "pupil").map(|card| card.name.as_str());
    if let Some(pupil) = pupil.and_then(|name| school.people.get(name)) {
        devices.push(Example::of(DeviceKind::PupilOwned, "Telephone, brought from home".into()).given_to(*pupil));
    }
    for (last, device) in (1u8..).zip(devices) {
        let Some(mac) = MacAddress::new([0x00, 0x00, 0x5e, 0x00, 0x53, last]) else { continue };
        let device = RegisteredDevice {
            id: tx.new_id(),
            mac,
            kind: device.kind,
            person: device.person,
            shared: device.shared,
            label: device.label,
            room: None,
            notes: None,
        };
        registered_devices::insert(&mut tx, &device).await?;
    }
    let rooms = (1u8..)
        .zip(&classes)
        .map(|(room, class)| (format!("10.20.{room}.0/24"), format!("Room of {}", class.name), None));
    let guests = ("10.20.200.0/22".to_owned(), "Guest Wi-Fi".to_owned(), Some("guest".to_owned()));
    for (network, label, unknown_group) in rooms.chain([guests]) {
        network_ranges::insert(&mut tx, &NetworkRange { id: String::new(), network, label, unknown_group }).await?;
    }
    Ok(tx.commit().await?)
}

/// What differs from one device to the next.
struct Example {
    kind: DeviceKind,
    label: String,
    person: Option<PersonId>,
    shared: bool,
}

impl Example {
    fn of(kind: DeviceKind, label: String) -> Self {
        Self { kind, label, person: None, shared: false }
    }

    fn shared(self) -> Self {
        Self { shared: true, ..self }
    }

    fn given_to(self, person: PersonId) -> Self {
        Self { person: Some(person), ..self }
    }
}
