//! The big choices.

use super::{KINDS, Kind};
use crate::error::WebResult;
use crate::frame::{Frame, show};
use crate::session::Visit;
use askama::Template;

#[derive(Template)]
#[template(path = "tell/start.html")]
struct StartPage {
    frame: Frame,
    kinds: &'static [Kind],
}

pub(crate) async fn page(visit: Visit) -> WebResult {
    let mut frame = visit.frame().with_exit();
    frame.for_pupils = true;
    show(StartPage { frame, kinds: KINDS })
}
