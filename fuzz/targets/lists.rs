//! Any bytes at all are a list with good and bad lines, and never a panic: as each format, and as the format they look
//! like. What was taken and is written again as a list is the same list, and an index of it finds every name.
#![no_main]

use belisha_filter::{DomainIndex, DomainIndexBuilder, Format, ListParser, ParsedEntry, detect, normalise, parse};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    for format in Format::ALL.iter().copied() {
        lines(bytes, format);
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        assert_eq!(parse(text, None), parse(text, Some(detect(text))));
        if let Ok(name) = normalise(text) {
            assert_eq!(normalise(&name).as_deref(), Ok(&*name), "normalising twice is normalising once");
        }
    }
});

fn lines(bytes: &[u8], format: Format) {
    let mut parser = ListParser::new(format);
    let mut taken = Vec::new();
    for line in bytes.split(|byte| *byte == b'\n') {
        parser.line(line, |entry| {
            taken.push(ParsedEntry {
                name: entry.name.to_owned(),
                allow: entry.allow,
                important: entry.important,
            });
        });
    }
    let counts = parser.counts();
    assert_eq!(counts.taken, taken.len());
    for refused in parser.refused() {
        assert!(refused.line >= 1 && refused.line <= counts.lines && refused.column >= 1, "{refused:?}");
    }
    let printed: String = taken.iter().map(print).collect();
    assert_eq!(parse(&printed, Some(Format::Adblock)).entries, taken);
    built(&taken);
}

fn print(entry: &ParsedEntry) -> String {
    let exemption = if entry.allow { "@@" } else { "" };
    let important = if entry.important { "$important" } else { "" };
    format!("{exemption}||{}^{important}\n", entry.name)
}

fn built(taken: &[ParsedEntry]) {
    let mut builder = DomainIndexBuilder::new();
    let source = builder.source("fuzzed", "games").expect("one list");
    for entry in taken.iter().filter(|entry| !entry.allow) {
        builder.add(source, &entry.name);
    }
    let index = builder.build().expect("one combination");
    for entry in taken.iter().filter(|entry| !entry.allow) {
        assert!(!index.lookup(&entry.name).is_empty(), "{entry:?} was put in");
        assert!(!index.lookup(&format!("www.{}", entry.name)).is_empty(), "{entry:?} covers what is below");
    }
    assert_eq!(DomainIndex::read_from(index.as_bytes()).as_ref(), Ok(&index));
}
