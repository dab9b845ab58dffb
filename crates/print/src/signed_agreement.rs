//! A signed agreement on paper: the exact lines, who signed them and when, and where the ledger holds the proof.
//! Whether the signatures are enough, and whether they hold today, is left to `belisha-records`.

use crate::Imprint;
use crate::press::{self, Layout, PrintError};
use serde::Serialize;

const LAYOUT: Layout = Layout {
    name: "signed agreement",
    path: "/signed_agreement.typ",
    text: include_str!("../layouts/signed_agreement.typ"),
};

/// One person's agreement with every signature under it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SignedAgreementPaper {
    /// Head and foot.
    pub imprint: Imprint,
    /// `What pupils agree to`.
    pub title: String,
    /// Whom it is about: the pupil, even when a parent signed.
    pub about: String,
    /// Group or office, `Year 8, 8R`.
    pub place_in_school: Option<String>,
    /// Policy and version whose text was shown: `Online safety policy, version 7`.
    pub policy: String,
    /// Clause: `9.1`.
    pub clause: Option<String>,
    /// Words before the lines.
    pub preamble: String,
    /// Signatures, in the order they were given.
    pub signatures: Vec<SignatureOnPaper>,
}

/// One act of signing, or of declining, with the lines it was about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SignatureOnPaper {
    /// Who acted.
    pub name: String,
    /// `pupil`, `parent or carer`.
    pub capacity: String,
    /// What was done: `Signed`, `Counter-signed`, `Declined`.
    pub act: String,
    /// When: `3 September 2026, 10:40`.
    pub at: String,
    /// Policy version of these lines, where it differs from the paper's: `version 6`.
    pub version: Option<String>,
    /// Why, where somebody declined and said so.
    pub reason: Option<String>,
    /// The exact words of each line.
    pub lines: Vec<String>,
    /// Position of the entry in the school's ledger.
    pub ledger_position: u64,
    /// The entry's hash, hexadecimal.
    pub ledger_hash: String,
}

/// The agreement on A4, upright.
///
/// # Errors
/// [`PrintError`].
pub fn signed_agreement(agreement: &SignedAgreementPaper) -> Result<Vec<u8>, PrintError> {
    press::print(LAYOUT, agreement)
}
