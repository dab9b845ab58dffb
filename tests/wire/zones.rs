//! Our zone in other name servers: unbound and BIND close exactly the names that our own DNS closes, for the same group at the
//! same moment. A few thousand made-up names as a rule; with `BELISHA_DIFFERENTIAL_LIST=FILE` (one domain a line) every name of a
//! real list, which `tests/differential/zones` does in a release build: some minutes for a million.

use super::demonstration::{Demonstration, Visitor, run};
use super::free_address::free_address;
use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// What our upstream and theirs answer for every name: a public address.
const OPEN: Ipv4Addr = Ipv4Addr::new(192, 0, 3, 1);
/// Questions that wait for an answer at one time.
const WINDOW: usize = 64;

#[test]
fn other_name_servers_close_what_we_close() {
    let demonstration = Demonstration::start();
    let folder = demonstration.folder.path();
    let (list, listed, asked) = names(folder);
    let list = list.to_str().unwrap();
    let (code, said) = demonstration.command(&[
        "lists",
        "add",
        list,
        "--name",
        "seeded",
        "--category",
        "gambling",
        "--format",
        "adblock",
    ]);
    assert_eq!(code, 0, "{said}");
    let zone = folder.join("belisha.rpz");
    let file = zone.to_str().unwrap();
    let (code, said) = demonstration.command(&[
        "lists",
        "export",
        file,
        "--school",
        "Marlowe",
        "--group",
        "staff",
        "--pass",
        "belisha.test",
    ]);
    assert_eq!(code, 0, "{said}");
    let text = std::fs::read_to_string(&zone).unwrap();
    assert!(text.contains("\nchildline.org.uk CNAME rpz-passthru.\n") && !text.contains("illegal-test"));

    let _teacher = Visitor::signed_in(&demonstration, "teacher");
    wait_for_list(&demonstration, &listed);
    let ours = answers(demonstration.dns(), &asked);
    let closed = asked.iter().filter(|name| ours[*name]).count();
    assert!(closed > asked.len() / 10 && closed < asked.len(), "{closed} of {} closed", asked.len());
    let upstream = everything_is_open();
    for start in [Peer::unbound, Peer::named] {
        let Some(peer) = start(folder, &zone, upstream) else { continue };
        peer.wait_for_zone(&ours);
        let theirs = answers(peer.address, &asked);
        let different: Vec<_> = asked.iter().filter(|name| ours[*name] != theirs[*name]).collect();
        println!("{}: {} names asked, {closed} closed by us, {} differ", peer.name, asked.len(), different.len());
        assert!(
            different.is_empty(),
            "{}: ours and theirs differ on {} names: {:?}",
            peer.name,
            different.len(),
            &different[..different.len().min(10)]
        );
    }
}

/// The list in adblock's form, one name that it closes, and the names to ask: its own, what is below and beside them, and others.
fn names(folder: &Path) -> (std::path::PathBuf, String, Vec<String>) {
    let given = std::env::var_os("BELISHA_DIFFERENTIAL_LIST");
    let listed: Vec<String> = match given {
        Some(path) => std::fs::read_to_string(path).unwrap().lines().map(str::to_owned).collect(),
        None => (0..1500)
            .map(|number| format!("{}casino-{number}.example", if number % 3 == 0 { "play." } else { "" }))
            .collect(),
    };
    let mut text = String::new();
    let mut asked = Vec::new();
    for (number, name) in listed.iter().enumerate() {
        text += &format!("||{name}^\n");
        asked.push(name.clone());
        match number % 4 {
            0 => asked.push(format!("www.{name}")),
            1 => asked.push(format!("x{name}")),
            2 => asked.extend(
                name.split_once('.').map(|(_, parent)| parent.to_owned()).filter(|parent| parent.contains('.')),
            ),
            _ => {
                text += &format!("@@||good.{name}^\n");
                asked.push(format!("a.good.{name}"));
            }
        }
    }
    // A name that exists in the zone only because one below it is listed, under one that is closed (RFC 4592).
    text += "||deep.example^\n||listed.between.deep.example^\n";
    asked.push("between.deep.example".to_owned());
    asked.extend(
        ["encyclopedia.example", "childline.org.uk", "www.childline.org.uk", "casino.example", "github.io"]
            .map(str::to_owned),
    );
    // Names that name servers answer by themselves, some these and some those, are not the zone's affair (RFC 6761 section 6, RFC 7686
    // section 2), nor those that our own server answers with its proxy settings, whatever lists say (`wpad`).
    let by_themselves = [".test", ".onion", ".invalid"];
    asked.retain(|name| !by_themselves.iter().any(|ending| name.ends_with(ending)) && !name.starts_with("wpad."));
    asked.sort_unstable();
    asked.dedup();
    let path = folder.join("seeded.txt");
    std::fs::write(&path, text).unwrap();
    (path, listed[listed.len() / 2].clone(), asked)
}

/// A running server takes an import into use within a minute, once it is compiled.
fn wait_for_list(demonstration: &Demonstration, listed: &str) {
    let started = Instant::now();
    while !answers(demonstration.dns(), &[listed.to_owned()])[listed] {
        assert!(started.elapsed() < Duration::from_secs(300), "the imported list is not in force");
        std::thread::sleep(Duration::from_millis(500));
    }
}

/// A name server that answers every question for an address with [`OPEN`].
fn everything_is_open() -> SocketAddr {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    std::thread::spawn(move || {
        let mut packet = [0; 1500];
        while let Ok((length, client)) = socket.recv_from(&mut packet) {
            let Some(end) = end_of_question(&packet[..length]) else { continue };
            let kind = u16::from_be_bytes([packet[end - 4], packet[end - 3]]);
            let mut answer = packet[..end].to_vec();
            answer[2] |= 0x80;
            answer[3] = 0x80;
            answer[6..12].copy_from_slice(&[0, u8::from(kind == 1), 0, 0, 0, 0]);
            if kind == 1 {
                answer.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4]);
                answer.extend(OPEN.octets());
            }
            let _ = socket.send_to(&answer, client);
        }
    });
    address
}

fn end_of_question(packet: &[u8]) -> Option<usize> {
    let mut at = 12;
    while *packet.get(at)? != 0 {
        at += usize::from(packet[at]) + 1;
    }
    (at + 5 <= packet.len()).then_some(at + 5)
}

fn question(id: u16, name: &str) -> Vec<u8> {
    let mut packet = [id.to_be_bytes().as_slice(), &[1, 0, 0, 1, 0, 0, 0, 0, 0, 0]].concat();
    for label in name.split('.') {
        packet.push(u8::try_from(label.len()).unwrap());
        packet.extend(label.as_bytes());
    }
    packet.extend([0, 0, 1, 0, 1]);
    // EDNS, so that ours may say why (RFC 8914): an OPT record with room for 1232 bytes.
    packet[11] = 1;
    packet.extend([0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 0]);
    packet
}

/// Whether an answer closes its name: "no such name", or the extended error "blocked", "censored" or "filtered" beside the
/// address of the block page. The addresses themselves say nothing: in the demonstration every site is on this machine.
fn is_closed(answer: &[u8]) -> bool {
    let said = |code: u8| answer.windows(6).any(|option| option[..2] == [0, 15] && option[4..] == [0, code]);
    answer[3] & 15 == 3 || [15, 16, 17].into_iter().any(said)
}

/// Whether a server closes each name.
fn answers(server: SocketAddr, names: &[String]) -> BTreeMap<String, bool> {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.connect(server).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(2))).unwrap();
    let mut closed = BTreeMap::new();
    for window in names.chunks(WINDOW) {
        let mut tries = 0;
        while window.iter().any(|name| !closed.contains_key(name)) {
            tries += 1;
            assert!(
                tries < 20,
                "{server} does not answer for {:?}",
                window.iter().find(|name| !closed.contains_key(*name))
            );
            for (number, name) in window.iter().enumerate().filter(|(_, name)| !closed.contains_key(*name)) {
                socket.send(&question(u16::try_from(number).unwrap(), name)).unwrap();
            }
            let mut packet = [0; 4096];
            while window.iter().any(|name| !closed.contains_key(name)) {
                let Ok(length) = socket.recv(&mut packet) else { break };
                let number = usize::from(u16::from_be_bytes([packet[0], packet[1]]));
                let Some(name) = window.get(number) else { continue };
                // Rate limits answer "ask over TCP"; the question is put again.
                if packet[2] & 2 != 0 {
                    continue;
                }
                closed.insert(name.clone(), is_closed(&packet[..length]));
            }
        }
    }
    closed
}

/// Another name server with our zone. Stopped when it goes out of scope.
struct Peer {
    name: &'static str,
    address: SocketAddr,
    process: Child,
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Peer {
    fn unbound(folder: &Path, zone: &Path, upstream: SocketAddr) -> Option<Peer> {
        let address = free_address();
        let port = address.port();
        let configuration = folder.join("unbound.conf");
        let text = format!(
            "server:\n interface: 127.0.0.1@{port}\n port: {port}\n chroot: \"\"\n username: \"\"\n directory: \"{}\"\n pidfile: \"\"\n\
             do-daemonize: no\n use-syslog: no\n do-not-query-localhost: no\n module-config: \"respip iterator\"\n\
             rpz:\n name: rpz.belisha.test\n zonefile: \"{}\"\n\
             forward-zone:\n name: \".\"\n forward-addr: 127.0.0.1@{}\n\
             remote-control:\n control-enable: no\n",
            folder.display(),
            zone.display(),
            upstream.port()
        );
        std::fs::write(&configuration, text).unwrap();
        Self::start("unbound", address, Command::new("unbound").arg("-d").arg("-c").arg(&configuration))
    }

    fn named(folder: &Path, zone: &Path, upstream: SocketAddr) -> Option<Peer> {
        let address = free_address();
        let port = address.port();
        let configuration = folder.join("named.conf");
        let text = format!(
            "options {{ directory \"{}\"; listen-on port {port} {{ 127.0.0.1; }}; listen-on-v6 {{ none; }}; pid-file none; session-keyfile none;\n\
             recursion yes; dnssec-validation no; qname-minimization off; forward only; forwarders {{ 127.0.0.1 port {}; }};\n\
             response-policy {{ zone \"rpz.belisha.test\"; }} qname-wait-recurse no; }};\n\
             controls {{ }};\nzone \"rpz.belisha.test\" {{ type primary; file \"{}\"; check-names ignore; }};\n",
            folder.display(),
            upstream.port(),
            zone.display()
        );
        std::fs::write(&configuration, text).unwrap();
        Self::start("named", address, Command::new("named").arg("-g").arg("-c").arg(&configuration))
    }

    fn start(name: &'static str, address: SocketAddr, command: &mut Command) -> Option<Peer> {
        if !run(Command::new("sh").args(["-c", &format!("command -v {name} || command -v /usr/sbin/{name}")]))
            .status
            .success()
        {
            return None;
        }
        let process = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().ok()?;
        let mut peer = Peer { name, address, process };
        let started = Instant::now();
        // `casino.example` is closed by the starter list: the zone is there when that is closed here too.
        while !peer.closes("casino.example") {
            assert!(peer.process.try_wait().unwrap().is_none(), "{name} does not start with our zone");
            assert!(started.elapsed() < Duration::from_secs(300), "{name} does not load our zone");
            std::thread::sleep(Duration::from_millis(100));
        }
        Some(peer)
    }

    /// BIND takes a long zone into use bit by bit while it answers already: waits until names from all over it are closed.
    fn wait_for_zone(&self, ours: &BTreeMap<String, bool>) {
        let mut closed: Vec<&String> = ours.iter().filter(|(_, closed)| **closed).map(|(name, _)| name).collect();
        closed.sort_by_cached_key(|name| name.split('.').rev().map(str::to_owned).collect::<Vec<_>>());
        let last = closed.last().copied();
        let some: Vec<String> = closed.iter().copied().step_by(500).chain(last).cloned().collect();
        let started = Instant::now();
        // What is open for good is told by the comparison.
        while started.elapsed() < Duration::from_secs(300)
            && answers(self.address, &some).values().any(|closed| !closed)
        {
            std::thread::sleep(Duration::from_secs(1));
        }
    }

    fn closes(&self, name: &str) -> bool {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_read_timeout(Some(Duration::from_millis(500))).unwrap();
        let mut packet = [0; 1500];
        let asked = socket.connect(self.address).is_ok() && socket.send(&question(1, name)).is_ok();
        asked && socket.recv(&mut packet).is_ok_and(|length| is_closed(&packet[..length]))
    }
}
