//! Who asks: by the proxy password the request carries, else by the device's address, else nobody. Nobody is the strictest
//! group, never an accident.

use super::steps::Asked;
use crate::identity::{Confidence, IdentitySource, IdentityTable, KnownDevice, NetworkRange};
use crate::rules::{AgeBand, Gate, GatewayRules, UNKNOWN_GROUP};
use belisha_records::PersonId;
use jiff::Timestamp;

/// What the request itself says about who sends it.
#[derive(Clone, Copy)]
pub(crate) enum Credential<'a> {
    /// Nothing.
    None,
    /// A proxy user name and password.
    Basic { username: &'a str, password: &'a str },
    /// A `Proxy-Authorization` header that cannot be read.
    Unreadable,
    /// A user name whose password a proxy of the school's checked.
    Checked { username: &'a str },
}

/// Who asks, as far as deciding and the block page need it.
pub(crate) struct Caller<'a> {
    pub(crate) person: Option<PersonId>,
    /// The person's id as text, as the filter's exceptions carry it.
    pub(crate) person_key: Option<Box<str>>,
    pub(crate) named_by: Option<IdentitySource>,
    pub(crate) confidence: Option<Confidence>,
    pub(crate) device: Option<KnownDevice>,
    pub(crate) group: &'a str,
    pub(crate) gate: Gate,
    pub(crate) age_band: AgeBand,
    /// The request carries a proxy password that is nobody's. Portal and helplines are reachable all the same.
    pub(crate) wrong_credential: bool,
}

impl Caller<'_> {
    const NOBODY: Caller<'static> = Caller {
        person: None,
        person_key: None,
        named_by: None,
        confidence: None,
        device: None,
        group: UNKNOWN_GROUP,
        // Nobody can sign; what is open to the unknown is the policy's `unknown` column.
        gate: Gate::Open,
        age_band: AgeBand::Pupil,
        wrong_credential: false,
    };
    const WRONG: Caller<'static> = Caller { wrong_credential: true, ..Self::NOBODY };
}

/// Names the caller. Without rules nobody is known.
pub(crate) fn identify<'a>(
    rules: Option<&'a GatewayRules>,
    identity: &IdentityTable,
    asked: &Asked<'_>,
    now: Timestamp,
) -> Caller<'a> {
    let Some(rules) = rules else { return Caller::NOBODY };
    let known = identity.known(asked.device, now);
    let (found, named_by) = match asked.credential {
        Credential::Unreadable => return Caller { device: known.device, ..Caller::WRONG },
        Credential::Basic { username, password } => match rules.person_by_credential(username, password) {
            None => return Caller { device: known.device, ..Caller::WRONG },
            found => (found, Some(IdentitySource::ProxyCredential)),
        },
        // A name that is nobody's is nobody, whoever was mapped to the device.
        Credential::Checked { username } => {
            let person = rules.lookup().person_by_username(username, true);
            (person.and_then(|person| rules.person(person)), Some(IdentitySource::IcapClient))
        }
        Credential::None => {
            let person = known.mapping.and_then(|mapping| rules.person(mapping.person));
            (person, known.mapping.map(|mapping| mapping.source))
        }
    };
    let Some(person) = found else {
        // A room or a network says what is open to the unknown there, and never who they are.
        let group = rules.range(asked.device).map_or(UNKNOWN_GROUP, NetworkRange::group);
        return Caller { device: known.device, group, ..Caller::NOBODY };
    };
    Caller {
        person: Some(person.person),
        person_key: rules.has_personal_exceptions().then(|| person.person.to_string().into_boxed_str()),
        named_by,
        confidence: named_by.map(IdentitySource::confidence),
        device: known.device,
        group: &person.group,
        gate: person.gate,
        age_band: person.age_band,
        wrong_credential: false,
    }
}
