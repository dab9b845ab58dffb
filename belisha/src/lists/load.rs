//! Every imported list, with the built-in one, as the index the filter asks. The index is compiled into a file beside the
//! lists and mapped; it is compiled anew only when the lists are others than those it says it was built from. A list that is
//! damaged is never left out in silence: its older generation takes its place, or the last whole index does, and either is
//! said aloud.

use super::shelf::{self, Generation};
use super::{ListError, hexadecimal, sum_of};
use belisha_filter::{DomainIndex, DomainIndexBuilder, SourceId};
use belisha_gateway::{open_index, write_index};
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

/// An index, and what was found wrong on the way.
#[derive(Debug)]
pub struct Loaded {
    /// The index.
    pub index: DomainIndex,
    /// What is damaged, and what was done about it: for the log and the page of lists. Empty is well.
    pub findings: Vec<String>,
}

/// The file that the lists of a data folder are compiled to.
pub fn compiled(data: &Path) -> PathBuf {
    shelf::folder(data).join(".index")
}

/// All lists of a data folder, from the compiled file if it is of today's lists, else compiled anew. Blocks: call it from a
/// thread that may wait.
///
/// # Errors
/// When the folder cannot be read, or a list is damaged in every generation and there is no earlier index to go on with. The
/// caller then keeps the rules it has.
pub fn load(data: &Path) -> Result<Loaded, ListError> {
    if let Some(index) = up_to_date(data)? {
        return Ok(Loaded { index, findings: Vec::new() });
    }
    let _lock = compile_lock(data);
    // Another process may have compiled them while this one waited.
    if let Some(index) = up_to_date(data)? {
        return Ok(Loaded { index, findings: Vec::new() });
    }
    let mut findings = Vec::new();
    let names = shelf::names(data)?;
    let sound: Vec<Generation> = names.iter().filter_map(|name| sound_generation(data, name, &mut findings)).collect();
    if sound.len() < names.len() {
        return last_index(data, findings);
    }
    let index = match compile(data, &sound) {
        Err(ListError::Folder(error)) => {
            findings.push(format!(
                "the index cannot be kept for another day ({error}); the filter works, but free some space"
            ));
            let mut builder = DomainIndexBuilder::new();
            add_all(&mut builder, &sound)?;
            builder.build()?
        }
        compiled => compiled?,
    };
    Ok(Loaded { index, findings })
}

/// The compiled index, if it is whole and of the newest generation of every list.
fn up_to_date(data: &Path) -> Result<Option<DomainIndex>, ListError> {
    let mut newest = Vec::new();
    for name in shelf::names(data)? {
        match shelf::generations(data, &name).into_iter().next() {
            Some(Ok(generation)) => newest.push(generation),
            // What is damaged is looked into, and said, each time.
            _ => return Ok(None),
        }
    }
    let index = open_index(&compiled(data)).ok();
    Ok(index.filter(|index| index.built_from() == built_from(&newest)))
}

/// One compiles, others wait. Without a lock, on a disk that is full or cannot be written to, two may do the same work.
fn compile_lock(data: &Path) -> Option<File> {
    let folder = shelf::folder(data);
    std::fs::create_dir_all(&folder).ok()?;
    let file = File::create(folder.join(".index-lock")).ok()?;
    file.lock().ok()?;
    Some(file)
}

/// Compiles lists into the file, with bounded memory, and maps it. The one before stays until the new one is whole.
fn compile(data: &Path, lists: &[Generation]) -> Result<DomainIndex, ListError> {
    let path = compiled(data);
    let built_from = built_from(lists);
    let mut builder = DomainIndexBuilder::with_scratch(tempfile::tempfile_in(shelf::folder(data))?);
    add_all(&mut builder, lists)?;
    write_index(&path, |file| -> Result<(), ListError> { Ok(builder.write(file, &built_from)?) })?;
    open_index(&path).map_err(|error| ListError::Folder(format!("`{}`: {error}", path.display())))
}

/// What an index of these lists says it was built from: changes with every text of every list, and with the built-in one.
fn built_from(lists: &[Generation]) -> String {
    let mut sum = Sha256::new();
    let mut add = |part: &str| sum.update([part.as_bytes(), b"\n"].concat());
    for (name, category) in belisha_filter::built_in_list() {
        add(name);
        add(category);
    }
    for generation in lists {
        add(&generation.manifest.name);
        for shelved in &generation.manifest.categories {
            add(&shelved.category);
            add(&shelved.checksum);
        }
    }
    hexadecimal(&sum.finalize())
}

/// Adds the built-in list and every text of these.
fn add_all(builder: &mut DomainIndexBuilder, lists: &[Generation]) -> Result<(), ListError> {
    add_built_in(builder)?;
    for generation in lists {
        for shelved in &generation.manifest.categories {
            let source = builder.source(&generation.manifest.name, &shelved.category)?;
            add_text(builder, source, &text_of(generation, &shelved.category))?;
        }
    }
    Ok(())
}

/// Changes whenever the imported lists do: for noticing an import made from the command line. Reads no list.
pub fn fingerprint(data: &Path) -> String {
    let names = shelf::names(data).unwrap_or_default();
    let newest = |name: &String| shelf::newest(data, name).map(|generation| format!("{name}/{}", generation.number));
    names.iter().filter_map(newest).collect::<Vec<_>>().join(" ")
}

fn add_built_in(builder: &mut DomainIndexBuilder) -> Result<(), ListError> {
    for (name, category) in belisha_filter::built_in_list() {
        let source = builder.source(belisha_filter::BUILT_IN_LIST, category)?;
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
    Ok(hexadecimal(&sum_of::<Sha256>(path)?))
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

fn last_index(data: &Path, mut findings: Vec<String>) -> Result<Loaded, ListError> {
    match open_index(&compiled(data)) {
        Ok(index) => {
            findings.push("the filter goes on with the last index in which every list was whole".into());
            Ok(Loaded { index, findings })
        }
        Err(_) => Err(ListError::Source(format!("{}. There is no earlier index to go on with", findings.join(". ")))),
    }
}

#[cfg(test)]
mod tests {
    use super::super::manifest::Manifest;
    use super::super::shelf::Draft;
    use super::*;
    use std::os::unix::fs::MetadataExt;

    fn import(data: &Path, name: &str, lines: &[&str]) {
        let mut draft = Draft::begin(data, name).unwrap();
        for line in lines {
            draft.line("games", line).unwrap();
        }
        let manifest = Manifest {
            name: name.into(),
            fetched_at: "2026-11-20T10:00:00Z".parse().unwrap(),
            categories: draft.shelved(),
            ..Manifest::default()
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
        import(data.path(), "third", &["more.example"]);
        let loaded = load(data.path()).unwrap();
        assert!(listed(&loaded.index, "old.example") && listed(&loaded.index, "else.example"));
        assert!(!listed(&loaded.index, "more.example"));
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
    fn lists_are_compiled_once_and_again_when_one_of_them_changes() {
        let data = tempfile::tempdir().unwrap();
        let compiled_at = || std::fs::metadata(compiled(data.path())).unwrap().ino();
        import(data.path(), "ours", &["old.example"]);
        let first = load(data.path()).unwrap().index;
        let file = compiled_at();
        assert_eq!(load(data.path()).unwrap().index, first);
        assert_eq!(compiled_at(), file, "nothing had changed");
        super::super::shelf::remove(data.path(), "ours").unwrap();
        import(data.path(), "ours", &["new.example"]);
        let second = load(data.path()).unwrap().index;
        assert_ne!(compiled_at(), file);
        assert!(listed(&second, "new.example") && !listed(&second, "old.example"));
        assert!(listed(&first, "old.example"), "whoever still asks the index before gets its answers");
    }

    #[test]
    fn a_compiled_index_that_is_damaged_or_lost_is_compiled_again() {
        let data = tempfile::tempdir().unwrap();
        import(data.path(), "ours", &["old.example"]);
        let whole = load(data.path()).unwrap().index;
        let path = compiled(data.path());
        let bytes = std::fs::read(&path).unwrap();
        for damaged in [Some(&bytes[..bytes.len() / 2]), Some(b"something else"), None] {
            std::fs::remove_file(&path).unwrap();
            if let Some(damaged) = damaged {
                std::fs::write(&path, damaged).unwrap();
            }
            let loaded = load(data.path()).unwrap();
            assert_eq!((loaded.index, loaded.findings.len()), (DomainIndex::read_from(&bytes).unwrap(), 0));
            assert_eq!(std::fs::read(&path).unwrap(), bytes);
        }
        drop(whole);
    }

    #[test]
    fn lists_that_cannot_be_compiled_to_disk_are_compiled_in_memory() {
        let data = tempfile::tempdir().unwrap();
        import(data.path(), "ours", &["old.example"]);
        // A folder of the file's name stands for a disk that takes nothing.
        std::fs::create_dir(compiled(data.path())).unwrap();
        let loaded = load(data.path()).unwrap();
        assert!(listed(&loaded.index, "old.example"));
        assert!(loaded.findings[0].contains("free some space"), "{:?}", loaded.findings);
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
