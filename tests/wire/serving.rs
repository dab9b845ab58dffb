//! A running `belisha serve` on the records of a demonstration, and clients that count what was not answered.

use crate::demonstration::Demonstration;
pub use crate::free_address::free_address;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

const BELISHA: &str = env!("CARGO_BIN_EXE_belisha");
const PATIENCE: Duration = Duration::from_secs(120);

/// Two schools with policies in force, as a demonstration leaves them. Made once; each story has a copy.
pub fn two_schools() -> tempfile::TempDir {
    static MADE: OnceLock<tempfile::TempDir> = OnceLock::new();
    let made = MADE.get_or_init(|| {
        let mut demonstration = Demonstration::start();
        demonstration.kill();
        let folder = tempfile::tempdir().unwrap();
        copy(demonstration.folder.path(), folder.path());
        folder
    });
    let folder = tempfile::tempdir().unwrap();
    copy(made.path(), folder.path());
    folder
}

fn copy(from: &Path, to: &Path) {
    let copied = Command::new("cp").arg("-a").arg(from.join(".")).arg(to).status().unwrap();
    assert!(copied.success());
}

/// Where a server listens.
#[derive(Clone, Copy)]
pub struct Addresses {
    pub web: SocketAddr,
    pub dns: SocketAddr,
    pub proxy: SocketAddr,
    pub block_page: SocketAddr,
}

impl Addresses {
    pub fn free() -> Self {
        let [web, dns, proxy, block_page] = std::array::from_fn(|_| free_address());
        Self { web, dns, proxy, block_page }
    }

    pub fn options(&self) -> Vec<String> {
        vec![
            format!("--web={}", self.web),
            format!("--dns={}", self.dns),
            format!("--proxy={}", self.proxy),
            format!("--block-page={}", self.block_page),
        ]
    }
}

/// A server. Killed when it goes out of scope.
pub struct Server {
    pub process: Child,
    pub log: PathBuf,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Server {
    /// Starts `belisha serve` on a data folder; what it says goes into a file beside it.
    pub fn start(data: &Path, options: &[String]) -> Self {
        Self::started_by(Command::new(BELISHA), data, options)
    }

    /// The same by another program that starts the rest of its command line.
    pub fn started_by(mut command: Command, data: &Path, options: &[String]) -> Self {
        static STARTED: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
        let number = STARTED.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let log = std::env::temp_dir().join(format!("belisha-serve-{}-{number}.log", std::process::id()));
        let out = std::fs::File::create(&log).unwrap();
        command.arg("serve").arg("--data").arg(data).args(options);
        command.stdout(out.try_clone().unwrap()).stderr(out).stdin(Stdio::null());
        Self { process: command.spawn().unwrap(), log }
    }

    pub fn said(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap()
    }

    /// Waits until it says something.
    pub fn until_it_says(&mut self, words: &str) {
        let started = Instant::now();
        while !self.said().contains(words) {
            if let Some(status) = self.process.try_wait().unwrap() {
                assert!(self.said().contains(words), "it ended with {status}: {}", self.said());
            }
            assert!(started.elapsed() < PATIENCE, "it never says `{words}`: {}", self.said());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Waits until it has ended by itself; gives its exit status.
    pub fn ends(&mut self) -> i32 {
        let started = Instant::now();
        loop {
            if let Some(status) = self.process.try_wait().unwrap() {
                return status.code().unwrap_or(-1);
            }
            assert!(started.elapsed() < PATIENCE, "it does not end: {}", self.said());
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// A question for the address of a name.
fn question(id: u16, name: &str) -> Vec<u8> {
    let mut packet = id.to_be_bytes().to_vec();
    packet.extend([1, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
    for label in name.split('.') {
        packet.push(u8::try_from(label.len()).unwrap());
        packet.extend(label.as_bytes());
    }
    packet.extend([0, 0, 1, 0, 1]);
    packet
}

/// Asks once over UDP, with no second try.
pub fn ask_udp(dns: SocketAddr, name: &str) -> Result<(), String> {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    socket.send_to(&question(7, name), dns).map_err(|error| format!("udp send: {error}"))?;
    let mut answer = [0; 1500];
    let length = socket.recv(&mut answer).map_err(|error| format!("udp answer: {error}"))?;
    if length > 12 && answer[..2] == [0, 7] { Ok(()) } else { Err(format!("udp answer of {length} bytes")) }
}

/// Asks once over TCP, on a connection of its own.
pub fn ask_tcp(dns: SocketAddr, name: &str) -> Result<(), String> {
    let failed = |error: std::io::Error| format!("tcp: {error}");
    let mut stream = TcpStream::connect(dns).map_err(failed)?;
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let packet = question(8, name);
    let length = u16::try_from(packet.len()).unwrap().to_be_bytes();
    stream.write_all(&[&length, packet.as_slice()].concat()).map_err(failed)?;
    let mut answer = [0; 14];
    stream.read_exact(&mut answer).map_err(failed)?;
    if answer[2..4] == [0, 8] { Ok(()) } else { Err("tcp: another answer".into()) }
}

/// Asks the proxy for a page on a connection of its own; any whole answer will do. Gives its first line.
pub fn ask_proxy(proxy: SocketAddr, url: &str) -> Result<String, String> {
    let failed = |error: std::io::Error| format!("proxy: {error}");
    let mut stream = TcpStream::connect(proxy).map_err(failed)?;
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let host = url.trim_start_matches("http://").split('/').next().unwrap();
    let request = format!("GET {url} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).map_err(failed)?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).map_err(failed)?;
    let first = answer.lines().next().unwrap_or_default().to_owned();
    if first.starts_with("HTTP/1.1 ") && answer.contains("\r\n\r\n") {
        Ok(first)
    } else {
        Err(format!("proxy: answered `{answer}`"))
    }
}
