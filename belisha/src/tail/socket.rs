//! The socket that `belisha tail` looks through, in the data folder, which only the user who runs the server can open.
//! `commands/tail.rs` is the other end.

use super::{Live, Next};
use crate::data_folder::{SOCKETS, TAIL};
use crate::installation::Installation;
use belisha_records::{Actor, SchoolId};
use belisha_store::{StoreError, schools};
use belisha_web::LiveVisit;
use serde::{Deserialize, Serialize};
use std::fs::Permissions;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::unix::OwnedWriteHalf;
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::Semaphore;
use tokio::task::{JoinHandle, JoinSet};

/// Looks at one time.
const LOOKS: usize = 8;
/// Longest wish, in bytes, and how long it may take to come.
const LONGEST_WISH: u64 = 4096;
const WISHES_WITHIN: Duration = Duration::from_secs(5);

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
    Visit(LiveVisit),
    /// So many were left out, because they came faster than they were read.
    Missed(u64),
    /// Nothing can be shown, and why.
    Refused(String),
    /// The look is in the ledger; visits follow.
    Begins(String),
}

impl Wish {
    fn wants(&self, visit: &LiveVisit) -> bool {
        let fits = |wanted: &Option<String>, found: &str| wanted.as_deref().is_none_or(|wanted| wanted == found);
        fits(&self.outcome, &visit.outcome) && fits(&self.group, &visit.group)
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
    let mut watching = live.watch();
    let school = match begin(installation, &wish).await {
        Ok((school, name)) => {
            say(&mut writing, &Line::Begins(name)).await?;
            school
        }
        Err(why) => return say(&mut writing, &Line::Refused(why)).await,
    };
    loop {
        let mut gone = [0];
        let next = tokio::select! {
            next = watching.next(school) => next,
            // Nothing more is said; an end means that nobody looks any more.
            _ = reading.read(&mut gone) => return Ok(()),
        };
        match next {
            Some(Next::Visit(visit)) if wish.wants(&visit) => say(&mut writing, &Line::Visit(visit)).await?,
            Some(Next::Visit(_)) => {}
            Some(Next::Missed(missed)) => say(&mut writing, &Line::Missed(missed)).await?,
            None => return Ok(()),
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
    use crate::tail::shown;
    use crate::tail::tests::record;

    #[test]
    fn a_wish_is_for_what_it_names() {
        let visit = shown(&record("games.example", "category")).unwrap();
        assert!(Wish::default().wants(&visit));
        let wish = |outcome: &str, group: &str| Wish {
            school: None,
            outcome: Some(outcome.into()),
            group: Some(group.into()),
        };
        assert!(wish("blocked", "pupil").wants(&visit));
        assert!(!wish("allowed", "pupil").wants(&visit) && !wish("blocked", "staff").wants(&visit));
    }
}
