//! `belisha docs`: writes the reference pages that are made from tables in the code. CI checks that the committed ones are clean.

use super::Failure;
use clap::Args;
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(Args)]
pub struct DocsOptions {
    /// Folder to write the pages into
    folder: PathBuf,
}

/// Writes the pages.
pub fn run(options: &DocsOptions) -> Result<ExitCode, Failure> {
    let pages = [
        ("findings.md", belisha_policy::findings_reference()),
        ("permissions.md", belisha_records::permissions_reference()),
        ("glossary.md", belisha_records::glossary_reference()),
        ("jobs.md", crate::jobs::jobs_reference()),
        ("metrics.md", crate::metrics::metrics_reference()),
    ];
    std::fs::create_dir_all(&options.folder)?;
    for (name, text) in &pages {
        std::fs::write(options.folder.join(name), text)?;
    }
    println!("{} pages written to {}", pages.len(), options.folder.display());
    Ok(ExitCode::SUCCESS)
}
