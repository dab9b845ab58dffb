//! The people of the two example schools. All fictional. What happens to them in a term is in `term`.

use belisha_policy::{Audience, Nation, Phase, Role};

/// A school of the demonstration.
pub struct ExampleSchool {
    /// Name.
    pub name: &'static str,
    /// Nation.
    pub nation: Nation,
    /// Phase.
    pub phase: Phase,
    /// The policy it runs on, the document itself.
    pub policy: &'static str,
    /// Prefix of user names, so that both schools can live in one installation.
    pub user_prefix: &'static str,
    /// Adults.
    pub adults: &'static [Adult],
    /// Classes with their pupils.
    pub classes: &'static [ExampleClass],
    /// People who get a sign-in card on the terminal: label and first name.
    pub cards: &'static [(&'static str, &'static str)],
}

/// An adult of a school.
#[derive(Clone, Copy)]
pub struct Adult {
    /// Name.
    pub name: &'static str,
    /// Audience.
    pub audience: Audience,
    /// Offices.
    pub roles: &'static [Role],
    /// Class taken.
    pub class: Option<&'static str>,
}

/// A class.
pub struct ExampleClass {
    /// Name.
    pub name: &'static str,
    /// Year group.
    pub year_group: &'static str,
    /// Whether its pupils sign the younger agreement.
    pub younger: bool,
    /// Pupils; the parent of each is made from the surname.
    pub pupils: &'static [&'static str],
}

const fn adult(name: &'static str, audience: Audience, roles: &'static [Role], class: Option<&'static str>) -> Adult {
    Adult { name, audience, roles, class }
}

use Audience::{CommunityUser, Governor, Staff, Visitor, Volunteer};

/// Marlowe Bridge High School, England.
pub const MARLOWE_BRIDGE: ExampleSchool = ExampleSchool {
    name: "Marlowe Bridge High School",
    nation: Nation::England,
    phase: Phase::Secondary,
    policy: include_str!("../../../policies/england-secondary.dj"),
    user_prefix: "",
    adults: &[
        adult("Helena Marchetti", Staff, &[Role::Headteacher, Role::SeniorLeader], None),
        adult("Yusuf Adeyemi", Staff, &[Role::DesignatedSafeguardingLead, Role::SeniorLeader], None),
        adult("Bronwen Tallis", Staff, &[Role::OnlineSafetyLead, Role::SeniorLeader, Role::Teacher], None),
        adult("Gareth Okonkwo", Staff, &[Role::DeputyDesignatedSafeguardingLead, Role::Teacher], None),
        adult("Priya Raghunathan", Staff, &[Role::Teacher], Some("7B")),
        adult("Tomasz Wilczek", Staff, &[Role::Teacher], Some("8K")),
        adult("Orla Fennimore", Staff, &[Role::Teacher], Some("9M")),
        adult("Desmond Achterberg", Staff, &[Role::Teacher], Some("10P")),
        adult("Linnea Sorrell", Staff, &[Role::SupportStaff, Role::OfficeAdministrator], None),
        adult("Kofi Brathwaite", Staff, &[Role::IctManager], None),
        adult("Miriam Castellan", Visitor, &[Role::IctTechnician], None),
        adult("Rosalind Pemberley", Governor, &[Role::Governor, Role::ChairOfGovernors], None),
        adult("Anil Deshmukhi", Governor, &[Role::Governor], None),
        adult("Corinne Oldershaw", Governor, &[Role::Governor], None),
        adult("Babajide Lawal-Reyes", Governor, &[Role::Governor], None),
        adult("Philippa Thwaite", Governor, &[Role::Governor], None),
        adult("Wanda Hollister", Volunteer, &[Role::Volunteer], None),
    ],
    classes: &[
        ExampleClass {
            name: "7B",
            year_group: "7",
            younger: false,
            pupils: &[
                "Amara Whitlock",
                "Ben Oyelaran",
                "Chloe Vasquez",
                "Dario Pinnock",
                "Elif Karadeniz",
                "Finn Abernethy",
                "Grace Lindqvist",
                "Hamza Farouqi",
                "Isla Brackenbury",
                "Jakub Zielony",
                "Keira Standish",
                "Leo Mbeki",
            ],
        },
        ExampleClass {
            name: "8K",
            year_group: "8",
            younger: false,
            pupils: &[
                "Maya Theodorou",
                "Noah Carrowmore",
                "Olivia Quartey",
                "Pavel Hrubes",
                "Qadir Naseer",
                "Ruby Hathersage",
                "Samir Boutros",
                "Tilly Marchbanks",
                "Uma Selvarajah",
                "Victor Langstrom",
            ],
        },
        ExampleClass {
            name: "9M",
            year_group: "9",
            younger: false,
            pupils: &[
                "Willow Pritchett",
                "Xander Malloy",
                "Yasmin Haddadi",
                "Zac Thorneycroft",
                "Aoife Rathbone",
                "Bilal Siddiquee",
                "Carys Mostyn",
                "Dexter Fairweather",
                "Esme Kowalczuk",
                "Femi Adebanjo",
            ],
        },
        ExampleClass {
            name: "10P",
            year_group: "10",
            younger: false,
            pupils: &[
                "Georgia Winterbourne",
                "Hugo Delacroix",
                "Imani Osei-Bonsu",
                "Jonah Cartmell",
                "Kasia Nowicka",
                "Liam Shaughnessy",
                "Marta Figueroa",
                "Nikhil Varadarajan",
            ],
        },
    ],
    cards: &[
        ("head", "Helena"),
        ("lead", "Yusuf"),
        ("teacher", "Priya"),
        ("pupil", "Amara"),
        ("parent", "Whitlock"),
        ("governor", "Rosalind"),
        ("technician", "Miriam"),
        ("online safety lead", "Bronwen"),
    ],
};

/// Inverbrae Primary School, Scotland: small, so one person holds several offices.
pub const INVERBRAE: ExampleSchool = ExampleSchool {
    name: "Inverbrae Primary School",
    nation: Nation::Scotland,
    phase: Phase::Primary,
    policy: include_str!("../../../policies/scotland-primary.dj"),
    user_prefix: "inverbrae.",
    adults: &[
        adult(
            "Catriona Dunmore",
            Staff,
            &[
                Role::Headteacher,
                Role::SeniorLeader,
                Role::NamedPerson,
                Role::ChildProtectionCoordinator,
                Role::OnlineSafetyCoordinator,
            ],
            None,
        ),
        adult(
            "Struan Galbraithe",
            Staff,
            &[Role::SeniorLeader, Role::OnlineSafetyCoordinator, Role::Teacher, Role::OnlineSafetyGroup],
            Some("P6/7"),
        ),
        adult("Shona Auchterlonie", Staff, &[Role::Teacher, Role::OnlineSafetyGroup], Some("P1/2")),
        adult("Rhona McIlvride", Staff, &[Role::SupportStaff, Role::OfficeAdministrator], None),
        adult("Euan Tullibardine", Staff, &[Role::IctManager, Role::IctTechnician], None),
        adult("Morag Kinnaird", Governor, &[Role::LocalAuthorityOfficer], None),
        adult("Lachlan Strathdee", Governor, &[Role::Governor], None),
        adult("Isobel Drumgold", CommunityUser, &[Role::CommunityUser], None),
    ],
    classes: &[
        ExampleClass {
            name: "P1/2",
            year_group: "P2",
            younger: true,
            pupils: &[
                "Ailsa Corrigall",
                "Blair Ogilvie",
                "Cora Menteith",
                "Dougal Farr",
                "Eilidh Zaman",
                "Fraser Lumsden",
                "Greta Wisniewska",
                "Harris Nairne",
            ],
        },
        ExampleClass {
            name: "P6/7",
            year_group: "P7",
            younger: false,
            pupils: &[
                "Innes Carmody",
                "Jessie Baxendale",
                "Kenzie Orr-Lovat",
                "Lorna Petrescu",
                "Magnus Sinclaire",
                "Niamh Dalgetty",
                "Oscar Balfourth",
                "Poppy Arkwright",
                "Ross Kilbrandon",
                "Skye Mutasa",
            ],
        },
    ],
    cards: &[
        ("head", "Catriona"),
        ("lead", "Struan"),
        ("teacher", "Shona"),
        ("pupil", "Innes"),
        ("young pupil", "Ailsa"),
        ("parent", "Carmody"),
        ("governor", "Lachlan"),
        ("technician", "Euan"),
    ],
};
