//! What a list's file must prove before it is read: a checksum that is known or published beside it, or a signature. Signatures
//! are those of minisign, prehashed and legacy (<https://jedisct1.github.io/minisign/>), and plain Ed25519 signatures of the
//! file (RFC 8032).

use super::fetch::{Source, fetch_small};
use super::{ListError, hexadecimal, sum_of};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use blake2::Blake2b512;
use ed25519_dalek::{Signature, VerifyingKey};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use std::path::Path;

/// The largest file a signature over the file itself is checked for: it must be in memory whole. Prehashed signatures, which
/// minisign has made by default since 2021, know no limit.
const LARGEST_IN_MEMORY: u64 = 64 * 1024 * 1024;
/// Before the name of an algorithm and a key's number, minisign's texts have these lines.
const UNTRUSTED: &str = "untrusted comment:";
const TRUSTED: &str = "trusted comment: ";

/// What a list's file must prove.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// SHA-256 of the file, in hexadecimal.
    pub sha256: Option<String>,
    /// Where the SHA-256 of the file is published, as `sha256sum` writes it.
    pub sha256_url: Option<String>,
    /// The public key of whoever signs the file: minisign's, or 32 bytes in base64 or hexadecimal.
    pub public_key: Option<String>,
    /// Where the signature is; the list's own address and `.minisig` without this.
    pub signature_url: Option<String>,
}

impl Check {
    /// Whether anything has to be proved.
    pub fn is_needed(&self) -> bool {
        self.sha256.is_some() || self.sha256_url.is_some() || self.public_key.is_some()
    }

    /// What is proved, in words.
    pub fn words(&self) -> &'static str {
        match (self.sha256.is_some() || self.sha256_url.is_some(), self.public_key.is_some()) {
            (false, false) => "neither checksum nor signature",
            (true, false) => "its checksum",
            (false, true) => "its signature",
            (true, true) => "its checksum and its signature",
        }
    }

    /// Whether what is to be proved can be understood: for the moment it is typed.
    ///
    /// # Errors
    /// When the checksum or the key is none.
    pub fn typed_well(&self) -> Result<(), ListError> {
        if let Some(sum) = &self.sha256
            && !is_sum(sum)
        {
            return Err(ListError::Source(format!("`{sum}` is no SHA-256; that is 64 digits and letters a to f")));
        }
        for address in [&self.sha256_url, &self.signature_url].into_iter().flatten() {
            Source::parse(address)?;
        }
        self.public_key.as_deref().map_or(Ok(()), |key| PublicKey::parse(key).map(|_| ()))
    }

    /// Checks a file that was fetched from `source` and lies at `path`.
    ///
    /// # Errors
    /// When it does not prove what it must, or what it is checked against cannot be had.
    pub fn prove(&self, source: &Source, path: &Path) -> Result<(), ListError> {
        if self.is_needed() && path.is_dir() {
            return Err(ListError::Source("a folder has no checksum and no signature; give the archive itself".into()));
        }
        let (name, shown) = (source.file_name(), source.text());
        let unreadable = |error: std::io::Error| ListError::read(&shown, &error);
        for wanted in [self.sha256.clone(), self.published_sum(&name)?].into_iter().flatten() {
            let sum = hexadecimal(&sum_of::<Sha256>(path).map_err(unreadable)?);
            if !sum.eq_ignore_ascii_case(&wanted) {
                return Err(refused(&shown, &format!("its SHA-256 is {sum} and should be {wanted}")));
            }
        }
        let Some(key) = &self.public_key else { return Ok(()) };
        let key = PublicKey::parse(key)?;
        let beside = format!("{}.minisig", source.text());
        let signature = fetch_small(&Source::parse(self.signature_url.as_deref().unwrap_or(&beside))?)?;
        key.verify(&signature, path).map_err(|why| refused(&shown, &why))
    }

    fn published_sum(&self, file: &str) -> Result<Option<String>, ListError> {
        let Some(address) = &self.sha256_url else { return Ok(None) };
        let text = fetch_small(&Source::parse(address)?)?;
        let found = sum_in(&String::from_utf8_lossy(&text), file);
        found.map(Some).ok_or_else(|| {
            ListError::Source(format!(
                "`{address}` has no SHA-256 of `{file}`; nothing was changed, see what it publishes"
            ))
        })
    }
}

fn refused(shown: &str, why: &str) -> ListError {
    ListError::Unproved(format!("`{shown}` is not what its maker says it is: {why}. Nothing was changed"))
}

fn is_sum(word: &str) -> bool {
    word.len() == 64 && word.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// The SHA-256 of a file in the text of `sha256sum`: the one on the file's line (`sum  file`, `sum *file`, `SHA256 (file) =
/// sum`), or the only one there is.
fn sum_in(text: &str, file: &str) -> Option<String> {
    let sums = text.lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        let sum = words.clone().find(|word| is_sum(word))?;
        let names_file = words.any(|word| word.trim_matches(['*', '(', ')']).rsplit('/').next() == Some(file));
        Some((sum.to_lowercase(), names_file))
    });
    let sums: Vec<(String, bool)> = sums.take(10_000).collect();
    let named = sums.iter().find(|(_, names_file)| *names_file);
    match (named, sums.as_slice()) {
        (Some((sum, _)), _) | (None, [(sum, _)]) => Some(sum.clone()),
        _ => None,
    }
}

/// A key that verifies signatures.
struct PublicKey {
    /// minisign gives each key a number, which its signatures carry.
    number: Option<[u8; 8]>,
    key: VerifyingKey,
}

impl PublicKey {
    fn parse(text: &str) -> Result<Self, ListError> {
        let line = text.lines().map(str::trim).rfind(|line| !line.is_empty() && !line.starts_with(UNTRUSTED));
        let bytes = line.and_then(decoded).unwrap_or_default();
        let (number, key) = match bytes.split_at_checked(10) {
            Some((head, key)) if bytes.len() == 42 && head.starts_with(b"Ed") => (head.get(2..), key),
            _ => (None, bytes.as_slice()),
        };
        let key = <[u8; 32]>::try_from(key).ok().and_then(|key| VerifyingKey::from_bytes(&key).ok());
        let key = key.ok_or_else(|| {
            ListError::Source(format!(
                "`{}` is no public key; give minisign's (56 letters that begin with RW) or 32 bytes in base64 or hexadecimal",
                line.unwrap_or_default()
            ))
        })?;
        Ok(Self { number: number.and_then(|number| number.try_into().ok()), key })
    }

    /// Checks a signature of the file at `path`. The error says why not.
    fn verify(&self, signature: &[u8], path: &Path) -> Result<(), String> {
        let unreadable = |error: std::io::Error| format!("it cannot be read again ({error})");
        let Some(number) = self.number else {
            let signature = plain_signature(signature).ok_or("what should be its signature is none")?;
            return self.holds(&whole(path)?, &signature);
        };
        let signed = Minisigned::parse(signature).ok_or("what should be its signature is none of minisign’s")?;
        if signed.number != number {
            return Err("it is signed with another key than the one that is known".into());
        }
        match &signed.algorithm {
            b"ED" => self.holds(&sum_of::<Blake2b512>(path).map_err(unreadable)?, &signed.signature)?,
            _ => self.holds(&whole(path)?, &signed.signature)?,
        }
        let comment = [signed.signature.as_slice(), signed.comment.as_bytes()].concat();
        self.holds(&comment, &signed.of_comment)
    }

    fn holds(&self, message: &[u8], signature: &[u8; 64]) -> Result<(), String> {
        self.key
            .verify_strict(message, &Signature::from_bytes(signature))
            .map_err(|_| "its signature does not hold".to_owned())
    }
}

/// The text of a minisign signature: `<algorithm><number><signature>`, then a comment that is signed too.
struct Minisigned {
    /// `Ed` signs the file, `ED` its BLAKE2b-512.
    algorithm: [u8; 2],
    number: [u8; 8],
    signature: [u8; 64],
    comment: String,
    of_comment: [u8; 64],
}

impl Minisigned {
    fn parse(text: &[u8]) -> Option<Self> {
        let mut lines = std::str::from_utf8(text).ok()?.lines();
        lines.next().filter(|line| line.starts_with(UNTRUSTED))?;
        let line = STANDARD.decode(lines.next()?.trim()).ok()?;
        let (algorithm, rest) = line.split_first_chunk::<2>()?;
        let (number, signature) = rest.split_first_chunk::<8>()?;
        let comment = lines.next()?.strip_prefix(TRUSTED)?.to_owned();
        let of_comment = STANDARD.decode(lines.next()?.trim()).ok()?;
        matches!(algorithm, b"Ed" | b"ED").then_some(Self {
            algorithm: *algorithm,
            number: *number,
            signature: signature.try_into().ok()?,
            comment,
            of_comment: of_comment.try_into().ok()?,
        })
    }
}

/// 64 bytes as they are, in base64 or in hexadecimal.
fn plain_signature(text: &[u8]) -> Option<[u8; 64]> {
    text.try_into().ok().or_else(|| decoded(std::str::from_utf8(text).ok()?.trim())?.try_into().ok())
}

/// Hexadecimal, else base64.
fn decoded(text: &str) -> Option<Vec<u8>> {
    let pairs = || text.as_bytes().chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok());
    match text.len() {
        64 | 128 if text.bytes().all(|byte| byte.is_ascii_hexdigit()) => pairs().collect(),
        _ => STANDARD.decode(text).ok(),
    }
}

fn whole(path: &Path) -> Result<Vec<u8>, String> {
    let unreadable = |error: std::io::Error| format!("it cannot be read again ({error})");
    if std::fs::metadata(path).map_err(unreadable)?.len() > LARGEST_IN_MEMORY {
        return Err(format!(
            "its signature is over the file itself, which is checked for files up to {} MB only; ask its maker for a prehashed one, as minisign makes by default",
            LARGEST_IN_MEMORY >> 20
        ));
    }
    std::fs::read(path).map_err(unreadable)
}

#[cfg(test)]
mod tests;
