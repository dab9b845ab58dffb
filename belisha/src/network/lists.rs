//! The category lists for the pages: how they stand, and what a person of a school decides about them. Both are done by `lists`.

use crate::installation::Installation;
use crate::lists::{self, Decided, Manifest, Settlement, Standing};
use belisha_web::{DecidedList, ListDecision, ListGeneration, ListInUse};

/// Every list; none where the folder cannot be read, which the board of jobs says.
pub(super) fn in_use(installation: &Installation) -> Vec<ListInUse> {
    let standing = lists::standing(installation.data.root()).unwrap_or_else(|error| {
        tracing::error!("the lists cannot be shown: {error}");
        Vec::new()
    });
    standing.into_iter().map(shown).collect()
}

fn shown(list: Standing) -> ListInUse {
    let Standing { name, in_force, held, before, asked, .. } = list;
    let about = in_force.as_ref().map(|(_, manifest)| manifest);
    ListInUse {
        source: about.map_or_else(String::new, |manifest| manifest.source.clone()),
        every: about.map_or("", Manifest::rhythm),
        proves: about.map_or("", |manifest| manifest.check.words()),
        failed: asked.as_ref().is_some_and(|asked| asked.failed),
        asked: asked.map(|asked| (asked.at, asked.words)),
        held_for: held.as_ref().map(|manifest| manifest.held_for.clone()).unwrap_or_default(),
        held: held.map(|manifest| generation(0, manifest)),
        before: before.map(|(number, manifest)| generation(number, manifest)),
        in_force: in_force.map(|(number, manifest)| generation(number, manifest)),
        name,
    }
}

fn generation(number: u64, manifest: Manifest) -> ListGeneration {
    ListGeneration {
        number,
        fetched_at: manifest.fetched_at,
        difference: manifest.difference(),
        categories: manifest.categories.into_iter().map(|shelved| (shelved.category, shelved.domains)).collect(),
        refused: manifest.refused,
    }
}

/// Carries a decision out. The gateways take it into use when the server next looks at the lists, within a minute.
///
/// # Errors
/// In words for the page.
pub(super) async fn decide(installation: &Installation, decided: DecidedList) -> Result<(), String> {
    let settlement = match decided.decision {
        ListDecision::Take => Settlement::Take,
        ListDecision::Keep => Settlement::Keep,
        ListDecision::RollBack => Settlement::RollBack,
    };
    let by = Decided { actor: decided.actor, by: Some(decided.by), reason: decided.reason, at: decided.at };
    let data = installation.data.root();
    let done = lists::settle(&installation.store, data, &decided.name, settlement, &by).await;
    done.map(|_| ()).map_err(|error| error.to_string())
}
