//! A gateway's connection to its server: each request with the token, over TLS whose certificate is verified, plain only within this
//! machine. Where the server turns the gateway away, every part of it waits minutes before one of them asks again.

use crate::clock::fill_with_random_bytes;
use crate::commands::Failure;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use ureq::Body;
use ureq::http::{HeaderMap, Response, StatusCode};
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};

/// How long a gateway that was turned away waits, at least.
const TURNED_AWAY: Duration = Duration::from_secs(300);
/// How long the server is waited for before a connection stands.
const CONNECT: Duration = Duration::from_secs(10);
/// How long an answer may take beside what it is asked to wait.
const ANSWER: Duration = Duration::from_secs(30);
/// The longest answer but lists, in bytes.
const LONGEST_ANSWER: u64 = 64 * 1024 * 1024;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    /// The token opens nothing.
    #[error("the server turns this gateway away: {0}")]
    TurnedAway(String),
    /// The server will never take what was sent, or does not have what was asked for.
    #[error("the server refuses: {0}")]
    Refused(String),
    /// The server cannot be reached, or cannot answer now.
    #[error("the server cannot be reached: {0}")]
    Away(String),
}

/// An answer that was read whole.
pub struct Answer {
    /// Its status: 200, 204, 206 or 304.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Vec<u8>,
}

/// Asks a server, from several threads.
pub struct Connection {
    agent: ureq::Agent,
    from: String,
    token: String,
    turned_away_until: Mutex<Option<Instant>>,
}

impl Connection {
    /// A connection that is not made yet. `authority`: the certificates, PEM, that the server's is verified by, in place of the
    /// system's.
    ///
    /// # Errors
    /// When the address is plain and not of this machine, or there are no certificates to verify by.
    pub fn new(from: &url::Url, token: String, authority: Option<&Path>) -> Result<Arc<Self>, Failure> {
        let here = match from.host() {
            Some(url::Host::Ipv4(address)) => address.is_loopback(),
            Some(url::Host::Ipv6(address)) => address.is_loopback(),
            Some(url::Host::Domain(name)) => name == "localhost",
            None => false,
        };
        let mut config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .timeout_connect(Some(CONNECT))
            .timeout_send_body(Some(ANSWER));
        match from.scheme() {
            "https" => config = config.tls_config(TlsConfig::builder().root_certs(certificates(authority)?).build()),
            "http" if here => config = config.proxy(None),
            _ => {
                return Err(Failure(format!(
                    "`{from}` is not encrypted: the rules and what pupils visit would travel in the clear; give an address that begins with https://"
                )));
            }
        }
        let from = from.as_str().trim_end_matches('/').to_owned();
        Ok(Arc::new(Self { agent: config.build().into(), from, token, turned_away_until: Mutex::default() }))
    }

    /// Asks for something, with headers, and waits for the answer `wait` longer than usual.
    ///
    /// # Errors
    /// [`Trouble`].
    pub fn get(&self, path: &str, headers: &[(&str, &str)], wait: Duration) -> Result<Answer, Trouble> {
        whole(self.open(path, headers, wait)?)
    }

    /// As [`Connection::get`], with a body that is not read yet.
    ///
    /// # Errors
    /// [`Trouble`].
    pub fn open(&self, path: &str, headers: &[(&str, &str)], wait: Duration) -> Result<Response<Body>, Trouble> {
        self.wait_if_turned_away();
        let mut request = self.agent.get(format!("{}{path}", self.from));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.header("authorization", format!("Bearer {}", self.token));
        let request = request.config().timeout_recv_response(Some(ANSWER + wait)).build();
        self.judged(request.call())
    }

    /// Sends something; done when the server says that it has it.
    ///
    /// # Errors
    /// [`Trouble`].
    pub fn post(&self, path: &str, body: &[u8]) -> Result<(), Trouble> {
        self.wait_if_turned_away();
        let request = self.agent.post(format!("{}{path}", self.from)).content_type("application/json");
        let request = request.header("authorization", format!("Bearer {}", self.token));
        let request = request.config().timeout_recv_response(Some(ANSWER)).build();
        let answer = whole(self.judged(request.send(body))?)?;
        match answer.status {
            StatusCode::NO_CONTENT => Ok(()),
            other => Err(Trouble::Away(format!("it answers {other}, and not that it took what was sent"))),
        }
    }

    fn judged(&self, answer: Result<Response<Body>, ureq::Error>) -> Result<Response<Body>, Trouble> {
        let mut answer = answer.map_err(|error| Trouble::Away(error.to_string()))?;
        let status = answer.status();
        if status.is_success() || status == StatusCode::NOT_MODIFIED {
            *self.turned_away_until.lock().unwrap_or_else(PoisonError::into_inner) = None;
            return Ok(answer);
        }
        let words = answer.body_mut().with_config().limit(1000).read_to_string().unwrap_or_default();
        let words = format!("{status}: {}", words.lines().next().unwrap_or_default());
        Err(match status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => self.turned_away(words),
            StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS => Trouble::Away(words),
            _ if status.is_client_error() => Trouble::Refused(words),
            _ => Trouble::Away(words),
        })
    }

    fn turned_away(&self, words: String) -> Trouble {
        let mut until = self.turned_away_until.lock().unwrap_or_else(PoisonError::into_inner);
        if until.is_none() {
            tracing::error!(
                "the server turns this gateway away ({words}); it goes on with the rules it holds and asks again in some minutes"
            );
        }
        *until = Some(Instant::now() + TURNED_AWAY + jitter(TURNED_AWAY));
        Trouble::TurnedAway(words)
    }

    /// Sleeps while the gateway is turned away. The first to wake asks for all: the others go on sleeping meanwhile.
    fn wait_if_turned_away(&self) {
        loop {
            let mut until = self.turned_away_until.lock().unwrap_or_else(PoisonError::into_inner);
            let Some(asks_again) = *until else { return };
            let now = Instant::now();
            if asks_again <= now {
                *until = Some(now + TURNED_AWAY);
                return;
            }
            drop(until);
            std::thread::sleep((asks_again - now).min(Duration::from_secs(5)));
        }
    }
}

fn whole(answer: Response<Body>) -> Result<Answer, Trouble> {
    let (head, mut body) = answer.into_parts();
    let body = body.with_config().limit(LONGEST_ANSWER).read_to_vec();
    let body = body.map_err(|error| Trouble::Away(error.to_string()))?;
    Ok(Answer { status: head.status, headers: head.headers, body })
}

fn certificates(authority: Option<&Path>) -> Result<RootCerts, Failure> {
    let found: Vec<Certificate<'static>> = match authority {
        Some(path) => {
            let wrong = |what: String| Failure(format!("cannot use the authority in `{}`: {what}", path.display()));
            let pem = std::fs::read(path).map_err(|error| wrong(error.to_string()))?;
            let items = parse_pem(&pem).collect::<Result<Vec<_>, _>>().map_err(|error| wrong(error.to_string()))?;
            let certificates = items.into_iter().filter_map(|item| match item {
                PemItem::Certificate(certificate) => Some(certificate),
                _ => None,
            });
            certificates.collect()
        }
        None => {
            let of_the_system = rustls_native_certs::load_native_certs().certs;
            of_the_system.iter().map(|certificate| Certificate::from_der(certificate).to_owned()).collect()
        }
    };
    if found.is_empty() {
        return Err(Failure(
            "there is no certificate to verify the server by; install the system’s (ca-certificates), or give the server’s authority with --authority".into(),
        ));
    }
    Ok(RootCerts::new_with_certs(&found))
}

/// A random part of a time.
fn jitter(time: Duration) -> Duration {
    let mut random = [0; 2];
    fill_with_random_bytes(&mut random);
    time.mul_f64(f64::from(u16::from_le_bytes(random)) / f64::from(u16::MAX) / 2.0)
}

/// Waits longer each time something fails: from half a second to a minute, and never as long as another gateway.
#[derive(Default)]
pub struct Patience(u32);

impl Patience {
    /// Something failed. Says whether it is the first time since something went well.
    pub fn lose(&mut self) -> bool {
        let longest = Duration::from_secs(1 << self.0.min(6)).min(Duration::from_secs(60));
        std::thread::sleep(longest / 2 + jitter(longest));
        self.0 += 1;
        self.0 == 1
    }

    /// Something went well.
    pub fn regain(&mut self) {
        self.0 = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_asked_in_the_clear() {
        let asked = |from: &str| Connection::new(&from.parse().unwrap(), String::new(), None).is_ok();
        assert!(asked("http://127.0.0.1:4480") && asked("http://[::1]:4480/") && asked("http://localhost"));
        for elsewhere in
            ["http://belisha.school.example", "http://10.0.0.1", "http://127.0.0.1.example", "ftp://127.0.0.1"]
        {
            assert!(!asked(elsewhere), "{elsewhere}");
        }
    }

    #[test]
    fn a_file_without_a_certificate_is_no_authority() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("authority.pem");
        std::fs::write(&path, "nothing").unwrap();
        let Err(failure) = certificates(Some(&path)) else { panic!("it was taken") };
        assert!(failure.0.contains("--authority"), "{failure}");
    }
}
