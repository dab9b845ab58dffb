//! One other server: asks it over UDP, over TCP when the answer was cut or looks forged, or over TLS always; remembers what
//! it can (keep capitals, cookies, EDNS), how fast it answers and whether it is away.

use super::outgoing::{Dress, Outgoing, cookie_of};
use super::random::Random;
use super::stream::{Encryption, Stream};
use super::udp::Sockets;
use super::waiting::Arrived;
use hickory_proto::op::{Message, ResponseCode};
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// What a server is thought to need before it was asked: 100 milliseconds.
const FIRST_GUESS: u32 = 100_000;
/// It is given four times its usual time, within these bounds, before somebody else is asked too.
const PATIENCE: u32 = 4;
const LEAST_PATIENCE: Duration = Duration::from_millis(150);
const MOST_PATIENCE: Duration = Duration::from_millis(500);

/// Another server.
pub(crate) struct Server {
    udp: Option<Sockets>,
    stream: Stream,
    random: Arc<Random>,
    mix_case: AtomicBool,
    /// It answers questions with EDNS as if they were malformed.
    no_edns: AtomicBool,
    cookie: Mutex<Cookie>,
    /// Usual time to an answer, in microseconds.
    usual: AtomicU32,
    away: AtomicBool,
}

/// Our half of the cookie for this server, and its own half once it sent one.
struct Cookie {
    ours: [u8; 8],
    theirs: Vec<u8>,
}

/// What an answer over UDP is worth.
enum Worth {
    Good,
    /// A forger's: the true one may still come.
    Forged,
    /// Ask again with the cookie it brought.
    NewCookie,
    /// Only TCP can tell.
    Doubtful,
}

impl Server {
    /// A server asked over UDP and TCP.
    pub(crate) fn plain(address: SocketAddr, mix_case: bool, random: &Arc<Random>) -> Self {
        Self::new(Some(Sockets::new(address, Arc::clone(random))), Stream::new(address, None), mix_case, random)
    }

    /// A server asked over TLS only.
    pub(crate) fn encrypted(address: SocketAddr, encryption: Encryption, random: &Arc<Random>) -> Self {
        Self::new(None, Stream::new(address, Some(encryption)), false, random)
    }

    fn new(udp: Option<Sockets>, stream: Stream, mix_case: bool, random: &Arc<Random>) -> Self {
        Self {
            udp,
            stream,
            cookie: Mutex::new(Cookie { ours: random.bytes(), theirs: Vec::new() }),
            random: Arc::clone(random),
            mix_case: AtomicBool::new(mix_case),
            no_edns: AtomicBool::new(false),
            usual: AtomicU32::new(FIRST_GUESS),
            away: AtomicBool::new(false),
        }
    }

    pub(super) fn is_encrypted(&self) -> bool {
        self.udp.is_none()
    }

    pub(super) fn is_away(&self) -> bool {
        self.away.load(Ordering::Relaxed)
    }

    /// Notes that it is away; `true` if that is news.
    pub(super) fn set_away(&self) -> bool {
        !self.away.swap(true, Ordering::Relaxed)
    }

    pub(super) fn usual(&self) -> u32 {
        self.usual.load(Ordering::Relaxed)
    }

    /// How long it is waited for before another is asked too.
    pub(super) fn patience(&self) -> Duration {
        Duration::from_micros(u64::from(self.usual()) * u64::from(PATIENCE)).clamp(LEAST_PATIENCE, MOST_PATIENCE)
    }

    /// Asks it, and learns from how long it takes.
    pub(super) async fn ask(&self, outgoing: &Outgoing) -> io::Result<Message> {
        let since = Instant::now();
        let message = self.exchange(outgoing).await?;
        let took = u32::try_from(since.elapsed().as_micros()).unwrap_or(u32::MAX);
        let usual = self.usual();
        self.usual.store(usual - usual / 8 + took / 8, Ordering::Relaxed);
        self.away.store(false, Ordering::Relaxed);
        Ok(message)
    }

    async fn exchange(&self, outgoing: &Outgoing) -> io::Result<Message> {
        let plain = self.no_edns.load(Ordering::Relaxed);
        let message = self.exchange_once(outgoing, plain).await?;
        let knows_no_edns = matches!(message.metadata.response_code, ResponseCode::FormErr | ResponseCode::NotImp);
        if plain || !knows_no_edns || message.edns.is_some() {
            return Ok(message);
        }
        let message = self.exchange_once(outgoing, true).await?;
        self.no_edns.store(message.metadata.response_code == ResponseCode::NoError, Ordering::Relaxed);
        Ok(message)
    }

    async fn exchange_once(&self, outgoing: &Outgoing, plain: bool) -> io::Result<Message> {
        let Some(udp) = &self.udp else { return self.over_stream(outgoing, plain).await };
        // A second time only with a new cookie.
        for _ in 0..2 {
            let capitals = self.mix_case.load(Ordering::Relaxed).then(|| u64::from_le_bytes(self.random.bytes()));
            let dress = Dress { capitals, cookie: Some(self.cookie_for_it()), padded: false, plain };
            let mut packet = outgoing.packet(&dress)?;
            let sent = udp.send(&mut packet.bytes, packet.question).await?;
            loop {
                let arrived = sent.arrived().await?;
                let Ok(message) = Message::from_vec(&arrived.bytes) else {
                    return Err(io::ErrorKind::InvalidData.into());
                };
                match self.worth(&arrived, &message, capitals.is_some(), plain) {
                    Worth::Good => return Ok(message),
                    Worth::Forged => {}
                    Worth::NewCookie => break,
                    Worth::Doubtful => return self.over_stream(outgoing, plain).await,
                }
            }
        }
        self.over_stream(outgoing, plain).await
    }

    /// Over TCP or TLS no stranger can mix in.
    async fn over_stream(&self, outgoing: &Outgoing, plain: bool) -> io::Result<Message> {
        let capitals = self.mix_case.load(Ordering::Relaxed).then(|| u64::from_le_bytes(self.random.bytes()));
        let padded = self.is_encrypted();
        let cookie = (!padded).then(|| self.cookie_for_it());
        let packet = outgoing.packet(&Dress { capitals, cookie, padded, plain })?;
        let id = u16::from_le_bytes(self.random.bytes());
        let arrived = self.stream.ask(&packet.bytes, packet.question, id).await?;
        let message = Message::from_vec(&arrived.bytes).map_err(|_| io::ErrorKind::InvalidData)?;
        if !arrived.case_kept {
            // It truly does not keep capitals, so they tell nothing about its answers.
            self.mix_case.store(false, Ordering::Relaxed);
        }
        self.learn_cookie(&message);
        Ok(message)
    }

    fn worth(&self, arrived: &Arrived, message: &Message, mixed: bool, plain: bool) -> Worth {
        let mut cookie = self.cookie.lock().unwrap_or_else(PoisonError::into_inner);
        match cookie_of(message).and_then(<[u8]>::split_first_chunk::<8>) {
            Some((ours, _)) if *ours != cookie.ours => return Worth::Forged,
            Some((_, theirs)) => cookie.theirs = theirs.to_vec(),
            // It sent cookies before (RFC 7873 section 5.3).
            None if !cookie.theirs.is_empty() && !plain => return Worth::Doubtful,
            None => {}
        }
        if message.metadata.response_code == ResponseCode::BADCOOKIE {
            return Worth::NewCookie;
        }
        if message.metadata.truncation || (mixed && !arrived.case_kept) { Worth::Doubtful } else { Worth::Good }
    }

    fn learn_cookie(&self, message: &Message) {
        let mut cookie = self.cookie.lock().unwrap_or_else(PoisonError::into_inner);
        cookie.theirs = match cookie_of(message).and_then(<[u8]>::split_first_chunk::<8>) {
            Some((ours, theirs)) if *ours == cookie.ours => theirs.to_vec(),
            _ => Vec::new(),
        };
    }

    fn cookie_for_it(&self) -> Vec<u8> {
        let cookie = self.cookie.lock().unwrap_or_else(PoisonError::into_inner);
        [cookie.ours.as_slice(), &cookie.theirs].concat()
    }
}
