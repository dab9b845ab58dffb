//! What a gateway saw, on its way to the server by a spool on disk. An observation counts as acknowledged once its batch is in the
//! spool and on the disk; from then on only the server's word removes it. While the disk takes nothing, batches wait in memory.

use super::connection::{Connection, Patience, Trouble};
use crate::clock::fill_with_random_bytes;
use crate::lists::hexadecimal;
use crate::network::record;
use belisha_activity::{ActivityRecord, BATCH, LONGEST_WAIT};
use belisha_gateway::{Observation, Spool, Waiting};
use std::fs::{DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout, timeout_at};

/// How often the disk is tried again while it takes nothing.
const TRY_THE_DISK: Duration = Duration::from_secs(1);

/// The spool, between who fills it and who sends.
pub struct Outbox {
    /// Held as long as this process uses the spool: two would remove each other's files.
    _lock: File,
    kept: Mutex<Kept>,
    filled: Condvar,
}

struct Kept {
    spool: Spool,
    /// Batches that the server will never take. They are kept apart, for whoever looks into it.
    refused: Spool,
    refused_count: u64,
    /// Whether the disk took the last batch.
    disk_takes: bool,
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
        let kept = Mutex::new(Kept { spool, refused, refused_count: 0, disk_takes: true });
        Ok(Arc::new(Self { _lock: lock, kept, filled: Condvar::new() }))
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Brings a batch to the disk, or keeps it in memory while the disk takes nothing.
    fn keep(&self, records: &[ActivityRecord]) {
        let mut name = [0; 16];
        fill_with_random_bytes(&mut name);
        match serde_json::to_vec(records) {
            Ok(json) => self.kept().keep([hexadecimal(&name).as_bytes(), b"\n", &json].concat()),
            Err(error) => tracing::error!("a batch of what this gateway saw cannot be written down: {error}"),
        }
        self.filled.notify_all();
    }

    /// Brings to the disk what waits in memory.
    fn write_down(&self) {
        self.kept().write_down();
    }

    fn waits_in_memory(&self) -> bool {
        self.kept().spool.backlog().in_memory > 0
    }

    /// The process ends: what waits in memory is written if the disk takes it now, and else said to be lost.
    pub fn end(&self) {
        let mut kept = self.kept();
        kept.write_down();
        let lost = kept.spool.backlog().in_memory;
        if lost > 0 {
            tracing::error!(batches = lost, "the disk takes nothing, so what waited in memory is lost");
        }
    }

    /// Waits for a batch to send.
    fn next(&self) -> io::Result<Waiting> {
        let mut kept = self.kept();
        loop {
            if let Some(waiting) = kept.spool.oldest()? {
                return Ok(waiting);
            }
            kept = self.filled.wait(kept).unwrap_or_else(PoisonError::into_inner);
        }
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
                        tracing::warn!("what this gateway saw waits here: {trouble}");
                    }
                }
            }
        }
    }

    /// What waits and what was lost. It names nobody.
    pub fn figures(&self) -> [(&'static str, u64); 7] {
        let kept = self.kept();
        let backlog = kept.spool.backlog();
        [
            ("spool_records", backlog.records),
            ("spool_bytes", backlog.bytes),
            ("spool_in_memory", backlog.in_memory),
            ("spool_in_memory_bytes", backlog.in_memory_bytes),
            ("spool_lost", backlog.lost),
            ("spool_damaged", backlog.damaged),
            ("spool_refused", kept.refused_count),
        ]
    }

    fn send(&self, connection: &Connection, waiting: &Waiting) -> Result<(), Trouble> {
        let cannot = |error: io::Error| Trouble::Away(format!("its own spool cannot be written: {error}"));
        let mut parts = waiting.content.splitn(2, |byte| *byte == b'\n');
        let name = parts.next().and_then(|name| std::str::from_utf8(name).ok()).unwrap_or_default();
        match connection.post(&format!("/gateway/observations/{name}"), parts.next().unwrap_or_default()) {
            Ok(()) => {}
            Err(Trouble::Refused(words)) => {
                let mut kept = self.kept();
                kept.refused.append(&waiting.content).map_err(cannot)?;
                kept.refused_count += 1;
                tracing::error!(
                    "the server will never take a batch of what this gateway saw ({words}); it was put into `spool/refused`"
                );
            }
            Err(trouble) => return Err(trouble),
        }
        self.kept().spool.sent(waiting).map_err(cannot)
    }
}

impl Kept {
    fn keep(&mut self, batch: Vec<u8>) {
        let kept = self.spool.keep(batch);
        match kept.refused {
            Some(error) => self.disk_refuses(&error, kept.lost),
            None => self.disk_takes(kept.lost),
        }
    }

    fn write_down(&mut self) {
        match self.spool.write_down() {
            Ok(lost) => self.disk_takes(lost),
            Err(error) => self.disk_refuses(&error, 0),
        }
    }

    /// Said once, and each time something is lost.
    fn disk_refuses(&mut self, error: &io::Error, lost: u64) {
        if std::mem::replace(&mut self.disk_takes, false) {
            tracing::error!(%error, "what this gateway sees cannot be written to disk and waits in memory; free some space");
        }
        if lost > 0 {
            tracing::error!(batches = lost, %error, "the disk takes nothing and memory is full, so the oldest of what waited there went; free some space");
        }
    }

    fn disk_takes(&mut self, lost: u64) {
        if !std::mem::replace(&mut self.disk_takes, true) {
            tracing::info!("what this gateway sees is written to disk again, with what waited in memory");
        }
        if lost > 0 {
            tracing::error!(
                batches = lost,
                "the spool is full, so the oldest of what this gateway saw went; see why the server cannot be reached"
            );
        }
    }
}

/// Gathers observations into batches and brings each to the disk, until the gateway has gone and all it saw is kept.
pub async fn spool(mut seen: mpsc::Receiver<Observation>, outbox: Arc<Outbox>) {
    let mut batch = Vec::new();
    loop {
        match timeout(TRY_THE_DISK, seen.recv_many(&mut batch, BATCH)).await {
            Ok(0) => return,
            Ok(_) => {}
            Err(_) if outbox.waits_in_memory() => {
                let outbox = Arc::clone(&outbox);
                let _ = tokio::task::spawn_blocking(move || outbox.write_down()).await;
                continue;
            }
            Err(_) => continue,
        }
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
