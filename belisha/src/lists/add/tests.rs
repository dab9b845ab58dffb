//! Stories of importing a list: what is taken, what is refused, what waits.

use super::super::load;
use super::super::reading::SHOWN;
use super::*;

struct Import {
    data: tempfile::TempDir,
    source: tempfile::TempDir,
}

impl Import {
    fn new() -> Self {
        Self { data: tempfile::tempdir().unwrap(), source: tempfile::tempdir().unwrap() }
    }
    fn add(&self, file: &str, bytes: &[u8], change: impl FnOnce(&mut AddRequest)) -> Result<Added, String> {
        let path = self.source.path().join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, bytes).unwrap();
        let mut request = AddRequest::new(Source::Path(path));
        (request.category, request.name) = (Some("games".into()), Some("ours".into()));
        change(&mut request);
        add(self.data.path(), &request, "2026-11-20T10:00:00Z".parse().unwrap(), &ProgressBar::hidden())
            .map_err(|error| error.to_string())
    }
    fn categories_of(&self, host: &str) -> Vec<String> {
        let loaded = load(self.data.path()).unwrap();
        assert_eq!(loaded.findings, [] as [String; 0]);
        loaded
            .index
            .lookup(host)
            .listings()
            .filter(|listing| &**listing.list == "ours")
            .map(|listing| listing.category.to_string())
            .collect()
    }
}

fn many(count: usize) -> Vec<u8> {
    (0..count).flat_map(|number| format!("site{number}.example\n").into_bytes()).collect()
}

#[test]
fn every_format_is_read_without_being_told() {
    let table: [(&str, &[u8]); 4] = [
        ("plain", b"# games\nplay.example\nfun.example # both\n"),
        ("hosts", b"127.0.0.1 localhost\n0.0.0.0 play.example\n0.0.0.0 fun.example\n"),
        ("adblock", b"[Adblock Plus]\n! games\n||play.example^\n||fun.example^\n"),
        ("ut1", b"play.example\nfun.example\n"),
    ];
    for (format, text) in table {
        let import = Import::new();
        let added = import.add("list.txt", text, |_| {}).unwrap();
        assert_eq!((added.manifest.domains(), added.manifest.refused_lines), (2, 0), "{format}");
        assert_eq!(import.categories_of("www.play.example"), ["games"], "{format}");
    }
}

#[test]
fn good_lines_are_imported_and_bad_ones_said_by_line() {
    let import = Import::new();
    let mut text = b"play.example\nnot a name\n\xff\xfe\nfun.example\n".to_vec();
    text.extend(std::iter::repeat_n(b'x', 100_000));
    text.extend(b"\nlast.example\n");
    text.extend(b"bad name\n".repeat(40));
    let added = import.add("list.txt", &text, |request| request.format = Some(Format::Plain)).unwrap();
    assert_eq!(added.manifest.domains(), 3);
    assert_eq!(added.manifest.refused_lines, 43);
    assert_eq!(added.manifest.refused.len(), SHOWN);
    assert!(added.manifest.refused[0].starts_with("line 2, "), "{:?}", added.manifest.refused[0]);
    assert_eq!(import.categories_of("last.example"), ["games"]);
}

#[test]
fn a_folder_of_categories_is_read_under_our_names_and_one_can_be_chosen() {
    let import = Import::new();
    import.add("blacklists/gambling/domains", b"bet.example\n", |request| request.category = Some("none".into())).ok();
    import
        .add("blacklists/agressif/domains", b"fight.example\n", |request| request.category = Some("none".into()))
        .ok();
    let folder = Source::Path(import.source.path().join("blacklists"));
    let all = import
        .add("unused", b"", |request| (request.source, request.category, request.force) = (folder.clone(), None, true))
        .unwrap();
    let categories: Vec<&str> = all.manifest.categories.iter().map(|shelved| shelved.category.as_str()).collect();
    assert_eq!(categories, ["gambling", "violence"]);
    let one = import
        .add("unused", b"", |request| {
            (request.source, request.category, request.force) = (folder, Some("violence".into()), true)
        })
        .unwrap();
    assert_eq!(one.manifest.categories.len(), 1);
    assert_eq!(import.categories_of("bet.example"), [] as [String; 0]);
}

#[test]
fn a_list_that_came_back_empty_does_not_replace_the_good_one() {
    let import = Import::new();
    import.add("list.txt", &many(100), |_| {}).unwrap();
    for text in [b"# nothing\n".as_slice(), b"<html>busy</html>"] {
        let refused = import.add("list.txt", text, |_| {}).unwrap_err();
        assert!(refused.contains("no domain") && refused.contains("--force"), "{refused}");
        assert_eq!(import.categories_of("site99.example"), ["games"]);
    }
}

#[test]
fn a_list_that_shrank_waits_for_a_person() {
    let import = Import::new();
    import.add("list.txt", &many(100), |_| {}).unwrap();
    let held = import.add("list.txt", &many(49), |_| {}).unwrap();
    assert_eq!((held.outcome, held.before), (Outcome::Held, Some(100)));
    assert!(held.words().contains("51 of the 100 names under `games` would be gone"), "{}", held.words());
    assert_eq!(import.categories_of("site99.example"), ["games"], "the old list stays in force");
    assert!(shelf::held(import.data.path(), "ours").is_some());
    // An update that looks right overtakes the one that waits.
    let added = import.add("list.txt", &many(101), |_| {}).unwrap();
    assert_eq!((added.outcome, added.words().as_str()), (Outcome::InForce, "+1, −0"));
    assert!(shelf::held(import.data.path(), "ours").is_none());
    let forced = import.add("list.txt", &many(5), |request| request.force = true).unwrap();
    assert_eq!((forced.outcome, forced.manifest.domains()), (Outcome::InForce, 5));
    assert_eq!(import.categories_of("site99.example"), [] as [String; 0]);
}

#[test]
fn a_list_that_newly_names_what_no_list_should_close_waits_for_a_person() {
    let import = Import::new();
    let own = |request: &mut AddRequest| request.own_names = vec!["marlowe-bridge.example".into()];
    import.add("list.txt", b"play.example\nco.uk\n", own).unwrap();
    let harmless = import.add("list.txt", b"play.example\nco.uk\nfun.example\n", own).unwrap();
    assert_eq!(harmless.outcome, Outcome::InForce, "what it always named is no news: {}", harmless.words());
    for accident in ["github.com", "ajax.googleapis.com", "gov.uk", "www.bbc.co.uk", "marlowe-bridge.example"] {
        let held = import.add("list.txt", format!("play.example\nfun.example\n{accident}\n").as_bytes(), own).unwrap();
        assert_eq!(held.outcome, Outcome::Held, "{accident}");
        assert!(held.words().contains(accident), "{}", held.words());
        assert_eq!(import.categories_of(accident), [] as [String; 0]);
    }
}

#[test]
fn an_update_says_how_it_differs_and_the_same_list_again_is_no_update() {
    let import = Import::new();
    let first = import.add("list.txt", b"a.example\nb.example\n", |_| {}).unwrap();
    assert_eq!(first.words(), "2 names");
    let by_itself = |request: &mut AddRequest| request.by_itself = true;
    let second = import.add("list.txt", b"b.example\nc.example\nd.example\nnot a name\n", by_itself).unwrap();
    assert_eq!(second.words(), "+2, −1, 1 line refused");
    let same = import.add("list.txt", b"b.example\nc.example\nd.example\n", by_itself).unwrap();
    assert_eq!((same.outcome, same.words().as_str()), (Outcome::Same, "not changed"));
    assert_eq!(shelf::newest(import.data.path(), "ours").unwrap().number, 2);
}

#[test]
fn a_list_that_does_not_prove_what_it_must_is_not_taken() {
    let import = Import::new();
    import.add("list.txt", b"a.example\n", |_| {}).unwrap();
    let sum = |request: &mut AddRequest| request.check.sha256 = Some("0".repeat(64));
    let refused = import.add("list.txt", b"b.example\n", sum).unwrap_err();
    assert!(refused.contains("is not what its maker says it is"), "{refused}");
    assert_eq!(import.categories_of("b.example"), [] as [String; 0]);
}

#[test]
fn a_new_list_that_is_empty_is_refused_and_leaves_no_trace() {
    let import = Import::new();
    let refused = import.add("list.txt", b"# nothing\n", |request| request.force = true).unwrap_err();
    assert!(refused.contains("no domain"), "{refused}");
    assert_eq!(shelf::names(import.data.path()).unwrap(), [] as [String; 0]);
}

#[test]
fn a_list_needs_a_category_and_a_name() {
    let import = Import::new();
    let refused = import.add("x1.txt", b"play.example\n", |request| request.category = None).unwrap_err();
    assert!(refused.contains("--category"), "{refused}");
    let added = import
        .add("gambling.txt", b"play.example\n", |request| (request.category, request.name) = (None, None))
        .unwrap();
    assert_eq!(
        (added.manifest.name.as_str(), added.manifest.categories[0].category.as_str()),
        ("gambling", "gambling")
    );
    let outside = import.add("list.txt", b"play.example\n", |request| request.name = Some("../../etc".into())).unwrap();
    assert_eq!(outside.manifest.name, "etc");
    for name in ["../..", "illegal"] {
        assert!(
            import.add("list.txt", b"play.example\n", |request| request.name = Some(name.into())).is_err(),
            "{name}"
        );
    }
}
