//! Carries bytes between a client and an origin, unread, until both are done, nothing moves any more, or the rules close one
//! of the hosts. A tunnel may last for hours, and what closes a page must close it too.

use crate::gateway::Shared;
use crate::request::{Asked, still_open};
use std::future::poll_fn;
use std::io;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};
use tokio::time::{Instant, MissedTickBehavior, interval_at};

/// Bytes carried at a time in one direction.
const CHUNK: usize = 16 * 1024;
/// How often an open tunnel is judged anew, besides whenever the rules change.
const JUDGED_ANEW: Duration = Duration::from_secs(30);

/// What must stay open for a tunnel to go on.
pub(super) struct Watched<'a> {
    pub(super) shared: &'a Shared,
    /// The host of the CONNECT and, where it is another, that of the ClientHello.
    pub(super) asked: [Option<Asked<'a>>; 2],
}

impl Watched<'_> {
    fn open(&self) -> bool {
        self.asked.iter().flatten().all(|asked| still_open(self.shared, *asked))
    }
}

/// Carries a tunnel to its end and counts its bytes; `before` went already.
pub(super) async fn carry(
    watched: &Watched<'_>,
    mut client: impl AsyncRead + AsyncWrite + Unpin,
    mut origin: impl AsyncRead + AsyncWrite + Unpin,
    before: u64,
) {
    let shared = watched.shared;
    let moved = AtomicU64::new(before);
    let mut changed = shared.rules_changed();
    // One timer serves both: judging anew, and ending what is silent.
    let idle = shared.config.limits.idle_time;
    let tick = JUDGED_ANEW.min(idle);
    let mut every = interval_at(Instant::now() + tick, tick);
    every.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut silent, mut seen) = (Duration::ZERO, before);
    {
        let mut both = pin!(both_ways(&mut client, &mut origin, &moved));
        loop {
            tokio::select! {
                biased;
                _ = &mut both => break,
                _ = changed.changed() => {}
                _ = every.tick() => {
                    let now = moved.load(Ordering::Relaxed);
                    silent = if now == seen { silent + tick } else { Duration::ZERO };
                    seen = now;
                }
            }
            if silent >= idle || !watched.open() {
                break;
            }
        }
    }
    shared.metrics.tunnel_bytes.fetch_add(moved.into_inner(), Ordering::Relaxed);
}

/// Carries both ways until both have ended or one breaks. Ending one way is passed on at once; the other may go on.
async fn both_ways<Client, Origin>(client: &mut Client, origin: &mut Origin, moved: &AtomicU64) -> io::Result<()>
where
    Client: AsyncRead + AsyncWrite + Unpin,
    Origin: AsyncRead + AsyncWrite + Unpin,
{
    let (mut there, mut back) = (Way::new(moved), Way::new(moved));
    poll_fn(|context| {
        let ended = (there.poll(context, client, origin)?, back.poll(context, origin, client)?);
        match ended {
            // Letting go of both says the rest.
            (Poll::Ready(()), Poll::Ready(())) => return Poll::Ready(Ok(())),
            (Poll::Ready(()), Poll::Pending) => there.poll_end(context, origin)?,
            (Poll::Pending, Poll::Ready(())) => back.poll_end(context, client)?,
            (Poll::Pending, Poll::Pending) => {}
        }
        Poll::Pending
    })
    .await
}

/// One direction: what was read and is not written yet.
struct Way<'a> {
    buffer: Vec<u8>,
    written: usize,
    flushed: bool,
    ended: bool,
    told: bool,
    moved: &'a AtomicU64,
}

impl<'a> Way<'a> {
    fn new(moved: &'a AtomicU64) -> Self {
        Self { buffer: Vec::new(), written: 0, flushed: true, ended: false, told: false, moved }
    }

    /// Carries on. Ready: there is no more, and all of it was written.
    fn poll(
        &mut self,
        context: &mut Context<'_>,
        from: &mut (impl AsyncRead + Unpin),
        to: &mut (impl AsyncWrite + Unpin),
    ) -> io::Result<Poll<()>> {
        loop {
            while let Some(rest) = self.buffer.get(self.written..).filter(|rest| !rest.is_empty()) {
                match Pin::new(&mut *to).poll_write(context, rest)? {
                    Poll::Ready(0) => return Err(io::ErrorKind::WriteZero.into()),
                    Poll::Ready(length) => self.written += length,
                    Poll::Pending => return Ok(Poll::Pending),
                }
                self.flushed = false;
            }
            if self.ended {
                return Ok(Poll::Ready(()));
            }
            self.buffer.clear();
            self.written = 0;
            // Room is made, not cleared, once something can be read.
            self.buffer.reserve(CHUNK);
            match pin!(from.read_buf(&mut self.buffer)).poll(context)? {
                Poll::Ready(0) => self.ended = true,
                Poll::Ready(length) => {
                    self.moved.fetch_add(length as u64, Ordering::Relaxed);
                }
                Poll::Pending => {
                    self.flushed = self.flushed || Pin::new(&mut *to).poll_flush(context)?.is_ready();
                    return Ok(Poll::Pending);
                }
            }
        }
    }

    /// Tells the other side that nothing more comes, once.
    fn poll_end(&mut self, context: &mut Context<'_>, to: &mut (impl AsyncWrite + Unpin)) -> io::Result<()> {
        self.told = self.told || Pin::new(to).poll_shutdown(context)?.is_ready();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncWriteExt, duplex};

    #[tokio::test]
    async fn one_way_may_end_before_the_other() {
        let moved = AtomicU64::new(0);
        let ((mut device, mut client), (mut origin, mut site)) = (duplex(100), duplex(7));
        let talking = async {
            device.write_all(b"a question longer than the way is wide").await.unwrap();
            device.shutdown().await.unwrap();
            let mut heard = String::new();
            site.read_to_string(&mut heard).await.unwrap();
            site.write_all(b"and its answer").await.unwrap();
            drop(site);
            let mut answer = String::new();
            device.read_to_string(&mut answer).await.unwrap();
            (heard, answer)
        };
        let carrying = async {
            both_ways(&mut client, &mut origin, &moved).await.unwrap();
            drop((client, origin));
        };
        let ((heard, answer), ()) = tokio::join!(talking, carrying);
        assert_eq!((&*heard, &*answer), ("a question longer than the way is wide", "and its answer"));
        assert_eq!(moved.into_inner(), (heard.len() + answer.len()) as u64);
    }
}
