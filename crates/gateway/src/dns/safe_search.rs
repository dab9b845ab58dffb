//! A search engine under the name of its safe results: an alias, and what its target answers to the same question, for every
//! type. An answer of the engine's own to any type (an HTTPS record has addresses too) would be a way round.

use super::answer::LOCAL_TTL;
use super::message::{ExtendedError, Question, explain};
use super::recheck::recheck;
use crate::gateway::Shared;
use hickory_proto::op::{Message, Query};
use hickory_proto::rr::rdata::CNAME;
use hickory_proto::rr::{Name, RData, Record};
use std::net::IpAddr;

/// The question for the safe name.
pub(super) fn for_target(question: &Question, target: &str) -> Option<Question> {
    let mut asked = question.clone();
    asked.query = Query::query(Name::from_ascii(format!("{target}.")).ok()?, question.kind);
    asked.host = Some(target.to_owned());
    Some(asked)
}

/// The answer to a question, put together from the answer to the question for its safe name.
pub(super) fn rewritten(
    shared: &Shared,
    question: &Question,
    asked: &Question,
    device: IpAddr,
    found: Message,
) -> Message {
    let found = recheck(shared, asked, device, found);
    let target = asked.query.name();
    let mut message = question.with(LOCAL_TTL, [RData::CNAME(CNAME(target.clone()))]);
    message.metadata.response_code = found.metadata.response_code;
    message.add_answers(found.answers.into_iter().filter(|record| leads_nowhere_else(record, question, target)));
    message.add_authorities(found.authorities);
    explain(&mut message, ExtendedError::Forged, "safe search, by the school's policy");
    message
}

/// Whether a record is of the type asked for, or an alias, and no service under another name.
fn leads_nowhere_else(record: &Record, question: &Question, target: &Name) -> bool {
    let service = match &record.data {
        RData::CNAME(_) => return true,
        RData::HTTPS(https) => Some(&https.0.target_name),
        RData::SVCB(service) => Some(&service.target_name),
        _ => None,
    };
    record.record_type() == question.kind && service.is_none_or(|name| name.is_root() || name == target)
}
