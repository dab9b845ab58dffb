//! Counts what happened in a half-year. The counts stay here: only what the rules let through is shown.

use crate::error::WebResult;
use crate::session::SignedIn;
use belisha_records::{
    CountTable, HalfYearlyReport, Incident, IncidentId, RiskArea, Settlement, adults, half_yearly_report,
    is_about_adult,
};
use belisha_store::{Tx, access_requests, activity, alerts, incidents, people, reports};
use jiff::civil::Date;
use std::collections::HashSet;

const OUTCOMES: [&str; 2] = ["Being dealt with", "Closed"];
const RISKS: [(RiskArea, &str); 4] = [
    (RiskArea::Content, "Content"),
    (RiskArea::Contact, "Contact"),
    (RiskArea::Conduct, "Conduct"),
    (RiskArea::Commerce, "Commerce"),
];

/// The report of a period, from what is recorded now.
pub(crate) async fn report(tx: &mut Tx, reader: &SignedIn, from: Date, until: Date) -> WebResult<HalfYearlyReport> {
    let calendar = &reader.school.calendar;
    let (start, end) = (calendar.moment(from.to_datetime(jiff::civil::Time::midnight())), calendar.end_of_day(until));
    let adults = adults(&people::list(tx).await?);
    let mut cases = incidents::list_between(tx, start, reader.now.max(end)).await?;
    // A case about an adult is in no count: the one it is about may read the report.
    let hidden: HashSet<IncidentId> =
        cases.iter().filter(|incident| is_about_adult(incident, &adults)).map(|incident| incident.id).collect();
    cases.retain(|incident| incident.recorded_at < end && !hidden.contains(&incident.id));
    let mut alerts = alerts::list_between(tx, start, end).await?;
    alerts.retain(|alert| {
        let became = matches!(&alert.settled, Some(Settlement::Incident { incident, .. }) if hidden.contains(incident));
        !became && alert.person.is_none_or(|person| !adults.contains(&person))
    });
    let requests = access_requests::list_between(tx, start, end).await?;
    let asked: Vec<_> = requests.iter().map(|request| (category(request.category.as_deref()), request)).collect();
    let hours = activity::figures(tx, start, end).await?;
    let tables = [
        kinds(&cases),
        risks(&cases),
        CountTable::count(
            "alerts",
            "Alerts of the monitoring",
            &[],
            &["Not a concern", "Became an incident", "Being looked at"],
            alerts.iter().map(|alert| {
                let settled = match &alert.settled {
                    Some(Settlement::Dismissed { .. }) => "Not a concern",
                    Some(Settlement::Incident { .. }) => "Became an incident",
                    None => "Being looked at",
                };
                (theme(&alert.theme), settled)
            }),
        ),
        CountTable::count(
            "requests",
            "Requests for sites",
            &[],
            &["Opened for a time", "Not opened", "Waiting"],
            asked.iter().map(|(category, request)| {
                let answer = match &request.decision {
                    Some(decision) if decision.granted => "Opened for a time",
                    Some(_) => "Not opened",
                    None => "Waiting",
                };
                (category.as_str(), answer)
            }),
        ),
        blocked(&hours),
    ];
    let issued: Vec<HalfYearlyReport> = reports::list(tx).await?.iter().filter_map(super::figures).collect();
    Ok(half_yearly_report(from, until, &tables, &issued))
}

fn kinds(cases: &[Incident]) -> CountTable {
    let status = |incident: &Incident| if incident.closure.is_some() { OUTCOMES[1] } else { OUTCOMES[0] };
    let pairs = cases.iter().map(|incident| (incident.row_label.as_deref().unwrap_or("Other"), status(incident)));
    CountTable::count("incidents", "Incidents", &[], &OUTCOMES, pairs)
}

fn risks(cases: &[Incident]) -> CountTable {
    let mut table = CountTable::count("risks", "Kinds of risk", &RISKS.map(|(_, label)| label), &["Incidents"], []);
    for incident in cases {
        for (_, label) in RISKS.iter().filter(|(risk, _)| incident.risk_areas.contains(risk)) {
            table.add(label, "Incidents", 1);
        }
    }
    table
}

/// Themes of alerts as people read them.
fn theme(key: &str) -> &'static str {
    match key {
        "self-harm" => "Self-harm",
        "suicide" => "Suicide",
        "violence" => "Violence",
        "extremism" => "Extremism",
        "sexual" | "grooming" => "Sexual content or contact",
        "bullying" => "Bullying",
        "eating-disorder" | "eating-disorders" => "Eating disorders",
        "drugs" => "Drugs",
        _ => "Other",
    }
}

/// A category as people read it.
fn category(key: Option<&str>) -> String {
    key.map_or_else(|| "In no category".to_owned(), crate::requests::category_label)
}

fn blocked(hours: &[activity::HourFigure]) -> CountTable {
    let mut table = CountTable::count("blocked", "Requests that were closed", &[], &["Requests"], []);
    for hour in hours.iter().filter(|hour| hour.action == "blocked") {
        table.add(&category(hour.category.as_deref()), "Requests", u32::try_from(hour.requests).unwrap_or(u32::MAX));
    }
    table
}
