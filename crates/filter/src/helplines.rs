//! Helplines: always open whatever a list, the school or an unsigned agreement says, and never logged by name. Also
//! shown on block pages and by "tell someone".

use crate::host_table::HostTable;
use std::sync::LazyLock;

/// A place that listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Helpline {
    /// Name people know.
    pub name: &'static str,
    /// Hosts, with their subdomains.
    pub hosts: &'static [&'static str],
    /// Telephone or text number; `None` where help is given on the site.
    pub phone: Option<&'static str>,
    /// Nations it serves, by the policy's keys.
    pub nations: &'static [&'static str],
    /// What it is for, in a child's words.
    pub about: &'static str,
}

const BOTH: &[&str] = &["england", "scotland"];
const ENGLAND: &[&str] = &["england"];
const SCOTLAND: &[&str] = &["scotland"];

const fn line(
    name: &'static str,
    hosts: &'static [&'static str],
    phone: Option<&'static str>,
    nations: &'static [&'static str],
    about: &'static str,
) -> Helpline {
    Helpline { name, hosts, phone, nations, about }
}

/// Every helpline, most general first.
pub const HELPLINES: &[Helpline] = &[
    line("Childline", &["childline.org.uk"], Some("0800 1111"), BOTH, "talk about anything, day or night"),
    line("Samaritans", &["samaritans.org"], Some("116 123"), BOTH, "when things feel too much, day or night"),
    line("Shout", &["giveusashout.org"], Some("text SHOUT to 85258"), BOTH, "help by text message, day or night"),
    line(
        "CEOP Safety Centre",
        &["ceop.police.uk", "thinkuknow.co.uk", "ceopeducation.co.uk"],
        None,
        BOTH,
        "someone online is making you feel unsafe",
    ),
    line("Report Remove", &["reportremove.org.uk"], None, BOTH, "take down a picture of you that should not be online"),
    line(
        "Internet Watch Foundation",
        &["iwf.org.uk"],
        None,
        BOTH,
        "report pictures or videos of children being abused",
    ),
    line("NSPCC", &["nspcc.org.uk"], Some("0808 800 5000"), BOTH, "for adults worried about a child"),
    line(
        "Papyrus HOPELINE247",
        &["papyrus-uk.org"],
        Some("0800 068 4141"),
        BOTH,
        "thoughts of suicide, for people under 35",
    ),
    line("The Mix", &["themix.org.uk"], None, BOTH, "anything at all, for people under 25"),
    line("Kooth", &["kooth.com"], None, BOTH, "chat about how you feel"),
    line("YoungMinds", &["youngminds.org.uk"], None, BOTH, "feelings and mental health"),
    line("Beat", &["beateatingdisorders.org.uk"], None, BOTH, "worries about eating"),
    line("Mind", &["mind.org.uk"], None, BOTH, "mental health"),
    line("CALM", &["thecalmzone.net"], Some("0800 58 58 58"), BOTH, "when life is hard to cope with"),
    line(
        "NHS 111",
        &["111.nhs.uk", "nhs24.scot", "nhsinform.scot"],
        Some("111"),
        BOTH,
        "medical help, and mental health help",
    ),
    line(
        "Refuge",
        &["refuge.org.uk", "nationaldahelpline.org.uk"],
        Some("0808 2000 247"),
        ENGLAND,
        "someone at home is hurting somebody",
    ),
    line("Women's Aid", &["womensaid.org.uk"], None, ENGLAND, "abuse at home"),
    line("The Hideout", &["thehideout.org.uk"], None, BOTH, "for children, about abuse at home"),
    line(
        "Respect Men's Advice Line",
        &["mensadviceline.org.uk"],
        Some("0808 8010 327"),
        BOTH,
        "abuse at home, for men",
    ),
    line("Rape Crisis", &["rapecrisis.org.uk", "rapecrisisscotland.org.uk"], None, BOTH, "after sexual violence"),
    line("Switchboard", &["switchboard.lgbt"], Some("0800 0119 100"), BOTH, "LGBT+ people, to talk or to ask"),
    line("LGBT Youth Scotland", &["lgbtyouth.org.uk"], None, SCOTLAND, "LGBT+ young people"),
    line("Mermaids", &["mermaidsuk.org.uk"], None, BOTH, "young people asking about their gender"),
    line("Breathing Space", &["breathingspace.scot"], Some("0800 83 85 87"), SCOTLAND, "when you feel low or worried"),
    line("respectme", &["respectme.org.uk"], None, SCOTLAND, "bullying"),
    line(
        "Scotland's Domestic Abuse and Forced Marriage Helpline",
        &["sdafmh.org.uk"],
        Some("0800 027 1234"),
        SCOTLAND,
        "abuse at home or forced marriage",
    ),
    line("Children 1st", &["children1st.org.uk"], Some("0800 028 2233"), SCOTLAND, "help for families"),
    line("SAMH", &["samh.org.uk"], None, SCOTLAND, "mental health"),
    line("National Bullying Helpline", &["nationalbullyinghelpline.co.uk"], None, BOTH, "bullying"),
    line("Anti-Bullying Alliance", &["anti-bullyingalliance.org.uk"], None, ENGLAND, "bullying"),
    line("Kidscape", &["kidscape.org.uk"], None, BOTH, "bullying"),
    line("Talk to Frank", &["talktofrank.com"], Some("0300 123 6600"), BOTH, "drugs, without being judged"),
    line("Know the Score", &["knowthescore.info"], None, SCOTLAND, "drugs"),
    line("Nacoa", &["nacoa.org.uk"], Some("0800 358 3456"), BOTH, "a parent who drinks too much"),
    line("GamCare", &["gamcare.org.uk"], Some("0808 8020 133"), BOTH, "gambling"),
    line(
        "Runaway Helpline",
        &["runawayhelpline.org.uk"],
        Some("116 000"),
        BOTH,
        "thinking of running away, or already gone",
    ),
    line("Missing People", &["missingpeople.org.uk"], Some("116 000"), BOTH, "someone is missing"),
    line(
        "Childhood Bereavement Network",
        &["childhoodbereavementnetwork.org.uk", "winstonswish.org", "childbereavementuk.org"],
        None,
        BOTH,
        "somebody has died",
    ),
    line("Self-injury Support", &["selfinjurysupport.org.uk"], None, BOTH, "hurting yourself"),
    line(
        "Stop It Now",
        &["stopitnow.org.uk"],
        Some("0808 1000 900"),
        BOTH,
        "worried about sexual thoughts or behaviour towards children",
    ),
    line("Marie Collins Foundation", &["mariecollinsfoundation.org.uk"], None, BOTH, "after being abused online"),
    line(
        "Report Harmful Content",
        &["reportharmfulcontent.com", "swgfl.org.uk", "saferinternet.org.uk"],
        Some("0344 381 4772"),
        BOTH,
        "something harmful online; help for school staff",
    ),
    line("Parent Zone", &["parentzone.org.uk"], None, BOTH, "for parents, about children online"),
    line("Family Lives", &["familylives.org.uk"], Some("0808 800 2222"), BOTH, "for parents"),
    line(
        "Crimestoppers Fearless",
        &["fearless.org", "crimestoppers-uk.org"],
        Some("0800 555 111"),
        BOTH,
        "tell about a crime without your name",
    ),
    line(
        "Police",
        &["police.uk", "scotland.police.uk"],
        Some("999, or 101 when it is not an emergency"),
        BOTH,
        "when somebody is in danger",
    ),
    line("Demonstration helpline", &["helpline.example"], None, BOTH, "a made-up helpline for trying things out"),
];

/// Every host with its helpline.
fn hosts() -> impl Iterator<Item = (&'static str, &'static Helpline)> {
    HELPLINES.iter().flat_map(|helpline| helpline.hosts.iter().map(move |host| (*host, helpline)))
}

static BY_HOST: LazyLock<(HostTable, Vec<&'static Helpline>)> =
    LazyLock::new(|| (HostTable::new(hosts().map(|(host, _)| host)), hosts().map(|(_, helpline)| helpline).collect()));

/// The helpline a host belongs to: the helpline's own host or one under it. Lower case.
pub fn helpline_for(host: &str) -> Option<&'static Helpline> {
    let (table, helplines) = &*BY_HOST;
    table.matching(host).next().and_then(|position| helplines.get(position)).copied()
}

/// The hash of every helpline's host.
pub(crate) fn helpline_hashes() -> impl Iterator<Item = u64> {
    BY_HOST.0.hashes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_helpline_is_known_by_its_host_and_those_under_it() {
        for (host, name) in [
            ("childline.org.uk", Some("Childline")),
            ("www.childline.org.uk", Some("Childline")),
            ("helpline.example", Some("Demonstration helpline")),
            ("notchildline.org.uk", None),
            ("org.uk", None),
        ] {
            assert_eq!(helpline_for(host).map(|helpline| helpline.name), name, "{host}");
        }
    }

    #[test]
    fn each_nation_has_somebody_to_ring_and_no_host_stands_twice() {
        for nation in ["england", "scotland"] {
            assert!(HELPLINES.iter().any(|helpline| helpline.nations.contains(&nation) && helpline.phone.is_some()));
        }
        let different: std::collections::HashSet<&str> = hosts().map(|(host, _)| host).collect();
        assert_eq!(different.len(), hosts().count());
        assert!(hosts().all(|(host, _)| crate::names::normalise(host).as_deref() == Ok(host)));
    }
}
