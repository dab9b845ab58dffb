//! `belisha explain --as PERSON URL`: the decision the filter would make, the list and the clause behind it, and who could change it.

use super::Failure;
use crate::installation::Installation;
use crate::network::{explanation, read_rules};
use belisha_store::people;
use belisha_store::schools::School;
use clap::Args;
use jiff::{Timestamp, civil::DateTime, tz::TimeZone};
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(Args)]
pub struct ExplainOptions {
    /// The page: an address or only a host
    url: String,
    /// Sign-in name of the person; without it, a device nobody is signed in on
    #[arg(long = "as", value_name = "PERSON")]
    person: Option<String>,
    /// A moment: 2026-11-23T10:00, in the school's time; without it, now
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
    /// Part of the school's name, where the installation has several and nobody is named
    #[arg(long)]
    school: Option<String>,
    /// The data folder
    #[arg(long, default_value = "belisha-data")]
    data: PathBuf,
    /// Address of a PostgreSQL database, where one is used
    #[arg(long, env = "BELISHA_DATABASE")]
    database: Option<String>,
}

/// Explains. Exit code 0 when the page is open, 1 when it is closed.
pub async fn run(options: ExplainOptions) -> Result<ExitCode, Failure> {
    if options.database.is_none() && !options.data.join("belisha.db").exists() {
        return Err(Failure(format!(
            "there is no installation in `{}`; give its folder with --data",
            options.data.display()
        )));
    }
    let installation = Installation::open(&options.data, options.database.as_deref()).await?;
    let mut tx = installation.store.read_installation().await?;
    let schools = belisha_store::schools::list(&mut tx).await?;
    let person = match &options.person {
        Some(name) => Some(people::locate_username(&mut tx, &name.to_lowercase()).await?.ok_or_else(|| {
            Failure(format!("nobody signs in as `{name}`; give a sign-in name as it stands on the page of people"))
        })?),
        None => None,
    };
    drop(tx);
    let wanted = options.school.as_deref().unwrap_or_default().to_lowercase();
    let school = match person {
        Some((school, _)) => schools.iter().find(|one| one.id == school),
        None => schools.iter().find(|one| one.name.to_lowercase().contains(&wanted)),
    };
    let school = school.ok_or_else(|| Failure("no such school; give part of its name with --school".into()))?;
    let zone = TimeZone::get(&school.calendar.time_zone).unwrap_or(TimeZone::UTC);
    let at =
        options.at.as_deref().map(|text| moment(text, &zone)).transpose()?.unwrap_or_else(|| (installation.clock)());
    let rules = read_rules(&installation, school.id, installation.index()?, installation.illegal_list()?).await?;
    let rules = rules.ok_or_else(|| {
        Failure(format!(
            "{} has no policy in force, so everything but its own pages and helplines is closed",
            school.name
        ))
    })?;
    let rows = explanation(&rules, person.map(|(_, person)| person), &options.url, at);
    println!("{} · {}", school.name, at.to_zoned(zone).strftime("%A %-d %B %Y, %H:%M"));
    for (label, words) in &rows {
        println!("{label:<20} {words}");
    }
    let open = rows.first().is_some_and(|(_, answer)| answer.starts_with("open:"));
    Ok(if open { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

/// The school that part of a name means (the only one, or the first, without), and a moment in its own time (now, without).
///
/// # Errors
/// When there is no such school or the time cannot be read.
pub(super) async fn school_and_time(
    installation: &Installation,
    school: Option<&str>,
    at: Option<&str>,
) -> Result<(School, Timestamp), Failure> {
    let mut tx = installation.store.read_installation().await?;
    let schools = belisha_store::schools::list(&mut tx).await?;
    let wanted = school.unwrap_or_default().to_lowercase();
    let school = schools.into_iter().find(|one| one.name.to_lowercase().contains(&wanted));
    let school = school.ok_or_else(|| Failure("no such school; give part of its name with --school".into()))?;
    let zone = TimeZone::get(&school.calendar.time_zone).unwrap_or(TimeZone::UTC);
    let at = at.map(|text| moment(text, &zone)).transpose()?.unwrap_or_else(|| (installation.clock)());
    Ok((school, at))
}

fn moment(text: &str, zone: &TimeZone) -> Result<Timestamp, Failure> {
    if let Ok(moment) = text.parse::<Timestamp>() {
        return Ok(moment);
    }
    let local: DateTime =
        text.replace(' ', "T").parse().map_err(|_| Failure(format!("`{text}` is no time; write 2026-11-23T10:00")))?;
    Ok(zone.to_ambiguous_zoned(local).compatible()?.timestamp())
}
