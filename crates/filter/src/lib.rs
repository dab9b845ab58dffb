//! What the network does about a request: category lists, the rules compiled from the school's policy, decisions with
//! their reasons, search terms and worrying phrases. Pure: no clock, no files, no async runtime; the gateway brings
//! the request and the time, and carries the decision out.
//!
//! One request goes through `Ruleset::decide`, whose order of precedence is the table in `reason::RuleKind`.

mod addresses_within;
pub mod ai_chat;
mod built_in;
mod content_limits;
mod decide;
mod device;
mod explain;
mod form_body;
mod helplines;
mod host_names;
mod host_table;
mod illegal;
mod index;
mod inspection;
mod json_tree;
mod lists;
mod moment;
mod named_hosts;
mod names;
mod narrowed;
mod own_sites;
mod page_address;
mod page_text;
mod phrases;
mod reason;
mod rules;
mod safe_search;
mod search_terms;
mod settings;
mod timetable;
mod what_if;
mod worrying;

pub use addresses_within::leads_to_helpline;
pub use built_in::{BUILT_IN_LIST, add_built_in, built_in_index, built_in_list};
pub use content_limits::{ContentLimits, ContentRules, FileKind, WhenScannerAway};
pub use explain::{Explanation, Outcome, Step};
pub use form_body::form_value;
pub use helplines::{HELPLINES, Helpline, helpline_for};
pub use host_names::HostNames;
pub use illegal::{ILLEGAL_TEST_ENTRY, IllegalList, IllegalListError};
pub use index::{
    DomainIndex, DomainIndexBuilder, IndexBytes, IndexError, Listing, Matches, Scratch, SourceId, index_checksum,
};
pub use inspection::InspectionRules;
pub use lists::{
    Counts, Entry, Format, LineError, ListParser, ParsedEntry, ParsedList, Zone, ZoneAction, category_for, detect,
    parse,
};
pub use names::{NameError, guard, normalise};
pub use narrowed::LessonList;
pub use own_sites::Reach;
pub use page_address::percent_decoded;
pub use page_text::{PageKind, PageReader};
pub use phrases::{
    CategoryScore, PageOutcome, PageVerdict, PhraseBook, PhraseBookError, PhraseHit, PhraseKind, PhraseLineError,
    PhraseList, PhraseReport, RefusedPhrase, STARTER, Weight, encoding_of_path, includes,
};
pub use reason::{ClauseReference, Decision, Group, Log, Reason, Request, RuleKind};
pub use rules::{Exception, Rules, Ruleset, SchoolRule};
pub use safe_search::{canary, safe_search, safe_search_hosts, safe_search_moderate};
pub use search_terms::{names_helpline, search_terms, search_terms_in_body};
pub use settings::{FILTER_SETTINGS, FilterSettings};
pub use timetable::{BoardingTime, Timetable, TimetableError, TimetablePart};
pub use what_if::{Change, ChangeError, Effect, HostEffect, Seen, Subject};
pub use worrying::{Danger, Hit, Theme, scan};
