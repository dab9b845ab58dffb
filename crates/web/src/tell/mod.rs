//! "Tell someone": a few big choices, words in one's own voice, and a receipt. With a name or without, signed in or not.
//! No address and no device is kept, and nothing can be attached: where a picture may show a child, words are safer.

mod follow;
mod receipt;
mod start;
mod submit;

use crate::app::App;
use crate::urls;
use axum::Router;
use axum::routing::get;

pub(crate) fn router() -> Router<App> {
    Router::new()
        .route(urls::TELL, get(start::page))
        .route(urls::TELL_FOLLOW, get(follow::page).post(follow::submit))
        .route("/tell/{kind}", get(submit::page).post(submit::submit))
}

/// One of the big choices.
#[derive(Debug)]
pub struct Kind {
    /// In the address and in the record.
    pub key: &'static str,
    /// What the choice says.
    pub label: &'static str,
    /// A line below it.
    pub about: &'static str,
    /// The question of the next page.
    pub question: &'static str,
}

/// The choices, in the order of the page.
pub const KINDS: &[Kind] = &[
    Kind {
        key: "worried",
        label: "Something worried me",
        about: "It scared me, or it feels wrong",
        question: "What worried you?",
    },
    Kind {
        key: "unkind",
        label: "Somebody was unkind",
        about: "To me, or to somebody else",
        question: "What did they do or say?",
    },
    Kind {
        key: "saw",
        label: "I saw something bad",
        about: "On a screen, by accident or not",
        question: "What did you see?",
    },
    Kind {
        key: "else",
        label: "Something else",
        about: "Or I do not know how to say it",
        question: "What would you like to tell us?",
    },
];

fn kind(key: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.key == key)
}
