//! Worrying phrases in what somebody searched for or wrote. A hit is a reason for an adult to look, not a judgement: a
//! list of phrases cannot know what a child means. The phrases are in `phrases`; raising the alert is the monitoring's affair.
//!
//! Text and phrases are brought to the same plain words first: lower case, look-alike digits and signs read as letters
//! (`k1ll`), repeated letters once (`dieeee`), letters spelled out with spaces or dots joined (`d i e`), short forms
//! written out (`im`, `wanna`), slips in long telling words mended (`sucide`), and words that add nothing left out
//! (`really`). One more word between a phrase's own does not hide it. Phrases match whole words only, so "Essex",
//! "skilled" and "therapist" are what they are.

#[cfg(test)]
mod innocent;
mod phrases;
mod slips;
mod words;

use phrases::{EXCUSES, PHRASES, UNLESS_FOLLOWED, each};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::ops::Range;
use std::sync::LazyLock;

/// Phrases shorter than this, in bytes without spaces, are not looked for as one word: they hide in other words.
const SHORTEST_JOINED: usize = 8;

/// How dangerous a hit is; the same three steps as an alert's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Danger {
    /// Worth a look.
    Low,
    /// Today.
    Serious,
    /// Now.
    Urgent,
}

impl Danger {
    /// Key used in the database and the API.
    pub const fn key(self) -> &'static str {
        match self {
            Danger::Low => "low",
            Danger::Serious => "serious",
            Danger::Urgent => "urgent",
        }
    }
}

/// What kind of worry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Theme {
    /// Hurting oneself.
    SelfHarm,
    /// Ending one's life.
    Suicide,
    /// Hurting others, and weapons.
    Violence,
    /// Terror and hate.
    Extremism,
    /// Grooming, sexual pressure and abuse.
    Sexual,
    /// Bullying, as the bullied or the bully.
    Bullying,
    /// Starving, purging.
    EatingDisorder,
    /// Drugs.
    Drugs,
}

impl Theme {
    /// Key used in the database and the API.
    pub const fn key(self) -> &'static str {
        match self {
            Theme::SelfHarm => "self-harm",
            Theme::Suicide => "suicide",
            Theme::Violence => "violence",
            Theme::Extremism => "extremism",
            Theme::Sexual => "sexual",
            Theme::Bullying => "bullying",
            Theme::EatingDisorder => "eating-disorder",
            Theme::Drugs => "drugs",
        }
    }

    /// What people read.
    pub const fn label(self) -> &'static str {
        match self {
            Theme::SelfHarm => "Self-harm",
            Theme::Suicide => "Suicide",
            Theme::Violence => "Violence and weapons",
            Theme::Extremism => "Extremism and hate",
            Theme::Sexual => "Grooming and sexual harm",
            Theme::Bullying => "Bullying",
            Theme::EatingDisorder => "Eating disorders",
            Theme::Drugs => "Drugs",
        }
    }
}

/// One worrying phrase found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Hit {
    /// What kind of worry.
    pub theme: Theme,
    /// How dangerous.
    pub danger: Danger,
    /// The phrase of our list, not the person's words.
    pub phrase: &'static str,
}

/// Words that turn a phrase into its opposite, or are somebody else's: between a phrase's words they are not passed over.
const NEVER_BETWEEN: &[&str] =
    &["not", "never", "no", "to", "and", "or", "nobody", "without", "about", "of", "for", "it"];
/// Words that only colour a phrase of two words: `buy some weed`.
const COLOURS: &[&str] = &[
    "a", "al", "any", "bit", "best", "cheap", "fat", "god", "litle", "lots", "more", "my", "own", "real", "some",
    "strong", "stupid", "that", "the", "this", "ugly", "whole", "your",
];

/// Phrases by their first word.
struct Phrasebook<T>(HashMap<String, Vec<Phrase<T>>>);

struct Phrase<T> {
    /// Its words after the first.
    rest: Vec<String>,
    /// Whether one more word may stand between its own.
    loose: bool,
    /// Words that make something else of it when they come next.
    unless_followed: &'static [&'static str],
    meaning: T,
}

impl<T: Copy> Phrasebook<T> {
    fn new(entries: impl Iterator<Item = (&'static str, bool, T)>) -> Self {
        let mut book: HashMap<String, Vec<Phrase<T>>> = HashMap::new();
        for (phrase, loose, meaning) in entries {
            let mut words = words::plain(phrase);
            let unless = UNLESS_FOLLOWED.iter().find(|(listed, _)| *listed == phrase);
            let unless_followed = unless.map(|(_, words)| *words).unwrap_or_default();
            // Children type phrases without spaces, and spelled-out letters join up.
            let joined = words::once(&words.concat());
            if words.len() > 1 && joined.len() >= SHORTEST_JOINED {
                book.entry(joined).or_default().push(Phrase {
                    rest: Vec::new(),
                    loose: false,
                    unless_followed,
                    meaning,
                });
            }
            let first = if words.is_empty() { continue } else { words.remove(0) };
            book.entry(first).or_default().push(Phrase { rest: words, loose, unless_followed, meaning });
        }
        Self(book)
    }

    /// Every phrase found, with the range of words it covers.
    fn find<'a>(&'a self, text: &'a [String]) -> impl Iterator<Item = (Range<usize>, T)> + 'a {
        text.iter().enumerate().flat_map(move |(at, first)| {
            let following = text.get(at + 1..).unwrap_or_default();
            self.beginning_with(first).filter_map(move |phrase| {
                let length = phrase.length_in(following)?;
                Some((at..at + 1 + length, phrase.meaning))
            })
        })
    }

    /// Phrases whose first word this is, or may be where a sign stands for a letter of it (`k*ll`).
    fn beginning_with<'a>(&'a self, first: &'a str) -> Box<dyn Iterator<Item = &'a Phrase<T>> + 'a> {
        if first.contains('*') {
            let hidden = self.0.iter().filter(move |(word, _)| slips::matches_hidden(first, word));
            return Box::new(hidden.flat_map(|(_, phrases)| phrases));
        }
        Box::new(self.0.get(first).into_iter().flatten())
    }
}

impl<T> Phrase<T> {
    /// How many of the words that follow belong to the phrase, with one more word between its own where that is allowed.
    fn length_in(&self, following: &[String]) -> Option<usize> {
        let mut at = 0;
        let mut passed = !self.loose;
        for word in &self.rest {
            let same = |at: usize| following.get(at).is_some_and(|written| written == word || hides(written, word));
            if !same(at) {
                let between = following.get(at)?;
                let may_pass = if self.rest.len() > 1 {
                    !NEVER_BETWEEN.contains(&&**between)
                } else {
                    COLOURS.contains(&&**between)
                };
                if passed || !may_pass || !same(at + 1) {
                    return None;
                }
                passed = true;
                at += 1;
            }
            at += 1;
        }
        let next = following.get(at).map_or("", |word| word);
        if self.unless_followed.contains(&next) { None } else { Some(at) }
    }
}

/// Whether what was written hides a word behind a sign.
fn hides(written: &str, word: &str) -> bool {
    written.contains('*') && slips::matches_hidden(written, word)
}

static BOOK: LazyLock<Phrasebook<(Hit, bool)>> = LazyLock::new(|| {
    let hit = |group: &phrases::Phrases, phrase| Hit { theme: group.theme, danger: group.danger, phrase };
    let meanings = |group: &'static phrases::Phrases| {
        each(group.phrases).map(move |phrase| {
            // A phrase that ends in `=` is found as it stands only.
            let (phrase, loose) = phrase.strip_suffix('=').map_or((phrase, true), |phrase| (phrase, false));
            (phrase, loose, (hit(group, phrase), group.excusable))
        })
    };
    Phrasebook::new(PHRASES.iter().flat_map(meanings))
});

static EXCUSE_BOOK: LazyLock<Phrasebook<()>> =
    LazyLock::new(|| Phrasebook::new(each(EXCUSES).map(|excuse| (excuse, false, ()))));

/// Worrying phrases in a text, the most dangerous first, each phrase once. What a lesson is known to search for
/// ("suicide prevention assembly") is left out, unless somebody speaks of doing it.
pub fn scan(text: &str) -> Vec<Hit> {
    let words = words::plain(text);
    let excuses: Vec<Range<usize>> = EXCUSE_BOOK.find(&words).map(|(range, ())| range).collect();
    let excused =
        |range: &Range<usize>| excuses.iter().any(|excuse| excuse.start < range.end && range.start < excuse.end);
    let found: Vec<(Range<usize>, Hit)> = BOOK
        .find(&words)
        .filter(|(range, (_, excusable))| !(*excusable && excused(range)))
        .map(|(range, (hit, _))| (range, hit))
        .collect();
    let mut hits: Vec<Hit> = Vec::new();
    for (range, hit) in &found {
        // "i want to die" says all that "want to die" says.
        let said_better = found.iter().any(|(other, longer)| {
            other.len() > range.len()
                && other.start <= range.start
                && range.end <= other.end
                && longer.danger >= hit.danger
        });
        if !said_better && !hits.contains(hit) {
            hits.push(*hit);
        }
    }
    hits.sort_by_key(|hit| std::cmp::Reverse(hit.danger));
    hits
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn worrying_words_are_noticed_however_they_are_typed() {
        for (text, theme, danger) in [
            ("I want to kill myself", Theme::Suicide, Danger::Urgent),
            ("i wanna k1ll mys3lf", Theme::Suicide, Danger::Urgent),
            ("iwanttokillmyself", Theme::Suicide, Danger::Urgent),
            ("i want to d i e", Theme::Suicide, Danger::Urgent),
            ("i want to d.i.e", Theme::Suicide, Danger::Urgent),
            ("I JUST WANT TO DIEEEEE!!!", Theme::Suicide, Danger::Urgent),
            ("how to commit su!cide", Theme::Suicide, Danger::Urgent),
            ("how to really hide cuts on my arm", Theme::SelfHarm, Danger::Serious),
            ("i'm going to shoot up the school", Theme::Violence, Danger::Urgent),
            ("how do i make a b0mb", Theme::Violence, Danger::Urgent),
            ("how to join isis", Theme::Extremism, Danger::Urgent),
            ("hes asking me for nudes", Theme::Sexual, Danger::Serious),
            ("my uncle touches me", Theme::Sexual, Danger::Urgent),
            ("everyone at school hates me", Theme::Bullying, Danger::Serious),
            ("k.y.s", Theme::Bullying, Danger::Serious),
            ("how to make myself throw up", Theme::EatingDisorder, Danger::Serious),
            ("where can i buy w33d", Theme::Drugs, Danger::Serious),
            // Slips.
            ("how to comit sucide", Theme::Suicide, Danger::Urgent),
            ("i want to kill mysefl", Theme::Suicide, Danger::Urgent),
            ("hurting mysellf", Theme::SelfHarm, Danger::Serious),
            ("how to overdoze", Theme::Suicide, Danger::Urgent),
            ("how many parasetamol to die", Theme::Suicide, Danger::Urgent),
            ("how to be anerexic", Theme::EatingDisorder, Danger::Serious),
            ("nobdy likes me", Theme::Bullying, Danger::Serious),
            // Disguises.
            ("su1c1de methods", Theme::Suicide, Danger::Low),
            ("how to commit s.u.i.c.i.d.e", Theme::Suicide, Danger::Urgent),
            ("how to commit s u i c i d e", Theme::Suicide, Danger::Urgent),
            ("how to commit s-u-i-c-i-d-e", Theme::Suicide, Danger::Urgent),
            ("k i l l m y s e l f", Theme::Suicide, Danger::Urgent),
            ("k*ll myself", Theme::Suicide, Danger::Urgent),
            ("how to commit su*cide", Theme::Suicide, Danger::Urgent),
            ("kiiiill myseeelf", Theme::Suicide, Danger::Urgent),
            ("kill my self", Theme::Suicide, Danger::Urgent),
            ("take an over dose", Theme::Suicide, Danger::Urgent),
            ("$elf h@rm pictures", Theme::SelfHarm, Danger::Low),
            // One more word.
            ("how to hide deep cuts on my arm", Theme::SelfHarm, Danger::Serious),
            ("end my miserable life", Theme::Suicide, Danger::Urgent),
            ("painless quick way to die", Theme::Suicide, Danger::Urgent),
            ("buy some weed", Theme::Drugs, Danger::Serious),
            ("bring a big knife to school", Theme::Violence, Danger::Urgent),
            ("everyone at my school hates me", Theme::Bullying, Danger::Serious),
            ("make myself always throw up", Theme::EatingDisorder, Danger::Serious),
        ] {
            let hits = scan(text);
            assert!(hits.iter().any(|hit| hit.theme == theme && hit.danger == danger), "{text}: {hits:?}");
        }
    }

    #[test]
    fn lessons_and_ordinary_words_are_left_alone() {
        let told: Vec<_> =
            innocent::SEARCHES.lines().map(|text| (text, scan(text))).filter(|(_, hits)| !hits.is_empty()).collect();
        assert_eq!(told, []);
    }

    #[test]
    fn a_lesson_does_not_excuse_somebody_who_speaks_of_doing_it() {
        let hits = scan("i want to kill myself after the suicide prevention assembly");
        assert_eq!(hits.len(), 1, "{hits:?}");
        assert_eq!(hits[0].danger, Danger::Urgent);
    }

    #[test]
    fn the_most_dangerous_comes_first_and_each_once() {
        let hits = scan("self harm self harm i want to die self harm");
        assert_eq!(hits.first().map(|hit| hit.danger), Some(Danger::Urgent));
        let phrases: std::collections::HashSet<&str> = hits.iter().map(|hit| hit.phrase).collect();
        assert_eq!(phrases.len(), hits.len());
    }

    #[test]
    fn every_phrase_finds_itself_and_stands_once() {
        let mut seen = std::collections::HashSet::new();
        for group in PHRASES {
            for phrase in each(group.phrases) {
                let phrase = phrase.trim_end_matches('=');
                assert!(seen.insert(phrase), "`{phrase}` stands twice");
                assert!(scan(phrase).iter().any(|hit| hit.phrase == phrase), "`{phrase}` is not found");
            }
        }
    }

    proptest! {
        #[test]
        fn any_text_is_scanned_without_harm(text in ".{0,300}") {
            let _ = scan(&text);
        }

        #[test]
        fn words_around_a_phrase_do_not_hide_it(before in "[a-z]{4,8} ", after in " [a-z]{4,8}") {
            let found = scan(&format!("{before}i want to end my life{after}"));
            prop_assert!(found.iter().any(|hit| hit.danger == Danger::Urgent));
        }
    }
}
