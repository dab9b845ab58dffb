//! One open request under review: what of its body is copied, what it may not ask its origin for, and what its answer must be
//! held against before it goes on.

use super::download;
use super::file_kind::{download_name, file_kind, is_media, is_zip};
use super::reading::{Packing, Reading};
use super::refusal::{self, Refusal};
use super::sent::{self, Copied};
use super::words::{Begun, Read, begin};
use crate::gateway::Shared;
use crate::metrics::count;
use crate::observe::Observation;
use crate::proxy::{Body, BodyError, Response, broken_download};
use crate::rules::GatewayRules;
use belisha_filter::{ContentLimits, FileKind, PhraseBook, RuleKind, ai_chat};
use flate2::write::MultiGzDecoder;
use http_body_util::BodyExt;
use hyper::body::{Bytes, Frame};
use hyper::header::{
    ACCEPT_ENCODING, CONTENT_DISPOSITION, CONTENT_ENCODING, CONTENT_TYPE, HeaderName, HeaderValue, IF_RANGE, RANGE,
};
use hyper::{HeaderMap, Method};
use std::collections::VecDeque;
use std::io::{self, Write as _};
use std::sync::Arc;

/// Bytes by which a file is told.
const HEAD: usize = 4096;
/// Packed bytes after which no more of them are waited for.
const PACKED_HEAD: usize = 64 * 1024;
/// Endings of what is played in pieces, and is no harm in pieces.
const PLAYED: &[&str] = &[
    "aac", "flac", "m4a", "m4s", "m4v", "mov", "mp3", "mp4", "mpd", "oga", "ogg", "ogv", "opus", "pdf", "ts", "wav",
    "webm",
];

/// A request that was let through and is looked at.
pub(crate) struct Review {
    rules: Arc<GatewayRules>,
    allowed: Observation,
    host: String,
    path: String,
    head_only: bool,
    /// The limit that the words of its answer are held to, and the book; `None`: they are not read.
    words: Option<(u32, Arc<PhraseBook>)>,
    copied: Option<(Copied, String)>,
    /// Whether the request was written down already.
    written: bool,
}

impl Review {
    /// Begins to look at a request, taking what is to be written down about it; changes what it asks for, so that its answer
    /// can be read. `None`: there is nothing to look at, or nobody may (helplines, which are not observed).
    pub(crate) fn begin(
        shared: &Shared,
        allowed: &mut Option<Observation>,
        host: &str,
        path: &str,
        method: &Method,
        headers: &mut HeaderMap,
    ) -> Option<Self> {
        let (rules, observed) = (shared.rules()?, allowed.as_ref()?);
        let copied = match *method {
            Method::POST | Method::PUT | Method::PATCH => sent::readable(headers),
            _ => None,
        };
        let limits = rules.ruleset.content_limits(observed.group);
        let (words, files) = (words(shared, limits, observed), looks_at_files(limits));
        if words.is_none() && !files && copied.is_none() {
            return None;
        }
        if words.is_some() || files {
            headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("gzip"));
        }
        if files && !is_played(path) {
            // From its middle no file is told.
            headers.remove(RANGE);
            headers.remove(IF_RANGE);
        }
        Some(Self {
            allowed: allowed.take()?,
            rules,
            host: host.to_owned(),
            path: path.to_owned(),
            head_only: *method == Method::HEAD,
            words,
            copied: copied.map(|content_type| (Copied::default(), content_type)),
            written: false,
        })
    }

    /// Begins to look at the answer to a request that was looked at before, by whoever asked about that first: only a refusal
    /// is written down. `None`: there is nothing to look at.
    pub(crate) fn of_answer(
        shared: &Shared,
        allowed: Observation,
        host: &str,
        path: &str,
        method: &Method,
    ) -> Option<Self> {
        let review = Self::begin(shared, &mut Some(allowed), host, path, method, &mut HeaderMap::new())?;
        Some(Self { copied: None, written: true, ..review })
    }

    /// Where the request's body is copied to as it passes.
    pub(crate) fn copy(&self) -> Option<Copied> {
        self.copied.as_ref().map(|(copied, _)| copied.clone())
    }

    /// The answer as it goes on, or the page that says why it does not. `bytes` is the length the origin stated.
    pub(crate) async fn answer(self, shared: &Arc<Shared>, response: Response, bytes: Option<u64>) -> Response {
        match self.look(shared, response, bytes).await {
            Looked::Passes(response) | Looked::Refused(response) => response,
        }
    }

    /// The same as [`Review::answer`], told apart.
    pub(crate) async fn look(mut self, shared: &Arc<Shared>, response: Response, bytes: Option<u64>) -> Looked {
        self.allowed.bytes = bytes;
        self.tell();
        let (parts, body) = response.into_parts();
        if self.head_only || matches!(body, Body::Empty) || parts.status.is_informational() {
            self.write(shared);
            return Looked::Passes(Response::from_parts(parts, body));
        }
        let answer = Answer::of(&parts.headers, &self.path);
        match self.body(shared, &answer, body).await {
            Ok(body) => {
                self.write(shared);
                Looked::Passes(Response::from_parts(parts, body))
            }
            Err(Stopped::Refused(refusal)) => {
                let page = refusal::page(shared, &self.rules, &self.allowed, &refusal);
                refusal::observe(shared, self.allowed, &refusal);
                Looked::Refused(page)
            }
            Err(Stopped::Broken) => {
                self.write(shared);
                Looked::Refused(broken_download())
            }
        }
    }

    /// Writes the request down where its answer comes another way, or not at all.
    pub(crate) fn sent(mut self, shared: &Shared) {
        self.tell();
        self.write(shared);
    }

    fn tell(&mut self) {
        if let Some((copied, content_type)) = &self.copied {
            sent::tell(&mut self.allowed, copied, &self.host, &self.path, content_type);
        }
    }

    fn write(self, shared: &Shared) {
        if !self.written {
            shared.observer.observe(self.allowed);
        }
    }

    async fn body(&self, shared: &Arc<Shared>, answer: &Answer, mut body: Body) -> Result<Body, Stopped> {
        let limits = self.rules.ruleset.content_limits(self.allowed.group);
        let mut held = VecDeque::new();
        if looks_at_files(limits) {
            let head = head(&mut body, &mut held, answer.packing).await.map_err(|_| Stopped::Broken)?;
            if let Some(kind) = answer.kind(&head).filter(|kind| limits.blocked_file_kinds.contains(kind)) {
                return Err(Stopped::Refused(Refusal::File(kind)));
            }
            let opened = is_zip(&head) && !limits.blocked_file_kinds.is_empty();
            let scanned = limits.scan_downloads && !answer.is_part_of_a_page && !is_media(&head);
            let unread = answer.packing.is_none() && !answer.is_part_of_a_page;
            if unread && let Some(refusal) = download::unread(shared, limits) {
                return Err(Stopped::Refused(refusal));
            }
            if opened || scanned {
                let archive = opened.then_some(answer.packing).flatten();
                let checked = download::check(shared, limits, archive, held, body).await;
                return checked.map_err(|_| Stopped::Broken)?.map_err(Stopped::Refused);
            }
        }
        let reading = match &self.words {
            Some((limit, book)) => self.reading(shared, answer, book, *limit).map_err(Stopped::Refused)?,
            None => None,
        };
        let Some(reading) = reading else { return Ok(Read::rest(held, body)) };
        match begin(shared, reading, held, body, &self.allowed).await {
            Begun::Open(body) => Ok(body),
            Begun::Closed(verdict) => Err(Stopped::Refused(Refusal::of(&verdict))),
        }
    }

    fn reading(
        &self,
        shared: &Shared,
        answer: &Answer,
        book: &Arc<PhraseBook>,
        limit: u32,
    ) -> Result<Option<Reading>, Refusal> {
        if !Reading::has_words(&answer.content_type) {
            return Ok(None);
        }
        let Some(packing) = answer.packing else {
            // An origin that packs in a way it was not asked for. Where pages are read, one that cannot be does not pass.
            count(&shared.metrics.pages_unread);
            return Err(Refusal::NotRead);
        };
        let from_chat = ai_chat::service_at(&self.host, &self.path).is_some();
        Ok(Some(Reading::new(book, limit, &answer.content_type, packing, from_chat)))
    }
}

/// What became of an answer that was looked at.
pub(crate) enum Looked {
    /// It goes on as it was, all of it or as far as it is read.
    Passes(Response),
    /// A page of ours is there instead.
    Refused(Response),
}

/// Why an answer does not go on.
enum Stopped {
    Refused(Refusal),
    Broken,
}

/// What the head of an answer says about its body.
struct Answer {
    content_type: String,
    name: String,
    packing: Option<Packing>,
    /// Whether pages load such things by themselves, so that a name alone says nothing.
    is_part_of_a_page: bool,
}

impl Answer {
    fn of(headers: &HeaderMap, path: &str) -> Self {
        let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
        let disposition = text(CONTENT_DISPOSITION);
        let attached =
            disposition.is_some_and(|value| value.trim_start().to_ascii_lowercase().starts_with("attachment"));
        let content_type = text(CONTENT_TYPE).unwrap_or_default().trim().to_ascii_lowercase();
        let shown = ["text/", "image/", "audio/", "video/", "font/"].iter().any(|kind| content_type.starts_with(kind))
            || ["javascript", "json", "xml", "font", "wasm"].iter().any(|kind| content_type.contains(kind));
        Self {
            name: download_name(disposition, path),
            packing: Packing::of(text(CONTENT_ENCODING)),
            is_part_of_a_page: shown && !attached,
            content_type,
        }
    }

    fn kind(&self, head: &[u8]) -> Option<FileKind> {
        if self.is_part_of_a_page {
            // What says it is part of a page and is a program all the same is one.
            return file_kind(head, "").filter(|kind| *kind != FileKind::Scripts);
        }
        file_kind(head, &self.name)
    }
}

/// Takes the first bytes of a body, unpacked.
async fn head(
    body: &mut Body,
    held: &mut VecDeque<Frame<Bytes>>,
    packing: Option<Packing>,
) -> Result<Vec<u8>, BodyError> {
    let mut unpacking = (packing == Some(Packing::Gzip)).then(|| MultiGzDecoder::new(Vec::new()));
    let (mut head, mut came) = (Vec::new(), 0);
    while head.len() < HEAD && came < PACKED_HEAD {
        let Some(frame) = body.frame().await.transpose()? else { break };
        let mut broken = false;
        if let Some(data) = frame.data_ref() {
            came += data.len();
            match &mut unpacking {
                Some(unpacking) => broken = unpack(unpacking, data, &mut head).is_err(),
                None => head.extend_from_slice(data.get(..data.len().min(HEAD)).unwrap_or_default()),
            }
        }
        held.push_back(frame);
        if broken {
            // Nobody can unpack the rest either.
            break;
        }
    }
    head.truncate(HEAD);
    Ok(head)
}

/// Unpacks until there is enough. A kilobyte unpacks to a megabyte at most.
fn unpack(unpacking: &mut MultiGzDecoder<Vec<u8>>, packed: &[u8], head: &mut Vec<u8>) -> io::Result<()> {
    for piece in packed.chunks(1024) {
        let unpacked = unpacking.write_all(piece).and_then(|()| unpacking.flush());
        head.append(unpacking.get_mut());
        unpacked?;
        if head.len() >= HEAD {
            break;
        }
    }
    Ok(())
}

fn looks_at_files(limits: &ContentLimits) -> bool {
    limits.scan_downloads || !limits.blocked_file_kinds.is_empty()
}

/// What a page's words are held to, if they count: the group has a limit, there is a book, and nobody opened this very site.
fn words(shared: &Shared, limits: &ContentLimits, allowed: &Observation) -> Option<(u32, Arc<PhraseBook>)> {
    let opened = [RuleKind::Exception, RuleKind::SchoolAllow, RuleKind::AuthorityAllow, RuleKind::LessonList];
    if opened.iter().any(|rule| rule.key() == allowed.reason) {
        return None;
    }
    limits.phrase_limit.zip(shared.phrase_book())
}

fn is_played(path: &str) -> bool {
    let path = path.split(['?', '#']).next().unwrap_or_default();
    path.rsplit_once('.').is_some_and(|(_, ending)| PLAYED.contains(&ending.to_ascii_lowercase().as_str()))
}
