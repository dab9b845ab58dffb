//! The proxy auto-configuration file browsers fetch from `/proxy.pac` and `/wpad.dat`. Serving it is `blockpage/serve.rs`'s.

/// MIME type browsers expect.
pub(crate) const PAC_TYPE: &str = "application/x-ns-proxy-autoconfig";

/// The file: this machine, the school's own network and the portal directly, everything else through the proxy and never
/// around it.
///
/// `proxy_address` is `host:port`, an IPv6 host in brackets; `own_hosts` are the portal's. Nothing is looked up: a name that
/// leads inside is judged like any other. Characters that cannot stand in a host name are left out, so that no setting can
/// put script into the file.
pub fn pac_file<'a>(proxy_address: &str, own_hosts: impl IntoIterator<Item = &'a str>) -> String {
    let proxy = host_characters(proxy_address);
    let own: Vec<_> = own_hosts.into_iter().map(|host| format!("\"{}\"", host_characters(host))).collect();
    let own = own.join(", ");
    format!(
        r#"function FindProxyForURL(url, host) {{
  host = host.toLowerCase().replace(/^\[|\]$/g, "").replace(/\.$/, "");
  var own = [{own}];
  for (var at = 0; at < own.length; at += 1) {{
    if (host === own[at]) {{
      return "DIRECT";
    }}
  }}
  var v4 = /^(127|10|192\.168|169\.254|172\.(1[6-9]|2[0-9]|3[01]))\.[0-9.]+$/;
  var v6 = /^(::1|f[cd][0-9a-f]{{2}}:.*|fe[89ab][0-9a-f]:.*)$/;
  var plain = host.indexOf(".") < 0 && host.indexOf(":") < 0;
  if (plain || /\.(local|localhost|home\.arpa)$/.test(host) || v4.test(host) || v6.test(host)) {{
    return "DIRECT";
  }}
  return "PROXY {proxy}";
}}
"#
    )
}

fn host_characters(text: &str) -> String {
    text.chars().filter(|letter| letter.is_ascii_alphanumeric() || ".-_:[]".contains(*letter)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    /// What a browser would do: the file run by node. `None` where node is not installed.
    fn ways(file: &str, hosts: &[&str]) -> Option<Vec<String>> {
        let ask = hosts.iter().map(|host| format!("console.log(FindProxyForURL('https://{host}/', '{host}'));"));
        let script = format!("{file}{}", ask.collect::<String>());
        let output = Command::new("node").args(["-e", &script]).output().ok()?;
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Some(String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect())
    }

    #[test]
    fn the_school_s_own_is_reached_directly_and_all_else_through_the_proxy() {
        let direct = [
            "belisha.test",
            "BELISHA.TEST",
            "belisha.test.",
            "signin.school.test",
            "localhost",
            "127.0.0.1",
            "::1",
            "[::1]",
            "printer",
            "tv.local",
            "10.1.2.3",
            "192.168.0.1",
            "172.16.0.1",
            "172.31.9.9",
            "169.254.1.1",
            "fe80::1",
            "[fd12:3456::1]",
        ];
        let through = [
            "lessons.example",
            "www.belisha.test",
            "172.32.0.1",
            "10.example.com",
            "192.168.example",
            "198.51.100.7",
            "2001:db8::1",
            "[2606:4700::1111]",
            "fd.example",
        ];
        for (address, proxy) in [("10.0.0.2:3128", "PROXY 10.0.0.2:3128"), ("[fd00::2]:3128", "PROXY [fd00::2]:3128")] {
            let file = pac_file(address, ["belisha.test", "signin.school.test"]);
            let Some(found) = ways(&file, &direct) else {
                eprintln!("node is not installed, so the PAC file was not run");
                return;
            };
            for (host, way) in direct.iter().zip(found) {
                assert_eq!(way, "DIRECT", "{host}");
            }
            for (host, way) in through.iter().zip(ways(&file, &through).unwrap()) {
                assert_eq!(way, proxy, "{host}");
            }
        }
    }

    #[test]
    fn a_setting_cannot_put_script_into_the_file() {
        assert!(!pac_file("x\"; DIRECT; alert(1)//", ["\"+evil()+\""]).contains("alert("));
    }
}
