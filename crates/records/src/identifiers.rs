//! Ids as types: UUIDv7, made from a time and random bytes that are given, never taken.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// An id that can be made from a UUID and shown as one. Implemented by every id of this module.
pub trait Identifier: Copy + Send + Sync + 'static {
    /// Wraps a UUID.
    fn from_uuid(uuid: Uuid) -> Self;
    /// The UUID inside.
    fn uuid(self) -> Uuid;
    /// Makes an id from milliseconds since 1970 and ten random bytes (RFC 9562 section 5.7).
    fn make(unix_milliseconds: i64, random: [u8; 10]) -> Self {
        Self::from_uuid(
            uuid::Builder::from_unix_timestamp_millis(u64::try_from(unix_milliseconds).unwrap_or(0), &random)
                .into_uuid(),
        )
    }
}

macro_rules! identifiers {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => { $(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);
        impl Identifier for $name {
            fn from_uuid(uuid: Uuid) -> Self { Self(uuid) }
            fn uuid(self) -> Uuid { self.0 }
        }
        impl std::fmt::Display for $name {
            fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { self.0.fmt(out) }
        }
        impl std::str::FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, uuid::Error> { text.parse().map(Self) }
        }
    )+ };
}

identifiers! {
    /// A school.
    SchoolId,
    /// A person known to a school.
    PersonId,
    /// A class or tutor group.
    ClassId,
    /// A stored policy version.
    PolicyVersionId,
    /// One person's signature, or refusal, of an agreement.
    SignatureId,
    /// An incident.
    IncidentId,
    /// A task given to a person.
    TaskId,
    /// An alert raised by the monitoring.
    AlertId,
    /// A request for a site.
    AccessRequestId,
    /// One occurrence of a duty.
    DutyId,
    /// A message in the outbox.
    MessageId,
    /// A device that signed in at the portal.
    DeviceId,
    /// A device in the school's register of devices.
    RegisteredDeviceId,
    /// A gateway that runs as a program of its own.
    GatewayId,
    /// A category list that was imported.
    ListId,
    /// A "tell someone" message from a pupil.
    ConcernId,
    /// A report that was issued.
    ReportId,
    /// A sign-in session.
    SessionId,
}
