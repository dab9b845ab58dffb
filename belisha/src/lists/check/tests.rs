//! What a list's file must prove, with signatures made here and by minisign itself where it is installed.

use super::*;
use blake2::Digest;
use ed25519_dalek::{Signer, SigningKey};
use std::process::Command;

const LIST: &[u8] = b"play.example\nfun.example\n";
const NUMBER: [u8; 8] = *b"8 bytes!";

fn signer() -> SigningKey {
    SigningKey::from_bytes(&[7; 32])
}

fn minisign_key() -> String {
    let bytes = [b"Ed".as_slice(), &NUMBER, signer().verifying_key().as_bytes()].concat();
    format!("untrusted comment: a key for tests\n{}\n", STANDARD.encode(bytes))
}

fn minisigned(algorithm: &[u8; 2], number: [u8; 8], list: &[u8]) -> String {
    let message = if algorithm == b"ED" { Blake2b512::digest(list).to_vec() } else { list.to_vec() };
    let signature = signer().sign(&message).to_bytes();
    let comment = "timestamp:1795000000";
    let of_comment = signer().sign(&[&signature, comment.as_bytes()].concat()).to_bytes();
    let line = STANDARD.encode([algorithm.as_slice(), &number, &signature].concat());
    format!("untrusted comment: x\n{line}\ntrusted comment: {comment}\n{}\n", STANDARD.encode(of_comment))
}

/// A file with a signature beside it, checked with a key.
fn checked(key: &str, signature: &[u8], list: &[u8]) -> Result<(), String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("games.txt");
    std::fs::write(&path, list).unwrap();
    std::fs::write(folder.path().join("games.txt.minisig"), signature).unwrap();
    let check = Check { public_key: Some(key.to_owned()), ..Check::default() };
    check.prove(&Source::Path(path.clone()), &path).map_err(|error| error.to_string())
}

#[test]
fn what_minisign_signs_is_taken_and_what_was_changed_is_not() {
    for algorithm in [b"ED", b"Ed"] {
        let signature = minisigned(algorithm, NUMBER, LIST);
        assert_eq!(checked(&minisign_key(), signature.as_bytes(), LIST), Ok(()));
        let changed = checked(&minisign_key(), signature.as_bytes(), b"play.example\n").unwrap_err();
        assert!(changed.contains("does not hold") && changed.contains("Nothing was changed"), "{changed}");
        let comment = checked(&minisign_key(), signature.replace("timestamp:1", "timestamp:2").as_bytes(), LIST);
        assert!(comment.unwrap_err().contains("does not hold"), "the comment is signed too");
    }
    let other = checked(&minisign_key(), minisigned(b"ED", [0; 8], LIST).as_bytes(), LIST).unwrap_err();
    assert!(other.contains("another key"), "{other}");
}

#[test]
fn a_plain_signature_is_taken_in_bytes_base64_and_hexadecimal() {
    let signature = signer().sign(LIST).to_bytes();
    let key = signer().verifying_key();
    for key in [STANDARD.encode(key.as_bytes()), hexadecimal(key.as_bytes())] {
        for signature in [signature.to_vec(), STANDARD.encode(signature).into(), hexadecimal(&signature).into()] {
            assert_eq!(checked(&key, &signature, LIST), Ok(()));
            assert!(checked(&key, &signature, b"other").unwrap_err().contains("does not hold"));
        }
        assert!(checked(&key, b"<html>not found</html>", LIST).unwrap_err().contains("is none"));
    }
}

#[test]
fn what_is_no_key_or_no_signature_is_said() {
    for key in ["", "RWQ", "not a key", "untrusted comment: only this", &"A".repeat(56)] {
        assert!(checked(key, b"", LIST).unwrap_err().contains("is no public key"), "{key}");
    }
    let whole = minisigned(b"ED", NUMBER, LIST);
    for cut in 0..whole.len() - 1 {
        assert!(checked(&minisign_key(), &whole.as_bytes()[..cut], LIST).is_err(), "cut at {cut}");
    }
    assert!(Check { sha256: Some("abc".into()), ..Check::default() }.typed_well().is_err());
    assert!(Check { public_key: Some(minisign_key()), ..Check::default() }.typed_well().is_ok());
}

#[test]
fn a_checksum_holds_fixed_or_published_beside_the_list() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("games.txt");
    std::fs::write(&path, LIST).unwrap();
    let sum = hexadecimal(&Sha256::digest(LIST));
    let other = "0".repeat(64);
    let published = folder.path().join("SHA256SUMS");
    let prove = |check: Check| check.prove(&Source::Path(path.clone()), &path).map_err(|error| error.to_string());
    let fixed = |sum: &str| prove(Check { sha256: Some(sum.to_owned()), ..Check::default() });
    assert_eq!(fixed(&sum), Ok(()));
    assert_eq!(fixed(&sum.to_uppercase()), Ok(()));
    assert!(fixed(&other).unwrap_err().contains("is not what its maker says"));
    for (text, right) in [
        (format!("{sum}\n"), true),
        (format!("{other}  else.txt\n{sum}  games.txt\n"), true),
        (format!("{other}  else.txt\n{sum} *lists/games.txt\n"), true),
        (format!("SHA256 (else.txt) = {other}\nSHA256 (games.txt) = {sum}\n"), true),
        (format!("{other}  games.txt\n{sum}  else.txt\n"), false),
        (format!("{sum}  one.txt\n{sum}  two.txt\n"), false),
        ("<html>not found</html>".into(), false),
        (String::new(), false),
    ] {
        std::fs::write(&published, &text).unwrap();
        let check = Check { sha256_url: Some(published.display().to_string()), ..Check::default() };
        assert_eq!(prove(check).is_ok(), right, "{text}");
    }
}

#[test]
fn minisign_itself_is_understood() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    std::fs::write(path("games.txt"), LIST).unwrap();
    let minisign = |arguments: &[&str]| Command::new("minisign").current_dir(folder.path()).args(arguments).output();
    let Ok(made) = minisign(&["-G", "-W", "-f", "-p", "key.pub", "-s", "key"]) else {
        eprintln!("skipped: minisign is not installed");
        return;
    };
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let check = Check { public_key: Some(std::fs::read_to_string(path("key.pub")).unwrap()), ..Check::default() };
    for kind in ["-H", "-l"] {
        let signed = minisign(&["-S", kind, "-s", "key", "-m", "games.txt"]).unwrap();
        assert!(signed.status.success(), "{kind}: {}", String::from_utf8_lossy(&signed.stderr));
        check.prove(&Source::Path(path("games.txt")), &path("games.txt")).unwrap();
    }
}
