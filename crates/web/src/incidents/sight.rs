//! What the reader may know of cases. Every page, list and count of cases comes through here: a case that the reader has no
//! sight of is not found, in the same words as one that never was. The rule itself is `belisha_records::incident_sight`.

use crate::error::{WebError, WebResult};
use crate::session::SignedIn;
use belisha_policy::Role;
use belisha_records::{
    Alleged, CaseRelations, CaseRoute, Incident, IncidentId, OfficeHolding, Part, Person, PersonId, Sight,
    active_roles, case_route, holders, incident_sight,
};
use belisha_store::incidents::IncidentFilter;
use belisha_store::{Tx, incidents, offices, people, tasks};
use std::collections::{BTreeMap, BTreeSet};

/// What has to be known beside the cases themselves.
pub(crate) struct Knowledge {
    people: BTreeMap<PersonId, Person>,
    holdings: Vec<OfficeHolding>,
    given_tasks_in: BTreeSet<IncidentId>,
}

impl Knowledge {
    pub(crate) async fn gather(tx: &mut Tx, reader: &SignedIn) -> WebResult<Self> {
        let people = people::list(tx).await?.into_iter().map(|person| (person.id, person)).collect();
        let holdings = offices::list(tx).await?;
        let given_tasks_in = tasks::list_cases_of(tx, reader.person.id).await?.into_iter().collect();
        Ok(Self { people, holdings, given_tasks_in })
    }

    pub(crate) fn person(&self, id: PersonId) -> Option<&Person> {
        self.people.get(&id)
    }

    /// A name, for a page that is about the person or about what they did in their office.
    pub(crate) fn name(&self, id: PersonId) -> &str {
        self.people.get(&id).map_or("Somebody who has left the roster", |person| person.name.reveal())
    }

    pub(crate) fn people(&self) -> impl Iterator<Item = &Person> {
        self.people.values()
    }

    /// Who holds an office today, longest first.
    pub(crate) fn holders(&self, reader: &SignedIn, role: Role) -> Vec<PersonId> {
        holders(role, &self.holdings, reader.today())
    }

    pub(crate) fn relations(&self, reader: &SignedIn, incident: &Incident) -> CaseRelations {
        let accused: BTreeSet<PersonId> = alleged(incident).into_iter().collect();
        let of = |person: &Person| {
            let mut roles = active_roles(person, &self.holdings, reader.today());
            roles.extend(active_roles(person, &self.holdings, incident.occurred.date()));
            Alleged { person: person.id, audience: person.audience, roles }
        };
        let alleged = accused.iter().filter_map(|id| self.people.get(id)).map(of).collect();
        CaseRelations {
            nation: reader.school.nation,
            alleged,
            viewer_has_task: self.given_tasks_in.contains(&incident.id),
        }
    }

    pub(crate) fn route(&self, reader: &SignedIn, incident: &Incident) -> CaseRoute {
        case_route(incident, &self.relations(reader, incident))
    }

    pub(crate) fn sight(&self, reader: &SignedIn, incident: &Incident) -> Sight {
        incident_sight(reader.person.id, &reader.roles, incident, &self.relations(reader, incident))
    }

    /// How a person is told apart from others of their name: `7B`, `Headteacher`.
    pub(crate) fn place(
        &self,
        person: &Person,
        today: jiff::civil::Date,
        classes: &BTreeMap<belisha_records::ClassId, String>,
    ) -> String {
        let class = person.class.filter(|_| person.year_group.is_some()).and_then(|class| classes.get(&class));
        let office = || {
            self.holdings
                .iter()
                .find(|held| held.person == person.id && held.covers(today))
                .map(|held| held.role.label().to_owned())
        };
        class
            .cloned()
            .or_else(|| person.year_group.as_ref().map(|year| format!("Year {year}")))
            .or_else(office)
            .unwrap_or_else(|| audience(person).to_owned())
    }
}

fn audience(person: &Person) -> &'static str {
    use belisha_policy::Audience;
    match person.audience {
        Audience::YoungerPupil | Audience::Pupil => "Pupil",
        Audience::Parent => "Parent or carer",
        Audience::Staff => "Staff",
        Audience::Volunteer => "Volunteer",
        Audience::Governor => "Governor",
        Audience::Visitor => "Visitor",
        Audience::CommunityUser => "Community user",
    }
}

/// Those a case is about who are on the roster.
pub(crate) fn alleged(incident: &Incident) -> Vec<PersonId> {
    incident.involved.iter().filter(|one| one.part == Part::Alleged).filter_map(|one| one.person).collect()
}

/// Every case the reader has some sight of, the last recorded first.
pub(crate) async fn seen(
    tx: &mut Tx,
    reader: &SignedIn,
    knowledge: &Knowledge,
    filter: &IncidentFilter,
) -> WebResult<Vec<(Incident, Sight)>> {
    let listed = incidents::list(tx, reader.person.id, filter).await?;
    let with_sight = listed.into_iter().map(|incident| {
        let sight = knowledge.sight(reader, &incident);
        (incident, sight)
    });
    Ok(with_sight.filter(|(_, sight)| *sight != Sight::Nothing).collect())
}

/// A case by the id in an address, and how much of it the reader sees.
pub(crate) async fn find(
    tx: &mut Tx,
    reader: &SignedIn,
    knowledge: &Knowledge,
    id: &str,
) -> WebResult<(Incident, Sight)> {
    let id: IncidentId = id.parse().map_err(|_| WebError::NotFound)?;
    let incident = incidents::find(tx, reader.person.id, id).await?.ok_or(WebError::NotFound)?;
    match knowledge.sight(reader, &incident) {
        Sight::Nothing => Err(WebError::NotFound),
        sight => Ok((incident, sight)),
    }
}

/// A case that the reader sees whole; anything less is not found.
pub(crate) async fn whole(tx: &mut Tx, reader: &SignedIn, knowledge: &Knowledge, id: &str) -> WebResult<Incident> {
    match find(tx, reader, knowledge, id).await? {
        (incident, Sight::Whole) => Ok(incident),
        _ => Err(WebError::NotFound),
    }
}

/// Whether the reader sees this case whole. `false` too where there is none: nothing may be told apart.
pub(crate) async fn sees(
    tx: &mut Tx,
    reader: &SignedIn,
    knowledge: &Knowledge,
    incident: IncidentId,
) -> WebResult<bool> {
    let found = incidents::find(tx, reader.person.id, incident).await?;
    Ok(found.is_some_and(|incident| knowledge.sight(reader, &incident) == Sight::Whole))
}
