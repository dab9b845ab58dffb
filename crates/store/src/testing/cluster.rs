//! A PostgreSQL server for one test process: started when first asked for, and stopped and removed by a small watching
//! process as soon as the test process is gone, however it went.

use sea_orm::{ConnectionTrait, Database, DatabaseConnection};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// The role tests connect as: it owns its databases and no more, so that row level security binds it.
const ROLE: &str = "belisha_plain";

/// A server that tests may make databases on.
pub(super) struct Cluster {
    /// Before and after the name of the database, for the role that may make databases.
    admin: (String, String),
    /// The same for the plain role.
    plain: (String, String),
    /// Database the first connects to.
    first: String,
}

/// The server of this process, if there can be one.
pub(super) fn shared() -> Option<&'static Cluster> {
    static SHARED: OnceLock<Option<Cluster>> = OnceLock::new();
    SHARED
        .get_or_init(|| match std::env::var("BELISHA_TEST_POSTGRES") {
            Ok(url) => Some(Cluster::at(&url)),
            Err(_) => programs().map(|programs| start(&programs)),
        })
        .as_ref()
}

impl Cluster {
    /// A server that runs already: `postgres://role:password@host:port/database?options`.
    fn at(url: &str) -> Self {
        let (scheme, rest) = url.split_once("://").expect("BELISHA_TEST_POSTGRES is an address");
        let (place, options) = rest.split_once('?').unwrap_or((rest, ""));
        let (server, first) = place.rsplit_once('/').unwrap_or((place, "postgres"));
        let host = server.rsplit_once('@').map_or(server, |(_, host)| host);
        let options = if options.is_empty() { String::new() } else { format!("?{options}") };
        Self {
            admin: (format!("{scheme}://{server}/"), options.clone()),
            plain: (format!("{scheme}://{ROLE}:{ROLE}@{host}/"), options),
            first: first.to_owned(),
        }
    }

    /// Makes an empty database and answers its name and address.
    pub(super) async fn new_database(&self) -> (String, String) {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let name = format!("belisha_test_{}_{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        let admin = self.admin().await;
        // Two processes may make the role at once; whoever is second finds it there.
        let _ = admin
            .execute_unprepared(&format!("CREATE ROLE {ROLE} LOGIN PASSWORD '{ROLE}' NOSUPERUSER NOBYPASSRLS"))
            .await;
        let _ = admin.execute_unprepared(&format!("GRANT {ROLE} TO CURRENT_USER")).await;
        admin
            .execute_unprepared(&format!("CREATE DATABASE {name} OWNER {ROLE}"))
            .await
            .expect("a database for the test");
        admin.close().await.expect("the connection closes");
        let url = format!("{}{name}{}", self.plain.0, self.plain.1);
        (name, url)
    }

    /// Removes a database.
    pub(super) async fn drop_database(&self, name: &str) {
        let admin = self.admin().await;
        admin
            .execute_unprepared(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
            .await
            .expect("the database goes");
        admin.close().await.expect("the connection closes");
    }

    async fn admin(&self) -> DatabaseConnection {
        let url = format!("{}{}{}", self.admin.0, self.first, self.admin.1);
        let mut options = sea_orm::ConnectOptions::new(url);
        options.max_connections(1).sqlx_logging(false);
        Database::connect(options).await.expect("the PostgreSQL server of the tests answers")
    }
}

/// The newest PostgreSQL that is installed, by its folder of programs.
fn programs() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").ok()?;
    let number = |path: &PathBuf| path.file_name().and_then(|name| name.to_str()?.parse::<u32>().ok()).unwrap_or(0);
    let newest = versions.filter_map(|entry| Some(entry.ok()?.path())).max_by_key(number)?.join("bin");
    newest.join("initdb").exists().then_some(newest)
}

/// PostgreSQL refuses to run as root, so root runs it as its own user.
fn run(program: &str, arguments: &[&str]) -> Output {
    let mut command = if is_root() { Command::new("runuser") } else { Command::new(program) };
    if is_root() {
        command.args(["-u", "postgres", "--", program]);
    }
    let output = command
        .args(arguments)
        .current_dir("/tmp")
        .stdin(Stdio::null())
        .output()
        .expect("a program of PostgreSQL starts");
    assert!(output.status.success(), "{program} failed: {}", String::from_utf8_lossy(&output.stderr));
    output
}

fn is_root() -> bool {
    std::env::var("USER").as_deref() == Ok("root")
        || std::fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0)
}

fn start(programs: &Path) -> Cluster {
    let folder = String::from_utf8(run("mktemp", &["-d", "/tmp/belisha-pg-XXXXXX"]).stdout).unwrap();
    let folder = folder.trim();
    let data = format!("{folder}/data");
    let program = |name: &str| programs.join(name).display().to_string();
    run(
        &program("initdb"),
        &["-D", &data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync", "--no-instructions"],
    );
    let server = format!(
        "-c listen_addresses='' -c unix_socket_directories={folder} -c fsync=off -c max_connections=400 -c shared_buffers=32MB"
    );
    run(&program("pg_ctl"), &["-D", &data, "-l", &format!("{folder}/log"), "-o", &server, "-w", "-t", "60", "start"]);
    watch(&program("pg_ctl"), folder, &data);
    Cluster::at(&format!("postgres://postgres@localhost/postgres?host={folder}"))
}

/// Leaves a process that stops the server and removes its folder when this process is gone.
fn watch(pg_ctl: &str, folder: &str, data: &str) {
    let own = std::process::id();
    let stop = format!("{pg_ctl} -D {data} -m immediate stop");
    let stop = if is_root() { format!("runuser -u postgres -- {stop}") } else { stop };
    let script = format!("while kill -0 {own} 2>/dev/null; do sleep 0.3; done; {stop}; rm -rf {folder}");
    let mut command = Command::new("setsid");
    command
        .args(["sh", "-c", &script])
        .current_dir("/tmp")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    // It outlives this process on purpose, so nobody waits for it.
    drop(command.spawn().expect("a shell starts"));
}
