//! Begins an answer before its body was seen whole, for a client that would send no more of it otherwise.
//!
//! A squid in which its bug 5352 is not mended waits for us once 64 kB of an answer are on their way and nothing of ours came back,
//! and reads on only when its own client was given something. So an answer that stands there is begun with its head and its first byte; a byte
//! more goes whenever it stands again, and hardly ever one does. What is refused after that ends in its middle: nobody has any of
//! it worth having, and nobody is shown why. That is why it is not done before it must be.

use super::exchange::Exchange;
use crate::content::Looked;
use hyper::http::response;
use std::io;
use std::pin::Pin;
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

/// Bytes of a body before which no client stops. squid's limit is 65,536, less what it keeps free.
const FULL: u64 = 60_000;
/// How long nothing comes from a client that stopped. The Internet may pause as long; then a page of ours is lost for nothing.
const STOPPED: Duration = Duration::from_secs(1);
/// How long nothing comes before one byte more is sent.
const STOPPED_AGAIN: Duration = Duration::from_millis(100);
/// Bytes of a body for each that goes on unseen.
const FOR_EACH: u64 = 16 * 1024;

/// Waits until an answer was looked at; `None`: its body stands still, and it is looked at yet.
pub(super) async fn looked_in_time(
    exchange: &Exchange<'_>,
    looking: Pin<&mut impl Future<Output = Looked>>,
) -> Option<Looked> {
    tokio::select! {
        biased;
        looked = looking => Some(looked),
        () = stands(exchange, STOPPED) => None,
    }
}

/// Gives the head and a byte now and then until it was looked at, then the rest or nothing more.
pub(super) async fn answer(
    exchange: &Exchange<'_>,
    head: &response::Parts,
    mut looking: Pin<&mut impl Future<Output = Looked>>,
) -> io::Result<()> {
    exchange.begin_answer(head).await?;
    let mut sent = 0;
    let looked = loop {
        if let Some(byte) = next_byte(exchange, sent) {
            exchange.chunk(&[byte]).await?;
            sent += 1;
        }
        tokio::select! {
            biased;
            looked = looking.as_mut() => break looked,
            () = stands(exchange, STOPPED_AGAIN) => {}
        }
    };
    match looked {
        Looked::Passes(answer) => exchange.rest(answer.into_body(), sent).await,
        Looked::Refused(_) => Err(io::Error::other("the rest of the answer is withheld")),
    }
}

/// The next byte of the body that may go on before the body was seen.
fn next_byte(exchange: &Exchange<'_>, sent: usize) -> Option<u8> {
    let may_go = exchange.connection.came() / FOR_EACH > sent as u64;
    exchange.connection.early_byte(sent).filter(|_| may_go)
}

/// Waits until nothing more of a long body has come for so long, from now or from when something last did.
async fn stands(exchange: &Exchange<'_>, longest: Duration) {
    let mut until = Instant::now() + longest;
    loop {
        sleep_until(until).await;
        until = match exchange.connection.stands(FULL) {
            Some(last) if last + longest <= until => return,
            Some(last) => last + longest,
            None => until + longest,
        };
    }
}
