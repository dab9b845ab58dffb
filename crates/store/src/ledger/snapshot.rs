//! A row as canonical JSON: its bound columns in alphabetical order, with the rows that belong to it. The same row gives
//! the same text on both databases. A column that was added later is left out where it is NULL, so that a row from before has
//! the text it was committed with; no two rows share a text. What cannot be read becomes a word of its own, so that damage is
//! named and not fatal.

use crate::error::Result;
use crate::sql::{Row, bind, one_of};
use crate::tables::{Children, Kind, Table};
use crate::transaction::Tx;
use serde_json::Value;
use std::collections::BTreeMap;

/// Most rows asked for at once.
const ROWS: usize = 64;

type Object = BTreeMap<&'static str, Value>;

/// The rows with these ids that are there, as canonical JSON by id.
pub(crate) async fn rows(tx: &mut Tx, table: &'static Table, ids: &[String]) -> Result<BTreeMap<String, String>> {
    let mut found = BTreeMap::new();
    for chunk in ids.chunks(ROWS) {
        found.append(&mut some_rows(tx, table, chunk).await?);
    }
    Ok(found)
}

/// The ids of a table in order, after one, at most a page.
pub(crate) async fn ids_after(tx: &mut Tx, table: &'static Table, after: &str, page: i64) -> Result<Vec<String>> {
    let text = format!("SELECT id FROM {} WHERE school_id = $1 AND id > $2 ORDER BY id LIMIT $3", table.name);
    let rows = tx.all(&text, bind![tx.school()?, after, page]).await?;
    Ok(rows.iter().filter_map(|row| row.text("id").ok()).collect())
}

async fn some_rows(tx: &mut Tx, table: &'static Table, ids: &[String]) -> Result<BTreeMap<String, String>> {
    let names: Vec<_> = table.columns.iter().chain(table.later).map(|(name, _)| *name).collect();
    let (list, values) = one_of(bind![tx.school()?], ids);
    let text = format!("SELECT id, {} FROM {} WHERE school_id = $1 AND id IN {list}", names.join(", "), table.name);
    let mut objects: BTreeMap<String, Object> = BTreeMap::new();
    for row in tx.all(&text, values).await? {
        if let Ok(id) = row.text("id") {
            let mut object = object(&row, table.columns);
            object.extend(self::object(&row, table.later).into_iter().filter(|(_, value)| !value.is_null()));
            objects.insert(id, object);
        }
    }
    for children in table.children {
        for id in objects.values_mut() {
            id.insert(children.name, Value::Array(Vec::new()));
        }
        add_children(tx, children, ids, &mut objects).await?;
    }
    Ok(objects.into_iter().map(|(id, object)| (id, serde_json::to_string(&object).unwrap_or_default())).collect())
}

async fn add_children(
    tx: &mut Tx,
    children: &'static Children,
    ids: &[String],
    objects: &mut BTreeMap<String, Object>,
) -> Result<()> {
    let names: Vec<_> = children.columns.iter().map(|(name, _)| *name).collect();
    let (list, values) = one_of(bind![tx.school()?], ids);
    let (parent, columns) = (children.parent, names.join(", "));
    let text = format!(
        "SELECT {parent}, {columns} FROM {} WHERE school_id = $1 AND {parent} IN {list} ORDER BY {parent}, position",
        children.name
    );
    for row in tx.all(&text, values).await? {
        let parent = row.text(parent).ok().and_then(|parent| objects.get_mut(&parent));
        if let Some(Value::Array(list)) = parent.and_then(|parent| parent.get_mut(children.name)) {
            // A list of values in the order of the columns: no object inside, so no order of keys to agree on.
            list.push(Value::Array(object_values(&row, children.columns)));
        }
    }
    Ok(())
}

fn object(row: &Row, columns: &'static [(&'static str, Kind)]) -> Object {
    columns.iter().map(|(name, _)| *name).zip(object_values(row, columns)).collect()
}

fn object_values(row: &Row, columns: &[(&'static str, Kind)]) -> Vec<Value> {
    let unreadable = || Value::String("(cannot be read)".into());
    let value = |(name, kind): &(&'static str, Kind)| match kind {
        Kind::Text => row.maybe_text(name).map(Value::from),
        Kind::Number => row.maybe_number(name).map(Value::from),
        Kind::Flag => row.maybe_flag(name).map(Value::from),
    };
    columns.iter().map(|column| value(column).unwrap_or_else(|_| unreadable())).collect()
}
