//! Who is reading: the session cookie, the reader's offices today, and the school the page is about.

use crate::app::App;
use crate::error::WebError;
use crate::frame::{Frame, OtherSchool};
use crate::navigation::Menu;
use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use belisha_policy::{Audience, Role};
use belisha_records::SessionId;
use belisha_records::{Actor, Permission, Person, active_roles, may};
use belisha_store::schools::School;
use belisha_store::{offices, people, schools, sessions};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// The session cookie. `__Host-` binds it to this host, to `/` and to `Secure` (RFC 6265bis section 4.1.3.2).
pub(crate) const COOKIE: &str = "__Host-belisha";
/// Which school a visitor who has not signed in looks at. Not a secret.
pub(crate) const SCHOOL_COOKIE: &str = "__Host-belisha-school";

/// A request of anybody, signed in or not.
#[derive(Debug, Clone)]
pub struct Visit {
    /// The school the page is about; `None` before the first start is finished.
    pub school: Option<School>,
    /// Other schools of the installation, for the header of a demonstration.
    pub other_schools: Vec<School>,
    /// Address of the device that asks.
    pub address: IpAddr,
    /// Path of the page.
    pub path: String,
    /// When.
    pub now: Timestamp,
    /// The reader, if signed in.
    pub reader: Option<Reader>,
}

/// Somebody signed in.
#[derive(Debug, Clone)]
pub struct Reader {
    /// The person.
    pub person: Person,
    /// Offices and roles held today.
    pub roles: Vec<Role>,
    /// The session.
    pub(crate) session: SessionId,
}

impl Visit {
    /// Reads the cookies of a request.
    ///
    /// # Errors
    /// `Fault` and `NotNow` when the database does not answer.
    pub(crate) async fn of(app: &App, parts: &Parts) -> Result<Self, WebError> {
        let now = app.now();
        let address = device_address(parts, app.settings.forwarded_secret.as_deref());
        let session = match cookie(&parts.headers, COOKIE) {
            Some(token) => sessions::find(&app.store, &hash_of(token), now).await?,
            None => None,
        };
        let mut all = schools::list(&mut app.store.read_installation().await?).await?;
        let wanted = session
            .as_ref()
            .map(|session| session.school)
            .or_else(|| cookie(&parts.headers, SCHOOL_COOKIE)?.parse().ok());
        let place = all.iter().position(|school| Some(school.id) == wanted).unwrap_or(0);
        let school = (place < all.len()).then(|| all.remove(place));
        let reader = match (&school, session) {
            (Some(school), Some(session)) if school.id == session.school => {
                let mut tx = app.store.read(school.id).await?;
                let person = people::find(&mut tx, session.person).await?;
                let holdings = offices::list_of(&mut tx, session.person).await?;
                let today = school.calendar.day_of(now);
                person.map(|person| Reader {
                    roles: active_roles(&person, &holdings, today),
                    person,
                    session: session.id,
                })
            }
            _ => None,
        };
        // Somebody who has left keeps no session.
        let reader = reader.filter(|reader| !reader.roles.is_empty());
        Ok(Self {
            school,
            other_schools: if app.settings.demonstration { all } else { Vec::new() },
            address,
            path: parts.uri.path().to_owned(),
            now,
            reader,
        })
    }

    /// The school, for pages that need one.
    ///
    /// # Errors
    /// `NotFound` before the first start is finished.
    pub fn school(&self) -> Result<&School, WebError> {
        self.school.as_ref().ok_or(WebError::NotFound)
    }

    /// What stands around the page.
    pub fn frame(&self) -> Frame {
        let mut frame = Frame::bare();
        frame.school = self.school.as_ref().map(|school| school.name.clone());
        frame.other_schools = self
            .other_schools
            .iter()
            .map(|school| OtherSchool { id: school.id.to_string(), name: school.name.clone() })
            .collect();
        if let Some(reader) = &self.reader {
            frame.person = Some(reader.person.name.reveal().to_owned());
            frame.for_pupils = matches!(reader.person.audience, Audience::Pupil | Audience::YoungerPupil);
            frame.menu = Menu::of(&reader.roles, &self.path);
        }
        frame
    }
}

impl FromRequestParts<App> for Visit {
    type Rejection = WebError;
    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, WebError> {
        Self::of(app, parts).await
    }
}

/// A request of somebody signed in. The first line of every handler that takes one asks [`SignedIn::may`].
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// The person.
    pub person: Person,
    /// Offices and roles held today.
    pub roles: Vec<Role>,
    /// Their school.
    pub school: School,
    /// Address of their device.
    pub address: IpAddr,
    /// When they asked.
    pub now: Timestamp,
    visit: Visit,
}

impl SignedIn {
    /// Goes on only if one of the reader's roles has a permission.
    ///
    /// # Errors
    /// `Forbidden`, which says who may.
    pub fn may(&self, permission: Permission) -> Result<(), WebError> {
        if self.can(permission) { Ok(()) } else { Err(WebError::Forbidden(permission)) }
    }
    /// Goes on only if one of the reader's roles has one of these permissions.
    ///
    /// # Errors
    /// `Forbidden`, which says who may, for the first of them.
    pub fn may_any(&self, permissions: &[Permission]) -> Result<(), WebError> {
        let refused = permissions.first().map_or(Ok(()), |first| Err(WebError::Forbidden(*first)));
        if permissions.iter().any(|permission| self.can(*permission)) { Ok(()) } else { refused }
    }
    /// Whether one of the reader's roles has a permission: for buttons that would lead nowhere.
    pub fn can(&self, permission: Permission) -> bool {
        may(&self.roles, permission)
    }
    /// Whether the reader holds a role today.
    pub fn is(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }
    /// The actor of what they write.
    pub fn actor(&self) -> Actor {
        Actor::Person(self.person.id)
    }
    /// Today, at the school.
    pub fn today(&self) -> Date {
        self.school.calendar.day_of(self.now)
    }
    /// The school's time zone.
    pub fn zone(&self) -> TimeZone {
        self.school.calendar.zone()
    }
    /// What stands around the page.
    pub fn frame(&self) -> Frame {
        self.visit.frame()
    }
}

impl FromRequestParts<App> for SignedIn {
    type Rejection = WebError;
    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, WebError> {
        let visit = Visit::of(app, parts).await?;
        Self::from_visit(&visit).ok_or(WebError::SignIn)
    }
}

impl SignedIn {
    /// The reader of a visit, if somebody is signed in.
    pub fn from_visit(visit: &Visit) -> Option<Self> {
        let reader = visit.reader.clone()?;
        let school = visit.school.clone()?;
        Some(Self {
            person: reader.person,
            roles: reader.roles,
            school,
            address: visit.address,
            now: visit.now,
            visit: visit.clone(),
        })
    }
}

/// The address of the device that asks. A request that came through our own gateway says whose it is in `Forwarded`
/// (RFC 7239), and proves with the shared secret that the gateway wrote it; anybody else's `Forwarded` is ignored.
fn device_address(parts: &Parts, secret: Option<&str>) -> IpAddr {
    let peer = parts
        .extensions
        .get::<ConnectInfo<SocketAddr>>()
        .map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |from| from.0.ip().to_canonical());
    let forwarded = parts.headers.get(header::FORWARDED).and_then(|value| value.to_str().ok());
    secret.zip(forwarded).and_then(|(secret, forwarded)| forwarded_for(forwarded, secret)).unwrap_or(peer)
}

/// The address in `for=…;secret="…"`, if the secret is ours. IPv6 stands in brackets and quotation marks there.
fn forwarded_for(forwarded: &str, secret: &str) -> Option<IpAddr> {
    let mut pairs = forwarded.split(';').filter_map(|pair| pair.trim().split_once('='));
    let (mut device, mut proven) = (None, false);
    for (name, value) in pairs.by_ref() {
        let value = value.trim_matches('"');
        match name {
            "for" => device = value.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>().ok(),
            "secret" => proven = value == secret,
            _ => {}
        }
    }
    device.filter(|_| proven).map(|address| address.to_canonical())
}

/// A new session's cookie, and the hash under which it is kept.
pub(crate) struct NewSession {
    pub(crate) token_hash: String,
    pub(crate) cookie: String,
    pub(crate) until: Timestamp,
}

impl NewSession {
    pub(crate) fn make(app: &App, now: Timestamp) -> Self {
        let token = URL_SAFE_NO_PAD.encode(app.random::<32>());
        let hours = app.settings.session_hours;
        let cookie = format!("{COOKIE}={token}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age={}", hours * 3600);
        Self { token_hash: hash_of(&token), cookie, until: now + SignedDuration::from_hours(hours) }
    }
}

/// Makes a browser forget the session.
pub(crate) fn spent_cookie() -> String {
    format!("{COOKIE}=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0")
}

/// Remembers which school a visitor looks at.
pub(crate) fn school_cookie(school: belisha_records::SchoolId) -> String {
    format!("{SCHOOL_COOKIE}={school}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=31536000")
}

/// What is kept of a token, so that a stolen database signs nobody in: its SHA-256, in hexadecimal.
pub(crate) fn hash_of(token: &str) -> String {
    Sha256::digest(token.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let pairs = headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'));
    pairs.filter_map(|pair| pair.trim().split_once('=')).find(|(key, _)| *key == name).map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_gateway_says_whose_device_it_is() {
        let device = |forwarded: &str| forwarded_for(forwarded, "0badcafe");
        assert_eq!(device("for=10.1.2.3;secret=\"0badcafe\""), Some(IpAddr::from([10, 1, 2, 3])));
        assert_eq!(device("for=\"[2001:db8::7]\";secret=\"0badcafe\""), "2001:db8::7".parse().ok());
        for forged in [
            "for=10.1.2.3",
            "for=10.1.2.3;secret=\"guess\"",
            "secret=\"0badcafe\"",
            "for=unknown;secret=\"0badcafe\"",
            "",
        ] {
            assert_eq!(device(forged), None, "{forged}");
        }
    }
}
