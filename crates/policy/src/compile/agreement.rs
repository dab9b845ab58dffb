//! Agreements: the words before the lines, and the lines, each of which somebody signs.

use super::clauses::{Walk, known};
use super::facts::FACTS;
use crate::compile::attributes::{Attrs, Reading};
use crate::compile::document::{Node, Tag};
use crate::{Agreement, AgreementLine, Binding, ClauseId, Fact, catalogue as kind};

/// Reads an agreement and its words: the preamble, then a line a row.
pub(super) fn read(walk: &mut Walk<'_>, node: &Node, id: &ClauseId, facts: &mut Vec<Fact>) -> (Binding, String) {
    let mut reading =
        Reading { source: walk.source, attrs: &node.attrs, what: "a clause of kind `agreement`", notes: walk.notes };
    reading.known_keys(&known(&["who", "co-signed-by", "renews", "opens"]));
    let who = if reading.text("who").is_some() { reading.list("who") } else { Vec::new() };
    let co_signed_by = reading.one("co-signed-by");
    let renews = reading.one("renews");
    let opens_network = opens_network(&mut reading);
    let mut lines = Lines { agreement: id, preamble: Vec::new(), lines: Vec::new() };
    match node.tag {
        Tag::Div => node.children.iter().for_each(|child| lines.block(walk, child, facts)),
        Tag::List => node.children.iter().for_each(|item| lines.item(walk, item, false, facts)),
        _ => {}
    }
    if lines.lines.is_empty() {
        walk.notes.add(
            &kind::WRONG_SHAPE,
            node.attrs.span.clone(),
            "the agreement has no lines that anybody could sign",
        );
    }
    let preamble = lines.preamble.join("\n");
    let words = std::iter::once(preamble.as_str()).chain(lines.lines.iter().map(|line| line.text.as_str()));
    let text = words.filter(|words| !words.is_empty()).collect::<Vec<_>>().join("\n");
    (Binding::Agreement(Agreement { who, co_signed_by, renews, opens_network, preamble, lines: lines.lines }), text)
}

fn opens_network(reading: &mut Reading<'_>) -> bool {
    let Some(opens) = reading.attrs.get("opens") else {
        return false;
    };
    if opens != "network" {
        let place = reading.attrs.find_value(reading.source, "opens", opens);
        let message = format!("`{opens}` is nothing that signing can open");
        reading.notes.add_with(&kind::UNKNOWN_WORD, place, message, "use `network`");
    }
    opens == "network"
}

struct Lines<'l> {
    agreement: &'l ClauseId,
    preamble: Vec<String>,
    lines: Vec<AgreementLine>,
}

impl Lines<'_> {
    fn block(&mut self, walk: &mut Walk<'_>, node: &Node, facts: &mut Vec<Fact>) {
        match node.tag {
            Tag::List => {
                let co_signer = co_signs(walk, &node.attrs);
                node.children.iter().for_each(|item| self.item(walk, item, co_signer, facts));
            }
            Tag::Div => node.children.iter().for_each(|child| self.block(walk, child, facts)),
            _ if node.attrs.id.is_some() => self.line(walk, node, &node.attrs, false, facts),
            _ if node.text.is_empty() => {}
            _ if self.lines.is_empty() => self.preamble.push(node.text.clone()),
            // A lead-in such as "My parent agrees that:" introduces the next list.
            _ if node.text.ends_with(':') => {}
            _ => walk.notes.add(&kind::STRAY_TEXT, node.span.clone(), "this paragraph of the agreement is no line"),
        }
    }

    fn item(&mut self, walk: &mut Walk<'_>, item: &Node, co_signer: bool, facts: &mut Vec<Fact>) {
        let first = item.children.first();
        let own = first.filter(|paragraph| !paragraph.attrs.is_empty()).map(|paragraph| &paragraph.attrs);
        let span = || {
            first.and_then(|paragraph| {
                paragraph.children.iter().find(|child| child.tag == Tag::Span && child.attrs.id.is_some())
            })
        };
        let none = Attrs { span: item.span.clone(), ..Attrs::default() };
        let attrs = own.or_else(|| span().map(|span| &span.attrs)).unwrap_or(&none).clone();
        self.line(walk, item, &attrs, co_signer, facts);
    }

    fn line(&mut self, walk: &mut Walk<'_>, node: &Node, attrs: &Attrs, co_signer: bool, facts: &mut Vec<Fact>) {
        if node.text.is_empty() {
            return;
        }
        let mut keys = FACTS.to_vec();
        keys.push("for");
        Reading { source: walk.source, attrs, what: "a line of an agreement", notes: walk.notes }.known_keys(&keys);
        let id = match attrs.clause_id() {
            Some(id) => {
                walk.claim(&Some(id.clone()), node.span.clone());
                id
            }
            None => {
                walk.notes.add(&kind::WITHOUT_ID, node.span.clone(), "this line of the agreement has no id");
                walk.make_id(format!("{}-line-{}", self.agreement, self.lines.len() + 1), node.span.clone())
            }
        };
        walk.facts(attrs, &id, facts);
        let co_signer = co_signer || co_signs(walk, attrs);
        self.lines.push(AgreementLine { id, co_signer, text: node.text.clone() });
    }
}

/// Whether `for` gives a line to the counter-signer.
fn co_signs(walk: &mut Walk<'_>, attrs: &Attrs) -> bool {
    let mut reading = Reading { source: walk.source, attrs, what: "a line of an agreement", notes: walk.notes };
    reading.one::<crate::Audience>("for").is_some()
}
