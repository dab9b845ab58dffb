//! `belisha lists add | show | remove`: category lists at the command line. What importing does is in `lists`.

use super::Failure;
use crate::clock;
use crate::installation::Installation;
use crate::lists::{self, AddRequest, Added, Source};
use belisha_filter::Format;
use belisha_records::Actor;
use belisha_store::schools;
use clap::{Args, Subcommand, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

const ACTOR: Actor = Actor::Command("lists");

#[derive(Subcommand)]
pub enum ListsCommand {
    /// Import a list from a file, a folder or an address; the same name again replaces it
    Add(AddOptions),
    /// Show the lists there are
    Show(Place),
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
    /// Address of a PostgreSQL database (postgres://…); without it the records are in the data folder
    #[arg(long, env = "BELISHA_DATABASE")]
    database: Option<String>,
}

#[derive(Args)]
pub struct AddOptions {
    /// A file, a folder of categories, or an http(s) address: plain domains, hosts, adblock, dnsmasq or zone (RPZ) files, or a UT1 or squidGuard archive
    source: String,
    /// The category a single list fills, such as `games`; of an archive or folder, the one category to take
    #[arg(long)]
    category: Option<String>,
    /// What to call the list; its file name without this
    #[arg(long)]
    name: Option<String>,
    /// How its lines are written
    #[arg(long, value_enum, default_value_t = FormatOption::Auto)]
    format: FormatOption,
    /// Take the list even if it is empty or less than half as long as the one it replaces
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    place: Place,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FormatOption {
    /// Found out from the first lines
    Auto,
    /// One domain a line
    Ut1,
    /// One domain a line, comments after #
    Plain,
    /// An address, then names
    Hosts,
    /// ||name^ and @@||name^
    Adblock,
    /// address=/name/
    Dnsmasq,
    /// A response policy zone
    Rpz,
}

impl FormatOption {
    fn format(self) -> Option<Format> {
        match self {
            FormatOption::Auto => None,
            FormatOption::Ut1 => Some(Format::Ut1),
            FormatOption::Plain => Some(Format::Plain),
            FormatOption::Hosts => Some(Format::Hosts),
            FormatOption::Adblock => Some(Format::Adblock),
            FormatOption::Dnsmasq => Some(Format::Dnsmasq),
            FormatOption::Rpz => Some(Format::Rpz),
        }
    }
}

/// Runs the command. A running server takes the change into use within a minute.
pub async fn run(command: ListsCommand) -> Result<ExitCode, Failure> {
    match command {
        ListsCommand::Add(options) => add(options).await,
        ListsCommand::Show(place) => show(&place.data),
        ListsCommand::Remove { name, place } => remove(&name, &place).await,
    }
}

async fn add(options: AddOptions) -> Result<ExitCode, Failure> {
    let request = AddRequest {
        source: Source::parse(&options.source)?,
        category: options.category,
        name: options.name,
        format: options.format.format(),
        force: options.force,
    };
    let installation = Installation::open(&options.place.data, options.place.database.as_deref()).await?;
    let (data, progress) = (installation.data.root().to_owned(), progress());
    let added = tokio::task::spawn_blocking(move || {
        let added = lists::add(&data, &request, clock::now(), &progress);
        progress.finish_and_clear();
        added
    });
    let added = added.await??;
    tell(&added);
    enter(&installation).await?;
    Ok(ExitCode::SUCCESS)
}

/// Hidden by itself where standard error is no terminal.
fn progress() -> ProgressBar {
    let bar = ProgressBar::new(0);
    if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} {bytes}/{total_bytes} {bar:30}") {
        bar.set_style(style);
    }
    bar
}

fn tell(added: &Added) {
    let manifest = &added.manifest;
    for shelved in &manifest.categories {
        println!("{:>10}  {}", shelved.domains, shelved.category);
    }
    println!("{:>10}  domains in the list `{}`", manifest.domains(), manifest.name);
    if let Some(before) = added.before {
        println!("{before:>10}  before");
    }
    for note in &added.notes {
        println!("{note}");
    }
    if manifest.refused_lines > 0 {
        println!("{} lines could not be used:", manifest.refused_lines);
        for refused in &manifest.refused {
            println!("  {refused}");
        }
        let more = manifest.refused_lines.saturating_sub(manifest.refused.len() as u64);
        if more > 0 {
            println!("  … and {more} more");
        }
    }
}

async fn enter(installation: &Installation) -> Result<(), Failure> {
    let all = {
        let mut tx = installation.store.read_installation().await?;
        schools::list(&mut tx).await?
    };
    for school in all {
        lists::enter(&installation.store, school.id, &ACTOR, installation.data.root(), clock::now()).await?;
    }
    Ok(())
}

fn show(data: &Path) -> Result<ExitCode, Failure> {
    let names = lists::names(data)?;
    if names.is_empty() {
        println!(
            "No list was imported yet; the filter has only its built-in starter list. `belisha lists add` imports one."
        );
    }
    for name in names {
        match lists::newest(data, &name) {
            None => println!("{name}: damaged on disk; import it again"),
            Some(generation) => {
                let manifest = generation.manifest;
                let day = manifest.fetched_at.strftime("%Y-%m-%d %H:%M");
                println!("{name}: {} domains, fetched {day} UTC from {}", manifest.domains(), manifest.source);
                for shelved in &manifest.categories {
                    println!("{:>10}  {}", shelved.domains, shelved.category);
                }
                if manifest.refused_lines > 0 {
                    println!("{:>10}  lines could not be used", manifest.refused_lines);
                }
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn remove(name: &str, place: &Place) -> Result<ExitCode, Failure> {
    let installation = Installation::open(&place.data, place.database.as_deref()).await?;
    let data = installation.data.root();
    {
        let _lock = lists::lock(data)?;
        lists::remove(data, name)?;
    }
    enter(&installation).await?;
    println!("The list `{name}` is removed.");
    Ok(ExitCode::SUCCESS)
}
