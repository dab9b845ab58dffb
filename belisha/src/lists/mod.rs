//! Category lists: fetched (`fetch`), proved genuine (`check`), taken apart (`unpack`), imported (`add`), compared with the one
//! before (`changes`), held for a person where they look wrong (`hold`), kept on disk (`shelf`), asked for again (`refresh`),
//! taken, kept or rolled back by a person (`settle`), read into the filter's index (`load`), entered in the database for the
//! pages (`enter`), and given to other name servers (`export`). What a line of a list means is `belisha-filter`'s.

mod add;
mod changes;
mod check;
mod enter;
mod export;
mod fetch;
mod hold;
mod load;
mod manifest;
mod own_names;
mod reading;
mod refresh;
mod settle;
mod shelf;
mod standing;
mod state;
mod unpack;
mod upkeep;

pub use add::{AddRequest, Added, Outcome, add, name_of};
pub use check::Check;
pub use enter::enter_all;
pub use export::{Export, Exported, export};
pub use fetch::Source;
pub use load::{compiled, fingerprint, load};
pub use manifest::Manifest;
pub use own_names::own_names;
pub use refresh::refresh;
pub use settle::{Decided, Settlement, settle};
pub use shelf::{lock, newest, remove};
pub use standing::{Standing, standing};
pub use upkeep::{Schedule, Upkeep};

use sha2::Digest;
use std::io::Read;
use std::path::Path;

/// Why a list could not be imported, kept or read: what happened, then what to do.
#[derive(Debug, thiserror::Error)]
pub enum ListError {
    /// The source is not there, damaged, or not what it should be.
    #[error("{0}")]
    Source(String),
    /// It is larger than may be.
    #[error("{0}")]
    TooLarge(String),
    /// It is not what its maker says it is.
    #[error("{0}")]
    Unproved(String),
    /// Nothing in it can be used, and it would replace a list.
    #[error("{0}; the list stays as it is. If that is right, import it again with `--force`")]
    Empty(String),
    /// The data folder cannot be written.
    #[error("{0}")]
    Folder(String),
    /// The database would not.
    #[error(transparent)]
    Store(#[from] belisha_store::StoreError),
}

/// Bytes as hexadecimal.
pub fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The digest of a file.
fn sum_of<D: Digest>(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut file = std::fs::File::open(path)?;
    let (mut sum, mut buffer) = (D::new(), vec![0; 256 * 1024]);
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(sum.finalize().to_vec()),
            read => sum.update(buffer.get(..read).unwrap_or_default()),
        }
    }
}

/// A number as people read it: `1,203`.
pub fn counted(number: u64) -> String {
    let digits = number.to_string();
    let mut words = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            words.push(',');
        }
        words.push(digit);
    }
    words
}

impl From<belisha_filter::IndexError> for ListError {
    fn from(error: belisha_filter::IndexError) -> Self {
        match error {
            belisha_filter::IndexError::Unwritable(_) => ListError::Folder(error.to_string()),
            _ => ListError::TooLarge(error.to_string()),
        }
    }
}

impl From<std::io::Error> for ListError {
    fn from(error: std::io::Error) -> Self {
        ListError::Folder(format!(
            "cannot write the compiled lists: {error}; free some space or mend the folder's owner"
        ))
    }
}

impl ListError {
    pub(crate) fn read(what: &str, error: &std::io::Error) -> Self {
        match error.kind() {
            std::io::ErrorKind::UnexpectedEof => ListError::Source(format!(
                "`{what}` ends too early, so it was cut short on its way; fetch it again. Nothing was changed"
            )),
            std::io::ErrorKind::FileTooLarge => ListError::TooLarge(format!(
                "`{what}` unfolds to more than a list can be, so it was stopped. Nothing was changed"
            )),
            _ => ListError::Source(format!("`{what}` cannot be read: {error}; fetch it again. Nothing was changed")),
        }
    }

    pub(crate) fn write(path: &Path, error: &std::io::Error) -> Self {
        ListError::Folder(format!(
            "cannot write `{}`: {error}; free some space or mend the folder's owner. Nothing was changed",
            path.display()
        ))
    }
}
