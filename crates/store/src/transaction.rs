//! A transaction that knows whose it is. Writes made through it are noted, and [`Tx::commit`] puts them in the school's
//! ledger before it commits, so that no write is acknowledged without its entry.

use crate::error::{Result, StoreError};
use crate::ledger;
use crate::sql::Row;
use crate::store::Entropy;
use crate::tables::Table;
use belisha_records::{Actor, Identifier, PersonId, SchoolId};
use jiff::Timestamp;
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend, Statement, Value};

/// What a transaction may do.
#[derive(Debug, Clone)]
pub(crate) enum Mode {
    /// Reads one school, or what is above schools.
    Read { school: Option<SchoolId> },
    /// Writes one school, as this actor.
    Write { school: SchoolId, actor: Actor },
    /// Writes what is above schools.
    Installation { actor: Actor },
}

impl Mode {
    pub(crate) fn school(&self) -> Option<SchoolId> {
        match self {
            Self::Read { school } => *school,
            Self::Write { school, .. } => Some(*school),
            Self::Installation { .. } => None,
        }
    }
}

/// A write that waits for its ledger entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Written {
    pub(crate) table: &'static Table,
    pub(crate) subject: String,
    pub(crate) verb: &'static str,
}

/// A transaction of one school (or above schools). Dropped without [`Tx::commit`], it leaves nothing behind.
pub struct Tx {
    inner: DatabaseTransaction,
    backend: DbBackend,
    mode: Mode,
    now: Timestamp,
    entropy: Entropy,
    written: Vec<Written>,
    looked_up: Option<PersonId>,
}

impl std::fmt::Debug for Tx {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Tx({:?}, {} writes)", self.mode, self.written.len())
    }
}

impl Tx {
    pub(crate) fn new(
        inner: DatabaseTransaction,
        backend: DbBackend,
        mode: Mode,
        now: Timestamp,
        entropy: Entropy,
    ) -> Self {
        Self { inner, backend, mode, now, entropy, written: Vec::new(), looked_up: None }
    }

    /// Makes everything written in it last, its ledger entries included. When this returns, a power cut loses nothing of it.
    ///
    /// # Errors
    /// `Busy`, `Full`, `Unreachable`: nothing of the transaction was kept.
    pub async fn commit(mut self) -> Result<()> {
        ledger::flush(&mut self).await?;
        Ok(self.inner.commit().await?)
    }

    /// Undoes everything written in it.
    ///
    /// # Errors
    /// `Unreachable`; nothing was kept all the same.
    pub async fn rollback(self) -> Result<()> {
        Ok(self.inner.rollback().await?)
    }

    /// The time given when it began; the epoch for a transaction that only reads.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// Who writes; `None` when it only reads.
    pub fn actor(&self) -> Option<&Actor> {
        match &self.mode {
            Mode::Write { actor, .. } | Mode::Installation { actor } => Some(actor),
            Mode::Read { .. } => None,
        }
    }

    /// The school it is confined to.
    ///
    /// # Errors
    /// `ReadOnly` when it is above schools.
    pub fn school(&self) -> Result<SchoolId> {
        self.mode.school().ok_or(StoreError::ReadOnly("a school's records"))
    }

    /// A new id, from the transaction's time and the entropy the store was opened with.
    pub fn new_id<T: Identifier>(&self) -> T {
        let mut random = [0; 10];
        (self.entropy)(&mut random);
        T::make(self.now.as_millisecond(), random)
    }

    /// A new id as text, for records that have no id type of their own.
    pub(crate) fn new_key(&self) -> String {
        self.new_id::<SchoolId>().to_string()
    }

    /// Random bytes.
    pub(crate) fn random<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        (self.entropy)(&mut bytes);
        bytes
    }

    pub(crate) fn backend(&self) -> DbBackend {
        self.backend
    }

    /// The school, if this transaction may write it.
    pub(crate) fn writes(&self, what: &'static str) -> Result<SchoolId> {
        match &self.mode {
            Mode::Write { school, .. } => Ok(*school),
            _ => Err(StoreError::ReadOnly(what)),
        }
    }

    /// Notes that a row was written, so that the ledger gets an entry about it at commit. Once for each subject and verb.
    pub(crate) fn wrote(&mut self, table: &'static Table, subject: impl ToString, verb: &'static str) {
        let written = Written { table, subject: subject.to_string(), verb };
        if self.written.len() > 64 || !self.written.contains(&written) {
            self.written.push(written);
        }
    }

    /// Notes that this transaction says why it looks a person up.
    pub(crate) fn note_look_up(&mut self, person: PersonId) {
        self.looked_up = Some(person);
    }

    /// Whether this transaction said why it looks a person up.
    pub(crate) fn looks_up(&self, person: PersonId) -> bool {
        self.looked_up == Some(person)
    }

    pub(crate) fn take_written(&mut self) -> Vec<Written> {
        std::mem::take(&mut self.written)
    }

    pub(crate) async fn execute(&self, text: &str, values: Vec<Value>) -> Result<u64> {
        Ok(self.inner.execute_raw(self.statement(text, values)?).await?.rows_affected())
    }

    pub(crate) async fn one(&self, text: &str, values: Vec<Value>) -> Result<Option<Row>> {
        Ok(self.inner.query_one_raw(self.statement(text, values)?).await?.map(Row))
    }

    pub(crate) async fn all(&self, text: &str, values: Vec<Value>) -> Result<Vec<Row>> {
        Ok(self.inner.query_all_raw(self.statement(text, values)?).await?.into_iter().map(Row).collect())
    }

    /// PostgreSQL cannot hold a zero byte in text and SQLite can: refused on both, so that a school can move.
    fn statement(&self, text: &str, values: Vec<Value>) -> Result<Statement> {
        let zero = values.iter().any(|value| matches!(value, Value::String(Some(text)) if text.contains('\0')));
        if zero { Err(StoreError::ZeroByte) } else { Ok(Statement::from_sql_and_values(self.backend, text, values)) }
    }
}
