//! One decision over a million real domains: nanoseconds of processor time and bytes a domain, beside a
//! `HashSet<String>` that is asked for each parent of the host, in the same run.
//!
//! How to run, from the root of the repository: `cargo bench -p belisha-filter --bench decision`. It reads
//! `../shared/data/scale/blocked_1m.txt.zst` (another folder: `BELISHA_DATA=DIR`) through the `zstd` command, and says
//! so and stops when either is missing. `BELISHA_DOMAINS=blocked_5m` takes the five million. Hosts asked for: a quarter
//! are listed names (every other one with `www.` before it), the others popular sites. The median of seven rounds,
//! the contenders in turn.
#![expect(clippy::expect_used, reason = "a bench that cannot be set up must stop")]
#![expect(clippy::print_stdout, reason = "a bench prints what it measured")]

use belisha_filter::{DomainIndex, DomainIndexBuilder, IllegalList, Request, Rules, Ruleset, Timetable};
use belisha_policy::{Policy, compile};
use jiff::Timestamp;
use std::collections::HashSet;
use std::hint::black_box;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

const HOSTS: usize = 300_000;
const ROUNDS: usize = 7;

fn main() {
    let data = std::env::var("BELISHA_DATA")
        .map_or_else(|_| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"), PathBuf::from);
    let which = std::env::var("BELISHA_DOMAINS").unwrap_or_else(|_| "blocked_1m".to_owned());
    let listed = lines(&data.join(format!("scale/{which}.txt.zst")));
    let popular = lines(&data.join("benign/popular_all.txt.zst"));
    let (Some(listed), Some(popular)) = (listed, popular) else {
        println!(
            "decision bench skipped: it needs scale/{which}.txt.zst and benign/popular_all.txt.zst under {} and the `zstd` command",
            data.display()
        );
        return;
    };
    let hosts = hosts(&listed, &popular);

    let before = resident();
    let start = processor_time();
    let index = Arc::new(index(&listed));
    println!("index: {} names, built in {:.2} s", index.len(), (processor_time() - start) as f64 / 1e9);
    let bytes = index.as_bytes().to_vec();
    let start = processor_time();
    let again = DomainIndex::read_from(&bytes).expect("the index just written");
    println!(
        "index: {} bytes on disk, read in {:.0} ms; same: {}",
        bytes.len(),
        (processor_time() - start) as f64 / 1e6,
        again == *index
    );
    drop((bytes, again));
    println!(
        "resident after building the index: +{:.0} MB (it holds {:.1} MB)",
        megabytes(resident().saturating_sub(before)),
        megabytes(index.memory())
    );

    let before = resident();
    let set: HashSet<String> = listed.iter().cloned().collect();
    let set_bytes = resident().saturating_sub(before);
    let rules = rules(Arc::clone(&index));
    let now: Timestamp = "2026-09-14T09:30:00Z".parse().expect("a time");

    let in_set = |host: &str| parents(host).any(|name| set.contains(name));
    let in_index = |host: &str| !index.lookup(host).is_empty();
    let open = |host: &str| rules.decide(&Request::new(host, "pupil"), now).is_open();

    let missed = hosts.iter().filter(|host| in_set(host) && !in_index(host)).count();
    let accidents = hosts.iter().filter(|host| !in_set(host) && in_index(host)).count();
    println!(
        "of {} hosts: {} listed, {missed} missed by the index, {accidents} taken by accident",
        hosts.len(),
        hosts.iter().filter(|host| in_set(host)).count()
    );

    let mut times = [const { Vec::new() }; 3];
    for _ in 0..ROUNDS {
        times[0].push(nanoseconds(&hosts, in_set));
        times[1].push(nanoseconds(&hosts, in_index));
        times[2].push(nanoseconds(&hosts, open));
    }
    let [peer, lookup, decision] = times.map(median);
    let count = listed.len() as f64;
    println!(
        "HashSet<String>, each parent   {peer:7.1} ns/host   {:6.1} bytes/domain (resident)",
        set_bytes as f64 / count
    );
    println!(
        "DomainIndex::lookup            {lookup:7.1} ns/host   {:6.1} bytes/domain",
        index.memory() as f64 / count
    );
    println!("Ruleset::decide, whole         {decision:7.1} ns/host");
    println!(
        "lookup beside HashSet: {:.2} of the time, {:.3} of the memory; whole decision: {:.2} of the time",
        lookup / peer,
        index.memory() as f64 / set_bytes as f64,
        decision / peer
    );
}

fn lines(path: &Path) -> Option<Vec<String>> {
    if !path.is_file() {
        return None;
    }
    let mut unpack =
        Command::new("zstd").arg("-dc").arg(path).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().ok()?;
    let lines = BufReader::new(unpack.stdout.take()?).lines().map_while(Result::ok).collect();
    unpack.wait().ok()?;
    Some(lines)
}

/// A quarter listed names, the others popular ones, mixed in an order that is the same in every run.
fn hosts(listed: &[String], popular: &[String]) -> Vec<String> {
    let mut state = 20_260_901u64;
    let mut next = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below.max(1)
    };
    (0..HOSTS)
        .map(|number| match number % 8 {
            0 => listed[next(listed.len())].clone(),
            4 => format!("www.{}", listed[next(listed.len())]),
            _ => popular[next(popular.len())].clone(),
        })
        .collect()
}

fn index(listed: &[String]) -> DomainIndex {
    let mut builder = DomainIndexBuilder::new();
    let categories = ["gambling", "games", "social-media", "adverts", "malware", "phishing", "streaming", "shopping"];
    let sources = categories.map(|category| builder.source("bench", category).expect("few lists"));
    for (number, name) in listed.iter().enumerate() {
        builder.add(sources[number % sources.len()], name);
    }
    builder.build().expect("few combinations")
}

fn rules(index: Arc<DomainIndex>) -> Ruleset {
    let timetable = Timetable::new("Europe/London", vec![], vec![], vec![]).expect("a time zone");
    let rules = Rules::new(policy(), timetable);
    Ruleset::compile(rules, index, Arc::new(IllegalList::new([9; 16])))
}

/// The example policy of the secondary school.
fn policy() -> Policy {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../policies/england-secondary.dj");
    let source = std::fs::read_to_string(path).expect("the example policy");
    compile(&source, jiff::civil::date(2026, 9, 14)).policy.expect("the example policy compiles")
}

fn parents(host: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(host), |name| name.split_once('.').map(|(_, parent)| parent))
}

fn nanoseconds(hosts: &[String], ask: impl Fn(&str) -> bool) -> f64 {
    let start = processor_time();
    black_box(hosts.iter().filter(|host| ask(black_box(host))).count());
    (processor_time() - start) as f64 / hosts.len() as f64
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

/// Nanoseconds this thread has run, as the kernel counts them.
fn processor_time() -> u64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    text.split(' ').next().and_then(|first| first.parse().ok()).unwrap_or(0)
}

/// Bytes resident.
fn resident() -> usize {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    text.split(' ').nth(1).and_then(|pages| pages.parse::<usize>().ok()).unwrap_or(0) * 4096
}

fn megabytes(bytes: usize) -> f64 {
    bytes as f64 / 1e6
}
