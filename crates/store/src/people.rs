//! People of a school, and the directory that says which school a sign-in name belongs to.

use crate::error::{Result, StoreError};
use crate::sql::{Row, bind, word};
use crate::tables::PEOPLE;
use crate::transaction::Tx;
use belisha_policy::Audience;
use belisha_records::{ClassId, Person, PersonId, PersonName, SchoolId};

const COLUMNS: &str = "id, school_id, name, audience, year_group, class_id, username, email, joined, left_on";

/// Enters a person.
///
/// # Errors
/// `Conflict` when the sign-in name is taken or the class is not there; `ReadOnly` when the person is another school's.
pub async fn insert(tx: &mut Tx, person: &Person) -> Result<()> {
    let school = own(tx, person)?;
    let text =
        "INSERT INTO people (school_id, id, name, audience, year_group, class_id, username, email, joined, left_on)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    tx.execute(text, values(school, person)?).await?;
    list_username(tx, person).await?;
    tx.wrote(&PEOPLE, person.id, "entered");
    Ok(())
}

/// Changes everything about a person but the id.
///
/// # Errors
/// `Missing`, `Conflict`, `ReadOnly`.
pub async fn update(tx: &mut Tx, person: &Person) -> Result<()> {
    let school = own(tx, person)?;
    let text = "UPDATE people SET name = $3, audience = $4, year_group = $5, class_id = $6, username = $7, email = $8, joined = $9, left_on = $10
        WHERE school_id = $1 AND id = $2";
    if tx.execute(text, values(school, person)?).await? == 0 {
        return Err(StoreError::Missing("person"));
    }
    tx.execute("DELETE FROM directory_usernames WHERE school_id = $1 AND person_id = $2", bind![school, person.id])
        .await?;
    list_username(tx, person).await?;
    tx.wrote(&PEOPLE, person.id, "changed");
    Ok(())
}

/// One person, if there is such a person in this school.
///
/// # Errors
/// `Unreachable`, `Corrupt`.
pub async fn find(tx: &mut Tx, person: PersonId) -> Result<Option<Person>> {
    let text = format!("SELECT {COLUMNS} FROM people WHERE school_id = $1 AND id = $2");
    tx.one(&text, bind![tx.school()?, person]).await?.as_ref().map(read).transpose()
}

/// Everyone by name, those who left too.
///
/// # Errors
/// `Unreachable`, `Corrupt`.
pub async fn list(tx: &mut Tx) -> Result<Vec<Person>> {
    let text = format!("SELECT {COLUMNS} FROM people WHERE school_id = $1 ORDER BY name, id");
    tx.all(&text, bind![tx.school()?]).await?.iter().map(read).collect()
}

/// Everyone of an audience by name, those who left too.
///
/// # Errors
/// `Unreachable`, `Corrupt`.
pub async fn list_audience(tx: &mut Tx, audience: Audience) -> Result<Vec<Person>> {
    let text = format!("SELECT {COLUMNS} FROM people WHERE school_id = $1 AND audience = $2 ORDER BY name, id");
    tx.all(&text, bind![tx.school()?, word(&audience)?]).await?.iter().map(read).collect()
}

/// The pupils of a class by name.
///
/// # Errors
/// `Unreachable`, `Corrupt`.
pub async fn list_class(tx: &mut Tx, class: ClassId) -> Result<Vec<Person>> {
    let text = format!(
        "SELECT {COLUMNS} FROM people WHERE school_id = $1 AND class_id = $2 AND year_group IS NOT NULL ORDER BY name, id"
    );
    tx.all(&text, bind![tx.school()?, class]).await?.iter().map(read).collect()
}

/// People whose name holds these letters, in either case; at most `limit`.
///
/// # Errors
/// `Unreachable`, `Corrupt`.
pub async fn search(tx: &mut Tx, letters: &str, limit: u32) -> Result<Vec<Person>> {
    let pattern = format!("%{}%", letters.to_lowercase().replace('!', "!!").replace('%', "!%").replace('_', "!_"));
    let text = format!(
        "SELECT {COLUMNS} FROM people WHERE school_id = $1 AND LOWER(name) LIKE $2 ESCAPE '!' ORDER BY name, id LIMIT $3"
    );
    tx.all(&text, bind![tx.school()?, pattern, i64::from(limit)]).await?.iter().map(read).collect()
}

/// The person of this school who signs in with a name.
///
/// # Errors
/// `Unreachable`, `Corrupt`.
pub async fn find_by_username(tx: &mut Tx, username: &str) -> Result<Option<Person>> {
    let text = format!("SELECT {COLUMNS} FROM people WHERE school_id = $1 AND username = $2");
    tx.one(&text, bind![tx.school()?, username.to_lowercase()]).await?.as_ref().map(read).transpose()
}

/// Whose sign-in name this is, in the whole installation. Asked above schools, before a school is known.
///
/// # Errors
/// `Unreachable`, `Corrupt`.
pub async fn locate_username(tx: &mut Tx, username: &str) -> Result<Option<(SchoolId, PersonId)>> {
    let text = "SELECT school_id, person_id FROM directory_usernames WHERE username = $1";
    let row = tx.one(text, bind![username.to_lowercase()]).await?;
    row.map(|row| Ok((row.parsed("school_id")?, row.parsed("person_id")?))).transpose()
}

/// How many people of each audience are at the school on a day.
///
/// # Errors
/// `Unreachable`, `Corrupt`.
pub async fn count_by_audience(tx: &mut Tx, on: jiff::civil::Date) -> Result<Vec<(Audience, u64)>> {
    let text = "SELECT audience, COUNT(*) AS people FROM people
        WHERE school_id = $1 AND joined <= $2 AND (left_on IS NULL OR left_on >= $2) GROUP BY audience ORDER BY audience";
    let rows = tx.all(text, bind![tx.school()?, on]).await?;
    rows.iter().map(|row| Ok((row.word("audience")?, u64::try_from(row.number("people")?).unwrap_or(0)))).collect()
}

fn own(tx: &Tx, person: &Person) -> Result<SchoolId> {
    let school = tx.writes("people")?;
    if person.school == school { Ok(school) } else { Err(StoreError::ReadOnly("a person of another school")) }
}

async fn list_username(tx: &mut Tx, person: &Person) -> Result<()> {
    if let Some(username) = &person.username {
        let text = "INSERT INTO directory_usernames (username, school_id, person_id) VALUES ($1, $2, $3)";
        tx.execute(text, bind![username.to_lowercase(), person.school, person.id]).await?;
    }
    Ok(())
}

fn values(school: SchoolId, person: &Person) -> Result<Vec<sea_orm::Value>> {
    Ok(bind![
        school,
        person.id,
        person.name.reveal(),
        word(&person.audience)?,
        &person.year_group,
        person.class,
        person.username.as_ref().map(|name| name.to_lowercase()),
        &person.email,
        person.joined,
        person.left
    ])
}

fn read(row: &Row) -> Result<Person> {
    Ok(Person {
        id: row.parsed("id")?,
        school: row.parsed("school_id")?,
        name: PersonName::new(row.text("name")?),
        audience: row.word("audience")?,
        year_group: row.maybe_text("year_group")?,
        class: row.maybe_parsed("class_id")?,
        username: row.maybe_text("username")?,
        email: row.maybe_text("email")?,
        joined: row.parsed("joined")?,
        left: row.maybe_parsed("left_on")?,
    })
}
