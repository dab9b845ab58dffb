//! `belisha illegal load | status`: licensed lists of illegal content at the command line. There is no command that shows, searches
//! or removes what they hold.

use super::Failure;
use crate::clock;
use crate::illegal_feeds;
use crate::installation::open_folder;
use clap::{Args, Subcommand};
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[derive(Subcommand)]
pub enum IllegalCommand {
    /// Take in a provider's delivery, in the place of the feed's last one
    Load(LoadOptions),
    /// Say which feeds there are, how large, and when each was last taken in
    Status {
        /// The data folder
        #[arg(long, default_value = "belisha-data")]
        data: PathBuf,
    },
}

#[derive(Args)]
pub struct LoadOptions {
    /// The delivery: a file with one address a line, or `-` for standard input. Delete it afterwards
    delivery: PathBuf,
    /// What to call the feed, such as `iwf`
    #[arg(long)]
    feed: String,
    /// Take it though it holds less than half of what the last one did
    #[arg(long)]
    smaller: bool,
    /// The data folder
    #[arg(long, default_value = "belisha-data")]
    data: PathBuf,
}

/// Runs the command. A running server takes a new delivery into use within a minute.
pub fn run(command: &IllegalCommand) -> Result<ExitCode, Failure> {
    match command {
        IllegalCommand::Load(options) => load(options),
        IllegalCommand::Status { data } => status(data),
    }
}

fn load(options: &LoadOptions) -> Result<ExitCode, Failure> {
    let (data, keys) = open_folder(&options.data)?;
    let mut delivery: Box<dyn BufRead> = if options.delivery == Path::new("-") {
        Box::new(std::io::stdin().lock())
    } else {
        let file = File::open(&options.delivery)
            .map_err(|error| Failure(format!("cannot read the delivery: {error}; give a file, or `-`")))?;
        Box::new(BufReader::new(file))
    };
    let feed =
        illegal_feeds::load(&data, keys.illegal_list, &options.feed, &mut delivery, clock::now(), options.smaller)?;
    println!("`{}` holds {} addresses; {} lines were none.", feed.name, feed.entries, feed.refused);
    Ok(ExitCode::SUCCESS)
}

fn status(data: &Path) -> Result<ExitCode, Failure> {
    let (data, keys) = open_folder(data)?;
    // Reading them is the check: a feed that is missing or damaged is said here too.
    illegal_feeds::illegal_list(&data, keys.illegal_list)?;
    let feeds = illegal_feeds::feeds(&data)?;
    if feeds.is_empty() {
        println!(
            "No licensed list was taken in yet; only the entry for tests is closed. `belisha illegal load` takes one in."
        );
    }
    for feed in feeds {
        let loaded = feed.loaded_at.strftime("%Y-%m-%d %H:%M");
        println!("{}: {} addresses, taken in {loaded} UTC", feed.name, feed.entries);
    }
    Ok(ExitCode::SUCCESS)
}
