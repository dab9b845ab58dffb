//! The words of the block page, by the reader's age: short ones for early readers, plain ones for pupils, exact ones for
//! adults. No reader is blamed: lists make mistakes, and a closed page is no offence. Layout is `page.rs`'s.

use crate::content::Refusal;
use crate::observe::Outcome;
use crate::request::Closed;
use crate::rules::AgeBand;
use belisha_filter::RuleKind;

/// What a page says.
pub(super) struct Words {
    pub(super) title: &'static str,
    pub(super) lead: String,
    pub(super) why: String,
    pub(super) opens: Option<String>,
    /// `None`: nobody can open it, so nobody is asked.
    pub(super) ask: Option<&'static str>,
    pub(super) tell: &'static str,
    pub(super) go_on: Option<GoOn>,
}

/// The words of the form that passes a warning.
pub(super) struct GoOn {
    pub(super) question: &'static str,
    pub(super) button: &'static str,
}

pub(super) fn words(closed: &Closed) -> Words {
    let nobody = closed.rule == RuleKind::Illegal;
    let warned = closed.block.outcome == Outcome::Warned;
    // A request opens a site, which is no help where the device itself is refused.
    let harmful = closed.content == Some(Refusal::Malware);
    let asked_for = !nobody && !warned && !harmful && closed.rule != RuleKind::Device;
    match closed.age_band {
        AgeBand::Younger => Words {
            title: if warned { "Stop and think" } else { "Stop! This page is closed" },
            lead: if warned {
                "Ask a grown-up before you go on.".into()
            } else {
                "You are not in trouble. Pick a different page.".into()
            },
            why: if nobody {
                "This page is closed for everyone.".into()
            } else {
                "Your school keeps this page closed.".into()
            },
            opens: closed.opens.as_ref().map(|when| format!("It opens {when}.")),
            ask: asked_for.then_some("Ask for this page"),
            tell: "Something here worried me",
            go_on: warned.then_some(GoOn { question: "Why do you want this page?", button: "Go on" }),
        },
        AgeBand::Pupil => Words {
            title: if warned { "Think before you open this page" } else { "This page is closed" },
            lead: lead_for_pupils(closed, nobody, warned, asked_for),
            why: why(closed),
            opens: closed.opens.as_ref().map(|when| format!("It opens {when}.")),
            ask: asked_for.then_some("Ask for this page"),
            tell: "Something here worried me",
            go_on: warned.then_some(GoOn { question: "What do you need it for?", button: "Open the page" }),
        },
        AgeBand::Adult => Words {
            title: if warned {
                "This page opens after a reason"
            } else {
                "This page is closed under the school’s policy"
            },
            lead: lead_for_adults(nobody, warned, asked_for).into(),
            why: why(closed),
            opens: closed.opens.as_ref().map(|when| format!("The policy opens it {when}.")),
            ask: asked_for.then_some("Ask for this page"),
            tell: "Report something that worried you",
            go_on: warned
                .then_some(GoOn { question: "Reason, kept with the record of this visit", button: "Open the page" }),
        },
    }
}

fn lead_for_adults(nobody: bool, warned: bool, asked_for: bool) -> &'static str {
    if nobody {
        "It is on a list that nobody at the school can change."
    } else if warned {
        "It opens when you have written what you need it for."
    } else if asked_for {
        "If you need it for your work, ask: the request goes to the person the policy names, and you are told the answer."
    } else {
        "Asking for the page would not open it. If this hinders your work, speak to whoever looks after the network."
    }
}

fn lead_for_pupils(closed: &Closed, nobody: bool, warned: bool, asked_for: bool) -> String {
    if nobody {
        "Nobody at school can open it. If you came here by accident, you have done nothing wrong: tell an adult you trust.".into()
    } else if warned {
        "You can go on. Say what you need it for; an adult may look at it later.".into()
    } else if closed.block.person.is_none() {
        "We do not know who is using this device, so only a few pages are open. Sign in to open more.".into()
    } else if asked_for {
        "You are not in trouble. If you need it for school, ask for it and somebody will look.".into()
    } else {
        "You are not in trouble. If you need it for school, speak to a teacher.".into()
    }
}

/// What was found in a page or file whose site is open.
fn why_content(refusal: &Refusal, label: &str) -> String {
    match refusal {
        Refusal::Words { .. } if label.is_empty() => "The site is open, but the words of this page are not.".into(),
        Refusal::Words { .. } => format!("The site is open, but the words of this page speak of {label}."),
        Refusal::File(kind) => format!("Files of this kind are not downloaded here: {}.", kind.label().to_lowercase()),
        Refusal::Malware => "The file was scanned, and would harm the computer.".into(),
        Refusal::NotRead => {
            "The site sends this page in a form that cannot be read, so it stays outside. If you need it, ask.".into()
        }
        Refusal::NotScanned => "The file could not be scanned, so it stays outside. Try again later, or ask.".into(),
    }
}

/// Why, for readers who can do something with it.
fn why(closed: &Closed) -> String {
    if let Some(refusal) = &closed.content {
        return why_content(refusal, closed.block.category_label.as_deref().unwrap_or_default());
    }
    let category = closed.block.category_label.as_deref().unwrap_or_default();
    match closed.rule {
        RuleKind::Illegal => "Pages like this are closed for everybody, by law.".into(),
        RuleKind::SchoolDeny => "The school has closed this site.".into(),
        RuleKind::Exception => "The school has closed this site for a time.".into(),
        RuleKind::Device => "The school’s policy does not let this device open it.".into(),
        RuleKind::LessonList => "Only the sites that were checked for this lesson are open.".into(),
        RuleKind::AllowListOnly => "Only sites that the school has chosen are open.".into(),
        RuleKind::AuthorityDeny => "The local authority has closed this site.".into(),
        RuleKind::Category => format!("It is listed under “{category}”."),
        RuleKind::Undecided => {
            format!("It is listed under “{category}”, and the school has not decided about that yet.")
        }
        RuleKind::Default if closed.block.person.is_none() => "Nobody is signed in on this device.".into(),
        RuleKind::Helpline | RuleKind::SchoolAllow | RuleKind::AuthorityAllow | RuleKind::Default => {
            "The school keeps it closed.".into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::blockpage::Block;
    use belisha_records::{Identifier, PersonId, SchoolId};
    use jiff::Timestamp;

    fn closed(age_band: AgeBand, outcome: Outcome, rule: RuleKind, content: Option<Refusal>) -> Closed {
        let block = Block {
            id: "0".into(),
            at: Timestamp::UNIX_EPOCH,
            school: SchoolId::make(0, [1; 10]),
            person: Some(PersonId::make(0, [1; 10])),
            device: [10, 0, 0, 1].into(),
            group: "pupil".into(),
            host: Some("games.example".into()),
            outcome,
            reason: rule.key(),
            category: None,
            category_label: None,
            list: None,
            clause: None,
            opens_at: None,
        };
        Closed {
            block,
            age_band,
            rule,
            named_by: None,
            device_kind: None,
            opens: None,
            school_name: String::new(),
            content,
        }
    }

    #[test]
    fn a_page_speaks_of_asking_only_where_it_offers_that() {
        let kinds = [
            (Outcome::Blocked, RuleKind::Category, None, true),
            (Outcome::Asked, RuleKind::Category, None, true),
            (Outcome::Blocked, RuleKind::Category, Some(Refusal::NotRead), true),
            (Outcome::Warned, RuleKind::Category, None, false),
            (Outcome::Blocked, RuleKind::Illegal, None, false),
            (Outcome::Blocked, RuleKind::Device, None, false),
            (Outcome::Blocked, RuleKind::Category, Some(Refusal::Malware), false),
        ];
        for age_band in [AgeBand::Pupil, AgeBand::Adult] {
            for (outcome, rule, content, offered) in &kinds {
                let said = words(&closed(age_band, *outcome, *rule, content.clone()));
                assert_eq!(said.ask.is_some(), *offered, "{age_band:?} {outcome:?} {rule:?} {content:?}");
                assert_eq!(said.lead.contains(" ask"), *offered, "{age_band:?} {outcome:?} {rule:?}: {}", said.lead);
                assert_eq!(said.go_on.is_some(), *outcome == Outcome::Warned);
            }
        }
    }
}
