//! A page whose words are read as they pass. Its first kilobytes wait, so that a page that is closed early is answered with a page
//! that says why; after that it follows its reading by one piece, so that a page closed later never arrives whole.

use super::reading::Reading;
use super::refusal::{self, Refusal};
use crate::gateway::Shared;
use crate::observe::Observation;
use crate::proxy::{Body, BodyError};
use belisha_filter::PageVerdict;
use http_body_util::BodyExt;
use hyper::body::{Body as _, Bytes, Frame};
use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

/// How a page began.
pub(super) enum Begun {
    /// It is closed, and nothing of it went on.
    Closed(PageVerdict),
    /// So far it is not.
    Open(Body),
}

/// Reads the first `held_back` bytes of a page. `before` was taken from it already.
pub(super) async fn begin(
    shared: &Arc<Shared>,
    mut reading: Reading,
    before: VecDeque<Frame<Bytes>>,
    mut body: Body,
    allowed: &Observation,
) -> Begun {
    let held_back = if reading.is_stream { 0 } else { shared.config.content.held_back };
    let (mut held, mut taken, mut decided) = (VecDeque::new(), 0, None);
    for frame in before {
        decided = decided.or(take(&mut reading, &frame, &mut taken));
        held.push_back(frame);
    }
    while decided.is_none() && taken < held_back {
        match body.frame().await {
            Some(Ok(frame)) => {
                decided = take(&mut reading, &frame, &mut taken);
                held.push_back(frame);
            }
            Some(Err(error)) => return Begun::Open(Read::broken(held, error)),
            None => {
                let verdict = reading.finish();
                return if verdict.is_closed() {
                    Begun::Closed(verdict)
                } else {
                    Begun::Open(Read::rest(held, Body::Empty))
                };
            }
        }
    }
    match decided {
        Some(verdict) if verdict.is_closed() => Begun::Closed(verdict),
        Some(_) => Begun::Open(Read::rest(held, body)),
        None => {
            let rest = Rest { reading, shared: Arc::clone(shared), allowed: allowed.clone(), behind: None };
            Begun::Open(Body::Read(Box::new(Read { held, body, error: None, rest: Some(rest) })))
        }
    }
}

fn take(reading: &mut Reading, frame: &Frame<Bytes>, taken: &mut usize) -> Option<PageVerdict> {
    let data = frame.data_ref()?;
    *taken += data.len();
    reading.feed(data)
}

/// A body of which some was taken already, and the rest of which may still be read.
pub(crate) struct Read {
    held: VecDeque<Frame<Bytes>>,
    body: Body,
    error: Option<BodyError>,
    rest: Option<Rest>,
}

/// What reads on.
struct Rest {
    reading: Reading,
    shared: Arc<Shared>,
    allowed: Observation,
    /// The piece that was read last and has not gone on.
    behind: Option<Frame<Bytes>>,
}

impl Read {
    /// The frames that were taken, and then the rest unread.
    pub(super) fn rest(held: VecDeque<Frame<Bytes>>, body: Body) -> Body {
        if held.is_empty() { body } else { Body::Read(Box::new(Read { held, body, error: None, rest: None })) }
    }

    fn broken(held: VecDeque<Frame<Bytes>>, error: BodyError) -> Body {
        Body::Read(Box::new(Read { held, body: Body::Empty, error: Some(error), rest: None }))
    }

    /// Whether it goes on whole: nothing that follows is read, and nothing of it broke.
    pub(crate) fn passes(&self) -> bool {
        self.rest.is_none() && self.error.is_none()
    }

    /// The next frame, when it may go on.
    pub(crate) fn poll_frame(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        if let Some(frame) = self.held.pop_front() {
            return Poll::Ready(Some(Ok(frame)));
        }
        if let Some(error) = self.error.take() {
            return Poll::Ready(Some(Err(error)));
        }
        loop {
            let next = ready!(Pin::new(&mut self.body).poll_frame(context));
            let Some(rest) = &mut self.rest else { return Poll::Ready(next) };
            let verdict = match &next {
                Some(Ok(frame)) => frame.data_ref().and_then(|data| rest.reading.feed(data)),
                _ => None,
            };
            match (next, verdict) {
                (_, Some(verdict)) if verdict.is_closed() => return Poll::Ready(self.close(&verdict)),
                (Some(Ok(frame)), Some(_)) => {
                    let behind = rest.behind.replace(frame);
                    self.held.extend(self.rest.take().and_then(|rest| rest.behind));
                    match behind.or_else(|| self.held.pop_front()) {
                        Some(frame) => return Poll::Ready(Some(Ok(frame))),
                        None => continue,
                    }
                }
                (Some(Ok(frame)), None) if rest.reading.is_stream => return Poll::Ready(Some(Ok(frame))),
                (Some(Ok(frame)), None) => {
                    if let Some(behind) = rest.behind.replace(frame) {
                        return Poll::Ready(Some(Ok(behind)));
                    }
                }
                (Some(Err(error)), _) => return Poll::Ready(Some(Err(error))),
                (None, _) => return Poll::Ready(self.end()),
            }
        }
    }

    /// At the end of the page its last piece goes on, unless the whole is over the limit.
    fn end(&mut self) -> Option<Result<Frame<Bytes>, BodyError>> {
        let rest = self.rest.take()?;
        let verdict = rest.reading.finish();
        if verdict.is_closed() {
            refusal::observe(&rest.shared, rest.allowed, &Refusal::of(&verdict));
            return Some(Err(BodyError::Withheld));
        }
        rest.behind.map(Ok)
    }

    fn close(&mut self, verdict: &PageVerdict) -> Option<Result<Frame<Bytes>, BodyError>> {
        if let Some(rest) = self.rest.take() {
            refusal::observe(&rest.shared, rest.allowed, &Refusal::of(verdict));
        }
        self.body = Body::Empty;
        Some(Err(BodyError::Withheld))
    }
}
