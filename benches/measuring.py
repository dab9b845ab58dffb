"""What the scripts that measure share: building what is measured, processor time and memory of a program, what it is said of
the machine, and the configuration of the one peer that several of them start. What is measured, each script says itself."""
import glob, os, re, shutil, subprocess, sys, time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
DATA = os.environ.get("BELISHA_DATA", os.path.join(ROOT, "..", "shared", "data"))
PHRASES = "/etc/e2guardian/lists"
TICKS = os.sysconf("SC_CLK_TCK")


def skip(why):
    print(f"{os.path.relpath(os.path.abspath(sys.argv[0]), ROOT)} skipped: {why}")
    sys.exit(0)


def need(*programs):
    for program in programs:
        if shutil.which(program) is None:
            skip(f"`{program}` is not installed")


def write(folder, name, text):
    path = os.path.join(folder, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as file:
        file.write(text)
    return path


def unpacked(*path):
    """The text of a packed file of the data."""
    path = os.path.join(DATA, *path)
    if not os.path.exists(path):
        skip(f"there is no {path}")
    return subprocess.run(["zstd", "-dc", path], stdout=subprocess.PIPE, check=True).stdout.decode()


def built(*examples):
    """The gateway's programs for measuring, built for release."""
    command = [os.environ.get("CARGO", "cargo"), "build", "--release", "-q", "-p", "belisha-gateway"]
    for example in examples:
        command += ["--example", example]
    if subprocess.run(command, cwd=ROOT).returncode != 0:
        sys.exit(f"{' and '.join(examples)} did not build")
    target = os.environ.get("CARGO_TARGET_DIR", os.path.join(ROOT, "target"))
    return [os.path.join(target, "release", "examples", example) for example in examples]


def family(pid):
    """A process and all that came from it."""
    parent = {}
    for path in glob.glob("/proc/[0-9]*/stat"):
        try:
            with open(path) as file:
                line = file.read()
            parent[int(line.split()[0])] = int(line.rsplit(")", 1)[1].split()[1])
        except OSError:
            pass
    found = [pid]
    for one in found:
        found += [child for child, of in parent.items() if of == one]
    return found


def processor_time(pid):
    """Seconds, user and system, of a process and its children."""
    total = 0
    for one in family(pid):
        try:
            with open(f"/proc/{one}/stat") as file:
                fields = file.read().rsplit(")", 1)[1].split()
            total += int(fields[11]) + int(fields[12])
        except OSError:
            pass
    return total / TICKS


def resident(pid, share="Pss"):
    """Memory of a process and its children in MB. `Pss`: what is shared counts once in all that share it; `Rss`: in each."""
    total = 0
    for one in family(pid):
        try:
            with open(f"/proc/{one}/smaps_rollup") as file:
                total += sum(int(line.split()[1]) for line in file if line.startswith(share + ":"))
        except OSError:
            pass
    return total / 1000


def occasion():
    """When and on what it was measured, and how busy that was."""
    with open("/proc/cpuinfo") as file:
        model = next((line.split(":")[1].strip() for line in file if line.startswith("model name")), "unknown processor")
    return (f"{time.strftime('%Y-%m-%d %H:%M', time.gmtime())} UTC; {model}, {os.cpu_count()} processors, "
            f"Linux {os.uname().release}; load {os.getloadavg()[0]:.1f}")


def page_of_words():
    """A real page of 100 kB: the start of the longest of Node's, or plain words between tags where that is not installed."""
    length = 100 * 1024
    text = "<p>Plain words between tags, over and over again.</p>\n" * (length // 50)
    for name in ("fs.html", "all.html"):
        path = os.path.join("/usr/share/doc/nodejs/api", name)
        if os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                text = file.read(length)
            break
    page = text.encode()[:length - 16]
    return (page[:page.rindex(b"<")] + b"</body></html>").ljust(length).decode()


def worst_words():
    """A page that e2guardian's lists close: the phrases of one of its weighted lists, one after the other."""
    with open(f"{PHRASES}/phraselists/warezhacking/weighted", encoding="latin-1") as file:
        found = re.findall(r"^<([^<>]+)><[1-9]\d*>", file.read(), re.M)
    return "<html><body>" + "".join(f"<p>{phrase}</p>" for phrase in found) + "</body></html>"


def e2guardian(folder, port, phrases, listed="", reads=None):
    """The command of an e2guardian as Debian configures it, with other ports and paths and more domains in its list of sites.
    `reads`: a folder with `ca.pem`, `ca.key` and `cert.key`, with which it reads what is encrypted."""
    home = os.path.join(folder, f"e2guardian-{port}")
    shutil.copytree("/etc/e2guardian", home)
    for path in glob.glob(f"{home}/**", recursive=True):
        if os.path.isfile(path):
            with open(path, "rb") as file:
                text = file.read()
            with open(path, "wb") as file:
                file.write(text.replace(b"/etc/e2guardian", home.encode()))
    changed = {"filterports": port, "filterip": "127.0.0.1", "checkip": "127.0.0.1", "httpworkers": 500,
               "loglocation": f"'{home}/access.log'", "daemonuser": "'root'", "daemongroup": "'root'",
               "pidfilename": f"'{home}/e2guardian.pid'", "weightedphrasemode": 2 if phrases else 0}
    if reads:
        os.makedirs(f"{home}/private/generatedcerts")
        for name in ("ca.pem", "ca.key", "cert.key"):
            shutil.copy(os.path.join(reads, name), f"{home}/private/{name}")
        # Its own start is in 2014, and what it makes lasts ten years.
        changed |= {"enablessl": "on", "generatedcertstart": int(time.time()) - 86_400}
        configure(f"{home}/e2guardianf1.conf", {"sslmitm": "on", "mitmcheckcert": "off"})
    configure(f"{home}/e2guardian.conf", changed)
    with open(f"{home}/lists/bannedsitelist", "a") as file:
        file.write(listed)
    return ["e2guardian", "-N", "-c", f"{home}/e2guardian.conf"]


def configure(path, changed):
    gone = re.compile(r"^[#\s]*(" + "|".join(changed) + r"|transparenthttpsport)\s*=")
    with open(path) as file:
        lines = [line for line in file.read().splitlines() if not gone.match(line)]
    with open(path, "w") as file:
        file.write("\n".join(lines + [f"{name} = {value}" for name, value in changed.items()]) + "\n")
