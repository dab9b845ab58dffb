//! Checkpoints: a signed statement of how long a school's log is and what its root is, in the C2SP formats
//! `tlog-checkpoint` and `signed-note` (Ed25519), so that a school can hand one out and nobody can rewrite the past.

use super::merkle::{Edge, Hash};
use crate::error::{Result, StoreError};
use crate::sql::bind;
use crate::transaction::Tx;
use base64::{Engine, engine::general_purpose::STANDARD};
use belisha_records::SchoolId;
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use sha2::{Digest, Sha256};

/// The byte that stands for Ed25519 in a signed note's key id.
const ED25519: u8 = 1;

/// A signed checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// Name of the log, and of its key.
    pub origin: String,
    /// Number of entries.
    pub size: u64,
    /// Root of the tree over them.
    pub root: Hash,
    /// The whole signed note, as it can be published.
    pub note: String,
}

/// Name of a school's log.
pub fn origin(school: SchoolId) -> String {
    format!("belisha/{school}")
}

/// The public key of a school's log as C2SP `signed-note` writes one: `<name>+<key id>+<key>`.
pub fn verifier_key(school: SchoolId, key: &VerifyingKey) -> String {
    let name = origin(school);
    let id = key_id(&name, key).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let mut bytes = vec![ED25519];
    bytes.extend_from_slice(key.as_bytes());
    format!("{name}+{id}+{}", STANDARD.encode(bytes))
}

fn key_id(name: &str, key: &VerifyingKey) -> [u8; 4] {
    let hash = Sha256::new().chain_update(name).chain_update([b'\n', ED25519]).chain_update(key.as_bytes()).finalize();
    let mut id = [0; 4];
    id.iter_mut().zip(hash).for_each(|(to, from)| *to = from);
    id
}

/// Signs the log as it stands, writes noted in this transaction included, and keeps the checkpoint. A log that has not
/// grown since the last one keeps that one.
///
/// # Errors
/// `ReadOnly`, `Busy`, `Corrupt`.
pub async fn checkpoint(tx: &mut Tx, key: &SigningKey) -> Result<Checkpoint> {
    let school = tx.writes("a checkpoint")?;
    super::flush(tx).await?;
    let edge = super::lock(tx, school).await?;
    if let Some(last) = latest_checkpoint(tx).await?
        && last.size == edge.size()
    {
        return Ok(last);
    }
    let signed = sign(&origin(school), &edge, key);
    let size = i64::try_from(signed.size).unwrap_or(i64::MAX);
    let text = "INSERT INTO ledger_checkpoints (school_id, size, at, note) VALUES ($1, $2, $3, $4)";
    tx.execute(text, bind![school, size, tx.now(), &signed.note]).await?;
    Ok(signed)
}

/// The newest checkpoint, if any was signed.
///
/// # Errors
/// `Unreachable`, `Corrupt`.
pub async fn latest_checkpoint(tx: &mut Tx) -> Result<Option<Checkpoint>> {
    let school = tx.school()?;
    let text = "SELECT note FROM ledger_checkpoints WHERE school_id = $1 ORDER BY size DESC LIMIT 1";
    let Some(row) = tx.one(text, bind![school]).await? else {
        return Ok(None);
    };
    let note = row.text("note")?;
    parse(&note).map(Some).ok_or_else(|| StoreError::Corrupt("a checkpoint".into()))
}

fn sign(name: &str, edge: &Edge, key: &SigningKey) -> Checkpoint {
    let root = edge.root();
    let text = format!("{name}\n{}\n{}\n", edge.size(), STANDARD.encode(root));
    let mut signature = key_id(name, &key.verifying_key()).to_vec();
    signature.extend_from_slice(&key.sign(text.as_bytes()).to_bytes());
    let note = format!("{text}\n\u{2014} {name} {}\n", STANDARD.encode(signature));
    Checkpoint { origin: name.to_owned(), size: edge.size(), root, note }
}

/// Reads a note's first three lines. The signature is left to [`check_note`].
fn parse(note: &str) -> Option<Checkpoint> {
    let mut lines = note.split('\n');
    let (origin, size, root) = (lines.next()?, lines.next()?, lines.next()?);
    let root = STANDARD.decode(root).ok()?.try_into().ok()?;
    Some(Checkpoint { origin: origin.to_owned(), size: size.parse().ok()?, root, note: note.to_owned() })
}

/// Reads a signed checkpoint and checks its signature. It needs no database: whoever was handed a checkpoint can.
/// `None` when the note is not one, is another log's, or is not signed by this key.
pub fn check_note(note: &str, name: &str, key: &VerifyingKey) -> Option<Checkpoint> {
    let checkpoint = parse(note).filter(|checkpoint| checkpoint.origin == name)?;
    let (text, signatures) = note.split_once("\n\n")?;
    let text = format!("{text}\n");
    let signed = |line: &str| {
        let encoded = line.strip_prefix("\u{2014} ")?.strip_prefix(name)?.strip_prefix(' ')?;
        let bytes = STANDARD.decode(encoded).ok()?;
        let signature = bytes.strip_prefix(&key_id(name, key))?;
        key.verify_strict(text.as_bytes(), &Signature::from_slice(signature).ok()?).ok()
    };
    signatures.strip_suffix('\n')?.split('\n').any(|line| signed(line).is_some()).then_some(checkpoint)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::merkle::leaf_hash;

    #[test]
    fn a_note_is_signed_as_c2sp_says_and_no_byte_of_it_can_change() {
        let key = SigningKey::from_bytes(&[7; 32]);
        let mut edge = Edge::default();
        edge.push(leaf_hash(b"first"));
        let signed = sign("belisha/example", &edge, &key);
        let lines: Vec<_> = signed.note.split('\n').collect();
        assert_eq!(lines[..2], ["belisha/example", "1"]);
        assert_eq!(lines[3], "");
        assert!(lines[4].starts_with("\u{2014} belisha/example "));
        assert_eq!(check_note(&signed.note, "belisha/example", &key.verifying_key()), Some(signed.clone()));
        assert_eq!(check_note(&signed.note, "belisha/other", &key.verifying_key()), None);
        assert_eq!(
            check_note(&signed.note, "belisha/example", &SigningKey::from_bytes(&[8; 32]).verifying_key()),
            None
        );
        for place in 0..signed.note.len() {
            let mut bytes = signed.note.clone().into_bytes();
            bytes[place] ^= 1;
            if let Ok(changed) = String::from_utf8(bytes) {
                assert_eq!(check_note(&changed, "belisha/example", &key.verifying_key()), None, "byte {place}");
            }
        }
    }
}
