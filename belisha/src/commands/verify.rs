//! `belisha verify`: proves the ledger of every school, or names the first entry that was tampered with.

use super::Failure;
use crate::installation::Installation;
use belisha_store::{ledger, schools};
use clap::Args;
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(Args)]
pub struct VerifyOptions {
    /// The data folder
    #[arg(long, default_value = "belisha-data")]
    data: PathBuf,
    /// Address of a PostgreSQL database, where one is used
    #[arg(long, env = "BELISHA_DATABASE")]
    database: Option<String>,
}

/// Verifies. Exit code 0: every entry holds; 1: at least one does not.
pub async fn run(options: VerifyOptions) -> Result<ExitCode, Failure> {
    if options.database.is_none() && !options.data.join("belisha.db").exists() {
        return Err(Failure(format!(
            "there is no installation in `{}`; give its folder with --data",
            options.data.display()
        )));
    }
    let installation = Installation::open(&options.data, options.database.as_deref()).await?;
    let mut tx = installation.store.read_installation().await?;
    let all = schools::list(&mut tx).await?;
    drop(tx);
    let mut sound = true;
    for school in all {
        let mut tx = installation.store.read(school.id).await?;
        let verification = ledger::verify(&mut tx, &installation.keys.ledger.verifying_key()).await?;
        match &verification.first_bad {
            None => println!(
                "{}: {} entries hold, {} records match them, {} signed checkpoints fit. Root {}",
                school.name, verification.entries, verification.records, verification.checkpoints, verification.root
            ),
            Some(bad) => {
                sound = false;
                let entry =
                    bad.index.map_or_else(|| "a record without an entry".to_owned(), |index| format!("entry {index}"));
                println!("{}: {entry} does not hold: {} {}: {}", school.name, bad.area, bad.subject, bad.what);
            }
        }
    }
    Ok(if sound { ExitCode::SUCCESS } else { ExitCode::from(1) })
}
