//! The judgement of one request: the table of precedence in `reason::RuleKind`, in code, from the top. Pure; the
//! path that ends in "open" allocates nothing.

use crate::addresses_within::any_within;
use crate::helplines::helpline_for;
use crate::host_names::HostNames;
use crate::index::{Listing, Matches, Sieved};
use crate::moment::Moment;
use crate::reason::{Decision, Group, Log, Reason, Request, RuleKind};
use crate::rules::{Cell, Exception, Ruleset, severity};
use belisha_policy::{FilterAction, Period};
use jiff::Timestamp;
use std::borrow::Cow;
use std::sync::Arc;

impl Ruleset {
    /// Judges a request at a time.
    pub fn decide(&self, request: &Request<'_>, now: Timestamp) -> Decision {
        let host = lower_case(request.host);
        let request = Request { host: &host, ..*request };
        self.decide_names(&request, &HostNames::of(request.host), now)
    }

    /// Judges a request for a host, lower case and without a final dot, whose names are worked out already.
    pub fn decide_names(&self, request: &Request<'_>, names: &HostNames<'_>, now: Timestamp) -> Decision {
        debug_assert_eq!(request.host, names.host());
        let group = Group::from_key(request.group);
        let sieved = self.index.sieve(names);
        // Nearly no host is spoken of by anything but the lists: those are spared every look but one.
        let before_lists = if self.named.may_name(names) || self.leads_to_illegal(request) {
            self.by_name(request, group, now)
        } else {
            self.by_whom(request, group, now)
        };
        // One after the other: a decision is large, and handing it through closures would copy it at each.
        if let Some(decision) = before_lists {
            return decision;
        }
        if let Some(decision) = self.category(names, sieved, request.own_zone, group, now) {
            return decision;
        }
        self.default_for(group)
    }

    /// All that comes before the categories, for a host that one of the tables may speak of. Whatever names hosts and is
    /// added here must be marked in [`crate::named_hosts`] too; whatever names none, in [`Ruleset::by_whom`].
    fn by_name(&self, request: &Request<'_>, group: Group, now: Timestamp) -> Option<Decision> {
        self.illegal_content(request)
            .or_else(|| self.helpline(request))
            .or_else(|| self.device(request, now))
            .or_else(|| self.closed_by_school(request))
            .or_else(|| self.lesson_list(request, now))
            .or_else(|| self.exception(request, now))
            .or_else(|| self.opened_by_school(request))
            .or_else(|| self.allow_list_only(request, group, now))
            .or_else(|| self.closed_by_authority(request))
            .or_else(|| self.opened_by_authority(request))
    }

    /// The same for a host that no table speaks of: what depends on the device, the lesson and the group alone.
    fn by_whom(&self, request: &Request<'_>, group: Group, now: Timestamp) -> Option<Decision> {
        self.device(request, now)
            .or_else(|| self.lesson_list(request, now))
            .or_else(|| self.allow_list_only(request, group, now))
    }

    /// What holds before anybody has signed anything: illegal content is closed and helplines are open. `None` means
    /// that the gate decides, and [`Ruleset::decide`] after it.
    pub fn before_gate(&self, request: &Request<'_>) -> Option<Decision> {
        let host = lower_case(request.host);
        let request = Request { host: &host, ..*request };
        if !self.named.may_name(&HostNames::of(&host)) && !self.leads_to_illegal(&request) {
            return None;
        }
        self.illegal_content(&request).or_else(|| self.helpline(&request))
    }

    pub(crate) fn illegal_content(&self, request: &Request<'_>) -> Option<Decision> {
        let listed = self.illegal.contains(request.host, request.path)
            || (self.leads_to_illegal(request) && helpline_for(request.host).is_none());
        listed.then(|| Decision {
            action: FilterAction::Block,
            reason: Reason::of(RuleKind::Illegal),
            log: Log::WithoutHost,
        })
    }

    /// Whether an address leads to illegal content through another site. Reports to helplines hold such addresses as well.
    fn leads_to_illegal(&self, request: &Request<'_>) -> bool {
        any_within(request.host, request.path, |host, page| {
            self.named.may_name(&HostNames::of(host)) && self.illegal.contains(host, Some(page))
        })
    }

    pub(crate) fn helpline(&self, request: &Request<'_>) -> Option<Decision> {
        helpline_for(request.host).map(|_| Decision {
            action: FilterAction::Allow,
            reason: Reason::of(RuleKind::Helpline),
            log: Log::Never,
        })
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

    pub(crate) fn category(
        &self,
        names: &HostNames<'_>,
        sieved: Sieved,
        own_zone: bool,
        group: Group,
        now: Timestamp,
    ) -> Option<Decision> {
        let matches = self.index.lookup_names(names, sieved);
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
        // What is the school's own is closed by somebody who says so, and not because a list happens to name it.
        let own = || own_zone || self.devices.has_school_host(names.host());
        if cell.action != Some(FilterAction::Allow) && own() {
            return None;
        }
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
        let confined = self.confined_lists.iter().find(|(list, _)| **list == **listing.list);
        if confined.is_some_and(|(_, groups)| !groups.contains(&group)) {
            return None;
        }
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
    // Every byte is looked at, without stopping at the first: that is many at a time.
    if host.bytes().fold(false, |found, byte| found | byte.is_ascii_uppercase()) {
        Cow::Owned(host.to_ascii_lowercase())
    } else {
        Cow::Borrowed(host)
    }
}
