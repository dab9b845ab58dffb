//! What a gateway saw, on its way to the server by a spool on disk. An observation counts as acknowledged once its batch is in the
//! spool and on the disk; from then on only the server's word removes it. While the disk takes nothing, batches wait in memory.
//! The spool is one process' at a time: one that was relieved passes what it sees afterwards, from connections that end, to the
//! process that has the spool then.

use super::connection::{Connection, Patience, Trouble};
use super::ownership::Ownership;
use crate::clock::fill_with_random_bytes;
use crate::lists::hexadecimal;
use crate::network::record;
use belisha_activity::{ActivityRecord, BATCH, LONGEST_WAIT};
use belisha_gateway::{Observation, Spool, Waiting};
use std::fs::DirBuilder;
use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::fs::DirBuilderExt;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, timeout_at};

/// How often the disk is tried again while it takes nothing.
const TRY_THE_DISK: Duration = Duration::from_secs(1);

/// How long a batch that is being sent may take before the spool is handed over all the same. Then it is sent again, and the
/// server knows its name.
const FINISH_SENDING: Duration = Duration::from_secs(10);

/// The spool, between who fills it and who sends.
pub struct Outbox {
    kept: Mutex<Kept>,
    /// Told when there is something to send, when something was sent, and when nothing more is.
    changed: Condvar,
}

/// Whose the spool is.
enum Owner {
    /// This process'.
    Us,
    /// This process', which is to begin nothing new.
    UsForNow,
    /// Another one's, which is told what this one still sees; `None`: it ended.
    Another(Option<UnixStream>),
}

struct Kept {
    owner: Owner,
    /// Whether a batch is on its way.
    sending: bool,
    spool: Spool,
    /// Batches that the server will never take. They are kept apart, for whoever looks into it.
    refused: Spool,
    refused_count: u64,
    /// Whether the disk took the last batch.
    disk_takes: bool,
}

impl Outbox {
    /// Opens the spool in a folder, which must be this process'. `limit`: the most bytes it may take.
    ///
    /// # Errors
    /// When the folder cannot be used.
    pub fn open(folder: &Path, limit: u64) -> io::Result<Arc<Self>> {
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        let spool = Spool::open(&folder.join("waiting"), limit)?;
        let refused = Spool::open(&folder.join("refused"), limit / 16)?;
        let (owner, sending) = (Owner::Us, false);
        let kept = Mutex::new(Kept { owner, sending, spool, refused, refused_count: 0, disk_takes: true });
        Ok(Arc::new(Self { kept, changed: Condvar::new() }))
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
        self.changed.notify_all();
    }

    /// Brings to the disk what waits in memory.
    fn write_down(&self) {
        self.kept().write_down();
    }

    fn waits_in_memory(&self) -> bool {
        self.kept().spool.backlog().in_memory > 0
    }

    /// Lets another process have the spool: sends nothing more, gives up the folder, and passes on what is seen from here on and
    /// what the disk did not take. `yours` tells the other process.
    pub fn hand_over(&self, ownership: &Ownership, yours: impl FnOnce() -> io::Result<UnixStream>) {
        let mut kept = self.kept();
        kept.owner = Owner::UsForNow;
        self.changed.notify_all();
        let waited = self.changed.wait_timeout_while(kept, FINISH_SENDING, |kept| kept.sending);
        (kept, _) = waited.unwrap_or_else(PoisonError::into_inner);
        kept.write_down();
        ownership.give_up();
        let successor = yours();
        if let Err(error) = &successor {
            tracing::error!("the process that took over ended before it knew everything: {error}");
        }
        kept.owner = Owner::Another(successor.ok());
        for batch in kept.spool.take_from_memory() {
            kept.pass_on(&batch);
        }
    }

    /// Keeps what the process before this one still sees, until it ends.
    pub fn keep_from(&self, predecessor: UnixStream) {
        let mut lines = BufReader::new(predecessor);
        loop {
            let mut batch = Vec::new();
            // Its name and itself, each with the end of its line; less is a batch that was cut short.
            for _ in 0..2 {
                if !lines.read_until(b'\n', &mut batch).is_ok_and(|read| read > 0) || batch.last() != Some(&b'\n') {
                    return;
                }
            }
            batch.pop();
            self.kept().keep(batch);
            self.changed.notify_all();
        }
    }

    /// The process ends: what waits in memory is written if the disk takes it now, and else said to be lost.
    pub fn end(&self) {
        let mut kept = self.kept();
        if matches!(kept.owner, Owner::Another(_)) {
            return;
        }
        kept.write_down();
        let lost = kept.spool.backlog().in_memory;
        if lost > 0 {
            tracing::error!(batches = lost, "the disk takes nothing, so what waited in memory is lost");
        }
    }

    /// Waits for a batch to send; `None` once the spool is to be another process'.
    fn next(&self) -> io::Result<Option<Waiting>> {
        let mut kept = self.kept();
        loop {
            if !matches!(kept.owner, Owner::Us) {
                return Ok(None);
            }
            if let Some(waiting) = kept.spool.oldest()? {
                kept.sending = true;
                return Ok(Some(waiting));
            }
            kept = self.changed.wait(kept).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Sends what waits, oldest first, until the process ends or another one has the spool.
    pub fn send_all(&self, connection: &Connection) {
        let mut patience = Patience::default();
        loop {
            let next = self.next().map_err(|error| Trouble::Away(format!("its own spool cannot be read: {error}")));
            let done = match next {
                Ok(None) => return,
                Ok(Some(waiting)) => self.send(connection, &waiting),
                Err(trouble) => Err(trouble),
            };
            self.kept().sending = false;
            self.changed.notify_all();
            match done {
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
        let sent = connection.post(&format!("/gateway/observations/{name}"), parts.next().unwrap_or_default());
        let mut kept = self.kept();
        if matches!(kept.owner, Owner::Another(_)) {
            return Ok(());
        }
        match sent {
            Ok(()) => {}
            Err(Trouble::Refused(words)) => {
                kept.refused.append(&waiting.content).map_err(cannot)?;
                kept.refused_count += 1;
                tracing::error!(
                    "the server will never take a batch of what this gateway saw ({words}); it was put into `spool/refused`"
                );
            }
            Err(trouble) => return Err(trouble),
        }
        kept.spool.sent(waiting).map_err(cannot)
    }
}

impl Kept {
    fn keep(&mut self, batch: Vec<u8>) {
        if matches!(self.owner, Owner::Another(_)) {
            return self.pass_on(&batch);
        }
        let kept = self.spool.keep(batch);
        match kept.refused {
            Some(error) => self.disk_refuses(&error, kept.lost),
            None => self.disk_takes(kept.lost),
        }
    }

    /// Tells the process that has the spool now of a batch.
    fn pass_on(&mut self, batch: &[u8]) {
        let Owner::Another(successor) = &mut self.owner else { return };
        let told = successor.as_mut().map(|stream| stream.write_all(&[batch, b"\n"].concat()));
        if !matches!(told, Some(Ok(()))) {
            *successor = None;
            tracing::error!("a batch of what this gateway saw is lost: the process that took over is gone");
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

/// Gathers observations into batches and brings each to the disk, until all that the gateway saw before `gone` is kept.
pub async fn spool(mut seen: mpsc::Receiver<Observation>, outbox: Arc<Outbox>, mut gone: oneshot::Receiver<()>) {
    let mut batch = Vec::new();
    loop {
        tokio::select! {
            read = seen.recv_many(&mut batch, BATCH) => if read == 0 { return },
            // Parts of the gateway may live on and hold the queue open; what is in it is still read.
            _ = &mut gone, if !seen.is_closed() => {
                seen.close();
                continue;
            }
            () = tokio::time::sleep(TRY_THE_DISK) => {
                if outbox.waits_in_memory() {
                    let outbox = Arc::clone(&outbox);
                    let _ = tokio::task::spawn_blocking(move || outbox.write_down()).await;
                }
                continue;
            }
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn all(outbox: &Outbox) -> Vec<Vec<u8>> {
        let mut kept = outbox.kept();
        let mut found = Vec::new();
        while let Some(waiting) = kept.spool.oldest().unwrap() {
            kept.spool.sent(&waiting).unwrap();
            found.push(waiting.content);
        }
        found
    }

    #[test]
    fn a_relieved_process_leaves_its_spool_and_passes_on_what_it_sees_afterwards() {
        let folder = tempfile::tempdir().unwrap();
        let open = || Outbox::open(&folder.path().join("spool"), 1 << 20).unwrap();
        let (ownership, old) = (Ownership::take(folder.path()).unwrap(), open());
        old.keep(&[]);
        let (theirs, ours) = UnixStream::pair().unwrap();
        old.hand_over(&ownership, || {
            assert!(!ownership.holds(), "nobody is told of a folder that is not given up");
            Ok(theirs)
        });
        assert!(old.next().unwrap().is_none(), "it sends nothing more");
        let (_ownership, new) = (Ownership::take(folder.path()).unwrap(), open());
        old.keep(&[]);
        old.keep(&[]);
        old.end();
        drop(old);
        new.keep_from(ours);
        let batches = all(&new);
        let names: BTreeSet<&[u8]> =
            batches.iter().map(|batch| batch.split(|byte| *byte == b'\n').next().unwrap()).collect();
        assert_eq!((batches.len(), names.len()), (3, 3), "each under a name of its own");
        assert!(batches.iter().all(|batch| batch.ends_with(b"\n[]")));
    }

    #[test]
    fn a_batch_that_is_cut_short_on_its_way_is_not_kept() {
        let folder = tempfile::tempdir().unwrap();
        let outbox = Outbox::open(folder.path(), 1 << 20).unwrap();
        let (mut theirs, ours) = UnixStream::pair().unwrap();
        theirs.write_all(b"one\n[]\ntwo\n[{").unwrap();
        drop(theirs);
        outbox.keep_from(ours);
        assert_eq!(all(&outbox), [b"one\n[]".to_vec()]);
    }
}
