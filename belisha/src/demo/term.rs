//! Lives through a term at an example school: signatures, incidents and how they ended, alerts, requests, concerns. Each act is
//! its own transaction by the person who did it, at the time it was done, in the order things happened.

use super::events::{ExampleAlert, ExampleConcern, ExampleIncident, ExampleRequest, ExampleTerm, Somebody};
use super::people::{Entered, school_day_before};
use crate::commands::Failure;
use crate::installation::Installation;
use belisha_policy::{Agreement, Clause, Policy, Role};
use belisha_records::{
    AccessDecision, AccessRequest, Actor, Alert, CaseRoute, Closing, Concern, Danger, Incident, IncidentStatus,
    Involvement, Part, Person, PersonId, PersonName, Settlement, Signature, SignatureKind, SignedLine, action_table,
    agreements_for, close_incident, demanded_actions, holders, incident_number,
};
use belisha_store::exceptions::GrantedException;
use belisha_store::incidents::IncidentFilter;
use belisha_store::{
    Tx, access_requests, alerts, concerns, exceptions, incidents, offices, parents_of, people, signatures,
};
use jiff::civil::{Date, time};
use jiff::{SignedDuration, Timestamp, ToSpan};
use std::collections::BTreeMap;

/// Something that happens at a time.
enum Happening {
    Signs(PersonId),
    Refuses(PersonId),
    Incident(&'static ExampleIncident),
    IncidentEnds(&'static ExampleIncident),
    Alert(&'static ExampleAlert),
    Request(&'static ExampleRequest),
    Concern(&'static ExampleConcern),
}

/// A term being lived.
pub struct Living<'a> {
    pub installation: &'a Installation,
    pub school: &'a Entered,
    pub policy: Policy,
    pub term: &'static ExampleTerm,
    pub now: Timestamp,
}

impl Living<'_> {
    /// Lives through it.
    ///
    /// # Errors
    /// When the records cannot be written.
    pub async fn live(&self) -> Result<(), Failure> {
        let mut happenings = self.signings().await?;
        for incident in self.term.incidents {
            happenings.push((self.at(incident.days_ago, incident.at, 40), Happening::Incident(incident)));
            if incident.closed.is_some() {
                happenings
                    .push((self.at((incident.days_ago - 5).max(0), (16, 0), 0), Happening::IncidentEnds(incident)));
            }
        }
        happenings.extend(
            self.term.alerts.iter().map(|alert| (self.at(alert.days_ago, alert.at, 0), Happening::Alert(alert))),
        );
        happenings.extend(
            self.term
                .requests
                .iter()
                .map(|request| (self.at(request.days_ago, (9, 5), 0), Happening::Request(request))),
        );
        happenings.extend(
            self.term
                .concerns
                .iter()
                .map(|concern| (self.at(concern.days_ago, (8, 20), 0), Happening::Concern(concern))),
        );
        happenings.sort_by_key(|(at, _)| *at);
        for (at, happening) in happenings {
            self.happen(at, happening).await?;
        }
        Ok(())
    }

    async fn happen(&self, at: Timestamp, happening: Happening) -> Result<(), Failure> {
        match happening {
            Happening::Signs(person) => self.sign(person, at, false).await,
            Happening::Refuses(person) => self.sign(person, at, true).await,
            Happening::Incident(incident) => self.record(incident, at).await,
            Happening::IncidentEnds(incident) => self.end(incident, at).await,
            Happening::Alert(alert) => self.alert(alert, at).await,
            Happening::Request(request) => self.request(request, at).await,
            Happening::Concern(concern) => self.concern(concern, at).await,
        }
    }

    /// A moment on the school day so many school days ago, never later than now.
    pub fn at(&self, days_ago: i32, (hour, minute): (i8, i8), minutes_after: i64) -> Timestamp {
        let day = self.day(days_ago);
        let moment = self.school.calendar.moment(day.to_datetime(time(hour, minute, 0, 0)))
            + SignedDuration::from_mins(minutes_after);
        moment.min(self.now - SignedDuration::from_mins(9 + i64::from(hour)))
    }

    fn day(&self, days_ago: i32) -> Date {
        school_day_before(&self.school.calendar, self.school.calendar.day_of(self.now), days_ago)
    }

    async fn act(&self, by: PersonId, at: Timestamp) -> Result<Tx, Failure> {
        Ok(self.installation.store.begin(&Actor::Person(by), self.school.id, at).await?)
    }

    fn who(&self, name: &str) -> Result<PersonId, Failure> {
        self.school
            .people
            .get(name)
            .copied()
            .ok_or_else(|| Failure(format!("`{name}` is not in the cast of the demonstration")))
    }

    /// Everybody signs in the first days of term, but for those the term leaves out.
    async fn signings(&self) -> Result<Vec<(Timestamp, Happening)>, Failure> {
        let mut tx = self.installation.store.read(self.school.id).await?;
        let everyone = people::list(&mut tx).await?;
        let children = parents_of::list(&mut tx).await?;
        let is =
            |names: &[&str], person: PersonId| names.iter().any(|name| self.school.people.get(name) == Some(&person));
        let late: Vec<PersonId> = self
            .school
            .cards
            .iter()
            .filter(|card| card.label == "pupil" || card.label == "parent")
            .filter_map(|card| self.person_of_card(&everyone, &card.username))
            .collect();
        let mut signings = Vec::new();
        for (place, person) in (0i64..).zip(&everyone) {
            let at = self.at(58, (9, 0), place * 4);
            let child = children.iter().find(|(parent, _)| *parent == person.id).map(|(_, child)| *child);
            let about = child.unwrap_or(person.id);
            // The pupil and the parent with a card have not signed yet: a visitor does it.
            if late.contains(&person.id)
                || is(self.term.unsigned, about)
                || (child.is_some() && is(self.term.waiting_for_parent, about))
            {
                continue;
            }
            let refuses = child.is_some() && is(self.term.declined, about);
            signings.push((at, if refuses { Happening::Refuses(person.id) } else { Happening::Signs(person.id) }));
        }
        Ok(signings)
    }

    fn person_of_card(&self, everyone: &[Person], username: &str) -> Option<PersonId> {
        everyone.iter().find(|person| person.username.as_deref() == Some(username)).map(|person| person.id)
    }

    async fn sign(&self, by: PersonId, at: Timestamp, refuse: bool) -> Result<(), Failure> {
        let mut tx = self.act(by, at).await?;
        let Some(person) = people::find(&mut tx, by).await? else { return Ok(()) };
        let children = parents_of::children(&mut tx, by).await?;
        let own = agreements_for(&self.policy, person.audience).into_iter();
        let mut acts: Vec<(PersonId, &Clause, &Agreement, bool)> =
            own.map(|(clause, agreement)| (by, clause, agreement, false)).collect();
        for child in children {
            let Some(pupil) = people::find(&mut tx, child).await? else { continue };
            let theirs = agreements_for(&self.policy, pupil.audience)
                .into_iter()
                .filter(|(_, agreement)| agreement.co_signed_by.is_some());
            acts.extend(theirs.map(|(clause, agreement)| (child, clause, agreement, true)));
        }
        for (about, clause, agreement, counter) in acts {
            let signature = Signature {
                id: tx.new_id(),
                about,
                by,
                kind: match (counter, refuse) {
                    (false, false) => SignatureKind::Signed,
                    (true, false) => SignatureKind::CounterSigned,
                    (false, true) => SignatureKind::Refused,
                    (true, true) => SignatureKind::CounterRefused,
                },
                agreement: clause.id.0.clone(),
                policy_version: self.school.policy,
                lines: lines(agreement, counter),
                at,
                reason: refuse.then(|| "We would like to talk about the monitoring first.".to_owned()),
            };
            signatures::insert(&mut tx, &signature).await?;
        }
        Ok(tx.commit().await?)
    }

    async fn record(&self, example: &ExampleIncident, at: Timestamp) -> Result<(), Failure> {
        let by = self.who(example.recorded_by)?;
        let mut tx = self.act(by, at).await?;
        let table = example.row.and_then(|(about, row)| Some((action_table(&self.policy, about)?, row)));
        let row = table.and_then(|(table, row)| Some((table, table.rows.get(row)?)));
        let mut actions = row.map(|(table, row)| demanded_actions(table, &row.id.0)).unwrap_or_default();
        if example.closed.is_some() {
            actions.iter_mut().filter(|action| action.taken).for_each(|action| action.done_at = Some(at + 26.hours()));
        }
        let involved = example
            .involved
            .iter()
            .map(|(part, somebody)| self.involvement(*part, *somebody))
            .collect::<Result<_, _>>()?;
        let number = incident_number(route(example), incidents::highest_number(&mut tx).await?, self.random());
        let incident = Incident {
            id: tx.new_id(),
            school: self.school.id,
            number,
            occurred: self.day(example.days_ago).to_datetime(time(example.at.0, example.at.1, 0, 0)),
            place: example.place.into(),
            description: example.description.into(),
            action_taken: example.action_taken.into(),
            recorded_by: by,
            signed_as: PersonName::new(example.recorded_by),
            recorded_at: at,
            about: row.and(example.row).map(|(about, _)| about),
            row: row.map(|(_, row)| row.id.0.clone()),
            row_label: row.map(|(_, row)| row.label.clone()),
            policy_version: Some(self.school.policy),
            risk_areas: example.risk_areas.to_vec(),
            bullying: example.bullying,
            may_involve_indecent_images: false,
            involved,
            actions,
            status: IncidentStatus::Open,
            from_alert: None,
            closure: None,
        };
        incidents::insert(&mut tx, &incident).await?;
        incidents::add_event(&mut tx, incident.id, "recorded", "").await?;
        if example.closed.is_none() {
            self.give_tasks(&mut tx, &incident).await?;
        }
        Ok(tx.commit().await?)
    }

    fn random(&self) -> u32 {
        let mut bytes = [0; 4];
        (self.installation.entropy)(&mut bytes);
        u32::from_le_bytes(bytes)
    }

    async fn give_tasks(&self, tx: &mut Tx, incident: &Incident) -> Result<(), Failure> {
        let alleged: Vec<PersonId> =
            incident.involved.iter().filter(|one| one.part == Part::Alleged).filter_map(|one| one.person).collect();
        let holders = offices::list(tx).await?.into_iter().map(|holding| (holding.role, holding.person)).collect();
        let case = belisha_records::CaseOffices { class_teacher: Some(incident.recorded_by), holders };
        for draft in belisha_records::tasks_for_actions(
            &incident.actions,
            incident.number,
            &case,
            &alleged,
            &self.school.calendar,
            incident.recorded_at,
        ) {
            let Some(assignee) = draft.assignee else { continue };
            let task = belisha_records::Task {
                id: tx.new_id(),
                incident: Some(incident.id),
                assignee,
                what: draft.what,
                due: draft.due,
                done_at: None,
            };
            belisha_store::tasks::insert(tx, &task).await?;
        }
        Ok(())
    }

    fn involvement(&self, part: Part, somebody: Somebody) -> Result<Involvement, Failure> {
        Ok(match somebody {
            Somebody::Named(name) => Involvement { person: Some(self.who(name)?), described_as: None, part },
            Somebody::Described(words) => Involvement { person: None, described_as: Some(words.into()), part },
        })
    }

    async fn end(&self, example: &ExampleIncident, at: Timestamp) -> Result<(), Failure> {
        let Some((finding, outcome)) = example.closed else { return Ok(()) };
        let by = self.lead()?;
        let mut tx = self.act(by, at).await?;
        let open = incidents::list(&mut tx, by, &IncidentFilter::default()).await?;
        let Some(incident) = open.into_iter().find(|incident| incident.description == example.description) else {
            return Ok(());
        };
        let closing = Closing { finding, outcome: outcome.into(), left_undone: BTreeMap::new(), by, at };
        let closed = close_incident(&incident, &closing)?;
        let Some(closure) = &closed.closure else { return Ok(()) };
        incidents::close(&mut tx, incident.id, closure).await?;
        incidents::add_event(&mut tx, incident.id, "closed", "").await?;
        Ok(tx.commit().await?)
    }

    /// Who triages and closes: the person on the card "lead".
    pub fn lead(&self) -> Result<PersonId, Failure> {
        let card = self
            .school
            .cards
            .iter()
            .find(|card| card.label == "lead")
            .ok_or_else(|| Failure("the cast has no lead".into()))?;
        self.who(&card.name)
    }

    async fn alert(&self, example: &ExampleAlert, at: Timestamp) -> Result<(), Failure> {
        let mut tx = self.installation.store.begin(&Actor::Job("ingest-activity"), self.school.id, at).await?;
        let person = example.person.map(|name| self.who(name)).transpose()?;
        let alert = Alert {
            id: tx.new_id(),
            school: self.school.id,
            person,
            device: format!("10.20.4.{}", 10 + example.days_ago),
            seen_at: at,
            theme: example.theme.into(),
            danger: example.danger,
            host: example.host.into(),
            excerpt: example.excerpt.into(),
            settled: None,
        };
        alerts::insert(&mut tx, &alert).await?;
        tx.commit().await?;
        if let Some(reason) = example.dismissed {
            let (by, at) =
                (self.lead()?, at + SignedDuration::from_mins(if example.danger == Danger::Low { 95 } else { 12 }));
            let mut tx = self.act(by, at).await?;
            alerts::settle(&mut tx, alert.id, &Settlement::Dismissed { reason: reason.into(), by, at }).await?;
            tx.commit().await?;
        }
        Ok(())
    }

    async fn request(&self, example: &ExampleRequest, at: Timestamp) -> Result<(), Failure> {
        let by = self.who(example.by)?;
        let mut tx = self.act(by, at).await?;
        let request = AccessRequest {
            id: tx.new_id(),
            school: self.school.id,
            by,
            host: example.host.into(),
            category: Some(example.category.into()),
            reason: example.reason.into(),
            asked_at: at,
            decision: None,
        };
        access_requests::insert(&mut tx, &request).await?;
        tx.commit().await?;
        let Some((granted, reason)) = example.decision else { return Ok(()) };
        let (decider, decided) = (self.decider().await?, at + SignedDuration::from_mins(130));
        let until = granted.map(|days| decided + SignedDuration::from_hours(24 * days));
        let mut tx = self.act(decider, decided).await?;
        let decision = AccessDecision {
            granted: granted.is_some(),
            groups: vec!["pupil".into(), "staff".into()],
            until,
            reason: reason.into(),
            by: decider,
            at: decided,
        };
        access_requests::decide(&mut tx, request.id, &decision).await?;
        if let Some(until) = until {
            let exception = GrantedException {
                id: String::new(),
                request: Some(request.id),
                host: request.host,
                groups: decision.groups,
                person: None,
                from: decided,
                until,
                reason: decision.reason,
                granted_by: Some(decider),
                closed_at: None,
            };
            exceptions::insert(&mut tx, &exception).await?;
        }
        Ok(tx.commit().await?)
    }

    /// Who answers requests for sites: the online safety lead, or the head of a small school.
    async fn decider(&self) -> Result<PersonId, Failure> {
        let mut tx = self.installation.store.read(self.school.id).await?;
        let (held, today) = (offices::list(&mut tx).await?, self.school.calendar.day_of(self.now));
        let lead = holders(Role::OnlineSafetyLead, &held, today)
            .into_iter()
            .chain(holders(Role::Headteacher, &held, today))
            .next();
        lead.ok_or_else(|| Failure("nobody in the cast answers requests".into()))
    }

    async fn concern(&self, example: &ExampleConcern, at: Timestamp) -> Result<(), Failure> {
        let by = example.by.map(|name| self.who(name)).transpose()?;
        let actor = by.map_or(Actor::Job("tell-someone"), Actor::Person);
        let mut tx = self.installation.store.begin(&actor, self.school.id, at).await?;
        let concern = Concern {
            id: tx.new_id(),
            school: self.school.id,
            by,
            choice: example.choice.into(),
            words: example.words.into(),
            told_at: at,
            read_at: None,
            incident: None,
        };
        concerns::insert(&mut tx, &concern).await?;
        tx.commit().await?;
        if example.read {
            let mut tx = self.act(self.lead()?, at + SignedDuration::from_mins(25)).await?;
            concerns::note_read(&mut tx, concern.id).await?;
            tx.commit().await?;
        }
        Ok(())
    }
}

/// The way a case goes: one about an adult is numbered by chance, so that a gap in the row tells nobody of it.
fn route(example: &ExampleIncident) -> CaseRoute {
    let adults = || super::cast::MARLOWE_BRIDGE.adults.iter().chain(super::cast::INVERBRAE.adults);
    let about_adult = example.involved.iter().any(|(part, somebody)| {
        *part == Part::Alleged && matches!(somebody, Somebody::Named(name) if adults().any(|adult| adult.name == *name))
    });
    if about_adult { CaseRoute::Adult } else { CaseRoute::Pupils }
}

/// The lines one side signs, with their words.
fn lines(agreement: &Agreement, counter: bool) -> Vec<SignedLine> {
    let has_own_words = agreement.lines.iter().any(|line| line.co_signer);
    let side = agreement.lines.iter().filter(|line| line.co_signer == (counter && has_own_words));
    side.map(|line| SignedLine { id: line.id.0.clone(), text: line.text.clone() }).collect()
}

#[cfg(test)]
mod tests {
    use super::super::cast::{INVERBRAE, MARLOWE_BRIDGE};
    use super::super::events::{INVERBRAE_TERM, MARLOWE_BRIDGE_TERM};
    use super::*;

    #[test]
    fn every_incident_of_the_term_has_its_row_in_the_policy() {
        for (school, term) in [(&MARLOWE_BRIDGE, &MARLOWE_BRIDGE_TERM), (&INVERBRAE, &INVERBRAE_TERM)] {
            let policy = belisha_policy::compile(school.policy, jiff::civil::date(2026, 11, 21)).policy.unwrap();
            for (about, row) in term.incidents.iter().filter_map(|incident| incident.row) {
                let known = action_table(&policy, about).and_then(|table| table.rows.get(row));
                assert!(known.is_some(), "{}: no row {row} about {}", school.name, about.label());
            }
        }
    }
}
