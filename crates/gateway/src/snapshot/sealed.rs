//! One sealed file: a magic line, parts after their lengths, and the hash of all that. It is whole or it is not read. What the
//! parts mean is `mod.rs`'s.

use super::{SnapshotError, damaged, whole};
use sha2::{Digest, Sha256};
use std::fs;
use std::io::{self, Write};
use std::path::Path;

/// Length of the hash at the end, in bytes.
const SEAL: usize = 32;

/// Magic, then each part after its length, then the hash of all that.
pub(super) fn write(path: &Path, magic: &[u8], parts: &[&[u8]]) -> Result<(), SnapshotError> {
    let disk = |source| SnapshotError::Disk { path: path.to_owned(), source };
    let mut bytes = magic.to_vec();
    for part in parts {
        bytes.extend_from_slice(&(part.len() as u64).to_le_bytes());
        bytes.extend_from_slice(part);
    }
    let seal: [u8; SEAL] = Sha256::digest(&bytes).into();
    bytes.extend_from_slice(&seal);
    whole::write(path, |file| file.write_all(&bytes)).map_err(disk)
}

/// The parts of a file as one run of bytes, once its hash is right.
pub(super) fn read(path: &Path, magic: &[u8]) -> Result<Vec<u8>, SnapshotError> {
    let mut bytes = fs::read(path).map_err(|source| match source.kind() {
        io::ErrorKind::NotFound => SnapshotError::Missing { path: path.to_owned() },
        _ => SnapshotError::Disk { path: path.to_owned(), source },
    })?;
    let (body, seal) = bytes.split_last_chunk::<SEAL>().ok_or_else(|| damaged(path, &"the file is cut short"))?;
    if !body.starts_with(magic) {
        return Err(damaged(path, &"the file is none of this version's"));
    }
    let sealed: [u8; SEAL] = Sha256::digest(body).into();
    if sealed != *seal {
        return Err(damaged(path, &"the file was changed or cut short"));
    }
    bytes.truncate(bytes.len() - SEAL);
    bytes.drain(..magic.len());
    Ok(bytes)
}

/// Takes the parts apart; `None` unless there are exactly `N`.
pub(super) fn sections<const N: usize>(mut bytes: &[u8]) -> Option<[&[u8]; N]> {
    let mut parts = [[].as_slice(); N];
    for part in &mut parts {
        let (length, rest) = bytes.split_first_chunk::<8>()?;
        let (found, rest) = rest.split_at_checked(usize::try_from(u64::from_le_bytes(*length)).ok()?)?;
        *part = found;
        bytes = rest;
    }
    bytes.is_empty().then_some(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAGIC: &[u8] = b"test file\n";

    #[test]
    fn what_was_written_is_read_and_every_changed_byte_is_noticed() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("file.snapshot");
        write(&path, MAGIC, &[b"first", b"", b"third"]).unwrap();
        let read_back = read(&path, MAGIC).unwrap();
        assert_eq!(sections::<3>(&read_back).unwrap(), [b"first".as_slice(), b"", b"third"]);
        assert!(sections::<2>(&read_back).is_none() && sections::<4>(&read_back).is_none());
        let whole = fs::read(&path).unwrap();
        for at in 0..whole.len() {
            let mut changed = whole.clone();
            changed[at] ^= 1;
            fs::write(&path, &changed).unwrap();
            assert!(matches!(read(&path, MAGIC), Err(SnapshotError::Damaged { .. })), "byte {at}");
            fs::write(&path, &whole[..at]).unwrap();
            assert!(matches!(read(&path, MAGIC), Err(SnapshotError::Damaged { .. })), "cut at {at}");
        }
    }
}
