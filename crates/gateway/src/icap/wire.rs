//! One connection of an ICAP client: heads read within bounds, a body read only as fast as somebody takes it, answers written. After
//! a preview the client waits; it is told to go on (`100 Continue`) when somebody first asks for more than the preview.

use super::chunks::{Chunks, Step};
use crate::config::Limits;
use crate::content::Copied;
use crate::proxy::{BodyError, Stalling};
use hyper::body::{Bytes, Frame};
use std::future::poll_fn;
use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep};

/// Bytes read at a time.
const READ: usize = 16 * 1024;
/// Bytes of a body nobody wants that are read all the same, so that the connection can be used again.
const DRAINED: u64 = 256 * 1024;
/// Bytes of a body's beginning that are kept, for an answer that must begin before all of it was seen.
const BEGINNING: usize = 4096;
const CONTINUE: &[u8] = b"ICAP/1.0 100 Continue\r\n\r\n";

/// How far the body of the request at hand has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// The first so many bytes come by themselves.
    Preview(u64),
    /// The client waits for a word.
    Waiting,
    /// The word is being written; so many bytes of it are.
    Telling(usize),
    /// The rest comes, or all of it.
    Coming,
    /// Nothing more comes.
    Ended,
    /// It broke, and the connection with it.
    Broken,
}

struct Wire {
    io: Stalling<TcpStream>,
    incoming: Box<[u8; READ]>,
    /// What was read, from `at` on not yet taken.
    held: Vec<u8>,
    at: usize,
    stage: Stage,
    /// Whether the client was told to go on after its preview.
    told: bool,
    chunks: Chunks,
    /// Bytes of a body that may still come.
    left: u64,
    /// Bytes of it that came.
    came: u64,
    /// The first of them.
    beginning: Vec<u8>,
    /// When anything last came.
    last: Instant,
    idle: Duration,
    silence: Option<Pin<Box<Sleep>>>,
    /// Whether anything came since `silence` was set.
    moved: bool,
}

/// A connection; clones are the same one.
#[derive(Clone)]
pub(super) struct Connection(Arc<Mutex<Wire>>);

/// The body of an HTTP message as an ICAP client sends it.
pub(crate) struct Encapsulated {
    connection: Connection,
    /// Where its beginning is copied to.
    copied: Option<Copied>,
}

impl Encapsulated {
    /// Copies its beginning.
    pub(super) fn copy(&mut self, copied: Option<Copied>) {
        self.copied = copied;
    }

    /// The next piece.
    pub(crate) fn poll_frame(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let next = ready!(self.connection.lock().poll_body(context, true));
        if let (Some(copied), Some(Ok(piece))) = (&self.copied, &next) {
            copied.pass(piece);
        }
        Poll::Ready(next.map(|piece| piece.map(Frame::data)))
    }
}

impl Wire {
    fn poll_fill(&mut self, context: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let mut incoming = ReadBuf::new(self.incoming.as_mut_slice());
        ready!(Pin::new(&mut self.io).poll_read(context, &mut incoming))?;
        self.held.drain(..self.at);
        self.at = 0;
        self.held.extend_from_slice(incoming.filled());
        (self.moved, self.last) = (true, Instant::now());
        Poll::Ready(Ok(incoming.filled().len()))
    }

    fn rest(&self) -> &[u8] {
        self.held.get(self.at..).unwrap_or_default()
    }

    /// The next bytes of the body. `tell`: a client that waits is told to go on; else that is where it ends for now.
    fn poll_body(&mut self, context: &mut Context<'_>, tell: bool) -> Poll<Option<Result<Bytes, BodyError>>> {
        let next = ready!(self.poll_stage(context, tell));
        if next.as_ref().is_some_and(Result::is_err) {
            self.stage = Stage::Broken;
        }
        Poll::Ready(next)
    }

    fn poll_stage(&mut self, context: &mut Context<'_>, tell: bool) -> Poll<Option<Result<Bytes, BodyError>>> {
        loop {
            match self.stage {
                Stage::Ended => return Poll::Ready(None),
                Stage::Broken => return Poll::Ready(Some(Err(broken(ErrorKind::BrokenPipe)))),
                Stage::Waiting if !tell => return Poll::Ready(None),
                Stage::Waiting => self.stage = Stage::Telling(0),
                Stage::Telling(written) => {
                    let rest = CONTINUE.get(written..).unwrap_or_default();
                    if rest.is_empty() {
                        (self.stage, self.told, self.chunks) = (Stage::Coming, true, Chunks::new());
                        continue;
                    }
                    match ready!(Pin::new(&mut self.io).poll_write(context, rest)) {
                        Ok(more @ 1..) => self.stage = Stage::Telling(written + more),
                        Ok(0) => return Poll::Ready(Some(Err(broken(ErrorKind::WriteZero)))),
                        Err(error) => return Poll::Ready(Some(Err(BodyError::Encapsulated(error)))),
                    }
                }
                Stage::Preview(_) | Stage::Coming => match self.step() {
                    Ok(Some(piece)) => return Poll::Ready(Some(Ok(piece))),
                    Ok(None) if !matches!(self.stage, Stage::Preview(_) | Stage::Coming) => {}
                    Ok(None) => match self.poll_fill(context) {
                        Poll::Ready(Ok(1..)) => {}
                        Poll::Ready(Ok(0)) => return Poll::Ready(Some(Err(broken(ErrorKind::UnexpectedEof)))),
                        Poll::Ready(Err(error)) => return Poll::Ready(Some(Err(BodyError::Encapsulated(error)))),
                        Poll::Pending => return self.poll_silence(context).map(|()| Some(Err(BodyError::Silent))),
                    },
                    Err(error) => return Poll::Ready(Some(Err(error))),
                },
            }
        }
    }

    /// The next piece of the body in what is held; `None`: it ended, or more must be read.
    fn step(&mut self) -> Result<Option<Bytes>, BodyError> {
        let from = self.at;
        let held = self.held.get(from..).unwrap_or_default();
        let (done, step) = self.chunks.step(held).map_err(|bad| BodyError::Encapsulated(io::Error::other(bad)))?;
        let piece = match &step {
            Step::Data(range) => Bytes::copy_from_slice(held.get(range.clone()).unwrap_or_default()),
            Step::More | Step::End { .. } => Bytes::new(),
        };
        self.at = from + done;
        if let Step::End { whole } = step {
            self.stage = if matches!(self.stage, Stage::Preview(_)) && !whole { Stage::Waiting } else { Stage::Ended };
        }
        let length = piece.len() as u64;
        self.left = self.left.checked_sub(length).ok_or(BodyError::TooLarge)?;
        self.came += length;
        let room = BEGINNING - self.beginning.len();
        self.beginning.extend_from_slice(piece.get(..piece.len().min(room)).unwrap_or_default());
        if let Stage::Preview(left) = &mut self.stage {
            // More than it said is no preview.
            *left = left.checked_sub(length).ok_or_else(|| broken(ErrorKind::InvalidData))?;
        }
        Ok((length > 0).then_some(piece))
    }

    fn poll_silence(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let silence = self.silence.get_or_insert_with(|| Box::pin(sleep(self.idle)));
        if std::mem::take(&mut self.moved) {
            silence.as_mut().reset(Instant::now() + self.idle);
        }
        silence.as_mut().poll(context)
    }
}

fn broken(kind: ErrorKind) -> BodyError {
    BodyError::Encapsulated(kind.into())
}

impl Connection {
    pub(super) fn new(stream: TcpStream, limits: &Limits) -> Self {
        Self(Arc::new(Mutex::new(Wire {
            io: Stalling::new(stream, limits.idle_time),
            incoming: Box::new([0; READ]),
            held: Vec::new(),
            at: 0,
            stage: Stage::Ended,
            told: false,
            chunks: Chunks::new(),
            left: 0,
            came: 0,
            beginning: Vec::new(),
            last: Instant::now(),
            idle: limits.idle_time,
            silence: None,
            moved: true,
        })))
    }

    /// One task has a connection, so that nobody ever waits here.
    fn lock(&self) -> MutexGuard<'_, Wire> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until anything of a request is there; `false`: the client went away.
    pub(super) async fn begins(&self) -> bool {
        let there = !self.lock().rest().is_empty();
        there || matches!(self.fill().await, Ok(1..))
    }

    /// The next head, with the empty line at its end; `None` where it is longer than that.
    pub(super) async fn head(&self, longest: usize) -> io::Result<Option<Vec<u8>>> {
        let mut looked = 0;
        loop {
            let found = {
                let wire = self.lock();
                let rest = wire.rest();
                let found = rest.get(looked..).and_then(|rest| rest.windows(4).position(|four| four == b"\r\n\r\n"));
                let end = found.map(|at| looked + at + 4);
                looked = rest.len().saturating_sub(3);
                if end.unwrap_or(rest.len()) > longest {
                    return Ok(None);
                }
                end
            };
            if let Some(length) = found {
                return self.take(length).await.map(Some);
            }
            self.more().await?;
        }
    }

    /// So many bytes.
    pub(super) async fn take(&self, length: usize) -> io::Result<Vec<u8>> {
        loop {
            {
                let mut wire = self.lock();
                if let Some(taken) = wire.rest().get(..length).map(<[u8]>::to_vec) {
                    wire.at += length;
                    return Ok(taken);
                }
            }
            self.more().await?;
        }
    }

    async fn fill(&self) -> io::Result<usize> {
        poll_fn(|context| self.lock().poll_fill(context)).await
    }

    async fn more(&self) -> io::Result<()> {
        match self.fill().await? {
            0 => Err(ErrorKind::UnexpectedEof.into()),
            _ => Ok(()),
        }
    }

    /// Says that a body follows, at most `longest` bytes of it, the first of them as a preview where one was announced.
    pub(super) fn begin_body(&self, preview: Option<u64>, longest: u64) -> Encapsulated {
        let mut wire = self.lock();
        wire.stage = preview.map_or(Stage::Coming, Stage::Preview);
        (wire.told, wire.chunks, wire.left, wire.moved) = (false, Chunks::new(), longest, true);
        wire.came = 0;
        wire.beginning.clear();
        drop(wire);
        Encapsulated { connection: self.clone(), copied: None }
    }

    /// Says that no body follows.
    pub(super) fn no_body(&self) {
        let mut wire = self.lock();
        (wire.stage, wire.told) = (Stage::Ended, false);
    }

    /// Whether the client was told to go on after its preview. Before that "as it was" may be the answer, whatever it allows.
    pub(super) fn was_told(&self) -> bool {
        self.lock().told
    }

    /// Whether a preview is still on its way.
    pub(super) fn is_previewing(&self) -> bool {
        matches!(self.lock().stage, Stage::Preview(_))
    }

    /// Tells a client that waits to go on.
    pub(super) async fn go_on(&self) -> io::Result<()> {
        if self.lock().stage == Stage::Waiting {
            self.write(CONTINUE).await?;
            let mut wire = self.lock();
            (wire.stage, wire.told, wire.chunks) = (Stage::Coming, true, Chunks::new());
        }
        Ok(())
    }

    /// Since when nothing more of a body has come that is on its way, and of which so many bytes did; `None`: none is.
    pub(super) fn stands(&self, after: u64) -> Option<Instant> {
        let wire = self.lock();
        (wire.stage == Stage::Coming && wire.came >= after).then_some(wire.last)
    }

    /// How many bytes of the body came.
    pub(super) fn came(&self) -> u64 {
        self.lock().came
    }

    /// One of the first bytes of the body, if it is kept.
    pub(super) fn early_byte(&self, at: usize) -> Option<u8> {
        self.lock().beginning.get(at).copied()
    }

    /// Writes bytes.
    pub(super) async fn write(&self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            let written = poll_fn(|context| Pin::new(&mut self.lock().io).poll_write(context, bytes)).await?;
            bytes = bytes.get(written..).filter(|_| written > 0).ok_or(ErrorKind::WriteZero)?;
        }
        Ok(())
    }

    /// Reads what is left of a body nobody wants any more, within bounds; whether another request can follow on it.
    pub(super) async fn settle(&self) -> bool {
        let mut drained = 0;
        while drained < DRAINED {
            match poll_fn(|context| self.lock().poll_body(context, false)).await {
                None => return true,
                Some(Ok(piece)) => drained += piece.len() as u64,
                Some(Err(_)) => return false,
            }
        }
        false
    }

    /// Ends the connection so that what was written arrives: what still comes is read for a while, since closing over it would take
    /// the answer back.
    pub(super) async fn part(&self) -> io::Result<()> {
        poll_fn(|context| Pin::new(&mut self.lock().io).poll_shutdown(context)).await?;
        let mut drained = 0;
        while drained < DRAINED {
            match self.fill().await? {
                0 => break,
                length => drained += length as u64,
            }
            let mut wire = self.lock();
            wire.at = wire.held.len();
        }
        Ok(())
    }
}
