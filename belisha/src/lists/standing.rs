//! How each list stands: what is in force, what waits for a person, what is to go back to, and how asking for it went last.
//! For `belisha lists show` and the page of lists alike.

use super::ListError;
use super::manifest::Manifest;
use super::shelf;
use super::state::{Asked, State, TurnedDown};
use std::path::Path;

/// How a list stands.
#[derive(Debug, Clone)]
pub struct Standing {
    /// Its name.
    pub name: String,
    /// Number and manifest of the generation in force; `None`: it is damaged on disk.
    pub in_force: Option<(u64, Manifest)>,
    /// The update that waits for a person.
    pub held: Option<Manifest>,
    /// Number and manifest of the generation there is to go back to.
    pub before: Option<(u64, Manifest)>,
    /// How asking for it went last.
    pub asked: Option<Asked>,
    /// The update that was turned down last.
    pub turned_down: Option<TurnedDown>,
}

/// Every list, by name.
///
/// # Errors
/// When the data folder cannot be read.
pub fn standing(data: &Path) -> Result<Vec<Standing>, ListError> {
    let of = |name: String| {
        let state = State::read(data, &name);
        let mut sound = shelf::generations(data, &name).into_iter().filter_map(Result::ok);
        let mut next = || sound.next().map(|generation| (generation.number, generation.manifest));
        Standing {
            in_force: next(),
            before: next(),
            held: shelf::held(data, &name),
            asked: state.asked,
            turned_down: state.turned_down,
            name,
        }
    };
    Ok(shelf::names(data)?.into_iter().map(of).collect())
}
