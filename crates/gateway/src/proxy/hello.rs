//! The first words of a TLS connection, read without answering them: which host the client means (SNI). Reading is bounded in
//! bytes; the caller bounds the time. What is read is kept, because the origin must hear it too.

use super::target::host;
use rustls::server::{Accepted, Acceptor};
use tokio::io::{AsyncRead, AsyncReadExt};

/// Longest ClientHello waited for, in bytes; with post-quantum keys they are near 2,000.
const LONGEST: usize = 32 * 1024;
/// Room for a usual one.
const USUAL: usize = 2048;

/// A ClientHello.
pub(super) struct Hello {
    /// Everything read so far, to be passed on.
    pub(super) bytes: Vec<u8>,
    /// The host it names, in the form everything compares; `None` where it names none.
    pub(super) server_name: Option<String>,
    /// What was understood of it, to answer it in the origin's place; `None` where more than the hello came, which nobody
    /// sends before an answer.
    pub(super) accepted: Option<Accepted>,
}

/// What the client says is no TLS.
#[derive(Debug)]
pub(super) struct NotTls;

/// Reads until the ClientHello is whole.
pub(super) async fn read_hello(stream: &mut (impl AsyncRead + Unpin)) -> Result<Hello, NotTls> {
    let mut acceptor = Acceptor::default();
    let mut bytes = Vec::with_capacity(USUAL);
    loop {
        let before = bytes.len();
        if stream.read_buf(&mut bytes).await.map_err(|_| NotTls)? == 0 || bytes.len() > LONGEST {
            return Err(NotTls);
        }
        if let Some((accepted, nothing_more)) = feed(&mut acceptor, bytes.get(before..).unwrap_or_default())? {
            let server_name = accepted.client_hello().server_name().and_then(host);
            return Ok(Hello { bytes, server_name, accepted: nothing_more.then_some(accepted) });
        }
    }
}

/// Gives bytes to the parser; `Some` once the hello is whole, with whether all bytes were its own.
fn feed(acceptor: &mut Acceptor, mut read: &[u8]) -> Result<Option<(Accepted, bool)>, NotTls> {
    while !read.is_empty() {
        let before = read.len();
        acceptor.read_tls(&mut read).map_err(|_| NotTls)?;
        match acceptor.accept() {
            Ok(Some(accepted)) => return Ok(Some((accepted, read.is_empty()))),
            Ok(None) if read.len() == before => return Err(NotTls),
            Ok(None) => {}
            Err(_) => return Err(NotTls),
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    async fn hello(bytes: &[u8]) -> Result<Hello, NotTls> {
        read_hello(&mut &*bytes).await
    }

    #[tokio::test]
    async fn what_is_no_tls_is_told_from_what_is() {
        assert!(hello(b"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n").await.is_err());
        assert!(hello(b"SSH-2.0-OpenSSH_9.2\r\n").await.is_err());
        assert!(hello(b"").await.is_err());
        assert!(hello(b"\x16\x03\x01\x02\x00\x01\x00").await.is_err(), "cut short");
        assert!(hello(&[0x16, 0x03, 0x01, 0xff, 0xff].repeat(20_000)).await.is_err(), "too long");
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..2000), tls in any::<bool>()) {
            let mut bytes = bytes;
            if tls && bytes.len() > 9 {
                bytes[..6].copy_from_slice(&[0x16, 3, 1, 0, 200, 1]);
            }
            let _ = tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(hello(&bytes));
        }
    }
}
