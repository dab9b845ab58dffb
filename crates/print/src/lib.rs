//! Pages to paper: plain structs in, a tagged PDF out, laid out by Typst inside the process.
//! What a paper says is the caller's; who may print it, and that printing was recorded, is the caller's too.
//!
//! Every word handed in stays data: it reaches a layout as a string and is never read as markup.
//! The same struct gives the same bytes, and nothing is read from disk: layouts and typefaces are in the program.

mod half_yearly_report;
mod incident_form;
mod letters;
mod policy_document;
mod press;
mod signed_agreement;

pub use half_yearly_report::{Bar, BarChart, Figure, FigureRow, FigureTable, HalfYearlyPaper, half_yearly_report};
pub use incident_form::{ActionLine, IncidentForm, InvolvedPerson, Outcome, incident_form};
pub use policy_document::{PolicyCell, PolicyItem, PolicyPaper, PolicyRow, PolicySection, policy_document};
pub use press::PrintError;
pub use signed_agreement::{SignatureOnPaper, SignedAgreementPaper, signed_agreement};

use serde::Serialize;

/// What stands at the head and foot of every paper. All words are the caller's, dates already in the school's own time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Imprint {
    /// Name of the school.
    pub school: String,
    /// When it was printed, as people read it: `21 November 2026, 14:05`.
    pub printed_at: String,
    /// Who printed it, where the paper should say so.
    pub printed_by: Option<String>,
}
