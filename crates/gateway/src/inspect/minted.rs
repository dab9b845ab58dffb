//! Certificates made so far: one for each host, made once however many ask at the same moment, made anew before it ends or
//! when the clock has moved, and only so many of them.

use super::authority::{Authority, AuthorityError, Leaf};
use crate::config::Clock;
use crate::metrics::{Metrics, count};
use crate::proxy::host;
use jiff::{SignedDuration, Timestamp};
use rcgen::{KeyPair, PublicKeyData};
use rustls::crypto::ring::sign::any_ecdsa_type;
use rustls::pki_types::PrivateKeyDer;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::{CertifiedKey, SigningKey};
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// Most certificates kept; one is near 700 bytes.
const MOST: usize = 8192;
/// A certificate that ends sooner than this is made anew.
const BEFORE_ITS_END: SignedDuration = SignedDuration::from_hours(24);

/// A host's certificate with the key, as TLS wants it.
#[derive(Clone)]
struct Made {
    certified: Arc<CertifiedKey>,
    from: Timestamp,
    until: Timestamp,
}

impl Made {
    fn good_at(&self, now: Timestamp, authority_ends: Timestamp) -> bool {
        // Near the authority's end a new certificate would last no longer.
        let renewed = self.until.min(authority_ends) == authority_ends;
        self.from <= now && (renewed || now < self.until.saturating_sub(BEFORE_ITS_END).unwrap_or(self.until))
    }
}

/// Where a certificate is, or is being made.
type Place = Arc<OnceLock<Option<Made>>>;

/// Two generations: what was asked for since the younger began, and before. When the younger is full, the elder goes.
#[derive(Default)]
struct Kept {
    younger: HashMap<Box<str>, Place>,
    elder: HashMap<Box<str>, Place>,
}

impl Kept {
    fn place(&mut self, host: &str) -> Place {
        if let Some(place) = self.younger.get(host) {
            return Arc::clone(place);
        }
        let place = self.elder.remove(host).unwrap_or_default();
        self.put(host, Arc::clone(&place));
        place
    }

    fn put(&mut self, host: &str, place: Place) {
        if self.younger.len() >= MOST / 2 {
            self.elder = std::mem::take(&mut self.younger);
        }
        self.younger.insert(host.into(), place);
    }
}

/// Gives the certificate for a host, making it where there is none.
pub(super) struct Minted {
    authority: Authority,
    clock: Clock,
    metrics: Arc<Metrics>,
    /// The key of every host's certificate. It lives as long as this process: a new one would cost more than the
    /// signature, and keeps nothing apart, since whoever could read one could read all.
    key: Arc<dyn SigningKey>,
    public_key: Vec<u8>,
    kept: Mutex<Kept>,
}

impl Minted {
    pub(super) fn new(authority: Authority, clock: Clock, metrics: Arc<Metrics>) -> Result<Self, AuthorityError> {
        let pair = KeyPair::generate()?;
        let key = PrivateKeyDer::Pkcs8(pair.serialize_der().into());
        Ok(Self {
            authority,
            clock,
            metrics,
            key: any_ecdsa_type(&key)?,
            public_key: pair.subject_public_key_info(),
            kept: Mutex::default(),
        })
    }

    /// When the authority itself ends.
    pub(super) fn authority_ends(&self) -> Timestamp {
        self.authority.until
    }

    /// The certificate of a host, which is in the form everything compares.
    pub(super) fn certificate(&self, host: &str) -> Option<Arc<CertifiedKey>> {
        let now = (self.clock)();
        let place = self.lock().place(host);
        let made = place.get_or_init(|| self.make(host, now)).clone();
        if let Some(made) = made
            && made.good_at(now, self.authority.until)
        {
            return Some(made.certified);
        }
        let made = self.make(host, now)?;
        let place = Place::default();
        let _ = place.set(Some(made.clone()));
        self.lock().put(host, place);
        Some(made.certified)
    }

    fn make(&self, host: &str, now: Timestamp) -> Option<Made> {
        let Leaf { chain, from, until } = self.authority.mint(host, &self.public_key, now)?;
        count(&self.metrics.certificates_made);
        Some(Made { certified: Arc::new(CertifiedKey::new(chain, Arc::clone(&self.key))), from, until })
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Minted {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Minted")
    }
}

impl ResolvesServerCert for Minted {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.certificate(&host(hello.server_name()?)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inspect::authority::make_school_ca;
    use crate::inspect::tests::entropy;
    use std::sync::atomic::{AtomicI64, Ordering};

    fn minted() -> (Arc<Minted>, Arc<AtomicI64>, Arc<Metrics>) {
        let now: Timestamp = "2026-11-23T10:00:00Z".parse().unwrap();
        let ca = make_school_ca("Marlowe Bridge High School", now, &entropy()).unwrap();
        let authority = Authority::read(&ca.certificate_pem, &ca.key_pem, entropy()).unwrap();
        let seconds = Arc::new(AtomicI64::new(now.as_second()));
        let reads = Arc::clone(&seconds);
        let clock: Clock = Arc::new(move || Timestamp::from_second(reads.load(Ordering::SeqCst)).unwrap());
        let metrics = Arc::new(Metrics::default());
        (Arc::new(Minted::new(authority, clock, Arc::clone(&metrics)).unwrap()), seconds, metrics)
    }

    #[test]
    fn many_who_ask_at_once_get_one_certificate() {
        let (minted, _, metrics) = minted();
        let askers: Vec<_> = (0..8)
            .map(|_| {
                let minted = Arc::clone(&minted);
                std::thread::spawn(move || minted.certificate("lessons.example").unwrap())
            })
            .collect();
        let certificates: Vec<_> = askers.into_iter().map(|asker| asker.join().unwrap()).collect();
        assert!(certificates.iter().all(|one| Arc::ptr_eq(one, &certificates[0])));
        assert_eq!(metrics.certificates_made.load(Ordering::SeqCst), 1);
    }

    #[test]
    fn ten_thousand_hosts_are_made_and_only_so_many_kept() {
        let (minted, _, metrics) = minted();
        for number in 0..10_000 {
            assert!(minted.certificate(&format!("host-{number}.example")).is_some());
        }
        let kept = minted.lock();
        assert!(kept.younger.len() + kept.elder.len() <= MOST);
        drop(kept);
        let made = metrics.certificates_made.load(Ordering::SeqCst);
        minted.certificate("host-9999.example");
        assert_eq!(metrics.certificates_made.load(Ordering::SeqCst), made, "the last is still there");
    }

    #[test]
    fn a_certificate_that_ends_or_has_not_begun_is_made_anew() {
        let (minted, seconds, _) = minted();
        let first = minted.certificate("lessons.example").unwrap();
        let day = 24 * 3600;
        seconds.fetch_add(20 * day, Ordering::SeqCst);
        assert!(Arc::ptr_eq(&first, &minted.certificate("lessons.example").unwrap()));
        seconds.fetch_add(9 * day + 3600, Ordering::SeqCst);
        let second = minted.certificate("lessons.example").unwrap();
        assert!(!Arc::ptr_eq(&first, &second), "its last day has begun");
        seconds.fetch_sub(29 * day, Ordering::SeqCst);
        assert!(!Arc::ptr_eq(&second, &minted.certificate("lessons.example").unwrap()), "the clock was set back");
    }
}
