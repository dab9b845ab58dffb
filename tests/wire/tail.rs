//! `belisha tail`: what is asked for at this moment, for a technician at the server.

use crate::demonstration::{Demonstration, Visitor};
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

const BELISHA: &str = env!("CARGO_BIN_EXE_belisha");
const SCHOOL: &str = "Marlowe Bridge High School";

#[test]
fn a_technician_sees_sites_and_nobody_and_the_look_is_in_the_ledger() {
    let demonstration = Demonstration::start();
    let mut looking = Command::new(BELISHA)
        .args(["tail", "--school", SCHOOL, "--outcome", "blocked", "--data"])
        .arg(demonstration.folder.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(looking.stdout.take().unwrap()).lines();
    let first = lines.next().unwrap().unwrap();
    assert!(first.contains(SCHOOL) && first.contains("ledger"), "{first}");
    for url in ["http://illegal-test.example/", "http://helpline.example/", "http://casino.example/"] {
        demonstration.browse("teacher", url);
    }
    let seen = lines.next().unwrap().unwrap();
    assert!(seen.contains("casino.example") && seen.contains("staff"), "the first to be seen: {seen}");
    assert!(!seen.contains(demonstration.card("teacher", "username")) && !seen.contains("127.0.0.1"), "{seen}");
    looking.kill().unwrap();
    looking.wait().unwrap();

    let program = "
import sqlite3, sys
database = sqlite3.connect(sys.argv[1])
print(database.execute(\"select count(*) from ledger_entries where verb = 'watched' and actor like '%tail%'\").fetchone()[0])";
    let database = demonstration.folder.path().join("belisha.db");
    let counted = crate::demonstration::run(Command::new("python3").args(["-c", program]).arg(database));
    assert_eq!(String::from_utf8_lossy(&counted.stdout).trim(), "1");
    let (status, said) = demonstration.command(&["verify"]);
    assert_eq!(status, 0, "{said}");
}

#[test]
fn a_technician_looks_on_the_page_and_sees_neither_helplines_nor_illegal_content() {
    let demonstration = Demonstration::start();
    let browse = || {
        for url in ["http://illegal-test.example/", "http://helpline.example/", "http://casino.example/"] {
            demonstration.browse("teacher", url);
        }
    };
    browse();
    let technician = Visitor::signed_in(&demonstration, "technician");
    assert_eq!(technician.post("/filter/live", &["".into()]).status, 303);
    assert!(!technician.get("/filter/live").says("casino.example"), "what was before the look is not shown");
    browse();
    let seen = std::iter::repeat_with(|| technician.get("/filter/live"))
        .take(200)
        .find(|page| page.says("casino.example"))
        .expect("the casino is shown");
    assert!(seen.says("Gambling") && seen.says("Staff"), "{}", seen.body);
    for hidden in ["illegal-test", "helpline.example", demonstration.card("teacher", "name"), "127.0.0.1"] {
        assert!(!seen.says(hidden), "{hidden}: {}", seen.body);
    }
    assert!(technician.get("/filter/live?only=closed").says("casino.example"));
}

#[test]
fn nobody_else_looks_and_who_may_is_told_what_to_write() {
    let demonstration = Demonstration::start();
    let mode = |path: &str| demonstration.folder.path().join(path).metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!((mode("sockets"), mode("sockets/tail")), (0o700, 0o600));
    let (status, said) = demonstration.command(&["tail"]);
    assert!(status == 2 && said.contains("--school") && said.contains(SCHOOL), "{said}");
    let (status, said) = demonstration.command(&["tail", "--school", "No Such School"]);
    assert!(status == 2 && said.contains("there is no school"), "{said}");
    let nothing = tempfile::tempdir().unwrap();
    let (status, said) = crate::demonstration::belisha(&["tail", "--data", nothing.path().to_str().unwrap()]);
    assert!(status == 2 && said.contains("no server answers"), "{said}");
}
