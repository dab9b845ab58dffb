//! Whatever another DNS server says is cleaned, remembered and written again, or refused, and never a panic; and text that
//! people or browsers send to the name server is read or refused.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    belisha_gateway::parsers::dns_answer(bytes);
    if let Ok(text) = std::str::from_utf8(bytes) {
        belisha_gateway::parsers::dns_text(text);
    }
});
