//! For whom a site is opened or closed: everybody, or some of the school's groups and year groups. Offered as choices and read
//! back from the form.

use crate::answers::{Answers, Choice};
use crate::error::WebResult;
use crate::session::SignedIn;
use belisha_policy::{GROUPS, whom_in_words, year_key};
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
        self.keys.iter().map(|key| Choice::new(key, whom_in_words(std::slice::from_ref(key)))).collect()
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
