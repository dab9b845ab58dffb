//! The part of adblock syntax that speaks of whole names. Rules about pages' looks are left out; anything else is
//! refused with its reason, since half-understood rules would close the wrong sites.

use super::Piece;

/// Signs that a rule is about the looks of a page.
const COSMETIC: &[&str] = &["##", "#@#", "#?#", "#$#", "#%#", "$$", "$@$"];

/// Reads one trimmed line.
pub(super) fn piece(line: &str) -> Piece<'_> {
    if line.is_empty() || line.starts_with('!') || line.starts_with('[') {
        return Piece::Comment;
    }
    if COSMETIC.iter().any(|sign| line.contains(sign)) {
        return Piece::Cosmetic;
    }
    if line.starts_with('#') {
        return Piece::Comment;
    }
    let (allow, rule) = match line.strip_prefix("@@") {
        Some(rule) => (true, rule),
        None => (false, line),
    };
    let refused = |why| Piece::Refused { text: line, why };
    if rule.starts_with('/') {
        return refused("expressions and paths are not read; list whole names as `||name^`");
    }
    let (pattern, options) = rule.split_once('$').map_or((rule, None), |(pattern, options)| (pattern, Some(options)));
    let important = match options {
        None => false,
        Some("important") => true,
        Some(_) => return refused("of the options only `$important` is read; list whole names as `||name^`"),
    };
    let text = match pattern.strip_prefix("||") {
        Some(anchored) => match anchored.strip_suffix('^').or_else(|| anchored.strip_suffix("^|")) {
            Some(name) => name,
            None => return refused("a rule that does not end in `^` also matches longer names; write `||name^`"),
        },
        None => pattern,
    };
    if text.strip_prefix("*.").unwrap_or(text).contains(['*', '/', '^', '|', '?', '=', ':']) {
        return refused("patterns and paths are not read; list whole names as `||name^`");
    }
    Piece::Name { text, allow, important }
}
