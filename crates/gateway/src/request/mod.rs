//! A request's life, whichever way it came: `steps.rs` is the list. DNS, proxy and block page call [`walk`] and turn its
//! answer into packets.

mod answer;
mod identify;
mod notices;
mod steps;
mod warnings;

pub(crate) use answer::{Answer, Answered, Closed, observation, outcome};
pub(crate) use identify::{Caller, Credential, identify};
pub(crate) use notices::notice;
pub(crate) use steps::{Again, Asked, Verdict, Walk, again, is_wpad, judged, still_open, walk};
pub(crate) use warnings::WarningsPassed;
