//! What the network asks the reader for on a device that it does not know: their own proxy name and password, for nobody else.

use crate::app::App;
use crate::error::WebResult;
use crate::frame::{Frame, show};
use crate::session::SignedIn;
use askama::Template;
use axum::extract::State;
use belisha_records::Permission;

#[derive(Template)]
#[template(path = "people/me.html")]
struct MyPage {
    frame: Frame,
    credentials: Option<(String, String)>,
}

pub(crate) async fn page(State(app): State<App>, reader: SignedIn) -> WebResult {
    reader.may(Permission::SeeOwnRecord)?;
    let username = reader.person.username.as_deref();
    let credentials = username.and_then(|username| app.network.proxy_credentials(reader.person.id, username));
    show(MyPage { frame: reader.frame(), credentials })
}
