//! The form of one device, read the same way when it is entered and when it is corrected.

use crate::answers::{Answers, Choice};
use crate::error::WebResult;
use belisha_policy::DeviceKind;
use belisha_records::{MacAddress, PersonId, RegisteredDeviceId};
use belisha_store::registered_devices::RegisteredDevice;
use belisha_store::{Tx, people, registered_devices};

/// Longest label, room or note.
const LONGEST: usize = 200;

/// Whose a device can be.
pub(super) fn kinds() -> Vec<Choice> {
    DeviceKind::ALL.iter().map(|kind| Choice::new(kind.key(), kind.label())).collect()
}

/// One user, or several.
pub(super) fn uses() -> Vec<Choice> {
    vec![
        Choice::new("one", "One person")
            .hint("Only then may it ever stand for its owner, and only if the school says so"),
        Choice::new("several", "Several people").hint("It never names anybody"),
    ]
}

/// Reads the form; what is wrong is said in the answers, and then nothing is to be kept.
pub(super) async fn read(
    tx: &mut Tx,
    id: RegisteredDeviceId,
    answers: &mut Answers,
) -> WebResult<Option<RegisteredDevice>> {
    let label = answers.required("label", "say what the device is called", LONGEST);
    let mac = MacAddress::parse(answers.value("mac"));
    if mac.is_none() {
        answers.refuse("mac", "type the address of the network card, twelve digits such as 00:1a:2b:3c:4d:5e");
    }
    let kind = DeviceKind::from_key(answers.value("kind"));
    if kind.is_none() {
        answers.refuse("kind", "choose whose device it is");
    }
    let shared = match answers.value("use") {
        "one" => false,
        "several" => true,
        _ => {
            answers.refuse("use", "say whether one person uses it or several");
            true
        }
    };
    let person = person(tx, answers).await?;
    if shared && person.is_some() {
        answers.refuse("username", "a device that several people use has no one owner; leave this empty");
    }
    let taken = registered_devices::list(tx).await?.into_iter().any(|other| Some(other.mac) == mac && other.id != id);
    if taken {
        answers.refuse("mac", "another device in the register has this network card; retire that one first");
    }
    let optional = |name: &str| {
        let value: String = answers.value(name).chars().take(LONGEST).collect();
        (!value.is_empty()).then_some(value)
    };
    let (room, notes) = (optional("room"), optional("notes"));
    let (Some(mac), Some(kind), false) = (mac, kind, answers.has_errors()) else { return Ok(None) };
    Ok(Some(RegisteredDevice { id, mac, kind, person, shared, label, room, notes }))
}

async fn person(tx: &mut Tx, answers: &mut Answers) -> WebResult<Option<PersonId>> {
    let username = answers.value("username").to_owned();
    if username.is_empty() {
        return Ok(None);
    }
    let found = people::find_by_username(tx, &username).await?;
    if found.is_none() {
        answers.refuse("username", "nobody here signs in with this name; check the spelling, or leave it empty");
    }
    Ok(found.map(|person| person.id))
}

/// Whether a network card's address was made up by the device, which then says little tomorrow.
pub(super) fn note_on_card(mac: MacAddress) -> &'static str {
    if mac.is_made_up() { "This device makes its address up; it may have another tomorrow." } else { "" }
}
