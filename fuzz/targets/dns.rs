//! Any bytes at all are a DNS question, an error or nothing, and never a panic; and what the quick way takes for a question
//! is the same question to the one that knows all of DNS.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| belisha_gateway::parsers::dns_question(bytes));
