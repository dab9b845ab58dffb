//! A policy back as a document. Compiling what is printed gives the same policy but for the places of its clauses;
//! markup such as emphasis and links, which a policy does not hold, is not printed.

use crate::{
    ActionTable, Agreement, AllowanceTable, Binding, Clause, ClauseId, Column, Due, Fact, FilterTable, Head, Policy,
    Role, Within, slug,
};
use std::fmt::Write;

/// The policy as a Djot document.
pub fn print(policy: &Policy) -> String {
    let mut out = format!("{}\n# {}\n", head(&policy.head), escape(&policy.title));
    clauses(&mut out, policy, "0");
    for section in &policy.sections {
        let marks = "#".repeat(section.number.split('.').count() + 1);
        let _ = write!(out, "\n{marks} {}\n", escape(&section.title));
        clauses(&mut out, policy, &section.number);
    }
    out
}

fn clauses(out: &mut String, policy: &Policy, section: &str) {
    for clause in policy
        .clauses
        .iter()
        .filter(|clause| clause.number.rsplit_once('.').is_some_and(|(number, _)| number == section))
    {
        out.push('\n');
        out.push_str(&print_clause(clause));
    }
}

/// Attributes under construction, one space before each.
struct Braces(String);

impl Braces {
    fn of(id: &ClauseId) -> Self {
        Braces(format!("#{id}"))
    }
    fn pair(&mut self, key: &str, value: impl AsRef<str>) {
        let value = value.as_ref().replace('\\', "\\\\").replace('"', "\\\"");
        let space = if self.0.is_empty() { "" } else { " " };
        let _ = write!(self.0, "{space}{key}=\"{value}\"");
    }
    fn list(&mut self, key: &str, words: &[&str]) {
        if !words.is_empty() {
            self.pair(key, words.join(" "));
        }
    }
    fn facts(&mut self, facts: &[Fact], of: &ClauseId) {
        let own: Vec<_> = facts.iter().filter(|fact| fact.of == *of).collect();
        for run in own.chunk_by(|one, next| one.key == next.key) {
            if let [first, ..] = run {
                self.list(&first.key, &run.iter().map(|fact| fact.value.as_str()).collect::<Vec<_>>());
            }
        }
    }
    fn done(self) -> String {
        format!("{{{}}}", self.0)
    }
}

fn head(head: &Head) -> String {
    let mut braces = Braces(String::new());
    braces.pair("nation", head.nation.key());
    braces.pair("phase", head.phase.key());
    if let Some(agreed) = head.agreed {
        braces.pair("agreed", agreed.to_string());
    }
    if let Some(by) = &head.approved_by {
        braces.pair("approved-by", by);
    }
    if let Some(every) = head.review_every {
        braces.pair("review-every", every.key());
    }
    if let Some(next) = head.next_review {
        braces.pair("next-review", next.to_string());
    }
    braces.done()
}

fn print_clause(clause: &Clause) -> String {
    let mut braces = Braces::of(&clause.id);
    if clause.binding != Binding::Guidance {
        let _ = write!(braces.0, " .{}", clause.binding.kind());
    }
    attributes(&mut braces, &clause.binding);
    braces.list("source", &clause.sources.iter().map(String::as_str).collect::<Vec<_>>());
    braces.facts(&clause.facts, &clause.id);
    let body = match &clause.binding {
        Binding::Agreement(agreement) => lines(agreement, &clause.facts),
        Binding::Actions(table) => actions(table, &clause.facts),
        Binding::Allowances(table) => allowances(table, &clause.facts),
        Binding::Filter(table) => filter(table, &clause.id, &clause.facts),
        _ if clause.text.is_empty() => ":::\n:::".to_owned(),
        _ => paragraph(&clause.text, ""),
    };
    format!("{}\n{body}\n", braces.done())
}

fn attributes(braces: &mut Braces, binding: &Binding) {
    match binding {
        Binding::Duty(duty) => {
            braces.pair("what", &duty.what);
            if let Some(who) = duty.who {
                braces.pair("who", who.key());
            }
            due(braces, &duty.due);
            braces.list("owner", &roles(&duty.owners));
        }
        Binding::Agreement(agreement) => {
            braces.list("who", &agreement.who.iter().map(|who| who.key()).collect::<Vec<_>>());
            if let Some(by) = agreement.co_signed_by {
                braces.pair("co-signed-by", by.key());
            }
            if let Some(renews) = agreement.renews {
                braces.pair("renews", renews.key());
            }
            if agreement.opens_network {
                braces.pair("opens", "network");
            }
        }
        Binding::Actions(table) => braces.pair("about", table.about.key()),
        Binding::Allowances(table) => braces.pair("about", table.about.key()),
        Binding::Filter(table) => braces.pair("when", table.when.key()),
        Binding::Approval(approval) => {
            braces.pair("what", &approval.what);
            braces.pair("by", roles(&approval.by).join(" "));
            braces.pair("reason", if approval.reason_required { "required" } else { "not-asked" });
            if let Some(days) = approval.longest_days {
                braces.pair("longest", format!("{days}-days"));
            }
        }
        Binding::Response(response) => {
            braces.pair("on", response.to.key());
            braces.pair("within", within(response.within));
            braces.list("owner", &roles(&response.owners));
        }
        Binding::Role(office) => {
            braces.pair("office", office.role.key());
            braces.pair("at-least", office.at_least.to_string());
        }
        Binding::Retention(retention) => {
            braces.pair("kind", retention.kind.key());
            braces.pair("keep", format!("{}-days", retention.days));
        }
        Binding::Power(power) => {
            braces.pair("what", &power.what);
            braces.pair("nation", power.nation.key());
            braces.list("by", &roles(&power.decided_by));
        }
        Binding::Guidance => {}
    }
}

fn roles(roles: &[Role]) -> Vec<&'static str> {
    roles.iter().map(|role| role.key()).collect()
}

fn due(braces: &mut Braces, due: &Due) {
    match due {
        Due::Every { cadence, months } => {
            braces.pair("every", cadence.key());
            if !months.is_empty() {
                braces.pair("months", months.iter().map(i8::to_string).collect::<Vec<_>>().join(" "));
            }
        }
        Due::On { event, within: time } => {
            braces.pair("on", event.key());
            braces.pair("within", within(*time));
        }
    }
}

fn within(within: Within) -> String {
    match within {
        Within::Immediately => "immediately".to_owned(),
        Within::AsSoonAsPossible => "as-soon-as-possible".to_owned(),
        Within::Hours(hours) => format!("{hours}-hours"),
        Within::SchoolDays(days) => format!("{days}-school-days"),
    }
}

fn lines(agreement: &Agreement, facts: &[Fact]) -> String {
    let mut out = String::from(":::\n");
    if !agreement.preamble.is_empty() {
        let _ = write!(out, "{}\n\n", paragraph(&agreement.preamble, ""));
    }
    for line in &agreement.lines {
        let mut braces = Braces::of(&line.id);
        if line.co_signer {
            braces.pair("for", agreement.co_signed_by.map_or("parent", |by| by.key()));
        }
        braces.facts(facts, &line.id);
        let _ = writeln!(out, "- {}\n  {}", braces.done(), paragraph(&line.text, "  "));
    }
    out.push_str(":::");
    out
}

fn grid(first: &str, columns: &[Column], rows: impl Iterator<Item = (String, Vec<&'static str>)>) -> String {
    let heading = |column: &Column| match escape(&column.label) {
        label if slug(&column.label) == column.id => label,
        label => {
            let mut braces = Braces(String::new());
            braces.pair("key", &column.id);
            format!("[{label}]{}", braces.done())
        }
    };
    let mut out = format!(
        "| {first} | {} |\n|---{}|",
        columns.iter().map(heading).collect::<Vec<_>>().join(" | "),
        "|---".repeat(columns.len())
    );
    for (label, cells) in rows {
        let _ = write!(out, "\n| {label} | {} |", cells.join(" | "));
    }
    out
}

fn named(label: &str, id: &ClauseId, facts: &[Fact]) -> String {
    let mut braces = Braces::of(id);
    braces.facts(facts, id);
    format!("[{}]{}", escape(label), braces.done())
}

fn actions(table: &ActionTable, facts: &[Fact]) -> String {
    let rows = table.rows.iter().map(|row| {
        let cells = table.columns.iter().map(|column| if row.marks.contains(&column.id) { "x" } else { "" }).collect();
        (named(&row.label, &row.id, facts), cells)
    });
    grid("What happened", &table.columns, rows)
}

fn allowances(table: &AllowanceTable, facts: &[Fact]) -> String {
    let rows = table.rows.iter().map(|row| {
        let cells =
            table.columns.iter().map(|column| row.cells.get(&column.id).map_or("", |cell| cell.key())).collect();
        let mut braces = Braces::of(&row.id);
        if let Some(device_use) = row.device_use {
            braces.pair("use", device_use.key());
        }
        braces.facts(facts, &row.id);
        (format!("[{}]{}", escape(&row.label), braces.done()), cells)
    });
    grid("What", &table.columns, rows)
}

fn filter(table: &FilterTable, clause: &ClauseId, facts: &[Fact]) -> String {
    let rows = table.rows.iter().map(|row| {
        let made_up = row.id.0 == format!("{clause}-{}", row.category);
        let mut braces = if made_up { Braces(String::new()) } else { Braces::of(&row.id) };
        braces.pair("category", &row.category);
        braces.facts(facts, &row.id);
        let cells =
            table.columns.iter().map(|column| row.cells.get(&column.id).map_or("", |cell| cell.key())).collect();
        (format!("[{}]{}", escape(&row.label), braces.done()), cells)
    });
    grid("Category", &table.columns, rows)
}

/// Lines joined by hard breaks, each after the first indented.
fn paragraph(text: &str, indent: &str) -> String {
    text.split('\n').map(escape).collect::<Vec<_>>().join(&format!("\\\n{indent}"))
}

/// One line of words as Djot that reads as those words and nothing else.
fn escape(line: &str) -> String {
    let mut out = String::with_capacity(line.len() + 8);
    let mut letters = line.chars().peekable();
    let (mut before, mut in_first_word) = (None, true);
    while let Some(letter) = letters.next() {
        let next = letters.peek().copied();
        let always = matches!(
            letter,
            '\\' | '`' | '*' | '_' | '^' | '~' | '[' | ']' | '{' | '}' | '<' | '>' | '|' | '"' | '\'' | '$'
        );
        let doubled = matches!(letter, '-' | '.') && (before == Some(letter) || next == Some(letter));
        let symbol = letter == ':' && next.is_some_and(|c| !c.is_whitespace());
        let starts = before.is_none() && matches!(letter, '#' | '-' | '+' | ':' | '(' | '=' | '%' | '!');
        let numbers = in_first_word && matches!(letter, '.' | ')');
        if always || doubled || symbol || starts || numbers {
            out.push('\\');
        }
        in_first_word = in_first_word && letter.is_alphanumeric();
        out.push(letter);
        before = Some(letter);
    }
    out
}
