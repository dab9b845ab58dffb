//! The facts above the title: nation, phase, dates, who approved.

use crate::compile::attributes::{Attrs, Reading};
use crate::compile::document::Part;
use crate::compile::notes::Notes;
use crate::{Head, Nation, Phase, catalogue as kind};

const KEYS: &[&str] = &["nation", "phase", "agreed", "approved-by", "review-every", "next-review"];

/// Reads the head. Where a fact that must be there is not, the finding says so and a stand-in keeps the compiler going.
pub(super) fn read(source: &str, title: &Part, notes: &mut Notes) -> Head {
    if title.title.is_empty() {
        notes.add(&kind::NO_TITLE, 0..0, "the document has no heading");
        return stand_in();
    }
    let attrs = Attrs {
        span: if title.attrs.is_empty() { title.span.clone() } else { title.attrs.span.clone() },
        ..title.attrs.clone()
    };
    let mut reading = Reading { source, attrs: &attrs, what: "the policy's head", notes };
    reading.known_keys(KEYS);
    let empty = stand_in();
    Head {
        nation: reading.needed("nation").unwrap_or(empty.nation),
        phase: reading.needed("phase").unwrap_or(empty.phase),
        agreed: reading.date("agreed"),
        approved_by: attrs.get("approved-by").filter(|by| !by.is_empty()).map(str::to_owned),
        review_every: reading.one("review-every"),
        next_review: reading.date("next-review"),
    }
}

/// Only ever part of a policy that has errors and is thrown away.
fn stand_in() -> Head {
    Head {
        nation: Nation::England,
        phase: Phase::Secondary,
        agreed: None,
        approved_by: None,
        review_every: None,
        next_review: None,
    }
}
