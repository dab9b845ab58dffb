//! When duties fall due, and who is reminded when.

use crate::school::*;
use belisha_policy::*;
use belisha_records::*;
use jiff::civil::{Date, date};

#[test]
fn cadences_over_the_calendar() {
    type Expected = &'static [(&'static str, &'static str)];
    let cases: Vec<(&str, Duty, Date, Date, Expected)> = vec![
        (
            "school days leave out the weekend",
            duty(Cadence::SchoolDay, &[], None),
            date(2026, 11, 6),
            date(2026, 11, 9),
            &[("2026-11-06", "2026-11-06"), ("2026-11-09", "2026-11-09")],
        ),
        (
            "every day does not",
            duty(Cadence::Day, &[], None),
            date(2026, 11, 6),
            date(2026, 11, 8),
            &[("2026-11-06", "2026-11-06"), ("2026-11-07", "2026-11-07"), ("2026-11-08", "2026-11-08")],
        ),
        (
            "weeks leave out half term",
            duty(Cadence::Week, &[], None),
            date(2026, 10, 19),
            date(2026, 11, 8),
            &[("2026-W43", "2026-10-23"), ("2026-W45", "2026-11-06")],
        ),
        (
            "a week asked for in its middle",
            duty(Cadence::Week, &[], None),
            date(2026, 11, 4),
            date(2026, 11, 6),
            &[("2026-W45", "2026-11-06")],
        ),
        (
            "months end on a school day",
            duty(Cadence::Month, &[], None),
            date(2026, 7, 1),
            date(2026, 10, 31),
            &[("2026-07", "2026-07-21"), ("2026-09", "2026-09-30"), ("2026-10", "2026-10-23")],
        ),
        (
            "half terms",
            duty(Cadence::HalfTerm, &[], None),
            date(2026, 9, 1),
            date(2026, 12, 31),
            &[("half-2026-09-02", "2026-10-23"), ("half-2026-10-31", "2026-12-18")],
        ),
        (
            "terms",
            duty(Cadence::Term, &[], None),
            date(2026, 9, 1),
            date(2027, 4, 1),
            &[("term-2026-09-02", "2026-12-18"), ("term-2027-01-04", "2027-03-25")],
        ),
        (
            "December and June",
            duty(Cadence::TwiceAYear, &[12, 6], None),
            date(2026, 9, 1),
            date(2027, 8, 1),
            &[("2026-12", "2026-12-18"), ("2027-06", "2027-06-30")],
        ),
        (
            "twice a year, months not named",
            duty(Cadence::TwiceAYear, &[], None),
            date(2026, 9, 1),
            date(2026, 12, 31),
            &[("2026-12", "2026-12-18")],
        ),
        (
            "each academic year",
            duty(Cadence::AcademicYear, &[], None),
            date(2026, 9, 1),
            date(2027, 9, 30),
            &[("2026-2027", "2027-07-21")],
        ),
        (
            "each academic year, in a month",
            duty(Cadence::AcademicYear, &[3], None),
            date(2026, 9, 1),
            date(2027, 9, 30),
            &[("2026-2027", "2027-03-25")],
        ),
        (
            "at the start of the year",
            duty(Cadence::StartOfSchoolYear, &[], None),
            date(2026, 8, 1),
            date(2026, 12, 31),
            &[("start-2026-2027", "2026-09-16")],
        ),
        (
            "every calendar year",
            duty(Cadence::Year, &[], None),
            date(2026, 1, 1),
            date(2026, 12, 31),
            &[("2026", "2026-12-31")],
        ),
        (
            "every two years",
            duty(Cadence::TwoYears, &[], None),
            date(2026, 9, 2),
            date(2028, 8, 31),
            &[("2026-2028", "2028-08-31")],
        ),
        ("lessons are not foreseen", duty(Cadence::Lesson, &[], None), date(2026, 9, 1), date(2026, 12, 31), &[]),
        ("an empty range", duty(Cadence::Day, &[], None), date(2026, 9, 2), date(2026, 9, 1), &[]),
    ];
    for (name, duty, from, until, expected) in cases {
        let found: Vec<(String, String)> = duty_periods(&duty, &england(), from, until)
            .into_iter()
            .map(|period| (period.key, period.due.to_string()))
            .collect();
        let expected: Vec<(String, String)> =
            expected.iter().map(|(key, due)| ((*key).to_owned(), (*due).to_owned())).collect();
        assert_eq!(found, expected, "{name}");
    }
}

#[test]
fn asking_in_pieces_gives_the_same_periods_as_asking_at_once() {
    for cadence in Cadence::ALL {
        let duty = duty(*cadence, &[], None);
        let (first, last) = (date(2026, 8, 1), date(2027, 8, 31));
        let whole = duty_periods(&duty, &england(), first, last);
        let mut pieces = Vec::new();
        let mut day = first;
        while day <= last {
            pieces.extend(duty_periods(&duty, &england(), day, day));
            day = day.tomorrow().unwrap();
        }
        assert_eq!(whole, pieces, "{cadence:?}");
        assert!(whole.iter().all(|period| period.first <= period.due), "{cadence:?}");
    }
}

#[test]
fn duties_about_people_fall_due_for_those_at_the_school() {
    let policy = policy(
        Nation::England,
        vec![("refresher", Binding::Duty(duty(Cadence::AcademicYear, &[], Some(Audience::Staff))))],
    );
    let left = Person { left: Some(date(2027, 1, 1)), ..person(2, Audience::Staff) };
    let people = [person(1, Audience::Staff), left, person(3, Audience::Pupil)];
    let falling = duties_falling_due(&policy, &people, &england(), date(2026, 9, 1), date(2027, 8, 31));
    assert_eq!(falling.iter().map(|due| due.person).collect::<Vec<_>>(), [Some(id(1))]);
}

#[test]
fn events_set_duties_off() {
    let duty = Duty {
        what: "review:policy".to_owned(),
        owners: vec![],
        who: None,
        due: Due::On { event: Event::NewThreat, within: Within::SchoolDays(3) },
    };
    let period = duty_for_event(&duty, &england(), "7", at(date(2026, 10, 22).at(9, 0, 0, 0))).unwrap();
    assert_eq!((period.key.as_str(), period.due), ("new-threat-7", date(2026, 11, 3)));
    assert!(duty_periods(&duty, &england(), date(2026, 9, 1), date(2027, 8, 31)).is_empty());
    let campaign = Duty { due: Due::On { event: Event::SaferInternetDay, within: Within::Immediately }, ..duty };
    assert_eq!(duty_periods(&campaign, &england(), date(2026, 1, 1), date(2026, 12, 31))[0].due, date(2026, 2, 10));
}

fn occurrence(period: &str, chasers: u8) -> DutyOccurrence {
    DutyOccurrence {
        id: id(1),
        school: id(200),
        clause: "refresher".to_owned(),
        period: period.to_owned(),
        person: None,
        owner: Some(id(2)),
        due: date(2026, 11, 20),
        done: None,
        chasers,
    }
}

#[test]
fn chasers_come_once_and_go_up_in_the_end() {
    let cases = [
        ("2026-2027", date(2026, 11, 12), 0, None),
        ("2026-2027", date(2026, 11, 13), 0, Some((ChaserTo::Owner, -7, 1))),
        ("2026-2027", date(2026, 11, 13), 1, None),
        ("2026-2027", date(2026, 11, 20), 1, Some((ChaserTo::Owner, 0, 2))),
        ("2026-2027", date(2026, 11, 23), 2, Some((ChaserTo::Owner, 3, 3))),
        ("2026-2027", date(2026, 11, 27), 3, Some((ChaserTo::Above, 7, 4))),
        ("2026-2027", date(2027, 3, 1), 4, None),
        ("the server was off", date(2026, 12, 10), 0, Some((ChaserTo::Above, 20, 4))),
        ("2026-W47", date(2026, 11, 13), 0, None),
        ("2026-W47", date(2026, 11, 20), 0, Some((ChaserTo::Owner, 0, 2))),
        ("2026-11-20", date(2026, 11, 19), 0, None),
    ];
    for (period, today, sent, expected) in cases {
        let found =
            next_chaser(&occurrence(period, sent), today).map(|chaser| (chaser.to, chaser.days_late, chaser.count));
        assert_eq!(found, expected, "{period} on {today} after {sent}");
    }
    let done = DutyDone {
        by: id(2),
        at: at(date(2026, 11, 1).at(9, 0, 0, 0)),
        on: date(2026, 11, 1),
        evidence: "sheet".to_owned(),
    };
    let kept = DutyOccurrence { done: Some(done), ..occurrence("2026-2027", 0) };
    assert_eq!(next_chaser(&kept, date(2026, 12, 1)), None);
    assert_eq!(duty_status(&kept, date(2026, 12, 1)), DutyStatus::Kept);
    assert_eq!(duty_status(&occurrence("x", 0), date(2026, 11, 20)), DutyStatus::Due);
    assert_eq!(duty_status(&occurrence("x", 0), date(2026, 11, 21)), DutyStatus::Overdue);
}

#[test]
fn nobody_chases_themselves() {
    for nation in Nation::ALL {
        assert!(!escalation_roles(*nation, &[Role::Headteacher]).contains(&Role::Headteacher));
    }
    assert_eq!(escalation_roles(Nation::England, &[Role::Teacher]), [Role::Headteacher]);
}
