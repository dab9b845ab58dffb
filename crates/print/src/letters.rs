//! Characters that paper can carry. What no typeface in the program can draw is written out in square brackets: an emoji by
//! its name, anything else by its code point, so that nothing a child wrote vanishes or turns into an empty box.
//! What the words mean is left to those who wrote them.

use crate::press::{can_draw_together, drawable};
use codex::{Def, Module};
use serde_json::Value;
use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;
use unicode_segmentation::UnicodeSegmentation;

/// Characters in a row without a place to break, after which a break is allowed, so that no line runs off the page.
const LONGEST_RUN: usize = 20;

/// A break that is not seen.
const BREAK: char = '\u{200B}';

/// Makes every string inside printable. Keys are ours and stay.
pub(crate) fn keep_printable(value: &mut Value) {
    match value {
        Value::String(text) => *text = printable(text),
        Value::Array(items) => items.iter_mut().for_each(keep_printable),
        Value::Object(fields) => fields.values_mut().for_each(keep_printable),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// The text with line ends as `\n`, tabs as spaces, long runs breakable and undrawable characters named.
pub(crate) fn printable(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut run = 0;
    for cluster in text.graphemes(true) {
        match cluster {
            "\r\n" | "\r" | "\n" | "\u{2028}" | "\u{2029}" | "\u{85}" | "\u{B}" | "\u{C}" => out.push('\n'),
            "\t" => out.push_str("    "),
            "\u{FEFF}" => {}
            _ if is_drawn(cluster) => {
                out.extend(cluster.chars().filter(|c| !is_presentation(*c)));
            }
            _ => out.push_str(&named(cluster)),
        }
        run = if cluster.chars().all(char::is_whitespace) { 0 } else { run + 1 };
        if run == LONGEST_RUN {
            out.push(BREAK);
            run = 0;
        }
    }
    out
}

/// Joins letters or turns direction without being seen; typefaces need not draw it. Overrides that would make a line
/// read in another order than it was written are not here: they are written out.
fn is_silent(character: char) -> bool {
    matches!(character, '\u{200C}'..='\u{200F}' | '\u{2060}' | '\u{2066}'..='\u{2069}' | BREAK | '\u{AD}')
        || is_presentation(character)
}

/// Asks for the coloured or the plain form of the character before it, which paper has no choice of.
fn is_presentation(character: char) -> bool {
    matches!(character, '\u{FE0E}' | '\u{FE0F}')
}

/// Whether one typeface draws all of a cluster: a letter and its marks come from the same one or not at all.
fn is_drawn(cluster: &str) -> bool {
    let mut seen = cluster.chars().filter(|c| !is_silent(*c));
    match (seen.next(), seen.next()) {
        (None, _) => true,
        (Some(only), None) => DRAWN.contains(&only),
        _ => !cluster.chars().any(is_private) && can_draw_together(cluster.chars().filter(|c| !is_silent(*c))),
    }
}

/// One undrawable cluster in words: the whole emoji, else its first character and what is put on it.
fn named(cluster: &str) -> String {
    let bare: String = cluster.chars().filter(|c| !is_presentation(*c) && !is_skin_tone(*c)).collect();
    if let Some(name) = EMOJI.get(bare.as_str()) {
        return format!("[{name}]");
    }
    let mut out = String::new();
    for (place, character) in bare.chars().filter(|c| !is_silent(*c)).enumerate() {
        match EMOJI.get(character.encode_utf8(&mut [0; 4]) as &str) {
            _ if place == 0 && DRAWN.contains(&character) => out.push(character),
            Some(name) => out.push_str(&format!("[{name}]")),
            None => out.push_str(&format!("[U+{:04X}]", character as u32)),
        }
    }
    out
}

fn is_skin_tone(character: char) -> bool {
    matches!(character, '\u{1F3FB}'..='\u{1F3FF}')
}

/// Every character some typeface in the program draws.
static DRAWN: LazyLock<HashSet<char>> =
    LazyLock::new(|| drawable().filter(|c| !c.is_control() && !is_private(*c)).collect());

/// Means something in one typeface only, so that it would read as something else, or as nothing, in another.
fn is_private(character: char) -> bool {
    matches!(character, '\u{E000}'..='\u{F8FF}')
}

/// Names of emoji by what they are made of, without presentation marks: `face joy`.
static EMOJI: LazyLock<HashMap<String, String>> = LazyLock::new(|| {
    let mut names = HashMap::new();
    collect(codex::EMOJI, &mut names);
    names
});

fn collect(module: Module, names: &mut HashMap<String, String>) {
    for (name, binding) in module.iter() {
        match binding.def {
            Def::Module(inner) => collect(inner, names),
            Def::Symbol(symbol) if binding.deprecation.is_none() => {
                for (modifiers, drawn, deprecation) in symbol.variants() {
                    if deprecation.is_none() {
                        let bare: String = drawn.chars().filter(|c| !is_presentation(*c)).collect();
                        let words = [name].into_iter().map(str::to_string).chain(modifiers.iter().map(str::to_string));
                        names.entry(bare).or_insert_with(|| words.collect::<Vec<_>>().join(" "));
                    }
                }
            }
            Def::Symbol(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_words_in_any_script_we_can_draw_stay_as_they_are() {
        for text in [
            "",
            "Zoë said “no”",
            "#chars *x* $y$ @z <b> \\ ~ -- ...",
            "Łukasz, Dafydd ap Siôn",
            "Привет",
            "שלום",
            "سلام",
            "naïve café ½ €",
        ] {
            assert_eq!(printable(text), text, "{text}");
        }
    }

    #[test]
    fn an_emoji_is_named_with_its_skin_tone_and_presentation_left_out() {
        for (text, expected) in [("a 🔪 b", "a [knife] b"), ("👍🏽", "[thumb up]"), ("☹️ ok", "☹ ok")] {
            assert_eq!(printable(text), expected);
        }
    }

    #[test]
    fn what_cannot_be_drawn_is_written_out_rather_than_lost() {
        for (text, expected) in [
            ("a\0b", "a[U+0000]b"),
            ("\u{202E}evil", "[U+202E]evil"),
            ("ਸਤ", "[U+0A38][U+0A24]"),
            ("\u{E000}", "[U+E000]"),
            ("\u{10FFFF}", "[U+10FFFF]"),
            ("e\u{301}", "e\u{301}"),
            ("Z\u{A41}", "Z[U+0A41]"),
        ] {
            assert_eq!(printable(text), expected);
        }
    }

    #[test]
    fn line_ends_of_every_system_become_one_kind_and_tabs_become_spaces() {
        assert_eq!(printable("a\r\nb\rc\nd\te"), "a\nb\nc\nd    e");
    }

    #[test]
    fn a_run_without_spaces_may_break_and_loses_nothing() {
        let text = "x".repeat(100);
        let printed = printable(&text);
        assert_eq!(printed.replace(BREAK, ""), text);
        assert!(printed.split(BREAK).all(|run| run.len() <= LONGEST_RUN));
    }
}
