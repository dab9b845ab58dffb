//! Bodies as they pass through the proxy: streamed, never kept, with a bound on their length and on how long either side
//! may be silent. Their framing is hyper's.

use crate::content::{Copied, Read, Spooled};
use crate::icap::Encapsulated;
use hyper::body::{Body as HttpBody, Bytes, Frame, Incoming, SizeHint};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::time::{Instant, Sleep, sleep};

/// Why a body stopped before its end.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BodyError {
    /// More came than the proxy carries.
    #[error("the body is longer than the proxy carries")]
    TooLarge,
    /// Nothing came for too long.
    #[error("nothing more of the body came")]
    Silent,
    /// What it holds is refused, and some of it went on already.
    #[error("the rest of the page is withheld")]
    Withheld,
    /// The disk would not hold a download that is to be looked at.
    #[error("the download could not be kept while it is looked at: {0}")]
    Spool(std::io::Error),
    /// The connection to an ICAP client broke, or what it sent was no body.
    #[error(transparent)]
    Encapsulated(std::io::Error),
    /// The connection broke, or what came was no body.
    #[error(transparent)]
    Broken(#[from] hyper::Error),
}

/// A body of whichever kind.
pub(crate) enum Body {
    /// Nothing.
    Empty,
    /// All there already; taken with the first frame.
    Whole(Bytes),
    /// From a client or an origin, as it comes.
    Carried(Carried),
    /// A page that is read as it passes.
    Read(Box<Read>),
    /// A download that was looked at.
    Spooled(Box<Spooled>),
    /// From an ICAP client.
    Encapsulated(Encapsulated),
}

impl Body {
    /// Whether all of it goes on as it comes, or came, and nothing more of it is read.
    pub(crate) fn passes(&self) -> bool {
        match self {
            Body::Empty | Body::Carried(_) | Body::Encapsulated(_) | Body::Spooled(_) => true,
            Body::Read(read) => read.passes(),
            Body::Whole(_) => false,
        }
    }
}

/// A body on its way from one side to the other.
pub(crate) struct Carried {
    inner: Incoming,
    /// Bytes that may still come.
    left: u64,
    /// How long nothing may come.
    idle: Duration,
    silence: Option<Pin<Box<Sleep>>>,
    /// Whether anything came since `silence` was set.
    moved: bool,
    /// Counts frames, for whoever waits for the answer to a long upload.
    progress: Option<Arc<AtomicU64>>,
    /// Where its beginning is copied to.
    copied: Option<Copied>,
    /// The origin's word that it wants the body at all (RFC 9110 section 10.1.1).
    wanted: Option<Pin<Box<dyn Future<Output = bool> + Send>>>,
}

impl Carried {
    /// At most `limit` bytes, with no pause longer than `idle`.
    pub(super) fn new(inner: Incoming, limit: u64, idle: Duration) -> Self {
        Self { inner, left: limit, idle, silence: None, moved: true, progress: None, copied: None, wanted: None }
    }

    /// Tells how far it has come.
    pub(super) fn counted(mut self, progress: &Arc<AtomicU64>) -> Self {
        self.progress = Some(Arc::clone(progress));
        self
    }

    /// Copies its beginning.
    pub(super) fn copied(mut self, copied: Option<Copied>) -> Self {
        self.copied = copied;
        self
    }

    /// Not read before this says yes, and broken off if it says no. The client is told to go on when it is read for the first time.
    pub(super) fn once(mut self, wanted: impl Future<Output = bool> + Send + 'static) -> Self {
        self.wanted = Some(Box::pin(wanted));
        self
    }

    fn frame(&mut self, frame: Frame<Bytes>) -> Result<Frame<Bytes>, BodyError> {
        self.moved = true;
        if let Some(progress) = &self.progress {
            progress.fetch_add(1, Ordering::Relaxed);
        }
        let length = frame.data_ref().map_or(0, |data| data.len() as u64);
        if let (Some(copied), Some(data)) = (&self.copied, frame.data_ref()) {
            copied.pass(data);
        }
        self.left = self.left.checked_sub(length).ok_or(BodyError::TooLarge)?;
        Ok(frame)
    }

    /// The timer is made when a body first pauses, so that short ones need none.
    fn poll_silence(&mut self, context: &mut Context<'_>) -> Poll<BodyError> {
        let silence = self.silence.get_or_insert_with(|| Box::pin(sleep(self.idle)));
        if std::mem::take(&mut self.moved) {
            silence.as_mut().reset(Instant::now() + self.idle);
        }
        silence.as_mut().poll(context).map(|()| BodyError::Silent)
    }
}

impl HttpBody for Body {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let carried = match self.get_mut() {
            Body::Empty => return Poll::Ready(None),
            Body::Whole(bytes) if bytes.is_empty() => return Poll::Ready(None),
            Body::Whole(bytes) => return Poll::Ready(Some(Ok(Frame::data(std::mem::take(bytes))))),
            Body::Carried(carried) => carried,
            Body::Read(read) => return read.poll_frame(context),
            Body::Encapsulated(encapsulated) => return encapsulated.poll_frame(context),
            Body::Spooled(spooled) => {
                return match spooled.next() {
                    Ok(Some(piece)) => Poll::Ready(Some(Ok(Frame::data(piece)))),
                    Ok(None) => match spooled.more() {
                        Some(more) => Pin::new(more).poll_frame(context),
                        None => Poll::Ready(None),
                    },
                    Err(error) => Poll::Ready(Some(Err(BodyError::Spool(error)))),
                };
            }
        };
        if let Some(wanted) = &mut carried.wanted {
            if !ready!(wanted.as_mut().poll(context)) {
                return Poll::Ready(Some(Err(BodyError::Silent)));
            }
            carried.wanted = None;
        }
        match Pin::new(&mut carried.inner).poll_frame(context) {
            Poll::Ready(Some(Ok(frame))) => Poll::Ready(Some(carried.frame(frame))),
            Poll::Ready(Some(Err(error))) => Poll::Ready(Some(Err(error.into()))),
            Poll::Ready(None) => Poll::Ready(None),
            Poll::Pending => carried.poll_silence(context).map(|error| Some(Err(error))),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Body::Empty => true,
            Body::Whole(bytes) => bytes.is_empty(),
            Body::Carried(carried) => carried.inner.is_end_stream(),
            // Their heads say how long they are, or nothing does.
            Body::Read(_) | Body::Spooled(_) | Body::Encapsulated(_) => false,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Body::Empty => SizeHint::with_exact(0),
            Body::Whole(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Body::Carried(carried) => carried.inner.size_hint(),
            Body::Read(_) | Body::Spooled(_) | Body::Encapsulated(_) => SizeHint::default(),
        }
    }
}
