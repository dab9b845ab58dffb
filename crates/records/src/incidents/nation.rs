//! What differs between the nations: what bullying means, whom an allegation goes to, and the steps where indecent images may be involved.
//!
//! Our own words on: Keeping children safe in education 2026, part four (England); Respect for All and the National guidance for child
//! protection (Scotland); UKCIS, Sharing nudes, March 2024. What follows is a checklist for people, not law.

use crate::incidents::CaseRoute;
use belisha_policy::{Nation, Role, Within};

/// What counts as bullying in a nation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BullyingDefinition {
    /// Nation.
    pub nation: Nation,
    /// Whether it takes repetition.
    pub needs_repetition: bool,
    /// Whether it takes intent.
    pub needs_intent: bool,
    /// In words, for the form.
    pub words: &'static str,
    /// How soon it is logged.
    pub log_within: Within,
    /// Where it is logged.
    pub logged_in: &'static str,
}

/// The definitions (M41, M42, MISSION 2.9).
pub const BULLYING: &[BullyingDefinition] = &[
    BullyingDefinition {
        nation: Nation::England,
        needs_repetition: true,
        needs_intent: true,
        words: "Harm done on purpose and more than once, by a person or a group to another, where one side has more power",
        log_within: Within::AsSoonAsPossible,
        logged_in: "the school's own log, under its behaviour policy",
    },
    BullyingDefinition {
        nation: Nation::Scotland,
        needs_repetition: false,
        needs_intent: false,
        words: "Behaviour that leaves somebody feeling hurt, threatened, frightened or left out; once is enough, and nobody needs to have meant it",
        log_within: Within::SchoolDays(3),
        logged_in: "the authority's bullying and equalities record",
    },
];

/// What counts as bullying in a nation.
pub fn bullying_definition(nation: Nation) -> &'static BullyingDefinition {
    match nation {
        Nation::England => &BULLYING[0],
        Nation::Scotland => &BULLYING[1],
    }
}

/// One step of a referral.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReferralStep {
    /// Stable key.
    pub key: &'static str,
    /// What to do.
    pub what: &'static str,
    /// Whose step.
    pub by: Role,
    /// How soon.
    pub within: Within,
}

const fn step(key: &'static str, what: &'static str, by: Role, within: Within) -> ReferralStep {
    ReferralStep { key, what, by, within }
}

const DO_NOT_ASK: &str =
    "Do not tell the person it is about, and do not look into it yourself, until you were advised how";

/// Whom an allegation goes to and in which order. Empty for cases about pupils.
pub fn referral_checklist(nation: Nation, route: CaseRoute) -> &'static [ReferralStep] {
    use Role::*;
    use Within::*;
    match (nation, route) {
        (_, CaseRoute::Pupils) => &[],
        (Nation::England, CaseRoute::Adult) => {
            const {
                &[
                    step("danger-now", "If a child is in danger now, call 999 first", Headteacher, Immediately),
                    step("stay-silent", DO_NOT_ASK, Headteacher, Immediately),
                    step(
                        "tell-head",
                        "Tell the head, and nobody else, in person or by telephone",
                        DesignatedSafeguardingLead,
                        Immediately,
                    ),
                    step(
                        "designated-officer",
                        "Tell the local authority's designated officer if harm may have been done or the adult may be a risk",
                        Headteacher,
                        SchoolDays(1),
                    ),
                    step(
                        "low-level",
                        "If it stays below that threshold, keep it as a low-level concern with what was decided and why",
                        Headteacher,
                        SchoolDays(1),
                    ),
                ]
            }
        }
        (Nation::England, CaseRoute::Head) => {
            const {
                &[
                    step("danger-now", "If a child is in danger now, call 999 first", ChairOfGovernors, Immediately),
                    step("stay-silent", DO_NOT_ASK, ChairOfGovernors, Immediately),
                    step(
                        "tell-chair",
                        "The chair of governors takes this case, nobody in the school",
                        ChairOfGovernors,
                        Immediately,
                    ),
                    step(
                        "designated-officer",
                        "Tell the local authority's designated officer",
                        ChairOfGovernors,
                        SchoolDays(1),
                    ),
                ]
            }
        }
        (Nation::England, CaseRoute::Chair) | (Nation::Scotland, CaseRoute::Head | CaseRoute::Chair) => {
            const {
                &[
                    step(
                        "danger-now",
                        "If a child is in danger now, call 999 first",
                        LocalAuthorityOfficer,
                        Immediately,
                    ),
                    step("stay-silent", DO_NOT_ASK, LocalAuthorityOfficer, Immediately),
                    step(
                        "tell-authority",
                        "The local authority's officer takes this case, nobody in the school",
                        LocalAuthorityOfficer,
                        Immediately,
                    ),
                    step(
                        "police-social-work",
                        "Police and social work, where a child was or may be harmed",
                        LocalAuthorityOfficer,
                        Immediately,
                    ),
                ]
            }
        }
        (Nation::Scotland, CaseRoute::Adult) => {
            const {
                &[
                    step("danger-now", "If a child is in danger now, call 999 first", Headteacher, Immediately),
                    step("stay-silent", DO_NOT_ASK, Headteacher, Immediately),
                    step(
                        "tell-authority",
                        "Tell the local authority's child protection lead and its human resources",
                        Headteacher,
                        Immediately,
                    ),
                    step(
                        "police-social-work",
                        "Police and the duty social work team, where a child was or may be harmed",
                        Headteacher,
                        Immediately,
                    ),
                    step(
                        "teaching-council",
                        "Ask the authority whether the teaching council must be told",
                        Headteacher,
                        SchoolDays(3),
                    ),
                ]
            }
        }
    }
}

/// The steps shown instead of any way to add a file, a link or a picture.
pub fn indecent_image_steps(nation: Nation) -> &'static [&'static str] {
    match nation {
        Nation::England => {
            const {
                &steps(
                    "Tell the designated safeguarding lead now, in person or by telephone; if you cannot reach them, the head",
                )
            }
        }
        Nation::Scotland => {
            const {
                &steps(
                    "Tell the child protection co-ordinator now, in person or by telephone; if you cannot reach them, the head",
                )
            }
        }
    }
}

const fn steps(tell: &'static str) -> [&'static str; 8] {
    [
        "If a child is in danger now, call 999",
        "Stop. Do not look again, do not show it to anybody, and do not ask a child to show it to you",
        "Do not copy, print, forward, save, screenshot or delete anything: each can be an offence, and deleting can lose what the police need",
        "Switch off the screen, leave the device powered, and keep it locked away where nobody can use it",
        tell,
        "Call the police on 101, or 999 where an adult is involved, a child is under 13, or somebody is threatened or forced",
        "Write down only what you were told, by whom and when; no address of a page and no description of the picture",
        "Tell the child about Report Remove by Childline, which can take a picture of them off the internet, and Childline on 0800 1111",
    ]
}
