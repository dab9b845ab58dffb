//! Hashes as text in the database: lower-case hexadecimal, one spelling only, so that a changed byte is a changed hash.

/// Writes bytes.
pub(crate) fn write(bytes: &[u8]) -> String {
    const DIGITS: [char; 16] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'];
    bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]).filter_map(|half| DIGITS.get(usize::from(half))).collect()
}

/// Reads 32 bytes. `None` for anything that [`write()`] would not have written.
pub(crate) fn read(text: &str) -> Option<[u8; 32]> {
    let digits = text.as_bytes();
    let mut bytes = [0; 32];
    if digits.len() != 64 {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        let [high, low] = pair else { return None };
        *byte = (digit(*high)? << 4) | digit(*low)?;
    }
    Some(bytes)
}

fn digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_nothing_else() {
        let bytes: [u8; 32] = std::array::from_fn(|place| u8::try_from(place * 7 % 256).unwrap());
        let text = write(&bytes);
        assert_eq!(read(&text), Some(bytes));
        assert_eq!(read(&text.to_uppercase()), None);
        assert_eq!(read(&text[1..]), None);
        assert_eq!(read(&text.replace('0', "g")), None);
    }
}
