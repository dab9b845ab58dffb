//! The last step: what is done, and what a school does next.

use crate::app::App;
use crate::error::WebResult;
use crate::frame::{Frame, Task, show};
use crate::session::SignedIn;
use crate::urls;
use askama::Template;
use axum::extract::State;
use belisha_policy::Role;
use belisha_records::Permission;
use belisha_store::{offices, people, policies};

#[derive(Template)]
#[template(path = "setup/what_next.html")]
struct WhatNextPage {
    frame: Frame,
    tasks: Vec<Task>,
}

pub(crate) async fn page(State(app): State<App>, reader: SignedIn) -> WebResult {
    reader.may(Permission::ManageSchool)?;
    let mut tx = app.store.read(reader.school.id).await?;
    let policy = policies::in_force(&mut tx).await?.is_some();
    let head = !offices::holders(&mut tx, Role::Headteacher, reader.today()).await?.is_empty();
    let leads = [Role::DesignatedSafeguardingLead, Role::ChildProtectionCoordinator];
    let mut lead = false;
    for role in leads {
        lead |= !offices::holders(&mut tx, role, reader.today()).await?.is_empty();
    }
    let many = people::list(&mut tx).await?.len() > 5;
    let task = |done: bool, label: &str, href: &str, hint: &str| Task {
        label: label.into(),
        href: href.into(),
        hint: hint.into(),
        kind: if done { "kept" } else { "needed" },
        word: if done { "Done" } else { "To do" },
    };
    let tasks = vec![
        task(
            policy,
            "Put a first policy in force",
            urls::START_POLICY,
            "It is what the filter carries out and what people sign",
        ),
        task(
            !reader.school.calendar.closed.is_empty(),
            "Check terms, closed days and the school’s day",
            urls::START_CALENDAR,
            "Deadlines and lesson time are counted in them",
        ),
        task(head, "Add the head teacher", urls::START_PEOPLE, "They decide what the policy leaves to them"),
        task(lead, "Name the safeguarding lead", "/people", "Concerns and alerts go to them first"),
        task(
            many,
            "Bring in pupils, parents and staff",
            "/people/import",
            "From a file that your records system writes",
        ),
    ];
    show(WhatNextPage { frame: reader.frame(), tasks })
}
