//! `belisha lists export`: what is closed for a group at a moment, as a response policy zone. Writing it is `lists`' business.

use super::Place;
use crate::clock;
use crate::commands::Failure;
use crate::commands::explain::school_and_time;
use crate::installation::Installation;
use crate::lists;
use crate::network::read_rules;
use belisha_filter::{Group, Zone};
use clap::Args;
use std::net::IpAddr;
use std::path::PathBuf;
use std::process::ExitCode;

/// What is exported, and where to.
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

/// Writes the zone.
pub async fn export(options: ExportOptions) -> Result<ExitCode, Failure> {
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
