//! Lists that are all there is: the sites checked for a lesson (M56), and groups that see only what the school opened for
//! them. Such a list closes everything else and opens nothing by itself: a site on it is judged like any other.

use crate::host_table::HostTable;
use crate::reason::{Decision, Group, Log, Reason, Request, RuleKind};
use crate::rules::Ruleset;
use belisha_policy::{FilterAction, Role};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The sites somebody checked for a lesson. While it holds, those it is for see no others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LessonList {
    /// Id.
    pub id: String,
    /// What the block page calls it: `7B, geography`. No person's name.
    pub name: String,
    /// Hosts, with their subdomains.
    pub hosts: Vec<String>,
    /// Groups it is for, by key. Empty with no people: it is for nobody.
    pub groups: Vec<String>,
    /// Single people it is for, a class: ids as text.
    pub people: Vec<String>,
    /// From, included.
    pub from: Timestamp,
    /// Until, excluded. There is always an end.
    pub until: Timestamp,
    /// Why.
    pub reason: String,
    /// The office of whoever made it.
    pub made_by_office: Role,
}

impl LessonList {
    fn holds(&self, request: &Request<'_>, now: Timestamp) -> bool {
        let is_for = self.groups.iter().any(|key| key == request.group)
            || request.person.is_some_and(|asking| self.people.iter().any(|person| person == asking));
        is_for && self.from <= now && now < self.until
    }
}

/// [`LessonList`]s and the groups that see only what the school opened, ready to answer.
#[derive(Debug, Default)]
pub(crate) struct NarrowedRules {
    /// The hosts of each lesson's list, in the order of the rules.
    lessons: Vec<HostTable>,
    /// By [`Group`].
    allow_list_only: [bool; Group::ALL.len()],
}

impl NarrowedRules {
    pub fn new(lessons: &[LessonList], allow_list_only: &[String]) -> Self {
        let hosts = |list: &LessonList| HostTable::new(list.hosts.iter().map(|host| &**host));
        let mut narrowed = Self { lessons: lessons.iter().map(hosts).collect(), ..Self::default() };
        for (group, only) in Group::ALL.iter().zip(&mut narrowed.allow_list_only) {
            *only = allow_list_only.iter().any(|key| key == group.key());
        }
        narrowed
    }
}

impl Ruleset {
    /// Closes what is on none of the lessons' lists that hold for whoever asks.
    pub(crate) fn lesson_list(&self, request: &Request<'_>, now: Timestamp) -> Option<Decision> {
        let (mut holding, on_one) = (self.holding(request, now).peekable(), self.on_a_lessons_list(request, now));
        let (list, _) = holding.peek().filter(|_| !on_one)?;
        let reason = Reason {
            list: Some(Arc::from(&*list.name)),
            entry: Some(Arc::from(&*list.id)),
            because: Some(Arc::from(&*list.reason)),
            changed_by: Some(list.made_by_office),
            opens_at: holding.map(|(list, _)| list.until).max(),
            ..Reason::of(RuleKind::LessonList)
        };
        Some(Decision { action: FilterAction::Block, reason, log: Log::ByName })
    }

    /// Closes everything that nobody opened, for a group that sees only what was opened for it. Asked after everything
    /// that opens a site.
    pub(crate) fn allow_list_only(&self, request: &Request<'_>, group: Group, now: Timestamp) -> Option<Decision> {
        let only = self.narrowed.allow_list_only.get(group as usize).copied().unwrap_or_default();
        if !only || self.on_a_lessons_list(request, now) {
            return None;
        }
        let reason = Reason { changed_by: Some(self.office), ..Reason::of(RuleKind::AllowListOnly) };
        Some(Decision { action: FilterAction::Block, reason, log: Log::ByName })
    }

    fn on_a_lessons_list(&self, request: &Request<'_>, now: Timestamp) -> bool {
        self.holding(request, now).any(|(_, hosts)| hosts.matching(request.host).next().is_some())
    }

    fn holding<'a>(
        &'a self,
        request: &'a Request<'_>,
        now: Timestamp,
    ) -> impl Iterator<Item = (&'a LessonList, &'a HostTable)> {
        let lists = self.rules.lesson_lists.iter().zip(&self.narrowed.lessons);
        lists.filter(move |(list, _)| list.holds(request, now))
    }
}
