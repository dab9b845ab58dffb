//! Text into plain words, so that a phrase is found however it was typed. Which phrases worry is `phrases`' affair.

use super::slips::{self, mend};

/// The longest text that is read, in characters; longer ones are pages, which are read in pieces.
const LONGEST: usize = 200_000;

/// Short forms and common slips, and what they stand for. Written as they look after `once`.
const SHORT_FORMS: &[(&str, &[&str])] = &[
    ("im", &["i", "am"]),
    ("ive", &["i", "have"]),
    ("hes", &["he", "is"]),
    ("shes", &["she", "is"]),
    ("theyre", &["they", "are"]),
    ("wana", &["want", "to"]),
    ("gona", &["going", "to"]),
    ("gunna", &["going", "to"]),
    ("u", &["you"]),
    ("ur", &["your"]),
    ("r", &["are"]),
    ("urself", &["yourself"]),
    ("yourselves", &["yourself"]),
    ("yoursel", &["yourself"]),
    ("myslef", &["myself"]),
    ("mysel", &["myself"]),
    ("meself", &["myself"]),
    ("sewerslide", &["suicide"]),
    ("unalive", &["kil"]),
    ("dont", &["do", "not"]),
    ("cant", &["can", "not"]),
    ("canot", &["can", "not"]),
    ("wont", &["wil", "not"]),
    ("selfharm", &["self", "harm"]),
    ("evry", &["every"]),
    ("evryone", &["everyone"]),
    ("everybody", &["everyone"]),
];

/// Words that change nothing about what is said.
const FILLERS: &[&str] = &[
    "realy", "just", "so", "actualy", "literaly", "fucking", "fuckin", "freaking", "very", "kinda", "basicaly",
    "honestly", "please", "pls", "lol", "omg",
];

/// The plain words of a text.
pub(super) fn plain(text: &str) -> Vec<String> {
    let text: String = text.chars().take(LONGEST).flat_map(char::to_lowercase).collect();
    let spelled: Vec<String> = text.split_whitespace().flat_map(letters).collect();
    let joined = join_spelled_out(spelled).into_iter().map(|word| once(&word));
    let joined = join_halves(joined.collect());
    let mut words = Vec::new();
    for word in joined {
        let word = mend(&word).map_or(word, str::to_owned);
        match SHORT_FORMS.iter().find(|(short, _)| *short == word) {
            Some((_, long)) => words.extend(long.iter().map(|part| (*part).to_owned())),
            None if FILLERS.contains(&&*word) => {}
            None => words.push(word),
        }
    }
    words
}

/// Splits a run without spaces at its punctuation, reading look-alikes as letters.
fn letters(run: &str) -> Vec<String> {
    let has_letter = run.chars().any(char::is_alphabetic);
    let characters: Vec<char> = run.chars().collect();
    let mut words = vec![String::new()];
    for (at, character) in characters.iter().enumerate() {
        let inside = at > 0 && characters.get(at + 1).is_some_and(|next| next.is_alphanumeric());
        let read = match character {
            '\'' | '’' | '\u{200b}'..='\u{200d}' | '\u{ad}' => continue,
            '!' | '|' if has_letter && inside => Some('i'),
            '@' if has_letter => Some('a'),
            '$' if has_letter => Some('s'),
            '*' if has_letter && inside => Some('*'),
            '0' if has_letter => Some('o'),
            '1' if has_letter => Some('i'),
            '3' if has_letter => Some('e'),
            '4' if has_letter => Some('a'),
            '5' if has_letter => Some('s'),
            '7' if has_letter => Some('t'),
            other if other.is_alphanumeric() => Some(plain_letter(*other)),
            _ => None,
        };
        match (read, words.last_mut()) {
            (Some(letter), Some(word)) => word.push(letter),
            _ => words.push(String::new()),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Letters with marks, and a few look-alikes of other alphabets, as their plain letter.
const fn plain_letter(letter: char) -> char {
    match letter {
        'à'..='å' | 'ā' | 'а' => 'a',
        'è'..='ë' | 'ē' | 'е' => 'e',
        'ì'..='ï' | 'ī' | 'і' => 'i',
        'ò'..='ö' | 'ō' | 'о' => 'o',
        'ù'..='ü' | 'ū' => 'u',
        'ç' | 'с' => 'c',
        'ñ' => 'n',
        'у' | 'ý' | 'ÿ' => 'y',
        other => other,
    }
}

/// Joins three or more single letters in a row: `d i e`.
fn join_spelled_out(words: Vec<String>) -> Vec<String> {
    let single = |word: &String| word.chars().count() == 1 && word.chars().all(char::is_alphabetic);
    let mut joined = Vec::with_capacity(words.len());
    for run in words.chunk_by(|one, other| single(one) && single(other)) {
        if run.len() > 2 {
            joined.push(run.concat());
        } else {
            joined.extend_from_slice(run);
        }
    }
    joined
}

/// What may follow `my self` written apart without making it `myself`.
const AFTER_SELF: &[&str] = &["estem", "confidence", "image", "worth", "control", "portrait", "care", "defence"];

/// Joins a telling word that was written as two: `over dose`, `my self`.
fn join_halves(words: Vec<String>) -> Vec<String> {
    let mut joined = Vec::with_capacity(words.len());
    let mut words = words.into_iter().peekable();
    while let Some(word) = words.next() {
        let whole = words.peek().and_then(|next| slips::joined(&word, next));
        let Some((whole, next)) = whole.and_then(|whole| Some((whole, words.next()?))) else {
            joined.push(word);
            continue;
        };
        if words.peek().is_some_and(|after| AFTER_SELF.contains(&&**after)) {
            joined.extend([word, next]);
        } else {
            joined.push(whole.to_owned());
        }
    }
    joined
}

/// A word with each repeated letter once. Digits stay.
pub(super) fn once(word: &str) -> String {
    let mut kept = String::with_capacity(word.len());
    for letter in word.chars() {
        if letter.is_numeric() || !kept.ends_with(letter) {
            kept.push(letter);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_becomes_plain_words() {
        for (text, expected) in [
            ("I'm  NOT\tok", "i am not ok"),
            ("k1ll", "kil"),
            ("1234 5678", "1234 5678"),
            ("kill-my.self", "kil myself"),
            ("build my self esteem", "build my self estem"),
            ("over dose", "overdose"),
            ("sucide", "suicide"),
            ("k*ll", "k*l"),
            ("3*4", "3 4"),
            ("d.i.e now", "die now"),
            ("a b", "a b"),
            ("café", "cafe"),
            ("don’t", "do not"),
            ("what? me!", "what me"),
            ("su!cide", "suicide"),
        ] {
            assert_eq!(plain(text).join(" "), expected, "{text}");
        }
    }
}
