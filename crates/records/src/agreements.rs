//! Agreements and signatures: who must sign which lines, and whether that opens the network (MISSION 1C).

use crate::identifiers::*;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

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
