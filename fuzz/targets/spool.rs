//! Files of the spool, whatever a disk makes of them: nothing panics, and nothing is read past the end.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let (_, _, end) = belisha_gateway::parsers::spool(bytes);
    assert!(end <= bytes.len());
    let framed = [b"belisha spool 1\n", bytes].concat();
    let (found, damaged, end) = belisha_gateway::parsers::spool(&framed);
    assert!(end <= framed.len() && (found as u64 + damaged) * 20 <= bytes.len() as u64);
});
