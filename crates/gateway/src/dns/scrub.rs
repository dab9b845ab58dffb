//! What an upstream answer must lose before a school sees it: records nobody asked for, the keys that hide which site a TLS
//! connection opens, and times to live that would outlast the rules.

use hickory_proto::op::{Message, Query};
use hickory_proto::rr::rdata::svcb::{Mandatory, SVCB, SvcParamKey, SvcParamValue};
use hickory_proto::rr::{Name, RData, RecordType};

/// Longest time to live, in seconds: a device that remembers an address longer does not see that a name was closed since.
const LONGEST_TTL: u32 = 1800;
/// Types that may stand beside the answers: whose zone it is, and the proof that there is nothing (RFC 2308, RFC 4035).
const AUTHORITIES: [u16; 6] = [2, 6, 43, 46, 47, 50];

/// Leaves what may be believed and shown of an answer to a question.
pub(crate) fn clean(message: &mut Message, query: &Query) {
    keep_chain(message, query);
    message.authorities.retain(|record| AUTHORITIES.contains(&record.record_type().into()));
    message.additionals.clear();
    remove_hidden_hello(message);
    for record in message.answers.iter_mut().chain(&mut message.authorities) {
        // With its highest bit set a time counts as none (RFC 2181 section 8).
        record.ttl = if record.ttl > i32::MAX.cast_unsigned() { 0 } else { record.ttl.min(LONGEST_TTL) };
    }
}

/// DNAME, which answers for every name below its own (RFC 6672).
const DNAME: u16 = 39;
/// Most names an answer may go through; nobody honest needs half of them.
const LONGEST_CHAIN: usize = 16;

/// Keeps the answers that the question leads to: its own name's, and those of the names it is an alias of, in turn. What else
/// a server sends along is not believed.
fn keep_chain(message: &mut Message, query: &Query) {
    let mut names: Vec<Name> = vec![query.name().clone()];
    while names.len() < LONGEST_CHAIN {
        let alias = message.answers.iter().find_map(|record| match &record.data {
            RData::CNAME(target) if names.contains(&record.name) && !names.contains(&target.0) => {
                Some(target.0.clone())
            }
            _ => None,
        });
        match alias {
            Some(alias) => names.push(alias),
            None => break,
        }
    }
    message.answers.retain(|record| {
        let whole_tree = u16::from(record.record_type()) == DNAME;
        names.contains(&record.name) || (whole_tree && names.iter().any(|name| record.name.zone_of(name)))
    });
}

/// Takes encrypted-hello keys out of HTTPS and SVCB records (RFC 9848). Without them a browser says in clear which host it
/// opens. Signatures over records that were changed prove nothing any more and go too.
fn remove_hidden_hello(message: &mut Message) {
    let mut changed = false;
    for record in &mut message.answers {
        let service = match &mut record.data {
            RData::HTTPS(https) => &mut https.0,
            RData::SVCB(svcb) => svcb,
            _ => continue,
        };
        changed |= strip(service);
    }
    if changed {
        message.answers.retain(|record| record.record_type() != RecordType::RRSIG);
        message.metadata.authentic_data = false;
    }
}

fn strip(service: &mut SVCB) -> bool {
    let hidden = |key: &SvcParamKey| *key == SvcParamKey::EchConfigList;
    let before = service.svc_params.len();
    service.svc_params.retain(|(key, _)| !hidden(key));
    let changed = service.svc_params.len() != before;
    if changed {
        for (_, value) in &mut service.svc_params {
            if let SvcParamValue::Mandatory(Mandatory(keys)) = value {
                keys.retain(|key| !hidden(key));
            }
        }
        service
            .svc_params
            .retain(|(_, value)| !matches!(value, SvcParamValue::Mandatory(Mandatory(keys)) if keys.is_empty()));
    }
    changed
}

#[cfg(test)]
mod tests {
    use super::*;
    use hickory_proto::op::{MessageType, OpCode};
    use hickory_proto::rr::Record;
    use hickory_proto::rr::rdata::svcb::{EchConfigList, IpHint};
    use hickory_proto::rr::rdata::{A, CNAME, HTTPS};
    use proptest::prelude::*;

    fn answer(data: RData) -> Message {
        let mut message = Message::new(1, MessageType::Response, OpCode::Query);
        message.add_answer(Record::from_rdata(Name::from_ascii("site.example.").unwrap(), 60, data));
        message
    }

    #[test]
    fn what_nobody_asked_for_goes_and_no_time_outlasts_the_rules() {
        let mut message = answer(RData::CNAME(CNAME(Name::from_ascii("other.example.").unwrap())));
        let record = |host: &str, ttl| {
            Record::from_rdata(Name::from_ascii(host).unwrap(), ttl, RData::A(A("192.0.3.1".parse().unwrap())))
        };
        message.add_answers([record("other.example.", 1_000_000), record("bank.example.", 60)]);
        message.add_authority(record("bank.example.", 60));
        message.add_additional(record("bank.example.", 60));
        message.answers[0].ttl = u32::MAX;
        clean(&mut message, &Query::query(Name::from_ascii("Site.example.").unwrap(), RecordType::A));
        let left: Vec<_> = message.answers.iter().map(|record| (record.name.to_ascii(), record.ttl)).collect();
        assert_eq!(left, [("site.example.".to_owned(), 0), ("other.example.".to_owned(), LONGEST_TTL)]);
        assert!(message.authorities.is_empty() && message.additionals.is_empty());
    }

    #[test]
    fn an_endless_chain_of_names_ends() {
        let mut message = Message::new(1, MessageType::Response, OpCode::Query);
        for number in 0..1000 {
            let [from, to] =
                [number, number + 1].map(|at| Name::from_ascii(format!("n{}.example.", at % 999)).unwrap());
            message.add_answer(Record::from_rdata(from, 60, RData::CNAME(CNAME(to))));
        }
        clean(&mut message, &Query::query(Name::from_ascii("n0.example.").unwrap(), RecordType::A));
        assert_eq!(message.answers.len(), LONGEST_CHAIN + 1, "n0 twice");
    }

    proptest! {
        #[test]
        fn whatever_a_server_says_is_cleaned_or_refused(
            changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..8),
            cut in any::<prop::sample::Index>(),
            whole in any::<bool>(),
            arbitrary in proptest::collection::vec(any::<u8>(), 0..300),
        ) {
            let mut message = answer(RData::CNAME(CNAME(Name::from_ascii("other.example.").unwrap())));
            message.add_query(Query::query(Name::from_ascii("site.example.").unwrap(), RecordType::HTTPS));
            let params = vec![
                (SvcParamKey::Ipv4Hint, SvcParamValue::Ipv4Hint(IpHint(vec![A("192.0.3.1".parse().unwrap())]))),
                (SvcParamKey::EchConfigList, SvcParamValue::EchConfigList(EchConfigList(vec![1, 2, 3]))),
            ];
            let service = RData::HTTPS(HTTPS(SVCB::new(1, Name::root(), params)));
            message.add_answer(Record::from_rdata(Name::from_ascii("other.example.").unwrap(), 60, service));
            let mut bytes = message.to_vec().unwrap();
            for (at, byte) in changes {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
            if !whole {
                bytes.truncate(cut.index(bytes.len()));
            }
            crate::parsers::dns_answer(&bytes);
            crate::parsers::dns_answer(&arbitrary);
        }
    }

    #[test]
    fn the_encrypted_hello_goes_and_the_rest_stays() {
        let params = vec![
            (SvcParamKey::Mandatory, SvcParamValue::Mandatory(Mandatory(vec![SvcParamKey::EchConfigList]))),
            (SvcParamKey::Port, SvcParamValue::Port(443)),
            (SvcParamKey::Ipv4Hint, SvcParamValue::Ipv4Hint(IpHint(vec![A("192.0.3.1".parse().unwrap())]))),
            (SvcParamKey::EchConfigList, SvcParamValue::EchConfigList(EchConfigList(vec![1, 2, 3]))),
        ];
        let mut message = answer(RData::HTTPS(HTTPS(SVCB::new(1, Name::root(), params))));
        remove_hidden_hello(&mut message);
        let RData::HTTPS(https) = &message.answers[0].data else { panic!("still an HTTPS record") };
        assert_eq!(
            https.0.svc_params.iter().map(|(key, _)| *key).collect::<Vec<_>>(),
            [SvcParamKey::Port, SvcParamKey::Ipv4Hint]
        );
    }
}
