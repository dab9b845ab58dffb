//! One question to other servers for many that ask it at the same time. Two questions for one name would also double a
//! forger's chance (RFC 5452 section 5). What failed is not asked again within a second (RFC 9520).

use super::cache::Key;
use hickory_proto::op::Message;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;

/// No server answered, or too many questions wait for one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Unanswered;

/// What came of a question.
pub(crate) type Outcome = Result<Arc<Message>, Unanswered>;

/// A failure is remembered so long.
const FAILED_FOR: Duration = Duration::from_secs(1);
/// Most failures remembered.
const MOST_FAILED: usize = 4096;

/// Questions on their way, and those that just failed.
#[derive(Default)]
pub(crate) struct Asking {
    running: Mutex<HashMap<Key, watch::Receiver<Option<Outcome>>>>,
    failed: Mutex<HashMap<Key, Instant>>,
}

/// The one that asks for all. If it is dropped (its client went away), another of those who wait takes its place.
struct Lead<'a> {
    asking: &'a Asking,
    key: &'a Key,
    tell: watch::Sender<Option<Outcome>>,
}

impl Drop for Lead<'_> {
    fn drop(&mut self) {
        self.asking.running.lock().unwrap_or_else(PoisonError::into_inner).remove(self.key);
    }
}

impl Asking {
    /// Asks, or waits for whoever asks the same.
    pub(crate) async fn once(&self, key: &Key, ask: impl Future<Output = Outcome>) -> Outcome {
        if self.just_failed(key, Instant::now()) {
            return Err(Unanswered);
        }
        loop {
            match self.turn(key) {
                Ok(lead) => {
                    let outcome = ask.await;
                    if outcome.is_err() {
                        self.remember_failure(key, Instant::now());
                    }
                    lead.tell.send_replace(Some(outcome.clone()));
                    return outcome;
                }
                Err(mut told) => {
                    if let Ok(outcome) = told.wait_for(Option::is_some).await
                        && let Some(outcome) = outcome.clone()
                    {
                        return outcome;
                    }
                }
            }
        }
    }

    fn turn<'a>(&'a self, key: &'a Key) -> Result<Lead<'a>, watch::Receiver<Option<Outcome>>> {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(told) = running.get(key) {
            return Err(told.clone());
        }
        let (tell, told) = watch::channel(None);
        running.insert(key.clone(), told);
        Ok(Lead { asking: self, key, tell })
    }

    fn just_failed(&self, key: &Key, now: Instant) -> bool {
        let failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        !failed.is_empty() && failed.get(key).is_some_and(|until| now < *until)
    }

    fn remember_failure(&self, key: &Key, now: Instant) {
        let mut failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        if failed.len() >= MOST_FAILED {
            failed.retain(|_, until| now < *until);
        }
        if failed.len() < MOST_FAILED {
            failed.insert(key.clone(), now + FAILED_FOR);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hickory_proto::op::{MessageType, OpCode};
    use hickory_proto::rr::RecordType;
    use std::sync::atomic::{AtomicUsize, Ordering};

    fn key() -> Key {
        Key { host: "site.example".into(), kind: RecordType::A, dnssec_ok: false, checking_disabled: false }
    }

    fn answered() -> Outcome {
        Ok(Arc::new(Message::new(1, MessageType::Response, OpCode::Query)))
    }

    #[tokio::test]
    async fn many_wait_for_one_question_and_a_lost_leader_is_replaced() {
        let (asking, asked) = (Arc::new(Asking::default()), Arc::new(AtomicUsize::new(0)));
        let start = |answers: bool| {
            let (asking, asked) = (Arc::clone(&asking), Arc::clone(&asked));
            tokio::spawn(async move {
                let ask = async {
                    asked.fetch_add(1, Ordering::SeqCst);
                    if !answers {
                        std::future::pending::<()>().await;
                    }
                    tokio::task::yield_now().await;
                    answered()
                };
                asking.once(&key(), ask).await.is_ok()
            })
        };
        let lost = start(false);
        tokio::task::yield_now().await;
        let others: Vec<_> = (0..10).map(|_| start(true)).collect();
        tokio::task::yield_now().await;
        assert_eq!(asked.load(Ordering::SeqCst), 1, "nobody but the first asks");
        lost.abort();
        for other in others {
            assert!(other.await.unwrap());
        }
        assert_eq!(asked.load(Ordering::SeqCst), 2, "one took over for all");
    }

    #[test]
    fn a_failure_holds_for_a_second() {
        let (asking, now) = (Asking::default(), Instant::now());
        asking.remember_failure(&key(), now);
        assert!(asking.just_failed(&key(), now + Duration::from_millis(900)), "not asked again");
        assert!(!asking.just_failed(&key(), now + Duration::from_millis(1100)));
    }

    #[tokio::test]
    async fn who_asks_again_after_a_failure_gets_it_at_once() {
        let asking = Asking::default();
        assert!(asking.once(&key(), async { Err(Unanswered) }).await.is_err());
        assert!(asking.once(&key(), async { answered() }).await.is_err());
    }
}
