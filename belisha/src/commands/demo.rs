//! `belisha demo`: two fictional schools with a term of activity, ready to be visited with a browser, `curl` and `dig`.

use super::Failure;
use crate::demo;
use crate::installation::Installation;
use crate::jobs::Mailer;
use crate::network::Listening;
use crate::process::until_stopped;
use crate::running::{self, Plan, Running};
use belisha_gateway::LocalRecord;
use belisha_web::Settings;
use clap::Args;
use serde_json::json;
use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

#[derive(Args)]
pub struct DemoOptions {
    /// Folder to keep the demonstration in; without it, a temporary one that is removed at the end
    #[arg(long)]
    data: Option<PathBuf>,
    /// Take any free ports instead of the usual ones
    #[arg(long)]
    any_port: bool,
}

/// The usual ports: pages, then DNS, proxy and block page of each school.
const WEB_PORT: u16 = 4480;
const SCHOOL_PORTS: [[u16; 3]; 2] = [[4453, 4481, 4482], [4454, 4483, 4484]];

/// Makes the two schools and serves them until stopped.
pub async fn run(options: DemoOptions) -> Result<ExitCode, Failure> {
    let temporary =
        if options.data.is_none() { Some(tempfile::Builder::new().prefix("belisha-demo-").tempdir()?) } else { None };
    let folder =
        options.data.clone().or_else(|| temporary.as_ref().map(|folder| folder.path().to_owned())).unwrap_or_default();
    if folder.join("belisha.db").exists() {
        return Err(Failure(format!(
            "`{}` holds an installation already; give an empty folder to --data",
            folder.display()
        )));
    }
    let installation = Installation::open(&folder, None).await?;
    let schools = demo::make(&installation).await?;
    let origin = demo::origin::start().await?;
    // No mail leaves a demonstration: whoever visits can read each one, and see that it only says that something waits.
    let mailer = Mailer::new(&format!("file:{}", folder.join("mail").display()), "belisha@school.example")?;
    let plan = Plan {
        web: port(WEB_PORT, options.any_port)?,
        public_url: None,
        tls: None,
        listening: SCHOOL_PORTS
            .iter()
            .zip(&schools)
            .map(|(ports, school)| Listening {
                school: Some(school.id.to_string()),
                ..listening(*ports, origin, options.any_port)
            })
            .collect(),
        mailer: Some(Arc::new(mailer)),
        settings: Settings { demonstration: true, ..Settings::default() },
        figures: None,
    };
    let running = running::start(&installation, plan).await?;
    write_endpoints(&installation, &running, &schools)?;
    println!("\nMails are written to {}", folder.join("mail").display());
    introduce(&running, &schools);
    until_stopped().await?;
    println!("Stopping.");
    running.stop().await;
    Ok(ExitCode::SUCCESS)
}

/// A loopback socket on the usual port, or on a free one where that is taken.
fn port(usual: u16, any: bool) -> Result<TcpListener, Failure> {
    let wanted = TcpListener::bind(("127.0.0.1", if any { 0 } else { usual }));
    Ok(wanted.or_else(|_| TcpListener::bind(("127.0.0.1", 0)))?)
}

fn listening(ports: [u16; 3], origin: SocketAddr, any: bool) -> Listening {
    // A port somebody else has is replaced by a free one; the answer is in endpoints.json.
    let free = |usual: u16| port(usual, any).ok().and_then(|socket| socket.local_addr().ok());
    let [dns, proxy, block_page] = ports.map(free);
    let record = LocalRecord { address: IpAddr::from([127, 0, 0, 1]), port: Some(origin.port()) };
    Listening {
        dns,
        proxy,
        block_page,
        upstreams: Vec::new(),
        local_records: HashMap::from([("*.example".to_owned(), record)]),
        ..Listening::default()
    }
}

fn write_endpoints(installation: &Installation, running: &Running, schools: &[demo::Entered]) -> Result<(), Failure> {
    let of = |school: &demo::Entered| {
        running
            .networks
            .addresses(school.id)
            .unwrap_or_default()
            .map(|address| address.map(|address| address.to_string()))
    };
    let each: Vec<_> = schools
        .iter()
        .map(|school| {
            let [dns, proxy, block_page] = of(school);
            let name = school.cards.first().map(|card| card.school.clone());
            json!({ "id": school.id, "name": name, "dns": dns, "proxy": proxy, "block_page": block_page, "cards": school.cards })
        })
        .collect();
    let [dns, proxy, block_page] = schools.first().map(of).unwrap_or_default();
    let cards: Vec<_> = schools.iter().flat_map(|school| &school.cards).collect();
    let document = json!({ "web": running.base_url, "dns": dns, "proxy": proxy, "block_page": block_page, "cards": cards, "schools": each });
    // It holds passwords, if only of fictional people.
    Ok(installation.data.write_private("endpoints.json", format!("{document:#}\n"))?)
}

/// What the person at the terminal is told.
fn introduce(running: &Running, schools: &[demo::Entered]) {
    println!("\nTwo fictional schools are open at {}\n", running.base_url);
    for school in schools {
        let Some(first) = school.cards.first() else { continue };
        println!("{}", first.school);
        println!("  {:<20} {:<22} {:<30} {:<22} proxy password", "who", "name", "sign-in name", "password");
        for card in &school.cards {
            println!(
                "  {:<20} {:<22} {:<30} {:<22} {}",
                card.label, card.name, card.username, card.password, card.proxy_password
            );
        }
        if let Some([Some(dns), Some(proxy), _]) = running.networks.addresses(school.id) {
            println!("  proxy {proxy}   DNS {dns}   settings for a browser: {}\n", pac(running, school));
        }
    }
    if let Some((school, teacher)) =
        schools.first().and_then(|school| Some((school, school.cards.iter().find(|card| card.label == "teacher")?)))
        && let Some([Some(dns), Some(proxy), _]) = running.networks.addresses(school.id)
    {
        let user = format!("{}:{}", teacher.username, teacher.proxy_password);
        println!("Try the filter as {}:", teacher.name);
        println!("  curl -x http://{proxy} --proxy-user {user} http://encyclopedia.example/");
        println!("  curl -x http://{proxy} --proxy-user {user} http://casino.example/");
        println!("  dig @{} -p {} casino.example\n", dns.ip(), dns.port());
    }
    println!(
        "The pupil on the first card has not signed yet: sign as the pupil, then as the parent, and the network opens."
    );
    println!("Press Ctrl-C to stop.");
}

fn pac(running: &Running, school: &demo::Entered) -> String {
    let block_page = running.networks.addresses(school.id).and_then(|[_, _, block_page]| block_page);
    block_page.map(|address| format!("http://{address}/proxy.pac")).unwrap_or_default()
}
