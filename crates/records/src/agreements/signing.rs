//! Acts of signing read in order of time: what one side has agreed to that still counts today.

use super::{Signature, SignatureKind};
use crate::calendar::SchoolCalendar;
use belisha_policy::{AgreementLine, Cadence};
use jiff::{Timestamp, civil::Date};

/// What one side, signer or counter-signer, has done so far.
pub(super) struct Side<'a> {
    /// Words that are signed and in force.
    lines: Vec<&'a str>,
    /// Declined, and not signed since.
    pub(super) refused: bool,
    /// Signed once, and nothing of it in force.
    pub(super) lapsed: bool,
    /// Last signature.
    pub(super) signed_at: Option<Timestamp>,
    /// First day on which something of it no longer counts.
    pub(super) lapses_on: Option<Date>,
}

impl<'a> Side<'a> {
    /// Reads acts of signing in order of time: declining undoes what was signed before, signing undoes declining.
    pub(super) fn read(
        acts: impl Iterator<Item = &'a Signature>,
        renews: Option<Cadence>,
        calendar: &SchoolCalendar,
        today: Date,
    ) -> Self {
        let mut acts: Vec<&Signature> = acts.collect();
        acts.sort_by_key(|act| (act.at, act.id));
        let mut side = Side { lines: Vec::new(), refused: false, lapsed: false, signed_at: None, lapses_on: None };
        for act in acts {
            match act.kind {
                SignatureKind::Refused | SignatureKind::CounterRefused => {
                    side = Side { lines: Vec::new(), refused: true, lapsed: false, signed_at: None, lapses_on: None }
                }
                SignatureKind::Signed | SignatureKind::CounterSigned => {
                    side.refused = false;
                    side.signed_at = Some(act.at);
                    let lapses = renews.map(|cadence| signature_lapses(cadence, calendar.day_of(act.at), calendar));
                    if lapses.is_some_and(|lapses| lapses <= today) {
                        side.lapsed = side.lines.is_empty();
                        continue;
                    }
                    side.lapsed = false;
                    // The oldest signature still in force lapses first.
                    side.lapses_on = match (side.lapses_on, lapses) {
                        (Some(one), Some(other)) => Some(one.min(other)),
                        (one, other) => one.or(other),
                    };
                    side.lines.extend(act.lines.iter().map(|line| line.text.as_str()));
                }
            }
        }
        side
    }

    /// The lines whose words this side has not signed.
    pub(super) fn missing(&self, lines: &[&AgreementLine]) -> Vec<AgreementLine> {
        lines
            .iter()
            .filter(|line| !self.lines.iter().any(|signed| same_words(signed, &line.text)))
            .map(|line| (*line).clone())
            .collect()
    }
}

/// Whether two texts say the same: spaces and line ends do not count, every other character does.
fn same_words(one: &str, other: &str) -> bool {
    one.split_whitespace().eq(other.split_whitespace())
}

/// First day on which a signature of a day no longer counts. Signing in the summer holidays counts for the year that comes.
pub fn signature_lapses(renews: Cadence, signed: Date, calendar: &SchoolCalendar) -> Date {
    let later = |span: jiff::Span| signed.checked_add(span).unwrap_or(Date::MAX);
    match renews {
        Cadence::Year => later(jiff::Span::new().years(1)),
        Cadence::TwoYears => later(jiff::Span::new().years(2)),
        Cadence::Term | Cadence::HalfTerm | Cadence::TwiceAYear => calendar
            .terms
            .iter()
            .map(|term| term.first)
            .filter(|first| *first > signed)
            .min()
            .unwrap_or_else(|| later(jiff::Span::new().months(4))),
        Cadence::Lesson | Cadence::SchoolDay | Cadence::Day => later(jiff::Span::new().days(1)),
        Cadence::Week => later(jiff::Span::new().days(7)),
        Cadence::Fortnight => later(jiff::Span::new().days(14)),
        Cadence::Month => later(jiff::Span::new().months(1)),
        Cadence::AcademicYear | Cadence::StartOfSchoolYear => {
            let (_, last) = calendar.academic_year_span(signed);
            let next = last.tomorrow().unwrap_or(Date::MAX);
            let last_school_day = calendar.terms.iter().map(|term| term.last).filter(|end| *end < next).max();
            let in_summer = last_school_day
                .is_some_and(|end| signed > end && end.until(next).is_ok_and(|span| span.get_days() < 100));
            if in_summer { calendar.academic_year_start(next.year() + 1) } else { next }
        }
    }
}
