//! `belisha lists`: category lists at the command line. What importing, holding and settling do is in `lists`.

mod add;
mod export;
mod show;

use super::Failure;
use crate::clock;
use crate::installation::Installation;
use crate::lists::{self, Decided, Settlement};
use belisha_records::{Actor, SHORTEST_REASON};
use clap::{Args, Subcommand};
use std::path::PathBuf;
use std::process::ExitCode;

const ACTOR: Actor = Actor::Command("lists");

#[derive(Subcommand)]
pub enum ListsCommand {
    /// Import a list from a file, a folder or an address; the same name again replaces it
    Add(add::AddOptions),
    /// Show the lists there are, how they changed, and what waits for you
    Show(Place),
    /// Take an update that was held into force
    Take(SettleOptions),
    /// Turn down an update that was held, and keep the list as it is
    Keep(SettleOptions),
    /// Go back to the generation of a list before this one
    Rollback(SettleOptions),
    /// Write a school's closed names as a response policy zone, for unbound, BIND, PowerDNS or Knot
    Export(export::ExportOptions),
    /// Remove a list: what it closed is open again unless another list closes it
    Remove {
        /// Name of the list, as `show` prints it
        name: String,
        #[command(flatten)]
        place: Place,
    },
}

/// Where the installation is.
#[derive(Args)]
pub struct Place {
    /// Folder for the database, keys, lists and snapshots
    #[arg(long, default_value = "belisha-data")]
    data: PathBuf,
    /// Address of a PostgreSQL database (postgres://…); without it, the one that was given here before, else one in the data folder
    #[arg(long, env = "BELISHA_DATABASE")]
    database: Option<String>,
}

/// A decision about a list.
#[derive(Args)]
pub struct SettleOptions {
    /// Name of the list, as `show` prints it
    name: String,
    /// Why; it stands in the ledger and in the register of changes
    #[arg(long)]
    reason: String,
    #[command(flatten)]
    place: Place,
}

/// Runs the command. A running server takes the change into use within a minute.
pub async fn run(command: ListsCommand) -> Result<ExitCode, Failure> {
    match command {
        ListsCommand::Add(options) => add::add(options).await,
        ListsCommand::Show(place) => show::show(&place.data),
        ListsCommand::Take(options) => settle(options, Settlement::Take).await,
        ListsCommand::Keep(options) => settle(options, Settlement::Keep).await,
        ListsCommand::Rollback(options) => settle(options, Settlement::RollBack).await,
        ListsCommand::Export(options) => export::export(options).await,
        ListsCommand::Remove { name, place } => remove(&name, &place).await,
    }
}

async fn settle(options: SettleOptions, settlement: Settlement) -> Result<ExitCode, Failure> {
    let SettleOptions { name, reason, place } = options;
    if reason.chars().filter(|letter| letter.is_alphanumeric()).count() < SHORTEST_REASON {
        return Err(Failure("the reason is too short: say in a few words why".into()));
    }
    let installation = Installation::open(&place.data, place.database.as_deref()).await?;
    let decided = Decided { actor: ACTOR, by: None, reason, at: clock::now() };
    let words = lists::settle(&installation.store, installation.data.root(), &name, settlement, &decided).await?;
    println!("`{name}`: {words}.");
    Ok(ExitCode::SUCCESS)
}

async fn remove(name: &str, place: &Place) -> Result<ExitCode, Failure> {
    let installation = Installation::open(&place.data, place.database.as_deref()).await?;
    let data = installation.data.root();
    {
        let _lock = lists::lock(data)?;
        lists::remove(data, name)?;
    }
    lists::enter_all(&installation.store, &ACTOR, data, clock::now()).await?;
    println!("The list `{name}` is removed.");
    Ok(ExitCode::SUCCESS)
}
