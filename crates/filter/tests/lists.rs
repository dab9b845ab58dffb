//! Lists as their makers publish them: what is taken, what is refused and where, and that nothing read breaks the reader.

use belisha_filter::{Format, ListParser, ParsedEntry, Zone, ZoneAction, category_for, detect, parse};
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

/// Name, exempted, important of each entry.
fn marks(text: &str, format: Format) -> Vec<(String, bool, bool)> {
    let entries = parse(text, Some(format)).entries.into_iter();
    entries.map(|entry| (entry.name, entry.allow, entry.important)).collect()
}

#[test]
fn adblock_options_that_speak_of_whole_names_are_read() {
    let text = "||ads.example^$important,denyallow=good.ads.example|elsewhere.example\n\
                ||gone.example^$dnsrewrite=NXDOMAIN;;\n||zero.example^$dnsrewrite=NOERROR;A;0.0.0.0\n\
                ||refused.example^$dnsrewrite=REFUSED\n||two.example^$denyallow=a.two.example,denyallow=b.two.example\n||self.example^$dnsrewrite=127.0.0.1\n";
    let expected = [
        ("ads.example", false, true),
        ("good.ads.example", true, false),
        ("gone.example", false, false),
        ("zero.example", false, false),
        ("refused.example", false, false),
        ("two.example", false, false),
        ("a.two.example", true, false),
        ("b.two.example", true, false),
        ("self.example", false, false),
    ];
    let expected: Vec<_> = expected.map(|(name, allow, important)| (name.to_owned(), allow, important)).into();
    assert_eq!(marks(text, Format::Adblock), expected);
}

#[test]
fn dnsmasq_lines_close_and_exempt_names() {
    let text = "# ours\naddress=/ads.example/0.0.0.0\naddress=/one.example/two.example/#\nlocal=/three.example/\n\
                server=/four.example/ # by hand\nserver=/good.ads.example/#\naddress=/five.example/::\n";
    let expected = [
        ("ads.example", false),
        ("one.example", false),
        ("two.example", false),
        ("three.example", false),
        ("four.example", false),
        ("good.ads.example", true),
        ("five.example", false),
    ];
    let expected: Vec<_> = expected.map(|(name, allow)| (name.to_owned(), allow, false)).into();
    assert_eq!(marks(text, Format::Dnsmasq), expected);
}

#[test]
fn response_policy_zones_close_and_pass_names() {
    let text = "$TTL 300\n@ SOA localhost. hostmaster.localhost. (\n  1 ; serial\n  3600 600 604800 300 )\n  NS localhost.\n\
                bad.example CNAME . ; why\n*.bad.example CNAME .\nempty.example 300 IN CNAME *.\n\
                drop.example CNAME rpz-drop.\ngood.bad.example IN CNAME rpz-passthru.\nzero.example A 0.0.0.0\n    AAAA ::\n";
    let expected = [
        ("bad.example", false),
        ("bad.example", false),
        ("empty.example", false),
        ("drop.example", false),
        ("good.bad.example", true),
        ("zero.example", false),
    ];
    let expected: Vec<_> = expected.map(|(name, allow)| (name.to_owned(), allow, false)).into();
    assert_eq!(marks(text, Format::Rpz), expected);
    let absolute = "$ORIGIN rpz.school.test.\nBad.example.RPZ.school.test. CNAME .\n";
    assert_eq!(names(absolute, Format::Rpz), ["bad.example"]);
    let by_soa =
        "rpz.school.test. IN SOA a. b. 1 2 3 4 5\nbad.example.rpz.school.test. CNAME .\nelse.example. CNAME .\n";
    assert_eq!(names(by_soa, Format::Rpz), ["bad.example"]);
}

#[test]
fn a_zone_that_we_write_is_read_again() {
    let zone = Zone { origin: "rpz.school.test".into(), serial: 1_790_000_000, ttl: 60 };
    let mut text = zone.head();
    for (name, action) in [
        ("bad.example", ZoneAction::Close),
        ("good.bad.example", ZoneAction::Pass),
        ("page.example", ZoneAction::LeadTo("127.0.0.1".parse().unwrap())),
    ] {
        text += &zone.records(name, action).unwrap();
    }
    let list = parse(&text, None);
    assert_eq!((list.format, list.counts.refused), (Format::Rpz, 0), "{:?}", list.refused);
    let read: Vec<_> = list.entries.iter().map(|entry| (&*entry.name, entry.allow)).collect();
    let twice = |name, allow| [(name, allow), (name, allow)];
    assert_eq!(
        read,
        [twice("bad.example", false), twice("good.bad.example", true), twice("page.example", false)].concat()
    );
    assert_eq!(zone.records(&format!("{}.example", "a".repeat(240)), ZoneAction::Close), None);
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
        ("||ads.example^$dnsrewrite=192.0.2.1", Format::Adblock, 1, "elsewhere"),
        ("||ads.example^$dnsrewrite=NOERROR;CNAME;other.example", Format::Adblock, 1, "elsewhere"),
        ("||ads.example^$badfilter", Format::Adblock, 1, "takes back"),
        ("||ads.example^$client=10.0.0.1", Format::Adblock, 1, "groups say who"),
        ("address=/ads.example/192.0.2.1", Format::Dnsmasq, 1, "elsewhere"),
        ("server=/ads.example/192.0.2.1", Format::Dnsmasq, 1, "elsewhere"),
        ("address=/#/0.0.0.0", Format::Dnsmasq, 1, "every name"),
        ("conf-file=/etc/other", Format::Dnsmasq, 1, "`address=`"),
        ("  address=/com/", Format::Dnsmasq, 12, "without a dot"),
        ("* CNAME .", Format::Rpz, 1, "every name"),
        ("ads.example CNAME other.example.", Format::Rpz, 1, "elsewhere"),
        ("ads.example A 192.0.2.1", Format::Rpz, 1, "elsewhere"),
        ("ads.example CNAME rpz-tcp-only.", Format::Rpz, 1, "neither closes"),
        ("32.1.0.0.10.rpz-client-ip CNAME .", Format::Rpz, 1, "groups say who"),
        ("32.1.0.0.10.rpz-ip CNAME .", Format::Rpz, 1, "address in an answer"),
        ("ns.bad.example.rpz-nsdname CNAME .", Format::Rpz, 1, "name server"),
        ("ads.example.other.test. CNAME .", Format::Rpz, 1, "$ORIGIN"),
        ("$INCLUDE other.zone", Format::Rpz, 1, "one file"),
        ("co.uk CNAME .", Format::Rpz, 1, "unrelated people"),
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
fn names_that_no_list_may_close_are_told_apart_from_other_bad_lines() {
    let text = "good.example\ngithub.com\nGitHub.com\nco.uk\ncom\nprinter\nwww.gov.uk\nchildline.org.uk\nnot a name\n";
    let mut parser = ListParser::new(Format::Plain);
    text.lines().for_each(|line| parser.line(line.as_bytes(), |_| {}));
    assert_eq!(parser.protected(), ["github.com", "co.uk", "com", "www.gov.uk", "childline.org.uk"]);
    assert_eq!(parser.counts().refused, 8);
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
        ("# ours\naddress=/a.example/0.0.0.0\n", Format::Dnsmasq),
        ("$TTL 60\n@ SOA a. b. 1 2 3 4 5\na.example CNAME .\n", Format::Rpz),
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
        Format::Dnsmasq if entry.allow => format!("server=/{}/#", entry.name),
        Format::Dnsmasq => format!("address=/{}/0.0.0.0", entry.name),
        Format::Rpz if entry.allow => format!("{} CNAME rpz-passthru.", entry.name),
        Format::Rpz => format!("{} CNAME .", entry.name),
    };
    entries.iter().map(|entry| line(entry) + "\n").collect()
}

fn any_format() -> impl Strategy<Value = Format> {
    prop::sample::select(Format::ALL)
}

proptest! {
    #[test]
    fn what_is_written_is_read_again(
        format in any_format(),
        rows in prop::collection::vec(("[a-z0-9][a-z0-9-]{0,20}(\\.[a-z0-9]{1,10}){0,2}\\.(example|test|com)", any::<bool>(), any::<bool>()), 0..30),
    ) {
        let may_allow = matches!(format, Format::Adblock | Format::Dnsmasq | Format::Rpz);
        let may_insist = format == Format::Adblock;
        let entries: Vec<ParsedEntry> = rows.into_iter().map(|(name, allow, important)| ParsedEntry { name, allow: may_allow && allow, important: may_insist && important }).collect();
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
        let counts = parser.counts();
        prop_assert_eq!((counts.lines, counts.taken), (lines.len(), taken));
        // No line is passed over in silence; some hold several names.
        prop_assert!(counts.taken + counts.refused + counts.comments + counts.cosmetic >= lines.len());
    }

    #[test]
    fn no_text_breaks_a_parser(format in any_format(), text in "[|@#$^!/*.a-z0-9: é=;,()\\t\\n\\[\\]]{0,200}") {
        let _ = detect(&text);
        let _ = parse(&text, Some(format));
        let _ = parse(&text, None);
    }
}
