//! Lists swapped under load: two threads decide without a pause while five million names are compiled, mapped and swapped in
//! again and again, as `belisha` does it after an update. Printed: how long decisions take before and meanwhile, the
//! memory before and meanwhile, how long a restart takes, and wrong answers.
//!
//! How to run, from the root of the repository: `cargo bench -p belisha-gateway --bench lists_swapped`. It reads
//! `../shared/data/scale/blocked_5m.txt.zst` (another folder: `BELISHA_DATA=DIR`; other names: `BELISHA_DOMAINS=blocked_1m`)
//! through the `zstd` command, and says so and stops when either is missing. Resident memory is given as the system counts
//! it, and without the mapped file, whose pages the system takes back when it needs them.
#![expect(clippy::expect_used, reason = "a bench that cannot be set up must stop")]
#![expect(clippy::print_stdout, reason = "a bench prints what it measured")]

use belisha_filter::{DomainIndexBuilder, IllegalList, Request, Rules, Ruleset, Timetable};
use belisha_gateway::{open_index, write_index};
use belisha_policy::compile;
use jiff::Timestamp;
use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, RwLock};
use std::time::{Duration, Instant};

const SWAPS: usize = 5;
const THREADS: usize = 2;
const CATEGORIES: [&str; 4] = ["gambling", "games", "adverts", "malware"];
/// Every so many names of the text is asked for.
const ASKED: usize = 50;

fn main() {
    let data = std::env::var("BELISHA_DATA")
        .map_or_else(|_| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"), PathBuf::from);
    let which = std::env::var("BELISHA_DOMAINS").unwrap_or_else(|_| "blocked_5m".to_owned());
    let folder = tempfile::tempdir().expect("a folder");
    let (text, compiled) = (folder.path().join("text"), folder.path().join("compiled"));
    if !unpack(&data.join(format!("scale/{which}.txt.zst")), &text) {
        println!("skipped: it needs scale/{which}.txt.zst under {} and the `zstd` command", data.display());
        return;
    }
    // A helpline is open whatever a list says.
    let listed = |host: &String| belisha_filter::helpline_for(host).is_none();
    let hosts: Vec<String> = lines(&text).step_by(ASKED).filter(listed).collect();
    swap_in(&text, &compiled);
    let start = Instant::now();
    let first = rules(&compiled);
    println!("{which}: mapped, verified and ready in {:.0} ms", start.elapsed().as_secs_f64() * 1e3);
    let held = RwLock::new(first);
    let (stop, meanwhile, wrong) = (AtomicBool::new(false), AtomicBool::new(false), AtomicU64::new(0));
    std::thread::scope(|scope| {
        let askers: Vec<_> =
            (0..THREADS).map(|_| scope.spawn(|| ask(&hosts, &held, &stop, &meanwhile, &wrong))).collect();
        std::thread::sleep(Duration::from_secs(3));
        let before = resident();
        meanwhile.store(true, Ordering::Relaxed);
        let stopped = &stop;
        let looking = scope.spawn(move || look(before, stopped));
        let start = Instant::now();
        for _ in 0..SWAPS {
            swap_in(&text, &compiled);
            *held.write().expect("nobody panicked") = rules(&compiled);
        }
        println!(
            "compiled, mapped and swapped in {SWAPS} times, {:.1} s each",
            start.elapsed().as_secs_f64() / SWAPS as f64
        );
        stop.store(true, Ordering::Relaxed);
        let (most, over, looks) = looking.join().expect("a thread that looks");
        println!("resident before: {before}; most meanwhile: {most}; a tenth more at {over} of {looks} looks");
        let mut times = [Times::default(), Times::default()];
        for asker in askers {
            for (all, own) in times.iter_mut().zip(asker.join().expect("a thread that decides")) {
                all.add(&own);
            }
        }
        for (name, times) in ["before", "meanwhile"].into_iter().zip(times) {
            println!(
                "{name}: {} decisions, median {} ns, p99 {} ns, p99.9 {} ns",
                times.count(),
                times.within(0.5),
                times.within(0.99),
                times.within(0.999)
            );
        }
        println!("wrong answers: {}", wrong.load(Ordering::Relaxed));
    });
}

/// How often a decision took so many nanoseconds. It takes the same memory however many are counted.
struct Times(Vec<u32>);

/// What takes longer is counted as this long.
const LONGEST: usize = 1 << 16;

impl Default for Times {
    fn default() -> Self {
        // Not zeroes, whose pages would come into memory only when they are first counted in.
        let mut counts = vec![1; LONGEST];
        counts.fill(0);
        Self(counts)
    }
}

impl Times {
    fn took(&mut self, time: Duration) {
        let nanoseconds = usize::try_from(time.as_nanos()).unwrap_or(LONGEST);
        self.0[nanoseconds.min(LONGEST - 1)] += 1;
    }

    fn add(&mut self, other: &Self) {
        self.0.iter_mut().zip(&other.0).for_each(|(all, own)| *all += own);
    }

    fn count(&self) -> u64 {
        self.0.iter().map(|count| u64::from(*count)).sum()
    }

    /// Nanoseconds within which such a part of the decisions was taken.
    fn within(&self, part: f64) -> usize {
        let mut left = (self.count() as f64 * part) as u64;
        let reached = self.0.iter().position(|count| {
            let over = u64::from(*count) > left;
            left = left.saturating_sub(u64::from(*count));
            over
        });
        reached.unwrap_or(LONGEST)
    }
}

/// Decides until told to stop; every listed host must be listed by whichever lists are in force. How long each hundredth
/// decision took, before and during the swaps.
fn ask(
    hosts: &[String],
    held: &RwLock<Arc<Ruleset>>,
    stop: &AtomicBool,
    meanwhile: &AtomicBool,
    wrong: &AtomicU64,
) -> [Times; 2] {
    let now: Timestamp = "2026-09-14T09:30:00Z".parse().expect("a time");
    let mut times = [Times::default(), Times::default()];
    for (number, host) in hosts.iter().cycle().enumerate() {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        let start = Instant::now();
        let rules = Arc::clone(&held.read().expect("nobody panicked"));
        let decision = rules.decide(&Request::new(host, "pupil"), now);
        let took = start.elapsed();
        if !decision.reason.category.is_some_and(|category| CATEGORIES.contains(&&*category)) {
            wrong.fetch_add(1, Ordering::Relaxed);
        }
        if number.is_multiple_of(100) {
            let [before, during] = &mut times;
            let times = if meanwhile.load(Ordering::Relaxed) { during } else { before };
            times.took(took);
        }
    }
    times
}

/// Compiles the text into the file, as after an update.
fn swap_in(text: &Path, compiled: &Path) {
    let scratch = tempfile::tempfile_in(compiled.parent().expect("a folder")).expect("room on the disk");
    let mut builder = DomainIndexBuilder::with_scratch(scratch);
    let sources = CATEGORIES.map(|category| builder.source("bench", category).expect("few lists"));
    let mut reader = BufReader::with_capacity(1 << 18, File::open(text).expect("the text"));
    let mut line = String::new();
    for source in sources.iter().cycle() {
        line.clear();
        if reader.read_line(&mut line).expect("the text") == 0 {
            break;
        }
        builder.add(*source, line.trim_end());
    }
    write_index(compiled, |file| builder.write(file, "a bench").map_err(io::Error::other)).expect("room on the disk");
}

fn rules(compiled: &Path) -> Arc<Ruleset> {
    let policy = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../policies/england-secondary.dj");
    let source = std::fs::read_to_string(policy).expect("the example policy");
    let policy = compile(&source, jiff::civil::date(2026, 9, 14)).policy.expect("the example policy compiles");
    let timetable = Timetable::new("Europe/London", vec![], vec![], vec![]).expect("a time zone");
    let index = Arc::new(open_index(compiled).expect("the file just written"));
    Arc::new(Ruleset::compile(Rules::new(policy, timetable), index, Arc::new(IllegalList::new([9; 16]))))
}

fn lines(text: &Path) -> impl Iterator<Item = String> {
    BufReader::with_capacity(1 << 18, File::open(text).expect("the text")).lines().map_while(Result::ok)
}

fn unpack(packed: &Path, text: &Path) -> bool {
    let Ok(out) = File::create(text) else { return false };
    let unpacked = Command::new("zstd").arg("-dc").arg(packed).stdout(out).stderr(Stdio::null()).status();
    unpacked.is_ok_and(|status| status.success())
}

/// Resident bytes: all, and those that are in no file.
#[derive(Clone, Copy, Default)]
struct Memory {
    all: usize,
    own: usize,
}

impl Memory {
    fn or(self, other: Memory) -> Memory {
        Memory { all: self.all.max(other.all), own: self.own.max(other.own) }
    }
}

impl std::fmt::Display for Memory {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{:.1} MB, {:.1} MB without mapped files", self.all as f64 / 1e6, self.own as f64 / 1e6)
    }
}

/// Looks until told to stop: the most that was seen, how often it was more than a tenth over what it was before, and how often it
/// looked. The pages of two mapped files are counted from a swap until the last decision under the older lists has ended.
fn look(before: Memory, stop: &AtomicBool) -> (Memory, usize, usize) {
    let (mut most, mut over, mut looks) = (Memory::default(), 0, 0);
    while !stop.load(Ordering::Relaxed) {
        let now = resident();
        most = most.or(now);
        over += usize::from(now.all * 10 > before.all * 11);
        looks += 1;
        std::thread::sleep(Duration::from_millis(2));
    }
    (most, over, looks)
}

fn resident() -> Memory {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let mut pages = text.split(' ').skip(1).map(|pages| pages.parse::<usize>().unwrap_or(0) * 4096);
    let (all, shared) = (pages.next().unwrap_or(0), pages.next().unwrap_or(0));
    Memory { all, own: all.saturating_sub(shared) }
}
