//! For whom a site is opened or closed: everybody, or some of the school's groups and year groups. Offered as choices, read back
//! from the form, and said in words.

use crate::answers::{Answers, Choice};
use crate::error::WebResult;
use crate::requests::group_label;
use crate::session::SignedIn;
use belisha_policy::{GROUPS, year_key, year_of};
use belisha_records::year_groups;
use belisha_store::{Tx, people};

/// What can be chosen: the groups of every school, and the year groups of the people who are at this one.
pub(super) struct Whom {
    keys: Vec<String>,
}

impl Whom {
    pub async fn read(tx: &mut Tx, reader: &SignedIn) -> WebResult<Self> {
        let years = year_groups(&people::list(tx).await?, reader.today());
        let groups = GROUPS.iter().map(|(key, _)| (*key).to_owned());
        Ok(Self { keys: groups.chain(years.iter().map(|year| year_key(year))).collect() })
    }

    pub fn everybody_or_some() -> Vec<Choice> {
        vec![Choice::new("everybody", "Everybody"), Choice::new("some", "Only those ticked here")]
    }

    pub fn choices(&self) -> Vec<Choice> {
        self.keys.iter().map(|key| Choice::new(key, label(key))).collect()
    }

    /// What was chosen, as keys; none is everybody. Nothing becomes everybody's by leaving something out.
    pub fn chosen(&self, answers: &mut Answers) -> Vec<String> {
        let ticked: Vec<String> = self.keys.iter().filter(|key| answers.has("groups", key)).cloned().collect();
        match (answers.value("whom"), ticked.as_slice()) {
            ("everybody", []) => {}
            ("everybody", _) => {
                answers.refuse("whom", "you chose everybody and ticked some as well; choose which you mean")
            }
            (_, [_, ..]) => {}
            ("some", []) => answers.refuse("groups", "tick who is meant"),
            _ => answers.refuse("whom", "choose for whom: everybody, or only those you tick"),
        }
        ticked
    }
}

/// `Pupils`, or `Year group 7`.
fn label(key: &str) -> String {
    year_of(key).map_or_else(|| group_label(key).to_owned(), |year| format!("Year group {year}"))
}

/// `everybody`, or `Pupils, Year group 7`.
pub(crate) fn in_words(groups: &[String]) -> String {
    match groups {
        [] => "everybody".to_owned(),
        some => some.iter().map(|key| label(key)).collect::<Vec<_>>().join(", "),
    }
}
