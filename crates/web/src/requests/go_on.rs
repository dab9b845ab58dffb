//! Going on past a warning: a reason, kept in the register of the filter, and the page opens for a while.

use super::ask::Closed;
use crate::answers::Answers;
use crate::app::App;
use crate::error::{WebError, WebResult};
use crate::frame::{Frame, show};
use crate::session::SignedIn;
use askama::Template;
use belisha_store::register_entries::{self, RegisterEntry};

/// The register that holds why somebody went on.
const REGISTER: &str = "filter:warning-passed";

#[derive(Template)]
#[template(path = "requests/gone_on.html")]
struct GoneOnPage {
    frame: Frame,
    host: String,
}

/// Writes the reason down, then opens the page. The caller has checked the reason and whose block it is.
pub(super) async fn submit(app: &App, reader: &SignedIn, closed: &Closed, answers: &Answers) -> WebResult {
    let content =
        serde_json::json!({ "host": closed.host, "category": closed.category, "reason": answers.value("reason") });
    let entry = RegisterEntry {
        id: String::new(),
        register: REGISTER.into(),
        on: reader.today(),
        about: Some(reader.person.id),
        by: Some(reader.person.id),
        entered_at: reader.now,
        content,
    };
    let mut tx = app.store.begin(&reader.actor(), reader.school.id, reader.now).await?;
    register_entries::insert(&mut tx, &entry).await?;
    tx.commit().await?;
    if !app.network.pass_warning(reader.school.id, &closed.id) {
        return Err(WebError::Conflict(
            "the warning you saw is too old: open the page again, and go on from there".into(),
        ));
    }
    show(GoneOnPage { frame: reader.frame(), host: closed.host.clone() })
}
