//! What was just done, said on the page that a form leads to: `?done=KEY`, where the key is one of the page's own.

use crate::frame::Frame;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

/// The key in the address, if any.
#[derive(Deserialize)]
pub(crate) struct Done {
    #[serde(default)]
    done: String,
}

impl Done {
    /// Adds the sentence that goes with the key. A key that the page does not know says nothing.
    pub(crate) fn said_on(&self, frame: Frame, sentences: &[(&str, &'static str)]) -> Frame {
        match sentences.iter().find(|(key, _)| *key == self.done) {
            Some((_, sentence)) => frame.with_notice(*sentence),
            None => frame,
        }
    }
}

/// Goes on to a page that says what was done.
pub(crate) fn go_on(page: &str, done: &str) -> Response {
    Redirect::to(&format!("{page}?done={done}")).into_response()
}
