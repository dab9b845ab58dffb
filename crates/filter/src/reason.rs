//! The words of a decision: what was asked, what is done, and why, the same on the block page, in the log and in
//! `belisha explain`. How a decision is reached is in `decide`.

use crate::own_sites::Reach;
use belisha_policy::{Audience, CATEGORIES, DeviceKind, FilterAction, Period, Role};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A group of people the filter tells apart. The policy's filter tables have one column for each key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Group {
    /// `younger-pupil`.
    YoungerPupil,
    /// `pupil`.
    Pupil,
    /// `staff`: staff, governors, volunteers.
    Staff,
    /// `guest`: visitors, community users, parents.
    Guest,
    /// `unknown`: no person is known for the device. The strictest group.
    Unknown,
}

impl Group {
    /// Every group, in the order pages show them.
    pub const ALL: &'static [Group] = &[Group::YoungerPupil, Group::Pupil, Group::Staff, Group::Guest, Group::Unknown];

    /// The key used in the policy, the database and requests.
    pub const fn key(self) -> &'static str {
        match self {
            Group::YoungerPupil => "younger-pupil",
            Group::Pupil => "pupil",
            Group::Staff => "staff",
            Group::Guest => "guest",
            Group::Unknown => "unknown",
        }
    }

    /// The group an audience belongs to.
    pub const fn of(audience: Audience) -> Group {
        match audience {
            Audience::YoungerPupil => Group::YoungerPupil,
            Audience::Pupil => Group::Pupil,
            Audience::Staff | Audience::Governor | Audience::Volunteer => Group::Staff,
            Audience::Visitor | Audience::CommunityUser | Audience::Parent => Group::Guest,
        }
    }

    /// The group for a key. A key nobody knows is `unknown`, so that a slip of the pen is strict, not open.
    pub fn from_key(key: &str) -> Group {
        match key {
            "younger-pupil" => Group::YoungerPupil,
            "pupil" => Group::Pupil,
            "staff" => Group::Staff,
            "guest" => Group::Guest,
            _ => Group::Unknown,
        }
    }
}

/// One request, as the gateway sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Request<'a> {
    /// Host name. Lower case without a final dot costs nothing; anything else is put right first.
    pub host: &'a str,
    /// Path and query when the request shows them, `None` for DNS and undecrypted tunnels.
    pub path: Option<&'a str>,
    /// Group key, see [`Group`].
    pub group: &'a str,
    /// Key of the person, when one is known for this device at this second: the id as text, never a name.
    pub person: Option<&'a str>,
    /// Whose the device is, when it is a registered one; `None` is judged by the group alone.
    pub device: Option<DeviceKind>,
    /// Whether the gateway's own name server has a record or a zone for the host: it is on the school's own network then, like a
    /// host that the school's settings name.
    pub own_zone: bool,
}

impl<'a> Request<'a> {
    /// Somebody of a group asks for a host; path, person and device are not known.
    pub const fn new(host: &'a str, group: &'a str) -> Self {
        Self { host, path: None, group, person: None, device: None, own_zone: false }
    }
}

/// Which rule decided. The order of the variants is the order of precedence: an earlier kind beats a later one.
///
/// The gate (an unsigned agreement) stands between `Helpline` and `Device`; the gateway asks it, after
/// [`crate::Ruleset::before_gate`] and before [`crate::Ruleset::decide`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RuleKind {
    /// The list of illegal content. Nobody can switch it off, read it, or make an exception to it.
    Illegal,
    /// A helpline: always open, never logged by name.
    Helpline,
    /// The policy's device table refuses the device, or keeps it off the school's own network (M65).
    Device,
    /// The school closed this site.
    SchoolDeny,
    /// It is not among the sites checked for the lesson (M56).
    LessonList,
    /// Somebody was granted (or refused) this site for a time (M55).
    Exception,
    /// The school opened this site.
    SchoolAllow,
    /// The group sees only what was opened for it, and this was not.
    AllowListOnly,
    /// The local authority closed this site.
    AuthorityDeny,
    /// The local authority opened this site.
    AuthorityAllow,
    /// A row of the policy's filter tables (M53).
    Category,
    /// A row of the policy's filter tables whose cell for this group is empty. Undecided is never allowed.
    Undecided,
    /// Nothing said anything: open for known groups, closed for `unknown`.
    Default,
}

impl RuleKind {
    /// Every kind in order of precedence.
    pub const ALL: &'static [RuleKind] = &[
        RuleKind::Illegal,
        RuleKind::Helpline,
        RuleKind::Device,
        RuleKind::SchoolDeny,
        RuleKind::LessonList,
        RuleKind::Exception,
        RuleKind::SchoolAllow,
        RuleKind::AllowListOnly,
        RuleKind::AuthorityDeny,
        RuleKind::AuthorityAllow,
        RuleKind::Category,
        RuleKind::Undecided,
        RuleKind::Default,
    ];

    /// The key used in logs and the API.
    pub const fn key(self) -> &'static str {
        match self {
            RuleKind::Illegal => "illegal",
            RuleKind::Helpline => "helpline",
            RuleKind::SchoolDeny => "school-deny",
            RuleKind::Device => "device",
            RuleKind::LessonList => "lesson-list",
            RuleKind::Exception => "exception",
            RuleKind::SchoolAllow => "school-allow",
            RuleKind::AllowListOnly => "allow-list-only",
            RuleKind::AuthorityDeny => "authority-deny",
            RuleKind::AuthorityAllow => "authority-allow",
            RuleKind::Category => "category",
            RuleKind::Undecided => "undecided",
            RuleKind::Default => "default",
        }
    }

    /// What people read.
    pub const fn label(self) -> &'static str {
        match self {
            RuleKind::Illegal => "list of illegal content",
            RuleKind::Helpline => "helplines",
            RuleKind::SchoolDeny => "sites the school has closed",
            RuleKind::Device => "device table of the policy",
            RuleKind::LessonList => "sites checked for the lesson",
            RuleKind::Exception => "sites opened or closed for a time",
            RuleKind::SchoolAllow => "sites the school has opened",
            RuleKind::AllowListOnly => "groups that see only what was opened for them",
            RuleKind::AuthorityDeny => "sites the local authority has closed",
            RuleKind::AuthorityAllow => "sites the local authority has opened",
            RuleKind::Category => "filter table of the policy",
            RuleKind::Undecided => "undecided cell of the filter table",
            RuleKind::Default => "what holds when no rule speaks",
        }
    }
}

/// A place in the policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClauseReference {
    /// Id of the row of the filter table, such as `filter-gambling`.
    pub id: Arc<str>,
    /// Number people cite, such as `7.2`.
    pub number: Arc<str>,
    /// Heading the clause stands under.
    pub section: Arc<str>,
}

/// Why something was decided. Carries no host and no person, so that a reason may be stored and shown anywhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// Which rule decided.
    pub rule: RuleKind,
    /// Category key, `gambling`, when a list put the host into one.
    pub category: Option<Arc<str>>,
    /// Whose the device is, when that decided.
    #[serde(default)]
    pub device: Option<DeviceKind>,
    /// Name of the list that did, or of the lesson's list that the site is not on.
    pub list: Option<Arc<str>>,
    /// The row of the policy.
    pub clause: Option<ClauseReference>,
    /// The period of the school day at the time, when it was needed to decide.
    pub period: Option<Period>,
    /// How many people the school's or the authority's own rule is about, when one decided.
    #[serde(default)]
    pub reach: Option<Reach>,
    /// Id of the exception or of the school's own rule.
    pub entry: Option<Arc<str>>,
    /// Why the person who made that entry made it.
    pub because: Option<Arc<str>>,
    /// The office that can change this; `None` where nobody can.
    pub changed_by: Option<Role>,
    /// When the same request would next be open without anybody doing anything, such as after school.
    pub opens_at: Option<Timestamp>,
    /// When an open exception closes again.
    pub closes_at: Option<Timestamp>,
}

impl Reason {
    /// A reason that names its rule and nothing else.
    pub const fn of(rule: RuleKind) -> Self {
        Self {
            rule,
            category: None,
            device: None,
            list: None,
            clause: None,
            period: None,
            reach: None,
            entry: None,
            because: None,
            changed_by: None,
            opens_at: None,
            closes_at: None,
        }
    }
}

/// A category as people read it; its own key where a list brought it.
fn label(key: &str) -> &str {
    CATEGORIES.iter().find(|(known, _)| *known == key).map_or(key, |(_, label)| label)
}

impl std::fmt::Display for Reason {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.rule {
            RuleKind::Illegal => return out.write_str("it is on a list that nobody at the school can change"),
            RuleKind::Helpline => {
                return out.write_str("it is a helpline, which is always open and never logged by name");
            }
            RuleKind::Default => out.write_str("no list or rule mentions it")?,
            RuleKind::SchoolDeny => out.write_str("the school has closed it")?,
            RuleKind::SchoolAllow => out.write_str("the school has opened it")?,
            RuleKind::Exception => out.write_str("it was decided for a time")?,
            RuleKind::Device => {
                let kind = self.device.map_or("unknown", DeviceKind::label).to_lowercase();
                write!(out, "the device is {kind}")?;
            }
            RuleKind::LessonList => {
                let name = self.list.as_deref().unwrap_or("the lesson");
                write!(out, "it is not among the sites checked for `{name}`")?;
            }
            RuleKind::AllowListOnly => out.write_str("this group sees only what the school has opened for it")?,
            RuleKind::AuthorityDeny => out.write_str("the local authority has closed it")?,
            RuleKind::AuthorityAllow => out.write_str("the local authority has opened it")?,
            RuleKind::Category | RuleKind::Undecided => {
                write!(out, "it is listed as `{}`", self.category.as_deref().map_or("unknown", label))?;
                if let Some(list) = &self.list {
                    write!(out, " in the list `{list}`")?;
                }
                if self.rule == RuleKind::Undecided {
                    out.write_str(" and the policy has not decided this category for this group")?;
                }
            }
        }
        match self.reach {
            Some(Reach::Group) => out.write_str(" for this group")?,
            Some(Reach::YearGroup) => out.write_str(" for this year group")?,
            Some(Reach::Everybody) | None => {}
        }
        if let Some(because) = &self.because {
            write!(out, " ({because})")?;
        }
        if let Some(clause) = &self.clause {
            write!(out, ", policy {}", clause.number)?;
        }
        if let Some(period) = self.period {
            write!(out, ", {}", period.label())?;
        }
        if let Some(role) = self.changed_by {
            write!(out, "; can be changed by: {}", role.label().to_lowercase())?;
        }
        Ok(())
    }
}

/// What may be written down about a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Log {
    /// Person, host and time, as the policy's retention says.
    ByName,
    /// Person and time; the host is not written down for anybody (illegal content).
    WithoutHost,
    /// A count alone: neither person nor host (helplines).
    Never,
}

/// What is done about a request, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// Open, open after a warning, closed until asked for, closed.
    pub action: FilterAction,
    /// Why.
    pub reason: Reason,
    /// What may be written down.
    pub log: Log,
}

impl Decision {
    /// Whether the request goes through without a page in between.
    pub fn is_open(&self) -> bool {
        self.action == FilterAction::Allow
    }
}
