//! What people write to services of artificial intelligence, and what these answer, where the school inspects them. Pure:
//! bodies in, words out. The services change their formats as they like, so nothing here knows a format: bodies are
//! walked for the names under which words are known to stand. What is found is what somebody wrote; nothing found may
//! mean that nothing was written, or that the service has changed.

mod answer;
mod prompt;
mod services;

pub use answer::AnswerReader;
pub use prompt::prompt;
pub use services::{AiKind, AiService, service, service_at};
