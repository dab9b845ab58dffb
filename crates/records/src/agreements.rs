//! Agreements and signatures: who must sign which lines, and whether that opens the network (MISSION 1C).

use crate::calendar::SchoolCalendar;
use crate::identifiers::*;
use crate::offices::is_at_school;
use crate::people::Person;
use belisha_policy::{Agreement, AgreementLine, Audience, Clause, Policy};
use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

mod signing;

use signing::Side;
pub use signing::signature_lapses;

/// What a signer did with an agreement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SignatureKind {
    /// Signed by the person the agreement speaks to.
    Signed,
    /// Counter-signed by a parent for a pupil.
    CounterSigned,
    /// Declined by the person: recorded, with no blame.
    Refused,
    /// Declined by the counter-signer.
    CounterRefused,
}

/// One act of signing. The exact text is kept: what somebody signed can be shown in 25 years.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signature {
    /// Id.
    pub id: SignatureId,
    /// For whom: the pupil, even when a parent signed.
    pub about: PersonId,
    /// Who acted.
    pub by: PersonId,
    /// What was done.
    pub kind: SignatureKind,
    /// The agreement clause.
    pub agreement: String,
    /// Policy version whose text was shown.
    pub policy_version: PolicyVersionId,
    /// The lines, with the exact words.
    pub lines: Vec<SignedLine>,
    /// When.
    pub at: Timestamp,
    /// Why, where somebody declined and said so.
    pub reason: Option<String>,
}

/// A line as it stood when signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedLine {
    /// Line id in the policy.
    pub id: String,
    /// The words.
    pub text: String,
}

/// How one agreement stands for one person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgreementState {
    /// Clause of the agreement.
    pub agreement: String,
    /// Lines the person has still to sign; only those whose words changed, once the rest is signed.
    pub unsigned: Vec<AgreementLine>,
    /// Whether somebody must counter-sign.
    pub counter_signature_needed: bool,
    /// Lines the counter-signer has still to sign.
    pub counter_unsigned: Vec<AgreementLine>,
    /// The person declined and has not signed since.
    pub refused: bool,
    /// A counter-signer declined and none has signed since.
    pub counter_refused: bool,
    /// It was signed, and has lapsed with its period.
    pub lapsed: bool,
    /// It was signed, and the words of a line have changed since.
    pub changed: bool,
    /// When the person last signed.
    pub signed_at: Option<Timestamp>,
    /// First day on which the signature no longer counts.
    pub lapses_on: Option<Date>,
    /// Whether it lapses within [`RENEWAL_NOTICE_DAYS`] or has.
    pub renewal_due: bool,
}

/// How many days before a signature lapses people are told.
pub const RENEWAL_NOTICE_DAYS: i32 = 21;

impl AgreementState {
    /// Whether the person has done their part.
    pub fn signed(&self) -> bool {
        !self.refused && self.unsigned.is_empty()
    }
    /// Whether nothing is missing, the counter-signature included.
    pub fn complete(&self) -> bool {
        self.signed() && (!self.counter_signature_needed || self.counter_signed())
    }
    /// Whether the counter-signer has done their part.
    pub fn counter_signed(&self) -> bool {
        !self.counter_refused && self.counter_unsigned.is_empty()
    }
}

/// Whether the agreements let a person onto the network. Anything but `Open` leaves the portal, the helplines and the policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "gate", rename_all = "kebab-case")]
pub enum NetworkGate {
    /// Nothing is missing.
    Open,
    /// The person signs first. Agreement clauses.
    SignFirst {
        /// which
        agreements: Vec<String>,
    },
    /// The person has signed; a parent has not.
    AwaitingParent {
        /// which
        agreements: Vec<String>,
    },
    /// The person declined.
    Refused {
        /// which
        agreements: Vec<String>,
    },
    /// A parent declined.
    ParentRefused {
        /// which
        agreements: Vec<String>,
    },
    /// The person does not belong to the school today.
    NotAtSchool,
}

impl NetworkGate {
    /// Whether the network is open.
    pub fn is_open(&self) -> bool {
        matches!(self, NetworkGate::Open)
    }
    /// One sentence for the person it concerns.
    pub fn sentence(&self) -> &'static str {
        match self {
            NetworkGate::Open => "You have signed what opens the network.",
            NetworkGate::SignFirst { .. } => "Read and sign your agreement to open the network.",
            NetworkGate::AwaitingParent { .. } => {
                "You have signed. The network opens when a parent or carer has signed too."
            }
            NetworkGate::Refused { .. } => {
                "You chose not to sign. The network stays closed until you do; talk to a teacher about it at any time."
            }
            NetworkGate::ParentRefused { .. } => {
                "A parent or carer chose not to sign. The network stays closed; the school will talk to them."
            }
            NetworkGate::NotAtSchool => "This account does not belong to the school today.",
        }
    }
}

/// The agreements that speak to an audience, in the policy's order. Where a policy has one text for pupils of every age,
/// younger and older pupils sign the same.
pub fn agreements_for(policy: &Policy, audience: Audience) -> Vec<(&Clause, &Agreement)> {
    let of = |audience: Audience| {
        policy.agreements().filter(|(_, agreement)| agreement.who.contains(&audience)).collect::<Vec<_>>()
    };
    let own = of(audience);
    match audience {
        Audience::YoungerPupil if own.is_empty() => of(Audience::Pupil),
        Audience::Pupil if own.is_empty() => of(Audience::YoungerPupil),
        _ => own,
    }
}

/// How one agreement stands for a person. `counter_signers` are those who may sign for them (a pupil's parents);
/// `signatures` may hold other people's too. `today` is a day in the school's time zone.
pub fn agreement_state(
    clause: &Clause,
    agreement: &Agreement,
    person: PersonId,
    counter_signers: &[PersonId],
    signatures: &[Signature],
    calendar: &SchoolCalendar,
    today: Date,
) -> AgreementState {
    let theirs = |signature: &&Signature| signature.agreement == clause.id.0 && signature.about == person;
    let own = Side::read(
        signatures.iter().filter(theirs).filter(|signature| signature.by == person),
        agreement.renews,
        calendar,
        today,
    );
    let counter = Side::read(
        signatures
            .iter()
            .filter(theirs)
            .filter(|signature| counter_signers.contains(&signature.by) && signature.by != person),
        agreement.renews,
        calendar,
        today,
    );
    let needed = agreement.co_signed_by.is_some();
    let own_lines: Vec<&AgreementLine> = agreement.lines.iter().filter(|line| !line.co_signer).collect();
    let mut counter_lines: Vec<&AgreementLine> = agreement.lines.iter().filter(|line| line.co_signer).collect();
    if counter_lines.is_empty() {
        // No words of their own: the counter-signer agrees to the signer's.
        counter_lines.clone_from(&own_lines);
    }
    let unsigned = own.missing(&own_lines);
    AgreementState {
        agreement: clause.id.0.clone(),
        changed: own.signed_at.is_some() && !own.lapsed && !unsigned.is_empty(),
        unsigned,
        counter_signature_needed: needed,
        counter_unsigned: if needed { counter.missing(&counter_lines) } else { Vec::new() },
        refused: own.refused,
        counter_refused: needed && counter.refused,
        lapsed: own.lapsed,
        signed_at: own.signed_at,
        renewal_due: own.lapsed
            || own
                .lapses_on
                .is_some_and(|lapses| today.until(lapses).is_ok_and(|span| span.get_days() <= RENEWAL_NOTICE_DAYS)),
        lapses_on: own.lapses_on,
    }
}

/// How every agreement that speaks to a person stands.
pub fn agreement_states(
    policy: &Policy,
    person: &Person,
    counter_signers: &[PersonId],
    signatures: &[Signature],
    calendar: &SchoolCalendar,
    today: Date,
) -> Vec<AgreementState> {
    agreements_for(policy, person.audience)
        .into_iter()
        .map(|(clause, agreement)| {
            agreement_state(clause, agreement, person.id, counter_signers, signatures, calendar, today)
        })
        .collect()
}

/// Whether a person may use the network today: every agreement that opens it and speaks to them is signed, counter-signed where the policy
/// asks for it, and not lapsed. Where several things are missing, the person's own refusal comes first, then what only they can do.
pub fn network_gate(
    policy: &Policy,
    person: &Person,
    counter_signers: &[PersonId],
    signatures: &[Signature],
    calendar: &SchoolCalendar,
    today: Date,
) -> NetworkGate {
    if !is_at_school(person, today) {
        return NetworkGate::NotAtSchool;
    }
    let states: Vec<AgreementState> = agreements_for(policy, person.audience)
        .into_iter()
        .filter(|(_, agreement)| agreement.opens_network)
        .map(|(clause, agreement)| {
            agreement_state(clause, agreement, person.id, counter_signers, signatures, calendar, today)
        })
        .collect();
    let which = |test: fn(&AgreementState) -> bool| {
        states.iter().filter(|state| test(state)).map(|state| state.agreement.clone()).collect::<Vec<_>>()
    };
    let refused = which(|state| state.refused);
    let parent_refused = which(|state| state.counter_refused);
    let unsigned = which(|state| !state.signed());
    let waiting = which(|state| !state.complete());
    match () {
        () if !refused.is_empty() => NetworkGate::Refused { agreements: refused },
        () if !parent_refused.is_empty() => NetworkGate::ParentRefused { agreements: parent_refused },
        () if !unsigned.is_empty() => NetworkGate::SignFirst { agreements: unsigned },
        () if !waiting.is_empty() => NetworkGate::AwaitingParent { agreements: waiting },
        () => NetworkGate::Open,
    }
}

/// Something missing on the list of a class or a group of staff.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MissingSignature {
    /// Whose.
    pub person: PersonId,
    /// Their class, for pupils.
    pub class: Option<ClassId>,
    /// How their agreement stands.
    pub state: AgreementState,
}

/// Who has not signed: one row per person and agreement that is not complete. `counter_signers` gives those who may sign for a person.
pub fn missing_signatures(
    policy: &Policy,
    people: &[Person],
    counter_signers: &dyn Fn(PersonId) -> Vec<PersonId>,
    signatures: &[Signature],
    calendar: &SchoolCalendar,
    today: Date,
) -> Vec<MissingSignature> {
    let mut missing = Vec::new();
    for person in people.iter().filter(|person| is_at_school(person, today)) {
        let theirs: Vec<Signature> =
            signatures.iter().filter(|signature| signature.about == person.id).cloned().collect();
        for state in agreement_states(policy, person, &counter_signers(person.id), &theirs, calendar, today) {
            if !state.complete() {
                missing.push(MissingSignature { person: person.id, class: person.class, state });
            }
        }
    }
    missing
}
