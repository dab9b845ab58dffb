//! The form of five facts (M39), checked field by field, and the incident it becomes.

use crate::incidents::*;
use crate::{FieldErrors, PersonName};
use belisha_policy::{ActionSubject, ActionTable, Policy};
use jiff::{
    Timestamp,
    civil::{Date, DateTime, Time},
};

/// The longest text a field takes, in characters: some ten pages.
pub const LONGEST_TEXT: usize = 20_000;

/// Somebody involved, as typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvolvementForm {
    /// Chosen from the roster.
    pub person: Option<PersonId>,
    /// Or described in words.
    pub described_as: String,
    /// Part.
    pub part: Part,
}

/// The form as it came: words, not yet checked. Empty text means that nothing was entered.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IncidentForm {
    /// Day, `2026-11-03`. Field `occurred-date`.
    pub occurred_date: String,
    /// Time, `10:40`. Field `occurred-time`.
    pub occurred_time: String,
    /// Where. Field `place`.
    pub place: String,
    /// What happened. Field `description`.
    pub description: String,
    /// What was done. Field `action-taken`.
    pub action_taken: String,
    /// Name typed as signature. Field `signed-as`.
    pub signed_as: String,
    /// `pupil`, `staff` or empty for nobody's conduct. Field `about`.
    pub about: String,
    /// Row of the table for `about`; may be empty where the school has no table. Field `row`.
    pub row: String,
    /// Risk areas ticked. Field `risk-areas`.
    pub risk_areas: Vec<RiskArea>,
    /// Bullying ticked.
    pub bullying: bool,
    /// Answer to the question on indecent images; `None` = not answered. Field `may-involve-indecent-images`.
    pub may_involve_indecent_images: Option<bool>,
    /// Who was involved. Field `involved`.
    pub involved: Vec<InvolvementForm>,
}

/// The facts, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IncidentFacts {
    /// When it took place, in the school's time.
    pub occurred: DateTime,
    /// Where.
    pub place: String,
    /// What happened.
    pub description: String,
    /// What was done.
    pub action_taken: String,
    /// Signature.
    pub signed_as: PersonName,
    /// Whose conduct.
    pub about: Option<ActionSubject>,
    /// Row and its label as it stands.
    pub row: Option<(String, String)>,
    /// Risk areas.
    pub risk_areas: Vec<RiskArea>,
    /// Bullying.
    pub bullying: bool,
    /// Indecent images possible.
    pub may_involve_indecent_images: bool,
    /// Who was involved.
    pub involved: Vec<Involvement>,
    /// What the policy demands for the row; empty without one.
    pub actions: Vec<ActionDecision>,
}

/// The policy's table for a kind of conduct, if it has one.
pub fn action_table(policy: &Policy, about: ActionSubject) -> Option<&ActionTable> {
    policy.action_tables().map(|(_, table)| table).find(|table| table.about == about)
}

/// Checks the form against the policy in force. `now` is the present in the school's time zone; nothing is recorded from the future.
///
/// # Errors
/// A message for each field that is empty or cannot be, in the order of the form.
pub fn validate_incident(
    form: &IncidentForm,
    policy: Option<&Policy>,
    now: DateTime,
) -> Result<IncidentFacts, FieldErrors> {
    let mut errors = FieldErrors::new();
    let occurred = check_occurred(form, now, &mut errors);
    let place =
        check_text(&form.place, "place", "say where it took place, for example `library` or `at home`", &mut errors);
    let description = check_text(&form.description, "description", "say what happened in your own words", &mut errors);
    let action_taken =
        check_text(&form.action_taken, "action-taken", "say what was done at once, or `nothing yet`", &mut errors);
    let signed_as = check_text(&form.signed_as, "signed-as", "type your name to sign", &mut errors);
    if form.risk_areas.is_empty() {
        errors.add("risk-areas", "tick at least one kind of risk");
    }
    match form.may_involve_indecent_images {
        None => errors.add(
            "may-involve-indecent-images",
            "answer whether it could show somebody under 18 undressed or sexual: nothing can be added before that",
        ),
        Some(true) => {
            for (field, text) in [("description", &form.description), ("action-taken", &form.action_taken)] {
                if holds_link_or_image(text) {
                    errors.add(field, "this holds a link or a picture: take it out, do not open it again, and follow the steps for indecent images");
                }
            }
        }
        Some(false) => {}
    }
    let (about, row, actions) = check_row(form, policy, &mut errors);
    let involved = check_involved(form, &mut errors);
    let Some(occurred) = occurred else { return Err(errors) };
    errors.into_result(IncidentFacts {
        occurred,
        place,
        description,
        action_taken,
        signed_as: PersonName::new(signed_as),
        about,
        row,
        risk_areas: form.risk_areas.clone(),
        bullying: form.bullying,
        may_involve_indecent_images: form.may_involve_indecent_images.unwrap_or(true),
        involved,
        actions,
    })
}

fn check_text(text: &str, field: &str, empty: &str, errors: &mut FieldErrors) -> String {
    let text = text.trim();
    if text.is_empty() {
        errors.add(field, empty);
    } else if text.chars().count() > LONGEST_TEXT {
        errors.add(field, format!("this is longer than {LONGEST_TEXT} characters: shorten it, nothing was lost"));
    }
    text.to_owned()
}

fn check_occurred(form: &IncidentForm, now: DateTime, errors: &mut FieldErrors) -> Option<DateTime> {
    let date = form.occurred_date.trim().parse::<Date>().ok();
    let time = form.occurred_time.trim().parse::<Time>().ok();
    if date.is_none() {
        errors.add("occurred-date", "give the day it took place as year, month, day, such as `2026-11-03`");
    }
    if time.is_none() {
        errors.add("occurred-time", "give the time it took place, such as `10:40`; about is good enough");
    }
    let occurred = date?.to_datetime(time?);
    if occurred > now {
        errors.add("occurred-date", "this lies in the future: give the day and time it took place");
        return None;
    }
    Some(occurred)
}

type Row = (Option<ActionSubject>, Option<(String, String)>, Vec<ActionDecision>);

fn check_row(form: &IncidentForm, policy: Option<&Policy>, errors: &mut FieldErrors) -> Row {
    let about = match form.about.trim() {
        "" => None,
        key => {
            let about = ActionSubject::from_key(key);
            if about.is_none() {
                errors.add("about", format!("`{key}` is not one of the answers: choose one of those shown"));
            }
            about
        }
    };
    let table = about.and_then(|about| policy.and_then(|policy| action_table(policy, about)));
    let wanted = form.row.trim();
    let row = table.and_then(|table| table.rows.iter().find(|row| row.id.0 == wanted));
    match (table, row) {
        (Some(table), Some(row)) => {
            (about, Some((row.id.0.clone(), row.label.clone())), demanded_actions(table, wanted))
        }
        (Some(_), None) => {
            errors.add("row", "choose the line of the policy that comes nearest");
            (about, None, Vec::new())
        }
        (None, _) => (about, None, Vec::new()),
    }
}

fn check_involved(form: &IncidentForm, errors: &mut FieldErrors) -> Vec<Involvement> {
    let mut involved: Vec<Involvement> = Vec::new();
    for row in &form.involved {
        let described = row.described_as.trim();
        let entry = Involvement {
            person: row.person,
            described_as: (row.person.is_none() && !described.is_empty()).then(|| described.to_owned()),
            part: row.part,
        };
        // An empty row of the form is not a person.
        if (entry.person.is_some() || entry.described_as.is_some()) && !involved.contains(&entry) {
            involved.push(entry);
        }
    }
    if involved.is_empty() {
        errors.add("involved", "name at least one person and their part, or describe them in words");
    }
    involved
}

/// Whether a text holds the address of a page or the bytes of a picture. Asked where indecent images may be involved: keeping either is an
/// offence. An address counts without its scheme too, and bytes that were pasted as text count in lines of the usual lengths.
pub fn holds_link_or_image(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    let address = ["://", "http:", "https:", "www.", "ftp:", "data:", "blob:", "magnet:", ".onion", "hxxp"]
        .iter()
        .any(|sign| text.contains(sign));
    // Encoders break lines after 64 characters (RFC 7468) or 76 (RFC 2045); no word that people write is as long.
    address || text.split_whitespace().any(|word| word.len() > 60 || is_address(word))
}

/// Whether a word is a host with something after it, `pictures.example/a1b2`.
fn is_address(word: &str) -> bool {
    let word = word.replace("[.]", ".").replace("(.)", ".");
    let word = word.trim_start_matches(|letter: char| !letter.is_alphanumeric());
    let Some((host, path)) = word.split_once('/') else { return false };
    let host = host.split(':').next().unwrap_or_default();
    let labels = |letter: char| letter.is_alphanumeric() || letter == '-' || letter == '.' || letter == '@';
    let known_by_name = host.rsplit_once('.').is_some_and(|(name, last)| {
        !name.is_empty() && last.chars().count() >= 2 && last.chars().all(char::is_alphabetic)
    });
    !path.is_empty() && host.chars().all(labels) && (known_by_name || host.parse::<core::net::Ipv4Addr>().is_ok())
}

/// What a case is known by before its facts: ids, numbers and times, all given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IncidentStamp {
    /// Id.
    pub id: IncidentId,
    /// School.
    pub school: SchoolId,
    /// Number, from [`incident_number`].
    pub number: i64,
    /// Who records it.
    pub recorded_by: PersonId,
    /// When.
    pub recorded_at: Timestamp,
    /// Policy in force.
    pub policy_version: Option<PolicyVersionId>,
    /// Alert it came from.
    pub from_alert: Option<AlertId>,
}

/// The open incident. `actions` come from [`decide_actions`] over the facts' own.
pub fn record_incident(facts: IncidentFacts, actions: Vec<ActionDecision>, stamp: IncidentStamp) -> Incident {
    let (row, row_label) = facts.row.unzip();
    Incident {
        id: stamp.id,
        school: stamp.school,
        number: stamp.number,
        occurred: facts.occurred,
        place: facts.place,
        description: facts.description,
        action_taken: facts.action_taken,
        recorded_by: stamp.recorded_by,
        signed_as: facts.signed_as,
        recorded_at: stamp.recorded_at,
        about: facts.about,
        row,
        row_label,
        policy_version: stamp.policy_version,
        risk_areas: facts.risk_areas,
        bullying: facts.bullying,
        may_involve_indecent_images: facts.may_involve_indecent_images,
        involved: facts.involved,
        actions,
        status: IncidentStatus::Open,
        from_alert: stamp.from_alert,
        closure: None,
    }
}

#[cfg(test)]
mod tests {
    use super::holds_link_or_image;

    #[test]
    fn links_and_bytes_are_known_without_their_scheme_and_in_short_lines() {
        let lines = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9Q\n".repeat(4);
        for held in [
            "see https://pictures.example/1",
            "pictures.example/a1b2",
            "(pictures.example/a1b2)",
            "pictures[.]example/a1b2",
            "10.0.0.7/a.jpg",
            "pictures.example:8080/a",
            "somebody@pictures.example/a",
            "sftp://host/file",
            "WWW.PICTURES.EXAMPLE",
            "data:image/png;base64,AA",
            &lines,
        ] {
            assert!(holds_link_or_image(held), "{held:.40}");
        }
        for words in [
            "He and/or she said so on 3/11.",
            "It was 10.40 in Room 14/15.",
            "They left.Then they came back",
            "Year 7/8, w/c 2.11",
            "n/a",
            "Their tutor (Ms. Larkspur) was told; see clause 4.2/b",
            "Llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogogoch",
        ] {
            assert!(!holds_link_or_image(words), "{words}");
        }
    }
}
