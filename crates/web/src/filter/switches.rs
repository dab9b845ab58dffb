//! Settings that are on or off and stand beside the filter's own among a school's settings. The page is `settings`.

use crate::answers::Answers;

/// A setting that is on or off and stands beside the filter's own among a school's settings.
pub(super) struct Switch {
    pub key: &'static str,
    pub field: &'static str,
    /// What the register of changes calls it.
    pub subject: &'static str,
    /// What holds until somebody decides.
    otherwise: bool,
}

pub(super) const SWITCHES: [Switch; 2] = [
    Switch { key: "safe_search", field: "safe-search", subject: "Safe search", otherwise: true },
    Switch {
        key: "owners_are_named",
        field: "owners-are-named",
        subject: "Owners named by their device alone",
        otherwise: false,
    },
];

impl Switch {
    pub fn stands(&self, settings: &serde_json::Value) -> bool {
        settings.get(self.key).and_then(serde_json::Value::as_bool).unwrap_or(self.otherwise)
    }

    /// What was chosen; what stands, where nothing was.
    pub fn chosen(&self, answers: &Answers, settings: &serde_json::Value) -> bool {
        match answers.value(self.field) {
            "" => self.stands(settings),
            word => word == "on",
        }
    }
}

pub(super) const fn on_or_off(is_on: bool) -> &'static str {
    if is_on { "on" } else { "off" }
}
