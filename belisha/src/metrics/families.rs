//! What each figure is: one table, from which the page takes its help and `docs/reference/metrics.md` is made.

use std::fmt::Write;

/// How a figure moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Only grows, from 0 at the start of the process.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Readings in classes.
    Histogram,
}

impl Kind {
    /// As Prometheus writes it.
    pub const fn word(self) -> &'static str {
        match self {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Histogram => "histogram",
        }
    }
}

/// A figure.
pub struct Family {
    /// Name after `belisha_`.
    pub name: &'static str,
    /// How it moves.
    pub kind: Kind,
    /// Labels beside `school`.
    pub labels: &'static str,
    /// What it counts, and in what.
    pub help: &'static str,
}

const fn counter(name: &'static str, help: &'static str) -> Family {
    Family { name, kind: Kind::Counter, labels: "", help }
}

const fn gauge(name: &'static str, help: &'static str) -> Family {
    Family { name, kind: Kind::Gauge, labels: "", help }
}

const fn histogram(name: &'static str, help: &'static str) -> Family {
    Family { name, kind: Kind::Histogram, labels: "", help }
}

/// Figures of the whole process, without the label `school`.
pub const OF_THE_PROCESS: &[Family] = &[
    Family { name: "build_info", kind: Kind::Gauge, labels: "version", help: "Always 1" },
    gauge("memory_resident_bytes", "Memory in use, with the parts of compiled lists that were read"),
    gauge("memory_private_bytes", "Memory in use that is this process' alone: without the compiled lists"),
    counter("activity_stored_total", "Records of visits in the database"),
    counter("activity_withheld_total", "Records that may not be written down"),
    counter("activity_alerts_total", "Alerts raised"),
    counter("activity_spilled_total", "Records written to the disk because the database was away"),
    counter("activity_lost_total", "Records lost because neither database nor disk took them"),
    gauge("activity_waiting", "1 while records wait on the disk or in memory"),
    gauge(
        "spool_records",
        "Batches of visits that wait on the disk for the server (`belisha gateway`, as the next six)",
    ),
    gauge("spool_bytes", "Bytes on the disk that wait for the server"),
    gauge("spool_in_memory", "Batches of visits that wait in memory, because the disk takes nothing"),
    gauge("spool_in_memory_bytes", "Bytes in memory that wait for the disk or the server; past 32 MiB the oldest go"),
    counter("spool_lost_total", "Batches lost because spool or memory were full"),
    counter("spool_damaged_total", "Batches whose checksum did not fit"),
    counter("spool_refused_total", "Batches the server will never take; they are in `spool/refused`"),
];

/// Figures of each school's gateway.
pub const OF_A_GATEWAY: &[Family] = &[
    Family {
        name: "dns_questions_total",
        kind: Kind::Counter,
        labels: "transport, outcome",
        help: "DNS questions by how they came (udp, tcp, tls, https) and what became of them (open, closed, here: the school's own names and refusals)",
    },
    histogram(
        "dns_answer_seconds",
        "From a packet's arrival to its answer, of questions over UDP answered from rules and memory",
    ),
    histogram("dns_forwarded_seconds", "How long other DNS servers were waited for"),
    histogram("proxy_answer_seconds", "From a request's head to the head of its answer, at the proxy"),
    gauge("rules_age_seconds", "Since the rules in use were taken; missing while there are none"),
    gauge("list_names", "Names on the lists in use"),
    gauge("list_generation", "A number that is another whenever the lists are"),
    Family {
        name: "upstream_up",
        kind: Kind::Gauge,
        labels: "server",
        help: "1 if another DNS server answers; servers are numbered in the order of the options, the usual ones first",
    },
    Family {
        name: "upstream_usual_seconds",
        kind: Kind::Gauge,
        labels: "server",
        help: "How long another DNS server usually takes",
    },
    gauge("observations_waiting", "Observations that wait to be written down"),
    gauge("addresses_known", "Addresses at which somebody or some device is known"),
    gauge("tunnels_open", "Open tunnels"),
    counter("dns_malformed_total", "DNS packets that were no question"),
    counter("dns_quick_total", "DNS questions that were read in place and answered from memory"),
    counter("dns_overload_total", "DNS packets dropped because too many waited"),
    counter("dns_upstream_failures_total", "DNS questions that no other server answered"),
    counter("dns_rebinding_total", "Answers withheld because a public name had a private address"),
    counter("dns_closed_answers_total", "Answers withheld because they led to something closed"),
    counter("dns_rate_limited_total", "DNS questions over one device's limit"),
    counter("proxy_requests_total", "Requests and tunnels at the proxy"),
    counter("icap_requests_total", "Requests and answers that other proxies asked about over ICAP"),
    counter("icap_refused_total", "What came over ICAP and could not be read, or was from nobody who may ask"),
    counter("allowed_total", "Decisions to let through"),
    counter("blocked_total", "Decisions to close"),
    counter("sign_first_total", "Requests sent to the portal to sign"),
    counter("credentials_asked_total", "Proxy passwords that were nobody's, and browsers asked for one"),
    counter("helplines_total", "Helplines reached: the only trace they leave"),
    counter("refused_connections_total", "Connections refused because too many were open"),
    counter("refused_addresses_total", "Tunnels to addresses that nobody may reach through the proxy"),
    counter("observed_total", "Observations handed on"),
    counter("observations_dropped_total", "Observations lost because too many waited"),
    counter("rules_taken_total", "Times rules were taken into use"),
    counter("snapshot_failures_total", "Times the last rules could not be written to the disk"),
    counter("content_refused_total", "Pages and files refused for what they hold: phrases, kind, malware"),
    counter("pages_unread_total", "Pages that could not be read"),
    counter("downloads_unscanned_total", "Downloads that should have been scanned and could not be"),
    counter("tunnel_bytes_total", "Bytes carried through tunnels, both ways"),
    counter("inspected_total", "Encrypted connections opened for reading"),
    counter("inspection_failures_total", "Encrypted connections with devices that did not come about"),
    counter("passed_by_total", "Tunnels carried unread because their host is pinned"),
    counter("pinned_hosts_total", "Hosts found to be pinned, counted by device"),
    counter("certificates_made_total", "Certificates made for hosts"),
    counter(
        "origins_refused_total",
        "Encrypted connections to sites that did not come about, for bad certificates among others",
    ),
    counter("identity_radius_accepted_total", "RADIUS packets that were believed"),
    counter(
        "identity_radius_strangers_total",
        "RADIUS packets from addresses that are none of the school's access points",
    ),
    counter("identity_radius_forged_total", "RADIUS packets whose sender did not know the secret"),
    counter("identity_radius_malformed_total", "RADIUS packets that cannot be read"),
    counter("identity_radius_unknown_names_total", "RADIUS names that are nobody's"),
    counter("identity_lease_files_read_total", "Lease files read"),
    counter("identity_lease_files_failed_total", "Lease files that could not be read"),
    counter("identity_neighbours_read_total", "Times the table of neighbours was read"),
    counter("identity_log_ons_accepted_total", "Log-ons and log-offs that were believed"),
    counter("identity_log_ons_refused_total", "Log-ons and log-offs that were refused"),
    counter("identity_notices_total", "Notices about pupils' own devices"),
];

/// The page of reference.
pub fn metrics_reference() -> String {
    let mut text = "# Figures for Prometheus\n\nMade by `belisha docs` from `belisha/src/metrics/families.rs`. `belisha serve --metrics 127.0.0.1:9464` and `belisha gateway` \
        with the same option serve them at `/metrics`. Every name starts with `belisha_`. No figure carries a host, a person or a device.\n".to_owned();
    for (title, families) in
        [("Of the process", OF_THE_PROCESS), ("Of each gateway, with the label `school`", OF_A_GATEWAY)]
    {
        // Writing to a string does not fail.
        let _ = write!(text, "\n## {title}\n\n| name | kind | labels | what |\n|---|---|---|---|\n");
        for Family { name, kind, labels, help } in families {
            let _ = writeln!(text, "| `{name}` | {} | {labels} | {help} |", kind.word());
        }
    }
    text.push_str(
        "\n## What to watch\n\n- `rules_age_seconds` is missing: no rules are in force, and everything but the school's own pages and helplines is closed.\n\
         - `upstream_up` is 0: a DNS server is away; if all are, `dns_upstream_failures_total` grows.\n\
         - `observations_dropped_total`, `activity_lost_total` or `spool_lost_total` grows: visits are not written down.\n\
         - `spool_in_memory` is not 0: the disk of a gateway is full or broken.\n\
         - `downloads_unscanned_total` grows: the malware scanner is away.\n\
         - `snapshot_failures_total` grows: the disk is full, and a restart would not know the newest rules.\n\
         \nReadings in histograms are counted in fixed classes from 50 microseconds to 10 seconds by two additions; DNS over UDP is timed once for each batch of\n\
         packets, so that it costs one look at the clock however many there are.\n",
    );
    text
}
