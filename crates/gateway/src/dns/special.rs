//! Names that are answered the same for everybody, before any rule: the canaries, encrypted DNS's own, names that mean nothing
//! outside one machine or network, and the school's own zones. On the illegal-content list even these are closed.

use super::answer::{LOCAL_TTL, Reply, Wanted, address, by_rules, no_servers};
use super::message::{Question, host_of};
use crate::config::local_record;
use crate::gateway::Shared;
use crate::judge;
use crate::observe::Protocol;
use crate::request::{Asked, Credential, judged};
use belisha_filter::RuleKind;
use hickory_proto::op::ResponseCode;
use hickory_proto::rr::rdata::SVCB;
use hickory_proto::rr::rdata::svcb::{Alpn, IpHint, SvcParamKey, SvcParamValue, Unknown};
use hickory_proto::rr::{Name, RData, Record, RecordType};
use std::net::{IpAddr, SocketAddr};

/// Where a question over HTTPS goes, as clients are told (RFC 9461 section 5).
const HTTPS_PATH: &[u8] = b"/dns-query{?dns}";
/// Number of the parameter that says so.
const DOHPATH: u16 = 7;

/// What the quick way makes of a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// The rules decide.
    Ordinary,
    /// A public address's: other servers know it, and no rule speaks of it.
    PublicReverse,
    /// It may be one that [`special`] answers. The quick way leaves these to it.
    Special,
}

/// Which kind of name a host is.
pub(super) fn kind(shared: &Shared, host: &str) -> Kind {
    let last = host.bytes().rposition(|byte| byte == b'.').map_or(host, |dot| host.get(dot + 1..).unwrap_or_default());
    match last {
        _ if judge::is_canary(host) || shared.zones.speak_of(host) => Kind::Special,
        "arpa" if reverse(host) == Some(false) => Kind::PublicReverse,
        "" | "arpa" | "localhost" | "local" | "onion" | "invalid" | "test" => Kind::Special,
        _ => Kind::Ordinary,
    }
}

/// The answer, if the name is one of these.
pub(super) fn special(shared: &Shared, question: &Question, host: &str, device: IpAddr) -> Option<Reply> {
    let nothing = |code| Some(Reply::Now(question.nothing(code, LOCAL_TTL)));
    if judge::is_canary(host) {
        // An address here would switch encrypted DNS back on in browsers; only "no such name" keeps it off.
        return nothing(ResponseCode::NXDomain);
    }
    if host == "resolver.arpa" || host.ends_with(".resolver.arpa") {
        return Some(Reply::Now(designated(shared, question, host)));
    }
    if host == "localhost" || host.ends_with(".localhost") {
        return Some(Reply::Now(address(question, IpAddr::from([127, 0, 0, 1]), LOCAL_TTL)));
    }
    if let Some(reply) = of_the_school(shared, question, host, device) {
        return Some(reply);
    }
    if let Some(private) = reverse(host) {
        if private {
            return nothing(ResponseCode::NXDomain);
        }
        return Some(if shared.forwarder.has_upstreams(host) {
            Reply::Forward(Wanted::default())
        } else {
            no_servers(shared, question)
        });
    }
    // Names that mean nothing outside one machine or network (RFC 6761, 6762, 7686), unless this school serves them.
    let ours = local_record(&shared.config.local_records, host).is_some() || shared.config.portal.is_own(host);
    let last = host.rsplit('.').next().unwrap_or_default();
    let nowhere = host.is_empty() || matches!(last, "local" | "onion" | "invalid" | "test");
    if nowhere && !ours { nothing(ResponseCode::NXDomain) } else { None }
}

/// Names of the school's own zones.
fn of_the_school(shared: &Shared, question: &Question, host: &str, device: IpAddr) -> Option<Reply> {
    let zones = &shared.zones;
    let (records, local, forwarded) = (zones.records(host), zones.is_local(host), zones.forwarded(host).is_some());
    let ours = records.is_some() || forwarded || (local && local_record(&shared.config.local_records, host).is_none());
    if !ours {
        return None;
    }
    let illegal = |host: &str| {
        let asked =
            Asked { protocol: Protocol::Dns, device, credential: Credential::None, method: None, host, path: None };
        judged(shared, asked).is_some_and(|(_, rule)| rule == RuleKind::Illegal)
    };
    if illegal(host) {
        return None;
    }
    if let Some(target) = records.into_iter().flatten().find_map(alias_of).filter(|target| illegal(target)) {
        return Some(by_rules(shared, question, &target, device));
    }
    Some(match records {
        Some(records) => Reply::Now(own_records(shared, question, records)),
        None if forwarded && shared.forwarder.has_upstreams(host) => Reply::Forward(Wanted::default()),
        None if forwarded => no_servers(shared, question),
        None => Reply::Now(question.nothing(ResponseCode::NXDomain, LOCAL_TTL)),
    })
}

/// The host that a record says a name is another name of.
fn alias_of(record: &Record) -> Option<String> {
    match &record.data {
        RData::CNAME(target) => host_of(&target.0),
        _ => None,
    }
}

/// Records of the configuration; an alias brings those of its target, which are there as well.
fn own_records(shared: &Shared, question: &Question, records: &[Record]) -> hickory_proto::op::Message {
    let mut message = question.answer(ResponseCode::NoError);
    let wanted = |record: &&Record| record.record_type() == question.kind;
    let own: Vec<_> = records.iter().filter(wanted).cloned().collect();
    if !own.is_empty() {
        message.add_answers(own);
    } else if let Some((record, RData::CNAME(target))) = records.iter().map(|record| (record, &record.data)).next() {
        let target = host_of(&target.0).unwrap_or_default();
        message.add_answer(record.clone());
        message.add_answers(shared.zones.records(&target).unwrap_or_default().iter().filter(wanted).cloned());
    } else {
        return question.nothing(ResponseCode::NoError, LOCAL_TTL);
    }
    message
}

/// Our own encrypted DNS, to clients that look for it (RFC 9462 section 4): DNS over TLS first, then over HTTPS.
fn designated(shared: &Shared, question: &Question, host: &str) -> hickory_proto::op::Message {
    let config = &shared.config.dns;
    let name = config.encrypted_name.as_ref().filter(|_| config.certificate.is_some());
    let name = name.and_then(|name| Name::from_ascii(format!("{name}.")).ok());
    let (Some(name), "_dns.resolver.arpa", RecordType::SVCB) = (name, host, question.kind) else {
        return question.nothing(ResponseCode::NoError, LOCAL_TTL);
    };
    let tls = config.tls_listen.first().map(|address| service(1, &name, "dot", *address));
    let https = config.https_listen.first().map(|address| service(2, &name, "h2", *address));
    let services: Vec<_> = tls.into_iter().chain(https).collect();
    if services.is_empty() {
        return question.nothing(ResponseCode::NoError, LOCAL_TTL);
    }
    question.with(LOCAL_TTL, services)
}

fn service(priority: u16, name: &Name, protocol: &str, address: SocketAddr) -> RData {
    let mut params = vec![
        (SvcParamKey::Alpn, SvcParamValue::Alpn(Alpn(vec![protocol.to_owned()]))),
        (SvcParamKey::Port, SvcParamValue::Port(address.port())),
    ];
    match address.ip() {
        ip if ip.is_unspecified() => {}
        IpAddr::V4(v4) => params.push((SvcParamKey::Ipv4Hint, SvcParamValue::Ipv4Hint(IpHint(vec![v4.into()])))),
        IpAddr::V6(v6) => params.push((SvcParamKey::Ipv6Hint, SvcParamValue::Ipv6Hint(IpHint(vec![v6.into()])))),
    }
    if protocol == "h2" {
        let path = SvcParamValue::Unknown(Unknown(HTTPS_PATH.to_vec()));
        params.push((SvcParamKey::Unknown(DOHPATH), path));
    }
    RData::SVCB(SVCB::new(priority, name.clone(), params))
}

/// Whether a name is an address's; and if it is, whether of private space, whose questions must not leave the school
/// (RFC 6303).
fn reverse(host: &str) -> Option<bool> {
    if let Some(rest) = host.strip_suffix(".in-addr.arpa") {
        let mut labels = rest.rsplit('.');
        return Some(match (labels.next(), labels.next()) {
            (Some("10" | "127" | "0"), _) | (Some("192"), Some("168")) | (Some("169"), Some("254")) => true,
            (Some("172"), Some(second)) => second.parse::<u8>().is_ok_and(|second| (16..32).contains(&second)),
            _ => false,
        });
    }
    let rest = host.strip_suffix("ip6.arpa")?;
    let private = ["d.f.", "c.f.", "8.e.f.", "9.e.f.", "a.e.f.", "b.e.f.", "0.0.0.0.0.0.0.0."];
    Some(private.iter().any(|prefix| rest.ends_with(prefix)))
}

#[cfg(test)]
mod tests {
    use super::reverse;

    #[test]
    fn reverse_names_of_private_space_stay_in_school() {
        for (host, found) in [
            ("5.0.0.10.in-addr.arpa", Some(true)),
            ("1.1.168.192.in-addr.arpa", Some(true)),
            ("1.1.31.172.in-addr.arpa", Some(true)),
            ("1.1.32.172.in-addr.arpa", Some(false)),
            ("1.3.0.192.in-addr.arpa", Some(false)),
            ("5.0.0.0.d.f.ip6.arpa", Some(true)),
            ("1.0.8.e.f.ip6.arpa", Some(true)),
            ("1.0.6.2.ip6.arpa", Some(false)),
            ("ip6.arpa.example", None),
        ] {
            assert_eq!(reverse(host), found, "{host}");
        }
    }
}
