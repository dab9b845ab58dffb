//! The lines of a dnsmasq configuration that close or exempt names: `address=/name/`, `server=/name/`, `local=/name/`, each
//! with one name or several. Lines that send a name elsewhere are refused: a category list closes names and rewrites none.

use super::{Piece, closes};

/// Reads one trimmed line and gives each name's piece to `take`.
pub(super) fn pieces<'a>(line: &'a str, mut take: impl FnMut(Piece<'a>)) {
    let content = without_comment(line);
    if content.is_empty() {
        return take(Piece::Comment);
    }
    let refused = |text, why| Piece::Refused { text, why };
    let Some((option, value)) = content.split_once('=').map(|(option, value)| (option.trim(), value.trim())) else {
        return take(refused(content, "of a dnsmasq file only `address=`, `server=` and `local=` lines are read"));
    };
    if !matches!(option, "address" | "server" | "local") {
        return take(refused(content, "of a dnsmasq file only `address=`, `server=` and `local=` lines are read"));
    }
    let Some((names, target)) = value.strip_prefix('/').and_then(|rest| rest.rsplit_once('/')) else {
        return take(refused(content, "this line speaks of no name; write it as `address=/name/`"));
    };
    // `server=/name/#` asks the usual servers for a name below one that is closed: an exemption.
    let allow = option != "address" && target == "#";
    if !allow && !closes(target) && target != "#" {
        return take(refused(content, "this sends the name elsewhere; a list closes names, and rewrites none"));
    }
    for text in names.split('/') {
        take(match text {
            "" | "#" | "*" => refused(content, "this speaks of every name; list whole names"),
            _ => Piece::Name { text, allow, important: false },
        });
    }
}

/// A comment starts the line or stands behind a space; the `#` of `address=/name/#` is none.
fn without_comment(line: &str) -> &str {
    if line.starts_with('#') {
        return "";
    }
    let at = line.match_indices('#').map(|(at, _)| at).find(|at| line[..*at].ends_with([' ', '\t']));
    at.map_or(line, |at| line[..at].trim_end())
}
