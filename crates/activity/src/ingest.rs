//! Takes records from a queue and keeps them: batches into the database, or onto the disk while the database is away, to be
//! replayed when it is back. What one batch becomes in the database is in `keep`.

use crate::alerts::Recent;
use crate::keep::{Kept, keep};
use crate::record::ActivityRecord;
use crate::spill::{Batch, Spill};
use belisha_records::{Identifier, MessageId, SchoolId};
use belisha_store::{Entropy, Store, StoreError};
use jiff::Timestamp;
use std::collections::{BTreeMap, VecDeque};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};

/// The most records of a batch.
pub const BATCH: usize = 500;
/// The longest a record waits for its batch to fill.
pub const LONGEST_WAIT: Duration = Duration::from_millis(250);
/// How often a database that was away is tried again.
const TRY_AGAIN: Duration = Duration::from_secs(2);
/// Batches held in memory when the disk will not take them either; past them the oldest goes, and is counted.
const MOST_HELD: usize = 100;

/// Tells the time.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Counters that name nobody. All but `waiting` only grow.
#[derive(Debug, Default)]
pub struct IngestFigures {
    /// Records in the database.
    pub stored: AtomicU64,
    /// Records that may not be written down (helplines).
    pub withheld: AtomicU64,
    /// Alerts raised.
    pub alerts: AtomicU64,
    /// Records written to disk because the database was away.
    pub spilled: AtomicU64,
    /// Records lost, since neither the database nor the disk took them, or the database refused them for good.
    pub lost: AtomicU64,
    /// 1 while records wait on disk or in memory.
    pub waiting: AtomicU64,
}

impl IngestFigures {
    /// Every counter with its name, for a page or an exporter.
    pub fn all(&self) -> [(&'static str, u64); 6] {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        [
            ("activity_stored", read(&self.stored)),
            ("activity_withheld", read(&self.withheld)),
            ("activity_alerts", read(&self.alerts)),
            ("activity_spilled", read(&self.spilled)),
            ("activity_lost", read(&self.lost)),
            ("activity_waiting", read(&self.waiting)),
        ]
    }
}

/// The running task. Dropped, it keeps what is in the queue and ends; [`Ingest::drain`] also waits for that.
pub struct Ingest {
    task: JoinHandle<()>,
    stop: watch::Sender<bool>,
    figures: Arc<IngestFigures>,
}

impl Ingest {
    /// Starts taking records. `data` is the data folder, in which `activity.spill` appears while the database is away; what
    /// an earlier run left there is stored first. Records of any school of the store may come.
    pub fn spawn(
        store: Store,
        data: PathBuf,
        clock: Clock,
        entropy: Entropy,
        receiver: mpsc::Receiver<ActivityRecord>,
    ) -> Self {
        let (stop, stopped) = watch::channel(false);
        let figures = Arc::new(IngestFigures::default());
        let keeper = Keeper {
            store,
            clock,
            entropy,
            spill: Spill::open(&data, "activity.spill"),
            refused: Spill::open(&data, "activity.refused"),
            held: VecDeque::new(),
            recent: Recent::default(),
            figures: Arc::clone(&figures),
        };
        Self { task: tokio::spawn(take(keeper, receiver, stopped)), stop, figures }
    }

    /// The counters.
    pub fn figures(&self) -> &Arc<IngestFigures> {
        &self.figures
    }

    /// Closes the queue, keeps everything that is in it, and ends. When this returns, every record is in the database or on
    /// disk, or is counted as lost.
    pub async fn drain(self) {
        let _ = self.stop.send(true);
        let _ = self.task.await;
    }
}

async fn take(mut keeper: Keeper, mut receiver: mpsc::Receiver<ActivityRecord>, mut stopped: watch::Receiver<bool>) {
    keeper.replay().await;
    let mut stopping = false;
    loop {
        let mut records = Vec::new();
        tokio::select! {
            () = asked_to_stop(&mut stopped), if !stopping => {
                stopping = true;
                receiver.close();
                continue;
            }
            read = receiver.recv_many(&mut records, BATCH) => {
                if read == 0 {
                    break;
                }
            }
            () = tokio::time::sleep(TRY_AGAIN), if keeper.waits() => {
                keeper.replay().await;
                continue;
            }
        }
        fill(&mut records, &mut receiver).await;
        keeper.keep_all(records).await;
    }
    if keeper.waits() {
        keeper.replay().await;
    }
}

/// Ends when somebody asks to stop, or when nobody is left who could.
async fn asked_to_stop(stopped: &mut watch::Receiver<bool>) {
    let _ = stopped.wait_for(|stop| *stop).await;
}

/// Waits up to [`LONGEST_WAIT`] for a batch to fill.
async fn fill(records: &mut Vec<ActivityRecord>, receiver: &mut mpsc::Receiver<ActivityRecord>) {
    let deadline = Instant::now() + LONGEST_WAIT;
    while records.len() < BATCH {
        match timeout_at(deadline, receiver.recv_many(records, BATCH - records.len())).await {
            Ok(read) if read > 0 => {}
            _ => return,
        }
    }
}

/// Keeps batches in order: what is newer waits behind what is older.
struct Keeper {
    store: Store,
    clock: Clock,
    entropy: Entropy,
    spill: Spill,
    /// What the database will never take, kept for whoever looks into it.
    refused: Spill,
    held: VecDeque<Batch>,
    recent: Recent,
    figures: Arc<IngestFigures>,
}

impl Keeper {
    fn waits(&self) -> bool {
        !self.spill.is_empty() || !self.held.is_empty()
    }

    async fn keep_all(&mut self, records: Vec<ActivityRecord>) {
        let mut by_school: BTreeMap<SchoolId, Vec<ActivityRecord>> = BTreeMap::new();
        for record in records {
            match record.permitted() {
                Some(record) => by_school.entry(record.school).or_default().push(record),
                None => count(&self.figures.withheld, 1),
            }
        }
        for (_, records) in by_school {
            let batch = Batch { key: self.new_key(), records };
            if self.waits() {
                self.set_aside(batch);
            } else if let Err(error) = self.write(&batch).await {
                tracing::error!(%error, records = batch.records.len(), "activity cannot be stored; it waits on disk until the database is back");
                self.set_aside(batch);
            }
        }
        self.say_whether_waiting();
    }

    fn new_key(&self) -> String {
        let mut random = [0; 10];
        (self.entropy)(&mut random);
        MessageId::make((self.clock)().as_millisecond(), random).to_string()
    }

    async fn write(&mut self, batch: &Batch) -> Result<(), StoreError> {
        let kept: Kept = keep(&self.store, batch, (self.clock)(), &mut self.recent).await?;
        count(&self.figures.stored, kept.stored);
        count(&self.figures.alerts, kept.alerts);
        Ok(())
    }

    /// Puts a batch on the disk, or holds it in memory where the disk will not take it.
    fn set_aside(&mut self, batch: Batch) {
        match self.spill.append(&batch) {
            Ok(()) => count(&self.figures.spilled, batch.records.len()),
            Err(error) => {
                tracing::error!(%error, records = batch.records.len(), "activity cannot be written to disk either; it is held in memory");
                self.held.push_back(batch);
                if self.held.len() > MOST_HELD {
                    let gone = self.held.pop_front().map_or(0, |batch| batch.records.len());
                    count(&self.figures.lost, gone);
                    tracing::error!(records = gone, "activity was lost: neither the database nor the disk takes it");
                }
            }
        }
    }

    /// Stores what waits, oldest first, until it is done or the database is away again.
    async fn replay(&mut self) {
        if let Err(error) = self.replay_all().await {
            tracing::warn!(%error, "activity still waits on disk");
        }
        self.say_whether_waiting();
    }

    async fn replay_all(&mut self) -> Result<(), ReplayError> {
        while !self.spill.is_empty() {
            let replay = self.spill.read(1)?;
            if replay.damaged > 0 {
                tracing::error!(
                    batches = replay.damaged,
                    "waiting activity was damaged on disk and is passed over; check the disk"
                );
            }
            for batch in &replay.batches {
                self.write_or_refuse(batch).await?;
            }
            self.spill.replayed(replay.until)?;
            if replay.finished {
                break;
            }
        }
        while let Some(batch) = self.held.front().cloned() {
            self.write_or_refuse(&batch).await?;
            self.held.pop_front();
        }
        Ok(())
    }

    /// A batch the database refuses for good must not hold up those behind it: it goes to a file of its own.
    async fn write_or_refuse(&mut self, batch: &Batch) -> Result<(), ReplayError> {
        match self.write(batch).await {
            Err(
                error @ (StoreError::Conflict(_)
                | StoreError::Missing(_)
                | StoreError::ZeroByte
                | StoreError::Refused(_)),
            ) => {
                tracing::error!(%error, records = batch.records.len(), "the database refuses a batch of activity; it was put into `activity.refused`");
                count(&self.figures.lost, batch.records.len());
                Ok(self.refused.append(batch)?)
            }
            outcome => Ok(outcome?),
        }
    }

    fn say_whether_waiting(&self) {
        self.figures.waiting.store(u64::from(self.waits()), Ordering::Relaxed);
    }
}

#[derive(Debug, thiserror::Error)]
enum ReplayError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the file of waiting activity cannot be read or written: {0}; check the data folder")]
    File(#[from] std::io::Error),
}

fn count(counter: &AtomicU64, by: usize) {
    counter.fetch_add(by as u64, Ordering::Relaxed);
}
