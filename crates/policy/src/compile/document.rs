//! The text as headings and blocks with their places. Knows Djot and nothing about policies.

use crate::compile::attributes::Attrs;
use jotdown::{Container, Event, Parser};
use std::ops::Range;

/// What a piece of the document is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Tag {
    Heading,
    Paragraph,
    List,
    Item,
    Div,
    Table,
    Row { head: bool },
    Cell,
    Span,
    Link(String),
    Inline,
    Block,
    Unread,
}

/// A piece of the document with everything inside it.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub tag: Tag,
    pub attrs: Attrs,
    pub span: Range<usize>,
    /// All words inside, without markup; lines only where the document breaks them hard or an item ends.
    pub text: String,
    pub children: Vec<Node>,
}

/// A heading, or the start of the document, and the blocks directly under it.
#[derive(Debug, Clone)]
pub(crate) struct Part {
    /// `3.1`; empty for what stands under the title.
    pub number: String,
    pub title: String,
    pub attrs: Attrs,
    /// Where the heading stands.
    pub span: Range<usize>,
    pub blocks: Vec<Node>,
}

/// The whole text.
#[derive(Debug, Default)]
pub(crate) struct Document {
    /// The first is the title's own, even when there is no title.
    pub parts: Vec<Part>,
    /// Attributes that stand before nothing.
    pub loose: Vec<Attrs>,
}

/// Deeper nesting than people write is flattened, so that no text can make the compiler recurse without end.
const DEEPEST: usize = 24;

/// Reads the text.
pub(crate) fn read(source: &str) -> Document {
    let mut builder = Builder::default();
    builder.parts.push(Part {
        number: String::new(),
        title: String::new(),
        attrs: Attrs::default(),
        span: 0..0,
        blocks: Vec::new(),
    });
    for (event, span) in Parser::new(source).into_offset_iter() {
        match event {
            Event::Start(Container::Section { .. }, attributes) => builder.open_section(Attrs::read(&attributes, span)),
            Event::End(Container::Section { .. }) => builder.close_section(),
            Event::Start(Container::Document, _) | Event::End(Container::Document) => {}
            Event::Start(container, attributes) => {
                builder.open(tag(&container), Attrs::read(&attributes, span.clone()), span)
            }
            Event::End(_) => builder.close(span),
            Event::Attributes(attributes) => builder.loose.push(Attrs::read(&attributes, span)),
            event => builder.word(&event),
        }
    }
    Document { parts: builder.parts, loose: builder.loose }
}

fn tag(container: &Container<'_>) -> Tag {
    match container {
        Container::Heading { .. } => Tag::Heading,
        Container::Paragraph | Container::Caption | Container::DescriptionTerm => Tag::Paragraph,
        Container::List { .. } | Container::DescriptionList => Tag::List,
        Container::ListItem | Container::TaskListItem { .. } | Container::DescriptionDetails => Tag::Item,
        Container::Div { .. } | Container::Footnote { .. } | Container::Blockquote => Tag::Div,
        Container::Table => Tag::Table,
        Container::TableRow { head } => Tag::Row { head: *head },
        Container::TableCell { .. } => Tag::Cell,
        Container::Span => Tag::Span,
        Container::Link(target, _) => Tag::Link(target.to_string()),
        Container::LinkDefinition { .. } | Container::RawBlock { .. } | Container::RawInline { .. } => Tag::Unread,
        other if other.is_block() => Tag::Block,
        _ => Tag::Inline,
    }
}

#[derive(Default)]
struct Builder {
    parts: Vec<Part>,
    loose: Vec<Attrs>,
    /// Open pieces, outermost first.
    open: Vec<Node>,
    /// Pieces that were too deep and became part of the one above.
    flattened: usize,
    /// Attributes of a section whose heading has not come yet.
    waiting: Option<Attrs>,
    /// How many sections are open, and how many came at each depth.
    depth: usize,
    counters: Vec<usize>,
    has_title: bool,
    /// Whether the open section is the title's, whose sections count from 1.
    title_open: bool,
}

impl Builder {
    fn open_section(&mut self, attrs: Attrs) {
        self.depth += 1;
        self.waiting = Some(attrs);
    }

    fn close_section(&mut self) {
        self.depth = self.depth.saturating_sub(1);
        if self.depth == 0 {
            self.title_open = false;
        }
    }

    fn open(&mut self, tag: Tag, attrs: Attrs, span: Range<usize>) {
        if self.open.len() >= DEEPEST {
            self.flattened += 1;
        } else {
            self.open.push(Node { tag, attrs, span, text: String::new(), children: Vec::new() });
        }
    }

    fn close(&mut self, end: Range<usize>) {
        if self.flattened > 0 {
            self.flattened -= 1;
            return;
        }
        let Some(mut node) = self.open.pop() else { return };
        node.span.end = if matches!(node.tag, Tag::Span | Tag::Link(_) | Tag::Inline) {
            end.end
        } else {
            end.start.max(node.span.end)
        };
        if node.tag == Tag::Span {
            // Attributes of a span follow it.
            node.attrs.span = end;
        }
        if matches!(node.tag, Tag::Unread) {
            return;
        }
        if !matches!(node.tag, Tag::Span | Tag::Link(_) | Tag::Inline) {
            node.text = tidy(&node.text);
        }
        if node.tag == Tag::Heading && self.open.is_empty() {
            self.heading(node);
            return;
        }
        match self.open.last_mut() {
            Some(parent) => {
                let inline = matches!(node.tag, Tag::Span | Tag::Link(_) | Tag::Inline);
                if !inline && !parent.text.is_empty() {
                    parent.text.push('\n');
                }
                parent.text.push_str(&node.text);
                parent.children.push(node);
            }
            None => {
                if let Some(part) = self.parts.last_mut() {
                    part.blocks.push(node);
                }
            }
        }
    }

    fn heading(&mut self, mut node: Node) {
        node.text = node.text.replace('\n', " ");
        let attrs = self.waiting.take().unwrap_or_default();
        let span = if attrs.is_empty() { node.span } else { attrs.span.start..node.span.end };
        if !self.has_title {
            self.has_title = true;
            self.title_open = true;
            if let Some(first) = self.parts.first_mut() {
                (first.title, first.attrs, first.span) = (node.text, attrs, span);
            }
            return;
        }
        let level = if self.title_open { self.depth.saturating_sub(1) } else { self.depth }.max(1);
        self.counters.truncate(level);
        self.counters.resize(level, 0);
        if let Some(counter) = self.counters.last_mut() {
            *counter += 1;
        }
        let number = self.counters.iter().map(|n| n.max(&1).to_string()).collect::<Vec<_>>().join(".");
        self.parts.push(Part { number, title: node.text, attrs, span, blocks: Vec::new() });
    }

    fn word(&mut self, event: &Event<'_>) {
        let Some(node) = self.open.last_mut() else { return };
        match event {
            Event::Str(text) => node.text.push_str(text),
            Event::Symbol(name) => {
                node.text.push(':');
                node.text.push_str(name);
                node.text.push(':');
            }
            Event::LeftSingleQuote => node.text.push('‘'),
            Event::RightSingleQuote => node.text.push('’'),
            Event::LeftDoubleQuote => node.text.push('“'),
            Event::RightDoubleQuote => node.text.push('”'),
            Event::Ellipsis => node.text.push('…'),
            Event::EnDash => node.text.push('–'),
            Event::EmDash => node.text.push('—'),
            Event::NonBreakingSpace | Event::Softbreak => node.text.push(' '),
            Event::Hardbreak => node.text.push('\n'),
            _ => {}
        }
    }
}

/// Runs of spaces become one, empty lines go.
fn tidy(text: &str) -> String {
    let lines = text.split('\n').map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
    lines.filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}
