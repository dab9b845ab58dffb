//! What stands around every page: school, reader, menu by permission, notices. And [`show`], which turns a template into a page.

use crate::urls;
use askama::Template;
use axum::response::{Html, IntoResponse, Response};
use belisha_policy::Role;
use belisha_records::{Permission, may};

/// A page that is shown.
pub type Page = Response;

/// One word of the menu.
#[derive(Debug)]
pub struct Area {
    /// What people read.
    pub label: &'static str,
    /// First page of the area; every address below it belongs to the area.
    pub href: &'static str,
    /// Who is shown it.
    pub permission: Permission,
}

/// The menu, in the order people read it. An area is shown to those who may open its first page.
pub const NAVIGATION: &[Area] = &[
    Area { label: "Alerts", href: urls::ALERTS, permission: Permission::TriageAlerts },
    Area { label: "Told to us", href: urls::CONCERNS, permission: Permission::ReadConcerns },
    Area { label: "Cases", href: urls::INCIDENTS, permission: Permission::SeeIncidents },
    Area { label: "My tasks", href: urls::TASKS, permission: Permission::SeeOwnTasks },
    Area { label: "Requests", href: urls::REQUESTS, permission: Permission::SeeAccessRequests },
    Area { label: "Sign and connect", href: urls::PORTAL, permission: Permission::SignAgreements },
    Area { label: "Tell someone", href: urls::TELL, permission: Permission::TellSomeone },
    Area { label: "Ask for a site", href: urls::ASK_FOR_SITE, permission: Permission::AskForSite },
    Area { label: "Board", href: urls::BOARD, permission: Permission::SeeBoard },
    Area { label: "Duties", href: urls::DUTIES, permission: Permission::SeeDuties },
    Area { label: "Signatures", href: urls::SIGNATURES, permission: Permission::SeeClassSignatures },
    Area { label: "People", href: urls::PEOPLE, permission: Permission::SeePeople },
    Area { label: "Filter", href: urls::FILTER, permission: Permission::SeeFilterRules },
    Area { label: "Devices", href: urls::DEVICES, permission: Permission::SeeDevices },
    Area { label: "Activity", href: urls::ACTIVITY, permission: Permission::SeeActivityTotals },
    Area { label: "Reports", href: urls::REPORTS, permission: Permission::SeeReports },
    Area { label: "Gateways", href: urls::GATEWAYS, permission: Permission::SeeGateways },
    Area { label: "Jobs", href: urls::JOBS, permission: Permission::SeeJobs },
    Area { label: "Ledger", href: urls::LEDGER, permission: Permission::SeeLedger },
    Area { label: "Our policy", href: urls::POLICY, permission: Permission::ReadPolicy },
    Area { label: "What is recorded", href: urls::MY_ACTIVITY, permission: Permission::SeeOwnRecord },
];

/// Areas where people do something for themselves.
const PERSONAL: &[&str] = &[urls::PORTAL, urls::TELL, urls::ASK_FOR_SITE, urls::MY_ACTIVITY];

/// A link of the menu as this reader sees it.
#[derive(Debug, Clone)]
pub struct NavigationLink {
    /// Words.
    pub label: &'static str,
    /// Address.
    pub href: &'static str,
    /// Whether the reader is in this area.
    pub current: bool,
    /// How much waits there for this reader.
    pub waiting: usize,
}

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
    pub navigation: Vec<NavigationLink>,
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
            navigation: Vec::new(),
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
    /// Says how much waits in an area, by its first address.
    #[must_use]
    pub fn with_waiting(mut self, href: &str, waiting: usize) -> Self {
        if let Some(link) = self.navigation.iter_mut().find(|link| link.href == href) {
            link.waiting = waiting;
        }
        self
    }
    /// The menu for somebody with these roles, who is on this page.
    #[must_use]
    pub(crate) fn with_navigation(mut self, roles: &[Role], path: &str) -> Self {
        let covers =
            |area: &Area| path.strip_prefix(area.href).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        // One area may lie below another, such as asking for a site below requests: the nearer one is where the reader is.
        let here = NAVIGATION.iter().filter(|area| covers(area)).map(|area| area.href).max_by_key(|href| href.len());
        // Whoever works here has a long menu already: what they do for themselves is on their home page and at the foot of each page.
        let works = may(roles, Permission::SeeOwnTasks);
        let shown =
            NAVIGATION.iter().filter(|area| may(roles, area.permission) && !(works && PERSONAL.contains(&area.href)));
        self.navigation = shown
            .map(|area| NavigationLink {
                label: area.label,
                href: area.href,
                current: here == Some(area.href),
                waiting: 0,
            })
            .collect();
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
