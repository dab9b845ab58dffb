//! What happens at the two example schools in a term: incidents, alerts, concerns, requests for sites. Made up, in the words such
//! records are written in. `term` puts them into the records.

use belisha_policy::ActionSubject;
use belisha_records::{Danger, Finding, Part, RiskArea};

/// Somebody in an event: a person by full name, or words for somebody who is not on the roster.
#[derive(Clone, Copy)]
pub enum Somebody {
    /// On the roster.
    Named(&'static str),
    /// Not on it.
    Described(&'static str),
}

/// An incident.
pub struct ExampleIncident {
    /// School days before today.
    pub days_ago: i32,
    /// Hour and minute of the day.
    pub at: (i8, i8),
    /// Where.
    pub place: &'static str,
    /// What happened.
    pub description: &'static str,
    /// What was done at once.
    pub action_taken: &'static str,
    /// Who recorded it.
    pub recorded_by: &'static str,
    /// Whose conduct, and the row of that action table (its position).
    pub row: Option<(ActionSubject, usize)>,
    /// Risk areas.
    pub risk_areas: &'static [RiskArea],
    /// Bullying?
    pub bullying: bool,
    /// Who was involved.
    pub involved: &'static [(Part, Somebody)],
    /// How it ended, if it did.
    pub closed: Option<(Finding, &'static str)>,
}

/// An alert of the monitoring.
pub struct ExampleAlert {
    /// School days before today.
    pub days_ago: i32,
    /// Hour and minute.
    pub at: (i8, i8),
    /// Person, if a device was known to be theirs.
    pub person: Option<&'static str>,
    /// Theme.
    pub theme: &'static str,
    /// How dangerous.
    pub danger: Danger,
    /// Host.
    pub host: &'static str,
    /// Words that raised it.
    pub excerpt: &'static str,
    /// Why it was dismissed, if it was.
    pub dismissed: Option<&'static str>,
}

/// A request for a site.
pub struct ExampleRequest {
    /// School days before today.
    pub days_ago: i32,
    /// Who asks.
    pub by: &'static str,
    /// Host.
    pub host: &'static str,
    /// Category that closes it.
    pub category: &'static str,
    /// Why.
    pub reason: &'static str,
    /// Answer: granted for days, or refused; and why.
    pub decision: Option<(Option<i64>, &'static str)>,
}

/// Something a pupil told.
pub struct ExampleConcern {
    /// School days before today.
    pub days_ago: i32,
    /// Who told; `None` = without a name.
    pub by: Option<&'static str>,
    /// Choice pressed.
    pub choice: &'static str,
    /// Words.
    pub words: &'static str,
    /// Whether an adult has read it.
    pub read: bool,
}

/// A term at one school.
pub struct ExampleTerm {
    /// Incidents, oldest first.
    pub incidents: &'static [ExampleIncident],
    /// Alerts, oldest first.
    pub alerts: &'static [ExampleAlert],
    /// Requests for sites, oldest first.
    pub requests: &'static [ExampleRequest],
    /// Concerns, oldest first.
    pub concerns: &'static [ExampleConcern],
    /// Pupils whose agreement nobody has signed yet.
    pub unsigned: &'static [&'static str],
    /// Pupils who signed and whose parent has not.
    pub waiting_for_parent: &'static [&'static str],
    /// A pupil whose parent declined.
    pub declined: &'static [&'static str],
}

use ActionSubject::{Pupil, Staff};
use Part::{Alleged, Harmed, Reporter, Witness};
use RiskArea::{Commerce, Conduct, Contact, Content};
use Somebody::{Described, Named};

/// The term at Marlowe Bridge.
pub const MARLOWE_BRIDGE_TERM: ExampleTerm = ExampleTerm {
    incidents: &[
        ExampleIncident { days_ago: 52, at: (11, 20), place: "Room 14", description: "Two pupils used a web proxy to open a games site during a computing lesson.", action_taken: "Screens closed, sites noted, both spoken to after the lesson.", recorded_by: "Tomasz Wilczek", row: Some((Pupil, 1)), risk_areas: &[Conduct], bullying: false, involved: &[(Alleged, Named("Noah Carrowmore")), (Alleged, Named("Pavel Hrubes"))], closed: Some((Finding::Founded, "Both apologised. Access was limited for a week and the proxy has been closed.")) },
        ExampleIncident { days_ago: 47, at: (8, 40), place: "Tutor room 7B", description: "A pupil showed the tutor unkind messages sent to her every evening for a week in a class group chat.", action_taken: "Listened, thanked her for telling, kept her company until the safeguarding lead came.", recorded_by: "Priya Raghunathan", row: Some((Pupil, 0)), risk_areas: &[Conduct, Contact], bullying: true, involved: &[(Harmed, Named("Grace Lindqvist")), (Alleged, Named("Finn Abernethy")), (Witness, Named("Elif Karadeniz"))], closed: Some((Finding::Founded, "Restorative meeting held with both families. No further messages in four weeks; tutor checks in each Friday.")) },
        ExampleIncident { days_ago: 41, at: (13, 5), place: "Library", description: "A stranger asked a pupil for a photograph through a game's chat. The pupil closed the chat and told the librarian.", action_taken: "Praised for telling. Device kept as it was. Safeguarding lead told at once.", recorded_by: "Linnea Sorrell", row: None, risk_areas: &[Contact], bullying: false, involved: &[(Harmed, Named("Jakub Zielony")), (Alleged, Described("an unknown adult online")), (Reporter, Named("Jakub Zielony"))], closed: Some((Finding::Founded, "Reported through the national route. Parents told and given guidance on game chat settings.")) },
        ExampleIncident { days_ago: 36, at: (10, 15), place: "Room 9", description: "A pupil signed in with another pupil's password to change a piece of homework.", action_taken: "Password changed straight away; both sets of parents will be told.", recorded_by: "Orla Fennimore", row: Some((Pupil, 2)), risk_areas: &[Conduct], bullying: false, involved: &[(Alleged, Named("Dexter Fairweather")), (Harmed, Named("Carys Mostyn"))], closed: Some((Finding::Founded, "Warning given. Class reminded why passwords are private.")) },
        ExampleIncident { days_ago: 30, at: (15, 45), place: "Off site, evening before", description: "An account pretending to be a teacher posted rude remarks about pupils.", action_taken: "Pictures of the posts kept by the online safety lead, account reported to the provider.", recorded_by: "Bronwen Tallis", row: Some((Pupil, 3)), risk_areas: &[Conduct, Content], bullying: true, involved: &[(Harmed, Named("Desmond Achterberg")), (Alleged, Named("Hugo Delacroix")), (Reporter, Named("Kasia Nowicka"))], closed: Some((Finding::Founded, "Account removed. Pupil and family met the head; an apology was written and accepted.")) },
        ExampleIncident { days_ago: 24, at: (12, 30), place: "Dining hall", description: "A pupil was tricked into entering a parent's card number on a page that promised free coins for a game.", action_taken: "Parent rung at once so that the card could be stopped.", recorded_by: "Gareth Okonkwo", row: None, risk_areas: &[Commerce], bullying: false, involved: &[(Harmed, Named("Leo Mbeki"))], closed: Some((Finding::Founded, "No money was lost. Used as an example, without names, in the year 7 assembly on scams.")) },
        ExampleIncident { days_ago: 19, at: (9, 50), place: "Room 22", description: "An upsetting video of a fight came up in a search and was seen by part of the class.", action_taken: "Screen turned off, class talked it over, address passed to the ICT manager.", recorded_by: "Desmond Achterberg", row: None, risk_areas: &[Content], bullying: false, involved: &[(Harmed, Named("Imani Osei-Bonsu")), (Witness, Named("Jonah Cartmell")), (Witness, Named("Liam Shaughnessy"))], closed: Some((Finding::Founded, "Site closed the same morning; filter test added to the weekly check.")) },
        ExampleIncident { days_ago: 13, at: (14, 10), place: "Science corridor", description: "A pupil took a photograph of another in the changing room and threatened to share it.", action_taken: "Phone taken into keeping switched off, without being looked at. Safeguarding lead told at once.", recorded_by: "Orla Fennimore", row: Some((Pupil, 0)), risk_areas: &[Conduct], bullying: true, involved: &[(Harmed, Named("Yasmin Haddadi")), (Alleged, Named("Zac Thorneycroft"))], closed: None },
        ExampleIncident { days_ago: 9, at: (11, 0), place: "Computer suite", description: "A pupil opened a betting page on a school computer three times in one lesson.", action_taken: "Spoken to quietly; asked whether somebody at home gambles.", recorded_by: "Tomasz Wilczek", row: Some((Pupil, 4)), risk_areas: &[Commerce, Conduct], bullying: false, involved: &[(Alleged, Named("Qadir Naseer"))], closed: Some((Finding::NotEstablished, "The pages opened from an advert. The advert network is now closed.")) },
        ExampleIncident { days_ago: 6, at: (8, 55), place: "Playground", description: "A group chat shares made-up pictures of a pupil's face on somebody else's body, fully clothed, with unkind words.", action_taken: "Pupil supported by her tutor. Nobody was asked to show the pictures.", recorded_by: "Priya Raghunathan", row: Some((Pupil, 0)), risk_areas: &[Conduct, Content], bullying: true, involved: &[(Harmed, Named("Chloe Vasquez")), (Alleged, Named("Ben Oyelaran")), (Reporter, Named("Amara Whitlock"))], closed: None },
        ExampleIncident { days_ago: 2, at: (10, 35), place: "Room 14", description: "A pupil shared a way round the filter with a class on a printed card.", action_taken: "Cards collected and given to the ICT manager.", recorded_by: "Tomasz Wilczek", row: Some((Pupil, 1)), risk_areas: &[Conduct], bullying: false, involved: &[(Alleged, Named("Samir Boutros")), (Witness, Named("Tilly Marchbanks"))], closed: None },
        ExampleIncident { days_ago: 1, at: (15, 20), place: "Staff room", description: "A member of staff used a personal account to answer a pupil's question about homework.", action_taken: "Spoken to by the online safety lead the same day.", recorded_by: "Bronwen Tallis", row: None, risk_areas: &[Conduct], bullying: false, involved: &[(Alleged, Named("Desmond Achterberg"))], closed: None },
    ],
    alerts: &[
        ExampleAlert { days_ago: 20, at: (10, 12), person: Some("Jonah Cartmell"), theme: "violence", danger: Danger::Low, host: "search.example", excerpt: "how to make a bomb calorimeter", dismissed: Some("A chemistry practical: the class was measuring the energy in crisps.") },
        ExampleAlert { days_ago: 12, at: (13, 44), person: Some("Esme Kowalczuk"), theme: "eating-disorder", danger: Danger::Serious, host: "search.example", excerpt: "how little can i eat", dismissed: Some("Spoken to by the deputy lead: homework on polar explorers' rations. Tutor will keep an eye.") },
        ExampleAlert { days_ago: 4, at: (9, 31), person: None, theme: "drugs", danger: Danger::Low, host: "search.example", excerpt: "where to buy vapes cheap", dismissed: None },
        ExampleAlert { days_ago: 1, at: (11, 52), person: Some("Willow Pritchett"), theme: "bullying", danger: Danger::Serious, host: "search.example", excerpt: "everyone in my class hates me", dismissed: None },
        ExampleAlert { days_ago: 1, at: (14, 26), person: Some("Nikhil Varadarajan"), theme: "self-harm", danger: Danger::Urgent, host: "search.example", excerpt: "i dont want to be here any more", dismissed: None },
    ],
    requests: &[
        ExampleRequest { days_ago: 33, by: "Desmond Achterberg", host: "weapons-of-the-trenches.example", category: "weapons", reason: "Year 10 history: life in the trenches, four weeks.", decision: Some((Some(28), "Checked before the lesson: museum pages, no shop.")) },
        ExampleRequest { days_ago: 26, by: "Amara Whitlock", host: "games.example", category: "games", reason: "I finished my work.", decision: Some((None, "Games stay closed in lessons. They open after school.")) },
        ExampleRequest { days_ago: 11, by: "Orla Fennimore", host: "video.example", category: "streaming", reason: "Poetry readings for 9M, three lessons.", decision: Some((Some(21), "For this unit.")) },
        ExampleRequest { days_ago: 1, by: "Priya Raghunathan", host: "chat.example", category: "messaging", reason: "A penfriend project with our partner school.", decision: None },
        ExampleRequest { days_ago: 0, by: "Hamza Farouqi", host: "shop.example", category: "shopping", reason: "Comparing prices for maths homework on percentages.", decision: None },
    ],
    concerns: &[
        ExampleConcern { days_ago: 15, by: Some("Tilly Marchbanks"), choice: "unkind", words: "Somebody keeps making accounts with my name.", read: true },
        ExampleConcern { days_ago: 0, by: None, choice: "worried", words: "My friend says she talks to a man online who wants to meet her. I do not know what to do.", read: false },
    ],
    unsigned: &["Victor Langstrom", "Marta Figueroa"],
    waiting_for_parent: &["Keira Standish", "Uma Selvarajah", "Bilal Siddiquee"],
    declined: &["Xander Malloy"],
};

/// The term at Inverbrae.
pub const INVERBRAE_TERM: ExampleTerm = ExampleTerm {
    incidents: &[
        ExampleIncident { days_ago: 55, at: (10, 40), place: "P6/7 classroom", description: "Two pupils shared a password so that one could see the other's writing.", action_taken: "Both passwords changed together, and why talked over.", recorded_by: "Struan Galbraithe", row: Some((Pupil, 5)), risk_areas: &[Conduct], bullying: false, involved: &[(Alleged, Named("Magnus Sinclaire")), (Alleged, Named("Ross Kilbrandon"))], closed: Some((Finding::Founded, "Class lesson on why passwords are like toothbrushes.")) },
        ExampleIncident { days_ago: 44, at: (14, 15), place: "P6/7 classroom", description: "A pupil looked at football scores instead of the task, again.", action_taken: "Moved seat, task finished at break.", recorded_by: "Struan Galbraithe", row: Some((Pupil, 1)), risk_areas: &[Conduct], bullying: false, involved: &[(Alleged, Named("Oscar Balfourth"))], closed: Some((Finding::Founded, "Settled the same day.")) },
        ExampleIncident { days_ago: 38, at: (9, 10), place: "At home, the evening before", description: "Unkind messages about a pupil's accent in a class chat.", action_taken: "Listened to, and asked what she would like to happen.", recorded_by: "Shona Auchterlonie", row: Some((Pupil, 9)), risk_areas: &[Conduct, Contact], bullying: true, involved: &[(Harmed, Named("Lorna Petrescu")), (Alleged, Named("Kenzie Orr-Lovat")), (Witness, Named("Skye Mutasa"))], closed: Some((Finding::Founded, "Families met the head. The chat was closed by the parents. Lorna says it has stopped.")) },
        ExampleIncident { days_ago: 21, at: (11, 30), place: "P1/2 tablets corner", description: "A cartoon turned frightening half way through. Two children were upset.", action_taken: "Tablet put away, cuddles, a story instead. Address noted.", recorded_by: "Shona Auchterlonie", row: None, risk_areas: &[Content], bullying: false, involved: &[(Harmed, Named("Cora Menteith")), (Harmed, Named("Dougal Farr"))], closed: Some((Finding::Founded, "Site closed for younger pupils; parents told at the gate.")) },
        ExampleIncident { days_ago: 8, at: (13, 25), place: "Playground", description: "A pupil used a phone to film others who had asked him not to.", action_taken: "Phone put in the office until home time.", recorded_by: "Rhona McIlvride", row: Some((Pupil, 2)), risk_areas: &[Conduct], bullying: false, involved: &[(Alleged, Named("Poppy Arkwright")), (Harmed, Named("Niamh Dalgetty"))], closed: None },
        ExampleIncident { days_ago: 3, at: (10, 5), place: "P6/7 classroom", description: "A pupil found a page that gets round the filter and showed the table.", action_taken: "Page closed, address passed on.", recorded_by: "Struan Galbraithe", row: Some((Pupil, 12)), risk_areas: &[Conduct], bullying: false, involved: &[(Alleged, Named("Ross Kilbrandon")), (Witness, Named("Innes Carmody"))], closed: None },
        ExampleIncident { days_ago: 2, at: (16, 10), place: "Office", description: "A class list was sent to the wrong parent by mistake.", action_taken: "Parent rung and asked to delete it; she did.", recorded_by: "Rhona McIlvride", row: Some((Staff, 4)), risk_areas: &[Conduct], bullying: false, involved: &[(Alleged, Named("Euan Tullibardine"))], closed: None },
    ],
    alerts: &[
        ExampleAlert { days_ago: 17, at: (10, 50), person: Some("Magnus Sinclaire"), theme: "violence", danger: Danger::Low, host: "search.example", excerpt: "biggest gun on a castle", dismissed: Some("Homework for the castle topic.") },
        ExampleAlert { days_ago: 1, at: (13, 15), person: Some("Lorna Petrescu"), theme: "bullying", danger: Danger::Serious, host: "search.example", excerpt: "what to do when nobody likes you", dismissed: None },
    ],
    requests: &[
        ExampleRequest { days_ago: 28, by: "Struan Galbraithe", host: "castle-battles.example", category: "violence", reason: "P6/7 topic on castles, three weeks.", decision: Some((Some(21), "Looked through together: drawings and dates.")) },
        ExampleRequest { days_ago: 1, by: "Shona Auchterlonie", host: "video.example", category: "streaming", reason: "Nativity songs to practise.", decision: None },
    ],
    concerns: &[
        ExampleConcern { days_ago: 6, by: Some("Skye Mutasa"), choice: "unkind", words: "They are being mean to my friend again.", read: true },
        ExampleConcern { days_ago: 0, by: Some("Blair Ogilvie"), choice: "bad", words: "the tablet showed a scary clown", read: false },
    ],
    unsigned: &["Fraser Lumsden", "Poppy Arkwright"],
    waiting_for_parent: &["Harris Nairne"],
    declined: &[],
};
