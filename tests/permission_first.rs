//! Every handler that knows its reader asks for permission before anything else. Read from the source, so that a new handler cannot
//! be forgotten; the few that ask differently are named here with their reason.

#![expect(clippy::unwrap_used, reason = "a test says what it expects by failing")]

use std::path::{Path, PathBuf};

/// Handlers whose first line is no question of a permission, and why that is right.
const OTHERWISE: &[(&str, &str)] = &[
    ("portal/sign.rs", "Act::find asks SignAgreements or CounterSign, by whom it is for"),
    ("portal/refuse.rs", "Act::find asks SignAgreements or CounterSign, by whom it is for"),
    ("setup/policy.rs", "allowed() asks for a permission, and that no policy is in force yet"),
];

#[test]
fn the_first_line_of_every_handler_asks_permission() {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../crates/web/src"));
    let (mut handlers, mut silent) = (0, Vec::new());
    for file in rust_files(root) {
        let text = std::fs::read_to_string(&file).unwrap();
        let name = file.strip_prefix(root).unwrap().to_string_lossy().replace('\\', "/");
        for (place, _) in text.match_indices("async fn ") {
            let Some(open) = text[place..].find('{').map(|offset| place + offset) else { continue };
            let head = &text[place..open];
            // A handler takes its reader by value; what it calls borrows.
            if !head.contains("reader: SignedIn") || !head.contains("-> WebResult") {
                continue;
            }
            handlers += 1;
            let first = text[open + 1..].split(';').next().unwrap_or("").trim();
            let asks = first.starts_with("reader.may(") || first.starts_with("reader.may_any(");
            if !asks && !OTHERWISE.iter().any(|(excused, _)| *excused == name) {
                silent.push(format!("{name}: {}", first.lines().next().unwrap_or("")));
            }
        }
    }
    assert!(handlers > 20, "only {handlers} handlers were found: the test no longer reads the source rightly");
    assert!(
        silent.is_empty(),
        "handlers whose first line is not `reader.may(Permission::…)?` or `reader.may_any(…)?`:\n{}",
        silent.join("\n")
    );
}

/// What gateways ask knows no reader: there the first argument is a gateway that proved itself, and a request that has no token is
/// turned away before its body is read.
#[test]
fn the_first_argument_of_every_handler_for_gateways_is_a_gateway_that_proved_itself() {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../crates/web/src/gateways"));
    let (routes, handlers) =
        ["mod.rs", "serve.rs"].map(|name| std::fs::read_to_string(folder.join(name)).unwrap()).into();
    let mut seen = 0;
    for route in routes.split(".route(\"/gateway/").skip(1) {
        let name = route.split("serve::").nth(1).unwrap().split([')', ' ']).next().unwrap();
        let handler =
            handlers.split(&format!("async fn {name}(")).nth(1).unwrap_or_else(|| panic!("no handler {name}"));
        assert!(handler.trim_start().starts_with("gateway: KnownGateway,"), "{name} does not ask whose gateway it is");
        seen += 1;
    }
    assert!(seen >= 6, "only {seen} addresses were found: the test no longer reads the source rightly");
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}
