//! Facts and references: what clauses, rows and lines state for the lint to compare, and what they point to.

use super::clauses::Walk;
use crate::compile::attributes::Attrs;
use crate::compile::document::{Node, Tag};
use crate::spelling::nearest;
use crate::{ClauseId, Fact, Role, catalogue as kind};

/// Keys of facts: what a clause, a row or a line may state for the lint to compare.
pub(crate) const FACTS: &[&str] = &[
    "monitoring",
    "bans",
    "allows",
    "to",
    "shared-with",
    "answers-to",
    "defines",
    "requires",
    "names",
    "concerns",
    "see",
];

impl Walk<'_> {
    /// The facts some attributes state.
    pub(super) fn facts(&mut self, attrs: &Attrs, of: &ClauseId, facts: &mut Vec<Fact>) {
        for (key, value) in attrs.pairs.iter().filter(|(key, _)| FACTS.contains(&key.as_str())) {
            for word in words(value) {
                self.judge_fact(attrs, key, &word);
                if key == "see" {
                    self.places
                        .references
                        .push((word.trim_start_matches('#').to_owned(), attrs.find_value(self.source, key, &word)));
                }
                facts.push(Fact { of: of.clone(), key: key.clone(), value: word });
            }
        }
    }

    /// Facts whose words the lint compares with its own must use words that it knows.
    fn judge_fact(&mut self, attrs: &Attrs, key: &str, word: &str) {
        let known: Vec<&str> = match key {
            "monitoring" => vec!["everybody", "suspicion", "nobody"],
            "names" => vec!["content", "contact", "conduct", "commerce"],
            "concerns" => vec!["illegal-content", "filter-bypass", "other"],
            "to" | "shared-with" | "answers-to" => Role::ALL.iter().map(|role| role.key()).collect(),
            _ => return,
        };
        if known.contains(&word) {
            return;
        }
        let remedy = match nearest(word, known.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("use one of: {}", known.join(", ")),
        };
        let place = attrs.find_value(self.source, key, word);
        self.notes.add_with(&kind::UNKNOWN_WORD, place, format!("`{word}` is not a word that `{key}` knows"), remedy);
    }

    /// Every link inside a block that points into the document.
    pub(super) fn references(&mut self, node: &Node) {
        if let Tag::Link(target) = &node.tag
            && let Some(target) = target.strip_prefix('#')
        {
            self.places.references.push((target.to_owned(), node.span.clone()));
        }
        for child in &node.children {
            self.references(child);
        }
    }
}

/// Words separated by spaces or commas.
pub(super) fn words(value: &str) -> Vec<String> {
    value.split([' ', ',', '\n', '\t']).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}
