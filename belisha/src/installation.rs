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
    /// Opens the data folder and its [`database_of`].
    ///
    /// # Errors
    /// When the folder or the database cannot be opened, in words for the person at the terminal.
    pub async fn open(folder: &Path, database: Option<&str>) -> Result<Self, Failure> {
        let (data, keys) = open_folder(folder)?;
        let address = database_of(&data, database)?;
        Ok(Self::connect(data, keys, &address).await?)
    }

    /// Opens the database of an open data folder, which remembers it if it is elsewhere.
    ///
    /// # Errors
    /// As [`Store::open`]: `Unreachable` while the database is away.
    pub async fn connect(data: DataFolder, keys: Arc<Keys>, address: &str) -> Result<Self, StoreError> {
        let entropy: Entropy = Arc::new(clock::fill_with_random_bytes);
        let store = Store::open(address, Arc::clone(&entropy)).await?;
        if let Err(error) = data.remember_database(address) {
            tracing::warn!("the data folder cannot note where its database is ({error}); name it with each command");
        }
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

/// The address of a data folder's database: the one that is given; else the one the records were in the last time; else the
/// embedded one in the folder. Without the second, a command that is not told about the database would read and write an
/// empty one, and its work would be nowhere.
///
/// # Errors
/// When the records are elsewhere behind a password that was not given, or the folder cannot be written.
pub fn database_of(data: &DataFolder, given: Option<&str>) -> Result<String, Failure> {
    if let Some(address) = given {
        return Ok(address.to_owned());
    }
    match data.database_elsewhere()? {
        None => Ok(data.database()?),
        Some(elsewhere) if !elsewhere.password_needed => Ok(elsewhere.address),
        Some(elsewhere) => Err(Failure(format!(
            "the records of `{}` are in the database `{}`, whose password is not kept here; give its whole address with --database or BELISHA_DATABASE. Nothing was changed",
            data.root().display(),
            elsewhere.address
        ))),
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

#[cfg(test)]
mod tests {
    use super::*;
    use belisha_store::both_databases;
    use belisha_store::testing::TestDatabase;

    both_databases! {
        async fn a_command_without_an_address_finds_the_records_or_says_where_they_are(database: TestDatabase) {
            let folder = tempfile::tempdir().unwrap();
            drop(Installation::open(folder.path(), Some(&database.url)).await.unwrap());
            let found = Installation::open(folder.path(), None).await;
            if database.url.starts_with("sqlite:") {
                assert!(found.is_ok() && folder.path().join("belisha.db").exists(), "the embedded database is the usual one");
                return;
            }
            assert!(!folder.path().join("belisha.db").exists(), "no empty database was made in its place");
            if url::Url::parse(&database.url).unwrap().password().is_some() {
                let Err(refused) = found else { panic!("records were found without the password") };
                assert!(refused.to_string().contains("--database"), "{refused}");
            } else {
                assert!(found.is_ok());
            }
        }
    }

    #[test]
    fn an_address_that_had_a_password_is_asked_for_again() {
        let folder = tempfile::tempdir().unwrap();
        let data = DataFolder::open(folder.path()).unwrap();
        data.remember_database("postgres://ict:secret@db.example/belisha").unwrap();
        let refused = database_of(&data, None).unwrap_err().to_string();
        assert!(
            refused.contains("postgres://ict@db.example/belisha") && refused.contains("BELISHA_DATABASE"),
            "{refused}"
        );
        assert_eq!(database_of(&data, Some("postgres://other")).unwrap(), "postgres://other");
        data.remember_database("postgres://db.example/belisha").unwrap();
        assert_eq!(database_of(&data, None).unwrap(), "postgres://db.example/belisha");
    }
}
