//! `belisha lists add`: imports a list, or an update of one. What importing does is in `lists`.

use super::{ACTOR, Place};
use crate::clock;
use crate::commands::Failure;
use crate::installation::Installation;
use crate::lists::{self, AddRequest, Added, Check, Outcome, Schedule, Source, Upkeep};
use belisha_filter::Format;
use clap::{Args, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// What is imported, and how it is kept up to date.
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
    /// How often its address is asked for a newer one; every night without this
    #[arg(long, value_enum)]
    every: Option<EveryOption>,
    /// Per cent of a category that may vanish at once before an update waits for a person; 20 without this
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(0..=100))]
    may_lose: Option<u8>,
    /// SHA-256 that the file must have, now and at each update
    #[arg(long, value_name = "SUM")]
    sha256: Option<String>,
    /// Address of the file's SHA-256, as sha256sum writes it
    #[arg(long, value_name = "ADDRESS", conflicts_with = "sha256")]
    sha256_url: Option<String>,
    /// Public key of whoever signs the file: minisign's or plain Ed25519, or a file with it
    #[arg(long, value_name = "KEY")]
    public_key: Option<String>,
    /// Address of the signature; that of the list and `.minisig` without this
    #[arg(long, value_name = "ADDRESS", requires = "public_key")]
    signature_url: Option<String>,
    /// Take the list even if it is empty, or an update that should wait for a person
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

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum EveryOption {
    /// Every hour
    Hour,
    /// Once a night
    Night,
    /// One night a week
    Week,
    /// Only when it is added again
    Never,
}

impl EveryOption {
    fn schedule(self) -> Schedule {
        match self {
            EveryOption::Hour => Schedule::Hourly,
            EveryOption::Night => Schedule::Daily,
            EveryOption::Week => Schedule::Weekly,
            EveryOption::Never => Schedule::Never,
        }
    }
}

/// Imports the list.
pub async fn add(options: AddOptions) -> Result<ExitCode, Failure> {
    let installation = Installation::open(&options.place.data, options.place.database.as_deref()).await?;
    let (data, progress) = (installation.data.root().to_owned(), progress());
    let mut request = request(options, &data)?;
    request.own_names = lists::own_names(&installation.store).await?;
    let added = tokio::task::spawn_blocking(move || {
        let added = lists::add(&data, &request, clock::now(), &progress);
        progress.finish_and_clear();
        added
    });
    let added = added.await??;
    tell(&added);
    lists::enter_all(&installation.store, &ACTOR, installation.data.root(), clock::now()).await?;
    Ok(ExitCode::SUCCESS)
}

/// What was typed. A list that is there already, from the same source, keeps what was said about it before.
fn request(options: AddOptions, data: &Path) -> Result<AddRequest, Failure> {
    let source = Source::parse(&options.source)?;
    let mut request = AddRequest {
        category: options.category,
        name: options.name,
        format: options.format.format(),
        force: options.force,
        ..AddRequest::new(source)
    };
    let name = lists::name_of(&request)?;
    let before = lists::newest(data, &name).map(|generation| generation.manifest);
    let before = before.filter(|manifest| manifest.source == request.source.text()).unwrap_or_default();
    request.upkeep = Upkeep {
        every: options.every.map_or(before.upkeep.every, EveryOption::schedule),
        may_lose: options.may_lose.unwrap_or(before.upkeep.may_lose),
    };
    let other_sum = options.sha256.is_some() || options.sha256_url.is_some();
    request.check = Check {
        sha256: if other_sum { options.sha256 } else { before.check.sha256 },
        sha256_url: if other_sum { options.sha256_url } else { before.check.sha256_url },
        public_key: options.public_key.map(key_or_file).transpose()?.or(before.check.public_key),
        signature_url: options.signature_url.or(before.check.signature_url),
    };
    Ok(request)
}

/// A key that was typed, or the text of a file that holds it.
fn key_or_file(typed: String) -> Result<String, Failure> {
    let path = PathBuf::from(&typed);
    if !path.is_file() {
        return Ok(typed);
    }
    std::fs::read_to_string(&path).map_err(|error| Failure(format!("cannot read the key in `{typed}`: {error}")))
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
        println!("{before:>10}  before ({})", manifest.difference());
    }
    for note in &added.notes {
        println!("{note}");
    }
    if !manifest.protected.is_empty() {
        println!("It names what no list should close: {}", manifest.protected.join(", "));
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
    if added.outcome == Outcome::Held {
        println!("The update is held and the list before it stays in force, because:");
        manifest.held_for.iter().for_each(|why| println!("  {why}"));
        let name = &manifest.name;
        println!("`belisha lists take {name}` takes it, `belisha lists keep {name}` turns it down.");
    }
}
