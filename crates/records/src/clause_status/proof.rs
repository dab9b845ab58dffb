//! The rule for each kind of clause: which facts make it kept, and the sentence that says so.

use super::*;
use crate::calendar::days_between;
use crate::words::{counted, day_in_words};
use belisha_policy::{Cadence, Due, Duty, Office, Retention, Within};

type Proof = (ClauseStatus, String, ProofLink);

/// How many days ago the removal of old records may last have run well.
const PURGE_STALE_DAYS: i32 = 2;

/// Status, sentence and place of the proof.
pub(super) fn prove(clause: &Clause, evidence: &Evidence, today: Date) -> Proof {
    let id = clause.id.0.as_str();
    match &clause.binding {
        Binding::Guidance => (ClauseStatus::Guidance, "guidance that nothing can check".to_owned(), ProofLink::Nothing),
        Binding::Agreement(_) => agreement(evidence.signatures.get(id)),
        Binding::Duty(duty) => self::duty(duty, evidence.duties.get(id), today),
        Binding::Filter(_) => filter(clause, &evidence.filter),
        Binding::Allowances(_) => allowances(clause, evidence.in_force_since),
        Binding::Actions(table) if table.about == ActionSubject::Staff => {
            no_occasion("cases about adults are never counted, whether there are any or not", ProofLink::Table)
        }
        Binding::Actions(table) => cases(evidence.cases.get(&table.about)),
        Binding::Approval(_) => {
            answers(evidence.approvals.get(id), "decided with a reason and an end", ProofLink::AccessRequests)
        }
        Binding::Response(response) => answers(
            evidence.responses.get(id),
            &format!("answered {}", within_in_words(response.within)),
            ProofLink::Register,
        ),
        Binding::Role(office) => role(office, evidence.holders.get(id).copied()),
        Binding::Retention(retention) => {
            self::retention(retention, evidence.purged.get(&retention.kind).copied(), today)
        }
        Binding::Power(_) => match evidence.powers.get(id) {
            Some((uses, last)) if *uses > 0 => (
                ClauseStatus::Kept,
                format!("{} recorded, last on {}", counted(*uses, "use", "uses"), day_in_words(*last)),
                ProofLink::Register,
            ),
            _ => no_occasion("never used, so nothing shows it", ProofLink::Register),
        },
    }
}

fn no_occasion(sentence: &str, link: ProofLink) -> Proof {
    (ClauseStatus::Undecided, sentence.to_owned(), link)
}

fn last(day: Option<Date>) -> String {
    day.map_or_else(String::new, |day| format!(", last on {}", day_in_words(day)))
}

fn agreement(count: Option<&SignatureCount>) -> Proof {
    let link = ProofLink::Signatures;
    let Some(count) = count.filter(|count| count.of > 0) else {
        return no_occasion("speaks to nobody on the roster yet", link);
    };
    let mut sentence = format!("{} of {} signed{}", count.complete, count.of, last(count.last));
    for (number, words) in [(count.awaiting_parent, "waiting for a parent or carer"), (count.refused, "declined")] {
        if number > 0 {
            sentence.push_str(&format!(", {number} {words}"));
        }
    }
    let status = if count.complete >= count.of { ClauseStatus::Kept } else { ClauseStatus::Due };
    (status, sentence, link)
}

fn duty(duty: &Duty, count: Option<&DutyCount>, today: Date) -> Proof {
    let link = ProofLink::Duties;
    let per_lesson = matches!(&duty.due, Due::Every { cadence: Cadence::Lesson, .. });
    let on_event = matches!(&duty.due, Due::On { .. });
    let Some(count) = count.filter(|count| count.kept + count.due + count.overdue > 0) else {
        return match () {
            () if on_event => no_occasion("no occasion yet, so nothing shows it", link),
            () if per_lesson => no_occasion("nothing recorded from a lesson yet", link),
            () => (ClauseStatus::Due, "nothing recorded yet".to_owned(), link),
        };
    };
    let all = count.kept + count.due + count.overdue;
    let done = format!("{} of {all} done{}", count.kept, last(count.last_done));
    match () {
        () if count.overdue > 0 => {
            let late = count.oldest_overdue.map(|day| days_between(day, today)).filter(|days| *days > 0);
            let by = late.map_or_else(String::new, |days| {
                format!(" by {}", counted(usize::try_from(days).unwrap_or(0), "day", "days"))
            });
            (ClauseStatus::Overdue, format!("{done}, {} overdue{by}", count.overdue), link)
        }
        // What is not due for another while does not make a duty unkept that was kept every time before.
        () if count.kept > 0
            && (count.due == 0
                || (count.last_done.is_some()
                    && count.due <= 1
                    && count.next_due.is_some_and(|day| days_between(today, day) > 7))) =>
        {
            (
                ClauseStatus::Kept,
                match count.next_due {
                    Some(next) if count.due > 0 => format!("{done}, next due on {}", day_in_words(next)),
                    _ => done,
                },
                link,
            )
        }
        () => (
            ClauseStatus::Due,
            match count.next_due {
                Some(next) => format!("{done}, due on {}", day_in_words(next)),
                None => done,
            },
            link,
        ),
    }
}

fn filter(clause: &Clause, filter: &FilterEvidence) -> Proof {
    let link = ProofLink::FilterRules;
    let (decided, undecided) = decided_cells(clause).unwrap_or((0, 0));
    let Some(loaded_on) = filter.loaded_on.filter(|_| filter.clauses_loaded.contains(&clause.id.0)) else {
        return (ClauseStatus::Broken, "the filter does not run these rules".to_owned(), link);
    };
    if undecided > 0 || decided == 0 {
        return (
            ClauseStatus::Undecided,
            format!("{undecided} of {} cells undecided; the filter closes what they speak of", decided + undecided),
            link,
        );
    }
    if filter.domains == 0 {
        return (ClauseStatus::Broken, "the rules run, and no category list is loaded".to_owned(), link);
    }
    (
        ClauseStatus::Kept,
        format!(
            "{} in force over {} since {}",
            counted(decided, "rule", "rules"),
            counted(filter.domains, "domain", "domains"),
            day_in_words(loaded_on)
        ),
        link,
    )
}

fn allowances(clause: &Clause, in_force: Option<Date>) -> Proof {
    let (decided, undecided) = decided_cells(clause).unwrap_or((0, 0));
    match in_force {
        _ if undecided > 0 || decided == 0 => (
            ClauseStatus::Undecided,
            format!("{undecided} of {} cells undecided, and none of them allowed", decided + undecided),
            ProofLink::Table,
        ),
        Some(since) => (
            ClauseStatus::Kept,
            format!("all {decided} cells decided and shown to everybody since {}", day_in_words(since)),
            ProofLink::Table,
        ),
        None => (
            ClauseStatus::Due,
            format!("all {decided} cells decided; the policy is not in force yet"),
            ProofLink::Table,
        ),
    }
}

fn cases(count: Option<&CaseCount>) -> Proof {
    let link = ProofLink::Incidents;
    let Some(count) = count.filter(|count| count.settled + count.open + count.late > 0) else {
        return no_occasion("no case yet, so nothing shows it", link);
    };
    let all = counted(count.settled + count.open + count.late, "case", "cases");
    match () {
        () if count.late > 0 => {
            (ClauseStatus::Overdue, format!("{all}, {} with an action past its time", count.late), link)
        }
        () if count.open > 0 => (ClauseStatus::Due, format!("{all}, {} with an action still to do", count.open), link),
        () => (ClauseStatus::Kept, format!("{all}, every action done or left out with a reason"), link),
    }
}

fn answers(count: Option<&AnswerCount>, kept_words: &str, link: ProofLink) -> Proof {
    let Some(count) = count.filter(|count| count.kept + count.amiss + count.waiting + count.waiting_late > 0) else {
        return no_occasion("no occasion yet, so nothing shows it", link);
    };
    let answered = format!("{} of {} {kept_words}{}", count.kept, count.kept + count.amiss, last(count.last));
    match () {
        () if count.waiting_late > 0 => {
            (ClauseStatus::Overdue, format!("{answered}, {} waiting past the time", count.waiting_late), link)
        }
        () if count.amiss > 0 => (ClauseStatus::Broken, answered, link),
        () if count.waiting > 0 => (ClauseStatus::Due, format!("{answered}, {} waiting", count.waiting), link),
        () => (ClauseStatus::Kept, answered, link),
    }
}

fn role(office: &Office, held: Option<usize>) -> Proof {
    let (held, at_least) = (held.unwrap_or(0), usize::from(office.at_least.max(1)));
    let status = if held >= at_least { ClauseStatus::Kept } else { ClauseStatus::Broken };
    let who = counted(held, "person holds", "people hold");
    (
        status,
        if held >= at_least {
            format!("{who} this office today")
        } else {
            format!("{who} this office today, and the policy asks for {at_least}")
        },
        ProofLink::Offices,
    )
}

fn retention(retention: &Retention, last_good: Option<Date>, today: Date) -> Proof {
    let link = ProofLink::Jobs;
    let days = counted(retention.days as usize, "day", "days");
    match last_good {
        None => (ClauseStatus::Broken, "the job that removes old records has never run well".to_owned(), link),
        Some(day) if days_between(day, today) > PURGE_STALE_DAYS => (
            ClauseStatus::Overdue,
            format!("records older than {days} were last removed on {}", day_in_words(day)),
            link,
        ),
        Some(day) => {
            (ClauseStatus::Kept, format!("records older than {days} were removed on {}", day_in_words(day)), link)
        }
    }
}

fn within_in_words(within: Within) -> String {
    match within {
        Within::Immediately => "at once".to_owned(),
        Within::AsSoonAsPossible => "as soon as possible".to_owned(),
        Within::Hours(hours) => format!("within {}", counted(usize::from(hours), "hour", "hours")),
        Within::SchoolDays(days) => format!("within {}", counted(usize::from(days), "school day", "school days")),
    }
}
