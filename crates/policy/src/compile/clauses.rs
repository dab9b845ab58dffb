//! Blocks become clauses: kinds from classes, ids, numbers, facts. What each kind means is read in `bindings`, `agreement` and `tables`.

use super::facts::{FACTS, words};
use super::{Places, agreement, bindings, head, tables};
use crate::compile::attributes::{Attrs, Reading};
use crate::compile::document::{Document, Node, Part, Tag};
use crate::compile::notes::Notes;
use crate::spelling::nearest;
use crate::{Binding, Clause, ClauseId, Fact, Policy, Section, catalogue as kind};
use std::collections::BTreeSet;
use std::ops::Range;

/// The classes that name a kind of clause.
pub(super) const KINDS: &[&str] = &[
    "duty",
    "agreement",
    "actions",
    "allowances",
    "filter",
    "approval",
    "response",
    "role",
    "retention",
    "power",
    "guidance",
];

/// Keys any clause may have besides its kind's own.
const COMMON: &[&str] = &["source"];

/// What is filled in while the document is read from top to bottom.
pub(super) struct Walk<'w> {
    pub source: &'w str,
    pub notes: &'w mut Notes,
    pub places: Places,
    /// Ids the document gives itself, so that ids made up here stay clear of them.
    given: BTreeSet<String>,
    clauses: Vec<Clause>,
    made_up: usize,
}

/// Reads the whole document.
pub(super) fn read(source: &str, document: &Document, notes: &mut Notes) -> (Policy, Places) {
    let mut given = BTreeSet::new();
    for node in document.parts.iter().flat_map(|part| &part.blocks) {
        collect_ids(node, &mut given);
    }
    given.extend(document.parts.iter().filter_map(|part| part.attrs.id.clone()));
    let empty =
        Part { number: String::new(), title: String::new(), attrs: Attrs::default(), span: 0..0, blocks: Vec::new() };
    let title = document.parts.first().unwrap_or(&empty);
    let head = head::read(source, title, notes);
    let mut walk = Walk { source, notes, places: Places::default(), given, clauses: Vec::new(), made_up: 0 };
    walk.places.head = title.span.clone();
    for loose in &document.loose {
        walk.notes.add(&kind::BOUND_TO_NOTHING, loose.span.clone(), "these attributes stand before nothing");
    }
    let mut sections = Vec::new();
    for (index, part) in document.parts.iter().enumerate() {
        if index > 0 {
            sections.push(Section { number: part.number.clone(), title: part.title.clone() });
        }
        walk.part(part, index == 0);
    }
    let policy = Policy { title: title.title.clone(), head, sections, clauses: walk.clauses };
    (policy, walk.places)
}

fn collect_ids(node: &Node, ids: &mut BTreeSet<String>) {
    ids.extend(node.attrs.id.clone());
    node.children.iter().for_each(|child| collect_ids(child, ids));
}

impl Walk<'_> {
    fn part(&mut self, part: &Part, title: bool) {
        let mut place = 0;
        if !title && !part.attrs.is_empty() {
            if part.attrs.classes.is_empty() && part.attrs.pairs.is_empty() {
                // An id on a heading is there to be linked to.
                self.claim(&part.attrs.clause_id(), part.span.clone());
            } else {
                let node = Node {
                    tag: Tag::Heading,
                    attrs: part.attrs.clone(),
                    span: part.span.clone(),
                    text: part.title.clone(),
                    children: Vec::new(),
                };
                self.clause(&node, part, &mut place);
            }
        }
        for block in &part.blocks {
            self.block(block, part, &mut place);
        }
    }

    /// A block is a clause; a list whose items have attributes is as many clauses as it has items.
    fn block(&mut self, block: &Node, part: &Part, place: &mut usize) {
        if block.tag == Tag::List
            && block.attrs.is_empty()
            && block.children.iter().any(|item| item_paragraph(item).is_some())
        {
            for item in &block.children {
                match item_paragraph(item) {
                    Some(paragraph) => {
                        let node = Node { attrs: paragraph.attrs.clone(), ..item.clone() };
                        self.clause(&node, part, place);
                    }
                    None => self.clause(item, part, place),
                }
            }
            return;
        }
        self.clause(block, part, place);
    }

    fn clause(&mut self, node: &Node, part: &Part, place: &mut usize) {
        self.unread_attributes(node);
        if node.text.is_empty() && node.attrs.is_empty() {
            return;
        }
        *place += 1;
        let number = if part.number.is_empty() { format!("0.{place}") } else { format!("{}.{place}", part.number) };
        let id = self.id_of(node);
        self.references(node);
        let word = self.kind_of(node);
        let mut facts = Vec::new();
        self.facts(&node.attrs, &id, &mut facts);
        let (binding, text) = self.binding(word, node, &id, &mut facts);
        let sources = node.attrs.get("source").map(words).unwrap_or_default();
        self.clauses.push(Clause {
            id,
            number,
            section: part.title.clone(),
            text,
            span: node.span.clone(),
            binding,
            sources,
            facts,
        });
    }

    fn binding(&mut self, word: &str, node: &Node, id: &ClauseId, facts: &mut Vec<Fact>) -> (Binding, String) {
        match word {
            "agreement" => agreement::read(self, node, id, facts),
            "actions" | "allowances" | "filter" => tables::read(self, word, node, id, facts),
            "guidance" => (Binding::Guidance, node.text.clone()),
            _ => (bindings::read(self, word, node), node.text.clone()),
        }
    }

    fn id_of(&mut self, node: &Node) -> ClauseId {
        if let Some(id) = node.attrs.clause_id() {
            self.claim(&Some(id.clone()), node.span.clone());
            return id;
        }
        loop {
            self.made_up += 1;
            let id = format!("section-{}", self.made_up);
            if !self.given.contains(&id) {
                let id = ClauseId(id);
                self.places.ids.insert(id.clone(), node.span.clone());
                return id;
            }
        }
    }

    /// Takes an id for a clause, row or line; one that is taken already is a finding.
    pub(super) fn claim(&mut self, id: &Option<ClauseId>, span: Range<usize>) {
        let Some(id) = id else { return };
        if self.places.ids.contains_key(id) {
            let place = self
                .source
                .get(span.clone())
                .and_then(|text| text.find(&format!("#{id}")))
                .map_or(span.clone(), |at| span.start + at..span.start + at + id.0.len() + 1);
            self.notes.add(&kind::DUPLICATE_ID, place, format!("the id `{id}` is used twice"));
        } else {
            self.places.ids.insert(id.clone(), span);
        }
    }

    /// An id for a row or line that has none, clear of those the document gives.
    pub(super) fn make_id(&mut self, wanted: String, span: Range<usize>) -> ClauseId {
        let mut id = wanted.clone();
        let mut count = 1;
        while self.given.contains(&id) || self.places.ids.contains_key(&ClauseId(id.clone())) {
            count += 1;
            id = format!("{wanted}-{count}");
        }
        self.places.ids.insert(ClauseId(id.clone()), span);
        ClauseId(id)
    }

    /// A paragraph that starts with a brace was meant to be attributes.
    fn unread_attributes(&mut self, node: &Node) {
        if node.tag == Tag::Paragraph && node.text.starts_with('{') {
            let first_line = node.text.split('}').next().unwrap_or("").chars().take(80).collect::<String>();
            self.notes.add(
                &kind::ATTRIBUTES_NOT_READ,
                node.span.clone(),
                format!("`{first_line}` reads as text, not as attributes"),
            );
        }
        for child in &node.children {
            self.unread_attributes(child);
        }
    }

    fn kind_of(&mut self, node: &Node) -> &'static str {
        let mut kinds = Vec::new();
        for class in &node.attrs.classes {
            match KINDS.iter().find(|kind| **kind == class) {
                Some(kind) => kinds.push(*kind),
                None => {
                    let place = node.attrs.find(self.source, &format!(".{class}"));
                    let remedy = match nearest(class, KINDS.iter().copied()) {
                        Some(near) => format!("did you mean `.{near}`?"),
                        None => format!("the kinds are: {}", KINDS.join(", ")),
                    };
                    self.notes.add_with(
                        &kind::UNKNOWN_CLASS,
                        place,
                        format!("`.{class}` is no kind of clause"),
                        remedy,
                    );
                }
            }
        }
        kinds.dedup();
        if let [first, second, ..] = kinds[..] {
            let place = node.attrs.find(self.source, &format!(".{second}"));
            self.notes.add(&kind::TWO_KINDS, place, format!("the clause is a `.{first}` and a `.{second}`"));
            return "guidance";
        }
        let kind = kinds.first().copied().unwrap_or("guidance");
        if kinds.is_empty() && node.attrs.classes.is_empty() {
            self.forgotten_kind(node);
        }
        if kind == "guidance" && !kinds.is_empty() {
            Reading { source: self.source, attrs: &node.attrs, what: "guidance", notes: self.notes }
                .known_keys(&known(&[]));
        }
        kind
    }

    /// Attributes that only a kind of clause reads, on a clause that names none.
    fn forgotten_kind(&mut self, node: &Node) {
        let idle = node
            .attrs
            .pairs
            .iter()
            .map(|(key, _)| key.as_str())
            .find(|key| !FACTS.contains(key) && !COMMON.contains(key));
        if let Some(key) = idle {
            let place = node.attrs.find(self.source, key);
            self.notes.add(
                &kind::BOUND_TO_NOTHING,
                place,
                format!("`{key}` is here, and no kind of clause that reads it"),
            );
        }
    }
}

/// The keys of a kind with those that any clause may have.
pub(super) fn known(own: &[&'static str]) -> Vec<&'static str> {
    own.iter().chain(COMMON).chain(FACTS).copied().collect()
}

/// The paragraph of a list item that carries attributes, if it does.
fn item_paragraph(item: &Node) -> Option<&Node> {
    item.children.first().filter(|child| !child.attrs.is_empty())
}
