//! The school's own zones: names that other servers than the usual answer (the domain controller), and names this gateway
//! alone answers. Names are lower case without a final dot.

use super::config::DnsConfig;
use hickory_proto::rr::rdata::{A, AAAA, CNAME, MX, PTR, SRV, TXT};
use hickory_proto::rr::{Name, RData, Record};
use std::collections::HashMap;
use std::net::IpAddr;

/// Time to live of a record whose line names none, in seconds.
const TTL: u32 = 300;

/// A line of the configuration that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{line}` is no DNS record: {why}; write it as in a zone file, `printer.school.example 300 IN A 10.0.0.5`")]
pub struct ZoneError {
    /// The line.
    pub line: String,
    /// What is wrong with it.
    pub why: &'static str,
}

/// Who answers the school's own names.
#[derive(Debug, Default)]
pub(crate) struct Zones {
    /// Zone, and its place in the configuration; longest first.
    forward: Vec<(String, usize)>,
    local: Vec<String>,
    data: HashMap<String, Vec<Record>>,
}

impl Zones {
    pub(crate) fn new(config: &DnsConfig) -> Result<Self, ZoneError> {
        let tidy = |zone: &String| zone.trim_matches('.').to_ascii_lowercase();
        let mut forward: Vec<_> =
            config.forward_zones.iter().enumerate().map(|(at, zone)| (tidy(&zone.suffix), at)).collect();
        forward.sort_by_key(|(zone, _)| std::cmp::Reverse(zone.len()));
        let mut data: HashMap<String, Vec<Record>> = HashMap::new();
        for line in config.local_data.iter().filter(|line| !line.trim().is_empty()) {
            let record = read(line).map_err(|why| ZoneError { line: line.clone(), why })?;
            let name = record.name.to_ascii();
            data.entry(name.trim_end_matches('.').to_ascii_lowercase()).or_default().push(record);
        }
        let targets = data.values().flatten().filter_map(|record| match &record.data {
            RData::CNAME(target) => Some((record, target.0.to_ascii().trim_end_matches('.').to_ascii_lowercase())),
            _ => None,
        });
        for (record, target) in targets {
            if !data.contains_key(&target) {
                return Err(ZoneError { line: record.to_string(), why: "its target has no record here" });
            }
        }
        Ok(Self { forward, local: config.local_zones.iter().map(tidy).collect(), data })
    }

    /// Whether a host is in any of the zones, or has a record.
    pub(crate) fn speak_of(&self, host: &str) -> bool {
        self.records(host).is_some() || self.is_local(host) || self.forwarded(host).is_some()
    }

    /// The zone that others answer and a host belongs to, as its place in the configuration.
    pub(crate) fn forwarded(&self, host: &str) -> Option<usize> {
        self.forward.iter().find(|(zone, _)| is_in(host, zone)).map(|(_, at)| *at)
    }

    /// Whether nobody else is asked about a host.
    pub(crate) fn is_local(&self, host: &str) -> bool {
        self.local.iter().any(|zone| is_in(host, zone))
    }

    /// The addresses of a host that nobody else is asked about, those of its other name included; `None` where others are asked.
    pub(crate) fn addresses(&self, host: &str) -> Option<Vec<IpAddr>> {
        let Some(records) = self.records(host) else { return self.is_local(host).then(Vec::new) };
        let of_alias = self.alias(host).and_then(|alias| self.data.get(&alias)).map(Vec::as_slice).unwrap_or_default();
        let addresses = records.iter().chain(of_alias).filter_map(|record| match &record.data {
            RData::A(address) => Some(IpAddr::V4(address.0)),
            RData::AAAA(address) => Some(IpAddr::V6(address.0)),
            _ => None,
        });
        Some(addresses.collect())
    }

    /// The host that a record of the school's own says a host is another name of. It has a record here too.
    pub(crate) fn alias(&self, host: &str) -> Option<String> {
        self.records(host)?.iter().find_map(|record| match &record.data {
            RData::CNAME(target) => Some(target.0.to_ascii().trim_end_matches('.').to_ascii_lowercase()),
            _ => None,
        })
    }

    /// The school's own records of a host; `None` if it has none.
    pub(crate) fn records(&self, host: &str) -> Option<&[Record]> {
        if self.data.is_empty() { None } else { self.data.get(host).map(Vec::as_slice) }
    }
}

/// Whether a host is a zone's own name or below it. The root is no zone of a school's: it would take every name.
fn is_in(host: &str, zone: &str) -> bool {
    !zone.is_empty() && host.strip_suffix(zone).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

/// One line as in a zone file: name, then time to live and `IN` if they are there, type, data.
pub(crate) fn read(line: &str) -> Result<Record, &'static str> {
    let mut words = line.split_whitespace().peekable();
    let name = name(words.next().unwrap_or_default())?;
    let mut ttl = TTL;
    while let Some(word) = words.peek() {
        if let Ok(seconds) = word.parse() {
            ttl = seconds;
        } else if !word.eq_ignore_ascii_case("IN") {
            break;
        }
        words.next();
    }
    let kind = words.next().ok_or("it has no type")?;
    let rest: Vec<&str> = words.collect();
    let number = |at: usize| rest.get(at).and_then(|word| word.parse::<u16>().ok()).ok_or("a number is missing");
    let last = || rest.last().copied().ok_or("it has no data");
    let data = match kind.to_ascii_uppercase().as_str() {
        "A" => RData::A(A(last()?.parse().map_err(|_| "its data is no IPv4 address")?)),
        "AAAA" => RData::AAAA(AAAA(last()?.parse().map_err(|_| "its data is no IPv6 address")?)),
        "CNAME" => RData::CNAME(CNAME(self::name(last()?)?)),
        "PTR" => RData::PTR(PTR(self::name(last()?)?)),
        "MX" => RData::MX(MX::new(number(0)?, self::name(last()?)?)),
        "SRV" => RData::SRV(SRV::new(number(0)?, number(1)?, number(2)?, self::name(last()?)?)),
        "TXT" => text(line)?,
        _ => return Err("its type is none of A, AAAA, CNAME, MX, PTR, SRV and TXT"),
    };
    Ok(Record::from_rdata(name, ttl, data))
}

/// The text between the first and the last quotation mark, in the pieces a record holds.
fn text(line: &str) -> Result<RData, &'static str> {
    let (_, rest) = line.split_once('"').ok_or("a text stands between quotation marks")?;
    let (text, _) = rest.rsplit_once('"').ok_or("a text stands between quotation marks")?;
    let pieces = text.as_bytes().chunks(255).map(|piece| String::from_utf8_lossy(piece).into_owned()).collect();
    Ok(RData::TXT(TXT::new(pieces)))
}

fn name(word: &str) -> Result<Name, &'static str> {
    if word.is_empty() {
        return Err("it has no name");
    }
    let mut name = Name::from_ascii(word).map_err(|_| "a name in it cannot be one")?;
    name.set_fqdn(true);
    Ok(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dns::config::ForwardZone;
    use proptest::prelude::*;

    #[test]
    fn a_host_of_the_schools_own_has_its_addresses_here_and_others_are_asked_about_the_rest() {
        let config = DnsConfig {
            local_zones: vec!["here.example".into()],
            local_data: [
                "printer.here.example A 10.0.0.5",
                "printer.here.example AAAA fd00::5",
                "paper.here.example CNAME Printer.here.example",
                "elsewhere.example TXT \"no address\"",
            ]
            .map(str::to_owned)
            .into(),
            ..DnsConfig::default()
        };
        let zones = Zones::new(&config).unwrap();
        let of =
            |host: &str| zones.addresses(host).map(|found| found.iter().map(ToString::to_string).collect::<Vec<_>>());
        assert_eq!(of("printer.here.example").unwrap(), ["10.0.0.5", "fd00::5"]);
        assert_eq!(of("paper.here.example").unwrap(), ["10.0.0.5", "fd00::5"]);
        assert_eq!((of("other.here.example"), of("elsewhere.example")), (Some(vec![]), Some(vec![])));
        assert_eq!(of("there.example"), None);
        assert_eq!(zones.alias("paper.here.example").as_deref(), Some("printer.here.example"));
    }

    #[test]
    fn lines_are_read_as_in_a_zone_file() {
        for (line, data) in [
            ("printer.school.example 300 IN A 10.0.0.5", "10.0.0.5"),
            ("printer.school.example. AAAA fd00::5", "fd00::5"),
            ("www.school.example 60 CNAME school.example.", "school.example."),
            ("5.0.0.10.in-addr.arpa IN PTR printer.school.example", "printer.school.example."),
            ("school.example MX 10 mail.school.example", "10 mail.school.example."),
            ("_ipp._tcp.school.example SRV 0 5 631 printer.school.example", "0 5 631 printer.school.example."),
            ("school.example TXT \"two words\"", "\"two words\""),
        ] {
            assert_eq!(read(line).unwrap().data.to_string().trim_matches('"'), data.trim_matches('"'), "{line}");
        }
        for line in
            ["", "name", "name A", "name A 10.0.0", "name NAPTR x", "name MX mail", "name TXT bare", "a..b A 1.2.3.4"]
        {
            assert!(read(line).is_err(), "{line}");
        }
    }

    #[test]
    fn the_longest_zone_wins_and_the_root_is_none() {
        let zone = |suffix: &str| ForwardZone { suffix: suffix.into(), servers: Vec::new() };
        let config = DnsConfig {
            forward_zones: vec![zone("example"), zone("AD.school.example."), zone(".")],
            local_zones: vec!["here.example".into()],
            ..DnsConfig::default()
        };
        let zones = Zones::new(&config).unwrap();
        let found = |host: &str| zones.forwarded(host);
        assert_eq!(found("dc.ad.school.example"), Some(1));
        assert_eq!(found("ad.school.example"), Some(1));
        assert_eq!(found("bad.school.example"), Some(0), "not below ad.school.example");
        assert_eq!(found("school.test"), None);
        assert!(zones.is_local("a.here.example") && !zones.is_local("there.example"));
    }

    proptest! {
        #[test]
        fn arbitrary_lines_are_read_or_refused(line in "[ -~]{0,80}", record in "[a-z.]{0,9} (A|MX|SRV|TXT|PTR) [0-9a-z. \"]{0,20}") {
            let _ = (read(&line), read(&record));
        }
    }
}
