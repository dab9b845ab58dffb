//! What happened at the portal of one school lately, numbered, so that each gateway is told what it does not know yet. It is in
//! memory: a gateway whose mark is of another run, or too old, is told who is signed in instead.

use super::messages::Event;
use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use tokio::sync::watch;

/// Most events remembered: some hours of a busy school.
const MOST: usize = 4096;

/// The last events.
#[derive(Default)]
pub struct EventLog {
    events: Mutex<VecDeque<Event>>,
    /// How many there were since the start.
    count: watch::Sender<u64>,
}

impl EventLog {
    /// Something happened.
    pub fn note(&self, event: Event) {
        let mut events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        if events.len() >= MOST {
            events.pop_front();
        }
        events.push_back(event);
        self.count.send_modify(|count| *count += 1);
    }

    /// What came after the first `known`, and how many there are now; `None` where some of it is forgotten.
    pub fn after(&self, known: u64) -> (u64, Option<Vec<Event>>) {
        let events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        let count = *self.count.borrow();
        let news = count.checked_sub(known).and_then(|new| usize::try_from(new).ok());
        let told = news.filter(|new| *new <= events.len());
        (count, told.map(|new| events.iter().skip(events.len() - new).cloned().collect()))
    }

    /// How many there were, told whenever there is another.
    pub fn counted(&self) -> watch::Receiver<u64> {
        self.count.subscribe()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn warning(number: usize) -> Event {
        Event::WarningPassed { block: number.to_string() }
    }

    #[test]
    fn each_is_told_what_it_does_not_know_and_never_less() {
        let log = EventLog::default();
        assert_eq!(log.after(0), (0, Some(Vec::new())));
        for number in 0..MOST + 10 {
            log.note(warning(number));
        }
        let all = (MOST + 10) as u64;
        assert_eq!(log.after(all), (all, Some(Vec::new())));
        assert_eq!(log.after(all - 2), (all, Some(vec![warning(MOST + 8), warning(MOST + 9)])));
        assert_eq!(log.after(10).1.map(|events| events.len()), Some(MOST));
        assert_eq!(log.after(9), (all, None), "one of them is forgotten");
        assert_eq!(log.after(all + 1), (all, None), "a mark of another run");
    }
}
