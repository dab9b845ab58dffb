//! The server's phrase lists at a gateway: kept on its disk as they came, and compiled with those of its own folder.

use super::connection::{Connection, Trouble};
use crate::commands::Failure;
use crate::data_folder::DataFolder;
use crate::network::{PhraseFiles, packed_name, phrase_book};
use belisha_filter::PhraseBook;
use belisha_records::SchoolId;
use std::io;
use std::sync::Arc;
use std::time::Duration;

/// The phrase lists this gateway has.
pub struct FetchedPhrases {
    data: DataFolder,
    /// The file the server's are in.
    file: String,
    /// The name of what is in it; `None`: there is none.
    held: Option<String>,
}

impl FetchedPhrases {
    /// The book to begin with: of the lists that came before, if any did.
    ///
    /// # Errors
    /// When the gateway's own lists cannot be read.
    pub fn open(data: DataFolder, school: SchoolId) -> Result<(Self, Arc<PhraseBook>), Failure> {
        let file = format!("gateway/{school}-phrases");
        let own = PhraseFiles::read(data.root())?;
        let kept = std::fs::read(data.root().join(&file)).ok();
        let from_server = kept.as_deref().map(PhraseFiles::unpack).transpose().unwrap_or_else(|wrong| {
            tracing::error!("the school’s phrase lists on this disk are damaged ({wrong}) and do not count until the server sends them again");
            None
        });
        let held = kept.as_deref().filter(|_| from_server.is_some()).map(packed_name);
        let book = phrase_book(&[&from_server.unwrap_or_default(), &own])?;
        Ok((Self { data, file, held }, book))
    }

    /// A new book, where the server has other lists than are here. `wanted`: their name; `None`: it has none.
    ///
    /// # Errors
    /// [`Trouble`], also where the disk refuses.
    pub fn get(&mut self, connection: &Connection, wanted: Option<&str>) -> Result<Option<Arc<PhraseBook>>, Trouble> {
        if self.held.as_deref() == wanted {
            return Ok(None);
        }
        let unusable = |what: String| Trouble::Away(format!("the school’s phrase lists cannot be used: {what}"));
        let disk = |error: io::Error| unusable(format!("{error}; see that the disk has room"));
        let own = PhraseFiles::read(self.data.root()).map_err(|failure| unusable(failure.0))?;
        let Some(name) = wanted else {
            std::fs::remove_file(self.data.root().join(&self.file)).map_err(disk)?;
            self.held = None;
            return phrase_book(&[&own]).map(Some).map_err(|failure| unusable(failure.0));
        };
        let bytes = connection.get(&format!("/gateway/lists/{name}"), &[], Duration::ZERO)?.body;
        if packed_name(&bytes) != name {
            return Err(Trouble::Away("phrase lists arrived that the rules do not name".into()));
        }
        let from_server = PhraseFiles::unpack(&bytes).map_err(unusable)?;
        let book = phrase_book(&[&from_server, &own]).map_err(|failure| unusable(failure.0))?;
        self.data.write_private(&self.file, &bytes).map_err(disk)?;
        self.held = Some(name.to_owned());
        Ok(Some(book))
    }
}
