//! Imported lists on disk: `DATA/lists/<name>/<generation>/`, one text a category and a manifest with a checksum of each.
//! A generation is written whole and then renamed into place, and the one before it stays, so that damage to the newest
//! never opens the filter, and so that there is a way back. An update that waits for a person lies beside them under `held`.
//! What goes into a generation is `add`'s business, reading them into an index `load`'s.

use super::changes::Texts;
use super::manifest::{Manifest, Shelved};
use super::{ListError, hexadecimal};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

/// A generation that is complete: its folder and its manifest.
#[derive(Debug, Clone)]
pub struct Generation {
    /// Its number; the highest is the newest.
    pub number: u64,
    /// Its folder.
    pub folder: PathBuf,
    /// What it holds.
    pub manifest: Manifest,
}

/// The folder of an update that waits for a person.
const HELD: &str = "held";

impl Generation {
    /// Its texts.
    pub fn texts(&self) -> Texts<'_> {
        Texts { folder: &self.folder, categories: &self.manifest.categories }
    }
}

/// The folder of all lists.
pub fn folder(data: &Path) -> PathBuf {
    data.join("lists")
}

/// Holds off other imports while one writes; let go when dropped.
pub struct Lock {
    _file: File,
}

/// Waits for other imports to end, then holds them off.
///
/// # Errors
/// When the data folder cannot be written.
pub fn lock(data: &Path) -> Result<Lock, ListError> {
    let folder = folder(data);
    std::fs::create_dir_all(&folder).map_err(|error| ListError::write(&folder, &error))?;
    let path = folder.join(".lock");
    let file = File::create(&path).map_err(|error| ListError::write(&path, &error))?;
    file.lock().map_err(|error| ListError::write(&path, &error))?;
    Ok(Lock { _file: file })
}

/// Names of the lists that are there, sorted.
///
/// # Errors
/// When the folder cannot be read.
pub fn names(data: &Path) -> Result<Vec<String>, ListError> {
    let folder = folder(data);
    let entries = match std::fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(ListError::read(&folder.display().to_string(), &error)),
    };
    let folders = entries.filter_map(Result::ok).filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
    let mut names: Vec<String> = folders
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|name| !name.starts_with('.'))
        .collect();
    names.sort();
    Ok(names)
}

/// Numbers of a list's generations, newest first.
fn numbers(list: &Path) -> Vec<u64> {
    let entries = std::fs::read_dir(list).into_iter().flatten().filter_map(Result::ok);
    let mut numbers: Vec<u64> = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect();
    numbers.sort_unstable_by(|one, other| other.cmp(one));
    numbers
}

/// Every generation of a list with what is wrong with its manifest, if something is; newest first. The texts are not read.
pub fn generations(data: &Path, name: &str) -> Vec<Result<Generation, String>> {
    let list = folder(data).join(name);
    let read = |number: u64| {
        let folder = list.join(number.to_string());
        let manifest = read_manifest(&folder.join("manifest"))
            .map_err(|why| format!("generation {number} of the list `{name}`: {why}"))?;
        Ok(Generation { number, folder, manifest })
    };
    numbers(&list).into_iter().map(read).collect()
}

/// The newest complete generation of a list.
pub fn newest(data: &Path, name: &str) -> Option<Generation> {
    generations(data, name).into_iter().find_map(Result::ok)
}

/// The update of a list that waits for a person, if one does.
pub fn held(data: &Path, name: &str) -> Option<Manifest> {
    read_manifest(&folder(data).join(name).join(HELD).join("manifest")).ok()
}

/// Lets a held update go. Hold the [`lock`].
///
/// # Errors
/// When the disk will not.
pub fn drop_held(data: &Path, name: &str) -> Result<(), ListError> {
    let held = folder(data).join(name).join(HELD);
    match std::fs::remove_dir_all(&held) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(ListError::write(&held, &error)),
        _ => Ok(()),
    }
}

/// Puts a held update in force, as the newest generation. Hold the [`lock`].
///
/// # Errors
/// When the disk will not take it; then nothing changed.
pub fn take_held(data: &Path, name: &str) -> Result<(), ListError> {
    let list = folder(data).join(name);
    let number = next_number(&list);
    let renamed = std::fs::rename(list.join(HELD), list.join(number.to_string()));
    renamed.and_then(|()| File::open(&list)?.sync_all()).map_err(|error| ListError::write(&list, &error))?;
    remove_old(&list);
    Ok(())
}

/// Puts an older generation in force again, as the newest, with another manifest of the same texts. Hold the [`lock`].
///
/// # Errors
/// When the disk will not take it; then nothing changed.
pub fn put_back(data: &Path, older: &Generation, manifest: &Manifest) -> Result<(), ListError> {
    let draft = Draft::begin(data, &manifest.name)?;
    for shelved in &manifest.categories {
        let text = format!("{}.txt", shelved.category);
        let (from, to) = (older.folder.join(&text), draft.folder.join(&text));
        // A text is never changed once it is written, so both generations may have the same one.
        std::fs::hard_link(&from, &to)
            .or_else(|_| std::fs::copy(&from, &to).map(|_| ()))
            .map_err(|error| ListError::write(&to, &error))?;
    }
    draft.publish(manifest)
}

fn next_number(list: &Path) -> u64 {
    numbers(list).first().copied().unwrap_or(0) + 1
}

/// Removes all generations but the newest and the one before it.
fn remove_old(list: &Path) {
    for old in numbers(list).into_iter().skip(2) {
        let _ = std::fs::remove_dir_all(list.join(old.to_string()));
    }
}

fn read_manifest(path: &Path) -> Result<Manifest, String> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("its manifest cannot be read ({error})"))?;
    let (sum, json) = text.split_once('\n').ok_or("its manifest is damaged")?;
    if sum != hexadecimal(&Sha256::digest(json.as_bytes())) {
        return Err("its manifest is damaged".into());
    }
    serde_json::from_str(json).map_err(|_| "its manifest is of another version".into())
}

/// A generation being written. Dropped before [`Draft::publish`], it leaves nothing behind.
pub struct Draft {
    list: PathBuf,
    folder: PathBuf,
    number: u64,
    texts: BTreeMap<String, Text>,
    published: bool,
}

struct Text {
    file: BufWriter<File>,
    sum: Sha256,
    domains: u64,
}

impl Draft {
    /// Begins the next generation of a list. Hold the [`lock`].
    ///
    /// # Errors
    /// When the data folder cannot be written.
    pub fn begin(data: &Path, name: &str) -> Result<Self, ListError> {
        let list = folder(data).join(name);
        let number = next_number(&list);
        let folder = list.join(".unfinished");
        // A draft that a kill left behind.
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).map_err(|error| ListError::write(&folder, &error))?;
        Ok(Self { list, folder, number, texts: BTreeMap::new(), published: false })
    }

    /// Adds a line to a category's text. `category` must be a key: letters, digits, hyphens, underscores.
    ///
    /// # Errors
    /// When the disk will not take it.
    pub fn line(&mut self, category: &str, line: &str) -> Result<(), ListError> {
        let failed = |error: std::io::Error| ListError::write(&self.folder, &error);
        if !self.texts.contains_key(category) {
            let file = File::create(self.folder.join(format!("{category}.txt"))).map_err(failed)?;
            self.texts.insert(category.to_owned(), Text { file: BufWriter::new(file), sum: Sha256::new(), domains: 0 });
        }
        let Some(text) = self.texts.get_mut(category) else { return Ok(()) };
        for part in [line.as_bytes(), b"\n"] {
            text.file.write_all(part).map_err(failed)?;
            text.sum.update(part);
        }
        text.domains += 1;
        Ok(())
    }

    /// What was written so far.
    pub fn shelved(&self) -> Vec<Shelved> {
        let shelved = |(category, text): (&String, &Text)| Shelved {
            category: category.clone(),
            domains: text.domains,
            checksum: hexadecimal(&text.sum.clone().finalize()),
        };
        self.texts.iter().map(shelved).collect()
    }

    /// What was written so far, to be read.
    ///
    /// # Errors
    /// When the disk will not take it.
    pub fn texts<'a>(&'a mut self, shelved: &'a [Shelved]) -> Result<Texts<'a>, ListError> {
        for text in self.texts.values_mut() {
            text.file.flush().map_err(|error| ListError::write(&self.folder, &error))?;
        }
        Ok(Texts { folder: &self.folder, categories: shelved })
    }

    /// Puts the generation in place at once, safe from a power cut, and removes all but the one before it. An update that was
    /// held is overtaken by it.
    ///
    /// # Errors
    /// When the disk will not take it; then nothing changed.
    pub fn publish(mut self, manifest: &Manifest) -> Result<(), ListError> {
        let place = self.list.join(self.number.to_string());
        self.write(manifest, &place).map_err(|error| ListError::write(&self.folder, &error))?;
        self.published = true;
        let _ = std::fs::remove_dir_all(self.list.join(HELD));
        remove_old(&self.list);
        Ok(())
    }

    /// Puts the generation aside for a person to look at, in the place of one that waited before it.
    ///
    /// # Errors
    /// When the disk will not take it; then no update waits.
    pub fn hold(mut self, manifest: &Manifest) -> Result<(), ListError> {
        let place = self.list.join(HELD);
        let _ = std::fs::remove_dir_all(&place);
        self.write(manifest, &place).map_err(|error| ListError::write(&self.folder, &error))?;
        self.published = true;
        Ok(())
    }

    fn write(&mut self, manifest: &Manifest, place: &Path) -> std::io::Result<()> {
        for text in self.texts.values_mut() {
            text.file.flush()?;
            text.file.get_ref().sync_all()?;
        }
        let json = serde_json::to_string_pretty(manifest)?;
        let mut file = File::create(self.folder.join("manifest"))?;
        file.write_all(format!("{}\n{json}", hexadecimal(&Sha256::digest(json.as_bytes()))).as_bytes())?;
        file.sync_all()?;
        File::open(&self.folder)?.sync_all()?;
        std::fs::rename(&self.folder, place)?;
        File::open(&self.list)?.sync_all()?;
        self.list.parent().map_or(Ok(()), |lists| File::open(lists)?.sync_all())
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if !self.published {
            let _ = std::fs::remove_dir_all(&self.folder);
            // Gone only if it is empty, that is, if there was no list of this name before.
            let _ = std::fs::remove_dir(&self.list);
        }
    }
}

/// Removes a list with all its generations. Hold the [`lock`].
///
/// # Errors
/// When it is not there, or cannot be removed.
pub fn remove(data: &Path, name: &str) -> Result<(), ListError> {
    if !names(data)?.iter().any(|known| known == name) {
        return Err(no_such_list(name));
    }
    let lists = folder(data);
    let removed = lists.join(format!(".removed-{name}"));
    let _ = std::fs::remove_dir_all(&removed);
    let list = lists.join(name);
    std::fs::rename(&list, &removed).map_err(|error| ListError::write(&list, &error))?;
    std::fs::remove_dir_all(&removed).map_err(|error| ListError::write(&removed, &error))
}

/// Nothing has this name.
pub fn no_such_list(name: &str) -> ListError {
    ListError::Source(format!("there is no list `{name}`; `belisha lists show` names those there are"))
}
