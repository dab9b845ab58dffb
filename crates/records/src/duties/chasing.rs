//! Where a duty stands today, and whether somebody is reminded now. A chaser says that something waits, never what a case holds.

use crate::calendar::days_between;
use crate::duties::DutyOccurrence;
use belisha_policy::{Nation, Role};
use jiff::civil::Date;
use serde::Serialize;

/// Where a duty stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum DutyStatus {
    /// Done in time, or late: [`DutyOccurrence::done`] says when.
    Kept,
    /// Not done; there is time.
    Due,
    /// Not done in time.
    Overdue,
}

/// Where a duty stands on a day.
pub fn duty_status(occurrence: &DutyOccurrence, today: Date) -> DutyStatus {
    match &occurrence.done {
        Some(_) => DutyStatus::Kept,
        None if occurrence.due < today => DutyStatus::Overdue,
        None => DutyStatus::Due,
    }
}

/// Whom a chaser goes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChaserTo {
    /// Whoever answers for the duty.
    Owner,
    /// The one above them, see [`escalation_roles`].
    Above,
}

/// When people are reminded: days after the due day (negative = before), and who.
pub const CHASERS: &[(i32, ChaserTo)] =
    &[(-7, ChaserTo::Owner), (0, ChaserTo::Owner), (3, ChaserTo::Owner), (7, ChaserTo::Above)];

/// A reminder to send now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chaser {
    /// To whom.
    pub to: ChaserTo,
    /// Days since it was due; negative before.
    pub days_late: i32,
    /// What [`DutyOccurrence::chasers`] becomes once it is sent. Reminders missed while the server was off count as sent: one is enough.
    pub count: u8,
}

/// The reminder that is due for a duty on a day, if one is. Sending it and storing [`Chaser::count`] means that asking again the same day gives
/// nothing. Duties of a day or a week are not announced a week ahead.
pub fn next_chaser(occurrence: &DutyOccurrence, today: Date) -> Option<Chaser> {
    if occurrence.done.is_some() {
        return None;
    }
    let days_late = days_between(occurrence.due, today);
    let soonest = if is_short(&occurrence.period) { 0 } else { i32::MIN };
    let (at, (_, to)) = CHASERS.iter().enumerate().rfind(|(_, (day, _))| *day <= days_late && *day >= soonest)?;
    let count = u8::try_from(at + 1).unwrap_or(u8::MAX);
    (count > occurrence.chasers).then_some(Chaser { to: *to, days_late, count })
}

/// Periods of a day or a week, told by their key.
fn is_short(period: &str) -> bool {
    period.contains("-W") || period.parse::<Date>().is_ok()
}

/// The offices above those who answer for a duty, first one first: the head, and for a duty of the head's those who hold the head to account, so
/// that nobody chases themselves.
pub fn escalation_roles(nation: Nation, owners: &[Role]) -> &'static [Role] {
    match (owners.contains(&Role::Headteacher), nation) {
        (false, _) => &[Role::Headteacher],
        (true, Nation::England) => &[Role::ChairOfGovernors, Role::Governor, Role::LocalAuthorityOfficer],
        (true, Nation::Scotland) => &[Role::LocalAuthorityOfficer, Role::SeniorLeader],
    }
}
