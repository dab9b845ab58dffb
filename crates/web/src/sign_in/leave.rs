//! Going: signing out, and "Exit this page".

use crate::app::App;
use crate::error::WebResult;
use crate::session::{Visit, spent_cookie};
use crate::urls;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Redirect};
use belisha_records::Actor;
use belisha_store::{devices, sessions};

pub(crate) async fn sign_out(State(app): State<App>, visit: Visit) -> WebResult {
    end(&app, &visit).await?;
    Ok(([(header::SET_COOKIE, spent_cookie())], Redirect::to(urls::SIGN_IN)).into_response())
}

/// Leaves at once for a page with nothing personal on it. What this site kept in the browser is cleared; history is not,
/// which the page about "Exit this page" says.
pub(crate) async fn leave(State(app): State<App>, visit: Visit) -> WebResult {
    end(&app, &visit).await?;
    let clear = header::HeaderName::from_static("clear-site-data");
    Ok((
        [(header::SET_COOKIE, spent_cookie()), (clear, "\"cache\", \"storage\"".into())],
        Redirect::to(&app.settings.exit_page),
    )
        .into_response())
}

/// Ends the session, and takes the device off the network if it was the reader's.
async fn end(app: &App, visit: &Visit) -> WebResult<()> {
    let (Some(reader), Some(school)) = (&visit.reader, &visit.school) else {
        return Ok(());
    };
    let mut tx = app.store.begin(&Actor::Person(reader.person.id), school.id, visit.now).await?;
    sessions::revoke(&mut tx, reader.session).await?;
    let address = visit.address.to_string();
    let device =
        devices::at_address(&mut tx, &address, visit.now).await?.filter(|device| device.person == reader.person.id);
    if device.is_some() {
        devices::sign_out(&mut tx, &address).await?;
    }
    tx.commit().await?;
    if device.is_some() {
        app.network.sign_out_device(visit.address, school.id).await;
    }
    Ok(())
}
