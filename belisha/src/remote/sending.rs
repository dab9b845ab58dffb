//! What a gateway brings out: observations by way of a spool on disk, pages that were closed, and word that it is there. An observation
//! counts as acknowledged once its batch is in the spool and on the disk; from then on only the server's word removes it.

use super::connection::{Connection, Patience, Trouble};
use super::following::Held;
use super::messages::{ClosedPage, Heartbeat};
use crate::clock::fill_with_random_bytes;
use crate::lists::hexadecimal;
use crate::network::record;
use belisha_activity::{ActivityRecord, BATCH, LONGEST_WAIT};
use belisha_gateway::{BlockBook, Metrics, Observation, Outcome, Spool, Waiting};
use std::fs::{DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};

/// How often a gateway says that it is there.
const HEARTBEAT: Duration = Duration::from_secs(60);
/// Of the heartbeats before there are rules, how many follow soon after each other.
const FIRST_BEATS: u64 = 10;
/// How often pages that were closed are looked for: the person in front of one reads it first.
const CLOSED_PAGES: Duration = Duration::from_millis(300);
/// Most closed pages sent at a time.
const CLOSED_AT_A_TIME: usize = 256;

/// The spool, between who fills it and who sends.
pub struct Outbox {
    /// Held as long as this process uses the spool: two would remove each other's files.
    _lock: File,
    spool: Mutex<Spool>,
    filled: Condvar,
    /// Batches that the server will never take. They are kept apart, for whoever looks into it.
    refused: Mutex<Spool>,
    /// Batches that neither disk nor server took, and that are therefore lost.
    unwritten: AtomicU64,
    refused_count: AtomicU64,
}

impl Outbox {
    /// Opens the spool in a folder. `limit`: the most bytes it may take.
    ///
    /// # Errors
    /// When the folder cannot be used.
    pub fn open(folder: &Path, limit: u64) -> io::Result<Arc<Self>> {
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        let lock = File::create(folder.join("lock"))?;
        if lock.try_lock().is_err() {
            return Err(io::Error::other(
                "another gateway works in this data folder; stop it, or give this one a folder of its own",
            ));
        }
        let spool = Spool::open(&folder.join("waiting"), limit)?;
        let refused = Spool::open(&folder.join("refused"), limit / 16)?;
        Ok(Arc::new(Self {
            _lock: lock,
            spool: Mutex::new(spool),
            filled: Condvar::new(),
            refused: Mutex::new(refused),
            unwritten: AtomicU64::new(0),
            refused_count: AtomicU64::new(0),
        }))
    }

    /// Brings a batch to the disk.
    fn keep(&self, records: &[ActivityRecord]) {
        let mut spool = self.spool.lock().unwrap_or_else(PoisonError::into_inner);
        let mut name = [0; 16];
        fill_with_random_bytes(&mut name);
        let kept = serde_json::to_vec(records)
            .map_err(io::Error::from)
            .and_then(|json| spool.append(&[hexadecimal(&name).as_bytes(), b"\n", &json].concat()));
        match kept {
            Ok(0) => {}
            Ok(lost) => {
                tracing::error!(
                    batches = lost,
                    "the spool is full, so the oldest of what this gateway saw went; see why the server cannot be reached"
                );
            }
            Err(error) => {
                self.unwritten.fetch_add(1, Ordering::Relaxed);
                tracing::error!(records = records.len(), %error, "what this gateway saw cannot be written to disk and is lost; free some space");
            }
        }
        self.filled.notify_all();
    }

    /// Waits for a batch to send.
    fn next(&self) -> io::Result<Waiting> {
        let mut spool = self.spool.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(waiting) = spool.oldest()? {
                return Ok(waiting);
            }
            spool = self.filled.wait(spool).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn sent(&self, waiting: &Waiting) -> io::Result<()> {
        self.spool.lock().unwrap_or_else(PoisonError::into_inner).sent(waiting)
    }

    /// Sends what waits, oldest first, until the process ends.
    pub fn send_all(&self, connection: &Connection) {
        let mut patience = Patience::default();
        loop {
            let done = self.next().map_err(|error| Trouble::Away(format!("its own spool cannot be read: {error}")));
            match done.and_then(|waiting| self.send(connection, &waiting)) {
                Ok(()) => patience.regain(),
                Err(trouble) => {
                    if patience.lose() && !matches!(trouble, Trouble::TurnedAway(_)) {
                        tracing::warn!("what this gateway saw waits on its disk: {trouble}");
                    }
                }
            }
        }
    }

    /// What waits and what was lost. It names nobody.
    pub fn figures(&self) -> [(&'static str, u64); 5] {
        let backlog = self.spool.lock().unwrap_or_else(PoisonError::into_inner).backlog();
        [
            ("spool_records", backlog.records),
            ("spool_bytes", backlog.bytes),
            ("spool_lost", backlog.lost + self.unwritten.load(Ordering::Relaxed)),
            ("spool_damaged", backlog.damaged),
            ("spool_refused", self.refused_count.load(Ordering::Relaxed)),
        ]
    }

    fn send(&self, connection: &Connection, waiting: &Waiting) -> Result<(), Trouble> {
        let cannot = |error: io::Error| Trouble::Away(format!("its own spool cannot be written: {error}"));
        let mut parts = waiting.content.splitn(2, |byte| *byte == b'\n');
        let name = parts.next().and_then(|name| std::str::from_utf8(name).ok()).unwrap_or_default();
        match connection.post(&format!("/gateway/observations/{name}"), parts.next().unwrap_or_default()) {
            Ok(()) => {}
            Err(Trouble::Refused(words)) => {
                self.refused_count.fetch_add(1, Ordering::Relaxed);
                tracing::error!(
                    "the server will never take a batch of what this gateway saw ({words}); it was put into `spool/refused`"
                );
                self.refused.lock().unwrap_or_else(PoisonError::into_inner).append(&waiting.content).map_err(cannot)?;
            }
            Err(trouble) => return Err(trouble),
        }
        self.sent(waiting).map_err(cannot)
    }
}

/// Gathers observations into batches and brings each to the disk, until the gateway has gone and all it saw is kept.
pub async fn spool(mut seen: mpsc::Receiver<Observation>, outbox: Arc<Outbox>) {
    let mut batch = Vec::new();
    while seen.recv_many(&mut batch, BATCH).await > 0 {
        let deadline = Instant::now() + LONGEST_WAIT;
        while batch.len() < BATCH {
            let room = BATCH - batch.len();
            match timeout_at(deadline, seen.recv_many(&mut batch, room)).await {
                Ok(read) if read > 0 => {}
                _ => break,
            }
        }
        let records: Vec<ActivityRecord> = batch.drain(..).filter_map(|seen| record(seen).permitted()).collect();
        if records.is_empty() {
            continue;
        }
        let outbox = Arc::clone(&outbox);
        // Bringing bytes to a disk takes milliseconds, and nothing else may wait for it.
        let _ = tokio::task::spawn_blocking(move || outbox.keep(&records)).await;
    }
}

/// Tells the server of pages as they are closed, until the process ends.
pub fn send_closed_pages(connection: &Connection, blocks: &BlockBook) {
    let (mut known, mut patience) = (0, Patience::default());
    loop {
        std::thread::sleep(CLOSED_PAGES);
        let (count, new) = blocks.after(known, CLOSED_AT_A_TIME);
        let pages: Vec<ClosedPage> = new.into_iter().filter_map(closed_page).collect();
        if pages.is_empty() {
            known = count;
            continue;
        }
        match serde_json::to_vec(&pages).map(|body| connection.post("/gateway/blocks", &body)) {
            // Those that are refused would be again.
            Ok(Ok(()) | Err(Trouble::Refused(_))) | Err(_) => {
                known = count;
                patience.regain();
            }
            // Said where observations are sent.
            Ok(Err(_)) => {
                patience.lose();
            }
        }
    }
}

fn closed_page(block: belisha_gateway::Block) -> Option<ClosedPage> {
    Some(ClosedPage {
        may_warn: block.outcome == Outcome::Warned,
        id: block.id,
        host: block.host?,
        category: block.category,
        person: block.person,
    })
}

/// Says every minute that the gateway is there, until the process ends.
pub fn send_heartbeats(connection: &Connection, metrics: &Metrics, outbox: &Outbox, held: &Mutex<Held>) {
    for beat in 0_u64.. {
        let holding = held.lock().unwrap_or_else(PoisonError::into_inner).clone();
        // Whoever starts a gateway looks at the page, and should not wait a minute until it says which rules are held.
        let soon = holding.tag.is_none() && beat < FIRST_BEATS;
        let beat = Heartbeat {
            version: env!("CARGO_PKG_VERSION"),
            rules_tag: holding.tag,
            rules_made_at: holding.made_at,
            counters: metrics.all().into_iter().chain(outbox.figures()).collect(),
        };
        if let Ok(body) = serde_json::to_vec(&beat) {
            // A beat that does not arrive is no news; the next one follows.
            let _ = connection.post("/gateway/heartbeat", &body);
        }
        std::thread::sleep(if soon { Duration::from_secs(2) } else { HEARTBEAT });
    }
}
