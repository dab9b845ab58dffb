//! A network card's address, in the many ways that access points, lease files and people write it.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// A MAC address (EUI-48). Shown and stored as `00:1a:2b:3c:4d:5e`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct MacAddress([u8; 6]);

/// A text that is no MAC address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a device's address is twelve digits 0-9 and a-f, such as `00:1a:2b:3c:4d:5e`; look on the device's label or in its network settings"
)]
pub struct MacAddressError;

impl MacAddress {
    /// From its six bytes; `None` for what can be no device's own: all zero, or a group address.
    pub const fn new(bytes: [u8; 6]) -> Option<Self> {
        let group = bytes[0] & 0x01 != 0;
        let zero = bytes[0] | bytes[1] | bytes[2] | bytes[3] | bytes[4] | bytes[5] == 0;
        if group || zero { None } else { Some(Self(bytes)) }
    }

    /// Whether the device made the address up itself (the "locally administered" bit, IEEE 802c), as phones do for each
    /// network unless they are told not to. Such an address may be another tomorrow: registering it says little.
    pub const fn is_made_up(self) -> bool {
        self.0[0] & 0x02 != 0
    }

    /// Reads an address in any usual spelling: `00-1A-2B-3C-4D-5E`, `00:1a:2b:3c:4d:5e`, `001a.2b3c.4d5e`, `001a2b3c4d5e`,
    /// one-digit parts (`0:1a:2b:3c:4d:5e`), and with a network's name after it (`00-1A-2B-3C-4D-5E:Pupils`).
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let bytes = match text.find([':', '-']) {
            Some(1 | 2) => six_parts(text)?,
            _ => twelve_digits(text)?,
        };
        Self::new(bytes)
    }
}

/// Six parts of one or two digits, all with the same separator; what follows another separator is a network's name.
fn six_parts(text: &str) -> Option<[u8; 6]> {
    let separator = text.chars().find(|character| matches!(character, ':' | '-'))?;
    let mut parts = text.splitn(6, separator);
    let mut bytes = [0; 6];
    for byte in bytes.iter_mut().take(5) {
        *byte = digits(parts.next()?)?;
    }
    let last = parts.next()?;
    let end = last.find(|character: char| !character.is_ascii_hexdigit()).unwrap_or(last.len());
    let (last, after) = last.split_at_checked(end)?;
    if !(after.is_empty() || after.starts_with([':', '-', ' ', '/'])) {
        return None;
    }
    bytes[5] = digits(last)?;
    Some(bytes)
}

fn digits(part: &str) -> Option<u8> {
    let fits = matches!(part.len(), 1 | 2) && part.bytes().all(|byte| byte.is_ascii_hexdigit());
    fits.then(|| u8::from_str_radix(part, 16).ok()).flatten()
}

/// Twelve digits, perhaps in three groups with dots (or hyphens) between.
fn twelve_digits(text: &str) -> Option<[u8; 6]> {
    let mut bytes = [0; 6];
    let mut read = 0;
    for (place, character) in text.chars().enumerate() {
        match (character, place) {
            ('.' | '-', 4 | 9) => {}
            (digit, _) => {
                let byte = bytes.get_mut(read / 2)?;
                *byte = *byte << 4 | u8::try_from(digit.to_digit(16)?).ok()?;
                read += 1;
            }
        }
    }
    (read == 12).then_some(bytes)
}

impl FromStr for MacAddress {
    type Err = MacAddressError;
    fn from_str(text: &str) -> Result<Self, MacAddressError> {
        Self::parse(text).ok_or(MacAddressError)
    }
}

impl TryFrom<String> for MacAddress {
    type Error = MacAddressError;
    fn try_from(text: String) -> Result<Self, MacAddressError> {
        text.parse()
    }
}

impl From<MacAddress> for String {
    fn from(address: MacAddress) -> Self {
        address.to_string()
    }
}

impl fmt::Display for MacAddress {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, f] = self.0;
        write!(out, "{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{f:02x}")
    }
}

impl fmt::Debug for MacAddress {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_usual_spelling_is_one_address() {
        for text in [
            "00:1a:2b:3c:4d:5e",
            "00-1A-2B-3C-4D-5E",
            "001a.2b3c.4d5e",
            "001A-2B3C-4D5E",
            "001a2b3c4d5e",
            " 0:1a:2b:3c:4d:5e ",
            "00-1A-2B-3C-4D-5E:Pupils",
            "00:1a:2b:3c:4d:5e:Pupils",
        ] {
            assert_eq!(
                MacAddress::parse(text).map(|mac| mac.to_string()).as_deref(),
                Some("00:1a:2b:3c:4d:5e"),
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_no_devices_address_is_refused() {
        for text in [
            "",
            "01:1a:2b:3c:4d:5e",
            "00:00:00:00:00:00",
            "ff:ff:ff:ff:ff:ff",
            "00:1a:2b:3c:4d",
            "00:1a:2b-3c:4d:5e",
            "00:1a:2b:3c:4d:5eé",
            "001a2b3c4d5",
            "001a2b3c4d5e6f",
            "00:1a:2b:3c:4d:zz",
            "10.1.2.3",
            "+1:1a:2b:3c:4d:5e",
        ] {
            assert_eq!(MacAddress::parse(text), None, "{text}");
        }
    }

    #[test]
    fn an_address_that_a_phone_made_up_is_told_from_a_cards_own() {
        assert!(MacAddress::parse("02:1a:2b:3c:4d:5e").is_some_and(MacAddress::is_made_up));
        assert!(!MacAddress::parse("00:1a:2b:3c:4d:5e").is_some_and(MacAddress::is_made_up));
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_a_panic_and_what_is_shown_is_read_back(text in "[0-9a-fA-F:.é-]{0,30}|.{0,20}") {
            if let Some(mac) = MacAddress::parse(&text) {
                prop_assert_eq!(MacAddress::parse(&mac.to_string()), Some(mac));
            }
        }
    }
}
