//! A small list of our own, so that a school's filter does something before any list is imported and the demo works
//! with none. It holds widely known sites and made-up names; it stands in for no real list.

use crate::index::{DomainIndex, DomainIndexBuilder, IndexError};

/// What the list calls itself in reasons.
pub const BUILT_IN_LIST: &str = "Belisha starter list";

/// Categories and their sites, by spaces. `.example` and `.test` names are for demonstrations and filter checks.
const SITES: &[(&str, &str)] = &[
    (
        "pornography",
        "adult.example adult.test pornhub.com xvideos.com xnxx.com xhamster.com redtube.com youporn.com
         onlyfans.com chaturbate.com stripchat.com livejasmin.com rule34.xxx fansly.com",
    ),
    (
        "gambling",
        "casino.example gambling.test bet365.com betfair.com paddypower.com williamhill.com ladbrokes.com
         coral.co.uk skybet.com betway.com 888casino.com pokerstars.com unibet.co.uk stake.com betfred.com
         tombola.co.uk foxybingo.com meccabingo.com csgoroll.com",
    ),
    (
        "games",
        "games.example games.test roblox.com minecraft.net epicgames.com fortnite.com steampowered.com
         steamcommunity.com poki.com crazygames.com coolmathgames.com friv.com miniclip.com y8.com kongregate.com
         agar.io slither.io krunker.io itch.io chess.com playstation.com xbox.com nintendo.com ea.com blizzard.com
         riotgames.com leagueoflegends.com addictinggames.com unblocked-games.example",
    ),
    (
        "social-media",
        "social.example social.test facebook.com instagram.com tiktok.com snapchat.com x.com twitter.com
         threads.net reddit.com pinterest.com pinterest.co.uk linkedin.com mastodon.social bsky.app 4chan.org
         vk.com bereal.com yubo.live ask.fm tellonym.me ngl.link quora.com",
    ),
    (
        "messaging",
        "chat.example chat.test whatsapp.com whatsapp.net telegram.org t.me signal.org discord.com discord.gg
         discordapp.com messenger.com kik.com omegle.com chatroulette.com ome.tv monkey.app viber.com wechat.com
         line.me skype.com",
    ),
    ("violence", "violence.example violence.test fights.example bestgore.example liveleak.com worldstarhiphop.com"),
    (
        "drugs",
        "drugs.example drugs.test erowid.org leafly.com weedmaps.com hightimes.com vapes.example grow-weed.example",
    ),
    ("self-harm", "self-harm.example self-harm.test thinspo.example pro-ana.example"),
    ("extremism", "hate.example extremism.example extremism.test stormfront.org dailystormer.example"),
    ("malware", "malware.example malware.test free-cursors.example cracked-games.example thepiratebay.org"),
    ("phishing", "phishing.example phishing.test your-bank-login.example free-robux.example school-mail-login.example"),
    (
        "proxy-avoidance",
        "proxy.example proxy.test vpn.example unblocker.example nordvpn.com expressvpn.com surfshark.com
         protonvpn.com hidemyass.com hide.me windscribe.com tunnelbear.com torproject.org croxyproxy.com kproxy.com
         proxysite.com hidester.com psiphon.ca ultrasurf.us cyberghostvpn.com privateinternetaccess.com mullvad.net
         hola.org translate.goog dns.google cloudflare-dns.com dns.quad9.net doh.opendns.com dns.adguard-dns.com
         dns.nextdns.io mozilla.cloudflare-dns.com",
    ),
    (
        "streaming",
        "video.example video.test music.example youtube.com youtu.be netflix.com disneyplus.com twitch.tv vimeo.com
         dailymotion.com primevideo.com spotify.com soundcloud.com crunchyroll.com kick.com itv.com channel4.com
         nowtv.com paramountplus.com deezer.com",
    ),
    (
        "shopping",
        "shop.example shopping.test amazon.co.uk amazon.com ebay.co.uk ebay.com argos.co.uk asos.com shein.com
         temu.com etsy.com vinted.co.uk aliexpress.com wish.com depop.com boohoo.com next.co.uk very.co.uk
         gumtree.com",
    ),
    (
        "dating",
        "dating.example dating.test tinder.com bumble.com hinge.co match.com grindr.com pof.com okcupid.com
         badoo.com",
    ),
    ("weapons", "weapons.example weapons.test knives.example gunbroker.com bladehq.com"),
    (
        "adverts",
        "adverts.example adverts.test doubleclick.net googlesyndication.com googleadservices.com adnxs.com
         taboola.com outbrain.com criteo.com scorecardresearch.com adsrvr.org rubiconproject.com pubmatic.com
         openx.net advertising.com moatads.com",
    ),
    (
        "artificial-intelligence",
        "assistant.example artificial-intelligence.test chatgpt.com openai.com claude.ai gemini.google.com
         copilot.microsoft.com perplexity.ai character.ai poe.com midjourney.com grok.com deepseek.com mistral.ai
         meta.ai replika.com janitorai.com quillbot.com huggingface.co suno.com",
    ),
    (
        "search",
        "search.example search.test www.google.com www.google.co.uk bing.com duckduckgo.com ecosia.org
         search.brave.com startpage.com qwant.com yahoo.com kiddle.co",
    ),
    (
        "education",
        "learning.example education.test khanacademy.org senecalearning.com quizlet.com kahoot.com kahoot.it
         tes.com sparxmaths.uk mathswatch.co.uk scratch.mit.edu code.org thenational.academy purplemash.com
         ttrockstars.com educake.co.uk britannica.com geogebra.org desmos.com duolingo.com",
    ),
];

/// Every entry: domain and category.
pub fn built_in_list() -> impl Iterator<Item = (&'static str, &'static str)> {
    SITES.iter().flat_map(|(category, sites)| sites.split_whitespace().map(move |site| (site, *category)))
}

/// An index of the built-in list alone.
///
/// # Errors
/// Never for the list as it ships; the builder's limits are far off.
pub fn built_in_index() -> Result<DomainIndex, IndexError> {
    let mut builder = DomainIndexBuilder::new();
    add_built_in(&mut builder)?;
    builder.build()
}

/// Adds the built-in list to an index that other lists go into too.
///
/// # Errors
/// The index holds as many lists as it can.
pub fn add_built_in(builder: &mut DomainIndexBuilder) -> Result<(), IndexError> {
    for (site, category) in built_in_list() {
        let source = builder.source(BUILT_IN_LIST, category)?;
        builder.add(source, site);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_entry_could_stand_in_an_imported_list_and_stands_once() {
        let mut seen = HashSet::new();
        for (site, category) in built_in_list() {
            assert_eq!(crate::names::normalise(site).as_deref(), Ok(site));
            assert_eq!(crate::names::guard(site), Ok(()), "{site}");
            assert!(seen.insert(site), "{site} stands twice");
            assert_eq!(crate::lists::category_for(category), category);
        }
        assert!((150..400).contains(&seen.len()), "{}", seen.len());
    }

    #[test]
    fn its_sites_are_found_with_their_subdomains() {
        let index = built_in_index().unwrap();
        let category = |host: &str| index.lookup(host).listings().next().map(|listing| listing.category.to_string());
        assert_eq!(category("www.casino.example").as_deref(), Some("gambling"));
        assert_eq!(category("proxy.example").as_deref(), Some("proxy-avoidance"));
        assert_eq!(category("www.gov.uk"), None);
        assert_eq!(category("helpline.example"), None);
    }
}
