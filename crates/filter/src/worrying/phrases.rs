//! The phrases, in our own words, by theme and danger, and what a lesson is known to search for. A starting point for
//! a school's own list, chosen to miss little that is urgent and to bother adults seldom.

use super::{Danger, Theme};

/// Phrases of one theme and danger, by commas.
pub(super) struct Phrases {
    pub theme: Theme,
    pub danger: Danger,
    /// Whether a lesson's words beside it make it harmless. What somebody says of themselves is never excused.
    pub excusable: bool,
    /// A phrase with `=` behind it is found as it stands; in the others one more word may stand between theirs.
    pub phrases: &'static str,
}

const fn spoken(theme: Theme, danger: Danger, phrases: &'static str) -> Phrases {
    Phrases { theme, danger, excusable: false, phrases }
}

const fn topic(theme: Theme, danger: Danger, phrases: &'static str) -> Phrases {
    Phrases { theme, danger, excusable: true, phrases }
}

pub(super) const PHRASES: &[Phrases] = &[
    spoken(
        Theme::Suicide,
        Danger::Urgent,
        "kill myself, killing myself, want to die=, going to die today by my own hand, end my life,
         ending my life, take my own life, taking my own life, end it all=, hang myself=, hanging myself=,
         drown myself=, shoot myself=, jump off a bridge=, jump in front of a train, how to commit suicide,
         ways to commit suicide, easiest way to die, painless way to die, quickest way to die,
         least painful way to die, best way to kill yourself, how to die painlessly, how to die without pain,
         how many pills to die, how many tablets to die, how many paracetamol to die, lethal overdose amount,
         how to overdose, take an overdose=, how to tie a noose, my suicide note, write a suicide note,
         how to write a suicide note, goodbye letter before i die, better off without me, better off dead,
         i am suicidal, i feel suicidal, do not want to live=, do not want to be alive=,
         do not want to be here anymore=, do not want to wake up=, no reason to live, wish i was dead,
         wish i were dead, wish i was never born, i want to kill myself, i am going to kill myself,
         going to kms, want to kms",
    ),
    topic(Theme::Suicide, Danger::Low, "suicide, suicidal thoughts, suicide methods, suicide pact, suicide forum"),
    spoken(
        Theme::SelfHarm,
        Danger::Urgent,
        "i am bleeding and can not stop it, i cut too deep, cut my wrists=, slit my wrists, slitting my wrists,
         cutting my wrists, burn myself on purpose=",
    ),
    spoken(
        Theme::SelfHarm,
        Danger::Serious,
        "hurt myself, hurting myself, cut myself on purpose, cutting myself, harm myself, harming myself,
         i self harm, i want to self harm, how to self harm, hide self harm scars, hide cuts on my arm,
         hide my cuts, hide my scars, razor blade from sharpener, take the blade out of a sharpener,
         where to cut yourself, i deserve pain, i hate myself, punish myself",
    ),
    topic(Theme::SelfHarm, Danger::Low, "self harm, self injury, self harm pictures"),
    spoken(
        Theme::Violence,
        Danger::Urgent,
        "shoot up the school, shoot up my school, shoot up this school, shoot everyone at school,
         bring a gun to school=, bring a knife to school, take a knife to school, taking a knife to school,
         bomb the school, bomb my school, blow up the school, blow up my school, burn down the school,
         stab my teacher, stab a teacher, kill my teacher, kill my classmates, kill my parents=, kill my mum=,
         kill my dad=, kill everyone at school, going to kill him=, going to kill her=, going to kill them=,
         going to stab him, going to stab her, going to stab them, make a bomb=, build a bomb=, make a pipe bomb,
         build a pipe bomb, make a nail bomb, make explosives at home=, make a petrol bomb, how to make napalm,
         how to make ricin",
    ),
    spoken(
        Theme::Violence,
        Danger::Serious,
        "how to kill someone=, how to kill a person=, how to poison someone, how to hurt someone badly,
         how to stab someone, where to stab someone, get away with murder without being caught,
         how to hide a body=, how to get a gun=, buy a gun online=, 3d print a gun=, print a gun at home=,
         buy a zombie knife, buy a flick knife, buy a knife without id, someone has a knife at school,
         he hits me, my dad hits me, my mum hits me, my stepdad hits me, my boyfriend hits me,
         scared to go home",
    ),
    topic(
        Theme::Violence,
        Danger::Low,
        "school shooter, school shooting videos, beheading video, gore videos, execution video,
         real death videos",
    ),
    spoken(
        Theme::Extremism,
        Danger::Urgent,
        "join isis, join islamic state, join al qaeda, travel to syria to fight, how to become a martyr,
         carry out a terrorist attack, plan a terrorist attack, become a suicide bomber, join a terrorist group,
         start a race war, kill all jews, kill all muslims, kill all immigrants, kill all gays, kill all blacks",
    ),
    spoken(
        Theme::Extremism,
        Danger::Serious,
        "terrorist manual, terrorist handbook, bomb making manual, gas the jews, hitler was right, sieg heil,
         heil hitler, white genocide, great replacement, join combat 18, join national action, siege culture,
         accelerationist manifesto, shooter manifesto, day of the rope, race traitor=, death to the infidels,
         incel uprising, women should be raped, saint brenton, elliot rodger hero",
    ),
    topic(
        Theme::Extremism,
        Danger::Low,
        "white power, white supremacy, nazi propaganda, isis propaganda, jihad training, incel forum",
    ),
    spoken(
        Theme::Sexual,
        Danger::Urgent,
        "my uncle touches me, my dad touches me, my stepdad touches me, my brother touches me,
         my teacher touches me, my coach touches me, he touches me at night, he touched me down there,
         he makes me touch him, i was raped, i have been raped, i got raped, he raped me,
         he forced me to have sex, they are going to post my nudes, someone is blackmailing me with my nudes,
         blackmailed with nudes, threatening to share my nudes, threatening to leak my nudes,
         meeting a man i met online, meet someone i met online in secret, he wants me to meet him alone,
         he told me not to tell anyone",
    ),
    spoken(
        Theme::Sexual,
        Danger::Serious,
        "send nudes=, send me nudes, asking me for nudes, asking for nudes, wants nudes, sent nudes,
         i sent a nude, sell my nudes, sell nudes online, leaked nudes of girls at school,
         send me a pic in your underwear, send pics in your underwear, are you alone in your room,
         do not tell your parents about me, do not tell your mum about me, this is our secret=,
         delete these messages, how old are you send pic=, you are mature for your age, my boyfriend is 25,
         my boyfriend is 30, meet older men, sugar daddy, sex with a minor, jailbait, deepfake my teacher,
         nudify, undress app, undress her app, am i pregnant at 13, am i pregnant at 14",
    ),
    spoken(
        Theme::Bullying,
        Danger::Serious,
        "kill yourself, kys, go die=, you should die, everyone hates you, nobody would miss you,
         everyone hates me, everyone at school hates me, i am being bullied, i get bullied,
         they are bullying me, people bully me, bullies at school hurt me, no one likes me=, nobody likes me=,
         i have no friends, they made a fake account of me, they are spreading rumours about me,
         afraid to go to school, scared to go to school, scared of going to school",
    ),
    spoken(
        Theme::Bullying,
        Danger::Low,
        "make a hate page about, fake account of my teacher, ways to bully someone, how to bully someone,
         roast a fat girl",
    ),
    spoken(
        Theme::EatingDisorder,
        Danger::Serious,
        "make myself throw up, make myself sick after eating, making myself sick, make yourself throw up,
         starve myself, starving myself, how to starve=, how to be anorexic, how to become anorexic,
         how to become bulimic, pro ana, pro mia, thinspo, thinspiration, meanspo, bonespo, ana buddy,
         ana coach=, eat nothing for a week, how to stop eating completely, hide not eating from parents,
         laxatives to lose weight, how many laxatives to lose weight, 500 calories a day diet,
         300 calories a day diet, i hate my body=, i am too fat to live",
    ),
    topic(Theme::EatingDisorder, Danger::Low, "anorexia, bulimia, anorexic, thigh gap"),
    spoken(
        Theme::Drugs,
        Danger::Urgent,
        "my friend took too much and will not wake up, i took too many pills, i took too many tablets,
         they make me carry drugs, he makes me sell drugs, they make me sell drugs, county lines making me",
    ),
    spoken(
        Theme::Drugs,
        Danger::Serious,
        "buy weed, buy cannabis, buy cocaine, buy ketamine, buy mdma, buy ecstasy pills, buy xanax, buy lean=,
         buy spice=, buy thc vape, how to get high=, get high at home=, how to make meth, how to cook meth=,
         how to sell drugs, how to deal drugs, find a drug dealer, drug dealer near me, how to smoke weed,
         how to roll a joint=, how to snort=, pass a drug test=, hide drugs from parents, cough syrup to get high,
         glue sniffing, sniff aerosols",
    ),
    topic(
        Theme::Drugs,
        Danger::Low,
        "cocaine, ketamine, crystal meth, magic mushrooms, nitrous oxide balloons, thc vape",
    ),
];

/// What a lesson, an assembly or a school's own paper is known to say.
pub(super) const EXCUSES: &str =
    "suicide prevention, suicide awareness, suicide squad, suicide rates, suicide statistics,
     durkheim suicide, suicide durkheim, le suicide, romeo and juliet suicide, suicide in romeo and juliet,
     suicide romeo and juliet, suicide in hamlet, ophelia suicide, inspector calls suicide,
     eva smith suicide, suicide of eva smith, hitler suicide, suicide of hitler, suicide bomber definition,
     suicide helpline, suicide support, anti suicide, suicide risk assessment, sylvia plath suicide,
     suicide act 1961, self harm awareness, self harm support, self harm policy, self harm charity,
     self harm training, helping someone who self harms, self harm help, anorexia nervosa, anorexia lesson,
     bulimia nervosa, eating disorder awareness, anorexia research, explanations of anorexia,
     biological explanation of anorexia, cocaine anonymous, history of cocaine, effects of cocaine,
     cocaine effects on the brain, coca cola cocaine, effects of ketamine, ketamine medical use,
     crystal meth chemistry, nitrous oxide balloons law, drugs education, war on drugs,
     nazi propaganda posters, nazi propaganda gcse, nazi propaganda history, nazi propaganda source,
     analyse nazi propaganda, nazi propaganda film, white supremacy history, civil rights white supremacy,
     ku klux klan white supremacy, white supremacy in america, fight white supremacy, white power cable,
     white power lead, white power supply, school shooting news, school shooter drill";

/// Phrases that are something else when one of these words comes next, written as `once` writes them.
pub(super) const UNLESS_FOLLOWED: &[(&str, &[&str])] = &[
    (
        "how to get high",
        &["marks", "grades", "scores", "score", "quality", "resolution", "fps", "level", "ping", "rank"],
    ),
    ("this is our secret", &["garden", "santa", "recipe", "base"]),
    ("i have no friends", &["in", "on", "aded", "request"]),
    ("do not want to live", &["in", "on", "at", "near", "by", "abroad", "under"]),
    ("do not want to wake up", &["early", "at", "late"]),
    ("sugar daddy", &["long"]),
    ("go die", &["hard"]),
    ("want to die", &["hard", "my", "cut", "cast"]),
    ("hang myself", &["up"]),
];

/// The phrases of a text with commas between them.
pub(super) fn each(phrases: &'static str) -> impl Iterator<Item = &'static str> {
    phrases.split(',').map(str::trim)
}
