//! The words a policy may use in its attributes: nations, phases, roles, audiences, cadences, events.
//! Each has one spelling in the document (`key`) and one label for people. What the words *do* lives elsewhere.

use serde::{Deserialize, Serialize};

/// Declares a closed vocabulary: an enum whose every variant has the key a policy writes and the label people read.
macro_rules! vocabulary {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $key:literal, $label:literal;)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum $name { $($(#[$vdoc])* #[doc = $label] #[serde(rename = $key)] $variant,)+ }
        impl $name {
            /// Every word of the vocabulary, in the order people read it.
            pub const ALL: &'static [$name] = &[$($name::$variant,)+];
            /// The spelling used in the policy document, in the database and in the API.
            pub const fn key(self) -> &'static str { match self { $($name::$variant => $key,)+ } }
            /// What people read.
            pub const fn label(self) -> &'static str { match self { $($name::$variant => $label,)+ } }
            /// The word for a key, if it is one.
            pub fn from_key(key: &str) -> Option<Self> { match key { $($key => Some($name::$variant),)+ _ => None } }
        }
    };
}

vocabulary! {
    /// Which nation's law, powers, definitions, roles and referral routes apply.
    Nation { England = "england", "England"; Scotland = "scotland", "Scotland"; }
}
vocabulary! {
    /// The phase of education, which sets the age bands pages and agreements speak to.
    Phase { Primary = "primary", "Primary"; Secondary = "secondary", "Secondary"; AllThrough = "all-through", "All-through"; }
}
vocabulary! {
    /// An office held by named people with dates (MISSION 1A). One person may hold several.
    Role {
        Governor = "governor", "Governor";
        ChairOfGovernors = "chair-of-governors", "Chair of governors";
        Headteacher = "headteacher", "Headteacher";
        SeniorLeader = "senior-leader", "Senior leader";
        DesignatedSafeguardingLead = "designated-safeguarding-lead", "Designated safeguarding lead";
        DeputyDesignatedSafeguardingLead = "deputy-designated-safeguarding-lead", "Deputy designated safeguarding lead";
        OnlineSafetyLead = "online-safety-lead", "Online safety lead";
        OnlineSafetyCoordinator = "online-safety-coordinator", "Online safety co-ordinator";
        ChildProtectionCoordinator = "child-protection-coordinator", "Child protection co-ordinator";
        NamedPerson = "named-person", "Named person";
        OnlineSafetyGroup = "online-safety-group", "Online safety group member";
        Teacher = "teacher", "Teacher";
        SupportStaff = "support-staff", "Support staff";
        OfficeAdministrator = "office-administrator", "Office administrator";
        IctManager = "ict-manager", "ICT manager";
        IctTechnician = "ict-technician", "ICT technician";
        LocalAuthorityOfficer = "local-authority-officer", "Local authority officer";
        SystemAdministrator = "system-administrator", "System administrator";
        Volunteer = "volunteer", "Volunteer";
        Parent = "parent", "Parent or carer";
        Pupil = "pupil", "Pupil";
        Visitor = "visitor", "Visitor";
        CommunityUser = "community-user", "Community user";
    }
}
vocabulary! {
    /// Who an agreement, a duty or a filter column speaks to.
    Audience {
        YoungerPupil = "younger-pupil", "Younger pupils";
        Pupil = "pupil", "Pupils";
        Parent = "parent", "Parents and carers";
        Staff = "staff", "Staff";
        Volunteer = "volunteer", "Volunteers";
        Governor = "governor", "Governors";
        Visitor = "visitor", "Visitors";
        CommunityUser = "community-user", "Community users";
    }
}
vocabulary! {
    /// How often a duty falls due. Deadlines are worked out in the school's calendar by `belisha-records`.
    Cadence {
        Lesson = "lesson", "every lesson with devices";
        SchoolDay = "school-day", "every school day";
        Day = "day", "every day, weekends and holidays too";
        Week = "week", "every school week";
        Fortnight = "fortnight", "every fortnight";
        Month = "month", "every month";
        HalfTerm = "half-term", "every half term";
        Term = "term", "every term";
        TwiceAYear = "twice-a-year", "twice a year";
        AcademicYear = "academic-year", "every academic year";
        Year = "year", "every year";
        TwoYears = "two-years", "every two years";
        StartOfSchoolYear = "start-of-school-year", "at the start of the school year";
    }
}
vocabulary! {
    /// What sets off a duty that no calendar can foresee (MISSION 1K, "on event" and "immediately").
    Event {
        UpsettingMaterialSeen = "upsetting-material-seen", "somebody sees upsetting material";
        FilterBreached = "filter-breached", "the filter lets something through, or material is met by accident";
        WorryingCommunication = "worrying-communication", "somebody receives a worrying communication";
        RoleConflict = "role-conflict", "shared content conflicts with a role in school";
        IllegalMaterialSuspected = "illegal-material-suspected", "illegal material or activity is suspected";
        SeriousIncident = "serious-incident", "a serious incident happens";
        IncidentRecorded = "incident-recorded", "an incident is recorded";
        UnacceptableConduct = "unacceptable-conduct", "unacceptable conduct is seen on social media";
        CommentOnSchoolAccount = "comment-on-school-account", "somebody comments, asks or complains on a school account";
        JournalistContact = "journalist-contact", "a journalist makes contact";
        NewTechnology = "new-technology", "new technology comes into use";
        NewThreat = "new-threat", "a new threat appears";
        PersonJoins = "person-joins", "somebody joins the school";
        PersonLeaves = "person-leaves", "somebody leaves the school";
        StudyPeriodEnds = "study-period-ends", "a period of study ends";
        TransferComplete = "transfer-complete", "data on removable media has been used or transferred";
        BeforeAccess = "before-access", "before somebody is given access";
        SaferInternetDay = "safer-internet-day", "Safer Internet Day, in February";
        PupilProgressDay = "pupil-progress-day", "a pupil progress day";
        PolicyReviewed = "policy-reviewed", "the policy has been reviewed";
        AnswerIsNo = "answer-is-no", "a self-audit answer is no";
    }
}
vocabulary! {
    /// When in the school's day a filter table applies.
    Period {
        Always = "always", "at any time";
        Lesson = "lesson", "in lesson time";
        Break = "break", "at break and lunch";
        OutOfSchool = "out-of-school", "before and after school";
        Boarding = "boarding", "in boarding time";
    }
}
vocabulary! {
    /// What the filter does with a category.
    FilterAction {
        Allow = "allow", "open";
        Warn = "warn", "opens after a warning and a reason";
        Ask = "ask", "closed until somebody asks";
        Block = "block", "closed";
    }
}
vocabulary! {
    /// One cell of a device or communication table that somebody has decided. An empty cell is *undecided* and never allowed.
    Allowance {
        Yes = "yes", "Yes";
        CertainTimes = "certain-times", "At certain times";
        SelectedPeople = "selected-people", "Selected people";
        WithPermission = "with-permission", "With permission";
        No = "no", "No";
    }
}
vocabulary! {
    /// What an allowance table is about.
    AllowanceSubject { Devices = "devices", "Devices"; Communications = "communications", "Communications"; }
}
vocabulary! {
    /// Whose a device is: the columns of the device table (MISSION M65).
    DeviceKind {
        SchoolIndividual = "school-individual", "School-owned, one person’s";
        SchoolShared = "school-shared", "School-owned, shared";
        Authorised = "authorised", "Authorised, bought through the school";
        PupilOwned = "pupil-owned", "Pupil-owned";
        StaffOwned = "staff-owned", "Staff-owned";
        VisitorOwned = "visitor-owned", "Visitor-owned";
    }
}
vocabulary! {
    /// What a row of the device table grants: the rows that the network carries out (MISSION M65).
    DeviceUse {
        InSchool = "in-school", "Come into school";
        Full = "full", "Use the whole network";
        InternetOnly = "internet-only", "Use the internet only";
        None = "none", "Use no network at all";
    }
}
vocabulary! {
    /// Whose conduct an action table answers.
    ActionSubject { Pupil = "pupil", "Pupils"; Staff = "staff", "Staff"; }
}
vocabulary! {
    /// Kinds of record that a retention clause can set a period for.
    RecordKind {
        ActivityNamed = "activity-named", "Named browsing activity";
        ActivityBlocked = "activity-blocked", "Named blocked requests";
        Alerts = "alerts", "Alerts that were not a concern";
        Incidents = "incidents", "Incidents";
        Agreements = "agreements", "Signed agreements";
        Training = "training", "Training records";
        AccessRequests = "access-requests", "Requests for sites";
        Sessions = "sessions", "Sign-in sessions";
    }
}

/// Groups of people that a filter table has columns for, strictest last: key and label.
pub const GROUPS: &[(&str, &str)] = &[
    ("younger-pupil", "Younger pupils"),
    ("pupil", "Pupils"),
    ("staff", "Staff"),
    ("guest", "Guests"),
    ("unknown", "Unknown people and devices"),
];

/// Columns of an action table that the software knows: key and label. A school may have more of its own.
pub const ACTION_COLUMNS: &[(&str, &str)] = &[
    ("class-teacher", "Class teacher"),
    ("tutor", "Tutor"),
    ("head-of-year", "Head of year"),
    ("headteacher", "Headteacher"),
    ("safeguarding-lead", "Safeguarding lead"),
    ("online-safety-lead", "Online safety lead"),
    ("authority", "Local authority or HR"),
    ("police", "Police"),
    ("technical", "Technical support"),
    ("parents", "Parents"),
    ("access", "Network access removed"),
    ("confiscation", "Device kept"),
    ("warning", "Warning"),
    ("sanction", "Further sanction"),
    ("suspension", "Suspension"),
    ("disciplinary", "Disciplinary action"),
];

/// Categories of sites that filter tables know: key and label. A category list may bring more.
pub const CATEGORIES: &[(&str, &str)] = &[
    ("pornography", "Pornography"),
    ("gambling", "Gambling"),
    ("games", "Games"),
    ("social-media", "Social media"),
    ("messaging", "Messaging and chat"),
    ("dating", "Dating"),
    ("violence", "Violence"),
    ("weapons", "Weapons"),
    ("drugs", "Drugs, alcohol and tobacco"),
    ("self-harm", "Self-harm and suicide"),
    ("extremism", "Extremism and hate"),
    ("malware", "Malware"),
    ("phishing", "Phishing and fraud"),
    ("proxy-avoidance", "Ways round the filter"),
    ("artificial-intelligence", "Artificial intelligence services"),
    ("streaming", "Films, television and music"),
    ("shopping", "Shopping"),
    ("adverts", "Advertising"),
    ("search", "Search engines"),
    ("education", "Education and reference"),
    ("news", "News"),
    ("health", "Health"),
    ("email", "Web mail"),
    ("file-sharing", "File sharing"),
];
