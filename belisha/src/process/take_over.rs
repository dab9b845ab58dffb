//! One process takes another's place and nobody is refused: the old one passes its listening sockets over a Unix socket in the
//! data folder (SCM_RIGHTS, `unix(7)`), the new one starts on them and says so, and only then the old one stops taking what
//! comes, writes who is signed in, and finishes what it has begun. If the new one fails, the old one has noticed nothing.
//! `docs/decisions/0022-a-restart-refuses-nobody.md`.

use super::until_stopped;
use crate::commands::Failure;
use crate::data_folder::{HAND_OVER, SOCKETS};
use belisha_gateway::OpenSockets;
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage, SendFlags,
    recvmsg, sendmsg, sockopt,
};
use std::io::{self, IoSlice, IoSliceMut, Read, Write};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Sockets in one message; the system takes no more than 253.
const AT_ONCE: usize = 64;
/// How long a new process may take to start on the old one's sockets: large lists are compiled by then.
const STARTS_WITHIN: Duration = Duration::from_secs(120);
/// How long the old process may take to stop taking what comes.
const STOPS_WITHIN: Duration = Duration::from_secs(30);
const READY: u8 = b'R';
const YOURS: u8 = b'Y';

/// The process before this one.
pub struct Predecessor {
    stream: UnixStream,
}

impl Predecessor {
    /// Finds the process that serves a data folder, and takes its sockets in.
    ///
    /// # Errors
    /// When none does, or it does not pass its sockets on.
    pub fn find(data: &Path, sockets: &OpenSockets) -> Result<Self, Failure> {
        let path = data.join(SOCKETS).join(HAND_OVER);
        let stream = UnixStream::connect(&path).map_err(|error| {
            Failure(format!(
                "nobody serves `{}`, so there is nobody to take over from ({error}); start without --take-over",
                data.display()
            ))
        })?;
        let failed = |error| Failure(format!("the running process did not pass its sockets on: {error}"));
        stream.set_read_timeout(Some(STOPS_WITHIN)).map_err(failed)?;
        for socket in receive(&stream).map_err(failed)? {
            sockets.take_in(socket).map_err(failed)?;
        }
        Ok(Self { stream })
    }

    /// Says that this process answers now, and waits until the other one has stopped taking what comes and has written who is
    /// signed in. What it says afterwards comes from the stream, if it has more to say. `None`: it ended meanwhile, and whoever
    /// signed in there in the last seconds signs in again.
    pub async fn relieve(self) -> Option<UnixStream> {
        match tokio::task::spawn_blocking(move || self.wait()).await {
            Ok(Ok(stream)) => return Some(stream),
            Ok(Err(error)) => tracing::warn!("the process before this one ended before it had handed over: {error}"),
            Err(_) => tracing::warn!("the process before this one was not heard to the end"),
        }
        None
    }

    fn wait(mut self) -> io::Result<UnixStream> {
        self.stream.write_all(&[READY])?;
        let mut said = [0];
        self.stream.read_exact(&mut said)?;
        if said != [YOURS] {
            return Err(io::Error::other("it said something else than was agreed"));
        }
        self.stream.set_read_timeout(None)?;
        Ok(self.stream)
    }
}

/// Offers this process' place in a data folder, and then waits until it is to end: because somebody asked it to (`None`), or because
/// another process answers in its place.
///
/// # Errors
/// When the place cannot be offered; the second, when the system does not let signals be waited for.
pub fn ending(
    data: &Path,
    sockets: OpenSockets,
) -> io::Result<impl Future<Output = Result<Option<Successor>, Failure>>> {
    let successor = HandOver::offer(data)?.successor(sockets);
    Ok(async move {
        tokio::select! {
            stopped = until_stopped() => stopped.map(|()| None),
            Some(successor) = successor => Ok(Some(successor)),
        }
    })
}

/// A process that may be relieved.
struct HandOver {
    listener: UnixListener,
    path: PathBuf,
}

impl HandOver {
    /// Offers this process' place in a data folder; whoever offered it before is gone or going.
    ///
    /// # Errors
    /// When the socket cannot be made.
    fn offer(data: &Path) -> io::Result<Self> {
        let path = data.join(SOCKETS).join(HAND_OVER);
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let listener = UnixListener::bind(&path)?;
        Ok(Self { listener, path })
    }

    /// Waits for a process that answers on this one's sockets. Those that come and fail change nothing. `None`: nobody can come
    /// any more.
    async fn successor(self, sockets: OpenSockets) -> Option<Successor> {
        let (found, successor) = tokio::sync::oneshot::channel();
        // A thread nobody waits for: it may wait as long as the process runs.
        std::thread::spawn(move || {
            while let Ok((stream, _)) = self.listener.accept() {
                match serve(&stream, &sockets) {
                    Ok(()) => return found.send(Successor { stream }).ok(),
                    Err(error) => {
                        tracing::warn!(path = %self.path.display(), "a process that was to take over did not: {error}");
                    }
                }
            }
            None
        });
        successor.await.ok()
    }
}

/// The process after this one, which answers already.
pub struct Successor {
    stream: UnixStream,
}

impl Successor {
    /// Says that this process takes nothing more, and that everything it knew is on disk. What it learns afterwards may be
    /// written to the stream.
    ///
    /// # Errors
    /// When the successor has ended.
    pub fn yours(mut self) -> io::Result<UnixStream> {
        self.stream.set_write_timeout(Some(STOPS_WITHIN))?;
        self.stream.write_all(&[YOURS])?;
        Ok(self.stream)
    }
}

/// Passes the sockets on and waits until they are answered on.
fn serve(stream: &UnixStream, sockets: &OpenSockets) -> io::Result<()> {
    let (theirs, ours) = (sockopt::socket_peercred(stream)?.uid, rustix::process::geteuid());
    if theirs != ours && !theirs.is_root() {
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, "it is another user's"));
    }
    stream.set_read_timeout(Some(STARTS_WITHIN))?;
    give(stream, &sockets.pass_on()?)?;
    let mut said = [0];
    (&mut &*stream).read_exact(&mut said)?;
    if said == [READY] { Ok(()) } else { Err(io::Error::other("it said something else than was agreed")) }
}

/// Each message says how many sockets come with it; none are the end.
fn give(stream: &UnixStream, sockets: &[OwnedFd]) -> io::Result<()> {
    for some in sockets.chunks(AT_ONCE).chain([&[][..]]) {
        let count = [u8::try_from(some.len()).map_err(io::Error::other)?];
        let borrowed: Vec<_> = some.iter().map(AsFd::as_fd).collect();
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(AT_ONCE))];
        let mut beside = SendAncillaryBuffer::new(&mut space);
        if !borrowed.is_empty() && !beside.push(SendAncillaryMessage::ScmRights(&borrowed)) {
            return Err(io::Error::other("too many sockets in one message"));
        }
        sendmsg(stream, &[IoSlice::new(&count)], &mut beside, SendFlags::NOSIGNAL)?;
    }
    Ok(())
}

fn receive(stream: &UnixStream) -> io::Result<Vec<OwnedFd>> {
    let mut sockets = Vec::new();
    loop {
        let mut count = [0];
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(AT_ONCE))];
        let mut beside = RecvAncillaryBuffer::new(&mut space);
        let read = recvmsg(stream, &mut [IoSliceMut::new(&mut count)], &mut beside, RecvFlags::CMSG_CLOEXEC)?;
        if read.bytes == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let before = sockets.len();
        for message in beside.drain() {
            if let RecvAncillaryMessage::ScmRights(passed) = message {
                sockets.extend(passed);
            }
        }
        if sockets.len() - before != usize::from(count[0]) {
            return Err(io::Error::other("some sockets were lost on the way; this process may open too few files"));
        }
        if count == [0] {
            return Ok(sockets);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    #[test]
    fn more_sockets_than_fit_one_message_arrive_and_are_the_same() {
        let (old, new) = UnixStream::pair().unwrap();
        let listeners: Vec<_> = (0..AT_ONCE + 3).map(|_| TcpListener::bind("127.0.0.1:0").unwrap()).collect();
        let addresses: Vec<_> = listeners.iter().map(|listener| listener.local_addr().unwrap()).collect();
        let sockets: Vec<OwnedFd> = listeners.into_iter().map(OwnedFd::from).collect();
        std::thread::scope(|scope| {
            scope.spawn(|| give(&old, &sockets).unwrap());
            let passed = receive(&new).unwrap().into_iter().map(TcpListener::from);
            assert_eq!(passed.map(|listener| listener.local_addr().unwrap()).collect::<Vec<_>>(), addresses);
        });
    }

    #[tokio::test]
    async fn a_process_that_fails_to_take_over_changes_nothing_and_the_next_may_try() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join(SOCKETS)).unwrap();
        let mine = OpenSockets::default();
        let waiting = HandOver::offer(folder.path()).unwrap().successor(mine.clone());
        let path = folder.path().to_owned();
        let taking = tokio::task::spawn_blocking(move || {
            let theirs = OpenSockets::default();
            drop(Predecessor::find(&path, &theirs).unwrap());
            Predecessor::find(&path, &theirs).unwrap().wait()
        });
        waiting.await.unwrap().yours().unwrap();
        taking.await.unwrap().unwrap();
    }

    #[test]
    fn nobody_to_take_over_from_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let Err(failure) = Predecessor::find(folder.path(), &OpenSockets::default()) else {
            panic!("somebody was found")
        };
        assert!(failure.to_string().contains("without --take-over"), "{failure}");
    }
}
