//! Getting at a list's bytes: a file or folder that is there, or an address fetched into a temporary file. What is in the
//! bytes is `unpack`'s business.

use super::ListError;
use super::manifest::Version;
use indicatif::ProgressBar;
use std::fs::File;
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The most bytes fetched from an address. The largest public category archive is a tenth of it.
pub const LARGEST_DOWNLOAD: u64 = 512 * 1024 * 1024;
/// The most bytes of a checksum or a signature.
const LARGEST_SMALL: u64 = 1024 * 1024;
/// How often a download that is cut off is taken up again, the first time counted.
const TRIES: u32 = 4;

/// Where a list comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A file or folder.
    Path(PathBuf),
    /// An `http://` or `https://` address.
    Address(url::Url),
}

impl Source {
    /// Reads what was typed.
    ///
    /// # Errors
    /// When it looks like an address of a kind that is not fetched.
    pub fn parse(typed: &str) -> Result<Self, ListError> {
        if !typed.contains("://") {
            return Ok(Source::Path(PathBuf::from(typed)));
        }
        match url::Url::parse(typed) {
            Ok(address) if matches!(address.scheme(), "http" | "https") && address.has_host() => {
                Ok(Source::Address(address))
            }
            _ => Err(ListError::Source(format!(
                "`{typed}` is neither a file nor an `http` or `https` address; give one of those"
            ))),
        }
    }

    /// How the source is written in the list's row, and typed again to refresh it. A password in an address is left out.
    pub fn text(&self) -> String {
        match self {
            Source::Path(path) => path.display().to_string(),
            Source::Address(address) => {
                let mut address = address.clone();
                let _ = address.set_password(None);
                address.to_string()
            }
        }
    }

    /// The last part of the name, for guessing the format and a name: `blacklists.tar.gz`.
    pub fn file_name(&self) -> String {
        match self {
            Source::Path(path) => path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default(),
            Source::Address(address) => {
                let last = address.path_segments().and_then(|mut parts| parts.rfind(|part| !part.is_empty()));
                last.or(address.host_str()).unwrap_or_default().to_owned()
            }
        }
    }
}

/// A source that can be read now.
pub enum Fetched {
    /// A file or folder that was there.
    There(PathBuf),
    /// A file that was fetched, deleted when this is dropped, and what its address calls this version of it.
    Temporary(TemporaryFile, Version),
}

impl Fetched {
    /// Where it is.
    pub fn path(&self) -> &Path {
        match self {
            Fetched::There(path) => path,
            Fetched::Temporary(file, _) => &file.0,
        }
    }

    /// What its address calls this version of it.
    pub fn version(&self) -> Version {
        match self {
            Fetched::There(_) => Version::default(),
            Fetched::Temporary(_, version) => version.clone(),
        }
    }
}

/// A file that is deleted when this is dropped.
pub struct TemporaryFile(PathBuf);

impl Drop for TemporaryFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Makes a source readable: looks a path up, or fetches an address into `folder` with the progress shown. `None`: the address
/// says that it still has one of the `known` versions.
///
/// # Errors
/// When the path is not there, or the address does not answer with a whole file of at most [`LARGEST_DOWNLOAD`] bytes.
pub fn fetch(
    source: &Source,
    folder: &Path,
    known: &[Version],
    progress: &ProgressBar,
) -> Result<Option<Fetched>, ListError> {
    match source {
        Source::Path(path) if path.exists() => Ok(Some(Fetched::There(path.clone()))),
        Source::Path(path) => Err(ListError::Source(format!(
            "there is nothing at `{}`; give a file, a folder or an address",
            path.display()
        ))),
        Source::Address(address) => {
            let mut download = Download::begin(address, folder, LARGEST_DOWNLOAD, progress)?;
            Ok(download.run(known)?.map(|version| Fetched::Temporary(download.file, version)))
        }
    }
}

/// Reads a small file that belongs to a list: a checksum or a signature.
///
/// # Errors
/// When it is not there, or larger than such a file is.
pub fn fetch_small(source: &Source) -> Result<Vec<u8>, ListError> {
    let mut bytes = Vec::new();
    let read = match source {
        Source::Path(path) => {
            std::fs::File::open(path).and_then(|file| file.take(LARGEST_SMALL).read_to_end(&mut bytes))
        }
        Source::Address(address) => {
            let response = agent().get(address.as_str()).call().map_err(|error| could_not(source, &error))?;
            response.into_body().into_reader().take(LARGEST_SMALL).read_to_end(&mut bytes)
        }
    };
    match read {
        Ok(length) if (length as u64) < LARGEST_SMALL => Ok(bytes),
        Ok(_) => Err(could_not(source, &"it is too large for a checksum or a signature")),
        Err(error) => Err(could_not(source, &error)),
    }
}

fn agent() -> ureq::Agent {
    ureq::Agent::config_builder()
        .timeout_connect(Some(Duration::from_secs(15)))
        .timeout_recv_response(Some(Duration::from_secs(60)))
        .timeout_global(Some(Duration::from_secs(20 * 60)))
        .max_redirects(5)
        .user_agent(concat!("belisha/", env!("CARGO_PKG_VERSION")))
        .build()
        .into()
}

fn could_not(source: &Source, what: &dyn std::fmt::Display) -> ListError {
    ListError::Source(format!("`{}` could not be fetched: {what}; nothing was changed, try again later", source.text()))
}

/// A file being fetched. Cut off on the way, it goes on where it was if the address can do that, and begins again if not.
struct Download<'a> {
    source: Source,
    address: &'a url::Url,
    largest: u64,
    progress: &'a ProgressBar,
    file: TemporaryFile,
    written: File,
    fetched: u64,
}

/// What an answer says of itself.
struct Stated {
    version: Version,
    /// Bytes that it still has, where it says so and they come as they are.
    length: Option<u64>,
    /// Whether a part of it can be asked for: it is known by a strong tag, and comes as it is.
    can_go_on: bool,
}

impl<'a> Download<'a> {
    fn begin(address: &'a url::Url, folder: &Path, largest: u64, progress: &'a ProgressBar) -> Result<Self, ListError> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        std::fs::create_dir_all(folder).map_err(|error| ListError::write(folder, &error))?;
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = folder.join(format!(".fetching-{}-{number}", std::process::id()));
        let written = File::create(&path).map_err(|error| ListError::write(&path, &error))?;
        let file = TemporaryFile(path);
        progress.set_message(format!("fetching {}", Source::Address(address.clone()).text()));
        Ok(Self { source: Source::Address(address.clone()), address, largest, progress, file, written, fetched: 0 })
    }

    /// Fetches it whole. `None`: it is one of the known versions.
    fn run(&mut self, known: &[Version]) -> Result<Option<Version>, ListError> {
        let mut go_on_from: Option<String> = None;
        for left in (0..TRIES).rev() {
            let Some((stated, body)) = self.ask(known, go_on_from.as_deref())? else { return Ok(None) };
            match self.take(body, stated.length) {
                Ok(()) if self.fetched == 0 => return Err(could_not(&self.source, &"the answer was empty")),
                Ok(()) => return Ok(Some(stated.version)),
                Err(Cut::Off(what)) if left == 0 => return Err(could_not(&self.source, &what)),
                Err(Cut::Off(_)) => go_on_from = stated.version.etag.filter(|_| stated.can_go_on && self.fetched > 0),
                Err(Cut::Refused(error)) => return Err(error),
            }
        }
        Err(could_not(&self.source, &"it was cut off again and again"))
    }

    /// Puts the question; an answer that is not the rest of the file makes the file begin anew.
    fn ask(&mut self, known: &[Version], go_on_from: Option<&str>) -> Result<Option<(Stated, ureq::Body)>, ListError> {
        let mut question = agent().get(self.address.as_str());
        if let Some(tag) = go_on_from {
            let range = format!("bytes={}-", self.fetched);
            question = question.header("range", range).header("if-range", tag).header("accept-encoding", "identity");
        } else {
            for (name, value) in conditions(known) {
                question = question.header(name, value);
            }
        }
        let response = question.call().map_err(|error| could_not(&self.source, &error))?;
        let header = |name: &str| Some(response.headers().get(name)?.to_str().ok()?.to_owned());
        if response.status() == 304 {
            return Ok(None);
        }
        let goes_on = response.status() == 206
            && header("content-range").is_some_and(|range| range.starts_with(&format!("bytes {}-", self.fetched)));
        match (response.status().as_u16(), goes_on) {
            (206, true) => {}
            (200, _) => self.begin_again()?,
            (status, _) => return Err(could_not(&self.source, &format!("it answers with status {status}"))),
        }
        let as_it_is = header("content-encoding").is_none();
        let etag = header("etag");
        let stated = Stated {
            length: header("content-length").and_then(|length| length.parse().ok()).filter(|_| as_it_is),
            can_go_on: as_it_is && etag.as_deref().is_some_and(|tag| tag.starts_with('"')),
            version: Version { etag, last_modified: header("last-modified") },
        };
        Ok(Some((stated, response.into_body())))
    }

    fn begin_again(&mut self) -> Result<(), ListError> {
        self.fetched = 0;
        let emptied = self.written.set_len(0).and_then(|()| self.written.rewind());
        emptied.map_err(|error| ListError::write(&self.file.0, &error))
    }

    fn take(&mut self, body: ureq::Body, stated: Option<u64>) -> Result<(), Cut> {
        let whole = stated.map(|length| self.fetched + length);
        if whole.is_some_and(|length| length > self.largest) {
            return Err(self.too_large());
        }
        self.progress.set_length(whole.unwrap_or(0));
        let mut body = body.into_with_config().limit(u64::MAX).reader();
        let mut buffer = vec![0; 64 * 1024];
        loop {
            let read = body.read(&mut buffer).map_err(|error| Cut::Off(error.to_string()))?;
            if read == 0 {
                break;
            }
            self.fetched += read as u64;
            if self.fetched > self.largest {
                return Err(self.too_large());
            }
            let written = self.written.write_all(buffer.get(..read).unwrap_or_default());
            written.map_err(|error| Cut::Refused(ListError::write(&self.file.0, &error)))?;
            self.progress.set_position(self.fetched);
        }
        match whole {
            Some(whole) if self.fetched < whole => {
                Err(Cut::Off(format!("only {} of {whole} bytes came", self.fetched)))
            }
            _ => Ok(()),
        }
    }

    fn too_large(&self) -> Cut {
        let (shown, most) = (self.source.text(), self.largest >> 20);
        Cut::Refused(ListError::TooLarge(format!("`{shown}` is larger than {most} MB; fetch a smaller list")))
    }
}

/// Why a body did not come whole.
enum Cut {
    /// The connection ended: worth another try.
    Off(String),
    /// It may not come whole.
    Refused(ListError),
}

/// "Only if it is none of these" (RFC 9110 sections 13.1.2 and 13.1.3).
fn conditions(known: &[Version]) -> Vec<(&'static str, String)> {
    let tags: Vec<&str> = known.iter().filter_map(|version| version.etag.as_deref()).collect();
    let modified = known.iter().find_map(|version| version.last_modified.clone());
    match (tags.is_empty(), modified) {
        (false, _) => vec![("if-none-match", tags.join(", "))],
        (true, Some(modified)) => vec![("if-modified-since", modified)],
        (true, None) => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    /// Answers one request with these bytes, then closes.
    fn answer_once(bytes: &'static [u8]) -> url::Url {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(bytes);
        });
        format!("http://{address}/lists/games.txt").parse().unwrap()
    }

    fn fetched(bytes: &'static [u8], largest: u64) -> Result<String, String> {
        let folder = tempfile::tempdir().unwrap();
        let (address, hidden) = (answer_once(bytes), ProgressBar::hidden());
        let mut download = Download::begin(&address, folder.path(), largest, &hidden).unwrap();
        let outcome = download.run(&[]).map_err(|error| error.to_string());
        let text = outcome.map(|_| std::fs::read_to_string(&download.file.0).unwrap());
        drop(download);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "a temporary file was left");
        text
    }

    #[test]
    fn an_address_is_fetched_whole_or_not_at_all() {
        let whole = fetched(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\nconnection: close\r\n\r\na.com", 100);
        assert_eq!(whole.as_deref(), Ok("a.com"));
        let cut_short =
            fetched(b"HTTP/1.1 200 OK\r\ncontent-length: 50\r\nconnection: close\r\n\r\na.com", 100).unwrap_err();
        assert!(cut_short.contains("could not be fetched"), "{cut_short}");
        let empty = fetched(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n", 100).unwrap_err();
        assert!(empty.contains("empty"), "{empty}");
        let gone =
            fetched(b"HTTP/1.1 404 Not Found\r\ncontent-length: 4\r\nconnection: close\r\n\r\ngone", 100).unwrap_err();
        assert!(gone.contains("404"), "{gone}");
    }

    /// Answers each connection with the next of these, and gives the requests that came.
    fn answers(all: &'static [&'static str]) -> (url::Url, std::thread::JoinHandle<Vec<String>>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}/games.txt", listener.local_addr().unwrap()).parse().unwrap();
        let asked = std::thread::spawn(move || {
            let answer = |answer: &&str| {
                let (mut stream, _) = listener.accept().unwrap();
                let mut request = [0; 4096];
                let length = stream.read(&mut request).unwrap();
                stream.write_all(answer.as_bytes()).unwrap();
                String::from_utf8_lossy(&request[..length]).to_lowercase()
            };
            all.iter().map(answer).collect()
        });
        (address, asked)
    }

    fn taken_up(all: &'static [&'static str], known: &[Version]) -> (Option<String>, Version, Vec<String>) {
        let folder = tempfile::tempdir().unwrap();
        let (address, asked) = answers(all);
        let source = Source::Address(address);
        let fetched = fetch(&source, folder.path(), known, &ProgressBar::hidden()).unwrap();
        let text = fetched.as_ref().map(|fetched| std::fs::read_to_string(fetched.path()).unwrap());
        (text, fetched.map(|fetched| fetched.version()).unwrap_or_default(), asked.join().unwrap())
    }

    #[test]
    fn a_download_that_is_cut_off_goes_on_where_it_was() {
        let (text, version, asked) = taken_up(
            &[
                "HTTP/1.1 200 OK\r\netag: \"one\"\r\ncontent-length: 10\r\n\r\n01234",
                "HTTP/1.1 206 Partial\r\netag: \"one\"\r\ncontent-range: bytes 5-9/10\r\ncontent-length: 5\r\n\r\n56789",
            ],
            &[],
        );
        assert_eq!((text.as_deref(), version.etag.as_deref()), (Some("0123456789"), Some("\"one\"")));
        assert!(asked[1].contains("range: bytes=5-") && asked[1].contains("if-range: \"one\""), "{}", asked[1]);
    }

    #[test]
    fn a_file_that_changed_meanwhile_or_has_no_strong_tag_begins_again() {
        for tag in ["\"one\"", "W/\"one\""] {
            let first = format!("HTTP/1.1 200 OK\r\netag: {tag}\r\ncontent-length: 10\r\n\r\n01234").leak();
            let all = vec![&*first, "HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nnew"].leak();
            let (text, version, asked) = taken_up(all, &[]);
            assert_eq!((text.as_deref(), version), (Some("new"), Version::default()));
            assert_eq!(asked[1].contains("range: bytes=5-"), tag.starts_with('"'));
        }
    }

    #[test]
    fn a_version_that_is_known_is_not_fetched_again() {
        let known = |etag: &str| Version { etag: Some(etag.into()), last_modified: Some("yesterday".into()) };
        let not_changed: &[&str] = &["HTTP/1.1 304 Not Modified\r\nconnection: close\r\n\r\n"];
        let (text, _, asked) = taken_up(not_changed, &[known("\"a\""), known("\"b\"")]);
        assert!(text.is_none() && asked[0].contains("if-none-match: \"a\", \"b\""), "{}", asked[0]);
        let dated = Version { etag: None, last_modified: Some("Sat, 21 Nov 2026 02:15:00 GMT".into()) };
        let (_, _, asked) = taken_up(not_changed, &[dated]);
        assert!(asked[0].contains("if-modified-since: sat, 21 nov 2026 02:15:00 gmt"), "{}", asked[0]);
    }

    #[test]
    fn a_list_that_is_too_large_is_refused_whether_it_says_so_or_not() {
        let says_so =
            fetched(b"HTTP/1.1 200 OK\r\ncontent-length: 5000000\r\nconnection: close\r\n\r\na.com", 100).unwrap_err();
        assert!(says_so.contains("larger than"), "{says_so}");
        let hides_it =
            fetched(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\naaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 20)
                .unwrap_err();
        assert!(hides_it.contains("larger than"), "{hides_it}");
    }

    #[test]
    fn only_files_and_web_addresses_are_sources() {
        assert!(matches!(Source::parse("lists/games.txt"), Ok(Source::Path(_))));
        assert!(matches!(Source::parse("https://lists.example/a.tar.gz"), Ok(Source::Address(_))));
        for typed in ["ftp://lists.example/a", "file:///etc/passwd", "https://", "gopher://x"] {
            assert!(Source::parse(typed).is_err(), "{typed}");
        }
        let secret = Source::parse("https://ict:secret@lists.example/a/b.tgz").unwrap();
        assert!(!secret.text().contains("secret"));
        assert_eq!(secret.file_name(), "b.tgz");
    }
}
