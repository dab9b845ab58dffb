//! The certificate authority with which a school's gateway reads encrypted pages: kept in the data folder as two files that
//! only their owner reads, made the first time. A school that has an authority of its own puts its files there instead.

use crate::commands::Failure;
use crate::data_folder::DataFolder;
use crate::installation::Entropy;
use belisha_gateway::{InspectionConfig, SchoolCa, make_school_ca};
use belisha_records::SchoolId;
use jiff::Timestamp;
use std::io;

/// The certificate, for devices.
fn certificate_file(school: SchoolId) -> String {
    format!("keys/authority-{school}.pem")
}

/// Its key, for nobody.
fn key_file(school: SchoolId) -> String {
    format!("keys/authority-{school}.key")
}

/// Reading with the authority that is kept; `None` where none is.
///
/// # Errors
/// When a file is there and cannot be read.
pub(super) fn kept(data: &DataFolder, school: SchoolId) -> io::Result<Option<InspectionConfig>> {
    let read = |name: String| match std::fs::read_to_string(data.root().join(name)) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    };
    let (certificate, key) = (read(certificate_file(school))?, read(key_file(school))?);
    Ok(certificate
        .zip(key)
        .map(|(certificate_pem, key_pem)| InspectionConfig::new(SchoolCa { certificate_pem, key_pem })))
}

/// Reading with the authority that is kept, or with a new one that is kept from now on. Whether anything is read, the
/// school's rules say.
///
/// # Errors
/// When the data folder cannot be read or written.
pub fn kept_or_made(
    data: &DataFolder,
    school: SchoolId,
    name: &str,
    now: Timestamp,
    entropy: &Entropy,
) -> Result<InspectionConfig, Failure> {
    if let Some(kept) = kept(data, school)? {
        return Ok(kept);
    }
    let made = make_school_ca(name, now, entropy).map_err(|error| Failure(error.to_string()))?;
    // The certificate last: while it is missing, both are made anew and no device has either.
    data.write_private(&key_file(school), &made.key_pem)?;
    data.write_private(&certificate_file(school), &made.certificate_pem)?;
    Ok(InspectionConfig::new(made))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::fill_with_random_bytes;
    use belisha_records::Identifier;
    use std::os::unix::fs::PermissionsExt;
    use std::sync::Arc;

    #[test]
    fn an_authority_is_made_once_and_only_its_owner_reads_the_key() {
        let folder = tempfile::tempdir().unwrap();
        let data = DataFolder::open(folder.path()).unwrap();
        let (school, other) = (SchoolId::make(1, [1; 10]), SchoolId::make(1, [2; 10]));
        let now: Timestamp = "2026-11-23T10:00:00Z".parse().unwrap();
        let entropy: Entropy = Arc::new(fill_with_random_bytes);
        assert!(kept(&data, school).unwrap().is_none());
        let made = |school| kept_or_made(&data, school, "Marlowe Bridge High School", now, &entropy).unwrap();
        let (first, second) = (made(school), made(school));
        assert_eq!(first.ca_certificate_pem, second.ca_certificate_pem);
        assert_ne!(first.ca_certificate_pem, made(other).ca_certificate_pem, "each school has its own");
        let key = data.root().join(key_file(school));
        assert_eq!(std::fs::metadata(key).unwrap().permissions().mode() & 0o777, 0o600);
    }
}
