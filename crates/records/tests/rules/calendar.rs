//! School days, periods, deadlines and academic years.

use crate::school::*;
use belisha_policy::{Period, Within};
use jiff::civil::{Date, date};
use jiff::{Timestamp, ToSpan};
use proptest::prelude::*;

#[test]
fn school_days() {
    let cases = [
        (date(2026, 9, 1), false, date(2026, 9, 2)),
        (date(2026, 9, 2), true, date(2026, 9, 3)),
        (date(2026, 9, 4), true, date(2026, 9, 7)),
        (date(2026, 9, 5), false, date(2026, 9, 7)),
        (date(2026, 10, 23), true, date(2026, 11, 2)),
        (date(2026, 10, 28), false, date(2026, 11, 2)),
        (date(2026, 5, 1), true, date(2026, 5, 5)),
        (date(2026, 12, 18), true, date(2027, 1, 4)),
        (date(2026, 7, 21), true, date(2026, 9, 2)),
    ];
    for (day, open, next) in cases {
        assert_eq!((england().is_school_day(day), england().next_school_day(day)), (open, next), "{day}");
    }
    assert_eq!(england().add_school_days(date(2026, 10, 22), 3), date(2026, 11, 3));
    // Past the terms that are entered, weekdays go on counting.
    assert_eq!(england().next_school_day(date(2027, 7, 23)), date(2027, 7, 26));
}

#[test]
fn academic_years_begin_with_the_first_term() {
    let cases = [
        (england(), date(2026, 9, 1), "2025-2026"),
        (england(), date(2026, 9, 2), "2026-2027"),
        (scotland(), date(2026, 8, 18), "2025-2026"),
        (scotland(), date(2026, 8, 19), "2026-2027"),
        (england(), date(2027, 1, 10), "2026-2027"),
        (england(), date(2030, 9, 1), "2030-2031"),
        (england(), date(2030, 8, 31), "2029-2030"),
    ];
    for (calendar, day, expected) in cases {
        assert_eq!(calendar.academic_year(day), expected, "{day}");
    }
}

#[test]
fn periods_of_the_day_follow_the_clock_on_the_wall() {
    let moment = |text: &str| text.parse::<Timestamp>().unwrap();
    // In summer time the wall shows an hour more than universal time.
    let cases = [
        ("2026-11-03T08:49:59Z", Period::OutOfSchool, "2026-11-03T08:50:00Z"),
        ("2026-11-03T08:50:00Z", Period::Lesson, "2026-11-03T10:50:00Z"),
        ("2026-11-03T10:50:00Z", Period::Break, "2026-11-03T11:10:00Z"),
        ("2026-11-03T15:20:00Z", Period::OutOfSchool, "2026-11-04T08:50:00Z"),
        ("2026-06-03T07:50:00Z", Period::Lesson, "2026-06-03T09:50:00Z"),
        ("2026-06-03T14:20:00Z", Period::OutOfSchool, "2026-06-04T07:50:00Z"),
        ("2026-10-23T14:30:00Z", Period::OutOfSchool, "2026-11-02T08:50:00Z"),
        ("2026-11-07T10:00:00Z", Period::OutOfSchool, "2026-11-09T08:50:00Z"),
    ];
    for (text, period, ends) in cases {
        assert_eq!(
            (england().period_at(moment(text)), england().period_ends(moment(text))),
            (period, moment(ends)),
            "{text}"
        );
    }
}

#[test]
fn deadlines() {
    let cases = [
        (Within::Immediately, date(2026, 11, 3).at(10, 0, 0, 0), date(2026, 11, 3).at(10, 0, 0, 0)),
        (Within::AsSoonAsPossible, date(2026, 11, 6).at(10, 0, 0, 0), date(2026, 11, 9).at(23, 59, 59, 0)),
        (Within::Hours(24), date(2026, 11, 3).at(10, 0, 0, 0), date(2026, 11, 4).at(10, 0, 0, 0)),
        (Within::Hours(24), date(2026, 11, 6).at(15, 0, 0, 0), date(2026, 11, 9).at(23, 59, 59, 0)),
        (Within::Hours(24), date(2026, 11, 7).at(9, 0, 0, 0), date(2026, 11, 9).at(23, 59, 59, 0)),
        (Within::Hours(24), date(2026, 11, 8).at(12, 0, 0, 0), date(2026, 11, 9).at(23, 59, 59, 0)),
        // Holidays are not excepted, only weekends.
        (Within::Hours(24), date(2026, 10, 27).at(9, 0, 0, 0), date(2026, 10, 28).at(9, 0, 0, 0)),
        (Within::SchoolDays(3), date(2026, 10, 22).at(9, 0, 0, 0), date(2026, 11, 3).at(23, 59, 59, 0)),
        (Within::SchoolDays(0), date(2026, 11, 3).at(9, 0, 0, 0), date(2026, 11, 3).at(23, 59, 59, 0)),
    ];
    for (within, since, due) in cases {
        assert_eq!(england().local(england().deadline(within, at(since))), due, "{within:?} since {since}");
    }
}

#[test]
fn an_unknown_time_zone_is_london() {
    let mut calendar = england();
    calendar.time_zone = "Nowhere/Land".to_owned();
    assert_eq!(calendar.period_at("2026-06-03T07:50:00Z".parse().unwrap()), Period::Lesson);
}

fn any_day() -> impl Strategy<Value = Date> {
    (0i32..1500).prop_map(|offset| date(2025, 1, 1).checked_add(offset.days()).unwrap())
}

proptest! {
    #[test]
    fn the_next_school_day_is_later_and_a_weekday(day in any_day()) {
        let next = england().next_school_day(day);
        prop_assert!(next > day);
        prop_assert!(england().is_school_day(next) || next > date(2027, 7, 21));
        let mut between = day.tomorrow().unwrap();
        while between < next {
            prop_assert!(!england().is_school_day(between));
            between = between.tomorrow().unwrap();
        }
    }

    #[test]
    fn school_days_add_up(day in any_day(), one in 0u16..20, two in 0u16..20) {
        let calendar = england();
        prop_assert_eq!(calendar.add_school_days(calendar.add_school_days(day, one), two), calendar.add_school_days(day, one + two));
    }

    #[test]
    fn no_deadline_lies_before_what_set_it_off(seconds in 1_735_000_000i64..1_850_000_000, hours in 0u16..200, days in 0u16..20) {
        let since = Timestamp::from_second(seconds).unwrap();
        for within in [Within::Immediately, Within::AsSoonAsPossible, Within::Hours(hours), Within::SchoolDays(days)] {
            prop_assert!(england().deadline(within, since) >= since);
        }
    }

    #[test]
    fn a_period_lasts_until_it_ends(seconds in 1_735_000_000i64..1_830_000_000) {
        let now = Timestamp::from_second(seconds).unwrap();
        let ends = england().period_ends(now);
        prop_assert!(ends > now);
        let just_before = ends.checked_sub(1.second()).unwrap();
        if just_before > now {
            prop_assert_eq!(england().period_at(just_before), england().period_at(now));
        }
    }

    #[test]
    fn every_day_is_in_the_academic_year_that_spans_it(day in any_day()) {
        for calendar in [england(), scotland()] {
            let (first, last) = calendar.academic_year_span(day);
            prop_assert!(first <= day && day <= last);
            prop_assert_eq!(calendar.academic_year(first), calendar.academic_year(last));
        }
    }
}

#[test]
fn boarding_time_counts_on_days_of_a_term_and_bounds_what_ends_with_the_period() {
    let mut calendar = england();
    let hours = |weekend, from, until| belisha_records::BoardingHours {
        weekend,
        from: jiff::civil::time(from, 0, 0, 0),
        until: jiff::civil::time(until, 0, 0, 0),
    };
    let moment = |text: &str| text.parse::<jiff::Timestamp>().unwrap();
    calendar.boarding = vec![hours(false, 18, 22), hours(true, 9, 0)];
    for (text, period, ends) in [
        ("2026-11-03T15:20:00Z", Period::OutOfSchool, "2026-11-03T18:00:00Z"),
        ("2026-11-03T18:00:00Z", Period::Boarding, "2026-11-03T22:00:00Z"),
        ("2026-11-07T23:30:00Z", Period::Boarding, "2026-11-08T00:00:00Z"),
        ("2026-11-03T09:00:00Z", Period::Lesson, "2026-11-03T10:50:00Z"),
        ("2026-10-27T19:00:00Z", Period::OutOfSchool, "2026-10-27T22:00:00Z"),
    ] {
        assert_eq!(
            (calendar.period_at(moment(text)), calendar.period_ends(moment(text))),
            (period, moment(ends)),
            "{text}"
        );
    }
}
