//! The names behind a name: a host that is open and leads, by CNAME, to one that is closed is closed in the proxy too, as the name
//! server closes it (`dns/recheck.rs`). A tracker or a game under a name of the site's own would be open else.
//!
//! What it cannot see: names where no DNS server is configured and the system is asked, and what a proxy further up looks up.

use super::parent;
use crate::config::local_record;
use crate::dns::recheck::{closes_target, opens_by_name};
use crate::gateway::Shared;
use crate::metrics::count;
use crate::observe::Observation;
use crate::request::{Answer, Asked, Closed, judged, walk};
use belisha_filter::RuleKind;
use belisha_policy::FilterAction;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// How long names are kept without asking again: a page brings dozens of requests for one host.
const KEPT: Duration = Duration::from_secs(30);
/// Most hosts kept.
const MOST: usize = 8192;

type Names = Arc<[String]>;

/// Names behind names, as they were found a moment ago.
#[derive(Default)]
pub(super) struct NamesBehind(Mutex<HashMap<Box<str>, (Instant, Names)>>);

impl NamesBehind {
    /// The page and the record of a closed name that a request's open host leads to. Whoever opened that host by name opened
    /// what it leads to, unless that is illegal; a warning is for those who ask for the name itself.
    pub(super) async fn closed(&self, shared: &Shared, asked: Asked<'_>) -> Option<(Box<Closed>, Option<Observation>)> {
        if !is_looked_up(shared, asked.host) {
            return None;
        }
        let names = self.names(shared, asked.host).await;
        names.iter().find_map(|name| {
            let behind = Asked { host: name, path: None, ..asked };
            let (action, rule) = judged(shared, behind)?;
            if action == FilterAction::Warn || !closes_target(action, rule) {
                return None;
            }
            let opened = || judged(shared, asked).is_none_or(|(_, rule)| opens_by_name(rule));
            if rule != RuleKind::Illegal && opened() {
                return None;
            }
            let answered = walk(shared, behind);
            let Answer::Closed(closed) = answered.answer else { return None };
            count(&shared.metrics.dns_closed_answers);
            Some((closed, answered.observation))
        })
    }

    async fn names(&self, shared: &Shared, host: &str) -> Names {
        let now = Instant::now();
        if let Some(names) = self.kept(host, now) {
            return names;
        }
        // Who cannot be asked will not say where to dial either; a moment later they may, and are asked again.
        let Ok(found) = shared.forwarder.names_behind(host).await else { return Names::default() };
        let found: Names = found.into();
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= MOST {
            kept.retain(|_, (at, _)| now.duration_since(*at) < KEPT);
        }
        if kept.len() < MOST {
            kept.insert(host.into(), (now, Arc::clone(&found)));
        }
        found
    }

    fn kept(&self, host: &str, now: Instant) -> Option<Names> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (at, names) = kept.get(host)?;
        (now.duration_since(*at) < KEPT).then(|| Arc::clone(names))
    }
}

/// Whether there may be another name behind a host: one that others choose, or one that a record of the school's own gives it.
/// What the school's own servers say in a zone of its own is right.
fn is_looked_up(shared: &Shared, host: &str) -> bool {
    let has_one = match shared.zones.speak_of(host) {
        true => shared.zones.alias(host).is_some(),
        false => shared.forwarder.has_upstreams(host),
    };
    has_one
        && host.parse::<IpAddr>().is_err()
        && local_record(&shared.config.local_records, host).is_none()
        && parent::for_host(shared, host).is_none()
}
