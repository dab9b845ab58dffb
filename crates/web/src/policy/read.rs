//! The text of the policy in force, section by section, with its tables. No sign-in: it is a promise made to everybody.

use crate::app::App;
use crate::error::{WebError, WebResult};
use crate::frame::{Frame, show};
use crate::session::Visit;
use crate::words;
use askama::Template;
use axum::extract::State;
use belisha_policy::{ActionRow, AllowanceRow, Binding, Clause, Column, FilterRow, Policy, compile};
use belisha_store::policies;

/// A section of the policy with its clauses.
struct Section {
    heading: String,
    anchor: String,
    clauses: Vec<Shown>,
}

/// A clause as a page shows it: words, then lines or a table.
struct Shown {
    id: String,
    number: String,
    text: String,
    lines: Vec<String>,
    table: Option<Table>,
}

struct Table {
    columns: Vec<String>,
    rows: Vec<(String, Vec<&'static str>)>,
}

#[derive(Template)]
#[template(path = "policy/read.html")]
struct PolicyPage {
    frame: Frame,
    title: String,
    facts: String,
    sections: Vec<Section>,
}

#[derive(Template)]
#[template(path = "policy/none.html")]
struct NoPolicyPage {
    frame: Frame,
}

pub(crate) async fn page(State(app): State<App>, visit: Visit) -> WebResult {
    let school = visit.school()?;
    let mut tx = app.store.read(school.id).await?;
    let Some(version) = policies::in_force(&mut tx).await? else { return show(NoPolicyPage { frame: visit.frame() }) };
    let policy = compile(&version.source, school.calendar.day_of(visit.now)).policy;
    let policy = policy.ok_or_else(|| WebError::fault("the policy in force does not compile"))?;
    let since = version.in_force_from.map(|day| format!(", in force since {}", words::day(day))).unwrap_or_default();
    let facts = format!("{} · version {}{since}", school.name, version.number);
    show(PolicyPage { frame: visit.frame(), title: policy.title.clone(), facts, sections: sections(&policy) })
}

fn sections(policy: &Policy) -> Vec<Section> {
    let mut sections: Vec<Section> = Vec::new();
    for clause in &policy.clauses {
        if sections.last().is_none_or(|section| section.heading != clause.section) {
            sections.push(Section {
                heading: clause.section.clone(),
                anchor: format!("section-{}", sections.len() + 1),
                clauses: Vec::new(),
            });
        }
        if let Some(section) = sections.last_mut() {
            section.clauses.push(shown(clause));
        }
    }
    sections
}

fn shown(clause: &Clause) -> Shown {
    let mut shown = Shown {
        id: clause.id.0.clone(),
        number: clause.number.clone(),
        text: clause.text.clone(),
        lines: Vec::new(),
        table: None,
    };
    match &clause.binding {
        Binding::Agreement(agreement) => {
            shown.text.clone_from(&agreement.preamble);
            shown.lines = agreement.lines.iter().map(|line| line.text.clone()).collect();
        }
        Binding::Actions(table) => {
            let cell = |row: &ActionRow, column: &str| if row.marks.contains(column) { "●" } else { "" };
            shown.table = Some(laid_out(&table.columns, &table.rows, |row| &row.label, cell));
        }
        Binding::Allowances(table) => {
            let cell = |row: &AllowanceRow, column: &str| row.cells.get(column).map_or(UNDECIDED, |cell| cell.label());
            shown.table = Some(laid_out(&table.columns, &table.rows, |row| &row.label, cell));
        }
        Binding::Filter(table) => {
            let cell = |row: &FilterRow, column: &str| row.cells.get(column).map_or(UNDECIDED, |cell| cell.label());
            shown.table = Some(laid_out(&table.columns, &table.rows, |row| &row.label, cell));
        }
        _ => {}
    }
    if shown.table.is_some() {
        shown.text = String::new();
    }
    shown
}

/// What an undecided cell says.
const UNDECIDED: &str = "Not decided";

/// A table of any kind: its columns, and for each row the label and a word for each cell.
fn laid_out<Row>(
    columns: &[Column],
    rows: &[Row],
    label: impl Fn(&Row) -> &String,
    cell: impl Fn(&Row, &str) -> &'static str,
) -> Table {
    let cells = |row: &Row| columns.iter().map(|column| cell(row, &column.id)).collect();
    Table {
        columns: columns.iter().map(|column| column.label.clone()).collect(),
        rows: rows.iter().map(|row| (label(row).clone(), cells(row))).collect(),
    }
}
