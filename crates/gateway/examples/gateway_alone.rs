//! One school's gateway alone, for measuring: one list closed to everybody, one member of staff at 127.0.0.1 whose network
//! is open, observations taken from the queue and dropped (a school's are batched and stored by its own process). The
//! scripts under `benches` start it beside other programs; nothing else should.
//!
//! `gateway_alone WORD=VALUE...`: `list` (a file with one domain a line; without it, the rules that another start left in
//! `snapshot`), `dns` (a port) with `upstream` (`address:port`), `proxy` (a port; `bench-origin.test` and the names under it
//! are this machine), `root` (a file with the authority of the origins: everything encrypted is then read), `phrases` (a
//! folder of e2guardian's lists that pages are held against), `snapshot` (a directory).
#![expect(clippy::disallowed_methods, reason = "a program reads the clock; it hands the time on as an argument")]

use belisha_filter::{
    ContentLimits, DomainIndexBuilder, Format, IllegalList, ListParser, PhraseBook, PhraseKind, PhraseList, Rules,
    Ruleset, Timetable, encoding_of_path, includes,
};
use belisha_gateway::{
    AgeBand, Clock, Entropy, Gate, Gateway, GatewayConfig, GatewayRules, InspectionConfig, LocalRecord, Observation,
    PersonRules, Portal, make_school_ca,
};
use belisha_records::{Identifier, PersonId, SchoolId};
use jiff::{SignedDuration, Timestamp};
use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{mpsc, watch};

type Stopped = Box<dyn std::error::Error + Send + Sync>;

/// This machine.
const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const NAME: &str = "Marlowe Bridge High School";
const GROUP: &str = "staff";
/// A category the example policy closes to every group.
const CATEGORY: &str = "phishing";
const POLICY: &str = include_str!("../../../policies/england-secondary.dj");
const ILLEGAL_LIST_KEY: [u8; 16] = [7; 16];
/// The ports of the benches' origins for tunnels.
const TUNNEL_PORTS: [u16; 2] = [8493, 443];
/// The score at which a page is closed, as e2guardian has it for its first group.
const PHRASE_LIMIT: u32 = 50;

/// What the command line says, by its words.
type Options = HashMap<String, String>;

fn main() -> Result<(), Stopped> {
    let arguments = std::env::args().skip(1);
    let pairs = arguments.map(|argument| argument.split_once('=').map(|(word, value)| (word.into(), value.into())));
    let options: Options =
        pairs.collect::<Option<_>>().ok_or("`gateway_alone WORD=VALUE...`: see the head of the file")?;
    let ruleset = options.get("list").map(|list| ruleset(list, &options)).transpose()?;
    // One worker, as the programs beside it have one process or thread for the work.
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    // On the worker, not on the thread that waits for it: everything then happens on one thread.
    runtime.block_on(async { tokio::spawn(serve(ruleset, options)).await })?
}

/// Starts the gateway, signs the teacher in and takes observations from the queue for as long as there are any.
async fn serve(ruleset: Option<Ruleset>, options: Options) -> Result<(), Stopped> {
    let random = entropy()?;
    let (config, mut observations) = config(&options, &random)?;
    let (school, teacher) = (config.school, PersonId::make(2, [2; 10]));
    let person =
        PersonRules { person: teacher, group: GROUP.into(), gate: Gate::Open, age_band: AgeBand::Adult, proxy: None };
    let rules = ruleset.map(|ruleset| Arc::new(GatewayRules::new(school, NAME, Arc::new(ruleset), [person])));
    let (_rules, receiver) = watch::channel(rules);
    let clock: Clock = Arc::new(Timestamp::now);
    let gateway = Gateway::start(config, receiver, clock, random).await?;
    let now = Timestamp::now();
    gateway.identity.sign_in(HERE, teacher, now, now + SignedDuration::from_hours(24));
    let mut batch = Vec::new();
    while observations.recv_many(&mut batch, 256).await > 0 {
        batch.clear();
    }
    Ok(())
}

/// What is listened on, and the queue of what is observed.
fn config(options: &Options, random: &Entropy) -> Result<(GatewayConfig, mpsc::Receiver<Observation>), Stopped> {
    let (queue, observations) = mpsc::channel(4096);
    let portal = Portal {
        base_url: "http://belisha.test".into(),
        hosts: vec!["belisha.test".into()],
        address: SocketAddr::new(HERE, 9),
        forwarded_secret: None,
    };
    let mut config = GatewayConfig::loopback(SchoolId::make(1, [1; 10]), portal, queue);
    config.dns_listen = here(options, "dns")?;
    config.proxy_listen = here(options, "proxy")?;
    config.block_page_listen.clear();
    config.dns.threads = 1;
    if let Some(upstream) = options.get("upstream") {
        config.upstreams = vec![upstream.parse()?];
    }
    config.tunnel_ports = TUNNEL_PORTS.to_vec();
    // Where only DNS is measured there are none, as in most schools.
    let origins: &[&str] =
        if options.contains_key("proxy") { &["bench-origin.test", "*.bench-origin.test"] } else { &[] };
    for name in origins {
        config.local_records.insert((*name).into(), LocalRecord { address: HERE, port: None });
    }
    if let Some(root) = options.get("root") {
        let mut inspection = InspectionConfig::new(make_school_ca(NAME, Timestamp::now(), random)?);
        inspection.extra_roots.push(std::fs::read_to_string(root)?);
        config.inspection = Some(inspection);
    }
    config.content.phrase_book = options.get("phrases").map(|folder| phrase_book(folder)).transpose()?;
    config.snapshot = options.get("snapshot").map(PathBuf::from);
    config.illegal_list_key = ILLEGAL_LIST_KEY;
    Ok((config, observations))
}

fn here(options: &Options, word: &str) -> Result<Vec<SocketAddr>, Stopped> {
    options.get(word).map(|port| Ok(SocketAddr::new(HERE, port.parse()?))).into_iter().collect()
}

/// Rules that close the domains of a file, one a line.
fn ruleset(list: &str, options: &Options) -> Result<Ruleset, Stopped> {
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
    rules.inspection.enabled = options.contains_key("root");
    rules.inspection.groups = vec![GROUP.into()];
    if options.contains_key("phrases") {
        let limits = ContentLimits { phrase_limit: Some(PHRASE_LIMIT), ..ContentLimits::default() };
        rules.content.groups.insert(GROUP.into(), limits);
    }
    Ok(Ruleset::compile(rules, Arc::new(builder.build()?), Arc::new(IllegalList::new(ILLEGAL_LIST_KEY))))
}

/// The phrases that an e2guardian with this folder of lists reads by default, each list with the files it includes.
fn phrase_book(folder: &str) -> Result<Arc<PhraseBook>, Stopped> {
    let mut files = Vec::new();
    for (name, kind) in [
        ("weightedphraselist", PhraseKind::Weighted),
        ("bannedphraselist", PhraseKind::Banned),
        ("exceptionphraselist", PhraseKind::Exception),
    ] {
        let mut waiting = vec![Path::new(folder).join(name)];
        while let Some(path) = waiting.pop() {
            let text = std::fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))?;
            waiting.extend(includes(&text).into_iter().map(PathBuf::from));
            files.push((path.display().to_string(), kind, text));
        }
    }
    let lists = files.iter().map(|(name, kind, text)| {
        let encoding = encoding_of_path(name);
        PhraseList { name, kind: *kind, text, encoding }
    });
    Ok(Arc::new(PhraseBook::compile(&lists.collect::<Vec<_>>())?))
}

/// Randomness from the system.
fn entropy() -> Result<Entropy, std::io::Error> {
    let random = Mutex::new(File::open("/dev/urandom")?);
    Ok(Arc::new(move |bytes: &mut [u8]| {
        // What cannot be read stays as it was: these programs are asked by nobody but a bench.
        let _ = random.lock().unwrap_or_else(PoisonError::into_inner).read_exact(bytes);
    }))
}
