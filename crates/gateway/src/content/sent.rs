//! What a request says in its body: a search by a page that never loads anew, or what somebody writes to a chat. The body passes
//! on as it is; its beginning is copied.

use crate::judge;
use crate::observe::Observation;
use hyper::HeaderMap;
use hyper::header::CONTENT_TYPE;
use std::sync::{Arc, Mutex, PoisonError};

/// The most bytes of a body that are copied.
const MOST: usize = 256 * 1024;

/// The beginning of a body, as it passes.
#[derive(Debug, Clone, Default)]
pub(crate) struct Copied(Arc<Mutex<Vec<u8>>>);

impl Copied {
    /// Copies what passes, up to the bound.
    pub(crate) fn pass(&self, bytes: &[u8]) {
        let mut copied = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let room = MOST - copied.len();
        copied.extend_from_slice(bytes.get(..bytes.len().min(room)).unwrap_or_default());
    }

    fn take(&self) -> Vec<u8> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The content type of a body that may hold a search or a prompt.
pub(super) fn readable(headers: &HeaderMap) -> Option<String> {
    let content_type = headers.get(CONTENT_TYPE)?.to_str().ok()?.to_ascii_lowercase();
    let kinds = ["json", "x-www-form-urlencoded", "text/plain", "multipart/form-data"];
    kinds.iter().any(|kind| content_type.contains(kind)).then_some(content_type)
}

/// Puts what the body says into what is written down. Who asks for a helpline is left out, unless the words say that somebody
/// is in danger, as with searches in an address.
pub(super) fn tell(observation: &mut Observation, copied: &Copied, host: &str, path: &str, content_type: &str) {
    let body = copied.take();
    let Some((words, shown)) = judge::said_in_body(host, path, content_type, &body) else { return };
    let worries = judge::worries(&words);
    if worries.is_empty() && judge::seeks_helpline(&words) {
        return;
    }
    observation.worries.extend(worries);
    if observation.search_term.is_none() {
        observation.search_term = Some(shown.into());
    }
}
