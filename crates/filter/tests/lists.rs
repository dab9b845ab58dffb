//! Lists as their makers publish them: what is taken, what is refused and where, and that nothing read breaks the reader.

use belisha_filter::{Format, ListParser, ParsedEntry, category_for, detect, parse};
use proptest::prelude::*;

fn names(text: &str, format: Format) -> Vec<String> {
    parse(text, Some(format)).entries.into_iter().map(|entry| entry.name).collect()
}

#[test]
fn each_format_gives_its_names() {
    assert_eq!(names("casino.example\nwww.Bet.example\n", Format::Ut1), ["casino.example", "www.bet.example"]);
    assert_eq!(names("# ads\n\nads.example # why\n*.track.example\n", Format::Plain), ["ads.example", "track.example"]);
    assert_eq!(
        names(
            "127.0.0.1 localhost\n0.0.0.0 ads.example more.example # both\n::1 ip6-localhost\nfe80::1%lo0 localhost\n",
            Format::Hosts
        ),
        ["ads.example", "more.example"]
    );
    assert_eq!(
        names("[Adblock Plus]\n! note\n||ads.example^\nplain.example\n0.0.0.0 host.example\n", Format::Adblock),
        ["ads.example", "plain.example", "host.example"]
    );
}

#[test]
fn adblock_marks_are_kept() {
    let list =
        parse("||ads.example^\n@@||good.ads.example^\n||worst.example^$important\n@@||com^\n", Some(Format::Adblock));
    let marks: Vec<(&str, bool, bool)> =
        list.entries.iter().map(|entry| (&*entry.name, entry.allow, entry.important)).collect();
    assert_eq!(
        marks,
        [
            ("ads.example", false, false),
            ("good.ads.example", true, false),
            ("worst.example", false, true),
            ("com", true, false)
        ]
    );
    assert_eq!((list.counts.taken, list.counts.exempted), (4, 2));
}

#[test]
fn a_bad_line_is_refused_with_its_place_and_the_good_ones_are_taken() {
    let long = format!("{}.example", "a".repeat(70));
    for (line, format, column, words) in [
        ("com", Format::Plain, 1, "without a dot"),
        ("  co.uk", Format::Plain, 3, "unrelated people"),
        ("github.io", Format::Plain, 1, "protected"),
        ("childline.org.uk", Format::Plain, 1, "helpline"),
        ("192.0.2.7", Format::Plain, 1, "is an address"),
        (&*long, Format::Ut1, 1, "63 characters"),
        ("not a name", Format::Ut1, 1, "letters, digits"),
        ("ads.example", Format::Hosts, 1, "starts with an address"),
        ("0.0.0.0 good.example bad..example", Format::Hosts, 22, "part between the dots"),
        ("||ads.example", Format::Adblock, 1, "does not end in `^`"),
        ("||ads.example^$third-party", Format::Adblock, 1, "`$important`"),
        ("/ads[0-9]+/", Format::Adblock, 1, "expressions"),
        ("||ads.example/path^", Format::Adblock, 1, "paths"),
        ("||com^", Format::Adblock, 3, "without a dot"),
    ] {
        let list = parse(&format!("{line}\n"), Some(format));
        assert_eq!(list.refused.len(), 1, "{line}: {list:?}");
        let error = &list.refused[0];
        assert_eq!((error.line, error.column), (1, column), "{line}: {error}");
        assert!(error.message.contains(words), "{line}: {error}");
    }
    let list = parse("good.example\ncom\nbetter.example\n", Some(Format::Plain));
    assert_eq!(list.entries.len(), 2);
    assert_eq!(list.refused[0].line, 2);
}

#[test]
fn rules_about_looks_are_counted_apart() {
    let list = parse("example.com##.advert\nexample.com#@#.advert\n! note\n||ads.example^\n", Some(Format::Adblock));
    assert_eq!((list.counts.cosmetic, list.counts.comments, list.counts.taken, list.counts.refused), (2, 1, 1, 0));
}

#[test]
fn a_line_of_noise_or_of_endless_length_is_refused() {
    let mut parser = ListParser::new(Format::Plain);
    parser.line(b"caf\xe9.example", |_| panic!("taken"));
    parser.line(&[b'a'; 10_000], |_| panic!("taken"));
    assert_eq!(parser.counts().refused, 2);
    for _ in 0..5_000 {
        parser.line(b"com", |_| panic!("taken"));
    }
    assert_eq!((parser.counts().refused, parser.refused().len()), (5_002, 1_000));
}

#[test]
fn the_format_is_told_by_the_first_lines() {
    for (text, format) in [
        ("a.example\nb.example\n", Format::Ut1),
        ("# list\na.example\n", Format::Plain),
        ("# hosts\n127.0.0.1 localhost\n0.0.0.0 a.example\n", Format::Hosts),
        ("! list\n||a.example^\n", Format::Adblock),
        ("[Adblock Plus]\n||a.example^\n", Format::Adblock),
        ("", Format::Ut1),
    ] {
        assert_eq!(detect(text), format, "{text}");
        assert_eq!(Format::from_key(format.key()), Some(format));
    }
}

#[test]
fn other_peoples_categories_become_ours() {
    for (theirs, ours) in [
        ("adult", "pornography"),
        ("agressif", "violence"),
        ("drogue", "drugs"),
        ("vpn", "proxy-avoidance"),
        ("cooking", "cooking"),
    ] {
        assert_eq!(category_for(theirs), ours);
    }
}

/// Writes entries as a list of a format, which only adblock lists can do with their marks.
fn print(entries: &[ParsedEntry], format: Format) -> String {
    let line = |entry: &ParsedEntry| match format {
        Format::Ut1 | Format::Plain => entry.name.clone(),
        Format::Hosts => format!("0.0.0.0 {}", entry.name),
        Format::Adblock => format!(
            "{}||{}^{}",
            if entry.allow { "@@" } else { "" },
            entry.name,
            if entry.important { "$important" } else { "" }
        ),
    };
    entries.iter().map(|entry| line(entry) + "\n").collect()
}

fn any_format() -> impl Strategy<Value = Format> {
    prop_oneof![Just(Format::Ut1), Just(Format::Plain), Just(Format::Hosts), Just(Format::Adblock)]
}

proptest! {
    #[test]
    fn what_is_written_is_read_again(
        format in any_format(),
        rows in prop::collection::vec(("[a-z0-9][a-z0-9-]{0,20}(\\.[a-z0-9]{1,10}){0,2}\\.(example|test|com)", any::<bool>(), any::<bool>()), 0..30),
    ) {
        let marked = format == Format::Adblock;
        let entries: Vec<ParsedEntry> = rows.into_iter().map(|(name, allow, important)| ParsedEntry { name, allow: marked && allow, important: marked && important }).collect();
        prop_assert_eq!(parse(&print(&entries, format), Some(format)).entries, entries);
    }

    #[test]
    fn no_bytes_break_a_parser(format in any_format(), lines in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..60), 0..20)) {
        let mut parser = ListParser::new(format);
        let mut taken = 0;
        for line in &lines {
            parser.line(line, |entry| {
                taken += 1;
                assert_eq!(belisha_filter::normalise(entry.name).as_deref(), Ok(entry.name));
            });
        }
        prop_assert_eq!(parser.counts().lines, lines.len());
        prop_assert_eq!(parser.counts().taken, taken);
    }

    #[test]
    fn no_text_breaks_a_parser(format in any_format(), text in "[|@#$^!/*.a-z0-9: é\\t\\[\\]]{0,200}") {
        let _ = detect(&text);
        let _ = parse(&text, Some(format));
        let _ = parse(&text, None);
    }
}
