//! A small book of our own, for a school that has no phrase lists: seven themes, English first, with a few phrases in
//! French, German, Spanish and Italian. A starter, not a filter by itself: it is meant to be held to a limit of about 100,
//! beside lists of sites. Whole sites about these things pass that by far; a page that only speaks *of* them (news, health,
//! sexual education, history, help) is weighed back by the last list. The categories are the policy's.

use super::{PhraseKind, PhraseList};

const fn weighted(name: &'static str, lines: &'static str) -> PhraseList<'static> {
    PhraseList { name, kind: PhraseKind::Weighted, text: lines.as_bytes(), encoding: None }
}

/// The starter's lists; `PhraseBook::compile(STARTER)` makes a book of them, alone or with the school's own.
pub const STARTER: &[PhraseList<'static>] = &[
    weighted("pornography", PORNOGRAPHY),
    weighted("violence", VIOLENCE),
    weighted("self-harm", SELF_HARM),
    weighted("gambling", GAMBLING),
    weighted("drugs", DRUGS),
    weighted("extremism", EXTREMISM),
    weighted("proxy-avoidance", PROXY_AVOIDANCE),
    weighted("speaks for the page", SPEAKS_FOR_IT),
];

const PORNOGRAPHY: &str = "
< porn ><30>
< porno ><40>
< porn videos ><50>
< free porn ><40>
< porn tube ><60>
< porn >,< videos >,< categories ><40>
< xxx videos ><60>
< xxx >,< videos ><30>
< sex videos ><50>
< sex cams ><60>
< live sex ><50>
< cam girls ><50>
< camgirls ><50>
< webcam girls ><50>
< hardcore >,< sex ><40>
< nude pics ><40>
< nude photos >,< gallery ><30>
< naked girls ><50>
< naked women >,< videos ><40>
< erotic stories ><40>
< adult videos ><40>
< adult content >,< 18 >,< enter ><30>
< you must be 18 >,< sexually explicit ><60>
< sexually explicit material >,< leave ><50>
< pornstars ><50>
< pornstar ><40>
< escorts >,< incall ><60>
< escort girls ><50>
< hentai ><50>
< milf ><40>
< upskirt ><60>
< onlyfans leaks ><60>
< leaked nudes ><60>
< vidéos porno ><60>
< films porno ><60>
< porno gratuit ><60>
< porno kostenlos ><60>
< pornofilme ><60>
< sexfilme ><50>
< kostenlose pornos ><60>
< videos porno ><60>
< porno gratis ><60>
< sexo en vivo ><50>
< video porno ><60>
";

const VIOLENCE: &str = "
< gore videos ><60>
< gore site ><50>
< beheading video ><60>
< execution video ><40>
< real deaths ><40>
< death videos ><50>
< uncensored >,< gore ><40>
< watch people die ><60>
< torture videos ><60>
< fight videos >,< knockout ><30>
< animal cruelty videos ><40>
< school shooting >,< hero ><40>
< buy guns online ><50>
< ghost gun >,< 3d print ><50>
< pipe bomb >,< instructions ><60>
< how to make a bomb ><60>
< how to build a bomb ><60>
< zombie knife >,< buy ><30>
< vidéos gore ><60>
< bombe bauen ><60>
";

const SELF_HARM: &str = "
< suicide methods ><50>
< painless suicide ><60>
< how to kill yourself ><60>
< ways to kill yourself ><60>
< suicide pact ><40>
< suicide forum >,< methods ><50>
< lethal dose >,< suicide ><40>
< exit bag ><60>
< pro ana ><60>
< proana ><60>
< pro mia ><60>
< thinspo ><50>
< thinspiration ><50>
< meanspo ><60>
< bonespo ><60>
< ana tips ><60>
< ana buddy ><60>
< how to purge ><50>
< hide self harm ><40>
< self harm pics ><50>
< how to cut yourself ><60>
< goal weight >,< fasting >,< skinny ><30>
< suizidmethoden ><60>
< selbstmord methoden ><60>
< méthodes de suicide ><60>
< métodos de suicidio ><60>
";

const GAMBLING: &str = "
< online casino ><40>
< online casinos ><40>
< casino bonus ><40>
< welcome bonus >,< casino ><30>
< welcome bonus >,< bet ><30>
< free spins ><40>
< no deposit bonus ><50>
< wagering requirements ><40>
< slot machines >,< play ><30>
< online slots ><50>
< slots >,< jackpot ><30>
< live roulette ><40>
< roulette >,< blackjack >,< baccarat ><40>
< texas holdem ><30>
< online poker ><40>
< place your bets ><40>
< sports betting ><40>
< betting odds ><40>
< free bets ><50>
< free bet >,< stake ><40>
< accumulator >,< odds >,< bet ><40>
< in play betting ><50>
< crypto casino ><60>
< case opening >,< skins >,< coins ><40>
< skin gambling ><40>
< bet now ><30>
< deposit now >,< play ><30>
< casino en ligne ><50>
< paris sportifs ><40>
< online spielothek ><50>
< sportwetten ><40>
< freispiele ><40>
< casino en línea ><50>
< apuestas deportivas ><40>
< scommesse sportive ><40>
< giri gratis ><40>
";

const DRUGS: &str = "
< buy weed online ><60>
< buy cannabis online ><60>
< buy marijuana ><50>
< order weed ><50>
< buy cocaine ><60>
< buy mdma ><60>
< buy ecstasy ><50>
< buy lsd ><60>
< buy ketamine ><60>
< buy magic mushrooms ><60>
< buy xanax ><50>
< without prescription >,< buy ><40>
< no prescription needed ><40>
< discreet shipping >,< weed ><40>
< stealth shipping ><40>
< research chemicals >,< buy ><50>
< legal highs >,< buy ><50>
< grow weed ><40>
< marijuana seeds ><50>
< cannabis seeds ><40>
< strains >,< indica >,< sativa >,< thc ><40>
< bongs >,< rolling papers ><40>
< dab rig ><40>
< trip report >,< dose ><40>
< how to get high ><50>
< disposable vapes >,< puffs >,< buy ><50>
< nicotine pouches >,< buy ><40>
< nic salts >,< flavours ><40>
< acheter du cannabis ><60>
< cannabis kaufen ><60>
< comprar marihuana ><60>
";

const EXTREMISM: &str = "
< white power ><40>
< white genocide ><50>
< race war ><40>
< racial holy war ><60>
< great replacement >,< invaders ><50>
< heil hitler ><40>
< sieg heil ><40>
< hitler was right ><60>
< gas the jews ><60>
< death to all ><30>
< race traitors ><50>
< race traitor ><40>
< zionist occupied government ><60>
< holohoax ><60>
< holocaust lie ><60>
< six million lie ><60>
< join the jihad ><60>
< kill the kuffar ><60>
< kuffar >,< martyrdom ><40>
< martyrdom operation ><50>
< accelerationism >,< saints ><50>
< day of the rope ><60>
< femoids ><50>
< foids >,< blackpill ><50>
< ausländer raus ><50>
< umvolkung ><40>
< grand remplacement >,< envahisseurs ><50>
";

const PROXY_AVOIDANCE: &str = "
< web proxy >,< unblock ><50>
< free web proxy ><60>
< proxy sites >,< unblocked ><50>
< unblock websites ><50>
< unblock youtube ><50>
< unblocked at school ><50>
< unblocked games >,< school ><40>
< bypass school filter ><60>
< bypass the school filter ><60>
< get past school filter ><60>
< bypass school wifi ><60>
< bypass securly ><60>
< bypass goguardian ><60>
< bypass lightspeed ><60>
< enter url >,< browse anonymously ><60>
< enter a url >,< proxy ><50>
< surf anonymously ><40>
< anonymous proxy ><40>
< proxy list >,< elite ><40>
< proxy browser >,< ultraviolet ><60>
< tab cloak ><60>
< tab cloaking ><60>
< about blank cloak ><60>
< proxy gratuit >,< débloquer ><50>
< seiten entsperren >,< proxy ><50>
";

/// What a lesson, a news report, a surgery or a helpline says and a shop or a gallery does not. Weights are for whole pages:
/// a site that borrows one of these phrases is still far over.
const SPEAKS_FOR_IT: &str = "
< sex education ><-50>
< sexual education ><-50>
< relationships and sex education ><-50>
< sexual health ><-40>
< safer sex ><-20>
< contraception ><-30>
< consent ><-10>
< puberty ><-20>
< addiction >,< support ><-30>
< addiction >,< treatment ><-30>
< gambling harm ><-40>
< gambling harms ><-40>
< problem gambling ><-40>
< gambling addiction ><-40>
< prevention >,< charity ><-30>
< suicide prevention ><-40>
< helpline ><-30>
< samaritans ><-30>
< childline ><-40>
< talk to your gp ><-30>
< if you need help ><-20>
< mental health >,< support ><-30>
< eating disorder >,< recovery ><-40>
< eating disorder >,< treatment ><-40>
< side effects >,< doctor ><-20>
< risks >,< young people >,< advice ><-20>
< police said ><-20>
< court heard ><-30>
< according to >,< reported ><-10>
< researchers >,< study ><-20>
< journal ><-10>
< lesson plan ><-30>
< key stage ><-30>
< curriculum ><-20>
< safeguarding ><-30>
< online safety ><-30>
< internet safety ><-30>
< historians ><-20>
< holocaust education ><-50>
< holocaust memorial ><-40>
< second world war ><-30>
< antisemitism >,< history ><-30>
< hate crime ><-30>
< counter terrorism ><-30>
< legislation ><-20>
< ministers ><-20>
< survey ><-10>
< éducation sexuelle ><-50>
< santé sexuelle ><-40>
< sexualerziehung ><-50>
< aufklärung ><-30>
< beratungsstelle ><-30>
< suchtberatung ><-40>
< educación sexual ><-50>
< salud sexual ><-40>
< educazione sessuale ><-50>
";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{PageReader, PageVerdict, PhraseBook};
    use std::sync::Arc;

    const LIMIT: u32 = 100;

    fn read(text: &str) -> PageVerdict {
        let book = Arc::new(PhraseBook::compile(STARTER).unwrap());
        let mut reader = PageReader::new(&book, LIMIT, "text/html; charset=utf-8");
        reader.feed(text.as_bytes()).unwrap_or_else(|| reader.finish())
    }

    #[test]
    fn every_line_is_read_and_none_says_what_another_says() {
        let report = PhraseBook::compile(STARTER).unwrap().report().clone();
        assert_eq!((report.refused, report.repeated), (0, 0), "{report:?}");
        assert!(report.taken > 250, "{}", report.taken);
    }

    #[test]
    fn pages_that_speak_of_these_things_are_open() {
        for text in [
            "Relationships and sex education: a lesson plan for key stage 4. Pornography is not real life. Pupils discuss porn, \
             consent, contraception and where to find sexual health advice.",
            "A survey found that half of teenagers had seen porn online. Researchers say the study shows free porn is one tap \
             away; porn videos shape what young people expect. Ministers promised legislation.",
            "The man ran an online casino and offered free spins, the court heard. Gambling harms cost the country dear, said a \
             charity. If you need help with gambling addiction, call the helpline.",
            "Suicide prevention: how to talk to a friend. If somebody searches for suicide methods or says they want to die, stay \
             with them. Call Samaritans or Childline.",
            "Pro ana sites and thinspo are dangerous. Eating disorder treatment and recovery: talk to your GP.",
            "Cannabis: street names, effects and risks. THC, indica and sativa strains. Advice for young people. It is illegal to \
             buy cannabis. Side effects: see a doctor. Addiction support.",
            "The rise of the Nazis: crowds shouted Sieg Heil. Historians of the Second World War describe how Heil Hitler became \
             the greeting. Holocaust education for key stage 3.",
            "Police said the gang sold knives. The court heard that he searched how to make a bomb and watched a beheading video.",
            "Breast cancer: how to check your breasts. Signs of testicular cancer. Naked mole rats of East Africa. Middlesex and \
             Essex county cricket. The moon landing; a roulette curve in geometry; poker-faced.",
            "A web proxy sits between a browser and a server. Configure squid as a caching proxy; enter a URL to test the proxy.",
            "Probability: a roulette wheel has 37 pockets. What are the odds of red? A fair game of blackjack and baccarat.",
            "Beratungsstelle für Sexualerziehung und Aufklärung.",
        ] {
            let verdict = read(text);
            assert!(!verdict.is_closed(), "{text}: {verdict:?}");
        }
    }

    #[test]
    fn pages_that_deal_in_them_are_closed_under_their_category() {
        for (category, text) in [
            ("pornography", "Free porn videos - watch xxx videos in all categories. Live sex and cam girls."),
            ("pornography", "Porno gratuit : vidéos porno"),
            (
                "gambling",
                "Welcome bonus! Best online casino, 200 free spins, no deposit bonus. Wagering requirements apply.",
            ),
            ("gambling", "Sportwetten und Online Spielothek: 50 Freispiele"),
            ("drugs", "Buy weed online. Buy MDMA. Stealth shipping, no prescription needed."),
            ("self-harm", "Thinspo and meanspo board, find an ana buddy, ana tips"),
            ("violence", "Gore videos, real deaths, torture videos, uncensored"),
            ("extremism", "Race war now. Hitler was right. White power."),
            (
                "proxy-avoidance",
                "Free web proxy: unblock YouTube, unblocked at school, enter URL and browse anonymously",
            ),
        ] {
            let verdict = read(text);
            assert!(verdict.is_closed(), "{text}: {verdict:?}");
            assert_eq!(verdict.by_category[0].category, category, "{text}");
        }
    }
}
