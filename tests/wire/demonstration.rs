//! A running demonstration, and the programs that are pointed at it: `belisha`, `dig`, `curl` and a browser's worth of cookies.

use serde_json::Value;
use std::net::SocketAddr;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

const BELISHA: &str = env!("CARGO_BIN_EXE_belisha");
/// Entering two schools and a term takes some seconds; on a machine that builds at the same time, many.
const PATIENCE: Duration = Duration::from_secs(180);

/// A running demonstration. Killed when it goes out of scope.
pub struct Demonstration {
    pub process: Child,
    pub folder: tempfile::TempDir,
    pub endpoints: Value,
}

impl Drop for Demonstration {
    fn drop(&mut self) {
        self.kill();
    }
}

impl Demonstration {
    pub fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut process = Command::new(BELISHA)
            .args(["demo", "--any-port", "--data"])
            .arg(folder.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let (started, written) = (Instant::now(), folder.path().join("endpoints.json"));
        let endpoints = loop {
            if let Ok(text) = std::fs::read_to_string(&written) {
                break serde_json::from_str(&text).unwrap();
            }
            assert!(process.try_wait().unwrap().is_none(), "the demonstration ended before it began");
            assert!(started.elapsed() < PATIENCE, "the demonstration does not start");
            std::thread::sleep(Duration::from_millis(50));
        };
        Self { process, folder, endpoints }
    }

    /// SIGKILL: nothing is written, nobody is told.
    pub fn kill(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }

    pub fn text(&self, key: &str) -> &str {
        self.endpoints[key].as_str().unwrap()
    }

    /// A field of the first card with a label: the secondary school's.
    pub fn card(&self, label: &str, field: &str) -> &str {
        let cards = self.endpoints["cards"].as_array().unwrap();
        cards.iter().find(|card| card["label"] == label).unwrap()[field].as_str().unwrap()
    }

    pub fn dns(&self) -> SocketAddr {
        self.text("dns").parse().unwrap()
    }

    /// What `dig` prints about a name.
    pub fn dig(&self, name: &str) -> String {
        let dns = self.dns();
        let output = run(Command::new("dig").args([
            &format!("@{}", dns.ip()),
            "-p",
            &dns.port().to_string(),
            "+time=3",
            "+tries=2",
            name,
        ]));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// A page through the proxy as somebody whose browser is set up with it.
    pub fn browse(&self, label: &str, url: &str) -> Page {
        let user = format!("{}:{}", self.card(label, "username"), self.card(label, "proxy_password"));
        curl(&["--proxy", &format!("http://{}", self.text("proxy")), "--proxy-user", &user, url])
    }

    pub fn command(&self, arguments: &[&str]) -> (i32, String) {
        belisha(&[arguments, &["--data", self.folder.path().to_str().unwrap()]].concat())
    }
}

pub fn belisha(arguments: &[&str]) -> (i32, String) {
    let output = run(Command::new(BELISHA).args(arguments));
    let said = [output.stdout, output.stderr].concat();
    (output.status.code().unwrap(), String::from_utf8_lossy(&said).into_owned())
}

pub fn run(command: &mut Command) -> Output {
    let program = command.get_program().to_string_lossy().into_owned();
    command
        .output()
        .unwrap_or_else(|error| panic!("`{program}` does not run: {error}; scripts/install-test-packages installs it"))
}

/// What `curl` got.
#[derive(Debug)]
pub struct Page {
    pub status: u16,
    pub leads_to: String,
    pub body: String,
}

impl Page {
    pub fn says(&self, words: &str) -> bool {
        self.body.contains(words)
    }

    /// What follows `before`, up to the next quotation mark, each time.
    pub fn all_after<'a>(&'a self, before: &'a str) -> impl Iterator<Item = &'a str> {
        self.body.split(before).skip(1).filter_map(|rest| rest.split('"').next())
    }
}

pub fn curl(arguments: &[&str]) -> Page {
    let output = run(Command::new("curl")
        .args([
            "--silent",
            "--show-error",
            "--max-time",
            "60",
            "--write-out",
            "\n%{http_code} %{http_connect} %{redirect_url}",
        ])
        .args(arguments));
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let (body, written) = text
        .rsplit_once('\n')
        .unwrap_or_else(|| panic!("curl says nothing but {}", String::from_utf8_lossy(&output.stderr)));
    let mut written = written.splitn(3, ' ');
    let mut code = || written.next().unwrap().parse::<u16>().unwrap();
    let (page, tunnel) = (code(), code());
    Page {
        status: if page == 0 { tunnel } else { page },
        leads_to: written.next().unwrap_or_default().to_owned(),
        body: body.to_owned(),
    }
}

/// Somebody's browser at the school's own pages: `curl` with its cookie jar.
pub struct Visitor<'a> {
    demonstration: &'a Demonstration,
    jar: tempfile::NamedTempFile,
}

impl<'a> Visitor<'a> {
    pub fn signed_in(demonstration: &'a Demonstration, label: &str) -> Self {
        let visitor = Self { demonstration, jar: tempfile::NamedTempFile::new().unwrap() };
        let field = |name| format!("{name}={}", demonstration.card(label, name));
        let answer = visitor.post("/sign-in", &[field("username"), field("password")]);
        assert_eq!(answer.status, 303, "{label} signs in: {}", answer.body);
        visitor
    }

    pub fn ask(&self, path: &str, more: &[String]) -> Page {
        let (jar, url) = (self.jar.path().to_str().unwrap(), format!("{}{path}", self.demonstration.text("web")));
        let more: Vec<&str> = more.iter().map(String::as_str).collect();
        curl(&[["--noproxy", "*", "--cookie", jar, "--cookie-jar", jar].as_slice(), &more, &[&url]].concat())
    }

    pub fn get(&self, path: &str) -> Page {
        self.ask(path, &[])
    }

    pub fn post(&self, path: &str, fields: &[String]) -> Page {
        let form: Vec<String> =
            fields.iter().flat_map(|field| ["--data-urlencode".to_owned(), field.clone()]).collect();
        self.ask(path, &form)
    }

    /// Follows the first link to an agreement, ticks every line and signs.
    pub fn signs_every_line(&self) {
        let portal = self.get("/portal");
        let form = portal
            .all_after("href=\"")
            .find(|link| link.starts_with("/portal/sign/"))
            .expect("something to sign")
            .to_owned();
        let page = self.get(&form);
        let version = page.all_after("name=\"version\" value=\"").map(|value| format!("version={value}"));
        let fields: Vec<String> =
            version.chain(page.all_after("name=\"line\" value=\"").map(|value| format!("line={value}"))).collect();
        assert!(fields.len() > 2, "{form} has lines to tick: {}", page.body);
        let signed = self.post(&form, &fields);
        assert_eq!(signed.status, 303, "{}", signed.body);
    }
}
