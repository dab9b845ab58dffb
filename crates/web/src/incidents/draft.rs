//! The record while it is written: five questions in order, everything typed so far carried along in the page itself, so that
//! nothing is kept of what is never sent and nothing is lost when something has to be put right.

use super::labels::{PARTS, RISK_AREAS};
use super::roster::{Roster, Who};
use crate::answers::{Answers, Choice};
use belisha_policy::{ActionSubject, Policy};
use belisha_records::{FieldErrors, IncidentFacts};
use belisha_records::{IncidentForm, InvolvementForm, PersonId, action_table, holds_link_or_image, validate_incident};
use jiff::civil::DateTime;

/// The most people of one part that a form takes.
const MOST_PEOPLE: usize = 12;
/// The answer that says nobody's conduct is in question.
const NOBODY: &str = "nobody";

/// One question page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Step {
    /// Could there be an indecent image? Before anything can be added.
    Image,
    /// What, when, where, and what was done.
    Facts,
    /// Who, and how.
    People,
    /// Which line of the policy, which risk.
    Kind,
    /// What the policy asks for, and the signature.
    Actions,
}

impl Step {
    pub(crate) const ALL: [Step; 5] = [Step::Image, Step::Facts, Step::People, Step::Kind, Step::Actions];

    pub(crate) fn key(self) -> &'static str {
        match self {
            Step::Image => "image",
            Step::Facts => "facts",
            Step::People => "people",
            Step::Kind => "kind",
            Step::Actions => "actions",
        }
    }
    pub(crate) fn from_key(key: &str) -> Self {
        Self::ALL.into_iter().find(|step| step.key() == key).unwrap_or(Step::Image)
    }
    pub(crate) fn next(self) -> Self {
        Self::ALL.into_iter().find(|step| *step > self).unwrap_or(Step::Actions)
    }
    pub(crate) fn previous(self) -> Self {
        Self::ALL.into_iter().rev().find(|step| *step < self).unwrap_or(Step::Image)
    }
    /// The page on which a field is asked.
    pub(crate) fn of_field(field: &str) -> Self {
        match field {
            "may-involve-indecent-images" => Step::Image,
            "description" | "occurred-date" | "occurred-time" | "place" | "action-taken" => Step::Facts,
            "involved" => Step::People,
            "conduct" | "about" | "row" | "risk-areas" | "bullying" => Step::Kind,
            other if other.starts_with("who-") || other.starts_with("pick-") || other.starts_with("for-") => {
                Step::People
            }
            _ => Step::Actions,
        }
    }
}

/// Everything typed so far that this page does not ask for itself.
pub(crate) fn carried(answers: &Answers, step: Step) -> Vec<(String, String)> {
    let kept = |name: &str| {
        !matches!(name, "step" | "go" | "to") && Step::of_field(name) != step || matches!(name, "alert" | "concern")
    };
    answers
        .under("")
        .filter(|(name, value)| kept(name) && !value.is_empty())
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

/// The field of one person.
pub(crate) fn who_field(part: &str, place: usize) -> String {
    format!("who-{part}-{place}")
}

/// One field of the page of people.
pub(crate) struct WhoField {
    /// Its name and id.
    pub(crate) name: String,
    /// What to choose from, where the words could mean several people.
    pub(crate) which: Vec<Choice>,
    /// Field of the choice.
    pub(crate) pick: String,
    /// Field that remembers which words the choice is about.
    pub(crate) about: String,
}

/// One part on the page of people.
pub(crate) struct PartFields {
    pub(crate) key: &'static str,
    pub(crate) question: &'static str,
    pub(crate) hint: &'static str,
    pub(crate) fields: Vec<WhoField>,
}

/// The fields of the page of people: those filled in, one empty where there is none, one more where it was asked for.
pub(crate) fn part_fields(answers: &Answers, roster: &Roster, add: Option<&str>) -> Vec<PartFields> {
    PARTS
        .iter()
        .map(|(_, key, question, hint)| {
            let filled = (0..MOST_PEOPLE)
                .filter(|place| !answers.value(who_field(key, *place)).is_empty())
                .map(|place| place + 1)
                .max()
                .unwrap_or(0);
            let shown = if add == Some(*key) { filled.max(1) + 1 } else { filled.max(1) }.min(MOST_PEOPLE);
            let field = |place| {
                let name = who_field(key, place);
                let which = match who(answers, roster, key, place) {
                    Who::Which(which) => which,
                    _ => Vec::new(),
                };
                WhoField { pick: format!("pick-{key}-{place}"), about: format!("for-{key}-{place}"), name, which }
            };
            PartFields { key, question, hint, fields: (0..shown).map(field).collect() }
        })
        .collect()
}

fn who(answers: &Answers, roster: &Roster, part: &str, place: usize) -> Who {
    let typed = answers.value(who_field(part, place));
    // A choice counts only for the words it was offered for.
    let still = answers.value(format!("for-{part}-{place}")) == typed;
    let picked = answers.value(format!("pick-{part}-{place}"));
    roster.resolve(typed, (still && !picked.is_empty()).then_some(picked))
}

/// Whose conduct and which row, as one choice.
pub(crate) struct ConductGroup {
    pub(crate) label: String,
    pub(crate) options: Vec<Choice>,
}

/// The tables the policy has, and a plain choice for conduct it has no table for.
pub(crate) fn conduct_groups(policy: Option<&Policy>) -> Vec<ConductGroup> {
    let of = |about: &ActionSubject| {
        let whose = if *about == ActionSubject::Pupil { "A pupil" } else { "An adult who works here" };
        match policy.and_then(|policy| action_table(policy, *about)) {
            Some(table) => ConductGroup {
                label: whose.to_owned(),
                options: table
                    .rows
                    .iter()
                    .map(|row| Choice::new(format!("{}:{}", about.key(), row.id.0), row.label.as_str()))
                    .collect(),
            },
            None => ConductGroup {
                label: whose.to_owned(),
                options: vec![Choice::new(
                    format!("{}:", about.key()),
                    format!("{whose}: the policy has no table for this"),
                )],
            },
        }
    };
    let mut groups: Vec<ConductGroup> = ActionSubject::ALL.iter().map(of).collect();
    groups.push(ConductGroup {
        label: "Nobody".into(),
        options: vec![Choice::new(NOBODY, "Nobody’s conduct is in question")],
    });
    groups
}

/// The form, as far as it was filled in, and what is wrong with it up to a page.
pub(crate) fn check(
    answers: &Answers,
    roster: &Roster,
    policy: Option<&Policy>,
    now: DateTime,
    up_to: Step,
) -> (Option<IncidentFacts>, FieldErrors) {
    let mut errors = FieldErrors::new();
    let form = form(answers, roster, &mut errors);
    if answers.value("conduct").is_empty() {
        errors.add("conduct", "choose the line that comes nearest, or say that nobody’s conduct is in question");
    }
    if form.may_involve_indecent_images == Some(true) {
        refuse_links(answers, &mut errors);
    }
    let checked = validate_incident(&form, policy, now);
    if let Err(wrong) = &checked {
        for (field, message) in wrong.iter() {
            errors.add(if matches!(field, "about" | "row") { "conduct" } else { field }, message);
        }
    }
    let mut shown = FieldErrors::new();
    for step in Step::ALL.into_iter().filter(|step| *step <= up_to) {
        for (field, message) in errors.iter().filter(|(field, _)| Step::of_field(field) == step) {
            shown.add(field, message);
        }
    }
    (checked.ok().filter(|_| errors.is_empty()), shown)
}

/// The rules look at the two long texts; the same goes for every other field that takes words.
fn refuse_links(answers: &Answers, errors: &mut FieldErrors) {
    let fields = answers.under("").filter(|(name, _)| {
        *name == "place" || name.starts_with("who-") || name.starts_with("reason-") || *name == "signed-as"
    });
    for (name, _) in fields.filter(|(_, value)| holds_link_or_image(value)) {
        errors.add(name, "this holds a link or a picture: take it out, and do not open it again");
    }
}

fn form(answers: &Answers, roster: &Roster, errors: &mut FieldErrors) -> IncidentForm {
    let text = |name: &str| answers.value(name).to_owned();
    let conduct = answers.value("conduct");
    let (about, row) = conduct.split_once(':').unwrap_or(("", ""));
    IncidentForm {
        occurred_date: text("occurred-date"),
        occurred_time: text("occurred-time"),
        place: text("place"),
        description: text("description"),
        action_taken: text("action-taken"),
        signed_as: text("signed-as"),
        about: about.to_owned(),
        row: row.to_owned(),
        risk_areas: RISK_AREAS
            .iter()
            .filter(|(_, key, ..)| answers.has("risk-areas", key))
            .map(|(area, ..)| *area)
            .collect(),
        bullying: answers.has("bullying", "yes"),
        may_involve_indecent_images: match answers.value("may-involve-indecent-images") {
            "yes" => Some(true),
            "no" => Some(false),
            _ => None,
        },
        involved: involved(answers, roster, errors),
    }
}

fn involved(answers: &Answers, roster: &Roster, errors: &mut FieldErrors) -> Vec<InvolvementForm> {
    let mut involved = Vec::new();
    for (part, key, ..) in PARTS {
        for place in 0..MOST_PEOPLE {
            let (person, described_as): (Option<PersonId>, String) = match who(answers, roster, key, place) {
                Who::Nobody => continue,
                Who::Person(person) => (Some(person), String::new()),
                Who::Words(words) => (None, words),
                Who::Which(_) => {
                    errors.add(
                        format!("pick-{key}-{place}"),
                        "say which of these people you mean, so that the record is about the right one",
                    );
                    (None, answers.value(who_field(key, place)).to_owned())
                }
            };
            involved.push(InvolvementForm { person, described_as, part });
        }
    }
    involved
}

/// The fields that a form filled elsewhere starts with.
pub(crate) fn answers_of(form: &IncidentForm, roster: &Roster) -> Answers {
    let mut answers = Answers::new()
        .with("occurred-date", &form.occurred_date)
        .with("occurred-time", &form.occurred_time)
        .with("place", &form.place)
        .with("description", &form.description);
    for (area, key, ..) in RISK_AREAS {
        if form.risk_areas.contains(&area) {
            answers = answers.with("risk-areas", key);
        }
    }
    if form.bullying {
        answers = answers.with("bullying", "yes");
    }
    for (part, key, ..) in PARTS {
        for (place, one) in form.involved.iter().filter(|one| one.part == part).enumerate() {
            let label = one.person.and_then(|person| roster.label(person));
            let typed = label.unwrap_or(&one.described_as);
            answers = answers.with(who_field(key, place), typed);
            if let Some(person) = one.person {
                answers = answers.with(format!("pick-{key}-{place}"), person).with(format!("for-{key}-{place}"), typed);
            }
        }
    }
    answers
}
