//! The prompt in the body of a request to a chat: what the person wrote last, not what was said before it.

use super::services::service_at;
use crate::form_body::{decode, fields, pairs};
use crate::json_tree::Json;

/// The most characters of a prompt that are kept.
const LONGEST: usize = 8_000;
/// The most bytes of a body that are looked at.
const LONGEST_BODY: usize = 1_048_576;

/// Lists of messages, the last of them the newest.
const CONVERSATIONS: &[&str] = &["messages", "contents", "input", "conversation", "chat_history"];
/// Names under which a prompt stands by itself, the most telling first.
const PROMPTS: &[&str] = &[
    "prompt",
    "query_str",
    "messageInput",
    "raw_content",
    "user_input",
    "userInput",
    "userMessage",
    "sensitive_string_value",
    "question",
    "inputs",
    "input",
    "message",
    "query",
    "text",
    "content",
    "q",
];
/// Names under which the words of one message stand.
const WORDS: &[&str] = &["content", "parts", "text", "raw_content", "message", "value"];
/// Parts of paths on which a service counts what people do, and nobody writes to it.
const NOT_A_CHAT: &[&str] =
    &["telemetry", "analytics", "/ces/", "/rgstr", "/log_event", "/events", "statsig", "sentry", "/metrics", "/track"];

/// What somebody wrote to a chat, at most 8,000 characters: the newest message of theirs in a request's body. `None` when
/// the page is no chat that we know, or the body holds nothing of theirs.
pub fn prompt(host: &str, path: &str, content_type: &str, body: &[u8]) -> Option<String> {
    service_at(host, path)?;
    let lower = path.to_ascii_lowercase();
    if NOT_A_CHAT.iter().any(|part| lower.contains(part)) {
        return None;
    }
    let body = body.get(..LONGEST_BODY).unwrap_or(body);
    let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let found = match &*essence {
        "application/x-www-form-urlencoded" => in_form(body),
        "multipart/form-data" => {
            fields(content_type, body).into_iter().find_map(|(name, value)| in_field(&name, value.to_vec()))
        }
        _ => Json::read_body(body).and_then(|json| in_json(&json)),
    };
    found.map(|text| text.trim().chars().take(LONGEST).collect()).filter(|text: &String| !text.is_empty())
}

fn in_json(json: &Json) -> Option<String> {
    match conversation(json, 0) {
        Some(messages) => messages.iter().rev().find(|message| is_theirs(message)).and_then(words),
        None => PROMPTS.iter().find_map(|name| named(json, name)),
    }
}

/// The messages of the first conversation in a body.
fn conversation(json: &Json, depth: usize) -> Option<&[Json]> {
    const DEEPEST: usize = 6;
    for name in CONVERSATIONS {
        if let Some(Json::List(messages)) = json.get(name) {
            return Some(messages);
        }
    }
    let mut below = json.parts().take_while(|_| depth < DEEPEST);
    below.find_map(|(_, value)| conversation(value, depth + 1))
}

/// Whether a person wrote a message: by its role, which may stand in its author; without one, yes.
fn is_theirs(message: &Json) -> bool {
    let author = message.get("author");
    let role = message.get("role").or_else(|| author.and_then(|author| author.get("role"))).or(author);
    role.and_then(Json::text).is_none_or(|role| {
        let role = role.to_ascii_lowercase();
        role.contains("user") || role.contains("human")
    })
}

/// The words of one message.
fn words(message: &Json) -> Option<String> {
    let mut found: Vec<&str> = Vec::new();
    collect(message, 0, &mut found);
    let text = found.join("\n");
    if text.trim().is_empty() { None } else { Some(text) }
}

fn collect<'a>(value: &'a Json, depth: usize, found: &mut Vec<&'a str>) {
    const DEEPEST: usize = 8;
    match value {
        Json::Text(text) => found.push(text),
        _ if depth > DEEPEST => {}
        Json::List(parts) => parts.iter().for_each(|part| collect(part, depth + 1, found)),
        Json::Object(pairs) => {
            pairs
                .iter()
                .filter(|(key, _)| WORDS.contains(&&**key))
                .for_each(|(_, part)| collect(part, depth + 1, found));
        }
        Json::Other => {}
    }
}

/// The first text under a name, at any depth.
fn named(json: &Json, wanted: &str) -> Option<String> {
    json.find("", &mut |key, text| (key == wanted && !text.trim().is_empty()).then(|| text.to_owned()))
}

fn in_form(body: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(body).ok()?;
    pairs(text).find_map(|(name, value)| in_field(name, decode(value.as_bytes(), LONGEST_BODY)))
}

/// The prompt in one field of a form: JSON inside it, or words under a telling name.
fn in_field(name: &str, value: Vec<u8>) -> Option<String> {
    if let Some(json) = Json::read_body(&value) {
        // What is a list of JSON in texts (`f.req`) holds the prompt as its first text.
        return in_json(&json).or_else(|| {
            let inner = json.find("", &mut |_, text| Json::read_body(text.as_bytes()));
            inner.and_then(|inner| inner.find("", &mut |_, text| Some(text.to_owned())))
        });
    }
    let text = String::from_utf8(value).ok()?;
    (PROMPTS.contains(&name) && !text.trim().is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const JSON: &str = "application/json";

    #[test]
    fn the_newest_message_is_read_from_the_bodies_that_services_use() {
        for (host, path, body) in [
            (
                "api.openai.com",
                "/v1/chat/completions",
                r#"{"model":"m","messages":[{"role":"system","content":"Be kind"},{"role":"user","content":"earlier"},
                   {"role":"assistant","content":"yes?"},{"role":"user","content":"write my essay"}]}"#,
            ),
            (
                "api.openai.com",
                "/v1/chat/completions",
                r#"{"messages":[{"role":"user","content":[{"type":"text","text":"write my essay"},{"type":"image_url","image_url":{"url":"x"}}]}]}"#,
            ),
            ("api.openai.com", "/v1/responses", r#"{"model":"m","input":"write my essay"}"#),
            (
                "chatgpt.com",
                "/backend-api/f/conversation",
                r#"{"action":"next","messages":[{"id":"1","author":{"role":"user"},"content":{"content_type":"text","parts":["write my essay"]}}],"model":"auto"}"#,
            ),
            (
                "generativelanguage.googleapis.com",
                "/v1beta/models/m:streamGenerateContent",
                r#"{"contents":[{"role":"user","parts":[{"text":"write my essay"}]}]}"#,
            ),
            (
                "claude.ai",
                "/api/organizations/1/chat_conversations/2/completion",
                r#"{"timezone":"Europe/London","prompt":"write my essay","attachments":[]}"#,
            ),
            (
                "copilot.microsoft.com",
                "/c/api/chat",
                r#"{"event":"send","content":[{"type":"text","text":"write my essay"}]}"#,
            ),
            (
                "neo.character.ai",
                "/turn",
                r#"{"command":"create_turn","payload":{"character_id":"x","turn":{"author":{"name":"p"},"candidates":[{"raw_content":"write my essay"}]}}}"#,
            ),
            (
                "www.perplexity.ai",
                "/rest/sse/perplexity_ask",
                r#"{"params":{"language":"en"},"query_str":"write my essay"}"#,
            ),
            ("poe.com", "/api/gql_POST", r#"{"queryName":"send","variables":{"bot":"x","query":"write my essay"}}"#),
            (
                "chat.deepseek.com",
                "/api/v0/chat/completion",
                r#"{"chat_session_id":"x","prompt":"write my essay","ref_file_ids":[]}"#,
            ),
            ("grok.com", "/rest/app-chat/conversations/new", r#"{"temporary":false,"message":"write my essay"}"#),
            (
                "duckduckgo.com",
                "/duckchat/v1/chat",
                r#"{"model":"m","messages":[{"role":"user","content":"write my essay"}]}"#,
            ),
        ] {
            assert_eq!(prompt(host, path, JSON, body.as_bytes()).as_deref(), Some("write my essay"), "{host} {body}");
            // Cut short after the words, it is still read.
            let cut = body.find("write my essay").unwrap() + "write my essay".len();
            assert_eq!(
                prompt(host, path, JSON, &body.as_bytes()[..cut]).as_deref(),
                Some("write my essay"),
                "{host} cut"
            );
        }
    }

    #[test]
    fn forms_are_read_too() {
        let form = "application/x-www-form-urlencoded";
        let body =
            "f.req=%5Bnull%2C%22%5B%5B%5C%22write+my+essay%5C%22%2C0%5D%2C%5B%5C%22en%5C%22%5D%5D%22%5D&at=token";
        let path = "/_/BardChatUi/data/assistant.lamda.BardFrontendService/StreamGenerate";
        assert_eq!(prompt("gemini.google.com", path, form, body.as_bytes()).as_deref(), Some("write my essay"));
        let body =
            "fb_dtsg=x&variables=%7B%22message%22%3A%7B%22sensitive_string_value%22%3A%22write+my+essay%22%7D%7D";
        assert_eq!(prompt("www.meta.ai", "/api/graphql/", form, body.as_bytes()).as_deref(), Some("write my essay"));
        let body =
            "--b\r\nContent-Disposition: form-data; name=\"data\"\r\n\r\n{\"inputs\":\"write my essay\"}\r\n--b--\r\n";
        let multipart = "multipart/form-data; boundary=b";
        assert_eq!(
            prompt("huggingface.co", "/chat/conversation/1", multipart, body.as_bytes()).as_deref(),
            Some("write my essay")
        );
    }

    #[test]
    fn what_is_no_prompt_is_left_alone() {
        let body = br#"{"prompt":"write my essay"}"#;
        assert_eq!(prompt("encyclopedia.example", "/", JSON, body), None);
        assert_eq!(prompt("huggingface.co", "/datasets", JSON, body), None);
        assert_eq!(prompt("chatgpt.com", "/ces/v1/t", JSON, body), None);
        assert_eq!(prompt("notchatgpt.com", "/", JSON, body), None);
        assert_eq!(prompt("chatgpt.com", "/", JSON, b"{\"prompt\": \"  \"}"), None);
        assert_eq!(prompt("chatgpt.com", "/", JSON, br#"{"messages":[{"role":"assistant","content":"hello"}]}"#), None);
        assert_eq!(prompt("chatgpt.com", "/", "image/png", b"\x89PNG"), None);
    }

    proptest! {
        #[test]
        fn any_body_is_read_without_harm(body in proptest::collection::vec(any::<u8>(), 0..300), text in ".{0,200}", kind in 0usize..4) {
            let kind = [JSON, "application/x-www-form-urlencoded", "multipart/form-data; boundary=a", ""][kind];
            let _ = prompt("chatgpt.com", "/", kind, &body);
            if let Some(found) = prompt("chatgpt.com", "/", kind, text.as_bytes()) {
                prop_assert!(!found.is_empty() && found.chars().count() <= LONGEST);
            }
        }

        #[test]
        fn whatever_is_asked_is_found(asked in "[^\\s\\p{C}].{0,100}[^\\s\\p{C}]") {
            let body = serde_json::json!({ "messages": [{ "role": "user", "content": asked }] }).to_string();
            let found = prompt("api.openai.com", "/v1/chat/completions", JSON, body.as_bytes());
            prop_assert_eq!(found.as_deref(), Some(asked.trim()));
        }
    }
}
