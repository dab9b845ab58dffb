//! Year groups as rules of the filter name them: those on the roster in their order, and who is in them today.

use crate::school::*;
use belisha_policy::Audience;
use belisha_records::*;
use jiff::civil::date;

#[test]
fn year_groups_are_those_of_people_who_are_here_in_their_order() {
    let pupil = |number, year: &str| Person { year_group: Some(year.into()), ..person(number, Audience::Pupil) };
    let gone = Person { left: Some(date(2026, 7, 20)), ..pupil(1, "13") };
    let people = [
        gone,
        pupil(2, "10"),
        pupil(3, "7"),
        pupil(4, "P2"),
        pupil(5, "Nursery"),
        pupil(6, "7"),
        person(7, Audience::Staff),
    ];
    let today = date(2026, 9, 14);
    assert_eq!(year_groups(&people, today), ["Nursery", "P2", "7", "10"]);
    let keys = ["pupil", "year:7", "year:13"].map(str::to_owned);
    let named = in_year_groups(&people, &keys, today);
    let ids = |numbers: &[u8]| numbers.iter().map(|number| id::<PersonId>(*number).to_string()).collect::<Vec<_>>();
    assert_eq!(
        named.into_iter().collect::<Vec<_>>(),
        [("year:13".to_owned(), vec![]), ("year:7".to_owned(), ids(&[3, 6]))]
    );
}
