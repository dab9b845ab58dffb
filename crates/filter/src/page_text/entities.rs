//! Characters written by name (`&eacute;`) or number (`&#233;`), as HTML has them (WHATWG HTML, 13.2.5.72 and 13.5). Only names of
//! letters, digits and of what is not seen are in the table: every other name is a sign, and a sign is a space to a phrase.

use std::collections::HashMap;
use std::sync::LazyLock;

/// The longest name that is kept; longer ones name nothing here.
pub(super) const LONGEST: usize = 24;

/// Names and their letters, in turn.
const LETTERS: &str = "AElig Æ Aacute Á Abreve Ă Acirc Â Acy А Afr 𝔄 Agrave À Alpha Α Amacr Ā Aogon Ą Aopf 𝔸 Aring Å Ascr 𝒜 Atilde Ã \
     Auml Ä Bcy Б Bernoullis ℬ Beta Β Bfr 𝔅 Bopf 𝔹 Bscr ℬ CHcy Ч Cacute Ć CapitalDifferentialD ⅅ Cayleys ℭ Ccaron Č \
     Ccedil Ç Ccirc Ĉ Cdot Ċ Cfr ℭ Chi Χ Copf ℂ Cscr 𝒞 DD ⅅ DJcy Ђ DScy Ѕ DZcy Џ Dcaron Ď Dcy Д Delta Δ Dfr 𝔇 \
     DifferentialD ⅆ Dopf 𝔻 Dscr 𝒟 Dstrok Đ ENG Ŋ ETH Ð Eacute É Ecaron Ě Ecirc Ê Ecy Э Edot Ė Efr 𝔈 Egrave È \
     Emacr Ē Eogon Ę Eopf 𝔼 Epsilon Ε Escr ℰ Eta Η Euml Ë ExponentialE ⅇ Fcy Ф Ffr 𝔉 Fopf 𝔽 Fouriertrf ℱ Fscr ℱ \
     GJcy Ѓ Gamma Γ Gammad Ϝ Gbreve Ğ Gcedil Ģ Gcirc Ĝ Gcy Г Gdot Ġ Gfr 𝔊 Gopf 𝔾 Gscr 𝒢 HARDcy Ъ Hacek ˇ Hcirc Ĥ \
     Hfr ℌ HilbertSpace ℋ Hopf ℍ Hscr ℋ Hstrok Ħ IEcy Е IJlig Ĳ IOcy Ё Iacute Í Icirc Î Icy И Idot İ Ifr ℑ Igrave Ì \
     Im ℑ Imacr Ī ImaginaryI ⅈ Iogon Į Iopf 𝕀 Iota Ι Iscr ℐ Itilde Ĩ Iukcy І Iuml Ï Jcirc Ĵ Jcy Й Jfr 𝔍 Jopf 𝕁 \
     Jscr 𝒥 Jsercy Ј Jukcy Є KHcy Х KJcy Ќ Kappa Κ Kcedil Ķ Kcy К Kfr 𝔎 Kopf 𝕂 Kscr 𝒦 LJcy Љ Lacute Ĺ Lambda Λ \
     Laplacetrf ℒ Lcaron Ľ Lcedil Ļ Lcy Л Lfr 𝔏 Lmidot Ŀ Lopf 𝕃 Lscr ℒ Lstrok Ł Mcy М Mellintrf ℳ Mfr 𝔐 Mopf 𝕄 \
     Mscr ℳ Mu Μ NJcy Њ Nacute Ń Ncaron Ň Ncedil Ņ Ncy Н Nfr 𝔑 Nopf ℕ Nscr 𝒩 Ntilde Ñ Nu Ν OElig Œ Oacute Ó Ocirc Ô \
     Ocy О Odblac Ő Ofr 𝔒 Ograve Ò Omacr Ō Omega Ω Omicron Ο Oopf 𝕆 Oscr 𝒪 Oslash Ø Otilde Õ Ouml Ö Pcy П Pfr 𝔓 \
     Phi Φ Pi Π Poincareplane ℌ Popf ℙ Pscr 𝒫 Psi Ψ Qfr 𝔔 Qopf ℚ Qscr 𝒬 Racute Ŕ Rcaron Ř Rcedil Ŗ Rcy Р Re ℜ Rfr ℜ \
     Rho Ρ Ropf ℝ Rscr ℛ SHCHcy Щ SHcy Ш SOFTcy Ь Sacute Ś Scaron Š Scedil Ş Scirc Ŝ Scy С Sfr 𝔖 Sigma Σ Sopf 𝕊 \
     Sscr 𝒮 THORN Þ TSHcy Ћ TScy Ц Tau Τ Tcaron Ť Tcedil Ţ Tcy Т Tfr 𝔗 Theta Θ Topf 𝕋 Tscr 𝒯 Tstrok Ŧ Uacute Ú \
     Ubrcy Ў Ubreve Ŭ Ucirc Û Ucy У Udblac Ű Ufr 𝔘 Ugrave Ù Umacr Ū Uogon Ų Uopf 𝕌 Upsi ϒ Upsilon Υ Uring Ů Uscr 𝒰 \
     Utilde Ũ Uuml Ü Vcy В Vfr 𝔙 Vopf 𝕍 Vscr 𝒱 Wcirc Ŵ Wfr 𝔚 Wopf 𝕎 Wscr 𝒲 Xfr 𝔛 Xi Ξ Xopf 𝕏 Xscr 𝒳 YAcy Я YIcy Ї \
     YUcy Ю Yacute Ý Ycirc Ŷ Ycy Ы Yfr 𝔜 Yopf 𝕐 Yscr 𝒴 Yuml Ÿ ZHcy Ж Zacute Ź Zcaron Ž Zcy З Zdot Ż Zeta Ζ Zfr ℨ \
     Zopf ℤ Zscr 𝒵 aacute á abreve ă acirc â acy а aelig æ afr 𝔞 agrave à alefsym ℵ aleph ℵ alpha α amacr ā angst Å \
     aogon ą aopf 𝕒 aring å ascr 𝒶 atilde ã auml ä bcy б bernou ℬ beta β beth ℶ bfr 𝔟 bopf 𝕓 bscr 𝒷 cacute ć caron ˇ \
     ccaron č ccedil ç ccirc ĉ cdot ċ cfr 𝔠 chcy ч chi χ circ ˆ complexes ℂ copf 𝕔 cscr 𝒸 daleth ℸ dcaron ď dcy д \
     dd ⅆ delta δ dfr 𝔡 digamma ϝ djcy ђ dopf 𝕕 dscr 𝒹 dscy ѕ dstrok đ dzcy џ eacute é ecaron ě ecirc ê ecy э edot ė \
     ee ⅇ efr 𝔢 egrave è ell ℓ emacr ē eng ŋ eogon ę eopf 𝕖 epsi ε epsilon ε epsiv ϵ escr ℯ eta η eth ð euml ë \
     expectation ℰ exponentiale ⅇ fcy ф ffilig ﬃ fflig ﬀ ffllig ﬄ ffr 𝔣 filig ﬁ fllig ﬂ fnof ƒ fopf 𝕗 frac12 ½ \
     frac13 ⅓ frac14 ¼ frac15 ⅕ frac16 ⅙ frac18 ⅛ frac23 ⅔ frac25 ⅖ frac34 ¾ frac35 ⅗ frac38 ⅜ frac45 ⅘ frac56 ⅚ \
     frac58 ⅝ frac78 ⅞ fscr 𝒻 gacute ǵ gamma γ gammad ϝ gbreve ğ gcirc ĝ gcy г gdot ġ gfr 𝔤 gimel ℷ gjcy ѓ gopf 𝕘 \
     gscr ℊ half ½ hamilt ℋ hardcy ъ hbar ℏ hcirc ĥ hfr 𝔥 hopf 𝕙 hscr 𝒽 hslash ℏ hstrok ħ iacute í icirc î icy и \
     iecy е ifr 𝔦 igrave ì ii ⅈ ijlig ĳ imacr ī image ℑ imagline ℐ imagpart ℑ imath ı imped Ƶ inodot ı integers ℤ \
     iocy ё iogon į iopf 𝕚 iota ι iscr 𝒾 itilde ĩ iukcy і iuml ï jcirc ĵ jcy й jfr 𝔧 jmath ȷ jopf 𝕛 jscr 𝒿 jsercy ј \
     jukcy є kappa κ kappav ϰ kcedil ķ kcy к kfr 𝔨 kgreen ĸ khcy х kjcy ќ kopf 𝕜 kscr 𝓀 lacute ĺ lagran ℒ lambda λ \
     lcaron ľ lcedil ļ lcy л lfr 𝔩 ljcy љ lmidot ŀ lopf 𝕝 lscr 𝓁 lstrok ł mcy м mfr 𝔪 micro µ mopf 𝕞 mscr 𝓂 mu μ \
     nacute ń napos ŉ naturals ℕ ncaron ň ncedil ņ ncy н nfr 𝔫 njcy њ nopf 𝕟 nscr 𝓃 ntilde ñ nu ν oacute ó ocirc ô \
     ocy о odblac ő oelig œ ofr 𝔬 ograve ò ohm Ω omacr ō omega ω omicron ο oopf 𝕠 order ℴ orderof ℴ ordf ª ordm º \
     oscr ℴ oslash ø otilde õ ouml ö pcy п pfr 𝔭 phi φ phiv ϕ phmmat ℳ pi π piv ϖ planck ℏ planckh ℎ plankv ℏ popf 𝕡 \
     primes ℙ pscr 𝓅 psi ψ qfr 𝔮 qopf 𝕢 qscr 𝓆 quaternions ℍ racute ŕ rationals ℚ rcaron ř rcedil ŗ rcy р real ℜ \
     realine ℛ realpart ℜ reals ℝ rfr 𝔯 rho ρ rhov ϱ ropf 𝕣 rscr 𝓇 sacute ś scaron š scedil ş scirc ŝ scy с sfr 𝔰 \
     shchcy щ shcy ш sigma σ sigmaf ς sigmav ς softcy ь sopf 𝕤 sscr 𝓈 straightepsilon ϵ straightphi ϕ sup1 ¹ sup2 ² \
     sup3 ³ szlig ß tau τ tcaron ť tcedil ţ tcy т tfr 𝔱 theta θ thetasym ϑ thetav ϑ thorn þ topf 𝕥 tscr 𝓉 tscy ц \
     tshcy ћ tstrok ŧ uacute ú ubrcy ў ubreve ŭ ucirc û ucy у udblac ű ufr 𝔲 ugrave ù umacr ū uogon ų uopf 𝕦 upsi υ \
     upsih ϒ upsilon υ uring ů uscr 𝓊 utilde ũ uuml ü varepsilon ϵ varkappa ϰ varphi ϕ varpi ϖ varrho ϱ varsigma ς \
     vartheta ϑ vcy в vfr 𝔳 vopf 𝕧 vscr 𝓋 wcirc ŵ wfr 𝔴 wopf 𝕨 wscr 𝓌 xfr 𝔵 xi ξ xopf 𝕩 xscr 𝓍 yacute ý yacy я \
     ycirc ŷ ycy ы yfr 𝔶 yicy ї yopf 𝕪 yscr 𝓎 yucy ю yuml ÿ zacute ź zcaron ž zcy з zdot ż zeetrf ℨ zeta ζ zfr 𝔷 \
     zhcy ж zopf 𝕫 zscr 𝓏";

/// Names of what is not seen: soft hyphens, joiners, breaks of no width.
const UNSEEN: &[&str] = &[
    "ApplyFunction",
    "DownBreve",
    "InvisibleComma",
    "InvisibleTimes",
    "NegativeMediumSpace",
    "NegativeThickSpace",
    "NegativeThinSpace",
    "NegativeVeryThinSpace",
    "NoBreak",
    "ZeroWidthSpace",
    "af",
    "ic",
    "it",
    "lrm",
    "rlm",
    "shy",
    "zwj",
    "zwnj",
];

static TABLE: LazyLock<HashMap<&str, char>> = LazyLock::new(|| {
    let mut words = LETTERS.split_whitespace();
    let mut table = HashMap::new();
    while let (Some(name), Some(letter)) = (words.next(), words.next()) {
        table.extend(letter.chars().next().map(|letter| (name, letter)));
    }
    table.extend(UNSEEN.iter().map(|name| (*name, '\u{ad}')));
    table
});

/// The character of what stands between `&` and `;`. What means nothing is a space. Names of Latin-1 letters may lack their
/// `;`, as browsers allow.
pub(super) fn character(name: &[u8], closed: bool) -> char {
    let text = std::str::from_utf8(name).unwrap_or_default();
    let Some(number) = text.strip_prefix('#') else {
        let letter = TABLE.get(text).copied().unwrap_or(' ');
        return if closed || u32::from(letter) <= 0xff { letter } else { ' ' };
    };
    let code = match number.strip_prefix(['x', 'X']) {
        Some(digits) => u32::from_str_radix(digits, 16),
        None => number.parse(),
    };
    match code {
        // The numbers of windows-1252 are taken for its signs, as browsers do.
        Ok(code @ 0x80..=0x9f) => u8::try_from(code).map_or(' ', crate::phrases::fold::western),
        Ok(code) => char::from_u32(code).unwrap_or(' '),
        Err(_) => ' ',
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers_are_the_characters_they_stand_for() {
        for (name, closed, expected) in [
            ("eacute", true, 'é'),
            ("eacute", false, 'é'),
            ("Omega", true, 'Ω'),
            ("Omega", false, ' '),
            ("shy", true, '\u{ad}'),
            ("ZeroWidthSpace", true, '\u{ad}'),
            ("nbsp", true, ' '),
            ("amp", true, ' '),
            ("nonsense", true, ' '),
            ("#120", true, 'x'),
            ("#x78", true, 'x'),
            ("#X78", false, 'x'),
            ("#x9c", true, 'œ'),
            ("#xd800", true, ' '),
            ("#99999999999", true, ' '),
            ("#", true, ' '),
        ] {
            assert_eq!(character(name.as_bytes(), closed), expected, "{name}");
        }
        assert!(TABLE.len() > 600);
    }
}
