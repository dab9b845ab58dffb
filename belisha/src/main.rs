//! Belisha: a school's written online-safety policy, carried out. This file is the command line; what each command does is in `commands`.

#![expect(clippy::print_stdout, reason = "the command line speaks on standard output")]

mod clock;
mod commands;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Carries out a school's written online-safety policy.
#[derive(Parser)]
#[command(version, about, disable_help_subcommand = true)]
struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Check, show or measure a policy document
    #[command(subcommand)]
    Policy(commands::policy::PolicyCommand),
}

fn main() -> ExitCode {
    let command_line = CommandLine::parse();
    let outcome = match command_line.command {
        Command::Policy(command) => commands::policy::run(&command, &clock::today()),
    };
    outcome.unwrap_or_else(|failure| {
        eprintln!("belisha: {failure}");
        ExitCode::from(2)
    })
}
