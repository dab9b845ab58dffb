//! A file of people read line by line: columns by the name in their head, and what is wrong with a line in words. What the
//! roster already holds is asked in `plan`.

use super::plan::looks_like_email;
use belisha_policy::Audience;
use csv::{ReaderBuilder, StringRecord, Trim};

/// One line that can be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) number: u64,
    pub(super) name: String,
    pub(super) audience: Audience,
    pub(super) class: Option<String>,
    pub(super) year_group: Option<String>,
    pub(super) username: Option<String>,
    pub(super) email: Option<String>,
    /// Sign-in names or full names of their children.
    pub(super) parent_of: Vec<String>,
}

/// A line that is not taken, and why. It names nobody: the number of the line is enough for whoever has the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refused {
    pub(super) number: u64,
    pub(super) why: String,
}

/// A whole file.
#[derive(Debug, Default)]
pub(super) struct Reading {
    pub(super) lines: Vec<Line>,
    pub(super) refused: Vec<Refused>,
    /// Columns that mean nothing here.
    pub(super) ignored: Vec<String>,
}

/// Column names by the field they fill. Letters and digits count, capitals do not.
const COLUMNS: &[(&str, &[&str])] = &[
    ("name", &["name", "fullname", "displayname"]),
    ("audience", &["audience", "kind", "type", "role"]),
    ("class", &["class", "form", "tutorgroup", "registrationgroup"]),
    ("year", &["yeargroup", "year", "stage"]),
    ("username", &["username", "signinname", "login"]),
    ("email", &["email", "emailaddress", "mail"]),
    ("parent", &["parentof", "childof", "children", "child"]),
];

/// What files write for kinds of members, besides the policy's own words.
const KINDS: &[(&str, Audience)] = &[
    ("pupil", Audience::Pupil),
    ("student", Audience::Pupil),
    ("younger pupil", Audience::YoungerPupil),
    ("parent", Audience::Parent),
    ("carer", Audience::Parent),
    ("parent or carer", Audience::Parent),
    ("teacher", Audience::Staff),
    ("staff", Audience::Staff),
    ("volunteer", Audience::Volunteer),
    ("governor", Audience::Governor),
    ("visitor", Audience::Visitor),
    ("community user", Audience::CommunityUser),
];

/// Reads a file. Commas, semicolons and tabs are told apart by the first line.
pub(super) fn read(text: &str) -> Result<Reading, &'static str> {
    let text = text.trim_start_matches('\u{feff}');
    let first = text.lines().next().unwrap_or_default();
    let delimiter = [b',', b';', b'\t']
        .into_iter()
        .max_by_key(|mark| first.bytes().filter(|byte| byte == mark).count())
        .unwrap_or(b',');
    let mut file =
        ReaderBuilder::new().delimiter(delimiter).flexible(true).trim(Trim::All).from_reader(text.as_bytes());
    let head =
        file.headers().map_err(|_| "the first line cannot be read; it should hold the names of the columns")?.clone();
    let fields: Vec<Option<&str>> = head.iter().map(field_of).collect();
    if !fields.contains(&Some("name")) || !fields.contains(&Some("audience")) {
        return Err("the first line should hold the names of the columns, among them `name` and `audience`");
    }
    let ignored = head
        .iter()
        .zip(&fields)
        .filter(|(name, field)| field.is_none() && !name.is_empty())
        .map(|(name, _)| name.chars().take(40).collect())
        .collect();
    let mut reading = Reading { ignored, ..Reading::default() };
    let mut number = 1;
    for record in file.records() {
        number += 1;
        match record {
            Ok(record) => {
                let number = record.position().map_or(number, csv::Position::line);
                if record.iter().all(str::is_empty) {
                    continue;
                }
                match line(&record, &fields, number) {
                    Ok(line) => reading.lines.push(line),
                    Err(why) => reading.refused.push(Refused { number, why }),
                }
            }
            Err(_) => reading
                .refused
                .push(Refused { number, why: "the line cannot be read; save the file as CSV in UTF-8".into() }),
        }
    }
    Ok(reading)
}

fn field_of(head: &str) -> Option<&'static str> {
    let plain: String = head.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    COLUMNS.iter().find(|(_, names)| names.contains(&plain.as_str())).map(|(field, _)| *field)
}

fn line(record: &StringRecord, fields: &[Option<&str>], number: u64) -> Result<Line, String> {
    let value = |wanted: &str| {
        record
            .iter()
            .zip(fields)
            .find(|(_, field)| **field == Some(wanted))
            .map(|(value, _)| value.replace('\0', ""))
            .filter(|value| !value.is_empty())
    };
    let name = value("name").ok_or("there is no name")?;
    if name.chars().count() > 120 {
        return Err("the name is longer than 120 characters".into());
    }
    let kind = value("audience").ok_or("the line does not say what kind of member they are")?;
    let audience = audience_of(&kind).ok_or_else(|| format!("`{}` is no kind of member; write pupil, younger pupil, parent, staff, governor, volunteer, visitor or community user", kind.chars().take(30).collect::<String>()))?;
    let (class, year_group) = (value("class"), value("year"));
    if matches!(audience, Audience::Pupil | Audience::YoungerPupil) && class.is_none() && year_group.is_none() {
        return Err("a pupil needs a class or a year group".into());
    }
    let username = value("username").map(|username| username.to_lowercase());
    if username.as_deref().is_some_and(|username| {
        username.chars().count() > 60
            || !username.chars().all(|letter| letter.is_alphanumeric() || ".-_'@".contains(letter))
    }) {
        return Err("the sign-in name holds a space or a sign that cannot be used".into());
    }
    let email = value("email");
    if email.as_deref().is_some_and(|email| !looks_like_email(email)) {
        return Err("the e-mail address is not one".into());
    }
    let parent_of: Vec<String> = value("parent")
        .map(|all| all.split([';', '|']).map(|one| one.trim().to_owned()).filter(|one| !one.is_empty()).collect())
        .unwrap_or_default();
    Ok(Line { number, name, audience, class, year_group, username, email, parent_of })
}

fn audience_of(kind: &str) -> Option<Audience> {
    let plain = kind.to_lowercase().replace(['-', '_'], " ");
    let singular = plain.strip_suffix('s').unwrap_or(&plain);
    let known = KINDS.iter().find(|(word, _)| *word == plain || *word == singular).map(|(_, audience)| *audience);
    known.or_else(|| Audience::ALL.iter().copied().find(|audience| audience.label().to_lowercase() == plain))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_found_by_name_whatever_their_order_and_mark() {
        let reading = read("\u{feff}Year Group;Full name;Type;Class;Tutor\n7;Mina Osei;Student;7B;x\n").unwrap();
        assert_eq!(reading.ignored, ["Tutor"]);
        let [line] = reading.lines.as_slice() else { panic!("{reading:?}") };
        assert_eq!(
            (line.name.as_str(), line.audience, line.class.as_deref(), line.year_group.as_deref()),
            ("Mina Osei", Audience::Pupil, Some("7B"), Some("7"))
        );
    }

    #[test]
    fn a_bad_line_says_why_and_the_rest_is_read() {
        let text = "name,audience,class,email,parent of\nA Pupil,pupil,,,\nB Pupil,pupil,7B,not an address,\nC Staff,wizard,,,\n,staff,,,\n\"D, Parent\",Parents and carers,,d@home.example,A Pupil; B Pupil\n";
        let reading = read(text).unwrap();
        let numbers: Vec<u64> = reading.refused.iter().map(|refused| refused.number).collect();
        assert_eq!(numbers, [2, 3, 4, 5]);
        assert_eq!(reading.lines.len(), 1);
        assert_eq!(reading.lines[0].parent_of, ["A Pupil", "B Pupil"]);
        assert!(read("a,b\n1,2\n").is_err());
        assert!(read("").is_err());
    }
}
