//! The kinds of clause that are nothing but attributes: duty, approval, response, role, retention, power.

use super::clauses::{Walk, known};
use super::facts::words;
use crate::compile::attributes::Reading;
use crate::compile::document::Node;
use crate::{Approval, Binding, Cadence, Due, Duty, Office, Power, Response, Retention, Within, catalogue as kind};

/// Reads one of them. A clause that lacks what it needs has been reported and counts as guidance.
pub(super) fn read(walk: &mut Walk<'_>, word: &str, node: &Node) -> Binding {
    let what = format!("a clause of kind `{word}`");
    let mut reading = Reading { source: walk.source, attrs: &node.attrs, what: &what, notes: walk.notes };
    let binding = match word {
        "duty" => duty(&mut reading),
        "approval" => approval(&mut reading),
        "response" => response(&mut reading),
        "role" => role(&mut reading),
        "retention" => retention(&mut reading),
        "power" => power(&mut reading),
        _ => None,
    };
    binding.unwrap_or(Binding::Guidance)
}

fn duty(reading: &mut Reading<'_>) -> Option<Binding> {
    reading.known_keys(&known(&["who", "what", "every", "months", "on", "within", "owner"]));
    let what = register_key(reading, "what");
    let owners = reading.list("owner");
    let who = reading.one("who");
    let due = due(reading);
    Some(Binding::Duty(Duty { what: what?, owners, who, due: due? }))
}

fn due(reading: &mut Reading<'_>) -> Option<Due> {
    let attrs = reading.attrs;
    match (attrs.get("every"), attrs.get("on")) {
        (Some(every), None) if VAGUE.contains(&every) => {
            let place = attrs.find_value(reading.source, "every", every);
            reading.notes.add(
                &kind::NO_INTERVAL,
                place,
                format!("`{every}` is no interval: nobody can be late for it"),
            );
            None
        }
        (Some(_), None) => {
            let cadence: Option<Cadence> = reading.one("every");
            let months = months(reading);
            Some(Due::Every { cadence: cadence?, months })
        }
        (None, Some(_)) => {
            let event = reading.one("on");
            let within = within(reading);
            Some(Due::On { event: event?, within: within? })
        }
        (Some(_), Some(_)) => {
            reading.notes.add(
                &kind::CALENDAR_AND_EVENT,
                attrs.find(reading.source, "on="),
                "the duty has both `every` and `on`",
            );
            None
        }
        (None, None) => {
            let message = "a duty needs `every` or `on`, and neither is here";
            reading.notes.add_with(
                &kind::MISSING_ATTRIBUTE,
                attrs.span.clone(),
                message,
                "add `every=\"term\"`, or `on=\"…\"` with `within=\"…\"`",
            );
            None
        }
    }
}

/// Words that people write where an interval should be.
const VAGUE: &[&str] = &["regularly", "regular", "frequently", "periodically", "often", "as-needed", "when-required"];

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

fn months(reading: &mut Reading<'_>) -> Vec<i8> {
    let mut months = Vec::new();
    for word in reading.attrs.get("months").map(words).unwrap_or_default() {
        let place = reading.attrs.find_value(reading.source, "months", &word);
        match MONTHS.iter().zip(1i8..).find(|(name, number)| **name == word || number.to_string() == word) {
            Some((_, number)) => months.push(number),
            None => {
                let remedy = match crate::spelling::nearest(&word, MONTHS) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => "write the names of months".to_owned(),
                };
                reading.notes.add_with(&kind::UNKNOWN_WORD, place, format!("`{word}` is no month"), remedy);
            }
        }
    }
    months
}

fn within(reading: &mut Reading<'_>) -> Option<Within> {
    let written = reading.text("within")?;
    let amount =
        |unit: &str| written.strip_suffix(unit).and_then(|count| count.parse::<u16>().ok()).filter(|count| *count > 0);
    let within = match written.as_str() {
        "immediately" => Some(Within::Immediately),
        "as-soon-as-possible" => Some(Within::AsSoonAsPossible),
        _ => (amount("-hours").or_else(|| amount("-hour")).map(Within::Hours))
            .or_else(|| amount("-school-days").or_else(|| amount("-school-day")).map(Within::SchoolDays)),
    };
    if within.is_none() {
        let place = reading.attrs.find_value(reading.source, "within", &written);
        reading.notes.add(&kind::NOT_A_DEADLINE, place, format!("`{written}` is no time to act in"));
    }
    within
}

/// A register and an item of it: `training:refresher`.
fn register_key(reading: &mut Reading<'_>, key: &str) -> Option<String> {
    let written = reading.text(key)?;
    let plain =
        |word: &str| !word.is_empty() && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    if written.split_once(':').is_some_and(|(register, item)| plain(register) && plain(item)) {
        return Some(written);
    }
    let place = reading.attrs.find_value(reading.source, key, &written);
    let remedy = "write the register, a colon and the item in small letters: `training:refresher`";
    reading.notes.add_with(
        &kind::UNKNOWN_WORD,
        place,
        format!("`{written}` does not name a register and an item"),
        remedy,
    );
    None
}

fn approval(reading: &mut Reading<'_>) -> Option<Binding> {
    reading.known_keys(&known(&["what", "by", "reason", "longest"]));
    let what = reading.text("what");
    let by = if reading.text("by").is_some() { reading.list("by") } else { Vec::new() };
    let longest = if reading.attrs.get("longest").is_some() { reading.days("longest") } else { None };
    let reason_required = match reading.attrs.get("reason") {
        None | Some("required") => true,
        Some("not-asked") => false,
        Some(other) => {
            let place = reading.attrs.find_value(reading.source, "reason", other);
            reading.notes.add_with(
                &kind::UNKNOWN_WORD,
                place,
                format!("`{other}` is not a word that `reason` knows"),
                "use one of: required, not-asked",
            );
            true
        }
    };
    Some(Binding::Approval(Approval {
        what: what?,
        by,
        reason_required,
        longest_days: longest.and_then(|days| u16::try_from(days).ok()),
    }))
}

fn response(reading: &mut Reading<'_>) -> Option<Binding> {
    reading.known_keys(&known(&["on", "within", "owner"]));
    let to = reading.needed("on");
    let owners = reading.list("owner");
    let within = within(reading);
    Some(Binding::Response(Response { to: to?, owners, within: within? }))
}

fn role(reading: &mut Reading<'_>) -> Option<Binding> {
    reading.known_keys(&known(&["office", "at-least"]));
    let role = reading.needed("office");
    let at_least = if reading.attrs.get("at-least").is_some() { reading.number("at-least")? } else { 1 };
    Some(Binding::Role(Office { role: role?, at_least }))
}

fn retention(reading: &mut Reading<'_>) -> Option<Binding> {
    reading.known_keys(&known(&["kind", "keep"]));
    let kind = reading.needed("kind");
    let days = if reading.text("keep").is_some() { reading.days("keep") } else { None };
    Some(Binding::Retention(Retention { kind: kind?, days: days? }))
}

fn power(reading: &mut Reading<'_>) -> Option<Binding> {
    reading.known_keys(&known(&["what", "nation", "by"]));
    let what = register_key(reading, "what");
    let nation = reading.needed("nation");
    let decided_by = reading.list("by");
    Some(Binding::Power(Power { what: what?, nation: nation?, decided_by }))
}
