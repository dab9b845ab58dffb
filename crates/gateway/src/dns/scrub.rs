//! What an upstream answer must lose before a school sees it: records nobody asked for, and the keys that hide which site a
//! TLS connection opens.

use hickory_proto::op::{Message, Query};
use hickory_proto::rr::rdata::svcb::{Mandatory, SVCB, SvcParamKey, SvcParamValue};
use hickory_proto::rr::{Name, RData, RecordType};

/// DNAME, which answers for every name below its own (RFC 6672).
const DNAME: u16 = 39;
/// Most names an answer may go through; nobody honest needs half of them.
const LONGEST_CHAIN: usize = 16;

/// Keeps the answers that the question leads to: its own name's, and those of the names it is an alias of, in turn. What else
/// a server sends along is not believed.
pub(crate) fn keep_chain(message: &mut Message, query: &Query) {
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
pub(crate) fn remove_hidden_hello(message: &mut Message) {
    let mut changed = false;
    for record in &mut message.answers {
        let service = match &mut record.data {
            RData::HTTPS(https) => &mut https.0,
            RData::SVCB(svcb) => svcb,
            _ => continue,
        };
        changed |= clean(service);
    }
    message.additionals.clear();
    if changed {
        message.answers.retain(|record| record.record_type() != RecordType::RRSIG);
        message.metadata.authentic_data = false;
    }
}

fn clean(service: &mut SVCB) -> bool {
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
    use hickory_proto::rr::rdata::svcb::{EchConfigList, IpHint};
    use hickory_proto::rr::rdata::{A, HTTPS};
    use hickory_proto::rr::{Name, Record};

    fn answer(data: RData) -> Message {
        let mut message = Message::new(1, MessageType::Response, OpCode::Query);
        message.add_answer(Record::from_rdata(Name::from_ascii("site.example.").unwrap(), 60, data));
        message
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
