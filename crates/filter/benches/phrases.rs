//! A page's words held against e2guardian's own Debian phrase lists: microseconds of processor time for the page of 100 kB
//! that `benches/proxy` serves, and megabytes a second over real HTML, beside plain `aho-corasick` that only looks for
//! the same phrases in the raw bytes (no tags passed over, nothing decoded, nothing summed), in the same run.
//!
//! How to run, from the root of the repository: `cargo bench -p belisha-filter --bench phrases`. It reads
//! `/etc/e2guardian/lists` (Debian's package e2guardian) and the HTML under `/usr/share/doc`, and says so and stops when
//! there is none. `BELISHA_LISTS=DIR` and `BELISHA_PAGES=DIR` take others. Medians of seven rounds, the contenders in turn.
#![expect(clippy::expect_used, reason = "a bench that cannot be set up must stop")]
#![expect(clippy::print_stdout, reason = "a bench prints what it measured")]

mod measure;

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use belisha_filter::{PageReader, PhraseBook, PhraseKind, PhraseList, encoding_of_path, includes};
use measure::{median, processor_time, resident};
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::sync::Arc;

const ROUNDS: usize = 7;
/// Never passed, so that each page is read to its end.
const NO_LIMIT: u32 = 1_000_000_000;
const HTML: &str = "text/html; charset=utf-8";

fn main() {
    let folder =
        |variable, default: &str| std::env::var(variable).map_or_else(|_| PathBuf::from(default), PathBuf::from);
    let lists = phrase_files(&folder("BELISHA_LISTS", "/etc/e2guardian/lists"));
    let mut pages = Vec::new();
    find_pages(&folder("BELISHA_PAGES", "/usr/share/doc"), &mut pages);
    if lists.is_empty() || pages.is_empty() {
        println!("phrases bench skipped: it needs e2guardian's phrase lists and HTML pages; see the head of this file");
        return;
    }
    let before = resident();
    let start = processor_time();
    let book = Arc::new(compile(&lists));
    println!(
        "book: {} rules of {} lists, {} lines refused; compiled in {:.0} ms; holds {:.1} MB, resident +{:.1} MB",
        book.report().taken,
        lists.len(),
        book.report().refused,
        (processor_time() - start) as f64 / 1e6,
        book.memory() as f64 / 1e6,
        resident().saturating_sub(before) as f64 / 1e6
    );
    let phrases = raw_phrases(&lists);
    let floors = [AhoCorasickKind::ContiguousNFA, AhoCorasickKind::DFA].map(|kind| floor(kind, &phrases));
    println!(
        "plain aho-corasick: {} phrases, NFA {:.1} MB, DFA {:.1} MB",
        phrases.len(),
        floors[0].memory_usage() as f64 / 1e6,
        floors[1].memory_usage() as f64 / 1e6
    );

    let page = hundred_kilobytes();
    let verdict = read(&book, &page, usize::MAX);
    println!("page: {} bytes, {} of them words; score {}", page.len(), verdict.1, verdict.0);
    compare("100 kB page", std::slice::from_ref(&page), 500, &book, &floors);
    compare("real pages", &pages, 4, &book, &floors);
}

fn compare(name: &str, pages: &[Vec<u8>], times: usize, book: &Arc<PhraseBook>, floors: &[AhoCorasick; 2]) {
    let bytes: usize = pages.iter().map(Vec::len).sum();
    let mut spent = [const { Vec::new() }; 4];
    for _ in 0..ROUNDS {
        for (at, spent) in spent.iter_mut().enumerate() {
            let start = processor_time();
            for page in std::iter::repeat_n(pages, times).flatten() {
                match at {
                    0 => black_box(read(book, page, usize::MAX)).0,
                    1 => black_box(read(book, page, 16_384)).0,
                    at => black_box(floors[at - 2].find_overlapping_iter(page).count()) as i64,
                };
            }
            spent.push((processor_time() - start) as f64 / times as f64);
        }
    }
    println!("{name}: {} pages, {bytes} bytes", pages.len());
    let names = ["PageReader, whole", "PageReader, 16 kB pieces", "plain aho-corasick, NFA", "plain aho-corasick, DFA"];
    for (name, spent) in names.iter().zip(spent) {
        let nanoseconds = median(spent);
        let page = nanoseconds / 1e3 / pages.len() as f64;
        println!("  {name:<26} {page:9.1} us/page  {:7.1} MB/s", bytes as f64 * 1e3 / nanoseconds);
    }
}

/// The score and how many bytes of words there were.
fn read(book: &Arc<PhraseBook>, page: &[u8], piece: usize) -> (i64, u64) {
    let mut reader = PageReader::new(book, NO_LIMIT, HTML);
    for bytes in page.chunks(piece.min(page.len()).max(1)) {
        if let Some(verdict) = reader.feed(bytes) {
            return (verdict.score, verdict.read);
        }
    }
    let verdict = reader.finish();
    (verdict.score, verdict.read)
}

/// The lists that Debian's e2guardian reads, each with the files it includes.
fn phrase_files(folder: &Path) -> Vec<(String, PhraseKind, Vec<u8>)> {
    let mut files = Vec::new();
    for (name, kind) in [
        ("weightedphraselist", PhraseKind::Weighted),
        ("bannedphraselist", PhraseKind::Banned),
        ("exceptionphraselist", PhraseKind::Exception),
    ] {
        let mut waiting = vec![folder.join(name)];
        while let Some(path) = waiting.pop() {
            let Ok(text) = std::fs::read(&path) else { continue };
            waiting.extend(includes(&text).into_iter().rev().map(PathBuf::from));
            files.push((path.display().to_string(), kind, text));
        }
    }
    files
}

fn compile(files: &[(String, PhraseKind, Vec<u8>)]) -> PhraseBook {
    let lists: Vec<PhraseList> = files
        .iter()
        .map(|(name, kind, text)| PhraseList { name, kind: *kind, text, encoding: encoding_of_path(name) })
        .collect();
    PhraseBook::compile(&lists).expect("e2guardian's lists")
}

/// Every distinct phrase as it stands in the files.
fn raw_phrases(files: &[(String, PhraseKind, Vec<u8>)]) -> Vec<Vec<u8>> {
    let mut phrases = Vec::new();
    for line in files.iter().flat_map(|(.., text)| text.split(|byte| *byte == b'\n')) {
        if line.first() == Some(&b'<') {
            let parts =
                line.split(|byte| *byte == b'<').skip(1).filter_map(|part| part.split(|byte| *byte == b'>').next());
            phrases
                .extend(parts.filter(|part| part.iter().any(u8::is_ascii_alphabetic)).map(<[u8]>::to_ascii_lowercase));
        }
    }
    phrases.sort();
    phrases.dedup();
    phrases
}

fn floor(kind: AhoCorasickKind, phrases: &[Vec<u8>]) -> AhoCorasick {
    AhoCorasick::builder().ascii_case_insensitive(true).kind(Some(kind)).build(phrases).expect("an automaton")
}

/// The page that the proxy's bench serves: the first 100 kB of the largest of Node's pages, or of any.
fn hundred_kilobytes() -> Vec<u8> {
    const LENGTH: usize = 100 * 1024;
    let text = ["/usr/share/doc/nodejs/api/fs.html", "/usr/share/doc/nodejs/api/all.html"]
        .iter()
        .find_map(|path| std::fs::read(path).ok())
        .unwrap_or_else(|| b"<p>Plain words between tags, over and over again.</p>\n".repeat(LENGTH / 50));
    let mut page: Vec<u8> = text.into_iter().take(LENGTH - 16).collect();
    page.truncate(page.iter().rposition(|byte| *byte == b'<').unwrap_or(page.len()));
    page.extend_from_slice(b"</body></html>");
    page.resize(LENGTH, b' ');
    page
}

/// Real pages of 20 to 300 kB, sixty of them at even distances.
fn find_pages(folder: &Path, pages: &mut Vec<Vec<u8>>) {
    let mut paths = Vec::new();
    let mut waiting = vec![folder.to_path_buf()];
    while let Some(folder) = waiting.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let Ok(kind) = entry.file_type() else { continue };
            let path = entry.path();
            if kind.is_dir() {
                waiting.push(path);
            } else if kind.is_file()
                && path.extension().is_some_and(|extension| extension == "html")
                && entry.metadata().is_ok_and(|about| (20_000..300_000).contains(&about.len()))
            {
                paths.push(path);
            }
        }
    }
    paths.sort();
    let step = (paths.len() / 60).max(1);
    pages.extend(paths.iter().step_by(step).filter_map(|path| std::fs::read(path).ok()));
}
