//! The ledger for people to look at: how long it is, what was signed last, what was written lately, and a proof made while one
//! waits. It names nobody and says nothing that tells of a case: whoever a case is about may hold the office that reads this.

use crate::app::App;
use crate::error::{WebError, WebResult};
use crate::frame::{Frame, show};
use crate::session::SignedIn;
use crate::{urls, words};
use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::routing::get;
use belisha_records::{Permission, Person, PersonId, active_roles};
use belisha_store::ledger::{self, Entry, Verification};
use belisha_store::{Tx, offices, people};
use jiff::Timestamp;
use std::collections::{BTreeMap, HashMap};

pub(crate) fn router() -> Router<App> {
    Router::new().route(urls::LEDGER, get(page).post(prove))
}

/// Entries that are read for the page.
const READ: u32 = 1500;
/// Entries that are listed.
const LISTED: usize = 40;

/// Areas that are shown, and what people call them. Cases, alerts, concerns, tasks, look-ups and mails are left out altogether:
/// that one was written, and when, can tell of a case.
const AREAS: &[(&str, &str)] = &[
    ("schools", "The school"),
    ("classes", "Classes"),
    ("class_teachers", "Classes"),
    ("people", "People"),
    ("parents_of", "Families"),
    ("offices", "Offices"),
    ("credentials", "Passwords"),
    ("one_time_links", "One-time links"),
    ("sessions", "Signing in and out"),
    ("policies", "The policy"),
    ("signatures", "Signatures"),
    ("access_requests", "Requests for sites"),
    ("exceptions", "Sites opened for a time"),
    ("school_rules", "Rules of the filter"),
    ("lesson_lists", "Sites for lessons"),
    ("lists", "Category lists"),
    ("duties", "Duties"),
    ("reports", "Reports"),
    ("report_acknowledgements", "Reports"),
    ("register_entries", "Registers"),
    ("devices", "Devices"),
    ("registered_devices", "Register of devices"),
    ("network_ranges", "Rooms and networks"),
    ("activity_batches", "Activity"),
];

/// Areas that fill the list without telling anything; they are counted only.
const COUNTED_ONLY: &[&str] = &["sessions", "devices", "activity_batches"];

#[derive(Template)]
#[template(path = "ledger/show.html")]
struct LedgerPage {
    frame: Frame,
    size: String,
    checkpoint: Option<(String, String)>,
    entries: Vec<Vec<String>>,
    days: Vec<Vec<String>>,
    proof: Option<Proof>,
    can_prove: bool,
}

/// What a proof found.
struct Proof {
    holds: bool,
    kind: &'static str,
    word: &'static str,
    sentence: String,
    root: String,
}

pub(crate) async fn page(State(app): State<App>, reader: SignedIn) -> WebResult {
    reader.may(Permission::SeeLedger)?;
    let mut tx = app.store.read(reader.school.id).await?;
    of(&mut tx, &app, &reader, None).await
}

/// Proves the whole ledger now.
pub(crate) async fn prove(State(app): State<App>, reader: SignedIn) -> WebResult {
    reader.may(Permission::SeeLedger)?;
    let key = app.settings.ledger_key.ok_or(WebError::NotFound)?;
    let mut tx = app.store.read(reader.school.id).await?;
    let verification = ledger::verify(&mut tx, &key).await?;
    if verification.first_bad.is_some() {
        tracing::error!(school = %reader.school.id, "the ledger does not hold; run `belisha verify` on the server");
    }
    of(&mut tx, &app, &reader, Some(proof(&verification))).await
}

/// What does not hold is named by its place alone: which record it is, `belisha verify` says on the server.
fn proof(found: &Verification) -> Proof {
    let root = found.root.clone();
    match &found.first_bad {
        None => Proof {
            holds: true,
            kind: "kept",
            word: "It holds",
            sentence: format!(
                "All {} entries hold, {} records are as their entries say, and {} fit.",
                found.entries,
                found.records,
                words::count(
                    usize::try_from(found.checkpoints).unwrap_or(usize::MAX),
                    "signed checkpoint",
                    "signed checkpoints"
                )
            ),
            root,
        },
        Some(bad) => {
            let place = bad.index.map_or_else(
                || "A record without an entry was found".to_owned(),
                |index| format!("Entry {index} does not hold"),
            );
            let sentence = format!(
                "{place}. Something was changed behind Belisha’s back. Keep the server as it is, have its owner run “belisha verify”, which names the record, and tell the head teacher."
            );
            Proof { holds: false, kind: "danger", word: "It does not hold", sentence, root }
        }
    }
}

async fn of(tx: &mut Tx, app: &App, reader: &SignedIn, proof: Option<Proof>) -> WebResult {
    let size = ledger::size(tx).await?;
    let signed = ledger::latest_checkpoint(tx).await?;
    let read = ledger::entries(tx, None, READ).await?;
    let offices = who(tx, reader).await?;
    let shown: Vec<(&Entry, &'static str)> =
        read.iter().filter_map(|entry| Some((entry, area(&entry.area)?))).collect();
    let zone = reader.zone();
    let at = |entry: &Entry| Timestamp::from_millisecond(entry.at).unwrap_or_default();
    let mut entries: Vec<Vec<String>> = Vec::new();
    let mut times = 0;
    for (entry, area) in shown.iter().filter(|(entry, _)| !COUNTED_ONLY.contains(&entry.area.as_str())) {
        let row = vec![
            words::moment(at(entry), &zone),
            (*area).to_owned(),
            entry.verb.replace('-', " "),
            by(&entry.actor, &offices),
            "1".to_owned(),
        ];
        // A job that writes a hundred rows in a minute is one line.
        let full = entries.len() == LISTED;
        match entries.last_mut() {
            Some(last) if last.iter().zip(&row).take(4).all(|(one, other)| one == other) => {
                times += 1;
                last.truncate(4);
                last.push(times.to_string());
            }
            _ if full => break,
            _ => {
                times = 1;
                entries.push(row);
            }
        }
    }
    let mut days: BTreeMap<(std::cmp::Reverse<jiff::civil::Date>, &str), usize> = BTreeMap::new();
    for (entry, area) in &shown {
        *days.entry((std::cmp::Reverse(reader.school.calendar.day_of(at(entry))), area)).or_default() += 1;
    }
    show(LedgerPage {
        frame: reader.frame(),
        size: words::count(usize::try_from(size).unwrap_or(usize::MAX), "entry", "entries"),
        checkpoint: signed.map(|signed| {
            (words::count(usize::try_from(signed.size).unwrap_or(usize::MAX), "entry", "entries"), signed.note)
        }),
        entries,
        days: days
            .into_iter()
            .take(60)
            .map(|((day, area), count)| vec![words::day(day.0), area.to_owned(), count.to_string()])
            .collect(),
        proof,
        can_prove: app.settings.ledger_key.is_some(),
    })
}

fn area(name: &str) -> Option<&'static str> {
    AREAS.iter().find(|(key, _)| *key == name).map(|(_, label)| *label)
}

/// The office of everybody, which stands for their name.
async fn who(tx: &mut Tx, reader: &SignedIn) -> WebResult<HashMap<PersonId, &'static str>> {
    let holdings = offices::list(tx).await?;
    let office = |person: &Person| {
        active_roles(person, &holdings, reader.today()).first().map_or("Somebody who left", |role| role.label())
    };
    Ok(people::list(tx).await?.iter().map(|person| (person.id, office(person))).collect())
}

fn by(actor: &str, offices: &HashMap<PersonId, &'static str>) -> String {
    match actor.split_once(':') {
        Some(("person", id)) => {
            id.parse().ok().and_then(|id: PersonId| offices.get(&id)).copied().unwrap_or("Somebody").to_owned()
        }
        Some(("job", name)) => format!("The server ({name})"),
        Some(("command", name)) => format!("A command on the server ({name})"),
        _ => "The server".to_owned(),
    }
}
