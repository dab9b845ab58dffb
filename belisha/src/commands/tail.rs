//! `belisha tail`: shows what is asked for at this moment, as long as somebody looks. What may be shown is `tail.rs`'s.

use super::Failure;
use crate::data_folder::{SOCKETS, TAIL};
use crate::tail::{Line, Wish};
use clap::Args;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(Args)]
pub struct TailOptions {
    /// Folder of the server that runs
    #[arg(long, default_value = "belisha-data")]
    data: PathBuf,
    /// Name or id of the school, where there are several
    #[arg(long)]
    school: Option<String>,
    /// Only what ended so: allowed, blocked, warned, warning-passed, asked, sign-first
    #[arg(long, value_parser = ["allowed", "blocked", "warned", "warning-passed", "asked", "sign-first"])]
    outcome: Option<String>,
    /// Only this group: pupil, younger-pupil, staff, guest, unknown
    #[arg(long)]
    group: Option<String>,
}

/// Shows visits until interrupted.
pub fn run(options: &TailOptions) -> Result<ExitCode, Failure> {
    let path = options.data.join(SOCKETS).join(TAIL);
    let mut stream = UnixStream::connect(&path).map_err(|error| {
        Failure(format!(
            "no server answers in `{}`: {error}; name the folder of one that runs with --data, as the user who runs it",
            options.data.display()
        ))
    })?;
    let wish = Wish { school: options.school.clone(), outcome: options.outcome.clone(), group: options.group.clone() };
    stream.write_all(format!("{}\n", serde_json::to_string(&wish)?).as_bytes())?;
    for line in BufReader::new(stream).lines() {
        match serde_json::from_str(&line?)? {
            Line::Begins(school) => {
                println!(
                    "What is asked for at {school}, naming nobody. That you look is in the ledger. Ctrl-C ends it."
                );
            }
            Line::Visit(visit) => {
                let time = visit.at.to_zoned(jiff::tz::TimeZone::system()).strftime("%H:%M:%S");
                let category = visit.category.unwrap_or_default();
                println!(
                    "{time}  {:<14} {:<11} {}  {category}  {}",
                    visit.group, visit.outcome, visit.host, visit.reason
                );
            }
            Line::Missed(count) => println!("({count} visits are left out here: they came faster than they are shown)"),
            Line::Refused(why) => return Err(Failure(why)),
        }
    }
    println!("The server has ended.");
    Ok(ExitCode::SUCCESS)
}
