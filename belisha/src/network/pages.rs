//! What the pages ask of the network: who signed in where, why a page is closed, what a rule would change, which lists there are.

use super::{Asking, SchoolNetworks, explanation, lists};
use belisha_filter::{Change, Effect, Request, Seen};
use belisha_gateway::UNKNOWN_GROUP;
use belisha_records::{PersonId, SchoolId};
use belisha_web::{BlockedPage, DecidedList, Doing, GatewayFeed, ListInUse, Listed, LiveRequests, Network};
use jiff::Timestamp;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::PoisonError;

impl Network for SchoolNetworks {
    fn sign_in_device(&self, address: IpAddr, school: SchoolId, person: PersonId, until: Timestamp) -> Doing<'_> {
        let now = (self.installation.clock)();
        let running = self.running.read().unwrap_or_else(PoisonError::into_inner);
        if self.last_sign_in_wins {
            running.values().for_each(|running| running.handle.identity.clear(address, now));
        }
        if let Some(running) = running.get(&school) {
            running.handle.identity.sign_in(address, person, now, until);
        }
        self.remote.signed_in(school, address, person, until);
        Box::pin(std::future::ready(()))
    }

    fn sign_out_device(&self, address: IpAddr, school: SchoolId) -> Doing<'_> {
        let now = (self.installation.clock)();
        // Other schools may have the same addresses.
        self.with(school, |running| running.handle.identity.clear(address, now));
        self.remote.signed_out(school, address);
        Box::pin(std::future::ready(()))
    }

    fn rules_changed(&self, school: SchoolId) -> Doing<'_> {
        Box::pin(async move {
            if let Err(failure) = self.refresh(school).await {
                tracing::error!(%school, "the gateway keeps its last rules, because new ones could not be made: {failure}");
            }
        })
    }

    fn explain(&self, school: SchoolId, person: Option<PersonId>, page: &str, at: Timestamp) -> Vec<(String, String)> {
        let rules = self.remote.rules_of(school);
        let Some(rules) = rules else {
            return vec![(
                "Answer".into(),
                "No policy is in force here, so everything but the school's own pages and helplines is closed.".into(),
            )];
        };
        let asking = Asking { person, own_zone: self.is_own_zone(school, page), ..Asking::default() };
        explanation(&rules, &asking, page, at, self.installation.data.root())
    }

    fn explain_for_group(&self, school: SchoolId, group: &str, page: &str, at: Timestamp) -> Vec<(String, String)> {
        let rules = self.remote.rules_of(school);
        let Some(rules) = rules else { return self.explain(school, None, page, at) };
        let asking = Asking { group: Some(group), own_zone: self.is_own_zone(school, page), ..Asking::default() };
        explanation(&rules, &asking, page, at, self.installation.data.root())
    }

    fn block(&self, school: SchoolId, id: &str) -> Option<BlockedPage> {
        let Some(block) = self.with(school, |running| running.handle.block(id)).flatten() else {
            return self.remote.block(school, id);
        };
        let may_warn = block.outcome == belisha_gateway::Outcome::Warned;
        Some(BlockedPage { host: block.host?, category: block.category, person: block.person, may_warn })
    }

    fn proxy_credentials(&self, person: PersonId, username: &str) -> Option<(String, String)> {
        Some((username.to_owned(), self.installation.keys.proxy_password(person)))
    }

    fn lists(&self) -> Vec<ListInUse> {
        lists::in_use(&self.installation)
    }

    fn decide_list(&self, decided: DecidedList) -> Pin<Box<dyn Future<Output = Result<(), String>> + Send + '_>> {
        Box::pin(lists::decide(&self.installation, decided))
    }

    fn pass_warning(&self, school: SchoolId, id: &str) -> bool {
        self.with(school, |running| running.handle.pass_warning(id)).unwrap_or(false)
            || self.remote.pass_warning(school, id)
    }

    fn feed(&self) -> Option<&dyn GatewayFeed> {
        Some(&self.remote)
    }

    fn live(&self) -> Option<&dyn LiveRequests> {
        Some(&self.looks)
    }

    fn what_if(
        &self,
        school: SchoolId,
        change: &Change,
        seen: &mut dyn Iterator<Item = Seen<'_>>,
    ) -> Result<Effect, String> {
        let rules = self.remote.rules_of(school);
        let rules = rules.ok_or("no policy is in force here, so there is nothing to compare a rule with")?;
        let changed = rules.ruleset.with_change(change).map_err(|error| error.to_string())?;
        Ok(rules.ruleset.effect(&changed, seen))
    }

    fn listed(&self, school: SchoolId, host: &str) -> Listed {
        let rules = self.remote.rules_of(school);
        let Some(rules) = rules else { return Listed::default() };
        let request = Request::new(host, UNKNOWN_GROUP);
        let beyond_reach = rules
            .ruleset
            .before_gate(&request)
            .is_some_and(|held| held.reason.rule == belisha_filter::RuleKind::Illegal);
        let matches = rules.ruleset.index().lookup(host);
        let categories = if beyond_reach {
            Vec::new()
        } else {
            matches.listings().map(|listing| listing.category.to_string()).collect()
        };
        Listed { categories, beyond_reach }
    }
}
