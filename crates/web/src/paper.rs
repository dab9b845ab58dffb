//! Papers as answers: laid out on a thread that may block, shown in the browser.

use crate::error::{WebError, WebResult};
use crate::session::SignedIn;
use crate::words;
use axum::http::header;
use axum::response::IntoResponse;
use belisha_print::{Imprint, PrintError};

/// Lays a paper out and answers with it.
///
/// # Errors
/// `Fault` when it cannot be laid out.
pub(crate) async fn answer(
    file_name: &str,
    lay_out: impl FnOnce() -> Result<Vec<u8>, PrintError> + Send + 'static,
) -> WebResult {
    let bytes = tokio::task::spawn_blocking(lay_out)
        .await
        .map_err(|_| WebError::fault("a paper could not be laid out"))?
        .map_err(WebError::fault)?;
    let headers = [
        (header::CONTENT_TYPE, "application/pdf".to_owned()),
        (header::CONTENT_DISPOSITION, format!("inline; filename=\"{file_name}\"")),
    ];
    Ok((headers, bytes).into_response())
}

/// Head and foot of a paper printed by the reader.
pub(crate) fn imprint(reader: &SignedIn) -> Imprint {
    Imprint {
        school: reader.school.name.clone(),
        printed_at: words::moment(reader.now, &reader.zone()),
        printed_by: Some(reader.person.name.reveal().to_owned()),
    }
}
