//! Writes figures down as Prometheus reads them: text format 0.0.4, one family after the other.

use super::families::{Family, OF_A_GATEWAY, OF_THE_PROCESS};
use belisha_gateway::{GatewayHandle, Histogram};
use belisha_records::SchoolId;
use std::fmt::Write;
use std::sync::Arc;

/// A value and its labels, without `school`.
type Sample = (Vec<(&'static str, String)>, f64);

/// The page.
pub fn page(gateways: &[(SchoolId, Arc<GatewayHandle>)], outcome: &[(&str, u64)]) -> String {
    let mut text = String::with_capacity(16 * 1024);
    for family in OF_THE_PROCESS {
        let samples = of_the_process(family, outcome);
        head(&mut text, family, !samples.is_empty());
        samples.into_iter().for_each(|sample| line(&mut text, family.name, None, sample));
    }
    for family in OF_A_GATEWAY {
        head(&mut text, family, !gateways.is_empty());
        for (school, gateway) in gateways {
            of_a_gateway(&mut text, family, *school, gateway);
        }
    }
    text
}

fn head(text: &mut String, family: &Family, has_samples: bool) {
    if has_samples {
        let Family { name, kind, help, .. } = family;
        // Writing to a string does not fail.
        let _ = write!(text, "# HELP belisha_{name} {help}\n# TYPE belisha_{name} {}\n", kind.word());
    }
}

fn line(text: &mut String, name: &str, school: Option<SchoolId>, (labels, value): Sample) {
    let school = school.map(|school| ("school", school.to_string()));
    let labels: Vec<_> =
        school.into_iter().chain(labels).map(|(label, value)| format!("{label}=\"{value}\"")).collect();
    let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
    let _ = writeln!(text, "belisha_{name}{labels} {value}");
}

#[expect(clippy::cast_precision_loss, reason = "Prometheus knows no other numbers, and counts stay under 2^53")]
fn number(count: u64) -> f64 {
    count as f64
}

fn plain(value: u64) -> Vec<Sample> {
    vec![(Vec::new(), number(value))]
}

fn of_the_process(family: &Family, outcome: &[(&str, u64)]) -> Vec<Sample> {
    match family.name {
        "build_info" => vec![(vec![("version", env!("CARGO_PKG_VERSION").to_owned())], 1.0)],
        "memory_resident_bytes" => memory("VmRSS:").map(plain).unwrap_or_default(),
        "memory_private_bytes" => memory("RssAnon:").map(plain).unwrap_or_default(),
        name => {
            let key = name.trim_end_matches("_total");
            let found = outcome.iter().find(|(known, _)| *known == key);
            found.map(|(_, value)| plain(*value)).unwrap_or_default()
        }
    }
}

/// A line of this process' status, in bytes.
fn memory(field: &str) -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(field))?;
    line.trim().strip_suffix(" kB")?.trim().parse().ok().map(|kilobytes: u64| kilobytes * 1024)
}

fn of_a_gateway(text: &mut String, family: &Family, school: SchoolId, gateway: &GatewayHandle) {
    let metrics = &gateway.metrics;
    match family.name {
        "dns_answer_seconds" => readings(text, family.name, school, &metrics.dns_quick_time),
        "dns_forwarded_seconds" => readings(text, family.name, school, &metrics.dns_forwarded_time),
        "proxy_answer_seconds" => readings(text, family.name, school, &metrics.proxy_time),
        name => samples(name, gateway).into_iter().for_each(|sample| line(text, name, Some(school), sample)),
    }
}

fn readings(text: &mut String, name: &str, school: SchoolId, histogram: &Histogram) {
    let read = histogram.read();
    for (bound, count) in &read.up_to {
        let bound = bound.map_or_else(|| "+Inf".to_owned(), |bound| bound.to_string());
        line(text, &format!("{name}_bucket"), Some(school), (vec![("le", bound)], number(*count)));
    }
    let all = read.up_to.last().map_or(0, |(_, count)| *count);
    line(text, &format!("{name}_sum"), Some(school), (Vec::new(), read.sum));
    line(text, &format!("{name}_count"), Some(school), (Vec::new(), number(all)));
}

fn samples(name: &str, gateway: &GatewayHandle) -> Vec<Sample> {
    let figures = gateway.figures();
    let servers = || figures.upstreams.iter().enumerate().map(|(place, server)| ((place + 1).to_string(), server));
    match name {
        "dns_questions_total" => {
            let each = gateway.metrics.dns.each();
            each.map(|(transport, outcome, count)| {
                (vec![("transport", transport.to_owned()), ("outcome", outcome.to_owned())], number(count))
            })
            .collect()
        }
        "rules_age_seconds" => figures.rules_age.map(|age| plain(age.as_secs())).unwrap_or_default(),
        "list_names" => plain(figures.names as u64),
        // What fits a number without loss.
        "list_generation" => plain(figures.names_checksum & 0xffff_ffff),
        "upstream_up" => {
            servers().map(|(place, server)| (vec![("server", place)], f64::from(u8::from(server.there)))).collect()
        }
        "upstream_usual_seconds" => {
            servers().map(|(place, server)| (vec![("server", place)], f64::from(server.usual) / 1e6)).collect()
        }
        "observations_waiting" => plain(figures.observations_waiting as u64),
        "addresses_known" => plain(figures.addresses_known as u64),
        "tunnels_open" => plain(figures.tunnels as u64),
        name => counted(name.trim_end_matches("_total"), gateway).map(plain).unwrap_or_default(),
    }
}

/// A counter by its key.
fn counted(key: &str, gateway: &GatewayHandle) -> Option<u64> {
    match key.strip_prefix("identity_") {
        Some(key) => gateway.identity.counters().all().into_iter().find(|(known, _)| *known == key),
        None => gateway.metrics.all().into_iter().find(|(known, _)| *known == key),
    }
    .map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use belisha_activity::IngestFigures;
    use belisha_gateway::{Counters, Metrics};

    #[test]
    fn every_counter_has_its_line_and_every_line_its_counter() {
        let named = |key: &str| format!("{key}_total");
        let metrics = Metrics::default().all().into_iter().map(|(key, _)| named(key));
        let identity = Counters::default().all().map(|(key, _)| named(&format!("identity_{key}")));
        let mut counters: Vec<_> = metrics.chain(identity).collect();
        let mut lines: Vec<_> =
            OF_A_GATEWAY.iter().map(|family| family.name.to_owned()).filter(|name| name.ends_with("_total")).collect();
        counters.sort();
        lines.sort();
        assert_eq!(counters, lines);
        for (key, _) in IngestFigures::default().all() {
            assert!(OF_THE_PROCESS.iter().any(|family| family.name.trim_end_matches("_total") == key), "{key}");
        }
    }

    #[test]
    fn the_memory_of_a_process_is_known() {
        let (all, private) = (memory("VmRSS:").unwrap(), memory("RssAnon:").unwrap());
        assert!(all >= private && private > 100_000, "{all} {private}");
    }
}
