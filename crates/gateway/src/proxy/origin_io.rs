//! A connection to an origin, in clear or inside TLS, as one type for the pool that keeps them.

use crate::inspect::OriginStream;
use hyper_util::client::legacy::connect::{Connected, Connection};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// A connection to an origin.
pub(super) enum OriginIo {
    /// In clear.
    Plain(TcpStream),
    /// In clear, to the proxy further up: requests on it name whole addresses.
    Upstream(TcpStream),
    /// Inside TLS whose certificate was verified.
    Tls(Box<OriginStream>),
}

/// Does the same to whichever it is.
macro_rules! whichever {
    ($io:expr, $stream:ident => $done:expr) => {
        match $io.get_mut() {
            OriginIo::Plain($stream) | OriginIo::Upstream($stream) => {
                let $stream = Pin::new($stream);
                $done
            }
            OriginIo::Tls($stream) => {
                let $stream = Pin::new(&mut **$stream);
                $done
            }
        }
    };
}

impl AsyncRead for OriginIo {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        whichever!(self, stream => stream.poll_read(context, buffer))
    }
}

impl AsyncWrite for OriginIo {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        whichever!(self, stream => stream.poll_write(context, bytes))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        whichever!(self, stream => stream.poll_write_vectored(context, bytes))
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            OriginIo::Plain(stream) | OriginIo::Upstream(stream) => stream.is_write_vectored(),
            OriginIo::Tls(stream) => stream.is_write_vectored(),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        whichever!(self, stream => stream.poll_flush(context))
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        whichever!(self, stream => stream.poll_shutdown(context))
    }
}

impl Connection for OriginIo {
    fn connected(&self) -> Connected {
        Connected::new().proxy(matches!(self, OriginIo::Upstream(_)))
    }
}
