//! Lease files that are tables with a line of headings: Kea's memfile and the CSV that a Windows server exports. Columns are
//! found by their heading, as versions differ in order and number.

use super::Lease;
use super::dnsmasq::from_duid;
use belisha_records::MacAddress;
use jiff::Timestamp;
use std::net::IpAddr;

/// Longest line read, in cells.
const CELLS: usize = 64;

/// Kea: a log of rows; the last about an address counts. A row with a valid lifetime of 0, or in another state than 0
/// (assigned), ends the lease (Kea's Administrator Reference Manual, "memfile").
pub(super) fn read_kea(text: &str, take: &mut impl FnMut(IpAddr, Lease)) {
    rows(text, |row| {
        let cell = |heading| row.cell(heading);
        let (Some(address), Some(device)) = (
            cell("address").and_then(|address| address.parse().ok()),
            cell("hwaddr").and_then(MacAddress::parse).or_else(|| cell("duid").and_then(from_duid)),
        ) else {
            return;
        };
        let over = cell("valid_lifetime") == Some("0") || cell("state").is_some_and(|state| state != "0");
        let until = cell("expire").and_then(|seconds| seconds.parse().ok());
        let until = until.and_then(|seconds| Timestamp::from_second(seconds).ok());
        take(address, if over { Lease::Ended(device) } else { Lease::Held(device, until) });
    });
}

/// Windows: the columns `IPAddress`, `ClientId` and `AddressState`. The end of the lease is written as the server's language
/// has it and is not read.
pub(super) fn read_windows(text: &str, take: &mut impl FnMut(IpAddr, Lease)) {
    rows(text, |row| {
        let cell = |heading| row.cell(heading);
        let (Some(address), Some(device)) =
            (cell("ipaddress").and_then(|address| address.parse().ok()), cell("clientid").and_then(MacAddress::parse))
        else {
            return;
        };
        let active = cell("addressstate").is_some_and(|state| state.starts_with("Active"));
        take(address, if active { Lease::Held(device, None) } else { Lease::Ended(device) });
    });
}

/// A row under its headings.
struct Row<'a> {
    headings: &'a [String],
    cells: &'a [String],
}

impl Row<'_> {
    /// The cell under a heading; `None` where it is empty.
    fn cell(&self, heading: &str) -> Option<&str> {
        let place = self.headings.iter().position(|known| known == heading)?;
        self.cells.get(place).map(String::as_str).filter(|cell| !cell.is_empty())
    }
}

/// Gives each row to a reader that asks for cells by the heading of their column, in lower case. The last line counts only
/// with its end: without, it may still be being written.
fn rows(text: &str, mut read: impl FnMut(&Row<'_>)) {
    let mut headings: Option<Vec<String>> = None;
    // `#TYPE …` is PowerShell's; other comments do no harm either.
    let text = text.trim_start_matches('\u{feff}');
    let whole = text.split_inclusive('\n').filter(|line| line.ends_with('\n') && !line.starts_with('#'));
    for line in whole {
        let cells = cells(line.trim_end());
        let Some(headings) = &headings else {
            headings = Some(cells.iter().map(|heading| heading.to_lowercase()).collect());
            continue;
        };
        read(&Row { headings, cells: &cells });
    }
}

/// Cells of a line, in double quotes or not (RFC 4180); a cell does not reach over lines.
fn cells(line: &str) -> Vec<String> {
    let mut cells = vec![String::new()];
    let mut quoted = false;
    let mut characters = line.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '"' if quoted && characters.peek() == Some(&'"') => {
                characters.next();
                push(&mut cells, '"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted && cells.len() < CELLS => cells.push(String::new()),
            other => push(&mut cells, other),
        }
    }
    cells
}

fn push(cells: &mut [String], character: char) {
    if let Some(cell) = cells.last_mut() {
        cell.push(character);
    }
}
