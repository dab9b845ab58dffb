//! The school's own certificate authority: made once, kept by the caller, and asked for certificates of the hosts that are
//! read. Which host gets one, and when, is `minted.rs`'s.

use super::der::{
    BIT_STRING, Element, Elements, GENERALIZED_TIME, INTEGER, OCTET_STRING, SEQUENCE, SET, UTC_TIME, UTF8_STRING,
    element,
};
use crate::config::Entropy;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use rcgen::{BasicConstraints, CertificateParams, DistinguishedName, DnType, IsCa, KeyPair, KeyUsagePurpose};
use rustls::SignatureScheme;
use rustls::crypto::ring::sign::any_supported_type;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::SigningKey;
use std::net::IpAddr;
use std::sync::Arc;

/// How long an authority made here lasts.
const AUTHORITY_YEARS: i64 = 10;
/// Certificates of hosts begin a day early, for devices whose clocks are behind,
const EARLY: SignedDuration = SignedDuration::from_hours(24);
/// and last a month, so that a copied key is soon worth nothing.
const LASTS: SignedDuration = SignedDuration::from_hours(30 * 24);
/// Longest common name (RFC 5280, `ub-common-name`). A longer host stands in the alternative names alone.
const LONGEST_COMMON_NAME: usize = 64;

/// Object identifiers, in DER.
mod object {
    pub(super) const ECDSA_SHA256: &[u8] = &[0x06, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02];
    pub(super) const ECDSA_SHA384: &[u8] = &[0x06, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x03];
    pub(super) const RSA_SHA256: &[u8] = &[0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b];
    pub(super) const COMMON_NAME: &[u8] = &[0x06, 3, 0x55, 0x04, 0x03];
    pub(super) const KEY_USAGE: &[u8] = &[0x06, 3, 0x55, 0x1d, 0x0f];
    pub(super) const ALTERNATIVE_NAMES: &[u8] = &[0x06, 3, 0x55, 0x1d, 0x11];
    pub(super) const EXTENDED_KEY_USAGE: &[u8] = &[0x06, 3, 0x55, 0x1d, 0x25];
    pub(super) const AUTHORITY_KEY: &[u8] = &[0x06, 3, 0x55, 0x1d, 0x23];
    pub(super) const OWN_KEY: &[u8] = &[0x06, 3, 0x55, 0x1d, 0x0e];
    pub(super) const BASIC_CONSTRAINTS: &[u8] = &[0x06, 3, 0x55, 0x1d, 0x13];
    pub(super) const SERVER: &[u8] = &[0x06, 8, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x01];
}
/// `BOOLEAN TRUE`, `NULL`, version 3, and a key that only signs.
const TRUE: &[u8] = &[0x01, 1, 0xff];
const NULL: &[u8] = &[0x05, 0];
const VERSION_3: &[u8] = &[0xa0, 3, 0x02, 1, 2];
const DIGITAL_SIGNATURE: &[u8] = &[BIT_STRING, 2, 7, 0x80];

/// Why an authority cannot be used or made.
#[derive(Debug, thiserror::Error)]
pub enum AuthorityError {
    /// The certificate is no certificate.
    #[error("the school's certificate cannot be read; give one in PEM, or remove it and let Belisha make one")]
    Certificate,
    /// The key is none.
    #[error("the key of the school's certificate cannot be read; give it in PEM, unencrypted")]
    Key,
    /// They are not a pair.
    #[error("the key does not belong to the school's certificate; put back the pair from a backup")]
    NotAPair,
    /// The certificate may not sign others.
    #[error("the school's certificate may not sign others; give the certificate of an authority")]
    NotAnAuthority,
    /// Making one failed.
    #[error("the school's certificate could not be made: {0}")]
    Making(#[from] rcgen::Error),
    /// The parts of TLS do not fit together.
    #[error("TLS could not be set up for inspection: {0}")]
    Tls(#[from] rustls::Error),
}

/// A new authority: certificate and key in PEM. Whoever has the key can pretend to be any site to the school's devices.
pub struct SchoolCa {
    /// To be installed on devices.
    pub certificate_pem: String,
    /// To be kept where only the gateway reads it.
    pub key_pem: String,
}

/// Makes an authority for a school: ECDSA on P-256, ten years, and nothing below it but certificates of hosts.
///
/// # Errors
/// When the system gives no randomness, or the name cannot stand in a certificate.
pub fn make_school_ca(school: &str, now: Timestamp, entropy: &Entropy) -> Result<SchoolCa, AuthorityError> {
    let key = KeyPair::generate()?;
    let day = |at: Timestamp| {
        let date = at.to_zoned(TimeZone::UTC).date();
        rcgen::date_time_ymd(i32::from(date.year()), date.month().unsigned_abs(), date.day().unsigned_abs())
    };
    let end = now.to_zoned(TimeZone::UTC).saturating_add(AUTHORITY_YEARS.years()).timestamp();
    let mut name = DistinguishedName::new();
    let shown: String = school.chars().take(40).collect();
    name.push(DnType::CommonName, format!("{shown} web filter"));
    name.push(DnType::OrganizationName, shown);
    let mut params = CertificateParams::default();
    params.distinguished_name = name;
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.not_before = day(now.saturating_sub(EARLY).unwrap_or(now));
    params.not_after = day(end);
    params.serial_number = Some(serial(entropy).to_vec().into());
    let certificate = params.self_signed(&key)?;
    Ok(SchoolCa { certificate_pem: certificate.pem(), key_pem: key.serialize_pem() })
}

/// Sixteen random bytes that DER reads as a positive number.
fn serial(entropy: &Entropy) -> [u8; 16] {
    let mut serial = [0; 16];
    entropy(&mut serial);
    serial[0] = (serial[0] & 0x3f) | 0x40;
    serial
}

/// A certificate that was made for a host.
pub(super) struct Leaf {
    pub(super) chain: Vec<CertificateDer<'static>>,
    pub(super) from: Timestamp,
    pub(super) until: Timestamp,
}

/// The authority, ready to sign.
pub(super) struct Authority {
    /// What devices must trust, first; then what leads to it, where a greater authority signed it.
    chain: Vec<CertificateDer<'static>>,
    /// Its name, as it stands in its certificate.
    name: Vec<u8>,
    /// What its certificate calls its key; empty where it has no name for it.
    key_identifier: Vec<u8>,
    /// Its own end.
    pub(super) until: Timestamp,
    key: Arc<dyn SigningKey>,
    entropy: Entropy,
}

impl Authority {
    /// Reads certificate and key, and sees whether they are a pair that can sign.
    pub(super) fn read(certificate_pem: &str, key_pem: &str, entropy: Entropy) -> Result<Self, AuthorityError> {
        let chain: Vec<_> = CertificateDer::pem_slice_iter(certificate_pem.as_bytes())
            .collect::<Result<_, _>>()
            .map_err(|_| AuthorityError::Certificate)?;
        let own = chain.first().ok_or(AuthorityError::Certificate)?;
        let fields = Fields::read(own).ok_or(AuthorityError::Certificate)?;
        if !fields.signs_others {
            return Err(AuthorityError::NotAnAuthority);
        }
        let key = PrivateKeyDer::from_pem_slice(key_pem.as_bytes()).map_err(|_| AuthorityError::Key)?;
        let key = any_supported_type(&key).map_err(|_| AuthorityError::Key)?;
        if key.public_key().is_none_or(|public| public.as_ref() != fields.public_key) {
            return Err(AuthorityError::NotAPair);
        }
        let key_identifier = fields.key_identifier.to_vec();
        let (name, until, root) = (fields.subject.to_vec(), fields.until, fields.issuer == fields.subject);
        // Devices hold the root itself; a chain is sent only where something lies between.
        let sent = if root { Vec::new() } else { chain.clone() };
        Ok(Self { chain: sent, name, key_identifier, until, key, entropy })
    }

    /// Makes the certificate of one host for a public key: from a day before `now`, for a month, and never past the
    /// authority's own end.
    pub(super) fn mint(&self, host: &str, public_key: &[u8], now: Timestamp) -> Option<Leaf> {
        let from = now.checked_sub(EARLY).ok()?;
        let until = now.checked_add(LASTS).ok()?.min(self.until);
        let schemes = [
            SignatureScheme::ECDSA_NISTP256_SHA256,
            SignatureScheme::ECDSA_NISTP384_SHA384,
            SignatureScheme::RSA_PKCS1_SHA256,
        ];
        let signer = self.key.choose_scheme(&schemes)?;
        let algorithm = match signer.scheme() {
            SignatureScheme::ECDSA_NISTP256_SHA256 => element(SEQUENCE, &[object::ECDSA_SHA256]),
            SignatureScheme::ECDSA_NISTP384_SHA384 => element(SEQUENCE, &[object::ECDSA_SHA384]),
            _ => element(SEQUENCE, &[object::RSA_SHA256, NULL]),
        };
        let number = element(INTEGER, &[&serial(&self.entropy)]);
        let validity = element(SEQUENCE, &[&time(from), &time(until)]);
        let subject = subject(host);
        let extensions = self.extensions(host, subject.len() == 2);
        let signed = element(
            SEQUENCE,
            &[VERSION_3, &number, &algorithm, &self.name, &validity, &subject, public_key, &extensions],
        );
        let signature = signer.sign(&signed).ok()?;
        let signature = element(BIT_STRING, &[&[0], &signature]);
        let certificate = CertificateDer::from(element(SEQUENCE, &[&signed, &algorithm, &signature]));
        let chain = std::iter::once(certificate).chain(self.chain.iter().cloned()).collect();
        Some(Leaf { chain, from, until })
    }

    /// What browsers compare the host with (RFC 5280 section 4.2.1.6), that the key is a server's, and whose key
    /// signed.
    fn extensions(&self, host: &str, no_subject: bool) -> Vec<u8> {
        let name = match host.parse::<IpAddr>() {
            Ok(IpAddr::V4(address)) => element(0x87, &[&address.octets()]),
            Ok(IpAddr::V6(address)) => element(0x87, &[&address.octets()]),
            Err(_) => element(0x82, &[host.as_bytes()]),
        };
        let names = element(OCTET_STRING, &[&element(SEQUENCE, &[&name])]);
        // Critical only without a subject, as the RFC has it.
        let critical: &[u8] = if no_subject { TRUE } else { &[] };
        let names = element(SEQUENCE, &[object::ALTERNATIVE_NAMES, critical, &names]);
        let usage = element(SEQUENCE, &[object::KEY_USAGE, TRUE, &element(OCTET_STRING, &[DIGITAL_SIGNATURE])]);
        let server = element(OCTET_STRING, &[&element(SEQUENCE, &[object::SERVER])]);
        let server = element(SEQUENCE, &[object::EXTENDED_KEY_USAGE, &server]);
        let mut issuer = Vec::new();
        if !self.key_identifier.is_empty() {
            let named = element(SEQUENCE, &[&element(0x80, &[&self.key_identifier])]);
            issuer = element(SEQUENCE, &[object::AUTHORITY_KEY, &element(OCTET_STRING, &[&named])]);
        }
        element(0xa3, &[&element(SEQUENCE, &[&names, &usage, &server, &issuer])])
    }
}

/// The host as common name, for people who look at the certificate; empty where it is too long.
fn subject(host: &str) -> Vec<u8> {
    if host.len() > LONGEST_COMMON_NAME {
        return element(SEQUENCE, &[]);
    }
    let name = element(SEQUENCE, &[object::COMMON_NAME, &element(UTF8_STRING, &[host.as_bytes()])]);
    element(SEQUENCE, &[&element(SET, &[&name])])
}

/// A time as RFC 5280 section 4.1.2.5 wants it: two digits for the year until 2049, four from then on.
fn time(at: Timestamp) -> Vec<u8> {
    let at = at.to_zoned(TimeZone::UTC);
    if at.year() < 2050 {
        element(UTC_TIME, &[at.strftime("%y%m%d%H%M%SZ").to_string().as_bytes()])
    } else {
        element(GENERALIZED_TIME, &[at.strftime("%Y%m%d%H%M%SZ").to_string().as_bytes()])
    }
}

/// What is read out of the authority's certificate (RFC 5280 section 4.1).
struct Fields<'a> {
    issuer: &'a [u8],
    subject: &'a [u8],
    public_key: &'a [u8],
    until: Timestamp,
    signs_others: bool,
    key_identifier: &'a [u8],
}

impl<'a> Fields<'a> {
    fn read(certificate: &'a [u8]) -> Option<Self> {
        let signed = Elements(Elements(certificate).next()?.content).next()?;
        let mut fields = Elements(signed.content).skip_while(|field| field.tag != INTEGER).skip(2);
        let issuer = fields.next()?.whole;
        let until = read_time(Elements(fields.next()?.content).nth(1)?)?;
        let subject = fields.next()?.whole;
        let public_key = fields.next()?.whole;
        let extensions = fields.find(|field| field.tag == 0xa3)?;
        let constraints = extension(extensions.content, object::BASIC_CONSTRAINTS);
        let signs_others = constraints.is_some_and(|constraints| constraints.content.starts_with(TRUE));
        let key_identifier = extension(extensions.content, object::OWN_KEY).map_or(&[][..], |own| own.content);
        Some(Self { issuer, subject, public_key, until, signs_others, key_identifier })
    }
}

/// What an extension holds.
fn extension<'a>(extensions: &'a [u8], which: &[u8]) -> Option<Element<'a>> {
    let mut list = Elements(Elements(extensions).next()?.content);
    let found = list.find(|extension| extension.content.starts_with(which))?;
    Elements(Elements(found.content).find(|part| part.tag == OCTET_STRING)?.content).next()
}

fn read_time(field: Element<'_>) -> Option<Timestamp> {
    let text = std::str::from_utf8(field.content).ok()?;
    // RFC 5280: two digits from 50 on are of the last century.
    let whole = match field.tag {
        UTC_TIME if text.get(..2)? < "50" => format!("20{text}"),
        UTC_TIME => format!("19{text}"),
        GENERALIZED_TIME => text.to_owned(),
        _ => return None,
    };
    DateTime::strptime("%Y%m%d%H%M%SZ", whole).ok()?.to_zoned(TimeZone::UTC).ok().map(|at| at.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inspect::tests::entropy;
    use rustls::RootCertStore;
    use rustls::pki_types::{ServerName, UnixTime};

    const NOW: &str = "2026-11-23T10:00:00Z";

    fn verify(ca: &SchoolCa, leaf: &Leaf, host: &str, at: Timestamp) -> Result<(), rustls::Error> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(ca.certificate_pem.as_bytes()).unwrap()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let verifier =
            rustls::client::WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
        let at = UnixTime::since_unix_epoch(std::time::Duration::from_secs(at.as_second().unsigned_abs()));
        let name = ServerName::try_from(host.to_owned()).unwrap();
        rustls::client::danger::ServerCertVerifier::verify_server_cert(
            &*verifier,
            &leaf.chain[0],
            &leaf.chain[1..],
            &name,
            &[],
            at,
        )
        .map(drop)
    }

    fn authority(now: Timestamp) -> (SchoolCa, Authority, Vec<u8>) {
        let ca = make_school_ca("Marlowe Bridge High School", now, &entropy()).unwrap();
        let authority = Authority::read(&ca.certificate_pem, &ca.key_pem, entropy()).unwrap();
        let key = KeyPair::generate().unwrap();
        (ca, authority, rcgen::PublicKeyData::subject_public_key_info(&key))
    }

    #[test]
    fn a_certificate_is_good_for_its_host_and_its_month_alone() {
        let now: Timestamp = NOW.parse().unwrap();
        let (ca, authority, key) = authority(now);
        let long = format!("{}.lessons.example", "a".repeat(60));
        for host in ["lessons.example", "203.0.113.7", "2001:db8::7", &long] {
            let leaf = authority.mint(host, &key, now).unwrap();
            for at in [leaf.from, now, leaf.until] {
                assert_eq!(verify(&ca, &leaf, host, at), Ok(()), "{host} at {at}");
            }
            assert!(verify(&ca, &leaf, "other.example", now).is_err());
            assert!(verify(&ca, &leaf, host, leaf.until + SignedDuration::from_secs(1)).is_err());
            assert!(leaf.until <= now + SignedDuration::from_hours(90 * 24));
        }
    }

    #[test]
    fn a_clock_set_years_ahead_gives_certificates_of_that_year_until_the_authority_ends() {
        let now: Timestamp = NOW.parse().unwrap();
        let (ca, authority, key) = authority(now);
        let ahead = now + SignedDuration::from_hours(9 * 365 * 24);
        let leaf = authority.mint("lessons.example", &key, ahead).unwrap();
        assert_eq!(verify(&ca, &leaf, "lessons.example", ahead), Ok(()));
        let near_the_end = authority.until - SignedDuration::from_hours(5 * 24);
        let leaf = authority.mint("lessons.example", &key, near_the_end).unwrap();
        assert_eq!(leaf.until, authority.until);
        assert_eq!(verify(&ca, &leaf, "lessons.example", near_the_end), Ok(()));
    }

    #[test]
    fn times_are_read_as_they_are_written_on_both_sides_of_2050() {
        for text in ["2026-11-23T10:00:00Z", "2049-12-31T23:59:59Z", "2050-01-01T00:00:00Z"] {
            let at: Timestamp = text.parse().unwrap();
            let written = time(at);
            assert_eq!(read_time(Elements(&written).next().unwrap()), Some(at));
        }
    }

    #[test]
    fn a_pair_that_is_none_is_refused_with_what_to_do() {
        let now = NOW.parse().unwrap();
        let (one, other) = (authority(now).0, authority(now).0);
        let read = |certificate: &str, key: &str| Authority::read(certificate, key, entropy()).map(drop);
        assert!(matches!(read(&one.certificate_pem, &other.key_pem), Err(AuthorityError::NotAPair)));
        assert!(matches!(read("nothing", &one.key_pem), Err(AuthorityError::Certificate)));
        assert!(matches!(read(&one.certificate_pem, "nothing"), Err(AuthorityError::Key)));
        let key = KeyPair::generate().unwrap();
        let server = CertificateParams::new(vec!["lessons.example".into()]).unwrap().self_signed(&key).unwrap();
        assert!(matches!(
            read(&server.pem(), &key.serialize_pem()),
            Err(AuthorityError::NotAnAuthority | AuthorityError::Certificate)
        ));
    }
}
