//! Response policy zones, in and out: the zone files by which unbound, BIND, PowerDNS and Knot close names
//! (draft-vixie-dnsop-dns-rpz). In: records that close a name or let it pass. Out: [`Zone`] writes ours. Other triggers than names,
//! and records that send a name elsewhere, are refused with their reason. What is closed for whom is `decide`'s.
//!
//! A record for `name` closes that name alone and one for `*.name` what is below it; lists here close both, so a zone that has
//! only one of the two is read as if it had both.

use super::{Piece, closes};

/// What must be remembered from line to line of a zone.
#[derive(Debug, Default)]
pub(super) struct Reading {
    /// Name of the zone, lower case, without a final dot; owners that are absolute end in it.
    origin: Option<String>,
    /// Parentheses open, in which a record goes on over line ends.
    open: usize,
}

const TRIGGERS: &[(&str, &str)] = &[
    (".rpz-client-ip", "rules by the client's address are not taken from lists; groups say who"),
    (".rpz-ip", "rules by the address in an answer are not taken from lists of names"),
    (".rpz-nsdname", "rules by the name of a name server are not taken from lists of names"),
    (".rpz-nsip", "rules by the address of a name server are not taken from lists of names"),
];

impl Reading {
    /// Reads one line, of which leading spaces matter.
    pub(super) fn piece<'a>(&mut self, line: &'a str) -> Piece<'a> {
        let content = line.split(';').next().unwrap_or_default().trim_end();
        let inside = self.open > 0;
        for character in content.chars() {
            match character {
                '(' => self.open += 1,
                ')' => self.open = self.open.saturating_sub(1),
                _ => {}
            }
        }
        let mut words = content.split_whitespace();
        let Some(first) = words.next().filter(|_| !inside) else { return Piece::Comment };
        if first.starts_with('$') {
            return self.directive(content, first, words.next());
        }
        // A line that starts with a space is another record of the owner before it, which was taken or refused there.
        if content.starts_with([' ', '\t']) {
            return Piece::Comment;
        }
        let mut rest = words.skip_while(|word| is_ttl_or_class(word));
        match (rest.next(), rest.next()) {
            (Some(kind), target) if kind.eq_ignore_ascii_case("soa") && target.is_some() => {
                if first != "@" && first.ends_with('.') {
                    self.origin = Some(first.trim_end_matches('.').to_ascii_lowercase());
                }
                Piece::Comment
            }
            (Some(kind), _) if ["NS", "TXT", "RRSIG", "DNSKEY"].iter().any(|meta| kind.eq_ignore_ascii_case(meta)) => {
                Piece::Comment
            }
            (Some(kind), Some(target)) => self.record(content, first, kind, target),
            _ => {
                Piece::Refused { text: content.trim_start(), why: "this is no record of a zone; write `name CNAME .`" }
            }
        }
    }

    fn directive<'a>(&mut self, content: &'a str, first: &str, argument: Option<&str>) -> Piece<'a> {
        match (first.to_ascii_uppercase().as_str(), argument) {
            ("$ORIGIN", Some(origin)) => {
                self.origin =
                    Some(origin.trim_end_matches('.').to_ascii_lowercase()).filter(|origin| !origin.is_empty());
                Piece::Comment
            }
            ("$TTL", Some(_)) => Piece::Comment,
            _ => {
                Piece::Refused { text: content, why: "only `$ORIGIN` and `$TTL` are read; put all records in one file" }
            }
        }
    }

    fn record<'a>(&self, content: &'a str, owner: &'a str, kind: &str, target: &str) -> Piece<'a> {
        let refused = |why| Piece::Refused { text: content, why };
        let Some(name) = self.relative(owner) else {
            return refused("the name is not in this zone; give the zone's own name with `$ORIGIN` or an SOA record");
        };
        if let Some((_, why)) = TRIGGERS.iter().find(|(trigger, _)| ends_with(name, trigger)) {
            return refused(why);
        }
        if matches!(name, "" | "@" | "*") {
            return refused("this speaks of every name; list whole names");
        }
        let target = target.to_ascii_lowercase();
        let allow = match kind.to_ascii_uppercase().as_str() {
            "CNAME" => match target.as_str() {
                "." | "*." | "rpz-drop." => false,
                "rpz-passthru." => true,
                "rpz-tcp-only." => return refused("`rpz-tcp-only.` neither closes nor opens a name"),
                _ => return refused("this sends the name elsewhere; a list closes names, and rewrites none"),
            },
            "A" | "AAAA" if closes(&target) => false,
            _ => return refused("this sends the name elsewhere; a list closes names, and rewrites none"),
        };
        Piece::Name { text: name, allow, important: false }
    }

    /// The owner without the zone's name; `None` for an absolute name of elsewhere.
    fn relative<'a>(&self, owner: &'a str) -> Option<&'a str> {
        let Some(absolute) = owner.strip_suffix('.') else { return Some(owner) };
        let origin = self.origin.as_deref()?;
        let cut = absolute.len().checked_sub(origin.len())?;
        let (name, zone) = (absolute.get(..cut)?, absolute.get(cut..)?);
        if !zone.eq_ignore_ascii_case(origin) {
            return None;
        }
        if name.is_empty() { Some(name) } else { name.strip_suffix('.') }
    }
}

fn ends_with(name: &str, ending: &str) -> bool {
    let cut = name.len().checked_sub(ending.len());
    cut.and_then(|cut| name.get(cut..)).is_some_and(|tail| tail.eq_ignore_ascii_case(ending))
}

fn is_ttl_or_class(word: &str) -> bool {
    let classes = ["IN", "CH", "HS"];
    let number = word.trim_end_matches(['s', 'S', 'm', 'M', 'h', 'H', 'd', 'D', 'w', 'W']);
    classes.iter().any(|class| word.eq_ignore_ascii_case(class))
        || (!number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
}

/// What a zone we write does about a name and everything below it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ZoneAction<'a> {
    /// Say that there is no such name.
    Close,
    /// Lead to the block page.
    LeadTo(core::net::IpAddr),
    /// Leave it alone, whatever is closed above it.
    Pass,
    /// Answer with another name's addresses: safe search. The name itself only, not what is below it.
    SameAs(&'a str),
}

impl ZoneAction<'_> {
    fn data(self) -> String {
        match self {
            ZoneAction::Close => "CNAME .".to_owned(),
            ZoneAction::Pass => "CNAME rpz-passthru.".to_owned(),
            ZoneAction::LeadTo(core::net::IpAddr::V4(address)) => format!("A {address}"),
            ZoneAction::LeadTo(core::net::IpAddr::V6(address)) => format!("AAAA {address}"),
            ZoneAction::SameAs(other) => format!("CNAME {other}."),
        }
    }
}

/// Writes a response policy zone.
#[derive(Debug, Clone)]
pub struct Zone {
    /// Name of the zone, such as `rpz.school.example`.
    pub origin: String,
    /// Serial number: seconds since 1970, so that a later export is a newer zone.
    pub serial: u32,
    /// Seconds that resolvers may keep an answer.
    pub ttl: u32,
}

impl Zone {
    /// The first lines: time to live, origin, SOA and NS.
    pub fn head(&self) -> String {
        let Zone { origin, serial, ttl } = self;
        format!(
            "$TTL {ttl}\n$ORIGIN {origin}.\n@ SOA localhost. hostmaster.localhost. {serial} 3600 600 604800 {ttl}\n@ NS localhost.\n"
        )
    }

    /// The record for every name that no other record is for.
    pub fn everything_else(&self, action: ZoneAction<'_>) -> String {
        format!("* {}\n", action.data())
    }

    /// The records of a name, for it and for what is below it. `name` is normalised; longer ones than a zone of this name can
    /// hold (255 bytes with the origin, RFC 1035 section 2.3.4) are left out: `None`.
    pub fn records(&self, name: &str, action: ZoneAction<'_>) -> Option<String> {
        // Length bytes and the root: two more than the text; two for `*.`.
        if name.len() + self.origin.len() + 5 > 255 {
            return None;
        }
        let data = action.data();
        Some(match action {
            ZoneAction::SameAs(_) => format!("{name} {data}\n"),
            ZoneAction::Close | ZoneAction::Pass | ZoneAction::LeadTo(_) => format!("{name} {data}\n*.{name} {data}\n"),
        })
    }
}
