//! Every imported list, with the built-in one, as the index the filter asks. A list that is damaged is never left out in
//! silence: its older generation takes its place, or the last whole index does, and either is said aloud.

use super::ListError;
use super::shelf::{self, Generation, hexadecimal};
use belisha_filter::{DomainIndex, DomainIndexBuilder, SourceId};
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};

/// An index, and what was found wrong on the way.
#[derive(Debug)]
pub struct Loaded {
    /// The index.
    pub index: DomainIndex,
    /// What is damaged, and what was done about it: for the log and the page of lists. Empty is well.
    pub findings: Vec<String>,
}

/// Reads all lists of a data folder. The index is kept beside them for the day one of them is damaged.
///
/// # Errors
/// When the folder cannot be read, or a list is damaged in every generation and there is no earlier index to go on with. The
/// caller then keeps the rules it has.
pub fn load(data: &Path) -> Result<Loaded, ListError> {
    let mut findings = Vec::new();
    let mut whole = true;
    let mut builder = DomainIndexBuilder::new();
    add_built_in(&mut builder)?;
    for name in shelf::names(data)? {
        match sound_generation(data, &name, &mut findings) {
            Some(generation) => {
                for shelved in &generation.manifest.categories {
                    let source = builder.source(&name, &shelved.category).map_err(too_many)?;
                    add_text(&mut builder, source, &text_of(&generation, &shelved.category))?;
                }
            }
            None => whole = false,
        }
    }
    if !whole {
        return last_index(data, findings);
    }
    let index = builder.build().map_err(too_many)?;
    if let Err(error) = keep(data, &index) {
        findings
            .push(format!("the index cannot be kept for another day ({error}); the filter works, but free some space"));
    }
    Ok(Loaded { index, findings })
}

/// Changes whenever the imported lists do: for noticing an import made from the command line. Reads no list.
pub fn fingerprint(data: &Path) -> String {
    let names = shelf::names(data).unwrap_or_default();
    let newest = |name: &String| shelf::newest(data, name).map(|generation| format!("{name}/{}", generation.number));
    names.iter().filter_map(newest).collect::<Vec<_>>().join(" ")
}

fn too_many(error: belisha_filter::IndexError) -> ListError {
    ListError::TooLarge(error.to_string())
}

fn add_built_in(builder: &mut DomainIndexBuilder) -> Result<(), ListError> {
    for (name, category) in belisha_filter::built_in_list() {
        let source = builder.source(belisha_filter::BUILT_IN_LIST, category).map_err(too_many)?;
        builder.add(source, name);
    }
    Ok(())
}

/// The newest generation whose texts all have their checksums.
fn sound_generation(data: &Path, name: &str, findings: &mut Vec<String>) -> Option<Generation> {
    let generations = shelf::generations(data, name);
    if generations.is_empty() {
        findings.push(format!("the list `{name}` is empty on disk; import it again"));
    }
    for generation in generations {
        let checked = generation.and_then(|generation| check(&generation).map(|()| generation));
        match checked {
            Ok(generation) => return Some(generation),
            Err(why) => findings.push(format!("{why}; import the list again, and check the disk")),
        }
    }
    None
}

fn check(generation: &Generation) -> Result<(), String> {
    for shelved in &generation.manifest.categories {
        let sum = checksum(&text_of(generation, &shelved.category));
        if sum.as_deref().ok() != Some(shelved.checksum.as_str()) {
            return Err(format!(
                "the category `{}` of the list `{}` is damaged on disk",
                shelved.category, generation.manifest.name
            ));
        }
    }
    Ok(())
}

fn text_of(generation: &Generation, category: &str) -> PathBuf {
    generation.folder.join(format!("{category}.txt"))
}

fn checksum(path: &Path) -> std::io::Result<String> {
    let mut file = File::open(path)?;
    let mut sum = Sha256::new();
    let mut buffer = vec![0; 256 * 1024];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(hexadecimal(&sum.finalize())),
            read => sum.update(buffer.get(..read).unwrap_or_default()),
        }
    }
}

/// Reads a text as `add` wrote it: a name a line, `@@` before it for an exemption, `$important` after it.
fn add_text(builder: &mut DomainIndexBuilder, source: SourceId, path: &Path) -> Result<(), ListError> {
    let unreadable = |error: std::io::Error| ListError::read(&path.display().to_string(), &error);
    let mut reader = BufReader::with_capacity(256 * 1024, File::open(path).map_err(unreadable)?);
    let mut line = String::new();
    while reader.read_line(&mut line).map_err(unreadable)? > 0 {
        let text = line.trim_end();
        match (text.strip_prefix("@@"), text.strip_suffix("$important")) {
            (Some(exempt), _) => builder.exempt(source, exempt),
            (None, Some(important)) => builder.add_important(source, important),
            (None, None) => builder.add(source, text),
        }
        line.clear();
    }
    Ok(())
}

fn index_path(data: &Path) -> PathBuf {
    shelf::folder(data).join(".index")
}

fn keep(data: &Path, index: &DomainIndex) -> std::io::Result<()> {
    let path = index_path(data);
    std::fs::create_dir_all(shelf::folder(data))?;
    let unfinished = path.with_extension("unfinished");
    let mut file = File::create(&unfinished)?;
    file.write_all(&index.to_bytes())?;
    file.sync_all()?;
    std::fs::rename(&unfinished, &path)
}

fn last_index(data: &Path, mut findings: Vec<String>) -> Result<Loaded, ListError> {
    let bytes = std::fs::read(index_path(data));
    match bytes.ok().and_then(|bytes| DomainIndex::read_from(&bytes).ok()) {
        Some(index) => {
            findings.push("the filter goes on with the last index in which every list was whole".into());
            Ok(Loaded { index, findings })
        }
        None => Err(ListError::Source(format!("{}. There is no earlier index to go on with", findings.join(". ")))),
    }
}

#[cfg(test)]
mod tests {
    use super::super::shelf::{Draft, Manifest};
    use super::*;

    fn import(data: &Path, name: &str, lines: &[&str]) {
        let mut draft = Draft::begin(data, name).unwrap();
        for line in lines {
            draft.line("games", line).unwrap();
        }
        let manifest = Manifest {
            name: name.into(),
            source: "test".into(),
            format: "plain".into(),
            category: None,
            fetched_at: "2026-11-20T10:00:00Z".parse().unwrap(),
            categories: draft.shelved(),
            refused_lines: 0,
            refused: Vec::new(),
        };
        draft.publish(&manifest).unwrap();
    }

    fn listed(index: &DomainIndex, host: &str) -> bool {
        index.lookup(host).listings().any(|listing| &**listing.category == "games")
    }

    fn damage(data: &Path, name: &str, generation: u64) {
        std::fs::write(data.join(format!("lists/{name}/{generation}/games.txt")), "something.example\n").unwrap();
    }

    #[test]
    fn an_imported_list_is_in_the_index_with_its_exemptions() {
        let data = tempfile::tempdir().unwrap();
        import(data.path(), "ours", &["play.example", "@@maths.play.example", "fun.example$important"]);
        let loaded = load(data.path()).unwrap();
        assert_eq!(loaded.findings, [] as [String; 0]);
        assert!(listed(&loaded.index, "www.play.example") && listed(&loaded.index, "fun.example"));
        assert!(!listed(&loaded.index, "maths.play.example") && !listed(&loaded.index, "other.example"));
    }

    #[test]
    fn a_damaged_list_falls_back_to_the_generation_before_it_and_says_so() {
        let data = tempfile::tempdir().unwrap();
        import(data.path(), "ours", &["old.example"]);
        import(data.path(), "ours", &["old.example", "new.example"]);
        damage(data.path(), "ours", 2);
        let loaded = load(data.path()).unwrap();
        assert!(listed(&loaded.index, "old.example") && !listed(&loaded.index, "something.example"));
        assert!(loaded.findings[0].contains("`games` of the list `ours` is damaged"), "{:?}", loaded.findings);
    }

    #[test]
    fn a_list_damaged_in_every_generation_leaves_the_last_whole_index() {
        let data = tempfile::tempdir().unwrap();
        import(data.path(), "ours", &["old.example"]);
        import(data.path(), "other", &["else.example"]);
        load(data.path()).unwrap();
        damage(data.path(), "ours", 1);
        let loaded = load(data.path()).unwrap();
        assert!(listed(&loaded.index, "old.example") && listed(&loaded.index, "else.example"));
        assert!(loaded.findings.iter().any(|finding| finding.contains("last index")), "{:?}", loaded.findings);
    }

    #[test]
    fn without_an_earlier_index_a_damaged_list_is_an_error_and_not_an_open_filter() {
        let data = tempfile::tempdir().unwrap();
        import(data.path(), "ours", &["old.example"]);
        std::fs::remove_file(data.path().join("lists/ours/1/manifest")).unwrap();
        let error = load(data.path()).unwrap_err().to_string();
        assert!(error.contains("generation 1 of the list `ours`"), "{error}");
    }

    #[test]
    fn the_fingerprint_changes_with_every_import() {
        let data = tempfile::tempdir().unwrap();
        assert_eq!(fingerprint(data.path()), "");
        import(data.path(), "ours", &["old.example"]);
        let first = fingerprint(data.path());
        import(data.path(), "ours", &["old.example"]);
        assert_ne!(first, fingerprint(data.path()));
    }

    #[test]
    fn an_import_that_was_killed_leaves_nothing_and_only_two_generations_are_kept() {
        let data = tempfile::tempdir().unwrap();
        for number in 1..=4 {
            import(data.path(), "ours", &[&format!("a{number}.example")]);
        }
        let mut draft = Draft::begin(data.path(), "ours").unwrap();
        draft.line("games", "half.example").unwrap();
        std::mem::forget(draft);
        let mut names: Vec<_> = std::fs::read_dir(data.path().join("lists/ours"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        names.sort();
        assert_eq!(names, [".unfinished", "3", "4"]);
        let loaded = load(data.path()).unwrap();
        assert!(listed(&loaded.index, "a4.example") && !listed(&loaded.index, "half.example"));
        drop(Draft::begin(data.path(), "ours").unwrap());
        assert!(!data.path().join("lists/ours/.unfinished").exists());
    }
}
