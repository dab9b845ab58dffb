//! The options about the proxy beyond its address.

use belisha_gateway::{DirectAddress, ProxyConfig, UpstreamProxy};
use clap::Args;
use std::net::SocketAddr;

/// Proxy options.
#[derive(Args, Debug, Clone, Default)]
#[command(next_help_heading = "Proxy")]
pub struct ProxyOptions {
    /// Where connections arrive that the router redirected here without the device knowing; may be given several times
    #[arg(long, value_name = "ADDRESS")]
    proxy_transparent: Vec<SocketAddr>,
    /// What the proxy file calls the proxy, gateway.school.example:3128; needed where it listens on every address
    #[arg(long, value_name = "HOST:PORT", value_parser = host_and_port)]
    proxy_public: Option<String>,
    /// A proxy further up through which everything outside is asked, proxy.authority.example:3128
    #[arg(long, value_name = "HOST:PORT", value_parser = host_and_port)]
    proxy_parent: Option<String>,
    /// Name and password for the proxy further up
    #[arg(
        long,
        value_name = "NAME:PASSWORD",
        env = "BELISHA_PROXY_PARENT_USER",
        hide_env_values = true,
        value_parser = credential,
        requires = "proxy_parent"
    )]
    proxy_parent_user: Option<(String, String)>,
    /// A host that is reached without the proxy further up, intranet.example, *.example or 10.0.0.0/8; may be given several times
    #[arg(long, value_name = "HOST", requires = "proxy_parent")]
    proxy_direct: Vec<String>,
    /// Ask an unknown device's browser for a user name and password, instead of giving it what strangers get
    #[arg(long)]
    pub proxy_ask_for_credentials: bool,
    /// A host or address on a private network that the proxy may reach; may be given several times
    #[arg(long, value_name = "HOST")]
    pub proxy_allow_private: Vec<String>,
    /// A port that encrypted pages may be on, besides 443; may be given several times
    #[arg(long, value_name = "PORT")]
    pub proxy_tunnel_port: Vec<u16>,
    /// Judge public addresses without a name like any host, instead of closing them to all but adults
    #[arg(long)]
    proxy_judge_addresses: bool,
}

impl ProxyOptions {
    /// The settings these options make.
    pub fn settings(&self) -> ProxyConfig {
        let upstream = self.proxy_parent.clone().map(|address| UpstreamProxy {
            address,
            credential: self.proxy_parent_user.clone(),
            bypass: self.proxy_direct.clone(),
        });
        let direct_address = if self.proxy_judge_addresses { DirectAddress::Allow } else { DirectAddress::Block };
        ProxyConfig { transparent_listen: self.proxy_transparent.clone(), upstream, direct_address }
    }

    /// What the proxy file calls the proxy.
    pub fn public(&self) -> Option<String> {
        self.proxy_public.clone()
    }
}

pub(super) fn host_and_port(text: &str) -> Result<String, String> {
    let (host, port) = text.rsplit_once(':').ok_or("write it as HOST:PORT, proxy.authority.example:3128")?;
    port.parse::<u16>().ok().filter(|port| *port > 0).ok_or("its port is a number from 1 to 65535")?;
    if host.is_empty() { Err("it has no host".into()) } else { Ok(text.to_owned()) }
}

fn credential(text: &str) -> Result<(String, String), String> {
    let (name, password) = text.split_once(':').ok_or("write it as NAME:PASSWORD")?;
    Ok((name.to_owned(), password.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Given {
        #[command(flatten)]
        proxy: ProxyOptions,
    }

    #[test]
    fn options_become_settings() {
        let given = Given::try_parse_from([
            "serve",
            "--proxy-transparent=127.0.0.1:8080",
            "--proxy-parent=proxy.authority.example:3128",
            "--proxy-parent-user=school:secret:with:colons",
            "--proxy-direct=*.school.test",
            "--proxy-judge-addresses",
        ]);
        let settings = given.unwrap().proxy.settings();
        assert_eq!(settings.transparent_listen, ["127.0.0.1:8080".parse().unwrap()]);
        assert_eq!(settings.direct_address, DirectAddress::Allow);
        let parent = settings.upstream.unwrap();
        assert_eq!(parent.credential, Some(("school".to_owned(), "secret:with:colons".to_owned())));
        assert_eq!(parent.bypass, ["*.school.test"]);
        for wrong in
            ["--proxy-parent=proxy.example", "--proxy-parent=:80", "--proxy-public=a:0", "--proxy-direct=a.example"]
        {
            assert!(Given::try_parse_from(["serve", wrong]).is_err(), "{wrong}");
        }
    }
}
