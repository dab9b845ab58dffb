//! The first words of a TLS connection, read without answering them: which host the client means (SNI). Reading is bounded in
//! bytes; the caller bounds the time. What is read is kept, because the origin must hear it too.
//!
//! A hello that came in one piece, as nearly all do, is read where it lies; any other, and one that is to be answered here,
//! by rustls.

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
}

/// What the client says is no TLS.
#[derive(Debug)]
pub(super) struct NotTls;

impl Hello {
    /// What rustls makes of it, to answer it in the origin's place. `None` where it would not.
    pub(super) fn accepted(&self) -> Option<Accepted> {
        let mut acceptor = Acceptor::default();
        feed(&mut acceptor, &self.bytes).ok()?
    }
}

/// Reads until the ClientHello is whole.
pub(super) async fn read_hello(stream: &mut (impl AsyncRead + Unpin)) -> Result<Hello, NotTls> {
    let mut bytes = Vec::with_capacity(USUAL);
    read_more(stream, &mut bytes).await?;
    if let Some(server_name) = quick_name(&bytes) {
        let server_name = server_name.and_then(host);
        return Ok(Hello { bytes, server_name });
    }
    let mut acceptor = Acceptor::default();
    let mut fed = 0;
    loop {
        if let Some(accepted) = feed(&mut acceptor, bytes.get(fed..).unwrap_or_default())? {
            let server_name = accepted.client_hello().server_name().and_then(host);
            return Ok(Hello { bytes, server_name });
        }
        fed = bytes.len();
        read_more(stream, &mut bytes).await?;
    }
}

async fn read_more(stream: &mut (impl AsyncRead + Unpin), bytes: &mut Vec<u8>) -> Result<(), NotTls> {
    let length = stream.read_buf(bytes).await.map_err(|_| NotTls)?;
    if length == 0 || bytes.len() > LONGEST { Err(NotTls) } else { Ok(()) }
}

/// Gives bytes to rustls; `Some` once the hello is whole.
fn feed(acceptor: &mut Acceptor, mut read: &[u8]) -> Result<Option<Accepted>, NotTls> {
    while !read.is_empty() {
        let before = read.len();
        acceptor.read_tls(&mut read).map_err(|_| NotTls)?;
        match acceptor.accept() {
            Ok(Some(accepted)) => return Ok(Some(accepted)),
            Ok(None) if read.len() == before => return Err(NotTls),
            Ok(None) => {}
            Err(_) => return Err(NotTls),
        }
    }
    Ok(None)
}

/// The name in a ClientHello that fills one record and came whole (RFC 8446 section 4.1.2, RFC 6066 section 3). `None`: it is
/// another, or none, and is to be read with more care.
pub(crate) fn quick_name(bytes: &[u8]) -> Option<Option<&str>> {
    let mut record = Fields(bytes);
    let [0x16, 3, _] = *record.take(3)? else { return None };
    let mut message = Fields(record.long()?);
    if !record.0.is_empty() || message.take(1)? != [1] {
        return None;
    }
    let [high, middle, low] = *message.take(3)? else { return None };
    let mut hello = Fields(message.take(usize::from(high) << 16 | usize::from(middle) << 8 | usize::from(low))?);
    // Version and random, then session, cipher suites and compression.
    let [3, ..] = *hello.take(34)? else { return None };
    hello.short()?;
    hello.long()?;
    hello.short()?;
    let mut extensions = Fields(hello.long()?);
    if !message.0.is_empty() || !hello.0.is_empty() {
        return None;
    }
    let mut found = None;
    while !extensions.0.is_empty() {
        let kind = extensions.take(2)?;
        let content = extensions.long()?;
        if kind == [0, 0] && found.replace(content).is_some() {
            return None;
        }
    }
    let Some(content) = found else { return Some(None) };
    let mut content = Fields(content);
    let mut names = Fields(content.long()?);
    // One name, of a host.
    if names.take(1)? != [0] {
        return None;
    }
    let name = std::str::from_utf8(names.long()?).ok()?;
    (names.0.is_empty() && content.0.is_empty() && host(name).is_some()).then_some(Some(name))
}

/// Bytes that are taken from the front, some after a length of one byte or two.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn short(&mut self) -> Option<&'a [u8]> {
        let length = *self.take(1)?.first()?;
        self.take(length.into())
    }

    fn long(&mut self) -> Option<&'a [u8]> {
        let length = u16::from_be_bytes(self.take(2)?.try_into().ok()?);
        self.take(length.into())
    }
}

/// Reads a ClientHello both ways.
///
/// # Panics
/// When both read it and disagree about its host, which the fuzz target looks for.
pub(crate) fn read_both_ways(bytes: &[u8]) {
    let (Some(quick), Ok(Some(slow))) = (quick_name(bytes), feed(&mut Acceptor::default(), bytes)) else { return };
    assert_eq!(quick.and_then(host), slow.client_hello().server_name().and_then(host), "{bytes:?}");
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

    /// A ClientHello as rustls writes it.
    fn real(name: &str) -> Vec<u8> {
        let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(rustls::RootCertStore::empty())
            .with_no_client_auth();
        let name = name.to_owned().try_into().unwrap();
        let mut client = rustls::ClientConnection::new(std::sync::Arc::new(config), name).unwrap();
        let mut bytes = Vec::new();
        client.write_tls(&mut bytes).unwrap();
        bytes
    }

    #[tokio::test]
    async fn a_real_hello_is_read_in_one_piece_or_several() {
        let bytes = real("lessons.example");
        assert_eq!(quick_name(&bytes), Some(Some("lessons.example")));
        assert_eq!(quick_name(&real("203.0.113.7")), Some(None), "an address is no name");
        for piece in [bytes.len(), 100, 1] {
            let mut stream = in_pieces(&bytes, piece);
            let hello = read_hello(&mut stream).await.unwrap();
            assert_eq!((hello.server_name.as_deref(), &hello.bytes), (Some("lessons.example"), &bytes));
            assert!(hello.accepted().is_some());
        }
    }

    /// A stream that gives a few bytes at a time.
    fn in_pieces(bytes: &[u8], piece: usize) -> impl AsyncRead + Unpin {
        let (mut writes, reads) = tokio::io::duplex(piece);
        let bytes = bytes.to_vec();
        tokio::spawn(async move { tokio::io::AsyncWriteExt::write_all(&mut writes, &bytes).await });
        reads
    }

    proptest! {
        #[test]
        fn a_damaged_hello_names_the_same_host_both_ways_or_none(changes in proptest::collection::vec((0usize..600, any::<u8>()), 0..4), cut in 0usize..600) {
            let mut bytes = real("lessons.example");
            for (at, value) in changes {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte = value;
                }
            }
            read_both_ways(&bytes);
            bytes.truncate(cut);
            read_both_ways(&bytes);
        }

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
