//! Load for measuring tunnels: opens CONNECT after CONNECT through a proxy, and in each sends one TLS ClientHello and takes
//! one page of a kilobyte. `benches/proxy/run` starts it; it is also the origin. No TLS is spoken beyond the first message:
//! that would measure the client.
//!
//! `tunnel_load PROXY_PORT ORIGIN_PORT SECONDS CONNECTIONS` prints how many tunnels carried their page and how many did not.
#![expect(clippy::print_stdout, reason = "a program to measure with, run by hand")]

use std::error::Error;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

const HOST: &str = "bench-origin.test";
const PAGE: usize = 1024;

fn main() -> Result<(), Box<dyn Error>> {
    let numbers: Vec<u16> = std::env::args().skip(1).map(|number| number.parse()).collect::<Result<_, _>>()?;
    let [proxy, origin, seconds, connections] = numbers[..] else {
        return Err("tunnel_load PROXY_PORT ORIGIN_PORT SECONDS CONNECTIONS".into());
    };
    let hello = Arc::new(client_hello()?);
    serve(TcpListener::bind((Ipv4Addr::LOCALHOST, origin))?, hello.len());
    let until = Instant::now() + Duration::from_secs(seconds.into());
    let clients: Vec<_> = (0..connections)
        .map(|_| {
            let hello = Arc::clone(&hello);
            thread::spawn(move || {
                let (mut carried, mut failed) = (0_u64, 0_u64);
                while Instant::now() < until {
                    match tunnel(proxy, origin, &hello) {
                        Ok(()) => carried += 1,
                        Err(_) => failed += 1,
                    }
                }
                (carried, failed)
            })
        })
        .collect();
    let counts = clients.into_iter().filter_map(|client| client.join().ok());
    let (carried, failed) = counts.fold((0, 0), |all, one| (all.0 + one.0, all.1 + one.1));
    println!("carried {carried} failed {failed}");
    Ok(())
}

fn client_hello() -> Result<Vec<u8>, Box<dyn Error>> {
    let config = rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth();
    let mut client = rustls::ClientConnection::new(Arc::new(config), HOST.try_into()?)?;
    let mut bytes = Vec::new();
    client.write_tls(&mut bytes)?;
    Ok(bytes)
}

fn serve(listener: TcpListener, asked: usize) {
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            thread::spawn(move || answer(stream, asked));
        }
    });
}

fn answer(mut stream: TcpStream, asked: usize) -> io::Result<()> {
    stream.read_exact(&mut vec![0; asked])?;
    stream.write_all(&[b'x'; PAGE])?;
    // Until the tunnel ends.
    let _ = stream.read(&mut [0; 16])?;
    Ok(())
}

fn tunnel(proxy: u16, origin: u16, hello: &[u8]) -> io::Result<()> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, proxy))?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    stream.write_all(format!("CONNECT {HOST}:{origin} HTTP/1.1\r\nHost: {HOST}:{origin}\r\n\r\n").as_bytes())?;
    let mut head = [0; 2048];
    let mut length = 0;
    while !head[..length].ends_with(b"\r\n\r\n") {
        match stream.read(&mut head[length..])? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            more => length += more,
        }
    }
    if !head.starts_with(b"HTTP/1.1 200") {
        return Err(io::ErrorKind::PermissionDenied.into());
    }
    stream.write_all(hello)?;
    stream.read_exact(&mut [0; PAGE])?;
    Ok(())
}
