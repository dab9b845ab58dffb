//! DNS packets and connections from strangers: cut, random, slow, too many. Afterwards a good question is still answered.

use crate::dns::{BLOCK_PAGE, addresses, ask, exchange, exchange_tcp, question};
use crate::support::*;
use hickory_proto::op::ResponseCode;
use hickory_proto::rr::RecordType;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::timeout;

#[tokio::test]
async fn a_cut_packet_gets_an_error_and_an_answer_gets_none() {
    let site = Site::start().await;
    let whole = question("lessons.example", RecordType::A).to_vec().unwrap();
    for length in 12..whole.len() - 1 {
        let answer = exchange(site.dns(), &whole[..length]).await.unwrap();
        assert_eq!(
            (answer.metadata.id, answer.metadata.response_code),
            (0x1234, ResponseCode::FormErr),
            "cut at {length}"
        );
    }
    let mut answer = whole.clone();
    answer[2] |= 0x80;
    let socket = UdpSocket::bind((LOOPBACK, 0)).await.unwrap();
    for silent in [&answer[..], &whole[..11], &[][..]] {
        socket.send_to(silent, site.dns()).await.unwrap();
    }
    assert!(
        timeout(Duration::from_millis(200), socket.recv(&mut [0; 512])).await.is_err(),
        "answers to answers make loops"
    );
    assert!(!ask(&site, "lessons.example", RecordType::A).await.answers.is_empty());
}

#[tokio::test]
async fn a_hundred_thousand_random_packets_and_then_a_good_question() {
    let site = Site::start().await;
    let socket = UdpSocket::bind((LOOPBACK, 0)).await.unwrap();
    let whole = question("lessons.example", RecordType::A).to_vec().unwrap();
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    for number in 0..100_000u32 {
        let mut packet: Vec<u8> =
            if number % 2 == 0 { (0..random() % 80).map(|_| random() as u8).collect() } else { whole.clone() };
        for _ in 0..random() % 4 {
            let at = random() as usize % packet.len().max(1);
            if let Some(byte) = packet.get_mut(at) {
                *byte = random() as u8;
            }
        }
        // What does not fit into the socket's buffer is lost, as on any network.
        let _ = socket.try_send_to(&packet, site.dns());
        if number % 256 == 0 {
            tokio::task::yield_now().await;
        }
    }
    let mut answered = None;
    for _ in 0..10 {
        answered = exchange(site.dns(), &whole).await;
        if answered.is_some() {
            break;
        }
    }
    assert_eq!(addresses(&answered.unwrap()), [BLOCK_PAGE]);
}

#[tokio::test]
async fn a_slow_tcp_client_holds_nobody_up_and_many_are_bounded() {
    let site = Site::start_with(Some(rules()), |config| {
        config.limits.idle_time = Duration::from_millis(300);
        config.limits.dns_connections = 3;
    })
    .await;
    let mut held = Vec::new();
    for _ in 0..3 {
        let mut stream = TcpStream::connect(site.dns()).await.unwrap();
        stream.write_all(&[0, 40, 1]).await.unwrap();
        held.push(stream);
    }
    tokio::time::sleep(Duration::from_millis(50)).await;
    let mut fourth = TcpStream::connect(site.dns()).await.unwrap();
    assert_eq!(
        timeout(Duration::from_secs(2), fourth.read(&mut [0; 8])).await.unwrap().unwrap_or(0),
        0,
        "too many: closed"
    );
    assert!(!ask(&site, "lessons.example", RecordType::A).await.answers.is_empty());
    for mut stream in held {
        assert_eq!(
            timeout(Duration::from_secs(2), stream.read(&mut [0; 8])).await.unwrap().unwrap_or(0),
            0,
            "silent: closed"
        );
    }
    let answer = exchange_tcp(site.dns(), &question("lessons.example", RecordType::A).to_vec().unwrap()).await;
    assert!(!answer.answers.is_empty());
}
