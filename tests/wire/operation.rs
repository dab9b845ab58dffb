//! `belisha serve` as a technician runs it: several schools, no rights it does not need, sockets from the service manager, and a
//! restart that nobody notices.

use crate::demonstration::{belisha, curl, run};
use crate::serving::{Addresses, Server, ask_proxy, ask_tcp, ask_udp, free_address, two_schools};
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

const BELISHA: &str = env!("CARGO_BIN_EXE_belisha");

#[test]
fn two_schools_are_served_by_one_process_each_at_its_own_addresses() {
    let (data, first, second) = (two_schools(), Addresses::free(), Addresses::free());
    let mut options = first.options();
    options.push(format!(
        "--gateway=school=inverbrae primary school,dns={},proxy={},block-page={}",
        second.dns, second.proxy, second.block_page
    ));
    let mut server = Server::start(data.path(), &options);
    server.until_it_says("For devices");
    for school in [first, second] {
        ask_udp(school.dns, "casino.example").unwrap();
        assert!(ask_proxy(school.proxy, "http://casino.example/").unwrap().contains("403"));
        let pac = run(Command::new("curl").args([
            "-s",
            "--noproxy",
            "*",
            &format!("http://{}/proxy.pac", school.block_page),
        ]));
        let pac = String::from_utf8_lossy(&pac.stdout).into_owned();
        assert!(pac.contains(&school.proxy.to_string()), "its own proxy: {pac}");
    }
    // A proxy password is one school's: the second school's teacher is nobody at the first.
    let endpoints = std::fs::read_to_string(data.path().join("endpoints.json")).unwrap();
    let endpoints: serde_json::Value = serde_json::from_str(&endpoints).unwrap();
    let cards = endpoints["schools"][1]["cards"].as_array().unwrap();
    let teacher = cards.iter().find(|card| card["label"] == "teacher").unwrap();
    let user = format!("{}:{}", teacher["username"].as_str().unwrap(), teacher["proxy_password"].as_str().unwrap());
    let status = |school: Addresses| {
        curl(&["--proxy", &format!("http://{}", school.proxy), "--proxy-user", &user, "http://casino.example/"]).status
    };
    assert_eq!((status(first), status(second)), (407, 403));
}

#[test]
fn options_that_cannot_be_meant_are_refused_before_anything_is_opened() {
    let data = tempfile::tempdir().unwrap();
    let taken = free_address();
    for (options, says) in [
        (vec![format!("--dns={taken}"), format!("--proxy={taken}")], "given twice"),
        (vec!["--gateway=school=A".to_owned()], "listens nowhere"),
        (vec!["--proxy=0.0.0.0:0".to_owned()], "--proxy-public"),
        (vec!["--take-over".to_owned()], "nobody to take over from"),
        (vec!["--user=no-such-user-here".to_owned(), "--web=127.0.0.1:0".to_owned()], "no user `no-such-user-here`"),
    ] {
        let mut options = options;
        // Addresses of the machine's real Belisha are not to be touched.
        for (name, value) in [
            ("--web", "127.0.0.1:0"),
            ("--dns", "127.0.0.1:0"),
            ("--block-page", "127.0.0.1:0"),
            ("--proxy", "127.0.0.1:0"),
        ] {
            if !options.iter().any(|given| given.starts_with(&format!("{name}="))) {
                options.push(format!("{name}={value}"));
            }
        }
        let mut server = Server::start(&data.path().join("nothing-here"), &options);
        assert_eq!(server.ends(), 2, "{options:?}: {}", server.said());
        assert!(server.said().contains(says), "{options:?}: {}", server.said());
    }
}

#[test]
fn a_restart_refuses_nobody() {
    let (data, addresses) = (two_schools(), Addresses::free());
    let mut old = Server::start(data.path(), &addresses.options());
    old.until_it_says("For devices");
    let (stop, asked) = (AtomicBool::new(false), AtomicU32::new(0));
    let failures = std::thread::scope(|scope| {
        let clients: Vec<_> = (0..6)
            .map(|client| {
                let (stop, asked) = (&stop, &asked);
                scope.spawn(move || {
                    let mut failures = Vec::new();
                    while !stop.load(Ordering::Relaxed) {
                        let answered = match client % 3 {
                            0 => ask_udp(addresses.dns, "casino.example"),
                            1 => ask_tcp(addresses.dns, "casino.example"),
                            _ => ask_proxy(addresses.proxy, "http://casino.example/").map(drop),
                        };
                        failures.extend(answered.err());
                        asked.fetch_add(1, Ordering::Relaxed);
                    }
                    failures
                })
            })
            .collect();
        std::thread::sleep(Duration::from_millis(300));
        for _ in 0..2 {
            let mut new = Server::start(data.path(), &[addresses.options(), vec!["--take-over".to_owned()]].concat());
            new.until_it_says("For devices");
            assert_eq!(old.ends(), 0, "the old one ends by itself: {}", old.said());
            assert!(old.said().contains("goes on from here"));
            old = new;
        }
        std::thread::sleep(Duration::from_millis(300));
        stop.store(true, Ordering::Relaxed);
        clients.into_iter().flat_map(|client| client.join().unwrap()).collect::<Vec<_>>()
    });
    assert!(failures.is_empty(), "{} of {}: {failures:?}", failures.len(), asked.load(Ordering::Relaxed));
    assert!(asked.load(Ordering::Relaxed) > 100, "hardly anybody asked");
    println!("{} requests during two restarts, 0 errors", asked.load(Ordering::Relaxed));
}

#[test]
fn a_successor_that_cannot_start_leaves_the_old_server_as_it_was() {
    let (data, addresses) = (two_schools(), Addresses::free());
    let mut old = Server::start(data.path(), &addresses.options());
    old.until_it_says("For devices");
    let broken = vec!["--take-over".to_owned(), "--smtp=nonsense".to_owned()];
    let mut new = Server::start(data.path(), &[addresses.options(), broken].concat());
    assert_ne!(new.ends(), 0, "{}", new.said());
    for _ in 0..20 {
        ask_udp(addresses.dns, "casino.example").unwrap();
        ask_proxy(addresses.proxy, "http://casino.example/").unwrap();
    }
    assert!(old.process.try_wait().unwrap().is_none(), "{}", old.said());
}

#[test]
fn rights_are_given_up_for_good_by_every_thread() {
    let root = run(Command::new("id").arg("-u")).stdout == b"0\n";
    if !root {
        println!("skipped: only root has rights to give up");
        return;
    }
    let (parent, addresses) = (tempfile::tempdir().unwrap(), Addresses::free());
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(parent.path(), mode).unwrap();
    let data = parent.path().join("data");
    let options = [addresses.options(), vec!["--user=nobody".to_owned()]].concat();
    let mut server = Server::start(&data, &options);
    server.until_it_says("For devices");
    let nobody = String::from_utf8(run(Command::new("id").args(["-u", "nobody"])).stdout).unwrap();
    let tasks: Vec<_> = std::fs::read_dir(format!("/proc/{}/task", server.process.id())).unwrap().collect();
    assert!(tasks.len() > 1);
    for task in tasks {
        let status = std::fs::read_to_string(task.unwrap().path().join("status")).unwrap();
        let field = |name: &str| status.lines().find_map(|line| line.strip_prefix(name)).unwrap().trim().to_owned();
        assert!(field("Uid:").split_whitespace().all(|id| id == nobody.trim()), "{status}");
        assert!(field("Gid:").split_whitespace().all(|id| id != "0"), "{status}");
        assert!(!field("Groups:").split_whitespace().any(|id| id == "0"), "{status}");
        assert_eq!((field("CapEff:"), field("CapPrm:")), ("0".repeat(16), "0".repeat(16)), "{status}");
        assert_eq!(field("NoNewPrivs:"), "1", "{status}");
    }
    assert!(data.join("belisha.db").exists(), "and it works");
}

/// A service manager that opens sockets and starts the server with them as `sd_listen_fds(3)` says.
const MANAGER: &str = "
import os, socket, sys
dns, proxy = sys.argv[1], sys.argv[2]
def bound(kind, address):
    host, port = address.rsplit(':', 1)
    made = socket.socket(socket.AF_INET, kind)
    made.bind((host, int(port)))
    if kind == socket.SOCK_STREAM:
        made.listen(64)
    return made
opened = [bound(socket.SOCK_DGRAM, dns), bound(socket.SOCK_STREAM, dns), bound(socket.SOCK_STREAM, proxy)]
places = [os.dup(made.fileno()) for made in opened]
for place, given in enumerate(places):
    os.dup2(given, 60 + place)
for place in range(3):
    os.dup2(60 + place, 3 + place, inheritable=True)
os.environ['LISTEN_FDS'] = '3'
os.environ['LISTEN_PID'] = str(os.getpid())
os.execv(sys.argv[3], sys.argv[3:])";

#[test]
fn a_service_manager_opens_the_sockets_and_hears_when_they_are_answered() {
    let (data, addresses, folder) = (two_schools(), Addresses::free(), tempfile::tempdir().unwrap());
    let path = folder.path().join("notify");
    let heard = UnixDatagram::bind(&path).unwrap();
    heard.set_read_timeout(Some(Duration::from_secs(120))).unwrap();
    let mut manager = Command::new("python3");
    manager.args(["-c", MANAGER, &addresses.dns.to_string(), &addresses.proxy.to_string(), BELISHA]);
    manager.env("NOTIFY_SOCKET", &path).env("WATCHDOG_USEC", "200000");
    let server = Server::started_by(manager, data.path(), &addresses.options());
    let mut said = Vec::new();
    let mut word = [0; 200];
    while said.len() < 3 {
        let length = heard.recv(&mut word).unwrap_or_else(|error| panic!("{error}: {}", server.said()));
        said.push(String::from_utf8_lossy(&word[..length]).into_owned());
    }
    assert_eq!(said[0], format!("MAINPID={}\nREADY=1", server.process.id()));
    assert!(said[1..].iter().all(|word| word == "WATCHDOG=1"), "{said:?}");
    ask_udp(addresses.dns, "casino.example").unwrap();
    ask_tcp(addresses.dns, "casino.example").unwrap();
    ask_proxy(addresses.proxy, "http://casino.example/").unwrap();
    assert!(keeps_what_it_was_given(server.process.id()), "it answers on the sockets it was given");
}

/// Whether the process' third to fifth files are sockets: it did not close what it was given and open others.
fn keeps_what_it_was_given(process: u32) -> bool {
    (3..6).all(|place| {
        std::fs::read_link(Path::new("/proc").join(process.to_string()).join("fd").join(place.to_string()))
            .is_ok_and(|link| link.to_string_lossy().starts_with("socket:"))
    })
}

#[test]
fn every_option_in_the_systemd_units_exists() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../packaging/systemd");
    let mut checked = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "service") {
            continue;
        }
        let unit = std::fs::read_to_string(&path).unwrap();
        let start = unit.lines().find_map(|line| line.strip_prefix("ExecStart=/usr/bin/belisha ")).unwrap();
        let (status, help) = belisha(&[start.split(' ').next().unwrap(), "--help"]);
        assert_eq!(status, 0, "{help}");
        let given = unit.lines().find_map(|line| line.strip_prefix("#   BELISHA_OPTIONS=")).unwrap();
        for option in start.split(' ').chain(given.split(' ')).filter(|word| word.starts_with("--")) {
            let name = option.split('=').next().unwrap();
            let there = help.split_whitespace().any(|word| word.trim_end_matches(',') == name);
            assert!(there, "{}: {name} is no option: {help}", path.display());
            checked += 1;
        }
    }
    assert!(checked > 4, "hardly any option was looked at");
}
