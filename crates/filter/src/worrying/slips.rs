//! Words that tell much and are often misspelt, or written with a sign in place of a letter to hide them. Only long words
//! are mended, and only where what was written is no word itself: `hunting` is not a slip for `hurting`.

/// Words worth mending, as `once` writes them.
const TELLING: &[&str] = &[
    "anorexia",
    "anorexic",
    "beheading",
    "blackmailed",
    "boyfriend",
    "bulied",
    "bulimia",
    "bulimic",
    "bulying",
    "canabis",
    "cocaine",
    "ecstasy",
    "everyone",
    "explosives",
    "extremist",
    "genocide",
    "hurting",
    "islamic",
    "ketamine",
    "kiling",
    "laxatives",
    "mushroms",
    "myself",
    "napalm",
    "nobody",
    "overdose",
    "paracetamol",
    "pregnant",
    "starving",
    "suicidal",
    "suicide",
    "supremacy",
    "terorist",
    "thinspiration",
    "thinspo",
    "threatening",
    "underwear",
    "yourself",
];

/// Words that stand so near to those that they would be taken for slips; found with a list of British English.
const WORDS_THEMSELVES: &[&str] = &[
    "beading",
    "befriend",
    "behaving",
    "beholding",
    "belied",
    "belying",
    "bereaving",
    "blackbaled",
    "buled",
    "bulged",
    "bulging",
    "buling",
    "bulked",
    "bulking",
    "bulring",
    "buoying",
    "buried",
    "burying",
    "busied",
    "busying",
    "buying",
    "exclusives",
    "expletives",
    "explosions",
    "haunting",
    "hunting",
    "hurling",
    "hurtling",
    "hurying",
    "keling",
    "kiding",
    "kilning",
    "kipling",
    "kising",
    "kiting",
    "overdoes",
    "overdone",
    "staring",
    "starling",
    "starting",
    "staving",
    "steriod",
    "supremely",
    "terorise",
    "terorism",
    "transpiration",
    "undersea",
    "underwent",
    "yourselves",
    "islamist",
    "extremism",
    "pregnancy",
    "somebody",
    "anybody",
    "breading",
    "breathing",
    "stifling",
    "striving",
    "curling",
    "hosting",
    "printing",
];

/// From this length on a word may be two slips away.
const LONG: usize = 9;
/// Below this length nothing is mended.
const SHORT: usize = 6;

/// The telling word that a word was meant to be: one letter missing, too many, wrong or swapped with the next, two in long
/// words, the first letter right.
pub(super) fn mend(word: &str) -> Option<&'static str> {
    if word.len() < SHORT - 1 || !word.bytes().all(|byte| byte.is_ascii_lowercase()) || WORDS_THEMSELVES.contains(&word)
    {
        return None;
    }
    let slips = |telling: &str| if telling.len() >= LONG { 2 } else { 1 };
    let near = |telling: &&&str| {
        telling.as_bytes().first() == word.as_bytes().first()
            && telling.len().abs_diff(word.len()) <= slips(telling)
            && distance(telling.as_bytes(), word.as_bytes()) <= slips(telling)
    };
    if TELLING.contains(&word) {
        return None;
    }
    TELLING.iter().filter(near).min_by_key(|telling| distance(telling.as_bytes(), word.as_bytes())).copied()
}

/// The word that two written words are together (`over dose`), if it is one of the telling.
pub(super) fn joined(first: &str, second: &str) -> Option<&'static str> {
    let length = first.len() + second.len();
    let is = |telling: &&&str| telling.strip_prefix(first).is_some_and(|rest| rest == second);
    TELLING.iter().filter(|telling| telling.len() == length).find(is).copied()
}

/// Whether a word with a sign for a letter (`k*l`) may be another.
pub(super) fn matches_hidden(written: &str, word: &str) -> bool {
    written.len() == word.len()
        && written.bytes().zip(word.bytes()).all(|(sign, letter)| sign == b'*' || sign == letter)
}

/// How many slips lie between two words: a letter left out, put in, replaced, or swapped with the next (optimal string
/// alignment).
fn distance(one: &[u8], other: &[u8]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=other.len()).collect();
    for (row, letter) in one.iter().enumerate() {
        let mut next = vec![row + 1];
        for (column, against) in other.iter().enumerate() {
            let at = |line: &[usize], index: usize| line.get(index).copied().unwrap_or(usize::MAX - 1);
            let replaced = at(&last, column) + usize::from(letter != against);
            let mut best = replaced.min(at(&last, column + 1) + 1).min(at(&next, column) + 1);
            let swapped =
                row > 0 && column > 0 && one.get(row - 1) == Some(against) && other.get(column - 1) == Some(letter);
            if swapped {
                best = best.min(at(&before, column - 1) + 1);
            }
            next.push(best);
        }
        before = std::mem::replace(&mut last, next);
    }
    last.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn slips_are_mended_and_words_are_left() {
        for (word, expected) in [
            ("sucide", Some("suicide")),
            ("suicdie", Some("suicide")),
            ("suiciide", Some("suicide")),
            ("mysefl", Some("myself")),
            ("overdoze", Some("overdose")),
            ("parasetamole", Some("paracetamol")),
            ("anerexic", Some("anorexic")),
            ("hunting", None),
            ("suicide", None),
            ("decide", None),
            ("myth", None),
            ("cuisine", None),
            ("suits", None),
        ] {
            assert_eq!(mend(word), expected, "{word}");
        }
        assert_eq!(joined("over", "dose"), Some("overdose"));
        assert_eq!(joined("the", "rapist"), None);
        assert!(matches_hidden("k*l", "kil") && !matches_hidden("k*l", "kilt"));
    }

    proptest! {
        #[test]
        fn one_slip_in_a_telling_word_is_mended(at in 1usize..12, which in 0usize..TELLING.len(), letter in "[a-z]") {
            let word = TELLING[which];
            prop_assume!(at < word.len());
            let slipped = format!("{}{letter}{}", &word[..at], &word[at + 1..]);
            prop_assume!(slipped != word && !WORDS_THEMSELVES.contains(&&*slipped) && !TELLING.contains(&&*slipped));
            prop_assert!(mend(&slipped).is_some());
        }

        #[test]
        fn distances_are_those_of_words(one in "[a-c]{0,6}", other in "[a-c]{0,6}") {
            let there = distance(one.as_bytes(), other.as_bytes());
            prop_assert_eq!(there, distance(other.as_bytes(), one.as_bytes()));
            prop_assert_eq!(there == 0, one == other);
            prop_assert!(there <= one.len().max(other.len()) && there >= one.len().abs_diff(other.len()));
        }
    }
}
