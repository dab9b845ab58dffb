//! The board itself.

use super::{evidence, kind};
use crate::app::App;
use crate::error::WebResult;
use crate::frame::{Frame, Need, show};
use crate::portal::in_force;
use crate::session::SignedIn;
use crate::{urls, words};
use askama::Template;
use axum::extract::{Query, State};
use belisha_records::{Board, ClauseProof, ClauseStatus, Permission, board};
use belisha_store::{Tx, policies};
use serde::Deserialize;

/// Which clauses to show: all, or those of one status.
#[derive(Deserialize)]
pub(crate) struct Wanted {
    #[serde(default)]
    status: String,
}

struct Row {
    href: String,
    number: String,
    kind: &'static str,
    word: &'static str,
    what: String,
    proof: String,
}

struct Section {
    heading: String,
    rows: Vec<Row>,
}

struct Total {
    count: usize,
    kind: &'static str,
    word: &'static str,
    href: String,
    current: bool,
}

#[derive(Template)]
#[template(path = "board/show.html")]
struct BoardPage {
    frame: Frame,
    title: String,
    facts: String,
    summary: String,
    totals: Vec<Total>,
    sections: Vec<Section>,
    filtered: bool,
}

#[derive(Template)]
#[template(path = "board/none.html")]
struct NoPolicyPage {
    frame: Frame,
}

pub(crate) async fn page(State(app): State<App>, reader: SignedIn, Query(wanted): Query<Wanted>) -> WebResult {
    reader.may(Permission::SeeBoard)?;
    let mut tx = app.store.read(reader.school.id).await?;
    let Some(current) = in_force(&mut tx, &reader).await? else { return show(NoPolicyPage { frame: reader.frame() }) };
    let version = policies::in_force(&mut tx).await?;
    let evidence = evidence::gather(&mut tx, &reader, &current.policy).await?;
    let board = board(&current.policy, &evidence, reader.today());
    let since = version
        .as_ref()
        .and_then(|version| version.in_force_from)
        .map(|day| format!(", in force since {}", words::day(day)));
    let status = ClauseStatus::ALL.iter().copied().find(|status| status.label() == wanted.status);
    let text = |id: &str| current.policy.clause(id).map(|clause| clause.text.clone()).unwrap_or_default();
    show(BoardPage {
        frame: reader.frame(),
        title: current.policy.title.clone(),
        facts: format!("Version {}{}", version.map_or(0, |version| version.number), since.unwrap_or_default()),
        summary: summary(&board),
        totals: totals(&board, status),
        sections: sections(&board, status, text),
        filtered: status.is_some(),
    })
}

/// Numbers come with a sentence.
fn summary(board: &Board) -> String {
    let checkable = board.clauses.len() - board.total(ClauseStatus::Guidance);
    let kept = board.total(ClauseStatus::Kept);
    let late = board.total(ClauseStatus::Overdue) + board.total(ClauseStatus::Broken);
    let waiting = if late == 0 { "nothing is overdue".to_owned() } else { format!("{late} need a person now") };
    format!("Of {checkable} clauses that can be checked, {kept} are kept and {waiting}.")
}

fn totals(board: &Board, current: Option<ClauseStatus>) -> Vec<Total> {
    let of = |(status, count): &(ClauseStatus, usize)| Total {
        count: *count,
        kind: kind(*status),
        word: status.label(),
        href: format!("{}?status={}", urls::BOARD, status.label()),
        current: current == Some(*status),
    };
    board.totals.iter().map(of).collect()
}

fn sections(board: &Board, wanted: Option<ClauseStatus>, text: impl Fn(&str) -> String) -> Vec<Section> {
    let mut sections: Vec<Section> = Vec::new();
    for proof in board.clauses.iter().filter(|proof| wanted.is_none_or(|status| proof.status == status)) {
        // Guidance is read on the page of the policy; here it would bury what can be checked.
        if wanted.is_none() && proof.status == ClauseStatus::Guidance {
            continue;
        }
        if sections.last().is_none_or(|section| section.heading != proof.section) {
            sections.push(Section { heading: proof.section.clone(), rows: Vec::new() });
        }
        if let Some(section) = sections.last_mut() {
            section.rows.push(row(proof, &text(&proof.clause)));
        }
    }
    sections
}

fn row(proof: &ClauseProof, text: &str) -> Row {
    Row {
        href: urls::board_clause(&proof.clause),
        number: proof.number.clone(),
        kind: kind(proof.status),
        word: proof.status.label(),
        what: shorten(if text.trim().is_empty() { &proof.section } else { text }),
        proof: words::sentence(&proof.sentence),
    }
}

/// The first words of a clause: enough to know which it is.
pub(crate) fn shorten(text: &str) -> String {
    const LONGEST: usize = 110;
    let one_line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if one_line.chars().count() <= LONGEST {
        return one_line;
    }
    let cut: String = one_line.chars().take(LONGEST).collect();
    format!("{}…", cut.rsplit_once(' ').map_or(cut.as_str(), |(whole, _)| whole))
}

/// What waits for those who lead: clauses that are broken or overdue.
pub(crate) async fn needs(tx: &mut Tx, reader: &SignedIn) -> WebResult<Vec<Need>> {
    if !reader.can(Permission::IssueReport) {
        return Ok(Vec::new());
    }
    let Some(current) = in_force(tx, reader).await? else { return Ok(Vec::new()) };
    let evidence = evidence::gather(tx, reader, &current.policy).await?;
    let board = board(&current.policy, &evidence, reader.today());
    let late = board.total(ClauseStatus::Overdue) + board.total(ClauseStatus::Broken);
    if late == 0 {
        return Ok(Vec::new());
    }
    let label = if late == 1 {
        "1 clause of the policy is not kept".to_owned()
    } else {
        format!("{late} clauses of the policy are not kept")
    };
    Ok(vec![Need {
        label,
        href: format!("{}?status=overdue", urls::BOARD),
        detail: summary(&board),
        kind: "overdue",
        word: "Overdue".into(),
    }])
}
