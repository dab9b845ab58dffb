//! The demonstration: two fictional schools and a term at each. Entering people is in `people`, the term in `term`, who they are
//! and what happens in `cast` and `events`.

mod activity;
mod cast;
mod devices;
mod duties;
mod events;
pub mod origin;
mod people;
mod report;
mod term;

pub use people::Entered;

use crate::commands::Failure;
use crate::installation::Installation;
use cast::{INVERBRAE, MARLOWE_BRIDGE};
use events::{INVERBRAE_TERM, MARLOWE_BRIDGE_TERM};
use term::Living;

/// Makes both schools.
///
/// # Errors
/// When the records cannot be written.
pub async fn make(installation: &Installation) -> Result<Vec<Entered>, Failure> {
    let now = (installation.clock)();
    let mut schools = Vec::new();
    for (cast, term) in [(&MARLOWE_BRIDGE, &MARLOWE_BRIDGE_TERM), (&INVERBRAE, &INVERBRAE_TERM)] {
        let school = people::enter(installation, cast, now).await?;
        let policy = belisha_policy::compile(cast.policy, school.calendar.day_of(now)).policy;
        if let Some(policy) = policy {
            let living = Living { installation, school: &school, policy, term, now };
            living.live().await?;
            activity::browse(&living).await?;
            devices::enter(&living).await?;
            duties::keep(&living).await?;
            report::issue(&living).await?;
        }
        schools.push(school);
    }
    Ok(schools)
}
