//! An installation, opened: data folder, keys, database, category lists. What it then does is in `commands` and `network`.

use crate::clock;
use crate::commands::Failure;
use crate::data_folder::{DataFolder, Keys};
use crate::illegal_feeds;
use crate::lists;
use belisha_filter::{DomainIndex, IllegalList};
use belisha_store::{Store, StoreError};
use jiff::Timestamp;
use std::path::Path;
use std::sync::Arc;

/// Tells the time.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;
/// Gives random bytes.
pub type Entropy = Arc<dyn Fn(&mut [u8]) + Send + Sync>;

/// An open installation. Cheap to clone.
#[derive(Clone)]
pub struct Installation {
    /// Folder.
    pub data: DataFolder,
    /// Secrets.
    pub keys: Arc<Keys>,
    /// Records.
    pub store: Store,
    /// Time.
    pub clock: Clock,
    /// Randomness.
    pub entropy: Entropy,
}

impl Installation {
    /// Opens the data folder and the database: the embedded one in the folder unless another address is given.
    ///
    /// # Errors
    /// When the folder or the database cannot be opened, in words for the person at the terminal.
    pub async fn open(folder: &Path, database: Option<&str>) -> Result<Self, Failure> {
        let (data, keys) = open_folder(folder)?;
        Ok(Self::connect(data, keys, database).await?)
    }

    /// Opens the database of an open data folder.
    ///
    /// # Errors
    /// As [`Store::open`]: `Unreachable` while the database is away.
    pub async fn connect(data: DataFolder, keys: Arc<Keys>, database: Option<&str>) -> Result<Self, StoreError> {
        let entropy: Entropy = Arc::new(clock::fill_with_random_bytes);
        let address = match database {
            Some(address) => address.to_owned(),
            None => data.database().map_err(|error| StoreError::Refused(error.to_string()))?,
        };
        let store = Store::open(&address, Arc::clone(&entropy)).await?;
        Ok(Self { data, keys, store, clock: Arc::new(clock::now), entropy })
    }

    /// Every imported list and the built-in one, as one index.
    ///
    /// # Errors
    /// When a list is damaged and no earlier index is kept.
    pub fn index(&self) -> Result<Arc<DomainIndex>, Failure> {
        let loaded = lists::load(self.data.root())?;
        for finding in &loaded.findings {
            tracing::error!("{finding}");
        }
        Ok(Arc::new(loaded.index))
    }

    /// The list of illegal content.
    ///
    /// # Errors
    /// When it is damaged.
    pub fn illegal_list(&self) -> Result<Arc<IllegalList>, Failure> {
        illegal_feeds::illegal_list(&self.data, self.keys.illegal_list).map(Arc::new)
    }
}

/// Opens a data folder with its keys.
///
/// # Errors
/// When it cannot be made or written, or a key is damaged.
pub fn open_folder(folder: &Path) -> Result<(DataFolder, Arc<Keys>), Failure> {
    let opened = DataFolder::open(folder).and_then(|data| Ok((data.keys()?, data)));
    let (keys, data) = opened.map_err(|error| {
        Failure(format!(
            "cannot use the data folder `{}`: {error}; give a folder that can be written with --data",
            folder.display()
        ))
    })?;
    Ok((data, Arc::new(keys)))
}
