//! The period of the school day, kept from one request to the next until it changes: working it out anew needs the time
//! zone and costs more than the rest of a decision. What the periods are is `timetable`'s affair.

use crate::timetable::Timetable;
use belisha_policy::Period;
use core::sync::atomic::{AtomicI64, AtomicU64, Ordering, fence};
use jiff::Timestamp;

/// How many periods there are.
const PERIODS: usize = Period::ALL.len();
/// A moment is worked out anew after so long, whatever happens, in microseconds.
const LONGEST: i64 = 3600 * 1_000_000;
/// Stands for "never, as far as can be seen".
const NEVER: i64 = i64::MAX;

/// The period at a time, and when each period begins next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Moment {
    /// What holds from this microsecond...
    from: i64,
    /// ...until before this one.
    until: i64,
    /// Place in [`Period::ALL`].
    period: usize,
    /// When each begins next, in microseconds.
    next: [i64; PERIODS],
}

impl Moment {
    /// Works a moment out from the timetable.
    fn of(timetable: &Timetable, now: Timestamp) -> Self {
        let current = timetable.period_at(now);
        let mut next = [NEVER; PERIODS];
        for (begins, period) in next.iter_mut().zip(Period::ALL) {
            let found = timetable.next_when(now, |other| other == *period);
            *begins = found.map_or(NEVER, |begins| begins.as_microsecond());
        }
        let changes = Period::ALL.iter().zip(next).filter(|(period, _)| **period != current);
        let until = changes.map(|(_, begins)| begins).min().unwrap_or(NEVER);
        let from = now.as_microsecond();
        Self {
            from,
            until: until.min(from + LONGEST),
            period: Period::ALL.iter().position(|period| *period == current).unwrap_or(0),
            next,
        }
    }

    /// The period.
    pub fn period(&self) -> Period {
        Period::ALL.get(self.period).copied().unwrap_or(Period::OutOfSchool)
    }

    /// When another period, one of those that `wanted` chooses, begins next; `None` if that is further off than can be seen.
    pub fn next_when(&self, wanted: impl Fn(Period) -> bool) -> Option<Timestamp> {
        let others = Period::ALL.iter().zip(self.next).filter(|(period, _)| **period != self.period());
        let chosen = others.filter(|(period, begins)| *begins != NEVER && wanted(**period));
        Timestamp::from_microsecond(chosen.map(|(_, begins)| begins).min()?).ok()
    }

    fn holds_at(&self, microsecond: i64) -> bool {
        self.from <= microsecond && microsecond < self.until
    }
}

/// The last moment worked out, for every thread that decides. A reader takes it only if nobody wrote meanwhile.
#[derive(Debug)]
pub(crate) struct LastMoment {
    /// Odd while somebody writes.
    version: AtomicU64,
    numbers: [AtomicI64; 3 + PERIODS],
}

impl Default for LastMoment {
    fn default() -> Self {
        // From the first microsecond until before it: it holds at no time.
        Self { version: AtomicU64::new(0), numbers: [const { AtomicI64::new(0) }; 3 + PERIODS] }
    }
}

impl LastMoment {
    /// The moment at a time.
    pub fn at(&self, timetable: &Timetable, now: Timestamp) -> Moment {
        if let Some(kept) = self.read()
            && kept.holds_at(now.as_microsecond())
        {
            return kept;
        }
        let moment = Moment::of(timetable, now);
        self.keep(moment);
        moment
    }

    fn read(&self) -> Option<Moment> {
        let before = self.version.load(Ordering::Acquire);
        let mut numbers = [0; 3 + PERIODS];
        for (number, kept) in numbers.iter_mut().zip(&self.numbers) {
            *number = kept.load(Ordering::Relaxed);
        }
        fence(Ordering::Acquire);
        let whole = before.is_multiple_of(2) && self.version.load(Ordering::Relaxed) == before;
        let [from, until, period, next @ ..] = numbers;
        whole.then(|| Moment { from, until, period: usize::try_from(period).unwrap_or(PERIODS), next })
    }

    /// Keeps a moment, unless another thread is keeping one.
    fn keep(&self, moment: Moment) {
        let version = self.version.load(Ordering::Relaxed);
        let writing = version | 1;
        if writing == version
            || self.version.compare_exchange(version, writing, Ordering::Acquire, Ordering::Relaxed).is_err()
        {
            return;
        }
        fence(Ordering::Release);
        let period = i64::try_from(moment.period).unwrap_or(0);
        let numbers = [moment.from, moment.until, period].into_iter().chain(moment.next);
        for (kept, number) in self.numbers.iter().zip(numbers) {
            kept.store(number, Ordering::Relaxed);
        }
        self.version.store(version.wrapping_add(2), Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::timetable::TimetablePart;
    use jiff::civil::{date, time};
    use proptest::prelude::*;

    fn timetable() -> Timetable {
        let part = |period, from: i8, minute: i8, until: i8| TimetablePart {
            period,
            from: time(from, minute, 0, 0),
            until: time(until, 0, 0, 0),
        };
        let day = vec![
            part(Period::Lesson, 9, 0, 10),
            part(Period::Lesson, 10, 0, 11),
            part(Period::Break, 11, 15, 12),
            part(Period::Lesson, 12, 30, 15),
        ];
        let terms = vec![(date(2026, 9, 1), date(2026, 10, 23)), (date(2026, 11, 2), date(2026, 12, 18))];
        Timetable::new("Europe/London", terms, vec![(date(2026, 9, 7), date(2026, 9, 7))], day).unwrap()
    }

    proptest! {
        #[test]
        fn what_is_kept_is_what_the_timetable_says(
            start in 1_788_000_000i64..1_799_000_000,
            steps in prop::collection::vec((0i64..4000, 0i32..1_000_000_000), 1..20),
        ) {
            let (timetable, last) = (timetable(), LastMoment::default());
            let mut second = start;
            for (step, nanosecond) in steps {
                second += step;
                let now = Timestamp::new(second, nanosecond).unwrap();
                let moment = last.at(&timetable, now);
                prop_assert!(moment.holds_at(now.as_microsecond()), "a moment that is asked for again is not kept");
                let period = timetable.period_at(now);
                prop_assert_eq!(moment.period(), period);
                let other = |wanted: Period| wanted != period;
                prop_assert_eq!(moment.next_when(|_| true), timetable.next_when(now, other));
                prop_assert_eq!(
                    moment.next_when(|wanted| wanted == Period::Break),
                    timetable.next_when(now, |wanted| other(wanted) && wanted == Period::Break)
                );
            }
        }
    }

    #[test]
    fn threads_that_write_and_read_at_once_never_see_a_mixed_moment() {
        let (timetable, last) = (timetable(), LastMoment::default());
        let times = ["2026-09-14T08:30:00Z", "2026-09-14T10:30:00Z", "2026-09-14T20:00:00Z", "2026-12-25T00:00:00Z"];
        let expected: Vec<(Timestamp, Moment)> =
            times.map(|text| text.parse().unwrap()).into_iter().map(|now| (now, Moment::of(&timetable, now))).collect();
        std::thread::scope(|scope| {
            for start in 0..4 {
                let (expected, timetable, last) = (&expected, &timetable, &last);
                scope.spawn(move || {
                    for (now, moment) in expected.iter().cycle().skip(start).take(2000) {
                        assert_eq!(last.at(timetable, *now), *moment);
                    }
                });
            }
        });
    }
}
