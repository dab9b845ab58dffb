//! The gateway as devices meet it: real sockets, real packets, `dig` and `curl` where they are installed.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on says so by stopping")]

mod behind;
mod content;
mod dns;
mod dns_clients;
mod dns_forward;
mod elsewhere;
#[path = "../../../../tests/wire/free_address.rs"]
mod free_address;
mod http;
mod icap;
mod icap_content;
mod icap_support;
mod identity;
mod inspect;
mod inspect_support;
mod life;
mod never;
mod never_dns;
mod never_support;
mod people;
mod proxy;
mod quick;
mod squid;
mod strangers;
mod support;
mod swapped;
mod transparent;
mod tunnel;
mod ways;
