//! The proxy auto-configuration file browsers fetch from `/proxy.pac` and `/wpad.dat`. Serving it is `blockpage/serve.rs`'s.

/// MIME type browsers expect.
pub(crate) const PAC_TYPE: &str = "application/x-ns-proxy-autoconfig";

/// The file: the portal and this machine directly, everything else through the proxy and never around it.
///
/// `proxy_address` is `host:port`. Characters that cannot stand in a host name are left out, so that no setting can put
/// script into the file.
pub fn pac_file(proxy_address: &str, portal_host: &str) -> String {
    let proxy = host_characters(proxy_address);
    let portal = host_characters(portal_host);
    format!(
        "function FindProxyForURL(url, host) {{\n\
         \x20 host = host.toLowerCase();\n\
         \x20 if (host === \"{portal}\" || host === \"localhost\" || host === \"127.0.0.1\" || host === \"::1\") {{\n\
         \x20   return \"DIRECT\";\n\
         \x20 }}\n\
         \x20 return \"PROXY {proxy}\";\n\
         }}\n"
    )
}

fn host_characters(text: &str) -> String {
    text.chars().filter(|letter| letter.is_ascii_alphanumeric() || ".-_:[]".contains(*letter)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_but_the_portal_goes_through_the_proxy() {
        let file = pac_file("10.0.0.2:3128", "belisha.test");
        assert!(file.starts_with("function FindProxyForURL(url, host) {"));
        assert!(file.contains("return \"PROXY 10.0.0.2:3128\";"));
        assert!(file.contains("host === \"belisha.test\""));
        assert_eq!(file.matches("DIRECT").count(), 1, "no way around the proxy after it");
    }

    #[test]
    fn a_setting_cannot_put_script_into_the_file() {
        assert!(!pac_file("x\"; DIRECT; alert(1)//", "\"+evil()+\"").contains("alert("));
    }
}
