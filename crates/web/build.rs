//! Compiles the front end into the binary: packages by `npm ci` (only when the lock file changed), styles by Sass, script by
//! esbuild, all in `OUT_DIR`. Nothing of a third party is kept in the source tree.

use std::error::Error;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

const SOURCES: [&str; 7] =
    ["package.json", "package-lock.json", "build.mjs", "app.scss", "app.mjs", "live.mjs", "beacon.svg"];

fn main() -> Result<(), Box<dyn Error>> {
    let source = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?).join("front-end");
    let output = PathBuf::from(env::var("OUT_DIR")?);
    let workshop = output.join("front-end");
    println!("cargo::rerun-if-changed=build.rs");
    let lock = fs::read(source.join("package-lock.json"))?;
    let installed = workshop.join("installed-lock.json");
    let fresh = fs::read(&installed).is_ok_and(|known| known == lock);
    fs::create_dir_all(&workshop)?;
    for name in SOURCES {
        println!("cargo::rerun-if-changed=front-end/{name}");
        fs::copy(source.join(name), workshop.join(name))?;
    }
    if !fresh {
        run(&workshop, "npm", &["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"])?;
        fs::write(&installed, &lock)?;
    }
    let packed = output.join("assets");
    run(&workshop, "node", &["build.mjs", &packed.to_string_lossy()])?;
    fs::write(output.join("assets.rs"), table(&packed)?)?;
    Ok(())
}

/// Runs one tool; a missing one is named with what to install.
fn run(folder: &Path, tool: &str, arguments: &[&str]) -> Result<(), Box<dyn Error>> {
    let done = Command::new(tool).args(arguments).current_dir(folder).output().map_err(|fault| {
        format!("`{tool}` did not start ({fault}): building Belisha's pages needs Node.js 18 or later with npm; on Debian or Ubuntu: apt-get install nodejs npm")
    })?;
    if done.status.success() {
        return Ok(());
    }
    let said = [String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr)].concat();
    Err(format!("`{tool} {}` failed in {}; it said:\n{said}", arguments.join(" "), folder.display()).into())
}

/// The generated Rust: one constant per file and the table that serves them.
fn table(packed: &Path) -> Result<String, Box<dyn Error>> {
    let mut constants = String::new();
    let mut rows = String::from("/// Every file of the front end.\npub static ASSETS: &[Asset] = &[\n");
    for line in fs::read_to_string(packed.join("index.tsv"))?.lines() {
        let [name, hashed, media, small] = line.split('\t').collect::<Vec<_>>()[..] else {
            return Err(format!("`{line}` in index.tsv has not four parts").into());
        };
        let constant = name.to_uppercase().replace(['.', '-'], "_");
        writeln!(constants, "/// Address of `{name}`.\npub const {constant}: &str = \"/assets/{hashed}\";")?;
        let path = packed.join(hashed).display().to_string();
        let brotli =
            if small == "true" { format!("Some(include_bytes!({:?}))", format!("{path}.br")) } else { "None".into() };
        writeln!(
            rows,
            "    Asset {{ name: {hashed:?}, media: {media:?}, plain: include_bytes!({path:?}), brotli: {brotli} }},"
        )?;
    }
    Ok(format!("{constants}\n{rows}];\n"))
}
