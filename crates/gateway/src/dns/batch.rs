//! The UDP sockets: threads of their own that read and send many packets with one call to the system, because that call costs
//! more than an answer. What they cannot answer at once goes over a bounded queue to tasks that may wait (`slow`).

use super::answer::{Client, Step, Transport, Wanted, at_once, let_through, wait};
use super::deliver::{cut_short, proven};
use super::message::{Packet, Question, read};
use super::quick::{AnswerPacket, Batch, HostRoom, Quickly};
use super::rate::Allowed;
use crate::gateway::Shared;
use crate::metrics::count;
use crate::observe::Observation;
use nix::sys::socket::{
    ControlMessage, MsgFlags, MultiHeaders, SockaddrIn, SockaddrIn6, SockaddrLike, SockaddrStorage, recvmmsg, sendmmsg,
    sendto,
};
use std::io::{self, IoSlice, IoSliceMut};
use std::net::{Shutdown, SocketAddr, UdpSocket};
use std::os::fd::AsRawFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::Instant;

/// Packets read with one call.
const BATCH: usize = 32;
/// Longest question read, in bytes; no honest one is longer, and a longer one is cut and then malformed. An odd number of
/// cache lines, so that the buffers do not crowd each other out.
const LONGEST: usize = 25 * 64;
/// Questions that may wait for a task; more are counted and dropped, as a full socket would drop them.
const WAITING: usize = 4096;
/// While questions come in numbers, observations are kept back to be handed on together: waking their reader for each batch
/// would cost as much as the answers. So many at most, and for so long; few questions at a time are no numbers.
const KEPT_BACK: usize = 256;
const KEPT_FOR: Duration = Duration::from_millis(50);
const FEW: usize = 4;

/// A question for the tasks.
struct Handed {
    packet: Box<[u8]>,
    client: SocketAddr,
    socket: Arc<UdpSocket>,
    quickly: Quickly,
}

/// How soon a thread without questions notices that it is to stop, where its socket is not its own to shut.
const LOOKS_UP: Duration = Duration::from_millis(250);

/// Threads that answer on some sockets. Dropping it stops them.
struct Threads {
    stop: Arc<AtomicBool>,
    held_elsewhere: bool,
    sockets: Vec<Arc<UdpSocket>>,
    threads: Vec<JoinHandle<()>>,
}

impl Drop for Threads {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        for socket in self.sockets.iter().filter(|_| !self.held_elsewhere) {
            // A socket without a peer is "not connected", and its reader is woken all the same.
            let _ = socket2::SockRef::from(&**socket).shutdown(Shutdown::Both);
        }
        for thread in self.threads.drain(..) {
            // A thread never waits but for its socket. One that panicked has nothing more to say.
            let _ = thread.join();
        }
    }
}

/// Starts a thread for each socket, and the tasks for what they hand on. Sockets that are `held_elsewhere` too stay as they are
/// when the threads end: another gateway, of this process or the next, reads on.
pub(super) fn serve(
    shared: &Arc<Shared>,
    sockets: Vec<UdpSocket>,
    held_elsewhere: bool,
    serving: &mut JoinSet<()>,
) -> io::Result<()> {
    let (hand, handed) = mpsc::channel(WAITING);
    let mut threads = Threads { stop: Arc::default(), held_elsewhere, sockets: Vec::new(), threads: Vec::new() };
    let idle = held_elsewhere.then_some(LOOKS_UP);
    for socket in sockets {
        socket.set_nonblocking(false)?;
        socket.set_read_timeout(idle)?;
        let socket = Arc::new(socket);
        threads.sockets.push(Arc::clone(&socket));
        let (stop, hand) = (Arc::clone(&threads.stop), hand.clone());
        let worker = Worker { shared: Arc::clone(shared), stop, hand, socket, idle };
        let run: fn(Worker) =
            if worker.socket.local_addr()?.is_ipv4() { Worker::run::<SockaddrIn> } else { Worker::run::<SockaddrIn6> };
        threads.threads.push(std::thread::Builder::new().name("dns".into()).spawn(move || run(worker))?);
    }
    serving.spawn(slow(Arc::clone(shared), handed, threads));
    Ok(())
}

/// An address as the system writes it.
trait SystemAddress: SockaddrLike + Copy {
    fn address(&self) -> SocketAddr;
}

impl SystemAddress for SockaddrIn {
    fn address(&self) -> SocketAddr {
        SocketAddr::V4((*self).into())
    }
}

impl SystemAddress for SockaddrIn6 {
    fn address(&self) -> SocketAddr {
        SocketAddr::V6((*self).into())
    }
}

/// One thread with its socket.
struct Worker {
    shared: Arc<Shared>,
    stop: Arc<AtomicBool>,
    hand: mpsc::Sender<Handed>,
    socket: Arc<UdpSocket>,
    /// How long it waits for a question before it looks up.
    idle: Option<Duration>,
}

/// Observations that wait to be handed on, and since when.
struct KeptBack {
    observations: Vec<Observation>,
    since: Option<Instant>,
}

/// A batch that arrived: how many packets, where each is from, and how long it is.
struct Arrived<A> {
    count: usize,
    clients: [Option<A>; BATCH],
    lengths: [usize; BATCH],
}

impl<A: SystemAddress> Arrived<A> {
    /// Each packet with its sender, as the system wrote it and as we do.
    fn packets<'a>(&'a self, buffers: &'a [[u8; LONGEST]]) -> impl Iterator<Item = (A, SocketAddr, &'a [u8])> {
        let arrived = self.clients.iter().zip(self.lengths).zip(buffers).take(self.count);
        arrived.filter_map(|((client, length), buffer)| {
            let client = (*client)?;
            Some((client, client.address(), buffer.get(..length)?))
        })
    }
}

impl Worker {
    fn run<A: SystemAddress>(self) {
        let mut headers = MultiHeaders::<A>::preallocate(BATCH, None);
        let mut outgoing = MultiHeaders::<A>::preallocate(BATCH, None);
        let mut questions = vec![[0_u8; LONGEST]; BATCH];
        let mut hosts = vec![HostRoom::default(); BATCH];
        let mut answers: Vec<AnswerPacket> = std::iter::repeat_with(AnswerPacket::default).take(BATCH).collect();
        let mut handed = Vec::with_capacity(BATCH);
        let mut kept = KeptBack { observations: Vec::with_capacity(KEPT_BACK + BATCH), since: None };
        while !self.stop.load(Ordering::Acquire) {
            // Errors here are about one client that went away (ICMP), a signal, or the time that observations may wait; the
            // socket itself is sound.
            let Some(arrived) = self.receive(&mut headers, &mut questions) else {
                self.hand_on_observations(&mut kept, None);
                continue;
            };
            let (mut to, mut written) = ([None; BATCH], 0);
            let rules = self.shared.rules();
            let mut batch = Batch::new(&self.shared, rules.as_deref(), &mut kept.observations);
            let mut ready = [const { None }; BATCH];
            let arriving = arrived.packets(&questions).zip(&mut hosts);
            for (ready, ((_, from, packet), room)) in ready.iter_mut().zip(arriving) {
                *ready = batch.read(packet, room, from.ip().to_canonical());
            }
            if arrived.count > FEW {
                batch.fetch(ready.get(..arrived.count).unwrap_or_default());
            }
            for ((client, from, packet), ready) in arrived.packets(&questions).zip(&ready) {
                let (Some(answer), Some(place)) = (answers.get_mut(written), to.get_mut(written)) else { break };
                let quickly = batch.take(ready.as_ref(), answer);
                if matches!(quickly, Quickly::Answered | Quickly::AnsweredAndDue) {
                    *place = Some(client);
                    written += 1;
                }
                if !matches!(quickly, Quickly::Answered | Quickly::Dropped) {
                    let socket = Arc::clone(&self.socket);
                    handed.push(Handed { packet: packet.into(), client: from, socket, quickly });
                }
            }
            let (now, answered) = (batch.instant(), batch.answered());
            drop(batch);
            // Before any answer is sent, here or by the tasks: who has the answer may look for what was observed.
            self.hand_on_observations(&mut kept, (arrived.count > FEW).then_some(now));
            handed.drain(..).for_each(|handed| self.hand_on(handed));
            self.send(&mut outgoing, &answers, to.get(..written).unwrap_or_default());
            if answered > 0 {
                // The clock is read once for a whole batch, which makes it cheap when it counts.
                self.shared.metrics.dns_quick_time.add(now.elapsed(), answered);
            }
        }
        self.hand_on_observations(&mut kept, None);
    }

    /// Hands observations on: at once, or, while questions come in numbers (`busy`: the time now), when they are many or have
    /// waited long enough. While some wait, so does the socket for no longer.
    fn hand_on_observations(&self, kept: &mut KeptBack, busy: Option<Instant>) {
        if let Some(now) = busy {
            if kept.observations.is_empty() {
                return;
            }
            let since = *kept.since.get_or_insert_with(|| {
                // Should it fail, they wait for the next question instead.
                let _ = self.socket.set_read_timeout(Some(KEPT_FOR));
                now
            });
            if kept.observations.len() < KEPT_BACK && now.duration_since(since) < KEPT_FOR {
                return;
            }
            kept.since = Some(now);
        } else if kept.since.take().is_some() {
            let _ = self.socket.set_read_timeout(self.idle);
        }
        self.shared.observer.observe_all(&mut kept.observations);
    }

    /// Waits for packets, and takes what is there.
    fn receive<A: SystemAddress>(
        &self,
        headers: &mut MultiHeaders<A>,
        questions: &mut [[u8; LONGEST]],
    ) -> Option<Arrived<A>> {
        let mut slices: [[IoSliceMut<'_>; 1]; BATCH] = {
            let mut buffers = questions.iter_mut();
            std::array::from_fn(|_| [IoSliceMut::new(buffers.next().map_or(&mut [], |buffer| buffer.as_mut_slice()))])
        };
        let received =
            recvmmsg(self.socket.as_raw_fd(), headers, slices.iter_mut(), MsgFlags::MSG_WAITFORONE, None).ok()?;
        if self.idle.is_none() && self.stop.load(Ordering::Acquire) {
            // Woken to stop: no packet came, and none has an address.
            return None;
        }
        let mut arrived = Arrived { count: 0, clients: [None; BATCH], lengths: [0; BATCH] };
        for ((message, client), length) in received.zip(&mut arrived.clients).zip(&mut arrived.lengths) {
            *client = message.address;
            *length = message.bytes;
            arrived.count += 1;
        }
        Some(arrived)
    }

    fn send<A: SystemAddress>(&self, headers: &mut MultiHeaders<A>, answers: &[AnswerPacket], to: &[Option<A>]) {
        let mut sent = 0;
        while sent < to.len() {
            let (answers, to) = (answers.get(sent..).unwrap_or_default(), to.get(sent..).unwrap_or_default());
            let slices: [[IoSlice<'_>; 1]; BATCH] = {
                let mut packets = answers.iter().zip(to);
                std::array::from_fn(|_| [IoSlice::new(packets.next().map_or(&[], |(answer, _)| answer.bytes()))])
            };
            let none: [ControlMessage<'_>; 0] = [];
            let result = sendmmsg(self.socket.as_raw_fd(), headers, &slices, to, none, MsgFlags::MSG_DONTWAIT);
            // What cannot be sent is about that one client, who will ask again; the next ones are not to blame.
            sent += result.map_or(0, Iterator::count).max(1);
        }
    }

    fn hand_on(&self, handed: Handed) {
        if self.hand.try_send(handed).is_err() {
            count(&self.shared.metrics.dns_overload);
        }
    }
}

/// Answers what the threads hand on, until the gateway stops: then the threads end, and what they had read is answered.
async fn slow(shared: Arc<Shared>, mut handed: mpsc::Receiver<Handed>, threads: Threads) {
    let mut waiting = JoinSet::new();
    let mut batch = Vec::with_capacity(BATCH);
    let (mut threads, mut stopping) = (Some(threads), shared.stopping());
    loop {
        let stops = tokio::select! {
            biased;
            received = handed.recv_many(&mut batch, BATCH) => {
                if received == 0 {
                    break;
                }
                false
            }
            stops = stopping.wait_for(|stops| *stops), if threads.is_some() => stops.is_ok(),
        };
        if stops {
            let ending = threads.take();
            // They end in a moment, which is too long for a task to wait.
            let _ = tokio::task::spawn_blocking(move || drop(ending)).await;
        }
        while waiting.try_join_next().is_some() {}
        for Handed { packet, client, socket, quickly } in batch.drain(..) {
            match read(&packet) {
                Packet::Drop => count(&shared.metrics.dns_malformed),
                Packet::Reply(bytes) => {
                    count(&shared.metrics.dns_malformed);
                    send(&socket, &bytes, client);
                }
                Packet::Question(question) => {
                    let asker = Client { device: client.ip().to_canonical(), transport: Transport::Udp };
                    if let Some(wanted) = begin(&shared, &question, asker, &socket, client, quickly) {
                        let shared = Arc::clone(&shared);
                        waiting.spawn(async move {
                            let bytes = wait(&shared, &question, asker, wanted).await;
                            send(&socket, &bytes, client);
                        });
                    }
                }
            }
        }
    }
    while waiting.join_next().await.is_some() {}
}

/// Answers what can be answered without waiting; else says what another server must be asked.
fn begin(
    shared: &Shared,
    question: &Question,
    asker: Client,
    socket: &UdpSocket,
    client: SocketAddr,
    quickly: Quickly,
) -> Option<Wanted> {
    if quickly == Quickly::AnsweredAndDue {
        // Whoever looks at what is remembered sees that it is due, and sees to it.
        let _ = shared.forwarder.remembered(question);
        return None;
    }
    if quickly == (Quickly::Other { charged: false }) {
        match shared.dns_rate.allow(asker.device, proven(shared, question, asker.device), Instant::now()) {
            Allowed::Allow => {}
            limited => {
                count(&shared.metrics.dns_rate_limited);
                if limited == Allowed::Truncate {
                    send(socket, &cut_short(shared, question, asker), client);
                }
                return None;
            }
        }
    }
    let step = if quickly == Quickly::Ask { let_through } else { at_once };
    match step(shared, question, asker) {
        Step::Answer(bytes) => {
            send(socket, &bytes, client);
            None
        }
        Step::Wait(wanted) => Some(wanted),
    }
}

/// Sends an answer. An error is about that one client, who will ask again.
fn send(socket: &UdpSocket, bytes: &[u8], client: SocketAddr) {
    if !bytes.is_empty() {
        let _ = sendto(socket.as_raw_fd(), bytes, &SockaddrStorage::from(client), MsgFlags::MSG_DONTWAIT);
    }
}
