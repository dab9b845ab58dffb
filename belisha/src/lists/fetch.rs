//! Getting at a list's bytes: a file or folder that is there, or an address fetched into a temporary file. What is in the
//! bytes is `unpack`'s business.

use super::ListError;
use indicatif::ProgressBar;
use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The most bytes fetched from an address. The largest public category archive is a tenth of it.
pub const LARGEST_DOWNLOAD: u64 = 512 * 1024 * 1024;

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
    /// A folder.
    Folder(PathBuf),
    /// A file that was there.
    File(PathBuf),
    /// A file that was fetched, deleted when this is dropped.
    Temporary(TemporaryFile),
}

impl Fetched {
    /// Where it is.
    pub fn path(&self) -> &Path {
        match self {
            Fetched::Folder(path) | Fetched::File(path) => path,
            Fetched::Temporary(file) => &file.0,
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

/// Makes a source readable: looks a path up, or fetches an address into `folder` with the progress shown.
///
/// # Errors
/// When the path is not there, or the address does not answer with a whole file of at most [`LARGEST_DOWNLOAD`] bytes.
pub fn fetch(source: &Source, folder: &Path, progress: &ProgressBar) -> Result<Fetched, ListError> {
    match source {
        Source::Path(path) => match std::fs::metadata(path) {
            Ok(found) if found.is_dir() => Ok(Fetched::Folder(path.clone())),
            Ok(_) => Ok(Fetched::File(path.clone())),
            Err(error) => Err(ListError::Source(format!(
                "cannot read `{}`: {error}; give a file, a folder or an address",
                path.display()
            ))),
        },
        Source::Address(address) => download(address, folder, LARGEST_DOWNLOAD, progress).map(Fetched::Temporary),
    }
}

fn download(
    address: &url::Url,
    folder: &Path,
    largest: u64,
    progress: &ProgressBar,
) -> Result<TemporaryFile, ListError> {
    let shown = Source::Address(address.clone()).text();
    let failed = |what: &dyn std::fmt::Display| {
        ListError::Source(format!("`{shown}` could not be fetched: {what}; nothing was changed, try again later"))
    };
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .timeout_connect(Some(Duration::from_secs(15)))
        .timeout_recv_response(Some(Duration::from_secs(60)))
        .timeout_global(Some(Duration::from_secs(20 * 60)))
        .max_redirects(5)
        .user_agent(concat!("belisha/", env!("CARGO_PKG_VERSION")))
        .build()
        .into();
    let response = agent.get(address.as_str()).call().map_err(|error| failed(&error))?;
    let stated = response.headers().get("content-length").and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    let encoded = response.headers().contains_key("content-encoding");
    if stated.is_some_and(|length| length > largest) {
        return Err(ListError::TooLarge(format!(
            "`{shown}` is larger than {} MB; fetch a smaller list",
            largest >> 20
        )));
    }
    progress.set_length(stated.unwrap_or(0));
    progress.set_message(format!("fetching {shown}"));
    std::fs::create_dir_all(folder).map_err(|error| ListError::write(folder, &error))?;
    let path = folder.join(format!(".fetching-{}", std::process::id()));
    let mut file = File::create(&path).map_err(|error| ListError::write(&path, &error))?;
    let temporary = TemporaryFile(path);
    let mut body = response.into_body().into_with_config().limit(u64::MAX).reader();
    let mut buffer = vec![0; 64 * 1024];
    let mut fetched: u64 = 0;
    loop {
        let read = body.read(&mut buffer).map_err(|error| failed(&error))?;
        if read == 0 {
            break;
        }
        fetched += read as u64;
        if fetched > largest {
            return Err(ListError::TooLarge(format!(
                "`{shown}` is larger than {} MB; fetch a smaller list",
                largest >> 20
            )));
        }
        file.write_all(buffer.get(..read).unwrap_or_default())
            .map_err(|error| ListError::write(&temporary.0, &error))?;
        progress.set_position(fetched);
    }
    match stated {
        Some(length) if !encoded && fetched < length => Err(failed(&format!("only {fetched} of {length} bytes came"))),
        _ if fetched == 0 => Err(failed(&"the answer was empty")),
        _ => Ok(temporary),
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
        let outcome = download(&answer_once(bytes), folder.path(), largest, &ProgressBar::hidden());
        let text = outcome.map(|file| std::fs::read_to_string(&file.0).unwrap()).map_err(|error| error.to_string());
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
