//! Which hosts are services of artificial intelligence that people talk to. Known in November 2026; a school's lists of
//! the category `artificial-intelligence` know more hosts, this table knows what is worth reading.

/// What people use a service for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AiKind {
    /// Asks and answers.
    Assistant,
    /// Plays a friend or a character, which pupils get attached to.
    Companion,
    /// For programs; in a school, mostly a page that somebody made to talk to a model.
    Interface,
}

/// A service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct AiService {
    /// What people call it.
    pub name: &'static str,
    /// What it is used for.
    pub kind: AiKind,
}

/// A host with all below it, and how the paths begin that are chats; an empty one is every path.
struct Place {
    host: &'static str,
    path: &'static str,
    service: AiService,
}

const fn place(host: &'static str, path: &'static str, name: &'static str, kind: AiKind) -> Place {
    Place { host, path, service: AiService { name, kind } }
}

use AiKind::{Assistant, Companion, Interface};

const PLACES: &[Place] = &[
    place("chatgpt.com", "", "ChatGPT", Assistant),
    place("chat.openai.com", "", "ChatGPT", Assistant),
    place("api.openai.com", "", "OpenAI", Interface),
    place("gemini.google.com", "", "Gemini", Assistant),
    place("bard.google.com", "", "Gemini", Assistant),
    place("aistudio.google.com", "", "Google AI Studio", Assistant),
    place("alkalimakersuite-pa.clients6.google.com", "", "Google AI Studio", Assistant),
    place("generativelanguage.googleapis.com", "", "Gemini", Interface),
    place("notebooklm.google.com", "", "NotebookLM", Assistant),
    place("claude.ai", "", "Claude", Assistant),
    place("api.anthropic.com", "", "Anthropic", Interface),
    place("copilot.microsoft.com", "", "Copilot", Assistant),
    place("copilot.cloud.microsoft", "", "Copilot", Assistant),
    place("m365.cloud.microsoft", "/chat", "Copilot", Assistant),
    place("substrate.office.com", "/m365chat", "Copilot", Assistant),
    place("sydney.bing.com", "", "Copilot", Assistant),
    place("bing.com", "/chat", "Copilot", Assistant),
    place("bing.com", "/turing", "Copilot", Assistant),
    place("api.githubcopilot.com", "", "GitHub Copilot", Interface),
    place("perplexity.ai", "", "Perplexity", Assistant),
    place("poe.com", "", "Poe", Assistant),
    place("meta.ai", "", "Meta AI", Assistant),
    place("grok.com", "", "Grok", Assistant),
    place("grok.x.com", "", "Grok", Assistant),
    place("x.com", "/i/grok", "Grok", Assistant),
    place("api.x.ai", "", "xAI", Interface),
    place("chat.mistral.ai", "", "Le Chat", Assistant),
    place("api.mistral.ai", "", "Mistral", Interface),
    place("chat.deepseek.com", "", "DeepSeek", Assistant),
    place("api.deepseek.com", "", "DeepSeek", Interface),
    place("chat.qwen.ai", "", "Qwen", Assistant),
    place("kimi.com", "", "Kimi", Assistant),
    place("kimi.moonshot.cn", "", "Kimi", Assistant),
    place("doubao.com", "", "Doubao", Assistant),
    place("you.com", "", "You.com", Assistant),
    place("pi.ai", "", "Pi", Assistant),
    place("phind.com", "", "Phind", Assistant),
    place("duck.ai", "", "Duck.ai", Assistant),
    place("duckduckgo.com", "/duckchat", "Duck.ai", Assistant),
    place("huggingface.co", "/chat", "HuggingChat", Assistant),
    place("lmarena.ai", "", "LMArena", Assistant),
    place("openrouter.ai", "", "OpenRouter", Interface),
    place("api.groq.com", "", "Groq", Interface),
    place("api.together.xyz", "", "Together", Interface),
    place("api.cohere.com", "", "Cohere", Interface),
    place("chat.example", "", "Example chat", Assistant),
    place("character.ai", "", "Character.AI", Companion),
    place("replika.com", "", "Replika", Companion),
    place("replika.ai", "", "Replika", Companion),
    place("chai-research.com", "", "Chai", Companion),
    place("talkie-ai.com", "", "Talkie", Companion),
    place("janitorai.com", "", "JanitorAI", Companion),
    place("janitorai.pro", "", "JanitorAI", Companion),
    place("crushon.ai", "", "CrushOn", Companion),
    place("spicychat.ai", "", "SpicyChat", Companion),
    place("candy.ai", "", "Candy", Companion),
    place("polybuzz.ai", "", "PolyBuzz", Companion),
    place("linky.ai", "", "Linky", Companion),
    place("nomi.ai", "", "Nomi", Companion),
    place("kindroid.ai", "", "Kindroid", Companion),
];

/// The service that a host is, as a whole; hosts of which only some pages are a chat are known by `service_at`.
pub fn service(host: &str) -> Option<AiService> {
    find(host, |place| place.path.is_empty())
}

/// The service that a page is; the path begins with `/`.
pub fn service_at(host: &str, path: &str) -> Option<AiService> {
    let path = path.to_ascii_lowercase();
    find(host, |place| path.starts_with(place.path))
}

fn find(host: &str, matches: impl Fn(&Place) -> bool) -> Option<AiService> {
    let host = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
    let within =
        |place: &Place| host.strip_suffix(place.host).is_some_and(|before| before.is_empty() || before.ends_with('.'));
    PLACES.iter().find(|place| within(place) && matches(place)).map(|place| place.service)
}
