//! A connection of which the first bytes were read already, to learn what is spoken on it: whoever reads it hears them first.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};

/// Most bytes read ahead: the head of most requests, so that it costs no second look.
const AHEAD: usize = 2048;

/// A connection and what was read of it.
pub(super) struct Begun<Io> {
    first: Vec<u8>,
    given: usize,
    io: Io,
}

impl<Io: AsyncRead + Unpin> Begun<Io> {
    /// Waits for the first bytes; `None`: the other side went away.
    pub(super) async fn of(mut io: Io) -> Option<Self> {
        let mut first = Vec::with_capacity(AHEAD);
        let length = io.read_buf(&mut first).await.ok()?;
        (length > 0).then_some(Self { first, given: 0, io })
    }

    /// Whether it begins so.
    pub(super) fn begins_with(&self, bytes: &[u8]) -> bool {
        self.first.starts_with(bytes)
    }
}

impl<Io: AsyncRead + Unpin> AsyncRead for Begun<Io> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let first = self.first.get(self.given..).unwrap_or_default();
        if first.is_empty() {
            return Pin::new(&mut self.io).poll_read(context, buffer);
        }
        let length = first.len().min(buffer.remaining());
        buffer.put_slice(first.get(..length).unwrap_or_default());
        self.given += length;
        if self.given == self.first.len() {
            self.first = Vec::new();
            self.given = 0;
        }
        Poll::Ready(Ok(()))
    }
}

impl<Io: AsyncWrite + Unpin> AsyncWrite for Begun<Io> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write_vectored(context, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncWriteExt, duplex};

    #[tokio::test]
    async fn what_was_read_ahead_is_heard_first_and_nothing_is_lost() {
        let (mut client, server) = duplex(5000);
        let words: Vec<u8> = (0..4000_u32).map(|number| number as u8).collect();
        client.write_all(&words).await.unwrap();
        let mut begun = Begun::of(server).await.unwrap();
        assert!(begun.begins_with(&words[..100]) && !begun.begins_with(b"PRI"));
        client.write_all(b"more").await.unwrap();
        client.shutdown().await.unwrap();
        let mut heard = vec![0; 3];
        begun.read_exact(&mut heard).await.unwrap();
        begun.read_to_end(&mut heard).await.unwrap();
        assert_eq!(heard, [&words[..], b"more"].concat());
    }

    #[tokio::test]
    async fn who_says_nothing_and_goes_has_not_begun() {
        let (client, server) = duplex(10);
        drop(client);
        assert!(Begun::of(server).await.is_none());
    }
}
