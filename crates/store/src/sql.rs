//! Values going in and rows coming out, the same for both databases: ids and words as text, times as unix milliseconds,
//! dates as ISO text, documents as JSON text.

use crate::error::{Result, StoreError};
use belisha_records::*;
use jiff::{Timestamp, civil::Date, civil::DateTime};
use sea_orm::{QueryResult, Value};
use serde::{Serialize, de::DeserializeOwned};

/// Something that can stand for a `$n` of a statement.
pub(crate) trait Bind {
    /// The value as the database driver takes it.
    fn bind(self) -> Value;
}

macro_rules! bind_as_is { ($($kind:ty),+) => { $(impl Bind for $kind { fn bind(self) -> Value { self.into() } })+ }; }
bind_as_is!(&str, String, i64, bool, Option<String>, Option<i64>, Option<bool>);

macro_rules! bind_ids { ($($kind:ty),+) => { $(
    impl Bind for $kind { fn bind(self) -> Value { self.to_string().into() } }
    impl Bind for Option<$kind> { fn bind(self) -> Value { self.map(|id| id.to_string()).into() } }
)+ }; }
bind_ids!(
    SchoolId,
    PersonId,
    ClassId,
    PolicyVersionId,
    SignatureId,
    IncidentId,
    TaskId,
    AlertId,
    AccessRequestId,
    DutyId,
    MessageId,
    DeviceId,
    RegisteredDeviceId,
    GatewayId,
    ListId,
    ConcernId,
    ReportId,
    SessionId,
    Date,
    DateTime
);

impl Bind for &String {
    fn bind(self) -> Value {
        self.as_str().into()
    }
}
impl Bind for &Option<String> {
    fn bind(self) -> Value {
        self.clone().into()
    }
}
impl Bind for Option<&str> {
    fn bind(self) -> Value {
        self.map(str::to_owned).into()
    }
}
impl Bind for Timestamp {
    fn bind(self) -> Value {
        self.as_millisecond().into()
    }
}
impl Bind for Option<Timestamp> {
    fn bind(self) -> Value {
        self.map(Timestamp::as_millisecond).into()
    }
}

/// Values for `$1`, `$2`, … in order.
macro_rules! bind {
    ($($value:expr),* $(,)?) => { vec![$($crate::sql::Bind::bind($value)),*] };
}
pub(crate) use bind;

/// A document as JSON text.
pub(crate) fn json<T: Serialize>(value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(|_| StoreError::Corrupt("a document that has no JSON form".into()))
}

/// A word of a closed vocabulary as text, without the quotes of its JSON form.
pub(crate) fn word<T: Serialize>(value: &T) -> Result<String> {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(text)) => Ok(text),
        _ => Err(StoreError::Corrupt("a word that is not text".into())),
    }
}

/// A row of an answer; every reader names its column when what is stored cannot be read.
pub(crate) struct Row(pub(crate) QueryResult);

impl Row {
    fn get<T: sea_orm::TryGetable>(&self, column: &str) -> Result<T> {
        self.0.try_get::<T>("", column).map_err(|_| unreadable(column))
    }
    /// Text.
    pub(crate) fn text(&self, column: &str) -> Result<String> {
        self.get(column)
    }
    /// Text or nothing.
    pub(crate) fn maybe_text(&self, column: &str) -> Result<Option<String>> {
        self.get(column)
    }
    /// A whole number.
    pub(crate) fn number(&self, column: &str) -> Result<i64> {
        self.get(column)
    }
    /// A whole number or nothing.
    pub(crate) fn maybe_number(&self, column: &str) -> Result<Option<i64>> {
        self.get(column)
    }
    /// A yes or no.
    pub(crate) fn flag(&self, column: &str) -> Result<bool> {
        self.get(column)
    }
    /// A yes or no, or nothing.
    pub(crate) fn maybe_flag(&self, column: &str) -> Result<Option<bool>> {
        self.get(column)
    }
    /// Anything written as text: an id, a date.
    pub(crate) fn parsed<T: std::str::FromStr>(&self, column: &str) -> Result<T> {
        self.text(column)?.parse().map_err(|_| unreadable(column))
    }
    /// Anything written as text, or nothing.
    pub(crate) fn maybe_parsed<T: std::str::FromStr>(&self, column: &str) -> Result<Option<T>> {
        self.maybe_text(column)?.map(|text| text.parse().map_err(|_| unreadable(column))).transpose()
    }
    /// A time.
    pub(crate) fn time(&self, column: &str) -> Result<Timestamp> {
        Timestamp::from_millisecond(self.number(column)?).map_err(|_| unreadable(column))
    }
    /// A time or nothing.
    pub(crate) fn maybe_time(&self, column: &str) -> Result<Option<Timestamp>> {
        self.maybe_number(column)?.map(|at| Timestamp::from_millisecond(at).map_err(|_| unreadable(column))).transpose()
    }
    /// A JSON document.
    pub(crate) fn json<T: DeserializeOwned>(&self, column: &str) -> Result<T> {
        serde_json::from_str(&self.text(column)?).map_err(|_| unreadable(column))
    }
    /// A JSON document or nothing.
    pub(crate) fn maybe_json<T: DeserializeOwned>(&self, column: &str) -> Result<Option<T>> {
        self.maybe_text(column)?.map(|text| serde_json::from_str(&text).map_err(|_| unreadable(column))).transpose()
    }
    /// A word of a closed vocabulary.
    pub(crate) fn word<T: DeserializeOwned>(&self, column: &str) -> Result<T> {
        serde_json::from_value(serde_json::Value::String(self.text(column)?)).map_err(|_| unreadable(column))
    }
    /// A word of a closed vocabulary, or nothing.
    pub(crate) fn maybe_word<T: DeserializeOwned>(&self, column: &str) -> Result<Option<T>> {
        self.maybe_text(column)?
            .map(|text| serde_json::from_value(serde_json::Value::String(text)).map_err(|_| unreadable(column)))
            .transpose()
    }
}

fn unreadable(column: &str) -> StoreError {
    StoreError::Corrupt(format!("column {column}"))
}

/// `($1, $2), ($3, $4)`: places for rows of values.
pub(crate) fn places(rows: usize, columns: usize) -> String {
    let row = |row: usize| {
        format!(
            "({})",
            (1..=columns).map(|column| format!("${}", row * columns + column)).collect::<Vec<_>>().join(", ")
        )
    };
    (0..rows).map(row).collect::<Vec<_>>().join(", ")
}

/// `($2, $3, …)` for the texts after the values before it, and all the values. The list is filled up with its last text to
/// a power of two, so that few statements are prepared.
pub(crate) fn one_of(mut before: Vec<Value>, texts: &[String]) -> (String, Vec<Value>) {
    let (first, length) = (before.len() + 1, texts.len().max(1).next_power_of_two());
    let last = texts.last().map(String::as_str).unwrap_or_default();
    before.extend(texts.iter().map(|text| Value::from(text.as_str())));
    before.extend((texts.len()..length).map(|_| Value::from(last)));
    let places = (first..first + length).map(|place| format!("${place}")).collect::<Vec<_>>().join(", ");
    (format!("({places})"), before)
}
