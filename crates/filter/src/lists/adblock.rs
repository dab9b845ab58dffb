//! The part of adblock syntax that speaks of whole names. Rules about pages' looks are left out; anything else is
//! refused with its reason, since half-understood rules would close the wrong sites.

use super::Piece;

/// Signs that a rule is about the looks of a page.
const COSMETIC: &[&str] = &["##", "#@#", "#?#", "#$#", "#%#", "$$", "$@$"];

/// Reads one trimmed line and gives its pieces to `take`: the rule's name, and each name that its `$denyallow=` leaves open.
pub(super) fn pieces<'a>(line: &'a str, mut take: impl FnMut(Piece<'a>)) {
    if line.is_empty() || line.starts_with('!') || line.starts_with('[') {
        return take(Piece::Comment);
    }
    if COSMETIC.iter().any(|sign| line.contains(sign)) {
        return take(Piece::Cosmetic);
    }
    if line.starts_with('#') {
        return take(Piece::Comment);
    }
    match rule(line) {
        Err(why) => take(Piece::Refused { text: line, why }),
        Ok(rule) => {
            take(Piece::Name { text: rule.name, allow: rule.allow, important: rule.important });
            for text in rule.left_open().filter(|_| !rule.allow) {
                // A name that is not below the rule's own was never closed by it.
                if below(text, rule.name) {
                    take(Piece::Name { text, allow: true, important: false });
                }
            }
        }
    }
}

/// A rule that is about one whole name.
struct Rule<'a> {
    name: &'a str,
    allow: bool,
    important: bool,
    options: Option<&'a str>,
}

impl<'a> Rule<'a> {
    /// The names that its `$denyallow=` leave open: each holds several between `|`, and there may be several of them.
    fn left_open(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        let options = self.options.into_iter().flat_map(|options| options.split(','));
        options.filter_map(|option| option.strip_prefix("denyallow=")).flat_map(|names| names.split('|'))
    }
}

fn rule(line: &str) -> Result<Rule<'_>, &'static str> {
    let (allow, rule) = match line.strip_prefix("@@") {
        Some(rule) => (true, rule),
        None => (false, line),
    };
    if rule.starts_with('/') {
        return Err("expressions and paths are not read; list whole names as `||name^`");
    }
    let (pattern, options) = rule.split_once('$').map_or((rule, None), |(pattern, options)| (pattern, Some(options)));
    let mut important = false;
    for option in options.into_iter().flat_map(|options| options.split(',')) {
        match option.split_once('=').unwrap_or((option, "")) {
            ("important", "") => important = true,
            ("denyallow", names) if !names.is_empty() => {}
            ("dnsrewrite", answer) if !allow && rewrite_closes(answer) => {}
            ("dnsrewrite", _) => return Err("this sends the name elsewhere; a list closes names, and rewrites none"),
            ("badfilter", "") => {
                return Err("`$badfilter` takes back a rule elsewhere; take that rule out of the list");
            }
            ("client" | "ctag", _) => return Err("rules for some clients are not taken from lists; groups say who"),
            ("dnstype", _) => return Err("a name is closed for every type of question, not for some"),
            _ => {
                return Err(
                    "of the options only `$important`, `$denyallow=` and a closing `$dnsrewrite=` are read; list whole names as `||name^`",
                );
            }
        }
    }
    Ok(Rule { name: whole_name(pattern)?, allow, important, options })
}

/// Whether a `$dnsrewrite=` says that there is no such name or no address: `NXDOMAIN;;`, `REFUSED`, `NOERROR;;`,
/// `NOERROR;A;0.0.0.0`, or an address of nobody.
fn rewrite_closes(answer: &str) -> bool {
    let mut parts = answer.splitn(3, ';');
    match (parts.next().unwrap_or_default(), parts.next(), parts.next()) {
        ("NXDOMAIN" | "REFUSED", _, _) | ("NOERROR", None | Some(""), None | Some("")) => true,
        ("NOERROR", Some("A" | "AAAA"), Some(address)) | (address, None, None) => {
            !address.is_empty() && super::closes(address)
        }
        _ => false,
    }
}

fn whole_name(pattern: &str) -> Result<&str, &'static str> {
    let text = match pattern.strip_prefix("||") {
        Some(anchored) => match anchored.strip_suffix('^').or_else(|| anchored.strip_suffix("^|")) {
            Some(name) => name,
            None => return Err("a rule that does not end in `^` also matches longer names; write `||name^`"),
        },
        None => pattern,
    };
    if text.strip_prefix("*.").unwrap_or(text).contains(['*', '/', '^', '|', '?', '=', ':']) {
        return Err("patterns and paths are not read; list whole names as `||name^`");
    }
    Ok(text)
}

fn below(name: &str, parent: &str) -> bool {
    let name = name.strip_prefix("*.").unwrap_or(name);
    let cut = name.len().checked_sub(parent.len() + 1);
    cut.and_then(|cut| name.get(cut..))
        .is_some_and(|tail| tail.starts_with('.') && tail[1..].eq_ignore_ascii_case(parent))
}
