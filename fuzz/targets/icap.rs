//! Any bytes at all are an ICAP head, an HTTP head inside one or a body in chunks, or are refused, and never a panic. A body is the
//! same however its bytes come.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| belisha_gateway::parsers::icap(bytes));
