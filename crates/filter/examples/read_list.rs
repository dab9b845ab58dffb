//! Reads a list line by line from standard input and says what became of each line: `taken`, `comment`, `cosmetic` or
//! `refused`, then what it closes and, marked `@@`, what it leaves open; tabs between. For holding our reader against others
//! (`tests/differential/adblock.mjs`).

use belisha_filter::{Format, ListParser};
use std::io::{BufRead, Write};

fn main() -> std::io::Result<()> {
    let (stdin, mut stdout) = (std::io::stdin().lock(), std::io::BufWriter::new(std::io::stdout().lock()));
    for line in stdin.split(b'\n') {
        let mut parser = ListParser::new(Format::Adblock);
        let mut names = Vec::new();
        parser.line(&line?, |entry| {
            let (before, after) = (if entry.allow { "@@" } else { "" }, if entry.important { "!" } else { "" });
            names.push(format!("{before}{}{after}", entry.name));
        });
        let counts = parser.counts();
        let became = match () {
            () if counts.refused > 0 => "refused",
            () if counts.taken > 0 => "taken",
            () if counts.cosmetic > 0 => "cosmetic",
            () => "comment",
        };
        let why = parser.refused().first().map(|refused| refused.message.as_str()).unwrap_or_default();
        writeln!(stdout, "{became}\t{}\t{why}", names.join(" "))?;
    }
    stdout.flush()
}
