//! Belisha: a school's written online-safety policy, carried out. This file is the command line; what each command does is in `commands`.

#![expect(clippy::print_stdout, reason = "the command line speaks on standard output")]

mod clock;
mod commands;
mod data_folder;
mod demo;
mod installation;
mod jobs;
mod lists;
mod network;
mod running;

use clap::{Parser, Subcommand};
use commands::Failure;
use std::process::ExitCode;
use tracing_subscriber::EnvFilter;

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
    Serve(commands::serve::ServeOptions),
    /// Show two fictional schools with a term of activity
    Demo(commands::demo::DemoOptions),
    /// Check, show or measure a policy document
    #[command(subcommand)]
    Policy(commands::policy::PolicyCommand),
    /// Add, show or remove category lists
    #[command(subcommand)]
    Lists(commands::lists::ListsCommand),
    /// Say why somebody may or may not open a page, and who could change it
    Explain(commands::explain::ExplainOptions),
    /// Prove that nothing in the records was changed behind the ledger's back
    Verify(commands::verify::VerifyOptions),
    /// Write the reference pages that are made from the code
    Docs(commands::docs::DocsOptions),
}

fn main() -> ExitCode {
    let command_line = CommandLine::parse();
    let filter = EnvFilter::try_from_env("BELISHA_LOG").unwrap_or_else(|_| EnvFilter::new("warn,belisha=info"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    // One cryptography provider for everything that speaks TLS.
    let _ = rustls::crypto::ring::default_provider().install_default();
    run(command_line.command).unwrap_or_else(|failure| {
        eprintln!("belisha: {failure}");
        ExitCode::from(2)
    })
}

fn run(command: Command) -> Result<ExitCode, Failure> {
    match command {
        Command::Policy(command) => commands::policy::run(&command, &clock::today()),
        Command::Docs(options) => commands::docs::run(&options),
        Command::Serve(options) => tokio::runtime::Runtime::new()?.block_on(commands::serve::run(options)),
        Command::Demo(options) => tokio::runtime::Runtime::new()?.block_on(commands::demo::run(options)),
        Command::Lists(command) => tokio::runtime::Runtime::new()?.block_on(commands::lists::run(command)),
        Command::Explain(options) => tokio::runtime::Runtime::new()?.block_on(commands::explain::run(options)),
        Command::Verify(options) => tokio::runtime::Runtime::new()?.block_on(commands::verify::run(options)),
    }
}
