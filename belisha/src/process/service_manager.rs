//! Word to systemd, and sockets from it: what `sd_notify(3)` and `sd_listen_fds(3)` describe, and nothing else of it.

use crate::commands::Failure;
use belisha_gateway::OpenSockets;
use listenfd::ListenFd;
use std::ffi::OsStr;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::time::Duration;

/// Takes in the sockets that the service manager opened for this process.
///
/// # Errors
/// When one is neither TCP nor UDP.
pub fn take_sockets(sockets: &OpenSockets) -> Result<(), Failure> {
    let mut given = ListenFd::from_env();
    for place in 0..given.len() {
        let socket = match given.take_tcp_listener(place) {
            Ok(Some(listener)) => listener.into(),
            _ => match given.take_udp_socket(place) {
                Ok(Some(socket)) => socket.into(),
                _ => return Err(unfit("it listens neither on TCP nor on UDP")),
            },
        };
        sockets.take_in(socket).map_err(|error| unfit(&error.to_string()))?;
    }
    Ok(())
}

fn unfit(what: &str) -> Failure {
    Failure(format!("cannot use a socket of the service manager: {what}; correct the .socket unit"))
}

/// The service manager, where one started this process.
pub struct ServiceManager {
    socket: UnixDatagram,
    address: SocketAddr,
}

impl ServiceManager {
    /// The one that waits for word (`NOTIFY_SOCKET`).
    pub fn find() -> Option<Self> {
        Self::at(&std::env::var_os("NOTIFY_SOCKET")?)
    }

    /// A path, or a name in the abstract namespace after `@`.
    fn at(name: &OsStr) -> Option<Self> {
        let address = match name.as_bytes().strip_prefix(b"@") {
            Some(name) => SocketAddr::from_abstract_name(name),
            None => SocketAddr::from_pathname(name),
        };
        Some(Self { socket: UnixDatagram::unbound().ok()?, address: address.ok()? })
    }

    /// Says that everything answers, and from then on, as often as the manager asks (`WatchdogSec=`), that it still does.
    pub fn ready(self) {
        // A successor is not the process that was started: the manager follows it from here.
        self.say(&format!("MAINPID={}\nREADY=1", std::process::id()));
        if let Some(within) = watchdog() {
            tokio::spawn(async move {
                let mut every = tokio::time::interval(within / 2);
                loop {
                    every.tick().await;
                    self.say("WATCHDOG=1");
                }
            });
        }
    }

    /// Nobody is told twice: a manager that does not listen is none.
    fn say(&self, what: &str) {
        let _ = self.socket.send_to_addr(what.as_bytes(), &self.address);
    }
}

/// How often the manager wants to hear from the process, at least.
fn watchdog() -> Option<Duration> {
    let within: u64 = std::env::var("WATCHDOG_USEC").ok()?.parse().ok()?;
    (within > 1).then(|| Duration::from_micros(within))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn word_arrives_at_a_path_and_at_a_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notify");
        let abstract_name = format!("belisha-notify-{}", std::process::id());
        let listening = [
            (UnixDatagram::bind(&path).unwrap(), path.into_os_string()),
            (
                UnixDatagram::bind_addr(&SocketAddr::from_abstract_name(&abstract_name).unwrap()).unwrap(),
                format!("@{abstract_name}").into(),
            ),
        ];
        for (socket, name) in listening {
            ServiceManager::at(&name).unwrap().say("READY=1");
            let mut word = [0; 64];
            let length = socket.recv(&mut word).unwrap();
            assert_eq!(&word[..length], b"READY=1");
        }
    }
}
