//! The chunks of an encapsulated body (RFC 3507 section 4.4, RFC 9112 section 7.1), read strictly and in whatever pieces they come.
//! It keeps no bytes: it says which of those it was shown are the body's.

use std::ops::Range;

/// The longest line of a chunk's size or of a trailer, in bytes.
const LONGEST_LINE: usize = 256;
/// The most trailers, in bytes.
const MOST_TRAILERS: usize = 4096;
/// The most figures of a chunk's size: a gigabyte and some.
const MOST_FIGURES: usize = 8;

/// What came is no chunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the body is not in chunks as RFC 9112 has them")]
pub(crate) struct BadChunk;

/// What the bytes shown hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    /// Nothing yet; more bytes are needed.
    More,
    /// These are the body's.
    Data(Range<usize>),
    /// The last chunk. `whole`: the sender said that nothing follows a preview (`ieof`, RFC 3507 section 4.5).
    End {
        /// Whether it said so.
        whole: bool,
    },
}

/// Where in a chunk the reader is.
#[derive(Debug, Clone, Copy)]
enum At {
    Size,
    Data(usize),
    AfterData,
    Trailers { whole: bool, seen: usize },
}

/// Reads the chunks of one body, or of its preview.
#[derive(Debug, Clone)]
pub(crate) struct Chunks(At);

impl Chunks {
    /// Before the first chunk.
    pub(crate) const fn new() -> Self {
        Self(At::Size)
    }

    /// The next step, and how many of the bytes are done with. What is not is to be shown again, with more.
    ///
    /// # Errors
    /// When the bytes are no chunk; nothing more can be read then.
    pub(crate) fn step(&mut self, bytes: &[u8]) -> Result<(usize, Step), BadChunk> {
        let mut done = 0;
        loop {
            let rest = bytes.get(done..).unwrap_or_default();
            match self.0 {
                At::Data(left) => {
                    let length = left.min(rest.len());
                    if length == 0 {
                        return Ok((done, Step::More));
                    }
                    self.0 = if length == left { At::AfterData } else { At::Data(left - length) };
                    return Ok((done + length, Step::Data(done..done + length)));
                }
                At::AfterData => match rest {
                    [b'\r', b'\n', ..] => {
                        done += 2;
                        self.0 = At::Size;
                    }
                    [] | [b'\r'] => return Ok((done, Step::More)),
                    _ => return Err(BadChunk),
                },
                At::Size => {
                    let Some(line) = line(rest)? else { return Ok((done, Step::More)) };
                    done += line.len() + 2;
                    let (size, whole) = size(line)?;
                    self.0 = if size == 0 { At::Trailers { whole, seen: 0 } } else { At::Data(size) };
                }
                At::Trailers { whole, seen } => {
                    let Some(line) = line(rest)? else { return Ok((done, Step::More)) };
                    done += line.len() + 2;
                    let seen = seen + line.len();
                    if line.is_empty() {
                        self.0 = At::Size;
                        return Ok((done, Step::End { whole }));
                    }
                    if seen > MOST_TRAILERS {
                        return Err(BadChunk);
                    }
                    self.0 = At::Trailers { whole, seen };
                }
            }
        }
    }
}

/// A line without its end, if all of it is there.
fn line(bytes: &[u8]) -> Result<Option<&[u8]>, BadChunk> {
    let within = bytes.get(..bytes.len().min(LONGEST_LINE)).unwrap_or_default();
    let Some(end) = within.iter().position(|byte| *byte == b'\n') else {
        return if within.len() == LONGEST_LINE { Err(BadChunk) } else { Ok(None) };
    };
    let line = within.get(..end).and_then(|line| line.strip_suffix(b"\r")).ok_or(BadChunk)?;
    let printable = |byte: &u8| matches!(byte, b'\t' | b' '..=b'~' | 0x80..);
    if line.iter().all(printable) { Ok(Some(line)) } else { Err(BadChunk) }
}

/// The size of a chunk, and whether its extensions say that nothing follows.
fn size(line: &[u8]) -> Result<(usize, bool), BadChunk> {
    let text = std::str::from_utf8(line).map_err(|_| BadChunk)?;
    let mut parts = text.split(';');
    let figures = parts.next().unwrap_or_default().trim_end_matches([' ', '\t']);
    let plain = (1..=MOST_FIGURES).contains(&figures.len()) && figures.bytes().all(|byte| byte.is_ascii_hexdigit());
    let size = if plain { usize::from_str_radix(figures, 16).ok() } else { None };
    Ok((size.ok_or(BadChunk)?, parts.any(|extension| extension.trim().eq_ignore_ascii_case("ieof"))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Reads a body shown in pieces; what was the body's, and whether and how it ended.
    fn read(pieces: &[&[u8]]) -> Result<(Vec<u8>, Option<bool>, usize), BadChunk> {
        let (mut chunks, mut body, mut held, mut used) = (Chunks::new(), Vec::new(), Vec::new(), 0);
        for piece in pieces {
            held.extend_from_slice(piece);
            loop {
                let (done, step) = chunks.step(&held)?;
                used += done;
                let more = step == Step::More;
                match step {
                    Step::Data(range) => body.extend_from_slice(&held[range]),
                    Step::End { whole } => return Ok((body, Some(whole), used)),
                    Step::More => {}
                }
                held.drain(..done);
                if more {
                    break;
                }
            }
        }
        Ok((body, None, used))
    }

    #[test]
    fn chunks_are_read_and_their_end_is_known() {
        let read = |text: &str| read(&[text.as_bytes()]);
        assert_eq!(read("5\r\nhello\r\n0\r\n\r\nNEXT"), Ok((b"hello".to_vec(), Some(false), 15)));
        assert_eq!(read("0; ieof\r\n\r\n"), Ok((Vec::new(), Some(true), 11)));
        assert_eq!(read("3;a=b\r\nabc\r\n0;IEOF\r\n\r\n").unwrap().1, Some(true));
        assert_eq!(read("0\r\nx-sum: 42\r\n\r\n").unwrap().1, Some(false));
        assert_eq!(read("5\r\nhel"), Ok((b"hel".to_vec(), None, 6)));
    }

    #[test]
    fn what_is_no_chunk_is_refused() {
        for text in [
            "\r\n",
            "x\r\n",
            "-1\r\n",
            "5\nhello",
            "5\r\nhelloX",
            "123456789\r\n",
            "0x5\r\n",
            "5 5\r\n",
            " 5\r\n",
            "5\r\nhello\r\nzz\r\n",
            "0\r\na\nb\r\n",
            "1\u{0}\r\n",
        ] {
            assert_eq!(read(&[text.as_bytes()]), Err(BadChunk), "{text:?}");
        }
        assert!(read(&[&[b'1'; 300]]).is_err(), "a size has an end");
        assert!(read(&[b"0\r\n", "a: b\r\n".repeat(2000).as_bytes()]).is_err(), "trailers have one");
    }

    proptest! {
        #[test]
        fn a_body_is_the_same_however_it_comes(
            chunks in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 1..40), 0..6),
            whole: bool,
            cuts in proptest::collection::vec(any::<prop::sample::Index>(), 0..8),
        ) {
            let mut sent = Vec::new();
            for chunk in &chunks {
                sent.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
                sent.extend_from_slice(chunk);
                sent.extend_from_slice(b"\r\n");
            }
            sent.extend_from_slice(if whole { b"0; ieof\r\n\r\n" } else { b"0\r\n\r\n" });
            let mut places: Vec<usize> = cuts.iter().map(|cut| cut.index(sent.len() + 1)).chain([0, sent.len()]).collect();
            places.sort_unstable();
            let pieces: Vec<&[u8]> = places.windows(2).map(|pair| &sent[pair[0]..pair[1]]).collect();
            prop_assert_eq!(read(&pieces), Ok((chunks.concat(), Some(whole), sent.len())));
        }

        #[test]
        fn any_bytes_are_read_or_refused_and_never_more_than_were_shown(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            if let Ok((body, _, used)) = read(&[&bytes]) {
                prop_assert!(used <= bytes.len() && body.len() <= bytes.len());
            }
        }
    }
}
