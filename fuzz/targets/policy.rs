//! Any text at all compiles to a policy or to findings that point inside it, and never panics.
#![no_main]

libfuzzer_sys::fuzz_target!(|source: &str| {
    let compilation = belisha_policy::compile(source, jiff::civil::date(2026, 11, 21));
    let lines = source.lines().count().max(1);
    for finding in &compilation.findings {
        assert!(finding.line >= 1 && finding.line <= lines + 1, "{finding:?}");
        assert!(finding.span.end <= source.len(), "{finding:?}");
        let _ = belisha_policy::render_finding(finding, source, "policy.dj");
    }
    if let Some(policy) = &compilation.policy {
        let _ = belisha_policy::show_json(policy);
    }
});
