//! When a pupil's own device should lie in its locker, and whether seeing it on the network is worth a notice (MISSION M66).
//! A notice, not an accusation: the device was seen; who held it, and with whose leave, nobody knows. It names no person.

use belisha_filter::Timetable;
use belisha_policy::{DeviceKind, Period};
use belisha_records::RegisteredDeviceId;
use jiff::Timestamp;
use jiff::civil::{Date, Time};
use serde::{Deserialize, Serialize};

/// When pupils' own devices are in lockers: on school days, from arrival until the end of the day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LockerHours {
    /// From, included, by the school's clocks.
    pub from: Time,
    /// Until, excluded.
    pub until: Time,
    /// Only in these periods of the day; empty: in all of them.
    pub periods: Vec<Period>,
}

/// Something a person may want to look into, and that says nothing against anybody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notice {
    /// A device registered as a pupil's own was used on the school's network in locker hours: the first time that day.
    PersonalDeviceSeen {
        /// Its number in the register.
        device: RegisteredDeviceId,
        /// When it was first seen that day.
        first_seen: Timestamp,
    },
}

impl Notice {
    /// Key for records: `personal-device-seen`.
    pub const fn key(&self) -> &'static str {
        match self {
            Notice::PersonalDeviceSeen { .. } => "personal-device-seen",
        }
    }

    /// What people read.
    pub fn words(&self) -> String {
        match self {
            Notice::PersonalDeviceSeen { device, .. } => format!(
                "The device with number {device}, registered as a pupil’s own, was on the network in locker hours. \
                 It may have been allowed, or switched on in the locker: ask before concluding anything."
            ),
        }
    }
}

/// The school day on which seeing a device of this kind at this time is worth a notice; `None` if it is not.
pub(crate) fn locker_day(
    hours: Option<&LockerHours>,
    timetable: &Timetable,
    kind: DeviceKind,
    at: Timestamp,
) -> Option<Date> {
    let hours = hours.filter(|_| kind == DeviceKind::PupilOwned)?;
    let local = timetable.time_zone().to_datetime(at);
    let inside = hours.from <= local.time() && local.time() < hours.until;
    let period = hours.periods.is_empty() || hours.periods.contains(&timetable.period_at(at));
    (inside && period && timetable.is_school_day(local.date())).then(|| local.date())
}

#[cfg(test)]
mod tests {
    use super::*;
    use belisha_filter::TimetablePart;
    use jiff::civil::{date, time};

    fn timetable() -> Timetable {
        let part =
            |period, from, until| TimetablePart { period, from: time(from, 0, 0, 0), until: time(until, 0, 0, 0) };
        let day = vec![part(Period::Lesson, 9, 12), part(Period::Break, 12, 13), part(Period::Lesson, 13, 15)];
        let closed = vec![(date(2026, 11, 25), date(2026, 11, 25))];
        Timetable::new("Europe/London", vec![(date(2026, 9, 1), date(2026, 12, 18))], closed, day).unwrap()
    }

    fn noticed(kind: DeviceKind, periods: &[Period], at: &str) -> bool {
        let hours = LockerHours { from: time(8, 45, 0, 0), until: time(15, 0, 0, 0), periods: periods.into() };
        locker_day(Some(&hours), &timetable(), kind, at.parse().unwrap()).is_some()
    }

    #[test]
    fn a_pupils_own_device_is_noticed_in_locker_hours_of_a_school_day_only() {
        for (at, expected) in [
            ("2026-11-23T08:44:59Z", false),
            ("2026-11-23T08:45:00Z", true),
            ("2026-11-23T12:30:00Z", true),
            ("2026-11-23T14:59:59Z", true),
            ("2026-11-23T15:00:00Z", false),
            ("2026-11-22T10:00:00Z", false), // a Sunday
            ("2026-11-25T10:00:00Z", false), // a closed day
            ("2026-12-21T10:00:00Z", false), // after term
            ("2026-09-07T08:00:00Z", true),  // summer time: 09:00 by the school's clocks
        ] {
            assert_eq!(noticed(DeviceKind::PupilOwned, &[], at), expected, "{at}");
        }
    }

    #[test]
    fn with_periods_named_only_those_count() {
        assert!(noticed(DeviceKind::PupilOwned, &[Period::Lesson], "2026-11-23T10:00:00Z"));
        assert!(!noticed(DeviceKind::PupilOwned, &[Period::Lesson], "2026-11-23T12:30:00Z"));
    }

    #[test]
    fn no_other_kind_of_device_is_noticed_and_no_school_without_the_rule() {
        for kind in DeviceKind::ALL.iter().filter(|kind| **kind != DeviceKind::PupilOwned) {
            assert!(!noticed(*kind, &[], "2026-11-23T10:00:00Z"), "{}", kind.key());
        }
        let at = "2026-11-23T10:00:00Z".parse().unwrap();
        assert_eq!(locker_day(None, &timetable(), DeviceKind::PupilOwned, at), None);
    }

    #[test]
    fn the_words_accuse_nobody() {
        let device = belisha_records::Identifier::make(1, [1; 10]);
        let words = Notice::PersonalDeviceSeen { device, first_seen: Timestamp::UNIX_EPOCH }.words();
        assert!(words.contains("ask before concluding"));
        for word in ["breach", "broke", "offence", "guilty", "must be punished"] {
            assert!(!words.contains(word), "{word}");
        }
    }
}
