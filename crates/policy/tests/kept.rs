//! A gateway keeps the compiled policy on its disk as JSON and starts from it: what is read back is what was written.

#[test]
fn every_example_policy_is_read_back_as_it_was_written() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../policies");
    let mut read = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "dj") {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let policy = belisha_policy::compile(&text, jiff::civil::date(2026, 11, 21)).policy.unwrap();
        let json = serde_json::to_vec(&policy).unwrap();
        let again: belisha_policy::Policy = serde_json::from_slice(&json).unwrap();
        assert_eq!(again, policy, "{}", path.display());
        read += 1;
    }
    assert!(read > 0, "{folder} holds the examples");
}
