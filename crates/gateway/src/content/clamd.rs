//! Asks ClamAV's daemon whether a file is malware, by its `INSTREAM` command: pieces with their length before them, an empty
//! one at the end, one line of answer (clamd(8)). What is done while it is away is the rules' word.

use std::fs::File;
use std::io::{self, Read};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpStream, UnixStream};
use tokio::time::timeout;

/// Bytes sent at a time.
const PIECE: usize = 64 * 1024;
/// The longest answer that is read, in bytes.
const LONGEST_ANSWER: u64 = 1024;

/// Where the daemon listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClamdAddress {
    /// A Unix socket, `/run/clamav/clamd.ctl`.
    Unix(PathBuf),
    /// A TCP port, 3310.
    Tcp(SocketAddr),
}

/// What the daemon said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Scanned {
    /// Nothing was found.
    Clean,
    /// Something was, by the name the daemon's signatures give it.
    Found(String),
}

/// Scans a file from its beginning.
///
/// # Errors
/// When the daemon cannot be reached, does not answer within `longest`, or did not scan the whole file.
pub(super) async fn scan(address: &ClamdAddress, file: &File, longest: Duration) -> io::Result<Scanned> {
    let scanning = async {
        match address {
            ClamdAddress::Unix(path) => instream(UnixStream::connect(path).await?, file).await,
            ClamdAddress::Tcp(address) => instream(TcpStream::connect(address).await?, file).await,
        }
    };
    timeout(longest, scanning).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}

async fn instream(mut stream: impl AsyncRead + AsyncWrite + Unpin, mut file: &File) -> io::Result<Scanned> {
    stream.write_all(b"zINSTREAM\0").await?;
    let mut piece = vec![0; PIECE];
    loop {
        let length = file.read(&mut piece)?;
        let announced = u32::try_from(length).map_err(io::Error::other)?;
        stream.write_all(&announced.to_be_bytes()).await?;
        let Some(read) = piece.get(..length).filter(|read| !read.is_empty()) else { break };
        stream.write_all(read).await?;
    }
    stream.flush().await?;
    let mut answer = Vec::new();
    stream.take(LONGEST_ANSWER).read_to_end(&mut answer).await?;
    verdict(&String::from_utf8_lossy(&answer))
}

/// `stream: OK` or `stream: NAME FOUND`; anything else is an error of the daemon's and no verdict.
fn verdict(answer: &str) -> io::Result<Scanned> {
    let said = answer.trim_end_matches(['\0', '\n', '\r', ' ']).strip_prefix("stream: ");
    match said {
        Some("OK") => Ok(Scanned::Clean),
        Some(found) if found.ends_with(" FOUND") => Ok(Scanned::Found(found.trim_end_matches(" FOUND").to_owned())),
        _ => Err(io::Error::other("the scanner did not scan the whole file")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_verdict_is_a_verdict() {
        assert_eq!(verdict("stream: OK\0").unwrap(), Scanned::Clean);
        assert_eq!(verdict("stream: Win.Test.EICAR FOUND\0").unwrap(), Scanned::Found("Win.Test.EICAR".into()));
        for answer in ["", "stream: ", "INSTREAM size limit exceeded. ERROR\0", "OK", "stream: not OK"] {
            assert!(verdict(answer).is_err(), "{answer}");
        }
    }
}
