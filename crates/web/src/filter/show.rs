//! The rules that the filter runs on, each with where it comes from and who answers for it.

use super::lists::ListRow;
use super::whom::Whom;
use crate::answers::{Answers, Choice};
use crate::app::App;
use crate::error::WebResult;
use crate::frame::{Frame, show};
use crate::portal;
use crate::requests::{Names, Open, category_label, group_label, running};
use crate::session::SignedIn;
use crate::{urls, words};
use askama::Template;
use axum::extract::{RawQuery, State};
use belisha_filter::HELPLINES;
use belisha_policy::{Clause, FilterAction, FilterRow, FilterTable, GROUPS, Period, whom_in_words};
use belisha_records::Permission;
use belisha_store::school_rules::{HostAction, HostRule};
use belisha_store::{Tx, exceptions, lists, school_rules};

/// One cell: kind and word of its status; both empty where the table says nothing and the one for any time holds.
struct Cell {
    kind: &'static str,
    word: &'static str,
}

struct Row {
    category: String,
    cells: Vec<Cell>,
}

/// A filter table of the policy.
struct Table {
    title: String,
    clause: String,
    href: String,
    groups: Vec<&'static str>,
    rows: Vec<Row>,
    undecided: usize,
    narrow: bool,
}

/// A site that the school itself opened or closed.
struct Rule {
    host: String,
    whom: String,
    kind: &'static str,
    word: &'static str,
    reason: String,
    owner: String,
    on: String,
    remove: String,
}

#[derive(Template)]
#[template(path = "filter/show.html")]
struct FilterPage {
    frame: Frame,
    answers: Answers,
    tables: Vec<Table>,
    rules: Vec<Rule>,
    actions: Vec<Choice>,
    everybody_or_some: Vec<Choice>,
    groups: Vec<Choice>,
    open: Vec<Open>,
    lists: Vec<Vec<String>>,
    list_rows: Vec<ListRow>,
    helplines: Vec<&'static str>,
    may_change: bool,
    may_explain: bool,
    may_try: bool,
    may_live: bool,
    may_requests: bool,
    may_board: bool,
}

pub(crate) async fn page(State(app): State<App>, reader: SignedIn, RawQuery(query): RawQuery) -> WebResult {
    reader.may(Permission::SeeFilterRules)?;
    let query = Answers::parse(query.unwrap_or_default().as_bytes());
    let notice = match query.value("done") {
        "added" => Some("The filter works by the new rule from now on."),
        "removed" => Some("The rule is taken back. The policy’s tables decide about the site again."),
        _ => None,
    };
    let mut tx = app.store.read(reader.school.id).await?;
    shown(&app, &mut tx, &reader, Answers::new(), notice).await
}

/// The page, with what was typed into the form of the school's own sites.
pub(super) async fn shown(
    app: &App,
    tx: &mut Tx,
    reader: &SignedIn,
    answers: Answers,
    notice: Option<&str>,
) -> WebResult {
    let list_rows = super::lists::rows(app, reader);
    let names = Names::read(tx, reader).await?;
    let in_force = portal::in_force(tx, reader).await?;
    let tables = in_force.map_or_else(Vec::new, |now| {
        now.policy.filter_tables().map(|(clause, table)| self::table(clause, table)).collect()
    });
    let rules = school_rules::list(tx).await?.into_iter().map(|one| rule(one, &names)).collect();
    let open = running(exceptions::list_open(tx, reader.now).await?, reader, &names);
    let zone = reader.zone();
    let lists = lists::list(tx).await?.into_iter().map(|list| {
        let refused = match list.refused_lines {
            0 => "none".to_owned(),
            lines => format!("{lines}: {}", list.refused_summary),
        };
        vec![
            list.name,
            category_label(&list.category),
            list.domains.to_string(),
            list.source,
            words::moment(list.fetched_at, &zone),
            refused,
        ]
    });
    let mut frame = reader.frame();
    frame.notice = notice.map(str::to_owned);
    show(FilterPage {
        frame,
        answers,
        tables,
        rules,
        actions: vec![
            Choice::new("deny", "The school closes it")
                .hint("Whatever its category, and before anything opened for a time"),
            Choice::new("allow", "The school opens it").hint("Whatever its category"),
            Choice::new("authority-deny", "Closed by the local authority")
                .hint("Written down for the authority. What the school itself says comes before it"),
            Choice::new("authority-allow", "Opened by the local authority")
                .hint("Written down for the authority. What the school itself says comes before it"),
        ],
        everybody_or_some: Whom::everybody_or_some(),
        groups: Whom::read(tx, reader).await?.choices(),
        open,
        lists: lists.collect(),
        list_rows,
        helplines: HELPLINES.iter().map(|line| line.name).collect(),
        may_change: reader.can(Permission::ManageFilterRules),
        may_try: reader.can(Permission::TryFilterRules),
        may_explain: reader.can(Permission::ExplainDecisions),
        may_live: reader.can(Permission::SeeLiveRequests),
        may_requests: reader.can(Permission::SeeAccessRequests),
        may_board: reader.can(Permission::SeeBoard),
    })
}

fn table(clause: &Clause, table: &FilterTable) -> Table {
    let narrow = table.when != Period::Always;
    let rows: Vec<Row> = table.rows.iter().map(|row| Row { category: label(row), cells: cells(row, table) }).collect();
    let undecided = rows.iter().flat_map(|row| &row.cells).filter(|cell| cell.kind == "undecided").count();
    Table {
        title: words::sentence(table.when.label()),
        clause: clause.number.clone(),
        href: urls::board_clause(&clause.id.0),
        groups: GROUPS.iter().map(|(_, label)| *label).collect(),
        rows,
        undecided,
        narrow,
    }
}

fn label(row: &FilterRow) -> String {
    if row.label.is_empty() || row.label == row.category { category_label(&row.category) } else { row.label.clone() }
}

fn cells(row: &FilterRow, table: &FilterTable) -> Vec<Cell> {
    let speaks = |group: &str| table.when == Period::Always || table.columns.iter().any(|column| column.id == group);
    let cell = |(group, _): &(&str, &str)| match row.cells.get(*group) {
        Some(FilterAction::Allow) => Cell { kind: "kept", word: "Open" },
        Some(FilterAction::Warn) => Cell { kind: "open", word: "Warns" },
        Some(FilterAction::Ask) => Cell { kind: "due", word: "Ask" },
        Some(FilterAction::Block) => Cell { kind: "done", word: "Closed" },
        None if speaks(group) => Cell { kind: "undecided", word: "Undecided" },
        None => Cell { kind: "", word: "" },
    };
    GROUPS.iter().map(cell).collect()
}

fn rule(rule: HostRule, names: &Names) -> Rule {
    let (kind, word) = match rule.action {
        HostAction::Allow => ("kept", "Open"),
        HostAction::Deny => ("done", "Closed"),
        HostAction::AuthorityAllow => ("kept", "Open, by the authority"),
        HostAction::AuthorityDeny => ("done", "Closed, by the authority"),
    };
    Rule {
        kind,
        word,
        whom: whom_in_words(&rule.groups),
        owner: rule.owner.map_or_else(|| "nobody".into(), |owner| names.of(owner)),
        on: words::day(rule.on),
        remove: urls::remove_rule(&rule.id),
        host: rule.host,
        reason: rule.reason,
    }
}

/// Groups somebody can ask about, for the page that explains.
pub(super) fn group_choices() -> Vec<Choice> {
    GROUPS.iter().map(|(key, _)| Choice::new(key, group_label(key))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use belisha_policy::Binding;

    #[test]
    fn an_empty_cell_is_undecided_and_a_narrow_table_without_a_column_says_nothing() {
        let source = "{nation=\"england\" phase=\"secondary\"}\n# Policy\n\n## Filter\n\n{#always .filter when=\"always\"}\n\
            | Category | pupil | staff |\n|---|---|---|\n| games | | allow |\n\n\
            {#lesson .filter when=\"lesson\"}\n| Category | pupil |\n|---|---|\n| games | ask |\n";
        let policy = belisha_policy::compile(source, "2026-11-03".parse().unwrap()).policy.unwrap();
        let words = |id: &str| -> Vec<&str> {
            let Some(Binding::Filter(table)) = policy.clause(id).map(|clause| &clause.binding) else {
                panic!("no table `{id}`")
            };
            cells(&table.rows[0], table).iter().map(|cell| cell.word).collect()
        };
        assert_eq!(words("always"), ["Undecided", "Undecided", "Open", "Undecided", "Undecided"]);
        assert_eq!(words("lesson"), ["", "Ask", "", "", ""]);
    }
}
