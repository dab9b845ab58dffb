//! `belisha lists show`: the lists there are, how they changed, and what waits for a person.

use crate::commands::Failure;
use crate::lists::{self, Manifest, Standing};
use jiff::Timestamp;
use std::path::Path;
use std::process::ExitCode;

/// Prints every list.
pub fn show(data: &Path) -> Result<ExitCode, Failure> {
    let lists = lists::standing(data)?;
    if lists.is_empty() {
        println!(
            "No list was imported yet; the filter has only its built-in starter list. `belisha lists add` imports one."
        );
    }
    lists.iter().for_each(one);
    Ok(ExitCode::SUCCESS)
}

fn moment(at: Timestamp) -> String {
    format!("{} UTC", at.strftime("%Y-%m-%d %H:%M"))
}

fn one(list: &Standing) {
    let name = &list.name;
    let Some((number, manifest)) = &list.in_force else {
        println!("{name}: damaged on disk; import it again");
        return;
    };
    let fetched = moment(manifest.fetched_at);
    println!("{name}: {} domains, generation {number}, fetched {fetched} from {}", manifest.domains(), manifest.source);
    for shelved in &manifest.categories {
        println!("{:>10}  {}", shelved.domains, shelved.category);
    }
    println!("    {}; fetched {}; proves {}", manifest.difference(), manifest.rhythm(), manifest.check.words());
    if let Some(note) = &manifest.note {
        println!("    {note}");
    }
    if let Some(asked) = &list.asked {
        println!("    asked {}: {}", moment(asked.at), asked.words);
    }
    if let Some(turned_down) = &list.turned_down {
        println!("    an update was turned down {}: {}", moment(turned_down.at), turned_down.why);
    }
    if let Some((before, manifest)) = &list.before {
        println!(
            "    `belisha lists rollback {name}` goes back to generation {before}, fetched {}",
            moment(manifest.fetched_at)
        );
    }
    if let Some(held) = &list.held {
        waits(name, held);
    }
}

fn waits(name: &str, held: &Manifest) {
    println!("    AN UPDATE WAITS FOR YOU ({}, fetched {}), because:", held.difference(), moment(held.fetched_at));
    held.held_for.iter().for_each(|why| println!("      {why}"));
    println!("      `belisha lists take {name}` takes it, `belisha lists keep {name}` turns it down");
}
