//! The real program on real sockets, as a school meets it: `belisha demo` with `dig` and `curl` in front of it, and the
//! commands beside it. Each story has a demonstration of its own. What a page looks like is told in `tests/browser`.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test says what it expects by failing")]

mod demonstration;
mod free_address;
mod metrics;
mod operation;
mod remote;
mod remote_spool;
mod serving;
mod tail;
mod zones;

use demonstration::{Demonstration, Visitor, belisha, curl, run};
use std::io::Write;
use std::net::{SocketAddr, UdpSocket};
use std::path::Path;
use std::process::Command;

#[test]
fn a_pupil_and_a_parent_sign_and_the_network_opens_at_once() {
    let demonstration = Demonstration::start();
    let page = demonstration.browse("pupil", "http://encyclopedia.example/");
    assert_eq!(page.status, 303, "an unsigned pupil is led to the portal: {}", page.body);
    assert_eq!(page.leads_to, format!("{}/portal", demonstration.text("web")));

    // Signing in tells the gateway whose device this is: from here on DNS knows the pupil too.
    let pupil = Visitor::signed_in(&demonstration, "pupil");
    assert!(pupil.get("/").says("You are not online yet"));
    assert!(demonstration.dig("encyclopedia.example").contains("waits to be signed"));
    pupil.signs_every_line();
    assert!(pupil.get("/portal").says("The network opens when a parent or carer has signed too"));
    assert_eq!(
        demonstration.browse("pupil", "http://encyclopedia.example/").status,
        303,
        "one signature of two is not enough"
    );

    let parent = Visitor::signed_in(&demonstration, "parent");
    parent.signs_every_line();
    let page = demonstration.browse("pupil", "http://encyclopedia.example/");
    assert_eq!(page.status, 200, "the next request after the second signature: {}", page.body);
    assert!(page.says("The Small Encyclopedia"));
}

#[test]
fn what_is_closed_says_why_and_a_helpline_is_open_to_everybody() {
    let demonstration = Demonstration::start();
    let casino = demonstration.browse("teacher", "http://casino.example/");
    assert_eq!(casino.status, 403);
    assert!(casino.says("Gambling"), "{}", casino.body);
    let (status, explained) = demonstration.command(&[
        "explain",
        "--as",
        demonstration.card("teacher", "username"),
        "http://casino.example/",
    ]);
    assert_eq!(status, 1, "closed: {explained}");
    for part in
        ["filter table of the policy", "Belisha starter list", "gambling", "Clause of the policy", "Online safety lead"]
    {
        assert!(explained.contains(part), "`{part}` is missing from: {explained}");
    }
    let clause = explained.lines().find_map(|line| line.strip_prefix("Clause of the policy")).unwrap();
    let number = clause.split_whitespace().next().unwrap();
    assert!(casino.says(number), "the page names the clause that `explain` names, {number}: {}", casino.body);

    let illegal = demonstration.browse("teacher", "http://illegal-test.example/");
    assert_eq!(illegal.status, 403, "closed to a teacher as to everybody");
    assert!(
        illegal.says("nobody at the school can change") && !illegal.says("illegal-test.example"),
        "{}",
        illegal.body
    );
    for label in ["pupil", "teacher", "governor", "head"] {
        let page = demonstration.browse(label, "http://helpline.example/");
        assert_eq!((page.status, page.says("A helpline")), (200, true), "for the {label}, signed or not");
    }
    let nobody = curl(&["--proxy", &format!("http://{}", demonstration.text("proxy")), "http://helpline.example/"]);
    assert_eq!(nobody.status, 200, "for a device nobody knows");
}

#[test]
fn strangers_and_rubbish_get_a_page_or_a_refusal_and_nothing_falls_over() {
    let mut demonstration = Demonstration::start();
    rubbish(demonstration.dns());
    assert!(demonstration.dig("helpline.example").contains("status: NOERROR"), "after ten thousand packets of rubbish");

    for inside in ["https://10.0.0.1/", "https://192.168.1.1/", "https://169.254.169.254/", "https://[::1]/"] {
        assert_eq!(demonstration.browse("teacher", inside).status, 403, "CONNECT to {inside}");
    }

    let web = demonstration.text("web").to_owned();
    let ask = |more: &[&str], path: &str| curl(&[&["--noproxy", "*"], more, &[&format!("{web}{path}")]].concat());
    let forged = ask(&["--header", "Cookie: __Host-belisha=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"], "/incidents");
    assert_eq!(forged.status, 303);
    assert!(forged.leads_to.contains("/sign-in"), "a forged cookie leads to the sign-in page: {}", forged.leads_to);
    let nowhere = ask(&[], "/no/such/page");
    assert_eq!((nowhere.status, nowhere.says("There is no such page")), (404, true));

    let mut huge = tempfile::NamedTempFile::new().unwrap();
    huge.as_file_mut().set_len(100_000_000).unwrap();
    huge.flush().unwrap();
    let form = format!("@{}", huge.path().display());
    let refused = ask(&["--header", "Expect:", "--data-binary", &form], "/sign-in");
    assert_eq!(refused.status, 413, "a form of 100 MB");
    assert_eq!(ask(&[], "/sign-in").status, 200, "and the next page comes");
    assert!(demonstration.process.try_wait().unwrap().is_none(), "the server still runs");
}

/// A question cut short at every length, then packets of random bytes. The seed is fixed: a failure can be had again.
fn rubbish(dns: SocketAddr) {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let question = b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x06casino\x07example\x00\x00\x01\x00\x01";
    for length in 0..question.len() {
        socket.send_to(&question[..length], dns).unwrap();
    }
    let mut state = 20_261_121_u64;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8
    };
    for _ in 0..10_000 {
        let length = usize::from(next()) * 2;
        let packet: Vec<u8> = (0..length).map(|_| next()).collect();
        socket.send_to(&packet, dns).unwrap();
    }
}

#[test]
fn a_killed_server_leaves_records_that_verify_and_one_changed_byte_is_named() {
    let mut demonstration = Demonstration::start();
    demonstration.kill();
    let (status, said) = demonstration.command(&["verify"]);
    assert_eq!(status, 0, "after kill -9: {said}");

    let changed = change_a_byte(&demonstration.folder.path().join("belisha.db"));
    let (status, said) = demonstration.command(&["verify"]);
    assert_eq!(status, 1, "{said}");
    let line =
        said.lines().find(|line| line.contains(&changed)).unwrap_or_else(|| panic!("`{changed}` is not named: {said}"));
    assert!(line.contains("entry") && line.contains("does not hold"), "{line}");
}

/// One byte of the first incident's description, by another program than ours. Gives the incident's id.
fn change_a_byte(database: &Path) -> String {
    let program = "
import sqlite3, sys
database = sqlite3.connect(sys.argv[1])
incident, words = database.execute('select id, description from incidents order by id limit 1').fetchone()
other = ('X' if words[0] != 'X' else 'Y') + words[1:]
assert database.execute('update incidents set description = ? where id = ?', (other, incident)).rowcount == 1
database.commit()
print(incident)";
    let output = run(Command::new("python3").args(["-c", program]).arg(database));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

#[test]
fn a_site_closed_for_a_year_group_or_a_group_is_closed_for_them_alone() {
    let demonstration = Demonstration::start();
    let technician = Visitor::signed_in(&demonstration, "technician");
    let closes = |whom: &str| {
        let fields = ["host=encyclopedia.example", "action=deny", "whom=some", whom, "reason=Until the page is mended"];
        assert_eq!(technician.post("/filter/rules", &fields.map(str::to_owned)).status, 303);
    };
    let explained = |label: &str| {
        let username = demonstration.card(label, "username");
        demonstration.command(&["explain", "--as", username, "http://www.encyclopedia.example/"])
    };
    closes("groups=year:7");
    let (status, said) = explained("pupil");
    assert!(status == 1 && said.contains("the school has closed it for this year group"), "{said}");
    let (status, said) = explained("teacher");
    assert!(status == 0 && said.contains("closed `encyclopedia.example` for Year group 7"), "{said}");
    assert_eq!(demonstration.browse("teacher", "http://encyclopedia.example/").status, 200);
    closes("groups=staff");
    let page = demonstration.browse("teacher", "http://encyclopedia.example/");
    assert!(page.status == 403 && page.says("The school has closed this site"), "{}", page.body);
    assert_eq!(explained("pupil").0, 1, "what was said for others stays");
    assert_eq!(demonstration.command(&["verify"]).0, 0, "and is in the ledger");
}

#[test]
fn a_list_with_bad_lines_gives_its_good_ones_and_names_the_bad() {
    let mut demonstration = Demonstration::start();
    // The commands need no server.
    demonstration.kill();
    let list = demonstration.folder.path().join("some.hosts");
    let lines = "0.0.0.0 arcade.example\nno address here\n0.0.0.0 co.uk puzzles.example\n127.0.0.1 localhost\n0.0.0.0 helpline.example\n";
    std::fs::write(&list, lines).unwrap();
    let (status, said) = demonstration.command(&["lists", "add", list.to_str().unwrap(), "--category", "gambling"]);
    assert_eq!(status, 0, "{said}");
    for part in ["2  gambling", "line 2, column 1", "line 3, column 9: `co.uk`", "line 5, column 9: `helpline.example`"]
    {
        assert!(said.contains(part), "`{part}` is missing from: {said}");
    }
    let (status, said) = demonstration.command(&[
        "explain",
        "--as",
        demonstration.card("teacher", "username"),
        "https://www.puzzles.example/",
    ]);
    assert_eq!(status, 1, "a good line closes: {said}");
    assert!(said.contains("`some`") && said.contains("generation 1, fetched"), "and the list is named: {said}");
}

#[test]
fn a_broken_policy_is_refused_with_the_place_and_the_reason() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("policy.dj");
    let whole =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../policies/england-secondary.dj")).unwrap();
    let check = |source: &str| {
        std::fs::write(&path, source).unwrap();
        belisha(&["policy", "check", path.to_str().unwrap()])
    };
    let (status, said) = check(&whole);
    assert_eq!(status, 0, "{said}");
    let (status, said) = check(&whole.replacen("within=\"immediately\"", "within=\"soonish\"", 1));
    assert_eq!(status, 1, "{said}");
    let line = whole.lines().position(|line| line.contains("within=\"immediately\"")).unwrap() + 1;
    assert!(said.contains("soonish") && said.contains(&format!("policy.dj:{line}:")), "{said}");
}
