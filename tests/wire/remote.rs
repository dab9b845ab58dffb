//! Gateways away from their server, as programs of their own: two schools on one server, each with a gateway in the school. Rules,
//! sign-ins and passed pages go out to it, what it saw comes back, and it goes on filtering when it is turned away.

use crate::demonstration::{Demonstration, Page, curl, run};
use crate::metrics::Figures;
use crate::serving::free_address;
use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// On a machine that builds at the same time everything takes long; nothing here is a claim about time.
const PATIENCE: Duration = Duration::from_secs(60);

pub const BELISHA: &str = env!("CARGO_BIN_EXE_belisha");

/// Waits until something is so.
pub fn until(what: &str, mut so: impl FnMut() -> bool) {
    let started = Instant::now();
    while !so() {
        assert!(started.elapsed() < PATIENCE, "it never came about: {what}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// A gateway as a program. Killed when it goes out of scope.
pub struct GatewayProcess {
    pub process: Child,
    pub dns: u16,
    pub proxy: u16,
    ports: [u16; 4],
    metrics: u16,
}

impl Drop for GatewayProcess {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl GatewayProcess {
    /// Starts a gateway and waits until it listens. Its log goes to `log`.
    pub fn start(from: &str, token_file: &Path, data: &Path, log: &Path) -> Self {
        Self::started_by(Command::new(BELISHA), from, token_file, data, log)
    }

    /// The same by another program that becomes the rest of its command line.
    pub fn started_by(command: Command, from: &str, token_file: &Path, data: &Path, log: &Path) -> Self {
        Self::at(std::array::from_fn(|_| free_address().port()), command, from, token_file, data, log)
    }

    /// Starts another one in the place of this one.
    pub fn relieved(&self, from: &str, token_file: &Path, data: &Path, log: &Path) -> Self {
        let mut command = Command::new("sh");
        command.args(["-c", "exec \"$0\" \"$@\" --take-over", BELISHA]);
        Self::at(self.ports, command, from, token_file, data, log)
    }

    fn at(ports: [u16; 4], mut command: Command, from: &str, token_file: &Path, data: &Path, log: &Path) -> Self {
        let [dns, proxy, block_page, metrics] = ports;
        let mut process = command
            .args(["gateway", "--from", from, "--token-file"])
            .arg(token_file)
            .arg("--data")
            .arg(data)
            .args(["--dns", &format!("127.0.0.1:{dns}"), "--proxy", &format!("127.0.0.1:{proxy}")])
            .args(["--block-page", &format!("127.0.0.1:{block_page}")])
            .args(["--metrics", &format!("127.0.0.1:{metrics}")])
            .args(["--proxy-allow-private", "127.0.0.2"])
            .env("NO_PROXY", "127.0.0.1")
            .stdout(Stdio::piped())
            .stderr(std::fs::OpenOptions::new().create(true).append(true).open(log).unwrap())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let line = lines.next().unwrap_or_else(|| panic!("it ended: {}", std::fs::read_to_string(log).unwrap()));
        assert!(line.unwrap().contains("For devices"));
        // The rest is read so that the gateway is never kept from writing it.
        std::thread::spawn(move || lines.count());
        Self { process, dns, proxy, ports, metrics }
    }

    /// What `dig` prints about a name.
    fn dig(&self, name: &str) -> String {
        let port = self.dns.to_string();
        let output = run(Command::new("dig").args(["@127.0.0.1", "-p", &port, "+time=3", "+tries=2", name]));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Its figures.
    pub fn figures(&self) -> Figures {
        Figures::read(&curl(&["--noproxy", "*", &format!("http://127.0.0.1:{}/metrics", self.metrics)]).body)
    }

    /// A page through the proxy, as somebody whose browser is set up with it.
    fn browse(&self, card: &Value, url: &str) -> Page {
        let user = format!("{}:{}", card["username"].as_str().unwrap(), card["proxy_password"].as_str().unwrap());
        curl(&["--proxy", &format!("http://127.0.0.1:{}", self.proxy), "--proxy-user", &user, url])
    }
}

/// A school of the demonstration, and its gateway's token and folder.
struct School<'a> {
    demonstration: &'a Demonstration,
    cards: &'a [Value],
    folder: tempfile::TempDir,
}

impl<'a> School<'a> {
    fn of(demonstration: &'a Demonstration, place: usize) -> Self {
        let cards = demonstration.endpoints["schools"][place]["cards"].as_array().unwrap();
        Self { demonstration, cards, folder: tempfile::tempdir().unwrap() }
    }

    fn card(&self, label: &str) -> &'a Value {
        self.cards.iter().find(|card| card["label"] == label).unwrap_or_else(|| panic!("no card is called {label}"))
    }

    fn browser(&self, label: &str) -> Browser<'a> {
        let browser = Browser { demonstration: self.demonstration, jar: tempfile::NamedTempFile::new().unwrap() };
        let field = |name: &str| (name.to_owned(), self.card(label)[name].as_str().unwrap().to_owned());
        let answer = browser.post("/sign-in", &[field("username"), field("password")]);
        assert_eq!(answer.status, 303, "{label} signs in: {}", answer.body);
        browser
    }

    /// Adds a gateway on the page, as whoever runs the network, and starts it with the token that the page showed.
    fn start_gateway(&self, name: &str) -> GatewayProcess {
        let technician = self.browser("head");
        let page = technician.post("/gateways", &[("name".into(), name.into())]);
        assert_eq!(page.status, 200, "{}", page.body);
        let token = page.body[page.body.find("belisha-gateway.").unwrap()..].split('<').next().unwrap().to_owned();
        assert!(page.says("belisha gateway --from"), "the page shows the command");
        technician.post("/sign-out", &[]);
        let file = self.folder.path().join("gateway.token");
        std::fs::write(&file, token).unwrap();
        let gateway = self.gateway();
        until("the gateway holds rules", || {
            gateway.browse(self.card("teacher"), "http://casino.example/").says("Gambling")
        });
        gateway
    }

    /// Starts the gateway with the token and the folder it has.
    fn gateway(&self) -> GatewayProcess {
        let (token, data) = (self.folder.path().join("gateway.token"), self.folder.path().join("data"));
        GatewayProcess::start(self.demonstration.text("web"), &token, &data, &self.log())
    }

    fn log(&self) -> std::path::PathBuf {
        self.folder.path().join("log")
    }
}

/// Somebody's browser at the server's pages.
struct Browser<'a> {
    demonstration: &'a Demonstration,
    jar: tempfile::NamedTempFile,
}

impl Browser<'_> {
    fn ask(&self, path: &str, more: &[String]) -> Page {
        let (jar, url) = (self.jar.path().to_str().unwrap(), format!("{}{path}", self.demonstration.text("web")));
        let more: Vec<&str> = more.iter().map(String::as_str).collect();
        curl(&[["--noproxy", "*", "--cookie", jar, "--cookie-jar", jar].as_slice(), &more, &[&url]].concat())
    }

    fn get(&self, path: &str) -> Page {
        self.ask(path, &[])
    }

    fn post(&self, path: &str, fields: &[(String, String)]) -> Page {
        let form = fields.iter().flat_map(|(name, value)| ["--data-urlencode".to_owned(), format!("{name}={value}")]);
        let form: Vec<String> = form.chain(["--request".to_owned(), "POST".to_owned()]).collect();
        self.ask(path, &form)
    }

    fn closes(&self, host: &str) {
        let fields =
            [("host", host), ("action", "deny"), ("whom", "everybody"), ("reason", "The school council asked for it.")];
        let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(self.post("/filter/rules", &fields).status, 303);
    }
}

#[test]
fn two_schools_have_their_filter_away_from_one_server() {
    let demonstration = Demonstration::start();
    let (first, second) = (School::of(&demonstration, 0), School::of(&demonstration, 1));
    let (one, two) = (first.start_gateway("Main building"), second.start_gateway("The school house"));

    // A rule is in force at the gateway of the school that made it, and nowhere else.
    let open = |gateway: &GatewayProcess, school: &School<'_>| {
        gateway.browse(school.card("teacher"), "http://encyclopedia.example/").status != 403
    };
    assert!(open(&one, &first) && open(&two, &second));
    let head = first.browser("head");
    head.closes("encyclopedia.example");
    until("the new rule is in force", || !open(&one, &first));
    assert!(open(&two, &second), "the other school did not ask for it");
    until("the page says which rules it holds", || head.get("/gateways").says("Holds the rules of"));
    head.post("/sign-out", &[]);

    // Somebody who signs in at the server is known at the gateway, and what they open there is in their own record.
    assert!(!one.dig("unknown-site.example").contains("SERVFAIL"), "closed to somebody unknown");
    let teacher = first.browser("teacher");
    until("the gateway knows who signed in", || one.dig("poems-for-friday.example").contains("SERVFAIL"));
    until("what the teacher asked for is in their record", || {
        teacher.get("/activity/mine").says("poems-for-friday.example")
    });

    // The page that closed something leads to the server, which knows what it was.
    let closed = one.browse(first.card("teacher"), "http://casino.example/");
    let ask = closed.all_after("/requests/ask?block=").next().expect("a way to ask for it").to_owned();
    until("the server knows which page was closed", || {
        teacher.get(&format!("/requests/ask?block={ask}")).says("casino.example")
    });
    teacher.post("/sign-out", &[]);
    until("the gateway knows that the teacher signed out", || !one.dig("other-site.example").contains("SERVFAIL"));

    // Revoked, it goes on with the rules it has, says so once, and is not told of new ones.
    let head = first.browser("head");
    let revoke = head.get("/gateways").all_after("href=\"").find(|link| link.ends_with("/revoke")).unwrap().to_owned();
    assert_eq!(head.post(&revoke, &[]).status, 303);
    head.closes("newspaper.example");
    until("it says that it was turned away", || {
        std::fs::read_to_string(first.log()).unwrap().contains("turns this gateway away")
    });
    assert_eq!(one.browse(first.card("teacher"), "http://casino.example/").status, 403);
    assert_ne!(one.browse(first.card("teacher"), "http://newspaper.example/").status, 403);
    let log = std::fs::read_to_string(first.log()).unwrap();
    assert_eq!(log.matches("turns this gateway away").count(), 1, "{log}");
    assert!(!log.contains("poems") && !log.contains("casino"), "a log names no site: {log}");

    // Started again while the server has nothing for it, it filters with the rules on its disk.
    drop(one);
    let again = first.gateway();
    let closed = again.browse(first.card("teacher"), "http://casino.example/");
    assert!(closed.status == 403 && closed.says("Gambling"), "{}", closed.body);
    assert!(!open(&again, &first), "the school's own rule is among them");
}

/// A site in the school whose every page says something. Gives its address, which is not that of the server's pages.
fn a_site_that_says(words: &'static str) -> String {
    let socket = std::net::TcpListener::bind("127.0.0.2:0").unwrap();
    let url = format!("http://{}/", socket.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in socket.incoming() {
            let mut stream = stream.unwrap();
            let mut asked = [0; 4096];
            let _ = stream.read(&mut asked);
            let head = format!("HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: {}\r\n\r\n", words.len());
            let _ = stream.write_all(format!("{head}{words}").as_bytes());
        }
    });
    url
}

#[test]
fn a_phrase_list_of_the_school_closes_a_page_at_its_gateway_also_without_the_server() {
    let demonstration = Demonstration::start();
    let school = School::of(&demonstration, 0);
    let gateway = school.start_gateway("Main building");
    let head = school.browser("head");
    let limit = [("limit-staff".into(), "50".into()), ("reason".into(), "Staff asked for it.".into())];
    assert_eq!(head.post("/filter/settings", &limit).status, 303);
    let page = a_site_that_says("<p>Here the marble run of the giants is told from its beginning.</p>");
    let status = |gateway: &GatewayProcess| gateway.browse(school.card("teacher"), &page).status;
    until("the page is open", || status(&gateway) == 200);

    let theme = demonstration.folder.path().join("phrases/weighted/marbles");
    std::fs::create_dir_all(&theme).unwrap();
    std::fs::write(theme.join("weighted"), "< marble run >,< giants ><80>\n").unwrap();
    until("the list closes the page, and nobody started anything again", || status(&gateway) == 403);

    // The server goes away, and the gateway is started without it.
    drop(gateway);
    run(Command::new("kill").args(["-9", &demonstration.process.id().to_string()]));
    let gateway = school.gateway();
    assert_eq!(status(&gateway), 403, "{}", std::fs::read_to_string(school.log()).unwrap());
    assert_eq!(gateway.browse(school.card("teacher"), "http://casino.example/").status, 403);
}
