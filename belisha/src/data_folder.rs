//! The folder an installation lives in: where its database, keys, lists and snapshots are, and which file is whose.

use crate::clock::fill_with_random_bytes;
use belisha_records::{Identifier, PersonId, SchoolId};
use ed25519_dalek::SigningKey;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fs::{DirBuilder, File, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// Sub-folder of sockets by which commands reach a running server; nobody else on the machine reaches them.
pub const SOCKETS: &str = "sockets";
/// The socket by which a server passes its place on.
pub const HAND_OVER: &str = "hand-over";
/// The socket by which `belisha tail` sees what is asked for.
pub const TAIL: &str = "tail";

/// The data folder. Made with its sub-folders when it is not there.
#[derive(Debug, Clone)]
pub struct DataFolder {
    root: PathBuf,
}

/// The note in a data folder whose records are elsewhere.
const DATABASE_ELSEWHERE: &str = "database.json";

/// Where the records are, when they are not in the data folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatabaseElsewhere {
    /// Address, without a password.
    pub address: String,
    /// Whether the address that was given had one.
    pub password_needed: bool,
}

/// The key of the list of illegal content.
const ILLEGAL_LIST_KEY: &str = "keys/illegal-list";

/// Secrets of an installation, each in a file of its own that only the owner can read.
pub struct Keys {
    /// Signs the ledger's checkpoints.
    pub ledger: SigningKey,
    /// Keys the hashes of the illegal-content list.
    pub illegal_list: [u8; 16],
    /// Proxy passwords are made from it.
    pub proxy: [u8; 32],
    /// The gateway proves itself to the pages with it.
    pub forwarded: String,
}

impl DataFolder {
    /// Opens a data folder, making what is missing. What is in it is about children, so nobody else on the machine reads it:
    /// the sub-folders and the database are closed to them each time, the folder itself when it is made here (one that was there
    /// already may be shared on purpose, with a group that backs it up).
    ///
    /// # Errors
    /// When the folder cannot be made or written.
    pub fn open(root: &Path) -> io::Result<Self> {
        DirBuilder::new().recursive(true).mode(0o700).create(root)?;
        for folder in ["keys", "lists", "illegal", "gateway", "checkpoints", "spill", SOCKETS] {
            let folder = root.join(folder);
            DirBuilder::new().recursive(true).mode(0o700).create(&folder)?;
            std::fs::set_permissions(&folder, Permissions::from_mode(0o700))?;
        }
        for file in ["belisha.db", "belisha.db-wal", "belisha.db-shm"] {
            match std::fs::set_permissions(root.join(file), Permissions::from_mode(0o600)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(Self { root: root.canonicalize()? })
    }

    /// Writes a file of the folder that only its owner can read, whole or not at all, safe from a power cut.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn write_private(&self, name: &str, content: impl AsRef<[u8]>) -> io::Result<()> {
        use std::io::Write;
        let part = self.root.join(format!("{name}.part"));
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&part)?;
        file.set_permissions(Permissions::from_mode(0o600))?;
        file.write_all(content.as_ref())?;
        file.sync_all()?;
        let path = self.root.join(name);
        std::fs::rename(part, &path)?;
        path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
    }

    /// The folder itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Address of the embedded database. Made empty before the database opens it, since the files that SQLite keeps beside it
    /// take its mode.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn database(&self) -> io::Result<String> {
        let path = self.root.join("belisha.db");
        OpenOptions::new().append(true).create(true).mode(0o600).open(&path)?;
        Ok(format!("sqlite://{}", path.display()))
    }

    /// Notes that the records of this folder are in a database elsewhere, so that a command that is not told where does not
    /// write into an empty one here. A password in the address is not kept.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn remember_database(&self, address: &str) -> io::Result<()> {
        let elsewhere = DatabaseElsewhere::at(address);
        if address.starts_with("sqlite:") || self.database_elsewhere()?.as_ref() == Some(&elsewhere) {
            return Ok(());
        }
        self.write_private(DATABASE_ELSEWHERE, serde_json::to_vec_pretty(&elsewhere)?)
    }

    /// Where the records of this folder are, if they are not in it.
    ///
    /// # Errors
    /// When the note cannot be read.
    pub fn database_elsewhere(&self) -> io::Result<Option<DatabaseElsewhere>> {
        match std::fs::read(self.root.join(DATABASE_ELSEWHERE)) {
            Ok(note) => Ok(Some(serde_json::from_slice(&note)?)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Where a school's gateway keeps its last rules.
    pub fn gateway(&self, school: SchoolId) -> PathBuf {
        self.root.join("gateway").join(school.to_string())
    }

    /// Where activity waits while the database is away.
    pub fn spill(&self) -> PathBuf {
        self.root.join("spill")
    }

    /// The key that a gateway away from its server was given for the list of illegal content; `None` before it was.
    ///
    /// # Errors
    /// When it cannot be read or is damaged.
    pub fn illegal_list_key(&self) -> io::Result<Option<[u8; 16]>> {
        match self.root.join(ILLEGAL_LIST_KEY).try_exists()? {
            true => self.key("illegal-list").map(Some),
            false => Ok(None),
        }
    }

    /// Keeps the key that a server gave for the list of illegal content: among the keys and not beside the list, for its owner
    /// alone.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn keep_illegal_list_key(&self, key: [u8; 16]) -> io::Result<()> {
        match std::fs::read(self.root.join(ILLEGAL_LIST_KEY)) {
            Ok(kept) if kept == key => Ok(()),
            _ => self.write_private(ILLEGAL_LIST_KEY, key),
        }
    }

    /// Reads the keys, making those that are missing.
    ///
    /// # Errors
    /// When a key file cannot be read or written, or has the wrong length.
    pub fn keys(&self) -> io::Result<Keys> {
        let forwarded: [u8; 16] = self.key("forwarded")?;
        Ok(Keys {
            ledger: SigningKey::from_bytes(&self.key("ledger")?),
            illegal_list: self.key("illegal-list")?,
            proxy: self.key("proxy")?,
            forwarded: forwarded.iter().map(|byte| format!("{byte:02x}")).collect(),
        })
    }

    fn key<const N: usize>(&self, name: &str) -> io::Result<[u8; N]> {
        let path = self.root.join("keys").join(name);
        match std::fs::read(&path) {
            Ok(bytes) => bytes.try_into().map_err(|_| {
                io::Error::other(format!("the key `{}` is damaged; put the file back from a backup", path.display()))
            }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let mut bytes = [0; N];
                fill_with_random_bytes(&mut bytes);
                write_secret(&path, &bytes)?;
                Ok(bytes)
            }
            Err(error) => Err(error),
        }
    }
}

impl DatabaseElsewhere {
    fn at(address: &str) -> Self {
        let Ok(mut url) = url::Url::parse(address) else {
            return Self { address: address.to_owned(), password_needed: false };
        };
        let is_secret = |name: &str| name.eq_ignore_ascii_case("password");
        let settings: Vec<(String, String)> = url.query_pairs().into_owned().collect();
        let in_settings = settings.iter().any(|(name, _)| is_secret(name));
        let password_needed = in_settings || url.password().is_some();
        let _ = url.set_password(None);
        if in_settings {
            url.query_pairs_mut().clear().extend_pairs(settings.iter().filter(|(name, _)| !is_secret(name)));
        }
        Self { address: url.to_string().trim_end_matches('?').to_owned(), password_needed }
    }
}

/// Writes a file that only its owner can read.
fn write_secret(path: &Path, bytes: &[u8]) -> io::Result<()> {
    use std::io::Write;
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

impl Keys {
    /// A person's password for the proxy: a secret of 80 bits made from the installation's key, so that none is stored. It is
    /// sent with every request and is never the one the person signs in with.
    pub fn proxy_password(&self, person: PersonId) -> String {
        const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
        let digest = Sha256::new().chain_update(self.proxy).chain_update(person.uuid().as_bytes()).finalize();
        digest.iter().take(16).map(|byte| char::from(LETTERS[usize::from(byte & 31)])).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_else_on_the_machine_reads_what_is_kept() {
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        let parent = tempfile::tempdir().unwrap();
        let root = parent.path().join("belisha");
        let data = DataFolder::open(&root).unwrap();
        data.database().unwrap();
        data.write_private("endpoints.json", "{}").unwrap();
        for folder in ["", "keys", "lists", "illegal", "gateway", "checkpoints", "spill", SOCKETS] {
            assert_eq!(mode(&root.join(folder)), 0o700, "{folder}");
        }
        for file in ["belisha.db", "endpoints.json"] {
            assert_eq!(mode(&root.join(file)), 0o600, "{file}");
        }
        // An installation from before is closed when it is opened.
        std::fs::set_permissions(root.join("spill"), Permissions::from_mode(0o755)).unwrap();
        std::fs::set_permissions(root.join("belisha.db"), Permissions::from_mode(0o644)).unwrap();
        DataFolder::open(&root).unwrap();
        assert_eq!((mode(&root.join("spill")), mode(&root.join("belisha.db"))), (0o700, 0o600));
    }

    #[test]
    fn a_database_elsewhere_is_remembered_without_its_password() {
        let folder = tempfile::tempdir().unwrap();
        let data = DataFolder::open(folder.path()).unwrap();
        data.remember_database("sqlite:///somewhere/belisha.db").unwrap();
        assert_eq!(data.database_elsewhere().unwrap(), None, "the one in a folder needs no remembering");
        for (given, address, password_needed) in [
            ("postgres://ict:secret@db.example:5432/belisha", "postgres://ict@db.example:5432/belisha", true),
            (
                "postgres://db.example/belisha?sslmode=require&Password=secret",
                "postgres://db.example/belisha?sslmode=require",
                true,
            ),
            ("postgres://db.example/belisha?password=secret", "postgres://db.example/belisha", true),
            ("postgres://ict@db.example/belisha", "postgres://ict@db.example/belisha", false),
        ] {
            data.remember_database(given).unwrap();
            let kept = DatabaseElsewhere { address: address.into(), password_needed };
            assert_eq!(data.database_elsewhere().unwrap(), Some(kept));
            let note = std::fs::read_to_string(folder.path().join(DATABASE_ELSEWHERE)).unwrap();
            assert!(!note.contains("secret"), "{note}");
        }
    }

    #[test]
    fn keys_are_made_once_and_only_their_owner_reads_them() {
        let folder = tempfile::tempdir().unwrap();
        let data = DataFolder::open(folder.path()).unwrap();
        let (first, second) = (data.keys().unwrap(), data.keys().unwrap());
        assert_eq!(first.ledger.to_bytes(), second.ledger.to_bytes());
        let mode = std::fs::metadata(folder.path().join("keys/ledger")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let (one, other) = (PersonId::make(1, [1; 10]), PersonId::make(1, [2; 10]));
        assert_eq!(first.proxy_password(one), second.proxy_password(one));
        assert_ne!(first.proxy_password(one), first.proxy_password(other));
    }

    #[test]
    fn a_damaged_key_is_refused_with_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        let data = DataFolder::open(folder.path()).unwrap();
        std::fs::write(folder.path().join("keys/ledger"), b"short").unwrap();
        let Err(error) = data.keys() else { panic!("a short key was taken") };
        assert!(error.to_string().contains("backup"), "{error}");
    }
}
