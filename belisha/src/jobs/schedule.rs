//! When a job is due: pure functions of the job's rhythm, the last time it was claimed, the present and the school's time
//! zone. Claiming and running are in `runner`.

use jiff::civil::Time;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// How long after a failed or unfinished run it is tried again.
const AGAIN_AFTER: SignedDuration = SignedDuration::from_mins(30);

/// The rhythm of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Every {
    /// Every so many minutes of the clock, counted from midnight UTC. Must divide a day; 1 to 60.
    Minutes(u16),
    /// Once an hour, at this minute.
    Hour {
        /// 0 to 59.
        minute: u8,
    },
    /// Once a day at this time of the school's own clock. A time that spring skips falls an hour later that day; one that
    /// autumn repeats counts the first time.
    Day {
        /// Local time.
        at: Time,
    },
}

impl Every {
    /// The rhythm in words, for the reference and the board.
    pub fn words(self) -> String {
        match self {
            Every::Minutes(1) => "every minute".into(),
            Every::Minutes(minutes) => format!("every {minutes} minutes"),
            Every::Hour { minute } => format!("every hour at {minute} minutes past"),
            Every::Day { at } => format!("every day at {:02}:{:02}", at.hour(), at.minute()),
        }
    }

    /// The longest wait between two good runs, in minutes, before the board shows the job as late: two of its turns.
    pub fn late_after_minutes(self) -> i64 {
        match self {
            Every::Minutes(minutes) => i64::from(minutes.max(5)) * 2,
            Every::Hour { .. } => 120,
            Every::Day { .. } => 2 * 25 * 60,
        }
    }
}

/// The latest turn of a rhythm at or before `now`.
pub fn latest_turn(every: Every, now: Timestamp, zone: &TimeZone) -> Timestamp {
    match every {
        Every::Minutes(minutes) => back_to_multiple(now, i64::from(minutes.clamp(1, 60)) * 60, 0),
        Every::Hour { minute } => back_to_multiple(now, 3600, i64::from(minute.min(59)) * 60),
        Every::Day { at } => {
            let today = now.to_zoned(zone.clone()).date();
            let turn =
                |date: jiff::civil::Date| date.to_datetime(at).to_zoned(zone.clone()).map(|turn| turn.timestamp());
            match turn(today) {
                Ok(turn) if turn <= now => turn,
                _ => today.yesterday().and_then(turn).unwrap_or(now),
            }
        }
    }
}

/// What is known of the last time a job was claimed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LastClaim {
    /// The turn that was claimed.
    pub due: Timestamp,
    /// When it began.
    pub started: Timestamp,
    /// How it ended; `None` while it runs, or if the server died in it.
    pub ok: Option<bool>,
}

/// What is owed: the latest turn, if it has not been claimed yet. A server that was off owes one run and not one for each
/// turn it missed, since every job looks at all that waits. A run that failed, or that never ended, is owed again after
/// half an hour, so that a daily job does not lose its day. A clock set back owes nothing until it passes the last claim.
pub fn owed(every: Every, last: Option<LastClaim>, now: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
    let turn = latest_turn(every, now, zone);
    let Some(last) = last else { return Some(turn) };
    if last.due < turn {
        return Some(turn);
    }
    let again = last.started.checked_add(AGAIN_AFTER).ok()?;
    let this_minute = back_to_multiple(now, 60, 0);
    (last.ok != Some(true) && now >= again && this_minute > last.due).then_some(this_minute)
}

/// How long to wait before sending a mail again after `failures` failures in a row: 1 minute, 5, 30, then 2 hours.
pub fn wait_after(failures: i64) -> SignedDuration {
    SignedDuration::from_mins(match failures {
        ..=1 => 1,
        2 => 5,
        3 => 30,
        _ => 120,
    })
}

fn back_to_multiple(now: Timestamp, step: i64, offset: i64) -> Timestamp {
    let seconds = now.as_second();
    let turn = seconds - (seconds - offset).rem_euclid(step);
    Timestamp::from_second(turn).unwrap_or(now)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::time;

    fn london() -> TimeZone {
        TimeZone::get("Europe/London").unwrap()
    }
    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn turns_fall_where_the_table_says() {
        let daily = Every::Day { at: time(6, 0, 0, 0) };
        let skipped = Every::Day { at: time(1, 30, 0, 0) };
        let table = [
            // A plain winter day: local time is UTC.
            (daily, "2026-11-20T06:00:00Z", "2026-11-20T06:00:00Z"),
            (daily, "2026-11-20T05:59:59Z", "2026-11-19T06:00:00Z"),
            // A summer day: local time is an hour ahead.
            (daily, "2026-06-10T05:00:00Z", "2026-06-10T05:00:00Z"),
            (daily, "2026-06-10T04:59:00Z", "2026-06-09T05:00:00Z"),
            // The night the clocks go forward (29 March 2026): the day's turn is an hour earlier in UTC than the day before.
            (daily, "2026-03-29T05:00:00Z", "2026-03-29T05:00:00Z"),
            (daily, "2026-03-29T04:30:00Z", "2026-03-28T06:00:00Z"),
            // 01:30 does not exist that night: it falls at 02:30 local, which is 01:30 UTC.
            (skipped, "2026-03-29T01:29:00Z", "2026-03-28T01:30:00Z"),
            (skipped, "2026-03-29T01:30:00Z", "2026-03-29T01:30:00Z"),
            // 01:30 comes twice on 25 October 2026: the first, 00:30 UTC, counts, and the second is no new turn.
            (skipped, "2026-10-25T00:30:00Z", "2026-10-25T00:30:00Z"),
            (skipped, "2026-10-25T01:30:00Z", "2026-10-25T00:30:00Z"),
            // Minutes and hours do not know the zone.
            (Every::Minutes(5), "2026-03-29T01:04:59Z", "2026-03-29T01:00:00Z"),
            (Every::Minutes(1), "2026-03-29T01:04:59Z", "2026-03-29T01:04:00Z"),
            (Every::Hour { minute: 7 }, "2026-11-20T09:06:59Z", "2026-11-20T08:07:00Z"),
            (Every::Hour { minute: 7 }, "2026-11-20T09:07:00Z", "2026-11-20T09:07:00Z"),
        ];
        for (every, now, turn) in table {
            assert_eq!(latest_turn(every, at(now), &london()), at(turn), "{every:?} at {now}");
        }
    }

    fn claimed(due: &str, ok: Option<bool>) -> Option<LastClaim> {
        Some(LastClaim { due: at(due), started: at(due), ok })
    }
    const DAILY: Every = Every::Day { at: time(6, 0, 0, 0) };

    #[test]
    fn a_server_off_for_three_days_owes_one_run() {
        let last = claimed("2026-11-17T06:00:00Z", Some(true));
        assert_eq!(owed(DAILY, last, at("2026-11-20T09:00:00Z"), &london()), Some(at("2026-11-20T06:00:00Z")));
        let caught_up = claimed("2026-11-20T06:00:00Z", Some(true));
        assert_eq!(owed(DAILY, caught_up, at("2026-11-20T09:00:00Z"), &london()), None);
    }

    #[test]
    fn a_run_that_failed_or_never_ended_is_owed_again_after_half_an_hour() {
        for ok in [Some(false), None] {
            let last = claimed("2026-11-20T06:00:00Z", ok);
            assert_eq!(owed(DAILY, last, at("2026-11-20T06:29:59Z"), &london()), None, "{ok:?}");
            assert_eq!(
                owed(DAILY, last, at("2026-11-20T06:30:10Z"), &london()),
                Some(at("2026-11-20T06:30:00Z")),
                "{ok:?}"
            );
        }
        let later = claimed("2026-11-20T06:30:00Z", Some(true));
        assert_eq!(owed(DAILY, later, at("2026-11-20T23:00:00Z"), &london()), None);
        assert_eq!(owed(DAILY, later, at("2026-11-21T06:00:00Z"), &london()), Some(at("2026-11-21T06:00:00Z")));
    }

    #[test]
    fn a_new_server_runs_everything_at_once_and_a_clock_set_back_runs_nothing_twice() {
        let hourly = Every::Hour { minute: 0 };
        assert_eq!(owed(hourly, None, at("2026-11-20T09:10:00Z"), &london()), Some(at("2026-11-20T09:00:00Z")));
        assert_eq!(
            owed(hourly, claimed("2026-11-20T10:00:00Z", Some(true)), at("2026-11-20T09:10:00Z"), &london()),
            None
        );
        assert_eq!(
            owed(hourly, claimed("2026-11-20T10:00:00Z", Some(false)), at("2026-11-20T09:10:00Z"), &london()),
            None
        );
    }

    #[test]
    fn over_a_year_of_half_hours_a_daily_job_runs_once_on_each_day() {
        let daily = Every::Day { at: time(1, 30, 0, 0) };
        let zone = london();
        let (mut now, end) = (at("2026-01-01T12:00:00Z"), at("2027-01-01T12:00:00Z"));
        let mut last = latest_turn(daily, now, &zone);
        let mut runs = 0;
        while now < end {
            now += SignedDuration::from_mins(30);
            if let Some(turn) = owed(daily, Some(LastClaim { due: last, started: last, ok: Some(true) }), now, &zone) {
                runs += 1;
                last = turn;
            }
        }
        assert_eq!(runs, 365);
    }
}
