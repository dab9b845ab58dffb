//! An opening that takes two people, between the first yes and the second: kept as a question for approval, whose subject
//! is a sentence that people can read and that says exactly what the second person would agree to.

use belisha_policy as policy;
use belisha_records::AccessRequestId;
use belisha_store::approvals::Approval;
use jiff::Timestamp;

/// Where the policy has no clause on opening sites, questions are kept under this name.
const NO_CLAUSE: &str = "unblock";

/// What the first person would open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Proposal {
    /// The request it answers.
    pub(crate) request: AccessRequestId,
    /// Host.
    pub(crate) host: String,
    /// For whom: keys of groups, and `person` for whoever asked.
    pub(crate) groups: Vec<String>,
    /// Until when.
    pub(crate) until: Timestamp,
}

impl Proposal {
    /// `Open knives.example for person, pupil until 2026-11-10T23:59:59Z; request 0190…`
    pub(crate) fn sentence(&self) -> String {
        format!("Open {} for {} until {}; request {}", self.host, self.groups.join(", "), self.until, self.request)
    }

    /// Reads the sentence again.
    pub(crate) fn read(sentence: &str) -> Option<Self> {
        let (host, rest) = sentence.strip_prefix("Open ")?.split_once(" for ")?;
        let (groups, rest) = rest.split_once(" until ")?;
        let (until, request) = rest.split_once("; request ")?;
        let groups = groups.split(", ").map(str::to_owned).collect();
        Some(Self { request: request.parse().ok()?, host: host.to_owned(), groups, until: until.parse().ok()? })
    }
}

/// The clause a question is kept under.
pub(crate) fn clause_id(clause: Option<&(String, policy::Approval)>) -> &str {
    clause.map_or(NO_CLAUSE, |(id, _)| id.as_str())
}

/// The questions that wait, each with what it proposes.
pub(crate) fn waiting(asked: &[Approval]) -> Vec<(&Approval, Proposal)> {
    asked
        .iter()
        .filter(|approval| approval.decision.is_none())
        .filter_map(|approval| Some((approval, Proposal::read(&approval.subject)?)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use belisha_records::Identifier;

    #[test]
    fn what_is_proposed_is_read_again_as_it_was_written() {
        let groups = vec!["person".to_owned(), "younger-pupil".to_owned()];
        let proposal = Proposal {
            request: AccessRequestId::make(1, [2; 10]),
            host: "knives.example".into(),
            groups,
            until: Timestamp::constant(1_800_000_000, 0),
        };
        assert_eq!(Proposal::read(&proposal.sentence()), Some(proposal));
        for other in ["", "Open the gate", "Open x for y until never; request 1", "Use a personal telephone on a trip"]
        {
            assert_eq!(Proposal::read(other), None, "{other}");
        }
    }
}
