//! Signs a school's ledger and keeps the checkpoint as a file, so that a copy can be carried elsewhere and nobody can
//! rewrite the past without it showing. The format is the store's business.

use super::{JobFailure, Run};
use belisha_records::Actor;
use belisha_store::ledger;
use std::io::Write;
use std::path::Path;

pub(super) async fn run(run: &Run<'_>) -> Result<String, JobFailure> {
    let mut tx = run.context.store.begin(&Actor::Job("checkpoint-ledger"), run.school, run.now).await?;
    let checkpoint = ledger::checkpoint(&mut tx, &run.context.signing_key).await?;
    tx.commit().await?;
    let folder = run.context.data.join("checkpoints").join(run.school.to_string());
    keep(&folder, checkpoint.size, &checkpoint.note)
        .map_err(|error| JobFailure::Other(format!("the checkpoint was signed but cannot be written to `{}`: {error}; free some space or mend the folder's owner", folder.display())))?;
    Ok(format!("{} entries signed", checkpoint.size))
}

/// Writes the note under a name that sorts by size, and once more as `latest`. A checkpoint that is there stays as it is.
fn keep(folder: &Path, size: u64, note: &str) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    let path = folder.join(format!("{size:012}.txt"));
    if path.exists() {
        return Ok(());
    }
    for target in [path, folder.join("latest.txt")] {
        let unfinished = target.with_extension("unfinished");
        let mut file = std::fs::File::create(&unfinished)?;
        file.write_all(note.as_bytes())?;
        file.sync_all()?;
        std::fs::rename(&unfinished, &target)?;
    }
    std::fs::File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::keep;

    #[test]
    fn checkpoints_sort_by_size_and_are_never_rewritten() {
        let folder = tempfile::tempdir().unwrap();
        keep(folder.path(), 9, "nine").unwrap();
        keep(folder.path(), 10, "ten").unwrap();
        keep(folder.path(), 9, "other nine").unwrap();
        let mut names: Vec<_> =
            std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(names, ["000000000009.txt", "000000000010.txt", "latest.txt"]);
        assert_eq!(std::fs::read_to_string(folder.path().join("000000000009.txt")).unwrap(), "nine");
        assert_eq!(std::fs::read_to_string(folder.path().join("latest.txt")).unwrap(), "ten");
    }
}
