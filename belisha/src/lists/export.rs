//! A school's closed names as a response policy zone, for name servers that are not ours. Names come from the texts on the
//! shelf (the index keeps hashes alone) and from the school's own rules; what is closed is what the rules decide. The list of
//! illegal content is never in it: the rules that are asked are compiled without.

use super::{ListError, shelf};
use belisha_filter::{HELPLINES, IllegalList, Request, RuleKind, Ruleset, Zone, ZoneAction};
use belisha_policy::FilterAction;
use jiff::Timestamp;
use std::collections::HashSet;
use std::fs::File;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{BufRead, BufReader, Write};
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;

/// A name no list holds: what is done about it is done about every name that no rule speaks of.
const UNLISTED: &str = "not-listed.invalid";

/// What to export.
#[derive(Debug, Clone)]
pub struct Export {
    /// Group of people, by key: a zone holds one answer for all who ask.
    pub group: String,
    /// The moment whose rules hold: of lessons and of evenings there are different zones.
    pub at: Timestamp,
    /// The zone's name, serial and time to live.
    pub zone: Zone,
    /// Where closed names lead; `None`: "no such name".
    pub block_page: Option<IpAddr>,
    /// Hosts that pass whatever else holds: the school's own pages.
    pub pass: Vec<String>,
}

/// What was written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Exported {
    /// Names closed.
    pub closed: u64,
    /// Names that pass though something above them is closed.
    pub passed: u64,
    /// Search engines led to their safe results.
    pub rewritten: u64,
    /// Names too long for a zone of this name.
    pub left_out: u64,
}

/// Writes the zone.
///
/// # Errors
/// When a list cannot be read or the zone cannot be written.
pub fn export(data: &Path, ruleset: &Ruleset, export: &Export, out: &mut dyn Write) -> Result<Exported, ListError> {
    let rules = ruleset.rules().clone();
    let without_illegal = Arc::new(IllegalList::new([0; 16]));
    let ruleset = Ruleset::compile(rules, Arc::clone(ruleset.index()), without_illegal);
    let mut writer = Writer { ruleset: &ruleset, export, out, seen: HashSet::new(), done: Exported::default() };
    writer.raw(&export.zone.head())?;
    if writer.closes(UNLISTED) {
        let close = writer.close();
        writer.raw(&export.zone.everything_else(close))?;
    }
    for host in &export.pass {
        writer.write(host, ZoneAction::Pass)?;
    }
    for host in HELPLINES.iter().flat_map(|helpline| helpline.hosts) {
        writer.write(host, ZoneAction::Pass)?;
    }
    writer.search_engines()?;
    for host in named_by_rules(&ruleset) {
        writer.name(&host)?;
    }
    for (name, _) in belisha_filter::built_in_list() {
        writer.name(name)?;
    }
    texts(data, &mut |name| writer.name(name))?;
    let done = writer.done;
    out.flush().map_err(|error| unwritable(&error))?;
    Ok(done)
}

fn unwritable(error: &std::io::Error) -> ListError {
    ListError::Folder(format!("the zone cannot be written: {error}; free some space or choose another place"))
}

/// Hosts that the school's own rules name.
fn named_by_rules(ruleset: &Ruleset) -> Vec<String> {
    let rules = ruleset.rules();
    let own = [&rules.school_allow, &rules.school_deny, &rules.authority_allow, &rules.authority_deny];
    let own = own.into_iter().flatten().map(|rule| &rule.host);
    let exceptions = rules.exceptions.iter().map(|exception| &exception.host);
    let lessons = rules.lesson_lists.iter().flat_map(|list| &list.hosts);
    own.chain(exceptions).chain(lessons).cloned().collect()
}

/// Every name on the shelf, exempted ones too.
fn texts(data: &Path, take: &mut dyn FnMut(&str) -> Result<(), ListError>) -> Result<(), ListError> {
    for list in shelf::names(data)? {
        let Some(generation) = shelf::newest(data, &list) else { continue };
        for shelved in &generation.manifest.categories {
            let path = generation.folder.join(format!("{}.txt", shelved.category));
            let unreadable = |error: std::io::Error| ListError::read(&path.display().to_string(), &error);
            let mut lines = BufReader::with_capacity(1 << 16, File::open(&path).map_err(unreadable)?);
            let mut line = String::new();
            while lines.read_line(&mut line).map_err(unreadable)? > 0 {
                let name = line.trim_end().trim_start_matches("@@");
                take(name.strip_suffix("$important").unwrap_or(name))?;
                line.clear();
            }
        }
    }
    Ok(())
}

struct Writer<'a> {
    ruleset: &'a Ruleset,
    export: &'a Export,
    out: &'a mut dyn Write,
    /// Hashes of the names that were written or need not be: several lists hold the same name.
    seen: HashSet<[u64; 2]>,
    done: Exported,
}

impl Writer<'_> {
    fn raw(&mut self, text: &str) -> Result<(), ListError> {
        self.out.write_all(text.as_bytes()).map_err(|error| unwritable(&error))
    }

    fn closes(&self, host: &str) -> bool {
        let request = Request::new(host, &self.export.group);
        let decision = self.ruleset.decide(&request, self.export.at);
        decision.action != FilterAction::Allow && decision.reason.rule != RuleKind::Illegal
    }

    fn close(&self) -> ZoneAction<'static> {
        self.export.block_page.map_or(ZoneAction::Close, ZoneAction::LeadTo)
    }

    fn first_time(&mut self, name: &str) -> bool {
        let hash = |seed: u8| {
            let mut hasher = DefaultHasher::new();
            (seed, name).hash(&mut hasher);
            hasher.finish()
        };
        self.seen.insert([hash(0), hash(1)])
    }

    /// A name that some rule or list speaks of: closed, or passing where something above it is closed.
    fn name(&mut self, name: &str) -> Result<(), ListError> {
        if self.closes(name) {
            let close = self.close();
            return self.write(name, close);
        }
        let mut above = name;
        while let Some((_, parent)) = above.split_once('.') {
            if parent.contains('.') && self.closes(parent) {
                return self.write(name, ZoneAction::Pass);
            }
            above = parent;
        }
        if self.closes(UNLISTED) { self.write(name, ZoneAction::Pass) } else { Ok(()) }
    }

    fn write(&mut self, name: &str, action: ZoneAction<'_>) -> Result<(), ListError> {
        if !self.first_time(name) {
            return Ok(());
        }
        let Some(records) = self.export.zone.records(name, action) else {
            self.done.left_out += 1;
            return Ok(());
        };
        match action {
            ZoneAction::Close | ZoneAction::LeadTo(_) => self.done.closed += 1,
            ZoneAction::Pass => self.done.passed += 1,
            ZoneAction::SameAs(_) => self.done.rewritten += 1,
        }
        self.raw(&records)?;
        self.close_above(name)
    }

    /// A record makes every name above it exist, and a name that exists is not what a wildcard further up means (RFC 4592
    /// section 2.2.2). So what is closed between a record and the one that closes it has a record of its own.
    fn close_above(&mut self, name: &str) -> Result<(), ListError> {
        let mut below = name;
        while let Some((_, above)) = below.split_once('.') {
            if above.contains('.') && self.closes(above) {
                let close = self.close();
                self.write(above, close)?;
            }
            below = above;
        }
        Ok(())
    }

    fn search_engines(&mut self) -> Result<(), ListError> {
        for host in belisha_filter::safe_search_hosts() {
            if let Some(safe) = self.ruleset.safe_search(&host, &self.export.group)
                && !self.closes(&host)
            {
                self.write(&host, ZoneAction::SameAs(safe))?;
            }
        }
        Ok(())
    }
}
