//! `belisha explain --as PERSON URL`: the decision the filter would make, the list and the clause behind it, and who could change it.
//! `belisha explain --if RULE`: what a rule nobody has saved would have changed, by `what_if`.

use super::{Failure, what_if};
use crate::installation::Installation;
use crate::network::{Asking, explanation, read_rules};
use belisha_policy::DeviceKind;
use belisha_records::SchoolId;
use belisha_store::people;
use belisha_store::schools::School;
use clap::Args;
use jiff::{Timestamp, civil::DateTime, tz::TimeZone};
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(Args)]
pub struct ExplainOptions {
    /// The page: an address or only a host
    #[arg(required_unless_present = "what_if")]
    url: Option<String>,
    /// Sign-in name of the person; without it, a device nobody is signed in on
    #[arg(long = "as", value_name = "PERSON")]
    person: Option<String>,
    /// Whose the device is, for one that is registered: school-individual, school-shared, authorised, pupil-owned, staff-owned
    /// or visitor-owned
    #[arg(long, value_name = "KIND", value_parser = device_kind)]
    device: Option<DeviceKind>,
    /// Instead of a page, a rule that nobody has saved, tried on last week's requests: "close games.example", "open
    /// atlas.example", "block category games", "warn category streaming"
    #[arg(long = "if", value_name = "RULE", conflicts_with_all = ["url", "person", "device", "at"])]
    what_if: Option<String>,
    /// With --if, for whom: younger-pupil, pupil, staff, guest or unknown, and for a site a year group as year:7; several times
    /// for several, everybody without
    #[arg(long, value_name = "GROUP", requires = "what_if")]
    group: Vec<String>,
    /// With --if, when: always, lesson, break, out-of-school or boarding; at every time without
    #[arg(long, value_name = "PERIOD", requires = "what_if")]
    period: Option<String>,
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
    let person = match &options.person {
        Some(name) => {
            let mut tx = installation.store.read_installation().await?;
            let found = people::locate_username(&mut tx, &name.to_lowercase()).await?;
            Some(found.ok_or_else(|| {
                Failure(format!("nobody signs in as `{name}`; give a sign-in name as it stands on the page of people"))
            })?)
        }
        None => None,
    };
    let theirs = person.map(|(school, _)| school);
    let (school, at) = school_and_time(&installation, theirs, options.school.as_deref(), options.at.as_deref()).await?;
    let rules = read_rules(&installation, school.id, installation.index()?, installation.illegal_list()?).await?;
    let rules = rules.ok_or_else(|| {
        Failure(format!(
            "{} has no policy in force, so everything but its own pages and helplines is closed",
            school.name
        ))
    })?;
    if let Some(rule) = &options.what_if {
        let change = what_if::read(rule, options.group, options.period.as_deref())?;
        what_if::print(&installation, &school, &rules, change).await?;
        return Ok(ExitCode::SUCCESS);
    }
    let asking = Asking { person: person.map(|(_, person)| person), device: options.device, ..Asking::default() };
    let rows = explanation(&rules, &asking, options.url.as_deref().unwrap_or_default(), at, installation.data.root());
    println!("{} · {}", school.name, at.to_zoned(zone_of(&school)).strftime("%A %-d %B %Y, %H:%M"));
    for (label, words) in &rows {
        println!("{label:<20} {words}");
    }
    let open = rows.first().is_some_and(|(_, answer)| answer.starts_with("open:"));
    Ok(if open { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

/// A school that is known, else the one that part of a name means (the only one, or the first, without), and a moment in its own time (now, without).
///
/// # Errors
/// When there is no such school or the time cannot be read.
pub(super) async fn school_and_time(
    installation: &Installation,
    known: Option<SchoolId>,
    part_of_name: Option<&str>,
    at: Option<&str>,
) -> Result<(School, Timestamp), Failure> {
    let mut tx = installation.store.read_installation().await?;
    let schools = belisha_store::schools::list(&mut tx).await?;
    let wanted = part_of_name.unwrap_or_default().to_lowercase();
    let school = schools.into_iter().find(|one| match known {
        Some(known) => one.id == known,
        None => one.name.to_lowercase().contains(&wanted),
    });
    let school = school.ok_or_else(|| Failure("no such school; give part of its name with --school".into()))?;
    let at = at.map(|text| moment(text, &zone_of(&school))).transpose()?.unwrap_or_else(|| (installation.clock)());
    Ok((school, at))
}

fn zone_of(school: &School) -> TimeZone {
    TimeZone::get(&school.calendar.time_zone).unwrap_or(TimeZone::UTC)
}

fn device_kind(key: &str) -> Result<DeviceKind, String> {
    let all = || DeviceKind::ALL.iter().map(|kind| kind.key()).collect::<Vec<_>>().join(", ");
    DeviceKind::from_key(key).ok_or_else(|| format!("write one of: {}", all()))
}

fn moment(text: &str, zone: &TimeZone) -> Result<Timestamp, Failure> {
    if let Ok(moment) = text.parse::<Timestamp>() {
        return Ok(moment);
    }
    let local: DateTime =
        text.replace(' ', "T").parse().map_err(|_| Failure(format!("`{text}` is no time; write 2026-11-23T10:00")))?;
    Ok(zone.to_ambiguous_zoned(local).compatible()?.timestamp())
}
