//! `belisha lists add | show | export | remove`: category lists at the command line. What importing does is in `lists`.

use super::Failure;
use super::explain::school_and_time;
use crate::clock;
use crate::installation::Installation;
use crate::lists::{self, AddRequest, Added, Source};
use crate::network::read_rules;
use belisha_filter::{Format, Group, Zone};
use belisha_records::Actor;
use belisha_store::schools;
use clap::{Args, Subcommand, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

const ACTOR: Actor = Actor::Command("lists");

#[derive(Subcommand)]
pub enum ListsCommand {
    /// Import a list from a file, a folder or an address; the same name again replaces it
    Add(AddOptions),
    /// Show the lists there are
    Show(Place),
    /// Write a school's closed names as a response policy zone, for unbound, BIND, PowerDNS or Knot
    Export(ExportOptions),
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

#[derive(Args)]
pub struct ExportOptions {
    /// Where the zone is written
    file: PathBuf,
    /// Part of the school's name, where the installation has several
    #[arg(long)]
    school: Option<String>,
    /// Whom the zone is for: younger-pupil, pupil, staff, guest or unknown
    #[arg(long, default_value = "pupil")]
    group: String,
    /// The moment whose rules hold: 2026-11-23T10:00, in the school's time; without it, now
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
    /// Name of the zone
    #[arg(long, default_value = "rpz.belisha.test")]
    zone: String,
    /// Seconds that name servers may keep an answer
    #[arg(long, default_value_t = 60)]
    ttl: u32,
    /// Address closed names lead to; without it there is "no such name"
    #[arg(long, value_name = "ADDRESS")]
    block_page: Option<IpAddr>,
    /// A host that always passes, such as the school's own pages; may be given again
    #[arg(long)]
    pass: Vec<String>,
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
        ListsCommand::Export(options) => export(options).await,
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

async fn export(options: ExportOptions) -> Result<ExitCode, Failure> {
    let group = Group::from_key(&options.group);
    if group.key() != options.group {
        let known: Vec<&str> = Group::ALL.iter().map(|group| group.key()).collect();
        return Err(Failure(format!("`{}` is no group; give one of {}", options.group, known.join(", "))));
    }
    let zone = belisha_filter::normalise(&options.zone)
        .map_err(|error| Failure(format!("`{}` names no zone: {error}", options.zone)))?
        .into_owned();
    let installation = Installation::open(&options.place.data, options.place.database.as_deref()).await?;
    let (school, at) = school_and_time(&installation, None, options.school.as_deref(), options.at.as_deref()).await?;
    let rules = read_rules(&installation, school.id, installation.index()?, installation.illegal_list()?).await?;
    let rules = rules.ok_or_else(|| {
        Failure(format!(
            "{} has no policy in force, so there is nothing to export; put one in force first",
            school.name
        ))
    })?;
    let wanted = lists::Export {
        group: options.group,
        at,
        zone: Zone {
            origin: zone,
            serial: u32::try_from(clock::now().as_second()).unwrap_or(u32::MAX),
            ttl: options.ttl,
        },
        block_page: options.block_page,
        pass: options.pass.iter().filter_map(|host| Some(belisha_filter::normalise(host).ok()?.into_owned())).collect(),
    };
    let (data, path) = (installation.data.root().to_owned(), options.file.clone());
    let written = tokio::task::spawn_blocking(move || -> Result<lists::Exported, Failure> {
        let part = path.with_extension("part");
        let failed = |error| Failure(format!("cannot write `{}`: {error}; choose another place", path.display()));
        let mut out = std::io::BufWriter::new(std::fs::File::create(&part).map_err(failed)?);
        let done = lists::export(&data, &rules.ruleset, &wanted, &mut out)?;
        std::fs::rename(&part, &path).map_err(failed)?;
        Ok(done)
    });
    let done = written.await??;
    println!(
        "{}: {} names closed, {} let pass below a closed one, {} search engines led to their safe results",
        options.file.display(),
        done.closed,
        done.passed,
        done.rewritten
    );
    if done.left_out > 0 {
        println!("{} names are too long for a zone of this name and were left out", done.left_out);
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
