//! The portal: what somebody signs, for whom, and whether that opens the network. The rules are in
//! `belisha_records::agreements`; this area asks them and keeps what people sign.

pub(crate) mod device;
mod refuse;
mod show;
mod sign;

use crate::app::App;
use crate::error::{WebError, WebResult};
use crate::frame::Need;
use crate::session::SignedIn;
use crate::{urls, words};
use axum::Router;
use axum::routing::{get, post};
use belisha_policy::{Agreement, AgreementLine, Clause, Policy, compile};
use belisha_records::{
    AgreementState, NetworkGate, Permission, Person, PersonId, PolicyVersionId, agreement_state, agreements_for,
    network_gate,
};
use belisha_store::{Tx, parents_of, people, policies, signatures};

pub(crate) fn router() -> Router<App> {
    Router::new()
        .route(urls::PORTAL, get(show::page))
        .route(urls::DEVICE, post(device::submit))
        .route("/portal/sign/{agreement}/{about}", get(sign::page).post(sign::submit))
        .route("/portal/refuse/{agreement}/{about}", get(refuse::page).post(refuse::submit))
        .route("/portal/signed/{agreement}/{about}", get(sign::signed))
}

/// The policy in force, compiled, and the version it is.
pub(crate) struct InForce {
    pub(crate) policy: Policy,
    pub(crate) version: PolicyVersionId,
}

/// The policy in force at the reader's school; `None` where there is none yet.
pub(crate) async fn in_force(tx: &mut Tx, reader: &SignedIn) -> WebResult<Option<InForce>> {
    let Some(stored) = policies::in_force(tx).await? else { return Ok(None) };
    let policy = compile(&stored.source, reader.today())
        .policy
        .ok_or_else(|| WebError::fault("the policy in force does not compile"))?;
    Ok(Some(InForce { policy, version: stored.id }))
}

/// How a person stands with the agreements: the gate, and what each agreement still asks of them.
#[derive(Debug, Clone)]
pub(crate) struct Standing {
    pub(crate) open: bool,
    pub(crate) gate: NetworkGate,
    pub(crate) sentence: &'static str,
    /// What the person themselves signs next.
    pub(crate) signs: Vec<ToSign>,
    pub(crate) states: Vec<Stand>,
}

/// An agreement somebody has to sign.
#[derive(Debug, Clone)]
pub(crate) struct ToSign {
    pub(crate) title: String,
    pub(crate) href: String,
}

/// One agreement as it stands for a person.
#[derive(Debug, Clone)]
pub(crate) struct Stand {
    pub(crate) title: String,
    pub(crate) opens_network: bool,
    pub(crate) state: AgreementState,
    pub(crate) about: PersonId,
}

/// A child of the reader.
#[derive(Debug, Clone)]
pub(crate) struct Child {
    pub(crate) name: String,
    pub(crate) standing: Standing,
}

impl Stand {
    fn again_by(&self) -> Option<String> {
        self.state.lapses_on.map(words::day)
    }
    pub(crate) fn kind(&self) -> &'static str {
        match () {
            () if self.state.refused || self.state.counter_refused => "undecided",
            () if self.state.complete() && self.state.renewal_due => "due",
            () if self.state.complete() => "kept",
            () if self.state.signed() => "open",
            () => "needed",
        }
    }
    pub(crate) fn word(&self) -> &'static str {
        match () {
            () if self.state.refused => "Not agreed",
            () if self.state.counter_refused => "Parent did not agree",
            () if self.state.complete() && self.state.renewal_due => "Sign again soon",
            () if self.state.complete() => "Signed",
            () if self.state.signed() => "Waits for a parent",
            () if self.state.changed => "Words changed",
            () if self.state.lapsed => "Sign again",
            () => "To sign",
        }
    }
}

impl Standing {
    /// For the child's parent: how it stands, without blame.
    pub(crate) fn about_child(&self) -> &'static str {
        match &self.gate {
            NetworkGate::Open => "Everything is signed. The school’s network is open to them.",
            NetworkGate::SignFirst { .. } => "They have still to read and sign at school.",
            NetworkGate::AwaitingParent { .. } => "They have signed. The network opens when you have signed too.",
            NetworkGate::Refused { .. } => "They chose not to sign. A teacher will talk with them.",
            NetworkGate::ParentRefused { .. } => {
                "A parent or carer chose not to sign. The network stays closed to them."
            }
            NetworkGate::NotAtSchool => "They are not at the school today.",
        }
    }
}

/// How a person stands today.
pub(crate) async fn standing(tx: &mut Tx, reader: &SignedIn, person: &Person) -> WebResult<Standing> {
    let Some(InForce { policy, .. }) = in_force(tx, reader).await? else {
        let sentence =
            "The school has no policy in force yet, so there is nothing to sign. The network is closed until there is.";
        return Ok(Standing {
            open: false,
            gate: NetworkGate::SignFirst { agreements: Vec::new() },
            sentence,
            signs: Vec::new(),
            states: Vec::new(),
        });
    };
    let parents = parents_of::parents(tx, person.id).await?;
    let signed = signatures::list_about(tx, person.id).await?;
    let (calendar, today) = (&reader.school.calendar, reader.today());
    let gate = network_gate(&policy, person, &parents, &signed, calendar, today);
    let stand = |(clause, agreement): (&Clause, &Agreement)| Stand {
        title: clause.section.clone(),
        opens_network: agreement.opens_network,
        state: agreement_state(clause, agreement, person.id, &parents, &signed, calendar, today),
        about: person.id,
    };
    let states: Vec<Stand> = agreements_for(&policy, person.audience).into_iter().map(stand).collect();
    let unsigned = states.iter().filter(|stand| !stand.state.signed());
    let signs = unsigned
        .map(|stand| ToSign { title: stand.title.clone(), href: urls::sign(&stand.state.agreement, stand.about) })
        .collect();
    Ok(Standing { open: gate.is_open(), sentence: gate.sentence(), gate, signs, states })
}

/// The reader's children, each with how they stand.
pub(crate) async fn children(tx: &mut Tx, reader: &SignedIn) -> WebResult<Vec<Child>> {
    let mut children = Vec::new();
    for id in parents_of::children(tx, reader.person.id).await? {
        if let Some(child) = people::find(tx, id).await? {
            let standing = standing(tx, reader, &child).await?;
            children.push(Child { name: child.name.reveal().to_owned(), standing });
        }
    }
    Ok(children)
}

/// What the reader has to sign: their own, and for their children.
pub(crate) async fn needs(tx: &mut Tx, reader: &SignedIn) -> WebResult<Vec<Need>> {
    let mut needs = Vec::new();
    if !reader.can(Permission::SignAgreements) {
        return Ok(needs);
    }
    for stand in standing(tx, reader, &reader.person.clone()).await?.states.iter().filter(|stand| !stand.state.signed())
    {
        let detail = if stand.opens_network { "It opens the school’s network for you." } else { "" };
        needs.push(need(format!("Read and sign: {}", stand.title), stand, detail));
    }
    for child in children(tx, reader).await? {
        for stand in child
            .standing
            .states
            .iter()
            .filter(|stand| stand.state.counter_signature_needed && !stand.state.counter_signed())
        {
            needs.push(need(format!("Sign the agreement ‘{}’ for {}", stand.title, child.name), stand, ""));
        }
    }
    Ok(needs)
}

fn need(label: String, stand: &Stand, detail: &str) -> Need {
    let word = if stand.state.changed { "Words changed" } else { "To sign" };
    Need {
        label,
        href: urls::sign(&stand.state.agreement, stand.about),
        detail: detail.into(),
        kind: "needed",
        word: word.into(),
    }
}

/// What one act of signing is about: the agreement, whom it is for, and whether the reader signs for themselves.
pub(crate) struct Act {
    pub(crate) in_force: InForce,
    pub(crate) agreement: String,
    pub(crate) title: String,
    pub(crate) preamble: String,
    pub(crate) about: Person,
    pub(crate) own: bool,
    pub(crate) opens_network: bool,
    pub(crate) state: AgreementState,
    /// Every line that speaks to this signer.
    pub(crate) lines: Vec<AgreementLine>,
    /// The other side's lines, which this signer reads.
    pub(crate) others: Vec<AgreementLine>,
}

impl Act {
    /// Finds what is signed, if the reader may sign it: their own, or their child's counter-signature.
    pub(crate) async fn find(tx: &mut Tx, reader: &SignedIn, agreement: &str, about: PersonId) -> WebResult<Self> {
        let own = about == reader.person.id;
        reader.may(if own { Permission::SignAgreements } else { Permission::CounterSign })?;
        if !own && !parents_of::children(tx, reader.person.id).await?.contains(&about) {
            return Err(WebError::NotFound);
        }
        let person = people::find(tx, about).await?.ok_or(WebError::NotFound)?;
        let in_force = in_force(tx, reader).await?.ok_or(WebError::NotFound)?;
        let (parents, signed) = (parents_of::parents(tx, about).await?, signatures::list_about(tx, about).await?);
        let found =
            agreements_for(&in_force.policy, person.audience).into_iter().find(|(clause, _)| clause.id.0 == agreement);
        let (clause, terms) = found.ok_or(WebError::NotFound)?;
        if !own && terms.co_signed_by.is_none() {
            return Err(WebError::NotFound);
        }
        let state = agreement_state(clause, terms, about, &parents, &signed, &reader.school.calendar, reader.today());
        let (for_parent, for_signer): (Vec<_>, Vec<_>) = terms.lines.iter().cloned().partition(|line| line.co_signer);
        let (lines, others) = match (own, for_parent.is_empty()) {
            (true, _) => (for_signer, for_parent),
            (false, true) => (for_signer, Vec::new()),
            (false, false) => (for_parent, for_signer),
        };
        Ok(Self {
            agreement: clause.id.0.clone(),
            title: clause.section.clone(),
            preamble: terms.preamble.clone(),
            opens_network: terms.opens_network,
            about: person,
            own,
            state,
            lines,
            others,
            in_force,
        })
    }

    /// The lines this signer has still to sign.
    pub(crate) fn unsigned(&self) -> &[AgreementLine] {
        if self.own { &self.state.unsigned } else { &self.state.counter_unsigned }
    }
}
