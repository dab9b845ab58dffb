//! The page from which a device gets the school's certificate, where the school reads encrypted pages: what it is for, what is
//! seen and what is not, how it is installed on each kind of device, and the files themselves. Served over plain HTTP, so the
//! page asks its reader to compare the fingerprint with one that came another way.

use super::page::{Escaped, Page, frame, notice_page, put};
use crate::gateway::Shared;
use crate::proxy::{Response, file, page};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::tz::TimeZone;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use sha2::{Digest, Sha256};
use std::fmt::Write as _;

/// Where everything here is.
const PAGE: &str = "/certificate";
const PEM: &str = "/certificate.pem";
const DER: &str = "/certificate.crt";
const PROFILE: &str = "/certificate.mobileconfig";

/// How it is installed on one kind of device.
struct Platform {
    name: &'static str,
    steps: &'static [&'static str],
}

/// Devices that the school manages: nobody does anything on the device itself.
const MANAGED: &[Platform] = &[
    Platform {
        name: "Windows, by Group Policy",
        steps: &[
            "Download the certificate (.crt).",
            "In Group Policy Management, edit a policy for the computers: Computer Configuration, Policies, Windows Settings, Security Settings, Public Key Policies, Trusted Root Certification Authorities.",
            "Choose Import, take the file, and finish.",
            "On a computer, run gpupdate /force or start it again.",
        ],
    },
    Platform {
        name: "Windows, iPad, Mac and Android, by Microsoft Intune",
        steps: &[
            "Download the certificate (.crt).",
            "In the Intune admin centre choose Devices, Configuration, Create, and for each platform the template “Trusted certificate”.",
            "Upload the file. For Windows choose the destination “Computer certificate store: Root”.",
            "Assign it to the groups of devices, not to everybody’s own.",
        ],
    },
    Platform {
        name: "Chromebooks, by the Google Admin console",
        steps: &[
            "Download the certificate (.pem).",
            "In the Admin console choose Devices, Networks, and the organisational unit.",
            "Choose Certificates, Add certificate, upload the file, and tick Chromebook under Certificate Authority.",
        ],
    },
    Platform {
        name: "iPad and Mac, by Apple School Manager and your device management",
        steps: &[
            "Download the profile (.mobileconfig).",
            "Add it as a custom profile and send it to the devices. A root that comes by device management is trusted at once.",
        ],
    },
];

/// One device, by hand.
const BY_HAND: &[Platform] = &[
    Platform {
        name: "Windows",
        steps: &[
            "Download the certificate (.crt) and open it.",
            "Choose Install Certificate, then Local Machine.",
            "Choose “Place all certificates in the following store”, Browse, “Trusted Root Certification Authorities”, and finish.",
        ],
    },
    Platform {
        name: "Mac",
        steps: &[
            "Download the certificate (.crt) and open it: Keychain Access adds it to the System keychain.",
            "Open it there, unfold Trust, and set “When using this certificate” to Always Trust.",
        ],
    },
    Platform {
        name: "iPad and iPhone",
        steps: &[
            "Open this page in Safari and download the profile (.mobileconfig). Allow it.",
            "Open Settings, General, VPN & Device Management, choose the profile and install it.",
            "Open Settings, General, About, Certificate Trust Settings, and switch it on.",
        ],
    },
    Platform {
        name: "Android",
        steps: &[
            "Download the certificate (.crt).",
            "Open Settings and search for “CA certificate”. It is under Security, More security settings, Encryption & credentials, Install a certificate.",
            "Choose Install anyway, and take the file. Browsers then trust it; most apps do not and are passed by.",
        ],
    },
    Platform {
        name: "Chromebook that is not managed",
        steps: &[
            "Download the certificate (.pem).",
            "In Chrome open chrome://certificate-manager, choose “Installed by you”, Trusted Certificates, Import, and take the file.",
        ],
    },
    Platform {
        name: "Linux",
        steps: &[
            "Debian and Ubuntu: put the certificate (.pem) into /usr/local/share/ca-certificates with the ending .crt and run sudo update-ca-certificates. Fedora: put it into /etc/pki/ca-trust/source/anchors and run sudo update-ca-trust.",
            "Chromium and Chrome on Linux ask their own store: in Settings, Privacy and security, Security, Manage certificates, import it as an authority.",
        ],
    },
    Platform {
        name: "Firefox, on any device",
        steps: &[
            "Firefox for Windows, Mac and Android trusts what the device trusts: in Settings search for “certificates” and see that “Allow Firefox to automatically trust third-party root certificates” is on.",
            "Elsewhere choose View Certificates, Authorities, Import, take the file (.pem), and tick “Trust this CA to identify websites”.",
        ],
    },
];

/// The page or a file, if the path is one of these.
pub(crate) fn certificate_answer(shared: &Shared, path: &str) -> Option<Response> {
    if ![PAGE, PEM, DER, PROFILE].contains(&path) {
        return None;
    }
    let Some(inspection) = &shared.inspection else {
        let text = "This school does not read encrypted pages, so there is nothing to install.";
        return Some(page(notice_page(404, "No certificate is needed", text, None)));
    };
    let der = CertificateDer::from_pem_slice(inspection.certificate_pem.as_bytes()).ok()?;
    let rules = shared.rules();
    let school = rules.as_ref().map_or("", |rules| rules.school_name.as_str());
    Some(match path {
        PEM => file("application/x-pem-file", "school-certificate.pem", armoured(&der).into_bytes()),
        DER => file("application/x-x509-ca-cert", "school-certificate.crt", der.to_vec()),
        PROFILE => file("application/x-apple-aspen-config", "school.mobileconfig", profile(&der, school).into_bytes()),
        _ => {
            let ends = inspection.authority_ends().to_zoned(TimeZone::UTC).strftime("%-d %B %Y").to_string();
            page(certificate_page(&der, school, &ends))
        }
    })
}

fn certificate_page(der: &[u8], school: &str, ends: &str) -> Page {
    let mut body = String::with_capacity(8192);
    let whose = if school.is_empty() { "your school" } else { school };
    put(
        &mut body,
        format_args!(
            "<p>For staff and technicians at {}. Nobody else needs to do anything: on devices of the school it is there already.</p>\
             <h2>Why it is asked</h2>\
             <p>Most pages come encrypted. On devices that have this certificate, the school’s filter can close a single page instead of a \
             whole site, notice a search that worries, and say why a page is closed. Without it, pages that are read show a warning of the browser.</p>\
             <h2>Who sees what</h2><ul>\
             <li>The filter reads addresses, searches and words of pages that are opened over the school’s network, and keeps what the \
             school’s policy says for as long as it says: who, when, which address, which search. It passes passwords and messages on and keeps neither.</li>\
             <li>It never opens helplines, nor the sites that the school leaves out: health and banking, unless the school decided \
             otherwise. Those go through untouched.</li>\
             <li>It reads nothing at home or on mobile data. A device that has the certificate and leaves the school should lose it.</li></ul>\
             <h2>Before you install it</h2>\
             <p>Whoever has the key to this certificate can read what a device does. Compare the fingerprint with the one your technician \
             gave you on paper or told you; if it differs, stop and tell them.</p>\
             <dl><dt>Fingerprint (SHA-256)</dt><dd><code>{}</code></dd><dt>Lasts until</dt><dd>{}</dd></dl>\
             <p><a class=\"button\" href=\"{DER}\">Certificate (.crt)</a><a class=\"button plain\" href=\"{PEM}\">Certificate (.pem)</a>\
             <a class=\"button plain\" href=\"{PROFILE}\">Apple profile (.mobileconfig)</a></p>",
            Escaped(whose),
            fingerprint(der),
            Escaped(ends)
        ),
    );
    body.push_str("<h2>Devices the school manages</h2>");
    MANAGED.iter().for_each(|platform| steps(&mut body, platform));
    body.push_str("<h2>One device, by hand</h2>");
    BY_HAND.iter().for_each(|platform| steps(&mut body, platform));
    body.push_str(
        "<h2>To see that it works</h2><p>Open any page that is not left out, look at its certificate in the browser, and find the school’s \
         name as its issuer. To take the certificate away again, remove it where it was put in.</p>",
    );
    Page { status: 200, html: frame("The school’s certificate", &body, school) }
}

fn steps(body: &mut String, platform: &Platform) {
    put(body, format_args!("<details><summary>{}</summary><ol>", Escaped(platform.name)));
    for step in platform.steps {
        put(body, format_args!("<li>{}</li>", Escaped(step)));
    }
    body.push_str("</ol></details>");
}

/// The certificate in PEM (RFC 7468), written anew: what else the file it came from may hold goes to nobody.
fn armoured(der: &[u8]) -> String {
    let mut text = String::from("-----BEGIN CERTIFICATE-----\n");
    for (place, letter) in STANDARD.encode(der).chars().enumerate() {
        if place > 0 && place % 64 == 0 {
            text.push('\n');
        }
        text.push(letter);
    }
    text.push_str("\n-----END CERTIFICATE-----\n");
    text
}

/// SHA-256 as certificate viewers show it.
fn fingerprint(der: &[u8]) -> String {
    let pairs: Vec<String> = Sha256::digest(der).iter().map(|byte| format!("{byte:02X}")).collect();
    pairs.join(" ")
}

/// A configuration profile with the root. Its identifiers come from the certificate, so that it replaces itself.
fn profile(der: &[u8], school: &str) -> String {
    let digest = Sha256::digest(der);
    let identifier = |from: usize| {
        let mut text = String::with_capacity(36);
        for (place, byte) in digest.iter().skip(from).take(16).enumerate() {
            if [4, 6, 8, 10].contains(&place) {
                text.push('-');
            }
            let _ = write!(text, "{byte:02X}");
        }
        text
    };
    let (whole, root) = (identifier(0), identifier(16));
    let name = Escaped(if school.is_empty() { "School" } else { school });
    let content = STANDARD.encode(der);
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" \"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n\
         <plist version=\"1.0\"><dict>\
         <key>PayloadType</key><string>Configuration</string><key>PayloadVersion</key><integer>1</integer>\
         <key>PayloadIdentifier</key><string>belisha.certificate.{whole}</string><key>PayloadUUID</key><string>{whole}</string>\
         <key>PayloadDisplayName</key><string>{name}: web filter certificate</string>\
         <key>PayloadContent</key><array><dict>\
         <key>PayloadType</key><string>com.apple.security.root</string><key>PayloadVersion</key><integer>1</integer>\
         <key>PayloadIdentifier</key><string>belisha.certificate.root.{root}</string><key>PayloadUUID</key><string>{root}</string>\
         <key>PayloadDisplayName</key><string>{name}: web filter</string>\
         <key>PayloadContent</key><data>{content}</data></dict></array></dict></plist>\n"
    )
}
