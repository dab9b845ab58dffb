//! A gateway as a program of its own, away from the server (`belisha gateway`), and what the server has for it. Both ends speak the
//! same `messages`. At the server: `feed` answers gateways, with `events` of the portal, here
//! and (`sign_ins`) at another server on the same database. In the school: `process` runs the gateway,
//! `connection` asks the server, `following` takes rules (with `lists` and `phrases`) and events in, `outbox` brings out what the gateway saw,
//! `sending` what else it tells.
//! The gateway itself is the one that also runs inside the server: it knows two channels, rules in and observations out, and not
//! what is behind them (docs/decisions/0021).

mod connection;
mod events;
mod feed;
mod following;
mod lists;
mod messages;
mod outbox;
mod ownership;
mod phrases;
mod process;
mod sending;
mod sign_ins;

pub use feed::RemoteFeed;
pub use process::{RemoteGateway, run};
