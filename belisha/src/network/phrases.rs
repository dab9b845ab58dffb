//! The book that pages are held against: our starter, and the school's own phrase lists in `DATA/phrases`, in three folders by what
//! their lines mean: `weighted`, `banned`, `exception`. What a page may score is the school's settings.

use crate::commands::Failure;
use belisha_filter::{PhraseBook, PhraseKind, PhraseList, STARTER, encoding_of_path};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// How deep the folders are read: e2guardian keeps a folder for each theme.
const DEEPEST: usize = 3;
const FOLDERS: [(&str, PhraseKind); 3] =
    [("weighted", PhraseKind::Weighted), ("banned", PhraseKind::Banned), ("exception", PhraseKind::Exception)];

/// Compiles the book. Lines that cannot be read are left out, counted, and said in the log by list and line.
///
/// # Errors
/// When a list cannot be read or the lists are beyond all bounds.
pub fn book(data: &Path) -> Result<Arc<PhraseBook>, Failure> {
    let mut own = Vec::new();
    for (folder, kind) in FOLDERS {
        let mut files = Vec::new();
        collect(&data.join("phrases").join(folder), DEEPEST, &mut files)?;
        files.sort();
        for path in files {
            own.push((path.display().to_string(), kind, std::fs::read(&path)?));
        }
    }
    let own =
        own.iter().map(|(name, kind, text)| PhraseList { name, kind: *kind, text, encoding: encoding_of_path(name) });
    let lists: Vec<PhraseList<'_>> = STARTER.iter().copied().chain(own).collect();
    let book = PhraseBook::compile(&lists)?;
    for refused in &book.report().shown {
        tracing::warn!(list = %refused.list, line = refused.line, "a phrase was left out: {}", refused.error);
    }
    Ok(Arc::new(book))
}

fn collect(folder: &Path, depth: usize, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    for entry in entries {
        let entry = entry?;
        let kind = entry.file_type()?;
        if kind.is_dir() && depth > 0 {
            collect(&entry.path(), depth - 1, files)?;
        } else if kind.is_file() {
            files.push(entry.path());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use belisha_filter::PageReader;

    #[test]
    fn the_schools_own_lists_count_beside_the_starter() {
        let data = tempfile::tempdir().unwrap();
        let before = book(data.path()).unwrap().report().taken;
        let theme = data.path().join("phrases/weighted/games");
        std::fs::create_dir_all(&theme).unwrap();
        std::fs::write(theme.join("weighted"), "< play for ever ><80>\nno phrase at all\n").unwrap();
        let book = book(data.path()).unwrap();
        assert_eq!((book.report().taken, book.report().refused), (before + 1, 1));
        let mut reader = PageReader::new(&book, 50, "text/plain");
        let verdict = reader.feed(b"you can play for ever here").unwrap_or_else(|| reader.finish());
        assert!(verdict.is_closed());
    }
}
