//! Worrying phrases in what somebody searched for or wrote. A hit is a reason for an adult to look, not a judgement: a
//! list of phrases cannot know what a child means. The phrases are in `phrases`; raising the alert is the monitoring's affair.
//!
//! Text and phrases are brought to the same plain words first: lower case, look-alike digits and signs read as letters
//! (`k1ll`), repeated letters once (`dieeee`), letters spelled out with spaces or dots joined (`d i e`), short forms
//! written out (`im`, `wanna`), and words that add nothing left out (`really`). Phrases match whole words only, so
//! "Essex", "skilled" and "therapist" are what they are.

mod phrases;
mod words;

use phrases::{EXCUSES, PHRASES, each};
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

/// Phrases by their first word, each with the rest of its words.
struct Phrasebook<T>(HashMap<String, Vec<(Vec<String>, T)>>);

impl<T: Copy> Phrasebook<T> {
    fn new(entries: impl Iterator<Item = (&'static str, T)>) -> Self {
        let mut book: HashMap<String, Vec<(Vec<String>, T)>> = HashMap::new();
        for (phrase, meaning) in entries {
            let mut words = words::plain(phrase);
            // Children type phrases without spaces, and spelled-out letters join up.
            let joined = words::once(&words.concat());
            if words.len() > 1 && joined.len() >= SHORTEST_JOINED {
                book.entry(joined).or_default().push((Vec::new(), meaning));
            }
            let first = if words.is_empty() { continue } else { words.remove(0) };
            book.entry(first).or_default().push((words, meaning));
        }
        Self(book)
    }

    /// Every phrase found, with the range of words it covers.
    fn find<'a>(&'a self, text: &'a [String]) -> impl Iterator<Item = (Range<usize>, T)> + 'a {
        text.iter().enumerate().flat_map(move |(at, first)| {
            let following = text.get(at + 1..).unwrap_or_default();
            self.0
                .get(first)
                .into_iter()
                .flatten()
                .filter(move |(rest, _)| following.starts_with(rest))
                .map(move |(rest, meaning)| (at..at + 1 + rest.len(), *meaning))
        })
    }
}

static BOOK: LazyLock<Phrasebook<(Hit, bool)>> = LazyLock::new(|| {
    let hit = |group: &phrases::Phrases, phrase| Hit { theme: group.theme, danger: group.danger, phrase };
    let meanings = |group: &'static phrases::Phrases| {
        each(group.phrases).map(move |phrase| (phrase, (hit(group, phrase), group.excusable)))
    };
    Phrasebook::new(PHRASES.iter().flat_map(meanings))
});

static EXCUSE_BOOK: LazyLock<Phrasebook<()>> =
    LazyLock::new(|| Phrasebook::new(each(EXCUSES).map(|excuse| (excuse, ()))));

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
        ] {
            let hits = scan(text);
            assert!(hits.iter().any(|hit| hit.theme == theme && hit.danger == danger), "{text}: {hits:?}");
        }
    }

    #[test]
    fn lessons_and_ordinary_words_are_left_alone() {
        for text in [
            "Essex county map",
            "skilled workers in the industrial revolution",
            "how to become a therapist",
            "to kill a mockingbird summary",
            "suicide prevention assembly",
            "world suicide prevention day poster",
            "romeo and juliet suicide scene analysis",
            "suicide squad cast",
            "anti bullying week ideas",
            "why do plants die in winter",
            "how to kill weeds without chemicals",
            "how to make a bath bomb",
            "atomic bomb hiroshima",
            "war on drugs essay",
            "cutting paper snowflakes",
            "the battle of hastings who shot harold",
            "ancient egypt goddess isis",
            "analysis of the weekend weather",
            "assassination of archduke franz ferdinand",
            "grape harvest",
            "cocktail sausages for the party",
            "scunthorpe united",
            "dyke drainage netherlands geography",
            "die casting process",
            "",
            "!!! ??? 1234 5678",
        ] {
            assert_eq!(scan(text), [], "{text}");
        }
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
