//! Carries bytes between a client and an origin, unread, until both are done, nothing moves any more, or the rules close one
//! of the hosts. A tunnel may last for hours, and what closes a page must close it too.

use crate::gateway::Shared;
use crate::request::{Asked, still_open};
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf, copy_bidirectional_with_sizes};
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
    client: impl AsyncRead + AsyncWrite + Unpin,
    mut origin: impl AsyncRead + AsyncWrite + Unpin,
    before: u64,
) {
    let shared = watched.shared;
    let moved = AtomicU64::new(before);
    let mut client = Counted { io: client, moved: &moved };
    let mut changed = shared.rules_changed();
    // One timer serves both: judging anew, and ending what is silent.
    let idle = shared.config.limits.idle_time;
    let tick = JUDGED_ANEW.min(idle);
    let mut every = interval_at(Instant::now() + tick, tick);
    every.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut silent, mut seen) = (Duration::ZERO, before);
    {
        let both = copy_bidirectional_with_sizes(&mut client, &mut origin, CHUNK, CHUNK);
        tokio::pin!(both);
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

/// Counts what is read from a client and written to it.
struct Counted<'a, Io> {
    io: Io,
    moved: &'a AtomicU64,
}

impl<Io> Counted<'_, Io> {
    fn add(&self, bytes: usize) {
        self.moved.fetch_add(bytes as u64, Ordering::Relaxed);
    }
}

impl<Io: AsyncRead + Unpin> AsyncRead for Counted<'_, Io> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.io).poll_read(context, buffer);
        self.add(buffer.filled().len() - before);
        read
    }
}

impl<Io: AsyncWrite + Unpin> AsyncWrite for Counted<'_, Io> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.io).poll_write(context, bytes);
        if let Poll::Ready(Ok(length)) = written {
            self.add(length);
        }
        written
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(context)
    }
}
