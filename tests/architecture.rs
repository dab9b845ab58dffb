//! Holds ARCHITECTURE.md against the tree: the arrows between crates, the purity of the pure ones, and the map itself.

#![expect(clippy::unwrap_used, reason = "a test says what it expects by failing")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// Crate → what it may import of ours. Arrows point down only (ARCHITECTURE.md, "The crates").
const ARROWS: &[(&str, &[&str])] = &[
    ("belisha-policy", &[]),
    ("belisha-records", &["belisha-policy"]),
    ("belisha-filter", &["belisha-policy"]),
    ("belisha-store", &["belisha-records", "belisha-filter", "belisha-policy"]),
    ("belisha-print", &["belisha-records", "belisha-filter", "belisha-policy"]),
    ("belisha-activity", &["belisha-store", "belisha-records", "belisha-filter", "belisha-policy"]),
    ("belisha-gateway", &["belisha-records", "belisha-filter", "belisha-policy"]),
    ("belisha-web", &["belisha-store", "belisha-print", "belisha-records", "belisha-filter", "belisha-policy"]),
];

/// Crates that know no clock, no I/O, no async runtime, and what they must never depend on, even through others.
const PURE: &[&str] = &["belisha-policy", "belisha-records", "belisha-filter"];
const IMPURE: &[&str] = &["tokio", "sea-orm", "sqlx", "hyper", "axum", "ureq", "getrandom", "mio", "socket2"];

fn cargo(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO")).args(arguments).current_dir(root()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn normal_dependencies() -> BTreeMap<String, BTreeSet<String>> {
    let metadata: serde_json::Value =
        serde_json::from_str(&cargo(&["metadata", "--no-deps", "--format-version", "1", "--offline"])).unwrap();
    let mut all = BTreeMap::new();
    for package in metadata["packages"].as_array().unwrap() {
        let dependencies = package["dependencies"].as_array().unwrap().iter();
        let ours = dependencies
            .filter(|dependency| dependency["kind"].is_null())
            .map(|dependency| dependency["name"].as_str().unwrap().to_owned())
            .filter(|name| name.starts_with("belisha-"))
            .collect();
        all.insert(package["name"].as_str().unwrap().to_owned(), ours);
    }
    all
}

#[test]
fn every_arrow_points_down() {
    let found = normal_dependencies();
    for (crate_name, allowed) in ARROWS {
        let allowed: BTreeSet<String> = allowed.iter().map(|name| (*name).to_owned()).collect();
        let more: Vec<_> = found[*crate_name].difference(&allowed).collect();
        assert!(more.is_empty(), "{crate_name} imports {more:?}, which ARCHITECTURE.md does not allow");
    }
    let named: BTreeSet<_> = ARROWS.iter().map(|(name, _)| (*name).to_owned()).chain(["belisha".to_owned()]).collect();
    assert_eq!(
        found.keys().cloned().collect::<BTreeSet<_>>(),
        named,
        "a crate without an arrow, or an arrow without a crate"
    );
}

#[test]
fn the_pure_crates_know_no_clock_no_input_output_and_no_runtime() {
    for crate_name in PURE {
        let tree = cargo(&["tree", "-p", crate_name, "-e", "normal", "--prefix", "none", "--offline"]);
        let names: BTreeSet<&str> = tree.lines().filter_map(|line| line.split(' ').next()).collect();
        let impure: Vec<_> = IMPURE.iter().filter(|name| names.contains(*name)).collect();
        assert!(impure.is_empty(), "{crate_name} reaches {impure:?}");
        for file in rust_files(&root().join("crates").join(crate_name.trim_start_matches("belisha-")).join("src")) {
            let text = std::fs::read_to_string(&file).unwrap();
            let code = text.split("#[cfg(test)]").next().unwrap_or("");
            for banned in
                ["std::fs", "std::net", "std::thread", "SystemTime", "Instant::now", "Timestamp::now", "async fn"]
            {
                assert!(!code.contains(banned), "{} uses {banned}", file.display());
            }
        }
    }
}

#[test]
fn the_map_names_every_crate_and_no_other() {
    let document = std::fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let on_the_map: BTreeSet<String> = document
        .lines()
        .filter_map(|line| line.strip_prefix("### `crates/"))
        .filter_map(|line| line.split('`').next())
        .map(str::to_owned)
        .collect();
    let in_the_tree: BTreeSet<String> = std::fs::read_dir(root().join("crates"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(on_the_map, in_the_tree);
}

#[test]
fn every_path_the_map_names_exists() {
    let document = std::fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    for word in document.split('`').skip(1).step_by(2) {
        let looks_like_a_path =
            word.contains('/') && !word.contains([' ', '<', '{', ':', '*', '(']) && !word.starts_with('/');
        if looks_like_a_path {
            assert!(root().join(word).exists(), "ARCHITECTURE.md names `{word}`, which is not in the tree");
        }
    }
}

#[test]
fn every_source_file_opens_with_what_it_is() {
    for folder in ["crates", "belisha"] {
        for file in rust_files(&root().join(folder)) {
            let text = std::fs::read_to_string(&file).unwrap();
            assert!(text.starts_with("//!"), "{} does not open with a //! comment", file.display());
        }
    }
}

fn rust_files(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.ends_with("node_modules") && !path.ends_with("target") {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}
