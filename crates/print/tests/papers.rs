//! What a school prints: every paper opens, says what it was given, and says it the same way twice.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on should stop")]

mod samples;

use belisha_print::*;
use samples::*;
use std::io::Write;
use std::process::{Command, Stdio};

/// The words on the pages as somebody copying them would get them, without invisible breaks.
fn words_on(pdf: &[u8]) -> String {
    let mut reader = Command::new("pdftotext")
        .args(["-layout", "-", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("pdftotext of poppler-utils is installed");
    let mut input = reader.stdin.take().unwrap();
    let bytes = pdf.to_vec();
    let writer = std::thread::spawn(move || input.write_all(&bytes));
    let output = reader.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap().replace('\u{200B}', "")
}

/// All words with every space and line end left out, so that wrapping does not matter.
fn run_together(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).collect()
}

fn says(pdf: &[u8], expected: &str) -> bool {
    words_on(pdf).split_whitespace().collect::<Vec<_>>().join(" ").contains(expected)
}

fn claims_accessibility(pdf: &[u8]) -> bool {
    let text = String::from_utf8_lossy(pdf);
    text.contains("pdfuaid:part") && text.contains("/StructTreeRoot") && text.contains("/Lang")
}

/// Writes the samples where somebody can look at them: `PAPERS=/tmp/papers cargo test -p belisha-print`.
fn keep(name: &str, pdf: &[u8]) {
    if let Some(folder) = std::env::var_os("PAPERS") {
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(std::path::Path::new(&folder).join(name), pdf).unwrap();
    }
}

#[test]
fn the_incident_form_has_the_five_columns_and_everything_decided() {
    let pdf = incident_form(&an_incident()).unwrap();
    keep("incident.pdf", &pdf);
    let words = run_together(&words_on(&pdf));
    for expected in [
        "Confidential",
        "Case 17",
        "Marlowe Bridge High School",
        "Page 1 of",
        "Printed 21 November 2026, 14:05",
        "not taken",
    ] {
        assert!(says(&pdf, expected), "{expected}");
    }
    for expected in
        ["Was harmed, or may have been", "the police had already been told by the parents", "Founded", "[knife]"]
    {
        assert!(words.contains(&run_together(expected)) || says(&pdf, expected), "{expected}");
    }
    assert!(claims_accessibility(&pdf));
}

#[test]
fn the_columns_are_those_of_the_log_in_its_order() {
    let layout = include_str!("../layouts/incident_form.typ");
    assert!(layout.contains(
        "table.header[Date][Where the incident took place][Description][Action taken][Name and signature of staff member recording the incident]"
    ));
}

#[test]
fn an_open_case_without_people_or_actions_prints_too() {
    let form = IncidentForm {
        involved: vec![],
        actions: vec![],
        outcome: None,
        kind: None,
        policy: None,
        risk_areas: vec![],
        ..an_incident()
    };
    let pdf = incident_form(&form).unwrap();
    assert!(says(&pdf, "This case is open."));
    assert!(says(&pdf, "Nobody is named in this case."));
    assert!(claims_accessibility(&pdf));
}

#[test]
fn the_half_yearly_report_shows_small_numbers_as_fewer_than_5() {
    let pdf = half_yearly_report(&a_half_year()).unwrap();
    keep("half-year.pdf", &pdf);
    for expected in ["fewer than 5", "July to December 2026", "Pages closed by the filter", "18,204"] {
        assert!(says(&pdf, expected), "{expected}");
    }
    assert!(claims_accessibility(&pdf));
}

#[test]
fn a_hidden_figure_leaves_no_trace_in_the_file() {
    let shown = |figure| {
        let bars = vec![Bar { label: "Something".into(), now: figure, before: None }];
        let chart = BarChart { before: None, bars, ..a_half_year().charts.remove(0) };
        half_yearly_report(&HalfYearlyPaper { charts: vec![chart], tables: vec![], ..a_half_year() }).unwrap()
    };
    assert!(says(&shown(Figure::FewerThanFive), "Something fewer than 5"));
    assert!(says(&shown(Figure::Count(0)), "Something 0"));
}

#[test]
fn an_empty_report_prints() {
    let empty =
        HalfYearlyPaper { charts: vec![], tables: vec![], notes: vec![], key_sentences: vec![], ..a_half_year() };
    assert!(claims_accessibility(&half_yearly_report(&empty).unwrap()));
}

#[test]
fn a_signed_agreement_carries_the_exact_lines_and_its_proof() {
    let agreement = a_signed_agreement();
    let pdf = signed_agreement(&agreement).unwrap();
    keep("agreement.pdf", &pdf);
    let words = run_together(&words_on(&pdf));
    for signature in &agreement.signatures {
        for line in &signature.lines {
            assert!(words.contains(&run_together(line)), "{line}");
        }
        assert!(words.contains(&signature.ledger_hash));
        assert!(says(&pdf, &format!("Ledger entry {}", signature.ledger_position)));
        assert!(says(&pdf, &signature.at));
    }
    assert!(claims_accessibility(&pdf));
}

#[test]
fn a_policy_names_its_undecided_cells() {
    let pdf = policy_document(&a_policy()).unwrap();
    keep("policy.pdf", &pdf);
    for expected in ["undecided", "7.1", "enforced", "Version 7", "allows nothing"] {
        assert!(says(&pdf, expected), "{expected}");
    }
    assert!(claims_accessibility(&pdf));
}

#[test]
fn both_policies_that_ship_print_whole() {
    for name in ["england-secondary", "scotland-primary"] {
        let source =
            std::fs::read_to_string(format!("{}/../../policies/{name}.dj", env!("CARGO_MANIFEST_DIR"))).unwrap();
        let policy =
            belisha_policy::compile(&source, jiff::civil::date(2026, 11, 21)).policy.expect("the policy compiles");
        let paper = PolicyPaper::of(&policy, an_incident().imprint, "Version 1".into(), "draft".into());
        let pdf = policy_document(&paper).unwrap();
        keep(&format!("{name}.pdf"), &pdf);
        let words = run_together(&words_on(&pdf));
        for heading in paper.sections.iter().filter_map(|section| section.heading.as_ref()) {
            assert!(words.contains(&run_together(heading)), "{heading}");
        }
        let rows: usize = paper.sections.iter().flat_map(|s| &s.items).map(|i| i.rows.len()).sum();
        assert!(rows > 10, "{rows}");
        assert!(words.contains("undecided"));
        assert!(claims_accessibility(&pdf));
    }
}

#[test]
fn a_row_with_cells_missing_or_too_many_still_prints() {
    let mut policy = a_policy();
    for row in policy.sections.iter_mut().flat_map(|s| &mut s.items).flat_map(|i| &mut i.rows) {
        row.cells.truncate(1);
        row.cells.extend(vec![PolicyCell::Undecided; 30]);
    }
    policy_document(&policy).unwrap();
    let mut report = a_half_year();
    report.tables[0].rows[0].figures.clear();
    half_yearly_report(&report).unwrap();
}

#[test]
fn the_same_paper_twice_is_the_same_file() {
    assert_eq!(incident_form(&an_incident()).unwrap(), incident_form(&an_incident()).unwrap());
    assert_eq!(half_yearly_report(&a_half_year()).unwrap(), half_yearly_report(&a_half_year()).unwrap());
    assert_eq!(signed_agreement(&a_signed_agreement()).unwrap(), signed_agreement(&a_signed_agreement()).unwrap());
    assert_eq!(policy_document(&a_policy()).unwrap(), policy_document(&a_policy()).unwrap());
}

#[test]
fn nothing_somebody_writes_is_read_as_markup() {
    let hostile = [
        "#chars *x* $y$ @z <b>",
        "#panic(1) #read(\"/etc/passwd\") #import \"/house.typ\"",
        "= Heading\n- item\n+ item\n/ term: x",
        "\\ \\u{41} ~ -- --- ... \"quoted\" 'single' `raw` // comment /* block */",
        "]]]]} ))) ; , \"}, {\"school\": \"other\"",
    ];
    for text in hostile {
        for pdf in [
            incident_form(&an_incident_saying(text)),
            signed_agreement(&an_agreement_saying(text)),
            policy_document(&a_policy_saying(text)),
            half_yearly_report(&a_report_saying(text)),
        ] {
            let pdf = pdf.unwrap();
            let words = run_together(&words_on(&pdf));
            for line in text.lines() {
                assert!(words.contains(&run_together(line)), "{line} in {words}");
            }
            assert!(claims_accessibility(&pdf), "{text}");
        }
    }
}

#[test]
fn every_script_control_character_and_emoji_prints_and_stays_accessible() {
    let texts = [
        "שלום עולם",
        "مرحبا بالعالم",
        "mixed مرحبا and שלום text",
        "👨‍👩‍👧‍👦 🏴󠁧󠁢󠁷󠁬󠁳󠁿 👍🏽 🇬🇧 ☹️ ❤️",
        "ਸਤ ਸ੍ਰੀ ਅਕਾਲ",
        "你好，世界",
        "a\0b\u{1}\u{7f}\u{9f}",
        "\u{202E}evil\u{202C}",
        "\u{200B}",
        "a\u{200C}b",
        "\u{200D}",
        "\u{FEFF}",
        "a\u{2060}b",
        "a\u{AD}b",
        "\u{2066}a\u{2069}",
        "\u{200E}\u{200F}",
        "e\u{301}\u{301}\u{301} Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢L",
        "\u{E000}\u{F8FF}\u{10FFFF}\u{FFFD}",
        "\t\r\n\u{2028}\u{2029}\u{85}",
        "",
        " ",
        "\n\n\n",
    ];
    let mut plain = Vec::new();
    for text in texts {
        for pdf in [
            incident_form(&an_incident_saying(text)),
            signed_agreement(&an_agreement_saying(text)),
            policy_document(&a_policy_saying(text)),
            half_yearly_report(&a_report_saying(text)),
        ] {
            if !claims_accessibility(&pdf.unwrap()) {
                plain.push(text);
            }
        }
    }
    assert_eq!(plain, Vec::<&str>::new());
}

#[test]
fn a_very_long_account_prints_whole_over_many_pages() {
    let account = "The pupil said that this went on for weeks. ".repeat(2_300);
    let pdf = incident_form(&IncidentForm { description: account.clone(), ..an_incident() }).unwrap();
    keep("long.pdf", &pdf);
    assert!(account.len() > 100_000);
    assert!(claims_accessibility(&pdf));
    assert_eq!(words_on(&pdf).matches("weeks.").count(), 2_300);
    let unbroken = "x".repeat(100_000);
    let pdf = incident_form(&IncidentForm { description: unbroken, ..an_incident() }).unwrap();
    assert!(claims_accessibility(&pdf));
    assert!(run_together(&words_on(&pdf)).matches('x').count() >= 100_000);
}
