//! The judgement of one request: the table of precedence in `reason::RuleKind`, in code, from the top. Pure; the
//! path that ends in "open" allocates nothing.

use crate::helplines::helpline_for;
use crate::host_names::HostNames;
use crate::index::{Listing, Matches};
use crate::moment::Moment;
use crate::reason::{Decision, Group, Log, Reason, Request, RuleKind};
use crate::rules::{Cell, Exception, Ruleset, SchoolRule, severity};
use belisha_policy::{FilterAction, Period};
use jiff::Timestamp;
use std::borrow::Cow;
use std::sync::Arc;

impl Ruleset {
    /// Judges a request at a time.
    pub fn decide(&self, request: &Request<'_>, now: Timestamp) -> Decision {
        let host = lower_case(request.host);
        let request = Request { host: &host, ..*request };
        let group = Group::from_key(request.group);
        let names = HostNames::of(request.host);
        // Nearly no host is spoken of by anything but the lists: those are spared every look but one.
        let by_name = if self.named.may_name(&names) { self.by_name(&request, now) } else { None };
        by_name.or_else(|| self.category(&names, group, now)).unwrap_or_else(|| self.default_for(group))
    }

    /// What speaks of single hosts: all that comes before the categories. Whatever is added here must be marked in
    /// [`crate::named_hosts`] too.
    fn by_name(&self, request: &Request<'_>, now: Timestamp) -> Option<Decision> {
        self.illegal_content(request)
            .or_else(|| self.helpline(request))
            .or_else(|| self.closed_by_school(request))
            .or_else(|| self.exception(request, now))
            .or_else(|| self.opened_by_school(request))
    }

    /// What holds before anybody has signed anything: illegal content is closed and helplines are open. `None` means
    /// that the gate decides, and [`Ruleset::decide`] after it.
    pub fn before_gate(&self, request: &Request<'_>) -> Option<Decision> {
        let host = lower_case(request.host);
        if !self.named.may_name(&HostNames::of(&host)) {
            return None;
        }
        let request = Request { host: &host, ..*request };
        self.illegal_content(&request).or_else(|| self.helpline(&request))
    }

    pub(crate) fn illegal_content(&self, request: &Request<'_>) -> Option<Decision> {
        self.illegal.contains(request.host, request.path).then(|| Decision {
            action: FilterAction::Block,
            reason: Reason::of(RuleKind::Illegal),
            log: Log::WithoutHost,
        })
    }

    pub(crate) fn helpline(&self, request: &Request<'_>) -> Option<Decision> {
        helpline_for(request.host).map(|_| Decision {
            action: FilterAction::Allow,
            reason: Reason::of(RuleKind::Helpline),
            log: Log::Never,
        })
    }

    pub(crate) fn closed_by_school(&self, request: &Request<'_>) -> Option<Decision> {
        let rule = self
            .school_deny
            .matching(request.host)
            .filter_map(|at| self.rules.school_deny.get(at))
            .find(|rule| rule.speaks_to(request.group))?;
        Some(self.school(rule, RuleKind::SchoolDeny, FilterAction::Block))
    }

    pub(crate) fn opened_by_school(&self, request: &Request<'_>) -> Option<Decision> {
        let rule = self
            .school_allow
            .matching(request.host)
            .filter_map(|at| self.rules.school_allow.get(at))
            .find(|rule| rule.speaks_to(request.group))?;
        Some(self.school(rule, RuleKind::SchoolAllow, FilterAction::Allow))
    }

    fn school(&self, rule: &SchoolRule, kind: RuleKind, action: FilterAction) -> Decision {
        let reason = Reason { changed_by: Some(self.office), ..Reason::of(kind) };
        // The entry and its reason are text of their own; only a closed page needs them.
        let reason = match action {
            FilterAction::Allow => reason,
            _ => Reason { entry: Some(Arc::from(&*rule.id)), because: Some(Arc::from(&*rule.reason)), ..reason },
        };
        Decision { action, reason, log: Log::ByName }
    }

    pub(crate) fn exception(&self, request: &Request<'_>, now: Timestamp) -> Option<Decision> {
        let holding = || {
            self.exceptions
                .matching(request.host)
                .filter_map(|at| self.rules.exceptions.get(at))
                .filter(|exception| exception.holds(request, now))
        };
        if let Some(closed) = holding().find(|exception| !exception.allow) {
            return Some(Decision {
                action: FilterAction::Block,
                reason: Reason {
                    entry: Some(Arc::from(&*closed.id)),
                    because: Some(Arc::from(&*closed.reason)),
                    changed_by: Some(closed.granted_by_office),
                    opens_at: Some(closed.until),
                    ..Reason::of(RuleKind::Exception)
                },
                log: Log::ByName,
            });
        }
        let open = holding().max_by_key(|exception| exception.until)?;
        Some(Decision {
            action: FilterAction::Allow,
            reason: Reason {
                changed_by: Some(open.granted_by_office),
                closes_at: Some(open.until),
                ..Reason::of(RuleKind::Exception)
            },
            log: Log::ByName,
        })
    }

    pub(crate) fn category(&self, names: &HostNames<'_>, group: Group, now: Timestamp) -> Option<Decision> {
        let matches = self.index.lookup_names(names);
        let mut moment = None;
        let mut worst: Option<(Listing<'_>, Cell)> = None;
        for listing in matches.listings() {
            let Some(cells) = self.cells_for(&listing, group) else {
                continue;
            };
            let moment = moment.get_or_insert_with(|| self.moment.at(&self.rules.timetable, now));
            let Some(cell) = cells.at(moment.period()) else { continue };
            if worst.as_ref().is_none_or(|(_, held)| severity(cell.action) > severity(held.action)) {
                worst = Some((listing, cell));
            }
        }
        let (listing, cell) = worst?;
        let closed = moment.filter(|_| cell.action != Some(FilterAction::Allow));
        let opens_at = closed.and_then(|moment| self.opens_at(&matches, group, moment));
        let reason = Reason {
            category: Some(Arc::clone(listing.category)),
            list: Some(Arc::clone(listing.list)),
            clause: self.clauses.get(cell.clause as usize).cloned(),
            period: moment.map(|moment| moment.period()),
            changed_by: Some(self.office),
            opens_at,
            ..Reason::of(if cell.action.is_some() { RuleKind::Category } else { RuleKind::Undecided })
        };
        Some(Decision { action: cell.action.unwrap_or(FilterAction::Block), reason, log: Log::ByName })
    }

    fn cells_for(&self, listing: &Listing<'_>, group: Group) -> Option<&crate::rules::CellsByPeriod> {
        self.cells.get(listing.category_id as usize)?.get(group as usize)
    }

    /// When the categories of a host, by what the lists say about it, next leave it open for a group.
    fn opens_at(&self, matches: &Matches<'_>, group: Group, moment: Moment) -> Option<Timestamp> {
        let cells = || matches.listings().filter_map(|listing| self.cells_for(&listing, group));
        let open_in = |period: Period| {
            cells().filter_map(|cells| cells.at(period)).all(|cell| cell.action == Some(FilterAction::Allow))
        };
        if cells().any(|cells| cells.varies()) { moment.next_when(open_in) } else { None }
    }

    pub(crate) fn default_for(&self, group: Group) -> Decision {
        let (action, changed_by) = match group {
            Group::Unknown => (FilterAction::Block, Some(self.office)),
            _ => (FilterAction::Allow, None),
        };
        Decision { action, reason: Reason { changed_by, ..Reason::of(RuleKind::Default) }, log: Log::ByName }
    }
}

impl SchoolRule {
    fn speaks_to(&self, group: &str) -> bool {
        self.groups.is_empty() || self.groups.iter().any(|key| key == group)
    }
}

impl Exception {
    fn holds(&self, request: &Request<'_>, now: Timestamp) -> bool {
        let for_whom = match &self.person {
            Some(person) => request.person == Some(person),
            None => self.groups.iter().any(|key| key == request.group),
        };
        for_whom && self.from <= now && now < self.until
    }
}

/// The host as the tables have it. Borrowed in the usual case.
pub(crate) fn lower_case(host: &str) -> Cow<'_, str> {
    let host = host.strip_suffix('.').unwrap_or(host);
    if host.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(host.to_ascii_lowercase())
    } else {
        Cow::Borrowed(host)
    }
}
