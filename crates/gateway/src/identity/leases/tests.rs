//! Stories of lease files: each server's own form, and what is damaged.

use super::*;
use proptest::prelude::*;

fn mac(last: u8) -> MacAddress {
    MacAddress::new([0, 0x1a, 0x2b, 0x3c, 0x4d, last]).unwrap()
}
fn time(text: &str) -> Option<Timestamp> {
    Some(text.parse().unwrap())
}
fn of(leases: &HashMap<IpAddr, Lease>, address: &str) -> Option<Lease> {
    leases.get(&address.parse::<IpAddr>().unwrap()).copied()
}

#[test]
fn in_dhcpd_leases_the_last_block_about_an_address_counts_and_an_open_one_does_not() {
    let leases = read_leases(
        LeaseFormat::Isc,
        r#"# The format of this file is documented in the dhcpd.leases(5) manual page.
authoring-byte-order little-endian;
lease 10.1.0.5 {
  starts 1 2026/11/23 08:00:00;
  ends 1 2026/11/23 12:00:00;
  cltt 1 2026/11/23 08:00:00;
  binding state active;
  next binding state free;
  hardware ethernet 00:1a:2b:3c:4d:01;
  client-hostname "trolley-{1}";
}
lease 10.1.0.5 {
  ends 1 2026/11/23 16:00:00;
  binding state active;
  hardware ethernet 00:1a:2b:3c:4d:02;
}
lease 10.1.0.6 {
  ends epoch 1795435200; # Mon Nov 23 12:00:00 2026
  binding state free;
  hardware ethernet 00:1a:2b:3c:4d:03;
}
lease 10.1.0.7 {
  ends never;
  binding state active;
  hardware ethernet 00:1a:2b:3c:4d:04;
}
lease 10.1.0.8 {
  binding state active;
  hardware ethernet 00:1a:2b:3c:4d:05;
"#,
    );
    assert_eq!(of(&leases, "10.1.0.5"), Some(Lease::Held(mac(2), time("2026-11-23T16:00:00Z"))));
    assert_eq!(of(&leases, "10.1.0.6"), Some(Lease::Ended(mac(3))));
    assert_eq!(of(&leases, "10.1.0.7"), Some(Lease::Held(mac(4), None)));
    assert_eq!(of(&leases, "10.1.0.8"), None);
}

#[test]
fn dnsmasq_leases_are_read_for_both_families() {
    let leases = read_leases(
        LeaseFormat::Dnsmasq,
        "1795435200 00:1a:2b:3c:4d:01 10.1.0.5 trolley-1 01:00:1a:2b:3c:4d:01\n\
         0 06-00:1a:2b:3c:4d:02 10.1.0.6 * *\n\
         duid 00:01:00:01:2c:aa:bb:cc:00:1a:2b:3c:4d:09\n\
         1795435200 7 fd00::5 * 00:01:00:01:2c:aa:bb:cc:00:1a:2b:3c:4d:03\n\
         1795435200 7 fd00::6 * 00:03:00:01:00:1a:2b:3c:4d:04\n\
         1795435200 7 fd00::7 * 00:04:11:22:33:44:55:66:77:88\n",
    );
    assert_eq!(of(&leases, "10.1.0.5"), Some(Lease::Held(mac(1), time("2026-11-23T12:00:00Z"))));
    assert_eq!(of(&leases, "10.1.0.6"), Some(Lease::Held(mac(2), None)));
    assert_eq!(of(&leases, "fd00::5"), Some(Lease::Held(mac(3), time("2026-11-23T12:00:00Z"))));
    assert_eq!(of(&leases, "fd00::6"), Some(Lease::Held(mac(4), time("2026-11-23T12:00:00Z"))));
    assert_eq!(of(&leases, "fd00::7"), None);
}

#[test]
fn keas_columns_are_found_by_their_headings_and_a_lifetime_of_nothing_ends_a_lease() {
    let four = read_leases(
        LeaseFormat::Kea,
        "address,hwaddr,client_id,valid_lifetime,expire,subnet_id,fqdn_fwd,fqdn_rev,hostname,state,user_context,pool_id\n\
         10.1.0.5,00:1a:2b:3c:4d:01,01:00:1a:2b:3c:4d:01,14400,1795435200,1,0,0,trolley-1,0,,0\n\
         10.1.0.6,00:1a:2b:3c:4d:02,,14400,1795435200,1,0,0,,0,,0\n\
         10.1.0.6,00:1a:2b:3c:4d:02,,0,1795435200,1,0,0,,0,,0\n\
         10.1.0.7,00:1a:2b:3c:4d:03,,14400,1795435200,1,0,0,,2,,0\n\
         10.1.0.8,00:1a:2b:3c:4d:04,,14400,1795",
    );
    assert_eq!(of(&four, "10.1.0.5"), Some(Lease::Held(mac(1), time("2026-11-23T12:00:00Z"))));
    assert_eq!(of(&four, "10.1.0.6"), Some(Lease::Ended(mac(2))));
    assert_eq!(of(&four, "10.1.0.7"), Some(Lease::Ended(mac(3))));
    assert_eq!(of(&four, "10.1.0.8"), None, "a line that is still being written");
    let six = read_leases(
        LeaseFormat::Kea,
        "address,duid,valid_lifetime,expire,subnet_id,pref_lifetime,lease_type,iaid,prefix_len,fqdn_fwd,fqdn_rev,hostname,hwaddr,state,user_context\n\
         fd00::5,00:03:00:01:00:1a:2b:3c:4d:05,14400,1795435200,1,3600,0,7,128,0,0,,,0,\n\
         fd00::6,00:04:11:22,14400,1795435200,1,3600,0,7,128,0,0,,00:1a:2b:3c:4d:06,0,\n",
    );
    assert_eq!(of(&six, "fd00::5"), Some(Lease::Held(mac(5), time("2026-11-23T12:00:00Z"))));
    assert_eq!(of(&six, "fd00::6"), Some(Lease::Held(mac(6), time("2026-11-23T12:00:00Z"))));
}

#[test]
fn the_table_of_a_windows_server_is_read_in_quotes() {
    let leases = read_leases(
        LeaseFormat::WindowsCsv,
        "\u{feff}#TYPE Microsoft.Management.Infrastructure.CimInstance\r\n\
         \"IPAddress\",\"ScopeId\",\"ClientId\",\"HostName\",\"AddressState\",\"LeaseExpiryTime\"\r\n\
         \"10.1.0.5\",\"10.1.0.0\",\"00-1a-2b-3c-4d-01\",\"say \"\"hi\"\", you\",\"Active\",\"23/11/2026 12:00:00\"\r\n\
         \"10.1.0.6\",\"10.1.0.0\",\"00-1a-2b-3c-4d-02\",,\"Declined\",\r\n",
    );
    assert_eq!(of(&leases, "10.1.0.5"), Some(Lease::Held(mac(1), None)));
    assert_eq!(of(&leases, "10.1.0.6"), Some(Lease::Ended(mac(2))));
}

proptest! {
    #[test]
    fn any_text_is_some_leases_or_none(text in "(.|\n|lease 10.0.0.1 \\{\n|hardware ethernet 0|ends 1 2026/|,|\"){0,200}") {
        for format in [LeaseFormat::Isc, LeaseFormat::Dnsmasq, LeaseFormat::Kea, LeaseFormat::WindowsCsv] {
            let _ = read_leases(format, &text);
        }
    }
}
