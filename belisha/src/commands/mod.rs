//! What each command of `belisha` does, one file a command.

pub mod demo;
pub mod docs;
pub mod explain;
pub mod gateway;
pub mod illegal;
pub mod lists;
pub mod policy;
pub mod serve;
pub mod tail;
pub mod verify;
mod what_if;

use crate::process::{ServiceManager, Successor};

/// A command that could not do its work: what happened, then what to do.
#[derive(Debug)]
pub struct Failure(pub String);

impl std::fmt::Display for Failure {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(&self.0)
    }
}

impl<E: std::error::Error> From<E> for Failure {
    fn from(error: E) -> Self {
        let mut text = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            if !text.contains(&cause.to_string()) {
                text.push_str(": ");
                text.push_str(&cause.to_string());
            }
            source = cause.source();
        }
        Self(text)
    }
}

/// Tells the service manager that a process answers, waits until it is to end, and says why it does.
async fn until_it_ends(
    ending: impl Future<Output = Result<Option<Successor>, Failure>>,
) -> Result<Option<Successor>, Failure> {
    if let Some(manager) = ServiceManager::find() {
        manager.ready();
    }
    let successor = ending.await?;
    println!("{}", if successor.is_some() { "Another process goes on from here." } else { "Stopping." });
    Ok(successor)
}
