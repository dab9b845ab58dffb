//! Questions on their way, and the answers that come for them. One socket carries many; an answer belongs to a question if
//! its id and its question are the same (RFC 5452 section 9).

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::Notify;

/// Length of a DNS header.
const HEADER: usize = 12;
/// Length of what follows the name in a question: type and class.
const AFTER_NAME: usize = 4;
/// Most packets kept for one question: the true answer, and what a forger who guessed everything sends beside it.
const MOST: usize = 4;

/// A packet that answers a question, as far as id and question tell.
#[derive(Debug)]
pub(super) struct Arrived {
    pub(super) bytes: Vec<u8>,
    /// The question came back with capital and small letters as we wrote it.
    pub(super) case_kept: bool,
}

/// One question on its way.
struct Waiter {
    /// Name, type and class as they stand in the packet.
    question: Box<[u8]>,
    arrived: Mutex<Vec<io::Result<Arrived>>>,
    wake: Notify,
}

impl Waiter {
    fn push(&self, arrived: io::Result<Arrived>) {
        let mut kept = self.arrived.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() < MOST {
            kept.push(arrived);
        }
        drop(kept);
        self.wake.notify_one();
    }
}

/// The questions one socket carries, by id.
#[derive(Default)]
pub(super) struct Waiting(Mutex<HashMap<u16, Arc<Waiter>>>);

/// A place among them; given up when dropped.
pub(super) struct Place {
    waiting: Arc<Waiting>,
    waiter: Arc<Waiter>,
    pub(super) id: u16,
}

impl Waiting {
    /// A place for the question of a packet, under the first free id from `id`. `None` if the socket is full.
    pub(super) fn place(self: &Arc<Self>, mut id: u16, question: &[u8], most: usize) -> Option<Place> {
        let waiter = Arc::new(Waiter { question: question.into(), arrived: Mutex::default(), wake: Notify::new() });
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.len() >= most {
            return None;
        }
        loop {
            if let Entry::Vacant(free) = waiting.entry(id) {
                free.insert(Arc::clone(&waiter));
                return Some(Place { waiting: Arc::clone(self), waiter, id });
            }
            id = id.wrapping_add(1);
        }
    }

    /// How many questions wait.
    pub(super) fn len(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Brings a packet to the question it answers. `false`: it answers none.
    pub(super) fn bring(&self, packet: &[u8]) -> bool {
        let Some((header, body)) = packet.split_first_chunk::<HEADER>() else { return false };
        let [id_high, id_low, flags, _, 0, 1, ..] = header else { return false };
        if flags & 0x80 == 0 {
            return false;
        }
        let id = u16::from_be_bytes([*id_high, *id_low]);
        let waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(waiter) = waiting.get(&id) else { return false };
        let Some(case_kept) = same_question(&waiter.question, body) else { return false };
        let waiter = Arc::clone(waiter);
        drop(waiting);
        let mut bytes = packet.to_vec();
        // The rest of the packet points to this name; what we did to its letters is between the server and us.
        if let Some(name) = bytes.get_mut(HEADER..HEADER + waiter.question.len() - AFTER_NAME) {
            name.make_ascii_lowercase();
        }
        waiter.push(Ok(Arrived { bytes, case_kept }));
        true
    }

    /// Tells every question that no answer will come this way.
    pub(super) fn fail(&self, kind: io::ErrorKind) {
        let waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for waiter in waiting.values() {
            waiter.push(Err(kind.into()));
        }
    }
}

/// Whether a packet's body begins with a question; and if it does, whether its letters are as they were sent. A server
/// writes the question first, so its name is never compressed.
fn same_question(question: &[u8], body: &[u8]) -> Option<bool> {
    let (name, type_and_class) = question.split_last_chunk::<AFTER_NAME>()?;
    let (got, rest) = body.split_at_checked(name.len())?;
    (got.eq_ignore_ascii_case(name) && rest.starts_with(type_and_class)).then(|| got == name)
}

impl Place {
    /// The next packet that answers this question.
    pub(super) async fn arrived(&self) -> io::Result<Arrived> {
        loop {
            let first = {
                let mut kept = self.waiter.arrived.lock().unwrap_or_else(PoisonError::into_inner);
                if kept.is_empty() { None } else { Some(kept.remove(0)) }
            };
            match first {
                Some(arrived) => return arrived,
                None => self.waiter.wake.notified().await,
            }
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.waiting.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const QUESTION: &[u8] = b"\x04GaMe\x07example\0\0\x41\0\x01";

    fn answer(id: u16, question: &[u8]) -> Vec<u8> {
        [&id.to_be_bytes()[..], &[0x80, 0, 0, 1, 0, 0, 0, 0, 0, 0], question].concat()
    }

    #[tokio::test]
    async fn an_answer_needs_the_id_the_name_the_type_and_the_class() {
        let waiting = Arc::new(Waiting::default());
        let place = waiting.place(7, QUESTION, 10).unwrap();
        assert!(!waiting.bring(&answer(8, QUESTION)), "another id");
        assert!(!waiting.bring(&answer(7, b"\x04GaMe\x07example\0\0\x61\0\x01")), "type 97 is not type 65");
        assert!(!waiting.bring(&answer(7, b"\x04GaMf\x07example\0\0\x41\0\x01")), "another name");
        let mut question = answer(7, QUESTION);
        question[2] = 0;
        assert!(!waiting.bring(&question), "a question is no answer");
        assert!(waiting.bring(&answer(7, b"\x04game\x07example\0\0\x41\0\x01")));
        assert!(waiting.bring(&answer(7, QUESTION)));
        assert!(!place.arrived().await.unwrap().case_kept && place.arrived().await.unwrap().case_kept);
        drop(place);
        assert!(!waiting.bring(&answer(7, QUESTION)), "nobody waits any more");
    }

    #[tokio::test]
    async fn two_questions_never_share_an_id_and_a_full_socket_says_so() {
        let waiting = Arc::new(Waiting::default());
        let first = waiting.place(u16::MAX, QUESTION, 2).unwrap();
        let second = waiting.place(u16::MAX, QUESTION, 2).unwrap();
        assert_eq!((first.id, second.id), (u16::MAX, 0));
        assert!(waiting.place(1, QUESTION, 2).is_none());
        waiting.fail(io::ErrorKind::ConnectionRefused);
        assert!(first.arrived().await.is_err() && second.arrived().await.is_err());
    }

    proptest! {
        #[test]
        fn arbitrary_packets_answer_nothing(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            let waiting = Arc::new(Waiting::default());
            let _place = waiting.place(7, QUESTION, 1).unwrap();
            prop_assert!(!waiting.bring(&bytes) || bytes.len() >= HEADER + QUESTION.len());
        }
    }
}
