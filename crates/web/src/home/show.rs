//! The home page of each role. What waits is asked of every area in turn: an area adds its own line to [`needs`].

use crate::app::App;
use crate::error::WebResult;
use crate::frame::{Frame, Need, show};
use crate::session::{SignedIn, Visit};
use crate::urls;
use crate::{alerts, concerns, incidents, tasks};
use crate::{board, portal, reports, requests};
use crate::{duties, filter, gateways, jobs, people, policy_versions, signatures};
use askama::Template;
use axum::extract::State;
use belisha_policy::{Audience, Role};
use belisha_records::Permission;
use belisha_store::Tx;

/// Something a role does first, shown to those who may.
#[derive(Debug)]
pub struct Doing {
    /// Words.
    pub label: &'static str,
    /// Where to.
    pub href: &'static str,
    /// One line about it.
    pub about: &'static str,
    /// Who is shown it.
    pub permission: Permission,
}

/// What people do from home, most used first.
pub const DOINGS: &[Doing] = &[
    Doing {
        label: "Sign and connect",
        href: urls::PORTAL,
        about: "What you agreed to, and this device on the network",
        permission: Permission::SignAgreements,
    },
    Doing {
        label: "Ask for a site",
        href: urls::ASK_FOR_SITE,
        about: "One that is closed and that a lesson needs",
        permission: Permission::AskForSite,
    },
    Doing {
        label: "Sites for a lesson",
        href: urls::LESSON_SITES,
        about: "Keep a class to the sites you checked, until the lesson ends",
        permission: Permission::CheckLessonSites,
    },
    Doing {
        label: "Why is a page closed?",
        href: urls::EXPLAIN,
        about: "What the filter decides, for whom, by which rule",
        permission: Permission::ExplainDecisions,
    },
    Doing {
        label: "Look up a person’s activity",
        href: urls::LOOK_UP,
        about: "With a reason, which is kept and counted",
        permission: Permission::LookUpActivity,
    },
    Doing {
        label: "Read the policy",
        href: urls::POLICY,
        about: "What the school promised, in its own words",
        permission: Permission::ReadPolicy,
    },
    Doing {
        label: "Your duties",
        href: urls::DUTIES,
        about: "What the policy asks of your office, and by when",
        permission: Permission::CompleteDuty,
    },
    Doing {
        label: "Who has signed",
        href: urls::SIGNATURES,
        about: "Who in your class, or in the school, is missing",
        permission: Permission::SeeClassSignatures,
    },
    Doing {
        label: "Versions of the policy",
        href: urls::POLICY_VERSIONS,
        about: "Check a new text, see what changes, bring it into force",
        permission: Permission::ManagePolicy,
    },
    Doing {
        label: "Get help now",
        href: urls::HELPLINES,
        about: "Telephone numbers and sites that help today",
        permission: Permission::TellSomeone,
    },
];

#[derive(Template)]
#[template(path = "home/visitor.html")]
struct VisitorPage {
    frame: Frame,
    school: String,
}

#[derive(Template)]
#[template(path = "home/first_start.html")]
struct FirstStartPage {
    frame: Frame,
}

#[derive(Template)]
#[template(path = "home/pupil.html")]
struct PupilPage {
    frame: Frame,
    gate: portal::Standing,
    younger: bool,
}

#[derive(Template)]
#[template(path = "home/parent.html")]
struct ParentPage {
    frame: Frame,
    needs: Vec<Need>,
    children: Vec<portal::Child>,
}

#[derive(Template)]
#[template(path = "home/staff.html")]
struct StaffPage {
    frame: Frame,
    lead: &'static str,
    needs: Vec<Need>,
    doings: Vec<&'static Doing>,
    records: bool,
}

pub(crate) async fn page(State(app): State<App>, visit: Visit) -> WebResult {
    let Some(school) = &visit.school else { return show(FirstStartPage { frame: visit.frame() }) };
    let Some(reader) = SignedIn::from_visit(&visit) else {
        return show(VisitorPage { frame: visit.frame(), school: school.name.clone() });
    };
    let mut tx = app.store.read(reader.school.id).await?;
    let frame = reader.frame();
    match reader.person.audience {
        Audience::YoungerPupil | Audience::Pupil => {
            let gate = portal::standing(&mut tx, &reader, &reader.person).await?;
            show(PupilPage { frame, gate, younger: reader.person.audience == Audience::YoungerPupil })
        }
        Audience::Parent => {
            let children = portal::children(&mut tx, &reader).await?;
            show(ParentPage { frame, needs: needs(&mut tx, &app, &reader).await?, children })
        }
        _ => {
            let doings = DOINGS.iter().filter(|doing| reader.can(doing.permission)).collect();
            let needs = needs(&mut tx, &app, &reader).await?;
            show(StaffPage {
                frame,
                lead: question(&reader),
                needs,
                doings,
                records: reader.can(Permission::RecordIncident),
            })
        }
    }
}

/// What needs this reader now, most dangerous first. Each area answers for itself.
async fn needs(tx: &mut Tx, app: &App, reader: &SignedIn) -> WebResult<Vec<Need>> {
    let mut needs = Vec::new();
    needs.extend(alerts::needs(tx, reader).await?);
    needs.extend(concerns::needs(tx, reader).await?);
    needs.extend(tasks::needs(tx, reader).await?);
    needs.extend(incidents::needs(tx, reader).await?);
    needs.extend(portal::needs(tx, reader).await?);
    needs.extend(board::needs(tx, reader).await?);
    needs.extend(reports::needs(tx, reader).await?);
    needs.extend(requests::needs(tx, reader).await?);
    needs.extend(duties::needs(tx, reader).await?);
    needs.extend(policy_versions::needs(tx, reader).await?);
    needs.extend(people::needs(tx, reader).await?);
    needs.extend(signatures::needs(tx, reader).await?);
    needs.extend(filter::lists::needs(app, reader));
    needs.extend(jobs::needs(tx, app, reader).await?);
    needs.extend(gateways::needs(tx, reader).await?);
    needs.sort_by_key(|need| match need.kind {
        "danger" | "broken" => 0,
        "overdue" => 1,
        "needed" => 2,
        _ => 3,
    });
    Ok(needs)
}

/// The question each role comes with. The office that answers for most comes first.
fn question(reader: &SignedIn) -> &'static str {
    const QUESTIONS: &[(&[Role], &str)] = &[
        (&[Role::Headteacher], "Is the policy being kept, and what waits for your decision?"),
        (
            &[
                Role::DesignatedSafeguardingLead,
                Role::DeputyDesignatedSafeguardingLead,
                Role::OnlineSafetyLead,
                Role::OnlineSafetyCoordinator,
                Role::ChildProtectionCoordinator,
                Role::NamedPerson,
            ],
            "Who is at risk, in order of danger, and what is going quiet?",
        ),
        (&[Role::SeniorLeader], "Is the policy being kept, and what waits for your decision?"),
        (&[Role::LocalAuthorityOfficer], "Which promises are not kept, and where?"),
        (&[Role::Governor, Role::ChairOfGovernors], "Is the school keeping its word, and what should you ask?"),
        (
            &[Role::IctManager, Role::IctTechnician, Role::SystemAdministrator],
            "Does the network do what the policy says?",
        ),
        (&[Role::OfficeAdministrator], "Who is missing, and what has to be sent out?"),
        (
            &[Role::Teacher, Role::SupportStaff, Role::Volunteer],
            "Seen or heard something? Write it down now, in under a minute.",
        ),
    ];
    QUESTIONS
        .iter()
        .find(|(roles, _)| roles.iter().any(|role| reader.is(*role)))
        .map_or("What would you like to do?", |(_, question)| question)
}
