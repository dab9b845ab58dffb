//! "Did you mean": the nearest word of a closed list.

/// The nearest of `words` to what was written, if one is near enough to be a slip of the pen: a third of its letters.
pub(crate) fn nearest<'w>(written: &str, words: impl IntoIterator<Item = &'w str>) -> Option<&'w str> {
    let written: Vec<char> = written.to_lowercase().chars().take(MOST_LETTERS + 1).collect();
    if written.len() > MOST_LETTERS {
        return None;
    }
    let near = |word: &'w str| {
        let letters: Vec<char> = word.chars().collect();
        let steps = distance(&written, &letters);
        (steps <= (letters.len() / 3).max(1)).then_some((steps, word))
    };
    words.into_iter().filter_map(near).min_by_key(|(steps, _)| *steps).map(|(_, word)| word)
}

/// Longer words are no slips, and comparing them would cost time.
const MOST_LETTERS: usize = 40;

/// Letters to add, drop, change or swap with a neighbour.
fn distance(from: &[char], to: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=to.len()).collect();
    for (i, a) in from.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, b) in to.iter().enumerate() {
            let change = last.get(j).copied().unwrap_or(0) + usize::from(a != b);
            let drop = last.get(j + 1).copied().unwrap_or(0) + 1;
            let add = row.last().copied().unwrap_or(0) + 1;
            let swapped = i > 0 && j > 0 && from.get(i - 1) == Some(b) && to.get(j - 1) == Some(a);
            let swap = if swapped { before.get(j - 1).copied().unwrap_or(usize::MAX - 1) + 1 } else { usize::MAX };
            row.push(change.min(drop).min(add).min(swap));
        }
        before = std::mem::replace(&mut last, row);
    }
    last.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn a_slip_finds_its_word_and_another_word_finds_none() {
        let words = ["headteacher", "police", "technical", "parents"];
        assert_eq!(nearest("headteecher", words), Some("headteacher"));
        assert_eq!(nearest("Polcie", words), Some("police"));
        assert_eq!(nearest("parent", words), Some("parents"));
        assert_eq!(nearest("wallpaper", words), None);
        assert_eq!(nearest("", words), None);
        assert_eq!(nearest(&"p".repeat(5000), words), None);
    }
}
