//! A small fictional school for the cases: Marlowe Bridge, with its calendar, people and policy.

use belisha_policy::*;
use belisha_records::*;
use jiff::Timestamp;
use jiff::civil::{Date, DateTime, date, time};

pub fn id<T: Identifier>(number: u8) -> T {
    T::make(1_700_000_000_000, [number; 10])
}

pub fn person(number: u8, audience: Audience) -> Person {
    Person {
        id: id(number),
        school: id(200),
        name: PersonName::new(format!("Person {number}")),
        audience,
        year_group: None,
        class: None,
        username: None,
        email: None,
        joined: date(2024, 9, 2),
        left: None,
    }
}

pub fn holding(number: u8, role: Role) -> OfficeHolding {
    OfficeHolding { person: id(number), role, from: date(2024, 9, 2), until: None }
}

/// England: two academic years, half terms, Christmas outside terms.
pub fn england() -> SchoolCalendar {
    let term = |name: &str, first: Date, last: Date| Term { name: name.to_owned(), first, last };
    let closed = |name: &str, first: Date, last: Date| ClosedDays { name: name.to_owned(), first, last };
    let part = |period, from, until| DayPart { period, from, until };
    SchoolCalendar {
        boarding: Vec::new(),
        time_zone: "Europe/London".to_owned(),
        terms: vec![
            term("Autumn 2025", date(2025, 9, 3), date(2025, 12, 19)),
            term("Spring 2026", date(2026, 1, 5), date(2026, 3, 27)),
            term("Summer 2026", date(2026, 4, 13), date(2026, 7, 21)),
            term("Autumn 2026", date(2026, 9, 2), date(2026, 12, 18)),
            term("Spring 2027", date(2027, 1, 4), date(2027, 3, 25)),
            term("Summer 2027", date(2027, 4, 12), date(2027, 7, 21)),
        ],
        closed: vec![
            closed("Half term", date(2025, 10, 27), date(2025, 10, 31)),
            closed("Half term", date(2026, 10, 26), date(2026, 10, 30)),
            closed("Early May bank holiday", date(2026, 5, 4), date(2026, 5, 4)),
            closed("Half term", date(2027, 2, 15), date(2027, 2, 19)),
        ],
        day: vec![
            part(Period::Lesson, time(8, 50, 0, 0), time(10, 50, 0, 0)),
            part(Period::Break, time(10, 50, 0, 0), time(11, 10, 0, 0)),
            part(Period::Lesson, time(11, 10, 0, 0), time(15, 20, 0, 0)),
        ],
    }
}

/// Scotland: the year begins in August.
pub fn scotland() -> SchoolCalendar {
    let mut calendar = england();
    calendar.terms[3].first = date(2026, 8, 19);
    calendar.terms[2].last = date(2026, 6, 25);
    calendar
}

pub fn at(local: DateTime) -> Timestamp {
    england().moment(local)
}

pub fn policy(nation: Nation, bindings: Vec<(&str, Binding)>) -> Policy {
    Policy {
        title: "Online safety policy".to_owned(),
        head: Head {
            nation,
            phase: Phase::Secondary,
            agreed: None,
            approved_by: None,
            review_every: None,
            next_review: None,
        },
        sections: Vec::new(),
        clauses: bindings.into_iter().enumerate().map(|(at, (id, binding))| clause(at, id, binding)).collect(),
    }
}

pub fn clause(at: usize, id: &str, binding: Binding) -> Clause {
    Clause {
        id: ClauseId(id.to_owned()),
        number: format!("1.{at}"),
        section: "Section".to_owned(),
        text: String::new(),
        span: 0..0,
        binding,
        sources: Vec::new(),
        facts: Default::default(),
    }
}

pub fn duty(cadence: Cadence, months: &[i8], who: Option<Audience>) -> Duty {
    Duty {
        what: "training:refresher".to_owned(),
        owners: vec![Role::OnlineSafetyLead],
        who,
        due: Due::Every { cadence, months: months.to_vec() },
    }
}
