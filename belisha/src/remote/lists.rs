//! The lists that a server's rules name: fetched once, from where a download was cut short, verified, and put in the place of the
//! ones before. Rules come in every minute of a school day; lists once a day.

use super::connection::{Connection, Trouble};
use super::ownership::Ownership;
use crate::data_folder::DataFolder;
use crate::lists::compiled;
use belisha_filter::{DomainIndex, IllegalList};
use belisha_gateway::{ListFiles, open_index};
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// The most compiled lists may hold, in bytes.
const LARGEST: u64 = 4 * 1024 * 1024 * 1024;
/// How often a download that is cut short is taken up again before everything is asked anew.
const ATTEMPTS: u32 = 5;

/// The lists this gateway has.
pub struct FetchedLists {
    data: DataFolder,
    ownership: Arc<Ownership>,
    held: Option<(ListFiles, Arc<DomainIndex>, Arc<IllegalList>)>,
}

impl FetchedLists {
    /// Lists of a data folder.
    pub fn new(data: DataFolder, ownership: Arc<Ownership>) -> Self {
        Self { data, ownership, held: None }
    }

    /// The lists that rules name, fetched where they are not here.
    ///
    /// # Errors
    /// [`Trouble`], also where the disk refuses.
    pub fn get(
        &mut self,
        connection: &Connection,
        wanted: &ListFiles,
        key: [u8; 16],
    ) -> Result<(Arc<DomainIndex>, Arc<IllegalList>), Trouble> {
        if let Some((files, index, illegal)) = &self.held
            && files == wanted
        {
            return Ok((Arc::clone(index), Arc::clone(illegal)));
        }
        let index = self.index(connection, &wanted.index)?;
        let path = format!("/gateway/lists/{}", wanted.illegal);
        let bytes = connection.get(&path, &[], Duration::ZERO)?.body;
        let illegal = IllegalList::read_from(key, &bytes)
            .map_err(|_| Trouble::Away("the list of illegal content arrived damaged".into()))?;
        if ListFiles::of(&index, &illegal) != *wanted {
            return Err(Trouble::Away("lists arrived that the rules do not name".into()));
        }
        let (index, illegal) = (Arc::new(index), Arc::new(illegal));
        self.held = Some((wanted.clone(), Arc::clone(&index), Arc::clone(&illegal)));
        Ok((index, illegal))
    }

    fn index(&self, connection: &Connection, name: &str) -> Result<DomainIndex, Trouble> {
        let path = compiled(self.data.root());
        if let Ok(index) = open_index(&path)
            && ListFiles::index_name(&index) == name
        {
            return Ok(index);
        }
        let part = path.with_extension("part");
        self.download(connection, name, &part)?;
        let opened =
            open_index(&part).map_err(|error| Trouble::Away(format!("the compiled lists arrived damaged: {error}")));
        let right = opened.and_then(|index| match ListFiles::index_name(&index) == name {
            true => Ok(index),
            false => Err(Trouble::Away("compiled lists arrived that the rules do not name".into())),
        });
        if right.is_err() {
            let _ = std::fs::remove_file(&part);
        } else {
            let renamed = self.ownership.while_held(|| std::fs::rename(&part, &path));
            renamed.ok_or_else(not_ours)?.map_err(|error| disk(&error))?;
        }
        right
    }

    /// Fetches the compiled lists into a file. What an earlier download left there is gone on with if it was of the same lists.
    fn download(&self, connection: &Connection, name: &str, part: &Path) -> Result<(), Trouble> {
        let note = "lists/.part-name";
        if std::fs::read_to_string(self.data.root().join(note)).unwrap_or_default() != name {
            let _ = std::fs::remove_file(part);
            self.data.write_private(note, name).map_err(|error| disk(&error))?;
        }
        let mut attempt = 0;
        loop {
            attempt += 1;
            match fetch(connection, name, part, &self.ownership) {
                Err(Trouble::Away(_)) if attempt < ATTEMPTS => std::thread::sleep(Duration::from_secs(1)),
                Err(refused @ Trouble::Refused(_)) => {
                    // It may be longer than the lists are.
                    let _ = std::fs::remove_file(part);
                    return Err(refused);
                }
                done => return done,
            }
        }
    }
}

fn fetch(connection: &Connection, name: &str, part: &Path, ownership: &Ownership) -> Result<(), Trouble> {
    let opened = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(part);
    let mut file = opened.map_err(|error| disk(&error))?;
    let have = file.seek(SeekFrom::End(0)).map_err(|error| disk(&error))?;
    let range = format!("bytes={have}-");
    let headers: &[(&str, &str)] = if have > 0 { &[("range", &range)] } else { &[] };
    let mut answer = connection.open(&format!("/gateway/lists/{name}"), headers, Duration::ZERO)?;
    let goes_on = answer.status().as_u16() == 206;
    let start = if goes_on { have } else { 0 };
    if !goes_on {
        file.set_len(0).and_then(|()| file.rewind()).map_err(|error| disk(&error))?;
    }
    let expected = answer.body().content_length();
    let taken = copy(&mut answer.body_mut().as_reader(), &mut file, LARGEST - start.min(LARGEST), ownership)?;
    if expected.is_some_and(|expected| expected != taken) {
        return Err(Trouble::Away("the compiled lists were cut short on their way".into()));
    }
    file.sync_all().map_err(|error| disk(&error))
}

/// Copies what comes, while the folder is ours; what came before a cut stays.
fn copy(from: &mut dyn Read, file: &mut File, most: u64, ownership: &Ownership) -> Result<u64, Trouble> {
    let (mut buffer, mut taken) = (vec![0; 256 * 1024], 0);
    loop {
        let read = from.read(&mut buffer).map_err(|error| Trouble::Away(error.to_string()))?;
        if read == 0 {
            return Ok(taken);
        }
        taken += read as u64;
        if taken > most {
            return Err(Trouble::Refused("the compiled lists are larger than lists can be".into()));
        }
        let written = ownership.while_held(|| file.write_all(buffer.get(..read).unwrap_or_default()));
        written.ok_or_else(not_ours)?.map_err(|error| disk(&error))?;
    }
}

fn not_ours() -> Trouble {
    Trouble::Refused("another process has taken this one’s place and fetches them".into())
}

fn disk(error: &io::Error) -> Trouble {
    Trouble::Away(format!("lists cannot be written here: {error}; see that the disk has room"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;
    use std::thread::JoinHandle;

    /// A server that answers each request with the next of these, and tells where each began to read.
    fn stand_in(answers: Vec<Vec<u8>>) -> (Arc<Connection>, JoinHandle<Vec<Option<String>>>) {
        let socket = TcpListener::bind("127.0.0.1:0").unwrap();
        let from = format!("http://{}", socket.local_addr().unwrap());
        let served = std::thread::spawn(move || {
            let each = answers.into_iter().map(|answer| {
                let (mut stream, _) = socket.accept().unwrap();
                let (mut head, mut byte) = (Vec::new(), [0]);
                while !head.ends_with(b"\r\n\r\n") {
                    stream.read_exact(&mut byte).unwrap();
                    head.push(byte[0]);
                }
                stream.write_all(&answer).unwrap();
                let head = String::from_utf8(head).unwrap().to_lowercase();
                head.lines().find_map(|line| line.strip_prefix("range: ").map(str::to_owned))
            });
            each.collect()
        });
        (Connection::new(&from.parse().unwrap(), "token".into(), None).unwrap(), served)
    }

    fn owned(folder: &tempfile::TempDir) -> Arc<Ownership> {
        Arc::new(Ownership::take(folder.path()).unwrap())
    }

    fn answer(status: &str, length: usize, body: &[u8]) -> Vec<u8> {
        let head = format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n");
        [head.as_bytes(), body].concat()
    }

    #[test]
    fn a_download_that_is_cut_short_goes_on_where_it_was_cut_and_is_not_asked_for_again() {
        let folder = tempfile::tempdir().unwrap();
        let data = DataFolder::open(folder.path()).unwrap();
        let index = belisha_filter::built_in_index().unwrap();
        let illegal = IllegalList::new([7; 16]);
        let (bytes, wanted) = (index.as_bytes().to_vec(), ListFiles::of(&index, &illegal));
        let half = bytes.len() / 2;
        let (connection, served) = stand_in(vec![
            answer("200 OK", bytes.len(), &bytes[..half]),
            answer("206 Partial Content", bytes.len() - half, &bytes[half..]),
            answer("200 OK", illegal.to_bytes().len(), &illegal.to_bytes()),
            answer("200 OK", illegal.to_bytes().len(), &illegal.to_bytes()),
        ]);
        let (fetched, _) = FetchedLists::new(data.clone(), owned(&folder)).get(&connection, &wanted, [7; 16]).unwrap();
        assert_eq!(fetched.as_bytes(), bytes);
        // Another run of the program has them on its disk.
        assert!(FetchedLists::new(data, owned(&folder)).get(&connection, &wanted, [7; 16]).is_ok());
        assert_eq!(served.join().unwrap(), [None, Some(format!("bytes={half}-")), None, None]);
    }

    #[test]
    fn lists_that_are_not_those_named_are_not_taken() {
        let folder = tempfile::tempdir().unwrap();
        let data = DataFolder::open(folder.path()).unwrap();
        let index = belisha_filter::built_in_index().unwrap();
        let bytes = index.as_bytes();
        let other = ListFiles { index: "gateway-lists-0000000000000000.index".into(), illegal: "none".into() };
        let (connection, served) = stand_in(vec![answer("200 OK", bytes.len(), bytes)]);
        let taken = FetchedLists::new(data.clone(), owned(&folder)).get(&connection, &other, [7; 16]);
        assert!(matches!(taken, Err(Trouble::Away(words)) if words.contains("do not name")));
        assert!(open_index(&compiled(data.root())).is_err(), "what came is not put in force");
        served.join().unwrap();
    }
}
