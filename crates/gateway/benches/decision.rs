//! One decision over one and five million real domains, beside a `HashSet<String>` that is asked for each parent of the
//! host, in the same run: nanoseconds, allocations, bytes a domain, and how long the index takes to be built and opened. The
//! index is a mapped file, as `belisha` has it.
//!
//! How to run, from the root of the repository: `cargo bench -p belisha-gateway --bench decision`. It reads
//! `../shared/data/scale/blocked_1m.txt.zst` and `blocked_5m.txt.zst` (another folder: `BELISHA_DATA=DIR`) through the
//! `zstd` command, and says so and stops when one is missing. Hosts asked for: a quarter are listed names (every other one
//! with `www.` before it), the others popular sites, each host once a round, so that little of the lists is in the
//! processor's cache. Two figures for each: the median of single decisions by the clock, less what the clock itself takes,
//! and the mean processor time over whole rounds (the median of seven rounds, the contenders in turn).
#![expect(clippy::expect_used, reason = "a bench that cannot be set up must stop")]
#![expect(clippy::print_stdout, reason = "a bench prints what it measured")]

#[path = "../../filter/benches/measure/mod.rs"]
mod measure;

use belisha_filter::{
    DomainIndex, DomainIndexBuilder, Exception, IllegalList, Request, Rules, Ruleset, SchoolRule, Timetable,
    TimetablePart,
};
use belisha_gateway::{open_index, write_index};
use belisha_policy::{Period, Policy, Role, compile};
use jiff::Timestamp;
use jiff::civil::{date, time};
use measure::{median, processor_time, resident};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::collections::HashSet;
use std::hint::black_box;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Instant;

const HOSTS: usize = 300_000;
const ROUNDS: usize = 7;

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

/// The system's allocator, counting.
struct Counting;

#[expect(unsafe_code, reason = "an allocator that counts can be written in no other way; this one is in no program")]
// SAFETY: every call goes on to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: the caller's promise is handed on.
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn main() {
    let data = std::env::var("BELISHA_DATA")
        .map_or_else(|_| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"), PathBuf::from);
    let popular = lines(&data.join("benign/popular_all.txt.zst"));
    for which in ["blocked_1m", "blocked_5m"] {
        match (lines(&data.join(format!("scale/{which}.txt.zst"))), &popular) {
            (Some(listed), Some(popular)) => measure(&listed, popular),
            _ => println!(
                "{which} skipped: it needs scale/{which}.txt.zst and benign/popular_all.txt.zst under {} and the `zstd` command",
                data.display()
            ),
        }
    }
}

fn measure(listed: &[String], popular: &[String]) {
    let hosts = hosts(listed, popular);
    let index = Arc::new(built_and_opened(listed));
    let before = resident();
    let set: HashSet<String> = listed.iter().cloned().collect();
    let set_bytes = resident().saturating_sub(before) as f64;
    let rules = rules(Arc::clone(&index), listed);
    let now: Timestamp = "2026-09-14T09:30:00Z".parse().expect("a time");

    let in_set = |host: &str| parents(host).any(|name| set.contains(name));
    let in_index = |host: &str| !index.lookup(host).is_empty();
    let decided = |host: &str| rules.decide(&Request::new(host, "pupil"), now).is_open();
    let missed = hosts.iter().filter(|host| in_set(host) && !in_index(host)).count();
    let accidents = hosts.iter().filter(|host| !in_set(host) && in_index(host)).count();
    let found = hosts.iter().filter(|host| in_set(host)).count();
    println!("  of {HOSTS} hosts: {found} listed, {missed} missed by the index, {accidents} taken by accident");

    // The first decision of an hour works out which period it is.
    black_box(hosts.iter().filter(|host| decided(host)).count());
    let before = ALLOCATIONS.get();
    black_box(hosts.iter().filter(|host| decided(host)).count());
    let allocations = (ALLOCATIONS.get() - before) as f64 / HOSTS as f64;

    let contenders: [&dyn Fn(&str) -> bool; 3] = [&in_set, &in_index, &decided];
    let mut means = [const { Vec::new() }; 3];
    for _ in 0..ROUNDS {
        for (times, ask) in means.iter_mut().zip(contenders) {
            times.push(mean(&hosts, ask));
        }
    }
    let clock = median_of_one(&hosts, |_| false);
    let bytes_a_name = |bytes: f64| bytes / listed.len() as f64;
    let index_bytes = bytes_a_name(index.memory() as f64);
    let rows = [
        ("HashSet<String>, each parent", bytes_a_name(set_bytes)),
        ("DomainIndex::lookup", index_bytes),
        ("Ruleset::decide, whole", index_bytes),
    ];
    for (((name, bytes), ask), mean) in rows.into_iter().zip(contenders).zip(means) {
        let one = median_of_one(&hosts, ask) - clock;
        println!(
            "  {name:<30} {one:4.0} ns median, {:4.0} ns mean processor time, {bytes:5.1} bytes a name",
            median(mean)
        );
    }
    println!("  Ruleset::decide, open and closed by category: {allocations} allocations a decision");
}

/// Writes the index as `belisha` does, and opens it.
fn built_and_opened(listed: &[String]) -> DomainIndex {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("compiled");
    let start = processor_time();
    let scratch = tempfile::tempfile_in(folder.path()).expect("room on the disk");
    let mut builder = DomainIndexBuilder::with_scratch(scratch);
    fill(&mut builder, listed);
    write_index(&path, |file| builder.write(file, "a bench").map_err(io::Error::other)).expect("room on the disk");
    let built = (processor_time() - start) as f64 / 1e9;
    let start = processor_time();
    let index = open_index(&path).expect("the index just written");
    let opened = (processor_time() - start) as f64 / 1e6;
    println!("{} names: index built in {built:.2} s, mapped, verified and opened in {opened:.1} ms", index.len());
    index
}

fn fill(builder: &mut DomainIndexBuilder, listed: &[String]) {
    let categories = ["gambling", "games", "social-media", "adverts", "malware", "phishing", "streaming", "shopping"];
    let sources = categories.map(|category| builder.source("bench", category).expect("few lists"));
    for (name, source) in listed.iter().zip(sources.iter().cycle()) {
        builder.add(*source, name);
    }
}

/// The example policy with a school's day, fifty sites of its own, twenty exceptions and a list of illegal content.
fn rules(index: Arc<DomainIndex>, listed: &[String]) -> Ruleset {
    let lesson =
        |from: i8| TimetablePart { period: Period::Lesson, from: time(from, 0, 0, 0), until: time(from + 1, 0, 0, 0) };
    let term = vec![(date(2026, 9, 1), date(2026, 12, 18))];
    let day = (9..15).map(lesson).collect();
    let timetable = Timetable::new("Europe/London", term, vec![], day).expect("a time zone");
    let mut rules = Rules::new(policy(), timetable);
    let site = |number: usize| SchoolRule {
        id: format!("rule-{number}"),
        host: format!("site-{number}.example"),
        groups: vec![],
        reason: "a bench".to_owned(),
    };
    rules.school_allow = (0..25).map(site).collect();
    rules.school_deny = (25..50).map(site).collect();
    rules.exceptions = listed.iter().take(20).map(|host| exception(host)).collect();
    let mut illegal = IllegalList::new([9; 16]);
    for number in 0..20_000 {
        illegal.insert(&format!("http://never-{number}.test/page?number={number}"));
    }
    Ruleset::compile(rules, index, Arc::new(illegal))
}

fn exception(host: &str) -> Exception {
    Exception {
        id: "exception".to_owned(),
        host: host.to_owned(),
        groups: vec!["staff".to_owned()],
        person: None,
        from: "2026-09-01T00:00:00Z".parse().expect("a time"),
        until: "2026-12-01T00:00:00Z".parse().expect("a time"),
        allow: true,
        reason: "a bench".to_owned(),
        granted_by_office: Role::OnlineSafetyLead,
    }
}

/// The example policy of the secondary school.
fn policy() -> Policy {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../policies/england-secondary.dj");
    let source = std::fs::read_to_string(path).expect("the example policy");
    compile(&source, date(2026, 9, 14)).policy.expect("the example policy compiles")
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

fn parents(host: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(host), |name| name.split_once('.').map(|(_, parent)| parent))
}

/// Nanoseconds of processor time a host, over all of them.
fn mean(hosts: &[String], ask: &dyn Fn(&str) -> bool) -> f64 {
    let start = processor_time();
    black_box(hosts.iter().filter(|host| ask(black_box(host))).count());
    (processor_time() - start) as f64 / hosts.len() as f64
}

/// The median of the nanoseconds each host takes, the clock's own included.
fn median_of_one(hosts: &[String], ask: impl Fn(&str) -> bool) -> f64 {
    let one = |host: &String| {
        // A gateway has just read the host.
        black_box(host.bytes().fold(0, |all, byte| all ^ byte));
        let start = Instant::now();
        black_box(ask(black_box(host)));
        start.elapsed().as_nanos() as f64
    };
    median(hosts.iter().map(one).collect())
}
