//! The gateways of the school as they stand, in plain words, with the form for whoever may add one.

use crate::answers::Answers;
use crate::app::App;
use crate::error::WebResult;
use crate::frame::{Frame, Need, show};
use crate::session::SignedIn;
use crate::{urls, words};
use askama::Template;
use axum::extract::{RawQuery, State};
use belisha_records::Permission;
use belisha_store::gateways::{self, Gateway, Seen};
use belisha_store::{StoreError, Tx};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// A gateway not heard of for this long is silent. It says every minute that it is there.
const SILENT_AFTER: SignedDuration = SignedDuration::from_mins(15);

/// One gateway of the list.
struct Row {
    name: String,
    kind: &'static str,
    word: &'static str,
    seen: String,
    rules: String,
    /// What is amiss with it.
    findings: Vec<String>,
    added: String,
    revoke: String,
}

#[derive(Template)]
#[template(path = "gateways/show.html")]
struct GatewaysPage {
    frame: Frame,
    answers: Answers,
    rows: Vec<Row>,
    may_change: bool,
}

pub(crate) async fn page(State(app): State<App>, reader: SignedIn, RawQuery(query): RawQuery) -> WebResult {
    reader.may(Permission::SeeGateways)?;
    let query = Answers::parse(query.unwrap_or_default().as_bytes());
    let notice = (query.value("done") == "revoked").then_some(
        "Its token opens nothing any more. It goes on filtering with the rules it holds until somebody stops it.",
    );
    let mut tx = app.store.read(reader.school.id).await?;
    shown(&mut tx, &reader, Answers::new(), notice).await
}

/// The page, with what was typed into the form.
pub(super) async fn shown(tx: &mut Tx, reader: &SignedIn, answers: Answers, notice: Option<&str>) -> WebResult {
    let rows = gateways::list(tx).await?.iter().map(|gateway| row(gateway, reader.now, &reader.zone())).collect();
    let mut frame = reader.frame();
    frame.notice = notice.map(str::to_owned);
    show(GatewaysPage { frame, answers, rows, may_change: reader.can(Permission::ManageGateways) })
}

fn row(gateway: &Gateway, now: Timestamp, zone: &TimeZone) -> Row {
    let (kind, word) = match &gateway.last_seen {
        None => ("open", "Not seen yet"),
        Some(seen) if is_silent(seen, now) => ("broken", "Silent"),
        Some(_) => ("kept", "Running"),
    };
    let seen = gateway.last_seen.as_ref();
    Row {
        name: gateway.name.clone(),
        kind,
        word,
        seen: seen.map_or_else(
            || "It has not asked for its rules yet".to_owned(),
            |seen| format!("Last seen {}, on {}", ago(now.duration_since(seen.at)), words::moment(seen.at, zone)),
        ),
        rules: match seen {
            None => String::new(),
            Some(Seen { rules_made_at: Some(made), .. }) => format!("Holds the rules of {}", words::moment(made, zone)),
            Some(_) => "Holds no rules yet, so only the school’s own pages and helplines are open there".to_owned(),
        },
        findings: seen.map(findings).unwrap_or_default(),
        added: format!(
            "Added on {}{}",
            words::moment(gateway.created_at, zone),
            seen.map(|seen| format!("; version {}", seen.version)).unwrap_or_default()
        ),
        revoke: urls::revoke_gateway(gateway.id),
    }
}

fn is_silent(seen: &Seen, now: Timestamp) -> bool {
    now.duration_since(seen.at) > SILENT_AFTER
}

/// What a gateway's counters say is amiss, since it was started.
fn findings(seen: &Seen) -> Vec<String> {
    let counted = |name: &str| seen.counters.get(name).copied().unwrap_or(0);
    let mut findings = Vec::new();
    let mut add = |count: u64, words: &str| {
        if count > 0 {
            findings.push(words.replace("{}", &count.to_string()));
        }
    };
    add(counted("spool_records"), "{} batches of what it saw wait on its disk to be sent.");
    add(
        counted("spool_in_memory"),
        "{} batches of what it saw wait in its memory, because its disk takes nothing. Free some space there before it stops.",
    );
    add(
        counted("observations_dropped") + counted("spool_lost") + counted("spool_refused"),
        "{} observations or batches were dropped, so activity has gaps. See whether its disk is full and the server can be reached.",
    );
    add(counted("spool_damaged"), "{} batches were damaged on its disk. Have the disk checked.");
    add(
        counted("dns_upstream_failures"),
        "{} questions were answered by none of its DNS servers. Check the addresses given with --upstream.",
    );
    add(counted("snapshot_failures"), "{} times its rules could not be written to its disk. Free some space there.");
    findings
}

/// `3 minutes ago`.
fn ago(time: SignedDuration) -> String {
    let minutes = usize::try_from(time.as_mins()).unwrap_or(0);
    match minutes {
        0 => "less than a minute ago".to_owned(),
        1..60 => format!("{} ago", words::count(minutes, "minute", "minutes")),
        60..2880 => format!("{} ago", words::count(minutes / 60, "hour", "hours")),
        _ => format!("{} ago", words::count(minutes / 1440, "day", "days")),
    }
}

/// Gateways that are silent, for those who look after the network.
pub(crate) async fn needs(tx: &mut Tx, reader: &SignedIn) -> Result<Vec<Need>, StoreError> {
    if !reader.can(Permission::SeeGateways) {
        return Ok(Vec::new());
    }
    let silent = |gateway: &Gateway| gateway.last_seen.clone().filter(|seen| is_silent(seen, reader.now));
    let silent = gateways::list(tx).await?.into_iter().filter_map(|gateway| Some((silent(&gateway)?, gateway.name)));
    Ok(silent
        .map(|(seen, name)| Need {
            label: format!(
                "The gateway {name} has not been heard of for {}",
                ago(reader.now.duration_since(seen.at)).replace(" ago", "")
            ),
            href: urls::GATEWAYS.into(),
            detail: "While it runs it filters with the rules it has. See whether it runs and reaches this server."
                .into(),
            kind: "broken",
            word: "Silent".into(),
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_gone_by_are_said_in_words() {
        for (seconds, said) in [
            (-5, "less than a minute ago"),
            (59, "less than a minute ago"),
            (60, "1 minute ago"),
            (3599, "59 minutes ago"),
            (7200, "2 hours ago"),
            (3 * 86_400, "3 days ago"),
        ] {
            assert_eq!(ago(SignedDuration::from_secs(seconds)), said);
        }
    }
}
