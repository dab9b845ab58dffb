//! What a file truly is: told by its first bytes, and by its name only where the bytes of its kind are plain text. What is inside
//! an archive is `download.rs`'s.

use belisha_filter::{FileKind, percent_decoded};
use infer::MatcherType;

/// Endings of scripts that a computer runs when they are opened. Their bytes are text like any other.
const SCRIPTS: &[&str] = &[
    "bat", "cmd", "command", "hta", "inf", "js", "jse", "lnk", "ps1", "psm1", "reg", "scf", "sh", "url", "vbe", "vbs",
    "wsf",
];
/// Endings of programs and installers, for those whose first bytes say nothing.
const PROGRAMS: &[&str] =
    &["apk", "appimage", "bin", "com", "deb", "dmg", "exe", "ipa", "jar", "msi", "msix", "pif", "pkg", "rpm", "scr"];
const MACROS: &[&str] = &["docm", "dotm", "potm", "ppam", "pptm", "xlam", "xlsm", "xltm"];
const ARCHIVES: &[&str] =
    &["7z", "ace", "arj", "bz2", "cab", "gz", "img", "iso", "lzh", "rar", "tar", "tgz", "vhd", "xz", "zip", "zst"];
/// The old office formats' container (MS-CFB), and the name of the stream that macros are in, as it is written there.
const COMPOUND_FILE: &[u8] = &[0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1];
const MACRO_STREAM: &[u8] = b"_\0V\0B\0A\0_\0P\0R\0O\0J\0E\0C\0T\0";

/// The kind of a file by its first bytes and its name; `None`: nothing a school refuses by kind.
pub(super) fn file_kind(head: &[u8], name: &str) -> Option<FileKind> {
    let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase()).unwrap_or_default();
    let named = |endings: &[&str]| endings.contains(&ending.as_str());
    if head.starts_with(b"#!") || named(SCRIPTS) {
        return Some(FileKind::Scripts);
    }
    if named(MACROS) || (head.starts_with(COMPOUND_FILE) && holds(head, MACRO_STREAM)) {
        return Some(FileKind::OfficeMacros);
    }
    let told = infer::get(head);
    let program = head.starts_with(b"MZ") || told.is_some_and(|told| told.matcher_type() == MatcherType::App);
    // A jar or a package for phones is an archive by its bytes and a program by what it is for.
    if program || named(PROGRAMS) {
        return Some(FileKind::Programs);
    }
    let archive =
        told.is_some_and(|told| told.matcher_type() == MatcherType::Archive && !is_document(told.mime_type()));
    (archive || named(ARCHIVES)).then_some(FileKind::Archives)
}

/// `infer` counts a few documents among the archives.
fn is_document(mime: &str) -> bool {
    matches!(mime, "application/pdf" | "application/rtf" | "application/epub+zip" | "application/x-shockwave-flash")
}

/// Whether a file can be a zip archive: a plain one, or a document, a jar, or a package that is one too.
pub(super) fn is_zip(head: &[u8]) -> bool {
    head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06")
}

/// Whether bytes are what pages show by themselves: pictures, sound, film, fonts. Scanning those is not worth a wait.
pub(super) fn is_media(head: &[u8]) -> bool {
    infer::get(head).is_some_and(|told| {
        matches!(told.matcher_type(), MatcherType::Image | MatcherType::Audio | MatcherType::Video | MatcherType::Font)
    })
}

fn holds(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

/// The name a download would be kept under: the one its header gives, else the last part of its path. As browsers have it: the
/// extended name before the plain one (RFC 6266 section 4.3), `%41` decoded, without dots and spaces at its end.
pub(super) fn download_name(disposition: Option<&str>, path: &str) -> String {
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let last = path.rsplit('/').next().unwrap_or_default();
    let given = disposition.and_then(|header| {
        let plain = || parameter(header, "filename").map(|name| decoded(&name));
        let extended = parameter(header, "filename*");
        extended.map(|name| decoded(name.rsplit("''").next().unwrap_or(&name))).or_else(plain)
    });
    let name = given.unwrap_or_else(|| decoded(last));
    name.trim_end_matches(['.', ' ']).to_owned()
}

/// A parameter of a header, without its quotes. What is quoted may hold what ends others.
fn parameter(header: &str, wanted: &str) -> Option<String> {
    let (mut quoted, mut escaped) = (false, false);
    let ends = |sign: char| {
        let ends = sign == ';' && !quoted;
        quoted ^= sign == '"' && !escaped;
        escaped = sign == '\\' && quoted && !escaped;
        ends
    };
    let value = header.split(ends).find_map(|part| {
        let (key, value) = part.split_once('=')?;
        key.trim().eq_ignore_ascii_case(wanted).then(|| value.trim())
    })?;
    match value.strip_prefix('"') {
        Some(quoted) => Some(quoted.trim_end_matches('"').replace('\\', "")),
        None => Some(value.to_owned()),
    }
}

fn decoded(name: &str) -> String {
    String::from_utf8_lossy(&percent_decoded(name.as_bytes())).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The beginning of a program for Linux, as long as a header of one.
    const ELF: [u8; 64] = {
        let mut head = [0; 64];
        (head[0], head[1], head[2], head[3], head[4]) = (0x7f, b'E', b'L', b'F', 2);
        head
    };

    #[test]
    fn files_are_told_by_their_bytes_and_scripts_by_their_names() {
        let kinds: [(&[u8], &str, Option<FileKind>); 12] = [
            (b"MZ\x90\0\x03\0\0\0", "holiday.jpg", Some(FileKind::Programs)),
            (&ELF, "game", Some(FileKind::Programs)),
            (b"PK\x03\x04\x14\0\0\0\x08\0", "homework.zip", Some(FileKind::Archives)),
            (b"PK\x03\x04\x14\0\0\0\x08\0", "game.jar", Some(FileKind::Programs)),
            (b"PK\x03\x04\x14\0\0\0\x08\0", "sums.xlsm", Some(FileKind::OfficeMacros)),
            (b"Rar!\x1a\x07\0", "pictures", Some(FileKind::Archives)),
            (b"@echo off\r\n", "fun.bat", Some(FileKind::Scripts)),
            (b"#!/bin/sh\n", "readme.txt", Some(FileKind::Scripts)),
            (b"%PDF-1.7\n", "worksheet.pdf", None),
            (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "picture.png", None),
            (b"plain words", "notes.txt", None),
            (b"", "", None),
        ];
        for (head, name, kind) in kinds {
            assert_eq!(file_kind(head, name), kind, "{name}");
        }
        let old = [COMPOUND_FILE, &[0; 600], MACRO_STREAM].concat();
        assert_eq!(file_kind(&old, "letter.doc"), Some(FileKind::OfficeMacros));
    }

    #[test]
    fn a_download_has_the_name_its_header_gives_or_its_paths() {
        for (disposition, path, name) in [
            (Some("attachment; filename=\"set up.exe\""), "/get?id=4", "set up.exe"),
            (Some("attachment; filename*=UTF-8''setup.exe"), "/get", "setup.exe"),
            (Some("inline"), "/files/a.zip?x=/b.txt", "a.zip"),
            (Some("attachment; filename=\"a;b.bat\""), "/get", "a;b.bat"),
            (Some("attachment; filename=notes.txt; filename*=UTF-8''fun%2Ebat"), "/get", "fun.bat"),
            (Some("attachment; filename=\"say \\\"hi\\\".bat\"; x=y"), "/get", "say \"hi\".bat"),
            (Some("attachment; filename=\"fun.bat. \""), "/get", "fun.bat"),
            (None, "/a/fun%2ebat", "fun.bat"),
            (None, "/", ""),
        ] {
            assert_eq!(download_name(disposition, path), name);
        }
    }
}
