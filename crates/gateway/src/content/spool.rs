//! A download on its way through a temporary file that has no name: nobody else on the machine can open it, and it is gone when
//! this is.

use crate::proxy::{Body, BodyError};
use http_body_util::BodyExt;
use hyper::body::{Bytes, Frame};
use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read as _, Seek as _, Write as _};

/// Bytes read back at a time.
const PIECE: usize = 64 * 1024;

/// A whole download, or the beginning of one that is too long.
pub(super) struct Taken {
    pub(super) file: File,
    /// What follows, where there is more than was asked for.
    pub(super) more: Option<Body>,
}

/// Takes a body into a file, `longest` bytes at most.
///
/// # Errors
/// When the disk will not take it, or the body broke.
pub(super) async fn take(before: VecDeque<Frame<Bytes>>, mut body: Body, longest: u64) -> Result<Taken, BodyError> {
    let mut file = tempfile::tempfile().map_err(BodyError::Spool)?;
    let mut length = 0;
    let mut put = |frame: &Frame<Bytes>| -> Result<u64, BodyError> {
        let data = frame.data_ref().map_or(&[][..], |data| data);
        file.write_all(data).map_err(BodyError::Spool)?;
        Ok(data.len() as u64)
    };
    for frame in before {
        length += put(&frame)?;
    }
    let mut more = None;
    while let Some(frame) = body.frame().await {
        length += put(&frame?)?;
        if length > longest {
            more = Some(body);
            break;
        }
    }
    file.rewind().map_err(BodyError::Spool)?;
    Ok(Taken { file, more })
}

/// A body that is read back from its file.
pub(crate) struct Spooled {
    file: File,
    more: Option<Body>,
}

impl Spooled {
    /// The file from its beginning, then what follows.
    pub(super) fn body(mut taken: Taken) -> Result<Body, BodyError> {
        taken.file.rewind().map_err(BodyError::Spool)?;
        Ok(Body::Spooled(Box::new(Spooled { file: taken.file, more: taken.more })))
    }

    /// The next piece of the file. Local disk is not waited for elsewhere: the piece was written a moment ago.
    pub(crate) fn next(&mut self) -> io::Result<Option<Bytes>> {
        let mut piece = vec![0; PIECE];
        let length = self.file.read(&mut piece)?;
        piece.truncate(length);
        Ok((length > 0).then(|| Bytes::from(piece)))
    }

    /// What follows the file.
    pub(crate) fn more(&mut self) -> Option<&mut Body> {
        self.more.as_mut()
    }
}
