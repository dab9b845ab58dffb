//! What phrases add up to.

use super::{book, compile, score, verdict, weighted};
use belisha_filter::{PageOutcome, PageReader, PhraseBook, PhraseKind, PhraseList};
use std::sync::Arc;

#[test]
fn a_phrase_counts_once_however_often_it_stands_there() {
    let book = book("< casino ><40>\n<odds><5>");
    assert_eq!(score(&book, "<p>Casino, casino, CASINO! Odds and odds.</p>"), 45);
}

#[test]
fn a_word_is_a_word_and_a_part_is_found_inside_words() {
    let book = book("< bet ><10>\n< gambl><20>\n<win ><1>");
    for (text, expected) in [
        ("we bet", 10),
        ("bet.", 10),
        ("Alphabet, better, abet", 0),
        ("the gambler", 20),
        ("regambled", 0),
        ("Darwin wrote", 1),
        ("window", 0),
    ] {
        assert_eq!(score(&book, text), expected, "{text}");
    }
}

#[test]
fn a_combination_counts_when_all_of_it_is_on_the_page_in_any_order() {
    let book = book("<poker>,<free spins>,< bonus ><70>\n<poker>,<poker><1>");
    assert_eq!(score(&book, "Poker with free spins."), 1);
    assert_eq!(score(&book, "A bonus! <p>Free   spins,</p> and later <i>poker</i>; poker; a bonus"), 71);
}

#[test]
fn the_same_phrase_in_two_lists_is_one_rule_and_the_heavier_stands() {
    let book =
        compile(&[weighted("one", "<casino><10>"), weighted("two", "<Casino!><30>\n<casino><20>\n<casino><-25>")]);
    let page = verdict(&book, 1_000, "text/html", b"casino ");
    // `<Casino!>` wants the word to end; `<casino>` does not: two rules.
    assert_eq!((page.score, book.report().taken, book.report().repeated), (30 - 25, 2, 2));
}

#[test]
fn what_speaks_for_a_page_is_taken_away() {
    let book = book("#listcategory: \"Drugs\"\n<cannabis><60>\n#listcategory: \"Good\"\n<health>,<lesson><-50>");
    let page = verdict(&book, 50, "text/html", b"Cannabis: a health education lesson");
    assert_eq!((page.score, page.outcome), (10, PageOutcome::Within));
    let sums: Vec<(&str, i64)> = page.by_category.iter().map(|sum| (&*sum.category, sum.score)).collect();
    assert_eq!(sums, [("Drugs", 60), ("Good", -50)]);
    assert_eq!(page.hits[0].phrase, "cannabis");
    assert!(verdict(&book, 50, "text/html", b"Cannabis today").is_closed());
}

#[test]
fn a_weight_may_be_a_part_of_the_groups_limit() {
    let book = book("<wager><50%>\n<jackpot><60%>");
    for limit in [50, 160, 300] {
        assert!(verdict(&book, limit, "text/html", b"a wager and a jackpot").is_closed(), "{limit}");
        assert!(!verdict(&book, limit, "text/html", b"a wager").is_closed(), "{limit}");
    }
}

#[test]
fn each_group_has_its_own_limit() {
    let book = book("<roulette><80>");
    for (limit, closed) in [(50, true), (79, true), (80, false), (160, false)] {
        assert_eq!(verdict(&book, limit, "text/html", b"roulette").is_closed(), closed, "{limit}");
    }
}

#[test]
fn two_pages_read_at_once_never_share_a_score() {
    let book = book("<roulette><30>\n<jackpot>,<spins><40>");
    let mut one = PageReader::new(&book, 1_000, "text/html; charset=utf-8");
    let mut two = PageReader::new(&book, 1_000, "text/html; charset=utf-8");
    for (first, second) in [("rou", "jack"), ("lette ", "pot "), ("spi", "ja"), ("ns", "m")] {
        assert_eq!(one.feed(first.as_bytes()), None);
        assert_eq!(two.feed(second.as_bytes()), None);
    }
    assert_eq!((one.finish().score, two.finish().score), (30, 0));
    // What was on one connection before is not on it now.
    assert_eq!(score(&book, "spins"), 0);
}

#[test]
fn a_banned_phrase_closes_and_an_exception_opens_whatever_the_score() {
    let list = |kind, lines: &'static str| PhraseList { name: "list", kind, text: lines.as_bytes(), encoding: None };
    let book = compile(&[
        list(PhraseKind::Weighted, "<casino><500>"),
        list(PhraseKind::Banned, "<label>,<adults only>"),
        list(PhraseKind::Exception, "<virgin rain forest>"),
    ]);
    let outcome = |text: &str| verdict(&book, 50, "text/html", text.as_bytes()).outcome;
    assert_eq!(outcome("a label: Adults only"), PageOutcome::Banned);
    assert_eq!(outcome("the virgin rain forest has no casino"), PageOutcome::Exception);
    assert_eq!(outcome("a casino"), PageOutcome::Over);
    assert_eq!(outcome("a label"), PageOutcome::Within);
}

#[test]
fn the_verdict_comes_before_the_page_ends() {
    let book = book("<roulette><60>\n<jackpot><60>\n<health lesson><-60>");
    let filler = "plain words and more. ".repeat(200);
    let read_until = |start: &str| {
        let mut reader = PageReader::new(&book, 50, "text/html; charset=utf-8");
        let page = format!("{start} {}", filler.repeat(50));
        let pieces = page.as_bytes().chunks(1_000).count();
        page.as_bytes().chunks(1_000).position(|piece| reader.feed(piece).is_some()).map(|at| (at, pieces))
    };
    // Twice the limit at once, at the end of the first kilobyte; once the limit after two more kilobytes of words.
    let (early, pieces) = read_until("roulette jackpot").unwrap();
    let (settled, _) = read_until("roulette").unwrap();
    assert!(early < 3 && early < settled && settled < 8 && pieces > 200, "{early} {settled} {pieces}");
    assert_eq!(read_until("roulette in a health lesson"), None);
}

#[test]
fn after_its_verdict_a_reader_reads_no_more() {
    let book = book("<roulette><600>");
    let mut reader = PageReader::new(&book, 50, "text/plain");
    assert!(reader.feed("roulette ".repeat(400).as_bytes()).is_some());
    assert_eq!(reader.feed(b"roulette"), None);
    assert!(reader.finish().is_closed());
}

#[test]
fn a_book_of_nothing_lets_everything_pass() {
    let book = Arc::new(PhraseBook::compile(&[]).unwrap());
    assert_eq!(verdict(&book, 0, "text/html", b"anything").outcome, PageOutcome::Within);
}

#[test]
fn lines_that_cannot_be_read_are_counted_with_their_place() {
    let book = PhraseBook::compile(&[weighted("odd", "# remark\n<good one><5>\n<bad\n<!><5>\n<no weight>\n")]).unwrap();
    let places: Vec<usize> = book.report().shown.iter().map(|refused| refused.line).collect();
    assert_eq!((book.report().taken, book.report().refused, places), (1, 3, vec![3, 4, 5]));
}
