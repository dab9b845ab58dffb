//! The gateway's DNS alone, for measuring: one list closed to everybody, one member of staff at 127.0.0.1 whose
//! network is open, one upstream. `benches/dns/run` starts it beside another server; nothing else should.
//!
//! `dns_server LIST PORT UPSTREAM [DIRECTORY]`: LIST is a file with one domain a line, or `-` for the rules that another
//! start left in DIRECTORY; UPSTREAM an `address:port`. Observations are taken from the queue and dropped; a school's are
//! batched and stored by its own process.
#![expect(clippy::disallowed_methods, reason = "a program reads the clock; it hands the time on as an argument")]

use belisha_filter::{DomainIndexBuilder, Format, IllegalList, ListParser, Rules, Ruleset, Timetable};
use belisha_gateway::{AgeBand, Clock, Entropy, Gate, Gateway, GatewayConfig, GatewayRules, PersonRules, Portal};
use belisha_records::{Identifier, PersonId, SchoolId};
use jiff::{SignedDuration, Timestamp};
use std::error::Error;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{mpsc, watch};

/// A category the example policy closes to every group.
const CATEGORY: &str = "phishing";
const POLICY: &str = include_str!("../../../policies/england-secondary.dj");
const ILLEGAL_LIST_KEY: [u8; 16] = [7; 16];

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (Some(list), Some(port), Some(upstream)) = (arguments.first(), arguments.get(1), arguments.get(2)) else {
        return Err("dns_server needs a list, a port and an upstream: `dns_server LIST PORT ADDRESS:PORT`".into());
    };
    let ruleset = if list == "-" { None } else { Some(ruleset(list)?) };
    let directory = arguments.get(3).map(PathBuf::from);
    // One worker, as the server beside it has one thread.
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    runtime.block_on(serve(ruleset, port.parse()?, upstream.parse()?, directory))
}

async fn serve(
    ruleset: Option<Ruleset>,
    port: u16,
    upstream: SocketAddr,
    directory: Option<PathBuf>,
) -> Result<(), Box<dyn Error>> {
    let school = SchoolId::make(1, [1; 10]);
    let teacher = PersonId::make(2, [2; 10]);
    let (queue, mut observations) = mpsc::channel(4096);
    let portal = Portal {
        base_url: "http://belisha.test".into(),
        hosts: vec!["belisha.test".into()],
        address: SocketAddr::from((Ipv4Addr::LOCALHOST, 9)),
        forwarded_secret: None,
    };
    let mut config = GatewayConfig::loopback(school, portal, queue);
    config.dns_listen = vec![SocketAddr::from((Ipv4Addr::LOCALHOST, port))];
    config.proxy_listen.clear();
    config.block_page_listen.clear();
    config.upstreams = vec![upstream];
    config.snapshot = directory;
    config.dns.threads = 1;
    config.illegal_list_key = ILLEGAL_LIST_KEY;
    let person =
        PersonRules { person: teacher, group: "staff".into(), gate: Gate::Open, age_band: AgeBand::Adult, proxy: None };
    let rules = ruleset
        .map(|ruleset| Arc::new(GatewayRules::new(school, "Marlowe Bridge High School", Arc::new(ruleset), [person])));
    let (_rules, receiver) = watch::channel(rules);
    let clock: Clock = Arc::new(Timestamp::now);
    let gateway = Gateway::start(config, receiver, clock, entropy()?).await?;
    let now = Timestamp::now();
    let day = SignedDuration::from_hours(24);
    gateway.identity.sign_in(IpAddr::V4(Ipv4Addr::LOCALHOST), teacher, now, now + day);
    // In a task, as in the whole program: the one worker reads the queue as well.
    tokio::spawn(async move {
        let mut batch = Vec::new();
        while observations.recv_many(&mut batch, 256).await > 0 {
            batch.clear();
        }
    })
    .await?;
    Ok(())
}

fn ruleset(list: &str) -> Result<Ruleset, Box<dyn Error>> {
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
    let rules = Rules::new(
        policy.ok_or("the example policy does not compile; run `belisha policy check` on it")?,
        Timetable::new("Europe/London", Vec::new(), Vec::new(), Vec::new())?,
    );
    let index = Arc::new(builder.build()?);
    Ok(Ruleset::compile(rules, index, Arc::new(IllegalList::new(ILLEGAL_LIST_KEY))))
}

fn entropy() -> Result<Entropy, Box<dyn Error>> {
    let random = Mutex::new(File::open("/dev/urandom")?);
    Ok(Arc::new(move |bytes: &mut [u8]| {
        // What cannot be read stays as it was: this server is asked by nobody but the bench.
        let _ = random.lock().unwrap_or_else(PoisonError::into_inner).read_exact(bytes);
    }))
}
