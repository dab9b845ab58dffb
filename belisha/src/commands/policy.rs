//! `belisha policy check | show | coverage`: the policy compiler at the command line.

use super::Failure;
use belisha_policy::{
    Binding, Colour, Compilation, Policy, Severity, Share, compile, coverage, render_finding_in, show_json,
};
use clap::Subcommand;
use jiff::civil::Date;
use std::fmt::Write as _;
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[derive(Subcommand)]
pub enum PolicyCommand {
    /// Say what is wrong with a policy; exit code 1 if it cannot take force
    Check {
        /// The policy document
        file: PathBuf,
    },
    /// Show what a policy compiles to
    Show {
        /// The policy document
        file: PathBuf,
        /// As JSON, the shape documented in docs/guides/policy-format.md
        #[arg(long)]
        json: bool,
    },
    /// Say how many clauses are enforced, agreed, evidenced or guidance, and which
    Coverage {
        /// The policy document
        file: PathBuf,
    },
}

/// Runs the command. Exit code 0: done; 1: the policy has errors; a `Failure` (2): the file could not be read.
pub fn run(command: &PolicyCommand, today: &Date) -> Result<ExitCode, Failure> {
    match command {
        PolicyCommand::Check { file } => check(file, *today),
        PolicyCommand::Show { file, json } => {
            with_policy(file, *today, |policy| if *json { format!("{:#}\n", show_json(policy)) } else { show(policy) })
        }
        PolicyCommand::Coverage { file } => with_policy(file, *today, show_coverage),
    }
}

fn read(file: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(file).map_err(|error| {
        Failure(format!("cannot read `{}`: {error}; give the path of a policy document", file.display()))
    })
}

/// Says something at length. Whoever reads may stop early, as `head` does.
fn say(text: &str) -> Result<(), Failure> {
    match std::io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        written => Ok(written?),
    }
}

fn check(file: &Path, today: Date) -> Result<ExitCode, Failure> {
    let source = read(file)?;
    let compilation = compile(&source, today);
    let colour = if std::io::stdout().is_terminal() { Colour::Ansi } else { Colour::Plain };
    say(&findings(&compilation, &source, file, Severity::Note, colour))?;
    let (errors, warnings) = (compilation.count(Severity::Error), compilation.count(Severity::Warning));
    let clauses = compilation.policy.as_ref().map_or(0, |policy| policy.clauses.len());
    if errors > 0 {
        println!(
            "{}: {errors} errors, {warnings} warnings. It cannot take force until the errors are mended.",
            file.display()
        );
        return Ok(ExitCode::from(1));
    }
    println!(
        "{}: {clauses} clauses compile; {warnings} warnings, {} notes.",
        file.display(),
        compilation.count(Severity::Note)
    );
    Ok(ExitCode::SUCCESS)
}

fn findings(compilation: &Compilation, source: &str, file: &Path, least: Severity, colour: Colour) -> String {
    let shown = compilation.findings.iter().filter(|finding| finding.severity >= least);
    shown.map(|finding| render_finding_in(finding, source, &file.display().to_string(), colour) + "\n").collect()
}

fn with_policy(file: &Path, today: Date, show: impl FnOnce(&Policy) -> String) -> Result<ExitCode, Failure> {
    let source = read(file)?;
    let compilation = compile(&source, today);
    match &compilation.policy {
        Some(policy) if compilation.count(Severity::Error) == 0 => {
            say(&show(policy))?;
            Ok(ExitCode::SUCCESS)
        }
        _ => {
            say(&findings(&compilation, &source, file, Severity::Error, Colour::Plain))?;
            Ok(ExitCode::from(1))
        }
    }
}

fn show(policy: &Policy) -> String {
    let mut out =
        format!("{}\n{}, {}\n\n", policy.title, policy.head.nation.label(), policy.head.phase.label().to_lowercase());
    let mut section = "";
    for clause in &policy.clauses {
        if clause.section != section {
            section = &clause.section;
            let _ = writeln!(out, "{section}");
        }
        let kind = clause.binding.kind();
        let words: String = clause.text.chars().take(96).collect();
        let rows = match &clause.binding {
            Binding::Actions(table) => format!(" ({} rows)", table.rows.len()),
            Binding::Allowances(table) => format!(" ({} rows)", table.rows.len()),
            Binding::Filter(table) => format!(" ({} categories)", table.rows.len()),
            Binding::Agreement(agreement) => format!(" ({} lines)", agreement.lines.len()),
            _ => String::new(),
        };
        let _ = writeln!(out, "  {:<6} {kind:<10}{rows} {}", clause.number, words.replace('\n', " "));
    }
    out
}

fn show_coverage(policy: &Policy) -> String {
    let coverage = coverage(policy);
    let line = |name: &str, what: &str, share: &Share| {
        let ids: Vec<&str> = share.clauses.iter().map(|id| id.0.as_str()).collect();
        format!("{name:<10}{:>4}  {what}\n    {}\n", share.count, ids.join(" "))
    };
    let head = format!(
        "{}: {} clauses, {} % carried by something that can be checked\n",
        policy.title,
        coverage.total(),
        coverage.carried_percent()
    );
    [
        head,
        line("enforced", "by the software", &coverage.enforced),
        line("agreed", "by a person's signature", &coverage.agreed),
        line("evidenced", "by records", &coverage.evidenced),
        line("guidance", "prose that nothing can check", &coverage.guidance),
    ]
    .concat()
}
