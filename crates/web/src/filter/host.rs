//! A host as people type it or paste it, and whether it is one that may be asked for, opened or closed.

use crate::answers::Answers;
use belisha_filter::{NameError, guard, normalise};

/// What is said of a host on the list of illegal content.
pub(crate) const BEYOND_REACH: &str = "this one is on a list that nobody at the school can change";

/// What somebody wants to do with a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wish {
    /// Have it opened.
    Open,
    /// Have it closed.
    Close,
}

/// The host of what was typed: a name, or a whole address that was pasted.
///
/// # Errors
/// What is wrong, in words for the form.
pub(crate) fn typed(text: &str, wish: Wish) -> Result<String, String> {
    let text = text.trim();
    let rest = text.split_once("://").map_or(text, |(_, rest)| rest);
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    let port = |end: &str| !end.is_empty() && end.bytes().all(|byte| byte.is_ascii_digit());
    let host =
        host.rsplit_once(':').filter(|(name, end)| port(end) && !name.contains(':')).map_or(host, |(name, _)| name);
    let name = normalise(host).map_err(|error| words(error, wish))?.into_owned();
    match guard(&name) {
        // A large site may be opened whole; closing all of it would break lessons.
        Ok(()) => Ok(name),
        Err(NameError::Protected) if wish == Wish::Open => Ok(name),
        Err(error) => Err(words(error, wish)),
    }
}

/// The hosts of a field, one a line, sorted, each once. What is wrong with a line is said at the field.
pub(crate) fn lines(answers: &mut Answers, field: &str, beyond_reach: impl Fn(&str) -> bool) -> Vec<String> {
    let lines: Vec<String> = answers.value(field).lines().map(|line| line.trim().to_owned()).collect();
    let mut hosts = Vec::new();
    for line in lines.iter().filter(|line| !line.is_empty()) {
        match typed(line, Wish::Open) {
            Ok(host) if beyond_reach(&host) => answers.refuse(field, format!("`{line}`: {BEYOND_REACH}")),
            Ok(host) => hosts.push(host),
            Err(wrong) => answers.refuse(field, format!("`{line}`: {wrong}")),
        }
    }
    hosts.sort_unstable();
    hosts.dedup();
    hosts
}

fn words(error: NameError, wish: Wish) -> String {
    match error {
        NameError::Empty => "type the site, such as maths.example".into(),
        NameError::Address => "this is an address of numbers; type the site’s name, such as maths.example".into(),
        NameError::SingleLabel => "this is not the whole name of a site; type all of it, such as maths.example".into(),
        NameError::PublicSuffix => "many people’s sites end like this; type the name of the one site".into(),
        NameError::Helpline if wish == Wish::Open => "this is a helpline, which is open to everybody already".into(),
        NameError::Helpline => "this is a helpline; it stays open, whatever anybody decides".into(),
        NameError::Character => {
            "a site’s name has letters, digits, hyphens and dots only; type it without spaces".into()
        }
        NameError::Protected | NameError::TooLong | NameError::Label => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::{Wish, typed};

    #[test]
    fn what_people_paste_becomes_a_host() {
        for (text, host) in [
            ("Maths.Example", "maths.example"),
            (" https://maths.example/fractions?x=1#top ", "maths.example"),
            ("http://somebody@maths.example:8080/", "maths.example"),
            ("www.maths.example/", "www.maths.example"),
            ("maths.example.", "maths.example"),
        ] {
            assert_eq!(typed(text, Wish::Open).as_deref(), Ok(host), "{text}");
        }
    }

    #[test]
    fn what_is_no_site_is_refused_in_words_that_help() {
        for text in ["", "COM", "co.uk", "10.0.0.1", "[2001:db8::1]", "two words", "https://", "childline.org.uk"] {
            let words = typed(text, Wish::Open).unwrap_err();
            assert!(!words.is_empty() && !words.ends_with('.'), "{text}: {words}");
        }
        assert!(typed("childline.org.uk", Wish::Close).unwrap_err().contains("stays open"));
        assert!(typed("github.io", Wish::Close).is_err(), "closing it would close unrelated sites");
        assert!(typed("github.io", Wish::Open).is_ok());
    }
}
