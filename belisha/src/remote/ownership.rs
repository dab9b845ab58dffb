//! Which process works in a gateway's data folder: whoever holds its lock. Two at a time would remove each other's files.

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// The file whose lock is held.
const LOCK: &str = "in-use";

/// That this process, and no other, works in a data folder; until it gives it up.
#[derive(Debug)]
pub struct Ownership(Mutex<Option<File>>);

impl Ownership {
    /// Takes a folder that is nobody's.
    ///
    /// # Errors
    /// When another process works in it, or it cannot be written.
    pub fn take(folder: &Path) -> io::Result<Self> {
        let lock = File::create(folder.join(LOCK))?;
        lock.try_lock().map_err(|error| match error {
            std::fs::TryLockError::WouldBlock => io::Error::other(
                "another gateway works in this data folder; stop it, take its place with --take-over, or give this one a folder of its own",
            ),
            std::fs::TryLockError::Error(error) => error,
        })?;
        Ok(Self(Mutex::new(Some(lock))))
    }

    /// Takes a folder once whoever works in it gives it up or ends. Blocks.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn take_after_another(folder: &Path) -> io::Result<Self> {
        let lock = File::create(folder.join(LOCK))?;
        lock.lock()?;
        Ok(Self(Mutex::new(Some(lock))))
    }

    /// From here on the folder is another process'.
    pub fn give_up(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    /// Whether the folder is still this process'.
    pub fn holds(&self) -> bool {
        self.while_held(|| ()).is_some()
    }

    /// Does something that only the folder's owner may, unless it was given up; it is not given up meanwhile.
    pub fn while_held<T>(&self, act: impl FnOnce() -> T) -> Option<T> {
        let held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.is_some().then(act)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_has_one_owner_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let first = Ownership::take(folder.path()).unwrap();
        assert!(Ownership::take(folder.path()).unwrap_err().to_string().contains("--take-over"));
        let path = folder.path().to_owned();
        let waits = std::thread::spawn(move || Ownership::take_after_another(&path).unwrap());
        assert_eq!(first.while_held(|| 7), Some(7));
        first.give_up();
        let second = waits.join().unwrap();
        assert!(second.holds() && !first.holds() && first.while_held(|| 7).is_none());
        drop(first);
        assert!(Ownership::take(folder.path()).is_err(), "it is the second's now");
    }
}
