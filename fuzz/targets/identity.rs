//! Any bytes at all are RADIUS accounting, a lease file, a table of neighbours or a network card's address, or are refused, and
//! never a panic. Who does not know the secret is not believed; a card's address that was read is read again as it is shown.
#![no_main]

use belisha_gateway::{LeaseFormat, MacAddress, parsers};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let (_, acknowledged) = parsers::radius(bytes, b"secret");
    assert!(acknowledged <= bytes.len().max(20), "an answer is never longer than what it answers");
    parsers::neighbours(bytes);
    let text = String::from_utf8_lossy(bytes);
    for format in [LeaseFormat::Isc, LeaseFormat::Dnsmasq, LeaseFormat::Kea, LeaseFormat::WindowsCsv] {
        assert!(parsers::leases(format, &text) <= text.len(), "there are fewer leases than letters");
    }
    if let Some(mac) = MacAddress::parse(&text) {
        assert_eq!(MacAddress::parse(&mac.to_string()), Some(mac));
    }
});
