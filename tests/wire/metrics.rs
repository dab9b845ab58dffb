//! Figures for Prometheus, read line by line as strictly as its own reader does.

use crate::demonstration::{curl, run};
use crate::serving::{Addresses, Server, ask_proxy, ask_tcp, ask_udp, free_address, two_schools};
use std::collections::{BTreeMap, BTreeSet};

/// What is known of each family: its kind, and its samples by name and labels.
#[derive(Default)]
struct Family {
    kind: String,
    samples: BTreeMap<String, f64>,
}

fn is_name(text: &str) -> bool {
    let mut letters = text.bytes();
    letters.next().is_some_and(|first| first.is_ascii_alphabetic() || first == b'_')
        && letters.all(|letter| letter.is_ascii_alphanumeric() || letter == b'_')
}

/// A sample's name, its labels in order, and its value.
fn sample(line: &str) -> (String, Vec<(String, String)>, f64) {
    let (head, value) = line.rsplit_once(' ').unwrap_or_else(|| panic!("no value: {line}"));
    let value: f64 = value.parse().unwrap_or_else(|_| panic!("no number: {line}"));
    let (name, labels) = match head.split_once('{') {
        Some((name, labels)) => (name, labels.strip_suffix('}').unwrap_or_else(|| panic!("no brace: {line}"))),
        None => (head, ""),
    };
    assert!(is_name(name) && name.starts_with("belisha_"), "{line}");
    let labels = labels.split(',').filter(|label| !label.is_empty()).map(|label| {
        let (key, value) = label.split_once("=\"").unwrap_or_else(|| panic!("no label: {line}"));
        let value = value.strip_suffix('"').unwrap_or_else(|| panic!("no quote: {line}"));
        assert!(is_name(key) && !value.contains(['"', '\\', '\n']), "{line}");
        (key.to_owned(), value.to_owned())
    });
    (name.to_owned(), labels.collect(), value)
}

/// A page of figures.
pub struct Figures(BTreeMap<String, Family>);

impl Figures {
    /// Reads a page; anything that Prometheus would stumble over is a panic.
    pub fn read(text: &str) -> Self {
        Self(read(text))
    }

    /// The samples of a family whose name or labels have a word in them, added up.
    pub fn sum(&self, name: &str, having: &str) -> f64 {
        let samples = &self.0.get(name).unwrap_or_else(|| panic!("no {name}")).samples;
        samples.iter().filter(|(key, _)| key.contains(having)).map(|(_, value)| value).sum()
    }
}

fn read(text: &str) -> BTreeMap<String, Family> {
    let mut families: BTreeMap<String, Family> = BTreeMap::new();
    let (mut helped, mut current) = (BTreeSet::new(), String::new());
    assert!(text.ends_with('\n'));
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            let (name, help) = rest.split_once(' ').unwrap();
            assert!(is_name(name) && !help.is_empty() && helped.insert(name.to_owned()), "{line}");
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').unwrap();
            assert!(helped.contains(name) && matches!(kind, "counter" | "gauge" | "histogram"), "{line}");
            let family = Family { kind: kind.to_owned(), ..Family::default() };
            assert!(families.insert(name.to_owned(), family).is_none(), "twice: {line}");
            current = name.to_owned();
        } else {
            let (name, labels, value) = sample(line);
            let family = families.get_mut(&current).unwrap_or_else(|| panic!("before its type: {line}"));
            let own = match family.kind.as_str() {
                "histogram" => ["_bucket", "_sum", "_count"].iter().any(|end| name == format!("{current}{end}")),
                "counter" => name == current && name.ends_with("_total"),
                _ => name == current && !name.ends_with("_total"),
            };
            assert!(own && value >= 0.0, "{line} among {current}");
            for (key, value) in &labels {
                let known = match key.as_str() {
                    "school" => value.len() == 36,
                    "transport" => ["udp", "tcp", "tls", "https"].contains(&value.as_str()),
                    "outcome" => ["open", "closed", "here"].contains(&value.as_str()),
                    "server" => value.parse::<u8>().is_ok(),
                    "le" => value == "+Inf" || value.parse::<f64>().is_ok(),
                    "version" => true,
                    _ => false,
                };
                assert!(known, "a label that is not agreed on: {line}");
            }
            assert!(family.samples.insert(format!("{name} {labels:?}"), value).is_none(), "twice: {line}");
        }
    }
    families
}

#[test]
fn figures_are_served_and_name_nobody() {
    let (data, addresses, metrics) = (two_schools(), Addresses::free(), free_address());
    let options = [addresses.options(), vec![format!("--metrics={metrics}"), "--upstream=127.0.0.1:9".into()]].concat();
    let mut server = Server::start(data.path(), &options);
    server.until_it_says("For devices");
    for _ in 0..5 {
        ask_udp(addresses.dns, "casino.example").unwrap();
    }
    ask_tcp(addresses.dns, "casino.example").unwrap();
    ask_udp(addresses.dns, "helpline.example").unwrap();
    ask_proxy(addresses.proxy, "http://casino.example/").unwrap();
    let page = curl(&["--noproxy", "*", &format!("http://{metrics}/metrics")]);
    assert_eq!(page.status, 200);
    let figures = Figures::read(&page.body);
    let families = &figures.0;
    let closed = |transport: &str| {
        let samples = &families["belisha_dns_questions_total"].samples;
        let having = |key: &&String| key.contains(transport) && key.contains("\"closed\"");
        samples.iter().filter(|(key, _)| having(key)).map(|(_, value)| *value).sum::<f64>()
    };
    assert_eq!((closed("\"udp\""), closed("\"tcp\"")), (5.0, 1.0), "{}", page.body);
    assert_eq!(figures.sum("belisha_proxy_requests_total", ""), 1.0);
    assert_eq!(figures.sum("belisha_helplines_total", ""), 1.0);
    assert_eq!(figures.sum("belisha_proxy_answer_seconds", "_count"), 1.0);
    assert_eq!(figures.sum("belisha_dns_answer_seconds", "_count"), figures.sum("belisha_dns_quick_total", ""));
    assert!(figures.sum("belisha_memory_resident_bytes", "") > 1e6);
    assert!(figures.sum("belisha_list_names", "") > 0.0);
    assert!(families["belisha_rules_age_seconds"].samples.len() == 1, "rules are in force");
    assert_eq!(families["belisha_upstream_up"].samples.len(), 1);
    for word in ["casino", "helpline.", "127.0.0.1", "example"] {
        assert!(!page.body.contains(word), "`{word}` in {}", page.body);
    }
    let other = run(std::process::Command::new("curl").args(["-s", "--noproxy", "*", &format!("http://{metrics}/")]));
    assert!(other.stdout.is_empty(), "nothing else is there");
}
