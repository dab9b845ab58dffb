//! Rules and lists are swapped while devices ask: every question is answered, each by one set of rules and lists and never
//! by halves of two.

use super::support::{Site, pupil, rules_by, ruleset};
use belisha_filter::{DomainIndex, DomainIndexBuilder, Ruleset};
use belisha_gateway::{GatewayRules, open_index, write_index};
use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

/// Times the rules are swapped.
const SWAPS: usize = 60;
/// Questions of each asker.
const QUESTIONS: usize = 60;

/// A compiled and mapped list that has a host in a category.
fn mapped(folder: &Path, list: &str, category: &str) -> DomainIndex {
    let mut builder = DomainIndexBuilder::new();
    // The other category comes first in one of them, so that its number means something else in each.
    if category == "video" {
        builder.source("unused", "forums").unwrap();
    }
    let source = builder.source(list, category).unwrap();
    builder.add(source, "changing.example");
    let index = builder.build().unwrap();
    let path = folder.join(list);
    write_index::<std::io::Error>(&path, |file| file.write_all(index.as_bytes())).unwrap();
    open_index(&path).unwrap()
}

fn rules_over(index: DomainIndex) -> Arc<GatewayRules> {
    let same = ruleset();
    rules_by(Arc::new(Ruleset::compile(same.rules().clone(), Arc::new(index), Arc::clone(same.illegal()))))
}

async fn ask(site: &Site) -> BTreeSet<u16> {
    let mut seen = BTreeSet::new();
    for _ in 0..QUESTIONS {
        seen.insert(site.get("http://changing.example/").await.status);
    }
    seen
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_is_by_the_old_rules_or_the_new_ones() {
    let folder = tempfile::tempdir().unwrap();
    let mut site = Site::start().await;
    site.sign_in(pupil());
    let swaps = async {
        for number in 0..SWAPS {
            let (list, category) = if number % 2 == 0 { ("first", "games") } else { ("second", "video") };
            // The file of the other list is written anew while the one before is still mapped and asked.
            site.rules.send(Some(rules_over(mapped(folder.path(), list, category)))).unwrap();
            tokio::task::yield_now().await;
        }
    };
    let (first, second, third, ()) = tokio::join!(ask(&site), ask(&site), ask(&site), swaps);
    let answers: BTreeSet<u16> = first.into_iter().chain(second).chain(third).collect();
    assert!(answers.iter().all(|status| matches!(status, 200 | 403)), "{answers:?}");
    let seen = site.observed();
    assert_eq!(seen.len(), 3 * QUESTIONS);
    for observation in &seen {
        let said = (observation.category.as_deref(), observation.list.as_deref());
        let whole = [(None, None), (Some("games"), Some("first")), (Some("video"), Some("second"))];
        assert!(whole.contains(&said), "{said:?}");
    }
}
