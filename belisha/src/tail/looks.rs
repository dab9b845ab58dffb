//! Looks that people have on the page: each keeps the newest visits of its school while it lasts, and nothing is kept for anybody
//! else. Who may look, and that it is in the ledger, is the page's.

use super::{Live, Next, Watching};
use belisha_records::{PersonId, SchoolId};
use belisha_web::{LiveRequests, LiveVisit, Look};
use jiff::{SignedDuration, Timestamp};
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::task::JoinHandle;

/// Visits that a look keeps, of all and again of those that did not open.
const KEPT: usize = 100;
/// Looks at one time.
const LOOKS: usize = 32;

/// Every look there is.
pub struct Looks {
    live: Live,
    open: Mutex<HashMap<(SchoolId, PersonId), Open>>,
}

/// A look that was begun.
struct Open {
    until: Timestamp,
    kept: Arc<Mutex<Kept>>,
    collecting: JoinHandle<()>,
}

impl Drop for Open {
    fn drop(&mut self) {
        self.collecting.abort();
    }
}

/// What a look has seen, the oldest first.
#[derive(Default)]
struct Kept {
    all: VecDeque<LiveVisit>,
    closed: VecDeque<LiveVisit>,
    missed: u64,
}

impl Kept {
    fn note(&mut self, next: Next) {
        match next {
            Next::Missed(missed) => self.missed += missed,
            Next::Visit(visit) => {
                if visit.is_closed() {
                    push(&mut self.closed, visit.clone());
                }
                push(&mut self.all, visit);
            }
        }
    }
}

fn push(visits: &mut VecDeque<LiveVisit>, visit: LiveVisit) {
    if visits.len() >= KEPT {
        visits.pop_front();
    }
    visits.push_back(visit);
}

impl Looks {
    /// Looks at what is shown here.
    pub fn new(live: Live) -> Self {
        Self { live, open: Mutex::default() }
    }

    /// Those that last still.
    fn open(&self, now: Timestamp) -> MutexGuard<'_, HashMap<(SchoolId, PersonId), Open>> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|_, look| look.until > now);
        open
    }
}

impl LiveRequests for Looks {
    fn begin(&self, school: SchoolId, person: PersonId, now: Timestamp, lasts: SignedDuration) -> Result<(), String> {
        let mut open = self.open(now);
        open.remove(&(school, person));
        if open.len() >= LOOKS {
            return Err("too many people look at this moment; try again in some minutes".into());
        }
        let until = now.saturating_add(lasts).unwrap_or(now);
        let kept = Arc::new(Mutex::new(Kept::default()));
        let lasts = Duration::try_from(lasts).unwrap_or_default();
        let collecting = tokio::spawn(collect(self.live.watch(), school, Arc::clone(&kept), lasts));
        open.insert((school, person), Open { until, kept, collecting });
        Ok(())
    }

    fn seen(&self, school: SchoolId, person: PersonId, now: Timestamp, closed_only: bool) -> Option<Look> {
        let open = self.open(now);
        let look = open.get(&(school, person))?;
        let kept = look.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let visits = if closed_only { &kept.closed } else { &kept.all };
        Some(Look { until: look.until, visits: visits.iter().rev().cloned().collect(), missed: kept.missed })
    }

    fn end(&self, school: SchoolId, person: PersonId) {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).remove(&(school, person));
    }
}

/// Keeps what is seen until the look is over, then forgets it.
async fn collect(mut watching: Watching, school: SchoolId, kept: Arc<Mutex<Kept>>, lasts: Duration) {
    let note = |next| kept.lock().unwrap_or_else(PoisonError::into_inner).note(next);
    let _ = tokio::time::timeout(lasts, async {
        while let Some(next) = watching.next(school).await {
            note(next);
        }
    })
    .await;
    *kept.lock().unwrap_or_else(PoisonError::into_inner) = Kept::default();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tail::tests::record;
    use belisha_activity::ActivityRecord;
    use belisha_records::Identifier;

    fn school(number: u8) -> SchoolId {
        SchoolId::make(1, [number; 10])
    }

    fn person(number: u8) -> PersonId {
        PersonId::make(1, [number; 10])
    }

    fn visit(host: &str, action: &str) -> ActivityRecord {
        ActivityRecord { action: action.into(), ..record(host, "category") }
    }

    fn minute(number: i64) -> Timestamp {
        Timestamp::from_second(number * 60).unwrap()
    }

    /// The hosts a look shows, once everything that was sent has come to it.
    async fn hosts(looks: &Looks, who: PersonId, now: Timestamp, closed_only: bool) -> Option<Vec<String>> {
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        let look = looks.seen(school(1), who, now, closed_only)?;
        Some(look.visits.into_iter().map(|visit| visit.host).collect())
    }

    #[tokio::test]
    async fn a_look_shows_what_comes_while_it_lasts_and_to_nobody_else() {
        let (live, lasts) = (Live::default(), SignedDuration::from_mins(10));
        let looks = Looks::new(live.clone());
        live.show(&visit("before.example", "allowed"));
        looks.begin(school(1), person(1), minute(0), lasts).unwrap();
        live.show(&visit("maths.example", "allowed"));
        live.show(&visit("games.example", "blocked"));
        live.show(&visit("chat.example", "asked"));
        live.show(&ActivityRecord { school: school(2), ..visit("elsewhere.example", "blocked") });
        live.show(&visit("www.childline.org.uk", "allowed"));
        live.show(&ActivityRecord { reason: "illegal".into(), ..visit("illegal-test.example", "blocked") });
        let seen = |hosts: &[&str]| Some(hosts.iter().map(|host| (*host).to_owned()).collect::<Vec<_>>());
        assert_eq!(
            hosts(&looks, person(1), minute(9), false).await,
            seen(&["chat.example", "games.example", "maths.example"])
        );
        assert_eq!(hosts(&looks, person(1), minute(9), true).await, seen(&["chat.example", "games.example"]));
        assert_eq!(hosts(&looks, person(2), minute(9), false).await, None, "who has not begun sees nothing");
        assert_eq!(looks.seen(school(2), person(1), minute(9), false), None, "nor at another school");
        assert_eq!(hosts(&looks, person(1), minute(10), false).await, None, "it is over");
        while live.is_watched() {
            // Nothing is kept any more, once the task that kept it has gone.
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn a_look_that_is_ended_or_begun_anew_shows_nothing_of_before() {
        let (live, lasts) = (Live::default(), SignedDuration::from_mins(10));
        let looks = Looks::new(live.clone());
        looks.begin(school(1), person(1), minute(0), lasts).unwrap();
        live.show(&visit("games.example", "blocked"));
        assert_eq!(hosts(&looks, person(1), minute(1), false).await.map(|hosts| hosts.len()), Some(1));
        looks.begin(school(1), person(1), minute(1), lasts).unwrap();
        assert_eq!(hosts(&looks, person(1), minute(10), false).await, Some(Vec::new()), "and lasts ten minutes again");
        looks.end(school(1), person(1));
        assert_eq!(hosts(&looks, person(1), minute(1), false).await, None);
    }

    #[tokio::test]
    async fn a_look_that_nobody_comes_back_to_forgets_by_itself() {
        let live = Live::default();
        let looks = Looks::new(live.clone());
        looks.begin(school(1), person(1), minute(0), SignedDuration::from_millis(1)).unwrap();
        live.show(&visit("games.example", "blocked"));
        while live.is_watched() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let open = looks.open.lock().unwrap();
        let kept = open.values().next().unwrap().kept.lock().unwrap();
        assert!(kept.all.is_empty() && kept.closed.is_empty());
    }

    #[tokio::test]
    async fn memory_has_an_end_however_much_comes_and_however_many_look() {
        let (live, lasts) = (Live::default(), SignedDuration::from_mins(10));
        let looks = Looks::new(live.clone());
        for number in 0..LOOKS {
            looks.begin(school(1), person(u8::try_from(number).unwrap()), minute(0), lasts).unwrap();
        }
        assert!(looks.begin(school(1), person(200), minute(0), lasts).unwrap_err().contains("too many"));
        assert!(looks.begin(school(1), person(0), minute(1), lasts).is_ok(), "who looks already may begin anew");
        assert!(looks.begin(school(1), person(200), minute(11), lasts).is_ok(), "those that are over make room");
        for number in 0..WAITS {
            live.show(&visit(&format!("host{number}.example"), "blocked"));
        }
        let seen = hosts(&looks, person(200), minute(11), false).await.unwrap();
        assert_eq!((seen.len(), seen[0].as_str()), (KEPT, format!("host{}.example", WAITS - 1).as_str()));
        let missed = looks.seen(school(1), person(200), minute(11), false).unwrap().missed;
        assert!(missed > 0, "more came at once than wait for anybody, and the page says so");
    }

    /// More than wait for somebody who reads slowly.
    const WAITS: usize = crate::tail::WAITING + 500;
}
