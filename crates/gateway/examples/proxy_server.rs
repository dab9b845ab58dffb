//! The gateway's proxy alone, for measuring: one list closed to everybody, one member of staff at 127.0.0.1 whose network is
//! open, origins on this machine. `benches/proxy/run` starts it beside another proxy; nothing else should.
//!
//! `proxy_server LIST PORT [ROOT]`: with ROOT, a file with the authority of the origins, everything encrypted is read.
//! LIST is a file with one domain a line. `bench-origin.test` is this machine. Observations are
//! taken from the queue and dropped; a school's are batched and stored by its own process.
#![expect(clippy::disallowed_methods, reason = "a program reads the clock; it hands the time on as an argument")]

use belisha_filter::{DomainIndexBuilder, Format, IllegalList, ListParser, Rules, Ruleset, Timetable};
use belisha_gateway::{
    AgeBand, Clock, Entropy, Gate, Gateway, GatewayConfig, GatewayRules, InspectionConfig, LocalRecord, PersonRules,
    Portal, make_school_ca,
};
use belisha_records::{Identifier, PersonId, SchoolId};
use jiff::{SignedDuration, Timestamp};
use std::error::Error;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{mpsc, watch};

/// A category the example policy closes to every group.
const CATEGORY: &str = "phishing";
const POLICY: &str = include_str!("../../../policies/england-secondary.dj");
const ILLEGAL_LIST_KEY: [u8; 16] = [7; 16];
/// The port of the bench's origin for tunnels.
const TUNNEL_ORIGIN: u16 = 8493;
const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (list, port, root) = match arguments.as_slice() {
        [list, port] => (list, port, None),
        [list, port, root] => (list, port, Some(std::fs::read_to_string(root)?)),
        _ => return Err("proxy_server needs a list and a port: `proxy_server LIST PORT [ROOT]`".into()),
    };
    let ruleset = ruleset(list, root.is_some())?;
    // One worker, as the proxies beside it have one process for the work.
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let serving = serve(ruleset, port.parse()?, root);
    // On the worker, not on the thread that waits for it: everything then happens on one thread.
    runtime.block_on(async { tokio::spawn(serving).await })?.map_err(|error| -> Box<dyn Error> { error })
}

async fn serve(ruleset: Ruleset, port: u16, root: Option<String>) -> Result<(), Box<dyn Error + Send + Sync>> {
    let school = SchoolId::make(1, [1; 10]);
    let teacher = PersonId::make(2, [2; 10]);
    let (queue, mut observations) = mpsc::channel(4096);
    let portal = Portal {
        base_url: "http://belisha.test".into(),
        hosts: vec!["belisha.test".into()],
        address: SocketAddr::new(HERE, 9),
        forwarded_secret: None,
    };
    let mut config = GatewayConfig::loopback(school, portal, queue);
    config.proxy_listen = vec![SocketAddr::new(HERE, port)];
    config.dns_listen.clear();
    config.block_page_listen.clear();
    config.tunnel_ports = vec![TUNNEL_ORIGIN, 443];
    config.local_records.insert("bench-origin.test".into(), LocalRecord { address: HERE, port: None });
    config.local_records.insert("*.bench-origin.test".into(), LocalRecord { address: HERE, port: None });
    let random = entropy()?;
    if let Some(root) = root {
        let authority = make_school_ca("Marlowe Bridge High School", Timestamp::now(), &random)?;
        let mut inspection = InspectionConfig::new(authority);
        inspection.extra_roots.push(root);
        config.inspection = Some(inspection);
    }
    config.illegal_list_key = ILLEGAL_LIST_KEY;
    let person =
        PersonRules { person: teacher, group: "staff".into(), gate: Gate::Open, age_band: AgeBand::Adult, proxy: None };
    let rules = GatewayRules::new(school, "Marlowe Bridge High School", Arc::new(ruleset), [person]);
    let (_rules, receiver) = watch::channel(Some(Arc::new(rules)));
    let clock: Clock = Arc::new(Timestamp::now);
    let gateway = Gateway::start(config, receiver, clock, random).await?;
    let now = Timestamp::now();
    gateway.identity.sign_in(HERE, teacher, now, now + SignedDuration::from_hours(24));
    while observations.recv().await.is_some() {}
    Ok(())
}

fn ruleset(list: &str, inspected: bool) -> Result<Ruleset, Box<dyn Error>> {
    let mut builder = DomainIndexBuilder::new();
    let source = builder.source("measured", CATEGORY)?;
    let mut parser = ListParser::new(Format::Ut1);
    let mut reader = BufReader::with_capacity(1 << 16, File::open(list)?);
    let mut line = Vec::new();
    while reader.read_until(b'\n', &mut line)? > 0 {
        parser.line(&line, |entry| builder.add_entry(source, &entry));
        line.clear();
    }
    let policy = belisha_policy::compile(POLICY, jiff::civil::date(2026, 11, 21)).policy;
    let mut rules = Rules::new(
        policy.ok_or("the example policy does not compile; run `belisha policy check` on it")?,
        Timetable::new("Europe/London", Vec::new(), Vec::new(), Vec::new())?,
    );
    rules.inspection.enabled = inspected;
    rules.inspection.groups = vec!["staff".into()];
    let index = Arc::new(builder.build()?);
    Ok(Ruleset::compile(rules, index, Arc::new(IllegalList::new(ILLEGAL_LIST_KEY))))
}

fn entropy() -> Result<Entropy, std::io::Error> {
    let random = Mutex::new(File::open("/dev/urandom")?);
    Ok(Arc::new(move |bytes: &mut [u8]| {
        // What cannot be read stays as it was: this proxy is asked by nobody but the bench.
        let _ = random.lock().unwrap_or_else(PoisonError::into_inner).read_exact(bytes);
    }))
}
