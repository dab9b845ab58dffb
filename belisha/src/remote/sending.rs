//! What a gateway tells its server beside what it saw (`outbox.rs`): pages that were closed, and word that it is there.

use super::connection::{Connection, Patience, Trouble};
use super::following::Held;
use super::messages::{ClosedPage, Heartbeat};
use super::outbox::Outbox;
use super::ownership::Ownership;
use belisha_gateway::{BlockBook, Metrics, Outcome};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// How often a gateway says that it is there.
const HEARTBEAT: Duration = Duration::from_secs(60);
/// Of the heartbeats before there are rules, how many follow soon after each other.
const FIRST_BEATS: u64 = 10;
/// How often pages that were closed are looked for: the person in front of one reads it first.
const CLOSED_PAGES: Duration = Duration::from_millis(300);
/// Most closed pages sent at a time.
const CLOSED_AT_A_TIME: usize = 256;

/// Tells the server of pages as they are closed, until the process ends.
pub fn send_closed_pages(connection: &Connection, blocks: &BlockBook) {
    let (mut known, mut patience) = (0, Patience::default());
    loop {
        std::thread::sleep(CLOSED_PAGES);
        let (count, new) = blocks.after(known, CLOSED_AT_A_TIME);
        let pages: Vec<ClosedPage> = new.into_iter().filter_map(closed_page).collect();
        if pages.is_empty() {
            known = count;
            continue;
        }
        match serde_json::to_vec(&pages).map(|body| connection.post("/gateway/blocks", &body)) {
            // Those that are refused would be again.
            Ok(Ok(()) | Err(Trouble::Refused(_))) | Err(_) => {
                known = count;
                patience.regain();
            }
            // Said where observations are sent.
            Ok(Err(_)) => {
                patience.lose();
            }
        }
    }
}

fn closed_page(block: belisha_gateway::Block) -> Option<ClosedPage> {
    Some(ClosedPage {
        may_warn: block.outcome == Outcome::Warned,
        id: block.id,
        host: block.host?,
        category: block.category,
        person: block.person,
    })
}

/// Says every minute that the gateway is there, until the process ends or another one takes its place.
pub fn send_heartbeats(
    connection: &Connection,
    metrics: &Metrics,
    outbox: &Outbox,
    held: &Mutex<Held>,
    ownership: &Ownership,
) {
    for beat in 0_u64.. {
        if !ownership.holds() {
            return;
        }
        let holding = held.lock().unwrap_or_else(PoisonError::into_inner).clone();
        // Whoever starts a gateway looks at the page, and should not wait a minute until it says which rules are held.
        let soon = holding.tag.is_none() && beat < FIRST_BEATS;
        let beat = Heartbeat {
            version: env!("CARGO_PKG_VERSION"),
            rules_tag: holding.tag,
            rules_made_at: holding.made_at,
            counters: metrics.all().into_iter().chain(outbox.figures()).collect(),
        };
        if let Ok(body) = serde_json::to_vec(&beat) {
            // A beat that does not arrive is no news; the next one follows.
            let _ = connection.post("/gateway/heartbeat", &body);
        }
        std::thread::sleep(if soon { Duration::from_secs(2) } else { HEARTBEAT });
    }
}
