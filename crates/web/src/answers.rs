//! What somebody typed into a form, together with what is wrong with it, so that a page can be shown again with nothing lost.
//! Never logged: there is no `Debug`.

use crate::error::WebError;
use axum::body::Bytes;
use axum::extract::multipart::MultipartError;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, Multipart, Request};
use axum::http::StatusCode;
use belisha_records::{FieldErrors, SHORTEST_REASON};
use jiff::civil::Date;
use std::fmt::Write;

/// The boxes of a date: key, label, width in characters.
pub const DATE_PARTS: [(&str, &str, u8); 3] = [("day", "Day", 2), ("month", "Month", 2), ("year", "Year", 4)];

/// The most fields a form may send: many times those of the longest page, and few enough that none costs the server seconds.
const MOST_FIELDS: usize = 2000;

/// One answer that can be chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// What the form sends.
    pub value: String,
    /// What people read.
    pub label: String,
    /// A line below; may be empty.
    pub hint: String,
}

impl Choice {
    /// A choice without a hint.
    pub fn new(value: impl ToString, label: impl Into<String>) -> Self {
        Self { value: value.to_string(), label: label.into(), hint: String::new() }
    }
    /// Adds a hint.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = hint.into();
        self
    }
}

/// A posted form, or the values a form starts with.
#[derive(Clone, Default)]
pub struct Answers {
    values: Vec<(String, String)>,
    errors: FieldErrors,
}

impl Answers {
    /// An empty form.
    pub fn new() -> Self {
        Self::default()
    }
    /// Reads the body of a form.
    pub fn parse(body: &[u8]) -> Self {
        let clean = |text: String| text.replace('\0', "").replace("\r\n", "\n");
        let values = url::form_urlencoded::parse(body)
            .map(|(name, value)| (name.into_owned(), clean(value.into_owned())))
            .collect();
        Self { values, errors: FieldErrors::new() }
    }
    /// Reads a form that holds files. A file counts as the text in it.
    ///
    /// # Errors
    /// `TooLarge`, `Interrupted`.
    pub async fn from_multipart(mut multipart: Multipart) -> Result<Self, WebError> {
        let refused = |fault: MultipartError| {
            if fault.status() == StatusCode::PAYLOAD_TOO_LARGE { WebError::TooLarge } else { WebError::Interrupted }
        };
        let mut answers = Self::new();
        while let Some(part) = multipart.next_field().await.map_err(refused)? {
            let name = part.name().unwrap_or_default().to_owned();
            let bytes = part.bytes().await.map_err(refused)?;
            let text = String::from_utf8_lossy(&bytes).replace('\0', "").replace("\r\n", "\n");
            answers = answers.with(name, text);
        }
        Ok(answers)
    }
    /// What was typed in a field, without the spaces around it; empty where nothing was.
    pub fn value(&self, name: impl AsRef<str>) -> &str {
        self.values.iter().find(|(key, _)| key == name.as_ref()).map_or("", |(_, value)| value.trim())
    }
    /// What was typed, exactly: for passwords.
    pub fn exactly(&self, name: &str) -> &str {
        self.values.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
    }
    /// Every value sent under a name: ticked boxes.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.values.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.trim())
    }
    /// Every field whose name starts with a prefix, without the prefix.
    pub fn under<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.values.iter().filter_map(move |(key, value)| key.strip_prefix(prefix).map(|rest| (rest, value.trim())))
    }
    /// Whether a value was chosen.
    pub fn has(&self, name: impl AsRef<str>, value: impl AsRef<str>) -> bool {
        self.values.iter().any(|(key, chosen)| key == name.as_ref() && chosen == value.as_ref())
    }
    /// Fills a field in.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, value: impl ToString) -> Self {
        self.values.push((name.into(), value.to_string()));
        self
    }
    /// The text of a field somebody must fill in; says so where it is empty or longer than `longest` characters.
    pub fn required(&mut self, name: &str, missing: &str, longest: usize) -> String {
        let value = self.value(name).to_owned();
        if value.is_empty() {
            self.refuse(name, missing);
        } else if value.chars().count() > longest {
            self.refuse(name, format!("shorten this to {longest} characters"));
        }
        value
    }
    /// The reason for a change of the filter, in the field `reason`: some words, and at most 500 characters.
    pub fn reason(&mut self, missing: &str) -> String {
        let reason = self.required("reason", missing, 500);
        if !reason.is_empty() && reason.chars().filter(|letter| letter.is_alphanumeric()).count() < SHORTEST_REASON {
            self.refuse("reason", "the reason is too short: say in a few words why");
        }
        reason
    }
    /// The date typed in the three boxes of a date question.
    pub fn date(&mut self, name: &str, missing: &str) -> Option<Date> {
        let parts: Vec<Option<i16>> =
            DATE_PARTS.iter().map(|(part, ..)| self.value_of_part(name, part).parse().ok()).collect();
        if let [Some(day), Some(month), Some(year)] = parts[..]
            && let (Ok(day), Ok(month)) = (i8::try_from(day), i8::try_from(month))
            && let Ok(date) = Date::new(year, month, day)
        {
            return Some(date);
        }
        let nothing = DATE_PARTS.iter().all(|(part, ..)| self.value_of_part(name, part).is_empty());
        self.refuse(name, if nothing { missing } else { "enter a real date, such as 27 3 2027" });
        None
    }
    /// One box of a date.
    pub fn value_of_part(&self, name: impl AsRef<str>, part: &str) -> &str {
        self.value(format!("{}-{part}", name.as_ref()))
    }
    /// Says what is wrong with a field.
    pub fn refuse(&mut self, name: &str, message: impl Into<String>) {
        self.errors.add(name, message);
    }
    /// Takes over what the rules found wrong.
    #[must_use]
    pub fn refused(mut self, errors: &FieldErrors) -> Self {
        for (name, message) in errors.iter() {
            self.errors.add(name, message);
        }
        self
    }
    /// What is wrong with a field.
    pub fn error(&self, name: impl AsRef<str>) -> Option<&str> {
        self.errors.get(name.as_ref())
    }
    /// All that is wrong, in the order it was found.
    pub fn errors(&self) -> impl Iterator<Item = (&str, &str)> {
        self.errors.iter()
    }
    /// Whether anything is wrong.
    pub fn has_errors(&self) -> bool {
        !self.errors.is_empty()
    }
    /// The attributes that tie a field to its hint and its error. Names of fields are ours, never typed.
    pub fn described(&self, name: impl AsRef<str>, hint: impl AsRef<str>) -> String {
        let name = name.as_ref();
        let (wrong, hinted) = (self.error(name).is_some(), !hint.as_ref().is_empty());
        let mut attributes = String::new();
        if wrong || hinted {
            let ids: Vec<String> = [(hinted, "hint"), (wrong, "error")]
                .iter()
                .filter(|(said, _)| *said)
                .map(|(_, end)| format!("{name}-{end}"))
                .collect();
            let _ = write!(attributes, " aria-describedby=\"{}\"", ids.join(" "));
        }
        if wrong {
            attributes.push_str(" aria-invalid=\"true\"");
        }
        attributes
    }
}

impl<S: Send + Sync> FromRequest<S> for Answers {
    type Rejection = WebError;

    async fn from_request(request: Request, state: &S) -> Result<Self, WebError> {
        match Bytes::from_request(request, state).await {
            Ok(body) if body.iter().filter(|byte| **byte == b'&').count() >= MOST_FIELDS => Err(WebError::TooLarge),
            Ok(body) => Ok(Self::parse(&body)),
            Err(BytesRejection::FailedToBufferBody(refusal)) if refusal.status() == StatusCode::PAYLOAD_TOO_LARGE => {
                Err(WebError::TooLarge)
            }
            Err(_) => Err(WebError::Interrupted),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn a_date_is_read_from_three_boxes_and_a_false_one_is_said_to_be() {
        let mut answers = Answers::parse(b"seen-day=27&seen-month=3&seen-year=2027");
        assert_eq!(answers.date("seen", "enter the day"), Some(date(2027, 3, 27)));
        let mut answers = Answers::parse(b"seen-day=31&seen-month=2&seen-year=2027");
        assert_eq!(answers.date("seen", "enter the day"), None);
        assert_eq!(answers.error("seen"), Some("enter a real date, such as 27 3 2027"));
        let mut answers = Answers::parse(b"");
        assert_eq!(answers.date("seen", "enter the day"), None);
        assert_eq!(answers.error("seen"), Some("enter the day"));
    }

    #[test]
    fn a_field_keeps_what_was_typed_beside_what_is_wrong() {
        let mut answers = Answers::parse("place=+Library+%00&what=".as_bytes());
        answers.required("what", "say what happened", 10);
        assert_eq!(answers.value("place"), "Library");
        assert_eq!(
            answers.described("what", "In your words"),
            " aria-describedby=\"what-hint what-error\" aria-invalid=\"true\""
        );
    }
}
