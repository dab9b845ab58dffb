//! `belisha explain --if RULE`: a rule that nobody has saved, tried on last week's requests. Figures and hosts, no names.

use super::Failure;
use crate::installation::Installation;
use belisha_filter::{Change, Request, Seen, Subject, normalise};
use belisha_gateway::GatewayRules;
use belisha_policy::{FilterAction, Period, year_of};
use belisha_records::in_year_groups;
use belisha_store::schools::School;
use belisha_store::{activity, people};
use jiff::SignedDuration;
use std::collections::BTreeMap;

/// How far back requests are looked at.
const DAYS: i64 = 7;
/// The most requests that are looked at, the newest.
const MOST_REQUESTS: u32 = 1_000_000;

/// Reads a rule: a verb, then a site, or `category` and its key.
///
/// # Errors
/// What is wrong and how a rule is written.
pub fn read(rule: &str, groups: Vec<String>, period: Option<&str>) -> Result<Change, Failure> {
    let words: Vec<&str> = rule.split_whitespace().collect();
    let (verb, subject) = match words.as_slice() {
        [verb, "category", key] => (*verb, Subject::Category((*key).to_owned())),
        [verb, host] => {
            let host = normalise(host).map_err(|wrong| Failure(format!("`{host}` is no site: {wrong}")))?;
            (*verb, Subject::Host(host.into_owned()))
        }
        _ => {
            return Err(Failure(format!(
                "`{rule}` is no rule; write a verb and a site, or a verb, `category` and its key: \"close games.example\", \"warn category streaming\""
            )));
        }
    };
    let action = match verb {
        "open" | "allow" => FilterAction::Allow,
        "warn" => FilterAction::Warn,
        "ask" => FilterAction::Ask,
        "close" | "block" => FilterAction::Block,
        _ => return Err(Failure(format!("`{verb}` is no verb of a rule; write open, warn, ask or close"))),
    };
    let read_period = |key: &str| {
        let all = Period::ALL.iter().map(|period| period.key()).collect::<Vec<_>>().join(", ");
        Period::from_key(key)
            .ok_or_else(|| Failure(format!("`{key}` is no time of the school day; write one of: {all}")))
    };
    let period = period.map(read_period).transpose()?;
    Ok(Change { subject, action, groups, year_groups: BTreeMap::new(), period })
}

/// Tries a rule on a school's last seven days and prints what would have been different.
///
/// # Errors
/// When there is no such rule, or the requests cannot be read.
pub async fn print(
    installation: &Installation,
    school: &School,
    rules: &GatewayRules,
    mut change: Change,
) -> Result<(), Failure> {
    let now = (installation.clock)();
    let mut tx = installation.store.read(school.id).await?;
    let everybody = people::list(&mut tx).await?;
    change.year_groups = in_year_groups(&everybody, &change.groups, school.calendar.day_of(now));
    if let Some((key, _)) = change.year_groups.iter().find(|(_, people)| people.is_empty()) {
        let year = year_of(key).unwrap_or_default();
        return Err(Failure(format!(
            "nobody at the school is in year group `{year}`; write it as the page of people has it"
        )));
    }
    let changed = rules.ruleset.with_change(&change).map_err(|wrong| Failure(wrong.to_string()))?;
    let made =
        activity::list_to_count(&mut tx, now - SignedDuration::from_hours(24 * DAYS), now, MOST_REQUESTS).await?;
    drop(tx);
    let people: Vec<Option<String>> = made.iter().map(|one| one.person.map(|number| number.to_string())).collect();
    let seen = made.iter().zip(&people).map(|(one, person)| Seen {
        request: Request { person: person.as_deref(), ..Request::new(&one.host, &one.group) },
        at: one.at,
    });
    let effect = rules.ruleset.effect(&changed, seen);
    println!("{} · the last seven days, {} requests", school.name, effect.looked_at);
    for (label, number) in [
        ("Answered otherwise", effect.requests),
        ("Open, then closed", effect.closed),
        ("Closed, then open", effect.opened),
        ("Sites", effect.hosts),
        ("People, where known", effect.people),
    ] {
        println!("{label:<20} {number}");
    }
    for host in &effect.top {
        println!("{:>9}  {}: {}, then {}", host.requests, host.host, host.from.label(), host.to.label());
    }
    if effect.looked_at >= u64::from(MOST_REQUESTS) {
        println!("There were more requests; the newest were looked at.");
    }
    println!(
        "Nothing has been saved. Both answers are by today's rules; what is open for one person alone is not counted."
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_is_read_as_people_say_it() {
        let games = read("block category games", vec!["pupil".into()], Some("lesson")).unwrap();
        assert_eq!(games.subject, Subject::Category("games".into()));
        assert_eq!((games.action, games.period), (FilterAction::Block, Some(Period::Lesson)));
        let atlas = read("open  Atlas.Example.", Vec::new(), None).unwrap();
        assert_eq!((atlas.subject, atlas.action), (Subject::Host("atlas.example".into()), FilterAction::Allow));
    }

    #[test]
    fn what_is_no_rule_is_refused_with_how_to_write_one() {
        for (rule, period, says) in [
            ("games.example", None, "write a verb"),
            ("shut games.example", None, "open, warn, ask or close"),
            ("close two words here", None, "write a verb"),
            ("close 10.0.0.1", None, "is no site"),
            ("close category games", Some("lessons"), "out-of-school"),
        ] {
            let words = read(rule, Vec::new(), period).unwrap_err().to_string();
            assert!(words.contains(says), "{rule}: {words}");
        }
    }
}
