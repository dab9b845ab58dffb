//! The book that pages are held against: our starter, and the school's own phrase lists in `DATA/phrases`, in three folders by what
//! their lines mean: `weighted`, `banned`, `exception`. They travel to gateways elsewhere as one document. What a page may score is
//! the school's settings.

use crate::commands::Failure;
use crate::lists::hexadecimal;
use axum::body::Bytes;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use belisha_filter::{PhraseBook, PhraseKind, PhraseList, STARTER, encoding_of_path};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Sub-folder of phrase lists.
const FOLDER: &str = "phrases";
/// How deep the folders are read: e2guardian keeps a folder for each theme.
const DEEPEST: usize = 3;
const KINDS: [(&str, PhraseKind); 3] =
    [("weighted", PhraseKind::Weighted), ("banned", PhraseKind::Banned), ("exception", PhraseKind::Exception)];
/// Bytes of the content's hash in the name of packed lists.
const NAME_BYTES: usize = 12;

/// Phrase lists by their names, `weighted/games/list`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PhraseFiles(BTreeMap<String, Vec<u8>>);

/// Phrase lists as one document, named after its content: another name is other lists.
#[derive(Debug, Clone)]
pub struct PackedPhrases {
    /// Name.
    pub name: String,
    /// The document.
    pub bytes: Bytes,
}

impl PhraseFiles {
    /// Reads the lists of a data folder.
    ///
    /// # Errors
    /// When one cannot be read.
    pub fn read(data: &Path) -> Result<Self, Failure> {
        let mut files = BTreeMap::new();
        for (name, path) in found(data)? {
            files.insert(name, std::fs::read(&path).map_err(|error| unreadable(&path, &error))?);
        }
        Ok(Self(files))
    }

    /// The document; `None` where there are no lists.
    pub fn pack(&self) -> Option<PackedPhrases> {
        let texts: BTreeMap<&str, String> =
            self.0.iter().map(|(name, text)| (name.as_str(), STANDARD.encode(text))).collect();
        let bytes = serde_json::to_vec(&texts).ok().filter(|_| !texts.is_empty())?;
        Some(PackedPhrases { name: packed_name(&bytes), bytes: bytes.into() })
    }

    /// Reads a document.
    ///
    /// # Errors
    /// In words, when it is none.
    pub fn unpack(bytes: &[u8]) -> Result<Self, String> {
        let texts: BTreeMap<String, String> = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
        let texts = texts.into_iter().map(|(name, text)| Ok((name, STANDARD.decode(text)?)));
        texts.collect::<Result<_, base64::DecodeError>>().map(Self).map_err(|error| error.to_string())
    }

    /// The lists whose kind is known.
    fn lists(&self) -> impl Iterator<Item = PhraseList<'_>> {
        self.0.iter().filter_map(|(name, text)| {
            let folder = name.split('/').next()?;
            let (_, kind) = KINDS.iter().find(|(known, _)| *known == folder)?;
            Some(PhraseList { name, kind: *kind, text, encoding: encoding_of_path(name) })
        })
    }
}

/// The name that a document has.
pub fn packed_name(bytes: &[u8]) -> String {
    let sum = hexadecimal(Sha256::digest(bytes).get(..NAME_BYTES).unwrap_or_default());
    format!("gateway-phrases-{sum}.lists")
}

/// Compiles the book of our starter and these. Lines that cannot be read are left out, counted, and said in the log by list and line.
///
/// # Errors
/// When the lists are beyond all bounds.
pub fn book(own: &[&PhraseFiles]) -> Result<Arc<PhraseBook>, Failure> {
    let lists: Vec<PhraseList<'_>> =
        STARTER.iter().copied().chain(own.iter().flat_map(|files| files.lists())).collect();
    let book = PhraseBook::compile(&lists)?;
    for refused in &book.report().shown {
        tracing::warn!(list = %refused.list, line = refused.line, "a phrase was left out: {}", refused.error);
    }
    Ok(Arc::new(book))
}

/// Changes whenever the lists in a data folder do. Reads none.
pub fn fingerprint(data: &Path) -> String {
    let seen = |(name, path): (String, PathBuf)| {
        let about = std::fs::metadata(path).ok()?;
        Some(format!("{name} {} {:?}", about.len(), about.modified().ok()?))
    };
    found(data).unwrap_or_default().into_iter().filter_map(seen).collect::<Vec<_>>().join("\n")
}

/// The files of lists and their names, in order.
fn found(data: &Path) -> Result<Vec<(String, PathBuf)>, Failure> {
    let mut files = Vec::new();
    for (folder, _) in KINDS {
        collect(&data.join(FOLDER).join(folder), folder, DEEPEST, &mut files)?;
    }
    files.sort();
    Ok(files)
}

fn collect(folder: &Path, named: &str, depth: usize, files: &mut Vec<(String, PathBuf)>) -> Result<(), Failure> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(unreadable(folder, &error)),
    };
    for entry in entries {
        let entry = entry.map_err(|error| unreadable(folder, &error))?;
        let kind = entry.file_type().map_err(|error| unreadable(folder, &error))?;
        let name = format!("{named}/{}", entry.file_name().to_string_lossy());
        if kind.is_dir() && depth > 0 {
            collect(&entry.path(), &name, depth - 1, files)?;
        } else if kind.is_file() {
            files.push((name, entry.path()));
        }
    }
    Ok(())
}

fn unreadable(path: &Path, error: &std::io::Error) -> Failure {
    Failure(format!("cannot read the phrase lists in `{}`: {error}; mend the folder or its owner", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use belisha_filter::PageReader;
    use proptest::prelude::*;

    fn closes(book: &Arc<PhraseBook>, page: &[u8]) -> bool {
        let mut reader = PageReader::new(book, 50, "text/plain");
        reader.feed(page).unwrap_or_else(|| reader.finish()).is_closed()
    }

    #[test]
    fn the_schools_own_lists_count_beside_the_starter() {
        let data = tempfile::tempdir().unwrap();
        let before = book(&[]).unwrap().report().taken;
        let theme = data.path().join("phrases/weighted/games");
        std::fs::create_dir_all(&theme).unwrap();
        let looked = fingerprint(data.path());
        std::fs::write(theme.join("weighted"), "< play for ever ><80>\nno phrase at all\n").unwrap();
        assert_ne!(fingerprint(data.path()), looked, "a new list is noticed");
        let files = PhraseFiles::read(data.path()).unwrap();
        let book = book(&[&files]).unwrap();
        assert_eq!((book.report().taken, book.report().refused), (before + 1, 1));
        assert_eq!(book.report().shown[0].list, "weighted/games/weighted", "named without the folders above");
        assert!(closes(&book, b"you can play for ever here"));
    }

    #[test]
    fn a_list_of_a_kind_that_is_not_known_yet_is_passed_over() {
        let packed = br#"{"weighted/a": "PCBhIGdhbWUgPjw4MD4=", "someday/b": "PCBhbm90aGVyID48ODA+"}"#;
        let files = PhraseFiles::unpack(packed).unwrap();
        assert_eq!(files.lists().count(), 1);
        assert!(closes(&book(&[&files]).unwrap(), b"such a game this is"));
        assert!(PhraseFiles::default().pack().is_none());
    }

    proptest! {
        #[test]
        fn what_was_packed_is_unpacked_and_any_bytes_are_read_to_their_end(
            files in proptest::collection::btree_map("[a-z/]{1,20}", proptest::collection::vec(any::<u8>(), 0..60), 1..5),
            bytes in proptest::collection::vec(any::<u8>(), 0..200),
        ) {
            let files = PhraseFiles(files);
            let packed = files.pack().unwrap();
            prop_assert_eq!(&packed.name, &packed_name(&packed.bytes));
            prop_assert_eq!(PhraseFiles::unpack(&packed.bytes), Ok(files));
            let _ = PhraseFiles::unpack(&bytes);
        }
    }
}
