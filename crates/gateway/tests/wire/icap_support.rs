//! What the stories of ICAP need: a school that answers other proxies, and a client that says and hears each line.

use crate::content::book;
use crate::support::*;
use belisha_gateway::{GatewayConfig, GatewayRules};
use belisha_records::PersonId;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

pub const LONG: Duration = Duration::from_secs(5);
/// The device that requests are for.
pub const DEVICE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 9));

pub async fn icap_site(first: Option<Arc<GatewayRules>>, change: impl FnOnce(&mut GatewayConfig)) -> Site {
    let site = Site::start_with(first, |config| {
        config.icap.listen = vec![SocketAddr::from((LOOPBACK, 0))];
        config.content.phrase_book = Some(book());
        change(config);
    })
    .await;
    sit(&site, pupil());
    site
}

/// Somebody signs in at the device.
pub fn sit(site: &Site, person: PersonId) {
    let until = site.now() + jiff::SignedDuration::from_hours(24);
    site.gateway.identity.sign_in(DEVICE, person, site.now(), until);
}

/// A connection to the ICAP server.
pub struct Client(pub TcpStream, Vec<u8>);

/// The length of the answer that bytes begin with, if all of it is there. No body here holds what ends one.
fn whole(bytes: &[u8]) -> Option<usize> {
    let find = |from: usize, what: &[u8]| {
        Some(from + bytes[from..].windows(what.len()).position(|some| some == what)? + what.len())
    };
    let head = find(0, b"\r\n\r\n")?;
    let text = String::from_utf8_lossy(&bytes[..head]).into_owned();
    let Some(parts) = text.lines().find_map(|line| line.strip_prefix("Encapsulated: ")) else { return Some(head) };
    let body = head + parts.rsplit('=').next()?.parse::<usize>().ok()?;
    let end = if parts.contains("null-body") { body } else { find(body.min(bytes.len()), b"\r\n0\r\n\r\n")? };
    (bytes.len() >= end).then_some(end)
}

impl Client {
    pub async fn of(site: &Site) -> Self {
        Self(TcpStream::connect(site.gateway.icap_addr.unwrap()).await.unwrap(), Vec::new())
    }

    pub async fn send(&mut self, text: impl AsRef<[u8]>) {
        self.0.write_all(text.as_ref()).await.unwrap();
    }

    /// An answer; what follows it is kept for the next. Whatever came, if the connection ended first.
    pub async fn answer(&mut self) -> String {
        loop {
            if let Some(length) = whole(&self.1) {
                return String::from_utf8_lossy(&self.1.drain(..length).collect::<Vec<u8>>()).into_owned();
            }
            match timeout(LONG, self.0.read_buf(&mut self.1)).await {
                Ok(Ok(1..)) => {}
                _ => return String::from_utf8_lossy(&std::mem::take(&mut self.1)).into_owned(),
            }
        }
    }

    pub async fn ask(&mut self, text: impl AsRef<[u8]>) -> String {
        self.send(text).await;
        self.answer().await
    }

    pub async fn is_over(&mut self) -> bool {
        let mut rest = Vec::new();
        timeout(LONG, self.0.read_to_end(&mut rest)).await.is_ok()
    }
}

pub const FOR_DEVICE: &str = "X-Client-IP: 10.0.0.9\r\n";

/// A REQMOD for a head without a body. `headers` are whole lines.
pub fn reqmod(headers: &str, http: &str) -> String {
    format!(
        "REQMOD icap://gateway.example:1344/request ICAP/1.0\r\nHost: gateway.example\r\n{FOR_DEVICE}{headers}\
         Encapsulated: req-hdr=0, null-body={}\r\n\r\n{http}",
        http.len()
    )
}

pub fn reqmod_with_body(headers: &str, http: &str, body: &str) -> String {
    let head = reqmod(headers, http);
    format!("{}{body}", head.replace("null-body", "req-body"))
}

/// A RESPMOD for a page. `sent` is the body as it is sent, in chunks.
pub fn respmod(headers: &str, url: &str, http: &str, sent: &str) -> String {
    let host = url.split('/').nth(2).unwrap();
    let request = format!("GET {url} HTTP/1.1\r\nHost: {host}\r\n\r\n");
    format!(
        "RESPMOD icap://gateway.example:1344/response ICAP/1.0\r\nHost: gateway.example\r\n{FOR_DEVICE}{headers}\
         Encapsulated: req-hdr=0, res-hdr={}, res-body={}\r\n\r\n{request}{http}{sent}",
        request.len(),
        request.len() + http.len()
    )
}

pub fn get(url: &str) -> String {
    let host = url.split('/').nth(2).unwrap();
    format!("GET {url} HTTP/1.1\r\nHost: {host}\r\n\r\n")
}

pub fn chunked(body: &str) -> String {
    let pieces = body
        .as_bytes()
        .chunks(1000)
        .map(|piece| format!("{:x}\r\n{}\r\n", piece.len(), std::str::from_utf8(piece).unwrap()));
    pieces.collect::<String>() + "0\r\n\r\n"
}

pub const HTML: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n";
