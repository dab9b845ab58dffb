//! Belisha: a school's written online-safety policy, carried out. This file is the command line; what each command does is in `commands`.

#![expect(clippy::print_stdout, reason = "the command line speaks on standard output")]

mod clock;
mod commands;
mod data_folder;
mod demo;
mod illegal_feeds;
mod installation;
mod jobs;
mod lists;
mod metrics;
mod network;
mod process;
mod remote;
mod running;
mod tail;

use clap::{Parser, Subcommand};
use commands::Failure;
use std::process::ExitCode;
use tracing::Level;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer};

/// Carries out a school's written online-safety policy.
#[derive(Parser)]
#[command(version, about, disable_help_subcommand = true)]
struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run a school: pages, DNS, proxy, jobs
    Serve(Box<commands::serve::ServeOptions>),
    /// Run only the filter, in a school whose server is elsewhere
    Gateway(Box<commands::gateway::GatewayOptions>),
    /// Show two fictional schools with a term of activity
    Demo(commands::demo::DemoOptions),
    /// Check, show or measure a policy document
    #[command(subcommand)]
    Policy(commands::policy::PolicyCommand),
    /// Add, show or remove category lists
    #[command(subcommand)]
    Lists(commands::lists::ListsCommand),
    /// Take in licensed lists of illegal content
    #[command(subcommand)]
    Illegal(commands::illegal::IllegalCommand),
    /// Say why somebody may or may not open a page, and who could change it
    Explain(commands::explain::ExplainOptions),
    /// Show what is asked for at this moment, naming nobody
    Tail(commands::tail::TailOptions),
    /// Prove that nothing in the records was changed behind the ledger's back
    Verify(commands::verify::VerifyOptions),
    /// Write the reference pages that are made from the code
    Docs(commands::docs::DocsOptions),
}

fn main() -> ExitCode {
    let command_line = CommandLine::parse();
    let filter = EnvFilter::try_from_env("BELISHA_LOG").unwrap_or_else(|_| EnvFilter::new("warn,belisha=info"));
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let discreet = filter_fn(|line| names_nobody(line.target(), *line.level()));
    tracing_subscriber::registry().with(filter).with(lines.with_filter(discreet)).init();
    // One cryptography provider for everything that speaks TLS.
    let _ = rustls::crypto::ring::default_provider().install_default();
    run(command_line.command).unwrap_or_else(|failure| {
        eprintln!("belisha: {failure}");
        ExitCode::from(2)
    })
}

/// Whether a line of the log may be printed, whatever `BELISHA_LOG` asks for. Our own lines name nobody; the libraries below
/// write the hosts that people visit, helplines too, into their finer ones.
fn names_nobody(target: &str, level: Level) -> bool {
    target.starts_with("belisha") || level <= Level::WARN
}

fn run(command: Command) -> Result<ExitCode, Failure> {
    match command {
        Command::Policy(command) => commands::policy::run(&command, &clock::today()),
        Command::Illegal(command) => commands::illegal::run(&command),
        Command::Docs(options) => commands::docs::run(&options),
        Command::Tail(options) => commands::tail::run(&options),
        Command::Serve(options) => commands::serve::run(&options),
        Command::Gateway(options) => commands::gateway::run(*options),
        Command::Demo(options) => tokio::runtime::Runtime::new()?.block_on(commands::demo::run(options)),
        Command::Lists(command) => tokio::runtime::Runtime::new()?.block_on(commands::lists::run(command)),
        Command::Explain(options) => tokio::runtime::Runtime::new()?.block_on(commands::explain::run(options)),
        Command::Verify(options) => tokio::runtime::Runtime::new()?.block_on(commands::verify::run(options)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_setting_of_the_log_prints_the_hosts_that_people_visit() {
        assert!(names_nobody("belisha::jobs", Level::TRACE) && names_nobody("belisha_gateway", Level::DEBUG));
        assert!(names_nobody("rustls", Level::WARN) && names_nobody("hyper", Level::ERROR));
        for library in ["hyper_util::client::legacy::pool", "hyper", "sqlx::query", "ureq"] {
            assert!(!names_nobody(library, Level::INFO) && !names_nobody(library, Level::DEBUG), "{library}");
        }
    }
}
