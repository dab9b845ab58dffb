//! Finding somebody by what was typed. A name that is nearly somebody's is asked about, never guessed and never kept as words:
//! whoever a case is about must be known, so that it stays from their eyes.

use super::sight::Knowledge;
use crate::answers::Choice;
use crate::error::WebResult;
use crate::session::SignedIn;
use belisha_policy::{Audience, Role};
use belisha_records::{Permission, PersonId, is_at_school};
use belisha_store::{Tx, classes};

/// Kept as words: the answer to "which of these?" that means none.
pub(crate) const WORDS: &str = "words";
/// The most that are offered.
const MOST: usize = 12;

/// Somebody who can be named.
struct Entry {
    id: PersonId,
    name: String,
    label: String,
}

/// The people a reader can name: pupils and those who work here; parents too for those who keep or search the roster.
pub(crate) struct Roster {
    entries: Vec<Entry>,
    offices: Vec<(&'static str, PersonId)>,
}

/// What a typed name turned out to be.
pub(crate) enum Who {
    /// Nothing was typed.
    Nobody,
    /// Somebody on the roster.
    Person(PersonId),
    /// Somebody who is not.
    Words(String),
    /// It could be one of these.
    Which(Vec<Choice>),
}

impl Roster {
    pub(crate) async fn gather(tx: &mut Tx, reader: &SignedIn, knowledge: &Knowledge) -> WebResult<Self> {
        let classes = classes::list(tx).await?.into_iter().map(|class| (class.id, class.name)).collect();
        let everybody = reader.can(Permission::SeePeople);
        let today = reader.today();
        let named = |audience: Audience| {
            everybody || !matches!(audience, Audience::Parent | Audience::Visitor | Audience::CommunityUser)
        };
        let mut entries: Vec<Entry> = knowledge
            .people()
            .filter(|person| is_at_school(person, today) && named(person.audience))
            .map(|person| {
                let name = person.name.reveal().to_owned();
                Entry { id: person.id, label: format!("{name}, {}", knowledge.place(person, today, &classes)), name }
            })
            .collect();
        entries.sort_by(|one, other| one.label.cmp(&other.label));
        let offices = Role::ALL
            .iter()
            .flat_map(|role| knowledge.holders(reader, *role).into_iter().map(|person| (role.label(), person)))
            .collect();
        Ok(Self { entries, offices })
    }

    /// What the fields offer while somebody types.
    pub(crate) fn labels(&self) -> Vec<&str> {
        self.entries.iter().map(|entry| entry.label.as_str()).collect()
    }

    /// How a person is named in a field.
    pub(crate) fn label(&self, person: PersonId) -> Option<&str> {
        self.entries.iter().find(|entry| entry.id == person).map(|entry| entry.label.as_str())
    }

    /// Who was meant. `picked` is the answer to an earlier "which of these?" about the same words.
    pub(crate) fn resolve(&self, typed: &str, picked: Option<&str>) -> Who {
        let typed = typed.trim();
        if typed.is_empty() {
            return Who::Nobody;
        }
        if let Some(picked) = picked {
            if picked == WORDS {
                return Who::Words(typed.to_owned());
            }
            if let Some(entry) = picked.parse().ok().and_then(|id| self.entries.iter().find(|entry| entry.id == id)) {
                return Who::Person(entry.id);
            }
        }
        let wanted = plain(typed);
        let mut exact =
            self.entries.iter().filter(|entry| plain(&entry.label) == wanted || plain(&entry.name) == wanted);
        if let (Some(only), None) = (exact.next(), exact.next()) {
            return Who::Person(only.id);
        }
        let mut near: Vec<Choice> =
            self.near(&wanted).map(|entry| Choice::new(entry.id, entry.label.as_str())).take(MOST).collect();
        if near.is_empty() {
            return Who::Words(typed.to_owned());
        }
        near.insert(0, Choice::new("", "Choose"));
        near.push(Choice::new(WORDS, "None of these: keep my words"));
        Who::Which(near)
    }

    /// Those who share a word of their name with what was typed, or hold an office that it names.
    fn near<'a>(&'a self, wanted: &'a str) -> impl Iterator<Item = &'a Entry> {
        let joined: String = wanted.split_whitespace().collect();
        let head = wanted.split_whitespace().any(|word| word == "head");
        let in_office = move |id: PersonId| {
            let named =
                |label: &str| joined.contains(&plain(label).replace(' ', "")) && label.len() > 6 && label != "Teacher";
            self.offices
                .iter()
                .any(|(label, person)| *person == id && (named(label) || head && *label == Role::Headteacher.label()))
        };
        self.entries.iter().filter(move |entry| {
            let name = plain(&entry.name);
            let shares = |word: &str| {
                word.chars().count() > 2
                    && name.split_whitespace().any(|part| {
                        part == word || part.chars().count() > 3 && word.chars().count() > 3 && part.starts_with(word)
                    })
            };
            wanted.split_whitespace().any(shares) || in_office(entry.id)
        })
    }
}

/// Lower case, without punctuation.
fn plain(text: &str) -> String {
    let letters: String = text
        .to_lowercase()
        .chars()
        .map(|letter| if letter.is_alphanumeric() || letter == '-' { letter } else { ' ' })
        .collect();
    letters.split_whitespace().collect::<Vec<_>>().join(" ")
}
