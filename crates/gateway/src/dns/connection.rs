//! The questions of one TCP or TLS connection (RFC 1035 section 4.2.2, RFC 7766): many at a time, each answered as soon as it
//! can be, whatever the order. A client is bounded in connections, in questions on one of them, and in time.

use super::answer::{Client, Step, Transport, at_once, wait};
use super::message::{Packet, read};
use crate::config::Limits;
use crate::gateway::Shared;
use crate::metrics::count;
use crate::proxy::Connections;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadHalf, WriteHalf};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::timeout;

/// A client that says nothing for so long is let go (RFC 7766 section 6.2.3 asks for some seconds).
const IDLE: Duration = Duration::from_secs(10);
/// Questions of one connection that may wait for other servers; the next is not read before one of them is answered.
const WAITING: usize = 64;
/// One device may take this part of the connections.
const PART_OF_ONE_DEVICE: usize = 8;

/// How long a client may say nothing.
pub(super) fn idle(limits: &Limits) -> Duration {
    IDLE.min(limits.idle_time)
}

/// Places for connections over TCP, or for encrypted ones.
pub(super) fn places(limits: Limits) -> Connections {
    let most = limits.dns_connections;
    Connections::new(Limits {
        connections: most,
        connections_per_device: most.div_ceil(PART_OF_ONE_DEVICE).max(2),
        ..limits
    })
}

/// Answers until the client goes, says nothing or sends what is no question, or the gateway stops.
pub(super) async fn answer<S>(shared: Arc<Shared>, stream: S, device: IpAddr, transport: Transport)
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let idle = idle(&shared.config.limits);
    let (mut reading, writing) = tokio::io::split(stream);
    let (answers, queue) = mpsc::channel(WAITING);
    let mut tasks = JoinSet::new();
    tasks.spawn(write(writing, queue, idle));
    let mut waiting = JoinSet::new();
    let client = Client { device, transport };
    let mut stopping = shared.stopping();
    loop {
        let packet = tokio::select! {
            biased;
            packet = timeout(idle, read_packet(&mut reading)) => packet,
            _ = stopping.wait_for(|stops| *stops) => break,
        };
        let Ok(Some(packet)) = packet else { break };
        while waiting.try_join_next().is_some() {}
        if waiting.len() >= WAITING {
            waiting.join_next().await;
        }
        let bytes = match read(&packet) {
            Packet::Drop => {
                count(&shared.metrics.dns_malformed);
                break;
            }
            Packet::Reply(bytes) => {
                count(&shared.metrics.dns_malformed);
                bytes
            }
            Packet::Question(question) => match at_once(&shared, &question, client) {
                Step::Answer(bytes) => bytes,
                Step::Wait(wanted) => {
                    let (shared, answers) = (Arc::clone(&shared), answers.clone());
                    waiting.spawn(async move {
                        let bytes = wait(&shared, &question, client, wanted).await;
                        // The client went away meanwhile.
                        let _ = answers.send(bytes).await;
                    });
                    continue;
                }
            },
        };
        if answers.send(bytes).await.is_err() {
            break;
        }
    }
    // Who has said everything still gets the answers that are on their way.
    drop(answers);
    let _ = timeout(idle, async { while waiting.join_next().await.is_some() {} }).await;
    waiting.shutdown().await;
    while tasks.join_next().await.is_some() {}
}

async fn read_packet(reading: &mut ReadHalf<impl AsyncRead>) -> Option<Vec<u8>> {
    let length = usize::from(reading.read_u16().await.ok()?);
    let mut packet = vec![0; length];
    reading.read_exact(&mut packet).await.ok()?;
    Some(packet)
}

/// Writes answers as they come; a client that does not read them is let go.
async fn write(mut writing: WriteHalf<impl AsyncWrite>, mut queue: mpsc::Receiver<Vec<u8>>, idle: Duration) {
    while let Some(bytes) = queue.recv().await {
        let Ok(length) = u16::try_from(bytes.len()) else { continue };
        let packet = [&length.to_be_bytes(), bytes.as_slice()].concat();
        let written = async {
            writing.write_all(&packet).await?;
            writing.flush().await
        };
        if !matches!(timeout(idle, written).await, Ok(Ok(()))) {
            return;
        }
    }
    let _ = timeout(idle, writing.shutdown()).await;
}
