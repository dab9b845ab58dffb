//! How long things took, counted in fixed classes: two additions to atomics for each reading, or for many readings that took as
//! long, and no lock.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Upper bounds of the classes, in microseconds; whatever took longer is in the last class, which has none.
const BOUNDS: [u64; 12] = [50, 100, 250, 500, 1_000, 5_000, 25_000, 100_000, 250_000, 1_000_000, 2_500_000, 10_000_000];

/// Readings of one kind.
#[derive(Debug, Default)]
pub struct Histogram {
    classes: [AtomicU64; BOUNDS.len() + 1],
    microseconds: AtomicU64,
}

/// What a histogram holds at a moment.
#[derive(Debug, Clone, PartialEq)]
pub struct Readings {
    /// Upper bound in seconds, and how many took no longer. The count of the last, which has no bound, is all of them.
    pub up_to: Vec<(Option<f64>, u64)>,
    /// All together, in seconds.
    pub sum: f64,
}

impl Histogram {
    /// Adds `count` readings that took as long.
    pub(crate) fn add(&self, took: Duration, count: u64) {
        let took = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let class = BOUNDS.iter().position(|bound| took <= *bound).unwrap_or(BOUNDS.len());
        if let Some(class) = self.classes.get(class) {
            class.fetch_add(count, Ordering::Relaxed);
        }
        self.microseconds.fetch_add(took.saturating_mul(count), Ordering::Relaxed);
    }

    /// What it holds now.
    pub fn read(&self) -> Readings {
        let bounds = BOUNDS.iter().map(|bound| Some(Duration::from_micros(*bound).as_secs_f64())).chain([None]);
        let mut so_far = 0;
        let up_to = bounds.zip(&self.classes).map(|(bound, class)| {
            so_far += class.load(Ordering::Relaxed);
            (bound, so_far)
        });
        let up_to = up_to.collect();
        Readings { up_to, sum: Duration::from_micros(self.microseconds.load(Ordering::Relaxed)).as_secs_f64() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readings_are_counted_up_to_each_bound() {
        let histogram = Histogram::default();
        histogram.add(Duration::from_micros(50), 3);
        histogram.add(Duration::from_micros(51), 1);
        histogram.add(Duration::from_secs(3600), 1);
        let read = histogram.read();
        assert_eq!(read.up_to[0], (Some(0.000_05), 3));
        assert_eq!(read.up_to[1], (Some(0.000_1), 4));
        assert_eq!(read.up_to[11], (Some(10.0), 4));
        assert_eq!(read.up_to[12], (None, 5));
        assert!((read.sum - 3_600.000_201).abs() < 1e-6, "{}", read.sum);
    }
}
