//! Going: signing out, and "Exit this page".

use crate::app::App;
use crate::error::WebResult;
use crate::session::{Visit, spent_cookie};
use crate::urls;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Redirect};
use belisha_records::Actor;
use belisha_store::sessions;

pub(crate) async fn sign_out(State(app): State<App>, visit: Visit) -> WebResult {
    end(&app, &visit).await?;
    app.network.sign_out_device(visit.address).await;
    Ok(([(header::SET_COOKIE, spent_cookie())], Redirect::to(urls::SIGN_IN)).into_response())
}

/// Leaves at once for a page with nothing personal on it. What this site kept in the browser is cleared; history is not,
/// which the page about "Exit this page" says.
pub(crate) async fn leave(State(app): State<App>, visit: Visit) -> WebResult {
    end(&app, &visit).await?;
    let clear = header::HeaderName::from_static("clear-site-data");
    Ok(([(header::SET_COOKIE, spent_cookie()), (clear, "\"cache\", \"storage\"".into())], Redirect::to(&app.settings.exit_page)).into_response())
}

async fn end(app: &App, visit: &Visit) -> WebResult<()> {
    if let (Some(reader), Some(school)) = (&visit.reader, &visit.school) {
        let mut tx = app.store.begin(&Actor::Person(reader.person.id), school.id, visit.now).await?;
        sessions::revoke(&mut tx, reader.session).await?;
        tx.commit().await?;
    }
    Ok(())
}
