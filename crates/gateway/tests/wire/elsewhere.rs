//! A DNS server elsewhere that does what a test tells it: answers, loses, delays, cuts short, forges.

use crate::support::LOOPBACK;
use hickory_proto::op::{Edns, Message, MessageType, OpCode};
use hickory_proto::rr::rdata::A;
use hickory_proto::rr::rdata::opt::{EdnsCode, EdnsOption};
use hickory_proto::rr::{RData, Record};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, UdpSocket};

/// A question as it came.
#[derive(Debug, Clone)]
pub struct Asked {
    pub message: Message,
    pub from: SocketAddr,
    pub over_tcp: bool,
    /// How often TCP was connected to until then.
    pub connections: usize,
}

impl Asked {
    /// The name, in small letters without a final dot.
    pub fn host(&self) -> String {
        self.message.queries[0].name().to_ascii().to_lowercase().trim_end_matches('.').to_owned()
    }

    pub fn cookie(&self) -> Vec<u8> {
        match self.message.edns.as_ref().and_then(|edns| edns.option(EdnsCode::Cookie)) {
            Some(EdnsOption::Unknown(_, data)) => data.clone(),
            _ => Vec::new(),
        }
    }

    /// An answer with these records, under the name as it was asked.
    pub fn answer(&self, data: impl IntoIterator<Item = RData>) -> Message {
        let query = self.message.queries[0].clone();
        let mut answer = Message::new(self.message.metadata.id, MessageType::Response, OpCode::Query);
        answer.metadata.recursion_available = true;
        answer.add_query(query.clone());
        answer.set_edns(Edns::new());
        for data in data {
            answer.add_answer(Record::from_rdata(query.name().clone(), 60, data));
        }
        answer
    }

    /// An answer with an IPv4 address.
    pub fn address(&self, address: [u8; 4]) -> Message {
        self.answer([RData::A(A(address.into()))])
    }
}

/// What is sent back, and when.
pub type Sent = Vec<(Duration, Vec<u8>)>;

/// Sends this at once.
pub fn now(message: &Message) -> Sent {
    vec![(Duration::ZERO, message.to_vec().unwrap())]
}

pub struct Elsewhere {
    pub address: SocketAddr,
    asked: Arc<Mutex<Vec<Asked>>>,
}

type Answer = Arc<dyn Fn(&Asked) -> Sent + Send + Sync>;

impl Elsewhere {
    pub async fn start(answer: impl Fn(&Asked) -> Sent + Send + Sync + 'static) -> Self {
        let (tcp, udp) = loop {
            let tcp = TcpListener::bind((LOOPBACK, 0)).await.unwrap();
            if let Ok(udp) = UdpSocket::bind(tcp.local_addr().unwrap()).await {
                break (tcp, Arc::new(udp));
            }
        };
        let address = tcp.local_addr().unwrap();
        let (asked, answer): (Arc<Mutex<Vec<Asked>>>, Answer) = (Arc::default(), Arc::new(answer));
        tokio::spawn(over_udp(udp, Arc::clone(&asked), Arc::clone(&answer)));
        tokio::spawn({
            let asked = Arc::clone(&asked);
            async move {
                let mut connections = 0;
                while let Ok((stream, from)) = tcp.accept().await {
                    connections += 1;
                    tokio::spawn(over_stream(stream, from, connections, Arc::clone(&asked), Arc::clone(&answer)));
                }
            }
        });
        Self { address, asked }
    }

    /// Everything asked so far but the trials of a server that was away.
    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().iter().filter(|asked| !asked.host().is_empty()).cloned().collect()
    }
}

async fn over_udp(udp: Arc<UdpSocket>, log: Arc<Mutex<Vec<Asked>>>, answer: Answer) {
    let mut buffer = [0; 4096];
    loop {
        // A client that closed its socket meanwhile.
        let Ok((length, from)) = udp.recv_from(&mut buffer).await else { continue };
        let message = Message::from_vec(&buffer[..length]).unwrap();
        let asked = Asked { message, from, over_tcp: false, connections: 0 };
        log.lock().unwrap().push(asked.clone());
        for (delay, bytes) in answer(&asked) {
            let udp = Arc::clone(&udp);
            if delay.is_zero() {
                udp.send_to(&bytes, from).await.unwrap();
            } else {
                tokio::spawn(async move {
                    tokio::time::sleep(delay).await;
                    udp.send_to(&bytes, from).await.unwrap();
                });
            }
        }
    }
}

/// Answers the questions of one TCP or TLS connection.
pub async fn over_stream(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    from: SocketAddr,
    connections: usize,
    log: Arc<Mutex<Vec<Asked>>>,
    answer: Answer,
) {
    while let Ok(length) = stream.read_u16().await {
        let mut packet = vec![0; usize::from(length)];
        stream.read_exact(&mut packet).await.unwrap();
        let message = Message::from_vec(&packet).unwrap();
        let asked = Asked { message, from, over_tcp: true, connections };
        log.lock().unwrap().push(asked.clone());
        for (_, bytes) in answer(&asked) {
            stream.write_u16(u16::try_from(bytes.len()).unwrap()).await.unwrap();
            stream.write_all(&bytes).await.unwrap();
            stream.flush().await.unwrap();
        }
    }
}
