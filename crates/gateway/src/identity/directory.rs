//! Log-ons and log-offs of the school's directory, posted to the block page's listener by a computer's log-on task or by a
//! domain controller. A post is believed if it is signed with the shared key, is new, and speaks of the sender's own address;
//! only the addresses set up for it may speak of others. The key is the whole proof: whoever can read it can log anybody on,
//! so it must be readable to the computer and not to who sits at it (docs/guides/who-is-it.md).

use super::config::DirectoryConfig;
use super::table::IdentityTable;
use crate::gateway::Shared;
use crate::metrics::count;
use hmac::{Hmac, KeyInit, Mac};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use sha2::Sha256;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

/// Where log-ons are posted.
pub(crate) const PATH: &str = "/identity/log-on";
/// Header with the signature: HMAC-SHA-256 of the body under the shared key, in hexadecimal.
pub(crate) const SIGNATURE_HEADER: &str = "x-belisha-signature";
/// Longest post, in bytes.
pub(crate) const LONGEST: usize = 4096;
/// How far a computer's clock may be off. Posts from outside this time are refused, those inside are taken once.
const WINDOW: SignedDuration = SignedDuration::from_mins(5);
/// Most posts remembered, so that none is taken twice. More than this in ten minutes is no school.
const MOST: usize = 65_536;

/// What a computer says.
#[derive(Deserialize)]
struct Post {
    /// By the computer's clock.
    at: Timestamp,
    event: Event,
    username: String,
    /// The computer, where the sender speaks of another.
    address: Option<IpAddr>,
    /// Nobody else is logged on there: whoever was before has gone.
    #[serde(default)]
    alone: bool,
}

#[derive(Deserialize, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
enum Event {
    LogOn,
    LogOff,
}

/// Why a post was refused. The answer tells the technician who is setting it up, and a forger nothing new.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refused {
    #[error("the signature is not that of the body under the shared key; check the key")]
    Signature,
    #[error("the body cannot be read; it is a JSON object with `at`, `event` and `username`")]
    Body,
    #[error("the time is more than five minutes off; set the computer's clock")]
    Time,
    #[error("this post was taken before; write the present time into each")]
    Again,
    #[error("the post speaks of another address than its own, and this sender may not")]
    Address,
    #[error("no one person has this user name; look in the school's list of people")]
    Username,
}

/// Posts that were taken, so that none is taken twice.
#[derive(Default)]
pub(crate) struct Taken(Mutex<HashMap<[u8; 32], Timestamp>>);

/// Takes a post. `Ok` once the table holds it.
pub(crate) fn take(
    shared: &Shared,
    config: &DirectoryConfig,
    sender: IpAddr,
    signature: &str,
    body: &[u8],
) -> Result<(), Refused> {
    let named = |name: &str| shared.rules()?.lookup().person_by_username(name, true);
    let taken = judged(config, &shared.logged_on, sender, signature, body, shared.now());
    let done = taken.and_then(|post| {
        let person = named(&post.username).ok_or(Refused::Username)?;
        apply(&shared.identity, config, sender, &post, person, shared.now());
        Ok(())
    });
    let counters = shared.identity.counters();
    count(if done.is_ok() { &counters.log_ons_accepted } else { &counters.log_ons_refused });
    done
}

fn judged(
    config: &DirectoryConfig,
    taken: &Taken,
    sender: IpAddr,
    signature: &str,
    body: &[u8],
    now: Timestamp,
) -> Result<Post, Refused> {
    let given = bytes_of(signature).ok_or(Refused::Signature)?;
    let mut code = Hmac::<Sha256>::new_from_slice(config.key.as_bytes()).map_err(|_| Refused::Signature)?;
    code.update(body);
    // With an empty key everybody would know it. The comparison takes the same time whichever byte differs.
    if config.key.is_empty() || code.verify_slice(&given).is_err() {
        return Err(Refused::Signature);
    }
    let post: Post = serde_json::from_slice(body).map_err(|_| Refused::Body)?;
    if now.duration_since(post.at).abs() > WINDOW {
        return Err(Refused::Time);
    }
    let own = post.address.is_none_or(|address| address.to_canonical() == sender);
    if !own && !config.may_speak_for_others.iter().any(|network| network.contains(&sender)) {
        return Err(Refused::Address);
    }
    if !taken.first_time(given, now) {
        return Err(Refused::Again);
    }
    Ok(post)
}

fn apply(
    table: &IdentityTable,
    config: &DirectoryConfig,
    sender: IpAddr,
    post: &Post,
    person: belisha_records::PersonId,
    now: Timestamp,
) {
    let address = post.address.unwrap_or(sender);
    match post.event {
        Event::LogOff => table.log_off(address, person, now),
        Event::LogOn => {
            if post.alone {
                table.clear(address, now);
            }
            table.log_on(address, person, now, now.checked_add(config.longest).unwrap_or(now));
        }
    }
}

impl Taken {
    fn first_time(&self, signature: [u8; 32], now: Timestamp) -> bool {
        let mut taken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if taken.len() >= MOST {
            // A post is refused by its own time once it is older than the window, which reaches both ways.
            taken.retain(|_, at| now.duration_since(*at) <= WINDOW + WINDOW);
        }
        if taken.len() >= MOST || taken.contains_key(&signature) {
            return false;
        }
        taken.insert(signature, now);
        true
    }
}

/// Sixty-four hexadecimal digits as bytes.
fn bytes_of(text: &str) -> Option<[u8; 32]> {
    let text = text.trim();
    let mut bytes = [0; 32];
    if text.len() != 64 {
        return None;
    }
    for (byte, two) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        let digit = |digit: u8| char::from(digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        *byte = digit(*two.first()?)? << 4 | digit(*two.get(1)?)?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOW: &str = "2026-11-23T09:00:00Z";

    fn config() -> DirectoryConfig {
        DirectoryConfig {
            key: "a long shared key".into(),
            longest: SignedDuration::from_hours(10),
            may_speak_for_others: vec!["10.0.0.5/32".parse().unwrap()],
        }
    }

    fn sign(body: &str) -> String {
        let code = Hmac::<Sha256>::new_from_slice(config().key.as_bytes()).unwrap().chain_update(body).finalize();
        code.into_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn body(at: &str, address: Option<&str>) -> String {
        let address = address.map(|address| format!(",\"address\":\"{address}\"")).unwrap_or_default();
        format!(r#"{{"at":"{at}","event":"log-on","username":"ada"{address}}}"#)
    }

    fn judge(taken: &Taken, sender: &str, signature: &str, body: &str) -> Result<(), Refused> {
        let sender = sender.parse().unwrap();
        judged(&config(), taken, sender, signature, body.as_bytes(), NOW.parse().unwrap()).map(drop)
    }

    #[test]
    fn a_signed_post_of_now_is_taken_once() {
        let (taken, body) = (Taken::default(), body(NOW, None));
        assert_eq!(judge(&taken, "10.1.2.3", &sign(&body), &body), Ok(()));
        assert_eq!(judge(&taken, "10.1.2.3", &sign(&body), &body), Err(Refused::Again));
        assert_eq!(judge(&taken, "10.1.2.4", &sign(&body).to_uppercase(), &body), Err(Refused::Again));
    }

    #[test]
    fn a_post_with_another_key_or_changed_on_the_way_is_refused() {
        let (taken, body) = (Taken::default(), body(NOW, None));
        let changed = body.replace("ada", "bob");
        assert_eq!(judge(&taken, "10.1.2.3", &sign(&body), &changed), Err(Refused::Signature));
        assert_eq!(judge(&taken, "10.1.2.3", "", &body), Err(Refused::Signature));
        assert_eq!(judge(&taken, "10.1.2.3", &"é".repeat(32), &body), Err(Refused::Signature));
    }

    #[test]
    fn without_a_key_nobody_is_believed() {
        let (body, keyless) = (body(NOW, None), DirectoryConfig { key: String::new(), ..config() });
        let code = Hmac::<Sha256>::new_from_slice(b"").unwrap().chain_update(&body).finalize().into_bytes();
        let signature: String = code.iter().map(|byte| format!("{byte:02x}")).collect();
        let sender = "10.1.2.3".parse().unwrap();
        let judged = judged(&keyless, &Taken::default(), sender, &signature, body.as_bytes(), NOW.parse().unwrap());
        assert_eq!(judged.err(), Some(Refused::Signature));
    }

    #[test]
    fn an_old_post_and_one_from_the_future_are_refused() {
        for (at, expected) in [
            ("2026-11-23T08:54:59Z", Err(Refused::Time)),
            ("2026-11-23T08:55:00Z", Ok(())),
            ("2026-11-23T09:05:00Z", Ok(())),
            ("2026-11-23T09:05:01Z", Err(Refused::Time)),
        ] {
            let body = body(at, None);
            assert_eq!(judge(&Taken::default(), "10.1.2.3", &sign(&body), &body), expected, "{at}");
        }
    }

    #[test]
    fn only_a_domain_controller_speaks_of_other_addresses() {
        let body = body(NOW, Some("10.1.2.3"));
        for (sender, expected) in [("10.1.2.3", Ok(())), ("10.1.2.4", Err(Refused::Address)), ("10.0.0.5", Ok(()))] {
            assert_eq!(judge(&Taken::default(), sender, &sign(&body), &body), expected, "{sender}");
        }
    }

    proptest! {
        #[test]
        fn any_signed_text_is_read_or_refused(text in ".{0,100}|\\{\"at\":\".{0,30}\",\"event\":\"log-on\",\"username\":\".{0,9}\"\\}") {
            prop_assert_ne!(judge(&Taken::default(), "10.1.2.3", &sign(&text), &text), Err(Refused::Signature));
        }
    }
}
