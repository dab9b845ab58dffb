//! TCP or TLS to one server: one connection at a time, many questions on it in any order (RFC 7766), opened when it is
//! needed and closed when it is idle.

use super::waiting::{Arrived, Waiting};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{Mutex, mpsc};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;

/// A connection that carries nothing for so long is closed.
const IDLE: Duration = Duration::from_secs(15);
/// Most questions on one connection.
const FULL: usize = 1024;

/// What makes a connection encrypted, and who must be at its other end.
#[derive(Clone)]
pub(crate) struct Encryption {
    pub(crate) connector: TlsConnector,
    pub(crate) name: ServerName<'static>,
}

/// The connection to one server.
pub(super) struct Stream {
    server: SocketAddr,
    encryption: Option<Encryption>,
    open: Mutex<Option<Arc<Open>>>,
}

struct Open {
    to_write: mpsc::Sender<Vec<u8>>,
    waiting: Arc<Waiting>,
    closed: Arc<AtomicBool>,
    /// Reader and writer; they stop with the connection.
    _tasks: JoinSet<()>,
}

trait Connection: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Connection for T {}

impl Stream {
    pub(super) fn new(server: SocketAddr, encryption: Option<Encryption>) -> Self {
        Self { server, encryption, open: Mutex::default() }
    }

    /// Sends a packet and waits for its answer. A kept connection that the server closed meanwhile is opened again, once.
    pub(super) async fn ask(&self, packet: &[u8], question: usize, id: u16) -> io::Result<Arrived> {
        let (open, kept) = self.open().await?;
        match open.ask(packet, question, id).await {
            Err(_) if kept => {
                let (open, _) = self.open().await?;
                open.ask(packet, question, id).await
            }
            answer => answer,
        }
    }

    /// The open connection, or a new one; and whether it was open before.
    async fn open(&self) -> io::Result<(Arc<Open>, bool)> {
        let mut open = self.open.lock().await;
        if let Some(open) = open.as_ref().filter(|open| !open.closed.load(Ordering::Acquire)) {
            return Ok((Arc::clone(open), true));
        }
        let opened = Arc::new(Open::new(self.connect().await?));
        *open = Some(Arc::clone(&opened));
        Ok((opened, false))
    }

    async fn connect(&self) -> io::Result<Box<dyn Connection>> {
        let stream = TcpStream::connect(self.server).await?;
        stream.set_nodelay(true)?;
        Ok(match &self.encryption {
            None => Box::new(stream),
            Some(encryption) => Box::new(encryption.connector.connect(encryption.name.clone(), stream).await?),
        })
    }
}

impl Open {
    fn new(connection: Box<dyn Connection>) -> Self {
        let (reading, writing) = tokio::io::split(connection);
        let (to_write, queue) = mpsc::channel(64);
        let (waiting, closed) = (Arc::new(Waiting::default()), Arc::new(AtomicBool::new(false)));
        let mut tasks = JoinSet::new();
        let done = {
            let (waiting, closed) = (Arc::clone(&waiting), Arc::clone(&closed));
            move || {
                closed.store(true, Ordering::Release);
                waiting.fail(io::ErrorKind::ConnectionReset);
            }
        };
        tasks.spawn(write(writing, queue));
        tasks.spawn({
            let waiting = Arc::clone(&waiting);
            async move {
                // Whatever ended it: the next question opens another.
                let _ = read(reading, &waiting).await;
                done();
            }
        });
        Self { to_write, waiting, closed, _tasks: tasks }
    }

    async fn ask(&self, packet: &[u8], question: usize, id: u16) -> io::Result<Arrived> {
        let asked = packet.get(12..12 + question).ok_or(io::ErrorKind::InvalidInput)?;
        let place = self.waiting.place(id, asked, FULL).ok_or(io::ErrorKind::WouldBlock)?;
        if self.closed.load(Ordering::Acquire) {
            return Err(io::ErrorKind::ConnectionReset.into());
        }
        let length = u16::try_from(packet.len()).map_err(io::Error::other)?;
        let rest = packet.get(2..).unwrap_or_default();
        let bytes = [&length.to_be_bytes()[..], &place.id.to_be_bytes(), rest].concat();
        self.to_write.send(bytes).await.map_err(|_| io::ErrorKind::ConnectionReset)?;
        place.arrived().await
    }
}

async fn write(mut connection: impl AsyncWrite + Unpin, mut queue: mpsc::Receiver<Vec<u8>>) {
    while let Some(bytes) = queue.recv().await {
        if connection.write_all(&bytes).await.is_err() || connection.flush().await.is_err() {
            return;
        }
    }
}

async fn read(mut connection: impl AsyncRead + Unpin, waiting: &Waiting) -> io::Result<()> {
    let mut packet = Vec::new();
    loop {
        // Questions give up long before that.
        let Ok(length) = timeout(IDLE, connection.read_u16()).await else { return Ok(()) };
        let length = length?;
        packet.resize(usize::from(length), 0);
        connection.read_exact(&mut packet).await?;
        waiting.bring(&packet);
    }
}
