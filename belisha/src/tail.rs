//! What is asked for at this moment, for whoever must see the filter at work: sites, groups, outcomes. It names no person and no
//! device, leaves out helplines and illegal content, and each look is an entry in the ledger. Reached over a socket in the data
//! folder that only the user who runs the server can open; `commands/tail.rs` is the other end.

use crate::data_folder::{SOCKETS, TAIL};
use crate::installation::Installation;
use belisha_activity::ActivityRecord;
use belisha_records::{Actor, SchoolId};
use belisha_store::{StoreError, schools};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::fs::Permissions;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::unix::OwnedWriteHalf;
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{Semaphore, broadcast};
use tokio::task::{JoinHandle, JoinSet};

/// Visits that may wait for somebody who reads slowly; past them the oldest are left out, and counted.
const WAITING: usize = 1024;
/// Looks at one time.
const LOOKS: usize = 8;
/// Longest wish, in bytes, and how long it may take to come.
const LONGEST_WISH: u64 = 4096;
const WISHES_WITHIN: Duration = Duration::from_secs(5);

/// One visit, without who and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Visit {
    #[serde(skip)]
    school: Option<SchoolId>,
    /// When.
    pub at: Timestamp,
    /// Key of the filter group.
    pub group: String,
    /// What the gateway did: `allowed`, `blocked`, …
    pub outcome: String,
    /// Host asked for.
    pub host: String,
    /// Category that decided.
    pub category: Option<String>,
}

/// What somebody wants to see.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wish {
    /// Name or id of the school; `None` where there is one.
    pub school: Option<String>,
    /// Only this outcome.
    pub outcome: Option<String>,
    /// Only this group.
    pub group: Option<String>,
}

/// What comes over the socket, one in each line.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Line {
    /// A visit.
    Visit(Visit),
    /// So many were left out, because they came faster than they were read.
    Missed(u64),
    /// Nothing can be shown, and why.
    Refused(String),
    /// The look is in the ledger; visits follow.
    Begins(String),
}

impl Visit {
    /// A record as it may be seen live; `None` for what must not be.
    fn of(record: &ActivityRecord) -> Option<Self> {
        let permitted = record.clone().permitted().filter(|record| !record.is_illegal() && !record.host.is_empty())?;
        Some(Self {
            school: Some(permitted.school),
            at: permitted.at,
            group: permitted.group,
            outcome: permitted.action,
            host: permitted.host,
            category: permitted.category,
        })
    }
}

impl Wish {
    fn wants(&self, school: SchoolId, visit: &Visit) -> bool {
        let fits = |wanted: &Option<String>, found: &str| wanted.as_deref().is_none_or(|wanted| wanted == found);
        visit.school == Some(school) && fits(&self.outcome, &visit.outcome) && fits(&self.group, &visit.group)
    }
}

/// What is seen at this moment, for all who look.
#[derive(Clone)]
pub struct Live(broadcast::Sender<Arc<Visit>>);

impl Default for Live {
    fn default() -> Self {
        Self(broadcast::Sender::new(WAITING))
    }
}

impl Live {
    /// Shows a record to whoever looks; costs nothing while nobody does.
    pub fn show(&self, record: &ActivityRecord) {
        if self.0.receiver_count() > 0
            && let Some(visit) = Visit::of(record)
        {
            // The last of them may have gone this moment.
            let _ = self.0.send(Arc::new(visit));
        }
    }
}

/// Answers whoever looks, until the task is stopped.
///
/// # Errors
/// When the socket cannot be made.
pub fn serve(installation: &Installation, live: Live) -> io::Result<JoinHandle<()>> {
    let path = installation.data.root().join(SOCKETS).join(TAIL);
    match std::fs::remove_file(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = UnixListener::bind(&path)?;
    std::fs::set_permissions(&path, Permissions::from_mode(0o600))?;
    let installation = installation.clone();
    Ok(tokio::spawn(async move {
        let (places, mut looks) = (Arc::new(Semaphore::new(LOOKS)), JoinSet::new());
        while let Ok((stream, _)) = listener.accept().await {
            while looks.try_join_next().is_some() {}
            let Ok(place) = Arc::clone(&places).try_acquire_owned() else { continue };
            let (installation, live) = (installation.clone(), live.clone());
            looks.spawn(async move {
                let _place = place;
                // Whoever looked has gone.
                let _ = look(&installation, &live, stream).await;
            });
        }
    }))
}

async fn look(installation: &Installation, live: &Live, stream: UnixStream) -> io::Result<()> {
    let (reading, mut writing) = stream.into_split();
    let mut wish = String::new();
    let mut reading = BufReader::new(reading.take(LONGEST_WISH));
    tokio::time::timeout(WISHES_WITHIN, reading.read_line(&mut wish)).await??;
    let wish: Wish = serde_json::from_str(&wish)?;
    // Before the look is written down: nothing that came after it is missed.
    let mut visits = live.0.subscribe();
    let school = match begin(installation, &wish).await {
        Ok((school, name)) => {
            say(&mut writing, &Line::Begins(name)).await?;
            school
        }
        Err(why) => return say(&mut writing, &Line::Refused(why)).await,
    };
    loop {
        let mut gone = [0];
        let visit = tokio::select! {
            visit = visits.recv() => visit,
            // Nothing more is said; an end means that nobody looks any more.
            _ = reading.read(&mut gone) => return Ok(()),
        };
        match visit {
            Ok(visit) if wish.wants(school, &visit) => say(&mut writing, &Line::Visit(Visit::clone(&visit))).await?,
            Ok(_) => {}
            Err(RecvError::Lagged(missed)) => say(&mut writing, &Line::Missed(missed)).await?,
            Err(RecvError::Closed) => return Ok(()),
        }
    }
}

/// Finds the school and writes the look into its ledger; nothing is shown before that is certain.
async fn begin(installation: &Installation, wish: &Wish) -> Result<(SchoolId, String), String> {
    let away = |error: StoreError| format!("the look cannot be written down, so nothing is shown: {error}");
    let mut tx = installation.store.read_installation().await.map_err(away)?;
    let all = schools::list(&mut tx).await.map_err(away)?;
    drop(tx);
    let named = |name: &String, school: &schools::School| {
        name.eq_ignore_ascii_case(&school.name) || *name == school.id.to_string()
    };
    let names = || all.iter().map(|school| school.name.as_str()).collect::<Vec<_>>().join(", ");
    let school = match (&wish.school, all.as_slice()) {
        (Some(name), all) => all
            .iter()
            .find(|school| named(name, school))
            .ok_or_else(|| format!("there is no school `{name}`; these are: {}", names()))?,
        (None, [school]) => school,
        (None, _) => return Err(format!("say which school with --school: {}", names())),
    };
    let now = (installation.clock)();
    let mut tx = installation.store.begin(&Actor::Command("tail"), school.id, now).await.map_err(away)?;
    schools::watched(&mut tx, school.id).await.map_err(away)?;
    tx.commit().await.map_err(away)?;
    Ok((school.id, school.name.clone()))
}

async fn say(writing: &mut OwnedWriteHalf, line: &Line) -> io::Result<()> {
    let mut text = serde_json::to_vec(line)?;
    text.push(b'\n');
    writing.write_all(&text).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use belisha_records::{Identifier, PersonId};

    fn record(host: &str, reason: &str) -> ActivityRecord {
        ActivityRecord {
            at: Timestamp::UNIX_EPOCH,
            school: SchoolId::make(1, [1; 10]),
            person: Some(PersonId::make(1, [2; 10])),
            confidence: None,
            device_kind: None,
            device: "10.0.0.50".into(),
            group: "pupil".into(),
            host: host.into(),
            path: Some("/a-path".into()),
            search_term: Some("a search".into()),
            action: "blocked".into(),
            category: Some("games".into()),
            list: None,
            reason: reason.into(),
            bytes: None,
            note: Some("a reason".into()),
        }
    }

    #[test]
    fn a_visit_names_neither_person_nor_device_nor_what_was_read() {
        let visit = Visit::of(&record("games.example", "category")).unwrap();
        let text = serde_json::to_string(&Line::Visit(visit.clone())).unwrap();
        assert!(text.contains("games.example") && text.contains("pupil"), "{text}");
        let kept = record("games.example", "category");
        for hidden in ["10.0.0.50", "a-path", "a search", "a reason", &kept.person.unwrap().to_string(), "school"] {
            assert!(!text.contains(hidden), "`{hidden}` in {text}");
        }
    }

    #[test]
    fn helplines_and_illegal_content_are_never_seen() {
        for (host, reason) in [
            ("illegal-test.example", "illegal"),
            ("childline.org.uk", "helpline"),
            ("www.childline.org.uk", "category"),
            ("", "category"),
        ] {
            assert_eq!(Visit::of(&record(host, reason)), None, "{host} {reason}");
        }
    }

    #[test]
    fn a_wish_is_for_one_school_and_what_it_names() {
        let visit = Visit::of(&record("games.example", "category")).unwrap();
        let [own, other] = [1, 2].map(|time| SchoolId::make(time, [1; 10]));
        assert!(Wish::default().wants(own, &visit) && !Wish::default().wants(other, &visit));
        let wish = |outcome: &str, group: &str| Wish {
            school: None,
            outcome: Some(outcome.into()),
            group: Some(group.into()),
        };
        assert!(wish("blocked", "pupil").wants(own, &visit));
        assert!(!wish("allowed", "pupil").wants(own, &visit) && !wish("blocked", "staff").wants(own, &visit));
    }
}
