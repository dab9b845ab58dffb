//! What the stories of inspected connections need: a school that reads encrypted pages, origins with good and bad
//! certificates, and a client that says which certificate it was shown.

use crate::support::*;
use belisha_filter::InspectionRules;
use belisha_gateway::{GatewayConfig, InspectionConfig, LocalRecord, SchoolCa, make_school_ca};
use jiff::{SignedDuration, Timestamp};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::client::ClientConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::WebPkiClientVerifier;
use rustls::time_provider::TimeProvider;
use rustls::{RootCertStore, ServerConfig};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::client::TlsStream;
use tokio_rustls::{TlsAcceptor, TlsConnector};

/// What the good origin stands for.
const HOSTS: [&str; 9] = [
    "lessons.example",
    "closed.example",
    "video.example",
    "forum.example",
    "bank.example",
    "www.bank.example",
    "app.example",
    "203.0.113.9",
    "www.childline.org.uk",
];

/// An origin's own authority: the world's, as far as these stories go.
pub struct World {
    root: CertifiedIssuer<'static, KeyPair>,
}

/// What is wrong with an origin.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fault {
    None,
    Expired,
    NotYetValid,
    WrongHost,
    SelfSigned,
    Stranger,
    WantsCertificate,
}

/// An origin that speaks TLS.
pub struct TlsOrigin {
    pub port: u16,
    pub certificate: CertificateDer<'static>,
    /// Connections it had.
    pub connections: Arc<AtomicUsize>,
}

impl World {
    pub fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, "The world");
        Self { root: CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap() }
    }

    pub fn root_pem(&self) -> String {
        self.root.pem()
    }

    /// Starts an origin for names, with or without a fault.
    pub async fn origin(&self, names: &[&str], fault: Fault, now: Timestamp) -> TlsOrigin {
        let names: Vec<String> = match fault {
            Fault::WrongHost => vec!["another.example".into()],
            _ => names.iter().map(|name| (*name).to_owned()).collect(),
        };
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(names).unwrap();
        let day = |days: i64| {
            let date = (now + SignedDuration::from_hours(24 * days)).to_zoned(jiff::tz::TimeZone::UTC).date();
            rcgen::date_time_ymd(date.year().into(), date.month().unsigned_abs(), date.day().unsigned_abs())
        };
        (params.not_before, params.not_after) = match fault {
            Fault::Expired => (day(-400), day(-30)),
            Fault::NotYetValid => (day(30), day(60)),
            _ => (day(-30), day(30)),
        };
        let certificate = match fault {
            Fault::SelfSigned => params.self_signed(&key).unwrap(),
            Fault::Stranger => params.signed_by(&key, &World::new().root).unwrap(),
            _ => params.signed_by(&key, &self.root).unwrap(),
        };
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider));
        let builder = builder.with_safe_default_protocol_versions().unwrap();
        let builder = if fault == Fault::WantsCertificate {
            let mut roots = RootCertStore::empty();
            roots.add(self.root.der().clone()).unwrap();
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
            builder.with_client_cert_verifier(verifier)
        } else {
            builder.with_no_client_auth()
        };
        let private = PrivateKeyDer::Pkcs8(key.serialize_der().into());
        let config = builder.with_single_cert(vec![certificate.der().clone()], private).unwrap();
        let listener = TcpListener::bind((LOOPBACK, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (acceptor, connections) = (TlsAcceptor::from(Arc::new(config)), Arc::new(AtomicUsize::new(0)));
        let counted = Arc::clone(&connections);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                counted.fetch_add(1, Ordering::SeqCst);
                let acceptor = acceptor.clone();
                tokio::spawn(async move {
                    if let Ok(stream) = acceptor.accept(stream).await {
                        answer_requests(stream, "tls origin").await;
                    }
                });
            }
        });
        TlsOrigin { port, certificate: certificate.der().clone(), connections }
    }
}

/// A school that reads its pupils' encrypted pages but for a few hosts.
pub struct Reading {
    pub site: Site,
    pub ca: SchoolCa,
    pub world: World,
    pub origin: TlsOrigin,
}

impl Reading {
    pub async fn start() -> Self {
        Self::start_with(|_, _| {}).await
    }

    /// Starts with other settings; the rest of the world's hosts are at one good origin.
    pub async fn start_with(change: impl FnOnce(&mut GatewayConfig, &World)) -> Self {
        let world = World::new();
        let now = here();
        let origin = world.origin(&HOSTS, Fault::None, now).await;
        let made = make_school_ca("Marlowe Bridge High School", now, &entropy()).unwrap();
        let ca = SchoolCa { certificate_pem: made.certificate_pem.clone(), key_pem: made.key_pem.clone() };
        let rules = rules_by(ruleset_with(|rules| {
            rules.inspection = InspectionRules {
                enabled: true,
                groups: vec!["pupil".into(), "younger-pupil".into()],
                never_hosts: vec!["bank.example".into()],
                never_categories: vec!["forums".into()],
            };
        }));
        let mut inspection = InspectionConfig::new(made);
        inspection.extra_roots.push(world.root_pem());
        let port = origin.port;
        let site = Site::start_with(Some(rules), |config| {
            config.inspection = Some(inspection);
            let here = |port| LocalRecord { address: LOOPBACK, port: Some(port) };
            config.local_records.insert("*.example".into(), here(port));
            config.local_records.insert("www.childline.org.uk".into(), here(port));
            config.local_records.insert("203.0.113.9".into(), here(port));
            change(config, &world);
        })
        .await;
        site.set_time_as_here();
        site.sign_in(pupil());
        Self { site, ca, world, origin }
    }

    /// Where an origin with a fault stands, as a local name.
    pub fn at(port: u16) -> LocalRecord {
        LocalRecord { address: LOOPBACK, port: Some(port) }
    }

    pub fn trusting(&self) -> ClientConfig {
        trusting(&[&self.ca.certificate_pem, &self.world.root_pem()], self.site.now(), &[])
    }

    /// Opens a tunnel and TLS in it. `Err` where either did not come about.
    pub async fn tls(&self, host: &str, config: ClientConfig) -> std::io::Result<TlsStream<TcpStream>> {
        self.tls_as(host, host, config).await
    }

    /// The same with a CONNECT to another target than the name in TLS.
    pub async fn tls_as(
        &self,
        target: &str,
        host: &str,
        config: ClientConfig,
    ) -> std::io::Result<TlsStream<TcpStream>> {
        let stream = connect(&self.site, target).await?;
        let name = ServerName::try_from(host.to_owned()).unwrap();
        TlsConnector::from(Arc::new(config)).connect(name, stream).await
    }

    /// A GET inside TLS, by a device that trusts the school.
    pub async fn get(&self, host: &str, path: &str) -> Answer {
        let mut stream = self.tls(host, self.trusting()).await.unwrap();
        inside(&mut stream, &format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n")).await
    }

    /// Whether a device that trusts everybody sees the origin's own certificate for a host.
    pub async fn is_carried(&self, host: &str) -> bool {
        let stream = self.tls(host, self.trusting()).await.unwrap();
        shown(&stream) == self.origin.certificate
    }

    pub fn metric(&self, name: &str) -> u64 {
        self.site.gateway.metrics.all().into_iter().find(|(key, _)| *key == name).unwrap().1
    }
}

/// This machine's time, which other programs read as well.
#[expect(clippy::disallowed_methods, reason = "curl and browsers look at this machine's clock")]
pub fn here() -> Timestamp {
    Timestamp::now()
}

/// Asks for a tunnel; an error where it is refused.
pub async fn connect(site: &Site, host: &str) -> std::io::Result<TcpStream> {
    let mut stream = TcpStream::connect(site.proxy()).await?;
    stream.write_all(format!("CONNECT {host}:443 HTTP/1.1\r\nHost: {host}:443\r\n\r\n").as_bytes()).await?;
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    match head.starts_with(b"HTTP/1.1 200") {
        true => Ok(stream),
        false => Err(std::io::Error::other(String::from_utf8_lossy(&head).into_owned())),
    }
}

/// The certificate a client was shown.
pub fn shown(stream: &TlsStream<TcpStream>) -> CertificateDer<'static> {
    stream.get_ref().1.peer_certificates().unwrap()[0].clone()
}

/// Sends a request over TLS and reads the whole answer.
pub async fn inside(stream: &mut TlsStream<TcpStream>, text: &str) -> Answer {
    stream.write_all(text.as_bytes()).await.unwrap();
    let mut bytes = Vec::new();
    let _ = tokio::time::timeout(Duration::from_secs(5), stream.read_to_end(&mut bytes)).await;
    let text = String::from_utf8_lossy(&bytes);
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
    Answer { status, head: head.into(), body: body.into() }
}

#[derive(Debug)]
struct At(Timestamp);

impl TimeProvider for At {
    fn current_time(&self) -> Option<UnixTime> {
        Some(UnixTime::since_unix_epoch(Duration::from_secs(self.0.as_second().unsigned_abs())))
    }
}

/// A client that trusts these roots, at a time.
pub fn trusting(roots: &[&str], at: Timestamp, protocols: &[&str]) -> ClientConfig {
    let mut store = RootCertStore::empty();
    for pem in roots {
        store.add(CertificateDer::from_pem_slice(pem.as_bytes()).unwrap()).unwrap();
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_details(provider, Arc::new(At(at)))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(store)
        .with_no_client_auth();
    config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
    config
}

/// The hash of a certificate's P-256 key, as Chromium's switch wants it.
pub fn key_hash(certificate: &CertificateDer<'static>) -> String {
    use base64::Engine as _;
    use sha2::Digest;
    let mut store = RootCertStore::empty();
    store.add(certificate.clone()).unwrap();
    let key = [&[0x30, 0x59], store.roots[0].subject_public_key_info.as_ref()].concat();
    base64::engine::general_purpose::STANDARD.encode(sha2::Sha256::digest(key))
}
