//! Category lists: fetched (`fetch`), taken apart (`unpack`), imported (`add`), kept on disk (`shelf`), read into the filter's
//! index (`load`), entered in the database for the pages (`enter`), and given to other name servers (`export`). What a line of
//! a list means is `belisha-filter`'s.

mod add;
mod enter;
mod export;
mod fetch;
mod load;
mod shelf;
mod unpack;

pub use add::{AddRequest, Added, add};
pub use enter::enter;
pub use export::{Export, Exported, export};
pub use fetch::Source;
pub use load::{compiled, fingerprint, load};
pub use shelf::{Manifest, hexadecimal, lock, names, newest, remove};

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
    /// It holds much less than the list it would replace.
    #[error("{0}; the list stays as it is. If that is right, import it again with `--force`")]
    Shrunk(String),
    /// The data folder cannot be written.
    #[error("{0}")]
    Folder(String),
    /// The database would not.
    #[error(transparent)]
    Store(#[from] belisha_store::StoreError),
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
