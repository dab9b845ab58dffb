//! What stands around every page: school, reader, menu by permission, notices. And [`show`], which turns a template into a page.

use crate::navigation::Menu;
use askama::Template;
use axum::response::{Html, IntoResponse, Response};

/// A page that is shown.
pub type Page = Response;

/// Another school of the installation, which the header offers.
#[derive(Debug, Clone)]
pub struct OtherSchool {
    /// Id.
    pub id: String,
    /// Name.
    pub name: String,
}

/// What stands around a page. Made by [`crate::Visit::frame`] and [`crate::SignedIn::frame`].
#[derive(Debug, Clone)]
pub struct Frame {
    /// Language of the page, BCP 47.
    pub language: &'static str,
    /// `ltr` or `rtl`.
    pub direction: &'static str,
    /// The school's name.
    pub school: Option<String>,
    /// Schools to switch to.
    pub other_schools: Vec<OtherSchool>,
    /// The reader's own name.
    pub person: Option<String>,
    /// Menu.
    pub menu: Menu,
    /// Bigger and simpler, for pupils.
    pub for_pupils: bool,
    /// Shows "Exit this page".
    pub exit: bool,
    /// What was just done.
    pub notice: Option<String>,
}

impl Frame {
    /// A frame for nobody, at no school.
    pub fn bare() -> Self {
        Self {
            language: "en-GB",
            direction: "ltr",
            school: None,
            other_schools: Vec::new(),
            person: None,
            menu: Menu::default(),
            for_pupils: false,
            exit: false,
            notice: None,
        }
    }
    /// What a page's title ends with.
    pub fn name_in_title(&self) -> &str {
        self.school.as_deref().unwrap_or("Belisha")
    }
    /// Adds "Exit this page": for pages a child or parent may need to leave at once.
    #[must_use]
    pub fn with_exit(mut self) -> Self {
        self.exit = true;
        self
    }
    /// Says what was just done, at the top of the page.
    #[must_use]
    pub fn with_notice(mut self, notice: impl Into<String>) -> Self {
        self.notice = Some(notice.into());
        self
    }
}

/// Something that waits for a person: one sentence, its clock, and where to go.
#[derive(Debug, Clone)]
pub struct Need {
    /// One sentence.
    pub label: String,
    /// Where to go.
    pub href: String,
    /// Who has it, since when; may be empty.
    pub detail: String,
    /// Kind of the status, as in `components/show.html`.
    pub kind: &'static str,
    /// Word of the status.
    pub word: String,
}

impl Need {
    /// How loud the row is: danger is red, what needs a person amber, the rest calm.
    pub fn tone(&self) -> &'static str {
        match self.kind {
            "danger" | "broken" => "danger",
            "needed" | "overdue" => "needed",
            _ => "calm",
        }
    }
}

/// A row of a task list.
#[derive(Debug, Clone)]
pub struct Task {
    /// Words.
    pub label: String,
    /// Where to go.
    pub href: String,
    /// A line below; may be empty.
    pub hint: String,
    /// Kind of the status.
    pub kind: &'static str,
    /// Word of the status.
    pub word: &'static str,
}

/// Turns a template into a page.
///
/// # Errors
/// `Fault` when the template fails.
pub fn show(template: impl Template) -> Result<Page, crate::WebError> {
    Ok(Html(template.render()?).into_response())
}
