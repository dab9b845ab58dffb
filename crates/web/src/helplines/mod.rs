//! Helplines: who helps now, by nation. Always reachable, never logged by name, and needing no sign-in.

use crate::app::App;
use crate::error::WebResult;
use crate::frame::{Frame, show};
use crate::session::Visit;
use crate::urls;
use askama::Template;
use axum::Router;
use axum::routing::get;
use belisha_policy::Nation;

/// Somebody who helps.
#[derive(Debug, Clone, Copy)]
pub struct Helpline {
    /// Name.
    pub name: &'static str,
    /// Who it is for, when it answers, what it costs.
    pub about: &'static str,
    /// Telephone number as people read it; empty where there is none.
    pub telephone: &'static str,
    /// Site; empty where there is none.
    pub site: &'static str,
    /// Whether it is for children and young people.
    pub for_young_people: bool,
    /// Where it answers; `None` everywhere in the United Kingdom.
    pub nation: Option<Nation>,
}

const fn line(name: &'static str, telephone: &'static str, site: &'static str, about: &'static str) -> Helpline {
    Helpline { name, about, telephone, site, for_young_people: false, nation: None }
}
const fn young(name: &'static str, telephone: &'static str, site: &'static str, about: &'static str) -> Helpline {
    Helpline { for_young_people: true, ..line(name, telephone, site, about) }
}
const fn only(nation: Nation, line: Helpline) -> Helpline {
    Helpline { nation: Some(nation), ..line }
}

/// Everybody who helps, in the order of the page. Public figures, which each service publishes.
pub const HELPLINES: &[Helpline] = &[
    young(
        "Childline",
        "0800 1111",
        "https://www.childline.org.uk",
        "For anyone under 19, about anything at all. Free, at any hour. It does not show on the bill.",
    ),
    young(
        "Shout",
        "85258",
        "https://giveusashout.org",
        "For when you would rather write: text SHOUT to this number. Free, at any hour.",
    ),
    young(
        "CEOP Safety Centre",
        "",
        "https://www.ceop.police.uk/safety-centre",
        "The police for children online: tell them if somebody is making you feel unsafe or pressing you to do things.",
    ),
    young(
        "Report Remove",
        "",
        "https://www.childline.org.uk/remove",
        "If a nude picture or film of you is online and you are under 18, this can get it taken down. You are not in trouble.",
    ),
    young(
        "Runaway Helpline",
        "116 000",
        "https://www.runawayhelpline.org.uk",
        "If you are thinking of leaving home, or have left. Free, at any hour.",
    ),
    only(
        Nation::Scotland,
        line(
            "Breathing Space",
            "0800 83 85 87",
            "https://breathingspace.scot",
            "For anyone in Scotland over 16 who feels low. Evenings, and all weekend.",
        ),
    ),
    line("Samaritans", "116 123", "https://www.samaritans.org", "For anyone who is struggling. Free, at any hour."),
    line(
        "NSPCC Helpline",
        "0808 800 5000",
        "https://www.nspcc.org.uk/helpline",
        "For adults who are worried about a child.",
    ),
    only(
        Nation::Scotland,
        line(
            "Parentline Scotland",
            "08000 28 22 33",
            "https://www.children1st.org.uk",
            "For families in Scotland, about anything that worries them.",
        ),
    ),
    only(
        Nation::England,
        line(
            "Family Lives",
            "0808 800 2222",
            "https://www.familylives.org.uk",
            "For families, about anything that worries them.",
        ),
    ),
    line(
        "Professionals Online Safety Helpline",
        "0344 381 4772",
        "https://saferinternet.org.uk",
        "For people who work with children and meet trouble online.",
    ),
    line("Police, when it is not an emergency", "101", "", "To report a crime or ask the police for advice."),
];

#[derive(Template)]
#[template(path = "helplines/show.html")]
struct HelplinesPage {
    frame: Frame,
    young: Vec<Helpline>,
    others: Vec<Helpline>,
    safeguarding: &'static str,
}

pub(crate) fn router() -> Router<App> {
    Router::new().route(urls::HELPLINES, get(page))
}

async fn page(visit: Visit) -> WebResult {
    let nation = visit.school.as_ref().map(|school| school.nation);
    let here =
        HELPLINES.iter().filter(|line| line.nation.is_none() || line.nation == nation || nation.is_none()).copied();
    let (young, others) = here.partition(|line| line.for_young_people);
    let safeguarding = match nation {
        Some(Nation::Scotland) => "the child protection co-ordinator",
        _ => "the designated safeguarding lead",
    };
    show(HelplinesPage { frame: visit.frame().with_exit(), young, others, safeguarding })
}

impl Helpline {
    fn dial(&self) -> String {
        self.telephone.replace(' ', "")
    }
    /// Whether the number is for texts.
    fn is_text(&self) -> bool {
        self.telephone.len() == 5
    }
    fn host(&self) -> &'static str {
        self.site.trim_start_matches("https://").trim_start_matches("www.")
    }
}
