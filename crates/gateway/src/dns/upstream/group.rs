//! Several servers that answer for the same names. The fastest is asked; when it takes longer than it should, the next is
//! asked as well and the first answer counts. One that stays silent is set aside and tried in the background until it is
//! back, so that a dead server costs the school one wait.

use super::outgoing::Outgoing;
use super::server::Server;
use hickory_proto::op::{Message, Query, ResponseCode};
use hickory_proto::rr::{Name, RecordType};
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::task::Poll;
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout, timeout_at};

/// A server that is away is tried after this time, then after twice as long, and so on up to the longest.
const FIRST_TRY: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// How long a trial waits for an answer.
const TRIAL: Duration = Duration::from_millis(500);
/// Least questions asked of a group for one answer: a lone server is asked twice, since packets get lost.
const ATTEMPTS: usize = 2;
/// While every server is known to be away, a question waits for this part of the usual time only.
const PART_WHEN_AWAY: u32 = 3;

/// Servers in the order of the configuration.
pub(crate) struct Group {
    servers: Vec<Arc<Server>>,
    wait: Duration,
}

/// One server being asked.
struct Attempt<'a> {
    server: &'a Arc<Server>,
    answer: Pin<Box<dyn Future<Output = io::Result<Message>> + Send + 'a>>,
}

impl Group {
    /// `wait`: the longest a question waits in all.
    pub(crate) fn new(servers: Vec<Server>, wait: Duration) -> Self {
        Self { servers: servers.into_iter().map(Arc::new).collect(), wait }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.servers.is_empty()
    }

    /// Whether every server is known to be away.
    pub(crate) fn all_away(&self) -> bool {
        self.servers.iter().all(|server| server.is_away())
    }

    /// Each server: whether it is there, and how long it usually takes, in microseconds.
    pub(crate) fn health(&self) -> impl Iterator<Item = (bool, u32)> {
        self.servers.iter().map(|server| (!server.is_away(), server.usual()))
    }

    /// The first good answer; else a server's word that it failed; else `None`.
    pub(crate) async fn ask(&self, outgoing: &Outgoing) -> Option<Message> {
        let wait = if self.all_away() { self.wait / PART_WHEN_AWAY } else { self.wait };
        let deadline = Instant::now() + wait;
        let order = self.order();
        let mut next = order.iter().copied().cycle().take(order.len().max(ATTEMPTS));
        let mut running: Vec<Attempt<'_>> = Vec::with_capacity(2);
        let (mut failure, mut patience_ends) = (None, deadline);
        let mut start_next = true;
        loop {
            if start_next && let Some(server) = next.next() {
                patience_ends = deadline.min(Instant::now() + server.patience());
                running.push(Attempt { server, answer: Box::pin(server.ask(outgoing)) });
            } else if start_next {
                patience_ends = deadline;
            }
            if running.is_empty() {
                return failure;
            }
            start_next = match timeout_at(patience_ends, first(&mut running)).await {
                Ok((answered, Ok(message))) if is_good(&message) => {
                    // Who was asked before and still says nothing is set aside.
                    let silent = running.iter().filter(|silent| !Arc::ptr_eq(silent.server, answered));
                    silent.for_each(|silent| watch(silent.server));
                    return Some(message);
                }
                Ok((_, Ok(message))) => {
                    failure = Some(message);
                    true
                }
                Ok((server, Err(error))) => {
                    // What cannot be read is about this one name, not about the server.
                    if error.kind() != io::ErrorKind::InvalidData {
                        watch(server);
                    }
                    true
                }
                Err(_) if Instant::now() >= deadline => {
                    running.iter().for_each(|silent| watch(silent.server));
                    return failure;
                }
                Err(_) => true,
            };
        }
    }

    /// Those that are there before those that are away; encrypted ones before plain ones; then the fastest.
    fn order(&self) -> Vec<&Arc<Server>> {
        let mut order: Vec<_> = self.servers.iter().collect();
        if order.len() > 1 {
            // By whole milliseconds, so that small differences do not shift all questions to and fro.
            order.sort_by_key(|server| (server.is_away(), !server.is_encrypted(), server.usual() / 1000));
        }
        order
    }
}

/// Whether to be content with an answer, or to ask another server.
fn is_good(message: &Message) -> bool {
    !matches!(
        message.metadata.response_code,
        ResponseCode::ServFail | ResponseCode::Refused | ResponseCode::NotImp | ResponseCode::FormErr
    )
}

/// Waits for the first of several; it is taken out.
async fn first<'a>(running: &mut Vec<Attempt<'a>>) -> (&'a Arc<Server>, io::Result<Message>) {
    poll_fn(|context| {
        let ready =
            running.iter_mut().enumerate().find_map(|(at, attempt)| match attempt.answer.as_mut().poll(context) {
                Poll::Ready(answer) => Some((at, answer)),
                Poll::Pending => None,
            });
        match ready {
            Some((at, answer)) => Poll::Ready((running.swap_remove(at).server, answer)),
            None => Poll::Pending,
        }
    })
    .await
}

/// Sets a server aside and tries it in the background until it answers, or nobody needs it any more.
fn watch(server: &Arc<Server>) {
    if server.set_away() {
        tokio::spawn(until_back(Arc::downgrade(server)));
    }
}

async fn until_back(server: Weak<Server>) {
    let trial =
        Outgoing { query: Query::query(Name::root(), RecordType::NS), dnssec_ok: false, checking_disabled: false };
    let mut pause = FIRST_TRY;
    loop {
        sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
        let Some(server) = server.upgrade() else { return };
        // `ask` notes that it is back.
        let _ = timeout(TRIAL, server.ask(&trial)).await;
        if !server.is_away() {
            return;
        }
    }
}
