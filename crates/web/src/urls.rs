//! Addresses of pages, typed. Handlers and templates take them from here, so that none is spelled twice.
//! Functions borrow their ids, since templates pass references.

use belisha_records::PersonId;
use std::borrow::Borrow;

/// Home, chosen by role.
pub const HOME: &str = "/";
/// Sign in.
pub const SIGN_IN: &str = "/sign-in";
/// Sign out (posted).
pub const SIGN_OUT: &str = "/sign-out";
/// Where "Exit this page" leads: signs out, then away.
pub const LEAVE: &str = "/leave";
/// Another school in the header (posted).
pub const SWITCH_SCHOOL: &str = "/school";
/// Telephone numbers and sites that help.
pub const HELPLINES: &str = "/helplines";
/// The policy in force.
pub const POLICY: &str = "/policy";
/// Accessibility statement.
pub const ACCESSIBILITY: &str = "/accessibility";
/// What is recorded about the reader.
pub const PRIVACY: &str = "/privacy";
/// Tell someone.
pub const TELL: &str = "/tell";
/// Follow what was told, with its receipt.
pub const TELL_FOLLOW: &str = "/tell/follow";
/// What to sign, and whether this device is on the network.
pub const PORTAL: &str = "/portal";
/// Puts this device on the network, or takes it off (posted).
pub const DEVICE: &str = "/portal/device";
/// First start: the policy.
pub const START_POLICY: &str = "/start/policy";
/// First start: terms and the school's day.
pub const START_CALENDAR: &str = "/start/calendar";
/// First start: who leads the school.
pub const START_PEOPLE: &str = "/start/people";
/// What a new school does next.
pub const WHAT_NEXT: &str = "/start/what-next";
/// The board: every clause with its status and proof.
pub const BOARD: &str = "/board";
/// Half-yearly reports.
pub const REPORTS: &str = "/reports";
/// Duties: what falls due, for whom.
pub const DUTIES: &str = "/duties";
/// Who has signed and who has not.
pub const SIGNATURES: &str = "/signatures";
/// People and their offices.
pub const PEOPLE: &str = "/people";
/// What the server does by itself.
pub const JOBS: &str = "/jobs";
/// The ledger.
pub const LEDGER: &str = "/ledger";
/// Cases.
pub const INCIDENTS: &str = "/incidents";
/// Record a concern.
pub const RECORD: &str = "/incidents/record";
/// What the reader recorded, and how far it is.
pub const RECORDED: &str = "/incidents/recorded";
/// What the reader was asked to do.
pub const TASKS: &str = "/tasks";
/// What the monitoring noticed.
pub const ALERTS: &str = "/alerts";
/// What people told.
pub const CONCERNS: &str = "/concerns";
/// Requests for sites.
pub const REQUESTS: &str = "/requests";
/// The filter’s rules.
pub const FILTER: &str = "/filter";

/// Ask for a site, and what became of what one asked for.
pub const ASK_FOR_SITE: &str = "/requests/ask";
/// The school’s own rules of the filter (posted).
pub const FILTER_RULES: &str = "/filter/rules";
/// What the school set for its filter beside its sites.
pub const FILTER_SETTINGS: &str = "/filter/settings";
/// The sites checked for a lesson.
pub const LESSON_SITES: &str = "/filter/lesson";
/// What a rule that nobody has saved would have changed.
pub const WHAT_IF: &str = "/filter/what-if";
/// What the filter would decide, and why.
pub const EXPLAIN: &str = "/filter/explain";
/// What is asked for at this moment.
pub const LIVE: &str = "/filter/live";
/// Ends the reader’s look at it (posted).
pub const LIVE_END: &str = "/filter/live/end";
/// The register of devices, and rooms.
pub const DEVICES: &str = "/devices";
/// Rooms and networks (posted).
pub const ROOMS: &str = "/devices/rooms";
/// Gateways that run away from this server.
pub const GATEWAYS: &str = "/gateways";
/// Activity in figures.
pub const ACTIVITY: &str = "/activity";
/// One person’s activity, with a reason.
pub const LOOK_UP: &str = "/activity/look-up";
/// The reader’s own activity.
pub const MY_ACTIVITY: &str = "/activity/mine";

/// One device of the register.
pub fn device(device: impl Borrow<belisha_records::RegisteredDeviceId>) -> String {
    format!("{DEVICES}/{}", device.borrow())
}

/// Takes a device out of use (posted).
pub fn retire_device(device: impl Borrow<belisha_records::RegisteredDeviceId>) -> String {
    format!("{DEVICES}/{}/retire", device.borrow())
}

/// Takes a room out of use (posted).
pub fn retire_room(room: &str) -> String {
    format!("{ROOMS}/{room}/retire")
}

/// Revokes a gateway: asks, and does it when posted.
pub fn revoke_gateway(gateway: impl Borrow<belisha_records::GatewayId>) -> String {
    format!("{GATEWAYS}/{}/revoke", gateway.borrow())
}

/// One request for a site.
pub fn request(request: impl Borrow<belisha_records::AccessRequestId>) -> String {
    format!("{REQUESTS}/{}", request.borrow())
}

/// Ends an opening of a site before its time (posted).
pub fn end_exception(exception: &str) -> String {
    format!("{REQUESTS}/exceptions/{exception}/end")
}

/// Ends the list of a lesson (posted).
pub fn end_lesson_sites(id: &str) -> String {
    format!("{LESSON_SITES}/{id}/end")
}

/// One category list: how it stands, and what waits for a person.
pub fn category_list(name: &str) -> String {
    format!("{FILTER}/lists/{name}")
}

/// Takes a rule of the school back (posted).
pub fn remove_rule(rule: &str) -> String {
    format!("{FILTER_RULES}/{rule}/remove")
}

/// One clause on the board.
pub fn board_clause(clause: &str) -> String {
    format!("{BOARD}/{clause}")
}

/// An issued report.
pub fn report(report: impl Borrow<belisha_records::ReportId>) -> String {
    format!("{REPORTS}/{}", report.borrow())
}

/// One case.
pub fn incident(incident: impl Borrow<belisha_records::IncidentId>) -> String {
    format!("{INCIDENTS}/{}", incident.borrow())
}

/// A verb of one case: `act`, `close`, `form.pdf`.
pub fn incident_verb(incident: impl Borrow<belisha_records::IncidentId>, verb: &str) -> String {
    format!("{INCIDENTS}/{}/{verb}", incident.borrow())
}

/// Says that a task is done (posted).
pub fn task(task: impl Borrow<belisha_records::TaskId>) -> String {
    format!("{TASKS}/{}", task.borrow())
}

/// One alert.
pub fn alert(alert: impl Borrow<belisha_records::AlertId>) -> String {
    format!("{ALERTS}/{}", alert.borrow())
}

/// One concern that somebody told.
pub fn concern(concern: impl Borrow<belisha_records::ConcernId>) -> String {
    format!("{CONCERNS}/{}", concern.borrow())
}

/// Record a concern from an alert.
pub fn record_alert(alert: impl Borrow<belisha_records::AlertId>) -> String {
    format!("{RECORD}?alert={}", alert.borrow())
}

/// Record a concern from what somebody told.
pub fn record_concern(concern: impl Borrow<belisha_records::ConcernId>) -> String {
    format!("{RECORD}?concern={}", concern.borrow())
}

/// The reader’s own name and password for the proxy.
pub const ME: &str = "/people/me";
/// Add a person.
pub const ADD_PERSON: &str = "/people/add";
/// Bring people in from a file.
pub const IMPORT_PEOPLE: &str = "/people/import";
/// Who holds which office.
pub const OFFICES: &str = "/people/offices";
/// Classes and who teaches them.
pub const CLASSES: &str = "/people/classes";
/// Start a duty that an event sets off.
pub const RAISE_DUTY: &str = "/duties/raise";
/// Versions of the policy.
pub const POLICY_VERSIONS: &str = "/policy/versions";
/// Check a new text of the policy, and keep it as a draft.
pub const POLICY_DRAFT: &str = "/policy/versions/draft";

/// One person of the roster.
pub fn person(person: impl Borrow<PersonId>) -> String {
    format!("{PEOPLE}/{}", person.borrow())
}

/// A verb of one person: `edit`, `leave`, `link`.
pub fn person_verb(person: impl Borrow<PersonId>, verb: &str) -> String {
    format!("{PEOPLE}/{}/{verb}", person.borrow())
}

/// One class.
pub fn class(class: impl Borrow<belisha_records::ClassId>) -> String {
    format!("{CLASSES}/{}", class.borrow())
}

/// The exact text that one person signed.
pub fn signed_text(person: impl Borrow<PersonId>, agreement: &str) -> String {
    format!("{SIGNATURES}/{}/{agreement}", person.borrow())
}

/// One occurrence of a duty.
pub fn duty(duty: impl Borrow<belisha_records::DutyId>) -> String {
    format!("{DUTIES}/{}", duty.borrow())
}

/// One version of the policy.
pub fn policy_version(version: impl Borrow<belisha_records::PolicyVersionId>) -> String {
    format!("{POLICY_VERSIONS}/{}", version.borrow())
}

/// First start, by its one-time link.
pub fn start(token: &str) -> String {
    format!("/start/{token}")
}

/// A person's own one-time link: choose a password, and be in.
pub fn welcome(token: &str) -> String {
    format!("/welcome/{token}")
}

/// Sign an agreement for somebody: oneself, or one's child.
pub fn sign(agreement: &str, about: impl Borrow<PersonId>) -> String {
    format!("/portal/sign/{agreement}/{}", about.borrow())
}

/// What was signed, word for word.
pub fn signed(agreement: &str, about: impl Borrow<PersonId>) -> String {
    format!("/portal/signed/{agreement}/{}", about.borrow())
}

/// Decline an agreement.
pub fn refuse(agreement: &str, about: impl Borrow<PersonId>) -> String {
    format!("/portal/refuse/{agreement}/{}", about.borrow())
}

/// One question of "tell someone".
pub fn tell(kind: &str) -> String {
    format!("/tell/{kind}")
}

/// Sign in, then go on to a page of ours.
pub fn sign_in_then(page: &str) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.append_pair("then", page);
    format!("{SIGN_IN}?{}", query.finish())
}

/// The address if it is a page of ours, so that nobody is sent elsewhere by a link made for them. Browsers leave tabs and line
/// ends out of an address before they read it (WHATWG URL, basic URL parser), so that `/⇥/elsewhere` would be `//elsewhere`.
pub fn ours(page: &str) -> Option<&str> {
    (page.starts_with('/') && !page.starts_with("//") && !page.contains('\\') && !page.contains(char::is_control))
        .then_some(page)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pages_of_ours_are_gone_on_to() {
        assert_eq!(ours("/portal?x=1"), Some("/portal?x=1"));
        for elsewhere in [
            "//elsewhere.example",
            "https://elsewhere.example",
            "/\\elsewhere.example",
            "/\t/elsewhere.example",
            "/\n/elsewhere.example",
            "javascript:x",
            "",
        ] {
            assert_eq!(ours(elsewhere), None, "{elsewhere}");
        }
    }
}
