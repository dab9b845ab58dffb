//! Domain names as lists write them, put into the one form the index uses, and the names no list may close whole.
//! What a line of a list looks like is `lists`' affair.

use std::borrow::Cow;

/// The longest name the domain name system carries, in characters (RFC 1035 section 2.3.4).
const LONGEST_NAME: usize = 253;
/// The longest label.
const LONGEST_LABEL: usize = 63;

/// Second levels under which most nations let names be registered (`co.uk`, `com.au`, `ac.nz`). A two-letter nation with
/// one of these before it is not one site but many.
const SECOND_LEVELS: &[&str] = &["ac", "co", "com", "edu", "gov", "mil", "net", "org", "sch"];
/// Those of the United Kingdom alone; elsewhere they are ordinary names.
const UNITED_KINGDOM: &[&str] = &["judiciary", "ltd", "me", "mod", "nhs", "plc", "police"];

/// Names that hold many unrelated sites, or that ordinary lessons stand on. Lists have closed these whole by accident.
const PROTECTED: &[&str] = &[
    "ajax.googleapis.com",
    "akamaihd.net",
    "amazonaws.com",
    "appspot.com",
    "azureedge.net",
    "azurewebsites.net",
    "bbc.co.uk",
    "blogspot.com",
    "cloudflare.com",
    "cloudfront.net",
    "education.gov.scot",
    "firebaseapp.com",
    "fonts.googleapis.com",
    "github.com",
    "github.io",
    "gitlab.io",
    "glowscotland.org.uk",
    "googleapis.com",
    "googleusercontent.com",
    "gov.scot",
    "gov.wales",
    "gstatic.com",
    "herokuapp.com",
    "microsoft.com",
    "microsoftonline.com",
    "myshopify.com",
    "netlify.app",
    "nhs.scot",
    "office.com",
    "office365.com",
    "onrender.com",
    "pages.dev",
    "sharepoint.com",
    "vercel.app",
    "web.app",
    "weebly.com",
    "wikipedia.org",
    "windows.net",
    "wixsite.com",
    "wordpress.com",
    "workers.dev",
];

/// Why a name cannot stand in a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Nothing is there.
    #[error("there is no name here")]
    Empty,
    /// An address of numbers.
    #[error("this is an address, not a name; lists hold names")]
    Address,
    /// A name without a dot.
    #[error("a name without a dot would close everything under it; write the whole name")]
    SingleLabel,
    /// A name under which unrelated people register theirs.
    #[error("this name holds the sites of unrelated people; list the site itself")]
    PublicSuffix,
    /// A name many lessons stand on.
    #[error("this name is protected, because closing all of it breaks ordinary lessons; list the site itself")]
    Protected,
    /// A helpline's name.
    #[error("this name belongs to a helpline, which is always open")]
    Helpline,
    /// Longer than 253 characters.
    #[error("the name is longer than 253 characters")]
    TooLong,
    /// A label empty or longer than 63 characters.
    #[error("a part between the dots is empty or longer than 63 characters")]
    Label,
    /// A character names cannot have.
    #[error("a name has letters, digits, hyphens and dots only")]
    Character,
}

impl NameError {
    /// Whether the name was refused because closing it would close far more than one site, or a helpline. Of names without a
    /// dot only those that can be the end of others' names count (`com`, `uk`), and not the names of machines.
    pub(crate) fn protects(self, name: &str) -> bool {
        match self {
            NameError::PublicSuffix | NameError::Protected | NameError::Helpline => true,
            NameError::SingleLabel => name.len() <= 4 && name.bytes().all(|byte| byte.is_ascii_lowercase()),
            _ => false,
        }
    }
}

/// Puts a name into the form of the index: lower case, no dots at the ends, no leading `*.`, other scripts in their
/// `xn--` form. Borrowed where nothing had to change.
///
/// # Errors
/// It is not a domain name. Whether a list may close it is another question, which the parsers ask with `guard`.
pub fn normalise(text: &str) -> Result<Cow<'_, str>, NameError> {
    let text = text.trim();
    let text = text.strip_prefix("*.").unwrap_or(text);
    let text = text.strip_prefix('.').unwrap_or(text);
    let text = text.strip_suffix('.').unwrap_or(text);
    if text.is_empty() {
        return Err(NameError::Empty);
    }
    if text.parse::<core::net::IpAddr>().is_ok() {
        return Err(NameError::Address);
    }
    let name = if !text.is_ascii() {
        if text.len() > 4 * LONGEST_NAME {
            return Err(NameError::TooLong);
        }
        Cow::Owned(idna::domain_to_ascii(text).map_err(|_| NameError::Character)?)
    } else if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(text.to_ascii_lowercase())
    } else {
        Cow::Borrowed(text)
    };
    check(&name)?;
    Ok(name)
}

fn check(name: &str) -> Result<(), NameError> {
    let (mut label, mut only_digits) = (0usize, true);
    for byte in name.bytes() {
        match byte {
            b'a'..=b'z' | b'-' | b'_' => only_digits = false,
            b'0'..=b'9' => {}
            b'.' if label == 0 => return Err(NameError::Label),
            b'.' => {
                (label, only_digits) = (0, true);
                continue;
            }
            _ => return Err(NameError::Character),
        }
        label += 1;
        if label > LONGEST_LABEL {
            return Err(NameError::Label);
        }
    }
    match label {
        0 => Err(NameError::Label),
        _ if name.len() > LONGEST_NAME => Err(NameError::TooLong),
        // A last part of digits is an address somebody broke (`10.0.0.1.5`), not a name.
        _ if only_digits => Err(NameError::Address),
        _ => Ok(()),
    }
}

/// Whether a list may close a normalised name whole.
///
/// # Errors
/// It has no dot, is a public suffix, is protected, or is a helpline's.
pub fn guard(name: &str) -> Result<(), NameError> {
    let Some((second, top)) = name.rsplit_once('.') else {
        return Err(NameError::SingleLabel);
    };
    let of_a_nation =
        top.len() == 2 && SECOND_LEVELS.contains(&second) || top == "uk" && UNITED_KINGDOM.contains(&second);
    if of_a_nation {
        return Err(NameError::PublicSuffix);
    }
    // Before the others: what is merely protected may be opened whole, and a helpline is nobody's to open or close.
    if crate::helplines::helpline_for(name).is_some() {
        return Err(NameError::Helpline);
    }
    let with_www = name.strip_prefix("www.").is_some_and(|site| site.contains('.') && guard(site).is_err());
    if with_www || PROTECTED.binary_search(&name).is_ok() {
        return Err(NameError::Protected);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_into_one_form() {
        for (written, expected) in [
            ("Example.COM", "example.com"),
            ("example.com.", "example.com"),
            ("*.example.com", "example.com"),
            (".example.com", "example.com"),
            ("  example.com ", "example.com"),
            ("bücher.example", "xn--bcher-kva.example"),
            ("xn--bcher-kva.example", "xn--bcher-kva.example"),
            ("_dmarc.example.com", "_dmarc.example.com"),
            ("1.example.com", "1.example.com"),
        ] {
            assert_eq!(normalise(written).as_deref(), Ok(expected), "{written}");
        }
    }

    #[test]
    fn what_is_no_name_is_refused_with_its_reason() {
        let long_label = format!("{}.com", "a".repeat(64));
        let long_name = "abcdefghi.".repeat(26) + "com";
        for (written, expected) in [
            ("", NameError::Empty),
            ("192.0.2.1", NameError::Address),
            ("2001:db8::1", NameError::Address),
            ("10.0.0.1.5", NameError::Address),
            ("a..b", NameError::Label),
            (&*long_label, NameError::Label),
            (&*long_name, NameError::TooLong),
            ("exa mple.com", NameError::Character),
            ("example.com/path", NameError::Character),
        ] {
            assert_eq!(normalise(written), Err(expected), "{written}");
        }
    }

    #[test]
    fn no_list_closes_a_whole_suffix_or_a_protected_name() {
        for (name, expected) in [
            ("com", NameError::SingleLabel),
            ("co.uk", NameError::PublicSuffix),
            ("sch.uk", NameError::PublicSuffix),
            ("com.au", NameError::PublicSuffix),
            ("github.io", NameError::Protected),
            ("ajax.googleapis.com", NameError::Protected),
            ("childline.org.uk", NameError::Helpline),
            ("www.childline.org.uk", NameError::Helpline),
            ("nhs.uk", NameError::PublicSuffix),
            ("www.nhs.uk", NameError::Protected),
            ("www.bbc.co.uk", NameError::Protected),
        ] {
            assert_eq!(guard(name), Err(expected), "{name}");
        }
        for name in ["www.games.co.uk", "someone.github.io", "games.co.uk", "me.com", "web.de", "example.test"] {
            assert_eq!(guard(name), Ok(()), "{name}");
        }
    }

    #[test]
    fn the_protected_names_are_sorted_for_the_search() {
        assert!(PROTECTED.is_sorted());
    }
}
