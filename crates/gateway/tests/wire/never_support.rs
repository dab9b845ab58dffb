//! What the stories of what nobody can switch off need: rules and settings that all say the opposite, everybody who may ask, and an
//! ear for the log.

use crate::support::*;
use belisha_filter::{
    ContentLimits, Exception, FileKind, ILLEGAL_TEST_ENTRY, IllegalList, LessonList, PhraseBook, PhraseKind,
    PhraseList, Rules, Ruleset, SchoolRule, WhenScannerAway,
};
use belisha_gateway::*;
use belisha_policy::Role;
use jiff::SignedDuration;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

pub const HELPLINE: &str = "www.childline.org.uk";
/// An address that the provider lists as a host of its own, and where everything else is.
pub const LISTED: Ipv4Addr = Ipv4Addr::new(203, 0, 112, 66);
pub const OPEN: Ipv4Addr = Ipv4Addr::new(203, 0, 112, 7);
/// What must stand in no log line, metric, observation or page.
pub const SECRETS: [&str; 5] = ["illegal-test", "illegal--test", "childline", "listed-by-a-provider", "203.0.112.66"];

pub fn list() -> IllegalList {
    let mut list = IllegalList::new(KEY);
    for address in ["listed-by-a-provider.example", "http://pages.example/one/page?id=4", "203.0.112.66"] {
        assert!(list.insert(address));
    }
    list
}

/// Rules under which everything illegal is open and every helpline closed, if rules could do that.
pub fn against(rules: &mut Rules) {
    let everybody = || ["younger-pupil", "pupil", "staff", "guest", "unknown"].map(str::to_owned).to_vec();
    let rule = |host: &str| SchoolRule {
        id: format!("rule-{host}"),
        host: host.into(),
        groups: Vec::new(),
        reason: "a test".into(),
    };
    let illegal = [ILLEGAL_TEST_ENTRY, "listed-by-a-provider.example", "pages.example"];
    let helplines = ["childline.org.uk", "helpline.example"];
    let until = MONDAY_LESSON.parse::<jiff::Timestamp>().unwrap() + SignedDuration::from_hours(24 * 4000);
    let exception = |host: &str, allow| Exception {
        id: format!("exception-{host}"),
        host: host.into(),
        groups: everybody(),
        person: None,
        from: jiff::Timestamp::UNIX_EPOCH,
        until,
        allow,
        reason: "a test".into(),
        granted_by_office: Role::Headteacher,
    };
    rules.school_allow.extend(illegal.map(rule));
    rules.authority_allow.extend(illegal.map(rule));
    rules.school_deny.extend(helplines.map(rule));
    rules.authority_deny.extend(helplines.map(rule));
    rules.exceptions.extend(illegal.map(|host| exception(host, true)));
    rules.exceptions.extend(helplines.map(|host| exception(host, false)));
    rules.lesson_lists.push(LessonList {
        id: "lesson".into(),
        name: "7B".into(),
        hosts: [&illegal[..], &["archive.example", "encyclopedia.example", "alias.example", "elsewhere.example"]]
            .concat()
            .into_iter()
            .map(str::to_owned)
            .collect(),
        groups: everybody(),
        people: Vec::new(),
        from: jiff::Timestamp::UNIX_EPOCH,
        until,
        reason: "a test".into(),
        made_by_office: Role::Teacher,
    });
    rules.safe_search = false;
    rules.inspection.never_hosts = vec![ILLEGAL_TEST_ENTRY.into()];
    let limits = ContentLimits {
        phrase_limit: Some(1),
        blocked_file_kinds: FileKind::ALL.iter().copied().collect(),
        scan_downloads: true,
        when_scanner_away: WhenScannerAway::Refuse,
    };
    rules.content.groups.extend(everybody().into_iter().map(|group| (group, limits.clone())));
}

pub fn with_list(ruleset: &Ruleset) -> Arc<GatewayRules> {
    rules_by(Arc::new(Ruleset::compile(ruleset.rules().clone(), Arc::clone(ruleset.index()), Arc::new(list()))))
}

pub fn hostile_rules() -> Arc<GatewayRules> {
    with_list(&ruleset_with(against))
}

/// Settings that stand in the way as well: a scanner that is away, a book that counts every word, the networks that helplines
/// are in closed, and names of both kinds in the school's own records.
pub fn hostile(config: &mut GatewayConfig) {
    let origin = config.local_records["*.example"];
    for host in
        [HELPLINE, "pages.example", ILLEGAL_TEST_ENTRY, "www.google.com", "illegal--test-example.translate.goog"]
    {
        config.local_records.insert(host.into(), origin);
    }
    config.allow_private_for = vec!["*.example".into(), ILLEGAL_TEST_ENTRY.into(), "203.0.112.66".into()];
    config.proxy.direct_address = DirectAddress::Allow;
    config.content.clamd = Some(ClamdAddress::Tcp(SocketAddr::new(LOOPBACK, 1)));
    let text = b"#listcategory:\"Words\"\n<origin><90>\n<sent><90>\n";
    let list = PhraseList { name: "test", kind: PhraseKind::Weighted, text, encoding: None };
    config.content.phrase_book = Some(Arc::new(PhraseBook::compile(&[list]).unwrap()));
    config.limits.connect_time = Duration::from_millis(300);
    config.dns.closed_networks = vec!["203.0.112.0/26".parse().unwrap()];
}

/// Everybody who may sit at the device, and the password their browser sends.
pub fn callers() -> Vec<(Option<belisha_records::PersonId>, String)> {
    let people = [None, Some(pupil()), Some(young()), Some(teacher()), Some(unsigned())];
    let signed_in = people.map(|person| (person, String::new()));
    let named = ["pupil", "young", "teacher", "unsigned"].map(|name| (None, basic(name, &format!("{name}-secret"))));
    let wrong = (None, basic("pupil", "wrong"));
    signed_in.into_iter().chain(named).chain([wrong]).collect()
}

/// Everything that this process wrote to its log.
#[derive(Clone, Default)]
pub struct Logged(pub Arc<Mutex<Vec<String>>>);

impl tracing::Subscriber for Logged {
    /// As `belisha` has it: everything of ours, and of others no more than warnings.
    fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
        metadata.target().starts_with("belisha")
            || metadata.target() == module_path!()
            || *metadata.level() <= tracing::Level::WARN
    }
    fn new_span(&self, span: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        self.0.lock().unwrap().push(format!("{span:?}"));
        tracing::span::Id::from_u64(1)
    }
    fn record(&self, _: &tracing::span::Id, values: &tracing::span::Record<'_>) {
        self.0.lock().unwrap().push(format!("{values:?}"));
    }
    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}
    fn event(&self, event: &tracing::Event<'_>) {
        struct Text<'a>(&'a mut String);
        impl tracing::field::Visit for Text<'_> {
            fn record_debug(&mut self, field: &tracing::field::Field, value: &dyn std::fmt::Debug) {
                self.0.push_str(&format!("{field}={value:?} "));
            }
        }
        let mut text = String::new();
        event.record(&mut Text(&mut text));
        self.0.lock().unwrap().push(text);
    }
    fn enter(&self, _: &tracing::span::Id) {}
    fn exit(&self, _: &tracing::span::Id) {}
}

/// Begins to keep what is logged, from every thread, by any of these stories.
pub fn logged() -> Logged {
    static LOGGED: OnceLock<Logged> = OnceLock::new();
    LOGGED
        .get_or_init(|| {
            let logged = Logged::default();
            tracing::subscriber::set_global_default(logged.clone()).unwrap();
            logged
        })
        .clone()
}

/// Asserts that nothing written down names what must not be named. Takes the observations.
pub fn leaves_no_name(site: &mut Site) -> Vec<Observation> {
    let seen = site.observed();
    for observation in &seen {
        let text = format!("{observation:?}");
        assert!(!SECRETS.iter().any(|secret| text.contains(secret)), "observed: {text}");
        assert_ne!(observation.reason, "helpline");
        if observation.reason == "illegal" {
            assert_eq!((&observation.host, &observation.path, &observation.search_term), (&None, &None, &None));
            assert_eq!((observation.outcome, &observation.list), (Outcome::Blocked, &None));
        }
    }
    let metrics = format!("{:?}", site.gateway.metrics.all());
    let log = logged().0.lock().unwrap().join("\n");
    for secret in SECRETS {
        assert!(!metrics.contains(secret) && !log.contains(secret), "{secret} in {metrics} or {log}");
    }
    seen
}
