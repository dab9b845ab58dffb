//! What can go wrong with the database, sorted by what the caller can do about it. The text of a database's own error
//! is not repeated, since it may quote a row and a row may hold a name; its code is.

use sea_orm::{ConnAcquireErr, DbErr, RuntimeErr, sqlx};

/// Why the store could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another writer held the database for too long; trying again is right.
    #[error("the database is busy with another write; try again in a moment")]
    Busy,
    /// No room left for a write. Nothing was half-written.
    #[error("the disk that holds the database is full, so nothing was saved; free some space and try again")]
    Full,
    /// The database cannot be reached or opened.
    #[error(
        "the database cannot be reached (`{0}`); check its address, that it runs, and that its folder can be written to"
    )]
    Unreachable(String),
    /// What is stored cannot be read as what it should be.
    #[error("the database holds something that cannot be read (`{0}`); run `belisha verify`, then restore a backup")]
    Corrupt(String),
    /// A rule of the database refused the write: something already exists, or is still in use.
    #[error("this cannot be saved: {0}")]
    Conflict(String),
    /// The row asked for is not in this school.
    #[error("there is no such {0} in this school; it may have been removed")]
    Missing(&'static str),
    /// A write was tried through a transaction that only reads, or names no school.
    #[error("this transaction cannot write `{0}`; begin one for the school with an actor")]
    ReadOnly(&'static str),
    /// Text that PostgreSQL cannot hold, refused on both databases alike.
    #[error("the text holds a zero byte, which cannot be stored; remove it and send it again")]
    ZeroByte,
    /// Any other refusal, by the database's own code.
    #[error("the database refused with code `{0}`; look the code up in its manual and report it")]
    Refused(String),
}

/// Result of a store function.
pub type Result<T, E = StoreError> = std::result::Result<T, E>;

impl From<DbErr> for StoreError {
    fn from(error: DbErr) -> Self {
        match error {
            DbErr::ConnectionAcquire(ConnAcquireErr::Timeout) => Self::Busy,
            DbErr::ConnectionAcquire(ConnAcquireErr::ConnectionClosed) => Self::Unreachable("connection closed".into()),
            DbErr::Conn(RuntimeErr::SqlxError(inner)) => match from_sqlx(&inner) {
                Self::Refused(code) => Self::Unreachable(code),
                other => other,
            },
            DbErr::Exec(RuntimeErr::SqlxError(inner)) | DbErr::Query(RuntimeErr::SqlxError(inner)) => from_sqlx(&inner),
            DbErr::Type(_) | DbErr::Json(_) | DbErr::TryIntoErr { .. } => {
                Self::Corrupt("a column of another type".into())
            }
            DbErr::Conn(RuntimeErr::Internal(text)) => Self::Unreachable(text),
            _ => Self::Refused("outside the database".into()),
        }
    }
}

fn from_sqlx(error: &sqlx::Error) -> StoreError {
    match error {
        sqlx::Error::Database(inner) => {
            let code = inner.code().unwrap_or_default().into_owned();
            from_code(&code, inner.constraint(), inner.message())
        }
        sqlx::Error::PoolTimedOut => StoreError::Busy,
        sqlx::Error::Io(inner) if inner.kind() == std::io::ErrorKind::StorageFull => StoreError::Full,
        sqlx::Error::Io(inner) => StoreError::Unreachable(inner.kind().to_string()),
        sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed | sqlx::Error::Tls(_) => {
            StoreError::Unreachable("connection lost".into())
        }
        sqlx::Error::Configuration(_) => StoreError::Unreachable("the address of the database cannot be read".into()),
        sqlx::Error::ColumnDecode { index, .. } => StoreError::Corrupt(format!("column {index}")),
        sqlx::Error::ColumnNotFound(column) => StoreError::Corrupt(format!("column {column}")),
        _ => StoreError::Refused("outside the database".into()),
    }
}

/// Codes: <https://www.sqlite.org/rescode.html> (numbers) and PostgreSQL's appendix A (five characters).
fn from_code(code: &str, constraint: Option<&str>, message: &str) -> StoreError {
    if code.len() < 5
        && let Ok(number) = code.parse::<u32>()
    {
        return match (number & 0xff, number) {
            (5 | 6, _) => StoreError::Busy,
            (13, _) => StoreError::Full,
            (11 | 26, _) => StoreError::Corrupt(format!("SQLite code {code}")),
            (8 | 10 | 14, _) => StoreError::Unreachable(format!("SQLite code {code}")),
            (19, 787) => StoreError::Conflict("it names something that is not there, or is still in use".into()),
            (19, _) => StoreError::Conflict(format!(
                "it clashes with what is already there{}",
                named(constraint.or_else(|| columns_in(message)))
            )),
            _ => StoreError::Refused(format!("SQLite {code}")),
        };
    }
    match code {
        "53100" => StoreError::Full,
        "40001" | "40P01" | "55P03" | "57014" | "53300" => StoreError::Busy,
        "23503" => StoreError::Conflict("it names something that is not there, or is still in use".into()),
        "XX001" | "XX002" => StoreError::Corrupt(format!("PostgreSQL code {code}")),
        _ if code.starts_with("23") => {
            StoreError::Conflict(format!("it clashes with what is already there{}", named(constraint)))
        }
        _ if code.starts_with("08") || code.starts_with("57P") || code.starts_with("28") || code == "3D000" => {
            StoreError::Unreachable(format!("PostgreSQL code {code}"))
        }
        _ => StoreError::Refused(format!("PostgreSQL {code}")),
    }
}

fn named(constraint: Option<&str>) -> String {
    constraint.map(|name| format!(" (`{name}`)")).unwrap_or_default()
}

/// SQLite names the columns of a broken uniqueness after a colon, and never their values.
fn columns_in(message: &str) -> Option<&str> {
    message.split_once("constraint failed: ").map(|(_, columns)| columns)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_become_what_a_caller_can_do() {
        assert!(matches!(from_code("5", None, ""), StoreError::Busy));
        assert!(matches!(from_code("517", None, ""), StoreError::Busy));
        assert!(matches!(from_code("13", None, ""), StoreError::Full));
        assert!(matches!(from_code("26", None, ""), StoreError::Corrupt(_)));
        assert!(matches!(from_code("14", None, ""), StoreError::Unreachable(_)));
        assert!(
            matches!(from_code("2067", None, "UNIQUE constraint failed: people.id"), StoreError::Conflict(text) if text.contains("people.id"))
        );
        assert!(matches!(from_code("53100", None, ""), StoreError::Full));
        assert!(matches!(from_code("40P01", None, ""), StoreError::Busy));
        assert!(
            matches!(from_code("23505", Some("people_pkey"), "secret"), StoreError::Conflict(text) if !text.contains("secret"))
        );
        assert!(matches!(from_code("57P01", None, ""), StoreError::Unreachable(_)));
    }
}
